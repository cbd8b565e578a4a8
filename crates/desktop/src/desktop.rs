//! [`Desktop`]: one method a command. This file has the frame: connections,
//! who is signed in, tokens, notices. What is on the screen is in `screen.rs`,
//! how it stays fresh in `watch.rs`, how people come and go in `sign_in.rs` and
//! `sign_out.rs`.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_clerk::Picture;
use perch_dashboard::{EngineError, Tokens};
use perch_keychain::{Keychain, Slot};
use perch_sandbox::Sandbox;
use perch_tenant::{Origin, PersonId, SignInMethod, Tenant, TenantId, TokenSource};
use perch_tinybird::TenantToken;
use tokio::sync::{Notify, watch};

use crate::accounts::{Account, Accounts, Standing};
use crate::connections::{Connections, OpenedConnection};
use crate::open_tenant::{OpenTenant, Viewer, unix_millis};
use crate::pictures::Pictures;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::session::{HostedPerson, HostedTenant, LiveSession, OAuthSession};
use crate::sight::Sight;
use crate::sign_in::Attempt;
use crate::signing_key::SigningKey;
use crate::tokens::{SigningKeys, TenantTokens};
use crate::turn::{self, Turns};
use crate::view::{
    AppView, BootView, ConnectionView, DashboardView, NoticeView, OfflineCopyChanged, Opened, RevealedToken,
    TenantStatus, TileChanged, TokenView,
};
use crate::{Clock, Places};

/// How long the first screen waits for the first dashboard. Opening takes
/// milliseconds, unless the keychain asks for its password.
const BOOT_WITHIN: Duration = Duration::from_secs(1);

/// How long quitting waits for a renewal.
const RENEWAL_ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The app without its window. Cheap to clone: all clones are the same app.
#[derive(Clone)]
pub struct Desktop {
    pub(crate) inner: Arc<Inner>,
}

/// What the app needs from whoever runs it.
pub struct Surroundings {
    /// Where files live.
    pub places: Places,
    /// What time it is.
    pub clock: Clock,
    /// The viewer's way of writing numbers and dates, as BCP 47 names it.
    pub locale: String,
    /// Takes what happens, in order.
    pub events: Box<dyn Fn(Event) + Send + Sync>,
    /// Opens an address in the system's browser; whether that worked, as far as
    /// the system tells.
    pub browser: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Whether a link that the system opens Perch with reaches this process.
    /// Asked at a hosted sign-in, not at the start: the system may take a moment.
    pub links_arrive: Box<dyn Fn() -> bool + Send + Sync>,
}

/// What happened, for the shell to pass on.
#[derive(Debug, Clone)]
pub enum Event {
    /// The frame changed.
    App(Box<AppView>),
    /// A tile looks different now.
    Tile(TileChanged),
    /// A link led to another dashboard, which stands open now.
    Opened(Opened),
    /// A dashboard's offline copy is further, or gone.
    OfflineCopy(OfflineCopyChanged),
    /// Connections or dashboards changed: open the one on the screen again.
    Dashboards,
    /// The viewer finished something elsewhere: bring the window to the front.
    Attention,
}

pub(crate) struct Inner {
    pub(crate) surroundings: Surroundings,
    pub(crate) keychain: Arc<Keychain>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) http: reqwest::Client,
    pub(crate) client: perch_tinybird::Client,
    pub(crate) connections: Connections,
    pub(crate) pictures: Pictures,
    pub(crate) turns: Arc<Turns>,
    state: Mutex<State>,
    /// Held while the frame is read and told, so that an older one is never
    /// told after a newer one.
    telling: Mutex<()>,
    /// Held while somebody comes or goes: a session that ends, a sign-in that
    /// ends and a sign-out never undo each other's half-done work.
    pub(crate) door: tokio::sync::Mutex<()>,
    /// Held while the demo starts: pressed twice, it starts once.
    pub(crate) starting_demo: tokio::sync::Mutex<()>,
    /// Wakes what keeps the screen fresh.
    pub(crate) wake: Arc<Notify>,
    /// What makes the moments of this visit's refreshes differ from another's.
    pub(crate) seed: u64,
    /// Wakes what follows the dashboard files.
    pub(crate) files: Arc<Notify>,
}

