//! One request at a time for one question: whoever asks what is already being
//! asked waits for the same answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use perch_offline::Question;

/// The questions that are being asked.
///
/// A flight is driven by those who wait for it. One that nobody waits for any
/// longer ends: nothing is fetched for a window that nobody sees.
pub(crate) struct Flights<T> {
    under_way: Mutex<HashMap<Question, WeakShared<BoxFuture<'static, T>>>>,
}

impl<T: Clone> Flights<T> {
    pub(crate) fn new() -> Self {
        Self { under_way: Mutex::new(HashMap::new()) }
    }

    /// The flight that asks `question`: the one under way, or else a new one.
    pub(crate) fn join(
        &self,
        question: &Question,
        start: impl FnOnce() -> BoxFuture<'static, T>,
    ) -> Shared<BoxFuture<'static, T>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // A flight that has landed is history, even while someone still holds it.
        let flying = |flight: &WeakShared<_>| flight.upgrade().filter(|flight: &Shared<_>| flight.peek().is_none());
        if let Some(flight) = under_way.get(question).and_then(flying) {
            return flight;
        }
        under_way.retain(|_, flight| flying(flight).is_some());
        let flight = start().shared();
        if let Some(weak) = flight.downgrade() {
            under_way.insert(question.clone(), weak);
        }
        flight
    }
}
