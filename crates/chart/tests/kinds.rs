//! What each kind promises beyond being well drawn.

mod common;

use common::{answer, boxes};
use perch_chart::{
    Aggregate, Drawing, Earlier, Good, Input, Kind, Pick, Shape, Size, Spec, Stacking, Theme, View, draw,
};
use perch_tinybird::{Column, Table, Type, Values};

const SIZE: Size = Size { width: 520, height: 260 };

fn picture(table: &Table, spec: &Spec) -> Drawing {
    draw(&Input::from(table), spec, SIZE, Theme::Light).expect("drawn")
}

/// Days from 1 January 2026 on.
fn daily(first: i64, values: &[i64]) -> Table {
    let days = (0..values.len() as i64).map(|day| Some((20_454 + first + day) * 86_400_000_000)).collect();
    table(vec![
        Column::new("date", Type::parse("Date"), Values::times(days)),
        Column::new("visits", Type::parse("Int64"), values.to_vec().into()),
    ])
}

fn named(names: &[&str], values: &[f64]) -> Table {
    table(vec![
        Column::new("name", Type::parse("String"), names.to_vec().into()),
        Column::new("value", Type::parse("Float64"), values.to_vec().into()),
    ])
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}

fn texts(drawing: &Drawing) -> Vec<String> {
    boxes(&drawing.svg).into_iter().map(|text| text.text).collect()
}

fn headings(drawing: &Drawing) -> Vec<&str> {
    drawing.marks.marks.iter().map(|mark| mark.heading.as_str()).collect()
}

fn values(drawing: &Drawing) -> Vec<&str> {
    drawing.marks.marks.iter().map(|mark| mark.entries[0].value.as_str()).collect()
}

#[test]
fn a_kpi_tells_its_change_in_words_and_in_the_colour_of_the_news() {
    let (now, before) = (daily(7, &[600, 500]), daily(0, &[400, 600]));
    let draw = |good, theme| {
        let spec = Spec { good, ..Spec::new(Kind::Kpi) };
        let input = Input { previous: Some(&before), ..Input::from(&now) };
        draw(&input, &spec, SIZE, theme).expect("drawn")
    };
    let up = draw(Good::Up, Theme::Light);
    assert_eq!(texts(&up), ["1,100", "▲ Up 10% (+100)", "from 1,000"]);
    assert_eq!(up.summary, "visits: 1,100, up 10% (+100) from 1,000.");
    let color = |drawing: &Drawing| drawing.marks.marks[0].entries[2].color;
    assert_eq!((color(&up).as_str(), color(&draw(Good::Down, Theme::Light)).as_str()), ("#18794e", "#b42318"));
}

#[test]
fn a_kpi_sums_means_or_takes_the_last_by_time() {
    let table = answer("unsorted_time");
    let say = |aggregate| {
        let spec = Spec { aggregate, ..Spec::new(Kind::Kpi) };
        picture(&table, &spec).marks.marks[0].entries[0].value.to_string()
    };
    let column = table.column("v").expect("v");
    let time = table.column("t").expect("t");
    let rows = 0..table.rows();
    let sum: f64 = rows.clone().filter_map(|row| column.number(row)).sum();
    let last = rows.max_by_key(|row| time.time(*row)).expect("rows");
    assert_eq!(say(Aggregate::Sum), sum.to_string());
    assert_eq!(say(Aggregate::Mean), (sum / table.rows() as f64).to_string());
    assert_eq!(say(Aggregate::Last), column.text(last).expect("a value"));
}

#[test]
fn the_period_before_is_a_ghost_that_says_its_own_day() {
    let (now, before) = (daily(7, &[6, 5, 4]), daily(0, &[1, 2, 3]));
    let input = Input { previous: Some(&before), ..Input::from(&now) };
    let drawing = draw(&input, &Spec::new(Kind::Line), SIZE, Theme::Light).expect("drawn");
    let second = &drawing.marks.marks[1];
    assert_eq!(second.heading, "Fri 9 Jan 2026");
    let said: Vec<(&str, &str)> =
        second.entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect();
    assert_eq!(said, [("visits", "5"), ("Before (Fri 2 Jan 2026)", "2")]);
}

