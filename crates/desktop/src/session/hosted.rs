//! The session of one person who signed in by hosted authentication: one for
//! all of their organizations, opened by a client token, which Clerk may replace
//! with any answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use perch_clerk::{ClerkError, ClientToken, FrontendApi, HostedSession, KeepClientToken, Membership, Picture};
use perch_keychain::{Kept, Keychain, Slot};
use perch_tenant::{Name, Organization, Origin, PersonId, Secret};

use super::{Confirmation, Note, REVOKE_WITHIN, SessionError, is_same};
use crate::Clock;
use crate::problem::Problem;
use crate::turn::{Busy, Turn, Turns, leave_no_trace};

/// A person and their session.
pub(crate) struct HostedPerson {
    clock: Clock,
    known: Mutex<Option<Known>>,
    /// Held while Clerk is asked: whoever else has a question waits, and whoever
    /// is content with what is known does not.
    asking: tokio::sync::Mutex<()>,
    /// Raised by each sign-in.
    generation: AtomicU64,
    desk: Desk,
}

/// What Clerk said last.
#[derive(Clone)]
struct Known {
    session: HostedSession,
    /// `None` where organizations are turned off.
    memberships: Option<Vec<Membership>>,
    confirmation: Confirmation,
}

/// The person's session, for one of their organizations.
pub(crate) struct HostedTenant {
    pub(super) person: Arc<HostedPerson>,
    organization: Option<Organization>,
    /// The viewer signed out of this organization, or is no longer in it.
    left: AtomicBool,
}

impl HostedTenant {
    pub(crate) fn new(person: Arc<HostedPerson>, organization: Option<Organization>) -> Self {
        Self { person, organization, left: AtomicBool::new(false) }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.left.load(Ordering::SeqCst) || self.person.is_ended()
    }

    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
    }

    pub(super) async fn confirm(&self, by_slug: bool) -> Result<SystemTime, SessionError> {
        if self.is_ended() {
            return Err(SessionError::Missing);
        }
        let known = self.person.confirm().await?;
        // A personal tenant is there as long as the session is.
        if let Some(organization) = &self.organization {
            if known.memberships.is_none() {
                // The operator's doing, and it says nothing about the person.
                return Err(ClerkError::OrganizationsDisabled.into());
            }
            let told = known.membership(&organization.id).map(|membership| &membership.organization);
            if !is_same(told, Some(organization), by_slug) {
                return Err(SessionError::OtherOrganization);
            }
        }
        Ok(known.confirmation.at)
    }

    pub(super) async fn template_token(&self, template: &Name) -> Result<Secret, SessionError> {
        self.person.template_token(self.organization.as_ref(), template).await
    }

    pub(super) fn picture(&self) -> Option<Picture> {
        let known = self.person.known().clone()?;
        match &self.organization {
            Some(organization) => known.membership(&organization.id)?.picture.clone(),
            None => known.session.picture,
        }
    }
}

impl Known {
    fn membership(&self, organization: &str) -> Option<&Membership> {
        self.memberships.iter().flatten().find(|membership| membership.organization.id == organization)
    }
}

impl HostedPerson {
    pub(crate) fn new(
        issuer: &Origin,
        user: &str,
        http: &reqwest::Client,
        keychain: Arc<Keychain>,
        turns: Arc<Turns>,
        clock: Clock,
    ) -> Self {
        let drawer = Drawer {
            person: PersonId::new(issuer, user),
            keychain,
            ended: AtomicBool::new(false),
            note: Note::default(),
        };
        let desk = Desk { api: FrontendApi::new(http, issuer), user: user.to_owned(), drawer: Arc::new(drawer), turns };
        Self {
            clock,
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            generation: AtomicU64::new(0),
            desk,
        }
    }

    pub(crate) fn id(&self) -> &PersonId {
        &self.desk.drawer.person
    }

