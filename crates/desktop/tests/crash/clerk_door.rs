//! The door before the sandbox's Clerk: who stands there writes down what is
//! asked and answered, keeps one step back for ever so that whoever asked can be
//! killed at it, and lets nobody in once it is shut.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use perch_sandbox::Witness;
use serde_json::Value;

use crate::world::PATIENCE;

/// The answers of a Clerk are small.
const LARGEST: usize = 1024 * 1024;

/// One side of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is here, and nothing of it has happened.
    Arrived(&'static str),
    /// It has happened, and nobody has heard of it.
    Answered(&'static str),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrived(request) => write!(formatter, "{request} arrived"),
            Self::Answered(request) => write!(formatter, "{request} answered"),
        }
    }
}

/// The door. Clones are the same one.
#[derive(Clone, Default)]
pub struct ClerkDoor(Arc<Inner>);

#[derive(Default)]
struct Inner {
    book: Mutex<Book>,
    written: Condvar,
}

/// What was written down since the door was opened.
#[derive(Default)]
struct Book {
    is_open: bool,
    kept_back: Option<Step>,
    /// Requests that Clerk is working on.
    inside: usize,
    steps: Vec<(Step, Instant)>,
    refused: usize,
    /// Every token that was given out, since the first day.
    tokens: Vec<String>,
}

/// A request that Clerk is working on, until it is done or nobody waits for it.
struct Inside<'a>(&'a ClerkDoor);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.book().inside -= 1;
        self.0.0.written.notify_all();
    }
}

impl ClerkDoor {
    pub fn witness(&self) -> Witness {
        let door = self.clone();
        Witness::new(move |request, next| {
            let door = door.clone();
            async move { door.pass(request, next).await }
        })
    }

    /// Opens it, with a new page, and keeps a step back.
    pub fn open(&self, kept_back: Option<Step>) {
        let mut book = self.book();
        let tokens = std::mem::take(&mut book.tokens);
        *book = Book { is_open: true, kept_back, inside: book.inside, tokens, ..Book::default() };
    }

    /// Shuts it, and waits until whoever is inside is done: nothing happens at
    /// Clerk afterwards.
    pub fn shut(&self) {
        self.book().is_open = false;
        self.wait("Clerk to be done", |book| book.inside == 0);
    }

    /// Waits until a step is written down.
    pub fn wait_for(&self, step: Step) {
        self.wait(&step.to_string(), |book| book.steps.iter().any(|(written, _)| *written == step));
    }

    /// Waits until nothing has been asked for a moment.
    pub fn wait_for_quiet(&self, moment: Duration) {
        self.wait("Clerk to be left alone", |book| {
            book.inside == 0 && book.steps.last().is_none_or(|(_, at)| at.elapsed() >= moment)
        });
    }

    pub fn steps(&self) -> Vec<Step> {
        self.book().steps.iter().map(|(step, _)| *step).collect()
    }

    /// From the first step to the last.
    pub fn duration(&self) -> Duration {
        let book = self.book();
        match (book.steps.first(), book.steps.last()) {
            (Some((_, first)), Some((_, last))) => *last - *first,
            _ => Duration::ZERO,
        }
    }

    /// How many tokens were not taken.
    pub fn refused(&self) -> usize {
        self.book().refused
    }

    pub fn tokens(&self) -> Vec<String> {
        self.book().tokens.clone()
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Book) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut book = self.book();
        while !is_so(&book) {
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            let waited = self.0.written.wait_timeout(book, Duration::from_millis(20));
            book = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let name = name(request.uri().path());
        let Some(inside) = self.arrived(Step::Arrived(name)) else { return std::future::pending().await };
        let (parts, body) = next.run(request).await.into_parts();
        let body = to_bytes(body, LARGEST).await.expect("a whole answer");
        let goes_on = {
            let mut book = self.book();
            let header = parts.headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
            book.tokens.extend(header.map(str::to_owned));
            let answer = serde_json::from_slice::<Value>(&body).unwrap_or_default();
            let tokens = ["access_token", "refresh_token", "id_token", "jwt"].map(|name| answer[name].as_str());
            book.tokens.extend(tokens.into_iter().flatten().map(str::to_owned));
            book.refused += usize::from(matches!(parts.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED));
            book.write(Step::Answered(name))
        };
        drop(inside);
        if goes_on { Response::from_parts(parts, Body::from(body)) } else { std::future::pending().await }
    }

    fn arrived(&self, step: Step) -> Option<Inside<'_>> {
        let mut book = self.book();
        let goes_on = book.write(step);
        book.inside += usize::from(goes_on);
        self.0.written.notify_all();
        goes_on.then(|| Inside(self))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Writes a step down. Whether it goes on.
    fn write(&mut self, step: Step) -> bool {
        self.steps.push((step, Instant::now()));
        self.is_open && self.kept_back != Some(step)
    }
}

/// What a request is called here.
fn name(path: &str) -> &'static str {
    let rest = path.trim_start_matches("/v1/client/sessions/");
    match path {
        "/.well-known/openid-configuration" => "discovery",
        "/.well-known/jwks.json" => "keys",
        "/oauth/token" => "token",
        "/oauth/userinfo" => "userinfo",
        "/oauth/token/revoke" => "revocation",
        "/v1/client" => "client",
        "/v1/me/organization_memberships" => "memberships",
        _ if rest.ends_with("/touch") => "touch",
        _ if rest.ends_with("/end") => "end",
        _ if rest.contains("/tokens/") => "template",
        _ if path.starts_with("/pictures/") => "picture",
        _ => "page",
    }
}
