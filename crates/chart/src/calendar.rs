//! Moments along an axis: ticks fall on whole minutes, hours, days, Mondays and months of a clock, not on whole numbers
//! of seconds.
//!
//! Where clocks change, an hour that comes twice has two ticks when hours are ticked, and one when only every second or
//! third is; an hour that is skipped has none; and each day, month and year begins once, at its first moment.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, Walls};
use crate::locale::Locale;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How far apart ticks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// So many microseconds, counted from midnight.
    Clock(i64),
    Days(i64),
    Weeks(i64),
    Months(i64),
    Years(i64),
}

const STEPS: [Step; 38] = [
    Step::Clock(1),
    Step::Clock(10),
    Step::Clock(100),
    Step::Clock(1_000),
    Step::Clock(10_000),
    Step::Clock(100_000),
    Step::Clock(SECOND / 2),
    Step::Clock(SECOND),
    Step::Clock(2 * SECOND),
    Step::Clock(5 * SECOND),
    Step::Clock(10 * SECOND),
    Step::Clock(15 * SECOND),
    Step::Clock(30 * SECOND),
    Step::Clock(MINUTE),
    Step::Clock(2 * MINUTE),
    Step::Clock(5 * MINUTE),
    Step::Clock(10 * MINUTE),
    Step::Clock(15 * MINUTE),
    Step::Clock(30 * MINUTE),
    Step::Clock(HOUR),
    Step::Clock(2 * HOUR),
    Step::Clock(3 * HOUR),
    Step::Clock(6 * HOUR),
    Step::Clock(12 * HOUR),
    Step::Days(1),
    Step::Days(2),
    Step::Weeks(1),
    Step::Weeks(2),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(100),
    Step::Years(1000),
];

/// What a wall shows at so many microseconds of its own. `None` beyond the year 9999.
fn wall_at(micros: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?))
}

fn micros(wall: DateTime) -> Option<i64> {
    Some(Offset::UTC.to_timestamp(wall).ok()?.as_microsecond())
}

impl Step {
    /// The shortest time between two neighbours, in microseconds.
    fn least(self) -> i64 {
        match self {
            Self::Clock(micros) => micros,
            Self::Days(days) => days * DAY,
            Self::Weeks(weeks) => weeks * 7 * DAY,
            Self::Months(months) => months * 28 * DAY + (months - 1) * 2 * DAY,
            Self::Years(years) => years * 365 * DAY,
        }
    }

    /// The first tick on a wall at or after `from`.
    fn first(self, from: i64) -> Option<i64> {
        let up = |length: i64, origin: i64| {
            from.checked_sub(origin)?.checked_add(length - 1).map(|at| at.div_euclid(length) * length + origin)
        };
        match self {
            Self::Clock(length) => up(length, 0),
            Self::Days(days) => up(days * DAY, 0),
            // 1970 began on a Thursday; weeks begin on Mondays (ISO 8601).
            Self::Weeks(weeks) => up(weeks * 7 * DAY, -3 * DAY),
            Self::Months(_) | Self::Years(_) => {
                let at = wall_at(from)?;
                let months = self.months();
                let index = i64::from(at.year()) * 12 + i64::from(at.month()) - 1;
                let start = month(index.div_euclid(months) * months)?;
                if start >= from { Some(start) } else { month(index.div_euclid(months) * months + months) }
            }
        }
    }

    fn next(self, tick: i64) -> Option<i64> {
        match self {
            Self::Clock(length) => tick.checked_add(length),
            Self::Days(days) => tick.checked_add(days * DAY),
            Self::Weeks(weeks) => tick.checked_add(weeks * 7 * DAY),
            Self::Months(_) | Self::Years(_) => {
                let at = wall_at(tick)?;
                month(i64::from(at.year()) * 12 + i64::from(at.month()) - 1 + self.months())
            }
        }
    }

    fn months(self) -> i64 {
        match self {
            Self::Years(years) => years * 12,
            Self::Months(months) => months,
            _ => 1,
        }
    }

    /// Digits of a second; `None` without seconds.
    fn digits(length: i64) -> Option<usize> {
        match length {
            MINUTE.. => None,
            SECOND.. => Some(0),
            100_000.. => Some(1),
            1_000.. => Some(3),
            _ => Some(6),
        }
    }

    /// What stands at a tick, and what stands once below all ticks that share it.
    fn label(self, at: DateTime, locale: &Locale) -> (String, String) {
        match self {
            Self::Clock(length) => (time_of_day(at, Self::digits(length)), locale.day(at)),
            Self::Days(_) | Self::Weeks(_) => (locale.brief(at), at.year().to_string()),
            Self::Months(_) => (locale.month(at.month()).to_owned(), at.year().to_string()),
            Self::Years(_) => (at.year().to_string(), String::new()),
        }
    }

