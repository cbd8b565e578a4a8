//! The session of one tenant that signed in through an OAuth application:
//! renewed by a refresh token, which Clerk takes once and answers with the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use perch_clerk::{ClerkError, Provider, Renewed, Session};
use perch_keychain::{Kept, Keychain, Slot, State};
use perch_tenant::{OAuthApplication, Organization, Origin, Secret, Tenant, TenantId};
use tokio::sync::{Mutex, OnceCell};

use super::{Confirmation, Note, REVOKE_WITHIN, SessionError, is_same};
use crate::Clock;
use crate::problem::Problem;
use crate::turn::{Busy, Turn, Turns, leave_no_trace};

/// An access token is renewed so long before it expires, so that none expires
/// on its way.
const EARLY: Duration = Duration::from_secs(60);

/// A session that renews itself from what the keychain holds.
pub(crate) struct OAuthSession {
    issuer: Origin,
    application: OAuthApplication,
    organization: Option<Organization>,
    http: reqwest::Client,
    provider: OnceCell<Provider>,
    clock: Clock,
    /// The lock is held across a renewal: whoever else asks waits for its end.
    current: Mutex<Current>,
    /// Raised by each sign-in.
    generation: AtomicU64,
    purse: Purse,
}

#[derive(Default)]
struct Current {
    confirmed: Option<Confirmed>,
    /// The newest refresh token of this visit, for when the keychain is locked
    /// meanwhile.
    token: Option<Secret>,
    /// Clerk answered with new tokens that could not be checked yet. They are
    /// checked later, because the old token is spent.
    unchecked: Option<Renewed>,
    /// The keychain has an older token than this visit.
    unkept: bool,
    /// Clerk refused what renews it. Whoever waited is told the same: a spent
    /// token is not shown to Clerk again.
    refused: bool,
}

struct Confirmed {
    session: Session,
    confirmation: Confirmation,
}

impl OAuthSession {
    pub(crate) fn new(
        tenant: &Tenant,
        application: OAuthApplication,
        http: reqwest::Client,
        keychain: Arc<Keychain>,
        turns: Arc<Turns>,
        clock: Clock,
    ) -> Self {
        let purse = Purse {
            tenant: tenant.id(),
            user: tenant.user.id.clone(),
            keychain,
            turns,
            ended: Arc::default(),
            note: Arc::default(),
        };
        Self {
            issuer: tenant.issuer.clone(),
            application,
            organization: tenant.organization.clone(),
            http,
            provider: OnceCell::new(),
            clock,
            current: Mutex::default(),
            generation: AtomicU64::new(0),
            purse,
        }
    }

