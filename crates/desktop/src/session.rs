//! A tenant's Clerk session during one visit: renewed from the keychain when
//! it is first needed, confirmed again from time to time, and never renewed
//! twice at once. One `LiveSession` serves a tenant for the whole visit, however
//! often its connection is opened anew, because two would spend one token twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, SystemTime};

use perch_clerk::{ClerkError, Provider, Renewed, Session};
use perch_keychain::{Kept, Keychain, KeychainError, Slot};
use perch_tenant::{ClerkApp, Organization, Secret, Tenant, TenantId};
use tokio::sync::{Mutex, OnceCell};

use crate::Clock;
use crate::problem::Problem;

/// How long Clerk's word that a session is alive is taken without asking again.
pub(crate) const CONFIRMED_FOR: Duration = Duration::from_secs(15 * 60);

/// For how long after its last word Clerk may be silent before the session
/// counts as unconfirmed.
pub(crate) const SILENT_FOR: Duration = Duration::from_secs(60 * 60);

/// How long a silent Clerk is left alone.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(60);

/// How long sign-out waits for Clerk before it goes on without.
const REVOKE_WITHIN: Duration = Duration::from_secs(2);

/// A session that renews itself from what the keychain holds.
pub(crate) struct LiveSession {
    tenant: TenantId,
    user: String,
    organization: Option<Organization>,
    app: ClerkApp,
    http: reqwest::Client,
    provider: OnceCell<Provider>,
    keychain: Arc<Keychain>,
    clock: Clock,
    /// The lock is held across a renewal: whoever else asks waits for its end.
    current: Mutex<Current>,
    /// Set when the viewer signs out or Clerk ends it: a renewal that ends later
    /// keeps nothing.
    ended: AtomicBool,
    notice: SyncMutex<Option<Problem>>,
}

#[derive(Default)]
struct Current {
    confirmed: Option<Confirmed>,
    /// The newest refresh token of this visit.
    token: Option<Secret>,
    /// Clerk answered with new tokens that could not be checked yet. They are
    /// checked later, because the old token is spent.
    unchecked: Option<Renewed>,
    /// The keychain has an older token than this visit.
    unkept: bool,
}

struct Confirmed {
    session: Session,
    at: SystemTime,
    ask_again: SystemTime,
}

