//! Sign-in as the viewer lives through it: one at a time, with the address on
//! the screen, a way out, and a sentence for each way it can fail.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use perch_clerk::{
    ClerkError, ClientToken, FrontendApi, HostedSession, HostedSignIn, Membership, Picture, Prompt, Provider, Session,
    SignIn,
};
use perch_dashboard::OpenLink;
use perch_keychain::State;
use perch_tenant::{
    Attribute, Connection, OAuthApplication, Organization, Secret, SignInMethod, Tenant, TenantId, User,
};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::accounts::{Account, Standing};
use crate::connections::OpenedConnection;
use crate::desktop::{Desktop, Event};
use crate::open_tenant::{OpenTenant, unix_millis};
use crate::problem::Problem;
use crate::session::{HostedPerson, LiveSession, memberships};
use crate::view::{SignInIntent, SignInView};

/// Links that may wait to be looked at. Whatever opens more is not a browser.
const MOST_LINKS: usize = 8;

/// A link that comes so soon after the one that was used is the same, clicked
/// twice.
const CLICKED_TWICE: Duration = Duration::from_secs(60);

/// The sign-in under way, or how the last one failed.
pub(crate) struct Attempt {
    /// Tells it from those before and after.
    number: u64,
    pub(crate) view: SignInView,
    task: AbortHandle,
    /// Takes the links that the browser opens Perch with.
    links: mpsc::Sender<Secret>,
}

/// A tenant that a sign-in is for, and its picture.
type Arrival = (Tenant, Option<Picture>);

/// A sign-in's own task: what it signs in to, and how it tells.
struct Journey<'a> {
    app: &'a Desktop,
    number: u64,
    opened: &'a OpenedConnection,
    intent: SignInIntent,
}

impl Attempt {
    /// Dropping the task closes its listener. One that the browser has come
    /// back to is let finish: the person is signed in.
    fn abandon(self) {
        if !matches!(self.view, SignInView::Finishing { .. }) {
            self.task.abort();
        }
    }
}

impl Desktop {
    /// Opens the browser at Clerk. Pressed again while one is under way for
    /// the same connection, it shows the same address again.
    pub async fn begin_sign_in(&self, connection: &str, intent: SignInIntent) -> Result<(), Problem> {
        let opened = self.connection(connection)?;
        if self.waiting_address().is_some_and(|(waiting, _)| waiting == opened.id) {
            return self.open_sign_in_address();
        }
        if self.is_preparing(&opened.id) {
            return Ok(());
        }
        let view = SignInView::Preparing { connection: opened.id.clone() };
        let (links, arriving) = mpsc::channel(MOST_LINKS);
        let app = self.clone();
        {
            // The attempt is on record before its task can say anything of it.
            let mut state = self.state();
            state.attempts += 1;
            let number = state.attempts;
            let task = tokio::spawn(async move {
                let journey = Journey { app: &app, number, opened: &opened, intent };
                match journey.go(arriving).await {
                    Ok(()) => app.end_attempt(number),
                    Err(problem) => {
                        let problem = problem.asked_by_viewer();
                        journey.show(SignInView::Failed { connection: opened.id.clone(), problem });
                    }
                }
            });
            let attempt = Attempt { number, view, task: task.abort_handle(), links };
            state.sign_in.replace(attempt).into_iter().for_each(Attempt::abandon);
        }
        self.changed();
        Ok(())
    }

    /// Takes a link that the system opened Perch with. One to a dashboard opens
    /// it; of any other only the sign-in that waits for one can tell whether it is
    /// its own.
    pub fn follow_link(&self, link: &str) {
        if OpenLink::is_meant_by(link) {
            return self.follow_open_link(link);
        }
        let now = (self.inner.surroundings.clock)();
        let waiting = {
            let state = self.state();
            let waiting = state.sign_in.as_ref().and_then(|attempt| match attempt.view {
                SignInView::Waiting { by_link: true, .. } => Some(attempt.links.clone()),
                _ => None,
            });
            let returned = state.returned.and_then(|returned| now.duration_since(returned).ok());
            if waiting.is_none() && returned.is_some_and(|since| since < CLICKED_TWICE) {
                return;
            }
            waiting
        };
        match waiting {
            // A full channel has more links than any browser opens: drop it.
            Some(links) => drop(links.try_send(Secret::new(link))),
            None => self.tell(Problem::stray_link("No sign-in waits for one.")),
        }
    }

