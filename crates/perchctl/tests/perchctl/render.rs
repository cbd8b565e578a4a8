//! `perchctl render`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use perch_chart::Kind;

use crate::{assert_fails, assert_succeeds, golden, path, perchctl};

#[test]
fn an_answer_is_drawn_as_svg_in_the_size_and_theme_that_were_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let answer = golden().join("groups.json");
    let draw = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let arguments = [&["render", path(&answer), "--chart", "table", "-o", path(&out)], more].concat();
        assert_succeeds(&perchctl(&arguments));
        fs::read_to_string(out).expect("an SVG")
    };
    let plain = draw("plain.svg", &[]);
    assert!(plain.starts_with("<svg ") && plain.trim_end().ends_with("</svg>"));
    assert!(plain.contains(r#"width="800" height="400""#), "{}", &plain[..200]);
    assert!(draw("small.svg", &["--size", "300x200"]).contains(r#"width="300" height="200""#));
    assert_ne!(draw("dark.svg", &["--theme", "dark"]), plain);
    assert_eq!(draw("again.svg", &[]), plain, "the same bytes each time");
}

#[test]
fn a_column_that_is_not_there_is_a_failure_that_names_those_that_are() {
    let answer = golden().join("one_row_kpi.json");
    let header = fs::read_to_string(golden().join("one_row_kpi.csv")).expect("the engine's CSV");
    let first = header.split(['"', ',', '\n']).find(|name| !name.is_empty()).expect("a column");
    let output = perchctl(&["render", path(&answer), "--chart", "kpi", "--y", "nowhere", "-o", "-"]);
    assert_fails(&output, 1, first);
    assert!(output.stdout.is_empty());
}

#[test]
fn columns_are_named_with_commas_between_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let answer = dir.path().join("answer.json");
    fs::write(
        &answer,
        r#"{"meta": [{"name": "day", "type": "Date"}, {"name": "a", "type": "UInt64"}, {"name": "b", "type": "UInt64"},
            {"name": "c, d", "type": "UInt64"}],
            "data": [{"day": "2026-01-01", "a": 11, "b": 22, "c, d": 33}, {"day": "2026-01-02", "a": 12, "b": 23, "c, d": 34}],
            "rows": 2}"#,
    )
    .expect("a file");
    let draw = |y: &str| perchctl(&["render", path(&answer), "--chart", "line", "--x", "day", "--y", y, "-o", "-"]);
    let both = draw("a,b");
    assert_succeeds(&both);
    let alone = draw("c, d");
    assert_succeeds(&alone);
    assert_ne!(both.stdout, alone.stdout);
}

#[test]
fn the_end_of_the_name_says_what_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let answer = golden().join("groups.json");
    let make = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let arguments = [&["render", path(&answer), "--chart", "line", "--size", "300x200", "-o", path(&out)], more];
        assert_succeeds(&perchctl(&arguments.concat()));
        fs::read(out).expect("a file")
    };
    assert!(make("a.svg", &[]).starts_with(b"<svg "));
    assert!(make("a.pdf", &[]).starts_with(b"%PDF-"));
    assert_eq!(extent(&make("a.PNG", &[])), (300, 200));
    assert_eq!(extent(&make("b.png", &["--scale", "2"])), (600, 400));
    assert_eq!(extent(&make("c.png", &["--title", "Groups"])), (332, 260));
    assert!(make("d.svg", &["--embed-fonts"]).len() > 50_000);
    for name in ["again.png", "again.pdf", "again.svg"] {
        assert_eq!(make(name, &[]), make(&format!("once-{name}"), &[]), "the same bytes each time");
    }
}

fn extent(file: &[u8]) -> (u32, u32) {
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
    reader.info().size()
}

#[test]
fn what_cannot_be_made_is_a_failure_with_what_to_do() {
    let answer = golden().join("groups.json");
    let dir = tempfile::tempdir().expect("a folder");
    let make = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let arguments = [&["render", path(&answer), "--chart", "table", "-o", path(&out)], more];
        let output = perchctl(&arguments.concat());
        assert!(!out.exists());
        output
    };
    assert_fails(&make("a.png", &["--size", "10000x10000", "--scale", "4"]), 1, "64 million of them. Choose a smaller");
    assert_fails(&make("a.svg", &["--scale", "2"]), 1, "--scale is for a PNG");
    assert_fails(&make("a.png", &["--embed-fonts"]), 1, "--embed-fonts is for an SVG");
}

