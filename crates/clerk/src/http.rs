//! How Perch speaks to Clerk over HTTP: no redirect is followed, no answer is
//! waited for longer than 15 seconds, none is read beyond a megabyte, and what
//! is for this machine does not leave it through a proxy.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Request, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;

use crate::ClerkError;

/// From the first byte asked to the last byte answered.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// Clerk's largest answers, a page of organizations and a picture, have some
/// hundred kilobytes.
const LARGEST: usize = 1 << 20;

/// The client for [`Provider::discover`](crate::Provider::discover) and
/// [`FrontendApi::new`](crate::FrontendApi::new): follows no redirect, because a
/// redirected request would carry its code or token to wherever the answer says,
/// and takes the system's proxy, but not for what is on this machine.
///
/// # Errors
/// [`ClerkError::NoSecureConnection`] where TLS cannot be set up.
pub fn http_client() -> Result<Client, ClerkError> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .proxy(perch_proxy::system())
        .referer(false)
        .timeout(TIMEOUT)
        .user_agent(concat!("Perch/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClerkError::NoSecureConnection)
}

/// An answer, read to its end.
pub(crate) struct Answer {
    endpoint: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The server's clock.
    pub(crate) fn date(&self) -> Option<SystemTime> {
        self.headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
    }

    /// The body of a 200 as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ClerkError> {
        let not_understood = ClerkError::NotUnderstood { endpoint: self.endpoint };
        if self.status != StatusCode::OK {
            return Err(not_understood);
        }
        // serde_json's own message may quote the text, and the text may be a token.
        serde_json::from_slice(&self.body).map_err(|_| not_understood)
    }
}

/// Sends `request` and reads the answer. Answers that mean the same from every
/// endpoint are errors: a redirect, a 429, a 5xx.
pub(crate) async fn send(http: &Client, request: Request, endpoint: &'static str) -> Result<Answer, ClerkError> {
    send_within(TIMEOUT, http, request, endpoint).await
}

/// As [`send`], with another patience.
pub(crate) async fn send_within(
    patience: Duration,
    http: &Client,
    request: Request,
    endpoint: &'static str,
) -> Result<Answer, ClerkError> {
    tokio::time::timeout(patience, exchange(http, request, endpoint)).await.unwrap_or(Err(ClerkError::Timeout))
}

async fn exchange(http: &Client, request: Request, endpoint: &'static str) -> Result<Answer, ClerkError> {
    read(http.execute(request).await?, endpoint).await
}

/// Reads an answer whose head has come, as [`send`] does.
pub(crate) async fn read(mut response: Response, endpoint: &'static str) -> Result<Answer, ClerkError> {
    let status = response.status();
    if status.is_redirection() {
        return Err(ClerkError::Redirected { endpoint });
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(ClerkError::RateLimited { retry_after: seconds.map(Duration::from_secs) });
    }
    if status.is_server_error() {
        return Err(ClerkError::Unavailable { status: status.as_u16() });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Err(ClerkError::TooLarge { endpoint });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { endpoint, status, headers: std::mem::take(response.headers_mut()), body })
}
