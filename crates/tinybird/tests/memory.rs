//! How much memory decoding takes, counted at the allocator: one test alone in
//! its binary, so that nothing else is counted. What is reallocated counts twice
//! for a moment, as where it has to move.

use std::fmt::Write as _;

use peak_alloc::PeakAlloc;
use perch_tinybird::decode;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The shape that holds the fewest cells for the most columns.
const ONE_ROW: &str = "ten thousand columns and one row";
/// What no engine writes without a space.
const ODD: [&str; 3] =
    ["ten thousand columns and three rows", "ten thousand texts in a row", "some short texts, then long ones"];
const MISCOUNTED: &str = "fewer rows than are told";
const TOO_WIDE: &str = "more columns than are read";

/// How an answer may be laid out.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// As ClickHouse writes it: a value a line.
    Lines,
    /// Without a space: the most cells that so many bytes can hold.
    Tight,
}

/// `columns` are names and types, `rows` the JSON of the values.
fn answer(layout: Layout, columns: &[(String, &str)], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let (line, tab, space) = match layout {
        Layout::Lines => ("\n", "\t", " "),
        Layout::Tight => ("", "", ""),
    };
    let mut text = format!("{{{line}{tab}\"meta\":{line}{tab}[");
    for (index, (name, kind)) in columns.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let inside = format!("{line}{tab}{tab}{tab}");
        let _ = write!(text, "{comma}{line}{tab}{tab}{{{inside}\"name\":{space}\"{name}\",");
        let _ = write!(text, "{inside}\"type\":{space}\"{kind}\"{line}{tab}{tab}}}");
    }
    let _ = write!(text, "{line}{tab}],{line}{line}{tab}\"data\":{line}{tab}[");
    let mut told = 0;
    for (index, row) in rows.enumerate() {
        told += 1;
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{line}{tab}{tab}{{");
        for (index, ((name, _), value)) in columns.iter().zip(row).enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(text, "{comma}{line}{tab}{tab}{tab}\"{name}\":{space}{value}");
        }
        let _ = write!(text, "{line}{tab}{tab}}}");
    }
    let _ = write!(text, "{line}{tab}]");
    // The engine tells how many there are; without that, it is guessed.
    if matches!(layout, Layout::Lines) {
        let _ = write!(text, ",{line}{line}{tab}\"rows\":{space}{told}");
    }
    let _ = write!(text, "{line}}}");
    text.into_bytes()
}

/// A column alone, called `a`.
fn alone(layout: Layout, kind: &str, cells: impl Iterator<Item = String>) -> Vec<u8> {
    answer(layout, &[("a".to_owned(), kind)], cells.map(|cell| vec![cell]))
}

