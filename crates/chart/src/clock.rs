//! Whose clock moments are read from, how exactly they are told, and in which language.
//!
//! Along an axis stand instants, so that an hour that a clock shows twice has two places and pictures with different
//! clocks share a crosshair; words and ticks are in the clock's own time. A date has no zone: it is kept as its midnight
//! in UTC and read from there, and so it is the same day everywhere.

mod scribe;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use perch_tinybird::{Column, Family};

use crate::calendar::{DAY, MINUTE, SECOND, Ticks, ticks, time_of_day};
use crate::locale::{ENGLISH, Locale};
use crate::{ChartError, Setting, Spec, Zone};

pub(crate) use scribe::Scribe;

/// A clock, and how exactly and in whose words moments are told by it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clock {
    pub(crate) grain: Grain,
    pub(crate) zone: TimeZone,
    /// Whether the zone is worth its name.
    pub(crate) named: bool,
    pub(crate) locale: &'static Locale,
}

impl Clock {
    /// The clock that the spec asks for, and the instants of a column of times by Unix microseconds, NaN for none.
    pub(crate) fn of(column: &Column, spec: &Spec, setting: &Setting) -> Result<(Self, Vec<f64>), ChartError> {
        Ok(Self::within(column, Self::zone(spec, setting)?, Locale::of(&setting.locale)))
    }

    /// The same for the column's own clock.
    pub(crate) fn own(column: &Column) -> (Self, Vec<f64>) {
        Self::within(column, None, &ENGLISH)
    }

    /// The clocks that a table's cells of times are written by: one as exact as the rows that speak for all of them, and
    /// one as exact as the column. `None` where cells show what the engine wrote, which is the column's own clock.
    pub(crate) fn of_cells(
        column: &Column,
        spec: &Spec,
        setting: &Setting,
        rows: impl Iterator<Item = usize>,
    ) -> Result<Option<[Self; 2]>, ChartError> {
        let zoned = column.family() == Family::Time && column.zone().is_some() && !column.is_date();
        if !zoned {
            return Ok(None);
        }
        let Some(zone) = Self::zone(spec, setting)? else { return Ok(None) };
        let mut clock = Self { grain: Grain::Day, zone, named: true, locale: Locale::of(&setting.locale) };
        let mut walls = Walls::of(&clock.zone);
        let tick = column.tick().unwrap_or(1);
        let exact = [Grain::Second, Grain::Milli, Grain::Micro].into_iter().find(|grain| grain.least() <= tick);
        let exact = Self { grain: exact.unwrap_or(Grain::Micro), ..clock.clone() };
        clock.grain = Grain::of(rows.filter_map(|row| column.instant(row)).map(|at| walls.at(at)), tick);
        Ok(Some([clock, exact]))
    }

    /// The zone that the spec asks for; `None` for each column's own.
    fn zone(spec: &Spec, setting: &Setting) -> Result<Option<TimeZone>, ChartError> {
        Ok(match &spec.zone {
            Zone::Column => None,
            Zone::Viewer => Some(setting.zone.clone()),
            Zone::Utc => Some(TimeZone::UTC),
            Zone::Named(name) => {
                Some(TimeZone::get(name).map_err(|_| ChartError::NoZone { name: crate::text::name(name) })?)
            }
        })
    }

    /// Whether there is a zone of the name that the spec says.
    pub(crate) fn check_zone(spec: &Spec) -> Result<(), ChartError> {
        Self::zone(spec, &Setting::default()).map(drop)
    }

    fn within(column: &Column, zone: Option<TimeZone>, locale: &'static Locale) -> (Self, Vec<f64>) {
        let instants = column.instant_numbers();
        // A zone that nobody knows is read as it is written, and not named.
        let own = column.zone().filter(|_| !column.is_date());
        let zone = own.map_or(TimeZone::UTC, |own| zone.unwrap_or_else(|| own.clone()));
        let mut clock = Self { grain: Grain::Day, zone, named: own.is_some(), locale };
        let mut walls = Walls::of(&clock.zone);
        let some = instants.iter().filter(|at| !at.is_nan());
        clock.grain = Grain::of(some.map(|at| walls.at(*at as i64)), column.tick().unwrap_or(1));
        (clock, instants)
    }

