//! The operator's broker, as the app asks it: `perch-broker` signs a tenant's
//! token for the access token of a Clerk session, and serves the connection and
//! the dashboards that the tenant may see. Its own side is `crates/broker`.
//!
//! What comes out as a token still has to pass the fence.

use std::time::Duration;

use perch_tenant::{Origin, Secret};
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};

/// A token is some kilobytes, and so is an error.
const LONGEST_TOKEN: usize = 64 * 1024;

/// A connection with two hundred dashboards is far below this.
const LONGEST_CONNECTION: usize = 8 << 20;

/// What the broker asks to wait beyond this is not believed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One broker. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Broker {
    http: reqwest::Client,
    url: Origin,
}

/// A token that the broker signed.
#[derive(Clone, Deserialize)]
pub struct Signed {
    /// The token.
    #[serde(deserialize_with = "secret")]
    pub token: Secret,
    /// Names the admin token that signed it, for [`Broker::token`].
    pub key: String,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// What the broker serves for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedConnection {
    /// The connection file's text.
    pub connection: String,
    /// The dashboards' files.
    pub dashboards: Vec<ServedDashboard>,
    /// What the broker calls this version of it (RFC 9110 §8.8.3).
    #[serde(default)]
    pub etag: Option<String>,
}

/// A dashboard's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedDashboard {
    /// The file's stem.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// Why the broker did not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// No connection, or one that broke.
    #[error("your operator's server cannot be reached")]
    Unreachable {
        /// What the system says.
        why: String,
    },
    /// No whole answer in time.
    #[error("your operator's server did not answer in time")]
    Timeout,
    /// 401: the access token.
    #[error("your operator's server does not accept this sign-in")]
    SignInRefused(Told),
    /// 403: there is nothing for this person in this organization.
    #[error("{}", exclusion.sentence())]
    NotAllowed {
        /// Why.
        exclusion: Exclusion,
        /// What the broker says.
        told: Told,
    },
    /// 429.
    #[error("your operator's server was asked too often")]
    RateLimited {
        /// How long it says to wait.
        retry_after: Option<Duration>,
    },
    /// 5xx: it fails, or it cannot ask Clerk.
    #[error("your operator's server cannot answer now (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long it says to wait.
        retry_after: Option<Duration>,
        /// What it says.
        told: Told,
    },
    /// It points elsewhere, where an access token must not go.
    #[error("your operator's server answered with a redirect, which Perch does not follow (status {status})")]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is not the broker's.
    #[error("your operator's server answered with something unexpected (status {status})")]
    NotUnderstood {
        /// The HTTP status.
        status: u16,
    },
}

/// Why there is nothing for a person, by the broker's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// `not-a-member`, `no-organization`: they left, or the session is for none.
    NotAMember,
    /// `account-closed`.
    AccountClosed,
    /// `nothing-allowed`, and whatever else a broker may refuse.
    NothingAllowed,
}

impl Exclusion {
    fn of(code: &str) -> Self {
        match code {
            "not-a-member" | "no-organization" => Self::NotAMember,
            "account-closed" => Self::AccountClosed,
            _ => Self::NothingAllowed,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::NotAMember => "you are no longer a member of this organization",
            Self::AccountClosed => "your account is closed",
            Self::NothingAllowed => "your role in this organization may see nothing here",
        }
    }
}

/// What the broker says of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// Its stable code.
    #[serde(default)]
    pub code: String,
    /// Its sentence.
    #[serde(default)]
    pub message: String,
}

