//! Where the engine gets the tenant's token from. The shell knows how: by
//! signing, by asking Clerk, by asking a broker.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use perch_tinybird::TenantToken;

/// A source of one tenant's tokens. Keeps the current one and renews it before
/// it expires.
pub trait Tokens: Send + Sync {
    /// The current token. `fresh`: Tinybird has refused the current one, so a
    /// new one is needed whatever its expiry says.
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>>;

    /// What the source is called in the connection file: `mint`, `broker`. Kept
    /// with each answer.
    fn source(&self) -> &str;
}

/// Why there is no token. A struct, because sources differ in what can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct TokenError {
    /// The source's own stable code.
    pub code: &'static str,
    /// What happened, for a person.
    pub sentence: String,
    /// What a person can do about it.
    pub next_step: &'static str,
    /// The whole, for the operator: no token is in it.
    pub detail: Option<String>,
    /// Whether it failed because the network did.
    pub offline: bool,
    /// Whether the person is to see nothing of this tenant any more.
    pub excluded: bool,
}
