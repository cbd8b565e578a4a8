//! What the rows of one cell amount to.

use perch_tinybird::Column;

use crate::Aggregate;
use crate::tally::{self, Tally};

/// The rows of one cell, taken together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fold {
    tally: Tally,
    /// How many rows have a finite value.
    count: u32,
    /// Of a single row that was chosen, its value and its place.
    chosen: f64,
    place: f64,
}

impl Fold {
    /// Adds a row; its place says which one is the last.
    pub(super) fn add(&mut self, aggregate: Aggregate, column: &Column, row: usize, place: f64) {
        let Some(value) = column.number(row).filter(|value| value.is_finite()) else { return };
        let first = self.count == 0;
        self.count += 1;
        let chosen = match aggregate {
            Aggregate::Sum | Aggregate::Mean | Aggregate::Count => {
                self.tally.add(column, row);
                return;
            }
            Aggregate::Last => first || place >= self.place,
            Aggregate::Min => first || value < self.chosen,
            Aggregate::Max => first || value > self.chosen,
        };
        if chosen {
            (self.chosen, self.place) = (value, place);
            self.tally = Tally::default();
            self.tally.add(column, row);
        }
    }

    pub(super) fn value(&self, aggregate: Aggregate) -> Option<f64> {
        match aggregate {
            _ if self.count == 0 => None,
            Aggregate::Count => Some(f64::from(self.count)),
            Aggregate::Mean => Some(self.tally.value()? / f64::from(self.count)),
            _ => self.tally.value(),
        }
    }

    /// The value in the engine's digits, where it has them.
    pub(super) fn text(&self, aggregate: Aggregate, column: &Column) -> Option<String> {
        match aggregate {
            Aggregate::Count => self.value(aggregate).map(|_| self.count.to_string()),
            Aggregate::Mean if self.count > 1 => self.value(aggregate).map(tally::round),
            _ => self.value(aggregate).and_then(|_| self.tally.text(column)),
        }
    }
}
