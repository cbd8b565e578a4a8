//! Text from data in every place where a picture has text: it stays text. No element, no attribute and no reference
//! comes of it, what is shown is the cleaned value, and nothing leaves its box.

#[path = "common/hostile.rs"]
mod hostile;

mod common;

use common::{SIZES, check_picture};
use hostile::{pictures, places};
use perch_chart::{Input, Kind, Theme, View, draw};

/// What no text may hold: it would turn its neighbours around, leave its line, or end the document.
fn is_unclean(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

#[test]
fn hostile_text_is_text_wherever_it_stands() {
    let mut shown = 0;
    for (what, input, spec) in places() {
        for size in SIZES {
            let drawing = match draw(&Input::from(&input), &spec, size, Theme::Light) {
                Ok(drawing) => drawing,
                Err(error) => panic!("{what}: {error}"),
            };
            // Only known elements and attributes, none of which loads or runs, and all text within the picture.
            check_picture(&drawing.svg, size, &what);
            let document = roxmltree::Document::parse(&drawing.svg).expect("well-formed");
            for text in document.descendants().filter_map(|node| node.text()) {
                assert!(!text.contains(is_unclean), "{what}: {text:?}");
                shown += usize::from(text.contains("<script>alert(1)</script>"));
            }
            assert!(!drawing.summary.contains(is_unclean), "{what}: {:?}", drawing.summary);
            for mark in &drawing.marks.marks {
                if let Some(link) = &mark.link {
                    assert!(link.starts_with("http://") || link.starts_with("https://"), "{what}: {link}");
                }
            }
        }
    }
    assert!(shown > 50, "markup was seen as text in {shown} places");
}

#[test]
fn hostile_text_stays_text_when_it_is_searched_for_and_turned_off() {
    for (what, table, spec) in places() {
        let hostile: Vec<String> = hostile::values();
        let search = hostile[4].clone();
        let view = View { hidden: hostile, search, as_table: spec.kind == Kind::Line, ..View::default() };
        for size in SIZES {
            let drawing = draw(&Input { view: &view, ..Input::from(&table) }, &spec, size, Theme::Dark);
            check_picture(&drawing.unwrap_or_else(|error| panic!("{what}: {error}")).svg, size, &what);
        }
    }
}

#[test]
fn errors_about_hostile_names_are_one_line() {
    for value in hostile::values() {
        let table = hostile::table(&hostile::values());
        let spec = perch_chart::Spec { x: Some(format!("{value}?")), ..perch_chart::Spec::new(Kind::Line) };
        let error = perch_chart::check(&spec, &table).expect_err("no such column").to_string();
        assert!(error.chars().count() < 3_000 && !error.contains(['\n', '\0', '\u{202e}']), "{error:?}");
    }
}

#[test]
fn the_page_of_hostile_pictures_holds_a_picture_for_each_place() {
    assert_eq!(pictures().len(), places().len() * 2);
}
