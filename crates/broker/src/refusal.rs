//! Why a request is refused: the status, a stable code, a sentence, a next step.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use perch_tinybird::{FenceError, MintError};
use serde_json::json;

use crate::access_token::TokenError;
use crate::clerk::ClerkTrouble;

/// Why nothing is handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no access token")]
    NoToken,
    #[error("{0}")]
    Token(#[from] TokenError),
    #[error("this sign-in is for no organization")]
    NoOrganization,
    #[error("you are no member of this organization any more")]
    NotAMember,
    #[error("this account is closed")]
    Closed,
    #[error("your role in this organization may see nothing here")]
    NothingAllowed,
    #[error("{0}")]
    Clerk(#[from] ClerkTrouble),
    #[error("too many requests of yours have come")]
    TooOften { wait: Duration },
    #[error("too many sign-ins are being checked now")]
    TooManyChecks { wait: Duration },
    /// The operator's template, for this person.
    #[error("{0}")]
    Fence(#[from] FenceError),
    #[error("{0}")]
    Mint(#[from] MintError),
    #[error("the request's body has more than 4 KB")]
    TooLarge,
    #[error("the request's body is not application/json")]
    NotJson,
    #[error("the request's body is not what is asked for here")]
    Body,
    #[error("the request did not come to its end in time")]
    TooSlow,
    #[error("the access token is signed with a key that the broker has not seen")]
    KeyNotKnownYet { wait: Duration },
    #[error("the broker answers as many requests as it can")]
    Full,
    #[error("the broker cannot write its answer")]
    Unwritable,
    #[error("the broker has just been started and does not know Clerk's keys yet")]
    NotReady,
    #[error("there is nothing at this address")]
    NoSuchPath,
    #[error("this address does not take that method")]
    NoSuchMethod,
}

/// On a response: what the log and the metrics tell of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::NoOrganization | Self::NotAMember | Self::Closed | Self::NothingAllowed => StatusCode::FORBIDDEN,
            // What Clerk does not have of this person: there is nothing for them.
            Self::Fence(FenceError::TenantLacks { .. } | FenceError::NullParameter { .. }) => StatusCode::FORBIDDEN,
            Self::Fence(_) | Self::Mint(_) | Self::Unwritable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Clerk(_) | Self::TooManyChecks { .. } | Self::KeyNotKnownYet { .. } | Self::Full | Self::NotReady => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no-access-token",
            Self::Token(error) => error.code(),
            Self::NoOrganization => "no-organization",
            Self::NotAMember => "not-a-member",
            Self::Closed => "account-closed",
            Self::NothingAllowed => "nothing-allowed",
            Self::Clerk(trouble) => trouble.code(),
            Self::TooOften { .. } => "too-many-requests",
            Self::TooManyChecks { .. } => "too-many-checks",
            Self::Fence(error) => error.code(),
            Self::Mint(error) => error.code(),
            Self::TooLarge => "body-too-large",
            Self::NotJson => "body-not-json",
            Self::Body => "body-malformed",
            Self::TooSlow => "too-slow",
            Self::KeyNotKnownYet { .. } => "key-not-known-yet",
            Self::Full => "full",
            Self::Unwritable => "unwritable",
            Self::NotReady => "not-ready",
            Self::NoSuchPath => "no-such-path",
            Self::NoSuchMethod => "no-such-method",
        }
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::NoToken => "Send the access token of the sign-in as `Authorization: Bearer TOKEN`.",
            Self::Token(TokenError::Opaque) => {
                "Ask your operator to take `opaque_tokens = false` out of the broker's configuration."
            }
            Self::Token(_) => "Sign in again.",
            Self::NoOrganization => "Sign in again and choose an organization.",
            Self::NotAMember | Self::Closed => "Ask whoever invited you.",
            Self::NothingAllowed => "Ask your operator what your role may see.",
            Self::Clerk(_)
            | Self::TooOften { .. }
            | Self::TooManyChecks { .. }
            | Self::KeyNotKnownYet { .. }
            | Self::Full
            | Self::NotReady => "Try again in a moment.",
            Self::Fence(error) => error.next_step(),
            Self::Mint(_) | Self::Unwritable => "Ask your operator to look into the broker's log.",
            Self::TooLarge | Self::NotJson | Self::Body => {
                "Send no body, or {\"refused_key\": \"ab12cd34\"} as application/json."
            }
            Self::TooSlow => "Try again on a better line.",
            Self::NoSuchPath | Self::NoSuchMethod => {
                "Ask your operator to check the broker's `url` in the connection file."
            }
        }
    }

    /// How long to wait before the same is worth asking again.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { wait } | Self::TooManyChecks { wait } | Self::KeyNotKnownYet { wait } => Some(*wait),
            Self::Clerk(trouble) => Some(trouble.retry_after()),
            Self::NotReady | Self::Full => Some(Duration::from_secs(2)),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({"code": self.code(), "message": self.to_string(), "next_step": self.next_step()});
        let mut response = (self.status(), Json(json!({ "error": error }))).into_response();
        response.extensions_mut().insert(Code(self.code()));
        let headers = response.headers_mut();
        match &self {
            // RFC 6750 §3.1: who has shown nothing is told nothing.
            Self::NoToken => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Token(_) => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge)
            }
            // Whatever of the body is still to come is not read, and a place
            // that is kept for others is given back.
            Self::TooLarge | Self::TooSlow | Self::Full => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"))
            }
            _ => None,
        };
        if let Some(wait) = self.retry_after() {
            // Rounded up: whoever comes a moment too early waits twice.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}
