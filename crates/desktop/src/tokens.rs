//! The tenant's token, from the source that the connection names, and let
//! through the fence whoever signed it. Clerk's tokens live for a minute, so
//! while a tenant is on the screen the next one is fetched before it is needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use perch_dashboard::{TokenError, Tokens};
use perch_keychain::{Keychain, Slot};
use perch_tenant::{Connection, Name, Secret, Tenant, TokenSource};
use perch_tinybird::{Broker, BrokerError, ServedConnection, Template, TenantToken, mint};

use crate::Clock;
use crate::problem::Problem;
use crate::session::{LiveSession, SessionError};

/// A token with less left is not handed out: a question may still have to wait
/// for its turn, and is not asked with less than two seconds.
const LEAST_LEFT: Duration = Duration::from_secs(5);

/// How long a source that failed is left alone while the token at hand lasts.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Gets and keeps one tenant's token. One is asked for at a time.
pub(crate) struct TenantTokens {
    tenant: Tenant,
    connection: Connection,
    session: LiveSession,
    source: Source,
    clock: Clock,
    current: Mutex<Option<Current>>,
    /// Held while the source is asked.
    asking: tokio::sync::Mutex<()>,
    /// The source's last answer, where that was none.
    failed: Mutex<Option<Arc<Failed>>>,
}

/// Who signs.
enum Source {
    /// This machine, with the workspace's admin token.
    Mint { keys: Arc<SigningKeys>, template: String, lifetime: Duration },
    /// Clerk, from one of its templates.
    ClerkTemplate { name: Name },
    /// The operator's broker.
    Broker(Broker),
}

struct Failed {
    at: SystemTime,
    /// How long the source says to leave it alone.
    rest: Duration,
    error: TokenError,
}

impl Failed {
    /// Whether so little time has passed since. A clock that was set back makes
    /// nobody wait.
    fn is_within(&self, rest: Duration, now: SystemTime) -> bool {
        now.duration_since(self.at).is_ok_and(|since| since < rest)
    }
}

#[derive(Clone)]
struct Current {
    token: Arc<TenantToken>,
    /// When it was asked for.
    since: SystemTime,
    /// Which of the broker's admin tokens signed it.
    key: Option<String>,
}

impl Current {
    fn left(&self, now: SystemTime) -> Duration {
        self.token.expires().duration_since(now).unwrap_or_default()
    }

    /// Whether four fifths of its life are over. A clock that was set back makes
    /// no token younger.
    fn is_due(&self, now: SystemTime) -> bool {
        let life = self.token.expires().duration_since(self.since).unwrap_or_default();
        now < self.since || self.left(now) <= life / 5
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
        http: &reqwest::Client,
        clock: Clock,
    ) -> Self {
        let source = match &connection.token {
            TokenSource::Mint { template, lifetime_seconds, .. } => {
                let lifetime = Duration::from_secs((*lifetime_seconds).into());
                Source::Mint { keys, template: template.clone(), lifetime }
            }
            TokenSource::ClerkTemplate { template_name, .. } => Source::ClerkTemplate { name: template_name.clone() },
            TokenSource::Broker { url, .. } => Source::Broker(Broker::new(http, url)),
        };
        let (current, asking, failed) = (Mutex::default(), tokio::sync::Mutex::default(), Mutex::default());
        Self { tenant, connection, session, source, clock, current, asking, failed }
    }

