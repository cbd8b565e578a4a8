//! axe-core over the real window, in both themes and in the states that a viewer
//! of a dashboard meets: no violation of any of its rules.

use std::fs;
use std::path::Path;

use fantoccini::Client;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::alive;
use crate::stage::{App, Stage, eventually};

/// Beside a tile that is fine: one whose pipe is not there, and one without rows.
const TROUBLE: &str = r#"
version = 1
title = "Trouble"

[[tile]]
id = "gone"
title = "Gone"
pipe = "no_such_pipe"
width = 4
height = 3
[tile.chart]
kind = "line"

[[tile]]
id = "empty"
title = "Empty"
pipe = "empty"
width = 4
height = 3
[tile.chart]
kind = "table"
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn axe_finds_nothing_in_any_state_of_a_dashboard() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let stage = Stage::serving(Some(golden)).await;
    fs::write(stage.dashboards().join("trouble.toml"), TROUBLE).expect("a dashboard");
    let app = alive::opened(&stage).await;
    check(&app, "a dashboard").await;

    app.hover("lines", 0.5, 0.5).await.expect("a tooltip");
    check(&app, "a tooltip").await;
    app.click_in("lines", "tile-menu").await;
    check(&app, "a tile's menu").await;
    app.click_in("lines", "tile-as-table").await;
    eventually("a table", || async { app.summary("lines").await.contains("Table of").then_some(()) }).await;
    app.choose_in_menu("lines", "tile-search-open").await;
    check(&app, "a chart as a table, and its search").await;
    app.press_at("devices", (0.1, 0.14)).await;
    app.find("filter-device").await;
    check(&app, "a filtered dashboard").await;
    editing(&app).await;
    app.click("dashboard-tab-trouble").await;
    app.find("tile-problem").await;
    check(&app, "tiles that fail and tiles without rows").await;
    app.quit().await;

    let app = App::start_dark(&stage).await;
    app.click("dashboard-tab-alive").await;
    app.dashboard_of("Harbor Coffee").await;
    check(&app, "a dark dashboard, filtered").await;
    app.click_in("lines", "tile-menu").await;
    check(&app, "a tile's menu in the dark").await;
    app.click("dashboard-tab-trouble").await;
    app.find("tile-problem").await;
    check(&app, "trouble in the dark").await;
    app.quit().await;
}

async fn editing(app: &App) {
    app.click("dashboard-menu").await;
    check(app, "a dashboard's menu").await;
    app.click("edit-dashboard").await;
    app.find("edit-toolbar").await;
    check(app, "a dashboard that is edited").await;
    app.type_into("edit-devices", &char::from(Key::Enter).to_string()).await;
    app.find("edit-title").await;
    check(app, "the fields of a tile").await;
    app.click("edit-add").await;
    check(app, "what can be added").await;
    app.click("edit-panel-close").await;
    app.click("edit-done").await;
    eventually("the end of editing", || async { (!app.shows("edit-toolbar").await).then_some(()) }).await;
}

async fn check(app: &App, state: &str) {
    let found = violations(app.window()).await;
    assert_eq!(found, json!([]), "{state}");
}

/// What axe finds: the rule, and where.
async fn violations(window: &Client) -> Value {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(axe).expect("axe-core, which `make test` installs");
    window.execute(&axe, Vec::new()).await.expect("axe is loaded");
    let run = "const done = arguments[0];
         window.axe.run(document, { resultTypes: ['violations'] }).then(
           ({ violations }) => done(violations.map(({ id, nodes }) =>
             `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary})`).join('; ')}`)),
           (error) => done(String(error)));";
    window.execute_async(run, Vec::new()).await.expect("axe runs")
}
