//! What of an answer reaches the store, and what is known of it without reading.

use std::time::Duration;

use perch_dashboard::{Preset, Selection, TimeRange};

use crate::stand_in::tile;
use crate::{Scene, WEEK};

#[tokio::test]
async fn whether_a_tile_has_something_to_show_is_known_without_a_network_and_after_a_restart() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "");
    let month: Selection = TimeRange::Last(Preset::Days30).into();
    assert!(!scene.visit.engine.has(&tile, &WEEK));
    scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    let then = scene.clock.now();
    scene.clock.turn(3_600);
    for visit in [&scene.visit, &scene.again()] {
        assert!(visit.engine.has(&tile, &WEEK));
        assert!(!visit.engine.has(&tile, &month), "another range is another question");
        assert_eq!(visit.engine.fetched(&tile, &WEEK), Some(then));
    }
    assert_eq!(scene.server.requests().len(), 1);
    scene.visit.engine.close();
    assert!(!scene.visit.engine.has(&tile, &WEEK), "nothing of a visit that is over");
}

#[tokio::test]
async fn an_answer_that_the_store_has_no_room_for_is_shown_and_told_and_the_next_is_kept() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    engine.refresh(&tile, &WEEK).await.expect("an answer");
    let kept = scene.clock.now();
    scene.clock.turn(60);
    engine.store().limit(10);
    let shown = engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!(shown.fetched, kept + Duration::from_secs(60), "shown");
    assert_eq!(engine.unkept().expect("told").code(), "store-too-large");
    assert_eq!(scene.again().engine.fetched(&tile, &WEEK), Some(kept), "what was kept before is still there");

    engine.store().limit(1 << 20);
    engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert!(engine.unkept().is_none());
    assert_eq!(scene.again().engine.fetched(&tile, &WEEK), Some(kept + Duration::from_secs(60)));
}

#[tokio::test]
async fn what_is_on_the_screen_stays_longer_than_what_came_after_it() {
    let scene = Scene::new().await;
    let engine = &scene.visit.engine;
    let tiles = ["one", "two", "three"].map(|name| tile("kpis", &format!("parameters = {{ name = \"{name}\" }}")));
    for tile in &tiles[..2] {
        engine.refresh(tile, &WEEK).await.expect("an answer");
        scene.clock.turn(1);
    }
    // Both are in memory; the first is looked at.
    engine.seen(&tiles[0], &WEEK).expect("seen");
    scene.clock.turn(1);
    // Room for two, one a few bytes longer than another.
    engine.store().limit(engine.store().bytes().expect("a size") + 20);
    engine.refresh(&tiles[2], &WEEK).await.expect("an answer");
    let again = scene.again().engine;
    assert_eq!(tiles.map(|tile| again.has(&tile, &WEEK)), [true, false, true]);
}

#[tokio::test]
async fn an_answer_says_who_was_asked() {
    let scene = Scene::new().await;
    let mut tile = tile("kpis", "");
    tile.time = None;
    scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    let question = perch_offline::Question::new("kpis");
    let seen = scene.visit.engine.store().get(&question).expect("a read").expect("an answer");
    assert_eq!(seen.source, format!("{} (mint)", scene.server.address));
}
