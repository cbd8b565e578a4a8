//! Which days an answer and the earlier one that it is compared with were asked for, and so which moment of the one
//! stands where which moment of the other does. By days on the wall, not by hours or by rows: a day of 23 hours is a day,
//! and a first day without a row is still the first.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::clock::Clock;

/// Days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// The days of two answers that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Those of the answer that is drawn.
    pub now: Days,
    /// Those of the earlier one.
    pub before: Days,
}

/// From the moments of an earlier time to those of now.
pub(crate) struct Shift {
    clock: Clock,
    step: Step,
}

/// How far on the wall.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// The same days of other years.
    Years(i16),
    /// In microseconds.
    Wall(i64),
}

impl Step {
    /// Of periods that begin and end on the same days of two years, those days; of others, so many days that both begin
    /// together.
    fn between(Periods { now, before }: Periods) -> Self {
        let years = now.from.year() - before.from.year();
        let later = |day: Date| day.checked_add(Span::new().years(i64::from(years))).ok();
        if years != 0 && later(before.from) == Some(now.from) && later(before.to) == Some(now.to) {
            return Self::Years(years);
        }
        let days = before.from.until(now.from).map_or(0, |span| span.get_days());
        Self::Wall(i64::from(days) * crate::calendar::DAY)
    }
}

impl Shift {
    /// By the days that were asked for. Where nobody knows them, both begin with their first rows, which are `now` and
    /// `before`.
    pub(crate) fn of(periods: Option<Periods>, clock: &Clock, (now, before): (f64, f64)) -> Self {
        let mut walls = clock.walls();
        let step = match periods {
            Some(periods) => Step::between(periods),
            None => Step::Wall(walls.at(now as i64).saturating_sub(walls.at(before as i64))),
        };
        Self { clock: clock.clone(), step }
    }

    /// When the clock shows now what it showed then. A 29 February has no place in a year without one.
    pub(crate) fn forth(&self, instant: f64) -> Option<f64> {
        match self.step {
            Step::Wall(step) if self.clock.zone.to_fixed_offset().is_ok() => Some(instant + step as f64),
            Step::Wall(step) => {
                let wall = self.clock.walls().at(instant as i64);
                Some(self.clock.instant(wall.saturating_add(step)))
            }
            Step::Years(years) => {
                let then = wall(self.clock.walls().at(instant as i64))?;
                let now = then.checked_add(Span::new().years(i64::from(years))).ok()?;
                let now = Some(now).filter(|now| now.day() == then.day())?;
                Some(self.clock.instant(Offset::UTC.to_timestamp(now).ok()?.as_microsecond()))
            }
        }
    }
}

fn wall(micros: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?))
}
