//! What the broker asks of Clerk: the Frontend API for its keys and for whom an
//! opaque token is, the Backend API with the secret key for everything else.
//!
//! The Backend API as Clerk's own SDK asks it, `packages/backend/src/api` of
//! clerk/javascript: `endpoints/IdPOAuthAccessTokenApi.ts` (`POST
//! /v1/oauth_applications/access_tokens/verify` with `{"access_token"}`, and
//! `revoked`, `expired`, `client_id` and `subject` in the answer),
//! `endpoints/UserApi.ts` (`GET /v1/users/ID` and `…/organization_memberships`
//! with `limit` up to 500 and `offset`), `resources/JSON.ts` for the shapes.
//!
//! No redirect is followed, because it would carry a key to wherever it points.
//! After a 429 no such thing is asked until the time has passed that it told.
//! Which things those are, [`Lane`] says: whoever sends made-up opaque tokens
//! does not keep memberships from being asked for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use perch_clerk::KeySet;
use perch_tenant::{Origin, Secret};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use crate::access_token::{Bearer, TokenError};
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::person::{Details, Membership, MembershipAnswer, Person};

/// A viewer waits so long for one answer, and for all together.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_IN_ALL: Duration = Duration::from_secs(10);

/// A page of 500 memberships with metadata has some hundred kilobytes.
const LARGEST: usize = 4 << 20;

/// Memberships a page: Clerk's most.
const PAGE: usize = 500;

/// Nobody is a member of more than 10,000 organizations.
const MOST_PAGES: usize = 20;

/// How long a 429 that does not say is taken to mean, and the longest that one
/// is believed.
const USUAL_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Why Clerk did not say what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClerkTrouble {
    /// No connection, no answer in time, or a 5xx.
    #[error("Clerk cannot be reached")]
    Unreachable,
    /// 429.
    #[error("Clerk is asked too often")]
    Busy {
        /// How long it told to wait.
        wait: Duration,
    },
    /// 401 or 403 from the Backend API.
    #[error("Clerk does not take the broker's secret key")]
    KeyRefused,
    /// An answer of another form.
    #[error("Clerk answered with something unexpected")]
    NotUnderstood,
}

impl ClerkTrouble {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "clerk-unreachable",
            Self::Busy { .. } => "clerk-busy",
            Self::KeyRefused => "clerk-key-refused",
            Self::NotUnderstood => "clerk-not-understood",
        }
    }

    pub(crate) fn retry_after(&self) -> Duration {
        match self {
            Self::Busy { wait } => *wait,
            Self::Unreachable => Duration::from_secs(2),
            // A person has to mend something first.
            Self::KeyRefused | Self::NotUnderstood => Duration::from_secs(30),
        }
    }
}

/// What is paused together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    /// The Frontend API's public documents.
    Documents,
    /// The Frontend API, about an opaque token.
    UserInfo,
    /// The Backend API, about an opaque token.
    Verify,
    /// The Backend API, about people.
    People,
}

impl Lane {
    /// Whether the secret key is shown.
    fn is_backend(self) -> bool {
        matches!(self, Self::Verify | Self::People)
    }
}

/// Until when all that one request has to ask of Clerk is answered.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// For a request that begins now.
    pub(crate) fn begin() -> Self {
        Self(Instant::now() + PATIENCE_IN_ALL)
    }

    /// The same, where something else has taken so long.
    pub(crate) fn later(self, by: Duration) -> Self {
        Self(self.0 + by)
    }

    /// What `asking` finds out in time.
    ///
    /// # Errors
    /// [`ClerkTrouble::Unreachable`] when the time is over.
    pub(crate) async fn within<T, E: From<ClerkTrouble>>(
        self,
        asking: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::time::timeout_at(self.0, asking).await.unwrap_or_else(|_| Err(ClerkTrouble::Unreachable.into()))
    }
}

/// The instance's public documents.
pub(crate) struct Published {
    /// RFC 7517 §5.
    pub(crate) keys: KeySet,
    /// OpenID Connect Core §5.3.
    pub(crate) userinfo: Url,
}

/// One Clerk instance. Asks over one pool of connections.
pub(crate) struct Clerk {
    http: Client,
    issuer: Origin,
    api: Origin,
    clock: Clock,
    metrics: Metrics,
    /// Until when a lane is left alone.
    paused: Mutex<HashMap<Lane, SystemTime>>,
}

