//! Filters above a dashboard and links to it, in the real window: chosen by
//! keyboard, kept over a restart, copied into a link and followed again.

use std::fs;
use std::process::Command;

use fantoccini::key::Key;

use crate::stage::{App, Stage, eventually};

/// One number that heeds two filters, whose values come from a pipe and from the file.
const DASHBOARD: &str = r#"
version = 2
title = "Filtered"

[time]
default = "30d"
from = "date_from"
to = "date_to"

[[filter]]
name = "location"
label = "Country"
kind = "multi-select"
[filter.options]
pipe = "locations"
value = "location"
label = "country"

[[filter]]
name = "device"
kind = "select"
values = ["desktop", { value = "mobile", label = "Phone" }]

[[filter]]
name = "browser"
kind = "text"

[[tile]]
id = "visits"
title = "Visits"
pipe = "kpis"
width = 6
height = 3
[tile.chart]
kind = "kpi"
x = "date"
y = "visits"
aggregate = "sum"
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn what_is_chosen_by_keyboard_changes_the_rows_is_kept_and_is_in_a_link() {
    let stage = Stage::new().await;
    fs::write(stage.dashboards().join("filtered.toml"), DASHBOARD).expect("a dashboard");
    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    app.click("dashboard-tab-filtered").await;
    app.find_css("[data-dashboard=\"filtered\"]").await;

    let all = visits(&app).await;
    let of_two = countries_are_chosen(&app, all).await;
    let of_phones = a_device_is_chosen(&app, of_two).await;
    let link = the_link(&app).await;
    assert!(link.starts_with("perch://open/?connection=") && link.contains("filter.location=DE"), "{link}");

    app.click("filters-clear").await;
    eventually("all visits", || async { (visits(&app).await >= all).then_some(()) }).await;
    assert_eq!(face(&app, "location").await, "Country All");
    follow(&app, &link).await;
    eventually("what the link chooses", || async { (visits(&app).await == of_phones).then_some(()) }).await;
    app.quit().await;

    let app = App::start(&stage, &[]).await;
    app.dashboard_of("Harbor Coffee").await;
    assert_eq!(face(&app, "device").await, "Device Phone", "a restart keeps it");
    assert_eq!(face(&app, "location").await, "Country Germany +1", "with the countries' names");
    assert!(visits(&app).await >= of_phones);
    app.quit().await;
}

/// The one number, once every tile is drawn.
async fn visits(app: &App) -> u64 {
    app.dashboard_of("Harbor Coffee").await;
    app.number("visits").await.replace(',', "").parse().expect("a count")
}

/// A filter's button in words.
async fn face(app: &App, filter: &str) -> String {
    // WebDriver's own words leave out what may be cut off at the end.
    let text = app.find(&format!("filter-{filter}")).await.prop("textContent").await.expect("a text").expect("a text");
    let plain: String = text.chars().filter(|letter| !matches!(letter, '\u{2068}' | '\u{2069}')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn countries_are_chosen(app: &App, all: u64) -> u64 {
    search(app, "germ").await;
    eventually("Germany", || async { (face(app, "location").await == "Country Germany").then_some(()) }).await;
    let of_one = eventually("fewer visits", || async { Some(visits(app).await).filter(|some| *some < all) }).await;
    search(app, "canada").await;
    eventually("two countries", || async { (face(app, "location").await == "Country Germany +1").then_some(()) }).await;
    // The list stays open for another, and the field takes the next search.
    for _ in 0.."canada".len() {
        app.type_into("options-search", &char::from(Key::Backspace).to_string()).await;
    }
    app.type_into("options-search", &char::from(Key::Escape).to_string()).await;
    assert!(!app.shows("options").await, "Escape closes the list");
    eventually("more visits", || async { Some(visits(app).await).filter(|some| of_one < *some && *some < all) }).await
}

/// Searches the list of countries, and chooses the first that it finds.
async fn search(app: &App, text: &str) {
    app.click("filter-location").await;
    app.find("option").await;
    app.type_into("options-search", &format!("{text}{}", char::from(Key::Enter))).await;
}

async fn a_device_is_chosen(app: &App, before: u64) -> u64 {
    app.type_into("filter-device", &char::from(Key::Down).to_string()).await;
    app.find("option").await;
    app.type_into("options-search", &format!("{}{}", char::from(Key::Down), char::from(Key::Enter))).await;
    eventually("a phone", || async { (face(app, "device").await == "Device Phone").then_some(()) }).await;
    eventually("fewer visits", || async { Some(visits(app).await).filter(|some| *some < before) }).await
}

/// Copies the link by the menu, and pastes it where the viewer could.
async fn the_link(app: &App) -> String {
    app.click("dashboard-menu").await;
    app.click("copy-link").await;
    app.click("filter-device").await;
    app.type_into("options-search", &format!("{}v", char::from(Key::Control))).await;
    let pasted = "return document.querySelector('[data-testid=\"options-search\"]').value;";
    let link = eventually("the link", || async {
        let value = app.script(pasted, Vec::new()).await;
        value.as_str().filter(|value| value.starts_with("perch:")).map(str::to_owned)
    })
    .await;
    app.type_into("options-search", &char::from(Key::Escape).to_string()).await;
    link
}

/// Opens a link as the system does: a second process hands it to the first.
async fn follow(app: &App, link: &str) {
    eventually("Perch to register its links", || async {
        let output = Command::new("xdg-mime").args(["query", "default", "x-scheme-handler/perch"]).output().ok()?;
        (!output.stdout.trim_ascii().is_empty()).then_some(())
    })
    .await;
    let handed = Command::new("xdg-open").arg(link).output().expect("the desktop's opener");
    assert!(handed.status.success(), "{}", String::from_utf8_lossy(&handed.stderr));
    eventually("the link to be followed", || async {
        (face(app, "location").await == "Country Germany +1").then_some(())
    })
    .await;
}