    pub(crate) fn is_through(&self, issuer: &Origin, application: &OAuthApplication) -> bool {
        self.issuer == *issuer && self.application == *application
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.purse.is_ended()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Takes over a session that the viewer has just signed in to, and keeps
    /// what renews it. Where the keychain does not take it, it lasts for this
    /// visit only, and [`OAuthSession::take_notice`] says so. Whether it lasts
    /// longer.
    pub(crate) async fn adopt(&self, session: Session) -> bool {
        let mut current = self.current.lock().await;
        // Another process that is renewing the older session must not put its
        // token in the place of this one. One that does not finish has to.
        let turn = self.purse.turn().await.ok();
        self.purse.ended.store(false, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.keep(&mut current, session.refresh_token()).await;
        if current.unkept {
            // It lasts for this visit, which takes turns with nobody.
            leave_no_trace(turn);
        }
        current.confirmed = Some(Confirmed { session, confirmation: Confirmation::new((self.clock)()) });
        current.unchecked = None;
        current.refused = false;
        !current.unkept
    }

    pub(crate) async fn is_live(&self) -> bool {
        self.current.lock().await.confirmed.is_some()
    }

    pub(crate) fn take_notice(&self) -> Option<Problem> {
        self.purse.note.take()
    }

    /// In a task of its own: whoever asked may go away, as a tile that leaves the
    /// screen does, and what Clerk answers meanwhile must not be lost with them.
    pub(crate) async fn confirm(self: &Arc<Self>, by_slug: bool) -> Result<SystemTime, SessionError> {
        let session = self.clone();
        tokio::spawn(async move { session.confirm_current(&mut *session.current.lock().await, by_slug).await }).await?
    }

    /// The access token of a confirmed session. `doubted`: Clerk is asked,
    /// however recently it was.
    pub(crate) async fn access_token(self: &Arc<Self>, by_slug: bool, doubted: bool) -> Result<Secret, SessionError> {
        if doubted && let Some(confirmed) = self.current.lock().await.confirmed.as_mut() {
            confirmed.confirmation.doubt();
        }
        self.confirm(by_slug).await?;
        let current = self.current.lock().await;
        let session = current.confirmed.as_ref().map(|confirmed| &confirmed.session);
        session.map(|session| session.access_token().clone()).ok_or(SessionError::Missing)
    }

    async fn confirm_current(&self, current: &mut Current, by_slug: bool) -> Result<SystemTime, SessionError> {
        if self.is_ended() {
            return Err(SessionError::Missing);
        }
        if current.refused {
            return Err(ClerkError::SessionEnded.into());
        }
        let now = (self.clock)();
        if current.unkept
            && let Some(token) = current.token.clone()
            // A prompt that was dismissed does not come back by itself.
            && self.purse.keychain.state().await == State::Open
        {
            self.keep(current, &token).await;
        }
        if let Some(confirmed) =
            current.confirmed.as_mut().filter(|confirmed| confirmed.session.expires() > now + EARLY)
        {
            let Confirmed { session, confirmation } = confirmed;
            if confirmation.holds(now) {
                return Ok(confirmation.at);
            }
            match session.who(self.provider().await?).await {
                Ok((_, organization)) => {
                    self.check_organization(organization.as_ref(), by_slug)?;
                    *confirmation = Confirmation::new(now);
                    return Ok(now);
                }
                Err(error) if error.is_offline() && confirmation.bear_silence(now) => return Ok(confirmation.at),
                // What a renewal is for.
                Err(ClerkError::AccessTokenRefused) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.renew(current, now, by_slug).await?;
        Ok(now)
    }

    /// Spends the refresh token. The rotated one is kept before anything else
    /// is asked, and what cannot be checked now is checked the next time.
    async fn renew(&self, current: &mut Current, now: SystemTime, by_slug: bool) -> Result<(), SessionError> {
        let provider = self.provider().await?;
        if current.unchecked.is_none() {
            // In a task of its own: whoever asked may have gone before Clerk
            // answers, and the new token must be kept all the same.
            let spending = self.purse.clone().spend(provider.clone(), current.token.clone());
            let spent = tokio::spawn(spending).await?;
            current.refused = matches!(spent, Err(SessionError::Clerk(ClerkError::SessionEnded)));
            let (renewed, kept) = spent?;
            current.token = Some(renewed.refresh_token().clone());
            current.unkept = !kept;
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
        let (_, organization) = match session.who(provider).await {
            Ok(told) => told,
            Err(error) => {
                if matches!(error, ClerkError::AccessTokenRefused) {
                    // Revoked since: only another renewal can tell by whom.
                    current.unchecked = None;
                }
                return Err(error.into());
            }
        };
        self.check_organization(organization.as_ref(), by_slug)?;
        current.confirmed = Some(Confirmed { session, confirmation: Confirmation::new(now) });
        current.unchecked = None;
        Ok(())
    }

    fn check_organization(&self, told: Option<&Organization>, by_slug: bool) -> Result<(), SessionError> {
        if is_same(told, self.organization.as_ref(), by_slug) { Ok(()) } else { Err(SessionError::OtherOrganization) }
    }

    async fn keep(&self, current: &mut Current, token: &Secret) {
        current.unkept = !self.purse.keep(token).await;
        current.token = Some(token.clone());
    }

    pub(crate) async fn forget(&self) {
        self.purse.ended.store(true, Ordering::SeqCst);
        *self.current.lock().await = Current::default();
    }

    /// Ends the session here, and asks Clerk to forget it: a best effort with a
    /// short patience, because here it is forgotten in every case.
    pub(crate) async fn end(&self) {
        self.purse.ended.store(true, Ordering::SeqCst);
        let revoke = async {
            let mut current = self.current.lock().await;
            let remembered = std::mem::take(&mut *current).token;
            let kept = match remembered {
                Some(token) => Some(token),
                None => self.purse.keychain.retrieve(Slot::Session(&self.purse.tenant)).await.ok().flatten(),
            };
            let Some(token) = kept else { return };
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
        self.provider.get_or_try_init(|| Provider::discover(&self.http, &self.issuer, &self.application)).await
    }
}

/// Where the refresh token lies, and who may take it out.
#[derive(Clone)]
struct Purse {
    tenant: TenantId,
    user: String,
    keychain: Arc<Keychain>,
    turns: Arc<Turns>,
    /// Set when the viewer signs out or Clerk ends the session: a renewal that
    /// ends later keeps nothing.
    ended: Arc<AtomicBool>,
    note: Arc<Note>,
}

impl Purse {
    async fn turn(&self) -> Result<Turn, Busy> {
        self.turns.take(self.tenant.as_str()).await
    }

    /// Spends the newest refresh token and keeps the next one before it does
    /// anything else. Whether it was kept for longer than this visit.
    ///
    /// The newest is the keychain's: another process may have renewed since.
    /// `remembered` is for when the keychain cannot be asked.
    async fn spend(self, provider: Provider, remembered: Option<Secret>) -> Result<(Renewed, bool), SessionError> {
        let turn = self.turn().await?;
        let token = match self.keychain.retrieve(Slot::Session(&self.tenant)).await {
            Ok(Some(token)) => token,
            Ok(None) => {
                // Signed out elsewhere while this one waited: there is nothing
                // to take turns for.
                leave_no_trace(Some(turn));
                return Err(SessionError::Missing);
            }
            Err(error) => remembered.ok_or(error)?,
        };
        let renewed = Session::renew(&provider, &token, &self.user).await?;
        if self.is_ended() {
            // Signed out meanwhile: that token was spent, and this is the one to end.
            if let Err(error) = Session::revoke(&provider, renewed.refresh_token()).await {
                tracing::info!(code = error.code(), "the session was not revoked at Clerk");
            }
            return Err(SessionError::Missing);
        }
        let kept = self.keep(renewed.refresh_token()).await;
        if self.is_ended() {
            // Signed out while it was being kept, and perhaps after that was
            // forgotten which it replaced.
            if let Err(error) = self.keychain.delete(Slot::Session(&self.tenant)).await {
                tracing::warn!(code = error.code(), "a token that came after sign-out was not removed");
            }
            return Err(SessionError::Missing);
        }
        if !kept {
            leave_no_trace(Some(turn));
        }
        Ok((renewed, kept))
    }

    async fn keep(&self, token: &Secret) -> bool {
        let kept = self.keychain.persist(Slot::Session(&self.tenant), token).await;
        let problem = match kept {
            Ok(Kept::InKeychain) => return true,
            Ok(Kept::ForThisVisit) => Problem::for_this_visit(),
            Err(error) => Problem::from(&error),
        };
        self.note.put(problem);
        false
    }

    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}
