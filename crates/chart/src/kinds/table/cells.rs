//! What stands in a table's cells: each column's numbers alike, so that they can be compared by looking.

use perch_tinybird::{Column, Family};

use crate::clock::Clock;
use crate::element::BODY;
use crate::font::{self, Weight};
use crate::kinds::{NULL, Sheet};
use crate::order::holds;
use crate::{ChartError, Format, icon, text};

/// How many rows say what a column is like, so that it does not change with the rows in the picture.
const SAMPLE: usize = 200;
/// Fractions of more digits than this are rounded in a cell; the mark has all of them.
const MOST_DECIMALS: usize = 4;

/// Rows that speak for all of them.
pub(super) fn sample(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows).step_by(rows.div_ceil(SAMPLE).max(1))
}

/// The cells of all columns.
pub(super) struct Cells<'a> {
    pub(super) columns: &'a [&'a Column],
    pub(super) rows: usize,
    shapes: Vec<Shape<'a>>,
    /// A column of icons before the texts of the first one.
    pub(super) icon: Option<&'a Column>,
}

/// How a column's numbers are written.
struct Shape<'a> {
    format: &'a Format,
    /// Whether there are numbers of five digits or more, so that all of them have commas.
    long: bool,
    /// How many decimals all of them have, where the column's own are too many to be read.
    rounded: Option<usize>,
    /// The most decimals that one of them has, so that all points stand below each other.
    decimals: usize,
    /// The clock that times are read from, where it is not the engine's own text that is shown: one that tells what all
    /// of them need, and one that tells all that the column holds.
    clocks: Option<[Clock; 2]>,
}

impl<'a> Cells<'a> {
    /// # Errors
    ///
    /// A zone that there is not.
    pub(super) fn of(sheet: &'a Sheet<'a>) -> Result<Self, ChartError> {
        let columns = sheet.columns.y.as_slice();
        let rows = sheet.input.table.rows();
        let shape = |column: &&Column| {
            let clocks = Clock::of_cells(column, sheet.spec, sheet.input.setting, sample(rows))?;
            Ok(Shape { clocks, ..Shape::of(sheet.format(column), column, rows) })
        };
        let shapes = columns.iter().map(shape).collect::<Result<Vec<_>, ChartError>>()?;
        let icon = sheet.columns.icon.filter(|_| columns.first().is_some_and(|first| !is_number(first)));
        Ok(Self { columns, rows, shapes, icon })
    }

    /// What an icon takes before the texts of a column, in CSS pixels.
    pub(super) fn inset(&self, column: usize) -> f32 {
        if column == 0 && self.icon.is_some() { icon::ROOM } else { 0.0 }
    }

    /// A moment as a clock tells it, where one was asked for.
    fn moment(&self, column: usize, row: usize, exact: bool) -> Option<String> {
        let clocks = self.shapes[column].clocks.as_ref()?;
        Some(clocks[usize::from(exact)].write(self.columns[column].instant(row)? as f64))
    }

    /// As the cell shows it, if it has the room.
    pub(super) fn text(&self, column: usize, row: usize) -> String {
        let (cells, shape) = (self.columns[column], &self.shapes[column]);
        if let Some(moment) = self.moment(column, row, false) {
            return moment;
        }
        match cells.text(row) {
            None => NULL.into(),
            Some(text) if is_number(cells) => match shape.rounded {
                Some(decimals) => shape.round(&text, cells.number(row), decimals),
                None => shape.format.cell(&text, shape.long),
            },
            Some(text) => text::clean(&text).into_owned(),
        }
    }

    /// Every digit of it.
    pub(super) fn exact(&self, column: usize, row: usize) -> String {
        let (cells, shape) = (self.columns[column], &self.shapes[column]);
        if let Some(moment) = self.moment(column, row, true) {
            return moment;
        }
        match cells.text(row) {
            None => NULL.into(),
            Some(text) if is_number(cells) => shape.format.cell(&text, shape.long),
            Some(text) => text.into_owned(),
        }
    }

    /// A total as its column's cells are written.
    pub(super) fn total(&self, column: usize, sum: &str) -> String {
        let shape = &self.shapes[column];
        match shape.rounded {
            Some(decimals) => shape.round(sum, sum.parse().ok(), decimals),
            // A sum is no year and no name, and has its commas.
            None => shape.format.total(sum),
        }
    }

