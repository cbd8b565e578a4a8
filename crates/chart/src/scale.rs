//! From values to places: one scale for the picture, the marks and plotters, and the round values along it.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};

use crate::format::{self, Format, Style};
use crate::reduce::span;

/// A scale from values to units of a scene. Made once from all the data, before anything is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    domain: (f64, f64),
    range: (i32, i32),
    log: bool,
}

impl Scale {
    /// In proportion. `domain` must have an extent; an empty one maps everything to the middle.
    pub(crate) fn new(domain: (f64, f64), range: (i32, i32)) -> Self {
        Self { domain, range, log: false }
    }

    /// By the logarithm. Both ends of `domain` must be positive.
    pub(crate) fn log(domain: (f64, f64), range: (i32, i32)) -> Self {
        Self { domain, range, log: true }
    }

    /// The values at both ends.
    pub(crate) fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// Whether the value has a place at all: on a logarithmic scale only what is positive has one.
    pub(crate) fn measures(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// Whether the value lies between the ends.
    pub(crate) fn holds(&self, value: f64) -> bool {
        self.domain.0 <= value && value <= self.domain.1
    }

    /// How far along the scale the value stands: 0 at its beginning, 1 at its end, and beyond for what lies outside.
    fn share(&self, value: f64) -> f64 {
        let (start, end) = self.domain;
        if self.log {
            return (value.ln() - start.ln()) / (end.ln() - start.ln());
        }
        // Halves, because the whole extent of two doubles need not be one.
        (value / 2.0 - start / 2.0) / (end / 2.0 - start / 2.0)
    }

    fn along(&self, share: f64) -> f64 {
        f64::from(self.range.0) + share * f64::from(self.range.1 - self.range.0)
    }

    /// Where the value stands, before rounding. What lies outside, because no axis goes so far, stands at the edge.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = self.share(value);
        self.along(if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) })
    }

    /// The same, but what lies outside stands outside, so that a line to it leaves the plot where it should.
    pub(crate) fn beyond(&self, value: f64) -> f64 {
        // Far enough out for every direction, near enough for doubles to tell where the edge is crossed.
        const FAR: f64 = 1e7;
        let share = self.share(value);
        self.along(if share.is_nan() { 0.5 } else { share.clamp(-FAR, FAR) })
    }

    /// Where the value stands, in units.
    pub(crate) fn at(&self, value: f64) -> i32 {
        nearest(self.place(value))
    }
}

/// The nearest whole number, as [`f64::round`] finds it, which is a call where the processor may be an old one.
pub(crate) fn nearest(value: f64) -> i32 {
    let whole = value as i32;
    let rest = value - f64::from(whole);
    whole.saturating_add(i32::from(rest >= 0.5)).saturating_sub(i32::from(rest <= -0.5))
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    /// A scale knows its own place in the picture, which is the one that the chart was built with.
    fn map(&self, value: &f64, _: (i32, i32)) -> i32 {
        self.at(*value)
    }

    /// The axes draw their own ticks: see [`ticks`] and [`crate::calendar`].
    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        Vec::new()
    }

    fn range(&self) -> Range<f64> {
        self.domain.0..self.domain.1
    }
}

/// A value on an axis, and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Round values along an axis, and the extent that holds them all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) domain: (f64, f64),
    pub(crate) ticks: Vec<Tick>,
}

impl Ticks {
    /// A step is not spent on what a double cannot tell from a round value, but what lies a hair beyond the last tick is
    /// drawn all the same.
    fn holding(self, (least, greatest): (f64, f64)) -> Self {
        Self { domain: (self.domain.0.min(least), self.domain.1.max(greatest)), ..self }
    }
}

/// What an axis must hold: the least and the greatest of the values, and the least that is positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub(crate) least: f64,
    pub(crate) greatest: f64,
    /// Infinite where none is positive.
    pub(crate) positive: f64,
}

impl Extent {
    /// Of no value yet.
    pub(crate) const NONE: Self = Self { least: f64::INFINITY, greatest: f64::NEG_INFINITY, positive: f64::INFINITY };

    /// Of the finite values, if there is any.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut extent = Self::NONE;
        values.into_iter().for_each(|value| extent.add(value));
        extent.some()
    }

    /// Takes in one more value; what is not finite changes nothing.
    pub(crate) fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
            if value > 0.0 {
                self.positive = self.positive.min(value);
            }
        }
    }

    /// Takes in a line's values, which are finite or NaN: the same as one by one, many times as fast.
    pub(crate) fn add_line(&mut self, values: &[f64]) {
        let (least, greatest) = span(values);
        self.least = self.least.min(least);
        self.greatest = self.greatest.max(greatest);
        // Where the least is positive, it is the least that is.
        let positive = if least > 0.0 {
            least
        } else {
            values.iter().filter(|value| **value > 0.0).fold(f64::INFINITY, |least, value| least.min(*value))
        };
        self.positive = self.positive.min(positive);
    }

    /// What holds both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            greatest: self.greatest.max(other.greatest),
            positive: self.positive.min(other.positive),
        }
    }

    /// `None` where no value was added.
    pub(crate) fn some(self) -> Option<Self> {
        (self.least <= self.greatest).then_some(self)
    }
}

