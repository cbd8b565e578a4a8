//! The pipe client: one question, one answer, as bytes.
//!
//! A token goes into a header, to its own host, for a pipe that it reads, and
//! nowhere else: no redirect is followed, and no proxy stands between Perch and
//! a host on the same machine. A question that fails is asked again where that
//! can help: after a lost connection, a service that stumbled, a 429.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{ClientBuilder, RequestBuilder, Response, StatusCode, redirect};
use tokio::time::{Instant, timeout_at};

use crate::bearer::Bearer;
use crate::pace::{Lane, Lanes};
use crate::parameters::Parameters;
use crate::pipe::PipeName;
use crate::public::PublicToken;
use crate::refusal::{PipeError, PipeErrorKind};
use crate::standing::Standing;
use crate::token::{LEAST_LIFE, TenantToken};

/// Longer addresses are sent as a form instead, scheme and host counted in.
const LONGEST_URL: usize = 8 * 1024;

/// How much of an error's body is read.
const LONGEST_ERROR: u64 = 64 * 1024;

/// How long is waited after a 429 that does not say.
const UNTOLD: Duration = Duration::from_secs(1);

/// How often a question is asked again.
const RETRIES: usize = 3;

/// Before the second time; doubled before each further one, and up to doubled
/// again by chance, so that those who failed together do not return together.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What chance adds to the wait after a 429, at most, in milliseconds.
const SPREAD: u64 = 250;

/// An HTTP/2 connection that carries a request is asked for a sign of life so
/// often, and left when none comes: a laptop that changed its network keeps a
/// connection that leads nowhere.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// What a question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Between two bytes of an answer, and before its first.
    pub stall: Duration,
    /// From the first request to the last byte, asking again included.
    pub deadline: Duration,
    /// The longest answer, in bytes, once it is unpacked.
    pub answer_bytes: u64,
}

impl Default for Limits {
    /// Tinybird's own limits are 10 seconds a query and 100 MB an answer.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(12),
            deadline: Duration::from_secs(20),
            answer_bytes: 100_000_000,
        }
    }
}

/// Asks pipes. One pool of connections, to be shared by cloning.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    limits: Limits,
    lanes: Arc<Lanes>,
}

impl Client {
    /// A client with the usual [`Limits`].
    pub fn new() -> Result<Self, PipeError> {
        Self::with_limits(Limits::default())
    }

    /// A client with limits of one's own.
    pub fn with_limits(limits: Limits) -> Result<Self, PipeError> {
        Self::over(reqwest::Client::builder(), limits)
    }

