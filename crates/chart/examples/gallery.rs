//! Draws every kind, light and dark, in several sizes, as SVG files into a folder:
//! `cargo run -p perch-chart --example gallery -- target/gallery`.
//!
//! With `index.html` beside them, so that a browser shows all of them at once on the grounds they are made for.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use perch_chart::{Aggregate, Format, Good, Input, Kind, Size, Spec, Theme, draw};
use perch_tinybird::{Column, Table, Type, Values};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    let mut page = String::from("<!doctype html><meta charset=utf-8><title>Gallery</title>\n");
    page.push_str(STYLE);
    for theme in [Theme::Light, Theme::Dark] {
        let name = if theme == Theme::Light { "light" } else { "dark" };
        writeln!(page, "<section class={name}>")?;
        for (title, spec, table, previous) in pictures()? {
            for (width, height) in [(300, 160), (520, 260), (1100, 300)] {
                let input = Input { table: &table, previous: previous.as_ref(), first_row: 0 };
                let drawing = draw(&input, &spec, Size { width, height }, theme)?;
                fs::write(folder.join(format!("{title}-{name}-{width}x{height}.svg")), &drawing.svg)?;
                writeln!(page, "<figure><figcaption>{title}</figcaption>{}</figure>", drawing.svg)?;
            }
        }
        page.push_str("</section>\n");
    }
    fs::write(folder.join("index.html"), page)?;
    Ok(())
}

