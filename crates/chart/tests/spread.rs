//! What histograms, box plots, candlesticks and funnels promise.

mod common;

use common::boxes;
use perch_chart::{AxisScale, ChartError, Drawing, Input, Kind, Shape, Size, Spec, Theme, View, draw};
use perch_tinybird::{Column, Table, Type, Values};
use proptest::prelude::*;

const SIZE: Size = Size { width: 520, height: 300 };

fn attempt(table: &Table, spec: &Spec) -> Result<Drawing, ChartError> {
    draw(&Input::from(table), spec, SIZE, Theme::Light)
}

fn picture(table: &Table, spec: &Spec) -> Drawing {
    attempt(table, spec).expect("drawn")
}

fn texts_of(texts: &[String]) -> Values {
    texts.iter().map(String::as_str).collect::<Vec<_>>().into()
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

fn floats(name: &str, values: Vec<Option<f64>>) -> Column {
    Column::new(name, Type::parse("Nullable(Float64)"), values.into())
}

fn said(drawing: &Drawing, mark: usize) -> Vec<(&str, &str)> {
    let entries = &drawing.marks.marks[mark].entries;
    entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect()
}

fn counted(drawing: &Drawing) -> usize {
    let rows = drawing.marks.marks.iter().map(|mark| mark.entries[0].value.replace(',', ""));
    rows.map(|rows| rows.parse::<usize>().expect("a count")).sum()
}

#[test]
fn a_histogram_tells_each_class_its_rows_and_share_and_what_is_left_out() {
    let values = vec![Some(0.5), Some(1.5), Some(1.6), Some(9.5), None, Some(f64::NAN), Some(f64::INFINITY)];
    let drawing = picture(&table(vec![floats("ms", values)]), &Spec { bins: Some(10), ..Spec::new(Kind::Histogram) });
    assert_eq!(drawing.marks.marks[1].heading, "1 to under 2");
    assert_eq!(said(&drawing, 1), [("Rows", "2"), ("Share", "50%")]);
    assert!(drawing.summary.ends_with("Left out: 3 rows without a number."), "{}", drawing.summary);
    assert!(drawing.across.is_some() && drawing.marks.marks[1].at == Some(1.5));
}

#[test]
fn a_logarithm_has_no_place_for_zero_and_says_so() {
    let log = |values: Vec<Option<f64>>| {
        let mut spec = Spec::new(Kind::Histogram);
        spec.x_axis.scale = AxisScale::Log;
        attempt(&table(vec![floats("ms", values)]), &spec)
    };
    let drawing = log(vec![Some(1.0), Some(10.0), Some(1000.0), Some(0.0), Some(-3.0)]).expect("drawn");
    assert_eq!(counted(&drawing), 3);
    assert!(drawing.summary.contains("Left out: 2 rows not above zero"), "{}", drawing.summary);
    let error = log(vec![Some(0.0), Some(-3.0)]).expect_err("nothing is positive");
    assert!(matches!(&error, ChartError::NonePositive { columns } if columns.contains("ms")), "{error}");
}

#[test]
fn a_zoom_counts_anew_what_is_in_it() {
    let values = (0..1000).map(|value| Some(f64::from(value))).collect();
    let table = table(vec![floats("v", values)]);
    let view = View { zoom: Some((100.0, 199.0)), ..View::default() };
    let input = Input { view: &view, ..Input::from(&table) };
    let drawing = draw(&input, &Spec::new(Kind::Histogram), SIZE, Theme::Light).expect("drawn");
    assert_eq!(counted(&drawing), 100);
    let across = drawing.across.expect("numbers");
    assert!(across.from >= 50.0 && across.to <= 250.0, "{across:?}");
}

#[test]
fn a_box_tells_its_five_numbers_and_how_many_lie_beyond() {
    let mut names = vec!["a".to_owned(); 8];
    names.extend(vec!["b".to_owned(); 2]);
    let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 90.0, 3.0, 4.0].map(Some).to_vec();
    let table = table(vec![Column::new("route", Type::parse("String"), texts_of(&names)), floats("ms", values)]);
    let drawing = picture(&table, &Spec::new(Kind::BoxPlot));
    let expected = [
        ("Maximum", "90"),
        ("Third quartile", "6.25"),
        ("Median", "4.5"),
        ("First quartile", "2.75"),
        ("Minimum", "1"),
        ("Values", "8"),
        ("Outliers", "1"),
    ];
    assert_eq!(said(&drawing, 0), expected);
    assert_eq!(drawing.marks.marks[1].keys[0].value.as_deref(), Some("b"));
    assert_eq!(drawing.svg.matches("<circle").count(), 1);
    assert_eq!(drawing.summary, "Box plot of ms by route, 2 boxes: highest median 4.5 for a, lowest 3.5 for b.");
}

