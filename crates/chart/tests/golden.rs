//! Every answer of the real engine, drawn with every kind that its columns allow, in all sizes and both themes: the
//! picture is well-formed, holds nothing that acts, and nothing in it leaves its place.

mod common;

use common::{SIZES, answers, boxes, check_picture, specs};
use perch_chart::{Drawing, Input, Kind, Shape, Size, Spec, Stacking, Theme, check, draw};
use perch_tinybird::Family;

/// A test for each kind, so that one that fails hides no other.
macro_rules! every_answer_is_a_sound_picture_as {
    ($($name:ident: $kind:ident),* $(,)?) => {
        mod every_answer_is_a_sound_picture_as {
            use perch_chart::Kind;
            $(
                #[test]
                fn $name() {
                    super::every_picture_is_sound(Kind::$kind);
                }
            )*

            #[test]
            fn no_kind_is_left_out() {
                let told = [$(Kind::$kind),*];
                assert!(Kind::ALL.iter().all(|kind| told.contains(kind)));
            }
        }
    };
}

every_answer_is_a_sound_picture_as! {
    auto: Auto,
    lines: Line,
    areas: Area,
    columns: Column,
    bars: Bar,
    a_bar_list: BarList,
    a_donut: Donut,
    a_pie: Pie,
    a_kpi: Kpi,
    a_table: Table,
    a_scatter: Scatter,
    bubbles: Bubble,
    a_heat_map: HeatMap,
    a_histogram: Histogram,
    a_funnel: Funnel,
    a_gauge: Gauge,
    candlesticks: Candlestick,
    box_plots: BoxPlot,
    a_state_timeline: StateTimeline,
    a_map: Map,
    a_text: Text,
}

fn every_picture_is_sound(kind: Kind) {
    let mut drawn = 0;
    for (name, table) in answers() {
        for spec in specs(kind, &table) {
            for (nth, size) in SIZES.into_iter().enumerate() {
                let what = format!("{name} as {spec:?} in {size:?}");
                // Where things stand does not depend on the theme.
                let theme = if nth % 2 == 0 { Theme::Light } else { Theme::Dark };
                match draw(&Input::from(&table), &spec, size, theme) {
                    Ok(drawing) => {
                        drawn += 1;
                        check_picture(&drawing.svg, size, &what);
                        check_texts(&drawing.svg, &what);
                        check_marks(kind, &drawing, size, &what);
                    }
                    // Only values that the kind cannot show keep columns that suit from being drawn.
                    Err(error) => {
                        let codes = ["negative-share", "negative-step", "high-below-low"];
                        assert!(codes.contains(&error.code()), "{what}: {error}");
                    }
                }
            }
        }
    }
    // None of the answers is of a market, and other numbers are no candles: tests/spread.rs draws some that are.
    assert!(drawn >= SIZES.len() || kind == Kind::Candlestick, "{kind}: {drawn} pictures");
}

fn check_texts(svg: &str, what: &str) {
    let mut boxes = boxes(svg);
    boxes.sort_by(|a, b| a.top.total_cmp(&b.top));
    for (index, a) in boxes.iter().enumerate() {
        for b in boxes[index + 1..].iter().take_while(|b| b.top < a.bottom) {
            assert!(!a.meets(b), "{what}: {a:?} and {b:?}");
        }
    }
}

fn check_marks(kind: Kind, drawing: &Drawing, size: Size, what: &str) {
    assert!(!drawing.summary.is_empty() && !drawing.summary.contains("NaN"), "{what}: {}", drawing.summary);
    let (width, height) = (size.width as f32 + 0.2, size.height as f32 + 0.2);
    let inside = |x: f32, y: f32| {
        assert!((-0.2..=width).contains(&x) && (-0.2..=height).contains(&y), "{what}: {x}, {y}");
    };
    let within = |rect: perch_chart::Rect| {
        assert!(rect.width >= 0.0 && rect.height >= 0.0, "{what}: {rect:?}");
        inside(rect.x, rect.y);
        inside(rect.x + rect.width, rect.y + rect.height);
    };
    within(drawing.marks.plot);
    drawing.legend.iter().for_each(|item| within(item.place));
    for mark in &drawing.marks.marks {
        match &mark.shape {
            Shape::Column { x } => inside(*x, 0.0),
            Shape::Rect(rect) => within(*rect),
            Shape::Wedge { cx, cy, inner, outer, start, end } => {
                assert!(0.0 <= *inner && inner < outer && start <= end, "{what}");
                inside(cx - outer, cy - outer);
                inside(cx + outer, cy + outer);
            }
            Shape::Polygon { points } => {
                assert!(points.len() > 2, "{what}");
                points.iter().for_each(|(x, y)| inside(*x, *y));
            }
        }
        assert!(!mark.entries.is_empty(), "{what}: {mark:?}");
        for entry in &mark.entries {
            assert!(!entry.value.is_empty() || matches!(kind, Kind::Table | Kind::Auto), "{what}: {mark:?}");
            entry.y.into_iter().for_each(|y| inside(0.0, y));
        }
    }
    let pixels = if kind == Kind::Bar { size.height } else { size.width };
    assert!(drawing.marks.marks.len() <= 2 * pixels as usize + 2, "{what}: as many as can be pointed at");
}

