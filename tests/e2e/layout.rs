//! How a dashboard lies in the real window: tabs by keyboard, sections, the wall display, a comparison, and a tile with
//! a mistake among whole ones. Screenshots stay in `target/demo`.

use std::fs;
use std::path::Path;

use fantoccini::Client;
use serde_json::{Value, json};

use crate::alive;
use crate::stage::{App, Stage, eventually};

const WRONG: &str =
    "\n[[tile]]\ntitle = \"Too wide\"\npipe = \"kpis\"\nwidth = 13\ntab = \"Sources\"\n[tile.chart]\nkind = \"line\"\n";

/// The sample with two tabs, a section, and a tile that is wider than the grid.
fn arrange(stage: &Stage) {
    let file = stage.dashboards().join("web-traffic.toml");
    let mut text = fs::read_to_string(&file).expect("a dashboard");
    for (title, place) in [
        ("Visits over time", "tab = \"Pages\""),
        ("Devices", "tab = \"Pages\""),
        ("Top pages", "tab = \"Pages\"\nsection = \"What they read\""),
        ("Sources", "tab = \"Sources\""),
    ] {
        let line = format!("title = \"{title}\"");
        assert!(text.contains(&line), "{title}");
        text = text.replacen(&line, &format!("{line}\n{place}"), 1);
    }
    fs::write(&file, format!("{text}{WRONG}")).expect("written");
}

async fn shoot(name: &str, window: &Client) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(format!("layout-{name}.png")), window.screenshot().await.expect("a picture"))
        .expect("a file");
}

/// A key that is pressed where the focus is.
async fn press(app: &App, key: &str, control: bool) {
    let event = "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown',
         { key: arguments[0], ctrlKey: arguments[1], bubbles: true, cancelable: true }));";
    app.script(event, vec![json!(key), json!(control)]).await;
}

async fn text(app: &App, selector: &str) -> Option<String> {
    let found = app.script("return document.querySelector(arguments[0])?.textContent;", vec![json!(selector)]).await;
    found.as_str().map(|text| text.trim().to_owned())
}

async fn until(app: &App, what: &str, script: &str) -> Value {
    eventually(what, || async {
        let answer = app.script(&format!("return {script};"), Vec::new()).await;
        (answer != Value::Null && answer != json!(false)).then_some(answer)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_tile_fills_the_screen_drawn_anew_and_goes_back_to_its_place() {
    let stage = Stage::new().await;
    let app = alive::opened(&stage).await;
    let wide =
        "Math.round(document.querySelector('[data-testid=tile-lines] [data-testid=chart] svg')?.viewBox.baseVal.width)";
    let before = app.script(&format!("return {wide};"), Vec::new()).await;
    app.choose_in_menu("lines", "tile-full").await;
    until(&app, "the whole screen", "document.fullscreenElement?.dataset.testid === 'tile-lines'").await;
    until(&app, "a picture as wide", &format!("{wide} > innerWidth * 0.9 && {wide} > {before}")).await;
    let alone = "document.querySelectorAll('[data-testid=tile-lines] .host > svg').length === 1";
    until(&app, "the picture before to fade away", alone).await;
    shoot("full", app.window()).await;
    app.choose_in_menu("lines", "tile-full").await;
    until(&app, "its place", &format!("document.fullscreenElement === null && {wide} === {before}")).await;
    app.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn tabs_sections_and_the_wall_display_work_by_keyboard_and_a_wrong_tile_hides_nothing() {
    let stage = Stage::new().await;
    arrange(&stage);
    let app = App::start_connected(&stage).await;
    app.sign_in("grace", "harbor-coffee").await;
    let tiles = app.dashboard_of("Harbor Coffee").await;
    assert!(tiles.contains(&"top-pages".to_owned()) && !tiles.contains(&"sources".to_owned()), "{tiles:?}");
    shoot("pages", app.window()).await;

    app.script("document.querySelector('[role=tab][aria-selected=true]').focus();", Vec::new()).await;
    press(&app, "ArrowRight", false).await;
    assert_eq!(text(&app, "[role=tab][aria-selected=true]").await.as_deref(), Some("Sources"));
    let tiles = app.dashboard_of("Harbor Coffee").await;
    assert!(tiles.contains(&"sources".to_owned()) && !tiles.contains(&"top-pages".to_owned()), "{tiles:?}");
    let wrong = text(&app, "[data-testid=wrong-tile]").await.expect("the tile with the mistake");
    assert!(wrong.contains("Too wide") && wrong.contains("`width` is 13"), "{wrong}");
    shoot("wrong-tile", app.window()).await;

    press(&app, "Home", false).await;
    app.find("tile-top-pages").await;
    app.script("document.querySelector('[data-testid=section-toggle]').focus();", Vec::new()).await;
    app.click("section-toggle").await;
    eventually("the section to close", || async { (!app.shows("tile-top-pages").await).then_some(()) }).await;
    app.click("section-toggle").await;
    app.find("tile-top-pages").await;

    app.click("range").await;
    assert!(text(&app, "[data-testid=range-zone]").await.expect("a zone").starts_with("Days in"));
    shoot("range", app.window()).await;
    app.click("compare-year").await;
    let says =
        "document.querySelector('[data-testid=tile-visits] [data-testid=chart]')?.ariaLabel.includes('a year before')";
    until(&app, "the number to be compared with a year before", says).await;

    press(&app, "d", true).await;
    until(&app, "the wall", "document.querySelector('[data-testid=dashboard]').dataset.wall === 'true'").await;
    app.find("wall-clock").await;
    let alone = "[[5, 5], [innerWidth - 5, 5], [5, innerHeight - 5], [innerWidth / 2, 20]].every(([x, y]) =>
         document.querySelector('[data-testid=dashboard]').contains(document.elementFromPoint(x, y)))";
    until(&app, "nothing but the wall", alone).await;
    until(&app, "the pointer to go", "document.querySelector('.still') !== null").await;
    shoot("wall", app.window()).await;
    press(&app, "Escape", false).await;
    until(&app, "the window again", "document.querySelector('[data-testid=dashboard]').dataset.wall === 'false'").await;
    until(&app, "no full screen", "document.fullscreenElement === null").await;
    app.click("dashboard-menu").await;
    assert!(text(&app, "[data-testid=wall]").await.expect("the item").contains("Ctrl+D"));
    app.quit().await;
}
