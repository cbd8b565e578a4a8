//! The time range that a viewer picks, and the dates that it means now.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The longest range in days: ten years.
const LONGEST: i32 = 3_660;

/// Which time a dashboard shows. Written `7d` or `2026-01-01..2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TimeRange {
    /// Relative to now.
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
    /// The day before.
    Yesterday,
    /// The days that the last 24 hours touch: today and yesterday.
    Hours24,
    /// Seven days, today the last of them.
    Days7,
    /// From Monday (ISO 8601) up to today.
    ThisWeek,
    /// Thirty days, today the last of them.
    Days30,
    /// From the first of the month up to today.
    ThisMonth,
    /// The whole month before this one.
    LastMonth,
    /// Ninety days, today the last of them.
    Days90,
    /// From the first of January up to today.
    ThisYear,
    /// Twelve months, today the last day of them.
    Months12,
}

impl Preset {
    /// All presets, as a menu has them: the shortest first.
    pub const ALL: [Self; 11] = [
        Self::Today,
        Self::Yesterday,
        Self::Hours24,
        Self::Days7,
        Self::ThisWeek,
        Self::Days30,
        Self::ThisMonth,
        Self::LastMonth,
        Self::Days90,
        Self::ThisYear,
        Self::Months12,
    ];

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::ThisWeek => "this-week",
            Self::Days30 => "30d",
            Self::ThisMonth => "this-month",
            Self::LastMonth => "last-month",
            Self::Days90 => "90d",
            Self::ThisYear => "this-year",
            Self::Months12 => "12m",
        }
    }

    /// Whether files of version 1 do not know it.
    pub(crate) fn is_new(self) -> bool {
        !matches!(self, Self::Today | Self::Hours24 | Self::Days7 | Self::Days30 | Self::Days90)
    }

    fn dates(self, now: Timestamp, zone: &TimeZone) -> Dates {
        let today = now.to_zoned(zone.clone()).date();
        let since = |from| Dates { from, to: today };
        let days = |days: i32| since(today.saturating_sub((days - 1).days()));
        match self {
            Self::Today => days(1),
            Self::Yesterday => {
                let yesterday = today.saturating_sub(1.day());
                Dates { from: yesterday, to: yesterday }
            }
            Self::Hours24 => {
                let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
                since(yesterday.to_zoned(zone.clone()).date())
            }
            Self::Days7 => days(7),
            Self::ThisWeek => days(i32::from(today.weekday().to_monday_one_offset())),
            Self::Days30 => days(30),
            Self::ThisMonth => since(today.first_of_month()),
            Self::LastMonth => {
                let to = today.first_of_month().saturating_sub(1.day());
                Dates { from: to.first_of_month(), to }
            }
            Self::Days90 => days(90),
            Self::ThisYear => since(today.first_of_year()),
            Self::Months12 => since(today.saturating_sub(12.months()).saturating_add(1.day())),
        }
    }
}

/// With which earlier time something is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Comparison {
    /// With none.
    #[default]
    Off,
    /// With the time before ([`TimeRange::previous`]).
    Previous,
    /// With the same days a year before ([`TimeRange::year_before`]).
    Year,
}

impl Comparison {
    /// The one that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Off, Self::Previous, Self::Year].into_iter().find(|comparison| comparison.as_str() == text)
    }

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Previous => "previous",
            Self::Year => "year",
        }
    }
}

/// Whose days a range is counted in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DayZone {
    /// The viewer's.
    #[default]
    Viewer,
    /// The dashboard's own: UTC, or one of the IANA time zone database.
    Fixed(TimeZone),
}

impl DayZone {
    /// The zone, where the viewer's is `viewer`.
    pub fn among<'a>(&'a self, viewer: &'a TimeZone) -> &'a TimeZone {
        match self {
            Self::Viewer => viewer,
            Self::Fixed(zone) => zone,
        }
    }

    /// The name of the dashboard's own zone; `None` for the viewer's.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Viewer => None,
            Self::Fixed(zone) => Some(zone.iana_name().unwrap_or("UTC")),
        }
    }
}

/// A time zone that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone; write \"viewer\", \"utc\" or a name like \"Europe/Berlin\"")]
pub struct UnknownZone(String);

impl FromStr for DayZone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "utc" => Ok(Self::Fixed(TimeZone::UTC)),
            _ => TimeZone::get(text).map(Self::Fixed).map_err(|_| UnknownZone(text.to_owned())),
        }
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

    fn earlier(self, by: Span) -> Self {
        Self { from: self.from.saturating_sub(by), to: self.to.saturating_sub(by) }
    }

    fn to_the_end_of_its_month(self) -> Self {
        Self { to: self.to.last_of_month(), ..self }
    }
}