#[test]
fn the_same_answer_gives_the_same_bytes() {
    for (name, table) in answers() {
        for spec in Kind::ALL.into_iter().flat_map(|kind| specs(kind, &table)) {
            let size = Size { width: 520, height: 260 };
            let twice = [0, 1].map(|_| draw(&Input::from(&table), &spec, size, Theme::Dark).ok());
            assert_eq!(twice[0], twice[1], "{name} as {spec:?}");
        }
    }
}

/// What a mark says without the commas is what the engine's CSV says.
#[test]
fn marks_hold_the_engines_own_digits() {
    let mut compared = 0;
    for (name, table) in answers() {
        for spec in [Kind::Line, Kind::Area, Kind::Table].into_iter().flat_map(|kind| specs(kind, &table)) {
            let size = Size { width: 2000, height: 1200 };
            let Ok(drawing) = draw(&Input::from(&table), &spec, size, Theme::Light) else { continue };
            for mark in &drawing.marks.marks {
                for entry in &mark.entries {
                    let columns = table.columns().iter().filter(|column| column.family() == Family::Number);
                    let told = |text: Option<std::borrow::Cow<'_, str>>| {
                        text.map_or(entry.value == "–", |text| entry.value.replace(',', "") == *text)
                    };
                    let Some(column) = columns.clone().find(|column| entry.name == column.name()) else { continue };
                    compared += 1;
                    assert!(
                        (0..table.rows()).any(|row| told(column.text(row))),
                        "{name} as {spec:?}: {} = {}",
                        entry.name,
                        entry.value
                    );
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared} values compared");
}

#[test]
fn every_row_of_a_line_has_a_mark_with_its_value() {
    let table = common::answer("datetime_bare");
    let spec = Spec::new(Kind::Line);
    let drawing = draw(&Input::from(&table), &spec, Size { width: 1100, height: 300 }, Theme::Light).expect("drawn");
    let said: Vec<&str> = drawing.marks.marks.iter().map(|mark| mark.entries[0].value.as_str()).collect();
    let column = table.column("v").expect("v");
    let held: Vec<String> =
        (0..table.rows()).filter_map(|row| column.text(row)).map(|text| text.into_owned()).collect();
    assert_eq!(said, held);
}

#[test]
fn bars_stand_on_zero() {
    for (name, table) in answers() {
        for spec in specs(Kind::Column, &table).into_iter().filter(|spec| spec.stacked == Stacking::None) {
            let size = Size { width: 1100, height: 300 };
            let drawing = draw(&Input::from(&table), &spec, size, Theme::Light).expect("drawn");
            let bars = common::bars(&drawing.svg);
            let Some(zero) = common::zero_line(&drawing.svg) else {
                assert!(bars.is_empty(), "{name}: bars without a line of zero");
                continue;
            };
            for (top, bottom) in bars {
                let stands = (top - zero).abs() < 0.15 || (bottom - zero).abs() < 0.15;
                assert!(stands, "{name} as {spec:?}: from {top} to {bottom}, zero at {zero}");
            }
        }
    }
}

#[test]
fn an_answer_without_values_says_so() {
    let size = Size { width: 520, height: 260 };
    let nulls = common::answer("all_null");
    // Of such an answer, `auto` and a table show the rows that there are.
    let kinds = Kind::ALL.into_iter().filter(|kind| ![Kind::Table, Kind::Auto].contains(kind));
    let mut said = 0;
    for kind in kinds {
        for x in [None, Some("d".to_owned())] {
            let drawn = draw(&Input::from(&nulls), &Spec { x, ..Spec::new(kind) }, size, Theme::Light);
            if let Ok(drawing) = drawn {
                assert!(drawing.svg.contains("No values"), "{kind}");
                said += 1;
            }
        }
    }
    assert!(said > 20, "{said} were drawn");
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let table = common::answer("groups");
    let spec = Spec { y: vec!["visits".into()], ..Spec::new(Kind::Line) };
    let error = check(&spec, &table).expect_err("no such column");
    assert_eq!(error.code(), "no-column");
    assert_eq!(error.to_string(), "y = `visits`: the pipe's answer has no such column; it has `d`, `country`, `hits`");
    let spec = Spec { y: vec!["country".into()], ..Spec::new(Kind::Line) };
    let error = check(&spec, &table).expect_err("a text");
    assert_eq!(error.to_string(), "y = `country` is String, where the chart needs numbers");
}
