//! Time ranges and moments in words.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use perch_dashboard::{Comparison, DayZone, Preset, TimeRange};

/// A preset, for the menu.
pub(crate) fn preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Today => "Today",
        Preset::Yesterday => "Yesterday",
        Preset::Hours24 => "Last 24 hours",
        Preset::Days7 => "Last 7 days",
        Preset::ThisWeek => "This week",
        Preset::Days30 => "Last 30 days",
        Preset::ThisMonth => "This month",
        Preset::LastMonth => "Last month",
        Preset::Days90 => "Last 90 days",
        Preset::ThisYear => "This year",
        Preset::Months12 => "Last 12 months",
    }
}

/// What a range is compared with, for the menu.
pub(crate) fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Off => "None",
        Comparison::Previous => "Previous period",
        Comparison::Year => "Previous year",
    }
}

/// Whose days a dashboard counts in.
pub(crate) fn zone(days: &DayZone, viewer: &TimeZone) -> String {
    match (days.name(), viewer.iana_name()) {
        (Some(name), _) => format!("Days in {name}, wherever you are"),
        (None, Some(name)) => format!("Days in your time zone, {name}"),
        (None, None) => "Days in your time zone".to_owned(),
    }
}

/// The days that a range means now: `15 – 21 Nov 2026`. What both ends share is
/// said once.
pub(crate) fn range(range: &TimeRange, now: SystemTime, zone: &TimeZone) -> String {
    let dates = range.dates(now, zone);
    let (from, to) = (dates.from, dates.to);
    let last = written(to, "%-d %b %Y");
    if from == to {
        last
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{} – {last}", from.day())
    } else if from.year() == to.year() {
        format!("{} – {last}", written(from, "%-d %b"))
    } else {
        format!("{} – {last}", written(from, "%-d %b %Y"))
    }
}

/// A moment to the minute: `Sun 22 Nov at 01:00`.
pub(crate) fn moment(moment: SystemTime, zone: &TimeZone) -> String {
    let moment = Timestamp::try_from(moment).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(zone.clone()).strftime("%a %-d %b at %H:%M").to_string()
}

fn written(date: Date, format: &str) -> String {
    date.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_clock_of_whoever_reads_it() {
        let midnight = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(20_779 * 86_400);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(moment(midnight, &zone), "Sun 22 Nov at 01:00");
    }

    #[test]
    fn what_both_ends_of_a_range_share_is_said_once() {
        let cases = [
            ("2026-11-21..2026-11-21", "21 Nov 2026"),
            ("2026-11-15..2026-11-21", "15 – 21 Nov 2026"),
            ("2026-10-30..2026-11-02", "30 Oct – 2 Nov 2026"),
            ("2025-12-31..2026-01-01", "31 Dec 2025 – 1 Jan 2026"),
        ];
        for (written, said) in cases {
            let parsed: TimeRange = written.parse().expect("a range");
            assert_eq!(range(&parsed, SystemTime::UNIX_EPOCH, &TimeZone::UTC), said);
        }
    }
}
