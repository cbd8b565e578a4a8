//! The time range that a viewer picks, and the dates that it means now.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The longest range in days: ten years.
const LONGEST: i32 = 3_660;

/// Which time a dashboard shows. Written `7d` or `2026-01-01..2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TimeRange {
    /// Up to now.
    Last(Preset),
    /// From one day to another, both included.
    Between {
        /// The first day.
        from: Date,
        /// The last day, not before the first.
        to: Date,
    },
}

/// A range that moves with the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// The day that it is.
    Today,
    /// The days that the last 24 hours touch.
    Hours24,
    /// Seven days, today the last of them.
    Days7,
    /// Thirty days, today the last of them.
    Days30,
    /// Ninety days, today the last of them.
    Days90,
}

impl Preset {
    /// All presets, shortest first.
    pub const ALL: [Self; 5] = [Self::Today, Self::Hours24, Self::Days7, Self::Days30, Self::Days90];

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days30 => "30d",
            Self::Days90 => "90d",
        }
    }

    fn first_day(self, now: Timestamp, zone: &TimeZone) -> Date {
        let today = now.to_zoned(zone.clone()).date();
        let days = match self {
            Self::Today => 0,
            Self::Hours24 => {
                let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
                return yesterday.to_zoned(zone.clone()).date();
            }
            Self::Days7 => 6,
            Self::Days30 => 29,
            Self::Days90 => 89,
        };
        today.saturating_sub(days.days())
    }
}

/// The days that a question asks for, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dates {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Dates {
    /// The period of equal length that ends the day before this one begins.
    pub fn previous(self) -> Self {
        let days = i64::from(days_between(self.from, self.to));
        let to = self.from.saturating_sub(1.day());
        Self { from: to.saturating_sub(days.days()), to }
    }
}

impl TimeRange {
    /// The days of this range at `now`, on the calendar of `zone`.
    pub fn dates(&self, now: SystemTime, zone: &TimeZone) -> Dates {
        match *self {
            Self::Between { from, to } => Dates { from, to },
            Self::Last(preset) => {
                let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
                Dates { from: preset.first_day(now, zone), to: now.to_zoned(zone.clone()).date() }
            }
        }
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

impl fmt::Display for TimeRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last(preset) => formatter.write_str(preset.as_str()),
            Self::Between { from, to } => write!(formatter, "{from}..{to}"),
        }
    }
}

/// Why a text is not a time range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeRangeError {
    /// Neither a preset nor two days.
    #[error("`{0}` is not a time range; write today, 24h, 7d, 30d, 90d, or two days like 2026-01-01..2026-01-31")]
    Unknown(String),
    /// The last day is before the first.
    #[error("`{0}` ends before it begins; write the earlier day first")]
    Backwards(String),
    /// Longer than ten years.
    #[error("`{0}` is longer than ten years; write a shorter range")]
    TooLong(String),
}

impl FromStr for TimeRange {
    type Err = TimeRangeError;

    fn from_str(text: &str) -> Result<Self, TimeRangeError> {
        if let Some(preset) = Preset::ALL.into_iter().find(|preset| preset.as_str() == text) {
            return Ok(Self::Last(preset));
        }
        let unknown = || TimeRangeError::Unknown(text.to_owned());
        let (from, to) = text.split_once("..").ok_or_else(unknown)?;
        let day = |text: &str| Date::strptime("%Y-%m-%d", text).map_err(|_| unknown());
        let (from, to) = (day(from)?, day(to)?);
        if to < from {
            return Err(TimeRangeError::Backwards(text.to_owned()));
        }
        if days_between(from, to) >= LONGEST {
            return Err(TimeRangeError::TooLong(text.to_owned()));
        }
        Ok(Self::Between { from, to })
    }
}

impl TryFrom<String> for TimeRange {
    type Error = TimeRangeError;

    fn try_from(text: String) -> Result<Self, TimeRangeError> {
        text.parse()
    }
}

impl From<TimeRange> for String {
    fn from(range: TimeRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().expect("a moment").into()
    }

    fn dates(range: &str, now: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone");
        let Dates { from, to } = range.parse::<TimeRange>().expect("a range").dates(at(now), &zone);
        format!("{from}..{to}")
    }

    #[test]
    fn a_range_is_counted_on_the_viewers_calendar() {
        let now = "2026-03-01T02:30:00Z";
        assert_eq!(dates("today", now, "UTC"), "2026-03-01..2026-03-01");
        assert_eq!(dates("today", now, "America/New_York"), "2026-02-28..2026-02-28");
        assert_eq!(dates("7d", now, "UTC"), "2026-02-23..2026-03-01");
        assert_eq!(dates("30d", now, "Pacific/Auckland"), "2026-01-31..2026-03-01");
        assert_eq!(dates("90d", now, "UTC"), "2025-12-02..2026-03-01");
        assert_eq!(dates("2026-01-05..2026-01-06", now, "UTC"), "2026-01-05..2026-01-06");
    }

    #[test]
    fn the_last_24_hours_are_hours_even_when_a_day_has_23() {
        // Clocks went forward on 29 March 2026 in Berlin: 24 hours before
        // 00:30 on the 30th is 23:30 on the 28th.
        assert_eq!(dates("24h", "2026-03-29T22:30:00Z", "Europe/Berlin"), "2026-03-28..2026-03-30");
    }

    #[test]
    fn the_previous_period_is_as_long_and_ends_the_day_before() {
        let dates = |text: &str| match text.parse() {
            Ok(TimeRange::Between { from, to }) => Dates { from, to },
            other => panic!("{other:?}"),
        };
        assert_eq!(dates("2026-03-01..2026-03-31").previous(), dates("2026-01-29..2026-02-28"));
        assert_eq!(dates("2026-03-01..2026-03-01").previous(), dates("2026-02-28..2026-02-28"));
    }

    #[test]
    fn a_text_that_is_no_range_says_what_to_write() {
        for (text, hint) in [
            ("", "7d"),
            ("7 days", "7d"),
            ("2026-01-01", "2026-01-01..2026-01-31"),
            ("2026-02-30..2026-03-01", "2026-01-01"),
            ("2026-02-02..2026-02-01", "earlier day first"),
            ("1990-01-01..2026-01-01", "shorter"),
        ] {
            let error = text.parse::<TimeRange>().expect_err(text).to_string();
            assert!(error.contains(hint), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_range_is_read_as_it_is_written(start in 0_i32..30_000, length in 0..LONGEST) {
            let from = Date::constant(1970, 1, 1) + start.days();
            let range = TimeRange::Between { from, to: from + length.days() };
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }

        #[test]
        fn any_clock_gives_dates_in_order_and_a_previous_period_of_equal_length(seconds in 0_u64..20_000_000_000, preset in 0_usize..5) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let zone = TimeZone::get("America/St_Johns").expect("a zone");
            let now = TimeRange::Last(Preset::ALL[preset]).dates(now, &zone);
            let before = now.previous();
            prop_assert!(now.from <= now.to && before.to < now.from);
            prop_assert_eq!(days_between(now.from, now.to), days_between(before.from, before.to));
        }
    }
}
