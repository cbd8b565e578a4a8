//! A table as CSV, byte for byte as ClickHouse prints CSVWithNames: texts in
//! quotes, numbers bare, `\N` for a null, a tuple's parts in columns of their
//! own. And as JSON, a list of objects, whose numbers have all of their digits.

use std::io;

use crate::kind::Type;
use crate::literal::{self, Cell};
use crate::table::{Column, Table};
use crate::values::Cells;

/// How much is gathered before it is written out.
const CHUNK: usize = 64 * 1024;

/// Writes `table` with a header. What arrived as `null` though its type cannot
/// be null was a NaN or an infinity that the answer did not tell; it is written
/// as the `\N` it arrived as, because nobody can say which it was.
pub fn write_csv(table: &Table, mut out: impl io::Write) -> io::Result<()> {
    let mut buffer = String::with_capacity(CHUNK + 1024);
    let mut names = Vec::new();
    for column in table.columns() {
        leaf_names(column.name().to_owned(), column.kind(), &mut names);
    }
    write_line(&mut buffer, &names, |name, buffer| quoted(name, buffer));
    for row in 0..table.rows() {
        write_line(&mut buffer, table.columns(), |column, buffer| write_field(column, row, buffer));
        if buffer.len() >= CHUNK {
            out.write_all(buffer.as_bytes())?;
            buffer.clear();
        }
    }
    out.write_all(buffer.as_bytes())?;
    out.flush()
}

fn write_line<T>(buffer: &mut String, items: &[T], mut write: impl FnMut(&T, &mut String)) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            buffer.push(',');
        }
        write(item, buffer);
    }
    buffer.push('\n');
}

/// Writes `table` as a list of objects, one a line. Numbers stand bare and in
/// full, also where a reader's doubles would not hold them; what has no number
/// in JSON (NaN, the infinities) is `null`, as the engine itself writes it.
pub fn write_json(table: &Table, mut out: impl io::Write) -> io::Result<()> {
    let mut buffer = String::with_capacity(CHUNK + 1024);
    let names: Vec<String> = table.columns().iter().map(|column| json_text(column.name())).collect();
    buffer.push('[');
    for row in 0..table.rows() {
        buffer.push_str(if row > 0 { ",\n{" } else { "\n{" });
        for (position, (name, column)) in names.iter().zip(table.columns()).enumerate() {
            if position > 0 {
                buffer.push(',');
            }
            buffer.push_str(name);
            buffer.push(':');
            push_json(column, row, &mut buffer);
        }
        buffer.push('}');
        if buffer.len() >= CHUNK {
            out.write_all(buffer.as_bytes())?;
            buffer.clear();
        }
    }
    buffer.push_str("\n]\n");
    out.write_all(buffer.as_bytes())?;
    out.flush()
}

fn push_json(column: &Column, row: usize, buffer: &mut String) {
    match (column.cells(), column.text(row)) {
        (Cells::Json(texts), _) => buffer.push_str(texts.get(row).unwrap_or("null")),
        (_, None) => buffer.push_str("null"),
        (Cells::Text(_) | Cells::Time(..), Some(text)) => buffer.push_str(&json_text(&text)),
        (_, Some(text)) if matches!(&*text, "nan" | "inf" | "-inf") => buffer.push_str("null"),
        (_, Some(text)) => buffer.push_str(&text),
    }
}

/// A text in quotes (RFC 8259 §7).
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The names of the CSV's columns that a column becomes.
fn leaf_names(name: String, kind: &Type, names: &mut Vec<String>) {
    match literal::parts(kind) {
        Some(parts) => parts.into_iter().for_each(|(part, kind)| leaf_names(format!("{name}.{part}"), kind, names)),
        None => names.push(name),
    }
}

fn write_field(column: &Column, row: usize, buffer: &mut String) {
    match column.cells() {
        Cells::Json(texts) => {
            let mut cells = Vec::new();
            leaf_cells(column.kind(), texts.get(row).unwrap_or("null"), &mut cells);
            for (position, cell) in cells.into_iter().enumerate() {
                if position > 0 {
                    buffer.push(',');
                }
                match cell {
                    Cell::Null => buffer.push_str("\\N"),
                    Cell::Bare(text) => buffer.push_str(&text),
                    Cell::Quoted(text) => quoted(&text, buffer),
                }
            }
        }
        cells => match column.text(row) {
            None => buffer.push_str("\\N"),
            Some(text) if matches!(cells, Cells::Text(_) | Cells::Time(..)) => quoted(&text, buffer),
            Some(text) => buffer.push_str(&text),
        },
    }
}

fn leaf_cells(kind: &Type, json: &str, cells: &mut Vec<Cell>) {
    let Some(parts) = literal::parts(kind) else {
        return cells.push(literal::cell(kind, json));
    };
    let members = literal::members(json);
    for (position, (_, kind)) in parts.into_iter().enumerate() {
        leaf_cells(kind, members.get(position).copied().unwrap_or("null"), cells);
    }
}

fn quoted(text: &str, buffer: &mut String) {
    buffer.push('"');
    for (position, piece) in text.split('"').enumerate() {
        if position > 0 {
            buffer.push_str("\"\"");
        }
        buffer.push_str(piece);
    }
    buffer.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers how much each write brought.
    struct Pieces(Vec<usize>);

    impl io::Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_long_table_is_written_in_pieces() {
        let texts = vec!["a text of some length"; 50_000];
        let table = Table::of_equal(vec![Column::new("t", Type::parse("String"), texts.into())]);
        let (mut csv, mut json) = (Pieces(Vec::new()), Pieces(Vec::new()));
        write_csv(&table, &mut csv).expect("a write");
        write_json(&table, &mut json).expect("a write");
        assert_eq!(csv.0.iter().sum::<usize>(), 4 + 50_000 * 24);
        assert_eq!(json.0.iter().sum::<usize>(), 1 + 50_000 * 31 + 2);
        for pieces in [csv.0, json.0] {
            assert!(pieces.len() > 10 && pieces.iter().all(|piece| *piece <= CHUNK + 1024), "{pieces:?}");
        }
    }

    #[test]
    fn json_has_every_digit_and_escapes_every_text() {
        let answer = r#"{"meta": [{"name": "a \"b\"", "type": "UInt64"}, {"name": "t", "type": "String"},
            {"name": "f", "type": "Nullable(Float64)"}, {"name": "l", "type": "Array(UInt64)"}],
            "data": [{"a \"b\"": 18446744073709551615, "t": "x\n\"</script>", "f": 0.1, "l": [1, 2]},
                     {"a \"b\"": 0, "t": "", "f": null, "l": []}], "rows": 2}"#;
        let table = crate::decode(answer.as_bytes()).expect("an answer").table;
        let mut out = Vec::new();
        write_json(&table, &mut out).expect("a write");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.contains("18446744073709551615"), "{text}");
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let asked: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        assert_eq!(told, asked["data"]);
    }
}
