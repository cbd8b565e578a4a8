//! The period before, behind the bars of this one.

use std::collections::HashMap;

use perch_tinybird::Column;

use crate::clock::Clock;
use crate::columns::Columns;
use crate::kinds::Sheet;
use crate::series::{self, Along};
use crate::stacks::{Stack, Stacks, places};
use crate::tally::Tally;
use crate::{ChartError, Earlier};

/// What stood at each place in the period before.
pub(crate) struct Before<'a> {
    pub(crate) column: &'a Column,
    pub(crate) tallies: Vec<Tally>,
    /// By which clock, and how much earlier.
    clock: Option<(Clock, f64)>,
    earlier: Earlier,
}

impl<'a> Before<'a> {
    /// From the columns of the same names: moments so much later that both periods begin together, categories by name.
    pub(crate) fn read(sheet: &Sheet<'a>, now: &Stacks<'_>, y: &Column) -> Result<Option<Self>, ChartError> {
        let Some(table) = sheet.input.previous else { return Ok(None) };
        let (Some(x), Some(column)) = (table.column(now.x.name()), table.column(y.name())) else { return Ok(None) };
        let columns = Columns { x: Some(x), y: vec![column], group: None, ..sheet.columns.clone() };
        let lines = series::read(sheet, table, &columns, x, None)?;
        let (Some(one), Some(first)) = (lines.series.first(), now.places.first()) else { return Ok(None) };
        let (Some(span), false) = (lines.span(), one.ys.is_empty()) else { return Ok(None) };
        let places = places(&lines);
        let then = Stack::of(one, &places, String::new());
        let find: Box<dyn Fn(usize) -> Option<usize>> = match (&now.along, &lines.along) {
            (Along::Time(_), Along::Time(_)) => {
                let earlier = first.at - span.0;
                Box::new(move |index| {
                    let at = now.places[index].at - earlier;
                    places.binary_search_by(|place| place.total_cmp(&at)).ok()
                })
            }
            (Along::Names(_), Along::Names(names)) => {
                let indexes: HashMap<&str, usize> =
                    names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
                Box::new(move |index| {
                    let place = *indexes.get(now.name(index).as_str())? as f64;
                    places.binary_search_by(|at| at.total_cmp(&place)).ok()
                })
            }
            (Along::Number, Along::Number) => {
                Box::new(|index| places.binary_search_by(|place| place.total_cmp(&now.places[index].at)).ok())
            }
            _ => return Ok(None),
        };
        let tally = |index| find(index).map_or_else(Tally::default, |at| then.tallies[at]);
        let tallies = (0..now.places.len()).map(tally).collect();
        let clock = match &lines.along {
            Along::Time(clock) => Some((clock.clone(), first.at - span.0)),
            _ => None,
        };
        Ok(Some(Self { column, tallies, clock, earlier: sheet.input.earlier }))
    }

    /// What a tooltip calls it at a place.
    pub(crate) fn name(&self, at: f64) -> String {
        match &self.clock {
            Some((clock, earlier)) => format!("{} ({})", self.earlier.name(), clock.write(at - earlier)),
            None => self.earlier.name().into(),
        }
    }
}
