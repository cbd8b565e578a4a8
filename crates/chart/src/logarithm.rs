//! Round values along a logarithmic axis: 1, 2 and 5 times powers of ten, or powers only where those would be crowded.
//! Bytes go by powers of two, and seconds by what a clock calls round.

use crate::format::{Format, Style};
use crate::scale::{self, Tick, Ticks};

/// What a logarithmic axis can show: a double's own ends, with room for a step beyond.
const LEAST: f64 = 1e-290;
const MOST: f64 = 1e300;

/// Round values for what lies between `least` and `greatest`, both positive, at least `apart` of `room` from each other.
/// An end that is `fixed` stays; others move out to a round value.
pub(crate) fn ticks(
    (least, greatest): (f64, f64),
    fixed: (bool, bool),
    room: f32,
    apart: impl Fn(&str) -> f32,
    format: &Format,
) -> Ticks {
    let (least, greatest) = (least.clamp(LEAST, MOST), greatest.clamp(LEAST, MOST));
    let finest = rounds(format, 0, least, greatest);
    let below = finest.iter().rev().find(|value| **value <= least * (1.0 + 1e-9));
    let above = finest.iter().find(|value| **value >= greatest * (1.0 - 1e-9));
    let mut domain = (below.copied().unwrap_or(least).min(least), above.copied().unwrap_or(greatest).max(greatest));
    if fixed.0 {
        domain.0 = least;
    }
    if fixed.1 {
        domain.1 = greatest;
    }
    if domain.0 >= domain.1 {
        // A constant stands in the middle of what is half and what is double.
        domain = if fixed.1 {
            (domain.1 / 10.0, domain.1)
        } else {
            (domain.0 / if fixed.0 { 1.0 } else { 2.0 }, domain.0 * 2.0)
        };
    }
    // Not the logarithm of the factor, which need not be a double.
    let whole = domain.1.ln() - domain.0.ln();
    let place = |value: f64| ((value.ln() - domain.0.ln()) / whole) as f32 * room;
    let label = |value: f64| Tick { value, label: format.short(value) };
    let inside = |values: Vec<f64>| -> Vec<Tick> {
        let within = domain.0 * (1.0 - 1e-9)..=domain.1 * (1.0 + 1e-9);
        values.into_iter().filter(|value| within.contains(value)).map(label).collect()
    };
    let stand_apart = |ticks: &[Tick]| {
        ticks
            .windows(2)
            .all(|pair| place(pair[1].value) - place(pair[0].value) >= apart(&pair[0].label).max(apart(&pair[1].label)))
    };
    for level in 0..LEVELS {
        let ticks = inside(rounds(format, level, domain.0, domain.1));
        if ticks.len() < 2 {
            break;
        }
        if stand_apart(&ticks) {
            return Ticks { domain, ticks };
        }
    }
    // Less than a decade, or no room: round values as on any axis, the fewest that there are.
    for count in [4, 3, 2, 1] {
        let plain = scale::ticks(domain, count, format, false).ticks;
        let ticks: Vec<Tick> =
            plain.into_iter().filter(|tick| domain.0 <= tick.value && tick.value <= domain.1).collect();
        if ticks.len() >= 2 && stand_apart(&ticks) {
            return Ticks { domain, ticks };
        }
    }
    let ticks = inside(rounds(format, 0, domain.0, domain.1)).into_iter().take(1).collect();
    Ticks { domain, ticks }
}

/// How many densities there are.
const LEVELS: usize = 10;

