//! What a tile asks, in two forms: as Tinybird is asked, with dates, and as the
//! answer is kept, with the range's own name.
//!
//! "The last 7 days" is kept under `7d`, not under its dates, so that tomorrow,
//! offline, it is still what the viewer saw last when they look at `7d`. Which
//! dates an answer holds follows from when it was asked for.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use perch_offline::Question;
use perch_tinybird::{ParameterValue, Parameters, PipeName};

use crate::{Dates, Parameter, Selection, Tile, TimeRange};

/// Which of the two periods of a comparison.
#[derive(Clone, Copy)]
pub(crate) enum Period {
    /// The viewer's range.
    Current,
    /// The one of equal length before it.
    Previous,
}

/// A question that is ready to be asked.
pub(crate) struct Ask {
    /// Under which its answer is kept.
    pub(crate) question: Question,
    pub(crate) pipe: PipeName,
    pub(crate) parameters: Parameters,
    /// When: the answer's age counts from here, and its dates follow from it.
    pub(crate) at: SystemTime,
}

/// The name under which the answer for `tile` over `range` is kept.
/// `None` for one that asks nothing.
pub(crate) fn question(tile: &Tile, selection: &Selection, period: Period) -> Option<Question> {
    let range = match period {
        Period::Current => selection.range.to_string(),
        Period::Previous => format!("{} before", selection.range),
    };
    // As the request spells them: a type that changes and a spelling that does
    // not is the same question.
    let mut parameters: BTreeMap<_, _> = constants(tile).map(|(name, value)| (name, value.to_string())).collect();
    if let Some(time) = &tile.time {
        parameters.insert(time.from.clone(), range.clone());
        parameters.insert(time.to.clone(), range);
    }
    parameters.extend(selection.parameters(tile).map(|(name, value)| (name.to_owned(), value.to_owned())));
    Some(Question { pipe: tile.pipe.as_ref()?.as_str().to_owned(), parameters })
}

/// What is asked at `now`; `None` where nothing is.
pub(crate) fn ask(tile: &Tile, selection: &Selection, period: Period, now: SystemTime, zone: &TimeZone) -> Option<Ask> {
    let mut parameters: Parameters = constants(tile).collect();
    if let Some(time) = &tile.time {
        let Dates { from, to } = dates(&selection.range, period, now, zone);
        parameters.insert(time.from.clone(), from);
        parameters.insert(time.to.clone(), to);
    }
    for (name, value) in selection.parameters(tile) {
        parameters.insert(name.to_owned(), value);
    }
    Some(Ask { question: question(tile, selection, period)?, pipe: tile.pipe.clone()?, parameters, at: now })
}

/// The dates that an answer asked for at `asked` holds.
pub(crate) fn dates(range: &TimeRange, period: Period, asked: SystemTime, zone: &TimeZone) -> Dates {
    let dates = range.dates(asked, zone);
    match period {
        Period::Current => dates,
        Period::Previous => dates.previous(),
    }
}

fn constants(tile: &Tile) -> impl Iterator<Item = (String, ParameterValue)> {
    tile.parameters.iter().map(|(name, Parameter::Constant(value))| (name.clone(), value.clone()))
}
