//! The tenant's token from the source `mint`: signed on this machine with the
//! workspace's admin token, and let through the fence like any other.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use perch_dashboard::{TokenError, Tokens};
use perch_keychain::{Keychain, Slot};
use perch_tenant::{Connection, Secret, Tenant, TokenSource};
use perch_tinybird::{Template, TenantToken, mint};
use tokio::sync::Mutex;

use crate::Clock;
use crate::problem::Problem;
use crate::session::LiveSession;

/// Signs and keeps one tenant's token. One signing at a time; the token is
/// used for four fifths of its life and then signed anew.
pub(crate) struct MintedTokens {
    tenant: Tenant,
    connection: Connection,
    session: Arc<LiveSession>,
    keys: Arc<SigningKeys>,
    clock: Clock,
    current: Mutex<Option<Arc<TenantToken>>>,
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

impl MintedTokens {
    pub(crate) fn new(
        tenant: Tenant,
        connection: Connection,
        session: Arc<LiveSession>,
        keys: Arc<SigningKeys>,
        clock: Clock,
    ) -> Self {
        Self { tenant, connection, session, keys, clock, current: Mutex::new(None) }
    }

    async fn current(&self, fresh: bool) -> Result<Arc<TenantToken>, TokenError> {
        let mut current = self.current.lock().await;
        let now = (self.clock)();
        let TokenSource::Mint { template, bind, lifetime_seconds } = &self.connection.token;
        let lifetime = Duration::from_secs((*lifetime_seconds).into());
        if let Some(token) = current.as_ref().filter(|token| !fresh && token.expires() > now + lifetime / 5) {
            return Ok(token.clone());
        }
        // Nothing is signed for somebody whom Clerk no longer knows.
        self.session
            .confirm()
            .await
            .map_err(|error| TokenError { offline: error.is_offline(), ..refused(error.problem()) })?;
        let key = self.keys.retrieve(&self.connection).await.map_err(refused)?;
        let template = Template::parse(template).map_err(|error| {
            let message = format!("The connection's token template has a mistake: {error}.");
            refused(Problem::new(
                "template-invalid",
                message,
                "Correct the template in the connection file and open it again.",
            ))
        })?;
        let raw = mint(&key, &template, &self.tenant, lifetime, now)
            .map_err(|error| refused(Problem::new(error.code(), error.to_string(), error.next_step())))?;
        let token = TenantToken::admit(raw, &self.tenant, bind, now)
            .map_err(|error| refused(Problem::new(error.code(), error.to_string(), error.next_step())))?;
        Ok(current.insert(Arc::new(token)).clone())
    }
}

impl Tokens for MintedTokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        Box::pin(self.current(fresh))
    }
}

fn refused(problem: Problem) -> TokenError {
    TokenError { code: problem.code, sentence: problem.message, next_step: problem.next_step, offline: false }
}