    /// What the clock shows at one instant after another.
    pub(crate) fn walls(&self) -> Walls<'_> {
        Walls::of(&self.zone)
    }

    /// The instant at which the clock shows this for the first time; where clocks skip it, as if they had not
    /// (RFC 5545 §3.3.5).
    pub(crate) fn instant(&self, wall: i64) -> f64 {
        let shown = Timestamp::from_microsecond(wall).ok().map(|at| Offset::UTC.to_datetime(at));
        shown.and_then(|shown| self.moment(shown)).unwrap_or(wall) as f64
    }

    /// What the clock on the wall shows. `None` beyond the year 9999.
    pub(crate) fn at(&self, moment: i64) -> Option<DateTime> {
        Some(self.zone.to_datetime(Timestamp::from_microsecond(moment).ok()?))
    }

    /// When the clock on the wall shows this: the first time if it does twice, and where it skips it, as if it had not
    /// (RFC 5545 §3.3.5).
    fn moment(&self, wall: DateTime) -> Option<i64> {
        Some(self.zone.to_timestamp(wall).ok()?.as_microsecond())
    }

    /// The same clock, read by the day.
    pub(crate) fn by_day(&self) -> Self {
        Self { grain: Grain::Day, ..self.clone() }
    }

    /// Whether all moments are midnights.
    pub(crate) fn is_daily(&self) -> bool {
        self.grain == Grain::Day
    }

    /// `Mon 5 Jan 2026, 14:05 CET`.
    pub(crate) fn write(&self, instant: f64) -> String {
        let moment = instant as i64;
        let Some(at) = self.at(moment) else { return moment.to_string() };
        let mut text = self.locale.date(at);
        if self.grain == Grain::Day {
            return text;
        }
        text.push_str(", ");
        text.push_str(&time_of_day(at, self.grain.digits()));
        if let Some(zone) = self.zone_name(moment, moment) {
            text.push(' ');
            text.push_str(&zone);
        }
        text
    }

    /// Moments as short as an axis of few columns needs them, and each told apart from its neighbours: `5 Jan`, `14:05`,
    /// `2026`, `5 Jan 14:05`.
    pub(crate) fn briefs(&self, instants: &[f64]) -> Vec<String> {
        let walls: Vec<Option<DateTime>> = instants.iter().map(|instant| self.at(*instant as i64)).collect();
        let form = Form::of(walls.iter().flatten());
        let write = |digits: Option<usize>| -> Vec<String> {
            let one = |(wall, instant): (&Option<DateTime>, &f64)| match wall {
                Some(wall) => self.brief(*wall, form, digits),
                None => (*instant as i64).to_string(),
            };
            walls.iter().zip(instants).map(one).collect()
        };
        let exact = self.grain.digits();
        let coarse = write(exact.map(|_| 0));
        let are_told =
            coarse.windows(2).zip(walls.windows(2)).all(|(text, wall)| text[0] != text[1] || wall[0] == wall[1]);
        if are_told { coarse } else { write(exact) }
    }

    fn brief(&self, at: DateTime, form: Form, digits: Option<usize>) -> String {
        let day = || match form {
            Form { years: true, .. } => at.year().to_string(),
            Form { months: true, .. } => format!("{} {}", self.locale.month(at.month()), at.year()),
            Form { one_year: true, .. } => self.locale.brief(at),
            _ => self.locale.day(at),
        };
        match (self.grain, form) {
            (Grain::Day, _) | (_, Form { one_day: false, one_time: true, .. }) => day(),
            (_, Form { one_day: true, .. }) => time_of_day(at, digits),
            _ => format!("{} {}", day(), time_of_day(at, digits)),
        }
    }

    /// Ticks between two instants: see [`ticks`].
    pub(crate) fn ticks(&self, from: f64, to: f64, room: f32, gap: f32, width: impl Fn(&str) -> f32) -> Ticks {
        ticks(from as i64, to as i64, self, room, gap, width)
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
        self.moment(wall).map(|at| at as f64)
    }
    /// What the zone is called from one moment to another: `UTC`, `GMT+5:30`, or `CET/CEST` where clocks change.
    /// `None` where there is nothing to name.
    pub(crate) fn zone_name(&self, from: i64, to: i64) -> Option<String> {
        if !self.named {
            return None;
        }
        let (first, last) = (self.abbreviation(from)?, self.abbreviation(to)?);
        Some(if first == last { first } else { format!("{first}/{last}") })
    }

    fn abbreviation(&self, moment: i64) -> Option<String> {
        if self.zone == TimeZone::UTC || self.zone.is_unknown() {
            return Some("UTC".into());
        }
        let info = self.zone.to_offset_info(Timestamp::from_microsecond(moment).ok()?);
        let name = info.abbreviation();
        if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Some(name.to_owned());
        }
        // A zone that nobody calls by letters is told by its distance.
        let seconds = info.offset().seconds();
        let (sign, minutes) = (if seconds < 0 { '−' } else { '+' }, seconds.abs() / 60);
        let rest = if minutes % 60 == 0 { String::new() } else { format!(":{:02}", minutes % 60) };
        Some(format!("GMT{sign}{}{rest}", minutes / 60))
    }
}

