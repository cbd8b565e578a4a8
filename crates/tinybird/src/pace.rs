//! Keeping to a token's rate before Tinybird has to say so.
//!
//! Tinybird counts requests a second under the name of a token and answers 429
//! past the limit. Each name has a lane here: requests leave it one after
//! another, at most so many in any second, and a 429 holds back everybody in
//! the lane and not only the one who earned it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A second, and some time for requests that left in order to arrive closer
/// together than they left.
const WINDOW: Duration = Duration::from_millis(1050);

/// When requests started, and until when none may.
#[derive(Debug, Default)]
struct Pace {
    starts: VecDeque<Instant>,
    held_until: Option<Instant>,
}

impl Pace {
    /// The earliest moment, from `now` on, at which one more request keeps the
    /// limit of `rps` starts in any window.
    fn ready_at(&mut self, rps: Option<u32>, now: Instant) -> Instant {
        while self.starts.front().is_some_and(|start| *start + WINDOW <= now) {
            self.starts.pop_front();
        }
        let rps = rps.map_or(usize::MAX, |rps| usize::try_from(rps).unwrap_or(usize::MAX));
        let paced = match self.starts.len().checked_sub(rps) {
            Some(oldest) => self.starts[oldest] + WINDOW,
            None => now,
        };
        self.held_until.map_or(paced, |held| held.max(paced)).max(now)
    }
}

/// The queue of one token's name.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Whoever holds this is next; tokio's mutex is fair. A request that is
    /// cancelled while it waits leaves the queue without having cost a turn.
    next: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
}

impl Lane {
    /// Waits until one more request may start, and counts it as started. Where
    /// Tinybird has asked for more than `patience`, the time that is left.
    pub(crate) async fn turn(&self, rps: Option<u32>, patience: Duration) -> Result<(), Duration> {
        let _next = self.next.lock().await;
        loop {
            let now = Instant::now();
            let ready = {
                let mut pace = self.pace();
                if let Some(held) = pace.held_until.map(|held| held.duration_since(now)).filter(|held| *held > patience)
                {
                    return Err(held);
                }
                let ready = pace.ready_at(rps, now);
                if ready <= now {
                    if rps.is_some() {
                        pace.starts.push_back(now);
                    }
                    return Ok(());
                }
                ready
            };
            // The lane may be held back further meanwhile, so look again.
            tokio::time::sleep_until(ready).await;
        }
    }

    /// Lets nobody start before so much time has passed.
    pub(crate) fn hold(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut pace = self.pace();
        pace.held_until = Some(pace.held_until.map_or(until, |held| held.max(until)));
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing in here can be left half done.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_second_has_more_starts_than_the_limit(rps in 1..20_u32, pauses in prop::collection::vec(0..400_u64, 1..120)) {
            let mut pace = Pace::default();
            let mut now = Instant::now();
            let mut starts = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                now = pace.ready_at(Some(rps), now);
                pace.starts.push_back(now);
                starts.push(now);
            }
            for (index, start) in starts.iter().enumerate() {
                let second = starts[index..].iter().take_while(|later| **later < *start + Duration::from_secs(1));
                prop_assert!(second.count() <= rps as usize);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_takes_at_most_a_tenth_longer_than_the_limit_allows() {
        let (lane, started) = (Arc::new(Lane::default()), Instant::now());
        let turns: Vec<_> = (0..60)
            .map(|_| {
                let lane = Arc::clone(&lane);
                tokio::spawn(async move { lane.turn(Some(10), Duration::from_secs(20)).await })
            })
            .collect();
        for turn in turns {
            turn.await.expect("a turn").expect("no hold");
        }
        // Ten at once and ten each second after: five seconds at the least.
        assert!((5.0..5.5).contains(&started.elapsed().as_secs_f64()), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_told_to_wait_holds_back_the_others() {
        let lane = Arc::new(Lane::default());
        let patience = Duration::from_secs(20);
        lane.turn(None, patience).await.expect("no hold");
        lane.hold(Duration::from_secs(3));
        lane.hold(Duration::from_secs(1));
        let started = Instant::now();
        lane.turn(None, patience).await.expect("a short hold");
        assert_eq!(started.elapsed().as_secs(), 3);
        lane.hold(Duration::from_secs(3600));
        assert!(lane.turn(Some(10), patience).await.is_err_and(|left| left > Duration::from_secs(3500)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_cancelled_while_it_waits_costs_no_turn() {
        let lane = Arc::new(Lane::default());
        let patience = Duration::from_secs(20);
        lane.turn(Some(1), patience).await.expect("no hold");
        for _ in 0..5 {
            let waiting = lane.turn(Some(1), patience);
            assert!(tokio::time::timeout(Duration::from_millis(100), waiting).await.is_err());
        }
        let started = Instant::now();
        lane.turn(Some(1), patience).await.expect("no hold");
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}