pub(crate) struct State {
    pub(crate) accounts: Accounts,
    pub(crate) tenants: HashMap<TenantId, Arc<OpenTenant>>,
    pub(crate) people: HashMap<PersonId, Arc<HostedPerson>>,
    pub(crate) active: Option<TenantId>,
    /// A question that is no longer on it ends.
    pub(crate) screen: watch::Sender<Option<Screen>>,
    /// What of it anybody sees.
    pub(crate) sight: Sight,
    pub(crate) sign_in: Option<Attempt>,
    pub(crate) attempts: u64,
    /// When a hosted sign-in's link came last.
    pub(crate) returned: Option<SystemTime>,
    /// What is known of the admin tokens, by connection.
    pub(crate) signing_keys: HashMap<String, SigningKey>,
    pub(crate) demo: Option<(String, Sandbox)>,
    notices: Vec<NoticeView>,
    next_notice: u32,
}

impl Desktop {
    /// Opens the app: reads what is on this machine, asks no network, and
    /// starts keeping the screen fresh. Call it inside a tokio runtime.
    pub fn open(surroundings: Surroundings) -> Result<Self, Problem> {
        let http = perch_clerk::http_client().map_err(|error| Problem::from(&error))?;
        let client = perch_tinybird::Client::new()
            .map_err(|error| Problem::new(error.code(), error.to_string(), error.next_step()))?;
        let connections = Connections::new(surroundings.places.connections());
        let (accounts, unreadable) = Accounts::read(surroundings.places.accounts());
        let keychain = Arc::new(Keychain::open());
        let state = State {
            accounts,
            tenants: HashMap::new(),
            people: HashMap::new(),
            active: None,
            screen: watch::Sender::new(None),
            sight: Sight::new((surroundings.clock)()),
            sign_in: None,
            attempts: 0,
            returned: None,
            signing_keys: HashMap::new(),
            demo: None,
            notices: Vec::new(),
            next_notice: 0,
        };
        let inner = Inner {
            keys: Arc::new(SigningKeys::new(keychain.clone())),
            keychain,
            client,
            connections,
            pictures: Pictures::new(surroundings.places.pictures(), http.clone()),
            turns: Arc::new(Turns::new(surroundings.places.turns(), turn::PATIENCE)),
            http,
            state: Mutex::new(state),
            telling: Mutex::default(),
            door: tokio::sync::Mutex::default(),
            starting_demo: tokio::sync::Mutex::default(),
            wake: Arc::default(),
            seed: RandomState::new().hash_one(()),
            files: Arc::default(),
            surroundings,
        };
        let desktop = Self { inner: Arc::new(inner) };
        desktop.open_bundled();
        desktop.open_accounts(unreadable);
        desktop.finish_what_was_begun();
        tokio::spawn(crate::watch::keep_fresh(Arc::downgrade(&desktop.inner)));
        tokio::spawn(crate::following::follow(Arc::downgrade(&desktop.inner)));
        Ok(desktop)
    }

    /// Opens the connection that came with the program, where one did.
    fn open_bundled(&self) {
        let places = &self.inner.surroundings.places;
        let Some(bundle) = &places.bundled else { return };
        if let Err(problem) = self.inner.connections.open_bundled(bundle, &places.remembered_bundle()) {
            self.state().notify(problem);
        }
    }

    /// Opens every account whose connection is still here.
    fn open_accounts(&self, unreadable: Option<Problem>) {
        let (connections, problems) = self.inner.connections.list();
        let accounts: Vec<_> = self.state().accounts.iter().cloned().collect();
        for account in accounts {
            if let Some(opened) = connections.iter().find(|opened| opened.id == account.connection) {
                self.place(opened, account);
            }
        }
        for opened in &connections {
            self.place_public(opened);
        }
        let mut state = self.state();
        state.active = state.first_tenant();
        for problem in unreadable.into_iter().chain(problems) {
            state.notify(problem);
        }
    }

    /// Makes an account a tenant of this visit, in place of who was there
    /// before, whose session goes on where the application is the same. Answers
    /// with the tenant and the one that it replaces.
    pub(crate) fn place(
        &self,
        opened: &OpenedConnection,
        account: Account,
    ) -> (Arc<OpenTenant>, Option<Arc<OpenTenant>>) {
        let inner = &self.inner;
        let (id, clock) = (account.tenant.id(), &inner.surroundings.clock);
        let mut state = self.state();
        let before = state.tenants.get(&id).cloned();
        let app = &opened.connection.clerk;
        let session = match before.as_ref().and_then(|before| before.session()?.of_application(app)) {
            Some(session) => LiveSession::OAuth(session.clone()),
            None => self.session(&mut state, &account.tenant, &app.sign_in),
        };
        let is_ended = account.standing == Standing::Ended;
        let tokens = TenantTokens::new(
            account.tenant.clone(),
            opened.connection.clone(),
            session.clone(),
            inner.keys.clone(),
            &inner.http,
            clock.clone(),
        );
        let viewer = Viewer { account, session, tokens: Arc::new(tokens) };
        let tenant = OpenTenant::of_viewer(viewer, opened.connection.clone(), self.premises());
        let tenant = Arc::new(if is_ended { tenant.ended(Problem::session_ended()) } else { tenant });
        state.tenants.insert(id, tenant.clone());
        (tenant, before)
    }