/// The round values from below `least` to above `greatest`, the denser the lower the level.
fn rounds(format: &Format, level: usize, least: f64, greatest: f64) -> Vec<f64> {
    match format.style {
        Style::Bytes => {
            const STRIDES: [i32; LEVELS] = [1, 2, 5, 10, 20, 30, 50, 100, 200, 500];
            let stride = STRIDES[level.min(LEVELS - 1)];
            let first = (least.log2().floor() as i32 - stride).div_euclid(stride);
            let last = (greatest.log2().ceil() as i32 + stride).div_euclid(stride);
            (first..=last).map(|power| 2f64.powi(power * stride)).filter(|value| value.is_normal()).collect()
        }
        Style::Duration if least >= 1.0 && level < 2 => {
            const FINE: [f64; 16] = [
                1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 18_000.0, 43_200.0,
                86_400.0, 172_800.0,
            ];
            const COARSE: [f64; 6] = [1.0, 10.0, 60.0, 600.0, 3_600.0, 86_400.0];
            let known: &[f64] = if level == 0 { &FINE } else { &COARSE };
            let days = decimal(if level == 0 { 0 } else { 1 }, 1.0, (greatest / 86_400.0).max(1.0));
            let days = days.into_iter().map(|days| days * 86_400.0).filter(|seconds| *seconds > 172_800.0);
            known.iter().copied().chain(days).collect()
        }
        _ => decimal(level, least, greatest),
    }
}

fn decimal(level: usize, least: f64, greatest: f64) -> Vec<f64> {
    const STRIDES: [i32; LEVELS] = [1, 1, 2, 3, 5, 10, 20, 50, 100, 200];
    let stride = STRIDES[level.min(LEVELS - 1)];
    let first = (least.log10().floor() as i32 - stride).div_euclid(stride);
    let last = (greatest.log10().ceil() as i32 + stride).div_euclid(stride);
    let factors: &[u8] = if level == 0 { &[1, 2, 5] } else { &[1] };
    let powers = (first..=last).map(|power| power * stride);
    // Read from text, a power of ten is the nearest double to it.
    let values =
        powers.flat_map(|power| factors.iter().filter_map(move |factor| format!("{factor}e{power}").parse().ok()));
    values.filter(|value: &f64| value.is_normal()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(extent: (f64, f64), room: f32, format: &Format) -> Vec<String> {
        ticks(extent, (false, false), room, |_| 20.0, format).ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_one_two_and_five_times_powers_or_powers_where_those_are_crowded() {
        assert_eq!(labels((3.0, 80.0), 200.0, &Format::default()), ["2", "5", "10", "20", "50", "100"]);
        assert_eq!(labels((1.0, 1e6), 200.0, &Format::default()), ["1", "10", "100", "1k", "10k", "100k", "1M"]);
        assert_eq!(labels((1.0, 1e6), 80.0, &Format::default()), ["1", "100", "10k", "1M"]);
        assert_eq!(labels((1e3, 1e9), 70.0, &Style::Bytes.into()), ["1\u{a0}KiB", "1\u{a0}MiB", "1\u{a0}GiB"]);
        let clock = ticks((2.0, 50_000.0), (false, false), 150.0, |_| 20.0, &Style::Duration.into()).ticks;
        let seconds: Vec<f64> = clock.into_iter().map(|tick| tick.value).collect();
        assert_eq!(seconds, [10.0, 60.0, 600.0, 3_600.0, 86_400.0]);
        assert_eq!(labels((7.0, 7.0), 200.0, &Format::default()), ["5", "10"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_within_their_axis_which_holds_all_values(
            a in 1e-280f64.ln()..1e280f64.ln(),
            b in 1e-280f64.ln()..1e280f64.ln(),
            room in 30f32..2000.0,
            fixed: (bool, bool),
        ) {
            let (least, greatest) = (a.min(b).exp(), a.max(b).exp());
            for style in [Style::Auto, Style::Bytes, Style::Duration, Style::Ratio] {
                let Ticks { domain, ticks } = ticks((least, greatest), fixed, room, |_| 20.0, &style.into());
                prop_assert!(0.0 < domain.0 && domain.0 < domain.1 && domain.1.is_finite());
                prop_assert!(domain.0 <= least * (1.0 + 1e-8) && greatest <= domain.1 * (1.0 + 1e-8), "{domain:?}");
                for pair in ticks.windows(2) {
                    let share = (pair[1].value.ln() - pair[0].value.ln()) / (domain.1.ln() - domain.0.ln());
                    prop_assert!(share as f32 * room >= 19.9, "{ticks:?}");
                }
                for tick in ticks {
                    prop_assert!(domain.0 * 0.999_999 <= tick.value && tick.value <= domain.1 * 1.000_001, "{tick:?}");
                }
            }
        }
    }
}