    pub(super) fn is_ended(&self) -> bool {
        self.desk.drawer.is_ended()
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub(super) fn is_live(&self) -> bool {
        self.known().is_some()
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        // It is replaced whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_notice(&self) -> Option<Problem> {
        self.desk.drawer.note.take()
    }

    /// Takes over a session that the viewer has just signed in to, keeps what
    /// opens it, and then ends the one that was there before. Whether it lasts
    /// longer than this visit.
    pub(crate) async fn adopt(
        &self,
        session: HostedSession,
        memberships: Option<Vec<Membership>>,
        client: &Secret,
    ) -> bool {
        let _asking = self.asking.lock().await;
        // Another process that is asking with the older client must not put its
        // token in the place of this one. One that does not finish has to.
        let turn = self.desk.turn().await.ok();
        self.desk.drawer.ended.store(false, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
        let older = self.desk.drawer.token().await.ok().flatten();
        let kept = self.desk.drawer.put(client).await;
        if let Some(older) = older {
            // Not before the new one is kept: a crash between them loses neither.
            tokio::spawn(self.desk.clone().end_older(older, session.session_id.clone()));
        }
        if !kept {
            // It lasts for this visit, which takes turns with nobody.
            leave_no_trace(turn);
        }
        *self.known() = Some(Known { session, memberships, confirmation: Confirmation::new((self.clock)()) });
        kept
    }

    /// Asks Clerk for the organizations now, however recently it was asked.
    pub(crate) async fn memberships(&self) -> Result<Vec<Membership>, SessionError> {
        let _asking = self.asking.lock().await;
        self.ask().await?.memberships.ok_or(ClerkError::OrganizationsDisabled.into())
    }

    async fn confirm(&self) -> Result<Known, SessionError> {
        if let Some(known) = self.confirmed() {
            return Ok(known);
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.confirmed() {
            return Ok(known);
        }
        match self.ask().await {
            Err(error) if error.is_offline() => {
                let (now, mut known) = ((self.clock)(), self.known());
                let borne = known.as_mut().is_some_and(|known| known.confirmation.bear_silence(now));
                known.clone().filter(|_| borne).ok_or(error)
            }
            outcome => outcome,
        }
    }

    /// What Clerk said last, where that is taken without asking.
    fn confirmed(&self) -> Option<Known> {
        let now = (self.clock)();
        self.known().clone().filter(|known| known.confirmation.holds(now))
    }

    /// Asks Clerk. `asking` is held.
    async fn ask(&self) -> Result<Known, SessionError> {
        if self.is_ended() {
            return Err(SessionError::Missing);
        }
        let now = (self.clock)();
        let (session, memberships) = run(self.desk.clone().look()).await?;
        let confirmation = Confirmation::new(now);
        Ok(self.known().insert(Known { session, memberships, confirmation }).clone())
    }

    /// Touch and token are one step: the lock is held over both, so that no
    /// other organization of the person gets between.
    async fn template_token(
        &self,
        organization: Option<&Organization>,
        template: &Name,
    ) -> Result<Secret, SessionError> {
        let _asking = self.asking.lock().await;
        let known = self.known().clone();
        let session = match known {
            Some(known) => known.session.session_id,
            None => self.ask().await?.session.session_id,
        };
        let organization = organization.map(|organization| organization.id.clone());
        let token = run(self.desk.clone().template_token(session, organization, template.to_string())).await;
        if let Err(SessionError::Clerk(
            ClerkError::SessionEnded
            | ClerkError::SessionPending
            | ClerkError::NotAMember
            | ClerkError::AnotherOrganization
            | ClerkError::AnotherSession,
        )) = &token
        {
            // Clerk's last word no longer holds: whoever asks next asks Clerk.
            *self.known() = None;
        }
        token
    }

    /// Ends the person's sessions on other devices. How many there were.
    pub(crate) async fn end_others(&self) -> Result<usize, SessionError> {
        let _asking = self.asking.lock().await;
        let session = self.ask().await?.session;
        run(self.desk.clone().end_others(session.session_id)).await
    }

    /// Ends the session here, and asks Clerk to forget it: a best effort with a
    /// short patience, because here it is forgotten in every case.
    pub(crate) async fn end(&self) {
        self.desk.drawer.ended.store(true, Ordering::SeqCst);
        let revoke = async {
            let _asking = self.asking.lock().await;
            let known = self.known().take();
            self.desk.clone().end(known.map(|known| known.session)).await;
        };
        if tokio::time::timeout(REVOKE_WITHIN, revoke).await.is_err() {
            tracing::info!("the session was not ended at Clerk in time");
        }
    }

    /// Forgets a session that Clerk has ended.
    pub(crate) async fn forget(&self) {
        self.desk.drawer.ended.store(true, Ordering::SeqCst);
        let _asking = self.asking.lock().await;
        *self.known() = None;
    }
}

/// Somebody's organizations; `None` where organizations are turned off.
pub(crate) async fn memberships(
    api: &FrontendApi,
    client: &mut ClientToken<'_>,
    session: &HostedSession,
) -> Result<Option<Vec<Membership>>, ClerkError> {
    match api.memberships(client, session).await {
        Err(ClerkError::OrganizationsDisabled) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// In a task of its own: whoever asked may have gone before Clerk answers, and
/// the new client token must be kept all the same.
async fn run<T: Send + 'static>(
    question: impl Future<Output = Result<T, SessionError>> + Send + 'static,
) -> Result<T, SessionError> {
    tokio::spawn(question).await?
}

/// Asks Clerk with the person's client token, one process at a time.
#[derive(Clone)]
struct Desk {
    api: FrontendApi,
    user: String,
    drawer: Arc<Drawer>,
    turns: Arc<Turns>,
}

impl Desk {
    async fn turn(&self) -> Result<Turn, Busy> {
        self.turns.take(self.drawer.person.as_str()).await
    }

    async fn look(self) -> Result<(HostedSession, Option<Vec<Membership>>), SessionError> {
        let _turn = self.turn().await?;
        let mut client = self.drawer.open().await?;
        let session = self.api.session(&mut client, &self.user).await?;
        let memberships = memberships(&self.api, &mut client, &session).await?;
        Ok((session, memberships))
    }

    async fn template_token(
        self,
        session: String,
        organization: Option<String>,
        template: String,
    ) -> Result<Secret, SessionError> {
        let _turn = self.turn().await?;
        let mut client = self.drawer.open().await?;
        Ok(self.api.template_token(&mut client, &session, organization.as_deref(), &template).await?)
    }

    async fn end_others(self, session: String) -> Result<usize, SessionError> {
        let _turn = self.turn().await?;
        let mut client = self.drawer.open().await?;
        Ok(self.api.end_others(&mut client, &session).await?)
    }

    /// Ends the session that the person had before, in a client of its own.
    async fn end_older(self, client: Secret, newer: String) {
        let mut client = ClientToken::new(Some(client), &Forgetful);
        let ending = async {
            let older = self.api.session(&mut client, &self.user).await?;
            if older.session_id != newer {
                self.api.end(&mut client, &older.session_id).await?;
            }
            Ok::<_, ClerkError>(())
        };
        if let Err(error) = ending.await {
            tracing::info!(code = error.code(), "the older session was not ended at Clerk");
        }
    }

    /// Ends a session at Clerk, or, where it is not known, the one that the
    /// kept client token opens.
    async fn end(self, session: Option<HostedSession>) {
        let ending = async {
            let _turn = self.turn().await?;
            let Some(token) = self.drawer.token().await? else { return Ok(()) };
            // What Clerk answers opens nothing any more: it is not kept.
            let mut client = ClientToken::new(Some(token), &Forgetful);
            let session = match session {
                Some(session) => session,
                None => self.api.session(&mut client, &self.user).await?,
            };
            self.api.end(&mut client, &session.session_id).await?;
            Ok::<_, SessionError>(())
        };
        if let Err(error) = ending.await {
            tracing::info!(%error, "the session was not ended at Clerk");
        }
    }
}

/// Where the client token lies: the person's place in the keychain.
struct Drawer {
    person: PersonId,
    keychain: Arc<Keychain>,
    /// Set when the viewer signs out or Clerk ends the session: an answer that
    /// comes later keeps nothing.
    ended: AtomicBool,
    note: Note,
}

impl Drawer {
    async fn token(&self) -> Result<Option<Secret>, SessionError> {
        Ok(self.keychain.retrieve(Slot::Client(&self.person)).await?)
    }

    async fn open(&self) -> Result<ClientToken<'_>, SessionError> {
        let token = self.token().await?.ok_or(SessionError::Missing)?;
        Ok(ClientToken::new(Some(token), self))
    }

    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Keeps the newest token. Whether for longer than this visit.
    async fn put(&self, token: &Secret) -> bool {
        if self.is_ended() {
            return false;
        }
        let problem = match self.keychain.persist(Slot::Client(&self.person), token).await {
            Ok(Kept::InKeychain) => None,
            Ok(Kept::ForThisVisit) => Some(Problem::for_this_visit()),
            Err(error) => Some(Problem::from(&error)),
        };
        // Signed out while it was being kept, and perhaps after that was
        // forgotten which it replaced.
        if self.is_ended()
            && let Err(error) = self.keychain.delete(Slot::Client(&self.person)).await
        {
            tracing::warn!(code = error.code(), "a token that came after sign-out was not removed");
        }
        let kept = problem.is_none();
        problem.into_iter().for_each(|problem| self.note.put(problem));
        kept
    }
}

impl KeepClientToken for Drawer {
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.put(token).await;
        })
    }
}

/// Keeps nothing: for a session that is being ended.
struct Forgetful;

impl KeepClientToken for Forgetful {
    fn keep<'a>(&'a self, _token: &'a Secret) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}
