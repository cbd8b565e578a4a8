//! Time as a parameter, so that a test can let a day pass in no time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Where the broker reads the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// A clock that asks `read` each time.
    pub fn new(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The moment it shows.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// The time that has passed by a [`Clock`], for the rates: a clock that is set
/// back stops it and does not turn it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Elapsed {
    clock: Clock,
    seen: Arc<Mutex<(SystemTime, Duration)>>,
}

impl Elapsed {
    pub(crate) fn new(clock: Clock) -> Self {
        let seen = Arc::new(Mutex::new((clock.now(), Duration::ZERO)));
        Self { clock, seen }
    }
}

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, elapsed) = &mut *seen;
        let now = self.clock.now();
        *elapsed += now.duration_since(*last).unwrap_or_default();
        *last = now;
        *elapsed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::UNIX_EPOCH;

    use governor::clock::Clock as _;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_stops_what_has_passed_and_does_not_turn_it() {
        let seconds = Arc::new(AtomicU64::new(0));
        let shown = Arc::clone(&seconds);
        let elapsed = Elapsed::new(Clock::new(move || UNIX_EPOCH + Duration::from_secs(shown.load(Ordering::SeqCst))));
        let passed = [10, 4, 4, 6, 16].map(|shows| {
            seconds.store(shows, Ordering::SeqCst);
            elapsed.now().as_secs()
        });
        assert_eq!(passed, [10, 10, 10, 12, 22]);
    }
}
