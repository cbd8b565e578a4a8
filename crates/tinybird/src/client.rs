//! The pipe client: one question, one answer, as bytes.
//!
//! A token goes into a header, to its own host, for a pipe that it reads, and
//! nowhere else: no redirect is followed, and no proxy stands between Perch and
//! a host on the same machine. A question that fails is asked once more where that can help:
//! a lost connection, a service that stumbled, a 429 that says how long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, redirect};
use tokio::time::Instant;

use crate::bearer::Bearer;
use crate::pace::Lane;
use crate::parameters::Parameters;
use crate::pipe::PipeName;
use crate::public::PublicToken;
use crate::refusal::{PipeError, Said};
use crate::token::{LEAST_LIFE, TenantToken};

/// Longer addresses are sent as a form instead.
const LONGEST_URL: usize = 8 * 1024;

/// How much of an error's body is read.
const LONGEST_ERROR: u64 = 64 * 1024;

/// How long is waited after a 429 that does not say.
const UNTOLD: Duration = Duration::from_secs(1);

/// What a 429 asks for beyond this is not believed. A header can hold a number
/// of seconds that no clock reaches.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What a question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// From the first request to the last byte, asking again included.
    pub deadline: Duration,
    /// The longest answer, in bytes, once it is unpacked.
    pub answer_bytes: u64,
}

impl Default for Limits {
    /// Tinybird's own limits are 10 seconds a query and 100 MB an answer.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), deadline: Duration::from_secs(20), answer_bytes: 100_000_000 }
    }
}

/// Asks pipes. One pool of connections, to be shared by cloning.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    limits: Limits,
    lanes: Arc<Mutex<Lanes>>,
}

/// The lanes by host and token's name.
type Lanes = HashMap<(String, String), Arc<Lane>>;

impl Client {
    /// A client with the usual [`Limits`].
    pub fn new() -> Result<Self, PipeError> {
        Self::with_limits(Limits::default())
    }

    /// A client with limits of one's own.
    pub fn with_limits(limits: Limits) -> Result<Self, PipeError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("perch/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .proxy(perch_proxy::system())
            .connect_timeout(limits.connect)
            .referer(false)
            .build()
            .map_err(PipeError::from_connection)?;
        Ok(Self { http, limits, lanes: Arc::default() })
    }

