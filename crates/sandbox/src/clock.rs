//! Time as a parameter: what the sandbox's two services read when a rule
//! depends on the hour, so that a test can let a day pass in no time.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a service reads the time. Cheap to clone.
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

    /// The moment it shows, in whole seconds since 1970; 0 for anything before.
    pub(crate) fn unix(&self) -> i64 {
        unix(self.now())
    }
}

/// Whole seconds since 1970; 0 for anything before.
pub(crate) fn unix(moment: SystemTime) -> i64 {
    moment.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
