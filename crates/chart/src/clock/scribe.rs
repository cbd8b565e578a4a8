//! Many moments in words, fast for neighbours: a date is put into words once a day, and a zone is named once between two
//! changes of its clocks.

use jiff::Timestamp;

use super::{Clock, Grain, Walls};
use crate::calendar::{DAY, push_time};

/// Writes one moment after another as [`Clock::write`] does.
pub(crate) struct Scribe<'c> {
    clock: &'c Clock,
    walls: Walls<'c>,
    /// The last day on the wall, counted from 1970, and its date in words.
    day: Option<(i64, String)>,
    /// What follows a time, and the change of the clocks from which on it does.
    zone: Option<(i64, String)>,
}

impl<'c> Scribe<'c> {
    pub(crate) fn of(clock: &'c Clock) -> Self {
        Self { clock, walls: clock.walls(), day: None, zone: None }
    }

    /// Adds `Mon 5 Jan 2026, 14:05 CET` to `out`.
    pub(crate) fn write(&mut self, instant: f64, out: &mut String) {
        let Self { clock, walls, day, zone } = self;
        let moment = instant as i64;
        if Timestamp::from_microsecond(moment).is_err() {
            return out.push_str(&moment.to_string());
        }
        let wall = walls.at(moment);
        let number = wall.div_euclid(DAY);
        if day.as_ref().is_none_or(|(known, _)| *known != number) {
            *day = clock.at(moment).map(|at| (number, clock.locale.date(at)));
        }
        out.push_str(day.as_ref().map_or("", |(_, date)| date));
        if clock.grain == Grain::Day {
            return;
        }
        if zone.as_ref().is_none_or(|(from, _)| *from != walls.from) {
            let name = clock.zone_name(moment, moment);
            *zone = Some((walls.from, name.map_or_else(String::new, |name| format!(" {name}"))));
        }
        out.push_str(", ");
        push_time(wall.rem_euclid(DAY), clock.grain.digits(), out);
        out.push_str(zone.as_ref().map_or("", |(_, name)| name));
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::locale::Locale;

    proptest! {
        #[test]
        fn a_scribe_writes_what_its_clock_does(
            moments in prop::collection::vec(
                prop_oneof![
                    4 => -2_000_000_000_000_000i64..4_000_000_000_000_000,
                    4 => 1_774_700_000_000_000i64..1_774_900_000_000_000,
                    1 => any::<i64>(),
                ],
                1..40,
            ),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"]),
            grain in prop::sample::select(vec![Grain::Day, Grain::Minute, Grain::Second, Grain::Milli, Grain::Micro]),
            named: bool,
            tag in prop::sample::select(vec!["en", "en-US", "de", "ja", "tlh"]),
        ) {
            let zone = TimeZone::get(zone).expect("a zone");
            let clock = Clock { zone, grain, named, locale: Locale::of(tag) };
            let mut scribe = Scribe::of(&clock);
            for moment in moments {
                let mut text = String::new();
                scribe.write(moment as f64, &mut text);
                prop_assert_eq!(text, clock.write(moment as f64));
            }
        }
    }
}
