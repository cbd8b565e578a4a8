//! The golden answers, the specs that suit them, and what a test asks of an SVG's geometry.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use perch_chart::{Kind, Size, Spec, Stacking, check};
use perch_tinybird::{Family, Table, decode};

/// From the least that must be readable to the greatest.
pub const SIZES: [Size; 5] = [
    Size { width: 120, height: 80 },
    Size { width: 300, height: 160 },
    Size { width: 200, height: 500 },
    Size { width: 1100, height: 300 },
    Size { width: 2000, height: 1200 },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

/// One answer of the real engine.
pub fn answer(name: &str) -> Table {
    let path = folder().join(format!("{name}.json"));
    decode(&fs::read(path).expect("a golden answer")).expect("an answer").table
}

/// All of them, the largest aside: it would take longer than all others together, and tests that are about length draw it.
pub fn answers() -> Vec<(String, Table)> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the golden answers")
        .filter_map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("UTF-8").strip_suffix(".json").map(str::to_owned)
        })
        .filter(|name| name != "big")
        .collect();
    names.sort();
    assert!(names.len() > 40, "the golden answers are there");
    names.into_iter().map(|name| (name.clone(), answer(&name))).collect()
}

/// How a kind can draw a table: by itself, with each of the first columns along the bottom, and in groups.
pub fn specs(kind: Kind, table: &Table) -> Vec<Spec> {
    let mut specs = vec![Spec::new(kind)];
    let places = table.columns().iter().filter(|column| column.family() != Family::Other).take(3);
    let places: Vec<String> = places.map(|column| column.name().to_owned()).collect();
    let texts = table.columns().iter().filter(|column| column.family() == Family::Text);
    let text = texts.map(|column| column.name().to_owned()).next();
    let stacks = matches!(kind, Kind::Line | Kind::Area | Kind::Column | Kind::Bar);
    for x in &places {
        let x = Some(x.clone());
        specs.push(Spec { x: x.clone(), ..Spec::new(kind) });
        let stacked = [Stacking::None, Stacking::Sum, Stacking::Percent];
        for stacked in stacked.into_iter().take(if stacks { 3 } else { 1 }) {
            let group_by = text.clone();
            specs.extend(group_by.is_some().then(|| Spec { x: x.clone(), group_by, stacked, ..Spec::new(kind) }));
        }
    }
    specs.push(Spec { stacked: Stacking::Sum, limit: Some(3), ..Spec::new(kind) });
    let words = "# Heading\n\nSome **words** and a [link](https://example.com).\n\n- one\n- two";
    specs.iter_mut().filter(|spec| spec.kind == Kind::Text).for_each(|spec| spec.text = Some(words.to_owned()));
    specs.retain(|spec| check(spec, table).is_ok());
    specs.dedup();
    specs
}

/// Where a text stands, as wide as the bundled font makes it.
#[derive(Debug)]
pub struct TextBox {
    pub text: String,
    pub left: f32,
    pub right: f32,
    pub top: f32,
    pub bottom: f32,
}

impl TextBox {
    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

struct Fonts {
    regular: ttf_parser::Face<'static>,
    semi_bold: ttf_parser::Face<'static>,
}

fn fonts() -> Fonts {
    Fonts {
        regular: ttf_parser::Face::parse(include_bytes!("../../fonts/PerchSans-Regular.ttf"), 0).expect("a font"),
        semi_bold: ttf_parser::Face::parse(include_bytes!("../../fonts/PerchSans-SemiBold.ttf"), 0).expect("a font"),
    }
}

/// The width that a browser gives a text; what the font does not hold counts as half an em, rather too little.
fn width(face: &ttf_parser::Face<'_>, text: &str, size: f32) -> f32 {
    let em = f32::from(face.units_per_em());
    let advance = |character| match face.glyph_index(character) {
        Some(glyph) => f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / em,
        None => unicode_width::UnicodeWidthChar::width(character).map_or(0.0, |cells| cells as f32 * 0.5),
    };
    text.chars().map(advance).sum::<f32>() * size
}

/// Every text of a picture.
pub fn boxes(svg: &str) -> Vec<TextBox> {
    boxes_of(&roxmltree::Document::parse(svg).expect("well-formed"))
}

fn boxes_of(document: &roxmltree::Document<'_>) -> Vec<TextBox> {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    let fonts = FONTS.get_or_init(fonts);
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let measure = |node: roxmltree::Node<'_, '_>| {
        let (x, y, size) = (number(&node, "x"), number(&node, "y"), number(&node, "font-size"));
        let text: String = node.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text()).collect();
        let face = if node.attribute("font-weight") == Some("600") { &fonts.semi_bold } else { &fonts.regular };
        let width = width(face, &text, size);
        let left = match node.attribute("text-anchor") {
            Some("end") => x - width,
            Some("middle") => x - width / 2.0,
            _ => x,
        };
        let (top, bottom) = (y - size * 0.76, y + size * 0.2);
        // What lies beyond the edge of an inner picture is not seen.
        let (least, greatest) = clip(&node).map_or((f32::MIN, f32::MAX), |clip| (clip.top, clip.bottom));
        let (top, bottom) = (top.clamp(least, greatest), bottom.clamp(least, greatest));
        TextBox { text, left, right: left + width, top, bottom }
    };
    texts.map(measure).filter(|text| text.bottom > text.top).collect()
}

