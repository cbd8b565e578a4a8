//! The same dashboard again: without a network, and when it is back.

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
    let up_to_date = || async {
        let newer = self::fetched(&app, &tiles).await.iter().zip(&fetched).all(|(now, before)| now > before);
        (newer && !app.shows("offline-bar").await).then_some(())
    };
    eventually("every tile to be fetched anew", up_to_date).await;
    app.quit().await;
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

async fn fetched(app: &App, tiles: &[String]) -> Vec<u64> {
    let mut fetched = Vec::new();
    for tile in tiles {
        fetched.push(app.fetched(tile).await);
    }
    fetched
}
