//! The operator's broker, the real one, behind the app: tokens for an OAuth
//! session, and the dashboards from one place.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use perch_broker::{Clock, Options, Running, Sources};
use perch_desktop::view::{Assignment, Change, TenantStatus};
use perch_sandbox::Sandbox;

use crate::world::{World, choice, draw, eventually, files_below, later, open, sign_in, status, values};

/// A sandbox and, before its Tinybird, a broker with the operator's files.
struct Served {
    world: World,
    files: tempfile::TempDir,
    address: String,
    broker: Option<Running>,
}

impl Served {
    async fn new() -> Self {
        // Free a moment ago: the connection file names it before the broker listens.
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let address = format!("127.0.0.1:{port}");
        let url = format!("http://{address}");
        let world =
            World::with(perch_sandbox::Options::default(), |sandbox| sandbox.broker_connection_toml(&url)).await;
        // The viewer gets the connection file alone.
        fs::remove_dir_all(world.folder.path().join("dashboards")).expect("removed");
        let files = tempfile::tempdir().expect("a folder");
        let mut served = Self { world, files, address, broker: None };
        served.write("connection.toml", &served.world.sandbox().broker_connection_toml(&url));
        served.write("claims.json", &served.world.sandbox().claims_template());
        for (name, text) in Sandbox::dashboards() {
            served.write(&format!("dashboards/{name}.toml"), text);
        }
        let api = served.world.sandbox().backend();
        let lines = [
            format!("listen = \"{}\"", served.address),
            "connection = \"connection.toml\"\ntemplate = \"claims.json\"".to_owned(),
            format!("clerk_api = \"{api}\""),
        ];
        served.write("broker.toml", &lines.join("\n"));
        served.write("current", served.world.sandbox().admin_token());
        served.start().await;
        served
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.files.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path.with_extension("new"), text).expect("written");
        fs::rename(path.with_extension("new"), path).expect("in its place");
    }

    async fn start(&mut self) {
        let file = |name: &str| self.files.path().join(name).display().to_string();
        let sandbox = self.world.sandbox();
        let variables = BTreeMap::from([
            ("CLERK_SECRET_KEY".to_owned(), sandbox.secret_key().to_owned()),
            ("TINYBIRD_JWT_SECRET_FILE".to_owned(), file("current")),
            ("TINYBIRD_JWT_SECRET_PREVIOUS".to_owned(), sandbox.admin_token().to_owned()),
        ]);
        let options = Options {
            sources: Sources { config: Some(self.files.path().join("broker.toml")), env_file: None, variables },
            clock: Clock::new(later(&self.world.ahead)),
            look_again: Duration::from_millis(50),
        };
        self.broker = Some(perch_broker::start(options).await.expect("the broker starts"));
    }

    /// Waits until the broker's metrics have this line.
    async fn tells(&self, line: &str) {
        let url = format!("http://{}/metrics", self.address);
        eventually(line, || async {
            let metrics = reqwest::get(&url).await.expect("an answer").text().await.expect("metrics");
            metrics.lines().any(|told| told == line).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_broker_signs_for_each_organization_and_serves_its_dashboards() {
    let served = Served::new().await;
    let choice = choice("grace", "harbor-coffee");
    let app = served.world.connected(&choice).await;
    assert!(!app.app_view().connections[0].signing_key.is_wanted(), "no key of the workspace is on this machine");
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let dashboard = open(&app, &harbor).await;
    let theirs = Sandbox::dashboards().iter().filter(|(_, text)| !text.contains("public = true")).count();
    assert_eq!(dashboard.dashboards.len(), theirs, "those that are not public: {:?}", dashboard.dashboards);
    let of_harbor = values(&app, &harbor, "top-pages").await;
    *choice.lock().expect("the choice") = ("grace", "larkspur-books");
    let larkspur = sign_in(&app, "Larkspur Books").await;
    open(&app, &larkspur).await;
    assert_ne!(values(&app, &larkspur, "top-pages").await, of_harbor);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_that_the_operator_changes_is_changed_for_the_viewer_and_there_offline() {
    let mut served = Served::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = served.world.visited(&choice).await;
    let title = |app: &perch_desktop::Desktop| {
        let (app, harbor) = (app.clone(), harbor.clone());
        async move { open(&app, &harbor).await.title }
    };
    let before = title(&app).await;
    let (_, text) = Sandbox::dashboards().iter().find(|(name, _)| *name == "web-traffic").expect("a dashboard");
    served.write("dashboards/web-traffic.toml", &text.replace(&format!("title = \"{before}\""), "title = \"Changed\""));
    eventually("the changed dashboard", || async {
        // The app looks from time to time, and when the viewer asks for all anew.
        app.refresh_dashboard(&harbor, "web-traffic").expect("refreshed");
        tokio::time::sleep(Duration::from_millis(500)).await;
        (title(&app).await == "Changed").then_some(())
    })
    .await;
    values(&app, &harbor, "top-pages").await;
    drop(app);

    served.broker = None;
    served.world.stop_sandbox().await;
    let app = served.world.app(&choice);
    app.boot().await;
    assert_eq!(title(&app).await, "Changed");
    values(&app, &harbor, "top-pages").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_draft_of_a_file_is_not_saved_or_listed_where_the_dashboards_are_served() {
    let mut served = Served::new().await;
    let (_, text) = Sandbox::dashboards().iter().find(|(name, _)| *name == "web-traffic").expect("a dashboard");
    let folder = served.world.folder.path().join("dashboards");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("mine.toml"), text).expect("written");
    served.broker = None;
    let app = served.world.connected(&choice("grace", "harbor-coffee")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    app.open_dashboard(&harbor, Some("mine")).await.expect("the viewer's file");
    app.begin_edit(&harbor, "mine").await.expect("begun");
    let higher = Change::Set { tile: "visits".to_owned(), values: vec![Assignment::Height(5)] };
    app.edit(&harbor, "mine", higher).await.expect("changed");

    served.start().await;
    eventually("the dashboards to be served", || async {
        app.refresh_dashboard(&harbor, "mine").expect("refreshed");
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.begin_edit(&harbor, "mine").await.is_err_and(|problem| problem.code == "edited-elsewhere").then_some(())
    })
    .await;
    let refused = app.save_edit(&harbor, "mine", true).await.expect_err("not the place any more");
    assert_eq!(refused.code, "edited-elsewhere");
    let shown = app.open_dashboard(&harbor, None).await.expect("a served dashboard");
    assert!(shown.dashboards.iter().all(|link| link.id != "mine"), "{:?}", shown.dashboards);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_admin_token_that_tinybird_no_longer_takes_costs_one_question_and_no_tile() {
    let served = Served::new().await;
    let (app, harbor) = served.world.visited(&choice("grace", "harbor-coffee")).await;
    let seen = values(&app, &harbor, "top-pages").await;
    // The broker is told of a new admin token before Tinybird knows it: what it
    // signs with the first is refused, and what it signs with the other is not.
    served.write("current", "p.an-admin-token-that-tinybird-does-not-know-yet");
    served.tells("perch_broker_reloads_total{result=\"ok\"} 1").await;
    let asked = served.world.sandbox().pipe_queries();
    served.world.ahead.fetch_add(3600, Ordering::SeqCst);
    app.refresh_dashboard(&harbor, "web-traffic").expect("refreshed");
    eventually("fresh tiles", || async {
        let drawn = draw(&app, &harbor, "top-pages").await.expect("a tile");
        assert_eq!(drawn.problem, None);
        (!drawn.refreshing).then_some(())
    })
    .await;
    // An hour later there are other numbers.
    assert_ne!(values(&app, &harbor, "top-pages").await, seen);
    served.tells("perch_broker_tokens_minted_total{key=\"previous\"} 1").await;
    // Each of the five questions was refused at most once.
    assert!(served.world.sandbox().pipe_queries() <= asked + 2 * 5);
    assert!(matches!(status(&app, &harbor), TenantStatus::Online));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_role_that_may_see_nothing_any_more_sees_nothing_that_was_seen_before() {
    let served = Served::new().await;
    let (app, harbor) = served.world.visited(&choice("grace", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    let rule = "\n[[rule]]\nrole = \"org:nobody-has-this\"\npipes = [\"*\"]\n";
    served.write("broker.toml", &(fs::read_to_string(served.files.path().join("broker.toml")).expect("read") + rule));
    served.tells("perch_broker_reloads_total{result=\"ok\"} 1").await;
    // Past the life of the token at hand.
    served.world.ahead.fetch_add(11 * 60, Ordering::SeqCst);
    app.refresh_dashboard(&harbor, "web-traffic").expect("refreshed");
    let problem = eventually("the tenant to close", || async {
        match status(&app, &harbor) {
            TenantStatus::Closed { problem } => Some(problem),
            _ => None,
        }
    })
    .await;
    assert!(problem.message.contains("Your role"), "{problem:?}");
    assert!(draw(&app, &harbor, "top-pages").await.is_err(), "nothing is drawn");
    let stores = served.world.places().data.join("stores");
    eventually("what was kept to go", || async { files_below(&stores).is_empty().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn whoever_left_the_organization_gets_no_token_and_the_tenant_closes() {
    let served = Served::new().await;
    let (app, harbor) = served.world.visited(&choice("grace", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    let coffee = perch_sandbox::organizations().iter().find(|known| known.slug == "harbor-coffee").expect("a shop");
    served.world.sandbox().end_membership("grace", coffee.id).expect("ended");
    // Past the life of the token at hand, and of the broker's memory; Clerk's own
    // word on the session would hold for longer.
    served.world.ahead.fetch_add(11 * 60, Ordering::SeqCst);
    app.refresh_dashboard(&harbor, "web-traffic").expect("refreshed");
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
}
