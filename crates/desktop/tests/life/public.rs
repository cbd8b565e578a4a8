//! What anyone with a connection may see: before sign-in, beside it, and no
//! longer than the operator says.

use std::sync::atomic::Ordering;

use perch_chart::View;
use perch_desktop::Desktop;
use perch_desktop::Problem;
use perch_desktop::view::{SignOutScope, TenantStatus, TileRequest, TileView};
use perch_keychain::{Keychain, Slot};
use perch_tenant::TenantId;

use crate::world::{World, choice, eventually, files_below, open, sign_in, values};

/// Opens the connection, and then what anyone may see of it, before anybody
/// signed in. Answers with the app and the name of what is public.
async fn looked_at(world: &World) -> (Desktop, String) {
    let app = world.app(&choice("grace", "harbor-coffee"));
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let view = app.app_view();
    assert_eq!((view.tenants.len(), view.active), (0, None), "nobody is signed in, and nothing opens by itself");
    let public = view.public[0].id.clone();
    look_at(&app, &public).await;
    (app, public)
}

async fn look_at(app: &Desktop, public: &str) {
    let dashboard = app.select_tenant(public).await.expect("it opens").expect("a dashboard");
    assert_eq!((dashboard.id.as_str(), dashboard.tenant.as_str()), ("site-overview", public));
}

async fn draw(app: &Desktop, tenant: &str, dashboard: &str, tile: &str) -> Result<TileView, Problem> {
    let (tenant, dashboard, tile) = (tenant.to_owned(), dashboard.to_owned(), tile.to_owned());
    let request = TileRequest { tenant, dashboard, tile, width: 600, height: 300, dark: false, view: View::default() };
    app.draw_tile(&request).await
}

/// What the devices' marks say, as soon as there is a picture.
async fn devices(app: &Desktop, public: &str) -> Vec<(String, String)> {
    eventually("the devices", || async {
        let marks = draw(app, public, "site-overview", "devices").await.expect("a tile").picture?.marks.marks;
        Some(marks.into_iter().map(|mark| (mark.heading.to_string(), mark.entries[0].value.replace(',', ""))).collect())
    })
    .await
}

/// Visits of all organizations by device in the seven days up to a second,
/// counted in SQL.
fn counted(world: &World, at: i64) -> Vec<(String, String)> {
    let day = 86_400;
    let database = world.sandbox().database();
    let database = database.lock().expect("the database");
    let query = "SELECT device, COUNT(DISTINCT session_id) AS visits FROM events
                 WHERE timestamp >= ?1 AND timestamp <= ?2 GROUP BY device ORDER BY visits DESC, device";
    let mut statement = database.prepare(query).expect("a query");
    let rows =
        statement.query_map((at - at % day - 6 * day, at), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.to_string())));
    rows.expect("rows").collect::<Result<_, _>>().expect("values")
}

fn status(app: &Desktop) -> TenantStatus {
    app.app_view().public[0].status.clone()
}

