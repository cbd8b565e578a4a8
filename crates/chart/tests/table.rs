//! What a table does for who looks something up: it sorts, searches, adds up, links, and scrolls without a jump.

mod common;

use common::{answer, boxes, check_picture};
use perch_chart::{Drawing, Input, Kind, Scroll, Setting, Size, Sort, Spec, Theme, View, check, draw};
use perch_tinybird::{Column, Table, Type, Values, decode};
use proptest::prelude::*;

const SIZE: Size = Size { width: 520, height: 260 };

fn show(table: &Table, spec: &Spec, view: &View, size: Size) -> Drawing {
    let setting = Setting::default();
    let input = Input { view, setting: &setting, ..Input::from(table) };
    draw(&input, spec, size, Theme::Light).expect("drawn")
}

fn plain() -> Spec {
    Spec::new(Kind::Table)
}

fn scroll(drawing: &Drawing) -> &Scroll {
    drawing.scroll.as_ref().expect("a table scrolls")
}

/// The values of one column, row by row, as marks say them.
fn told(drawing: &Drawing, column: &str) -> Vec<String> {
    let marks = drawing.marks.marks.iter().filter(|mark| mark.heading.starts_with("Row "));
    let values = marks.flat_map(|mark| mark.entries.iter().filter(|entry| entry.name == column));
    values.map(|entry| entry.value.to_string()).collect()
}

fn texts(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

fn column(name: &str, kind: &str, values: impl Into<Values>) -> Column {
    Column::new(name, Type::parse(kind), values.into())
}

fn people() -> Table {
    Table::new(vec![
        column("name", "String", vec!["Ann", "bert", "Cid", "Dora"]),
        column("owes", "Nullable(Float64)", vec![Some(12_000.5), None, Some(-3.25), Some(800.0)]),
        column("at", "String", vec!["https://a.example/", "javascript:alert(1)", "", "http://d.example/x"]),
    ])
    .expect("a table")
}

fn by(column: &str, descending: bool) -> Option<Sort> {
    Some(Sort { column: column.into(), descending })
}

#[test]
fn the_viewers_order_comes_before_the_dashboards_as_long_as_its_column_is_there() {
    let (table, spec) = (people(), Spec { sort: by("name", true), ..plain() });
    let names = |sort| told(&show(&table, &spec, &View { sort, ..View::default() }, SIZE), "name");
    assert_eq!(names(None), ["Dora", "Cid", "bert", "Ann"]);
    assert_eq!(names(by("owes", false)), ["Cid", "Dora", "Ann", "bert"]);
    assert_eq!(names(by("gone", false)), ["Dora", "Cid", "bert", "Ann"]);
}

#[test]
fn the_header_says_which_columns_can_be_sorted_and_which_one_is() {
    let drawing = show(&people(), &plain(), &View { sort: by("owes", true), ..View::default() }, SIZE);
    let header = &scroll(&drawing).header;
    let sorted: Vec<_> = header.iter().map(|cell| (cell.column.as_str(), cell.sorted)).collect();
    assert_eq!(sorted, [("name", None), ("owes", Some(true)), ("at", None)]);
    assert!(texts(&drawing).contains(&"▼".to_owned()));
    for pair in header.windows(2) {
        assert!((pair[0].place.x + pair[0].place.width - pair[1].place.x).abs() < 0.11, "no gap and no overlap");
    }
}

#[test]
fn a_search_finds_what_cells_show_and_what_the_engine_wrote() {
    let table = people();
    let found = |search: &str| {
        let drawing = show(&table, &plain(), &View { search: search.into(), ..View::default() }, SIZE);
        assert_eq!(scroll(&drawing).rows, told(&drawing, "name").len());
        (told(&drawing, "name"), drawing.summary)
    };
    assert_eq!(found("BERT").0, ["bert"]);
    assert_eq!(found("12,000").0, ["Ann"]);
    assert_eq!(found("12000.5").0, ["Ann"]);
    let (rows, summary) = found("example");
    assert_eq!(rows, ["Ann", "Dora"]);
    assert!(summary.contains("2 of 4 rows hold “example”"), "{summary}");
    let nothing = show(&table, &plain(), &View { search: "zzz".into(), ..View::default() }, SIZE);
    assert!(texts(&nothing).contains(&"Nothing found".to_owned()));
}

#[test]
fn totals_are_of_the_rows_that_were_found_and_shares_have_none() {
    let json = r#"{"meta":[{"name":"n","type":"String"},{"name":"eur","type":"Decimal(18, 2)"},
        {"name":"big","type":"UInt256"},{"name":"share","type":"Float64"}],
        "data":[{"n":"a","eur":"0.1","big":"115792089237316195423570985008687907853269984665640564039457584007913129639934","share":0.5},
                {"n":"ab","eur":"0.2","big":"1","share":0.5},{"n":"c","eur":"5","big":"7","share":0.1}]}"#;
    let table = decode(json.as_bytes()).expect("an answer").table;
    let formats = [("share".to_owned(), "ratio".parse().expect("a format"))].into();
    let spec = Spec { totals: true, formats, ..plain() };
    let size = Size { width: 1400, ..SIZE };
    let drawing = show(&table, &spec, &View { search: "a".into(), ..View::default() }, size);
    let total = drawing.marks.marks.last().expect("a total");
    assert_eq!(total.heading, "Total of 2 rows");
    let values: Vec<_> =
        total.entries.iter().map(|entry| (entry.name.as_str(), entry.value.replace(',', ""))).collect();
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    assert_eq!(values, [("eur", "0.3".to_owned()), ("big", most.to_owned())]);
    assert!(texts(&drawing).contains(&"Total".to_owned()));
}