    /// A session that is still to be opened from the keychain, or signed in to.
    pub(crate) fn session(&self, state: &mut State, tenant: &Tenant, method: &SignInMethod) -> LiveSession {
        let inner = &self.inner;
        match method {
            SignInMethod::OAuth(application) => LiveSession::OAuth(Arc::new(OAuthSession::new(
                tenant,
                application.clone(),
                inner.http.clone(),
                inner.keychain.clone(),
                inner.turns.clone(),
                inner.surroundings.clock.clone(),
            ))),
            SignInMethod::Hosted => {
                let person = self.person(state, &tenant.issuer, &tenant.user.id);
                LiveSession::Hosted(Arc::new(HostedTenant::new(person, tenant.organization.clone())))
            }
        }
    }

    /// The person's one session, for whichever of their organizations.
    pub(crate) fn person(&self, state: &mut State, issuer: &Origin, user: &str) -> Arc<HostedPerson> {
        let inner = &self.inner;
        let new = || {
            let (keychain, clock) = (inner.keychain.clone(), inner.surroundings.clock.clone());
            Arc::new(HostedPerson::new(issuer, user, &inner.http, keychain, inner.turns.clone(), clock))
        };
        state.people.entry(PersonId::new(issuer, user)).or_insert_with(new).clone()
    }

    /// What the first screen needs, in one answer. No network is asked.
    pub async fn boot(&self) -> BootView {
        let active = self.state().active.clone();
        let dashboard = match active {
            Some(tenant) => {
                let opening = self.open_dashboard(tenant.as_str(), None);
                tokio::time::timeout(BOOT_WITHIN, opening).await.ok().and_then(Result::ok)
            }
            None => None,
        };
        let app = self.clone();
        tokio::spawn(async move { app.look_for_signing_keys().await });
        BootView { app: self.app_view(), dashboard }
    }

    /// The frame around the dashboard.
    pub fn app_view(&self) -> AppView {
        let (connections, _) = self.inner.connections.list();
        let state = self.state();
        let public = state.public_views(&connections);
        let connections = connections
            .iter()
            .map(|opened| ConnectionView {
                id: opened.id.clone(),
                name: opened.connection.name.to_string(),
                issuer: opened.connection.clerk.issuer.to_string(),
                hosted: opened.connection.clerk.sign_in == SignInMethod::Hosted,
                demo: opened.demo,
                demo_running: state.demo.as_ref().is_some_and(|(connection, _)| *connection == opened.id),
                signing_key: state.signing_key_view(opened),
            })
            .collect();
        let tenants = state.accounts.iter().map(|account| {
            let picture = self.picture_of(account);
            match state.tenants.get(&account.tenant.id()) {
                Some(tenant) => tenant.view(account, picture),
                None => account.view(TenantStatus::Closed { problem: Problem::connection_missing() }, picture, false),
            }
        });
        AppView {
            connections,
            tenants: tenants.collect(),
            public,
            active: state.active.as_ref().map(ToString::to_string),
            sign_in: state.sign_in.as_ref().map(|attempt| attempt.view.clone()),
            notices: state.notices.clone(),
        }
    }