async fn store_key(public: &str) -> bool {
    let id = TenantId::try_from(public.to_owned()).expect("an id");
    Keychain::open().retrieve(Slot::StoreKey(&id)).await.expect("an open keychain").is_some()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_anyone_may_see_is_there_before_sign_in_and_without_a_network_has_no_end() {
    let mut world = World::new().await;
    let (app, public) = looked_at(&world).await;
    let seen = devices(&app, &public).await;
    let fetched = draw(&app, &public, "site-overview", "devices").await.expect("a tile").fetched.expect("an answer");
    // The sandbox counts up to the second in which it was asked.
    let at = fetched / 1000;
    assert!([at, at + 1].iter().any(|at| seen == counted(&world, *at)), "{seen:?}: {:?}", counted(&world, at));
    assert_eq!(status(&app), TenantStatus::Online);
    drop(app);
    world.stop_sandbox().await;

    world.ahead.store(400 * 24 * 60 * 60, Ordering::SeqCst);
    let app = world.app(&choice("grace", "harbor-coffee"));
    assert_eq!(app.boot().await.app.public[0].id, public);
    look_at(&app, &public).await;
    assert_eq!(devices(&app, &public).await, seen, "more than a year later");
    eventually("offline to be noticed", || async {
        matches!(status(&app), TenantStatus::Offline { until: None, problem: None, .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_is_for_everyone_or_for_tenants_and_never_for_both() {
    let world = World::new().await;
    let (app, public) = looked_at(&world).await;
    devices(&app, &public).await;
    let view = app.open_dashboard(&public, None).await.expect("it opens");
    assert_eq!(view.dashboards.iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), ["site-overview"]);
    assert_eq!(app.open_dashboard(&public, Some("web-traffic")).await.expect_err("not public").code, "gone");
    assert_eq!(draw(&app, &public, "web-traffic", "top-pages").await.expect_err("not public").code, "gone");

    app.save_signing_key(&app.app_view().connections[0].id, world.sandbox().admin_token().to_owned())
        .await
        .expect("the key is kept");
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let view = app.open_dashboard(&harbor, None).await.expect("it opens");
    assert!(view.dashboards.iter().all(|link| link.id != "site-overview"), "{:?}", view.dashboards);
    assert_eq!(app.open_dashboard(&harbor, Some("site-overview")).await.expect_err("nobody's").code, "gone");
    assert_eq!(draw(&app, &public, "site-overview", "devices").await.expect_err("off the screen").code, "gone");

    app.sign_out(&SignOutScope::Everything).await.expect("signed out");
    look_at(&app, &public).await;
    assert!(!devices(&app, &public).await.is_empty(), "it was nobody's to sign out of");
    assert!(store_key(&public).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_that_is_no_longer_public_is_not_drawn_with_what_was_seen_of_it() {
    let world = World::new().await;
    let (app, public) = looked_at(&world).await;
    devices(&app, &public).await;
    let file = world.folder.path().join("dashboards/site-overview.toml");
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace("public = true", "public = false")).expect("written");
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let view = app.app_view();
    assert_eq!((view.public.len(), view.active), (0, None));
    assert!(draw(&app, &public, "site-overview", "devices").await.is_err());
    assert!(app.open_dashboard(&public, Some("site-overview")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_connection_without_the_public_token_closes_what_was_public_and_forgets_it() {
    let world = World::new().await;
    let (app, public) = looked_at(&world).await;
    devices(&app, &public).await;
    assert!(store_key(&public).await && !files_below(&world.places().stores()).is_empty(), "something was kept");

    let text = std::fs::read_to_string(world.connection()).expect("a file");
    let (without, _) = text.split_once("[public]").expect("a public token");
    std::fs::write(world.connection(), without).expect("written");
    app.open_connection(&world.connection()).await.expect("the connection opens");
    assert_eq!(app.app_view().public, []);
    assert!(draw(&app, &public, "site-overview", "devices").await.is_err());
    assert!(app.select_tenant(&public).await.is_err());
    assert_eq!(files_below(&world.places().stores()), Vec::<std::path::PathBuf>::new());
    assert!(!store_key(&public).await);

    std::fs::write(world.connection(), text).expect("written");
    app.open_connection(&world.connection()).await.expect("the connection opens");
    look_at(&app, &public).await;
    assert!(!devices(&app, &public).await.is_empty());
    app.remove_connection(&app.app_view().connections[0].id).await.expect("removed");
    let view = app.app_view();
    assert_eq!((view.public.len(), view.active, view.notices.len()), (0, None, 0));
    assert_eq!(files_below(&world.places().data), Vec::<std::path::PathBuf>::new());
    assert!(!store_key(&public).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_public_token_that_is_refused_is_told_whole_and_not_asked_with_again() {
    let world = World::new().await;
    let text = std::fs::read_to_string(world.connection()).expect("a file");
    let token = text.rsplit_once("token = \"").expect("a public token").1.trim_end_matches(['"', '\n']).to_owned();
    std::fs::write(world.connection(), text.replace(&token, "p.revoked")).expect("written");
    let (app, public) = looked_at(&world).await;
    let problem = eventually("the refusal", || async {
        draw(&app, &public, "site-overview", "devices").await.expect("a tile").problem
    })
    .await;
    assert_eq!(problem.code, "pipe-forbidden");
    let detail = app.tile_detail(&public, "site-overview", "devices").expect("the whole");
    assert_eq!(problem.detail.as_ref(), Some(&detail));
    assert!(detail.contains("pipe: overview_devices") && detail.contains("status: 403"), "{detail}");
    assert!(detail.contains("attempts: 1") && !detail.contains("p.revoked"), "{detail}");
    let token = app.token(&public).await.expect("what there is to tell of it");
    assert_eq!((token.source.as_str(), token.claims, token.expires), ("static", None, None));
    assert!(app.reveal_token(&public).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_public_token_for_another_workspace_is_never_sent() {
    let world = World::new().await;
    let text = std::fs::read_to_string(world.connection()).expect("a file");
    let (before, _) = text.rsplit_once("token = \"").expect("a public token");
    // {"alg":"HS256"}.{"workspace_id":"other","exp":4102444800,"scopes":[{"type":"PIPES:READ","resource":"overview"}]}
    let other = "eyJhbGciOiJIUzI1NiJ9.eyJ3b3Jrc3BhY2VfaWQiOiJvdGhlciIsImV4cCI6NDEwMjQ0NDgwMCwic2NvcGVzIjpbeyJ0eXBlIjoiUElQRVM6UkVBRCIsInJlc291cmNlIjoib3ZlcnZpZXcifV19.c2ln";
    std::fs::write(world.connection(), format!("{before}token = \"{other}\"\n")).expect("written");
    let app = world.app(&choice("grace", "harbor-coffee"));
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let public = app.app_view().public[0].id.clone();
    let asked = world.sandbox().pipe_queries();
    assert_eq!(app.select_tenant(&public).await.expect_err("refused").code, "public-token-other-workspace");
    assert_eq!(world.sandbox().pipe_queries(), asked);
    assert!(!store_key(&public).await, "nothing is kept for it");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn whoever_signs_in_beside_it_sees_their_own_rows_and_can_come_back() {
    let world = World::new().await;
    let (app, public) = looked_at(&world).await;
    let of_everyone = devices(&app, &public).await;
    app.save_signing_key(&app.app_view().connections[0].id, world.sandbox().admin_token().to_owned())
        .await
        .expect("the key is kept");
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    assert!(!values(&app, &harbor, "top-pages").await.is_empty());
    look_at(&app, &public).await;
    assert_eq!(app.app_view().active.as_deref(), Some(public.as_str()));
    assert_eq!(devices(&app, &public).await.len(), of_everyone.len());
}