#[test]
fn points_of_numbers_stand_below_each_other() {
    let table = Table::new(vec![column("v", "Float64", vec![1.5, 22.0, 333.25, -4.0])]).expect("a table");
    let drawing = show(&table, &plain(), &View::default(), SIZE);
    let shown: Vec<_> = boxes(&drawing.svg).into_iter().filter(|text| text.text != "v").collect();
    let digit = shown.iter().find(|text| text.text == "22").map(|text| (text.right - text.left) / 2.0).expect("22");
    let ends = shown.iter().map(|text| match text.text.split_once('.') {
        // Where the point begins.
        Some((whole, _)) => text.left + digit * whole.trim_start_matches('-').len() as f32,
        None => text.right,
    });
    let ends: Vec<f32> = ends.collect();
    assert_eq!(ends.len(), 4);
    assert!(ends.iter().all(|end| (end - ends[0]).abs() < 0.2), "{ends:?}");
}

#[test]
fn a_row_leads_to_its_address_if_that_is_one_of_the_web_and_the_address_has_no_column() {
    let drawing = show(&people(), &Spec { link: Some("at".into()), ..plain() }, &View::default(), SIZE);
    let links: Vec<_> = drawing.marks.marks.iter().map(|mark| mark.link.as_deref()).collect();
    assert_eq!(links, [Some("https://a.example/"), None, None, Some("http://d.example/x")]);
    assert_eq!(scroll(&drawing).header.len(), 2);
    let key = &drawing.marks.marks[1].keys[0];
    assert_eq!((key.column.as_str(), key.value.as_deref()), ("name", Some("bert")));
}

#[test]
fn a_bar_is_as_long_as_its_number_and_losses_go_the_other_way() {
    let table = Table::new(vec![column("v", "Int64", vec![100_i64, 50, -50, 0])]).expect("a table");
    let drawing = show(&table, &Spec { bars: vec!["v".into()], ..plain() }, &View::default(), SIZE);
    let document = roxmltree::Document::parse(&drawing.svg).expect("well-formed");
    let number =
        |node: &roxmltree::Node<'_, '_>, name| node.attribute(name).expect("set").parse::<f32>().expect("a number");
    let bars: Vec<(f32, f32)> = document
        .descendants()
        .filter(|node| node.has_tag_name("rect"))
        .map(|node| (number(&node, "x"), number(&node, "width")))
        .collect();
    let [(zero, long), (same, half), (_, loss)] = bars[..] else { panic!("{bars:?}") };
    assert!((long - half * 2.0).abs() < 0.2 && (half - loss).abs() < 0.2 && zero == same, "{bars:?}");
    let error = check(&Spec { bars: vec!["w".into()], ..plain() }, &table).err().or_else(|| {
        let spec = Spec { bars: vec!["w".into()], ..plain() };
        draw(&Input::from(&table), &spec, SIZE, Theme::Light).err()
    });
    assert_eq!(
        error.expect("no such column").to_string(),
        "bars = `w`: the pipe's answer has no such column; it has `v`"
    );
}

