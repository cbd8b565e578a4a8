//! An answer in memory: columns, not rows.
//!
//! A chart asks a column for numbers, times or texts by row; an export asks for
//! the exact text. Numbers that a double cannot hold are kept in their digits
//! and rounded only where somebody draws them.

use std::borrow::Cow;
use std::sync::{Arc, Weak};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::instants::Instants;
use crate::kind::{Family, Type};
use crate::values::{Cells, Values};
use crate::{literal, moment};

/// Columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// Shared with nobody but clones.
    mark: Arc<()>,
}

/// Which table something was made of, for who keeps it longer than the table. A clone is the same table.
#[derive(Debug, Clone)]
pub struct Identity(Weak<()>);

impl Identity {
    /// Whether it is this table's.
    pub fn is_of(&self, table: &Table) -> bool {
        // What it points to stays in its place as long as somebody points there, so no later table can have it.
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&table.mark))
    }

    /// Whether the table and all of its clones are gone.
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// Why columns make no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// One column is longer or shorter than the first.
    #[error("the column `{column}` has {found} rows where the first has {expected}")]
    UnequalLengths {
        /// The column's name.
        column: String,
        /// The rows of the first column.
        expected: usize,
        /// The rows of this one.
        found: usize,
    },
}

impl TableError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        "unequal-columns"
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        "Ask for the data again."
    }
}

impl Table {
    /// A table of `columns`, in their order.
    pub fn new(columns: Vec<Column>) -> Result<Self, TableError> {
        let rows = columns.first().map_or(0, Column::len);
        if let Some(odd) = columns.iter().find(|column| column.len() != rows) {
            return Err(TableError::UnequalLengths { column: odd.name().to_owned(), expected: rows, found: odd.len() });
        }
        Ok(Self { columns, rows, mark: Arc::default() })
    }

    /// The columns, in the order of the answer's `meta`.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The first column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// Columns that are known to be of equal length.
    pub(crate) fn of_equal(columns: Vec<Column>) -> Self {
        let rows = columns.first().map_or(0, Column::len);
        Self { columns, rows, mark: Arc::default() }
    }