    /// How wide a label can be.
    fn widest(self, locale: &Locale, width: impl Fn(&str) -> f32) -> f32 {
        let of = |days: &mut dyn Iterator<Item = String>| days.map(|text| width(&text)).fold(0.0, f32::max);
        let days = (1..=12).filter_map(|month| DateTime::new(2026, month, 28, 0, 0, 0, 0).ok());
        match self {
            Self::Clock(length) => days.take(1).map(|day| width(&time_of_day(day, Self::digits(length)))).sum(),
            Self::Days(_) | Self::Weeks(_) => of(&mut days.map(|day| locale.brief(day))),
            Self::Months(_) => of(&mut locale.months().map(str::to_owned)),
            Self::Years(_) => width("2000"),
        }
    }

    /// The moments of all ticks between two moments, in order.
    fn moments(self, from: i64, to: i64, zone: &TimeZone) -> Vec<i64> {
        let mut walls = Walls::of(zone);
        if let Self::Clock(length) = self
            && length <= HOUR
        {
            return whole_hours(length, from, to, &mut walls);
        }
        let mut moments: Vec<i64> = Vec::new();
        // A wall that was set back may show less at the start than a moment later.
        let mut next = self.first(walls.at(from).saturating_sub(DAY));
        let last = walls.at(to).saturating_add(DAY);
        while let Some(wall) = next.filter(|wall| *wall <= last) {
            if let Some(at) = self.moment(wall, zone).filter(|at| (from..=to).contains(at))
                && moments.last().is_none_or(|last| *last < at)
            {
                moments.push(at);
            }
            next = self.next(wall);
        }
        moments
    }

    /// When a wall shows this for the first time. Where clocks skip it, a day begins at the next moment that there is,
    /// and an hour has no tick.
    fn moment(self, wall: i64, zone: &TimeZone) -> Option<i64> {
        let ambiguous = zone.to_ambiguous_timestamp(wall_at(wall)?);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } if wall % DAY != 0 => None,
            // What is skipped ends where the new offset begins.
            AmbiguousOffset::Gap { before, .. } => {
                let inside = before.to_timestamp(wall_at(wall)?).ok()?;
                let change = zone.preceding(inside.checked_add(SignedDuration::from_nanos(1)).ok()?).next()?;
                Some(change.timestamp().as_microsecond())
            }
            _ => Some(ambiguous.compatible().ok()?.as_microsecond()),
        }
    }
}

/// Ticks of an hour or less: as many as pass, whatever the clocks do.
fn whole_hours(length: i64, from: i64, to: i64, walls: &mut Walls<'_>) -> Vec<i64> {
    let mut moments = Vec::new();
    let mut start = from;
    while start <= to {
        let wall = walls.at(start);
        let (offset, end) = (wall - start, walls.to.max(start + 1));
        let mut at = match wall.checked_add(length - 1) {
            Some(wall) => wall.div_euclid(length) * length - offset,
            None => break,
        };
        while at < end && at <= to {
            moments.push(at);
            at += length;
        }
        start = end;
    }
    moments
}

/// `14:05`, or with seconds and so many digits of a second `14:05:09.25`.
pub(crate) fn time_of_day(at: DateTime, digits: Option<usize>) -> String {
    let mut text = String::with_capacity("00:00:00.000000".len());
    let seconds = (i64::from(at.hour()) * 60 + i64::from(at.minute())) * 60 + i64::from(at.second());
    push_time(seconds * SECOND + i64::from(at.subsec_nanosecond()) / 1_000, digits, &mut text);
    text
}

/// The same for microseconds since midnight, at the end of a text.
pub(crate) fn push_time(micros: i64, digits: Option<usize>, out: &mut String) {
    let mut pair = |mark: &str, value: i64| {
        out.push_str(mark);
        for digit in [value / 10, value % 10] {
            out.push(char::from(b'0' + digit as u8));
        }
    };
    pair("", micros / HOUR);
    pair(":", micros / MINUTE % 60);
    let Some(digits) = digits else { return };
    pair(":", micros / SECOND % 60);
    let mut unit = SECOND;
    for place in 0..digits.min(6) {
        unit /= 10;
        out.push_str(if place == 0 { "." } else { "" });
        out.push(char::from(b'0' + (micros / unit % 10) as u8));
    }
}

/// Microseconds of the first of a month, counted from January of year 0.
fn month(index: i64) -> Option<i64> {
    let year = i16::try_from(index.div_euclid(12)).ok()?;
    let month = i8::try_from(index.rem_euclid(12) + 1).ok()?;
    micros(DateTime::new(year, month, 1, 0, 0, 0, 0).ok()?)
}

