//! What the engine makes of a random table: the JSON of a pipe's answer, in
//! every way that its settings allow, and CSV.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::kinds::{Cell, Kind, kinds, quote, texts};

/// A table with its values.
#[derive(Debug, Clone)]
pub struct Sample {
    pub columns: Vec<Series>,
    pub rows: usize,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Series {
    pub name: String,
    pub kind: Kind,
    pub cells: Vec<Cell>,
}

/// How an answer is written; ClickHouse's own way is the first of each.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub lines: bool,
    /// Integers of 64 bits and more in quotes.
    pub quoted: bool,
    /// Floats in quotes too.
    pub quoted_floats: bool,
    /// NaN and the infinities as words, not as null.
    pub denormals: bool,
    /// Tuples with names as arrays.
    pub tuples_as_arrays: bool,
    /// Every character of a text as an escape.
    pub escapes: bool,
    pub meta_last: bool,
    pub order: Order,
}

/// In which order a row has its columns.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    AsInMeta,
    Reversed,
    /// Another one in each row.
    Any(usize),
}

prop_compose! {
    pub fn layouts()(
        flags in any::<[bool; 7]>(),
        order in prop_oneof![2 => Just(Order::AsInMeta), 1 => Just(Order::Reversed), 1 => any::<usize>().prop_map(Order::Any)],
    ) -> Layout {
        let [lines, quoted, quoted_floats, denormals, tuples_as_arrays, escapes, meta_last] = flags;
        Layout { lines, quoted, quoted_floats, denormals, tuples_as_arrays, escapes, meta_last, order }
    }
}

/// Tables of some columns and up to so many rows.
pub fn samples(rows: usize) -> impl Strategy<Value = Sample> {
    (prop::collection::vec((texts(), kinds()), 1..6), 0..rows).prop_flat_map(|(columns, rows)| {
        let columns = columns.into_iter().enumerate().map(|(index, (name, kind))| {
            // No two of one name, which could not be told apart in another order.
            let name = format!("{name}{index}");
            let cells = prop::collection::vec(kind.cells(), rows);
            cells.prop_map(move |cells| Series { name: name.clone(), kind: kind.clone(), cells })
        });
        columns.collect::<Vec<_>>().prop_map(move |columns| Sample { columns, rows })
    })
}

impl Layout {
    /// What the answer tells of a cell: nothing of a NaN that it writes as null.
    pub fn told(self, cell: &Cell) -> Cell {
        match cell {
            Cell::Float(value) if !value.is_finite() && !self.denormals => Cell::Null,
            Cell::List(cells) => Cell::List(cells.iter().map(|cell| self.told(cell)).collect()),
            Cell::Tuple(cells) => Cell::Tuple(cells.iter().map(|cell| self.told(cell)).collect()),
            Cell::Map(pairs) => Cell::Map(pairs.iter().map(|(key, value)| (key.clone(), self.told(value))).collect()),
            other => other.clone(),
        }
    }

    /// The answer's body.
    pub fn answer(self, sample: &Sample) -> String {
        let (line, tab, space) = if self.lines { ("\n", "\t", " ") } else { ("", "", "") };
        let meta = sample.columns.iter().map(|column| {
            let (name, kind) = (self.string(&column.name), self.string(&column.kind.text()));
            format!("{line}{tab}{tab}{{{line}\"name\":{space}{name},{line}\"type\":{space}{kind}{line}}}")
        });
        let meta = format!("\"meta\":{line}{tab}[{}{line}{tab}]", meta.collect::<Vec<_>>().join(","));
        let data = (0..sample.rows).map(|row| {
            let mut cells: Vec<_> = sample
                .columns
                .iter()
                .map(|column| {
                    let value = self.json(&column.kind, &column.cells[row]);
                    format!("{line}{tab}{tab}{tab}{}:{space}{value}", self.string(&column.name))
                })
                .collect();
            match self.order {
                Order::AsInMeta => {}
                Order::Reversed => cells.reverse(),
                Order::Any(seed) => {
                    let places = cells.len();
                    cells.rotate_left(seed.wrapping_mul(row * row + 1) % places);
                }
            }
            format!("{line}{tab}{tab}{{{}{line}{tab}{tab}}}", cells.join(","))
        });
        let data = format!("\"data\":{line}{tab}[{}{line}{tab}]", data.collect::<Vec<_>>().join(","));
        let rows = format!("\"rows\":{space}{}", sample.rows);
        let rest = r#""rows_before_limit_at_least": 99, "totals": {"a\/b": [{}, "\"", null]},"statistics": {"elapsed": 0.1, "rows_read": 1, "bytes_read": 1}"#;
        let parts = if self.meta_last { [&*data, rest, &rows, &meta] } else { [&*meta, &data, &rows, rest] };
        format!("{{{line}{tab}{}{line}}}{line}", parts.join(&format!(",{line}{line}{tab}")))
    }

