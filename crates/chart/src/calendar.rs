//! Time on an axis and in words, on the column's own wall clock: ticks fall on whole minutes, days, Mondays and months,
//! not on whole numbers of seconds.

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The wall clock of microseconds since 1970. `None` beyond the year 9999.
pub(crate) fn clock(micros: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?))
}

pub(crate) fn micros(clock: DateTime) -> Option<i64> {
    Some(Offset::UTC.to_timestamp(clock).ok()?.as_microsecond())
}

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

    /// The first tick at or after `from`.
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
                let at = clock(from)?;
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
                let at = clock(tick)?;
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

    /// What stands at a tick, and what stands once below all ticks that share it.
    fn label(self, at: DateTime) -> (String, String) {
        match self {
            Self::Clock(length) => {
                let date = at.strftime("%-d %b %Y").to_string();
                let time = match length {
                    ..SECOND => {
                        let digits = if length >= 100_000 {
                            1
                        } else if length >= 1_000 {
                            3
                        } else {
                            6
                        };
                        let fraction = format!("{:06}", at.subsec_nanosecond() / 1000);
                        format!("{}.{}", at.strftime("%H:%M:%S"), &fraction[..digits])
                    }
                    SECOND..MINUTE => at.strftime("%H:%M:%S").to_string(),
                    _ => at.strftime("%H:%M").to_string(),
                };
                (time, date)
            }
            Self::Days(_) | Self::Weeks(_) => (at.strftime("%-d %b").to_string(), at.strftime("%Y").to_string()),
            Self::Months(_) => (at.strftime("%b").to_string(), at.strftime("%Y").to_string()),
            Self::Years(_) => (at.year().to_string(), String::new()),
        }
    }

    /// A label as wide as any.
    fn sample(self) -> &'static str {
        match self {
            Self::Clock(length) if length < 1_000 => "00:00:00.000000",
            Self::Clock(length) if length < 100_000 => "00:00:00.000",
            Self::Clock(length) if length < SECOND => "00:00:00.0",
            Self::Clock(length) if length < MINUTE => "00:00:00",
            Self::Clock(_) => "00:00",
            Self::Days(_) | Self::Weeks(_) => "28 May",
            Self::Months(_) => "May",
            Self::Years(_) => "2000",
        }
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
    /// Microseconds on the column's wall clock.
    pub(crate) at: i64,
    pub(crate) label: String,
    /// The day or the year that this tick and its neighbours belong to, at the first of them.
    pub(crate) context: Option<String>,
}

/// Ticks between two moments, as close as labels allow that `width` measures, on an axis of `room` (in the same unit,
/// whichever), and no finer than the grain: between two days there is no noon to name. Empty where not even two fit.
pub(crate) fn ticks(from: i64, to: i64, grain: Grain, room: f32, gap: f32, width: impl Fn(&str) -> f32) -> Vec<Tick> {
    let span = to.saturating_sub(from);
    if span <= 0 {
        return Vec::new();
    }
    let fits = |step: &&Step| step.least() as f32 / span as f32 * room >= width(step.sample()) + gap;
    let Some(step) = STEPS.iter().filter(|step| step.least() >= grain.least()).find(fits) else { return Vec::new() };
    let mut ticks: Vec<Tick> = Vec::new();
    let mut context = String::new();
    let mut next = step.first(from);
    while let Some(at) = next.filter(|at| *at <= to) {
        let Some(time) = clock(at) else { break };
        let (label, below) = step.label(time);
        let new = below != context;
        context = below;
        ticks.push(Tick { at, label, context: (new && !context.is_empty()).then(|| context.clone()) });
        next = step.next(at);
    }
    ticks
}