fn same(cell: &str, times: usize) -> impl Iterator<Item = String> {
    std::iter::repeat_n(cell.to_owned(), times)
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn wide(layout: Layout, kinds: &[&'static str], columns: usize, rows: usize, value: &str) -> Vec<u8> {
    let columns: Vec<_> = (0..columns).map(|column| (format!("c{column}"), kinds[column % kinds.len()])).collect();
    answer(layout, &columns, std::iter::repeat_n(vec![value.to_owned(); columns.len()], rows))
}

/// The answers that take the most for their bytes.
fn shapes(layout: Layout) -> Vec<(&'static str, Vec<u8>)> {
    // A little more than a power of two, which is the worst for room that doubles.
    const MANY: usize = 66_000;
    let megabyte = "x".repeat(1 << 20);
    let long = quoted(&"y".repeat(200));
    let mut shapes = vec![
        ("empty texts", alone(layout, "String", same("\"\"", MANY))),
        ("short texts", alone(layout, "String", same("\"x\"", MANY))),
        ("texts of few words", alone(layout, "LowCardinality(String)", same("\"on\"", MANY))),
        ("nulls", alone(layout, "Nullable(UInt64)", same("null", MANY))),
        ("nulls among texts", alone(layout, "Nullable(String)", same("null", MANY))),
        ("nulls of no known type", alone(layout, "Quux", same("null", MANY))),
        ("digits", alone(layout, "UInt64", same("1", MANY))),
        ("wide digits", alone(layout, "UInt256", same("1", MANY))),
        ("floats", alone(layout, "Float64", same("0", MANY))),
        ("truths", alone(layout, "Bool", same("true", MANY))),
        ("times", alone(layout, "DateTime64(9)", same("\"2026-01-01 00:00:00.000000000\"", MANY))),
        ("lists", alone(layout, "Array(Array(UInt8))", same("[[1],[],[2,3]]", MANY))),
        ("objects", alone(layout, "JSON", same("{\"a\":{\"b\":[null]}}", MANY))),
        ("three columns of digits", wide(layout, &["UInt64"], 3, MANY, "1")),
        ("ten columns of texts", wide(layout, &["String", "LowCardinality(Nullable(String))"], 10, 5_000, "\"\"")),
        ("a thousand columns", wide(layout, &["Float64", "UInt8", "Decimal(9, 2)"], 1_000, 20, "7")),
        ("ten thousand columns and three rows", wide(layout, &["UInt64", "Int8"], 10_000, 3, "7")),
        ("ten thousand texts in a row", wide(layout, &["String", "FixedString(2)"], 10_000, 3, "\"xy\"")),
        ("one long text", alone(layout, "String", same(&quoted(&megabyte), 1))),
        ("one long text of escapes", alone(layout, "String", same(&quoted(&"\\n".repeat(1 << 19)), 1))),
        (
            "one long text with some escapes",
            alone(layout, "String", same(&quoted(&format!("{}\\n", "z".repeat(77)).repeat(20_000)), 1)),
        ),
        ("one long value of no known type", alone(layout, "Quux", same(&quoted(&"\\u0001".repeat(1 << 18)), 1))),
        ("what nobody reads", {
            let mut answer = alone(layout, "UInt8", same("1", 1));
            answer.pop();
            answer.extend_from_slice(format!(",\"other\":\"{}\"}}", "\\n".repeat(1 << 19)).as_bytes());
            answer
        }),
        ("short texts, then long ones", alone(layout, "String", same("\"\"", 2_000).chain(same(&long, 5_000)))),
        ("long texts, then short ones", alone(layout, "String", same(&long, 2_000).chain(same("\"\"", MANY)))),
        (
            "long numbers, then short ones",
            alone(layout, "UInt64", same("18446744073709551615", 10_000).chain(same("1", MANY))),
        ),
        ("some short texts, then long ones", alone(layout, "String", same("\"\"", 20_000).chain(same(&long, 5_000)))),
        (
            "short texts, then one long one",
            alone(layout, "String", same("\"\"", 100).chain(same(&quoted(&"\\n".repeat(1 << 19)), 1))),
        ),
        (
            "one long text, then short ones",
            alone(layout, "String", same(&quoted(&megabyte), 1).chain(same("\"\"", MANY))),
        ),
        ("an enum of many members", {
            let members: Vec<_> = (0..5_000).map(|member| format!("'m{member}' = {member}")).collect();
            alone(layout, &format!("Enum16({})", members.join(", ")), same("\"m7\"", 3))
        }),
        (MISCOUNTED, {
            let answer = String::from_utf8(alone(Layout::Lines, "UInt64", same("1", MANY))).expect("text");
            answer.replace("\"rows\": ", "\"rows\": 999").into_bytes()
        }),
        (TOO_WIDE, wide(layout, &["UInt8"], 40_000, 1, "1")),
    ];
    if matches!(layout, Layout::Lines) {
        shapes.push((ONE_ROW, wide(layout, &["UInt64", "Int8"], 10_000, 1, "7")));
    }
    shapes
}

#[test]
fn decoding_takes_at_most_three_times_the_answers_bytes() {
    for layout in [Layout::Lines, Layout::Tight] {
        for (shape, answer) in shapes(layout) {
            HEAP.reset_peak_usage();
            let before = HEAP.current_usage();
            let decoded = decode(&answer);
            let taken = HEAP.peak_usage() - before;
            assert_eq!(decoded.is_err(), [MISCOUNTED, TOO_WIDE].contains(&shape), "{shape}, {layout:?}");
            // With the answer's own bytes, which are there all the while; apart from them
            // only where the columns are many and the rows hardly any, and where rows
            // turn long that were short, without a space between them.
            let apart = shape == ONE_ROW || (matches!(layout, Layout::Tight) && ODD.contains(&shape));
            let times = if apart { 3 } else { 2 };
            assert!(taken <= times * answer.len(), "{shape}, {layout:?}: {taken} bytes for {}", answer.len());
        }
    }
}
