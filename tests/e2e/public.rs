//! What anyone with a connection may see: on a fresh start, before any sign-in
//! and without an admin token.

use std::fs;

use crate::sql;
use crate::stage::{App, Stage, eventually};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn public_dashboards_say_what_the_rows_say_before_anybody_signed_in() {
    let stage = Stage::new().await;
    let app = App::start_with_connection(&stage).await;
    app.find("signed-out").await;
    assert_eq!(app.open_public().await, ["visits", "page-views", "devices", "visits-by-day"]);
    assert!(app.find("public-bar").await.text().await.expect("a text").contains("Everyone with this connection"));
    assert!(!app.shows("account").await, "nobody is signed in");

    let (at, shown) = app.of_one_answer("devices", || app.list("devices")).await;
    assert_eq!(shown, sql::visits_of_all_by_device(stage.sandbox(), at));
    let (at, shown) = app.of_one_answer("visits", || app.number("visits")).await;
    assert_eq!(shown, sql::visits_of_all(stage.sandbox(), at).to_string());
    let (at, shown) = app.of_one_answer("page-views", || app.number("page-views")).await;
    assert_eq!(shown, sql::page_views_of_all(stage.sandbox(), at).to_string());

    // The sign-in that is offered there leads to one's own rows, and these stay.
    app.click("sign-in-here").await;
    app.type_signing_key(&stage).await;
    eventually("the key to be kept", || async { (!app.shows("signing-key-form").await).then_some(()) }).await;
    app.click("connections-dialog-close").await;
    app.sign_in("grace", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    assert!(!app.shows("public-bar").await);
    let names = app.names_of_dashboards().await;
    assert!(!names.contains(&"Site overview".to_owned()), "{names:?}");
    app.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_refusal_reaches_the_viewer_as_a_sentence_and_the_operator_whole() {
    let stage = Stage::new().await;
    let text = fs::read_to_string(stage.connection()).expect("a file");
    let (before, _) = text.rsplit_once("token = ").expect("a public token");
    fs::write(stage.connection(), format!("{before}token = \"p.revoked-by-the-operator\"\n")).expect("written");
    let app = App::start_with_connection(&stage).await;
    app.click_starting_with("open-public-").await;
    let tile = app.find_css("[data-testid=\"tile-devices\"][data-problem=\"pipe-forbidden\"]").await;
    let said = tile.text().await.expect("a text");
    assert!(said.contains("does not accept this token") && !said.contains("403"), "{said}");
    app.click_css("[data-testid=\"tile-devices\"] [data-testid=\"tile-details-open\"]").await;
    let whole = app.find("problem-detail").await.text().await.expect("a text");
    for line in ["pipe: overview_devices", "status: 403", "error: ", "documentation: https://", "request id: "] {
        assert!(whole.contains(line), "{line} is not in {whole}");
    }
    assert!(!whole.contains("p.revoked"), "{whole}");
    app.click("tile-details-copy").await;
    eventually("the copy to be made", || async {
        let button = app.find("tile-details-copy").await.text().await.ok()?;
        (button == "Copied").then_some(())
    })
    .await;
    app.quit().await;
    assert!(!fs::read_to_string(stage.log()).expect("a log").contains("p.revoked"));
}