/// How exactly a column's moments must be written to tell them apart from rounder ones.
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
    fn least(self) -> i64 {
        match self {
            Self::Day => DAY,
            Self::Minute => MINUTE,
            Self::Second => SECOND,
            Self::Milli => 1_000,
            Self::Micro => 1,
        }
    }

    /// The coarsest that says all of these moments, no two of which lie closer than a `tick` of so many microseconds.
    pub(crate) fn of(moments: impl IntoIterator<Item = i64>, tick: i64) -> Self {
        let mut grain = Self::Day;
        for moment in moments {
            if grain.least() <= tick {
                break;
            }
            // Only what the grain does not yet say makes it finer, so most moments cost one division.
            grain = match grain {
                Self::Day if moment % DAY == 0 => Self::Day,
                Self::Day | Self::Minute if moment % MINUTE == 0 => Self::Minute,
                Self::Day | Self::Minute | Self::Second if moment % SECOND == 0 => Self::Second,
                Self::Micro => break,
                _ if moment % 1_000 == 0 => Self::Milli,
                _ => Self::Micro,
            };
        }
        grain
    }

    /// `Mon 5 Jan 2026, 14:05`.
    pub(crate) fn write(self, moment: i64) -> String {
        let Some(at) = clock(moment) else { return moment.to_string() };
        // Each of a line's many marks says its moment, so this is not left to `strftime`.
        let mut text = String::with_capacity("Mon 25 Jan 2026, 14:05:00.000000".len());
        text.push_str(weekday(at.weekday()));
        text.push(' ');
        push(&mut text, u32::from(at.day().unsigned_abs()), 1);
        text.push(' ');
        text.push_str(MONTHS[usize::from(at.month().unsigned_abs()) - 1]);
        text.push(' ');
        if at.year() < 0 {
            text.push('-');
        }
        push(&mut text, u32::from(at.year().unsigned_abs()), 4);
        if self == Self::Day {
            return text;
        }
        for (before, value) in [(", ", at.hour()), (":", at.minute())] {
            text.push_str(before);
            push(&mut text, u32::from(value.unsigned_abs()), 2);
        }
        if self != Self::Minute {
            text.push(':');
            push(&mut text, u32::from(at.second().unsigned_abs()), 2);
        }
        let fraction = at.subsec_nanosecond().unsigned_abs() / 1_000;
        match self {
            Self::Day | Self::Minute | Self::Second => {}
            Self::Milli => {
                text.push('.');
                push(&mut text, fraction / 1_000, 3);
            }
            Self::Micro => {
                text.push('.');
                push(&mut text, fraction, 6);
            }
        }
        text
    }

    /// The same as short as an axis of few columns needs it: `5 Jan`, `14:05`.
    pub(crate) fn brief(self, moment: i64) -> String {
        let Some(at) = clock(moment) else { return moment.to_string() };
        match self {
            Self::Day => at.strftime("%-d %b").to_string(),
            Self::Minute => at.strftime("%H:%M").to_string(),
            _ => at.strftime("%H:%M:%S").to_string(),
        }
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes a number with so many digits at least.
fn push(text: &mut String, value: u32, digits: usize) {
    if value >= 10 || digits > 1 {
        push(text, value / 10, digits.saturating_sub(1));
    }
    text.extend(char::from_digit(value % 10, 10));
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        micros(text.parse().expect("a time")).expect("in range")
    }

    fn labels(from: &str, to: &str, room: f32) -> Vec<String> {
        ticks(at(from), at(to), Grain::Micro, room, 10.0, |label| label.len() as f32 * 6.0)
            .into_iter()
            .map(|tick| match tick.context {
                Some(context) => format!("{} [{context}]", tick.label),
                None => tick.label,
            })
            .collect()
    }

    #[test]
    fn hours_say_their_day_once_and_again_at_midnight() {
        assert_eq!(
            labels("2026-01-05T14:20", "2026-01-06T08:00", 300.0),
            ["15:00 [5 Jan 2026]", "18:00", "21:00", "00:00 [6 Jan 2026]", "03:00", "06:00"]
        );
    }

    #[test]
    fn weeks_begin_on_mondays() {
        assert_eq!(
            labels("2025-12-18T00:00", "2026-01-20T00:00", 250.0),
            ["22 Dec [2025]", "29 Dec", "5 Jan [2026]", "12 Jan", "19 Jan"]
        );
    }

    #[test]
    fn days_are_not_divided_into_hours_however_wide_the_picture() {
        let (from, to) = (at("2026-01-05T00:00"), at("2026-01-07T00:00"));
        let ticks = ticks(from, to, Grain::Day, 2_000.0, 10.0, |label| label.len() as f32 * 6.0);
        assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), ["5 Jan", "6 Jan", "7 Jan"]);
    }

    #[test]
    fn months_are_as_long_as_they_are() {
        assert_eq!(labels("2025-11-30T00:00", "2026-03-02T00:00", 150.0), ["Dec [2025]", "Jan [2026]", "Feb", "Mar"]);
    }

    #[test]
    fn a_moment_is_written_as_exactly_as_its_column_needs() {
        let noon = at("2026-01-05T12:00");
        assert_eq!(Grain::of([at("2026-01-05T00:00")], 1).write(at("2026-01-05T00:00")), "Mon 5 Jan 2026");
        assert_eq!(Grain::of([0, noon], 1).write(noon), "Mon 5 Jan 2026, 12:00");
        assert_eq!(Grain::of([noon + 700_000], 1).write(noon + 700_000), "Mon 5 Jan 2026, 12:00:00.700");
        assert_eq!(Grain::of([noon + 7], 1).write(noon + 7), "Mon 5 Jan 2026, 12:00:00.000007");
        assert_eq!(Grain::of([noon, noon + SECOND, noon + MINUTE], SECOND), Grain::Second);
    }

    proptest! {
        #[test]
        fn a_moment_is_written_as_strftime_writes_it(moment in -6e16 as i64..2e17 as i64) {
            let at = clock(moment).expect("a date of the calendar");
            let fraction = at.subsec_nanosecond() / 1_000;
            let full = at.strftime("%a %-d %b %Y, %H:%M:%S").to_string();
            prop_assert_eq!(Grain::Day.write(moment), at.strftime("%a %-d %b %Y").to_string());
            prop_assert_eq!(Grain::Minute.write(moment), &full[..full.len() - 3]);
            prop_assert_eq!(Grain::Second.write(moment), &full[..]);
            prop_assert_eq!(Grain::Milli.write(moment), format!("{full}.{:03}", fraction / 1_000));
            prop_assert_eq!(Grain::Micro.write(moment), format!("{full}.{fraction:06}"));
        }

        #[test]
        fn ticks_stand_apart_and_within(from in -5e16 as i64..2e17 as i64, span in 1i64..2e16 as i64, room in 20f32..2000.0) {
            let to = from + span;
            let ticks = ticks(from, to, Grain::Micro, room, 10.0, |label| label.len() as f32 * 6.0);
            prop_assert!(ticks.iter().all(|tick| (from..=to).contains(&tick.at)));
            for pair in ticks.windows(2) {
                let apart = (pair[1].at - pair[0].at) as f32 / span as f32 * room;
                let width = pair.iter().map(|tick| tick.label.len()).max().unwrap_or(0) as f32 * 6.0;
                prop_assert!(apart + 0.5 >= width, "{pair:?} are {apart} apart");
            }
        }
    }
}