#[test]
fn a_year_before_is_called_so_wherever_it_is_named() {
    let (now, before) = (daily(7, &[600, 500]), daily(0, &[400, 600]));
    let drawing = |spec: &Spec, before: &perch_tinybird::Table| {
        let input = Input { previous: Some(before), earlier: Earlier::Year, ..Input::from(&now) };
        draw(&input, spec, SIZE, Theme::Light).expect("drawn")
    };
    let line = drawing(&Spec::new(Kind::Line), &before);
    assert_eq!(line.marks.marks[0].entries[1].name, "Year before (Thu 1 Jan 2026)");
    assert!(line.legend.iter().any(|item| item.name == "Year before"));
    let column = drawing(&Spec::new(Kind::Column), &before);
    assert_eq!(column.marks.marks[0].entries[1].name, "Year before (Thu 1 Jan 2026)");
    let kpi = drawing(&Spec::new(Kind::Kpi), &before);
    assert_eq!(kpi.summary, "visits: 1,100, up 10% (+100) from 1,000 a year before.");
    assert_eq!(kpi.marks.marks[0].entries[1].name, "Year before");
    let nothing = drawing(&Spec::new(Kind::Kpi), &daily(0, &[]));
    assert!(texts(&nothing).iter().any(|text| text == "No value a year before"), "{:?}", texts(&nothing));
}

#[test]
fn times_out_of_order_are_drawn_from_left_to_right() {
    let drawing = picture(&answer("unsorted_time"), &Spec::new(Kind::Line));
    let place = |mark: &perch_chart::Mark| match mark.shape {
        Shape::Column { x } => x,
        _ => panic!("a line has columns"),
    };
    let xs: Vec<f32> = drawing.marks.marks.iter().map(place).collect();
    assert_eq!(drawing.marks.pick, Pick::NearestX);
    assert!(xs.len() > 5 && xs.is_sorted(), "{xs:?}");
}

#[test]
fn a_null_is_a_gap_and_a_lone_point_a_dot() {
    let cells: Values = vec![Some(1.0), Some(2.0), None, Some(3.0), None, Some(4.0), Some(5.0)].into();
    let xs = (0..7).map(|day| Some(day * 86_400_000_000)).collect();
    let table = table(vec![
        Column::new("t", Type::parse("DateTime"), Values::times(xs)),
        Column::new("v", Type::parse("Nullable(Float64)"), cells),
    ]);
    let drawing = picture(&table, &Spec::new(Kind::Line));
    let count = |shape: &str| drawing.svg.matches(shape).count();
    assert_eq!(count("stroke-width=\"1.8\""), 2, "two runs");
    assert_eq!(count("<circle"), 1, "one dot");
    assert_eq!(values(&drawing), ["1", "2", "–", "3", "–", "4", "5"]);
}

#[test]
fn twenty_thousand_rows_keep_their_peaks_and_true_values() {
    let table = answer("big");
    let drawing = picture(&table, &Spec::new(Kind::Line));
    let column = table.column("visits").expect("visits");
    let numbers = || (0..table.rows()).filter_map(|row| column.number(row));
    let greatest = numbers().fold(f64::MIN, f64::max).to_string();
    let least = numbers().fold(f64::MAX, f64::min).to_string();
    let said = values(&drawing);
    assert!(said.contains(&greatest.as_str()) && said.contains(&least.as_str()), "{least} {greatest}");
    let series = drawing.marks.marks[0].entries.len();
    assert!(drawing.marks.marks.len() <= 2 * series * SIZE.width as usize, "two of each in a pixel column");
    assert!(drawing.svg.len() < 120_000, "{} bytes for a picture of 520 pixels", drawing.svg.len());
}

#[test]
fn rows_of_one_name_add_up_in_bars_lists_and_slices() {
    let table = named(&["a", "b", "a"], &[1.0, 5.0, 2.5]);
    let bar = picture(&table, &Spec::new(Kind::Column));
    assert_eq!((headings(&bar), values(&bar)), (vec!["a", "b"], vec!["3.5", "5"]));
    for kind in [Kind::BarList, Kind::Donut] {
        let drawing = picture(&table, &Spec::new(kind));
        assert_eq!((headings(&drawing), values(&drawing)), (vec!["b", "a"], vec!["5", "3.5"]), "{kind}");
    }
}

