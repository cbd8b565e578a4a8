//! The same dashboard again: without a network, and when it is back.

use std::sync::mpsc;

use crate::stage::{App, Stage, eventually};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_restart_without_a_network_shows_what_was_seen_and_a_network_brings_it_up_to_date() {
    let mut stage = Stage::new().await;
    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    let tiles = app.dashboard_of("Harbor Coffee").await;
    let seen = said_by(&app, &tiles).await;
    let fetched = fetched(&app, &tiles).await;
    app.quit().await;
    stage.stop_sandbox().await;

    let app = App::start(&stage, &[]).await;
    assert_eq!(app.dashboard_of("Harbor Coffee").await, tiles);
    assert_eq!(said_by(&app, &tiles).await, seen, "the tiles say what they said");
    app.find("offline-bar").await;
    let ages = app.window().find_all(fantoccini::Locator::Css("[data-testid=\"tile-age\"]")).await.expect("ages");
    assert_eq!(ages.len(), tiles.len(), "each tile tells its age");
    assert_eq!(self::fetched(&app, &tiles).await, fetched, "and it is the age of what was seen");

    stage.start_sandbox().await;
    fetched_anew(&app, &tiles, &fetched).await;
    app.quit().await;
}

/// The services go while the answers to a refresh are on their way; the viewer
/// goes on with what there is, and is up to date once they are back.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn going_offline_in_the_middle_of_a_refresh_leaves_everything_usable_and_ends_by_itself() {
    let mut stage = Stage::new().await;
    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    let month = days_of(&app, "30d").await;
    let week = days_of(&app, "7d").await;
    assert!(week < month, "{week} days are fewer than {month}");
    let tiles = app.dashboard_of("Harbor Coffee").await;
    let (seen, fetched) = (said_by(&app, &tiles).await, fetched(&app, &tiles).await);

    let release = hold_answers(&stage);
    app.click("refresh").await;
    app.find("tile-refreshing").await;
    stage.stop_sandbox().await;
    app.find("offline-bar").await;
    drop(release);
    assert_eq!(app.dashboard_of("Harbor Coffee").await, tiles);
    app.click("range").await;
    assert!(!is_barred(&app, "30d").await && is_barred(&app, "90d").await, "what was seen is offered, and no more");
    app.click("range").await;
    assert_eq!(days_of(&app, "30d").await, month, "what was seen of another range is there");
    assert_eq!(days_of(&app, "7d").await, week);
    assert_eq!(said_by(&app, &tiles).await, seen, "the tiles say what they said");

    stage.start_sandbox().await;
    fetched_anew(&app, &tiles, &fetched).await;
    app.quit().await;
}

/// Chooses a range; how many days its chart has, once it is there.
async fn days_of(app: &App, range: &str) -> usize {
    app.click("range").await;
    app.click(&format!("range-preset-{range}")).await;
    let wanted: usize = range.trim_end_matches('d').parse().expect("days");
    eventually(&format!("the days of {range}"), || async {
        app.dashboard_of("Harbor Coffee").await;
        let days = app.walk("visits-over-time").await.len();
        (days.abs_diff(wanted) < 2).then_some(days)
    })
    .await
}

async fn is_barred(app: &App, range: &str) -> bool {
    let item = app.find(&format!("range-preset-{range}")).await;
    item.attr("aria-disabled").await.expect("an attribute").as_deref() == Some("true")
}

/// Lets no pipe answer until what this answers with is dropped: pipes wait while
/// their database is held.
fn hold_answers(stage: &Stage) -> mpsc::Sender<()> {
    let database = stage.sandbox().database();
    let (holds, is_held) = mpsc::channel();
    let (release, released) = mpsc::channel();
    std::thread::spawn(move || {
        let _held = database.lock().expect("the database");
        holds.send(()).expect("the test waits");
        // Ends with an error once the other half is dropped.
        let _ = released.recv();
    });
    is_held.recv().expect("the database is held");
    release
}

async fn said_by(app: &App, tiles: &[String]) -> Vec<Vec<(String, String)>> {
    let mut said = Vec::new();
    for tile in tiles {
        let marks = app.walk(tile).await;
        assert!(!marks.is_empty(), "{tile} says something");
        said.push(marks.into_iter().flat_map(|mark| mark.entries).collect());
    }
    said
}

/// Waits until each tile has a newer answer, as a viewer sees it who scrolls
/// through them: what is out of view is not asked for.
async fn fetched_anew(app: &App, tiles: &[String], before: &[u64]) {
    for (tile, before) in tiles.iter().zip(before) {
        let place =
            format!("document.querySelector('[data-testid=\"tile-{tile}\"]').scrollIntoView({{ block: 'center' }})");
        app.script(&place, Vec::new()).await;
        let newer = || async { (app.fetched(tile).await > *before).then_some(()) };
        eventually(&format!("{tile} to be fetched anew"), newer).await;
    }
    let is_online = || async { (!app.shows("offline-bar").await).then_some(()) };
    eventually("the bar to leave", is_online).await;
}

async fn fetched(app: &App, tiles: &[String]) -> Vec<u64> {
    let mut fetched = Vec::new();
    for tile in tiles {
        fetched.push(app.fetched(tile).await);
    }
    fetched
}
