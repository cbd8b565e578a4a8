//! How the engine writes a value as text: the shortest digits of a float, and
//! the literals in which arrays, tuples and maps stand in a cell of CSV.
//!
//! Values with parts arrive as JSON and are kept so; their type says how the
//! engine would have written them: `["0"]` of `Array(UInt64)` is `[0]`, of
//! `Array(String)` it is `['0']`.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::kind::{Argument, Storage, Type};
use crate::scan::Scanner;

/// A value as a cell of CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// No value: `\N`.
    Null,
    /// A number or a truth value, which stands without quotes.
    Bare(String),
    /// Everything else, here without its quotes.
    Quoted(String),
}

impl Cell {
    /// The text without quotes; `None` for a null.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Bare(text) | Self::Quoted(text) => Some(text),
        }
    }
}

/// The engine's text of a float: the shortest digits that read back as the
/// same double, in the notation of ECMAScript (ECMA-262 §6.1.6.1.20) without
/// its plus sign.
pub(crate) fn float(value: f64) -> String {
    let mut text = String::new();
    write_float(value, &mut text);
    text
}

/// Adds the same to `out`.
pub(crate) fn write_float(value: f64, out: &mut String) {
    let magnitude = value.abs();
    // Writing to a String cannot fail.
    let _ = match value {
        _ if value.is_nan() => write!(out, "nan"),
        _ if value.is_infinite() => write!(out, "{}inf", if value > 0.0 { "" } else { "-" }),
        _ if write_hundredths(value, out) => Ok(()),
        _ if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) => write!(out, "{value}"),
        _ => write!(out, "{value:e}"),
    };
}

/// Adds a float of few digits, at most two of them after the point, as most are: in a tenth of the time that it takes to
/// find the shortest digits of just any. Adds nothing for another, and says so.
fn write_hundredths(value: f64, out: &mut String) -> bool {
    const MOST: f64 = 1e13;
    let magnitude = value.abs() * 100.0;
    let scaled = (magnitude + 0.5) as u64;
    // Of decimals of no more than 15 digits, no two are the same double: the one that is found is the shortest.
    if scaled == 0 || magnitude > MOST || scaled as f64 / 100.0 != value.abs() {
        return false;
    }
    let (whole, rest) = (scaled / 100, scaled % 100);
    if value < 0.0 {
        out.push('-');
    }
    out.push_str(itoa::Buffer::new().format(whole));
    let digit = |value: u64| char::from(b'0' + (value % 10) as u8);
    if rest > 0 {
        out.push('.');
        out.push(digit(rest / 10));
        if rest % 10 > 0 {
            out.push(digit(rest));
        }
    }
    true
}

/// The cell of a value that arrived as `json`.
pub(crate) fn cell(kind: &Type, json: &str) -> Cell {
    let kind = resolve(kind);
    match shape(json) {
        Shape::Null => return Cell::Null,
        shape if kind.name() == "Variant" => {
            return member(kind, shape, json).map_or_else(|| untyped(json), |kind| cell(kind, json));
        }
        _ => {}
    }
    match kind.storage() {
        Storage::Bool | Storage::Int | Storage::UInt | Storage::Float | Storage::Digits => bare(unquoted(json)),
        Storage::Time(_) | Storage::Text => Cell::Quoted(unquoted(json)),
        Storage::Json if fits(kind, shape(json)) => {
            let mut text = String::new();
            literal(kind, json, &mut text);
            Cell::Quoted(text)
        }
        Storage::Json if matches!(kind.name(), "JSON" | "Object") => Cell::Quoted(compact(json)),
        Storage::Json => untyped(json),
    }
}

/// A number or a truth value without quotes. What only stands in its place, in
/// a part that nobody checked against its type, must not end its field.
fn bare(text: String) -> Cell {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !text.is_empty() && text.bytes().all(plain) { Cell::Bare(text) } else { Cell::Quoted(text) }
}