#[test]
fn what_a_limit_leaves_out_is_other_and_nothing_is_lost() {
    let table = answer("long_tail");
    let total: f64 = (0..table.rows()).filter_map(|row| table.column("hits").expect("hits").number(row)).sum();
    for kind in [Kind::Column, Kind::BarList, Kind::Donut] {
        let drawing = picture(&table, &Spec { limit: Some(5), ..Spec::new(kind) });
        assert_eq!(drawing.marks.marks.len(), 6, "{kind}");
        assert!(headings(&drawing)[5].starts_with("Other"), "{kind}");
        let sum: f64 =
            values(&drawing).iter().map(|value| value.replace(',', "").parse::<f64>().expect("a number")).sum();
        assert_eq!(sum, total, "{kind}");
    }
}

#[test]
fn slices_fill_the_ring_and_their_shares_the_whole() {
    let drawing = picture(&named(&["a", "b", "c"], &[1.0, 2.0, 1.0]), &Spec::new(Kind::Donut));
    let mut end = 0.0;
    for mark in &drawing.marks.marks {
        let Shape::Wedge { start, end: next, .. } = mark.shape else { panic!("a donut has wedges") };
        assert!((start - end).abs() < 1e-5, "no hole between slices");
        end = next;
    }
    assert!((end - std::f32::consts::TAU).abs() < 1e-4);
    let shares: Vec<&str> = drawing.marks.marks.iter().map(|mark| mark.entries[1].value.as_str()).collect();
    assert_eq!(shares, ["50%", "25%", "25%"]);
    assert!(texts(&drawing).contains(&"4".to_owned()), "the total is in the middle");
}

#[test]
fn a_negative_share_is_refused_by_name() {
    let error = draw(&Input::from(&named(&["a", "b"], &[1.0, -2.0])), &Spec::new(Kind::Donut), SIZE, Theme::Light);
    assert_eq!(error.expect_err("negative").to_string(), "`value` is negative for b, and a share of a whole cannot be");
}

#[test]
fn a_slice_keeps_its_colour_when_it_grows_past_another() {
    let color = |values: &[f64], name: &str| {
        let drawing = picture(&named(&["a", "b", "c"], values), &Spec::new(Kind::Donut));
        let mark = drawing.marks.marks.iter().find(|mark| mark.heading == name).expect("the slice");
        mark.entries[0].color
    };
    for name in ["a", "b", "c"] {
        assert_eq!(color(&[3.0, 2.0, 1.0], name), color(&[1.0, 2.0, 3.0], name));
    }
}

#[test]
fn every_group_has_a_colour_of_its_own_and_a_name_in_the_legend() {
    let table = answer("groups");
    let spec = Spec { group_by: Some("country".into()), ..Spec::new(Kind::Line) };
    let drawing = picture(&table, &spec);
    let entries = &drawing.marks.marks[0].entries;
    let mut colors: Vec<&str> = entries.iter().map(|entry| entry.color.as_str()).collect();
    colors.sort_unstable();
    colors.dedup();
    assert_eq!(colors.len(), entries.len());
    for entry in entries {
        assert!(texts(&drawing).contains(&entry.name.to_string()), "{} is in the legend", entry.name);
    }
}

#[test]
fn a_stack_ends_where_its_parts_add_up() {
    let table = answer("groups");
    for kind in [Kind::Column, Kind::Area] {
        let spec = Spec { group_by: Some("country".into()), stacked: Stacking::Sum, ..Spec::new(kind) };
        let drawing = picture(&table, &spec);
        for mark in &drawing.marks.marks {
            let ys: Vec<f32> = mark.entries.iter().filter_map(|entry| entry.y).collect();
            assert!(ys.windows(2).all(|pair| pair[1] <= pair[0]), "{kind}: each part stands on the one before: {ys:?}");
        }
    }
}

