//! How a dashboard stays fresh: only what is seen is asked for, one question once,
//! within the operator's day, and not while the viewer has paused it.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use perch_chart::View;
use perch_desktop::Desktop;
use perch_desktop::view::{TileRequest, TileView};
use perch_sandbox::{Options, Sandbox};

use crate::world::{World, choice, eventually, sign_in};

/// Long enough for the app to ask, had it a mind to.
const A_WHILE: Duration = Duration::from_millis(1_500);

/// A dashboard of tiles that ask a pipe with these limits.
fn dashboard(limits: &[u32]) -> String {
    let mut text = "version = 1\ntitle = \"Fresh\"\n[time]\ndefault = \"30d\"\n".to_owned();
    for (number, limit) in limits.iter().enumerate() {
        writeln!(
            text,
            "[[tile]]\ntitle = \"T\"\nid = \"t{number}\"\npipe = \"top_pages\"\nrefresh = \"60s\"\n\
             parameters = {{ limit = {limit} }}\n[tile.chart]\nkind = \"table\""
        )
        .expect("a text");
    }
    text
}

/// One person who looks at one dashboard of such tiles.
struct Visit {
    world: World,
    app: Desktop,
    tenant: String,
}

impl Visit {
    async fn new(limits: &[u32]) -> Self {
        Self::at(World::new().await, limits).await
    }

    async fn at(world: World, limits: &[u32]) -> Self {
        std::fs::write(world.folder.path().join("dashboards/fresh.toml"), dashboard(limits)).expect("written");
        let app = world.connected(&choice("grace", "harbor-coffee")).await;
        let tenant = sign_in(&app, "Harbor Coffee").await;
        let visit = Self { world, app, tenant };
        visit.open().await;
        visit
    }

    async fn open(&self) -> bool {
        self.app.open_dashboard(&self.tenant, Some("fresh")).await.expect("the dashboard opens").paused
    }

    async fn draw(&self, tile: &str) -> TileView {
        let (tenant, dashboard, tile) = (self.tenant.clone(), "fresh".to_owned(), tile.to_owned());
        let request =
            TileRequest { tenant, dashboard, tile, width: 600, height: 300, dark: false, view: View::default() };
        self.app.draw_tile(&request).await.expect("a tile")
    }

    /// When a tile was answered, as soon as it is after `moment` and nothing is
    /// on its way.
    async fn fetched(&self, tile: &str, moment: i64) -> i64 {
        eventually(tile, || async {
            let view = self.draw(tile).await;
            view.fetched.filter(|fetched| *fetched > moment && !view.refreshing)
        })
        .await
    }

    fn asked(&self) -> usize {
        self.world.sandbox().pipe_queries()
    }

    fn show(&self, tiles: &[&str]) {
        let tiles = tiles.iter().map(|tile| (*tile).to_owned()).collect();
        self.app.show_tiles(&self.tenant, "fresh", tiles, true).expect("on the screen");
    }

