//! The ways out: the viewer signs out, or Clerk ends a session. Clerk is told
//! as a best effort, then the keychain, the store and the memory forget, in that
//! order. It works offline, and a step that fails does not stop the next: what
//! could not be removed is told, and tried again at the next start.
//!
//! Who leaves is written down before anything is removed ([`Standing`]), so that
//! a crash on the way leaves nothing half-done for longer than until then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use perch_keychain::Slot;
use perch_offline::Store;
use perch_tenant::{PersonId, TenantId};

use crate::accounts::{Account, Standing};
use crate::desktop::Desktop;
use crate::disk;
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::session::LiveSession;
use crate::signing_key::SigningKey;
use crate::turn::{Turn, leave_no_trace};
use crate::view::SignOutScope;

/// What Clerk said of a session.
pub(crate) struct Verdict {
    pub(crate) problem: Problem,
    /// It is over for all of the person's organizations.
    pub(crate) of_person: bool,
    /// [`LiveSession::generation`] when Clerk was asked.
    pub(crate) generation: u64,
}

/// How long a way out waits for a renewal that is under way.
const RENEWAL_ENDS_WITHIN: Duration = Duration::from_secs(5);

impl Desktop {
    /// Signs out and leaves nothing of it on this machine. Works also where the
    /// connection is gone.
    pub async fn sign_out(&self, scope: &SignOutScope) -> Result<(), Problem> {
        let _door = self.inner.door.lock().await;
        let leaving: Vec<Account> = {
            let mut state = self.state();
            let is_meant = |account: &&Account| match scope {
                SignOutScope::Tenant { tenant } => account.tenant.id().as_str() == tenant,
                SignOutScope::Person { person } => account.tenant.person().as_str() == person,
                SignOutScope::Everything => true,
            };
            let leaving: Vec<_> = state.accounts.iter().filter(is_meant).cloned().collect();
            let ids: Vec<_> = leaving.iter().map(|account| account.tenant.id()).collect();
            if ids.is_empty() && *scope != SignOutScope::Everything {
                return Err(Problem::gone("organization"));
            }
            if let Err(problem) = state.accounts.mark(&ids, Standing::Leaving) {
                state.notify(problem);
            }
            state.leave_screen(|screen| ids.contains(&screen.tenant.id));
            leaving
        };
        let sessions: Vec<_> = {
            let state = self.state();
            let open = leaving.iter().filter_map(|account| state.tenants.get(&account.tenant.id()));
            open.filter_map(|tenant| tenant.session().cloned()).collect()
        };
        self.end_sessions(sessions).await;
        for account in &leaving {
            self.let_go(account).await;
        }
        if *scope == SignOutScope::Everything {
            self.forget_unlisted().await;
        }
        self.changed();
        Ok(())
    }

    /// Removes what is left of tenants and people that no list names any more: a
    /// list that could not be read is put aside, and what it named stays.
    async fn forget_unlisted(&self) {
        let places = &self.inner.surroundings.places;
        for name in [places.stores(), places.turns()].iter().flat_map(|folder| disk::stems(folder)) {
            // What anyone may see is nobody's to sign out of, and is still open.
            if let Ok(tenant) = TenantId::try_from(name.clone())
                && !self.state().tenants.contains_key(&tenant)
            {
                self.forget(&tenant).await.into_iter().for_each(|problem| self.state().notify(problem));
            }
            if let Ok(person) = PersonId::try_from(name) {
                let left = self.forget_if_last(&person).await;
                left.into_iter().for_each(|problem| self.state().notify(problem));
            }
        }
    }

    /// Ends the person's sessions on other devices; how many there were. Offered
    /// where [`TenantView::can_end_others`](crate::view::TenantView) says so.
    pub async fn sign_out_others(&self, tenant: &str) -> Result<u32, Problem> {
        let tenant = self.open_tenant(tenant)?;
        let person = tenant.person().ok_or_else(|| {
            Problem::new(
                "others-not-reachable",
                "Clerk does not let this sign-in end sessions elsewhere.",
                "End them in your account's settings, where your provider offers that.",
            )
        })?;
        let ended = person.end_others().await.map_err(|error| error.problem().asked_by_viewer())?;
        Ok(u32::try_from(ended).unwrap_or(u32::MAX))
    }

