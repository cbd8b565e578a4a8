//! What a test of the whole life needs around it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use perch_chart::View;
use perch_clerk::{ClientToken, FrontendApi, HostedSignIn};
use perch_desktop::view::{AppView, DashboardView, SignInIntent, SignInView, TenantStatus, TileRequest, TileView};
use perch_desktop::{Desktop, Event, Places, Problem, Surroundings};
use perch_sandbox::{Clock, Options, Sandbox, visitor};
use perch_tenant::Origin;
use tempfile::TempDir;

/// Long, because no test may fail only because a machine was slow.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Who the app's browser is at that moment, and what they choose there: a
/// person's handle and an organization's slug.
pub type Choice = Arc<Mutex<(&'static str, &'static str)>>;

/// Folders, a sandbox and a clock that one test turns.
pub struct World {
    pub folder: TempDir,
    sandbox: Option<Sandbox>,
    pub ahead: Arc<AtomicU64>,
    pub links_arrive: bool,
    /// Links that arrive before the one of a hosted sign-in.
    pub links_before: Arc<Mutex<Vec<String>>>,
    /// The tiles that the web view was told to draw again, since this was last emptied.
    pub redrawn: Arc<Mutex<HashSet<String>>>,
}

impl World {
    /// People sign in through the OAuth application.
    pub async fn new() -> Self {
        Self::with(Options::default(), Sandbox::connection_toml).await
    }

    /// People sign in by hosted authentication.
    pub async fn hosted() -> Self {
        Self::with(Options::default(), Sandbox::hosted_connection_toml).await
    }

    pub async fn with(options: Options, connection: impl FnOnce(&Sandbox) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ahead = Arc::new(AtomicU64::new(0));
        let (data, clock) = (folder.path().join("sandbox"), Clock::new(later(&ahead)));
        let options = Options { data: Some(data), clock, ..options };
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        put_files(folder.path(), &connection(&sandbox));
        let (links_before, redrawn) = (Arc::default(), Arc::default());
        Self { folder, sandbox: Some(sandbox), ahead, links_arrive: true, links_before, redrawn }
    }

    /// Folders of another machine, where nobody ever signed in. Answers with those of the first.
    pub fn another_machine(&mut self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        put_files(folder.path(), &self.sandbox().connection_toml());
        std::mem::replace(&mut self.folder, folder)
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("the sandbox runs")
    }

    pub async fn stop_sandbox(&mut self) {
        self.sandbox.take().expect("the sandbox runs").stop().await;
    }

    pub fn connection(&self) -> PathBuf {
        self.folder.path().join("connection.toml")
    }

    pub fn places(&self) -> Places {
        Places { config: self.folder.path().join("config"), data: self.folder.path().join("data"), bundled: None }
    }

    /// Opens the app; its browser is a visitor who signs in as `choice` says at
    /// that moment, and who opens the link that hosted authentication ends with.
    pub fn app(&self, choice: &Choice) -> Desktop {
        self.app_at(self.places(), choice)
    }

    /// The same, with its files elsewhere.
    pub fn app_at(&self, places: Places, choice: &Choice) -> Desktop {
        let links_arrive = self.links_arrive;
        let (ahead, choice, before) = (self.ahead.clone(), choice.clone(), self.links_before.clone());
        let redrawn = self.redrawn.clone();
        let itself = Arc::new(OnceLock::<Desktop>::new());
        let to_itself = itself.clone();
        let app = Desktop::open(Surroundings {
            places,
            clock: Arc::new(later(&ahead)),
            locale: "en".to_owned(),
            events: Box::new(move |event| {
                if let Event::Tile(changed) = event {
                    redrawn.lock().expect("the tiles").insert(changed.tile);
                }
            }),
            links_arrive: Box::new(move || links_arrive),
            browser: Box::new(move |url| {
                let (url, (person, organization)) = (url.to_owned(), *choice.lock().expect("the choice"));
                let (app, before) = (to_itself.clone(), before.clone());
                tokio::spawn(async move {
                    if url.contains("/portal/") {
                        let link = visitor::return_link(&url, person).await.expect("the visitor signs in");
                        let app = app.get().expect("an app");
                        before.lock().expect("the links").drain(..).for_each(|stray| app.follow_link(&stray));
                        app.follow_link(&link);
                    } else {
                        // Where Clerk refuses, the app says so.
                        let _ = visitor::allow(&url, person, organization).await;
                    }
                });
                true
            }),
        })
        .expect("the app opens");
        itself.set(app.clone()).ok().expect("opened once");
        app
    }

    /// Opens the app and its connection.
    pub async fn connected(&self, choice: &Choice) -> Desktop {
        let app = self.app(choice);
        app.open_connection(&self.connection()).await.expect("the connection opens");
        let connection = &app.app_view().connections[0];
        if connection.signing_key.is_wanted() {
            app.save_signing_key(&connection.id, self.sandbox().admin_token().to_owned())
                .await
                .expect("the key is kept");
        }
        app
    }