    /// Opens a connection file with the dashboards beside it. Whoever is signed
    /// in through it stays so.
    pub async fn open_connection(&self, file: &Path) -> Result<(), Problem> {
        let opened = self.inner.connections.open(file)?;
        self.follow_files();
        let _door = self.inner.door.lock().await;
        let accounts: Vec<_> = {
            let state = self.state();
            let of_this = state.accounts.iter().filter(|account| account.connection == opened.id);
            // Whoever is signing out, or whose session ended, is not brought back.
            let leaving = |id: &TenantId| {
                state.tenants.get(id).and_then(|open| open.session()).is_some_and(LiveSession::is_ended)
            };
            of_this.filter(|account| !leaving(&account.tenant.id())).cloned().collect()
        };
        for account in accounts {
            let (_, before) = self.place(&opened, account);
            if let Some(before) = before {
                before.close(Problem::gone("dashboard")).await;
            }
        }
        self.renew_public(&opened).await;
        if !matches!(opened.connection.token, TokenSource::Mint { .. }) {
            // Somebody else signs for it now, and this machine has no use for the key.
            let slot = Slot::SigningKey { connection: &opened.id };
            if let Err(error) = self.inner.keychain.delete(slot).await {
                tracing::info!(code = error.code(), "an admin token that nobody uses was not removed");
            }
            self.state().signing_keys.remove(&opened.id);
        }
        {
            let mut state = self.state();
            state.screen.send_replace(None);
            state.active = state.active.take().or_else(|| state.first_tenant());
        }
        self.look_for_signing_keys().await;
        self.changed();
        (self.inner.surroundings.events)(Event::Dashboards);
        Ok(())
    }

    /// Removes a connection. Refused while somebody is signed in through it.
    pub async fn remove_connection(&self, connection: &str) -> Result<(), Problem> {
        let opened = self.connection(connection)?;
        if self.state().accounts.iter().any(|account| account.connection == opened.id) {
            return Err(Problem::new(
                "connection-in-use",
                "Somebody is still signed in through this connection.",
                "Sign out of its organizations first.",
            ));
        }
        let slot = Slot::SigningKey { connection: &opened.id };
        self.inner.keychain.delete(slot).await.map_err(|error| Problem::from(&error))?;
        self.state().signing_keys.remove(&opened.id);
        self.inner.connections.remove(&opened)?;
        self.follow_files();
        self.forget_public(&TenantId::public(&opened.connection)).await;
        self.changed();
        Ok(())
    }

    /// Puts a tenant on the screen, with its last dashboard.
    pub async fn select_tenant(&self, tenant: &str) -> Result<Option<DashboardView>, Problem> {
        let open = self.open_tenant(tenant)?;
        {
            let mut state = self.state();
            state.active = Some(open.id.clone());
            state.screen.send_replace(None);
            if let Err(problem) = state.accounts.use_now(&open.id) {
                state.notify(problem);
            }
        }
        self.changed();
        if open.is_closed() {
            return Ok(None);
        }
        self.open_dashboard(tenant, None).await.map(Some)
    }

    /// The decoded claims of the tenant's current token.
    pub async fn token(&self, tenant: &str) -> Result<TokenView, Problem> {
        let tenant = self.open_tenant(tenant)?;
        let Some(viewer) = &tenant.viewer else {
            let token = tenant.public_token()?;
            let (claims, expires) = (token.claims().cloned(), token.expires().map(unix_millis));
            return Ok(TokenView { source: "static".to_owned(), claims, expires });
        };
        let token = current_token(&tenant, viewer).await?;
        Ok(TokenView {
            source: tenant.connection.token.name().to_owned(),
            claims: Some(token.claims().clone()),
            expires: Some(unix_millis(token.expires())),
        })
    }

    /// The token itself, because the viewer asked to see it: a tenant's, as the
    /// public one stands in the connection file.
    pub async fn reveal_token(&self, tenant: &str) -> Result<RevealedToken, Problem> {
        let tenant = self.open_tenant(tenant)?;
        let viewer = tenant.viewer.as_ref().ok_or_else(|| Problem::gone("token"))?;
        Ok(RevealedToken { token: current_token(&tenant, viewer).await?.expose().to_owned() })
    }

    /// A tenant's picture, as PNG, by the path that [`TenantView::picture`]
    /// tells.
    ///
    /// [`TenantView::picture`]: crate::view::TenantView::picture
    pub fn picture(&self, path: &str) -> Option<Vec<u8>> {
        self.inner.pictures.read(path)
    }

    fn picture_of(&self, account: &Account) -> Option<String> {
        let picture = Picture::parse_kept(account.picture.as_deref()?, &account.tenant.issuer)?;
        self.inner.pictures.path(&account.tenant.id(), &picture)
    }

