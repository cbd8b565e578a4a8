//! `limits.rps`, counted per token name: a bucket that holds as many requests
//! as a second allows, and refills evenly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The buckets by name.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    /// Requests left, with the fraction that has refilled.
    left: f64,
    /// When that was true.
    at: SystemTime,
}

/// What a bucket said to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Until the bucket is full again.
    pub(super) reset: Duration,
}

impl Rates {
    /// Takes one request out of the bucket of `name`, if one is left.
    pub(super) fn take(&self, name: &str, rps: u32, now: SystemTime) -> Verdict {
        let limit = f64::from(rps);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(name.to_owned()).or_insert(Bucket { left: limit, at: now });
        // A clock that was set back refills nothing.
        let passed = now.duration_since(bucket.at).unwrap_or_default();
        bucket.left = (bucket.left + passed.as_secs_f64() * limit).min(limit);
        bucket.at = now;
        let allowed = bucket.left >= 1.0;
        if allowed {
            bucket.left -= 1.0;
        }
        let missing = if rps == 0 { 1.0 } else { (limit - bucket.left) / limit };
        Verdict {
            allowed,
            limit: rps,
            // Between 0 and `rps`, so the fraction is all that is lost.
            remaining: bucket.left as u32,
            reset: Duration::from_secs_f64(missing),
        }
    }
}

impl Verdict {
    /// Tells the client where it stands, and when to come back after a 429.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let reset = self.reset.as_secs_f64().ceil() as u64;
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(self.limit));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(self.remaining));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset));
        if !self.allowed {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(reset.max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_name_does_not_starve_another() {
        let rates = Rates::default();
        assert!(rates.take("a", 1, UNIX_EPOCH).allowed);
        assert!(!rates.take("a", 1, UNIX_EPOCH).allowed);
        assert!(rates.take("b", 1, UNIX_EPOCH).allowed);
    }

    #[test]
    fn a_second_refills_the_bucket() {
        let rates = Rates::default();
        let second = Duration::from_secs(1);
        for _ in 0..3 {
            assert!(rates.take("a", 3, UNIX_EPOCH).allowed);
        }
        let refused = rates.take("a", 3, UNIX_EPOCH);
        assert_eq!(refused, Verdict { allowed: false, limit: 3, remaining: 0, reset: second });
        assert_eq!(rates.take("a", 3, UNIX_EPOCH + second).remaining, 2);
    }

    proptest! {
        #[test]
        fn no_second_lets_through_more_than_a_bucket_and_its_refill(
            rps in 1_u32..20,
            steps in proptest::collection::vec(0_u64..200, 1..300),
        ) {
            let rates = Rates::default();
            let mut now = UNIX_EPOCH;
            let mut allowed = 0.0;
            for step in steps {
                now += Duration::from_millis(step);
                allowed += f64::from(u8::from(rates.take("a", rps, now).allowed));
            }
            let seconds = now.duration_since(UNIX_EPOCH).expect("forward").as_secs_f64();
            prop_assert!(allowed <= f64::from(rps) * (seconds + 1.0) + 1e-6);
        }
    }
}