/// The edges of the inner picture that a node stands in.
pub struct Clip {
    pub left: f32,
    pub right: f32,
    pub top: f32,
    pub bottom: f32,
}

fn clip(node: &roxmltree::Node<'_, '_>) -> Option<Clip> {
    let inner = node.ancestors().skip(1).find(|node| node.has_tag_name("svg") && node.has_attribute("x"))?;
    let (left, top) = (number(&inner, "x"), number(&inner, "y"));
    let (width, height) = (number(&inner, "width"), number(&inner, "height"));
    let moved = format!("{left} {top} {width} {height}");
    assert_eq!(inner.attribute("viewBox"), Some(moved.as_str()), "an inner picture moves and scales nothing");
    Some(Clip { left, right: left + width, top, bottom: top + height })
}

/// A finite number, or the test ends.
fn number(node: &roxmltree::Node<'_, '_>, name: &str) -> f32 {
    let value: f32 = node.attribute(name).expect("set").parse().expect("a number");
    assert!(value.is_finite(), "{node:?}");
    value
}

/// What holds for every picture whatever is in it.
pub fn check_picture(svg: &str, size: Size, what: &str) {
    let document = roxmltree::Document::parse(svg).expect("well-formed");
    let root = document.root_element();
    assert_eq!(root.attribute("viewBox"), Some(format!("0 0 {} {}", size.width, size.height).as_str()), "{what}");
    assert_eq!(root.attribute("role"), Some("img"), "{what}");
    assert!(root.first_element_child().is_some_and(|first| first.has_tag_name("title")), "{what}");
    // Presentation attributes and geometry, and nothing else: no style, no event, no reference.
    const ELEMENTS: [&str; 8] = ["svg", "title", "text", "rect", "polyline", "polygon", "circle", "path"];
    const NUMBERS: [&str; 10] =
        ["x", "y", "cx", "cy", "width", "height", "r", "stroke-width", "font-size", "fill-opacity"];
    const OTHERS: [&str; 15] = [
        "font-style",
        "viewBox",
        "role",
        "font-family",
        "font-weight",
        "fill",
        "stroke",
        "stroke-linejoin",
        "stroke-linecap",
        "stroke-opacity",
        "stroke-dasharray",
        "text-anchor",
        "points",
        "d",
        "xmlns",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(ELEMENTS.contains(&node.tag_name().name()), "{what} has {node:?}");
        for attribute in node.attributes() {
            let name = attribute.name();
            if NUMBERS.contains(&name) {
                let value = number(&node, name);
                assert!(value >= 0.0 || !["width", "height", "r", "stroke-width"].contains(&name), "{what}: {node:?}");
            } else {
                assert!(OTHERS.contains(&name), "{what}: {name} on {node:?}");
            }
        }
        if node.has_tag_name("rect") && clip(&node).is_none() {
            let (x, y) = (number(&node, "x"), number(&node, "y"));
            let (right, bottom) = (x + number(&node, "width"), y + number(&node, "height"));
            let inside =
                x >= -0.5 && y >= -0.5 && right <= size.width as f32 + 0.5 && bottom <= size.height as f32 + 0.5;
            assert!(inside, "{what}: {node:?} leaves the picture");
        }
        if let Some(points) = node.attribute("points") {
            let clipped = clip(&node).is_some();
            for coordinate in points.split([' ', ',']) {
                let value: f32 = coordinate.parse().expect("a number");
                let inside = (-0.5..=size.width.max(size.height) as f32 + 0.5).contains(&value);
                assert!(value.is_finite() && (inside || clipped), "{what}: {node:?}");
            }
        }
    }
    for text in boxes_of(&document) {
        let inside = text.left >= -0.5
            && text.right <= size.width as f32 + 0.5
            && text.top >= -0.5
            && text.bottom <= size.height as f32 + 0.5;
        assert!(inside, "{what}: {text:?} leaves the picture");
    }
}

/// The upper and lower ends of a bar chart's bars. A legend's swatches are 9 by 9.
pub fn bars(svg: &str) -> Vec<(f32, f32)> {
    let document = roxmltree::Document::parse(svg).expect("well-formed");
    document
        .descendants()
        .filter(|node| node.has_tag_name("rect"))
        .filter(|node| (number(node, "width"), number(node, "height")) != (9.0, 9.0))
        .map(|node| (number(&node, "y"), number(&node, "y") + number(&node, "height")))
        .collect()
}

/// Where the axis says that zero is.
pub fn zero_line(svg: &str) -> Option<f32> {
    let zero = boxes(svg).into_iter().find(|text| {
        let digits = text.text.trim_end_matches('%');
        text.right < 90.0 && digits.parse::<f64>() == Ok(0.0)
    })?;
    // A label's capitals, eight pixels high, are centred on its line.
    let baseline = zero.bottom - 11.0 * 0.2;
    Some(baseline - 4.0)
}