    /// Gives up the sign-in under way, or takes the failed one off the screen.
    pub fn cancel_sign_in(&self) {
        self.state().sign_in.take().into_iter().for_each(Attempt::abandon);
        self.changed();
    }

    /// Opens the address in the browser again.
    pub fn open_sign_in_address(&self) -> Result<(), Problem> {
        let (_, url) = self.waiting_address().ok_or_else(|| Problem::gone("sign-in"))?;
        self.open_browser(&url)
    }

    /// The address of the sign-in under way, for the clipboard.
    pub fn sign_in_address(&self) -> Result<String, Problem> {
        self.waiting_address().map(|(_, url)| url).ok_or_else(|| Problem::gone("sign-in"))
    }

    fn waiting_address(&self) -> Option<(String, String)> {
        match &self.state().sign_in.as_ref()?.view {
            SignInView::Waiting { connection, url, .. } => Some((connection.clone(), url.clone())),
            _ => None,
        }
    }

    fn is_preparing(&self, id: &str) -> bool {
        let state = self.state();
        let view = state.sign_in.as_ref().map(|attempt| &attempt.view);
        matches!(view, Some(SignInView::Preparing { connection }) if connection == id)
    }

    pub(crate) fn open_browser(&self, url: &str) -> Result<(), Problem> {
        if (self.inner.surroundings.browser)(url) {
            return Ok(());
        }
        Err(Problem::new(
            "browser-not-opened",
            "The browser could not be opened.",
            "Copy the address and open it in a browser on this machine.",
        ))
    }

    /// The attempt ended well: the person is back from the browser.
    fn end_attempt(&self, number: u64) {
        {
            let mut state = self.state();
            if state.sign_in.as_ref().is_some_and(|attempt| attempt.number == number) {
                state.sign_in = None;
            }
        }
        (self.inner.surroundings.events)(Event::Attention);
        self.changed();
    }
}

