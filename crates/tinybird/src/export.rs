//! A table as CSV, byte for byte as ClickHouse prints CSVWithNames: texts in
//! quotes, numbers bare, `\N` for a null, a tuple's parts in columns of their
//! own.

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
        let column = Column::new("t", Type::parse("String"), texts.into());
        let mut pieces = Pieces(Vec::new());
        write_csv(&Table::of_equal(vec![column]), &mut pieces).expect("a write");
        assert_eq!(pieces.0.iter().sum::<usize>(), 4 + 50_000 * 24);
        assert!(pieces.0.len() > 10 && pieces.0.iter().all(|piece| *piece <= CHUNK + 1024), "{:?}", pieces.0);
    }
}
