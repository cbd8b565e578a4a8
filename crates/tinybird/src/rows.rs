//! The rows of `data`, read into the columns of `meta`.
//!
//! An engine writes every row with the same bytes around its values: the same
//! braces, keys, colons and white space. Whatever was read once between two
//! values is remembered, and where exactly those bytes come again they are
//! stepped over at once. Anything else is read as JSON, key by key.

use std::cmp::Ordering;

use crate::build::Dates;
use crate::scan::{Expected, Fault, Read, Scanner};
use crate::table::Column;

/// With more columns than this, what stands between the values is kept as it is.
const NARROW: usize = 256;

/// After how many rows the length of a text is known well enough to make room
/// for those to come.
const SAMPLE: usize = 64;

/// Reads the list of rows that stands here; how many there were. `told` is how
/// many the answer says there are: only a hint, for making room at once.
pub(crate) fn read(scanner: &mut Scanner<'_>, columns: &mut [Column], told: Option<usize>) -> Result<usize, Stopped> {
    let mut rows = Rows::of(columns.len());
    let read = read_all(&mut rows, scanner, columns, told);
    read.map_err(|fault| Stopped { fault, column: rows.stopped_at })
}

/// Where reading came to its end too early: what is wrong, and in which column, if in one.
pub(crate) struct Stopped {
    pub(crate) fault: Fault,
    pub(crate) column: Option<usize>,
}

fn read_all<'a>(
    rows: &mut Rows<'a>,
    scanner: &mut Scanner<'a>,
    columns: &mut [Column],
    told: Option<usize>,
) -> Read<usize> {
    scanner.expect(b'[', "`data` must be a list of rows")?;
    if scanner.peek() == b']' {
        scanner.bump();
        return Ok(0);
    }
    let mut room = Room::first(scanner, columns, told);
    while rows.row(scanner, columns)? {
        rows.count += 1;
        if rows.count == room.rows {
            room.grow(scanner, columns);
        } else if rows.count == SAMPLE {
            let more = room.rows - rows.count;
            columns.iter_mut().for_each(|column| column.reserve_bytes(more, scanner.left()));
        }
    }
    columns.iter_mut().for_each(Column::shrink);
    Ok(rows.count)
}

/// For how many rows the columns have room. To grow by half or twofold would
/// take more memory than the answer itself, whose rows are often hardly longer
/// than their cells; so where the answer does not say how many rows will come,
/// the bytes that are left do.
struct Room {
    rows: usize,
    /// The byte and the row at which room was made last: rows since then tell
    /// how long one is.
    since: (usize, usize),
}

impl Room {
    /// Room for as many rows as are told, or as the bytes can hold.
    fn first(scanner: &Scanner<'_>, columns: &mut [Column], told: Option<usize>) -> Self {
        let shortest: usize = columns.iter().map(|column| "\"\":0,".len() + column.name().len()).sum();
        let rows = told.map_or(1, |told| told.min(scanner.left() / ("{}".len() + shortest)).max(1));
        columns.iter_mut().for_each(|column| column.reserve(rows));
        Self { rows, since: (scanner.at(), 0) }
    }

    /// Makes room after the row that used up the last.
    fn grow(&mut self, scanner: &Scanner<'_>, columns: &mut [Column]) {
        let (at, row) = self.since;
        let row_bytes = (scanner.at() - at).div_ceil(self.rows - row).max(1);
        let likely = scanner.left() / row_bytes;
        // The first rows may be no measure for the others: as many again and
        // three times more, and at least an eighth, so that wrong guesses end soon.
        let more = (likely + likely / 16).clamp(self.rows.div_ceil(8), self.rows.saturating_mul(4));
        if likely > 0 {
            columns.iter_mut().for_each(|column| {
                column.reserve(more);
                column.reserve_bytes(more, scanner.left());
            });
        }
        *self = Self { rows: self.rows + more, since: (scanner.at(), self.rows) };
    }
}

