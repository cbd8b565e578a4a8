//! The client token: what names this copy of Perch to the Frontend API. Whoever
//! has the newest one has all sessions of the client, and any answer may bring
//! the next, after which the last one is worth nothing.

use std::fmt;

use futures_util::future::BoxFuture;
use perch_tenant::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

/// Keeps each new client token, before anything else of the answer that brought
/// it is looked at.
pub trait KeepClientToken: Send + Sync {
    /// Keeps `token`, and forgets the one before it. The answer waits for this
    /// as long as it takes.
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()>;
}

/// The client token in use. Every call of the Frontend API takes it mutably, so
/// that no two requests of one client are ever under way together: a token that
/// is replaced in one would be stale in the other, and a touch between another's
/// touch and token would give that one the wrong organization's.
///
/// Run each call to its end, in a task of its own where the caller may go away:
/// a call that is dropped on the way may lose the replacement, and with it the
/// session.
pub struct ClientToken<'k> {
    newest: Option<Secret>,
    keeper: Option<&'k dyn KeepClientToken>,
}

impl<'k> ClientToken<'k> {
    /// The token that was kept last, if any, and who keeps the next.
    pub fn new(newest: Option<Secret>, keeper: &'k dyn KeepClientToken) -> Self {
        Self { newest, keeper: Some(keeper) }
    }

    /// A new client that nobody keeps: for a sign-in, until it is known whose it
    /// is.
    pub fn in_memory() -> ClientToken<'static> {
        ClientToken { newest: None, keeper: None }
    }

    /// The newest token.
    pub fn newest(&self) -> Option<&Secret> {
        self.newest.as_ref()
    }

    /// The value of `Authorization`. A token that no header can carry is none.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.newest()?.expose()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes and keeps the token that an answer's head brings. Whether it brings
    /// another than the one that was sent.
    pub(super) async fn replace(&mut self, headers: &HeaderMap) -> bool {
        let brought = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(brought) = brought.filter(|token| !token.is_empty()) else { return false };
        if self.newest().is_some_and(|newest| newest.expose() == brought) {
            return false;
        }
        let newest = self.newest.insert(Secret::new(brought));
        if let Some(keeper) = self.keeper {
            keeper.keep(newest).await;
        }
        true
    }
}

impl fmt::Debug for ClientToken<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientToken").field("newest", &self.newest).finish_non_exhaustive()
    }
}
