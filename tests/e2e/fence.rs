//! What the viewer's machine can ask for, and what it gets.

use std::fs;

use crate::sql;
use crate::stage::{App, Stage};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn asking_for_another_organizations_rows_answers_with_ones_own() {
    let stage = Stage::new().await;
    let (own, other) = (sql::organization("harbor-coffee"), sql::organization("larkspur-books"));
    let file = stage.dashboards().join("web-traffic.toml");
    let text = fs::read_to_string(&file).expect("a dashboard");
    let edited =
        text.replace("parameters = { limit = 8 }", &format!("parameters = {{ limit = 8, org_id = \"{other}\" }}"));
    assert_ne!(text, edited, "the dashboard's tiles have parameters to edit");
    fs::write(&file, edited).expect("edited");

    let app = App::start_connected(&stage).await;
    app.sign_in("grace", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    let (at, shown) = app.of_one_answer("top-pages", || app.list("top-pages")).await;
    assert_eq!(shown, sql::visits_by(stage.sandbox(), own, "pathname", 8, at));
    assert_ne!(
        shown,
        sql::visits_by(stage.sandbox(), other, "pathname", 8, at),
        "the two differ, so this test can fail"
    );
    app.quit().await;
}