    fn json(self, kind: &Kind, cell: &Cell) -> String {
        match (kind, cell) {
            (_, Cell::Null) => "null".to_owned(),
            (Kind::Nullable(inner) | Kind::LowCardinality(inner) | Kind::Aggregate(inner), _) => self.json(inner, cell),
            (_, Cell::Bool(value)) => value.to_string(),
            (_, Cell::Integer(digits, true)) if self.quoted => format!("\"{digits}\""),
            (_, Cell::Integer(digits, _) | Cell::Decimal(digits)) => digits.clone(),
            (_, Cell::Float(value)) if !value.is_finite() && !self.denormals => "null".to_owned(),
            (_, Cell::Float(value)) if !value.is_finite() || self.quoted_floats => format!("\"{}\"", float(*value)),
            (_, Cell::Float(value)) => float(*value),
            (_, Cell::Text(text)) => self.string(text),
            (_, Cell::Time(moment)) => format!("\"{}\"", moment.text),
            (Kind::Array(inner), Cell::List(cells)) => self.array(cells.iter().map(|cell| self.json(inner, cell))),
            (Kind::Nested(parts), Cell::List(rows)) => self.array(rows.iter().map(|row| self.tuple(parts, row))),
            (Kind::Tuple(parts), Cell::Tuple(cells)) => {
                self.array(parts.iter().zip(cells).map(|(kind, cell)| self.json(kind, cell)))
            }
            (Kind::Named(parts), cell) => self.tuple(parts, cell),
            (Kind::Map(key, value), Cell::Map(pairs)) => {
                let pairs = pairs.iter().map(|(name, cell)| {
                    let name = match self.json(key, name) {
                        name if name.starts_with('"') => name,
                        digits => format!("\"{digits}\""),
                    };
                    format!("{name}:{}", self.json(value, cell))
                });
                format!("{{{}}}", self.list(pairs))
            }
            other => panic!("{other:?}"),
        }
    }

    fn tuple(self, parts: &[(String, Kind)], cell: &Cell) -> String {
        let Cell::Tuple(cells) = cell else { panic!("{cell:?}") };
        let values = parts.iter().zip(cells);
        if self.tuples_as_arrays {
            return self.array(values.map(|((_, kind), cell)| self.json(kind, cell)));
        }
        let pairs = values.map(|((name, kind), cell)| format!("\"{name}\":{}", self.json(kind, cell)));
        format!("{{{}}}", self.list(pairs))
    }

    fn array(self, items: impl Iterator<Item = String>) -> String {
        format!("[{}]", self.list(items))
    }

    fn list(self, items: impl Iterator<Item = String>) -> String {
        items.collect::<Vec<_>>().join(if self.lines { ",\n\t\t\t\t" } else { "," })
    }

    /// A string with the engine's escapes, or with nothing else.
    fn string(self, text: &str) -> String {
        let mut out = "\"".to_owned();
        for character in text.chars() {
            match character {
                _ if self.escapes => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    let _ = write!(out, "\\u{unit:04x}");
                }),
                '"' | '\\' | '/' => out.extend(['\\', character]),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                    let _ = write!(out, "\\u{:04X}", u32::from(character));
                }
                other => out.push(other),
            }
        }
        out + "\""
    }
}

/// The engine's text of a cell that stands alone; `None` for a null.
pub fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(text.clone()),
        Cell::Time(moment) => Some(moment.text.clone()),
        other => Some(literal(other)),
    }
}

/// The engine's text of a cell within a list.
fn literal(cell: &Cell) -> String {
    let all = |cells: &[Cell]| cells.iter().map(literal).collect::<Vec<_>>().join(",");
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Integer(digits, _) | Cell::Decimal(digits) => digits.clone(),
        Cell::Float(value) => float(*value),
        Cell::Text(text) => quote(text),
        Cell::Time(moment) => quote(&moment.text),
        Cell::List(cells) => format!("[{}]", all(cells)),
        Cell::Tuple(cells) => format!("({})", all(cells)),
        Cell::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{}:{}", literal(key), literal(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
    }
}

/// The shortest digits, in the notation of ECMA-262 §6.1.6.1.20 without a plus.
fn float(value: f64) -> String {
    let magnitude = value.abs();
    match () {
        () if value.is_nan() => "nan".to_owned(),
        () if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        () if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) => format!("{value}"),
        () => format!("{value:e}"),
    }
}

/// The engine's CSVWithNames of a table: a tuple's parts stand in columns of
/// their own.
pub fn csv(sample: &Sample, layout: Layout) -> String {
    let names = sample.columns.iter().flat_map(|column| leaf_names(column.name.clone(), &column.kind));
    let mut out = names.map(|name| in_quotes(&name)).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..sample.rows {
        let fields = sample.columns.iter().flat_map(|column| leaves(&column.kind, &layout.told(&column.cells[row])));
        out += &(fields.collect::<Vec<_>>().join(",") + "\n");
    }
    out
}

fn leaf_names(name: String, kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Tuple(parts) => {
            let parts = parts.iter().enumerate();
            parts.flat_map(|(index, kind)| leaf_names(format!("{name}.{}", index + 1), kind)).collect()
        }
        Kind::Named(parts) => {
            parts.iter().flat_map(|(part, kind)| leaf_names(format!("{name}.{part}"), kind)).collect()
        }
        _ => vec![name],
    }
}

fn leaves(kind: &Kind, cell: &Cell) -> Vec<String> {
    match (kind, cell) {
        (Kind::Tuple(parts), Cell::Tuple(cells)) => {
            parts.iter().zip(cells).flat_map(|(kind, cell)| leaves(kind, cell)).collect()
        }
        (Kind::Named(parts), Cell::Tuple(cells)) => {
            parts.iter().zip(cells).flat_map(|((_, kind), cell)| leaves(kind, cell)).collect()
        }
        (_, Cell::Null) => vec!["\\N".to_owned()],
        (_, Cell::Bool(_) | Cell::Integer(..) | Cell::Decimal(_) | Cell::Float(_)) => vec![literal(cell)],
        _ => vec![in_quotes(&text(cell).expect("no null"))],
    }
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