#[test]
fn a_table_scrolls_by_rows_and_its_last_page_is_full() {
    let table = answer("long_tail");
    let page = |first_row| {
        let view = View { first_row, ..View::default() };
        let input = Input { view: &view, ..Input::from(&table) };
        draw(&input, &Spec::new(Kind::Table), SIZE, Theme::Light).expect("drawn")
    };
    let scroll = page(100).scroll.expect("a table scrolls");
    assert_eq!((scroll.rows, scroll.first), (500, 100));
    assert!(texts(&page(100)).contains(&"/page/100".to_owned()));
    let end = page(10_000).scroll.expect("a table scrolls");
    assert_eq!(end.first + end.visible, 500);
    assert!(texts(&page(10_000)).contains(&"/page/499".to_owned()));
}

#[test]
fn markup_and_controls_in_texts_are_letters_or_nothing() {
    let table = answer("strings");
    for kind in [Kind::Table, Kind::BarList, Kind::Donut, Kind::Column, Kind::Line] {
        let drawing = picture(&table, &Spec { x: Some("s".into()), ..Spec::new(kind) });
        let document = roxmltree::Document::parse(&drawing.svg).expect("well-formed");
        let inside = document.descendants().filter(|node| node.is_element());
        assert!(
            inside.into_iter().all(|node| !["script", "img", "b", "a"].contains(&node.tag_name().name())),
            "{kind}"
        );
        assert!(!drawing.svg.contains(['\u{0}', '\u{7}', '\u{202e}']), "{kind}");
    }
}

#[test]
fn a_long_text_is_cut_in_the_picture_and_whole_in_its_title() {
    let long = "x".repeat(5_000);
    let drawing = picture(&named(&[&long], &[1.0]), &Spec::new(Kind::Table));
    let document = roxmltree::Document::parse(&drawing.svg).expect("well-formed");
    let cell = document
        .descendants()
        .filter(|node| node.has_tag_name("title"))
        .find(|title| title.text() == Some(long.as_str()));
    assert!(cell.is_some());
    assert!(texts(&drawing).iter().any(|text| text.starts_with("xxx") && text.ends_with('…') && text.len() < 200));
}

#[test]
fn a_spec_is_read_from_toml_and_refuses_what_it_does_not_know() {
    let spec: Spec =
        toml::from_str("kind = \"bar-list\"\nx = \"page\"\ny = \"visits\"\nlimit = 5\nformat = \"currency:EUR\"")
            .expect("a spec");
    assert_eq!((spec.kind, spec.y, spec.limit), (Kind::BarList, vec!["visits".to_owned()], Some(5)));
    let refused = |text: &str| toml::from_str::<Spec>(text).expect_err("refused").to_string();
    assert!(refused("kind = \"pye\"").contains("bar-list"));
    assert!(refused("kind = \"bar\"\ncolour = \"red\"").contains("colour"));
    assert!(refused("kind = \"bar\"\nformat = \"euro\"").contains("currency:EUR"));
}

#[test]
fn the_web_view_reads_marks_by_their_type() {
    let mark = &picture(&daily(0, &[1, 2]), &Spec::new(Kind::Column)).marks.marks[0];
    let json = serde_json::to_value(mark).expect("JSON");
    assert_eq!(json["shape"]["type"], "rect");
    assert!(json["shape"]["width"].as_f64().is_some_and(|width| width > 0.0));
    let declared = <perch_chart::Shape as ts_rs::TS>::inline(&ts_rs::Config::default());
    assert!(declared.contains("\"type\": \"column\"") && declared.contains("\"type\": \"rect\""), "{declared}");
}

#[test]
fn twenty_thousand_bars_are_as_many_as_there_are_pixels() {
    let drawing = picture(&answer("big"), &Spec { y: vec!["visits".into()], ..Spec::new(Kind::Column) });
    let bars = common::bars(&drawing.svg);
    assert!((300..=SIZE.width as usize).contains(&bars.len()), "{}", bars.len());
    for mark in &drawing.marks.marks {
        let Shape::Rect(rect) = mark.shape else { panic!("a bar chart has rectangles") };
        assert!(rect.width >= 0.99, "a pointer can find {rect:?}");
    }
}

#[test]
fn a_kind_is_written_as_it_is_read() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        let spec: Spec = toml::from_str(&format!("kind = \"{kind}\"")).expect("a spec");
        assert_eq!(spec, Spec::new(kind));
    }
}