struct Rows<'a> {
    /// Which column each place of a row is for.
    order: Vec<usize>,
    /// What stood before each place's value, from the end of the one before it
    /// on. The first reaches back over the brace that closed the row before.
    gaps: Vec<Expected<'a>>,
    /// The columns by name; those of one name in their order. Empty until a
    /// row comes in another order than the one before.
    by_name: Vec<usize>,
    count: usize,
    dates: Dates,
    /// The column whose value could not be read, or was not there.
    stopped_at: Option<usize>,
}

impl<'a> Rows<'a> {
    fn of(columns: usize) -> Self {
        let (order, gaps) = ((0..columns).collect(), vec![Expected::plain(""); columns]);
        Self { order, gaps, by_name: Vec::new(), count: 0, dates: Dates::default(), stopped_at: None }
    }

    #[inline]
    fn cell(&mut self, column: usize, scanner: &mut Scanner<'a>, columns: &mut [Column]) -> Read<()> {
        let read = columns[column].read(scanner, &mut self.dates);
        if read.is_err() {
            self.stopped_at = Some(column);
        }
        read
    }

    #[cold]
    fn missing(&mut self, column: usize, scanner: &Scanner<'a>) -> Fault {
        self.stopped_at = Some(column);
        scanner.fault("a column is missing in this row")
    }

    /// Reads one row as far as its last value. `false` after the last row.
    fn row(&mut self, scanner: &mut Scanner<'a>, columns: &mut [Column]) -> Read<bool> {
        for place in 0..self.order.len() {
            let column = self.order[place];
            let gap = &self.gaps[place];
            if !gap.is_empty() && scanner.take_expected(gap) {
                self.cell(column, scanner, columns)?;
                continue;
            }
            let start = scanner.at();
            if place == 0 {
                if !self.open(scanner)? {
                    return Ok(false);
                }
                if scanner.peek() == b'}' {
                    return Err(self.missing(column, scanner));
                }
            } else if !self.comma(scanner)? {
                return Err(self.missing(column, scanner));
            }
            let key_at = scanner.at();
            let key = scanner.key()?;
            if key != columns[column].name() {
                *scanner = scanner.moved_to(key_at);
                self.any_order(place, scanner, columns)?;
                return Ok(true);
            }
            let gap = scanner.since(start);
            self.gaps[place] = if columns.len() <= NARROW { Expected::new(gap) } else { Expected::plain(gap) };
            self.cell(column, scanner, columns)?;
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
    fn any_order(&mut self, place: usize, scanner: &mut Scanner<'a>, columns: &mut [Column]) -> Read<()> {
        if self.by_name.is_empty() {
            self.by_name = (0..columns.len()).collect();
            self.by_name.sort_by_key(|column| columns[*column].name());
        }
        let mut order = self.order[..place].to_vec();
        let mut taken = vec![false; columns.len()];
        order.iter().for_each(|column| taken[*column] = true);
        loop {
            let at = scanner.at();
            let key = scanner.key()?;
            // Of one name, the first that is free: those before it are taken.
            let passed = self.by_name.partition_point(|column| match columns[*column].name().cmp(&key) {
                Ordering::Equal => taken[*column],
                order => order == Ordering::Less,
            });
            let free = self.by_name.get(passed).filter(|column| columns[**column].name() == key);
            let Some(&column) = free else {
                return Err(scanner.moved_to(at).fault("`meta` has no column of this name, or the row has it twice"));
            };
            taken[column] = true;
            self.cell(column, scanner, columns)?;
            order.push(column);
            if !self.comma(scanner)? {
                break;
            }
        }
        if let Some(missing) = taken.iter().position(|taken| !taken) {
            return Err(self.missing(missing, scanner));
        }
        self.order = order;
        self.gaps = vec![Expected::plain(""); columns.len()];
        Ok(())
    }
}
