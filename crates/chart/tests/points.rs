//! What scatter and bubble charts, heat maps and state timelines promise, and charts by the viewer's clock and tongue.

mod common;

use common::{boxes, check_picture};
use perch_chart::{AxisScale, Cells, Drawing, Input, Kind, Setting, Shape, Size, Spec, Theme, View, Zone, draw};
use perch_tinybird::{Column, Table, Type, Values};
use proptest::prelude::*;

const SIZE: Size = Size { width: 640, height: 300 };

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

fn picture(table: &Table, spec: &Spec) -> Drawing {
    draw(&Input::from(table), spec, SIZE, Theme::Light).expect("drawn")
}

fn numbers(name: &str, values: Vec<f64>) -> Column {
    Column::new(name, Type::parse("Float64"), values.into())
}

fn names(name: &str, values: &[&str]) -> Column {
    Column::new(name, Type::parse("String"), values.to_vec().into())
}

/// Hours from 5 January 2026 on, a Monday.
fn hours(kind: &str, count: i64) -> Column {
    let hours = (0..count).map(|hour| Some((20_458 * 24 + hour) * 3_600_000_000)).collect();
    Column::new("t", Type::parse(kind), Values::times(hours))
}

fn plans() -> Table {
    table(vec![
        numbers("seats", vec![1.0, 2.0, 30.0, 4.0]),
        numbers("hours", vec![5.5, 1.0, 2.0, f64::NAN]),
        names("plan", &["free", "team", "team", "free"]),
    ])
}

fn grouped(kind: Kind) -> Spec {
    Spec { x: Some("seats".into()), y: vec!["hours".into()], group_by: Some("plan".into()), ..Spec::new(kind) }
}

#[test]
fn a_dot_says_its_row_and_filters_by_its_group() {
    let drawing = picture(&plans(), &grouped(Kind::Scatter));
    let marks = &drawing.marks.marks;
    assert_eq!(marks.iter().map(|mark| mark.heading.as_str()).collect::<Vec<_>>(), ["free", "team", "team"]);
    assert_eq!(marks[0].entries.iter().map(|entry| entry.value.as_str()).collect::<Vec<_>>(), ["1", "5.5"]);
    assert_eq!((marks[0].keys[0].column.as_str(), marks[0].keys[0].value.as_deref()), ("plan", Some("free")));
    assert_eq!(marks[2].at, Some(30.0));
    assert!(drawing.across.is_some());
}

#[test]
fn a_group_that_is_turned_off_stays_in_the_legend_alone() {
    let view = View { hidden: vec!["team".into()], ..View::default() };
    let plans = plans();
    let input = Input { view: &view, ..Input::from(&plans) };
    let drawing = draw(&input, &grouped(Kind::Scatter), SIZE, Theme::Light).expect("drawn");
    assert!(drawing.marks.marks.iter().all(|mark| mark.heading == "free"));
    let legend: Vec<(&str, bool)> = drawing.legend.iter().map(|item| (item.name.as_str(), item.shown)).collect();
    assert_eq!(legend, [("free", true), ("team", false)]);
}

#[test]
fn very_many_dots_are_few_marks_with_exact_values_and_a_light_picture() {
    let count = 200_000;
    let next = |seed: usize| ((seed.wrapping_mul(2_654_435_761) % 1_000_003) as f64) / 7.0;
    let xs: Vec<f64> = (0..count).map(next).collect();
    let ys: Vec<f64> = (0..count).map(|index| next(index * 31 + 7)).collect();
    let known: std::collections::HashSet<String> = ys.iter().map(|y| y.to_string()).collect();
    let table = table(vec![numbers("x", xs), numbers("y", ys)]);
    let drawing = picture(&table, &Spec::new(Kind::Scatter));
    assert!(drawing.marks.marks.len() <= SIZE.width as usize * 2, "{}", drawing.marks.marks.len());
    assert!(drawing.svg.len() < 1_000_000, "{}", drawing.svg.len());
    assert!(drawing.marks.marks.iter().all(|mark| known.contains(&mark.entries[1].value.replace(',', ""))));
}