    /// Tells Clerk, all sessions at once. A person's session ends with the last
    /// of their organizations here.
    async fn end_sessions(&self, sessions: Vec<LiveSession>) {
        let people: HashMap<_, _> =
            sessions.iter().filter_map(LiveSession::person).map(|person| (person.id(), person)).collect();
        let people = people.into_iter().filter(|(id, _)| self.is_last(id));
        let people = join_all(people.map(|(_, person)| person.end()));
        let tenants = join_all(sessions.iter().map(|session| async {
            match session {
                LiveSession::OAuth(session) => session.end().await,
                LiveSession::Hosted(_) => session.forget().await,
            }
        }));
        tokio::join!(people, tenants);
    }

    /// A tenant that signed in anew by the other way, or through another
    /// application, has no use for the session it had before.
    pub(crate) async fn end_replaced(&self, before: &OpenTenant, now: &OpenTenant) {
        let (Some(before_session), Some(now_session)) = (before.session(), now.session()) else { return };
        match (before_session, now_session) {
            (LiveSession::OAuth(old), LiveSession::OAuth(new)) if Arc::ptr_eq(old, new) => {}
            (LiveSession::OAuth(old), new) => {
                old.end().await;
                if let LiveSession::Hosted(_) = new
                    && let Err(error) = self.inner.keychain.delete(Slot::Session(&before.id)).await
                {
                    self.tell(Problem::from(&error));
                }
            }
            (LiveSession::Hosted(_), LiveSession::OAuth(_)) => {
                self.end_sessions(vec![before_session.clone()]).await;
                if let Some(person) = before_session.person() {
                    let left = self.forget_if_last(person.id()).await;
                    left.into_iter().for_each(|problem| self.tell(problem));
                }
            }
            (LiveSession::Hosted(_), LiveSession::Hosted(_)) => {}
        }
    }

    /// Removes what an account that is leaving has on this machine, and then the
    /// account. One of which something is left stays written down.
    async fn let_go(&self, account: &Account) {
        let id = account.tenant.id();
        let open = self.state().tenants.get(&id).cloned();
        if let Some(open) = open {
            open.close(Problem::gone("organization")).await;
        }
        let mut left = self.forget(&id).await;
        left.extend(self.forget_if_last(&account.tenant.person()).await);
        let connection = &account.connection;
        let is_used = self.state().accounts.iter().any(|other| other.connection == *connection);
        if !is_used {
            // The admin token was typed for the people of this connection, and
            // the last of them has left.
            let slot = Slot::SigningKey { connection };
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
            self.state().signing_keys.insert(connection.clone(), SigningKey::Missing);
        }
        let mut state = self.state();
        state.tenants.remove(&id);
        if left.is_empty() {
            left.extend(state.accounts.remove(&id).err());
        }
        if state.active.as_ref() == Some(&id) {
            state.active = state.first_tenant();
        }
        for problem in left {
            let message = format!("Signed out, but something stayed behind: {}", problem.message);
            state.notify(Problem { message, ..problem });
        }
    }

    /// A session that Clerk ended closes its tenants at once, says why, and
    /// leaves nothing that could renew or show it: one tenant, or all of the
    /// person's that share it. Whether that is news.
    pub(crate) async fn end_session(&self, ended: &Arc<OpenTenant>, verdict: Verdict) -> bool {
        let Verdict { problem, of_person, generation } = verdict;
        let _door = self.inner.door.lock().await;
        if ended.session().is_none_or(|session| session.generation() != generation) {
            // The verdict is about a session that another has taken the place of.
            return false;
        }
        let closing: Vec<_> = {
            let mut state = self.state();
            if ended.is_closed() || !state.is_current(ended) {
                // Signed out or signed in again meanwhile.
                return false;
            }
            let shares = |tenant: &OpenTenant| match (tenant.person(), ended.person()) {
                (Some(person), Some(theirs)) => of_person && Arc::ptr_eq(person, theirs),
                _ => false,
            };
            let is_meant = |tenant: &&Arc<OpenTenant>| Arc::ptr_eq(tenant, ended) || shares(tenant);
            let closing: Vec<_> = state.tenants.values().filter(is_meant).cloned().collect();
            let ids: Vec<_> = closing.iter().map(|tenant| tenant.id.clone()).collect();
            if let Err(problem) = state.accounts.mark(&ids, Standing::Ended) {
                state.notify(problem);
            }
            closing
        };
        for tenant in &closing {
            tenant.close(problem.clone()).await;
        }
        let mut left = Vec::new();
        for tenant in &closing {
            match tenant.session() {
                // Clerk has not ended it: it is of no use here.
                Some(LiveSession::OAuth(session)) if !of_person => session.end().await,
                Some(session) => session.forget().await,
                None => {}
            }
            left.extend(self.forget(&tenant.id).await);
        }
        if let Some(person) = ended.person()
            && self.is_last(person.id())
        {
            if of_person {
                person.forget().await;
            } else {
                // Out of the last organization: the session is of no use here.
                person.end().await;
            }
            left.extend(self.forget_if_last(person.id()).await);
        }
        let mut state = self.state();
        for problem in left {
            state.notify(problem);
        }
        true
    }

