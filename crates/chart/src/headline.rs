//! One number made of many rows, and the one that it should reach: what a KPI and a gauge are about.

use perch_tinybird::{Column, Table};

use crate::kinds::{NULL, Sheet};
use crate::series::Along;
use crate::tally::{self, Tally};
use crate::{Aggregate, ChartError, Target};

/// One number made of many rows.
#[derive(Debug, Clone)]
pub(crate) struct Headline {
    pub(crate) value: Option<f64>,
    /// In full, as a tooltip says it.
    pub(crate) exact: String,
}

impl Headline {
    /// Of a column's rows as the spec says; `x` is where they stand in time.
    ///
    /// # Errors
    ///
    /// A sum that no double can say.
    pub(crate) fn of(sheet: &Sheet<'_>, y: &Column, x: Option<&Column>, table: &Table) -> Result<Self, ChartError> {
        let finite = |row: &usize| y.number(*row).is_some_and(f64::is_finite);
        let rows = (0..table.rows()).filter(finite);
        let mut tally = Tally::default();
        match sheet.spec.aggregate {
            Aggregate::Sum | Aggregate::Mean | Aggregate::Count => rows.clone().for_each(|row| tally.add(y, row)),
            Aggregate::Min | Aggregate::Max => {
                let value = |row: &usize| y.number(*row).unwrap_or_default();
                let least = sheet.spec.aggregate == Aggregate::Min;
                let order = |a: &usize, b: &usize| value(a).total_cmp(&value(b));
                let found = if least { rows.clone().min_by(order) } else { rows.clone().max_by(order) };
                found.into_iter().for_each(|row| tally.add(y, row));
            }
            Aggregate::Last => {
                let places = x.map(|x| Along::by_own_clock(x).1);
                let place = |row: usize| places.as_ref().map_or(row as f64, |places| places[row]);
                let last =
                    rows.clone().filter(|row| !place(*row).is_nan()).max_by(|a, b| place(*a).total_cmp(&place(*b)));
                if let Some(row) = last {
                    tally.add(y, row);
                }
            }
        }
        sheet.check_sum(y, tally.value())?;
        let format = sheet.value_format();
        let (value, text) = match (sheet.spec.aggregate, tally.value()) {
            (Aggregate::Mean, Some(sum)) => {
                let mean = sum / rows.count() as f64;
                (Some(mean), Some(tally::round(mean)))
            }
            (Aggregate::Count, _) => {
                let count = rows.count();
                (Some(count as f64), Some(count.to_string()))
            }
            (_, value) => (value, tally.text(y)),
        };
        Ok(Self { value, exact: text.map_or_else(|| NULL.into(), |text| format.exact(&text)) })
    }

    /// What the spec says should be reached, if it says so and the column has a value.
    ///
    /// # Errors
    ///
    /// A sum that no double can say.
    pub(crate) fn target(sheet: &Sheet<'_>) -> Result<Option<Self>, ChartError> {
        Ok(match (&sheet.spec.target, sheet.columns.target) {
            (Some(Target::Value(value)), _) => {
                let exact = sheet.value_format().exact(&tally::round(*value));
                Some(Self { value: Some(*value), exact }).filter(|target| target.value.is_some_and(f64::is_finite))
            }
            (Some(Target::Column(_)), Some(column)) => {
                let target = Self::of(sheet, column, sheet.columns.x, sheet.input.table)?;
                Some(target).filter(|target| target.value.is_some())
            }
            _ => None,
        })
    }
}

/// What a mark of the number is headed by.
pub(crate) fn heading(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Sum => "In all",
        Aggregate::Mean => "On average",
        Aggregate::Last => "Last",
        Aggregate::Min => "Least",
        Aggregate::Max => "Greatest",
        Aggregate::Count => "Count",
    }
}