#[test]
fn a_bubbles_area_is_its_size_and_the_great_lie_behind_the_small() {
    let table = table(vec![
        numbers("x", vec![1.0, 2.0, 3.0]),
        numbers("y", vec![1.0, 2.0, 3.0]),
        numbers("n", vec![25.0, 100.0, -4.0]),
    ]);
    let drawing = picture(&table, &Spec { size: Some("n".into()), ..Spec::new(Kind::Bubble) });
    let widths: Vec<f32> = drawing
        .marks
        .marks
        .iter()
        .map(|mark| match mark.shape {
            Shape::Rect(place) => place.width,
            _ => 0.0,
        })
        .collect();
    assert_eq!(widths.len(), 2, "a negative area is none");
    assert!((widths[1] / widths[0] - 2.0).abs() < 0.01, "{widths:?}");
    let radii: Vec<f32> = drawing
        .svg
        .split("<circle")
        .skip(1)
        .filter_map(|circle| circle.split(" r=\"").nth(1)?.split('"').next()?.parse().ok())
        .collect();
    assert!(radii.is_sorted_by(|a, b| a >= b), "{radii:?}");
}

fn grid(values: Vec<Option<f64>>) -> Table {
    table(vec![
        names("day", &["Mon", "Tue", "Mon", "Tue"]),
        names("team", &["a", "a", "b", "b"]),
        Column::new("n", Type::parse("Nullable(Float64)"), values.into()),
    ])
}

fn cells(values: Vec<Option<f64>>) -> Drawing {
    let spec = Spec { x: Some("day".into()), group_by: Some("team".into()), ..Spec::new(Kind::HeatMap) };
    picture(&grid(values), &spec)
}

#[test]
fn a_cell_without_a_value_is_not_a_cell_of_zero() {
    let drawing = cells(vec![Some(0.0), None, Some(3.0), Some(4.0)]);
    let marks = &drawing.marks.marks;
    assert_eq!(marks.iter().map(|mark| mark.entries[0].value.as_str()).collect::<Vec<_>>(), ["0", "–", "3", "4"]);
    assert_ne!(marks[0].entries[0].color, marks[1].entries[0].color);
    assert_eq!(marks[1].heading, "a · Tue");
    let keys: Vec<_> = marks[1].keys.iter().map(|key| (key.column.as_str(), key.value.as_deref())).collect();
    assert_eq!(keys, [("day", Some("Tue")), ("team", Some("a"))]);
    assert!(drawing.summary.contains("1 of 4 cells have no value"), "{}", drawing.summary);
}

#[test]
fn both_sides_of_zero_have_colours_of_their_own() {
    let drawing = cells(vec![Some(-5.0), Some(5.0), Some(0.0), Some(1.0)]);
    let red = |index: usize| {
        let color = &drawing.marks.marks[index].entries[0].color;
        let part = |at: usize| u8::from_str_radix(&color[at..at + 2], 16).expect("a colour");
        i32::from(part(1)) - i32::from(part(5))
    };
    assert!(red(0) > 20 && red(1) < -20, "{} and {}", red(0), red(1));
}

#[test]
fn a_great_grid_is_drawn_in_blocks_that_say_their_greatest_cell() {
    let side = 500;
    let xs: Vec<f64> = (0..side * side).map(|index| (index % side) as f64).collect();
    let ys: Vec<f64> = (0..side * side).map(|index| (index / side) as f64).collect();
    let values: Vec<f64> = (0..side * side).map(|index| if index == 123_456 { 1e6 } else { 1.0 }).collect();
    let table = table(vec![numbers("x", xs), numbers("row", ys), numbers("n", values)]);
    let spec =
        Spec { x: Some("x".into()), group_by: Some("row".into()), y: vec!["n".into()], ..Spec::new(Kind::HeatMap) };
    let drawing = picture(&table, &spec);
    assert!(drawing.marks.marks.len() <= SIZE.width as usize * 4);
    let greatest = drawing.marks.marks.iter().find(|mark| mark.entries[0].value == "1,000,000").expect("a block");
    assert_eq!(greatest.heading, "246 · 456");
}

