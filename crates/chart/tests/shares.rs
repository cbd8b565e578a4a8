//! What the kinds promise that are about shares, single numbers, countries and words.

mod common;

use std::f32::consts::TAU;

use common::{boxes, check_picture};
use perch_chart::{
    Aggregate, Axis, ChartError, Drawing, Good, Input, Kind, Shape, Size, Spec, Target, Theme, Threshold, View, draw,
};
use perch_tinybird::{Column, Table, Type};
use proptest::prelude::*;

const SIZE: Size = Size { width: 520, height: 260 };
const SMALL: Size = Size { width: 120, height: 80 };

fn named(names: &[&str], values: &[f64]) -> Table {
    let columns = vec![
        Column::new("name", Type::parse("String"), names.to_vec().into()),
        Column::new("value", Type::parse("Float64"), values.to_vec().into()),
    ];
    Table::new(columns).expect("a table")
}

fn one(value: f64) -> Table {
    named(&["a"], &[value])
}

fn picture(table: &Table, spec: &Spec) -> Drawing {
    draw(&Input::from(table), spec, SIZE, Theme::Light).expect("drawn")
}

fn refused(table: &Table, spec: &Spec) -> ChartError {
    draw(&Input::from(table), spec, SIZE, Theme::Light).expect_err("refused")
}

