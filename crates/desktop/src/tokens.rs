//! The tenant's token, from the source that the connection names, and let
//! through the fence whoever signed it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use perch_dashboard::{TokenError, Tokens};
use perch_keychain::{Keychain, Slot};
use perch_tenant::{Connection, Secret, Tenant, TokenSource};
use perch_tinybird::{Template, TenantToken, mint};
use tokio::sync::Mutex;

use crate::Clock;
use crate::problem::Problem;
use crate::session::{LiveSession, SessionError};

/// Gets and keeps one tenant's token. One is asked for at a time; a token is
/// used for four fifths of its life and then replaced.
pub(crate) struct TenantTokens {
    tenant: Tenant,
    connection: Connection,
    session: LiveSession,
    keys: Arc<SigningKeys>,
    clock: Clock,
    current: Mutex<Option<Current>>,
}

struct Current {
    token: Arc<TenantToken>,
    since: SystemTime,
}

impl Current {
    fn is_young(&self, now: SystemTime) -> bool {
        let life = self.token.expires().duration_since(self.since).unwrap_or_default();
        now + life / 5 < self.token.expires()
    }
}

/// Where the workspaces' admin tokens are: typed by an operator and kept by
/// the system, or, for the demo, told by the sandbox and kept nowhere.
pub(crate) struct SigningKeys {
    keychain: Arc<Keychain>,
    demo: RwLock<Option<(String, Secret)>>,
}

impl SigningKeys {
    pub(crate) fn new(keychain: Arc<Keychain>) -> Self {
        Self { keychain, demo: RwLock::new(None) }
    }

    /// The sandbox behind a connection runs in this process, and this is its key.
    pub(crate) fn set_demo(&self, connection: String, key: Secret) {
        *self.demo.write().unwrap_or_else(PoisonError::into_inner) = Some((connection, key));
    }

    async fn retrieve(&self, connection: &Connection) -> Result<Secret, Problem> {
        let id = connection.id();
        let demo = self.demo.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, key)) = demo.filter(|(demo, _)| *demo == id) {
            return Ok(key);
        }
        let key = self
            .keychain
            .retrieve(Slot::SigningKey { connection: &id })
            .await
            .map_err(|error| Problem::from(&error))?;
        key.ok_or_else(Problem::signing_key_missing)
    }
}

impl TenantTokens {
    pub(crate) fn new(
        tenant: Tenant,
        connection: Connection,
        session: LiveSession,
        keys: Arc<SigningKeys>,
        clock: Clock,
    ) -> Self {
        Self { tenant, connection, session, keys, clock, current: Mutex::new(None) }
    }

    async fn current(&self, fresh: bool) -> Result<Arc<TenantToken>, TokenError> {
        let mut current = self.current.lock().await;
        let since = (self.clock)();
        if let Some(current) = current.as_ref().filter(|current| !fresh && current.is_young(since)) {
            return Ok(current.token.clone());
        }
        // Nothing is signed for somebody whom Clerk no longer knows.
        self.session.confirm(self.connection.token.bindings()).await.map_err(unconfirmed)?;
        let raw = match &self.connection.token {
            TokenSource::Mint { template, lifetime_seconds, .. } => {
                self.mint(template, Duration::from_secs((*lifetime_seconds).into()), since).await?
            }
            TokenSource::ClerkTemplate { template_name, .. } => {
                self.session.template_token(template_name).await.map_err(unconfirmed)?
            }
        };
        let token = TenantToken::admit(raw, &self.tenant, self.connection.token.bindings(), (self.clock)())
            .map_err(|error| refused(Problem::new(error.code(), error.to_string(), error.next_step())))?;
        let token = Arc::new(token);
        *current = Some(Current { token: token.clone(), since });
        Ok(token)
    }

    /// Signs on this machine with the workspace's admin token.
    async fn mint(&self, template: &str, lifetime: Duration, now: SystemTime) -> Result<Secret, TokenError> {
        let key = self.keys.retrieve(&self.connection).await.map_err(refused)?;
        let template = Template::parse(template).map_err(|error| {
            let message = format!("The connection's token template has a mistake: {error}.");
            refused(Problem::new(
                "template-invalid",
                message,
                "Correct the template in the connection file and open it again.",
            ))
        })?;
        mint(&key, &template, &self.tenant, lifetime, now)
            .map_err(|error| refused(Problem::new(error.code(), error.to_string(), error.next_step())))
    }
}

fn unconfirmed(error: SessionError) -> TokenError {
    TokenError { offline: error.is_offline(), ..refused(error.problem()) }
}

impl Tokens for TenantTokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        Box::pin(self.current(fresh))
    }
}

fn refused(problem: Problem) -> TokenError {
    TokenError { code: problem.code, sentence: problem.message, next_step: problem.next_step, offline: false }
}