#[test]
fn a_hundred_thousand_outliers_are_as_many_dots_as_there_are_pixels() {
    let mut values: Vec<Option<f64>> = vec![Some(1.0); 300_000];
    values.extend((0..100_000).map(|value| Some(2.0 + f64::from(value) / 1000.0)));
    let drawing = picture(&table(vec![floats("v", values)]), &Spec::new(Kind::BoxPlot));
    assert!(drawing.svg.matches("<circle").count() <= SIZE.height as usize);
    assert!(said(&drawing, 0).contains(&("Outliers", "100,000")), "{:?}", said(&drawing, 0));
}

#[test]
fn a_box_for_each_group_filters_by_both_columns() {
    let text = |name: &str, values: [&str; 4]| Column::new(name, Type::parse("String"), values.to_vec().into());
    let table = table(vec![
        text("route", ["/a", "/a", "/b", "/b"]),
        text("region", ["eu", "us", "eu", "us"]),
        floats("ms", [1.0, 2.0, 3.0, 4.0].map(Some).to_vec()),
    ]);
    let spec = Spec { x: Some("route".into()), group_by: Some("region".into()), ..Spec::new(Kind::BoxPlot) };
    let drawing = picture(&table, &spec);
    assert_eq!(drawing.marks.marks[1].heading, "/a · us");
    let keys: Vec<&str> = drawing.marks.marks[1].keys.iter().map(|key| key.column.as_str()).collect();
    assert_eq!(keys, ["route", "region"]);
    assert_eq!(drawing.legend.len(), 2);
}

fn candles(rows: &[[f64; 4]]) -> Table {
    let days = (0..rows.len() as i64).map(|day| Some((20_454 + day) * 86_400_000_000)).collect();
    let column = |name: &str, at: usize| floats(name, rows.iter().map(|row| Some(row[at])).collect());
    table(vec![
        Column::new("day", Type::parse("Date"), Values::times(days)),
        // Not in the order of the roles: they are found by their names.
        column("close", 3),
        column("open", 0),
        column("low", 2),
        column("high", 1),
    ])
}

#[test]
fn a_candle_finds_its_columns_by_name_and_tells_the_change() {
    let drawing = picture(&candles(&[[10.0, 14.0, 9.0, 12.0], [12.0, 12.5, 8.0, 9.0]]), &Spec::new(Kind::Candlestick));
    let expected = [("Open", "10"), ("High", "14"), ("Low", "9"), ("Close", "12"), ("Change", "+2 (+20%)")];
    assert_eq!(said(&drawing, 0), expected);
    assert_eq!(said(&drawing, 1)[4], ("Change", "-3 (-25%)"));
    let color = |mark: usize| drawing.marks.marks[mark].entries[0].color;
    assert_ne!(color(0), color(1));
    // One body is an outline, the other one filled: the colours do not speak alone.
    assert_eq!(drawing.svg.matches("<rect").count(), 1);
}

#[test]
fn a_high_below_its_low_names_both_columns_and_the_day() {
    let error = attempt(&candles(&[[10.0, 8.0, 9.0, 9.0]]), &Spec::new(Kind::Candlestick)).expect_err("refused");
    assert_eq!(error.code(), "high-below-low");
    assert!(error.to_string().starts_with("`high` is below `low` on Thu 1 Jan 2026"), "{error}");
}

#[test]
fn a_candle_that_opens_where_it_never_was_names_the_column_and_the_day() {
    let error = attempt(&candles(&[[20.0, 14.0, 9.0, 12.0]]), &Spec::new(Kind::Candlestick)).expect_err("refused");
    assert_eq!(error.code(), "outside-candle");
    assert!(error.to_string().contains("`open`"), "{error}");
}

