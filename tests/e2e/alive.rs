//! Charts under a hand, in the real window: hover, brush, legend, keyboard,
//! filter by click, tables that are sorted and searched.

use std::fs;

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::stage::{App, Mark, Stage, eventually};

/// Tiles that measure the same days, one whose marks filter, and a table.
const DASHBOARD: &str = r#"
version = 1
title = "Alive"

[time]
default = "30d"
from = "date_from"
to = "date_to"

[[filter]]
name = "device"

[[tile]]
id = "lines"
title = "Visits and page views"
pipe = "kpis"
width = 6
height = 4
[tile.chart]
kind = "line"
x = "date"
y = ["visits", "pageviews"]

[[tile]]
id = "visits"
title = "Visits"
pipe = "kpis"
width = 6
height = 4
[tile.chart]
kind = "area"
x = "date"
y = ["visits"]

[[tile]]
id = "devices"
title = "Devices"
pipe = "top_devices"
width = 6
height = 4
[tile.chart]
kind = "bar-list"
x = "device"
y = ["visits"]

[[tile]]
id = "pages"
title = "Pages"
pipe = "top_pages"
parameters = { limit = 40 }
width = 6
height = 4
[tile.chart]
kind = "table"
x = "pathname"
y = ["visits"]
"#;

pub async fn opened(stage: &Stage) -> App {
    fs::write(stage.dashboards().join("alive.toml"), DASHBOARD).expect("a dashboard");
    let app = App::start_connected(stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    app
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_chart_is_pointed_at_brushed_and_thinned_out_by_hand() {
    let stage = Stage::new().await;
    let app = opened(&stage).await;
    hover_is_shared(&app).await;
    a_brush_zooms_and_comes_back(&app).await;
    the_legend_turns_series_off(&app).await;
    app.quit().await;
}

/// One chart has the tooltip; the other that measures time only the crosshair.
async fn hover_is_shared(app: &App) {
    let mark = app.hover("lines", 0.5, 0.5).await.expect("a tooltip");
    let amounts: Vec<f64> = mark.entries.iter().map(|(_, value)| number(value)).collect();
    assert_eq!(amounts.len(), 2, "{mark:?}");
    assert!(amounts[0] >= amounts[1], "the greatest first: {mark:?}");
    assert_eq!(app.count("visits", "crosshair").await, 1);
    assert_eq!(app.count("visits", "tooltip").await, 0);
    assert_eq!(app.count("devices", "crosshair").await, 0, "names have no instant");
    app.hover("visits", 0.5, 0.5).await.expect("a tooltip");
    assert_eq!((app.count("lines", "crosshair").await, app.count("visits", "crosshair").await), (1, 0));
    assert_eq!(app.count("lines", "tooltip").await, 0);
}

async fn a_brush_zooms_and_comes_back(app: &App) {
    let whole = app.walk("lines").await;
    app.hold("lines", (0.4, 0.5), (0.7, 0.5)).await;
    assert_eq!(app.count("lines", "brushed").await, 1, "the stretch is seen while it is brushed");
    app.let_go().await;
    app.find("tile-reset-zoom").await;
    let zoomed = eventually("the zoomed picture", || async {
        Some(app.walk("lines").await).filter(|marks| marks.len() < whole.len())
    })
    .await;
    assert!(zoomed.len() >= 2 && is_stretch_of(&zoomed, &whole), "{zoomed:?}");
    app.press_twice_at("lines", (0.5, 0.5)).await;
    eventually("the whole axis", || async { (app.walk("lines").await == whole).then_some(()) }).await;
    assert!(!app.shows("tile-reset-zoom").await);

    // With the keyboard: closer, and back.
    app.keys("lines", "+").await;
    app.find("tile-reset-zoom").await;
    app.keys("lines", "0").await;
    eventually("the whole axis", || async { (app.walk("lines").await == whole).then_some(()) }).await;

    // Escape takes back what is being brushed.
    app.hold("lines", (0.4, 0.5), (0.7, 0.5)).await;
    let active = app.window().active_element().await.expect("a focus");
    active.send_keys(&char::from(Key::Escape).to_string()).await.expect("keys");
    app.let_go().await;
    assert_eq!(app.count("lines", "brushed").await, 0);
    assert!(!app.shows("tile-reset-zoom").await, "nothing was meant");
}

async fn the_legend_turns_series_off(app: &App) {
    app.click_in("lines", "legend-pageviews").await;
    let names = || async {
        let mark = app.hover("lines", 0.5, 0.5).await?;
        Some(mark.entries.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
    };
    eventually("one series", || async { (names().await? == ["visits"]).then_some(()) }).await;
    let pressed = app.find("legend-pageviews").await.attr("aria-pressed").await.expect("an attribute");
    assert_eq!(pressed.as_deref(), Some("false"));
    // By keyboard: a second click so soon would be a double click, which leaves a series alone.
    app.find("legend-pageviews").await.send_keys(" ").await.expect("keys");
    eventually("both series", || async { (names().await?.len() == 2).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_mark_filters_and_rows_are_sorted_searched_and_read() {
    let stage = Stage::new().await;
    let app = opened(&stage).await;
    a_mark_filters_the_dashboard(&app).await;
    rows_are_sorted_and_searched(&app).await;
    a_chart_is_read_as_a_table(&app).await;
    app.quit().await;
}

/// By keyboard, and away by the chip; by hand, and away by a second press.
async fn a_mark_filters_the_dashboard(app: &App) {
    let all = total(app).await;
    app.keys("devices", &format!("{}{}", char::from(Key::Home), char::from(Key::Enter))).await;
    let chip = app.find("filter-device").await;
    let chosen = chip.attr("title").await.expect("an attribute").expect("a title");
    assert!(chosen.to_lowercase().starts_with("device: "), "{chosen}");
    eventually("fewer visits", || async { (total(app).await < all).then_some(()) }).await;
    app.click("filter-device").await;
    eventually("all visits", || async { (total(app).await >= all).then_some(()) }).await;
    assert!(!app.shows("filter-device").await);

    app.press_at("devices", (0.1, 0.14)).await;
    app.find("filter-device").await;
    eventually("a marked bar", || async { (app.count("devices", "chosen").await == 1).then_some(()) }).await;
    app.press_at("devices", (0.1, 0.14)).await;
    eventually("no filter", || async { (!app.shows("filter-device").await).then_some(()) }).await;
}

/// The visits of all days, once every tile has been answered.
async fn total(app: &App) -> f64 {
    app.dashboard_of("Harbor Coffee").await;
    app.walk("visits").await.iter().map(|mark| number(&mark.entries[0].1)).sum()
}

async fn rows_are_sorted_and_searched(app: &App) {
    let first = || async { app.walk("pages").await.into_iter().next().expect("a row") };
    let visits = |mark: &Mark| mark.entries.iter().find(|(name, _)| name == "visits").map(|(_, value)| number(value));
    app.click_in("pages", "column-visits").await;
    let most = eventually("the greatest first", || async { visits(&first().await) }).await;
    app.click_in("pages", "column-visits").await;
    eventually("the least first", || async { visits(&first().await).filter(|least| *least < most) }).await;

    app.keys("pages", &format!("{}f", char::from(Key::Control))).await;
    app.type_into("tile-search", "shop").await;
    let found = eventually("what was found", || async {
        let words = app.find("tile-found").await.text().await.ok()?;
        words.split(' ').next()?.parse::<usize>().ok()
    })
    .await;
    let rows = eventually("the rows that were found", || async {
        Some(app.walk("pages").await).filter(|rows| rows.len() == found)
    })
    .await;
    assert!(rows.iter().all(|row| row.entries.iter().any(|(_, value)| value.contains("shop"))), "{rows:?}");
    app.click("tile-search-end").await;
}

async fn a_chart_is_read_as_a_table(app: &App) {
    let days = app.walk("visits").await;
    app.choose_in_menu("visits", "tile-as-table").await;
    eventually("a table", || async { app.summary("visits").await.contains("Table of").then_some(()) }).await;
    let row = app.walk("visits").await.into_iter().next().expect("a row");
    let shown = row.entries.iter().find(|(name, _)| name == "visits").map(|(_, value)| number(value));
    assert_eq!(shown, Some(number(&days[0].entries[0].1)), "the table says what the chart says");
    app.choose_in_menu("visits", "tile-as-chart").await;
    eventually("the chart", || async { (app.walk("visits").await == days).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn nothing_moves_for_who_asked_for_less_motion() {
    let stage = Stage::new().await;
    let app = opened(&stage).await;
    assert_eq!(motion(&app).await, json!([true, true]), "pictures fade and tooltips glide");
    app.quit().await;
    let app = App::start_calm(&stage).await;
    app.dashboard_of("Harbor Coffee").await;
    assert_eq!(motion(&app).await, json!([false, false]));
    app.quit().await;
}

/// Whether a picture fades away over the next one, and whether a tooltip glides.
async fn motion(app: &App) -> Value {
    let watch = "window.faded = false;
         new MutationObserver(() => { window.faded ||= document.querySelector('[data-leaving]') !== null; })
           .observe(document.querySelector('main'), { subtree: true, childList: true, attributes: true });";
    app.script(watch, Vec::new()).await;
    app.click_in("lines", "legend-visits").await;
    eventually("another picture", || async { (app.hover("lines", 0.5, 0.5).await?.entries.len() == 1).then_some(()) })
        .await;
    app.hover("lines", 0.6, 0.5).await;
    let moved = "const done = arguments[0];
         requestAnimationFrame(() => requestAnimationFrame(() =>
           done([window.faded, document.querySelector('.glides') !== null])));";
    app.script_async(moved).await
}

fn is_stretch_of(part: &[Mark], whole: &[Mark]) -> bool {
    let headings = |marks: &[Mark]| marks.iter().map(|mark| mark.heading.clone()).collect::<Vec<_>>();
    headings(whole).windows(part.len()).any(|stretch| stretch == headings(part))
}

fn number(value: &str) -> f64 {
    value.replace(',', "").parse().unwrap_or_else(|_| panic!("a number: {value}"))
}
