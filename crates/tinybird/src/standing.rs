//! Where a token's name stands with Tinybird's limits, as the headers of an
//! answer tell it: `X-RateLimit-Limit`, `X-RateLimit-Remaining`,
//! `X-RateLimit-Reset` in seconds, and `Retry-After` (RFC 9110 §10.2.3).

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};

/// What is asked for beyond this is not believed. A header can hold a number
/// of seconds that no clock reaches.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What one answer told; nothing where it told nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests a second.
    pub(crate) limit: Option<u32>,
    /// Requests that are left.
    pub(crate) remaining: Option<u32>,
    /// Until all of them are back.
    pub(crate) reset: Option<Duration>,
    /// How long to wait, after a refusal.
    pub(crate) retry_after: Option<Duration>,
}

impl Standing {
    /// Reads the headers of an answer.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let number = |name| digits(headers.get(name)?.to_str().ok()?);
        let count = |name| number(name).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let wait = |name| number(name).map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        Self {
            // A limit of nothing is no limit that one could keep.
            limit: count(&LIMIT).filter(|limit| *limit > 0),
            remaining: count(&REMAINING),
            reset: wait(&RESET),
            retry_after: wait(&RETRY_AFTER),
        }
    }

    /// How long a 429 says to wait.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.retry_after.or(self.reset)
    }
}

/// Digits as a number, the largest one where they make a larger one still.
fn digits(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn told(pairs: &[(&HeaderName, &str)]) -> Standing {
        let header = |text: &str| HeaderValue::from_str(text).expect("a header");
        Standing::read(&pairs.iter().map(|(name, text)| ((*name).clone(), header(text))).collect())
    }

    #[test]
    fn no_wait_that_is_told_is_longer_than_an_hour() {
        let beyond = format!("{}0", u64::MAX);
        for name in [&RETRY_AFTER, &RESET] {
            assert_eq!(told(&[(name, " 7 ")]).wait(), Some(Duration::from_secs(7)));
            for text in ["3600", "3601", &u64::MAX.to_string(), &beyond] {
                assert_eq!(told(&[(name, text)]).wait(), Some(LONGEST_WAIT), "{text}");
            }
            for text in ["", "-1", "1.5", "soon", "Sat, 21 Nov 2026 12:00:00 GMT"] {
                assert_eq!(told(&[(name, text)]).wait(), None, "{text}");
            }
        }
        assert_eq!(told(&[(&RESET, "9"), (&RETRY_AFTER, "2")]).wait(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_limit_is_a_number_and_not_nothing() {
        let standing = told(&[(&LIMIT, "10"), (&REMAINING, "0")]);
        assert_eq!((standing.limit, standing.remaining), (Some(10), Some(0)));
        assert_eq!(told(&[(&LIMIT, &u64::MAX.to_string())]).limit, Some(u32::MAX));
        for text in ["0", "", "-3", "ten"] {
            assert_eq!(told(&[(&LIMIT, text)]).limit, None, "{text}");
        }
    }
}
