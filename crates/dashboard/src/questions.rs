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
use perch_tenant::{Attribute, Tenant};
use perch_tinybird::{ParameterValue, Parameters, PipeName};

use crate::{Comparison, Dates, DayZone, EngineError, Parameter, Selection, Tile, TimeParameters, TimeRange};

/// Which of the two times of a comparison.
#[derive(Clone, Copy)]
pub(crate) enum Period {
    /// The viewer's range.
    Current,
    /// The one before it.
    Previous,
    /// The same days a year before.
    Year,
}

impl Period {
    /// The earlier time of a comparison.
    pub(crate) fn earlier(comparison: Comparison) -> Option<Self> {
        match comparison {
            Comparison::Off => None,
            Comparison::Previous => Some(Self::Previous),
            Comparison::Year => Some(Self::Year),
        }
    }
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
pub(crate) fn question(
    tile: &Tile,
    selection: &Selection,
    period: Period,
    tenant: Option<&Tenant>,
) -> Option<Question> {
    // As the request spells them: a type that changes and a spelling that does
    // not is the same question.
    let constants = constants(tile).map(|(name, value)| (name, value.to_string()));
    // What the tenant has not is asked for by nobody: see `ask`.
    let theirs = theirs(tile, tenant).map(|(name, _, value)| (name.to_owned(), value.unwrap_or_default().to_owned()));
    let mut parameters: BTreeMap<_, _> = constants.chain(theirs).collect();
    if let Some(time) = &tile.time {
        let range = name(&selection.range, period, &time.zone);
        parameters.insert(time.from.clone(), range.clone());
        parameters.insert(time.to.clone(), range);
    }
    parameters.extend(selection.parameters(tile).map(|(name, value)| (name, value.to_string())));
    Some(Question { pipe: tile.pipe.as_ref()?.as_str().to_owned(), parameters })
}

/// What is asked at `now`.
///
/// # Errors
///
/// [`EngineError::NothingToAsk`] where nothing is, and
/// [`EngineError::NotOfTenant`] where the tenant has not what it is asked with.
pub(crate) fn ask(
    tile: &Tile,
    selection: &Selection,
    period: Period,
    now: SystemTime,
    zone: &TimeZone,
    tenant: Option<&Tenant>,
) -> Result<Ask, EngineError> {
    let (Some(question), Some(pipe)) = (question(tile, selection, period, tenant), tile.pipe.clone()) else {
        return Err(EngineError::NothingToAsk);
    };
    let mut parameters: Parameters = constants(tile).collect();
    for (name, attribute, value) in theirs(tile, tenant) {
        parameters.insert(name, value.ok_or(EngineError::NotOfTenant { attribute })?);
    }
    if let Some(time) = &tile.time {
        let Dates { from, to } = dates(time, &selection.range, period, now, zone);
        parameters.insert(time.from.clone(), from);
        parameters.insert(time.to.clone(), to);
    }
    for (name, value) in selection.parameters(tile) {
        parameters.insert(name, value);
    }
    Ok(Ask { question, pipe, parameters, at: now })
}

/// The name of a time. Days of another zone than the viewer's are other days, unless they are named themselves.
fn name(range: &TimeRange, period: Period, zone: &DayZone) -> String {
    let days = match (range, zone.name()) {
        (TimeRange::Last(_), Some(zone)) => format!("{range} in {zone}"),
        _ => range.to_string(),
    };
    match period {
        Period::Current => days,
        Period::Previous => format!("{days} before"),
        Period::Year => format!("{days} a year before"),
    }
}

/// The dates that an answer asked for at `asked` holds, where the viewer's zone is `viewer`.
pub(crate) fn dates(
    time: &TimeParameters,
    range: &TimeRange,
    period: Period,
    asked: SystemTime,
    viewer: &TimeZone,
) -> Dates {
    let dates = range.dates(asked, time.zone.among(viewer));
    match period {
        Period::Current => dates,
        Period::Previous => range.previous(dates),
        Period::Year => range.year_before(dates),
    }
}

fn constants(tile: &Tile) -> impl Iterator<Item = (String, ParameterValue)> {
    tile.parameters.iter().filter_map(|(name, parameter)| match parameter {
        Parameter::Constant(value) => Some((name.clone(), value.clone())),
        Parameter::Tenant(_) | Parameter::Filter(_) => None,
    })
}

/// The parameters that say who is looking, and what this tenant has for them.
fn theirs<'a>(
    tile: &'a Tile,
    tenant: Option<&'a Tenant>,
) -> impl Iterator<Item = (&'a str, Attribute, Option<&'a str>)> {
    tile.parameters.iter().filter_map(move |(name, parameter)| match parameter {
        Parameter::Tenant(attribute) => {
            Some((name.as_str(), *attribute, tenant.and_then(|tenant| tenant.attribute(*attribute))))
        }
        Parameter::Constant(_) | Parameter::Filter(_) => None,
    })
}