#[test]
fn a_calendar_has_a_cell_for_each_day_and_weeks_of_hours_have_168() {
    let table = table(vec![hours("DateTime('UTC')", 24 * 40), numbers("n", (0..24 * 40).map(f64::from).collect())]);
    let days = picture(&table, &Spec { cells: Cells::Calendar, ..Spec::new(Kind::HeatMap) });
    assert_eq!(days.marks.marks.len(), 40);
    assert_eq!(days.marks.marks[0].heading, "Mon 5 Jan 2026");
    let texts: Vec<String> = boxes(&days.svg).into_iter().map(|text| text.text).collect();
    assert!(["Jan", "Feb", "Mon"].iter().all(|name| texts.iter().any(|text| text == name)), "{texts:?}");
    let week = picture(&table, &Spec { cells: Cells::WeekdayHour, ..Spec::new(Kind::HeatMap) });
    assert_eq!(week.marks.marks.len(), 168);
    assert_eq!(week.marks.marks[25].heading, "Tue, 01:00–02:00 UTC");
}

#[test]
fn days_of_a_column_that_holds_none_are_an_error_that_names_it() {
    let table = table(vec![names("day", &["Mon"]), numbers("n", vec![1.0])]);
    let spec = Spec { x: Some("day".into()), cells: Cells::Calendar, ..Spec::new(Kind::HeatMap) };
    let error = draw(&Input::from(&table), &spec, SIZE, Theme::Light).expect_err("no days");
    assert_eq!(error.code(), "wrong-column-type");
    assert!(error.to_string().contains("`day`"), "{error}");
}

#[test]
fn a_state_lasts_until_the_next_and_says_how_long() {
    let table = table(vec![
        hours("DateTime('Europe/Berlin')", 4),
        names("service", &["api", "mail", "api", "api"]),
        names("status", &["up", "down", "up", "down"]),
    ]);
    let spec = Spec { group_by: Some("service".into()), y: vec!["status".into()], ..Spec::new(Kind::StateTimeline) };
    let drawing = picture(&table, &spec);
    let said: Vec<(&str, &str, &str)> = drawing
        .marks
        .marks
        .iter()
        .map(|mark| {
            let lasted = mark.entries.get(3).map_or("until nobody knows when", |entry| entry.value.as_str());
            (mark.heading.as_str(), mark.entries[0].value.as_str(), lasted)
        })
        .collect();
    let open = "until nobody knows when";
    assert_eq!(said, [("api", "up", "3h"), ("api", "down", open), ("mail", "down", open)]);
    assert_eq!(drawing.marks.marks[0].entries[1].value, "Mon 5 Jan 2026, 00:00 CET");
    assert_eq!(drawing.legend.len(), 2);
    assert!(drawing.summary.contains("up 60%, down 40% of the time"), "{}", drawing.summary);
}

#[test]
fn a_bubble_at_zero_stays_in_the_plot() {
    let table = table(vec![
        numbers("x", vec![1.0, 2.0, 3.0]),
        numbers("y", vec![0.0, 50.0, 100.0]),
        numbers("size", vec![90.0, 90.0, 90.0]),
    ]);
    let spec = Spec { size: Some("size".into()), ..Spec::new(Kind::Bubble) };
    let drawing = picture(&table, &spec);
    let plot = drawing.marks.plot;
    for mark in &drawing.marks.marks {
        let Shape::Rect(place) = &mark.shape else { panic!("{:?}", mark.shape) };
        assert!(place.y >= plot.y && place.y + place.height <= plot.y + plot.height, "{place:?} in {plot:?}");
    }
}

#[test]
fn a_day_stands_in_the_same_column_in_every_year_of_a_calendar() {
    let day = 86_400_000_000;
    // From 1 March 2024 to the end of 2025: 20,454 is 1 January 2026.
    let days: Vec<Option<i64>> = (19_783..20_454).map(|index| Some(index * day)).collect();
    let count = days.len();
    let table = table(vec![
        Column::new("date", Type::parse("Date"), Values::times(days)),
        numbers("n", (0..count).map(|n| n as f64).collect()),
    ]);
    let drawing = picture(&table, &Spec { cells: Cells::Calendar, ..Spec::new(Kind::HeatMap) });
    let left = |heading: &str| {
        let mark = drawing.marks.marks.iter().find(|mark| mark.heading == heading).expect(heading);
        let Shape::Rect(place) = &mark.shape else { panic!("{:?}", mark.shape) };
        place.x
    };
    // The eleventh week of both years, each of which begins on a Monday or two days after.
    assert_eq!(left("Mon 11 Mar 2024"), left("Wed 12 Mar 2025"));
    assert_eq!(drawing.marks.marks.len(), count, "a day is a cell");
}