/// What several moments share, and so none of them has to say.
#[derive(Debug, Clone, Copy)]
struct Form {
    one_year: bool,
    one_day: bool,
    one_time: bool,
    /// Each begins a month, in more than one year.
    months: bool,
    /// Each begins a year, more than one.
    years: bool,
}

impl Form {
    fn of<'w>(walls: impl Iterator<Item = &'w DateTime> + Clone) -> Self {
        fn same<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
            let first = values.next();
            values.all(|value| Some(value) == first)
        }
        let one_year = same(walls.clone().map(|wall| wall.year()));
        let midnight = |wall: &&DateTime| wall.time() == Time::midnight();
        let begin = walls.clone().all(|wall| midnight(&wall) && wall.day() == 1);
        Self {
            one_year,
            one_day: same(walls.clone().map(|wall| wall.date())),
            one_time: same(walls.clone().map(|wall| wall.time())),
            months: begin && !one_year,
            years: begin && !one_year && walls.clone().all(|wall| wall.month() == 1),
        }
    }
}

/// How exactly a column's moments must be told to tell them apart from rounder ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    Day,
    Minute,
    Second,
    Milli,
    Micro,
}

impl Grain {
    /// The shortest time that it tells, in microseconds.
    pub(crate) fn least(self) -> i64 {
        match self {
            Self::Day => DAY,
            Self::Minute => MINUTE,
            Self::Second => SECOND,
            Self::Milli => 1_000,
            Self::Micro => 1,
        }
    }

    /// Digits of a second; `None` without seconds.
    fn digits(self) -> Option<usize> {
        match self {
            Self::Day | Self::Minute => None,
            Self::Second => Some(0),
            Self::Milli => Some(3),
            Self::Micro => Some(6),
        }
    }

    /// The coarsest that says all of these times on a wall, no two of which lie closer than a `tick` of so many
    /// microseconds.
    fn of(walls: impl IntoIterator<Item = i64>, tick: i64) -> Self {
        let mut grain = Self::Day;
        for wall in walls {
            if grain.least() <= tick {
                break;
            }
            // Only what the grain does not yet say makes it finer, so most times cost one division.
            grain = match grain {
                Self::Day if wall % DAY == 0 => Self::Day,
                Self::Day | Self::Minute if wall % MINUTE == 0 => Self::Minute,
                Self::Day | Self::Minute | Self::Second if wall % SECOND == 0 => Self::Second,
                Self::Micro => break,
                _ if wall % 1_000 == 0 => Self::Milli,
                _ => Self::Micro,
            };
        }
        grain
    }
}

/// Moments as microseconds on a zone's wall, fast for neighbours: the zone is asked once between two changes of its
/// clocks.
pub(crate) struct Walls<'z> {
    zone: &'z TimeZone,
    /// For which moments the offset is known.
    from: i64,
    pub(crate) to: i64,
    offset: i64,
}

impl<'z> Walls<'z> {
    pub(crate) fn of(zone: &'z TimeZone) -> Self {
        // UTC is known forever.
        let to = if *zone == TimeZone::UTC { i64::MAX } else { i64::MIN };
        Self { zone, from: i64::MIN, to, offset: 0 }
    }

    pub(crate) fn at(&mut self, moment: i64) -> i64 {
        if moment < self.from || moment >= self.to {
            self.learn(moment);
        }
        moment.saturating_add(self.offset)
    }

    fn learn(&mut self, moment: i64) {
        let Ok(timestamp) = Timestamp::from_microsecond(moment) else { return };
        self.offset = i64::from(self.zone.to_offset(timestamp).seconds()) * SECOND;
        // What is before a moment does not hold the moment itself.
        let just_after = timestamp.checked_add(SignedDuration::from_nanos(1)).unwrap_or(timestamp);
        let before = self.zone.preceding(just_after).next();
        self.from = before.map_or(i64::MIN, |change| change.timestamp().as_microsecond());
        let after = self.zone.following(timestamp).next();
        self.to = after.map_or(i64::MAX, |change| change.timestamp().as_microsecond());
    }
}