    /// Fetches the tenant's picture when it is another than before, or could not
    /// be fetched before.
    pub(crate) async fn look_for_picture(&self, tenant: &OpenTenant) {
        let Some(session) = tenant.session() else { return };
        let told = session.picture().await;
        let picture = {
            let mut state = self.state();
            // What is here for this visit only leaves no file behind.
            let Some(account) = state.accounts.get(&tenant.id).filter(|account| !account.for_this_visit) else {
                return;
            };
            let known = account.picture.as_deref().and_then(|kept| Picture::parse_kept(kept, &account.tenant.issuer));
            let Some(picture) = told.or_else(|| known.clone()) else { return };
            if known.as_ref() != Some(&picture)
                && let Err(problem) = state.accounts.set_picture(&tenant.id, picture.address())
            {
                state.notify(problem);
            }
            picture
        };
        if self.inner.pictures.path(&tenant.id, &picture).is_none() {
            self.fetch_picture(tenant.id.clone(), picture);
        }
    }

    /// Fetches a tenant's picture behind what the viewer does.
    fn fetch_picture(&self, tenant: TenantId, picture: Picture) {
        let app = self.clone();
        tokio::spawn(async move {
            if let Err(error) = app.inner.pictures.fetch(&tenant, &picture).await {
                tracing::info!(%error, "a picture was not fetched");
                return;
            }
            let is_here =
                app.state().accounts.get(&tenant).is_some_and(|account| account.standing == Standing::SignedIn);
            if !is_here && let Err(error) = app.inner.pictures.remove(&tenant) {
                tracing::warn!(%error, "a picture that came after sign-out was not removed");
            }
            app.changed();
        });
    }

    /// Puts a problem on the screen that no command waits for.
    pub fn tell(&self, problem: Problem) {
        self.state().notify(problem);
        self.changed();
    }

    /// Waits, at most ten seconds, for a renewal that is under way: whoever quits
    /// between Clerk's answer and the keychain would lose the session.
    pub async fn finish_renewals(&self) {
        if tokio::time::timeout(RENEWAL_ENDS_WITHIN, self.inner.turns.all_over()).await.is_err() {
            tracing::warn!("a renewal does not end, and Perch quits all the same");
        }
    }

    /// Takes a notice off the screen.
    pub fn dismiss_notice(&self, id: u32) {
        self.state().notices.retain(|notice| notice.id != id);
        self.changed();
    }

    pub(crate) fn connection(&self, id: &str) -> Result<OpenedConnection, Problem> {
        self.inner.connections.get(id).ok_or_else(|| Problem::gone("connection"))
    }

    pub(crate) fn open_tenant(&self, id: &str) -> Result<Arc<OpenTenant>, Problem> {
        let id = TenantId::try_from(id.to_owned()).map_err(|_| Problem::gone("organization"))?;
        self.state().tenants.get(&id).cloned().ok_or_else(|| Problem::gone("organization"))
    }

    /// Puts what a tenant has to tell on the screen.
    pub(crate) fn tell_of(&self, tenant: &OpenTenant) {
        if let Some(notice) = tenant.take_notice() {
            self.tell(notice);
        }
    }

    /// Tells the shell that the frame changed.
    pub(crate) fn changed(&self) {
        let _telling = self.inner.telling.lock().unwrap_or_else(PoisonError::into_inner);
        (self.inner.surroundings.events)(Event::App(Box::new(self.app_view())));
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn current_token(tenant: &OpenTenant, viewer: &Viewer) -> Result<Arc<TenantToken>, Problem> {
    tenant.may_show()?;
    viewer.tokens.token(false).await.map_err(|error| Problem::from(&EngineError::from(error)))
}

impl State {
    /// Takes off the screen what has to leave it.
    pub(crate) fn leave_screen(&self, has_to: impl Fn(&Screen) -> bool) {
        self.screen.send_if_modified(|screen| screen.take_if(|screen| has_to(screen)).is_some());
    }

    /// Adds a notice, unless the same is already there.
    pub(crate) fn notify(&mut self, problem: Problem) {
        if self.notices.iter().all(|notice| notice.problem != problem) {
            self.notices.push(NoticeView { id: self.next_notice, problem });
            self.next_notice += 1;
        }
    }

    /// Takes notices away that are untrue by now.
    pub(crate) fn withdraw(&mut self, code: &str) {
        self.notices.retain(|notice| notice.problem.code != code);
    }

    /// Whether this value stands for its tenant now, and was not replaced.
    pub(crate) fn is_current(&self, tenant: &Arc<OpenTenant>) -> bool {
        self.tenants.get(&tenant.id).is_some_and(|current| Arc::ptr_eq(current, tenant))
    }

    /// The tenant used last among those that can be opened.
    pub(crate) fn first_tenant(&self) -> Option<TenantId> {
        self.accounts.iter().map(|account| account.tenant.id()).find(|id| self.tenants.contains_key(id))
    }
}
