//! The period before, behind the bars of this one.

use perch_tinybird::Column;

use crate::clock::Clock;
use crate::columns::Columns;
use crate::kinds::Sheet;
use crate::past;
use crate::series::{self, Along};
use crate::stacks::{Stack, Stacks, places};
use crate::tally::Tally;
use crate::{ChartError, Earlier};

/// What stood at each place in the period before.
pub(crate) struct Before<'a> {
    pub(crate) column: &'a Column,
    /// One for each place of today, as are `moments`.
    pub(crate) tallies: Vec<Tally>,
    /// When that was; NaN where it was no moment or there is none.
    pub(crate) moments: Vec<f64>,
    clock: Option<Clock>,
    earlier: Earlier,
}

impl<'a> Before<'a> {
    /// From the columns of the same names: each of its places behind the nearest one of today that is no more than half
    /// a band away.
    pub(crate) fn read(sheet: &Sheet<'a>, now: &Stacks<'_>, y: &Column) -> Result<Option<Self>, ChartError> {
        let Some(table) = past::table(sheet) else { return Ok(None) };
        let Some((columns, x)) = past::columns(sheet, table, now.x, &[y]) else { return Ok(None) };
        let columns = Columns { group: None, ..columns };
        let lines = series::read(sheet, table, &columns, x, None)?;
        let (Some(one), Some(first), Some(last)) = (lines.series.first(), now.places.first(), now.places.last()) else {
            return Ok(None);
        };
        let (Some(span), false) = (lines.span(), one.ys.is_empty()) else { return Ok(None) };
        let Some(moved) = past::mover(sheet, (&now.along, (first.at, last.at)), (&lines.along, span)) else {
            return Ok(None);
        };
        let places = places(&lines);
        let then = Stack::of(one, &places, String::new(), sheet.aggregate(y));
        let mut tallies = vec![Tally::default(); now.places.len()];
        let mut moments = vec![f64::NAN; now.places.len()];
        let mut distances = vec![now.reach(); now.places.len()];
        for (place, tally) in places.iter().zip(then.tallies) {
            let Some((index, distance)) = moved(*place).and_then(|at| now.nearest(at)) else { continue };
            if distance <= distances[index] {
                (tallies[index], moments[index], distances[index]) = (tally, *place, distance);
            }
        }
        let clock = match &lines.along {
            Along::Time(clock) => Some(clock.clone()),
            _ => None,
        };
        let earlier = sheet.input.earlier;
        Ok(Some(Self { column: columns.y[0], tallies, moments, clock, earlier }))
    }

    /// What a tooltip calls it at a place.
    pub(crate) fn name(&self, index: usize) -> String {
        match &self.clock {
            Some(clock) if !self.moments[index].is_nan() => {
                format!("{} ({})", self.earlier.name(), clock.write(self.moments[index]))
            }
            _ => self.earlier.name().into(),
        }
    }
}