const STYLE: &str = "<style>
@font-face { font-family: 'Perch Sans'; font-weight: 400; src: url('PerchSans-Regular.woff2') }
@font-face { font-family: 'Perch Sans'; font-weight: 600; src: url('PerchSans-SemiBold.woff2') }
body { margin: 0; font: 600 13px 'Perch Sans' }
section { padding: 16px; display: flex; flex-wrap: wrap; gap: 16px }
figure { margin: 0; padding: 12px; border: 1px solid #8884; border-radius: 6px }
figcaption { margin-bottom: 8px }
svg { display: block }
.light { background: #fff; color: #1b1f24 }
.dark { background: #15181d; color: #e9ecf0 }
</style>
";

type Picture = (&'static str, Spec, Table, Option<Table>);

const DAY: i64 = 86_400_000_000;
/// Monday, 5 January 2026.
const START: i64 = 1_767_571_200_000_000;

fn pictures() -> Result<Vec<Picture>, Box<dyn Error>> {
    let line = Spec::new(Kind::Line);
    let mut ratio = Spec { y: vec!["bounce_rate".into()], format: Format::Ratio, ..Spec::new(Kind::Line) };
    ratio.good = Good::Down;
    let stacked = |kind| Spec { stacked: true, group_by: Some("device".into()), ..Spec::new(kind) };
    let grouped = |kind| Spec { group_by: Some("device".into()), ..Spec::new(kind) };
    let of = |kind, y: &str| Spec { y: vec![y.into()], ..Spec::new(kind) };
    Ok(vec![
        ("line-30-days", of(Kind::Line, "visits"), days(30, 0)?, Some(days(30, -30)?)),
        ("line-two", line.clone(), two(90)?, None),
        ("line-groups", grouped(Kind::Line), devices(28)?, None),
        ("line-minutes", of(Kind::Line, "visits"), minutes(20_000)?, None),
        ("line-gaps", of(Kind::Line, "visits"), gaps()?, None),
        ("line-ratio", ratio, days(120, 0)?, None),
        ("area", of(Kind::Area, "visits"), days(60, 0)?, Some(days(60, -60)?)),
        ("area-stacked", stacked(Kind::Area), devices(60)?, None),
        ("bar-week", of(Kind::Bar, "visits"), days(7, 0)?, None),
        ("bar-90", of(Kind::Bar, "visits"), days(90, 0)?, None),
        ("bar-stacked", stacked(Kind::Bar), devices(14)?, None),
        ("bar-grouped", grouped(Kind::Bar), devices(5)?, None),
        ("bar-funnel", Spec::new(Kind::Bar), funnel()?, None),
        ("bar-negative", of(Kind::Bar, "delta"), deltas()?, None),
        ("bar-list", Spec { limit: Some(6), ..Spec::new(Kind::BarList) }, pages()?, None),
        ("donut", Spec::new(Kind::Donut), sources()?, None),
        ("table", Spec::new(Kind::Table), pages()?, None),
        ("kpi", of(Kind::Kpi, "visits"), days(30, 0)?, Some(days(30, -30)?)),
        (
            "kpi-ratio",
            Spec {
                aggregate: Aggregate::Mean,
                format: Format::Ratio,
                good: Good::Down,
                ..of(Kind::Kpi, "bounce_rate")
            },
            days(30, 0)?,
            Some(days(30, -30)?),
        ),
        ("empty", line, days(0, 0)?, None),
    ])
}

/// A number between 0 and 1 that looks like chance and is not.
fn chance(seed: i64) -> f64 {
    let mut bits = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03;
    bits = (bits ^ (bits >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

fn visits(day: i64) -> i64 {
    let weekend = if day.rem_euclid(7) >= 5 { 0.62 } else { 1.0 };
    let trend = 1.0 + day as f64 * 0.004;
    (11_000.0 * weekend * trend * (0.88 + 0.24 * chance(day))) as i64
}

fn date(name: &str, days: impl Iterator<Item = i64>) -> Column {
    Column::new(name, Type::parse("Date"), Values::times(days.map(|day| Some(START + day * DAY)).collect()))
}

fn days(count: i64, from: i64) -> Result<Table, Box<dyn Error>> {
    let days = || from..from + count;
    Ok(Table::new(vec![
        date("date", days()),
        Column::new("visits", Type::parse("UInt64"), days().map(visits).collect::<Vec<i64>>().into()),
        Column::new(
            "bounce_rate",
            Type::parse("Float64"),
            days().map(|day| 0.38 + 0.08 * chance(day + 99) - day as f64 * 0.0004).collect::<Vec<f64>>().into(),
        ),
    ])?)
}

fn two(count: i64) -> Result<Table, Box<dyn Error>> {
    let pageviews: Vec<i64> = (0..count).map(|day| visits(day) * 2 + (chance(day + 7) * 4000.0) as i64).collect();
    Ok(Table::new(vec![
        date("date", 0..count),
        Column::new("pageviews", Type::parse("UInt64"), pageviews.into()),
        Column::new("visits", Type::parse("UInt64"), (0..count).map(visits).collect::<Vec<i64>>().into()),
    ])?)
}

fn devices(count: i64) -> Result<Table, Box<dyn Error>> {
    let names = ["desktop", "mobile", "tablet", "tv"];
    let shares = [0.52, 0.36, 0.09, 0.03];
    let rows = || (0..count).flat_map(|day| (0..names.len()).map(move |device| (day, device)));
    let hits = rows().map(|(day, device)| {
        (visits(day) as f64 * shares[device] * (0.85 + 0.3 * chance(day * 4 + device as i64))) as i64
    });
    Ok(Table::new(vec![
        date("date", rows().map(|row| row.0)),
        Column::new("device", Type::parse("String"), rows().map(|row| names[row.1]).collect::<Vec<&str>>().into()),
        Column::new("hits", Type::parse("UInt64"), hits.collect::<Vec<i64>>().into()),
    ])?)
}

fn minutes(count: i64) -> Result<Table, Box<dyn Error>> {
    let times = (0..count).map(|minute| Some(START + minute * 60_000_000)).collect();
    let values = (0..count).map(|minute| {
        let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        100.0 + 60.0 * day + 30.0 * chance(minute)
    });
    Ok(Table::new(vec![
        Column::new("t", Type::parse("DateTime"), Values::times(times)),
        Column::new("visits", Type::parse("Float64"), values.collect::<Vec<f64>>().into()),
    ])?)
}

fn gaps() -> Result<Table, Box<dyn Error>> {
    let times = (0..96).map(|quarter| Some(START + quarter * 900_000_000)).collect();
    let values = (0..96).map(|quarter| {
        let gap = (20..27).contains(&quarter) || quarter == 50 || quarter == 52;
        (!gap).then(|| 40.0 + 30.0 * (quarter as f64 / 15.0).sin() + 6.0 * chance(quarter))
    });
    Ok(Table::new(vec![
        Column::new("t", Type::parse("DateTime"), Values::times(times)),
        Column::new("visits", Type::parse("Nullable(Float64)"), values.collect::<Vec<Option<f64>>>().into()),
    ])?)
}

fn funnel() -> Result<Table, Box<dyn Error>> {
    named("step", &["Visit", "Sign up", "Create a workspace", "Invite a colleague", "Pay"], "users", |index| {
        [10_000, 4_210, 2_380, 1_120, 460][index]
    })
}

fn deltas() -> Result<Table, Box<dyn Error>> {
    let values = (0..24).map(|month| ((chance(month + 3) - 0.45) * 900.0) as i64).collect::<Vec<i64>>();
    Ok(Table::new(vec![date("date", 0..24), Column::new("delta", Type::parse("Int64"), values.into())])?)
}

fn pages() -> Result<Table, Box<dyn Error>> {
    let names = [
        "/",
        "/pricing",
        "/docs/get-started/quick-start",
        "/blog/how-we-made-a-thousand-dashboards-load-in-under-a-second-and-what-we-learned",
        "/docs",
        "/changelog",
        "/login",
        "/docs/api-reference/pipes",
        "/careers",
        "/blog",
        "/contact",
        "/legal/privacy",
        "/עמוד/שלום",
        "/status",
    ];
    let mut table = named("pathname", &names, "visits", |index| (148_213.0 / (index as f64 + 1.0).powf(1.3)) as i64)?
        .columns()
        .to_vec();
    let views: Vec<i64> = (0..names.len()).map(|index| (512_377.0 / (index as f64 + 1.0).powf(1.2)) as i64).collect();
    table.push(Column::new("pageviews", Type::parse("UInt64"), views.into()));
    Ok(Table::new(table)?)
}

fn sources() -> Result<Table, Box<dyn Error>> {
    let names = [
        "google.com",
        "(direct)",
        "news.ycombinator.com",
        "github.com",
        "x.com",
        "bing.com",
        "duckduckgo.com",
        "reddit.com",
    ];
    named("source", &names, "visits", |index| (48_213.0 / (index as f64 + 1.0).powf(1.1)) as i64)
}

fn named(x: &str, names: &[&str], y: &str, value: impl Fn(usize) -> i64) -> Result<Table, Box<dyn Error>> {
    let values: Vec<i64> = (0..names.len()).map(value).collect();
    Ok(Table::new(vec![
        Column::new(x, Type::parse("String"), names.to_vec().into()),
        Column::new(y, Type::parse("UInt64"), values.into()),
    ])?)
}