impl TimeRange {
    /// The days of this range at `now`, on the calendar of `zone`.
    pub fn dates(&self, now: SystemTime, zone: &TimeZone) -> Dates {
        match *self {
            Self::Between { from, to } => Dates { from, to },
            Self::Last(preset) => preset.dates(Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH), zone),
        }
    }

    /// The time before `dates`, which are this range's: of a week, a month or a year that is not over, the same
    /// part of the one before; else as many days as there are, up to the day before.
    pub fn previous(&self, dates: Dates) -> Dates {
        match self {
            Self::Last(Preset::ThisWeek) => dates.earlier(7.days()),
            Self::Last(Preset::ThisMonth) => dates.earlier(1.month()),
            Self::Last(Preset::LastMonth) => dates.earlier(1.month()).to_the_end_of_its_month(),
            Self::Last(Preset::ThisYear) => dates.earlier(1.year()),
            _ => dates.previous(),
        }
    }

    /// The same days of the year before `dates`, which are this range's. Weekdays differ. For 29 February it is the
    /// 28th.
    pub fn year_before(&self, dates: Dates) -> Dates {
        let earlier = dates.earlier(1.year());
        match self {
            Self::Last(Preset::LastMonth) => earlier.to_the_end_of_its_month(),
            _ => earlier,
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
    #[error(
        "`{0}` is not a time range; write {presets}, or two days like 2026-01-01..2026-01-31",
        presets = Preset::ALL.map(Preset::as_str).join(", ")
    )]
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
    fn weeks_begin_on_monday_and_months_and_years_with_their_first() {
        // A Sunday.
        let sunday = "2026-03-01T12:00:00Z";
        assert_eq!(dates("this-week", sunday, "UTC"), "2026-02-23..2026-03-01");
        assert_eq!(dates("this-week", "2026-03-02T12:00:00Z", "UTC"), "2026-03-02..2026-03-02");
        assert_eq!(dates("yesterday", sunday, "UTC"), "2026-02-28..2026-02-28");
        assert_eq!(dates("this-month", sunday, "UTC"), "2026-03-01..2026-03-01");
        assert_eq!(dates("last-month", sunday, "UTC"), "2026-02-01..2026-02-28");
        assert_eq!(dates("last-month", "2024-03-31T12:00:00Z", "UTC"), "2024-02-01..2024-02-29");
        assert_eq!(dates("this-year", sunday, "UTC"), "2026-01-01..2026-03-01");
        assert_eq!(dates("12m", sunday, "UTC"), "2025-03-02..2026-03-01");
        assert_eq!(dates("12m", "2024-02-29T12:00:00Z", "UTC"), "2023-03-01..2024-02-29");
        // There it is March already, and a Monday in the next week.
        assert_eq!(dates("this-week", "2026-03-01T23:30:00Z", "Europe/Berlin"), "2026-03-02..2026-03-02");
        assert_eq!(dates("last-month", "2026-02-28T23:30:00Z", "Europe/Berlin"), "2026-02-01..2026-02-28");
    }

    /// What a range at a moment is compared with: the time before, and a year before.
    fn earlier(range: &str, now: &str) -> [String; 2] {
        let range: TimeRange = range.parse().expect("a range");
        let dates = range.dates(at(now), &TimeZone::UTC);
        [range.previous(dates), range.year_before(dates)].map(|Dates { from, to }| format!("{from}..{to}"))
    }

    #[test]
    fn the_previous_period_is_as_long_and_ends_the_day_before_or_is_the_same_part_of_the_one_before() {
        let now = "2026-03-31T12:00:00Z";
        for (range, before) in [
            ("2026-03-01..2026-03-31", "2026-01-29..2026-02-28"),
            ("2026-03-01..2026-03-01", "2026-02-28..2026-02-28"),
            ("7d", "2026-03-18..2026-03-24"),
            ("yesterday", "2026-03-29..2026-03-29"),
            ("this-week", "2026-03-23..2026-03-24"),
            ("this-month", "2026-02-01..2026-02-28"),
            ("last-month", "2026-01-01..2026-01-31"),
            ("this-year", "2025-01-01..2025-03-31"),
        ] {
            assert_eq!(earlier(range, now)[0], before, "{range}");
        }
    }

    #[test]
    fn the_previous_year_is_the_same_days_also_where_there_was_no_29_february() {
        for (range, now, year) in [
            ("7d", "2026-03-31T12:00:00Z", "2025-03-25..2025-03-31"),
            ("today", "2024-02-29T12:00:00Z", "2023-02-28..2023-02-28"),
            ("2024-02-28..2024-03-01", "2024-03-01T12:00:00Z", "2023-02-28..2023-03-01"),
            ("last-month", "2025-03-10T12:00:00Z", "2024-02-01..2024-02-29"),
            ("last-month", "2024-03-10T12:00:00Z", "2023-02-01..2023-02-28"),
        ] {
            assert_eq!(earlier(range, now)[1], year, "{range}");
        }
    }

    #[test]
    fn a_zone_is_the_viewers_or_has_a_name() {
        let viewer = TimeZone::get("Asia/Tokyo").expect("a zone");
        let among = |text: &str| text.parse::<DayZone>().map(|zone| zone.among(&viewer).clone());
        assert_eq!(among("viewer"), Ok(viewer.clone()));
        assert_eq!(among("utc"), Ok(TimeZone::UTC));
        assert_eq!("utc".parse::<DayZone>().expect("a zone").name(), Some("UTC"));
        assert!(among("Europe/Nowhere").expect_err("unknown").to_string().contains("Europe/Berlin"));
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
        fn any_clock_gives_dates_in_order_and_earlier_ones_before_them(
            seconds in 0_u64..20_000_000_000, preset in prop::sample::select(Preset::ALL.to_vec()),
        ) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let zone = TimeZone::get("America/St_Johns").expect("a zone");
            let range = TimeRange::Last(preset);
            let now = range.dates(now, &zone);
            let (before, year) = (range.previous(now), range.year_before(now));
            prop_assert!(now.from <= now.to && before.from <= before.to && year.from <= year.to);
            prop_assert!(before.to < now.from && year.from < now.from);
            let length = |dates: Dates| days_between(dates.from, dates.to);
            prop_assert_eq!(length(now), length(now.previous()));
            // Months and years differ by a few days.
            prop_assert!((length(now) - length(before)).abs() <= 3 && (length(now) - length(year)).abs() <= 1);
        }
    }
}