#[test]
fn a_spec_file_says_what_to_draw_and_what_is_typed_counts_more() {
    let dir = tempfile::tempdir().expect("a folder");
    let spec = dir.path().join("tile.toml");
    fs::write(&spec, "title = \"Groups\"\n[chart]\nkind = \"line\"\nx = \"d\"\ny = \"hits\"\ngroup_by = \"country\"\n")
        .expect("a file");
    let answer = golden().join("groups.json");
    let draw = |more: &[&str]| {
        let output = perchctl(&[&["render", path(&answer), "-o", "-"], more].concat());
        assert_succeeds(&output);
        output.stdout
    };
    let by_file = draw(&["--spec", path(&spec)]);
    let typed = draw(&["--chart", "line", "--x", "d", "--y", "hits", "--group-by", "country"]);
    assert!(by_file == typed);
    assert!(
        draw(&["--spec", path(&spec), "--chart", "column"])
            == draw(&["--chart", "column", "--x", "d", "--y", "hits", "--group-by", "country"])
    );
}

#[test]
fn a_mistake_in_a_spec_file_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let spec = dir.path().join("tile.toml");
    let answer = golden().join("groups.json");
    for (text, hint) in [
        ("[chart]\nkind = \"lime\"\n", "tile.toml:2:8: "),
        ("[chart]\nkind = \"line\"\n  colour = 3\n", "tile.toml:3:3: "),
        ("[chart\n", "tile.toml:1:"),
        ("title = \"no chart\"\n", "chart"),
    ] {
        fs::write(&spec, text).expect("a file");
        assert_fails(&perchctl(&["render", path(&answer), "--spec", path(&spec), "-o", "-"]), 1, hint);
    }
}

/// Each answer of the real engine, drawn by whichever kind suits its columns.
#[test]
fn every_golden_answer_is_drawn_without_being_told_how() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut drawn = 0;
    for entry in fs::read_dir(golden()).expect("the golden answers") {
        let answer = entry.expect("an entry").path();
        if answer.extension().is_none_or(|end| end != "json") {
            continue;
        }
        for size in ["640x320", "240x160"] {
            let out = dir.path().join("out.svg");
            let output = perchctl(&["render", path(&answer), "--chart", "auto", "--size", size, "-o", path(&out)]);
            assert_succeeds(&output);
            assert_sound(&fs::read_to_string(&out).expect("an SVG"), &answer);
        }
        drawn += 1;
    }
    assert!(drawn > 30, "{drawn}");
}

/// The same by each kind: what its columns or its values do not allow is a failure that says so.
#[test]
fn every_golden_answer_is_drawn_as_each_kind_that_its_columns_allow() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out.svg");
    let kinds = Kind::ALL.iter().filter(|kind| !matches!(kind, Kind::Auto | Kind::Text)).map(Kind::to_string);
    let kinds: Vec<String> = kinds.collect();
    let mut drawn = BTreeMap::new();
    for entry in fs::read_dir(golden()).expect("the golden answers") {
        let answer = entry.expect("an entry").path();
        if answer.extension().is_none_or(|end| end != "json") {
            continue;
        }
        for kind in &kinds {
            let output = perchctl(&["render", path(&answer), "--chart", kind, "-o", path(&out)]);
            if output.status.success() {
                assert_sound(&fs::read_to_string(&out).expect("an SVG"), &answer);
                *drawn.entry(kind).or_insert(0) += 1;
            } else {
                assert_fails(&output, 1, "perchctl: ");
            }
        }
    }
    // No answer there has a time and four numbers that are named in the order of a candlestick.
    let left_out: Vec<_> = kinds.iter().filter(|kind| drawn.get(kind).is_none_or(|drawn| *drawn < 3)).collect();
    assert_eq!(left_out, ["candlestick"], "{drawn:?}");
}

/// Valid XML, no number that is none, and no extent that is negative.
fn assert_sound(svg: &str, answer: &Path) {
    let document = roxmltree::Document::parse(svg).expect("well-formed");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!value.contains("NaN") && !value.contains("inf"), "{}: {name} = {value}", answer.display());
            if ["width", "height", "r", "stroke-width"].contains(&name) {
                let value: f32 = value.parse().expect("a number");
                assert!(value >= 0.0, "{}: {name} = {value}", answer.display());
            }
        }
    }
}
