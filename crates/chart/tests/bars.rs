//! What columns and bars promise: where each ends, what lies under the pointer, and what a viewer can do with them.

mod common;

use common::{answer, bars, boxes};
use perch_chart::{
    Axis, AxisScale, ChartError, Colors, Drawing, Input, Kind, Setting, Shape, Size, Spec, Stacking, Theme, View, draw,
};
use perch_tinybird::{Column, Table, Type, Values};
use proptest::prelude::*;
use std::sync::Arc;

const SIZE: Size = Size { width: 520, height: 300 };
const BOTH: [Kind; 2] = [Kind::Column, Kind::Bar];

fn picture(table: &Table, spec: &Spec) -> Drawing {
    draw(&Input::from(table), spec, SIZE, Theme::Light).expect("drawn")
}

fn seen(table: &Table, spec: &Spec, view: &View) -> Drawing {
    draw(&Input { view, ..Input::from(table) }, spec, SIZE, Theme::Light).expect("drawn")
}

fn texts_of(texts: &[String]) -> Values {
    texts.iter().map(String::as_str).collect::<Vec<_>>().into()
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

/// Three cities, two plans, and a number for each.
fn plans(numbers: &[f64]) -> Table {
    let cities = ["Oslo", "Oslo", "Rome", "Rome", "Bern", "Bern"];
    let plans = ["free", "paid"].repeat(3);
    table(vec![
        Column::new("city", Type::parse("String"), cities.to_vec().into()),
        Column::new("plan", Type::parse("String"), plans.into()),
        Column::new("accounts", Type::parse("Float64"), numbers.to_vec().into()),
    ])
}

/// Days from 1 January 2026 on.
fn daily(first: i64, values: &[i64]) -> Table {
    let days = (0..values.len() as i64).map(|day| Some((20_454 + first + day) * 86_400_000_000)).collect();
    table(vec![
        Column::new("date", Type::parse("Date"), Values::times(days)),
        Column::new("visits", Type::parse("Int64"), values.to_vec().into()),
    ])
}

fn by_plan(kind: Kind, stacked: Stacking) -> Spec {
    Spec { x: Some("city".into()), group_by: Some("plan".into()), stacked, ..Spec::new(kind) }
}

fn said(drawing: &Drawing, mark: usize) -> Vec<(&str, &str)> {
    let entries = &drawing.marks.marks[mark].entries;
    entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect()
}

fn texts(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

const NUMBERS: [f64; 6] = [10.0, 30.0, 20.0, 5.0, 0.0, 8.0];

#[test]
fn a_stack_of_shares_keeps_the_exact_value_and_says_the_share() {
    for kind in BOTH {
        let drawing = picture(&plans(&NUMBERS), &by_plan(kind, Stacking::Percent));
        assert_eq!(said(&drawing, 0), [("free", "10 (25%)"), ("paid", "30 (75%)")], "{kind}");
        assert_eq!(said(&drawing, 2), [("free", "0 (0%)"), ("paid", "8 (100%)")], "{kind}");
        assert!(texts(&drawing).contains(&"100%".to_owned()), "{kind}: {:?}", texts(&drawing));
    }
}

#[test]
fn a_place_filters_by_its_category_but_other_and_moments_filter_by_nothing() {
    let keys = |drawing: &Drawing, mark: usize| -> Vec<(String, Option<String>)> {
        let keys = drawing.marks.marks[mark].keys.iter();
        keys.map(|key| (key.column.clone(), key.value.clone())).collect()
    };
    for kind in BOTH {
        let drawing = picture(&plans(&NUMBERS), &Spec { limit: Some(2), ..by_plan(kind, Stacking::Sum) });
        assert_eq!(keys(&drawing, 0), [("city".to_owned(), Some("Oslo".to_owned()))], "{kind}");
        assert_eq!(drawing.marks.marks[2].heading, "Other");
        assert!(keys(&drawing, 2).is_empty() && keys(&picture(&daily(0, &[1, 2]), &Spec::new(kind)), 0).is_empty());
    }
}

#[test]
fn a_series_that_is_turned_off_is_in_the_legend_alone() {
    let view = View { hidden: vec!["paid".into()], ..View::default() };
    for kind in BOTH {
        let table = plans(&NUMBERS);
        let drawing = seen(&table, &by_plan(kind, Stacking::Sum), &view);
        let legend: Vec<(&str, bool)> = drawing.legend.iter().map(|item| (item.name.as_str(), item.shown)).collect();
        assert_eq!(legend, [("free", true), ("paid", false)], "{kind}");
        assert_eq!(said(&drawing, 0), [("free", "10")], "{kind}");
        let before = picture(&table, &by_plan(kind, Stacking::Sum));
        assert_eq!(before.legend[0].color, drawing.legend[0].color, "{kind}: what is left keeps its colour");
        let none = View { hidden: vec!["paid".into(), "free".into()], ..View::default() };
        assert_eq!(seen(&table, &by_plan(kind, Stacking::Sum), &none).legend.len(), 2, "{kind}");
    }
}

#[test]
fn a_zoom_shows_its_days_and_no_others() {
    let table = daily(0, &(0..60).collect::<Vec<i64>>());
    let spec = Spec::new(Kind::Column);
    let across = picture(&table, &spec).across.expect("time");
    let day = 86_400e6;
    assert_eq!(across.to - across.from, 60.0 * day);
    let (from, to) = (across.from + 10.0 * day, across.from + 14.0 * day);
    let drawing = seen(&table, &spec, &View { zoom: Some((from, to)), ..View::default() });
    let values: Vec<&str> = (0..drawing.marks.marks.len()).map(|mark| said(&drawing, mark)[0].1).collect();
    assert_eq!(values, ["10", "11", "12", "13"]);
    assert_eq!(drawing.across.map(|across| (across.from, across.to)), Some((from, to)));
    // Between two moments there is nothing to see, so the picture stays whole.
    let nowhere = View { zoom: Some((0.0, 1.0)), ..View::default() };
    assert_eq!(seen(&table, &spec, &nowhere).marks.marks.len(), 60);
}

#[test]
fn few_days_have_names_and_still_measure_time() {
    let drawing = picture(&daily(0, &[3, 4, 5]), &Spec::new(Kind::Column));
    assert!(texts(&drawing).contains(&"2 Jan".to_owned()));
    let across = drawing.across.expect("time");
    for mark in &drawing.marks.marks {
        let Shape::Rect(rect) = mark.shape else { panic!("a column has a band") };
        let share = (mark.at.expect("a moment") - across.from) / (across.to - across.from);
        let place = drawing.marks.plot.x + drawing.marks.plot.width * share as f32;
        assert!((rect.x + rect.width / 2.0 - place).abs() < 0.2, "{mark:?}");
    }
}

#[test]
fn the_period_before_stands_behind_and_says_its_own_day() {
    let (now, before) = (daily(7, &[6, 5, 4]), daily(0, &[1, 9, 3]));
    let input = Input { previous: Some(&before), ..Input::from(&now) };
    for kind in BOTH {
        let drawing = draw(&input, &Spec::new(kind), SIZE, Theme::Light).expect("drawn");
        assert_eq!(said(&drawing, 1), [("visits", "5"), ("Before (Fri 2 Jan 2026)", "9")], "{kind}");
        assert!(texts(&drawing).contains(&"Before".to_owned()), "{kind}");
    }
    let drawing = draw(&input, &Spec::new(Kind::Column), SIZE, Theme::Light).expect("drawn");
    let top = drawing.marks.plot.y;
    assert!(drawing.marks.marks[1].entries[1].y.expect("a place") >= top, "the axis holds the ghost too");
}

#[test]
fn a_date_is_marked_on_lying_bars_over_time_as_on_columns() {
    for kind in BOTH {
        let note =
            perch_chart::Annotation { at: perch_chart::Place::Text("2026-01-03".into()), label: "Launch".into() };
        let spec = Spec { annotations: vec![note], ..Spec::new(kind) };
        assert!(texts(&picture(&daily(0, &[1, 2, 3, 4]), &spec)).contains(&"Launch".to_owned()), "{kind}");
    }
}

#[test]
fn what_is_marked_on_a_name_that_today_lacks_is_left_out() {
    for kind in BOTH {
        let note = |at: &str| perch_chart::Annotation { at: perch_chart::Place::Text(at.into()), label: at.into() };
        let spec = Spec { annotations: vec![note("Oslo"), note("Lima")], ..by_plan(kind, Stacking::Sum) };
        let texts = texts(&picture(&plans(&[1.0; 6]), &spec));
        let count = |name: &str| texts.iter().filter(|text| *text == name).count();
        assert_eq!((count("Oslo"), count("Lima")), (2, 0), "{kind}: {texts:?}");
    }
}

#[test]
fn days_of_several_years_and_hours_of_several_days_are_told_apart() {
    let labels = |moments: &[i64], kind: &str| -> Vec<String> {
        let times = moments.iter().map(|hour| Some(hour * 3_600_000_000)).collect();
        let table = table(vec![
            Column::new("t", Type::parse(kind), Values::times(times)),
            Column::new("n", Type::parse("Int64"), vec![1_i64; moments.len()].into()),
        ]);
        texts(&picture(&table, &Spec::new(Kind::Bar)))
    };
    let day = 24;
    let years: Vec<i64> = [19_723, 20_089, 20_454].map(|index| index * day).to_vec();
    let found = labels(&years, "Date");
    assert!(["2024", "2025", "2026"].iter().all(|year| found.contains(&(*year).to_owned())), "{found:?}");
    let halves: Vec<i64> = (0..4).map(|half| 20_454 * day + half * 12).collect();
    let found = labels(&halves, "DateTime");
    for name in ["1 Jan 00:00", "1 Jan 12:00", "2 Jan 00:00"] {
        assert!(found.contains(&name.to_owned()), "{name}: {found:?}");
    }
    let daily: Vec<i64> = (0..3).map(|index| (20_454 + index) * day + 8).collect();
    assert!(labels(&daily, "DateTime").contains(&"2 Jan".to_owned()));
}

#[test]
fn the_least_bar_of_a_logarithm_has_a_length() {
    let y_axis = Axis { scale: AxisScale::Log, ..Axis::default() };
    let spec = Spec { y_axis, ..Spec::new(Kind::Column) };
    let drawn = bars(&picture(&daily(0, &[10, 100, 1_000]), &spec).svg);
    assert_eq!(drawn.len(), 3, "{drawn:?}");
}

#[test]
fn a_negative_share_of_a_stack_is_refused_by_name() {
    for kind in BOTH {
        let table = plans(&[1.0, -2.0, 3.0, 4.0, 5.0, 6.0]);
        let error = draw(&Input::from(&table), &by_plan(kind, Stacking::Percent), SIZE, Theme::Light);
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("`accounts`") && error.contains("Oslo"), "{error}");
    }
}

#[test]
fn names_of_bars_are_cut_where_they_would_take_the_plot_and_kept_in_full() {
    let name = "a name that goes on and on ".repeat(200);
    let table = table(vec![
        Column::new("name", Type::parse("String"), vec![name.as_str(), "b"].into()),
        Column::new("value", Type::parse("Float64"), vec![1.0, 2.0].into()),
    ]);
    let drawing = picture(&table, &Spec::new(Kind::Bar));
    assert!(drawing.marks.plot.x < SIZE.width as f32 * 0.5);
    assert!(drawing.svg.contains("<title>a name that goes on and on a name"));
    assert_eq!(drawing.marks.marks[0].keys[0].value.as_deref(), Some(name.as_str()));
}

#[test]
fn a_bar_has_no_axis_at_the_right_and_a_stack_no_logarithm() {
    let table = plans(&NUMBERS);
    let refused = |spec: &Spec| draw(&Input::from(&table), spec, SIZE, Theme::Light).expect_err("refused");
    let right = Spec { x: Some("city".into()), right: vec!["accounts".into()], ..Spec::new(Kind::Bar) };
    assert_eq!(refused(&right).code(), "meaningless-field");
    let nobody = Spec { x: Some("city".into()), right: vec!["sums".into()], ..Spec::new(Kind::Column) };
    assert_eq!(refused(&nobody).to_string(), "right = `sums` is none of the columns in `y`: `accounts`");
    for kind in BOTH {
        let mut spec = by_plan(kind, Stacking::Sum);
        spec.y_axis.scale = AxisScale::Log;
        let error = refused(&spec);
        assert!(matches!(error, ChartError::Axis { axis: "y_axis", .. }), "{kind}: {error}");
    }
}

#[test]
fn a_category_has_the_same_colour_in_all_tiles_of_a_dashboard() {
    let setting = Setting { colors: Arc::new(Colors::default()), ..Setting::default() };
    let table = plans(&NUMBERS);
    let input = Input { setting: &setting, ..Input::from(&table) };
    let color_of = |drawing: &Drawing, name: &str| {
        let mut entries = drawing.marks.marks.iter().flat_map(|mark| &mark.entries);
        entries.find(|entry| entry.name == name).map(|entry| entry.color)
    };
    let column = draw(&input, &by_plan(Kind::Column, Stacking::None), SIZE, Theme::Light).expect("drawn");
    let donut = Spec { x: Some("plan".into()), ..Spec::new(Kind::Donut) };
    let donut = draw(&input, &donut, SIZE, Theme::Light).expect("drawn");
    for name in ["free", "paid"] {
        let slice = donut.marks.marks.iter().find(|mark| mark.heading == name).expect("a slice");
        assert_eq!(color_of(&column, name).as_deref(), Some(slice.entries[0].color.as_str()), "{name}");
    }
}

#[test]
fn five_hundred_names_and_a_hundred_and_twenty_series_are_readable() {
    let tail = answer("long_tail");
    let names: Vec<String> = (0..480).map(|row| format!("series {:03}", row % 120)).collect();
    let places: Vec<String> = (0..480).map(|row| format!("place {}", row / 120)).collect();
    let values: Vec<f64> = (0..480).map(|row| f64::from(row % 97) + 1.0).collect();
    let many = table(vec![
        Column::new("place", Type::parse("String"), texts_of(&places)),
        Column::new("series", Type::parse("String"), texts_of(&names)),
        Column::new("value", Type::parse("Float64"), values.clone().into()),
    ]);
    for kind in BOTH {
        let drawing = picture(&tail, &Spec::new(kind));
        assert!(drawing.marks.marks.len() <= SIZE.width as usize, "{kind}");
        let spec = Spec {
            x: Some("place".into()),
            group_by: Some("series".into()),
            stacked: Stacking::Sum,
            ..Spec::new(kind)
        };
        let drawing = picture(&many, &spec);
        let entries = &drawing.marks.marks[0].entries;
        assert_eq!((entries.len(), entries[8].name.as_str()), (9, "Other"), "{kind}");
        let total: f64 = entries.iter().filter_map(|entry| entry.amount).sum();
        assert_eq!(total, values[..120].iter().sum::<f64>(), "{kind}: nothing is lost");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_parts_of_a_stack_end_where_their_sum_does(numbers in prop::collection::vec(0.0f64..1e6, 6)) {
        prop_assume!(numbers.iter().any(|number| *number > 1.0));
        let drawing = picture(&plans(&numbers), &by_plan(Kind::Column, Stacking::Sum));
        // The whole as one series has its end where the last part of the stack ends.
        let wholes: Vec<f64> = numbers.chunks(2).map(|pair| pair[0] + pair[1]).collect();
        let cities = ["Oslo", "Rome", "Bern"];
        let alone = table(vec![
            Column::new("city", Type::parse("String"), cities.to_vec().into()),
            Column::new("accounts", Type::parse("Float64"), wholes.into()),
        ]);
        let spec = Spec { x: Some("city".into()), group_by: None, ..Spec::new(Kind::Column) };
        let alone = picture(&alone, &spec);
        let (stack, whole) = (&drawing.marks, &alone.marks);
        let share = |plot: perch_chart::Rect, y: f32| (plot.y + plot.height - y) / plot.height;
        for (stacked, one) in stack.marks.iter().zip(&whole.marks) {
            let (top, end) = (stacked.entries[1].y.expect("an end"), one.entries[0].y.expect("an end"));
            let apart = share(stack.plot, top) - share(whole.plot, end);
            prop_assert!(apart.abs() < 0.01, "{top} and {end}");
        }
    }

    #[test]
    fn every_bar_begins_at_zero_or_where_another_ends(numbers in prop::collection::vec(-1e6f64..1e6, 6)) {
        let drawing = picture(&plans(&numbers), &by_plan(Kind::Column, Stacking::Sum));
        let ends: Vec<f32> = bars(&drawing.svg).into_iter().flat_map(|(top, bottom)| [top, bottom]).collect();
        let zero = common::zero_line(&drawing.svg).expect("a line of zero");
        for (top, bottom) in bars(&drawing.svg) {
            // One pixel of ground is left between two parts.
            let met = |edge: f32| (edge - zero).abs() < 0.6 || ends.iter().filter(|end| (**end - edge).abs() < 1.2).count() > 1;
            prop_assert!(met(top) || met(bottom), "{top} to {bottom}, zero at {zero}");
        }
    }
}