#[test]
fn every_one_of_a_hundred_columns_can_be_scrolled_to() {
    let table = answer("wide");
    let mut seen = std::collections::BTreeSet::new();
    let mut first_column = 0;
    loop {
        let drawing = show(&table, &plain(), &View { first_column, ..View::default() }, SIZE);
        let scroll = scroll(&drawing);
        let shown = scroll.header.len();
        assert_eq!(scroll.columns_before + shown + scroll.columns_after, table.columns().len());
        seen.extend(scroll.header.iter().map(|cell| cell.column.clone()));
        if scroll.columns_after == 0 {
            break;
        }
        assert_eq!(scroll.columns_before, first_column);
        first_column += shown;
    }
    assert_eq!(seen.len(), table.columns().len());
    let beyond = show(&table, &plain(), &View { first_column: usize::MAX, ..View::default() }, SIZE);
    assert!(scroll(&beyond).header.len() > 1, "the last page is a full one");
}

#[test]
fn a_name_at_the_left_stays_while_numbers_are_scrolled_by() {
    let mut columns = vec![column("who", "String", vec!["x", "y"])];
    columns.extend((0..30).map(|index| column(&format!("c{index}"), "UInt64", vec![1_u64, 2])));
    let table = Table::new(columns).expect("a table");
    let drawing = show(&table, &plain(), &View { first_column: 7, ..View::default() }, SIZE);
    let names: Vec<&str> = scroll(&drawing).header.iter().map(|cell| cell.column.as_str()).collect();
    assert_eq!(names[..2], ["who", "c7"]);
    assert_eq!(drawing.marks.marks[0].entries[1].name, "c7");
}

#[test]
fn any_kind_has_its_data_as_a_table() {
    let table = answer("groups");
    let view = View { as_table: true, ..View::default() };
    for kind in Kind::ALL {
        let drawing = show(&table, &Spec::new(kind), &view, SIZE);
        let columns: Vec<&str> = scroll(&drawing).header.iter().map(|cell| cell.column.as_str()).collect();
        assert_eq!(columns, ["d", "country", "hits"], "{kind}");
    }
    let spec =
        Spec { y: vec!["hits".into()], format: "currency:EUR".parse().expect("a format"), ..Spec::new(Kind::Line) };
    assert!(told(&show(&table, &spec, &view, SIZE), "hits")[0].starts_with('€'), "as the chart writes them");
}

#[test]
fn a_kept_order_is_the_one_that_is_found_anew() {
    let (table, setting) = (answer("long_tail"), Setting::default());
    for (search, sort) in [("7", None), ("7", by("hits", false)), ("", by("hits", false)), ("7", by("pathname", true))]
    {
        let view = View { search: search.into(), sort, first_row: 3, ..View::default() };
        let input = Input { view: &view, setting: &setting, ..Input::from(&table) };
        let drawn = [0, 1].map(|_| draw(&input, &plain(), SIZE, Theme::Light).expect("drawn"));
        assert_eq!(drawn[0], drawn[1]);
        assert_eq!(drawn[0], show(&table, &plain(), &view, SIZE));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn scrolling_by_pixels_moves_rows_by_as_many(first_row in 0_usize..40, offset in 0_f32..26.0, height in 100_u32..400) {
        let (table, size) = (answer("datetime_bare"), Size { width: 420, height });
        let rest = show(&table, &plain(), &View { first_row, ..View::default() }, size);
        let moved = show(&table, &plain(), &View { first_row, offset, ..View::default() }, size);
        let (scroll, still) = (scroll(&moved), scroll(&rest));
        prop_assert!(scroll.offset < scroll.row_height && scroll.first == still.first);
        check_picture(&moved.svg, size, "a moved table");
        let row = |drawing: &Drawing, row: usize| {
            let heading = format!("Row {}", row + 1);
            let mark = drawing.marks.marks.iter().find(|mark| mark.heading == heading)?;
            let perch_chart::Shape::Rect(place) = &mark.shape else { return None };
            Some(place.y + place.height)
        };
        let second = scroll.first + 1;
        if let (Some(before), Some(after)) = (row(&rest, second), row(&moved, second))
            && scroll.visible > 2
        {
            prop_assert!((before - after - scroll.offset).abs() < 0.11, "{before} {after} {}", scroll.offset);
        }
        // No row is lost between two pages, and none is drawn over the header.
        for mark in &moved.marks.marks {
            let perch_chart::Shape::Rect(place) = &mark.shape else { continue };
            prop_assert!(place.y >= moved.marks.plot.y - 0.05);
        }
    }
}