/// The parts of a tuple, which the engine's CSV writes into columns of their
/// own: the name of each and its type. `None` for every other type.
pub(crate) fn parts(kind: &Type) -> Option<Vec<(String, &Type)>> {
    let kind = resolve(kind);
    if kind.name() != "Tuple" {
        return None;
    }
    let named = kind.arguments().iter().enumerate().map(|(position, argument)| match argument {
        Argument::Named(name, kind) => Some((name.clone(), kind)),
        Argument::Type(kind) => Some(((position + 1).to_string(), kind)),
        Argument::Literal(_) => None,
    });
    named.collect()
}

/// The texts of a tuple's parts: a JSON array, or an object where they have
/// names. Empty where the value is neither.
pub(crate) fn members(json: &str) -> Vec<&str> {
    let mut scanner = Scanner::new(json);
    if scanner.peek() == b'[' {
        return scanner.elements().unwrap_or_default();
    }
    let mut members = Vec::new();
    let read = scanner.entries(|_, scanner| {
        members.push(scanner.value()?);
        Ok(())
    });
    if read.is_ok() { members } else { Vec::new() }
}

/// Writes a value as it stands inside an array, a tuple or a map.
fn literal(kind: &Type, json: &str, out: &mut String) {
    let kind = resolve(kind);
    let shape = shape(json);
    if shape == Shape::Null {
        return out.push_str("NULL");
    }
    if kind.name() == "Variant"
        && let Some(member) = member(kind, shape, json)
    {
        return literal(member, json, out);
    }
    let inner = |position: usize| kind.arguments().get(position).and_then(Argument::as_type);
    match (kind.name(), shape) {
        ("Array", Shape::Array) => list('[', ']', members(json), out, |_, json, out| match inner(0) {
            Some(kind) => literal(kind, json, out),
            None => out.push_str(&compact(json)),
        }),
        ("Nested", Shape::Array) => list('[', ']', members(json), out, |_, json, out| tuple(kind, json, out)),
        ("Tuple", Shape::Array | Shape::Object) => tuple(kind, json, out),
        ("Map", Shape::Object) => map(inner(0), inner(1), json, out),
        _ => match cell(kind, json) {
            Cell::Null => out.push_str("NULL"),
            Cell::Bare(text) => out.push_str(&text),
            Cell::Quoted(text) => quote(&text, out),
        },
    }
}

/// Whether a value has the parts that its type says.
fn fits(kind: &Type, shape: Shape) -> bool {
    match kind.name() {
        "Array" | "Nested" => shape == Shape::Array,
        "Tuple" => matches!(shape, Shape::Array | Shape::Object),
        "Map" => shape == Shape::Object,
        _ => false,
    }
}

fn tuple(kind: &Type, json: &str, out: &mut String) {
    list('(', ')', members(json), out, |position, json, out| {
        match kind.arguments().get(position).and_then(Argument::as_type) {
            Some(kind) => literal(kind, json, out),
            None => out.push_str(&compact(json)),
        }
    });
}

fn map(key_kind: Option<&Type>, value_kind: Option<&Type>, json: &str, out: &mut String) {
    let mut entries = Vec::new();
    // What is kept as JSON was checked when it was read.
    let _ = Scanner::new(json).entries(|key, scanner| {
        entries.push((key, scanner.value()?));
        Ok(())
    });
    list('{', '}', entries, out, |_, (key, value), out| {
        // JSON's keys are always strings; the type says what they were.
        let number = key_kind.is_some_and(|kind| kind.family() == crate::Family::Number);
        if number {
            out.push_str(&key)
        } else {
            quote(&key, out)
        }
        out.push(':');
        match value_kind {
            Some(kind) => literal(kind, value, out),
            None => out.push_str(&compact(value)),
        }
    });
}

fn list<T>(open: char, close: char, items: Vec<T>, out: &mut String, mut write: impl FnMut(usize, T, &mut String)) {
    out.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write(position, item, out);
    }
    out.push(close);
}

/// A text in the engine's single quotes.
fn quote(text: &str, out: &mut String) {
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            other => out.push(other),
        }
    }
    out.push('\'');
}