/// A moment on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// Microseconds since 1970 in UTC.
    pub(crate) at: i64,
    pub(crate) label: String,
    /// The day or the year that this tick and its neighbours belong to, at the first of them.
    pub(crate) context: Option<String>,
}

/// All of an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) ticks: Vec<Tick>,
    /// Whose hours they say, if they say hours.
    pub(crate) zone: Option<String>,
}

/// Ticks between two moments, as close as labels allow that `width` measures, on an axis of `room` (in the same unit,
/// whichever), and no finer than the clock: between two days there is no noon to name. Empty where not even two fit.
pub(crate) fn ticks(from: i64, to: i64, clock: &Clock, room: f32, gap: f32, width: impl Fn(&str) -> f32) -> Ticks {
    let span = to.saturating_sub(from);
    if span <= 0 {
        return Ticks::default();
    }
    // Where clocks change, two ticks come an hour nearer.
    let slack = |step: &Step| if step.least() > HOUR && clock.zone != TimeZone::UTC { HOUR } else { 0 };
    let fits = |step: &&Step| {
        (step.least() - slack(step)) as f32 / span as f32 * room >= step.widest(clock.locale, &width) + gap
    };
    let Some(step) = STEPS.iter().filter(|step| step.least() >= clock.grain.least()).find(fits) else {
        return Ticks::default();
    };
    let mut ticks: Vec<Tick> = Vec::new();
    let mut context = String::new();
    for at in step.moments(from, to, &clock.zone) {
        let Some(wall) = clock.at(at) else { break };
        let (label, below) = step.label(wall, clock.locale);
        let new = below != context;
        context = below;
        ticks.push(Tick { at, label, context: (new && !context.is_empty()).then(|| context.clone()) });
    }
    let zone = if matches!(step, Step::Clock(_)) { clock.zone_name(from, to) } else { None };
    Ticks { ticks, zone }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Grain;

    fn clock(zone: &str, locale: &str) -> Clock {
        let zone = TimeZone::get(zone).expect("a zone");
        Clock { grain: Grain::Micro, zone, named: true, locale: Locale::of(locale) }
    }

    fn between(clock: &Clock, from: &str, to: &str, room: f32) -> Ticks {
        let at = |text: &str| clock.read(text).expect("a time") as i64;
        ticks(at(from), at(to), clock, room, 10.0, |label| label.chars().count() as f32 * 6.0)
    }

    fn labels(ticks: Ticks) -> Vec<String> {
        let label = |tick: Tick| match tick.context {
            Some(context) => format!("{} [{context}]", tick.label),
            None => tick.label,
        };
        ticks.ticks.into_iter().map(label).collect()
    }

    fn english(from: &str, to: &str, room: f32) -> Vec<String> {
        labels(between(&clock("UTC", "en"), from, to, room))
    }

    #[test]
    fn hours_say_their_day_once_and_again_at_midnight() {
        assert_eq!(
            english("2026-01-05T14:20", "2026-01-06T08:00", 300.0),
            ["15:00 [5 Jan 2026]", "18:00", "21:00", "00:00 [6 Jan 2026]", "03:00", "06:00"]
        );
    }

    #[test]
    fn weeks_begin_on_mondays() {
        assert_eq!(
            english("2025-12-18T00:00", "2026-01-20T00:00", 250.0),
            ["22 Dec [2025]", "29 Dec", "5 Jan [2026]", "12 Jan", "19 Jan"]
        );
    }

    #[test]
    fn days_are_not_divided_into_hours_however_wide_the_picture() {
        let days = clock("UTC", "en").by_day();
        assert_eq!(
            labels(between(&days, "2026-01-05T00:00", "2026-01-07T00:00", 2_000.0)),
            ["5 Jan [2026]", "6 Jan", "7 Jan"]
        );
    }

    #[test]
    fn months_are_as_long_as_they_are() {
        assert_eq!(english("2025-11-30T00:00", "2026-03-02T00:00", 150.0), ["Dec [2025]", "Jan [2026]", "Feb", "Mar"]);
    }

    #[test]
    fn a_day_of_twenty_five_hours_has_a_tick_for_each_and_names_both_its_zones() {
        let day = between(&clock("Europe/Berlin", "en"), "2026-10-25T00:00", "2026-10-25T23:00", 1_200.0);
        assert_eq!(day.zone.as_deref(), Some("CEST/CET"));
        assert_eq!(day.ticks.len(), 25);
        assert!(day.ticks.windows(2).all(|pair| pair[1].at - pair[0].at == HOUR));
        assert_eq!(day.ticks.iter().filter(|tick| tick.label == "02:00").count(), 2);
        let day = between(&clock("Europe/Berlin", "en"), "2026-10-25T00:00", "2026-10-25T08:00", 300.0);
        assert_eq!(labels(day), ["00:00 [25 Oct 2026]", "03:00", "06:00"]);
    }

    #[test]
    fn an_hour_that_is_skipped_has_no_tick_and_a_day_that_begins_late_has_one() {
        let day = between(&clock("Europe/Berlin", "en"), "2026-03-29T00:00", "2026-03-29T06:00", 250.0);
        assert_eq!(labels(day), ["00:00 [29 Mar 2026]", "01:00", "03:00", "04:00", "05:00", "06:00"]);
        // In São Paulo, 4 November 2018 began at one o'clock.
        let days = between(&clock("America/Sao_Paulo", "en").by_day(), "2018-11-02T12:00", "2018-11-06T12:00", 400.0);
        assert_eq!(labels(days.clone()), ["3 Nov [2018]", "4 Nov", "5 Nov", "6 Nov"]);
        assert_eq!(days.ticks[1].at - days.ticks[0].at, DAY);
        assert_eq!(days.ticks[2].at - days.ticks[1].at, DAY - HOUR);
    }

    #[test]
    fn a_day_that_an_island_left_out_is_left_out() {
        let days = between(&clock("Pacific/Apia", "en").by_day(), "2011-12-28T00:00", "2012-01-02T00:00", 400.0);
        assert_eq!(labels(days), ["28 Dec [2011]", "29 Dec", "31 Dec", "1 Jan [2012]", "2 Jan"]);
    }

    #[test]
    fn labels_are_in_the_viewers_language() {
        let days = between(&clock("UTC", "de").by_day(), "2026-03-01T00:00", "2026-03-04T00:00", 400.0);
        assert_eq!(labels(days), ["1. März [2026]", "2. März", "3. März", "4. März"]);
        let months = between(&clock("UTC", "fr").by_day(), "2026-01-01T00:00", "2026-04-02T00:00", 250.0);
        assert_eq!(labels(months), ["janv. [2026]", "févr.", "mars", "avr."]);
    }

    proptest! {
        #[test]
        fn ticks_stand_apart_and_within(
            from in -5e16 as i64..2e17 as i64,
            span in 1i64..2e16 as i64,
            room in 20f32..2000.0,
        ) {
            let to = from + span;
            let ticks = ticks(from, to, &clock("UTC", "en"), room, 10.0, |label| label.len() as f32 * 6.0).ticks;
            prop_assert!(ticks.iter().all(|tick| (from..=to).contains(&tick.at)));
            for pair in ticks.windows(2) {
                let apart = (pair[1].at - pair[0].at) as f32 / span as f32 * room;
                let width = pair.iter().map(|tick| tick.label.len()).max().unwrap_or(0) as f32 * 6.0;
                prop_assert!(apart + 0.5 >= width, "{pair:?} are {apart} apart");
            }
        }

        /// Each moment once and in order; each whole unit of the wall has its tick, unless clocks skipped it.
        #[test]
        fn no_tick_comes_twice_and_none_is_missing_wherever_clocks_change(
            start in 0i64..1_900_000_000,
            hours in 2i64..4_000,
            room in 100f32..1500.0,
            zone in prop::sample::select(vec![
                "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Africa/Cairo",
                "Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
            ]),
        ) {
            let clock = clock(zone, "en");
            let (from, to) = (start * SECOND, start * SECOND + hours * HOUR);
            let found = ticks(from, to, &clock, room, 10.0, |label| label.len() as f32 * 6.0).ticks;
            prop_assert!(found.windows(2).all(|pair| pair[0].at < pair[1].at));
            let named = |tick: &Tick| (tick.label.clone(), clock.at(tick.at).map(|wall| wall.date()));
            let whole = found.iter().all(|tick| tick.label.contains(':'));
            // An hour may come twice, but only with both of its offsets.
            for pair in found.windows(2).filter(|pair| named(&pair[0]) == named(&pair[1])) {
                prop_assert!(whole && pair[1].at - pair[0].at <= HOUR, "{pair:?}");
            }
            // Between neighbours lies one step, as the wall counts, but where clocks change.
            let steps: Vec<i64> = found.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
            if let (Some(least), Some(greatest)) = (steps.iter().min(), steps.iter().max())
                && *greatest <= 2 * DAY
            {
                let jump = if zone == "Pacific/Apia" { DAY + HOUR } else { 2 * HOUR };
                prop_assert!(greatest - least <= jump.max(*least), "{steps:?}");
            }
        }
    }
}