#[test]
fn thousands_of_candles_are_merged_and_lose_no_extreme() {
    let rows: Vec<[f64; 4]> = (0..5000)
        .map(|day| {
            let middle = 100.0 + f64::from(day % 700) / 10.0;
            let high = if day == 2718 { 999.0 } else { middle + 2.0 };
            [middle - 1.0, high, middle - 2.0, middle + 1.0]
        })
        .collect();
    let drawing = picture(&candles(&rows), &Spec::new(Kind::Candlestick));
    assert!(drawing.marks.marks.len() <= SIZE.width as usize / 2, "{}", drawing.marks.marks.len());
    let highs: Vec<&str> = (0..drawing.marks.marks.len()).map(|mark| said(&drawing, mark)[1].1).collect();
    assert!(highs.contains(&"999"));
    assert!(drawing.marks.marks[0].heading.contains(" to "), "{}", drawing.marks.marks[0].heading);
    assert!(drawing.summary.contains("5,000 candles, drawn as"), "{}", drawing.summary);
}

fn funnel(steps: &[(&str, f64)]) -> Table {
    let names: Vec<String> = steps.iter().map(|step| step.0.to_owned()).collect();
    table(vec![
        Column::new("step", Type::parse("String"), texts_of(&names)),
        floats("people", steps.iter().map(|step| Some(step.1)).collect()),
    ])
}

#[test]
fn a_step_says_what_came_of_the_one_before_and_of_the_first() {
    let drawing = picture(&funnel(&[("seen", 1000.0), ("tried", 250.0), ("paid", 300.0)]), &Spec::new(Kind::Funnel));
    let headings: Vec<&str> = drawing.marks.marks.iter().map(|mark| mark.heading.as_str()).collect();
    assert_eq!(headings, ["seen", "tried", "paid"], "in the answer's order");
    let expected = [("people", "300"), ("Of the step before", "120%"), ("Of the first step", "30%")];
    assert_eq!(said(&drawing, 2), expected);
    assert!(drawing.summary.contains("paid is larger than the step before it."), "{}", drawing.summary);
    assert_eq!(drawing.marks.marks[1].keys[0].value.as_deref(), Some("tried"));
}

#[test]
fn a_first_step_of_nobody_is_a_share_of_nothing() {
    let drawing = picture(&funnel(&[("seen", 0.0), ("tried", 5.0)]), &Spec::new(Kind::Funnel));
    assert_eq!(said(&drawing, 1)[1..], [("Of the step before", "–"), ("Of the first step", "–")]);
    let error = attempt(&funnel(&[("seen", 3.0), ("tried", -1.0)]), &Spec::new(Kind::Funnel)).expect_err("refused");
    assert_eq!(error.code(), "negative-step");
    assert!(error.to_string().contains("`people` is negative for the step tried"), "{error}");
}

#[test]
fn no_size_is_too_small_for_words_to_stay_apart() {
    let steps: Vec<(String, f64)> =
        (0..40).map(|step| (format!("the step number {step}"), 1e9 / f64::from(step + 1))).collect();
    let steps: Vec<(&str, f64)> = steps.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for (width, height) in [(120, 80), (300, 160), (640, 300), (2000, 1200)] {
        let size = Size { width, height };
        let drawing = draw(&Input::from(&funnel(&steps)), &Spec::new(Kind::Funnel), size, Theme::Dark).expect("drawn");
        let boxes = boxes(&drawing.svg);
        for (index, a) in boxes.iter().enumerate() {
            assert!(!boxes[..index].iter().any(|b| a.meets(b)), "{size:?}: {a:?}");
            assert!(a.left >= 0.0 && a.right <= width as f32 && a.bottom <= height as f32, "{size:?}: {a:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_with_a_number_is_in_one_class(
        values in prop::collection::vec(prop::option::of(any::<f64>()), 1..200),
        bins in prop::option::of(1usize..40),
    ) {
        let numbers = values.iter().flatten().filter(|value| value.is_finite()).count();
        prop_assume!(numbers > 0);
        let drawing = picture(&table(vec![floats("v", values)]), &Spec { bins, ..Spec::new(Kind::Histogram) });
        prop_assert_eq!(counted(&drawing), numbers);
        for mark in &drawing.marks.marks {
            let Shape::Rect(rect) = mark.shape else { panic!("a class has a band") };
            prop_assert!(rect.width >= 0.0 && rect.height >= 0.0);
        }
    }
}
