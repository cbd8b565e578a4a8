//! Getting ready for a visit without a network, and its end.

use std::sync::atomic::Ordering;

use perch_desktop::view::{CopyProgress, DashboardView, RangeView, TenantStatus};
use perch_desktop::{Desktop, Problem};
use perch_keychain::{Keychain, Slot};
use perch_tenant::TenantId;

use crate::world::{World, choice, draw, eventually, open, status, values};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

async fn complete(app: &Desktop, tenant: &str) -> CopyProgress {
    eventually("the offline copy", || async {
        let progress = open(app, tenant).await.offline.progress.expect("a pinned dashboard");
        (progress.done == progress.all).then_some(progress)
    })
    .await
}

fn available(view: &DashboardView) -> Vec<&str> {
    let presets = &view.time.as_ref().expect("a range").presets;
    presets.iter().filter(|preset| preset.available).map(|preset| preset.id.as_str()).collect()
}

fn notices(app: &Desktop, code: &str) -> Vec<Problem> {
    app.app_view().notices.into_iter().map(|notice| notice.problem).filter(|problem| problem.code == code).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_made_available_offline_has_every_range_without_a_network() {
    let mut world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    assert_eq!(open(&app, &harbor).await.offline.progress, None);

    let begun = app.make_available_offline(&harbor, "web-traffic", true).expect("begun");
    assert!(begun.pinned && begun.progress.is_some_and(|progress| progress.done < progress.all), "{begun:?}");
    let progress = complete(&app, &harbor).await;
    assert!(progress.all >= 5 * 6, "every tile over every range: {progress:?}");
    let presets = open(&app, &harbor).await.time.expect("a range").presets.len();
    assert_eq!(available(&open(&app, &harbor).await).len(), presets);
    drop(app);
    let asked = world.sandbox().pipe_queries();

    // Nothing of it is asked again at the next start, and tomorrow all of it.
    let app = world.app(&choice);
    app.boot().await;
    eventually("Perch to be online", || async { matches!(status(&app, &harbor), TenantStatus::Online).then_some(()) })
        .await;
    assert_eq!(complete(&app, &harbor).await, progress);
    world.ahead.store(DAY + HOUR, Ordering::SeqCst);
    let all = usize::try_from(progress.all).expect("a few");
    eventually("tomorrow's answers", || async { (world.sandbox().pipe_queries() >= asked + all).then_some(()) }).await;
    drop(app);

    world.stop_sandbox().await;
    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    eventually("offline to be noticed", || async {
        matches!(status(&app, &harbor), TenantStatus::Offline { .. }).then_some(())
    })
    .await;
    for preset in ["today", "24h", "7d", "30d", "90d"] {
        let range = RangeView::Preset { preset: preset.to_owned() };
        app.set_time_range(&harbor, "web-traffic", &range).await.expect("a range");
        let tile = draw(&app, &harbor, "top-pages").await.expect("a tile");
        assert!(tile.picture.is_some(), "{preset} is there");
    }

    let gone = app.make_available_offline(&harbor, "web-traffic", false).expect("let go");
    assert_eq!((gone.pinned, gone.progress), (false, None));
    assert!(!open(&app, &harbor).await.offline.pinned);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn without_a_network_only_the_ranges_that_were_seen_are_available() {
    let mut world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    world.stop_sandbox().await;
    assert_eq!(available(&open(&app, &harbor).await), ["7d"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn the_end_of_offline_is_told_once_when_its_last_day_begins_and_no_more_when_somebody_answers() {
    let mut world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    world.stop_sandbox().await;
    let knock = || async {
        app.refresh_dashboard(&harbor, "web-traffic").expect("asked");
        match status(&app, &harbor) {
            TenantStatus::Offline { until, .. } => until,
            _ => None,
        }
    };
    eventually("offline to be noticed", knock).await;
    world.ahead.store(6 * DAY - HOUR, Ordering::SeqCst);
    for _ in 0..5 {
        knock().await.expect("an end");
        open(&app, &harbor).await;
    }
    assert_eq!(notices(&app, "offline-ends-soon"), [], "not before its last day");

    world.ahead.store(6 * DAY + HOUR, Ordering::SeqCst);
    let told = eventually("the end to be told", || async {
        open(&app, &harbor).await;
        notices(&app, "offline-ends-soon").pop()
    })
    .await;
    assert!(told.next_step.contains("Connect to the internet"), "{told:?}");
    let notice = app.app_view().notices.into_iter().find(|notice| notice.problem == told).expect("the notice");
    app.dismiss_notice(notice.id);
    for _ in 0..5 {
        knock().await;
        open(&app, &harbor).await;
    }
    assert_eq!(notices(&app, "offline-ends-soon"), [], "told once");

    world.ahead.store(7 * DAY + HOUR, Ordering::SeqCst);
    eventually("the tenant to close", || async {
        draw(&app, &harbor, "top-pages").await.is_err_and(|problem| problem.code == "offline-over").then_some(())
    })
    .await;
    let refused = app.delete_dashboard(&harbor, "web-traffic").expect_err("what is not shown is not deleted");
    assert_eq!(refused.code, "offline-over");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_store_whose_key_left_the_keychain_starts_anew_says_so_once_and_fills_again() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    let id = TenantId::try_from(harbor.clone()).expect("an id");
    Keychain::open().delete(Slot::StoreKey(&id)).await.expect("deleted");

    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    eventually("it to be told", || async { notices(&app, "store-started-anew").pop() }).await;
    // When Clerk last confirmed the session was in it too.
    eventually("Perch to be online", || async { matches!(status(&app, &harbor), TenantStatus::Online).then_some(()) })
        .await;
    assert!(!values(&app, &harbor, "top-pages").await.is_empty());
    drop(app);
    let app = world.app(&choice);
    app.boot().await;
    assert!(draw(&app, &harbor, "top-pages").await.expect("a tile").picture.is_some(), "kept under the new key");
    assert_eq!(notices(&app, "store-started-anew"), []);
}