    /// Which table this is.
    pub fn identity(&self) -> Identity {
        Identity(Arc::downgrade(&self.mark))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// One column: a name, ClickHouse's type, and the cells.
///
/// Rows are counted from 0; a row that is not there reads as a null.
#[derive(Debug, Clone)]
pub struct Column {
    name: Box<str>,
    kind: Type,
    values: Values,
    /// `None` for a zone that nobody knows.
    zone: Option<TimeZone>,
}

impl Column {
    /// A column of `values` that are of type `kind`.
    pub fn new(name: impl Into<Box<str>>, kind: Type, values: Values) -> Self {
        let zone = match kind.zone() {
            Some(name) => TimeZone::get(name).ok(),
            None => Some(TimeZone::UTC),
        };
        Self { name: name.into(), kind, values, zone }
    }

    /// The column's name, such as `count()`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// ClickHouse's type.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// What a chart may draw the column as.
    pub fn family(&self) -> Family {
        self.kind.family()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the cell is null, or not there.
    pub fn is_null(&self, row: usize) -> bool {
        row >= self.len() || self.values.nulls.holds(row)
    }

    pub(crate) fn has_nulls(&self) -> bool {
        self.values.nulls.any()
    }

    /// The nearest double, for drawing. `None` for a null, a time, and a text
    /// that is no number; `nan` stays NaN.
    pub fn number(&self, row: usize) -> Option<f64> {
        if self.is_null(row) {
            return None;
        }
        match &self.values.cells {
            Cells::Bool(cells) => Some(f64::from(u8::from(cells[row]))),
            Cells::Int(cells) => Some(cells[row] as f64),
            Cells::UInt(cells) => Some(cells[row] as f64),
            Cells::Float(cells) => Some(cells[row]),
            Cells::Time(..) => None,
            Cells::Text(texts) | Cells::Digits(texts) => texts.get(row).and_then(read_number),
            Cells::Json(texts) => texts.get(row).map(|json| json.trim_matches('"')).and_then(read_number),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00 *on the column's own wall clock*.
    /// `None` for a null and for a column of anything but dates and times.
    pub fn time(&self, row: usize) -> Option<i64> {
        match &self.values.cells {
            Cells::Time(ticks, unit) if !self.is_null(row) => Some(moment::micros(ticks[row], *unit)),
            _ => None,
        }
    }

    /// The same as microseconds since the epoch of UTC. A `Date` and a
    /// `DateTime` without a zone are read as UTC. An hour that the clock shows
    /// twice is its first; one that it skips is taken as if it had not
    /// (RFC 5545 §3.3.5). `None` too where the zone is unknown.
    pub fn instant(&self, row: usize) -> Option<i64> {
        let wall = self.time(row)?;
        match self.zone.as_ref()? {
            zone if *zone == TimeZone::UTC => Some(wall),
            zone => {
                let clock: DateTime = moment::clock(wall)?;
                Some(zone.to_timestamp(clock).ok()?.as_microsecond())
            }
        }
    }

    /// The zone of the column's wall clock: its type's, or UTC where the type names none. `None` where nobody knows the
    /// type's zone.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// Whether the column holds days, which have no clock.
    pub fn is_date(&self) -> bool {
        matches!(self.kind.plain().name(), "Date" | "Date32")
    }

    /// [`Column::instant`] of every row, in less time. Where rows go through the hour that the clock shows twice, its
    /// second time is told from its first. A zone that is unknown is read as UTC.
    pub fn instants(&self) -> impl Iterator<Item = Option<i64>> {
        const UTC: &TimeZone = &TimeZone::UTC;
        let mut instants = Instants::of(self.zone.as_ref().unwrap_or(UTC));
        (0..self.len()).map(move |row| self.time(row).and_then(|wall| instants.next(wall)))
    }

    /// Exactly what the engine's CSV prints for the cell, without the quotes
    /// around it. `None` for a null.
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.is_null(row) {
            return None;
        }
        Some(match &self.values.cells {
            Cells::Bool(cells) => Cow::Borrowed(if cells[row] { "true" } else { "false" }),
            Cells::Int(cells) => Cow::Owned(cells[row].to_string()),
            Cells::UInt(cells) => Cow::Owned(cells[row].to_string()),
            Cells::Float(cells) => Cow::Owned(literal::float(cells[row])),
            Cells::Time(ticks, unit) => Cow::Owned(moment::text(ticks[row], *unit, &self.kind)),
            Cells::Text(texts) | Cells::Digits(texts) => Cow::Borrowed(texts.get(row)?),
            Cells::Json(texts) => Cow::Owned(literal::cell(&self.kind, texts.get(row)?).into_text()?),
        })
    }

    /// Adds [`Column::text`] to `out`, without a text of its own on the way where
    /// the cell is a plain number. `false` for a null, which adds nothing.
    pub fn write(&self, row: usize, out: &mut String) -> bool {
        if self.is_null(row) {
            return false;
        }
        match &self.values.cells {
            Cells::Int(cells) => out.push_str(itoa::Buffer::new().format(cells[row])),
            Cells::UInt(cells) => out.push_str(itoa::Buffer::new().format(cells[row])),
            Cells::Float(cells) => literal::write_float(cells[row], out),
            _ => match self.text(row) {
                Some(text) => out.push_str(&text),
                None => return false,
            },
        }
        true
    }

    pub(crate) fn cells(&self) -> &Cells {
        &self.values.cells
    }

    pub(crate) fn values_mut(&mut self) -> &mut Values {
        &mut self.values
    }
}

/// Reads digits as a double. Words are texts, even `infinity`, except those
/// that the engine itself writes for a number.
fn read_number(text: &str) -> Option<f64> {
    match text {
        "nan" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ if text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            text.parse().ok()
        }
        _ => None,
    }
}
