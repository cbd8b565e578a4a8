//! A dashboard edited in the real window, by keyboard and by pointer: what is
//! then in its file, byte by byte.

use std::fs;

use fantoccini::key::Key;

use crate::stage::{App, Stage, eventually, files_below};

/// With comments, and values written in ways of their own.
const DASHBOARD: &str = r##"# What a shop's owner looks at.
version = 1
title = "Shop"   # ours

[time]
default = "7d"

# How many came.
[[tile]]
title = "Visits"
pipe = "kpis"
width = 4
height  =  2     # tall enough
[tile.chart]
kind = "area"
x = "date"
y = ["visits"]

[[tile]]
title = "Devices"
pipe = 'top_devices'
width = 4
height = 2
[tile.chart]
kind = "donut"
x = "device"
y = ["visits"]

# The long list.
[[tile]]
title = "Pages"
pipe = "top_pages"
width = 4
height = 2
[tile.chart]
kind = "bar-list"
x = "pathname"
y = ["visits"]
"##;

/// What it is in the end.
const AFTERWARDS: &str = r##"# What a shop's owner looks at.
version = 1
title = "Shop"   # ours

[time]
default = "7d"

# The long list.
[[tile]]
title = "Pages"
pipe = "top_pages"
width = 4
height = 2
[tile.chart]
kind = "bar-list"
x = "pathname"
y = ["visits"]

[[tile]]
title = "Top sources"
pipe = "top_sources"
width = 6
height = 3
[tile.chart]
kind = "bar-list"
x = "source"
y = "visits"

[[tile]]
title = "Screens"
id = "devices"
pipe = 'top_devices'
width = 4
height = 3
[tile.chart]
kind = "donut"
x = "device"
y = ["visits"]

# How many came.
[[tile]]
title = "Visits"
pipe = "kpis"
width = 6
height  =  2     # tall enough
[tile.chart]
kind = "area"
x = "date"
y = ["visits"]
"##;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_dashboard_is_edited_by_keyboard_and_by_pointer_and_saved_with_its_comments() {
    let stage = Stage::new().await;
    fs::write(stage.dashboards().join("a-shop.toml"), DASHBOARD).expect("a dashboard");
    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    edited_by_keyboard(&app, &stage).await;
    let by_pointer = edited_by_pointer(&app, &stage).await;
    a_discarded_edit_leaves_the_file(&app, &stage, &by_pointer).await;
    app.quit().await;

    let app = App::start(&stage, &[]).await;
    let ids = app.dashboard_of("Harbor Coffee").await;
    assert_eq!(ids, ["pages", "top-sources", "devices", "visits"], "the next start shows what was saved");
    app.quit().await;
}

async fn edited_by_keyboard(app: &App, stage: &Stage) {
    type_anywhere(app, "e").await;
    app.find("edit-toolbar").await;
    // Wider by two columns.
    keys(app, "edit-visits", &[Key::Shift.into(), Key::Right.into(), Key::Right.into()]).await;
    shows(app, "Visits", (6, 2)).await;
    // The last one first.
    keys(app, "edit-pages", &[Key::Home.into()]).await;
    stands(app, &["pages", "visits", "devices"]).await;
    let command: char = Key::Control.into();
    keys(app, "edit-pages", &[command, 'z']).await;
    stands(app, &["visits", "devices", "pages"]).await;
    keys(app, "edit-pages", &[command, Key::Shift.into(), 'z']).await;
    stands(app, &["pages", "visits", "devices"]).await;
    keys(app, "edit-devices", &[Key::Delete.into()]).await;
    stands(app, &["pages", "visits"]).await;
    keys(app, "edit-pages", &[command, 'z']).await;
    stands(app, &["pages", "visits", "devices"]).await;
    // Another name.
    keys(app, "edit-devices", &[Key::F2.into()]).await;
    app.find("edit-title").await;
    keys(app, "edit-title", &[command, 'a']).await;
    app.type_into("edit-title", "Screens").await;
    keys(app, "edit-title", &[Key::Enter.into()]).await;
    shows(app, "Screens", (4, 2)).await;
    keys(app, "edit-title", &[Key::Escape.into()]).await;
    assert_eq!(saved(stage), DASHBOARD, "nothing is written before it is saved");
    type_anywhere(app, &[command, 's'].iter().collect::<String>()).await;
    is_saved(app).await;

    let long = "# The long list.\n[[tile]]\ntitle = \"Pages\"\npipe = \"top_pages\"\nwidth = 4\nheight = 2\n\
                [tile.chart]\nkind = \"bar-list\"\nx = \"pathname\"\ny = [\"visits\"]\n";
    let expected = DASHBOARD
        .replacen(&format!("\n{long}"), "", 1)
        .replacen("# How many came.", &format!("{long}\n# How many came."), 1)
        .replacen("width = 4\nheight  =  2", "width = 6\nheight  =  2", 1)
        .replacen("title = \"Devices\"\n", "title = \"Screens\"\nid = \"devices\"\n", 1);
    assert_eq!(saved(stage), expected);
}