/// The type without wrappers and without the names of the geometric ones.
fn resolve(kind: &Type) -> &Type {
    static POINT: LazyLock<Type> = LazyLock::new(|| Type::parse("Tuple(Float64, Float64)"));
    static RING: LazyLock<Type> = LazyLock::new(|| Type::parse("Array(Point)"));
    static POLYGON: LazyLock<Type> = LazyLock::new(|| Type::parse("Array(Ring)"));
    static POLYGONS: LazyLock<Type> = LazyLock::new(|| Type::parse("Array(Polygon)"));
    let kind = kind.plain();
    match kind.name() {
        "Point" => &POINT,
        "Ring" | "LineString" => &RING,
        "Polygon" | "MultiLineString" => &POLYGON,
        "MultiPolygon" => &POLYGONS,
        _ => kind,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

fn shape(json: &str) -> Shape {
    match Scanner::new(json).peek() {
        b'n' => Shape::Null,
        b't' | b'f' => Shape::Bool,
        b'"' => Shape::String,
        b'[' => Shape::Array,
        b'{' => Shape::Object,
        _ => Shape::Number,
    }
}

/// Which of a variant's types a value is, as far as JSON tells. A string of
/// digits is taken for a number only where the variant has no text.
fn member<'a>(variant: &'a Type, shape: Shape, json: &str) -> Option<&'a Type> {
    let find = |fits: &dyn Fn(&Type) -> bool| {
        variant.arguments().iter().filter_map(Argument::as_type).find(|kind| fits(resolve(kind)))
    };
    let number = |kind: &Type| kind.family() == crate::Family::Number;
    match shape {
        Shape::Null => None,
        Shape::Bool => find(&|kind| kind.storage() == Storage::Bool),
        Shape::Number => find(&number),
        Shape::String => find(&|kind| matches!(kind.name(), "String" | "FixedString")).or_else(|| {
            let digits = unquoted(json).bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
            let words = |kind: &Type| matches!(kind.storage(), Storage::Text | Storage::Time(_));
            (if digits { find(&number) } else { None }).or_else(|| find(&words))
        }),
        Shape::Array => find(&|kind| matches!(kind.name(), "Array" | "Tuple" | "Nested")),
        Shape::Object => find(&|kind| matches!(kind.name(), "Map" | "JSON" | "Object" | "Tuple")),
    }
}

/// A value of which the type says nothing.
fn untyped(json: &str) -> Cell {
    match shape(json) {
        Shape::Null => Cell::Null,
        Shape::Bool | Shape::Number => Cell::Bare(json.trim().to_owned()),
        Shape::String => Cell::Quoted(unquoted(json)),
        Shape::Array | Shape::Object => Cell::Quoted(compact(json)),
    }
}

/// A string's content, or the text of anything else as it stands.
fn unquoted(json: &str) -> String {
    Scanner::new(json).string().map_or_else(|_| json.trim().to_owned(), std::borrow::Cow::into_owned)
}