/// Why a session could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// Nothing in the keychain renews it.
    #[error("nothing in the keychain renews this session")]
    Missing,
    /// Clerk says that it is not, or no longer, for this organization.
    #[error("the session is not for this organization")]
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
                "Your session is no longer for this organization: you may have left it, or it was renamed.",
                "Sign in again and choose this organization, or ask its administrator.",
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
            organization: tenant.organization.clone(),
            app,
            http,
            provider: OnceCell::new(),
            keychain,
            clock,
            current: Mutex::default(),
            ended: AtomicBool::new(false),
            notice: SyncMutex::default(),
        }
    }

    /// Whether this is a session of the same application at the same Clerk.
    pub(crate) fn is_through(&self, app: &ClerkApp) -> bool {
        self.app == *app
    }

    /// Whether it is over: signed out of, or ended by Clerk.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Takes over a session that the viewer has just signed in to, and keeps
    /// what renews it. Where the keychain does not take it, it lasts for this
    /// visit only, and [`LiveSession::take_notice`] says so. Whether it lasts
    /// longer.
    pub(crate) async fn adopt(&self, session: Session) -> bool {
        let mut current = self.current.lock().await;
        self.ended.store(false, Ordering::SeqCst);
        self.keep(&mut current, session.refresh_token()).await;
        let at = (self.clock)();
        current.confirmed = Some(Confirmed { session, at, ask_again: at });
        current.unchecked = None;
        !current.unkept
    }

    /// Whether the session was confirmed or signed in to in this visit.
    pub(crate) async fn is_live(&self) -> bool {
        self.current.lock().await.confirmed.is_some()
    }

    /// What there is to tell about keeping the session, once.
    pub(crate) fn take_notice(&self) -> Option<Problem> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Makes sure that Clerk still knows this session, for this organization,
    /// and answers when Clerk said so. At most one request is under way,
    /// whoever asks.
    pub(crate) async fn confirm(&self) -> Result<SystemTime, SessionError> {
        let mut current = self.current.lock().await;
        if self.is_ended() {
            return Err(SessionError::Missing);
        }
        let now = (self.clock)();
        if current.unkept
            && let Some(token) = current.token.clone()
        {
            self.keep(&mut current, &token).await;
        }
        if let Some(confirmed) = current.confirmed.as_mut().filter(|confirmed| confirmed.session.expires() > now) {
            let is_within = |limit| now.duration_since(confirmed.at).is_ok_and(|age| age < limit);
            if is_within(CONFIRMED_FOR) || (confirmed.ask_again > now && is_within(SILENT_FOR)) {
                return Ok(confirmed.at);
            }
            match confirmed.session.who(self.provider().await?).await {
                Ok((_, organization)) => {
                    self.check_organization(organization.as_ref())?;
                    confirmed.at = now;
                    return Ok(now);
                }
                Err(error) if error.is_offline() && is_within(SILENT_FOR) => {
                    confirmed.ask_again = now + ASK_AGAIN;
                    return Ok(confirmed.at);
                }
                // What a renewal is for.
                Err(ClerkError::AccessTokenRefused) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.renew(&mut current, now).await?;
        Ok(now)
    }

    /// Spends the refresh token. The rotated one is kept before anything else
    /// is asked, and what cannot be checked now is checked the next time.
    async fn renew(&self, current: &mut Current, now: SystemTime) -> Result<(), SessionError> {
        let provider = self.provider().await?;
        if current.unchecked.is_none() {
            let token = match &current.token {
                Some(token) => token.clone(),
                None => self.keychain.retrieve(Slot::Session(&self.tenant)).await?.ok_or(SessionError::Missing)?,
            };
            let renewed = Session::renew(provider, &token, &self.user).await?;
            if self.is_ended() {
                return Err(SessionError::Missing);
            }
            self.keep(current, renewed.refresh_token()).await;
            current.unchecked = Some(renewed);
        }
        let Some(renewed) = &current.unchecked else { return Err(SessionError::Missing) };
        let session = match renewed.verify(provider, now).await {
            Ok(session) => session,
            Err(error) => {
                if !error.is_offline() {
                    // These tokens will not get better: the next attempt asks
                    // for others.
                    current.unchecked = None;
                }
                return Err(error.into());
            }
        };
        let (_, organization) = session.who(provider).await?;
        self.check_organization(organization.as_ref())?;
        current.confirmed = Some(Confirmed { session, at: now, ask_again: now });
        current.unchecked = None;
        Ok(())
    }

    /// Somebody who left the organization has a session still, and must not
    /// get its rows with it. Nor by a slug that the organization gave up, which
    /// may be another's now: tokens can be bound to it.
    fn check_organization(&self, organization: Option<&Organization>) -> Result<(), SessionError> {
        let named = |organization: &Organization| (organization.id.clone(), organization.slug.clone());
        if organization.map(named) == self.organization.as_ref().map(named) {
            Ok(())
        } else {
            Err(SessionError::OtherOrganization)
        }
    }

    async fn keep(&self, current: &mut Current, token: &Secret) {
        let kept = self.keychain.persist(Slot::Session(&self.tenant), token).await;
        let notice = match kept {
            Ok(Kept::InKeychain) => None,
            Ok(Kept::ForThisVisit) => Some(Problem::for_this_visit()),
            Err(error) => Some(Problem::from(&error)),
        };
        current.unkept = notice.is_some();
        current.token = Some(token.clone());
        if notice.is_some() {
            *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice;
        }
    }

    /// Forgets a session that Clerk has ended, so that nothing of it is kept or
    /// asked with again.
    pub(crate) async fn forget(&self) {
        self.ended.store(true, Ordering::SeqCst);
        *self.current.lock().await = Current::default();
    }

    /// Ends the session here, and asks Clerk to forget it: a best effort with a
    /// short patience, because here it is forgotten in every case.
    pub(crate) async fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let revoke = async {
            let mut current = self.current.lock().await;
            *current = Current { token: current.token.take(), ..Current::default() };
            let token = match current.token.take() {
                Some(token) => token,
                None => match self.keychain.retrieve(Slot::Session(&self.tenant)).await {
                    Ok(Some(token)) => token,
                    _ => return,
                },
            };
            if let Err(error) = self.revoke(&token).await {
                tracing::info!(code = error.code(), "the session was not revoked at Clerk");
            }
        };
        if tokio::time::timeout(REVOKE_WITHIN, revoke).await.is_err() {
            tracing::info!("the session was not revoked at Clerk in time");
        }
    }

    async fn revoke(&self, token: &Secret) -> Result<(), ClerkError> {
        Session::revoke(self.provider().await?, token).await
    }

    async fn provider(&self) -> Result<&Provider, ClerkError> {
        self.provider.get_or_try_init(|| Provider::discover(&self.http, &self.app)).await
    }
}

#[cfg(test)]
mod tests {
    use perch_tenant::{Origin, User};

    use super::*;

    fn organization(id: &str, slug: &str) -> Organization {
        Organization { id: id.to_owned(), name: None, slug: Some(slug.to_owned()), role: None }
    }

    fn session_of(organization: Option<Organization>) -> LiveSession {
        let issuer = Origin::parse("https://clerk.example.com").expect("an origin");
        let user = User { id: "user_1".to_owned(), name: None, email: None };
        let tinybird = Origin::parse("https://api.tinybird.co").expect("an origin");
        let tenant = Tenant { issuer, user, organization, tinybird, workspace_id: "w".to_owned() };
        let file = r#"issuer = "https://clerk.example.com"
client_id = "client""#;
        let app: ClerkApp = toml::from_str(file).expect("an application");
        let http = perch_clerk::http_client().expect("a client");
        LiveSession::new(&tenant, app, http, Arc::new(Keychain::open()), Arc::new(SystemTime::now))
    }

    #[test]
    fn only_the_same_organization_under_the_same_slug_is_confirmed() {
        let session = session_of(Some(organization("org_1", "acme")));
        assert!(session.check_organization(Some(&organization("org_1", "acme"))).is_ok());
        for other in [None, Some(organization("org_2", "acme")), Some(organization("org_1", "acme-old"))] {
            let error = session.check_organization(other.as_ref()).expect_err("another organization");
            assert!(error.ends_session());
        }
        assert!(session_of(None).check_organization(None).is_ok());
        assert!(session_of(None).check_organization(Some(&organization("org_1", "acme"))).is_err());
    }
}
