//! The rows of `data`, read into the columns of `meta`.
//!
//! An engine writes every row with the same bytes around its values: the same
//! braces, keys, colons and white space. Whatever was read once between two
//! values is remembered, and where exactly those bytes come again they are
//! stepped over at once. Anything else is read as JSON, key by key.

use crate::build::Build;
use crate::scan::{Read, Scanner};

/// After how many rows the length of a row is known well enough to make room
/// for those to come.
const SAMPLE: usize = 64;

/// Reads the list of rows that stands here; how many there were.
pub(crate) fn read(scanner: &mut Scanner<'_>, columns: &mut [Build]) -> Read<usize> {
    scanner.expect(b'[', "`data` must be a list of rows")?;
    if scanner.peek() == b']' {
        scanner.bump();
        return Ok(0);
    }
    let start = scanner.at();
    let mut rows = Rows { order: (0..columns.len()).collect(), gaps: vec![""; columns.len()], count: 0 };
    while rows.row(scanner, columns)? {
        rows.count += 1;
        if rows.count == SAMPLE {
            let row_bytes = (scanner.at() - start).div_ceil(SAMPLE);
            let more = scanner.left() / row_bytes;
            columns.iter_mut().for_each(|column| column.reserve(more + more / 16, SAMPLE));
        }
    }
    Ok(rows.count)
}

struct Rows<'a> {
    /// Which column each place of a row is for.
    order: Vec<usize>,
    /// What stood before each place's value, from the end of the one before it
    /// on. The first reaches back over the brace that closed the row before.
    gaps: Vec<&'a str>,
    count: usize,
}

impl<'a> Rows<'a> {
    /// Reads one row as far as its last value. `false` after the last row.
    fn row(&mut self, scanner: &mut Scanner<'a>, columns: &mut [Build]) -> Read<bool> {
        for place in 0..self.order.len() {
            let column = self.order[place];
            let gap = self.gaps[place];
            if !gap.is_empty() && scanner.take(gap.as_bytes()) {
                columns[column].read(scanner)?;
                continue;
            }
            let start = scanner.at();
            if place == 0 {
                if !self.open(scanner)? {
                    return Ok(false);
                }
                if scanner.peek() == b'}' {
                    return Err(scanner.fault("a column is missing in this row"));
                }
            } else if !self.comma(scanner)? {
                return Err(scanner.fault("a column is missing in this row"));
            }
            let key_at = scanner.at();
            let key = scanner.key()?;
            if key != columns[column].name() {
                *scanner = scanner.moved_to(key_at);
                self.any_order(place, scanner, columns)?;
                return Ok(true);
            }
            self.gaps[place] = scanner.since(start);
            columns[column].read(scanner)?;
        }
        // Rows of no columns at all.
        if self.order.is_empty() { self.open(scanner) } else { Ok(true) }
    }

    /// Closes the row before, if there was one, and opens the next.
    fn open(&self, scanner: &mut Scanner<'a>) -> Read<bool> {
        if self.count > 0 {
            if scanner.peek() == b',' {
                return Err(scanner.fault("a row has more values than `meta` has columns"));
            }
            scanner.expect(b'}', "expected the end of the row")?;
            match scanner.peek() {
                b',' => scanner.bump(),
                b']' => {
                    scanner.bump();
                    return Ok(false);
                }
                _ => return Err(scanner.fault("expected a comma or the end of the rows")),
            }
        }
        scanner.expect(b'{', "expected a row")?;
        Ok(true)
    }

    /// Steps over the comma before the next value; `false` at the row's end.
    fn comma(&self, scanner: &mut Scanner<'a>) -> Read<bool> {
        match scanner.peek() {
            b',' => {
                scanner.bump();
                Ok(true)
            }
            b'}' => Ok(false),
            _ => Err(scanner.fault("expected a comma or the end of the row")),
        }
    }

    /// Reads the rest of a row from a key on that is not the expected one, and
    /// expects this row's order from now on.
    fn any_order(&mut self, place: usize, scanner: &mut Scanner<'a>, columns: &mut [Build]) -> Read<()> {
        let mut order = self.order[..place].to_vec();
        loop {
            let at = scanner.at();
            let key = scanner.key()?;
            let free = |column: &usize| columns[*column].name() == key && !order.contains(column);
            let Some(column) = (0..columns.len()).find(free) else {
                return Err(scanner.moved_to(at).fault("`meta` has no column of this name, or the row has it twice"));
            };
            columns[column].read(scanner)?;
            order.push(column);
            if !self.comma(scanner)? {
                break;
            }
        }
        if order.len() < columns.len() {
            return Err(scanner.fault("a column is missing in this row"));
        }
        self.order = order;
        self.gaps = vec![""; columns.len()];
        Ok(())
    }
}