impl Journey<'_> {
    async fn go(&self, links: mpsc::Receiver<Secret>) -> Result<(), Problem> {
        match &self.opened.connection.clerk.sign_in {
            SignInMethod::OAuth(application) => self.by_oauth(application).await,
            SignInMethod::Hosted if self.intent == SignInIntent::Organization => self.look_again().await,
            SignInMethod::Hosted => self.hosted(links).await,
        }
    }

    /// One sign-in for one organization.
    async fn by_oauth(&self, application: &OAuthApplication) -> Result<(), Problem> {
        let issuer = &self.opened.connection.clerk.issuer;
        let provider = Provider::discover(&self.app.inner.http, issuer, application).await?;
        let prompt = match self.intent {
            SignInIntent::First => Prompt::Default,
            // The selector of organizations is on the consent page.
            SignInIntent::Organization | SignInIntent::Again { .. } => Prompt::Consent,
            SignInIntent::Person => Prompt::Login,
        };
        let sign_in = SignIn::begin(&provider, prompt).await?;
        self.send_to_browser(sign_in.url().as_str(), false);
        let returned = sign_in.returned().await?;
        self.finishing();
        let signed_in = returned.finish(|| self.now()).await?;

        let tenant = Tenant::new(&self.opened.connection, signed_in.user, signed_in.organization);
        if tenant.organization.is_none() && needs_organization(&self.opened.connection) {
            // Nothing of it is kept here; at Clerk it ends too, if Clerk likes.
            if let Err(error) = Session::revoke(&provider, signed_in.session.refresh_token()).await {
                tracing::info!(code = error.code(), "the session was not revoked at Clerk");
            }
            return Err(Problem::organization_needed(tenant.user.display_name()));
        }
        let picture = signed_in.picture.filter(|_| tenant.organization.is_none());
        let door = self.app.inner.door.lock().await;
        let is_new = self.is_new(&tenant.id());
        let open = self.place(&tenant, picture).await;
        if let Some(LiveSession::OAuth(session)) = open.session()
            && !session.adopt(signed_in.session).await
        {
            self.last_for_this_visit(&open.id).await;
        }
        drop(door);
        // A slow broker must not keep anybody from leaving.
        self.app.first_served(&open).await;
        let _door = self.app.inner.door.lock().await;
        if !self.app.state().is_current(&open) {
            return Ok(());
        }
        self.welcome(&open).await;
        match &self.intent {
            SignInIntent::Organization if !is_new => self.app.tell(Problem::already_here(&tenant)),
            SignInIntent::Again { tenant: awaited } => self.tell_if_another(awaited, &[tenant.id()], &tenant),
            _ => {}
        }
        Ok(())
    }

    /// One sign-in for every organization of the person.
    async fn hosted(&self, mut links: mpsc::Receiver<Secret>) -> Result<(), Problem> {
        if !(self.app.inner.surroundings.links_arrive)() {
            return Err(Problem::links_do_not_arrive());
        }
        let connection = &self.opened.connection;
        let api = FrontendApi::new(&self.app.inner.http, &connection.clerk.issuer);
        let mut client = ClientToken::in_memory();
        let mut sign_in = HostedSignIn::begin(&api, &mut client).await?;
        let deadline = Instant::now() + HostedSignIn::PATIENCE;
        self.send_to_browser(sign_in.url().as_str(), true);
        let returned = loop {
            let link = tokio::time::timeout_at(deadline, links.recv()).await.map_err(|_| ClerkError::NotFinished)?;
            let link = link.ok_or_else(|| Problem::gone("sign-in"))?;
            match sign_in.accept(link.expose()) {
                Ok(returned) => break returned,
                Err(stray) => self.app.tell(Problem::stray_link(&stray.to_string())),
            }
        };
        self.finishing();
        self.app.state().returned = Some(self.now());
        let session = sign_in.redeem(returned, &mut client).await?;
        let (memberships, arrivals, token) = match self.found(&api, &mut client, &session).await {
            Ok(found) => found,
            Err(problem) => {
                // Nothing of it is kept here; at Clerk it ends too, if Clerk answers.
                if let Err(error) = api.end(&mut client, &session.session_id).await {
                    tracing::info!(code = error.code(), "the session was not ended at Clerk");
                }
                return Err(problem);
            }
        };

        let _door = self.app.inner.door.lock().await;
        let first = self.settle(&arrivals).await;
        let person = self.app.person(&mut self.app.state(), &connection.clerk.issuer, &session.user.id);
        if !person.adopt(session, memberships, &token).await {
            for (tenant, _) in &arrivals {
                self.last_for_this_visit(&tenant.id()).await;
            }
        }
        self.welcome(&first).await;
        if let (SignInIntent::Again { tenant: awaited }, Some(shown)) = (&self.intent, first.account()) {
            let ids: Vec<_> = arrivals.iter().map(|(tenant, _)| tenant.id()).collect();
            self.tell_if_another(awaited, &ids, &shown.tenant);
        }
        Ok(())
    }

    /// What a hosted session is good for: the organizations, the tenants that
    /// come of them, and what opens it from now on.
    async fn found(
        &self,
        api: &FrontendApi,
        client: &mut ClientToken<'_>,
        session: &HostedSession,
    ) -> Result<(Option<Vec<Membership>>, Vec<Arrival>, Secret), Problem> {
        let memberships = memberships(api, client, session).await?;
        if memberships.is_none() && needs_organization(&self.opened.connection) {
            return Err(ClerkError::OrganizationsDisabled.into());
        }
        let told = memberships.clone().unwrap_or_default();
        let arrivals = self.arrivals(&session.user, session.picture.clone(), told);
        if arrivals.is_empty() {
            return Err(Problem::organization_needed(session.user.display_name()));
        }
        let token = client.newest().cloned().ok_or(ClerkError::NotUnderstood { endpoint: "client" })?;
        Ok((memberships, arrivals, token))
    }

    /// Whoever is signed in already needs no browser for another organization:
    /// Clerk is asked for the list again.
    async fn look_again(&self) -> Result<(), Problem> {
        let mut people: Vec<(Arc<HostedPerson>, User)> = Vec::new();
        {
            let state = self.app.state();
            let here = state.accounts.iter().filter(|account| account.connection == self.opened.id);
            for (account, open) in here.filter_map(|account| Some((account, state.tenants.get(&account.tenant.id())?)))
            {
                if let Some(person) = open.person().filter(|_| !open.is_closed())
                    && people.iter().all(|(known, _)| known.id() != person.id())
                {
                    people.push((person.clone(), account.tenant.user.clone()));
                }
            }
        }
        let (mut found, mut failed) = (Vec::new(), None);
        for (person, user) in people {
            match person.memberships().await {
                Ok(memberships) => found.push((person, self.arrivals(&user, None, memberships))),
                Err(error) => failed = Some(error.problem()),
            }
        }
        let _door = self.app.inner.door.lock().await;
        let mut arrivals = Vec::new();
        for (person, of_person) in found {
            // Signed out while Clerk was asked: nothing of them comes back.
            if self.app.state().people.get(person.id()).is_some_and(|current| Arc::ptr_eq(current, &person)) {
                arrivals.extend(of_person);
            }
        }
        arrivals.retain(|(tenant, _)| tenant.organization.is_some() && self.is_new(&tenant.id()));
        match failed {
            _ if !arrivals.is_empty() => {
                let first = self.settle(&arrivals).await;
                self.welcome(&first).await;
            }
            Some(problem) => return Err(problem),
            None => self.app.tell(Problem::no_more_organizations()),
        }
        Ok(())
    }

    /// The tenants of a person: one an organization, or, for a person without
    /// any, a personal one where the connection has a use for it.
    fn arrivals(&self, user: &User, picture: Option<Picture>, memberships: Vec<Membership>) -> Vec<Arrival> {
        let connection = &self.opened.connection;
        let tenant = |organization: Option<Organization>| Tenant::new(connection, user.clone(), organization);
        if memberships.is_empty() && !needs_organization(connection) {
            return vec![(tenant(None), picture)];
        }
        memberships.into_iter().map(|membership| (tenant(Some(membership.organization)), membership.picture)).collect()
    }

    /// Places tenants of one hosted session. The one to put on the screen is
    /// that which was awaited, else one that was not here before.
    async fn settle(&self, arrivals: &[Arrival]) -> Arc<OpenTenant> {
        let is_awaited = |tenant: &Tenant| matches!(&self.intent, SignInIntent::Again { tenant: id } if *id == tenant.id().to_string());
        let first = arrivals
            .iter()
            .position(|(tenant, _)| is_awaited(tenant))
            .or_else(|| arrivals.iter().position(|(tenant, _)| self.is_new(&tenant.id())))
            .unwrap_or_default();
        let (before, rest) = arrivals.split_at(first);
        // Last used first: whoever is placed last stands first.
        for (tenant, picture) in rest[1..].iter().chain(before).rev() {
            let open = self.place(tenant, picture.clone()).await;
            // Clerk named it a moment ago: it can be looked at without asking.
            open.confirmed(self.now());
        }
        let (tenant, picture) = &rest[0];
        self.place(tenant, picture.clone()).await
    }

    /// Makes the tenant one of this visit, in place of who it was before. It is
    /// written down first, so that whatever is kept for it can be signed out of.
    async fn place(&self, tenant: &Tenant, picture: Option<Picture>) -> Arc<OpenTenant> {
        let account = Account {
            connection: self.opened.id.clone(),
            tenant: tenant.clone(),
            hosted: self.opened.connection.clerk.sign_in == SignInMethod::Hosted,
            picture: picture.as_ref().map(|picture| picture.address().to_owned()),
            standing: Standing::SignedIn,
            for_this_visit: false,
        };
        self.write_down(&account);
        let (open, before) = self.app.place(self.opened, account);
        if let Some(before) = before {
            before.close(Problem::gone("dashboard")).await;
            self.app.end_replaced(&before, &open).await;
        }
        open
    }

    fn write_down(&self, account: &Account) {
        let mut state = self.app.state();
        if let Err(problem) = state.accounts.put_first(account.clone()) {
            state.notify(problem);
        }
    }

    /// Where there is no keychain, nothing of the tenant outlives the visit, and
    /// the list says nothing of it. A keychain that is only locked may take the
    /// session yet, and what it holds must stay within reach of a sign-out.
    async fn last_for_this_visit(&self, tenant: &TenantId) {
        if self.app.inner.keychain.state().await != State::Missing {
            return;
        }
        let mut state = self.app.state();
        if let Err(problem) = state.accounts.last_for_this_visit(tenant) {
            state.notify(problem);
        }
    }

    /// Puts the tenant on the screen. From here on the person is signed in: what
    /// goes wrong is told and undoes nothing.
    async fn welcome(&self, open: &Arc<OpenTenant>) {
        if let Err(problem) = open.engine(&self.app.inner.client).await {
            self.app.tell(problem);
        }
        open.confirmed(self.now());
        open.found();
        {
            let mut state = self.app.state();
            state.active = Some(open.id.clone());
            state.screen.send_replace(None);
        }
        self.app.tell_of(open);
        // Not only the one on the screen: the switcher shows all of them.
        let placed: Vec<_> = {
            let state = self.app.state();
            let person = |open: &OpenTenant| open.account().map(|account| account.tenant.person());
            let of_person = |other: &&Arc<OpenTenant>| person(other) == person(open);
            state.tenants.values().filter(of_person).cloned().collect()
        };
        for tenant in placed {
            self.app.look_for_picture(&tenant).await;
        }
    }

    /// *Sign in again* was for one tenant, and another arrived.
    fn tell_if_another(&self, awaited: &str, arrived: &[TenantId], shown: &Tenant) {
        if arrived.iter().any(|id| id.as_str() == awaited) {
            return;
        }
        let awaited = TenantId::try_from(awaited.to_owned()).ok();
        let account = awaited.and_then(|id| self.app.state().accounts.get(&id).cloned());
        let Some(Account { tenant: awaited, hosted, .. }) = account else { return };
        let has_left = hosted && awaited.person() == shown.person();
        self.app.tell(if has_left {
            Problem::has_left(&awaited)
        } else {
            Problem::signed_in_as_another(shown, &awaited)
        });
    }

    /// Whether nobody sees this tenant yet, or only that it is closed.
    fn is_new(&self, tenant: &TenantId) -> bool {
        let state = self.app.state();
        let is_open = state.tenants.get(tenant).is_some_and(|open| !open.is_closed());
        !(is_open && state.accounts.get(tenant).is_some())
    }

    fn send_to_browser(&self, url: &str, by_link: bool) {
        let expires = unix_millis(self.now() + SignIn::PATIENCE);
        let waiting = |browser_problem| {
            let connection = self.opened.id.clone();
            SignInView::Waiting { connection, url: url.to_owned(), by_link, expires, browser_problem }
        };
        // First, because a browser that is signed in already comes back at once.
        self.show(waiting(None));
        if let Err(problem) = self.app.open_browser(url) {
            self.show(waiting(Some(problem)));
        }
    }

    fn finishing(&self) {
        self.show(SignInView::Finishing { connection: self.opened.id.clone() });
    }

    fn show(&self, view: SignInView) {
        {
            let mut state = self.app.state();
            if let Some(attempt) = state.sign_in.as_mut().filter(|attempt| attempt.number == self.number) {
                attempt.view = view;
            }
        }
        self.app.changed();
    }

    fn now(&self) -> SystemTime {
        (self.app.inner.surroundings.clock)()
    }
}

/// Whether a token can be for nobody but an organization.
fn needs_organization(connection: &Connection) -> bool {
    connection.token.bindings().iter().any(|(_, attribute)| matches!(attribute, Attribute::OrgId | Attribute::OrgSlug))
}
