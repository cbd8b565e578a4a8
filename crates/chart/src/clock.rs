//! Whose clock moments are read from. Along an axis stand instants, so that an hour that a clock shows twice has two
//! places and pictures with different clocks share a crosshair; words and ticks are in the clock's own time.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use perch_tinybird::Column;

use crate::calendar::{self, Grain};
use crate::{ChartError, Setting, Spec, Zone};

/// A clock, and how exactly moments are written by it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clock {
    zone: TimeZone,
    pub(crate) grain: Grain,
}

/// A moment on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// The instant in Unix microseconds.
    pub(crate) at: f64,
    pub(crate) label: String,
    /// The day or the year that this tick and its neighbours belong to, at the first of them.
    pub(crate) context: Option<String>,
}

impl Clock {
    /// The column's own clock.
    pub(crate) fn own(column: &Column) -> Self {
        let grain = Grain::of((0..column.len()).filter_map(|row| column.time(row)), column.tick().unwrap_or(1));
        Self { zone: own_zone(column), grain }
    }

    /// The clock for a column of times, as the spec asks.
    pub(crate) fn of(column: &Column, spec: &Spec, setting: &Setting) -> Result<Self, ChartError> {
        let own = Self::own(column);
        let zone = match &spec.zone {
            // A date is the same day everywhere.
            _ if column.is_date() => TimeZone::UTC,
            Zone::Column => return Ok(own),
            Zone::Viewer => setting.zone.clone(),
            Zone::Utc => TimeZone::UTC,
            Zone::Named(name) => TimeZone::get(name).map_err(|_| ChartError::NoZone { name: name.clone() })?,
        };
        // A day of one clock begins at some hour of another.
        let grain = if own.grain == Grain::Day && zone != own.zone { Grain::Minute } else { own.grain };
        Ok(Self { zone, grain })
    }

    /// What the clock shows at an instant, in microseconds.
    pub(crate) fn wall(&self, instant: f64) -> i64 {
        let instant = instant as i64;
        if self.zone == TimeZone::UTC {
            return instant;
        }
        Timestamp::from_microsecond(instant)
            .map_or(instant, |at| instant + i64::from(self.zone.to_offset(at).seconds()) * 1_000_000)
    }

    /// The instant at which the clock shows this, the first of two.
    pub(crate) fn instant(&self, wall: i64) -> f64 {
        if self.zone == TimeZone::UTC {
            return wall as f64;
        }
        let instant = calendar::clock(wall).and_then(|clock| self.zone.to_timestamp(clock).ok());
        instant.map_or(wall as f64, |at| at.as_microsecond() as f64)
    }

    /// An instant in full: `Mon 5 Jan 2026, 14:05`.
    pub(crate) fn write(&self, instant: f64) -> String {
        self.grain.write(self.wall(instant))
    }

    /// The same as short as an axis of few columns needs it: `5 Jan`, `14:05`.
    pub(crate) fn brief(&self, instant: f64) -> String {
        self.grain.brief(self.wall(instant))
    }

    /// The same clock, read by the day.
    pub(crate) fn by_day(&self) -> Self {
        Self { grain: Grain::Day, ..self.clone() }
    }

    /// Ticks between two instants: see [`calendar::ticks`].
    pub(crate) fn ticks(&self, from: f64, to: f64, room: f32, gap: f32, width: impl Fn(&str) -> f32) -> Vec<Tick> {
        let ticks = calendar::ticks(self.wall(from), self.wall(to), self.grain, room, gap, width);
        let ticks =
            ticks.into_iter().map(|tick| Tick { at: self.instant(tick.at), label: tick.label, context: tick.context });
        // Where the clock was changed in between, a tick may fall outside or upon the one before.
        let mut kept: Vec<Tick> = Vec::new();
        for tick in ticks.filter(|tick| (from..=to).contains(&tick.at)) {
            if kept.last().is_none_or(|before| before.at < tick.at) {
                kept.push(tick);
            }
        }
        kept
    }

    /// The instant of a date or a time as ISO 8601 writes it; without an offset, by this clock.
    pub(crate) fn read(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        if let Ok(zoned) = text.parse::<Zoned>() {
            return Some(zoned.timestamp().as_microsecond() as f64);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(timestamp.as_microsecond() as f64);
        }
        let month = || format!("{text}-01").parse::<Date>();
        let year = || format!("{text}-01-01").parse::<Date>();
        let wall: DateTime =
            text.parse::<DateTime>().or_else(|_| month().or_else(|_| year()).map(DateTime::from)).ok()?;
        Some(self.instant(calendar::micros(wall)?))
    }
}

fn own_zone(column: &Column) -> TimeZone {
    column.zone().cloned().unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Clock {
        Clock { zone: TimeZone::get("Europe/Berlin").expect("a zone"), grain: Grain::Minute }
    }

    #[test]
    fn a_date_and_a_time_are_read_by_the_clock_unless_they_say_their_offset() {
        let read = |text| berlin().read(text).map(|at| at / 3.6e9);
        let midnight = 20_458.0 * 24.0;
        assert_eq!(read("2026-01-05"), Some(midnight - 1.0));
        assert_eq!(read("2026-01-05T12:00"), Some(midnight + 11.0));
        assert_eq!(read("2026-01-05 12:00:00"), Some(midnight + 11.0));
        assert_eq!(read("2026-01-05T12:00Z"), Some(midnight + 12.0));
        assert_eq!(read("2026-01"), Some(midnight - 97.0));
        assert_eq!(read("5 January"), None);
    }

    #[test]
    fn an_hour_that_the_clock_shows_twice_has_two_places() {
        // 25 October 2026: 03:00 is 02:00 again at 01:00 UTC.
        let clock = berlin();
        let first = clock.read("2026-10-25T02:00").expect("read");
        assert_eq!(clock.write(first), clock.write(first + 3.6e9));
        let ticks = clock.ticks(first - 3.6e9, first + 4.0 * 3.6e9, 400.0, 10.0, |label| label.len() as f32 * 6.0);
        assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at), "{ticks:?}");
    }
}