/// The extent that an axis shows for values between `least` and `greatest`. Zero belongs to it when it must
/// (`from_zero`) and when leaving it out would show less than a third of what the values are.
pub(crate) fn extent(least: f64, greatest: f64, from_zero: bool) -> (f64, f64) {
    // Half of what a double holds, so that no sum on the way is infinite.
    const MOST: f64 = f64::MAX / 4.0;
    let (mut least, mut greatest) = (least.clamp(-MOST, MOST), greatest.clamp(-MOST, MOST));
    let size = least.abs().max(greatest.abs());
    // Below this, a double loses digits; such a series is zero to any eye.
    if size < 1e-290 {
        return (0.0, 1.0);
    }
    if from_zero || greatest - least > size / 3.0 || greatest - least < size * 1e-9 {
        least = least.min(0.0);
        greatest = greatest.max(0.0);
    }
    (least, greatest)
}

/// At most about `count` round values that hold `extent`. Whole numbers only where `whole`.
pub(crate) fn ticks((least, greatest): (f64, f64), count: usize, format: &Format, whole: bool) -> Ticks {
    let unit = Unit::of(format, least.abs().max(greatest.abs()));
    let rough = (greatest / unit.size - least / unit.size) / count.max(1) as f64;
    let step = step(rough, &unit, format, whole);
    let first = (least / unit.size / step + 1e-9).floor();
    let last = (greatest / unit.size / step - 1e-9).ceil().max(first + 1.0);
    every(step, first, (last - first).min(50.0) as usize, &unit, format).holding((least, greatest))
}

/// Exactly so many steps of round values that hold `extent`, if there are such.
pub(crate) fn exactly((least, greatest): (f64, f64), steps: usize, format: &Format, whole: bool) -> Option<Ticks> {
    let unit = Unit::of(format, least.abs().max(greatest.abs()));
    let mut rough = (greatest / unit.size - least / unit.size) / steps.max(1) as f64;
    // Where the first step does not reach the end, the next rounder one may.
    for _ in 0..4 {
        let step = step(rough, &unit, format, whole);
        let first = (least / unit.size / step + 1e-9).floor();
        if first + steps as f64 >= greatest / unit.size / step - 1e-9 {
            return Some(every(step, first, steps, &unit, format).holding((least, greatest)));
        }
        rough = step * 1.01;
    }
    None
}

fn step(rough: f64, unit: &Unit, format: &Format, whole: bool) -> f64 {
    let step = match format.style {
        Style::Duration | Style::Millis => round_duration(rough),
        _ => round(rough),
    };
    if whole && unit.size == 1.0 { step.max(1.0) } else { step }
}

fn every(step: f64, first: f64, steps: usize, unit: &Unit, format: &Format) -> Ticks {
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let ticks: Vec<Tick> = (0..=steps)
        .map(|index| {
            let shown = (first + index as f64) * step;
            Tick { value: shown * unit.size, label: unit.label(shown, decimals, format) }
        })
        .collect();
    let last = first + steps as f64;
    Ticks { domain: (first * step * unit.size, last * step * unit.size), ticks }
}

/// What an axis counts in: ones, thousands, mebibytes.
struct Unit {
    size: f64,
    name: &'static str,
    exponent: bool,
}

