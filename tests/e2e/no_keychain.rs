//! Where the system has no keychain, Perch says so and runs for the visit.

use std::path::PathBuf;

use crate::stage::{App, Stage, files_below};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn without_a_keychain_perch_says_so_and_runs_for_this_visit() {
    let stage = Stage::new().await;
    let connection = stage.connection();
    let words = [connection.to_str().expect("a path in UTF-8")];
    let app = App::start_without_keychain(&stage, &words).await;
    app.type_signing_key(&stage).await;
    let notice = app.find("notice").await.attr("data-code").await.expect("an attribute");
    assert_eq!(notice.as_deref(), Some("keychain-for-this-visit"));
    app.sign_in("ada", "harbor-coffee").await;
    assert_eq!(app.dashboard_of("Harbor Coffee").await.len(), 8);
    app.quit().await;
    assert_eq!(files_below(&stage.data()), Vec::<PathBuf>::new(), "nothing is left");

    let app = App::start_without_keychain(&stage, &[]).await;
    app.find("signing-key").await;
    assert!(!app.shows("dashboard").await);
    app.quit().await;
}
