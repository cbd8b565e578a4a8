//! The open connections, so that there are never too many: when there are, the
//! one goes that has waited longest for its next request, first among those
//! that have never made one. A request counts once it has come whole: whoever
//! sends one slowly waits like the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::metrics::Metrics;

/// All open connections.
pub(crate) struct Connections {
    most: usize,
    began: Instant,
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<State>>,
}

/// One of them.
#[derive(Default)]
struct State {
    /// A request has come whole and is being answered.
    busy: AtomicBool,
    /// One has been.
    served: AtomicBool,
    /// Since when it waits, in milliseconds since `began`.
    since: AtomicU64,
    close: Notify,
}

/// A place among the connections, given back when it is dropped.
pub(crate) struct Place {
    all: Arc<Connections>,
    id: u64,
    state: Arc<State>,
}

/// A request under way, until it is dropped.
pub(crate) struct Turn {
    all: Arc<Connections>,
    state: Arc<State>,
}

/// Where it is told that a request has come whole.
#[derive(Clone)]
pub(crate) struct Arrival(Arc<State>);

impl Connections {
    pub(crate) fn new(most: usize, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), began: Instant::now(), metrics, open: Mutex::default() })
    }

    /// A place for a new connection, for which another one may have to go;
    /// `None` when all of them are being answered.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.connections.len() >= self.most {
            self.metrics.shed();
            let waits = open.connections.iter().filter(|(_, state)| !state.busy.load(Ordering::Relaxed));
            let order = |state: &State| (state.served.load(Ordering::Relaxed), state.since.load(Ordering::Relaxed));
            let slowest = waits.min_by_key(|(_, state)| order(state)).map(|(id, _)| *id)?;
            if let Some(state) = open.connections.remove(&slowest) {
                state.close.notify_one();
            }
        }
        let state = Arc::new(State { since: AtomicU64::new(self.elapsed()), ..State::default() });
        let id = open.next;
        open.next += 1;
        open.connections.insert(id, Arc::clone(&state));
        self.metrics.connected();
        Some(Place { all: Arc::clone(self), id, state })
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Place {
    /// Ends when the place is needed for another connection.
    pub(crate) async fn is_needed(&self) {
        self.state.close.notified().await;
    }

    /// A request begins.
    pub(crate) fn turn(&self) -> Turn {
        Turn { all: Arc::clone(&self.all), state: Arc::clone(&self.state) }
    }
}

impl Turn {
    pub(crate) fn arrival(&self) -> Arrival {
        Arrival(Arc::clone(&self.state))
    }
}

impl Arrival {
    /// The request has come whole, with its body.
    pub(crate) fn whole(&self) {
        self.0.busy.store(true, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.state.since.store(self.all.elapsed(), Ordering::Relaxed);
        self.state.served.store(true, Ordering::Relaxed);
        self.state.busy.store(false, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.open.lock().unwrap_or_else(PoisonError::into_inner).connections.remove(&self.id);
        self.all.metrics.disconnected();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn must_go(place: &Place) -> bool {
        tokio::time::timeout(Duration::from_millis(20), place.is_needed()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_never_asked_goes_before_the_one_that_did() {
        let all = Connections::new(2, Metrics::new());
        let served = all.enter().expect("a place");
        drop(served.turn());
        let silent = all.enter().expect("a place");
        let third = all.enter().expect("a place");
        assert!(must_go(&silent).await && !must_go(&served).await && !must_go(&third).await);
    }

    #[tokio::test]
    async fn of_two_that_never_asked_the_older_one_goes() {
        let all = Connections::new(2, Metrics::new());
        let older = all.enter().expect("a place");
        tokio::time::sleep(Duration::from_millis(5)).await;
        let younger = all.enter().expect("a place");
        let _third = all.enter().expect("a place");
        assert!(must_go(&older).await && !must_go(&younger).await);
    }

    #[tokio::test]
    async fn nobody_who_is_being_answered_goes() {
        let all = Connections::new(1, Metrics::new());
        let first = all.enter().expect("a place");
        let turn = first.turn();
        turn.arrival().whole();
        assert!(all.enter().is_none() && !must_go(&first).await);
        drop(turn);
        assert!(all.enter().is_some() && must_go(&first).await);
    }

    #[tokio::test]
    async fn whose_request_has_not_come_whole_makes_room() {
        let all = Connections::new(1, Metrics::new());
        let slow = all.enter().expect("a place");
        let _turn = slow.turn();
        assert!(all.enter().is_some() && must_go(&slow).await);
    }

    #[tokio::test]
    async fn a_place_is_given_back() {
        let all = Connections::new(1, Metrics::new());
        drop(all.enter());
        let again = all.enter().expect("a place");
        assert!(!must_go(&again).await);
    }
}
