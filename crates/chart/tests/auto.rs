//! Which kind `auto` picks for answers as pipes give them.

mod common;

use common::{answer, answers};
use perch_chart::{Input, Kind, Size, Spec, Stacking, Theme, check, draw, suggest};
use perch_tinybird::{Table, decode};

/// A table of columns by name and type, with rows as JSON writes them.
fn table(columns: &[(&str, &str)], rows: impl IntoIterator<Item = String>) -> Table {
    let meta: Vec<String> =
        columns.iter().map(|(name, kind)| format!(r#"{{"name":"{name}","type":"{kind}"}}"#)).collect();
    let data: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let cells: Vec<String> =
                columns.iter().zip(row.split('|')).map(|((name, _), cell)| format!("\"{name}\":{cell}")).collect();
            format!("{{{}}}", cells.join(","))
        })
        .collect();
    let json = format!(r#"{{"meta":[{}],"data":[{}]}}"#, meta.join(","), data.join(","));
    decode(json.as_bytes()).expect("an answer").table
}

fn day(index: usize) -> String {
    format!("\"2026-{:02}-{:02}\"", index / 28 + 1, index % 28 + 1)
}

const DAY: (&str, &str) = ("day", "Date");

#[test]
fn numbers_over_time_are_bars_areas_or_lines() {
    let over = |days: usize, name| {
        suggest(&table(&[DAY, (name, "UInt64")], (0..days).map(|index| format!("{}|{}", day(index), index * 7))))
    };
    assert_eq!(over(7, "visits").kind, Kind::Column);
    assert_eq!(over(60, "visits").kind, Kind::Area);
    assert_eq!(over(60, "avg_load").kind, Kind::Line);
    assert_eq!(over(60, "visits").x.as_deref(), Some("day"));
}

#[test]
fn two_numbers_over_time_that_are_far_apart_have_an_axis_each() {
    let two = |factor: usize| {
        let rows = (1..60).map(|index| format!("{}|{index}|{}", day(index), index * factor));
        suggest(&table(&[DAY, ("orders", "UInt64"), ("revenue", "UInt64")], rows))
    };
    assert_eq!((two(2).kind, two(2).right), (Kind::Line, vec![]));
    assert_eq!(two(500).right, ["revenue"]);
}

#[test]
fn groups_over_time_are_stacked_if_they_add_up() {
    let groups = |days: usize, name| {
        let rows = (0..days * 3).map(|index| format!("{}|\"g{}\"|{index}", day(index / 3), index % 3));
        suggest(&table(&[DAY, ("plan", "String"), (name, "UInt64")], rows))
    };
    let spec = groups(40, "seats");
    assert_eq!((spec.kind, spec.stacked, spec.group_by.as_deref()), (Kind::Area, Stacking::Sum, Some("plan")));
    assert_eq!(groups(6, "seats").kind, Kind::Column);
    assert_eq!((groups(40, "p95").kind, groups(40, "p95").stacked), (Kind::Line, Stacking::None));
}

#[test]
fn prices_are_candles_and_states_a_timeline() {
    let columns = [DAY, ("open", "Float64"), ("high", "Float64"), ("low", "Float64"), ("close", "Float64")];
    let spec = suggest(&table(&columns, (0..20).map(|index| format!("{}|2|4|1|3", day(index)))));
    assert_eq!((spec.kind, spec.y.join(" ")), (Kind::Candlestick, "open high low close".into()));
    let rows = (0..20).map(|index| format!("{}|\"h{}\"|\"up\"", day(index), index % 3));
    let spec = suggest(&table(&[DAY, ("host", "String"), ("status", "String")], rows));
    assert_eq!((spec.kind, spec.group_by.as_deref()), (Kind::StateTimeline, Some("host")));
}

#[test]
fn names_and_numbers_are_shares_columns_lists_steps_or_countries() {
    let named = |column, value, rows: &[(&str, i64)]| {
        let rows: Vec<String> = rows.iter().map(|(name, value)| format!("\"{name}\"|{value}")).collect();
        suggest(&table(&[(column, "String"), (value, "Int64")], rows)).kind
    };
    let few = [("desktop", 60), ("mobile", 30), ("tablet", 10)];
    assert_eq!(named("device", "visits", &few), Kind::Donut);
    assert_eq!(named("device", "avg_time", &few), Kind::Column);
    assert_eq!(named("step", "users", &few), Kind::Funnel);
    assert_eq!(named("step", "users", &[("a", 1), ("b", 2)]), Kind::Donut, "a funnel never grows");
    assert_eq!(named("country", "visits", &[("ES", 3), ("FR", 2), ("DE", 1)]), Kind::Map);
    assert_eq!(named("country", "visits", &[("Spain", 3), ("France", 2), ("Germany", 1)]), Kind::Donut);
    assert_eq!(named("team", "change", &[("a", 3), ("b", -2)]), Kind::Column);
    let long: Vec<(String, i64)> = (0..30).map(|index| (format!("/page/number/{index}"), 100 - index)).collect();
    let long: Vec<(&str, i64)> = long.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(named("path", "visits", &long), Kind::BarList);
}

#[test]
fn one_row_is_a_number_or_a_table_and_one_column_a_histogram() {
    assert_eq!(suggest(&table(&[("visits", "UInt64")], ["3".into()])).kind, Kind::Kpi);
    assert_eq!(suggest(&table(&[("a", "UInt64"), ("b", "UInt64")], ["3|4".into()])).kind, Kind::Table);
    let many = (0..200).map(|index| (index * index % 97).to_string());
    assert_eq!(suggest(&table(&[("response_ms", "Float64")], many)).kind, Kind::Histogram);
}

#[test]
fn grids_are_heat_maps_pairs_are_scattered_and_places_and_lists_are_rows() {
    assert_eq!(suggest(&answer("heat")).kind, Kind::HeatMap);
    let pairs = (0..12).map(|index| format!("\"a{}\"|\"b{}\"|{index}", index % 4, index / 4));
    assert_eq!(suggest(&table(&[("a", "String"), ("b", "String"), ("n", "UInt64")], pairs)).kind, Kind::HeatMap);
    let two = (0..30).map(|index| format!("{}|{}", index, index * index));
    assert_eq!(suggest(&table(&[("weight", "Float64"), ("height", "Float64")], two)).kind, Kind::Scatter);
    let places = (0..9).map(|index| format!("{index}|{index}|{index}"));
    let columns = [("latitude", "Float64"), ("longitude", "Float64"), ("n", "UInt64")];
    assert_eq!(suggest(&table(&columns, places)).kind, Kind::Table);
    assert_eq!(suggest(&answer("arrays")).kind, Kind::Table);
}

#[test]
fn formats_are_guessed_by_names_and_values() {
    let spec = |name, value: f64| {
        let rows = (0..20).map(|index| format!("{}|{}", day(index), value));
        suggest(&table(&[DAY, (name, "Float64")], rows)).formats.get(name).cloned().unwrap_or_default()
    };
    let format = |name: &str| name.parse().expect("a format");
    assert_eq!(spec("bounce_rate", 0.4), format("ratio"));
    assert_eq!(spec("bounce_rate", 40.2), format("percent"));
    assert_eq!(spec("request_rate", 400.0), format("auto"));
    assert_eq!(spec("bytes_read", 5e6), format("bytes"));
    assert_eq!(spec("latency_ms", 5e3), format("duration:ms"));
    assert_eq!(spec("sessionSeconds", 5e3), format("duration"));
    assert_eq!(spec("revenue", 5e3), format("auto"));
}

#[test]
fn what_the_dashboard_says_itself_stays() {
    let rows = (0..60).map(|index| format!("{}|{index}|{}", day(index), index * 3));
    let table = table(&[DAY, ("visits", "UInt64"), ("hits", "UInt64")], rows);
    let spec = Spec { y: vec!["hits".into()], ..Spec::new(Kind::Auto) };
    let drawing = draw(&Input::from(&table), &spec, Size { width: 520, height: 260 }, Theme::Light).expect("drawn");
    let entries: Vec<&str> = drawing.marks.marks[0].entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(entries, ["hits"]);
    let spec = Spec { y: vec!["gone".into()], ..Spec::new(Kind::Auto) };
    assert_eq!(draw(&Input::from(&table), &spec, Size { width: 520, height: 260 }, Theme::Light).err(), {
        Some(check(&spec, &table).expect_err("no such column"))
    });
}

#[test]
fn whatever_is_suggested_can_be_drawn() {
    for (name, table) in answers() {
        let spec = suggest(&table);
        assert_ne!(spec.kind, Kind::Auto, "{name}");
        assert_eq!(check(&spec, &table), Ok(()), "{name}");
    }
}

#[test]
fn a_table_that_is_chosen_begins_with_what_happened_last() {
    let rows = (0..20).map(|index| format!("{}|\"name {index}\"|{index}", day(index)));
    let table = table(&[DAY, ("name", "String"), ("n", "UInt64")], rows);
    assert_eq!(suggest(&table).kind, Kind::Table);
    let size = Size { width: 520, height: 260 };
    let drawing = draw(&Input::from(&table), &Spec::new(Kind::Auto), size, Theme::Light).expect("drawn");
    let header = drawing.scroll.expect("a table").header;
    let sorted = header.iter().find(|cell| cell.column == "day").and_then(|cell| cell.sorted);
    assert_eq!(sorted, Some(true), "the greatest first");
}
