//! What lies under a pointer: that each value which can be seen can be read, and what a click on a series is about.

use perch_chart::{Drawing, Group, Input, Kind, Pick, Size, Spec, Stacking, Theme, draw};
use perch_tinybird::{Column, Table, Type, Values};

const SIZE: Size = Size { width: 640, height: 300 };
const MINUTE: i64 = 60_000_000;

fn minutes(count: usize) -> Column {
    let minutes = (0..count as i64).map(|minute| Some(1_767_225_600_000_000 + minute * MINUTE)).collect();
    Column::new("at", Type::parse("DateTime"), Values::times(minutes))
}

fn numbers(name: &str, values: Vec<f64>) -> Column {
    Column::new(name, Type::parse("Float64"), values.into())
}

fn texts(name: &str, values: Vec<&str>) -> Column {
    Column::new(name, Type::parse("String"), values.into())
}

fn drawn(columns: Vec<Column>, spec: &Spec) -> Drawing {
    let table = Table::new(columns).expect("a table");
    draw(&Input::from(&table), spec, SIZE, Theme::Light).expect("drawn")
}

/// The values that the marks tell of a series.
fn told(drawing: &Drawing, name: &str) -> Vec<String> {
    let entries = drawing.marks.marks.iter().flat_map(|mark| mark.entries.iter());
    entries.filter(|entry| entry.name == name).map(|entry| entry.value.to_string()).collect()
}

#[test]
fn a_peak_of_any_series_has_a_mark_where_pixels_have_many_rows() {
    const ROWS: usize = 20_000;
    for count in [2, 5, 12] {
        let level = |series: usize| move |row: usize| (series * 10) as f64 + (row % 7) as f64 / 10.0;
        let mut columns = vec![minutes(ROWS)];
        for series in 0..count {
            let mut values: Vec<f64> = (0..ROWS).map(level(series)).collect();
            values[1_000 + series * 97] = 1_000.0 + series as f64;
            values[15_000 + series * 97] = -1_000.0 - series as f64;
            columns.push(numbers(&format!("s{series}"), values));
        }
        let drawing = drawn(columns, &Spec::new(Kind::Line));
        for series in 0..count {
            let told = told(&drawing, &format!("s{series}"));
            for peak in [format!("1,{series:03}"), format!("-1,{series:03}")] {
                assert!(told.contains(&peak), "{peak} of series {series} of {count}");
            }
        }
        let entries: usize = drawing.marks.marks.iter().map(|mark| mark.entries.len()).sum();
        assert!(entries <= 60_000, "{count} series weigh {entries} entries");
    }
}

#[test]
fn every_pixel_column_tells_the_least_and_the_greatest_of_both_series() {
    const ROWS: usize = 30_000;
    let noise =
        |seed: u64| move |row: usize| ((row as u64 * 2_654_435_761 + seed * 97).wrapping_mul(seed | 1) >> 7) % 1_000;
    let values = |seed| (0..ROWS).map(noise(seed)).map(|value| value as f64).collect::<Vec<f64>>();
    let (a, b) = (values(3), values(11));
    let drawing = drawn(vec![minutes(ROWS), numbers("a", a), numbers("b", b.clone())], &Spec::new(Kind::Line));
    let plot = drawing.marks.plot;
    let column = |row: usize| (plot.x + plot.width * row as f32 / (ROWS - 1) as f32).floor() as i32;
    let mut least = std::collections::BTreeMap::new();
    for (row, value) in b.iter().enumerate() {
        let (low, high) = least.entry(column(row)).or_insert((*value, *value));
        (*low, *high) = (low.min(*value), high.max(*value));
    }
    let told = told(&drawing, "b");
    let mut missing = 0;
    for (low, high) in least.values() {
        missing += usize::from(!told.contains(&low.to_string())) + usize::from(!told.contains(&high.to_string()));
    }
    assert_eq!(missing, 0, "of {} pixel columns", least.len());
}