    /// Asks one pipe once: its `.json`, as it came. `now` is the time by which
    /// the token's life is judged. Dropping the future ends the request.
    ///
    /// Waits for its turn where the token limits its requests a second. Asks a
    /// second time after a lost connection, a 408, a 5xx, or a 429, never after
    /// anything else; a 403 is for the caller, who can renew the token.
    pub async fn query(
        &self,
        token: &TenantToken,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Result<Vec<u8>, PipeError> {
        self.put(token, pipe, parameters, now).await
    }

    /// The same for what anyone may see. A 403 is final: there is no other
    /// token.
    pub async fn query_public(
        &self,
        token: &PublicToken,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Result<Vec<u8>, PipeError> {
        self.put(token, pipe, parameters, now).await
    }

    async fn put(
        &self,
        token: &dyn Bearer,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Result<Vec<u8>, PipeError> {
        if !token.reads(pipe.as_str()) {
            return Err(PipeError::NotInToken { pipe: pipe.to_string() });
        }
        if let Some(name) = parameters.reserved() {
            return Err(PipeError::ReservedParameter { name: name.to_owned() });
        }
        let (asked, lane, mut retries) = (Instant::now(), self.lane(token), Retries::default());
        let mut deadline = None;
        loop {
            let turn = lane.turn(token.rps(), self.limits.deadline).await;
            turn.map_err(|left| PipeError::RateLimited { retry_after: Some(left) })?;
            let least = now + asked.elapsed() + LEAST_LIFE;
            if token.expires().is_some_and(|expires| expires < least) {
                return Err(PipeError::TokenExpired);
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.limits.deadline);
            let answer = tokio::time::timeout_at(deadline, self.ask(token, pipe, parameters)).await;
            let error = match answer.unwrap_or(Err(PipeError::Timeout)) {
                Ok(bytes) => return Ok(bytes),
                Err(error) => error,
            };
            if let PipeError::RateLimited { retry_after } = &error {
                lane.hold(retry_after.unwrap_or(UNTOLD));
            }
            let pause = retries.pause(&error, chance()).filter(|pause| Instant::now() + *pause < deadline);
            let Some(pause) = pause else {
                tracing::warn!(pipe = pipe.as_str(), code = error.code(), "a pipe did not answer");
                return Err(error);
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn lane(&self, token: &dyn Bearer) -> Arc<Lane> {
        let key = (token.host().to_string(), token.name().to_owned());
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(key).or_default())
    }

    async fn ask(&self, token: &dyn Bearer, pipe: &PipeName, parameters: &Parameters) -> Result<Vec<u8>, PipeError> {
        let request = self.request(token, pipe, parameters).bearer_auth(token.expose());
        let mut response = request.send().await.map_err(PipeError::from_connection)?;
        match response.status() {
            StatusCode::OK => body(&mut response, self.limits.answer_bytes).await,
            StatusCode::TOO_MANY_REQUESTS => Err(PipeError::RateLimited { retry_after: wait_told(response.headers()) }),
            status => {
                // An error whose body is lost is that error all the same.
                let said = body(&mut response, LONGEST_ERROR).await.map(|body| Said::read(&body)).unwrap_or_default();
                Err(PipeError::from_status(status.as_u16(), said))
            }
        }
    }

    fn request(&self, token: &dyn Bearer, pipe: &PipeName, parameters: &Parameters) -> RequestBuilder {
        let bare = token.host().join(&format!("/v0/pipes/{pipe}.json"));
        let (mut url, pairs) = (bare.clone(), parameters.pairs());
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(&pairs);
        }
        if url.as_str().len() <= LONGEST_URL { self.http.get(url) } else { self.http.post(bare).form(&pairs) }
    }
}

/// The body, refused as soon as its length or its bytes pass `limit`.
async fn body(response: &mut Response, limit: u64) -> Result<Vec<u8>, PipeError> {
    let told = response.content_length().unwrap_or(0);
    if told > limit {
        return Err(PipeError::TooLarge { limit });
    }
    // What is told may be wrong, so little is believed of it.
    let mut bytes = Vec::with_capacity(usize::try_from(told.min(1 << 20)).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(PipeError::from_connection)? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(PipeError::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// How long a 429 says to wait: `Retry-After` in seconds (RFC 9110 §10.2.3), or
/// Tinybird's own header. At most [`LONGEST_WAIT`].
fn wait_told(headers: &HeaderMap) -> Option<Duration> {
    let told = [RETRY_AFTER, RATE_LIMIT_RESET].iter().find_map(|name| seconds(headers.get(name)?.to_str().ok()?));
    told.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Digits as a number, the largest one where they make a larger one still.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Which failures of one question have already been forgiven.
#[derive(Debug, Default)]
struct Retries {
    failed: bool,
    limited: bool,
}

impl Retries {
    /// How long to wait before asking again, or `None` where that does not help.
    /// `chance` spreads those who failed together.
    fn pause(&mut self, error: &PipeError, chance: u8) -> Option<Duration> {
        let spread = Duration::from_millis(u64::from(chance));
        match error {
            PipeError::Unreachable { .. } | PipeError::Server { .. } if !self.failed => {
                self.failed = true;
                Some(Duration::from_millis(250) + spread)
            }
            PipeError::RateLimited { retry_after } if !self.limited => {
                self.limited = true;
                Some(retry_after.unwrap_or(UNTOLD) + spread)
            }
            _ => None,
        }
    }
}

/// A number by chance; none where the system has none to give.
fn chance() -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).map_or(0, |()| byte[0])
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn no_wait_that_is_told_is_longer_than_an_hour() {
        let told = |name: HeaderName, text: &str| {
            wait_told(&HeaderMap::from_iter([(name, HeaderValue::from_str(text).expect("a header"))]))
        };
        let beyond = format!("{}0", u64::MAX);
        for name in [RETRY_AFTER, RATE_LIMIT_RESET] {
            assert_eq!(told(name.clone(), " 7 "), Some(Duration::from_secs(7)));
            for text in ["3600", "3601", &u64::MAX.to_string(), &beyond] {
                assert_eq!(told(name.clone(), text), Some(LONGEST_WAIT), "{text}");
            }
            for text in ["", "-1", "1.5", "soon", "Sat, 21 Nov 2026 12:00:00 GMT"] {
                assert_eq!(told(name.clone(), text), None, "{text}");
            }
        }
    }

    #[test]
    fn what_can_help_is_tried_once_and_nothing_else() {
        let unreachable = PipeError::Unreachable { why: String::new() };
        let server = PipeError::from_status(503, Said::default());
        let limited = PipeError::RateLimited { retry_after: Some(Duration::from_secs(3)) };
        let mut retries = Retries::default();
        assert_eq!(retries.pause(&unreachable, 0), Some(Duration::from_millis(250)));
        assert_eq!(retries.pause(&server, 0), None);
        assert_eq!(retries.pause(&limited, 7), Some(Duration::from_millis(3007)));
        assert_eq!(retries.pause(&limited, 0), None);
        for status in [400, 401, 403, 404, 302, 418] {
            assert_eq!(Retries::default().pause(&PipeError::from_status(status, Said::default()), 0), None, "{status}");
        }
        assert_eq!(Retries::default().pause(&PipeError::Timeout, 0), None);
    }
}