    /// Opens the app, signs in at Harbor Coffee and opens its dashboard.
    pub async fn visited(&self, choice: &Choice) -> (Desktop, String) {
        let app = self.connected(choice).await;
        let harbor = sign_in(&app, "Harbor Coffee").await;
        open(&app, &harbor).await;
        (app, harbor)
    }
}

/// A connection file and the sample dashboards beside it.
fn put_files(folder: &Path, connection: &str) {
    std::fs::write(folder.join("connection.toml"), connection).expect("written");
    std::fs::create_dir(folder.join("dashboards")).expect("a folder");
    for (id, text) in Sandbox::dashboards() {
        std::fs::write(folder.join("dashboards").join(format!("{id}.toml")), text).expect("written");
    }
}

/// The one clock of the app and of the services, so many seconds ahead.
pub fn later(ahead: &Arc<AtomicU64>) -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let ahead = ahead.clone();
    move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst))
}

pub fn choice(person: &'static str, organization: &'static str) -> Choice {
    Arc::new(Mutex::new((person, organization)))
}

pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Signs in and answers with the tenant that is then on the screen.
pub async fn sign_in(app: &Desktop, organization_name: &str) -> String {
    sign_in_with(app, SignInIntent::Person, organization_name).await
}

/// Signs in with an intent, and answers with the tenant that is then on the screen.
pub async fn sign_in_with(app: &Desktop, intent: SignInIntent, organization_name: &str) -> String {
    let connection = app.app_view().connections[0].id.clone();
    app.begin_sign_in(&connection, intent).await.expect("the sign-in begins");
    eventually(organization_name, || async {
        let view = app.app_view();
        if let Some(SignInView::Failed { problem, .. }) = &view.sign_in {
            panic!("the sign-in failed: {problem:?}");
        }
        let tenant = active(&view).filter(|tenant| tenant.1 == organization_name && view.sign_in.is_none())?;
        Some(tenant.0)
    })
    .await
}

/// Begins a sign-in and answers with why it failed.
pub async fn fail_to_sign_in(app: &Desktop, intent: SignInIntent) -> Problem {
    let connection = app.app_view().connections[0].id.clone();
    app.begin_sign_in(&connection, intent).await.expect("the sign-in begins");
    eventually("the sign-in to fail", || async {
        match app.app_view().sign_in {
            Some(SignInView::Failed { problem, .. }) => Some(problem),
            _ => None,
        }
    })
    .await
}

pub fn active(view: &AppView) -> Option<(String, String)> {
    let tenant = view.tenants.iter().find(|tenant| Some(&tenant.id) == view.active.as_ref())?;
    Some((tenant.id.clone(), tenant.name.clone()))
}

pub fn status(app: &Desktop, tenant: &str) -> TenantStatus {
    app.app_view().tenants.into_iter().find(|view| view.id == tenant).expect("a tenant").status
}

pub async fn open(app: &Desktop, tenant: &str) -> DashboardView {
    app.open_dashboard(tenant, Some("web-traffic")).await.expect("the dashboard opens")
}

pub async fn draw(app: &Desktop, tenant: &str, tile: &str) -> Result<TileView, Problem> {
    let request = TileRequest {
        tenant: tenant.to_owned(),
        dashboard: "web-traffic".to_owned(),
        tile: tile.to_owned(),
        width: 600,
        height: 300,
        dark: false,
        view: View::default(),
    };
    app.draw_tile(&request).await
}

/// What a tile's marks say, as soon as there is a picture.
pub async fn values(app: &Desktop, tenant: &str, tile: &str) -> Vec<String> {
    eventually(tile, || async {
        let picture = draw(app, tenant, tile).await.expect("a tile").picture?;
        Some(picture.marks.marks.iter().flat_map(|mark| &mark.entries).map(|entry| entry.value.to_string()).collect())
    })
    .await
}

pub fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// A session of a person on another machine, with a client of its own.
pub struct Elsewhere {
    api: FrontendApi,
    client: ClientToken<'static>,
    user: String,
}

impl Elsewhere {
    pub async fn sign_in(sandbox: &Sandbox, person: &str) -> Self {
        let http = perch_clerk::http_client().expect("a client");
        let api = FrontendApi::new(&http, &Origin::parse(sandbox.clerk()).expect("an origin"));
        let mut client = ClientToken::in_memory();
        let mut sign_in = HostedSignIn::begin(&api, &mut client).await.expect("begun");
        let link = visitor::return_link(sign_in.url().as_str(), person).await.expect("the visitor signs in");
        let returned = sign_in.accept(&link).expect("the way back");
        let session = sign_in.redeem(returned, &mut client).await.expect("a session");
        Self { api, client, user: session.user.id }
    }

    pub async fn has_ended(&mut self) -> bool {
        let session = self.api.session(&mut self.client, &self.user).await;
        session.is_err_and(|error| error.ends_session())
    }
}