/// JSON without the white space between its parts.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for character in json.chars() {
        if !inside && matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(kind: &str, json: &str) -> Option<String> {
        cell(&Type::parse(kind), json).into_text()
    }

    proptest! {
        #[test]
        fn a_float_of_few_digits_is_written_as_any_other(scaled in -1_000_000_000_000_000i64..1_000_000_000_000_000, places in 0i32..6) {
            for value in [scaled as f64 / 10f64.powi(places), (scaled % 100_000) as f64 / 10f64.powi(places)] {
                let mut text = String::new();
                if write_hundredths(value, &mut text) {
                    prop_assert_eq!(text, value.to_string());
                }
            }
        }
    }

    #[test]
    fn prices_are_floats_of_few_digits() {
        for value in [0.29, -0.07, 12.5, 1e10, 19.99, -3.0] {
            let mut text = String::new();
            assert!(write_hundredths(value, &mut text));
            assert_eq!(text, value.to_string());
        }
        for value in [0.0, -0.0, 0.001, 0.1 + 0.2, 1e14, f64::NAN, f64::INFINITY] {
            assert!(!write_hundredths(value, &mut String::new()), "{value}");
        }
    }

    #[test]
    fn floats_are_written_as_the_engine_writes_them() {
        for (value, written) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (142.0, "142"),
            (21.825666666666667, "21.825666666666667"),
            (1e300, "1e300"),
            (1.5e300, "1.5e300"),
            (5e-324, "5e-324"),
            (1e20, "100000000000000000000"),
            (1e21, "1e21"),
            (0.000001, "0.000001"),
            (1e-7, "1e-7"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), written);
        }
    }

    #[test]
    fn the_type_says_which_quotes_inside_a_list_are_the_engines() {
        for (kind, json, written) in [
            ("Array(UInt64)", r#"["0","1"]"#, "[0,1]"),
            ("Array(String)", r#"["0", "it's", "a\n\\b"]"#, r"['0','it\'s','a\n\\b']"),
            ("Array(Nullable(Date))", r#"["2026-01-01", null]"#, "['2026-01-01',NULL]"),
            ("Array(Array(UInt8))", "[[1, 2],\n[], [3]]", "[[1,2],[],[3]]"),
            ("Array(Tuple(id UInt64, label String))", r#"[{"id": "1", "label": "x"}]"#, "[(1,'x')]"),
            ("Map(String, UInt64)", r#"{"k1": "0", "k 2": 3}"#, "{'k1':0,'k 2':3}"),
            ("Map(UInt8, Array(Bool))", r#"{"1": [true, false]}"#, "{1:[true,false]}"),
            ("Polygon", "[[[0,0],[1,0.5]]]", "[[(0,0),(1,0.5)]]"),
            ("Array(Float64)", r#"["nan", 1.5]"#, "[nan,1.5]"),
            ("Array(Decimal(38, 9))", "[12345678901234567890.123456789]", "[12345678901234567890.123456789]"),
        ] {
            assert_eq!(text(kind, json).as_deref(), Some(written), "{kind}");
        }
    }

    #[test]
    fn a_variants_value_is_what_its_json_shows() {
        let variant = |json| cell(&Type::parse("Variant(Array(UInt64), String, UInt8)"), json);
        assert_eq!(variant("1"), Cell::Bare("1".to_owned()));
        assert_eq!(variant(r#""1""#), Cell::Quoted("1".to_owned()));
        assert_eq!(variant(r#"["1"]"#), Cell::Quoted("[1]".to_owned()));
        assert_eq!(variant("null"), Cell::Null);
        assert_eq!(cell(&Type::parse("Variant(Date, UInt64)"), r#""12""#), Cell::Bare("12".to_owned()));
    }

    #[test]
    fn a_value_that_is_not_of_its_type_shows_as_it_came() {
        assert_eq!(text("Array(UInt8)", "7").as_deref(), Some("7"));
        assert_eq!(text("Array(Array(UInt8))", "[7]").as_deref(), Some("[7]"));
        assert_eq!(text("Map(String, UInt8)", "[1, 2]").as_deref(), Some("[1,2]"));
        assert_eq!(text("Tuple(UInt8)", "[1, 2]").as_deref(), Some("(1,2)"));
    }

    #[test]
    fn what_stands_in_a_numbers_place_does_not_end_its_field() {
        let kind = Type::parse("UInt64");
        assert_eq!(cell(&kind, r#""18446744073709551615""#), Cell::Bare("18446744073709551615".to_owned()));
        for (json, text) in [(r#""1,2""#, "1,2"), ("[1,2]", "[1,2]"), (r#""\n""#, "\n"), (r#""""#, "")] {
            assert_eq!(cell(&kind, json), Cell::Quoted(text.to_owned()));
        }
    }

    #[test]
    fn json_loses_the_space_between_its_parts_and_nothing_within() {
        assert_eq!(text("JSON", "{ \"a b\" :\t[1, \"x \\\" y\"]\n}").as_deref(), Some(r#"{"a b":[1,"x \" y"]}"#));
    }

    proptest! {
        #[test]
        fn any_float_reads_back_from_its_text(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            let back: f64 = float(value).parse().expect("a number");
            prop_assert_eq!(back.to_bits(), bits);
        }

        #[test]
        fn no_type_and_no_json_make_a_panic(kind in r"(Array|Tuple|Map|Variant|Nested|Nullable)\((Array\()?[A-Za-z0-9, ()]{0,20}\)", json in r#"[\[\]{}:," abu0-9]{0,24}|\PC*"#) {
            let _ = cell(&Type::parse(&kind), &json);
            let _ = parts(&Type::parse(&kind));
        }
    }
}