#[test]
fn an_axis_of_hours_names_its_zone_and_an_axis_of_days_none() {
    let zone_of = |kind: &str, count: i64, zone: Zone| {
        let table = table(vec![hours(kind, count), numbers("n", vec![1.0; count as usize])]);
        let drawing = picture(&table, &Spec { zone, ..Spec::new(Kind::Line) });
        let known = ["UTC", "CET", "GMT+5:45"];
        boxes(&drawing.svg).into_iter().map(|text| text.text).find(|text| known.contains(&text.as_str()))
    };
    assert_eq!(zone_of("DateTime", 20, Zone::Column).as_deref(), Some("UTC"));
    assert_eq!(zone_of("DateTime('Europe/Berlin')", 20, Zone::Column).as_deref(), Some("CET"));
    assert_eq!(zone_of("DateTime", 20, Zone::Named("Asia/Kathmandu".into())).as_deref(), Some("GMT+5:45"));
    assert_eq!(zone_of("DateTime", 24 * 30, Zone::Column), None);
}

#[test]
fn numbers_and_dates_are_the_viewers() {
    let table = table(vec![hours("DateTime", 3), numbers("n", vec![1_234_567.5, 2e6, 1.5e6])]);
    let setting = Setting { locale: "de-DE".into(), ..Setting::default() };
    let input = Input { setting: &setting, ..Input::from(&table) };
    let drawing = draw(&input, &Spec::new(Kind::Line), SIZE, Theme::Light).expect("drawn");
    let mark = &drawing.marks.marks[0];
    assert_eq!(
        (mark.heading.as_str(), mark.entries[0].value.as_str()),
        ("Mo., 5. Jan. 2026, 00:00 UTC", "1.234.567,5")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_values_the_picture_is_whole(
        rows in prop::collection::vec((any::<f64>(), -1e9f64..1e9, 0.0f64..1e6, 0usize..12), 1..80),
        kind in prop::sample::select(vec![Kind::Scatter, Kind::Bubble, Kind::HeatMap, Kind::StateTimeline]),
        log: bool,
        cells in prop::sample::select(vec![Cells::Columns, Cells::Calendar, Cells::WeekdayHour]),
        size in prop::sample::select(common::SIZES.to_vec()),
    ) {
        const NAMES: [&str; 12] = ["a", "", "ccc", "a much longer name than has room", "e", "f", "g", "h", "i", "j", "k", "l"];
        let times = rows.iter().map(|(_, at, ..)| Some(*at as i64 * 1_000_000)).collect();
        let table = table(vec![
            Column::new("t", Type::parse("DateTime('America/New_York')"), Values::times(times)),
            numbers("x", rows.iter().map(|(x, ..)| *x).collect()),
            numbers("y", rows.iter().map(|(_, y, ..)| *y).collect()),
            numbers("n", rows.iter().map(|(.., n, _)| *n).collect()),
            names("g", &rows.iter().map(|row| NAMES[row.3]).collect::<Vec<_>>()),
            names("s", &rows.iter().map(|row| NAMES[row.3 / 2]).collect::<Vec<_>>()),
        ]);
        let mut spec = Spec { cells, group_by: Some("g".into()), ..Spec::new(kind) };
        match kind {
            Kind::HeatMap => spec.y = vec!["n".into()],
            Kind::StateTimeline => spec.y = vec!["s".into()],
            _ => {
                (spec.x, spec.y) = (Some("x".into()), vec!["n".into()]);
                spec.size = (kind == Kind::Bubble).then(|| "y".into());
                if log {
                    spec.x_axis.scale = AxisScale::Log;
                }
            }
        }
        let drawing = draw(&Input::from(&table), &spec, size, Theme::Dark).expect("drawn");
        check_picture(&drawing.svg, size, &format!("{kind} at {size:?}"));
        let inside = |mark: &perch_chart::Mark| match mark.shape {
            Shape::Rect(place) => {
                let (right, bottom) = (place.x + place.width, place.y + place.height);
                place.x >= 0.0 && place.y >= 0.0 && right <= size.width as f32 && bottom <= size.height as f32
            }
            _ => false,
        };
        prop_assert!(drawing.marks.marks.iter().all(inside), "{} at {:?}", kind, size);
    }
}
