//! The workspace's admin token on an operator's machine: typed once, kept in the
//! keychain and nowhere else, judged, replaced, forgotten.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use perch_desktop::Desktop;
use perch_desktop::view::SigningKeyView;
use perch_keychain::{Keychain, Slot};
use serde_json::json;

use crate::filters::put_kinds;
use crate::world::{World, choice, draw, eventually, files_below, open, sign_in, values};

fn signing_key(app: &Desktop) -> SigningKeyView {
    app.app_view().connections[0].signing_key.clone()
}

async fn in_keychain(connection: &str) -> Option<String> {
    let slot = Slot::SigningKey { connection };
    let key = Keychain::open().retrieve(slot).await.expect("an open keychain");
    key.map(|key| key.expose().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn the_admin_token_is_in_the_keychain_and_in_no_file_and_forgotten_when_told_so() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    let key = world.sandbox().admin_token();
    let connection = app.app_view().connections[0].id.clone();
    assert_eq!(in_keychain(&connection).await.as_deref(), Some(key));
    assert_eq!(signing_key(&app), SigningKeyView::Kept);
    let files =
        [world.places().config, world.places().data].iter().flat_map(|folder| files_below(folder)).collect::<Vec<_>>();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "{}", file.display());
    }
    assert!(!format!("{:?}", app.app_view()).contains(key));

    app.forget_signing_key(&connection).await.expect("forgotten");
    assert_eq!((in_keychain(&connection).await, signing_key(&app)), (None, SigningKeyView::Missing));
    assert_eq!(app.token(&harbor).await.expect_err("nothing signs").code, "signing-key-missing");
    drop(app);

    let app = world.app(&choice);
    app.boot().await;
    eventually("that it is missing to be noticed", || async {
        (signing_key(&app) == SigningKeyView::Missing).then_some(())
    })
    .await;
    open(&app, &harbor).await;
    app.save_signing_key(&connection, format!(" {key}\n")).await.expect("kept again");
    assert_eq!(in_keychain(&connection).await.as_deref(), Some(key), "what a paste brings along is left out");
    assert_eq!(app.token(&harbor).await.expect("a token").source, "mint");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_admin_token_whose_tokens_are_refused_is_told_with_the_reason_and_the_next_mends_it() {
    let world = World::new().await;
    put_kinds(&world);
    let app = world.app(&choice("grace", "harbor-coffee"));
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let connection = app.app_view().connections[0].id.clone();
    app.save_signing_key(&connection, "p.of-another-workspace".to_owned()).await.expect("kept");
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    let problem = eventually("the refusal", || async {
        match signing_key(&app) {
            SigningKeyView::Refused { problem } => Some(problem),
            _ => None,
        }
    })
    .await;
    assert_eq!(problem.code, "signing-key-refused");
    let detail = problem.detail.expect("the reason");
    assert!(detail.contains("status: 403") && detail.contains("error: "), "{detail}");
    assert!(!detail.contains("eyJ") && !detail.contains("p.of-another-workspace"), "{detail}");
    let tile = draw(&app, &harbor, "top-pages").await.expect("a tile").problem.expect("why it is empty");
    assert_eq!(tile.code, "pipe-forbidden");

    let countries = async || app.filter_options(&harbor, "web-traffic", "location").await.expect("a list");
    // Refused so often that it would be left alone for a minute.
    for _ in 0..5 {
        let asked = world.sandbox().pipe_queries();
        app.refresh_tile(&harbor, "web-traffic", "top-pages").expect("asked again");
        eventually("another refusal", || async {
            let rests = !draw(&app, &harbor, "top-pages").await.expect("a tile").refreshing;
            (rests && world.sandbox().pipe_queries() > asked).then_some(())
        })
        .await;
        app.refresh_tile(&harbor, "web-traffic", "filter:location").expect("asked again");
        eventually("its refusal", || async { (!countries().await.refreshing).then_some(()) }).await;
    }
    assert_eq!(countries().await.problem.expect("why it is empty").code, "pipe-forbidden");
    app.save_signing_key(&connection, world.sandbox().admin_token().to_owned()).await.expect("kept");
    let at_once = tokio::time::timeout(Duration::from_secs(30), values(&app, &harbor, "top-pages")).await;
    assert!(!at_once.expect("what is on the screen is asked for again").is_empty());
    let listed = eventually("the values of a filter", || async { countries().await.fetched });
    tokio::time::timeout(Duration::from_secs(30), listed).await.expect("they are asked for again too");
    assert_eq!(signing_key(&app), SigningKeyView::Kept);
}

/// A Tinybird that refuses one pipe and answers all others. Where it listens.
async fn refusing_one_pipe(refused: &'static str) -> String {
    let answer = move |Path(pipe): Path<String>| async move {
        if pipe == refused {
            return (StatusCode::FORBIDDEN, Json(json!({"error": "not this one", "documentation": ""})));
        }
        let meta = json!([{"name": "source", "type": "String"}, {"name": "visits", "type": "UInt64"}]);
        (StatusCode::OK, Json(json!({"meta": meta, "data": [{"source": "direct", "visits": 7}], "rows": 1})))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/v0/pipes/{pipe}", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_pipe_that_alone_is_refused_says_nothing_against_the_admin_token() {
    let world = World::new().await;
    let tinybird = refusing_one_pipe("top_pages.json").await;
    let text = std::fs::read_to_string(world.connection()).expect("a file");
    std::fs::write(world.connection(), text.replace(world.sandbox().tinybird(), &tinybird)).expect("written");
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    assert_eq!(values(&app, &harbor, "sources").await, ["7"]);
    for _ in 0..3 {
        app.refresh_tile(&harbor, "web-traffic", "top-pages").expect("asked again");
        let refused = || async { draw(&app, &harbor, "top-pages").await.expect("a tile").problem };
        assert_eq!(eventually("the refusal", refused).await.code, "pipe-forbidden");
    }
    assert_eq!(signing_key(&app), SigningKeyView::Kept);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_cannot_be_an_admin_token_is_not_kept_and_not_repeated() {
    let world = World::new().await;
    let app = world.app(&choice("grace", "harbor-coffee"));
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let connection = app.app_view().connections[0].id.clone();
    for (typed, code) in [
        (" \n", "signing-key-empty"),
        ("p.first p.second", "signing-key-malformed"),
        ("TOKEN=p.first\nOTHER=1", "signing-key-malformed"),
        ("p.ñandú", "signing-key-malformed"),
    ] {
        let problem = app.save_signing_key(&connection, typed.to_owned()).await.expect_err(code);
        assert_eq!(problem.code, code);
        assert!(!format!("{problem:?}").contains("first"), "{problem:?}");
    }
    let long = app.save_signing_key(&connection, "p".repeat(1_281)).await.expect_err("too long");
    assert!(long.code.starts_with("keychain"), "{long:?}");
    assert_eq!((in_keychain(&connection).await, signing_key(&app)), (None, SigningKeyView::Missing));
}