    /// The same number where there is little room.
    pub(super) fn short(&self, column: usize, row: usize) -> Option<String> {
        Some(self.shapes[column].format.short(self.columns[column].number(row)?))
    }

    /// How far a number ends before its column does, so that its point stands below the others.
    pub(super) fn indent(&self, column: usize, row: usize) -> f32 {
        match self.columns[column].text(row) {
            Some(text) if self.shapes[column].decimals > 0 => self.shapes[column].indent(&text),
            _ => 0.0,
        }
    }

    /// The same for a total.
    pub(super) fn total_indent(&self, column: usize, sum: &str) -> f32 {
        self.shapes[column].indent(sum)
    }

    /// Whether a cell of the row holds what is searched for, in lower case: as it is shown, or as the engine has it.
    pub(super) fn finds(&self, row: usize, lower: &str) -> bool {
        (0..self.columns.len()).any(|index| {
            let column = self.columns[index];
            column.text(row).is_some_and(|text| holds(&text, lower))
                || (is_number(column) || self.shapes[index].clocks.is_some()) && holds(&self.text(index, row), lower)
        })
    }

    /// Whether the sum of a column says anything: shares of different wholes have none.
    pub(super) fn adds_up(&self, column: usize) -> bool {
        is_number(self.columns[column]) && !self.shapes[column].format.is_share()
    }
}

impl<'a> Shape<'a> {
    fn of(format: &'a Format, column: &Column, rows: usize) -> Self {
        let mut shape = Self { format, long: false, rounded: None, decimals: 0, clocks: None };
        if !is_number(column) {
            return shape;
        }
        let mut greatest = 0.0_f64;
        for row in sample(rows) {
            let Some(number) = column.number(row).filter(|number| number.is_finite()) else { continue };
            greatest = greatest.max(number.abs());
            shape.decimals = shape.decimals.max(column.text(row).map_or(0, |text| decimals(&text)));
        }
        shape.long = greatest >= 10_000.0;
        let shift = if format.is_hundredfold() { 2 } else { 0 };
        if shape.decimals > MOST_DECIMALS + shift && column.kind().plain().name().contains("Float") {
            // Four digits that count of the greatest, and two decimals at least.
            let whole = if greatest > 0.0 { greatest.log10().floor() as i32 + 1 } else { 1 };
            shape.rounded = Some((4 - whole).clamp(2, 12) as usize + shift / 2);
        }
        shape.decimals = match shape.rounded {
            _ if format.has_words() => 0,
            Some(decimals) => decimals,
            None => shape.decimals,
        };
        shape
    }

    /// A number with the decimals that all of the column have; one that would be nothing then is short instead.
    fn round(&self, text: &str, number: Option<f64>, decimals: usize) -> String {
        let Some(number) = number.filter(|number| number.is_finite() && number.abs() < 1e15) else {
            return self.format.cell(text, self.long);
        };
        let rounded = format!("{number:.decimals$}");
        if number != 0.0 && rounded.parse() == Ok(0.0) {
            return self.format.short(number);
        }
        self.format.cell(&rounded, self.long)
    }

    fn indent(&self, text: &str) -> f32 {
        let most = self.decimals;
        let own = match (self.rounded, text.parse::<f64>()) {
            _ if text.contains(['e', 'n']) => return 0.0,
            (Some(to), Ok(number)) => decimals(&crate::format::trim(format!("{number:.to$}"))),
            _ => decimals(text),
        };
        if own >= most || self.rounded.is_some() && !self.format.is_hundredfold() {
            return 0.0;
        }
        // A share is written without the two digits that its point moves over.
        let shift = if self.format.is_hundredfold() { 2 } else { 0 };
        let (own, most) = (own.saturating_sub(shift), most.saturating_sub(shift));
        let digit = font::width("0", BODY, Weight::Regular);
        let point = if own == 0 && most > 0 { font::width(".", BODY, Weight::Regular) } else { 0.0 };
        (most - own) as f32 * digit + point
    }
}

/// How many digits stand after the point of a plain number.
fn decimals(text: &str) -> usize {
    match text.split_once('.') {
        Some((_, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => fraction.len(),
        _ => 0,
    }
}

pub(super) fn is_number(column: &Column) -> bool {
    column.family() == Family::Number
}