impl Clerk {
    pub(crate) fn new(issuer: Origin, api: Origin, clock: Clock, metrics: Metrics) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .proxy(perch_proxy::system())
            .referer(false)
            .timeout(PATIENCE)
            .user_agent(concat!("perch-broker/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, issuer, api, clock, metrics, paused: Mutex::default() })
    }

    /// Discovery (OpenID Connect Discovery 1.0 §4), and the keys that it names.
    pub(crate) async fn published(&self) -> Result<Published, ClerkTrouble> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: Url,
            userinfo_endpoint: Url,
        }
        let request = self.http.get(self.issuer.join("/.well-known/openid-configuration"));
        let document: Document = self.ask(Lane::Documents, "discovery", request).await?.expect_ok()?;
        // Whoever owns the issuer's address answers for its keys, and gets the
        // viewers' tokens: nobody else does.
        let own = |url: &Url| self.issuer.holds(url);
        if document.issuer != self.issuer.as_str() || !own(&document.jwks_uri) || !own(&document.userinfo_endpoint) {
            return Err(ClerkTrouble::NotUnderstood);
        }
        let keys = self.ask(Lane::Documents, "keys", self.http.get(document.jwks_uri)).await?.expect_ok()?;
        Ok(Published { keys, userinfo: document.userinfo_endpoint })
    }

    /// Whom an opaque access token stands for. The outer error is trouble, the
    /// inner one a verdict.
    pub(crate) async fn verify(
        &self,
        secret_key: &Secret,
        token: &Secret,
        client_ids: &[String],
    ) -> Result<Result<String, TokenError>, ClerkTrouble> {
        #[derive(Deserialize)]
        struct Verified {
            client_id: String,
            subject: String,
            revoked: bool,
            expired: bool,
        }
        let request = self.http.post(self.api.join("/v1/oauth_applications/access_tokens/verify"));
        let request = request.json(&json!({"access_token": token.expose()}));
        let answer = self.ask(Lane::Verify, "verify", request.bearer_auth(secret_key.expose())).await?;
        // 404: never given out. 400 and 422: no token at all.
        if matches!(answer.status.as_u16(), 400 | 404 | 422) {
            return Ok(Err(TokenError::Revoked));
        }
        let verified: Verified = answer.expect_ok()?;
        Ok(if verified.revoked {
            Err(TokenError::Revoked)
        } else if verified.expired {
            Err(TokenError::Expired)
        } else if !client_ids.contains(&verified.client_id) {
            Err(TokenError::OtherApplication)
        } else {
            Ok(verified.subject)
        })
    }

    /// For which organization an access token is: the Backend API does not say.
    pub(crate) async fn bearer(
        &self,
        userinfo: &Url,
        token: &Secret,
        subject: &str,
    ) -> Result<Result<Bearer, TokenError>, ClerkTrouble> {
        #[derive(Deserialize)]
        struct UserInfo {
            sub: String,
            org_id: Option<String>,
        }
        let request = self.http.get(userinfo.clone()).bearer_auth(token.expose());
        let answer = self.ask(Lane::UserInfo, "userinfo", request).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Ok(Err(TokenError::Revoked));
        }
        let info: UserInfo = answer.expect_ok()?;
        if info.sub != subject {
            return Err(ClerkTrouble::NotUnderstood);
        }
        Ok(Bearer::new(info.sub, info.org_id))
    }

    /// A person and, where that is asked, their memberships. `None` for somebody
    /// whom Clerk does not know or who is banned: of that only the user itself
    /// tells for certain, so it is asked for whatever the template names.
    pub(crate) async fn person(
        &self,
        secret_key: &Secret,
        id: &str,
        with_memberships: bool,
    ) -> Result<Option<Person>, ClerkTrouble> {
        let belongs = async {
            match with_memberships {
                true => self.memberships(secret_key, id).await,
                false => Ok(Some(HashMap::new())),
            }
        };
        let (details, memberships) = tokio::try_join!(self.details(secret_key, id), belongs)?;
        Ok(details.zip(memberships).map(|(details, memberships)| Person { memberships, details }))
    }

    async fn details(&self, secret_key: &Secret, id: &str) -> Result<Option<Details>, ClerkTrouble> {
        let request = self.http.get(self.api.join(&format!("/v1/users/{id}")));
        let answer = self.ask(Lane::People, "user", request.bearer_auth(secret_key.expose())).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let told: Details = answer.expect_ok()?;
        Ok((!told.is_banned()).then_some(told))
    }

    /// By the organization's id.
    async fn memberships(
        &self,
        secret_key: &Secret,
        id: &str,
    ) -> Result<Option<HashMap<String, Membership>>, ClerkTrouble> {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<MembershipAnswer>,
            total_count: usize,
        }
        let address = self.api.join(&format!("/v1/users/{id}/organization_memberships"));
        let (mut memberships, mut offset) = (HashMap::new(), 0);
        for _ in 0..MOST_PAGES {
            let request = self.http.get(address.clone()).query(&[("limit", PAGE), ("offset", offset)]);
            let answer = self.ask(Lane::People, "memberships", request.bearer_auth(secret_key.expose())).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let page: Page = answer.expect_ok()?;
            let count = page.data.len();
            memberships.extend(
                page.data
                    .into_iter()
                    .map(Membership::from)
                    .map(|membership| (membership.organization_id.clone(), membership)),
            );
            offset += count;
            if count == 0 || offset >= page.total_count {
                break;
            }
        }
        Ok(Some(memberships))
    }

    async fn ask(&self, lane: Lane, call: &'static str, request: RequestBuilder) -> Result<Answer, ClerkTrouble> {
        self.awake(lane)?;
        let answer = self.send(lane, request).await;
        let outcome = match &answer {
            Ok(answer) if answer.status.is_success() => "ok",
            Ok(_) => "refused",
            Err(trouble) => trouble.code(),
        };
        self.metrics.clerk_asked(call, outcome);
        if let Err(trouble) = &answer {
            tracing::warn!(call, code = trouble.code(), "Clerk did not answer as it should");
        }
        answer
    }

    async fn send(&self, lane: Lane, request: RequestBuilder) -> Result<Answer, ClerkTrouble> {
        let mut response = request.send().await.map_err(|_| ClerkTrouble::Unreachable)?;
        let status = response.status();
        match status.as_u16() {
            429 => {
                let wait = self.pause(lane, told_wait(&response));
                return Err(ClerkTrouble::Busy { wait });
            }
            401 | 403 if lane.is_backend() => return Err(ClerkTrouble::KeyRefused),
            300..=399 => return Err(ClerkTrouble::NotUnderstood),
            500..=599 => return Err(ClerkTrouble::Unreachable),
            _ => {}
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| ClerkTrouble::Unreachable)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(ClerkTrouble::NotUnderstood);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    /// Whether such a thing may be asked now.
    fn awake(&self, lane: Lane) -> Result<(), ClerkTrouble> {
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = paused.get(&lane).and_then(|until| until.duration_since(self.clock.now()).ok());
        // A clock that was set back stretches no pause.
        match wait.filter(|wait| !wait.is_zero() && *wait <= LONGEST_PAUSE) {
            Some(wait) => Err(ClerkTrouble::Busy { wait }),
            None => Ok(()),
        }
    }

    fn pause(&self, lane: Lane, told: Option<Duration>) -> Duration {
        let wait = told.unwrap_or(USUAL_PAUSE).clamp(Duration::from_secs(1), LONGEST_PAUSE);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.insert(lane, self.clock.now() + wait);
        wait
    }
}

fn told_wait(response: &Response) -> Option<Duration> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a 200 as JSON.
    fn expect_ok<T: DeserializeOwned>(&self) -> Result<T, ClerkTrouble> {
        if self.status != StatusCode::OK {
            return Err(ClerkTrouble::NotUnderstood);
        }
        // serde_json's own message may quote the text, and somebody's data is in it.
        serde_json::from_slice(&self.body).map_err(|_| ClerkTrouble::NotUnderstood)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn what_is_not_found_out_in_time_is_trouble_and_a_later_deadline_waits_longer() {
        let soon = Deadline(Instant::now() + Duration::from_millis(20));
        let never = soon.within(pending::<Result<(), ClerkTrouble>>());
        assert_eq!(never.await, Err(ClerkTrouble::Unreachable));
        let slow = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, ClerkTrouble>("found")
        };
        assert_eq!(soon.later(Duration::from_secs(10)).within(slow).await, Ok("found"));
    }
}
