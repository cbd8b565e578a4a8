//! Clerk's Frontend API, as a native app asks it: how a request is made, what
//! every answer means before its body is looked at, and the one repetition.

use std::fmt;
use std::time::Duration;

use perch_tenant::Origin;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::ClientToken;
use super::answer::{Failure, Refusal};
use crate::http::{self, Answer};
use crate::{ClerkError, Picture};

/// The version whose shapes are read. Without it Clerk answers as it did in
/// 2021.
const VERSION: (&str, &str) = ("clerk-api-version", "2026-05-12");

/// Clerk's Frontend API of one instance. Cheap to clone.
#[derive(Clone)]
pub struct FrontendApi {
    http: Client,
    origin: Origin,
}

/// One question to the Frontend API.
pub(super) struct Call<'c> {
    endpoint: &'static str,
    method: Method,
    url: Url,
    form: &'c [(&'static str, &'c str)],
    patience: Duration,
}

impl FrontendApi {
    /// The Frontend API at `origin`, which is also Clerk's issuer. `http` must
    /// be an [`http_client`](crate::http_client), which follows no redirects.
    pub fn new(http: &Client, origin: &Origin) -> Self {
        Self { http: http.clone(), origin: origin.clone() }
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The picture of what has one: Clerk makes an address for what has none,
    /// too.
    pub(super) fn picture(&self, has_image: bool, address: Option<&str>) -> Option<Picture> {
        Picture::parse(address.filter(|_| has_image)?, &self.origin)
    }

    /// A question at this path. `endpoint` is its name in an error.
    pub(super) fn call<'c>(&self, endpoint: &'static str, method: Method, path: &[&str]) -> Call<'c> {
        let mut url = self.origin.join("/v1");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        // With it, the client token travels in `Authorization` and no cookie counts.
        url.query_pairs_mut().append_pair("_is_native", "1");
        Call { endpoint, method, url, form: &[], patience: http::TIMEOUT }
    }

    /// Asks, and repeats the question once where Clerk refuses the client token
    /// as stale and brings another.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        client: &mut ClientToken<'_>,
    ) -> Result<T, Failure> {
        let deadline = Instant::now() + call.patience;
        let (mut answer, replaced) = self.exchange(call, client, deadline).await?;
        if replaced && Refusal::of(&answer).is_some_and(|refusal| refusal.is_signed_out()) {
            (answer, _) = self.exchange(call, client, deadline).await?;
        }
        match Refusal::of(&answer) {
            Some(refusal) => Err(Failure::Refused(refusal)),
            None => Ok(answer.json()?),
        }
    }

    /// One request and its answer, and whether that brought another client
    /// token. The token is kept as soon as the head is there: whatever the body
    /// turns out to be, the last token is worth nothing by then. No deadline
    /// ends the keeping.
    async fn exchange(
        &self,
        call: &Call<'_>,
        client: &mut ClientToken<'_>,
        deadline: Instant,
    ) -> Result<(Answer, bool), ClerkError> {
        let mut request = self.http.request(call.method.clone(), call.url.clone()).header(VERSION.0, VERSION.1);
        if !call.form.is_empty() {
            request = request.form(call.form);
        }
        // As it is, without `Bearer`. There is no `Origin` beside it: Clerk refuses both together.
        if let Some(token) = client.header() {
            request = request.header(AUTHORIZATION, token);
        }
        let request = request.build()?;
        let late = |_| ClerkError::Timeout;
        let response = timeout_at(deadline, self.http.execute(request)).await.map_err(late)??;
        let replaced = client.replace(response.headers()).await;
        let answer = timeout_at(deadline, http::read(response, call.endpoint)).await.map_err(late)??;
        Ok((answer, replaced))
    }
}

impl<'c> Call<'c> {
    /// As the person of this session: for everything below `/v1/me`.
    pub(super) fn of_session(self, session_id: &str) -> Self {
        self.parameter("_clerk_session_id", session_id)
    }

    /// With a parameter in the query.
    pub(super) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// With this form.
    pub(super) fn form(self, form: &'c [(&'static str, &'c str)]) -> Self {
        Self { form, ..self }
    }

    /// Waiting at most this long, the repetition counted in.
    pub(super) fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

impl fmt::Debug for FrontendApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FrontendApi").field("origin", &self.origin).finish_non_exhaustive()
    }
}
