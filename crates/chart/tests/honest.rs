//! What a picture does not show it says, and nothing in it dwarfs or hides what it is about.

mod common;

use common::boxes;
use jiff::tz::TimeZone;
use perch_chart::{
    Aggregate, Annotation, Axis, AxisScale, Band, ChartError, Drawing, Input, Kind, Place, Setting, Side, Size, Spec,
    Theme, Threshold, View, Zone, check_spec, draw,
};
use perch_tinybird::{Column, Table, Type, Values};

const SIZE: Size = Size { width: 640, height: 300 };
const DAY: i64 = 86_400_000_000;

fn numbers(name: &str, values: &[f64]) -> Column {
    Column::new(name, Type::parse("Float64"), values.to_vec().into())
}

fn texts(name: &str, values: &[&str]) -> Column {
    Column::new(name, Type::parse("String"), values.to_vec().into())
}

fn moments(name: &str, kind: &str, moments: Vec<i64>) -> Column {
    Column::new(name, Type::parse(kind), Values::times(moments.into_iter().map(Some).collect()))
}

fn days(count: i64) -> Column {
    moments("date", "Date", (0..count).map(|day| (20_458 + day) * DAY).collect())
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

fn drawn(columns: Vec<Column>, spec: &Spec) -> Result<Drawing, ChartError> {
    draw(&Input::from(&table(columns)), spec, SIZE, Theme::Light)
}

fn words(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

#[test]
fn a_logarithmic_axis_says_how_many_values_it_has_no_place_for() {
    let values = [10.0, 0.0, 100.0, -5.0, 1000.0, 0.0];
    let y_axis = Axis { scale: AxisScale::Log, ..Axis::default() };
    let names = || texts("name", &["a", "b", "c", "d", "e", "f"]);
    for kind in [Kind::Line, Kind::Area, Kind::Column, Kind::Bar, Kind::Scatter] {
        let x = if kind == Kind::Scatter { days(6) } else { names() };
        let spec = Spec { y_axis: y_axis.clone(), ..Spec::new(kind) };
        let drawing = drawn(vec![x, numbers("n", &values)], &spec).expect("drawn");
        let note = "3 values not above zero are left out: the axis is logarithmic";
        assert!(drawing.summary.ends_with(&format!(" {note}.")), "{kind}: {}", drawing.summary);
        assert!(words(&drawing).iter().any(|text| text == note), "{kind}: {:?}", words(&drawing));
        let none = drawn(vec![names(), numbers("n", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])], &spec).expect("drawn");
        assert!(!none.summary.contains("left out"), "{kind}: {}", none.summary);
    }
    let x_axis = Axis { scale: AxisScale::Log, ..Axis::default() };
    let drawing = drawn(vec![numbers("n", &values)], &Spec { x_axis, ..Spec::new(Kind::Histogram) }).expect("drawn");
    assert!(drawing.summary.contains("3 rows not above zero"), "{}", drawing.summary);
    assert!(!drawing.summary.contains(",."), "{}", drawing.summary);
}

#[test]
fn a_sum_beyond_every_number_is_an_error_that_names_the_column() {
    let huge = || numbers("bytes", &[f64::MAX, f64::MAX]);
    for kind in [Kind::Kpi, Kind::Gauge, Kind::Donut, Kind::Pie, Kind::BarList, Kind::Column, Kind::Bar, Kind::Funnel] {
        let error = drawn(vec![texts("name", &["a", "a"]), huge()], &Spec::new(kind)).expect_err("too much");
        assert_eq!(error, ChartError::Overflow { column: "bytes".to_owned() }, "{kind}");
        let most = Spec { aggregate: Aggregate::Max, ..Spec::new(kind) };
        assert!(kind == Kind::Funnel || drawn(vec![texts("name", &["a", "a"]), huge()], &most).is_ok(), "{kind}");
    }
    let map = drawn(vec![texts("country", &["DE", "DE"]), huge()], &Spec::new(Kind::Map));
    assert_eq!(map.expect_err("too much").code(), "sum-overflow");
    let grid = vec![texts("a", &["x", "x"]), texts("b", &["y", "y"]), huge()];
    assert_eq!(drawn(grid, &Spec::new(Kind::HeatMap)).expect_err("too much").code(), "sum-overflow");
}

#[test]
fn one_stray_row_makes_no_hairline_of_every_column() {
    let stray = |mut days: Vec<i64>| {
        days.push(days[10] + 1_000_000);
        days.sort_unstable();
        moments("at", "DateTime", days)
    };
    let days: Vec<i64> = (0..30).map(|day| (20_458 + day) * DAY).collect();
    let columns = |values: fn(usize) -> f64| numbers("n", &(0..31).map(values).collect::<Vec<f64>>());
    let widest = |drawing: &Drawing| {
        let document = roxmltree::Document::parse(&drawing.svg).expect("well-formed");
        let rects = document.descendants().filter(|node| node.has_tag_name("rect"));
        let width = |node: roxmltree::Node<'_, '_>| node.attribute("width").and_then(|width| width.parse::<f32>().ok());
        rects.filter_map(width).fold(0.0, f32::max)
    };
    let drawing = drawn(vec![stray(days.clone()), columns(|row| row as f64 + 5.0)], &Spec::new(Kind::Column));
    let drawing = drawing.expect("drawn");
    assert!(widest(&drawing) > 10.0, "{} pixels", widest(&drawing));
    let four = |name: &str, value: f64| numbers(name, &[value; 31]);
    let candles = vec![stray(days), four("open", 5.0), four("high", 9.0), four("low", 2.0), four("close", 3.0)];
    let drawing = drawn(candles, &Spec::new(Kind::Candlestick)).expect("drawn");
    assert!(widest(&drawing) > 8.0, "{} pixels", widest(&drawing));
}

#[test]
fn what_stands_for_a_long_tail_does_not_set_the_scale() {
    let names: Vec<String> = (0..300).map(|name| format!("name {name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let values: Vec<f64> = (0..300).map(|row| 100.0 - f64::from(row) / 10.0).collect();
    for kind in [Kind::Column, Kind::Bar] {
        let spec = Spec { limit: Some(5), ..Spec::new(kind) };
        let drawing = drawn(vec![texts("name", &names), numbers("n", &values)], &spec).expect("drawn");
        assert!(words(&drawing).iter().any(|text| text == "100"), "{kind}: {:?}", words(&drawing));
        assert!(!words(&drawing).iter().any(|text| text.ends_with('k')), "{kind}: {:?}", words(&drawing));
        // Two strokes say that the last bar goes on.
        let strokes = |svg: &str| svg.matches("<polyline").count();
        let small = Spec { limit: Some(5), ..Spec::new(kind) };
        let tail = drawn(vec![texts("name", &names[..6]), numbers("n", &values[..6])], &small).expect("drawn");
        assert!(strokes(&drawing.svg) > strokes(&tail.svg), "{kind}");
        let told = drawing.marks.marks.last().expect("Other").entries[0].value.to_string();
        assert!(told.len() > 5, "its value is told in full: {told}");
    }
}

#[test]
fn slices_have_their_shares_all_of_them_or_none() {
    let shares = |values: &[f64]| {
        let names: Vec<String> = (0..values.len()).map(|name| format!("n{name}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let drawing = drawn(vec![texts("name", &names), numbers("n", values)], &Spec::new(Kind::Donut)).expect("drawn");
        words(&drawing).iter().filter(|text| text.ends_with('%')).count()
    };
    assert_eq!(shares(&[30.0, 30.0, 40.0]), 6, "in the slices and beside them");
    assert_eq!(shares(&[60.0, 39.0, 1.0]), 3, "beside them only");
}

#[test]
fn what_a_kind_never_looks_at_is_a_mistake_in_its_file() {
    let threshold = || vec![Threshold { value: 5.0, label: None, axis: Side::Left }];
    let band = || vec![Band { from: None, to: None, label: None, axis: Side::Left }];
    let note = || vec![Annotation { at: Place::Number(1.0), label: "x".to_owned() }];
    let axis = || Axis { min: Some(0.0), ..Axis::default() };
    let donut = || Spec::new(Kind::Donut);
    let cases = [
        (Spec { thresholds: threshold(), ..donut() }, "thresholds"),
        (Spec { bands: band(), ..donut() }, "bands"),
        (Spec { annotations: note(), ..donut() }, "annotations"),
        (Spec { y_axis: axis(), ..donut() }, "y_axis"),
        (Spec { x_axis: axis(), ..donut() }, "x_axis"),
        (Spec { right: vec!["n".to_owned()], ..donut() }, "right"),
        (Spec { right_axis: axis(), ..donut() }, "right_axis"),
        (Spec { link: Some("url".to_owned()), ..donut() }, "link"),
        (Spec { icon: Some("flag".to_owned()), ..donut() }, "icon"),
        (Spec { bands: band(), ..Spec::new(Kind::Gauge) }, "bands"),
    ];
    for (spec, field) in cases {
        let error = check_spec(&spec).expect_err(field);
        assert_eq!(error, ChartError::Meaningless { kind: spec.kind, field });
    }
    let line =
        Spec { thresholds: threshold(), bands: band(), annotations: note(), y_axis: axis(), ..Spec::new(Kind::Line) };
    assert_eq!(check_spec(&line), Ok(()));
    assert_eq!(check_spec(&Spec { thresholds: threshold(), y_axis: axis(), ..Spec::new(Kind::Gauge) }), Ok(()));
}

#[test]
fn times_are_read_from_the_clock_that_was_asked_for_wherever_they_are_names() {
    let setting =
        Setting { zone: TimeZone::get("Asia/Tokyo").expect("a zone"), locale: "de".into(), ..Setting::default() };
    // 22:30 in UTC is 07:30 of the next day in Tokyo.
    let at = || moments("at", "DateTime('UTC')", vec![1_767_652_200_000_000, 1_767_738_600_000_000]);
    let table = table(vec![at(), numbers("n", &[5.0, 9.0])]);
    for kind in [Kind::Table, Kind::BarList, Kind::Donut, Kind::Funnel] {
        let spec = Spec { zone: Zone::Viewer, x: Some("at".to_owned()), ..Spec::new(kind) };
        let view = View::default();
        let input = Input { view: &view, setting: &setting, ..Input::from(&table) };
        let drawing = draw(&input, &spec, Size { width: 900, height: 300 }, Theme::Light).expect("drawn");
        let all = format!("{:?} {:?}", words(&drawing), drawing.marks.marks);
        assert!(all.contains("Jan. 2026") || all.contains("Jan 2026") || all.contains("Januar"), "{kind}: {all}");
        assert!(all.contains("07:30") && !all.contains("22:30"), "{kind}: {all}");
    }
    let plain = draw(&Input::from(&table), &Spec::new(Kind::Table), SIZE, Theme::Light).expect("drawn");
    assert!(words(&plain).iter().any(|text| text == "2026-01-05 22:30:00"), "{:?}", words(&plain));
}

#[test]
fn a_table_has_icons_before_its_names() {
    let columns = || {
        let (names, flags) = (texts("country", &["Germany", "Austria"]), texts("code", &["DE", "AT"]));
        vec![names, flags, numbers("n", &[5.0, 9.0])]
    };
    let drawing = drawn(columns(), &Spec { icon: Some("code".to_owned()), ..Spec::new(Kind::Table) }).expect("drawn");
    let texts = boxes(&drawing.svg);
    let left = |word: &str| texts.iter().find(|text| text.text == word).map(|text| (text.left, text.right));
    let (icon, name) = (left("DE").expect("an icon"), left("Germany").expect("a name"));
    assert!(icon.1 < name.0 && left("code").is_none(), "{texts:?}");
    let without = drawn(columns(), &Spec::new(Kind::Table)).expect("drawn");
    assert!(words(&without).contains(&"code".to_owned()), "a column like any other");
}

#[test]
fn labels_in_a_plot_stand_clear_of_the_data_where_there_is_room() {
    // High at both ends, low in the middle: the threshold's label has room there only.
    let values: Vec<f64> = (0..24).map(|week: i32| if (8..16).contains(&week) { 20.0 } else { 100.0 }).collect();
    let threshold = Threshold { value: 90.0, label: Some("Capacity".to_owned()), axis: Side::Left };
    for kind in [Kind::Column, Kind::Line] {
        let spec = Spec { thresholds: vec![threshold.clone()], ..Spec::new(kind) };
        let drawing = drawn(vec![days(24), numbers("n", &values)], &spec).expect("drawn");
        let label = boxes(&drawing.svg).into_iter().find(|text| text.text == "Capacity").expect("a label");
        let plot = drawing.marks.plot;
        let band = |day: f32| plot.x + plot.width * day / 24.0;
        if kind == Kind::Column {
            assert!(label.left > band(7.5) && label.right < band(16.5), "{label:?}");
        } else {
            assert!(label.bottom < plot.y + plot.height, "{label:?}");
        }
    }
}

#[test]
fn counts_in_a_sentence_are_grouped_and_agree_with_their_nouns() {
    let many: Vec<f64> = (0..12_345).map(f64::from).collect();
    let summary =
        |values: &[f64], kind: Kind| drawn(vec![numbers("n", values)], &Spec::new(kind)).expect("drawn").summary;
    assert!(summary(&many, Kind::Table).starts_with("Table of 12,345 rows and 1 column: n."));
    assert!(
        summary(&[5.0, 5.0], Kind::Histogram).contains("2 rows in 1 class;"),
        "{}",
        summary(&[5.0, 5.0], Kind::Histogram)
    );
    let mean = Spec { aggregate: Aggregate::Mean, ..Spec::new(Kind::Kpi) };
    let kpi = drawn(vec![numbers("n", &[1.0, 1.0, 2.0])], &mean).expect("drawn");
    assert_eq!(kpi.summary, "n: 1.33.");
    assert_eq!(kpi.marks.marks[0].entries[0].value, "1.33333333333333", "in full where it is pointed at");
}