impl Unit {
    fn of(format: &Format, most: f64) -> Self {
        let find = |units: &[(f64, &'static str)], otherwise| {
            let (size, name) = units.iter().find(|(size, _)| most >= *size).copied().unwrap_or((1.0, otherwise));
            Self { size, name, exponent: false }
        };
        match format.style {
            Style::Ratio => Self { size: 0.01, name: "", exponent: false },
            Style::Percent | Style::Duration => Self { size: 1.0, name: "", exponent: false },
            Style::Millis => Self { size: 1_000.0, name: "", exponent: false },
            Style::Bytes => find(&format::BINARY, "\u{a0}B"),
            Style::BytesSi => find(&format::METRIC, "\u{a0}B"),
            _ if !(1e-6..1e16).contains(&most) => Self { size: 1.0, name: "", exponent: true },
            // Four digits are still read at a glance: 9,000 before 10k.
            _ if most < 1e4 => Self { size: 1.0, name: "", exponent: false },
            _ => find(format.locale().units, ""),
        }
    }

    fn label(&self, shown: f64, decimals: usize, format: &Format) -> String {
        match format.style {
            Style::Duration | Style::Millis => format.duration_label(shown),
            _ if self.exponent && shown != 0.0 => format.exponent_label(shown),
            // Zero thousands are zero.
            _ => format.label(shown, decimals, if shown == 0.0 { "" } else { self.name }),
        }
    }
}

/// The least of 1, 2 and 5 times a power of ten that is no less.
fn round(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The same for seconds: halves and quarters of minutes, hours and days.
fn round_duration(rough: f64) -> f64 {
    const STEPS: [f64; 18] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
        21_600.0, 43_200.0, 86_400.0,
    ];
    match STEPS.into_iter().find(|step| *step >= rough) {
        Some(_) if rough < 0.5 => round(rough),
        Some(step) => step,
        None => round(rough / 86_400.0) * 86_400.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(extent: (f64, f64), count: usize, format: &Format, whole: bool) -> Vec<String> {
        ticks(extent, count, format, whole).ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_say_their_unit() {
        assert_eq!(labels((0.0, 97.0), 5, &Format::default(), false), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(
            labels((0.0, 4_800.0), 5, &Format::default(), true),
            ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]
        );
        assert_eq!(labels((0.0, 14_000.0), 3, &Format::default(), true), ["0", "5k", "10k", "15k"]);
        assert_eq!(labels((-0.3, 0.3), 3, &Format::default(), false), ["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(labels((0.0, 0.5), 5, &Style::Ratio.into(), false), ["0%", "10%", "20%", "30%", "40%", "50%"]);
        assert_eq!(
            labels((0.0, 3_000_000.0), 3, &Style::Bytes.into(), false),
            ["0", "1\u{a0}MiB", "2\u{a0}MiB", "3\u{a0}MiB"]
        );
        assert_eq!(labels((0.0, 400.0), 4, &Style::Duration.into(), false), ["0", "2m", "4m", "6m", "8m"]);
        assert_eq!(labels((0.0, 2e300), 2, &Format::default(), false), ["0", "1e300", "2e300"]);
    }

    #[test]
    fn what_counts_has_no_halves() {
        assert_eq!(labels((0.0, 2.0), 5, &Format::default(), true), ["0", "1", "2"]);
    }

    proptest! {
        #[test]
        fn the_nearest_whole_number_is_the_one_that_rounding_finds(
            value in prop_oneof![any::<f64>(), -1e4f64..1e4, (-1_000_000i32..1_000_000).prop_map(|half| f64::from(half) / 2.0)],
        ) {
            prop_assert_eq!(nearest(value), value.round() as i32);
        }

        #[test]
        fn a_line_is_taken_in_as_its_values_one_by_one(
            values in prop::collection::vec(prop_oneof![4 => -1e3f64..1e3, 1 => 1f64..9.0, 1 => Just(f64::NAN)], 0..40),
        ) {
            let mut line = Extent::NONE;
            line.add_line(&values);
            prop_assert_eq!(line.some(), Extent::of(values.iter().copied()));
            let positive: Vec<f64> = values.iter().map(|value| value.abs()).collect();
            let mut line = Extent::NONE;
            line.add_line(&positive);
            prop_assert_eq!(line.some(), Extent::of(positive.iter().copied()));
        }
    }

    proptest! {
        #[test]
        fn every_value_finds_its_place_between_the_first_tick_and_the_last(
            a in any::<f64>().prop_filter("finite", |value| value.is_finite()),
            b in any::<f64>().prop_filter("finite", |value| value.is_finite()),
            from_zero: bool,
            count in 2usize..9,
        ) {
            let (least, greatest) = extent(a.min(b), a.max(b), from_zero);
            prop_assert!(!from_zero || least <= 0.0 && greatest >= 0.0);
            let Ticks { domain, ticks } = ticks((least, greatest), count, &Format::default(), false);
            prop_assert!(domain.0 < domain.1, "{domain:?}");
            prop_assert!(ticks.len() >= 2 && ticks.len() <= count + 3, "{ticks:?}");
            let scale = Scale::new(domain, (1000, 0));
            for tick in &ticks {
                prop_assert!((0..=1000).contains(&scale.at(tick.value)), "{tick:?} in {domain:?}");
            }
            for value in [a, b].into_iter().filter(|value| value.abs() < f64::MAX / 4.0) {
                prop_assert!(least <= value && value <= greatest || value.abs() < 1e-290);
                prop_assert!(domain.0 <= value && value <= domain.1 || (0..=1000).contains(&scale.at(value)));
            }
        }
    }
}