fn texts(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

fn keys(drawing: &Drawing) -> Vec<Option<&str>> {
    drawing.marks.marks.iter().map(|mark| mark.keys.first().and_then(|key| key.value.as_deref())).collect()
}

/// Where the slices of a picture begin and end, in radians.
fn slices(drawing: &Drawing) -> Vec<(f32, f32)> {
    let turn = |shape: &Shape| match shape {
        Shape::Wedge { start, end, .. } => (*start, *end),
        shape => panic!("{shape:?} is no slice"),
    };
    drawing.marks.marks.iter().map(|mark| turn(&mark.shape)).collect()
}

/// That all texts are inside and none covers another.
fn readable(drawing: &Drawing, size: Size, what: &str) {
    check_picture(&drawing.svg, size, what);
    let boxes = boxes(&drawing.svg);
    for (index, a) in boxes.iter().enumerate() {
        for b in &boxes[..index] {
            assert!(!a.meets(b), "{what}: {a:?} and {b:?}");
        }
    }
}

#[test]
fn a_slice_that_is_turned_off_takes_no_part_but_stays_in_the_legend() {
    let table = named(&["a", "b", "c"], &[50.0, 30.0, 20.0]);
    for kind in [Kind::Donut, Kind::Pie] {
        let view = View { hidden: vec!["a".into()], ..View::default() };
        let drawing = draw(&Input { view: &view, ..Input::from(&table) }, &Spec::new(kind), SIZE, Theme::Light);
        let drawing = drawing.expect("drawn");
        let shares: Vec<&str> = drawing.marks.marks.iter().map(|mark| mark.entries[1].value.as_str()).collect();
        assert_eq!(shares, ["60%", "40%"], "{kind}");
        let legend: Vec<(&str, bool)> = drawing.legend.iter().map(|item| (item.name.as_str(), item.shown)).collect();
        assert_eq!(legend, [("a", false), ("b", true), ("c", true)], "{kind}");
        let all = picture(&table, &Spec::new(kind));
        let colors = |drawing: &Drawing| drawing.legend.iter().map(|item| item.color).collect::<Vec<_>>();
        assert_eq!(colors(&drawing), colors(&all), "nobody changes colour");
    }
}

#[test]
fn with_every_slice_turned_off_the_legend_is_left_to_turn_them_on() {
    let table = named(&["a", "b"], &[1.0, 2.0]);
    let view = View { hidden: vec!["a".into(), "b".into()], ..View::default() };
    let drawing = draw(&Input { view: &view, ..Input::from(&table) }, &Spec::new(Kind::Donut), SIZE, Theme::Light);
    let drawing = drawing.expect("drawn");
    assert!(drawing.marks.marks.is_empty());
    assert_eq!(drawing.legend.iter().filter(|item| !item.shown).count(), 2);
}

#[test]
fn shares_of_nothing_say_so_and_names_without_a_number_are_told() {
    let zeros = picture(&named(&["a", "b"], &[0.0, 0.0]), &Spec::new(Kind::Pie));
    assert_eq!(zeros.summary, "All values are zero.");
    let odd = picture(&named(&["a", "b", "c"], &[1.0, f64::NAN, f64::INFINITY]), &Spec::new(Kind::Donut));
    assert!(odd.summary.ends_with("Without a number: b and c."), "{}", odd.summary);
    assert_eq!(odd.marks.marks.len(), 1);
}

#[test]
fn a_slice_and_a_bar_filter_by_their_name_and_other_by_nothing() {
    let names: Vec<String> = (0..500).map(|index| format!("name {index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let values: Vec<f64> = (0..500).map(|index| f64::from(1000 - index)).collect();
    let table = named(&names, &values);
    for kind in [Kind::Donut, Kind::Pie, Kind::BarList] {
        let drawing = picture(&table, &Spec { limit: Some(3), ..Spec::new(kind) });
        assert_eq!(keys(&drawing), [Some("name 0"), Some("name 1"), Some("name 2"), None], "{kind}");
        assert!(drawing.summary.contains("500 in all"), "{kind}: {}", drawing.summary);
    }
}

#[test]
fn a_bar_list_leads_to_web_addresses_only_and_has_no_reference_in_its_picture() {
    let links = ["https://example.com/a", "javascript:alert(1)", "/b"];
    let mut columns: Vec<Column> = named(&["a", "b", "c"], &[3.0, 2.0, 1.0]).columns().to_vec();
    columns.push(Column::new("address", Type::parse("String"), links.to_vec().into()));
    let table = Table::new(columns).expect("a table");
    let drawing = picture(&table, &Spec { link: Some("address".into()), ..Spec::new(Kind::BarList) });
    let found: Vec<Option<&str>> = drawing.marks.marks.iter().map(|mark| mark.link.as_deref()).collect();
    assert_eq!(found, [Some("https://example.com/a"), None, None]);
    assert!(!drawing.svg.contains("href") && !drawing.svg.contains("example.com"));
}

#[test]
fn a_bar_list_says_shares_where_it_is_asked_to() {
    let table = named(&["a", "b"], &[3.0, 1.0]);
    let drawing = picture(&table, &Spec { shares: true, ..Spec::new(Kind::BarList) });
    assert!(texts(&drawing).contains(&"75%".to_owned()), "{:?}", texts(&drawing));
    let error = refused(&named(&["a", "b"], &[3.0, -1.0]), &Spec { shares: true, ..Spec::new(Kind::BarList) });
    assert_eq!(error.to_string(), "`value` is negative for b, and a share of a whole cannot be");
}

#[test]
fn a_kpi_from_nothing_has_no_percentage_and_from_null_no_change() {
    let say = |before: Table| {
        let now = one(50.0);
        let input = Input { previous: Some(&before), ..Input::from(&now) };
        draw(&input, &Spec::new(Kind::Kpi), SIZE, Theme::Light).expect("drawn").summary
    };
    assert_eq!(say(one(0.0)), "value: 50, up +50 from 0.");
    assert_eq!(say(one(f64::NAN)), "value: 50, no value in the period before.");
    assert_eq!(say(one(50.0)), "value: 50, no change from 50.");
    assert_eq!(say(one(100.0)), "value: 50, down 50% (−50) from 100.");
}

#[test]
fn a_kpi_says_how_far_it_is_to_its_target() {
    let say = |target: Target, good| {
        let spec = Spec { y: vec!["value".into()], target: Some(target), good, ..Spec::new(Kind::Kpi) };
        picture(&one(50.0), &spec).summary
    };
    assert_eq!(say(Target::Value(200.0), Good::Up), "value: 50, 25% of the target of 200.");
    assert_eq!(say(Target::Value(40.0), Good::Down), "value: 50, 125% of the limit of 40.");
    assert_eq!(say(Target::Value(0.0), Good::Up), "value: 50, target 0 met.");
    assert_eq!(say(Target::Column("value".into()), Good::Up), "value: 50, 100% of the target of 50.");
    let spec = Spec { target: Some(Target::Column("goal".into())), ..Spec::new(Kind::Kpi) };
    let error = refused(&one(1.0), &spec).to_string();
    assert!(error.starts_with("target = `goal`"), "{error}");
}

#[test]
fn a_kpi_takes_the_least_the_greatest_or_the_count() {
    let table = named(&["a", "b", "c", "d"], &[2.0, 7.0, f64::NAN, -1.0]);
    for (aggregate, value) in [(Aggregate::Min, "-1"), (Aggregate::Max, "7"), (Aggregate::Count, "3")] {
        let drawing = picture(&table, &Spec { aggregate, ..Spec::new(Kind::Kpi) });
        assert_eq!(drawing.marks.marks[0].entries[0].value, value);
    }
}

#[test]
fn a_gauge_says_in_which_zone_its_value_is_and_whether_it_is_beyond_an_end() {
    let threshold = |value, label: &str| Threshold { value, label: Some(label.into()), axis: Default::default() };
    let spec = Spec {
        thresholds: vec![threshold(70.0, "High"), threshold(90.0, "Full")],
        good: Good::Down,
        y_axis: Axis { max: Some(100.0), ..Axis::default() },
        ..Spec::new(Kind::Gauge)
    };
    assert_eq!(picture(&one(75.0), &spec).summary, "value: 75 between 0 and 100, High.");
    assert_eq!(picture(&one(130.0), &spec).summary, "value: 130 between 0 and 100, Full, above 100.");
    assert_eq!(picture(&one(-5.0), &spec).summary, "value: -5 between 0 and 100, below 0.");
    let spec = Spec { y_axis: Axis { min: Some(5.0), max: Some(5.0), ..Axis::default() }, ..spec };
    assert_eq!(refused(&one(1.0), &spec).code(), "bad-axis");
}

#[test]
fn a_gauge_ends_at_its_target_at_a_hundred_percent_or_at_a_round_number() {
    let end = |spec: Spec| texts(&picture(&one(37.0), &spec)).contains(&"100".to_owned());
    assert!(end(Spec { target: Some(Target::Value(100.0)), ..Spec::new(Kind::Gauge) }));
    let percent = Spec { format: "percent".parse().expect("a format"), ..Spec::new(Kind::Gauge) };
    assert!(texts(&picture(&one(37.0), &percent)).contains(&"100%".to_owned()));
    let round = texts(&picture(&one(37.0), &Spec::new(Kind::Gauge)));
    assert!(round.contains(&"40".to_owned()), "{round:?}");
}

#[test]
fn a_map_finds_countries_by_codes_and_names_and_tells_what_it_does_not_know() {
    let table = named(&["DE", "FRA", "Spain", "XX", "fr"], &[3.0, 1.0, 2.0, 9.0, 4.0]);
    let drawing = picture(&table, &Spec::new(Kind::Map));
    let found: Vec<(&str, &str)> =
        drawing.marks.marks.iter().map(|mark| (mark.heading.as_str(), mark.entries[0].value.as_str())).collect();
    assert_eq!(found, [("France", "5"), ("Germany", "3"), ("Spain", "2")]);
    // France is written in two ways, and one of them is a part of it.
    assert_eq!(keys(&drawing), [None, Some("DE"), Some("Spain")]);
    assert!(drawing.summary.ends_with("Not on the map: XX."), "{}", drawing.summary);
    assert!(texts(&drawing).contains(&"Not on the map: XX".to_owned()));
    let none = picture(&named(&["Atlantis"], &[1.0]), &Spec::new(Kind::Map));
    assert_eq!(none.summary, "No countries with values in name.");
}

/// Whether a point is inside a closed line, as the web view finds it.
fn holds(points: &[(f32, f32)], x: f32, y: f32) -> bool {
    let sides = points.iter().zip(points.iter().cycle().skip(1));
    sides.filter(|(a, b)| (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0).count() % 2 == 1
}

#[test]
fn a_pointer_finds_the_country_under_it_and_a_small_one_by_its_dot() {
    let table = named(&["DE", "FR", "US", "ZA", "LS", "SG"], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let drawing = draw(&Input::from(&table), &Spec::new(Kind::Map), Size { width: 1600, height: 760 }, Theme::Light);
    let drawing = drawing.expect("drawn");
    let mark = |name: &str| drawing.marks.marks.iter().find(|mark| mark.heading == name).expect(name);
    let area = |name: &str| match &mark(name).shape {
        Shape::Polygon { points } => points.clone(),
        shape => panic!("{name} is {shape:?}"),
    };
    // Kansas, Alaska and the sea between them.
    let states = area("United States");
    assert!(holds(&states, 458.0, 165.0) && holds(&states, 330.0, 60.0) && !holds(&states, 700.0, 200.0));
    assert!(matches!(mark("Singapore").shape, Shape::Rect(_)));
}

#[test]
fn a_map_in_a_tile_weighs_less_than_a_photograph_of_it() {
    let codes = ["US", "RU", "CA", "NO", "ID", "CL", "PH"];
    let table = named(&codes, &[1.0; 7]);
    let tile = draw(&Input::from(&table), &Spec::new(Kind::Map), Size { width: 600, height: 300 }, Theme::Light);
    let bytes = tile.expect("drawn").svg.len();
    assert!((20_000..90_000).contains(&bytes), "{bytes}");
}

fn text(markdown: &str) -> Spec {
    Spec { text: Some(markdown.into()), ..Spec::new(Kind::Text) }
}

#[test]
fn a_text_needs_no_table_but_its_words() {
    let nothing = Table::new(Vec::new()).expect("a table");
    let drawing = picture(&nothing, &text("# Title\n\nA **bold** [link](https://example.com/x)."));
    assert_eq!(texts(&drawing), ["Title", "A", "bold", "link", "."]);
    let links: Vec<(&str, Option<&str>)> =
        drawing.marks.marks.iter().map(|mark| (mark.heading.as_str(), mark.link.as_deref())).collect();
    assert_eq!(links, [("link", Some("https://example.com/x"))]);
    let error = refused(&nothing, &Spec::new(Kind::Text));
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("missing-field", "a text needs `text`, and the tile has none")
    );
}

#[test]
fn a_text_that_does_not_fit_ends_with_an_ellipsis_and_html_in_it_is_text() {
    let nothing = Table::new(Vec::new()).expect("a table");
    let long = picture(&nothing, &text(&"many words ".repeat(2_000)));
    assert_eq!(texts(&long).last().map(String::as_str), Some("…"));
    let html = picture(&nothing, &text("<script>alert(1)</script>"));
    assert_eq!(texts(&html), ["<script>alert(1)</script>"]);
}

#[test]
fn code_keeps_its_spaces() {
    let nothing = Table::new(Vec::new()).expect("a table");
    let code = picture(&nothing, &text("```\nif x {\n    y\n}\n```"));
    assert_eq!(texts(&code), ["if\u{a0}x\u{a0}{", "\u{a0}\u{a0}\u{a0}\u{a0}y", "}"]);
}

fn sizes() -> impl Strategy<Value = Size> {
    prop_oneof![Just(SMALL), (120_u32..900, 80_u32..700).prop_map(|(width, height)| Size { width, height })]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn slices_add_up_to_a_turn_and_their_labels_stay_inside(
        values in prop::collection::vec(0.0..1e9_f64, 1..40),
        limit in 1_usize..12,
        size in sizes(),
    ) {
        prop_assume!(values.iter().any(|value| *value > 0.0));
        let names: Vec<String> = (0..values.len()).map(|index| format!("Category {index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = named(&names, &values);
        for kind in [Kind::Donut, Kind::Pie] {
            let spec = Spec { limit: Some(limit), ..Spec::new(kind) };
            let drawing = draw(&Input::from(&table), &spec, size, Theme::Dark).expect("drawn");
            let turns = slices(&drawing);
            prop_assert_eq!(turns[0].0, 0.0);
            prop_assert!((turns[turns.len() - 1].1 - TAU).abs() < 1e-3);
            prop_assert!(turns.windows(2).all(|pair| (pair[0].1 - pair[1].0).abs() < 1e-4));
            readable(&drawing, size, &format!("{kind} in {size:?}"));
        }
    }

    #[test]
    fn a_number_in_a_tile_of_any_size_is_readable(
        value in prop_oneof![-1e12..1e12_f64, -2.0..2.0_f64, any::<f64>().prop_filter("a number", |value| value.is_finite())],
        before in -1e9..1e9_f64,
        target in -1e3..1e9_f64,
        size in sizes(),
    ) {
        let (now, before) = (one(value), one(before));
        let input = Input { previous: Some(&before), ..Input::from(&now) };
        for kind in [Kind::Kpi, Kind::Gauge] {
            let spec = Spec { target: Some(Target::Value(target)), ..Spec::new(kind) };
            let drawing = draw(&input, &spec, size, Theme::Light).expect("drawn");
            readable(&drawing, size, &format!("{kind} of {value} in {size:?}"));
        }
    }

    #[test]
    fn a_map_of_any_size_keeps_to_its_place(size in sizes(), values in prop::collection::vec(-1e6..1e6_f64, 5)) {
        let table = named(&["US", "FJ", "AR", "SG", "Nowhere at all"], &values);
        let drawing = draw(&Input::from(&table), &Spec::new(Kind::Map), size, Theme::Light).expect("drawn");
        readable(&drawing, size, &format!("{size:?}"));
    }

    #[test]
    fn any_text_stays_in_its_tile(
        words in prop::collection::vec("[a-zA-Zäöü漢#*_`>\\-\\[\\]()!.<&]{1,20}|\n|\n\n- |\n> |\n## |[x](https://example.com)", 0..60),
        size in sizes(),
    ) {
        let nothing = Table::new(Vec::new()).expect("a table");
        let drawing = draw(&Input::from(&nothing), &text(&words.join(" ")), size, Theme::Light).expect("drawn");
        readable(&drawing, size, &format!("{words:?} in {size:?}"));
    }
}

/// Two rows of one name, two of others, as a rate would be.
fn rates() -> Table {
    named(&["a", "a", "b", "c"], &[0.4, 0.5, 0.2, 0.1])
}

#[test]
fn rows_of_one_name_become_one_number_as_the_spec_says() {
    let value = |kind, aggregate| {
        let spec = Spec { aggregate, ..Spec::new(kind) };
        let drawing = picture(&named(&["DE", "DE", "FR"], &[40.0, 50.0, 30.0]), &spec);
        let mark = drawing.marks.marks.iter().find(|mark| ["DE", "Germany"].contains(&mark.heading.as_str()));
        mark.expect("a mark").entries[0].value.clone()
    };
    for kind in [Kind::Column, Kind::Bar, Kind::BarList, Kind::Donut, Kind::Map] {
        let all = [Aggregate::Sum, Aggregate::Mean, Aggregate::Last, Aggregate::Min, Aggregate::Max, Aggregate::Count];
        assert_eq!(all.map(|aggregate| value(kind, aggregate)), ["90", "45", "50", "40", "50", "2"], "{kind}");
    }
}

#[test]
fn rates_are_never_added_up_side_by_side() {
    let name = rates().columns()[1].name().to_owned();
    for kind in [Kind::Column, Kind::Bar, Kind::BarList] {
        let formats = [(name.clone(), "ratio".parse().expect("a format"))].into();
        let spec = Spec { formats, limit: Some(1), ..Spec::new(kind) };
        let drawing = picture(&rates(), &spec);
        let said: Vec<&str> = drawing.marks.marks.iter().map(|mark| mark.entries[0].value.as_str()).collect();
        assert_eq!(said[0], "45%", "{kind}");
        assert!(["", "\u{2013}"].contains(&said[1]), "{kind}: {said:?}");
    }
}

#[test]
fn a_kind_of_one_column_writes_it_as_that_column_says() {
    let table = named(&["DE", "FR"], &[0.25, 0.5]);
    let name = table.columns()[1].name().to_owned();
    for kind in [Kind::Donut, Kind::Pie, Kind::BarList, Kind::Kpi, Kind::Gauge, Kind::Map] {
        let formats = [(name.clone(), "ratio".parse().expect("a format"))].into();
        let drawing = picture(&table, &Spec { formats, ..Spec::new(kind) });
        let value = &drawing.marks.marks[0].entries[0].value;
        assert!(value.ends_with('%'), "{kind}: {value}");
        assert!(drawing.summary.contains('%'), "{kind}: {}", drawing.summary);
    }
}