    /// A client over a connection of one's own making, for what it may trust or
    /// speak. What keeps tokens in stays as it is, whatever the builder says.
    pub fn over(builder: ClientBuilder, limits: Limits) -> Result<Self, PipeError> {
        let http = builder
            .user_agent(concat!("perch/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .proxy(perch_proxy::system())
            .connect_timeout(limits.connect)
            .read_timeout(limits.stall)
            .http2_keep_alive_interval(SIGN_OF_LIFE)
            .http2_keep_alive_timeout(SIGN_OF_LIFE)
            .referer(false)
            .build()
            .map_err(PipeError::of_connection)?;
        Ok(Self { http, limits, lanes: Arc::default() })
    }

    /// Asks one pipe: its `.json`, as it came. `now` is the time by which the
    /// token's life is judged. Dropping the future ends the request.
    ///
    /// Waits for its turn where the token or Tinybird limits its requests a
    /// second. Asks up to three times more after a lost connection, a 408, a
    /// 5xx, or a 429, within [`Limits::deadline`], and never after anything
    /// else; a 403 is for the caller, who can renew the token. To ask twice
    /// changes nothing: a pipe is read, by POST too.
    pub async fn query(
        &self,
        token: &TenantToken,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Result<Vec<u8>, PipeError> {
        self.query_while(token, pipe, parameters, now, &|| true).await
    }

    /// The same for whoever counts requests: `again` is asked before each further
    /// one, and where it says no, what failed is what there is to tell.
    pub async fn query_while(
        &self,
        token: &TenantToken,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
        again: Again<'_>,
    ) -> Result<Vec<u8>, PipeError> {
        self.put(&Question { token, pipe, parameters, again }, now).await
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
        self.query_public_while(token, pipe, parameters, now, &|| true).await
    }

    /// [`Client::query_while`] for what anyone may see.
    pub async fn query_public_while(
        &self,
        token: &PublicToken,
        pipe: &PipeName,
        parameters: &Parameters,
        now: SystemTime,
        again: Again<'_>,
    ) -> Result<Vec<u8>, PipeError> {
        self.put(&Question { token, pipe, parameters, again }, now).await
    }

    async fn put(&self, question: &Question<'_>, now: SystemTime) -> Result<Vec<u8>, PipeError> {
        let mut attempts = 0;
        let outcome = self.ask_while_it_helps(question, now, &mut attempts).await;
        outcome.map_err(|error| {
            let error = error.about(question.pipe, question.parameters, attempts);
            // What was not sent is the caller's to tell.
            if attempts > 0 {
                tracing::warn!(code = error.code(), detail = error.detail(), "a pipe did not answer");
            }
            error
        })
    }

    async fn ask_while_it_helps(
        &self,
        question: &Question<'_>,
        now: SystemTime,
        attempts: &mut u32,
    ) -> Result<Vec<u8>, PipeError> {
        let Question { token, pipe, parameters, again: may_ask } = question;
        if !token.reads(pipe.as_str()) {
            return Err(PipeErrorKind::NotInToken { pipe: pipe.to_string() }.into());
        }
        if let Some(name) = parameters.reserved() {
            return Err(PipeErrorKind::ReservedParameter { name: name.to_owned() }.into());
        }
        let lane = self.lanes.lane(token.host().to_string(), token.name().to_owned());
        let asked = Instant::now();
        let turn = |patience| lane.turn(token.rps(), patience);
        let mut pauses = pauses();
        let mut started = turn(self.limits.deadline).await.map_err(too_long)?;
        let deadline = started + self.limits.deadline;
        loop {
            let least = now + asked.elapsed() + LEAST_LIFE;
            if token.expires().is_some_and(|expires| expires < least) {
                return Err(PipeErrorKind::TokenExpired.into());
            }
            *attempts += 1;
            let answer = timeout_at(deadline, self.ask(question, &lane, started)).await;
            let error = match answer.unwrap_or_else(|_| Err(PipeErrorKind::Timeout.into())) {
                Ok(bytes) => return Ok(bytes),
                Err(error) if error.may_pass() => error,
                Err(error) => return Err(error),
            };
            let Some(pause) = pauses.next() else { return Err(error) };
            let error = error.about(pipe, parameters, *attempts);
            tracing::debug!(code = error.code(), detail = error.detail(), "a pipe is asked again");
            // The lane itself waits after a 429.
            let pause = if error.is_rate_limited() { Duration::ZERO } else { pause };
            let again = async {
                tokio::time::sleep(pause).await;
                turn(deadline.saturating_duration_since(Instant::now())).await
            };
            started = match timeout_at(deadline, again).await {
                Ok(Ok(started)) if may_ask() => started,
                // Nobody waits for so long, or the day's requests are spent: what failed is what there is to tell.
                _ => return Err(error),
            };
        }
    }

    async fn ask(&self, question: &Question<'_>, lane: &Lane, started: Instant) -> Result<Vec<u8>, PipeError> {
        let token = question.token;
        let request = self.request(question).bearer_auth(token.expose());
        let mut response = request.send().await.map_err(PipeError::of_connection)?;
        let (status, standing) = (response.status(), Standing::read(response.headers()));
        lane.answered(started, token.rps(), &standing);
        let error = match status {
            StatusCode::OK if may_be_json(response.headers()) => {
                let headers = response.headers().clone();
                let bytes = body(&mut response, self.limits.answer_bytes).await;
                return bytes.map_err(|error| error.answered(status.as_u16(), &headers));
            }
            StatusCode::OK => PipeErrorKind::NotJson.into(),
            StatusCode::TOO_MANY_REQUESTS => {
                let retry_after = standing.wait();
                let spread = Duration::from_millis(fastrand::u64(..SPREAD));
                lane.refused(token.rps(), retry_after.unwrap_or(UNTOLD) + spread);
                PipeErrorKind::RateLimited { retry_after }.into()
            }
            status => PipeError::of_status(status.as_u16()),
        };
        let error = error.answered(status.as_u16(), response.headers());
        // An error whose body is lost is that error all the same.
        let said = body(&mut response, LONGEST_ERROR).await.unwrap_or_default();
        Err(error.saying(&said, token.expose()))
    }

    fn request(&self, question: &Question<'_>) -> RequestBuilder {
        let Question { token, pipe, parameters, .. } = question;
        let bare = token.host().join(&format!("/v0/pipes/{pipe}.json"));
        let (mut url, pairs) = (bare.clone(), parameters.pairs());
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(&pairs);
        }
        if url.as_str().len() <= LONGEST_URL { self.http.get(url) } else { self.http.post(bare).form(&pairs) }
    }
}

/// What is asked, and with what.
struct Question<'q> {
    token: &'q dyn Bearer,
    pipe: &'q PipeName,
    parameters: &'q Parameters,
    again: Again<'q>,
}

/// Whether one more request may be sent, which then counts.
pub type Again<'q> = &'q (dyn Fn() -> bool + Send + Sync);

/// The pauses before asking again: as many as are allowed.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_times(RETRIES).with_jitter().build()
}

