//! Rows of the same name added up, exactly where they are whole numbers: what bars, slices and headlines show.

use perch_tinybird::Column;

use crate::Aggregate;
use crate::format::Format;
use crate::kinds::NULL;

/// What rows add up to. Nothing yet, until the first value is added.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    /// NaN while no number was added.
    value: Option<f64>,
    exact: Exact,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Exact {
    #[default]
    Nothing,
    /// One row, whose text the engine wrote.
    Row(u32),
    Whole(i128),
    Rounded,
}

impl Tally {
    /// What rows are together. Of an empty place, nothing.
    pub(crate) fn of(column: &Column, rows: &[usize], aggregate: Aggregate) -> Self {
        let number = |row: usize| column.number(row).filter(|number| number.is_finite());
        let finite = || rows.iter().filter_map(|row| Some((*row, number(*row)?)));
        let one = |found: Option<(usize, f64)>| {
            found.map_or_else(Self::default, |(row, value)| Self { value: Some(value), exact: Exact::Row(row as u32) })
        };
        match aggregate {
            Aggregate::Sum => Self::sum(column, rows),
            Aggregate::Mean => {
                let (sum, count) = (Self::sum(column, rows), finite().count());
                let mean = sum.value.filter(|_| count > 1).map(|sum| sum / count as f64);
                mean.map_or(sum, |mean| Self { value: Some(mean), exact: Exact::Rounded })
            }
            Aggregate::Last => one(finite().next_back()),
            Aggregate::Min => one(finite().min_by(|a, b| a.1.total_cmp(&b.1))),
            Aggregate::Max => one(finite().max_by(|a, b| a.1.total_cmp(&b.1))),
            Aggregate::Count if rows.is_empty() => Self::default(),
            Aggregate::Count => {
                let count = finite().count();
                Self { value: Some(count as f64), exact: Exact::Whole(count as i128) }
            }
        }
    }

    fn sum(column: &Column, rows: &[usize]) -> Self {
        let mut tally = Self::default();
        rows.iter().for_each(|row| tally.add(column, *row));
        tally
    }

    /// Adds a row. Nulls add nothing; nor do NaN and infinities, but one alone is kept to be told.
    pub(crate) fn add(&mut self, column: &Column, row: usize) {
        let Some(number) = column.number(row) else { return };
        let one = Self { value: number.is_finite().then_some(number), exact: Exact::Row(row as u32) };
        match (self.value, one.value) {
            _ if self.exact == Exact::Nothing => *self = one,
            (_, None) => {}
            (None, Some(_)) => *self = one,
            (Some(_), Some(_)) => *self = self.plus(column, one, column),
        }
    }

    /// Both together. The columns are where single rows of either are.
    pub(crate) fn plus(self, column: &Column, other: Self, others: &Column) -> Self {
        match (self.value, other.value) {
            (_, None) => self,
            (None, _) => other.settle(others),
            (Some(a), Some(b)) => {
                let exact = match (self.settle(column).exact, other.settle(others).exact) {
                    (Exact::Whole(a), Exact::Whole(b)) => a.checked_add(b).map_or(Exact::Rounded, Exact::Whole),
                    _ => Exact::Rounded,
                };
                Self { value: Some(a + b), exact }
            }
        }
    }

    /// The same, without need of the column.
    fn settle(self, column: &Column) -> Self {
        let Exact::Row(row) = self.exact else { return self };
        let whole = column.text(row as usize).and_then(|text| text.parse().ok());
        Self { exact: whole.map_or(Exact::Rounded, Exact::Whole), ..self }
    }

    /// The nearest double, if a number was added at all.
    pub(crate) fn value(&self) -> Option<f64> {
        self.value
    }

    /// The value's own text: the engine's for one row, all digits for whole numbers, fifteen for others.
    pub(crate) fn text(&self, column: &Column) -> Option<String> {
        match self.exact {
            Exact::Nothing => None,
            Exact::Row(row) => column.text(row as usize).map(|text| text.into_owned()),
            Exact::Whole(whole) => Some(whole.to_string()),
            Exact::Rounded => self.value.map(round),
        }
    }
}

/// A computed double without the dust of binary fractions: 0.1 + 0.2 is 0.3.
pub(crate) fn round(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if rounded != 0.0 && !(1e-7..1e21).contains(&rounded.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}

/// `12.3%` of a whole, and `–` of nothing.
pub(crate) fn share(part: f64, whole: f64, format: &Format) -> String {
    if whole <= 0.0 { NULL.into() } else { format.share(part / whole) }
}

#[cfg(test)]
mod tests {
    use perch_tinybird::{Type, Values};

    use super::*;

    fn sum(column: &Column) -> Tally {
        let mut tally = Tally::default();
        (0..column.len()).for_each(|row| tally.add(column, row));
        tally
    }

    #[test]
    fn whole_numbers_add_up_to_the_last_digit() {
        let column = Column::new("n", Type::parse("UInt64"), vec![u64::MAX, u64::MAX].into());
        assert_eq!(sum(&column).text(&column).as_deref(), Some("36893488147419103230"));
    }

    #[test]
    fn a_single_row_keeps_the_engines_text() {
        let values: Values = vec![None, Some(0.30000000000000004)].into();
        let column = Column::new("n", Type::parse("Nullable(Float64)"), values);
        assert_eq!(sum(&column).text(&column).as_deref(), Some("0.30000000000000004"));
    }

    #[test]
    fn fractions_add_up_without_dust_and_nan_adds_nothing() {
        let column = Column::new("n", Type::parse("Float64"), vec![0.1, f64::NAN, 0.2, f64::INFINITY].into());
        assert_eq!(sum(&column).text(&column).as_deref(), Some("0.3"));
        let column = Column::new("n", Type::parse("Float64"), vec![f64::NAN].into());
        assert_eq!((sum(&column).value(), sum(&column).text(&column).as_deref()), (None, Some("nan")));
    }
}
