//! Clerk's Backend API, what a server of the operator's asks with the instance's
//! secret key: `tokens` verifies an access token, `users` tells of a person and
//! where they belong. On a port of its own, as Clerk has it on another host.
//!
//! Its shapes are those of Clerk's own SDK, `@clerk/backend`, in
//! `packages/backend/src/api` of `clerk/javascript`: the specification that the
//! Frontend API is held against does not have them.

mod tokens;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Clerk;
use super::fapi_error::FapiError;
use crate::SECRET_KEY;

/// What a test can ask about and change.
#[derive(Default)]
pub(super) struct Traffic {
    requests: AtomicUsize,
    /// What 429 tells to wait, in seconds; 0 while nothing is held back.
    held_back: AtomicU64,
}

impl Clerk {
    /// How many requests have come to the Backend API, refused ones too.
    pub(crate) fn backend_requests(&self) -> usize {
        self.traffic.requests.load(Ordering::Relaxed)
    }

    /// Answers 429 from now on, telling to wait so long; `None` ends that.
    pub(crate) fn limit_backend(&self, wait: Option<Duration>) {
        let seconds = wait.map_or(0, |wait| wait.as_secs().max(1));
        self.traffic.held_back.store(seconds, Ordering::Relaxed);
    }
}

/// All of its endpoints.
pub(crate) fn router(clerk: Arc<Clerk>) -> Router {
    Router::new()
        .route("/v1/oauth_applications/access_tokens/verify", post(tokens::verify))
        .route("/v1/users/{user}", get(users::user))
        .route("/v1/users/{user}/organization_memberships", get(users::organization_memberships))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&clerk), gate))
        .with_state(clerk)
}

/// Lets in who has the secret key, unless it is too much now.
async fn gate(State(clerk): State<Arc<Clerk>>, request: Request, next: Next) -> Response {
    clerk.traffic.requests.fetch_add(1, Ordering::Relaxed);
    let key = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = key.and_then(|value| value.strip_prefix("Bearer "));
    if key != Some(SECRET_KEY) {
        let (status, code) = (StatusCode::UNAUTHORIZED, "clerk_key_invalid");
        let long_message = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.";
        return FapiError::new(status, code, "The provided Clerk Secret Key is invalid.", long_message).into_response();
    }
    let wait = clerk.traffic.held_back.load(Ordering::Relaxed);
    if wait > 0 {
        let (status, code) = (StatusCode::TOO_MANY_REQUESTS, "too_many_requests");
        let long_message = "You have made too many requests. Please try again later.";
        let mut response = FapiError::new(status, code, "Too many requests", long_message).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        return response;
    }
    next.run(request).await
}