    /// The token at hand, while it lasts. `fresh`: Tinybird refused it.
    async fn get(&self, fresh: bool) -> Result<Arc<TenantToken>, TokenError> {
        let at_hand = self.current();
        if let Some(current) = at_hand.as_ref().filter(|current| !fresh && self.lasts(current)) {
            return Ok(current.token.clone());
        }
        let failed_before = self.failed();
        let _asking = self.asking.lock().await;
        let newer =
            |current: &Current| at_hand.as_ref().is_none_or(|at_hand| !Arc::ptr_eq(&at_hand.token, &current.token));
        if let Some(current) = self.current().filter(|current| newer(current) && self.lasts(current)) {
            // Somebody else has fetched it meanwhile.
            return Ok(current.token);
        }
        // Those who waited together get one answer, and a source that wants
        // rest gets it.
        let has_failed_since =
            |failed: &Arc<Failed>| failed_before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, failed));
        let now = (self.clock)();
        if let Some(failed) =
            self.failed().filter(|failed| has_failed_since(failed) || failed.is_within(failed.rest, now))
        {
            return Err(failed.error.clone());
        }
        let refused = at_hand.filter(|_| fresh).and_then(|current| current.key);
        self.ask(refused.as_deref()).await
    }

    /// Fetches the next token where the one at hand is past four fifths of its
    /// life, unless that is under way: nobody waits for it then.
    pub(crate) async fn renew_ahead(&self) {
        let now = (self.clock)();
        let is_due = || self.current().is_some_and(|current| current.is_due(now));
        let rests = self.failed().is_some_and(|failed| failed.is_within(failed.rest.max(TRY_AGAIN), now));
        if rests || !is_due() {
            return;
        }
        let Ok(_asking) = self.asking.try_lock() else { return };
        if is_due()
            && let Err(error) = self.ask(None).await
        {
            // Whoever needs the token next is told why there is none.
            tracing::info!(code = error.code, "the next token was not fetched ahead");
        }
    }

    /// When the token at hand is due to be renewed ahead, where there is one.
    pub(crate) fn renews_at(&self) -> Option<SystemTime> {
        let current = self.current()?;
        let life = current.token.expires().duration_since(current.since).unwrap_or_default();
        Some(current.token.expires() - life / 5)
    }

    /// Forgets the token at hand, because what signed it is no longer here.
    pub(crate) async fn forget(&self) {
        let _asking = self.asking.lock().await;
        *lock(&self.current) = None;
    }

    /// What the broker serves beside tokens, where that is not of `etag`.
    pub(crate) async fn served(&self, etag: Option<&str>) -> Result<Option<ServedConnection>, TokenError> {
        let Source::Broker(broker) = &self.source else { return Ok(None) };
        let access = self.access_token(false).await?;
        match broker.connection(&access, etag).await {
            Err(error) if error.doubts_session() => {
                let access = self.access_token(true).await?;
                broker.connection(&access, etag).await.map_err(unserved)
            }
            outcome => outcome.map_err(unserved),
        }
    }

    /// Asks the source for a token, lets it through the fence and keeps it.
    /// `asking` is held.
    async fn ask(&self, refused_key: Option<&str>) -> Result<Arc<TenantToken>, TokenError> {
        let since = (self.clock)();
        let outcome = self.signed(refused_key, since).await.and_then(|(raw, key)| {
            let bind = self.connection.token.bindings();
            let token = TenantToken::admit(raw, &self.tenant, bind, (self.clock)())
                .map_err(|error| refused(Problem::new(error.code(), error.to_string(), error.next_step())))?;
            Ok(Current { token: Arc::new(token), since, key })
        });
        *lock(&self.failed) = outcome
            .as_ref()
            .err()
            .map(|Unsigned { error, rest }| Arc::new(Failed { at: (self.clock)(), rest: *rest, error: error.clone() }));
        let current = outcome.map_err(|unsigned| unsigned.error)?;
        let token = current.token.clone();
        *lock(&self.current) = Some(current);
        Ok(token)
    }

    /// A token that the connection's source signed, and which key did, where
    /// the source tells.
    async fn signed(&self, refused_key: Option<&str>, now: SystemTime) -> Result<(Secret, Option<String>), Unsigned> {
        // Nothing is signed for somebody whom Clerk no longer knows.
        self.session.confirm(self.connection.token.bindings()).await.map_err(unconfirmed)?;
        match &self.source {
            Source::Mint { keys, template, lifetime } => {
                let raw = self.mint(keys, template, *lifetime, now).await?;
                Ok((raw, None))
            }
            Source::ClerkTemplate { name } => {
                let raw = self.session.template_token(name).await.map_err(unconfirmed)?;
                Ok((raw, None))
            }
            Source::Broker(broker) => self.brokered(broker, refused_key).await,
        }
    }

    /// A token from the operator's broker. Where it refuses the sign-in, Clerk
    /// is asked whether the session goes on, and the broker once more.
    async fn brokered(&self, broker: &Broker, refused_key: Option<&str>) -> Result<(Secret, Option<String>), Unsigned> {
        let access = self.access_token(false).await?;
        let signed = match broker.token(&access, refused_key).await {
            Err(error) if error.doubts_session() => {
                let access = self.access_token(true).await?;
                broker.token(&access, refused_key).await?
            }
            outcome => outcome?,
        };
        Ok((signed.token, Some(signed.key)))
    }

    async fn access_token(&self, doubted: bool) -> Result<Secret, TokenError> {
        self.session.access_token(self.connection.token.bindings(), doubted).await.map_err(unconfirmed)
    }

    fn current(&self) -> Option<Current> {
        lock(&self.current).clone()
    }

    fn failed(&self) -> Option<Arc<Failed>> {
        lock(&self.failed).clone()
    }

    fn lasts(&self, current: &Current) -> bool {
        current.left((self.clock)()) > LEAST_LEFT
    }

    /// Signs on this machine with the workspace's admin token.
    async fn mint(
        &self,
        keys: &SigningKeys,
        template: &str,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<Secret, TokenError> {
        let key = keys.retrieve(&self.connection).await.map_err(refused)?;
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

/// Why nothing was signed, and how long the source wants to be left alone.
struct Unsigned {
    error: TokenError,
    rest: Duration,
}

impl From<TokenError> for Unsigned {
    fn from(error: TokenError) -> Self {
        Self { error, rest: Duration::ZERO }
    }
}

impl From<BrokerError> for Unsigned {
    fn from(error: BrokerError) -> Self {
        let rest = error.retry_after().unwrap_or_default();
        Self { error: unserved(error), rest }
    }
}

fn unconfirmed(error: SessionError) -> TokenError {
    TokenError { offline: error.is_offline(), ..refused(error.problem()) }
}

impl Tokens for TenantTokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        Box::pin(self.get(fresh))
    }

    fn source(&self) -> &str {
        self.connection.token.name()
    }
}

fn refused(problem: Problem) -> TokenError {
    let Problem { code, message: sentence, next_step, detail } = problem;
    TokenError { code, sentence, next_step, detail, offline: false, excluded: false }
}

fn unserved(error: BrokerError) -> TokenError {
    tracing::warn!(detail = error.detail(), "the broker did not serve");
    let problem = Problem::new(error.code(), error.to_string(), error.next_step()).with_detail(Some(error.detail()));
    let excluded = matches!(error, BrokerError::NotAllowed { .. });
    TokenError { offline: error.is_offline(), excluded, ..refused(problem) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each is replaced whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
