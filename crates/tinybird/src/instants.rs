//! A column of times as instants: the zone is asked once between two changes of its clocks, not once a row.

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::moment;

const MICROS: i64 = 1_000_000;

/// Reads what a zone's wall shows, row by row.
pub(crate) struct Instants<'z> {
    zone: &'z TimeZone,
    /// What the wall shows while the offset is the one below, and at no other time.
    from: i64,
    to: i64,
    offset: i64,
    last: Option<i64>,
    /// Whether a time has come twice that no wall shows twice: several rows share one then.
    shared: bool,
}

impl<'z> Instants<'z> {
    pub(crate) fn of(zone: &'z TimeZone) -> Self {
        // UTC is known forever.
        let (from, to) = if *zone == TimeZone::UTC { (i64::MIN, i64::MAX) } else { (0, 0) };
        Self { zone, from, to, offset: 0, last: None, shared: false }
    }

    /// The instant of the next row. An hour that the wall shows twice is its first, unless the rows have been through
    /// that already; one that it skips is taken as if it had not (RFC 5545 §3.3.5).
    pub(crate) fn next(&mut self, wall: i64) -> Option<i64> {
        let instant = if (self.from..self.to).contains(&wall) {
            let instant = wall.checked_sub(self.offset)?;
            self.shared |= self.last == Some(instant);
            instant
        } else {
            self.ask(wall)?
        };
        self.last = Some(instant);
        Some(instant)
    }

    fn ask(&mut self, wall: i64) -> Option<i64> {
        let ambiguous = self.zone.to_ambiguous_timestamp(moment::clock(wall)?);
        let AmbiguousOffset::Fold { before, after } = ambiguous.offset() else {
            let instant = ambiguous.compatible().ok()?;
            self.learn(instant);
            return Some(instant.as_microsecond());
        };
        let first = wall.checked_sub(i64::from(before.seconds()) * MICROS)?;
        let second = wall.checked_sub(i64::from(after.seconds()) * MICROS)?;
        let passed = self.last.is_some_and(|last| (first < last || first == last && !self.shared) && last < second);
        Some(if passed { second } else { first })
    }

    /// Between two changes the offset is known; an hour around either may be shown twice.
    fn learn(&mut self, instant: Timestamp) {
        let seconds = |at: Timestamp| i64::from(self.zone.to_offset(at).seconds()) * MICROS;
        let step = SignedDuration::from_nanos(1);
        let offset = seconds(instant);
        let from = instant.checked_add(step).ok().and_then(|after| self.zone.preceding(after).next());
        let from = from.map_or(i64::MIN, |change| {
            let before = change.timestamp().checked_sub(step).map_or(offset, &seconds);
            change.timestamp().as_microsecond() + before.max(offset)
        });
        let to = self.zone.following(instant).next().map_or(i64::MAX, |change| {
            change.timestamp().as_microsecond() + offset.min(i64::from(change.offset().seconds()) * MICROS)
        });
        (self.from, self.to, self.offset) = (from, to, offset);
    }
}