#[cfg(test)]
mod tests {
    use perch_tinybird::{Type, Values};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a moment").as_microsecond()
    }

    fn column(kind: &str, walls: &[&str]) -> Column {
        let micros = walls.iter().map(|text| Some(at(&format!("{text}Z")))).collect();
        Column::new("t", Type::parse(kind), Values::times(micros))
    }

    fn read(zone: &str, locale: &str, column: &Column) -> Result<(Clock, Vec<f64>), ChartError> {
        let setting = Setting { locale: locale.into(), ..Setting::default() };
        let spec = Spec { zone: Zone::from(zone.to_owned()), ..Spec::new(crate::Kind::Line) };
        Clock::of(column, &spec, &setting)
    }

    fn written(zone: &str, locale: &str, column: &Column) -> Vec<String> {
        let (clock, moments) = read(zone, locale, column).expect("a zone");
        moments.into_iter().map(|moment| clock.write(moment)).collect()
    }

    #[test]
    fn a_moment_is_written_as_exactly_as_its_column_needs() {
        let write = |walls: &[&str]| written("column", "en", &column("DateTime64(6)", walls)).pop().expect("one");
        assert_eq!(write(&["2026-01-05T00:00:00"]), "Mon 5 Jan 2026");
        assert_eq!(write(&["2026-01-05T00:00:00", "2026-01-05T12:00:00"]), "Mon 5 Jan 2026, 12:00 UTC");
        assert_eq!(write(&["2026-01-05T12:00:00.7"]), "Mon 5 Jan 2026, 12:00:00.700 UTC");
        assert_eq!(write(&["2026-01-05T12:00:00.000007"]), "Mon 5 Jan 2026, 12:00:00.000007 UTC");
    }

    #[test]
    fn a_time_is_told_by_the_clock_that_was_asked_for() {
        let column = column("DateTime('America/New_York')", &["2026-07-04T20:30:00"]);
        assert_eq!(written("column", "en", &column), ["Sat 4 Jul 2026, 20:30 EDT"]);
        assert_eq!(written("utc", "en", &column), ["Sun 5 Jul 2026, 00:30 UTC"]);
        assert_eq!(written("Europe/Berlin", "de", &column), ["So., 5. Juli 2026, 02:30 CEST"]);
        assert_eq!(written("Asia/Kathmandu", "en-US", &column), ["Sun, Jul 5, 2026, 06:15 GMT+5:45"]);
    }

    #[test]
    fn a_date_is_the_same_day_everywhere() {
        for zone in ["column", "utc", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            assert_eq!(written(zone, "en", &column("Date", &["2026-01-05T00:00:00"])), ["Mon 5 Jan 2026"], "{zone}");
        }
    }

    #[test]
    fn a_zone_that_nobody_knows_is_an_error_that_names_it() {
        let column = column("DateTime", &["2026-01-05T00:00:00"]);
        let error = read("Europe/Perch", "en", &column).expect_err("no zone");
        assert_eq!(error.code(), "no-zone");
        assert!(error.to_string().contains("`Europe/Perch`"), "{error}");
    }

    #[test]
    fn the_hour_that_comes_twice_is_read_twice() {
        let column = column(
            "DateTime('Europe/Berlin')",
            &["2026-10-25T01:00:00", "2026-10-25T02:00:00", "2026-10-25T02:00:00", "2026-10-25T03:00:00"],
        );
        let (_, moments) = read("column", "en", &column).expect("a zone");
        assert!(moments.windows(2).all(|pair| pair[1] - pair[0] == 3.6e9), "{moments:?}");
        assert_eq!(
            written("column", "en", &column)[1..3],
            ["Sun 25 Oct 2026, 02:00 CEST", "Sun 25 Oct 2026, 02:00 CET"]
        );
    }

    fn berlin() -> Clock {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        Clock { zone, grain: Grain::Minute, named: true, locale: &ENGLISH }
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
    fn instants_are_the_columns_own_on_both_sides_of_every_change_of_the_clock() {
        let hours = (0..24 * 400).map(|hour| Some((20_454 * 24 + hour) * 3_600_000_000));
        let column = Column::new("t", Type::parse("DateTime('Europe/Berlin')"), Values::times(hours.collect()));
        let (_, instants) = Clock::own(&column);
        for (row, instant) in instants.into_iter().enumerate() {
            assert_eq!(Some(instant as i64), column.instant(row), "row {row}");
        }
    }

    proptest! {
        #[test]
        fn a_wall_shows_what_its_zone_says(
            moments in prop::collection::vec(-2_000_000_000i64..4_000_000_000, 1..40),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
        ) {
            let zone = TimeZone::get(zone).expect("a zone");
            let mut walls = Walls::of(&zone);
            for moment in moments {
                let timestamp = Timestamp::from_second(moment).expect("in range");
                let offset = i64::from(zone.to_offset(timestamp).seconds());
                prop_assert_eq!(walls.at(moment * SECOND), (moment + offset) * SECOND);
            }
        }
    }
}
