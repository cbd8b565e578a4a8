//! What anyone may see: asked for on behalf of nobody, and nothing else with it.

use perch_dashboard::EngineError;
use perch_offline::Store;
use perch_tenant::TenantId;

use crate::stand_in::{PUBLIC, public, public_tile, shown, tenant, tile};
use crate::{Scene, WEEK};

#[tokio::test]
async fn what_anyone_may_see_is_asked_for_with_the_public_token_and_is_there_after_a_restart() {
    let scene = Scene::new().await;
    let tile = public_tile("overview");
    let engine = public(scene.dir.path(), &scene.server.address, &scene.clock);
    let fresh = engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!(shown(&fresh), ("everyone".to_owned(), 1));
    engine.close();

    let engine = public(scene.dir.path(), &scene.server.address, &scene.clock);
    assert_eq!(shown(&engine.seen(&tile, &WEEK).expect("what was seen")), ("everyone".to_owned(), 1));
    assert_eq!(scene.server.requests().len(), 1, "nothing was asked for it");
}

#[tokio::test]
async fn a_tile_that_is_not_public_is_neither_asked_for_nor_shown_without_a_tenant() {
    let scene = Scene::new().await;
    let engine = public(scene.dir.path(), &scene.server.address, &scene.clock);
    // The same question, which was public once and was seen then.
    engine.refresh(&public_tile("kpis"), &WEEK).await.expect("an answer");
    let tile = tile("kpis", "");
    assert!(matches!(engine.refresh(&tile, &WEEK).await, Err(EngineError::NotPublic)));
    assert!(engine.seen(&tile, &WEEK).is_none());
    scene.clock.turn(86_400);
    assert!(!engine.is_stale(&tile, &WEEK));
    assert_eq!(scene.server.requests().len(), 1);
}

#[tokio::test]
async fn a_public_tile_is_not_asked_for_with_a_tenants_token() {
    let scene = Scene::new().await;
    let refused = scene.visit.engine.refresh(&public_tile("kpis"), &WEEK).await;
    assert!(matches!(refused, Err(EngineError::Public)));
    assert_eq!(scene.server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_public_token_that_is_refused_is_not_asked_with_again() {
    let scene = Scene::new().await;
    scene.server.refuse(PUBLIC);
    let engine = public(scene.dir.path(), &scene.server.address, &scene.clock);
    let error = engine.refresh(&public_tile("overview"), &WEEK).await.expect_err("refused");
    assert_eq!((error.code(), scene.server.requests().len()), ("pipe-forbidden", 1));
}

#[tokio::test]
async fn what_anyone_may_see_is_no_longer_asked_for_once_it_is_closed() {
    let scene = Scene::new().await;
    let engine = public(scene.dir.path(), &scene.server.address, &scene.clock);
    let tile = public_tile("overview");
    engine.refresh(&tile, &WEEK).await.expect("an answer");
    engine.close();
    assert!(matches!(engine.refresh(&tile, &WEEK).await, Err(EngineError::Closed)));
    assert!(engine.seen(&tile, &WEEK).is_none());
    let nobody = TenantId::public(&tenant(&scene.server.address, "org_a").0);
    Store::remove(scene.dir.path(), &nobody).expect("removed");
    assert_eq!(scene.server.requests().len(), 1);
}
