//! What charts of lines promise: axes, what a dashboard marks in a plot, what a viewer turns off and zooms into.

mod common;

use common::boxes;
use perch_chart::{
    Annotation, Axis, AxisScale, ChartError, Drawing, Input, Kind, Measure, Place, Setting, Side, Size, Spec, Stacking,
    Theme, Threshold, View, draw,
};
use perch_tinybird::{Column, Table, Type, Values};

const SIZE: Size = Size { width: 640, height: 300 };
const DAY: i64 = 86_400_000_000;

fn days(count: i64) -> Column {
    let days = (0..count).map(|day| Some((20_458 + day) * DAY)).collect();
    Column::new("date", Type::parse("Date"), Values::times(days))
}

fn numbers(name: &str, values: &[f64]) -> Column {
    Column::new(name, Type::parse("Float64"), values.to_vec().into())
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

fn two() -> Table {
    table(vec![days(5), numbers("a", &[1.0, 2.0, 3.0, 4.0, 5.0]), numbers("b", &[100.0, 90.0, 80.0, 70.0, 60.0])])
}

fn drawn(table: &Table, spec: &Spec, view: &View) -> Result<Drawing, ChartError> {
    let setting = Setting::default();
    draw(&Input { view, setting: &setting, ..Input::from(table) }, spec, SIZE, Theme::Light)
}

fn texts(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

fn has(drawing: &Drawing, text: &str) -> bool {
    texts(drawing).iter().any(|other| other == text)
}

#[test]
fn a_series_that_is_turned_off_stays_in_the_legend_and_leaves_the_axis() {
    let spec = Spec::new(Kind::Line);
    let view = View { hidden: vec!["b".to_owned()], ..View::default() };
    let drawing = drawn(&two(), &spec, &view).expect("drawn");
    let legend: Vec<(&str, bool)> = drawing.legend.iter().map(|item| (item.name.as_str(), item.shown)).collect();
    assert_eq!(legend, [("a", true), ("b", false)]);
    assert!(has(&drawing, "5") && !has(&drawing, "100"), "{:?}", texts(&drawing));
    assert!(drawing.marks.marks.iter().all(|mark| mark.entries.iter().all(|entry| entry.name == "a")));
    let all = drawn(&two(), &spec, &View::default()).expect("drawn");
    assert_eq!(drawing.legend[1].color, all.legend[1].color, "whoever comes back has the same colour");
}

#[test]
fn a_zoom_shows_its_stretch_and_the_values_in_it() {
    let from = 20_459 * DAY;
    let view = View { zoom: Some((from as f64, (from + 2 * DAY) as f64)), ..View::default() };
    let spec = Spec { y: vec!["a".to_owned()], ..Spec::new(Kind::Line) };
    let drawing = drawn(&two(), &spec, &view).expect("drawn");
    let across = drawing.across.expect("an axis of time");
    assert_eq!((across.measure, across.from, across.to), (Measure::Time, from as f64, (from + 2 * DAY) as f64));
    let at: Vec<i64> = drawing.marks.marks.iter().map(|mark| mark.at.expect("a place") as i64 / DAY).collect();
    assert_eq!(at, [20_459, 20_460, 20_461]);
    let nowhere = View { zoom: Some((0.0, 1.0)), ..View::default() };
    let whole = drawn(&two(), &spec, &nowhere).expect("drawn");
    assert_eq!(whole.marks.marks.len(), 5, "a stretch without data is not shown");
}

#[test]
fn a_logarithmic_axis_has_round_ticks_and_says_when_nothing_is_positive() {
    let log = |values: &[f64]| {
        let table = table(vec![days(values.len() as i64), numbers("ms", values)]);
        let y_axis = Axis { scale: AxisScale::Log, ..Axis::default() };
        drawn(&table, &Spec { y_axis, ..Spec::new(Kind::Line) }, &View::default())
    };
    let drawing = log(&[1.0, 0.0, 1000.0, -5.0, 100_000.0]).expect("drawn");
    for label in ["1", "10", "100", "1k", "10k", "100k"] {
        assert!(has(&drawing, label), "{label}: {:?}", texts(&drawing));
    }
    assert!(drawing.marks.marks[1].entries[0].y.is_none(), "zero has no place");
    assert_eq!(drawing.marks.marks[1].entries[0].value, "0");
    let error = log(&[0.0, -1.0]).expect_err("nothing is positive");
    assert!(error.to_string().contains("`ms`"), "{error}");
}

#[test]
fn an_axis_that_cannot_be_is_refused_in_words() {
    let refused = |axis: Axis| drawn(&two(), &Spec { y_axis: axis, ..Spec::new(Kind::Line) }, &View::default());
    for (min, max) in [(5.0, 5.0), (5.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let error = refused(Axis { min: Some(min), max: Some(max), ..Axis::default() }).expect_err("refused");
        assert!(error.to_string().contains("y_axis") && error.code() == "bad-axis", "{error}");
    }
    let error = refused(Axis { scale: AxisScale::Log, min: Some(0.0), ..Axis::default() }).expect_err("refused");
    assert_eq!(error.code(), "bad-axis");
}

#[test]
fn the_right_axis_measures_its_own_columns_and_the_legend_says_so() {
    let right = |name: &str| Spec { right: vec![name.to_owned()], ..Spec::new(Kind::Line) };
    let drawing = drawn(&two(), &right("b"), &View::default()).expect("drawn");
    assert!(has(&drawing, "b (right)") && has(&drawing, "100") && has(&drawing, "5"), "{:?}", texts(&drawing));
    assert_eq!(drawing.legend[1].name, "b");
    let error = drawn(&two(), &right("c"), &View::default()).expect_err("no such column");
    assert_eq!(error.code(), "not-among-values");
}

#[test]
fn a_threshold_outside_of_the_data_widens_the_axis() {
    let threshold = Threshold { value: 50.0, label: Some("Limit".to_owned()), axis: Side::Left };
    let spec = Spec { y: vec!["a".to_owned()], thresholds: vec![threshold], ..Spec::new(Kind::Line) };
    let drawing = drawn(&two(), &spec, &View::default()).expect("drawn");
    assert!(has(&drawing, "Limit") && has(&drawing, "50"), "{:?}", texts(&drawing));
}

#[test]
fn an_annotation_is_at_a_date_or_the_error_says_what_was_written() {
    let at = |text: &str| {
        let annotation = Annotation { at: Place::Text(text.to_owned()), label: "Launch".to_owned() };
        let spec = Spec { annotations: vec![annotation], ..Spec::new(Kind::Line) };
        drawn(&two(), &spec, &View::default())
    };
    assert!(has(&at("2026-01-06").expect("drawn"), "Launch"));
    assert!(has(&at("2026-01-06T12:00").expect("drawn"), "Launch"));
    let error = at("next Tuesday").expect_err("no date");
    assert!(error.to_string().contains("`next Tuesday`"), "{error}");
}

#[test]
fn shares_fill_the_whole_and_keep_the_exact_value() {
    let table = table(vec![days(2), numbers("a", &[1.0, 0.0]), numbers("b", &[3.0, 0.0])]);
    let spec = Spec { stacked: Stacking::Percent, ..Spec::new(Kind::Area) };
    let drawing = drawn(&table, &spec, &View::default()).expect("drawn");
    let values: Vec<&str> = drawing.marks.marks[0].entries.iter().map(|entry| entry.value.as_str()).collect();
    assert_eq!(values, ["1 (25%)", "3 (75%)"]);
    assert!(has(&drawing, "100%"), "{:?}", texts(&drawing));
    let negative = Table::new(vec![days(1), numbers("a", &[-1.0])]).expect("a table");
    assert_eq!(drawn(&negative, &spec, &View::default()).expect_err("refused").code(), "negative-share");
}

#[test]
fn the_period_before_lies_behind_every_series_of_the_same_name() {
    let (now, before) = (two(), two());
    let view = View::default();
    let setting = Setting::default();
    let input = Input { previous: Some(&before), view: &view, setting: &setting, ..Input::from(&now) };
    let drawing = draw(&input, &Spec::new(Kind::Line), SIZE, Theme::Light).expect("drawn");
    assert_eq!(drawing.marks.marks[0].entries.len(), 4);
    assert!(drawing.legend.iter().any(|item| item.name == "Before"));
    let hidden = View { hidden: vec!["Before".to_owned()], ..View::default() };
    let without = draw(&Input { view: &hidden, ..input }, &Spec::new(Kind::Line), SIZE, Theme::Light).expect("drawn");
    assert_eq!(without.marks.marks[0].entries.len(), 2);
}