    /// Whether none of the person's organizations is signed in here (any more).
    fn is_last(&self, person: &PersonId) -> bool {
        let is_theirs = |account: &Account| {
            account.hosted && account.standing == Standing::SignedIn && account.tenant.person() == *person
        };
        !self.state().accounts.iter().any(is_theirs)
    }

    /// Removes what opens a person's hosted session with the last of their
    /// organizations; answers with what could not be removed.
    async fn forget_if_last(&self, person: &PersonId) -> Option<Problem> {
        if !self.is_last(person) {
            return None;
        }
        self.state().people.remove(person);
        let turn = self.last_turn(person.as_str()).await;
        let outcome = self.inner.keychain.delete(Slot::Client(person)).await;
        leave_no_trace(turn);
        outcome.err().map(|error| Problem::from(&error))
    }

    /// What a crash, or a keychain that did not open, left of those who were on
    /// their way out at the last visit.
    pub(crate) fn finish_what_was_begun(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let _door = app.inner.door.lock().await;
            // Read behind the door: whoever signed in again meanwhile stays.
            let (leaving, ended): (Vec<_>, Vec<_>) = {
                let state = app.state();
                let ended = state.accounts.iter().filter(|account| account.standing == Standing::Ended);
                (state.accounts.leaving().cloned().collect(), ended.cloned().collect())
            };
            if leaving.is_empty() && ended.is_empty() {
                return;
            }
            let sessions = {
                let (connections, _) = app.inner.connections.list();
                let mut state = app.state();
                let mut session = |account: &Account| {
                    let opened = connections.iter().find(|opened| opened.id == account.connection)?;
                    Some(app.session(&mut state, &account.tenant, &opened.connection.clerk.sign_in))
                };
                leaving.iter().filter_map(&mut session).collect()
            };
            app.end_sessions(sessions).await;
            for account in &leaving {
                app.let_go(account).await;
            }
            for Account { tenant, .. } in &ended {
                let mut left = app.forget(&tenant.id()).await;
                left.extend(app.forget_if_last(&tenant.person()).await);
                left.into_iter().for_each(|problem| app.tell(problem));
            }
            if !leaving.is_empty() {
                app.changed();
            }
        });
    }

    /// Removes what renews a tenant's session, what opens its store, the store
    /// and its picture; answers with what could not be removed.
    pub(crate) async fn forget(&self, tenant: &TenantId) -> Vec<Problem> {
        let turn = self.last_turn(tenant.as_str()).await;
        let mut left = Vec::new();
        for slot in [Slot::Session(tenant), Slot::StoreKey(tenant)] {
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
        }
        let places = &self.inner.surroundings.places;
        left.extend(Store::remove(&places.stores(), tenant).err().map(|error| Problem::from(&error)));
        let picture = self.inner.pictures.remove(tenant);
        left.extend(picture.err().map(|error| Problem::file(&places.pictures(), &error)));
        leave_no_trace(turn);
        left
    }

    /// Waits for a renewal that is under way, also in another process, so that
    /// it does not bring back what is removed; but not for long.
    async fn last_turn(&self, name: &str) -> Option<Turn> {
        tokio::time::timeout(RENEWAL_ENDS_WITHIN, self.inner.turns.take(name)).await.ok()?.ok()
    }
}
