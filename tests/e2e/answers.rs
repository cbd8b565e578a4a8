//! Answers that the real engine printed, all the way to the screen: each tile
//! says what the engine's own CSV says.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use crate::stage::{App, Mark, Stage};

const DASHBOARD: &str = r#"
version = 1
title = "The engine's answers"

[[tile]]
title = "Big"
pipe = "big"
width = 12
height = 4
[tile.chart]
kind = "line"
x = "date"
y = ["visits", "hits"]
"#;

const TABLES: [&str; 4] = ["datetimes", "nullables", "strings", "lowcardinality"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn each_tile_says_what_the_engines_own_csv_says() {
    let stage = Stage::serving(Some(golden())).await;
    let tables = TABLES.map(|pipe| {
        format!("\n[[tile]]\nid = \"{pipe}\"\ntitle = \"{pipe}\"\npipe = \"{pipe}\"\nwidth = 6\nheight = 3\n[tile.chart]\nkind = \"table\"\n")
    });
    fs::write(stage.dashboards().join("answers.toml"), DASHBOARD.to_owned() + &tables.concat()).expect("a dashboard");

    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    assert_eq!(app.dashboard_of("Harbor Coffee").await.len(), 5, "the answers' dashboard comes first");
    for pipe in TABLES {
        let (names, rows) = csv(pipe);
        let summary = app.summary(pipe).await;
        assert!(summary.contains(&format!("Table of {} rows", rows.len())), "{pipe}: {summary}");
        let marks = app.walk_rows(pipe, rows.len()).await;
        for (mark, row) in marks.iter().zip(&rows) {
            let said: Vec<_> = mark.entries.iter().map(|(name, value)| (name.as_str(), plain(value))).collect();
            let printed: Vec<_> = names.iter().map(String::as_str).zip(row.iter().map(|value| plain(value))).collect();
            assert_eq!(said, printed, "{} of {pipe}", mark.heading);
        }
    }
    says_the_rows_of_big(&app).await;
    app.quit().await;
}

/// Twenty places along 20,000 points: each tooltip is one row of the CSV, its
/// time and both values, and the rows come in the order of the places.
async fn says_the_rows_of_big(app: &App) {
    let (_, rows) = csv("big");
    let mut found = Vec::new();
    for place in 0..20 {
        let mark = app.hover("big", 0.08 + 0.045 * f64::from(place), 0.5).await.expect("a tooltip");
        found.push(row_of(&mark, &rows));
    }
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
}

/// The number of the row that a tooltip repeats. It lists its series by their
/// value, not as the columns stand.
fn row_of(mark: &Mark, rows: &[Vec<String>]) -> usize {
    assert_eq!(mark.entries.len(), 2, "two series: {mark:?}");
    let said = |name: &str| mark.entries.iter().find(|entry| entry.0 == name).map(|entry| plain(&entry.1));
    let same = |row: &Vec<String>| {
        mark.heading == moment(&row[0])
            && said("visits") == Some(plain(&row[1]))
            && said("hits") == Some(plain(&row[2]))
    };
    rows.iter().position(same).unwrap_or_else(|| panic!("no row of the CSV says {mark:?}"))
}

/// The engine's `2026-01-01 18:51:00` as the screen says it.
fn moment(printed: &str) -> String {
    let moment: DateTime = printed.parse().expect("a time in the CSV");
    moment.strftime("%a %-d %b %Y, %H:%M UTC").to_string()
}

/// A value without what only the screen adds: commas between thousands; a null
/// is a dash there and `\N` in the CSV.
fn plain(value: &str) -> String {
    match value {
        "–" | "—" | "\\N" => "null".to_owned(),
        value if value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.' | b'-')) => {
            value.replace(',', "")
        }
        value => value.to_owned(),
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn csv(name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(golden().join(format!("{name}.csv"))).expect("a CSV");
    let names = reader.headers().expect("names").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    (names, rows)
}