fn devices() -> Vec<Column> {
    let column = |values: [&'static str; 3]| (0..4).flat_map(|_| values).collect::<Vec<_>>();
    vec![
        texts("country", ["at", "de", "fr", "it"].iter().flat_map(|name| [*name; 3]).collect()),
        texts("device", column(["desktop", "mobile", "tablet"])),
        numbers("visits", (0..12).map(|row| f64::from(row) + 5.0).collect()),
    ]
}

fn grouped(kind: Kind, stacked: Stacking) -> Spec {
    let (x, y) = (Some("country".to_owned()), vec!["visits".to_owned()]);
    Spec { x, y, group_by: Some("device".to_owned()), stacked, ..Spec::new(kind) }
}

#[test]
fn a_series_says_which_rows_it_is_about() {
    let about = |group: &Group| (group.name.clone(), group.key.column.clone(), group.key.value.clone());
    let expected: Vec<_> = ["desktop", "mobile", "tablet"]
        .map(|name| (name.to_owned(), "device".to_owned(), Some(name.to_owned())))
        .to_vec();
    for kind in [Kind::Line, Kind::Area, Kind::Column, Kind::Bar] {
        let drawing = drawn(devices(), &grouped(kind, Stacking::None));
        assert_eq!(drawing.marks.groups.iter().map(about).collect::<Vec<_>>(), expected, "{kind}");
    }
    let one = drawn(devices(), &Spec { group_by: None, limit: None, ..grouped(Kind::Column, Stacking::None) });
    assert!(one.marks.groups.is_empty(), "columns of values are about all rows");
}

#[test]
fn what_a_limit_left_out_is_about_no_one_thing() {
    let names = ["a", "b", "c", "Other", "e", "f", "g", "h", "i", "j", "k"];
    let table = vec![
        minutes(names.len()),
        texts("device", names.to_vec()),
        numbers("visits", (0..names.len()).map(|row| 100.0 - row as f64).collect()),
    ];
    let spec = Spec { group_by: Some("device".to_owned()), stacked: Stacking::Sum, ..Spec::new(Kind::Column) };
    let drawing = drawn(table, &spec);
    let told: Vec<&str> = drawing.marks.groups.iter().map(|group| group.name.as_str()).collect();
    assert!(told.contains(&"a") && !told.contains(&"Other"), "{told:?}");
}

#[test]
fn a_stacked_column_says_where_each_part_of_it_is() {
    let drawing = drawn(devices(), &grouped(Kind::Column, Stacking::Sum));
    for mark in &drawing.marks.marks {
        assert_eq!(mark.parts.len(), mark.entries.len());
        for pair in mark.parts.windows(2) {
            assert!(pair[1].y + pair[1].height <= pair[0].y + 0.11, "the next part lies upon the one before: {pair:?}");
        }
        assert!(mark.parts.iter().all(|part| part.height > 1.0 && part.width > 1.0), "{:?}", mark.parts);
    }
    let beside = drawn(devices(), &grouped(Kind::Bar, Stacking::None));
    for mark in &beside.marks.marks {
        assert!(mark.parts.windows(2).all(|pair| pair[0].y + pair[0].height <= pair[1].y), "{:?}", mark.parts);
    }
}

#[test]
fn a_pointer_on_stacked_areas_means_a_layer_and_on_a_timeline_a_moment() {
    let table = || {
        let rows = 30;
        let names = (0..rows).map(|row| ["a", "b", "c"][row % 3]).collect();
        vec![minutes(rows), texts("name", names), numbers("n", (0..rows).map(|row| row as f64).collect())]
    };
    let group_by = Some("name".to_owned());
    let area = Spec { group_by: group_by.clone(), stacked: Stacking::Sum, ..Spec::new(Kind::Area) };
    assert_eq!(drawn(table(), &area).marks.pick, Pick::Layer);
    assert_eq!(drawn(table(), &Spec { group_by, ..Spec::new(Kind::Area) }).marks.pick, Pick::NearestX);
    assert_eq!(drawn(table(), &Spec::new(Kind::StateTimeline)).marks.pick, Pick::Span);
}

#[test]
fn a_tooltip_knows_how_many_series_it_does_not_tell() {
    const SERIES: usize = 120;
    let columns = |count: usize| {
        let mut columns = vec![minutes(3)];
        columns.extend((0..count).map(|series| numbers(&format!("s{series}"), vec![series as f64; 3])));
        columns
    };
    let drawing = drawn(columns(SERIES), &Spec::new(Kind::Line));
    let told = drawing.marks.marks[0].entries.len();
    assert_eq!(told + drawing.marks.untold as usize, SERIES);
    assert_eq!(drawn(columns(20), &Spec::new(Kind::Line)).marks.untold, 0, "twenty are all told");
}