async fn edited_by_pointer(app: &App, stage: &Stage) -> String {
    // Into the place of another.
    let layer = |tile: &str| format!("[data-testid=\"edit-{tile}\"]");
    app.drag((&layer("visits"), (0.5, 0.3)), (&layer("devices"), (0.8, 0.5))).await;
    app.find("edit-target").await;
    app.let_go().await;
    stands(app, &["pages", "devices", "visits"]).await;
    // Lower by a row.
    app.drag((&layer("corner-devices"), (0.5, 0.5)), (&layer("corner-devices"), (0.5, 4.5))).await;
    app.let_go().await;
    shows(app, "Screens", (4, 3)).await;
    // One more, of what the token reads.
    app.click("edit-add").await;
    app.click("add-pipe-top_sources").await;
    stands(app, &["pages", "devices", "visits", "top-sources"]).await;
    app.dashboard_of("Harbor Coffee").await;
    app.click("edit-panel-close").await;
    app.drag((&layer("top-sources"), (0.5, 0.3)), (&layer("devices"), (0.1, 0.5))).await;
    app.let_go().await;
    stands(app, &["pages", "top-sources", "devices", "visits"]).await;
    app.click("edit-done").await;
    eventually("the end of editing", || async { (!app.shows("edit-toolbar").await).then_some(()) }).await;

    let saved = saved(stage);
    assert_eq!(saved, AFTERWARDS);
    saved
}

async fn a_discarded_edit_leaves_the_file(app: &App, stage: &Stage, before: &str) {
    app.click("dashboard-menu").await;
    app.click("edit-dashboard").await;
    keys(app, "edit-visits", &[Key::Delete.into()]).await;
    stands(app, &["pages", "top-sources", "devices"]).await;
    keys(app, "edit-pages", &[Key::Escape.into()]).await;
    app.click("edit-leave-discard").await;
    stands(app, &["pages", "top-sources", "devices", "visits"]).await;
    assert!(!app.shows("edit-toolbar").await);
    assert_eq!(saved(stage), before);
}

/// The dashboard's file, where the app keeps it.
fn saved(stage: &Stage) -> String {
    let files = files_below(&stage.config());
    let file = files.iter().find(|file| file.ends_with("dashboards/a-shop.toml")).expect("the file");
    fs::read_to_string(file).expect("a text")
}

/// Gives an element the keyboard and types.
async fn keys(app: &App, test_id: &str, keys: &[char]) {
    app.type_into(test_id, &keys.iter().collect::<String>()).await;
}

async fn type_anywhere(app: &App, text: &str) {
    app.find_css("body").await.send_keys(text).await.expect("keys");
}

async fn is_saved(app: &App) {
    eventually("the draft to be saved", || async {
        let unsaved = app.find("edit-toolbar").await.attr("data-unsaved").await.ok()??;
        (unsaved == "false").then_some(())
    })
    .await;
}

/// Waits until the tiles stand in this order.
async fn stands(app: &App, ids: &[&str]) {
    let order = "return [...document.querySelectorAll('[data-testid^=\"tile-\"][data-state]')]
         .map((tile) => tile.dataset.testid.slice('tile-'.length));";
    eventually(&format!("{ids:?}"), || async {
        (app.script(order, Vec::new()).await == serde_json::json!(ids)).then_some(())
    })
    .await;
}

/// Waits until a tile of this title has this many columns and rows.
async fn shows(app: &App, title: &str, (width, height): (u8, u8)) {
    let label = format!("{title}: {width} of 12 columns, {height} rows. Edit");
    app.find_css(&format!("button[aria-label=\"{label}\"]")).await;
}