    /// Lets so many seconds pass, and has the app look.
    async fn pass(&self, seconds: u64) {
        self.world.ahead.fetch_add(seconds, Ordering::SeqCst);
        self.app.show_window(true);
        tokio::time::sleep(A_WHILE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_question_of_five_tiles_is_one_request() {
    let visit = Visit::new(&[5; 5]).await;
    let mut newest = 0;
    for tile in ["t0", "t1", "t2", "t3", "t4"] {
        newest = newest.max(visit.fetched(tile, 0).await);
    }
    assert_eq!(visit.asked(), 1);

    visit.app.refresh_dashboard(&visit.tenant, "fresh").expect("asked");
    visit.fetched("t4", newest).await;
    assert_eq!(visit.asked(), 2, "also where the viewer asks for all five");

    visit.world.ahead.fetch_add(3_600, Ordering::SeqCst);
    let hour = newest + 3_600_000;
    for tile in ["t0", "t1", "t2", "t3", "t4"] {
        visit.fetched(tile, hour).await;
    }
    assert_eq!(visit.asked(), 3, "and where all five are stale");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_answer_is_drawn_by_every_tile_that_asks_the_same_question() {
    let visit = Visit::new(&[5, 5, 6, 5]).await;
    let mut newest = 0;
    for tile in ["t0", "t1", "t3"] {
        newest = newest.max(visit.fetched(tile, 0).await);
    }
    let of_another = visit.fetched("t2", 0).await;
    visit.world.redrawn.lock().expect("the tiles").clear();

    visit.app.refresh_tile(&visit.tenant, "fresh", "t1").expect("asked");
    visit.fetched("t1", newest).await;
    for tile in ["t0", "t1", "t3"] {
        let is_told = || async { visit.world.redrawn.lock().expect("the tiles").contains(tile).then_some(()) };
        eventually(tile, is_told).await;
    }
    assert_eq!(visit.draw("t2").await.fetched, Some(of_another), "asks something else");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn nothing_is_fetched_for_a_window_that_nobody_sees() {
    let visit = Visit::new(&[5]).await;
    let first = visit.fetched("t0", 0).await;
    for hide in [true, false] {
        let asked = visit.asked();
        if hide {
            visit.app.show_window(false);
        } else {
            visit.app.show_tiles(&visit.tenant, "fresh", vec!["t0".to_owned()], false).expect("told");
        }
        visit.world.ahead.fetch_add(3_600, Ordering::SeqCst);
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(visit.asked(), asked, "hidden by the shell: {hide}");
        visit.app.show_window(true);
        visit.show(&["t0"]);
        visit.fetched("t0", first + if hide { 3_600_000 } else { 7_200_000 }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_tile_out_of_view_is_not_refreshed_until_it_is_scrolled_to() {
    let visit = Visit::new(&[5, 6]).await;
    let (first, second) = (visit.fetched("t0", 0).await, visit.fetched("t1", 0).await);
    visit.show(&["t0"]);
    visit.pass(3_600).await;
    visit.fetched("t0", first + 3_600_000).await;
    assert_eq!(visit.draw("t1").await.fetched, Some(second), "what was seen of it is drawn all the same");
    visit.show(&["t0", "t1"]);
    visit.fetched("t1", second + 3_600_000).await;
    assert_eq!(visit.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_paused_dashboard_asks_only_when_the_viewer_does_and_goes_on_afterwards() {
    let visit = Visit::new(&[5, 6]).await;
    let (first, second) = (visit.fetched("t0", 0).await, visit.fetched("t1", 0).await);
    visit.app.pause(&visit.tenant, "fresh", true).expect("paused");
    assert!(visit.open().await, "for the visit");
    visit.pass(3_600).await;
    assert_eq!(visit.asked(), 2);
    visit.app.refresh_tile(&visit.tenant, "fresh", "t0").expect("asked");
    visit.fetched("t0", first + 3_600_000).await;
    assert_eq!(visit.asked(), 3);
    visit.app.pause(&visit.tenant, "fresh", false).expect("resumed");
    visit.fetched("t1", second + 3_600_000).await;
    assert!(!visit.open().await);
    let gone = visit.app.pause(&visit.tenant, "web-traffic", true).expect_err("not on the screen");
    assert_eq!(gone.code, "gone");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn once_the_days_requests_are_spent_nothing_is_asked_until_the_next_day() {
    let limited = |sandbox: &Sandbox| sandbox.connection_toml().replace("[token]", "daily_requests = 2\n\n[token]");
    let world = World::with(Options::default(), limited).await;
    let mut visit = Visit::at(world, &[5, 6, 7]).await;
    visit.fetched("t0", 0).await;
    let second = visit.fetched("t1", 0).await;
    let is_spent = async |visit: &Visit| {
        eventually("the reason", || async { visit.draw("t2").await.problem }).await.code == "daily-requests"
    };
    assert!(is_spent(&visit).await);
    let refused = visit.app.refresh_dashboard(&visit.tenant, "fresh").expect_err("refused");
    assert_eq!(refused.code, "daily-requests");
    assert!(refused.message.contains("begin again on"), "{}", refused.message);
    let refused = visit.app.refresh_tile(&visit.tenant, "fresh", "t2").expect_err("refused");
    assert_eq!(refused.code, "daily-requests");

    // A restart gives no more. The app before ends with the test, and is to ask for nothing until then.
    visit.app.show_window(false);
    drop(std::mem::replace(&mut visit.app, visit.world.app(&choice("grace", "harbor-coffee"))));
    visit.app.boot().await;
    visit.open().await;
    assert!(is_spent(&visit).await);
    assert_eq!(visit.draw("t1").await.fetched, Some(second), "what was seen stays");
    assert_eq!(visit.asked(), 2);

    visit.pass(24 * 3_600).await;
    let midnight = second / 86_400_000 * 86_400_000 + 86_400_000;
    eventually("the next day's answers", || async {
        let mut days = 0;
        for tile in ["t0", "t1", "t2"] {
            days += usize::from(visit.draw(tile).await.fetched.is_some_and(|fetched| fetched >= midnight));
        }
        (days == 2).then_some(())
    })
    .await;
    assert_eq!(visit.asked(), 4, "two requests a day");
}