/// A lane that is held for longer than anybody waits.
fn too_long(left: Duration) -> PipeError {
    PipeErrorKind::RateLimited { retry_after: Some(left) }.into()
}

/// Whether an answer says of itself that it is JSON, or nothing that would mean
/// anything else. What it is, decoding shows.
fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(told) = headers.get(CONTENT_TYPE) else { return true };
    let told = told.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(told.as_str(), "application/json" | "text/plain" | "application/octet-stream") || told.ends_with("+json")
}

/// The body, refused as soon as its length or its bytes pass `limit`.
async fn body(response: &mut Response, limit: u64) -> Result<Vec<u8>, PipeError> {
    let too_large = || PipeError::from(PipeErrorKind::TooLarge { limit });
    let told = response.content_length();
    if told.is_some_and(|told| told > limit) {
        return Err(too_large());
    }
    // Where a length is told, that much is enough. Memory that nobody writes
    // to costs nothing, should it be less.
    let mut bytes = Vec::with_capacity(usize::try_from(told.unwrap_or(0)).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(PipeError::of_body)? {
        let length = bytes.len() + chunk.len();
        if length as u64 > limit {
            return Err(too_large());
        }
        if length > bytes.capacity() {
            // Not doubled, as a Vec grows by itself: an answer may be large.
            bytes.reserve_exact(chunk.len() + bytes.len() / 8);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_longer_than_the_last_and_there_are_three() {
        for _ in 0..100 {
            let pauses: Vec<_> = pauses().collect();
            assert_eq!(pauses.len(), 3);
            for (pause, least) in pauses.into_iter().zip([200, 400, 800]) {
                let least = Duration::from_millis(least);
                assert!((least..=2 * least).contains(&pause), "{pause:?}");
            }
        }
    }

    #[test]
    fn pauses_differ_by_chance() {
        let firsts: std::collections::HashSet<_> = (0..20).filter_map(|_| pauses().next()).collect();
        assert!(firsts.len() > 1);
    }

    #[test]
    fn what_says_that_it_is_no_json_is_not_read_as_such() {
        let told = |kind: &str| may_be_json(&HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().expect("a header"))]));
        for kind in ["application/json", "Application/JSON; charset=UTF-8", "text/plain", "application/problem+json"] {
            assert!(told(kind), "{kind}");
        }
        for kind in ["text/html", "text/html; charset=utf-8", "text/csv", "application/x-ndjson", "image/png", ""] {
            assert!(!told(kind), "{kind}");
        }
        assert!(may_be_json(&HeaderMap::new()));
    }
}
