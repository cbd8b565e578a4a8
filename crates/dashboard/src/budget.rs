//! The day's requests: how many pipes were asked for since midnight in UTC, kept
//! in the tenant's sealed store so that a restart gives no new ones.
//!
//! A request counts before it is sent, and so does each repetition after a lost
//! connection. A day that was counted is never counted anew: where the clock
//! stands before it, because it was set back, its count goes on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_offline::{Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::schedule::Allowance;

/// Under which the store keeps the count.
const NOTE: &str = "requests";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One tenant's budget.
#[derive(Default)]
pub(crate) struct Budget(Mutex<State>);

#[derive(Default)]
struct State {
    /// `None` where the operator sets none.
    limit: Option<u32>,
    /// `None` before the store was read.
    count: Option<Count>,
}

/// What one day has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// Days since 1970, in UTC.
    day: u64,
    requests: u32,
}

impl Count {
    /// The count of the day that it is, or of a later one where the clock was
    /// set back.
    fn at(self, now: SystemTime) -> Self {
        let day = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / DAY.as_secs();
        if day > self.day { Self { day, requests: 0 } } else { self }
    }

    fn allowance(self, limit: u32) -> Allowance {
        let next = u32::try_from(self.day.saturating_add(1)).unwrap_or(u32::MAX);
        let until = SystemTime::UNIX_EPOCH.checked_add(DAY.saturating_mul(next)).unwrap_or(SystemTime::UNIX_EPOCH);
        Allowance { limit, left: limit.saturating_sub(self.requests), until }
    }
}

impl Budget {
    /// Allows so many requests a day from now on.
    pub(crate) fn limit(&self, requests: Option<u32>) {
        self.state().limit = requests;
    }

    /// What is left at `now`; `None` without a limit.
    pub(crate) fn allowance(&self, store: &Store, now: SystemTime) -> Option<Allowance> {
        let mut state = self.state();
        let limit = state.limit?;
        Some(state.count(store, now).allowance(limit))
    }

    /// Takes one request off, before it is sent; or says when the next day
    /// begins.
    pub(crate) fn spend(&self, store: &Store, now: SystemTime) -> Result<(), SystemTime> {
        let mut state = self.state();
        let Some(limit) = state.limit else { return Ok(()) };
        let count = state.count(store, now);
        if count.requests >= limit {
            return Err(count.allowance(limit).until);
        }
        let count = Count { requests: count.requests + 1, ..count };
        state.count = Some(count);
        let noted = serde_json::to_string(&count).ok().map(|text| store.note(NOTE, &text));
        if let Some(Err(error)) = noted.filter(|noted| !matches!(noted, Err(StoreError::Closed))) {
            tracing::warn!(code = error.code(), "the day's requests are counted for this visit only");
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each part is replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, store: &Store, now: SystemTime) -> Count {
        let kept = || {
            let text = store.noted(NOTE).ok().flatten()?;
            serde_json::from_str(&text).ok()
        };
        let count = self.count.or_else(kept).unwrap_or_default().at(now);
        *self.count.insert(count)
    }
}

#[cfg(test)]
mod tests {
    use perch_tenant::{Secret, TenantId};

    use super::*;

    /// Ten in the evening, in UTC.
    fn evening() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY + Duration::from_secs(22 * 3_600)
    }

    fn midnight() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_001 * DAY
    }

    fn tenant() -> TenantId {
        TenantId::try_from("0123456789abcdef0123456789abcdef".to_owned()).expect("an id")
    }

    fn allowing(requests: u32) -> Budget {
        let budget = Budget::default();
        budget.limit(Some(requests));
        budget
    }

    fn left(budget: &Budget, store: &Store, now: SystemTime) -> u32 {
        budget.allowance(store, now).expect("a limit").left
    }

    #[test]
    fn a_day_has_its_requests_and_the_next_day_has_them_again() {
        let store = Store::for_this_visit(&tenant()).expect("a store");
        let budget = allowing(3);
        for used in 0..3 {
            assert_eq!(left(&budget, &store, evening()), 3 - used);
            assert_eq!(budget.spend(&store, evening()), Ok(()));
        }
        assert_eq!(budget.spend(&store, evening()), Err(midnight()));
        assert_eq!(budget.spend(&store, midnight() - Duration::from_millis(1)), Err(midnight()));
        assert_eq!(budget.spend(&store, midnight()), Ok(()));
        assert_eq!(left(&budget, &store, midnight()), 2);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let store = Store::for_this_visit(&tenant()).expect("a store");
        let budget = Budget::default();
        for _ in 0..10 {
            assert_eq!(budget.spend(&store, evening()), Ok(()));
        }
        assert_eq!(budget.allowance(&store, evening()), None);
        assert_eq!(store.noted(NOTE).expect("an open store"), None);
    }

    #[test]
    fn a_restart_gives_no_new_requests() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || Store::open(dir.path(), &tenant(), &Secret::new("0".repeat(64))).expect("a store").store;
        {
            let (store, budget) = (open(), allowing(2));
            assert_eq!(budget.spend(&store, evening()), Ok(()));
        }
        let (store, budget) = (open(), allowing(2));
        assert_eq!(left(&budget, &store, evening()), 1);
        assert_eq!(budget.spend(&store, evening()), Ok(()));
        assert_eq!(budget.spend(&store, evening()), Err(midnight()));
    }

    #[test]
    fn a_clock_set_back_gives_no_new_requests_nor_does_setting_it_right_again() {
        let store = Store::for_this_visit(&tenant()).expect("a store");
        let budget = allowing(1);
        assert_eq!(budget.spend(&store, evening()), Ok(()));
        for days in [1, 2, 400] {
            assert_eq!(budget.spend(&store, evening() - days * DAY), Err(midnight()), "{days} days back");
        }
        assert_eq!(budget.spend(&store, evening()), Err(midnight()));
        assert_eq!(allowing(1).spend(&store, evening() - DAY), Err(midnight()), "nor after a restart");
    }

    #[test]
    fn a_limit_that_the_operator_lowers_counts_what_was_used_already() {
        let store = Store::for_this_visit(&tenant()).expect("a store");
        let budget = allowing(10);
        for _ in 0..5 {
            assert_eq!(budget.spend(&store, evening()), Ok(()));
        }
        budget.limit(Some(4));
        assert_eq!(budget.spend(&store, evening()), Err(midnight()));
        assert_eq!(left(&budget, &store, evening()), 0);
    }

    #[test]
    fn a_note_that_says_nothing_is_a_day_that_begins() {
        let store = Store::for_this_visit(&tenant()).expect("a store");
        for odd in ["", "{}", "[]", "{\"day\": -1, \"requests\": 2}"] {
            store.note(NOTE, odd).expect("an open store");
            assert_eq!(left(&allowing(2), &store, evening()), 2, "{odd}");
        }
    }
}
