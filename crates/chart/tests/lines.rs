//! What charts of lines promise: axes, what a dashboard marks in a plot, what a viewer turns off and zooms into.

mod common;

use common::boxes;
use perch_chart::{
    Annotation, Axis, AxisScale, ChartError, Days, Drawing, Input, Kind, Measure, Periods, Place, Setting, Side, Size,
    Spec, Stacking, Theme, Threshold, View, draw,
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

/// Moments of a wall clock, as microseconds.
fn wall(text: &str) -> i64 {
    let at: jiff::civil::DateTime = text.parse().expect("a time");
    at.to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp().as_microsecond()
}

fn at(kind: &str, walls: &[&str], values: &[f64]) -> Table {
    let times = Values::times(walls.iter().map(|text| Some(wall(text))).collect());
    table(vec![Column::new("date", Type::parse(kind), times), numbers("a", values)])
}

fn days_of(from: &str, to: &str) -> Days {
    Days { from: from.parse().expect("a day"), to: to.parse().expect("a day") }
}

/// What a mark of this heading calls the period before, and its value.
fn before_at(drawing: &Drawing, heading: &str) -> Option<(String, String)> {
    let mark = drawing.marks.marks.iter().find(|mark| mark.heading == heading).expect("a mark");
    let entry = mark.entries.iter().find(|entry| entry.name.starts_with("Before"))?;
    Some((entry.name.to_string(), entry.value.to_string()))
}

#[test]
fn the_period_before_stands_by_the_days_that_were_asked_for_not_by_its_first_row() {
    let now = at("Date", &["2026-02-02", "2026-02-03", "2026-02-04"], &[1.0, 2.0, 3.0]);
    let before = at("Date", &["2026-01-17", "2026-01-18", "2026-01-19", "2026-01-20"], &[17.0, 18.0, 19.0, 20.0]);
    let periods = Periods { now: days_of("2026-02-01", "2026-02-14"), before: days_of("2026-01-18", "2026-01-31") };
    let input = Input { previous: Some(&before), periods: Some(periods), ..Input::from(&now) };
    for kind in [Kind::Line, Kind::Area, Kind::Column, Kind::Bar] {
        let drawing = draw(&input, &Spec::new(kind), SIZE, Theme::Light).expect("drawn");
        let said = before_at(&drawing, "Mon 2 Feb 2026").expect("a value");
        assert_eq!(said, ("Before (Mon 19 Jan 2026)".to_owned(), "19".to_owned()), "{kind}");
    }
}

#[test]
fn every_day_has_its_counterpart_across_a_change_of_the_clock() {
    let days: Vec<String> = (16..=31).map(|day| format!("2026-03-{day}T00:00")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let values: Vec<f64> = (16..=31).map(f64::from).collect();
    let table = |range: std::ops::Range<usize>| at("DateTime('Europe/Berlin')", &days[range.clone()], &values[range]);
    let (now, before) = (table(8..16), table(0..8));
    let periods = Periods { now: days_of("2026-03-24", "2026-03-31"), before: days_of("2026-03-16", "2026-03-23") };
    for periods in [Some(periods), None] {
        let input = Input { previous: Some(&before), periods, ..Input::from(&now) };
        for kind in [Kind::Line, Kind::Column] {
            let drawing = draw(&input, &Spec::new(kind), SIZE, Theme::Light).expect("drawn");
            assert_eq!(drawing.marks.marks.len(), 8, "{kind}");
            for (index, mark) in drawing.marks.marks.iter().enumerate() {
                assert_eq!(mark.entries[1].value, (16 + index).to_string(), "{kind} {periods:?}: {mark:?}");
            }
        }
    }
}

#[test]
fn a_year_before_is_the_same_day_of_the_calendar() {
    let now = at("Date", &["2025-02-28", "2025-03-01", "2025-03-02"], &[1.0, 2.0, 3.0]);
    let before = at("Date", &["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"], &[28.0, 29.0, 1.0, 2.0]);
    let periods = Periods { now: days_of("2025-01-01", "2025-12-31"), before: days_of("2024-01-01", "2024-12-31") };
    let input = Input { previous: Some(&before), periods: Some(periods), ..Input::from(&now) };
    for kind in [Kind::Line, Kind::Column] {
        let drawing = draw(&input, &Spec::new(kind), SIZE, Theme::Light).expect("drawn");
        assert_eq!(before_at(&drawing, "Sat 1 Mar 2025").expect("a value").1, "1", "{kind}");
        assert_eq!(before_at(&drawing, "Fri 28 Feb 2025").expect("a value").1, "28", "{kind}");
    }
}

#[test]
fn a_week_stands_behind_the_week_of_a_year_before() {
    let now = at("Date", &["2026-01-05", "2026-01-12"], &[1.0, 2.0]);
    let before = at("Date", &["2025-01-06", "2025-01-13"], &[6.0, 13.0]);
    let periods = Periods { now: days_of("2026-01-01", "2026-01-31"), before: days_of("2025-01-01", "2025-01-31") };
    let input = Input { previous: Some(&before), periods: Some(periods), ..Input::from(&now) };
    let drawing = draw(&input, &Spec::new(Kind::Column), SIZE, Theme::Light).expect("drawn");
    assert_eq!(before_at(&drawing, "Mon 12 Jan 2026"), Some(("Before (Mon 13 Jan 2025)".into(), "13".into())));
}

#[test]
fn a_legend_turns_a_lone_series_of_bars_and_the_period_before_off() {
    let (now, before) = (at("Date", &["2026-01-08", "2026-01-09"], &[1.0, 2.0]), at("Date", &["2026-01-01"], &[9.0]));
    let view = |hidden: &str| View { hidden: vec![hidden.to_owned()], ..View::default() };
    for kind in [Kind::Column, Kind::Bar] {
        let drawing = |hidden: &str| {
            let input = Input { previous: Some(&before), view: &view(hidden), ..Input::from(&now) };
            draw(&input, &Spec::new(kind), SIZE, Theme::Light).expect("drawn")
        };
        let names =
            |drawing: &Drawing| drawing.marks.marks[0].entries.iter().map(|it| it.name.to_string()).collect::<Vec<_>>();
        let shown =
            |drawing: &Drawing| drawing.legend.iter().map(|item| (item.name.clone(), item.shown)).collect::<Vec<_>>();
        assert_eq!(names(&drawing("")), ["a", "Before (Thu 1 Jan 2026)"], "{kind}");
        assert_eq!(names(&drawing("Before")), ["a"], "{kind}");
        assert_eq!(shown(&drawing("Before")), [("a".to_owned(), true), ("Before".to_owned(), false)], "{kind}");
        assert_eq!(names(&drawing("a")), ["Before (Thu 1 Jan 2026)"], "{kind}");
        assert_eq!(shown(&drawing("a")), [("a".to_owned(), false), ("Before".to_owned(), true)], "{kind}");
    }
}

#[test]
fn a_value_a_hair_above_a_round_one_is_drawn() {
    for value in [100.00000000000001, 300.00000000000006, 99.99999999999999] {
        for kind in [Kind::Line, Kind::Area] {
            let constant = table(vec![days(5), numbers("a", &[value; 5])]);
            let svg = drawn(&constant, &Spec::new(kind), &View::default()).expect("drawn").svg;
            assert!(svg.contains("<polyline") || svg.contains("<path"), "{kind} {value}: {svg}");
            let peak = table(vec![days(5), numbers("a", &[0.0, f64::NAN, value, f64::NAN, 0.0])]);
            let svg = drawn(&peak, &Spec::new(kind), &View::default()).expect("drawn").svg;
            assert_eq!(svg.matches("<circle").count(), 3, "{kind} {value}");
        }
    }
}

/// The corners of all filled areas, in a stack's order.
fn areas(drawing: &Drawing) -> Vec<Vec<(f32, f32)>> {
    let polygon = |rest: &str| {
        let points = rest.split_once("points=\"").and_then(|(_, rest)| rest.split_once('"')).expect("points").0;
        let number = |text: &str| text.parse::<f32>().expect("a number");
        points.split(' ').filter_map(|pair| pair.split_once(',')).map(|(x, y)| (number(x), number(y))).collect()
    };
    drawing.svg.split("<polygon").skip(1).map(polygon).collect()
}

fn groups(rows: &[(i64, &str, Option<f64>)]) -> Table {
    let times = rows.iter().map(|row| Some((1_767_600_000 + row.0) * 1_000_000)).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.1).collect();
    let values: Vec<Option<f64>> = rows.iter().map(|row| row.2).collect();
    table(vec![
        Column::new("t", Type::parse("DateTime"), Values::times(times)),
        Column::new("who", Type::parse("String"), names.into()),
        Column::new("n", Type::parse("Nullable(Float64)"), values.into()),
    ])
}

fn stack_of(table: &Table, stacked: Stacking) -> Drawing {
    let spec = Spec { group_by: Some("who".into()), y: vec!["n".into()], stacked, ..Spec::new(Kind::Area) };
    drawn(table, &spec, &View::default()).expect("drawn")
}

#[test]
fn series_that_take_turns_stack_as_areas_and_not_as_spikes() {
    let turn = |row: i64| if row % 2 == 0 { (row * 30, "a", Some(10.0)) } else { (row * 30, "b", Some(60.0)) };
    for count in [6, 8_000] {
        let rows: Vec<_> = (0..count).map(turn).collect();
        let drawing = stack_of(&groups(&rows), Stacking::Sum);
        let areas = areas(&drawing);
        assert_eq!(areas.len(), 2);
        // The first is level at 10: an upper edge over all of its width, and no spike down to the lower one.
        let top = areas[0].iter().map(|spot| spot.1).fold(f32::INFINITY, f32::min);
        let bottom = areas[0].iter().map(|spot| spot.1).fold(0.0, f32::max);
        let turns = areas[0].windows(2).filter(|pair| (pair[1].1 - pair[0].1).abs() > (bottom - top) / 2.0).count();
        assert!(bottom > top && turns <= 1, "{turns} turns between {top} and {bottom}");
    }
}

#[test]
fn a_null_in_a_stack_is_a_gap_and_no_slope_to_zero() {
    let rows: Vec<_> =
        (0..9).flat_map(|at| [(at * 60, "a", Some(10.0).filter(|_| at != 4)), (at * 60, "b", Some(20.0))]).collect();
    let drawing = stack_of(&groups(&rows), Stacking::Sum);
    assert_eq!(areas(&drawing).len(), 3, "a before the gap, a after it, and b");
}

#[test]
fn a_stack_keeps_a_spike_of_one_layer_that_the_whole_does_not_show() {
    let rows: Vec<_> = (0..20_000)
        .flat_map(|at| {
            let a = if at == 11_111 { 90.0 } else { 10.0 };
            [(at * 60, "a", Some(a)), (at * 60, "b", Some(100.0 - a))]
        })
        .collect();
    for stacked in [Stacking::Sum, Stacking::Percent] {
        let drawing = stack_of(&groups(&rows), stacked);
        let plot = drawing.marks.plot;
        let highest = areas(&drawing)[0].iter().map(|spot| spot.1).fold(f32::INFINITY, f32::min);
        assert!(highest < plot.y + plot.height * 0.3, "{stacked:?}: {highest} in {plot:?}");
    }
}

#[test]
fn every_series_is_in_a_tooltip_where_there_are_more_rows_than_pixels() {
    let rows: Vec<_> =
        (0..8_000).map(|row| (row * 30, if row % 2 == 0 { "a" } else { "b" }, Some(row as f64))).collect();
    let spec = Spec { group_by: Some("who".into()), y: vec!["n".into()], ..Spec::new(Kind::Line) };
    let drawing = drawn(&groups(&rows), &spec, &View::default()).expect("drawn");
    for name in ["a", "b"] {
        let of = |mark: &&perch_chart::Mark| mark.entries.iter().any(|entry| entry.name.as_str() == name);
        assert!(drawing.marks.marks.iter().filter(of).count() > 500, "{name}");
    }
}
