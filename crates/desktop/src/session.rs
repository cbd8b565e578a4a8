//! A tenant's Clerk session during one visit: renewed from the keychain when
//! it is first needed, confirmed again from time to time, and never renewed
//! twice at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use perch_clerk::{ClerkError, Provider, Session};
use perch_keychain::{Kept, Keychain, KeychainError, Slot};
use perch_tenant::{ClerkApp, Secret, Tenant, TenantId};
use tokio::sync::{Mutex, OnceCell};

use crate::Clock;
use crate::problem::Problem;

/// How long Clerk's word that a session is alive is taken without asking again.
const CONFIRMED_FOR: Duration = Duration::from_secs(15 * 60);

/// How long sign-out waits for Clerk before it goes on without.
const REVOKE_WITHIN: Duration = Duration::from_secs(2);

/// A session that renews itself from what the keychain holds.
pub(crate) struct LiveSession {
    tenant: TenantId,
    user: String,
    organization: Option<String>,
    app: ClerkApp,
    http: reqwest::Client,
    provider: OnceCell<Provider>,
    keychain: Arc<Keychain>,
    clock: Clock,
    /// The lock is held across a renewal: whoever else asks waits for its end.
    current: Mutex<Option<Confirmed>>,
    /// Set by sign-out: a renewal that ends later keeps nothing.
    ended: AtomicBool,
}

struct Confirmed {
    session: Session,
    at: SystemTime,
}

/// Why a session could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// Nothing in the keychain renews it.
    #[error("nothing in the keychain renews this session")]
    Missing,
    /// Clerk renewed it for another organization.
    #[error("the session was renewed for another organization")]
    OtherOrganization,
    /// Clerk refused or could not be asked.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
    /// The keychain did not open.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
}

impl SessionError {
    /// Whether the session is over, as opposed to unreachable.
    pub(crate) fn ends_session(&self) -> bool {
        match self {
            Self::Missing | Self::OtherOrganization => true,
            Self::Clerk(error) => error.ends_session(),
            Self::Keychain(_) => false,
        }
    }

    /// Whether nobody answered.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self, Self::Clerk(error) if error.is_offline())
    }

    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Missing => Problem::session_missing(),
            Self::OtherOrganization => Problem::new(
                "session-of-another-organization",
                "Clerk renewed your session for another organization.",
                "Sign in again and choose this organization.",
            ),
            Self::Clerk(error) => Problem::from(error),
            Self::Keychain(error) => Problem::from(error),
        }
    }
}

impl LiveSession {
    pub(crate) fn new(
        tenant: &Tenant,
        app: ClerkApp,
        http: reqwest::Client,
        keychain: Arc<Keychain>,
        clock: Clock,
    ) -> Self {
        Self {
            tenant: tenant.id(),
            user: tenant.user.id.clone(),
            organization: tenant.organization.as_ref().map(|organization| organization.id.clone()),
            app,
            http,
            provider: OnceCell::new(),
            keychain,
            clock,
            current: Mutex::new(None),
            ended: AtomicBool::new(false),
        }
    }

    /// Takes over a session that the viewer has just signed in to.
    pub(crate) async fn replace(&self, session: Session) {
        *self.current.lock().await = Some(Confirmed { session, at: (self.clock)() });
    }

    /// Whether the session was confirmed or signed in to in this visit.
    pub(crate) async fn is_live(&self) -> bool {
        self.current.lock().await.is_some()
    }

    /// Makes sure that Clerk still knows this session, and answers when Clerk
    /// said so. At most one request is under way, whoever asks.
    pub(crate) async fn confirm(&self) -> Result<SystemTime, SessionError> {
        let mut current = self.current.lock().await;
        let now = (self.clock)();
        if let Some(confirmed) = current.as_mut() {
            let fresh = now.duration_since(confirmed.at).is_ok_and(|age| age < CONFIRMED_FOR);
            if fresh && confirmed.session.expires() > now {
                return Ok(confirmed.at);
            }
            if confirmed.session.expires() > now {
                match confirmed.session.who(self.provider().await?).await {
                    Ok(_) => {
                        confirmed.at = now;
                        return Ok(now);
                    }
                    // Clerk's silence ends nothing: its last word still holds.
                    Err(error) if error.is_offline() => return Ok(confirmed.at),
                    Err(_) => {}
                }
            }
        }
        let token = match current.as_ref() {
            Some(confirmed) => confirmed.session.refresh_token().clone(),
            None => self.keychain.retrieve(Slot::Session(&self.tenant)).await?.ok_or(SessionError::Missing)?,
        };
        let session = Session::renew(self.provider().await?, &token, &self.user).await?;
        if session.organization_id().is_some_and(|renewed| Some(renewed) != self.organization.as_deref()) {
            return Err(SessionError::OtherOrganization);
        }
        if self.ended.load(Ordering::SeqCst) {
            return Err(SessionError::Missing);
        }
        // The rotated token is kept before it is used: a crash after this line
        // finds the new one, a crash before it finds the old one unspent or,
        // where Clerk has rotated, asks for one more sign-in.
        let kept = self.keychain.persist(Slot::Session(&self.tenant), session.refresh_token()).await?;
        if kept == Kept::ForThisVisit {
            tracing::info!("without a keychain, the renewed session lasts for this visit only");
        }
        *current = Some(Confirmed { session, at: now });
        Ok(now)
    }

    /// Asks Clerk to forget the session. A best effort with a short patience:
    /// what is on this machine is forgotten in every case.
    pub(crate) async fn revoke(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let revoke = async {
            let token = match self.current.lock().await.take() {
                Some(confirmed) => confirmed.session.refresh_token().clone(),
                None => match self.keychain.retrieve(Slot::Session(&self.tenant)).await {
                    Ok(Some(token)) => token,
                    _ => return,
                },
            };
            if let Err(error) = self.revoke_token(&token).await {
                tracing::info!(code = error.code(), "the session was not revoked at Clerk");
            }
        };
        if tokio::time::timeout(REVOKE_WITHIN, revoke).await.is_err() {
            tracing::info!("the session was not revoked at Clerk in time");
        }
    }

    async fn revoke_token(&self, token: &Secret) -> Result<(), ClerkError> {
        Session::revoke(self.provider().await?, token).await
    }

    async fn provider(&self) -> Result<&Provider, ClerkError> {
        self.provider.get_or_try_init(|| Provider::discover(&self.http, &self.app)).await
    }
}