impl BrokerError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "broker-unreachable",
            Self::Timeout => "broker-timeout",
            Self::SignInRefused(_) => "broker-sign-in-refused",
            Self::NotAllowed { .. } => "broker-not-allowed",
            Self::RateLimited { .. } => "broker-rate-limited",
            Self::Unavailable { .. } => "broker-unavailable",
            Self::Redirected { .. } => "broker-redirected",
            Self::NotUnderstood { .. } => "broker-not-understood",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::Timeout => "Check the connection; Perch tries again by itself.",
            Self::RateLimited { .. } | Self::Unavailable { .. } => "Perch tries again by itself.",
            Self::SignInRefused(_) => "Sign out and in again. If it stays so, tell your operator.",
            Self::NotAllowed { exclusion: Exclusion::NothingAllowed, .. } => {
                "Ask your organization's administrator for another role."
            }
            Self::NotAllowed { .. } => "Ask whoever invited you.",
            Self::Redirected { .. } | Self::NotUnderstood { .. } => {
                "Ask your operator to check the broker's `url` in the connection file."
            }
        }
    }

    /// Whether nobody answered, as without a network.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout)
    }

    /// Whether the session is to be asked about before it is used again: it may
    /// have ended, or be for this organization no longer.
    pub fn doubts_session(&self) -> bool {
        matches!(self, Self::SignInRefused(_) | Self::NotAllowed { .. })
    }

    /// How long the broker says to leave it alone, at most a minute.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => {
                retry_after.map(|wait| wait.min(LONGEST_WAIT))
            }
            _ => None,
        }
    }

    /// Everything that was told, for the operator: no token is in it.
    pub fn detail(&self) -> String {
        let told = match self {
            Self::SignInRefused(told) | Self::NotAllowed { told, .. } | Self::Unavailable { told, .. } => {
                format!("{} {}", told.code, told.message)
            }
            Self::Unreachable { why } => why.clone(),
            _ => String::new(),
        };
        format!("{}: {self}; {told}", self.code()).trim_end_matches([';', ' ']).to_owned()
    }

    fn from_connection(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout;
        }
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unreachable { why: format!("{error}{cause}") }
    }
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    refused_key: &'a str,
}

#[derive(Deserialize)]
struct Refusal {
    error: Told,
}

impl Broker {
    /// The broker at `url`, asked through `http`, which must follow no redirect
    /// and not wait for ever.
    pub fn new(http: &reqwest::Client, url: &Origin) -> Self {
        Self { http: http.clone(), url: url.clone() }
    }

    /// `POST /token`. `refused_key` names the admin token whose signature
    /// Tinybird has refused: while one is being rotated the broker has another.
    pub async fn token(&self, access: &Secret, refused_key: Option<&str>) -> Result<Signed, BrokerError> {
        let request = self.http.post(self.url.join("/token"));
        let request = match refused_key {
            Some(refused_key) => request.json(&TokenRequest { refused_key }),
            None => request,
        };
        let mut response = send(request, access).await?;
        let status = response.status();
        let body = body(&mut response, LONGEST_TOKEN).await?;
        if status != StatusCode::OK {
            return Err(refusal(status, response.headers(), &body));
        }
        // serde_json's own message may quote the text, which has a token in it.
        serde_json::from_slice(&body).map_err(|_| BrokerError::NotUnderstood { status: status.as_u16() })
    }

    /// `GET /connection`: `None` where it is still the version of `etag`.
    pub async fn connection(
        &self,
        access: &Secret,
        etag: Option<&str>,
    ) -> Result<Option<ServedConnection>, BrokerError> {
        let request = self.http.get(self.url.join("/connection"));
        let request = match etag {
            Some(etag) => request.header(IF_NONE_MATCH, etag),
            None => request,
        };
        let mut response = send(request, access).await?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(None);
        }
        let body = body(&mut response, LONGEST_CONNECTION).await?;
        if status != StatusCode::OK {
            return Err(refusal(status, response.headers(), &body));
        }
        let mut served: ServedConnection =
            serde_json::from_slice(&body).map_err(|_| BrokerError::NotUnderstood { status: status.as_u16() })?;
        served.etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Some(served))
    }
}

async fn send(request: RequestBuilder, access: &Secret) -> Result<Response, BrokerError> {
    request.bearer_auth(access.expose()).send().await.map_err(BrokerError::from_connection)
}

async fn body(response: &mut Response, limit: usize) -> Result<Vec<u8>, BrokerError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BrokerError::from_connection)? {
        if bytes.len() + chunk.len() > limit {
            return Err(BrokerError::NotUnderstood { status: response.status().as_u16() });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> BrokerError {
    let told = serde_json::from_slice(body).map(|Refusal { error }| error).unwrap_or_default();
    let retry_after = || headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs);
    match status.as_u16() {
        300..=399 => BrokerError::Redirected { status: status.as_u16() },
        401 => BrokerError::SignInRefused(told),
        403 => BrokerError::NotAllowed { exclusion: Exclusion::of(&told.code), told },
        429 => BrokerError::RateLimited { retry_after: retry_after() },
        500..=599 => BrokerError::Unavailable { status: status.as_u16(), retry_after: retry_after(), told },
        _ => BrokerError::NotUnderstood { status: status.as_u16() },
    }
}
