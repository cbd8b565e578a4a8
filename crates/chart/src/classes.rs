//! Classes of numbers, for a histogram: edges are round, and every number is in exactly one class.

use crate::tally::round;

/// Classes side by side: each holds what is no less than its lower edge and less than its upper one, the last one what
/// equals its upper edge too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Classes {
    /// Ascending; one more than there are classes.
    pub(crate) edges: Vec<f64>,
    /// How many numbers are in each.
    pub(crate) counts: Vec<u64>,
    /// Whether all numbers are whole, so that a class can be told by its first and last one.
    whole: bool,
}

/// Fewer classes hide the shape, more of them show chance.
const FEWEST: f64 = 5.0;
const MOST: f64 = 60.0;

impl Classes {
    /// Classes of equal width for numbers that ascend, about `wanted` of them, or as many as suit the numbers
    /// (Freedman and Diaconis, 1981: twice the interquartile range by the cube root of how many there are).
    pub(crate) fn even(sorted: &[f64], wanted: Option<usize>, whole: bool) -> Option<Self> {
        let (least, greatest) = (*sorted.first()?, *sorted.last()?);
        let (range, size) = (greatest - least, least.abs().max(greatest.abs()));
        if size > 1e290 || (size > 0.0 && size < 1e-290) {
            // Doubles have no round numbers left out there: all in one class.
            let edges = vec![least.min(0.0), greatest.max(0.0)];
            return Some(Self { edges, counts: Vec::new(), whole: false }.count(sorted));
        }
        let rough = match wanted {
            Some(wanted) => range / wanted.clamp(1, 1_000) as f64,
            None => {
                let count = sorted.len() as f64;
                let spread = crate::quartiles::quantile(sorted, 0.75) - crate::quartiles::quantile(sorted, 0.25);
                let width = 2.0 * spread / count.cbrt();
                // Where half of the numbers are one and the same: Sturges, 1926.
                let width = if width > 0.0 { width } else { range / (count.log2() + 1.0) };
                width.clamp(range / MOST, range / FEWEST)
            }
        };
        let step = Step::near(rough, size, whole);
        let first = (step.count(least) + 1e-9).floor();
        let first = if step.at(first) > least { first - 1.0 } else { first };
        let last = (step.count(greatest) - 1e-9).ceil().max(first + 1.0);
        let last = if step.at(last) < greatest { last + 1.0 } else { last };
        // Whole numbers that end on an edge need a class beyond it: 10 is none of 0 to 9.
        let last = if whole && step.at(last) <= greatest { last + 1.0 } else { last };
        let edges = (0..=(last - first) as usize).map(|index| step.at(first + index as f64)).collect();
        Some(Self { edges, counts: Vec::new(), whole }.count(sorted))
    }

    /// Classes whose edges are the round numbers of each power of ten, for numbers that are positive and ascend.
    pub(crate) fn by_logarithm(sorted: &[f64], wanted: Option<usize>) -> Option<Self> {
        let (least, greatest) = (*sorted.first()?, *sorted.last()?);
        let (from, to) = (least.log10().floor() as i32, greatest.log10().floor() as i32 + 1);
        const MANTISSAS: [&[f64]; 4] =
            [&[1.0], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]];
        let decades = (greatest / least).log10().max(0.1);
        let wanted = wanted.map_or(12.0, |wanted| wanted.clamp(1, 1_000) as f64);
        let apart = |mantissas: &&&[f64]| (mantissas.len() as f64 * decades - wanted).abs();
        let mantissas = MANTISSAS.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        let all = (from..=to).flat_map(|power| mantissas.iter().map(move |mantissa| scaled(*mantissa, power)));
        let all: Vec<f64> = all.filter(|edge| edge.is_finite()).collect();
        let first = all.partition_point(|edge| *edge <= least).saturating_sub(1);
        let last = all.partition_point(|edge| *edge < greatest).max(first + 1).min(all.len().checked_sub(1)?);
        let edges = all.get(first..=last)?.to_vec();
        Some(Self { edges, counts: Vec::new(), whole: false }.count(sorted))
    }

    fn count(mut self, sorted: &[f64]) -> Self {
        let ends: Vec<usize> = self.edges.iter().map(|edge| sorted.partition_point(|value| value < edge)).collect();
        self.counts = ends.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
        if let (Some(count), Some(end)) = (self.counts.last_mut(), ends.last()) {
            *count += (sorted.len() - end) as u64;
        }
        self
    }

    /// Where the classes stand on an axis: between whole numbers, so that the class of one number stands upon it.
    pub(crate) fn places(&self) -> Vec<f64> {
        let shift = if self.whole { 0.5 } else { 0.0 };
        self.edges.iter().map(|edge| edge - shift).collect()
    }

    /// Both ends of a class in words: `10 to 19` of whole numbers, else `10 to under 20`.
    pub(crate) fn name(&self, index: usize, write: impl Fn(&str) -> String) -> String {
        let (from, to) = (self.edges[index], self.edges[index + 1]);
        let first = write(&round(from));
        if self.whole {
            let last = to - 1.0;
            return if last > from { format!("{first} to {}", write(&round(last))) } else { first };
        }
        let under = if index + 1 == self.counts.len() { "" } else { "under " };
        format!("{first} to {under}{}", write(&round(to)))
    }
}

/// A round width: a number of one or two digits and a power of ten, kept apart so that multiples carry no dust.
#[derive(Debug, Clone, Copy)]
struct Step {
    digits: f64,
    power: i32,
}

impl Step {
    /// The round width nearest to a rough one, for numbers of this size.
    fn near(rough: f64, size: f64, whole: bool) -> Self {
        // All numbers are one: a class around it.
        let rough = if rough > size * 1e-12 && rough.is_finite() {
            rough
        } else if whole || size == 0.0 {
            1.0
        } else {
            size / 10.0
        };
        let rough = if whole { rough.max(1.0) } else { rough };
        let power = rough.log10().floor() as i32;
        let rest = rough / 10f64.powi(power);
        const ROUND: [f64; 5] = [1.0, 2.0, 2.5, 5.0, 10.0];
        let apart = |digits: &f64| (digits / rest).ln().abs();
        let fits = |digits: &f64| !(whole && power == 0 && *digits == 2.5);
        let digits = ROUND.into_iter().filter(fits).min_by(|a, b| apart(a).total_cmp(&apart(b)));
        Self { digits: digits.unwrap_or(1.0), power }
    }

    /// So many times the width.
    fn at(self, times: f64) -> f64 {
        scaled(times * self.digits, self.power)
    }

    /// How many times the width a value is.
    fn count(self, value: f64) -> f64 {
        value / scaled(self.digits, self.power)
    }
}

/// A number times a power of ten. Dividing by a power is exact where multiplying by its inverse is not: 3 / 10 is 0.3.
fn scaled(number: f64, power: i32) -> f64 {
    if power < 0 { number / 10f64.powi(-power) } else { number * 10f64.powi(power) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(classes: &Classes) -> Vec<String> {
        (0..classes.counts.len()).map(|index| classes.name(index, str::to_owned)).collect()
    }

    #[test]
    fn edges_are_round_and_carry_no_dust() {
        let values: Vec<f64> = (0..100).map(|index| f64::from(index) * 0.01).collect();
        let classes = Classes::even(&values, Some(10), false).expect("values");
        assert_eq!(classes.edges, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]);
        assert_eq!(classes.counts, [10; 10]);
        assert_eq!(names(&classes)[9], "0.9 to 1");
        assert_eq!(names(&classes)[3], "0.3 to under 0.4");
    }

    #[test]
    fn classes_of_whole_numbers_are_told_by_their_first_and_last() {
        let values: Vec<f64> = (0..=30).map(f64::from).collect();
        let classes = Classes::even(&values, Some(3), true).expect("values");
        assert_eq!(names(&classes), ["0 to 9", "10 to 19", "20 to 29", "30 to 39"]);
        assert_eq!(classes.counts, [10, 10, 10, 1]);
        let dice = Classes::even(&[1.0, 2.0, 2.0, 3.0, 6.0], None, true).expect("values");
        assert_eq!(names(&dice), ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(dice.counts, [1, 2, 1, 0, 0, 1]);
        assert_eq!(dice.places()[..2], [0.5, 1.5]);
    }

    #[test]
    fn one_number_many_times_is_one_class() {
        for whole in [true, false] {
            let classes = Classes::even(&[7.5_f64.floor(); 9], None, whole).expect("values");
            assert_eq!(classes.counts.iter().sum::<u64>(), 9);
            assert_eq!(classes.counts.iter().filter(|count| **count > 0).count(), 1, "{classes:?}");
        }
    }

    #[test]
    fn by_logarithm_every_power_has_the_same_edges() {
        let classes = Classes::by_logarithm(&[0.3, 4.0, 50.0, 999.0, 1_000.0], None).expect("values");
        assert_eq!(classes.edges, [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0]);
        assert_eq!(classes.counts, [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 2]);
    }

    proptest! {
        #[test]
        fn every_number_is_in_exactly_one_class(
            mut values in prop::collection::vec(prop_oneof![-1e3f64..1e3, -1e-9f64..1e12, Just(0.1), Just(0.0)], 1..300),
            wanted in prop::option::of(1usize..80),
            whole: bool,
        ) {
            if whole {
                values.iter_mut().for_each(|value| *value = value.floor());
            }
            values.sort_by(f64::total_cmp);
            let classes = Classes::even(&values, wanted, whole).expect("values");
            prop_assert_eq!(classes.counts.iter().sum::<u64>(), values.len() as u64);
            prop_assert!(classes.edges.is_sorted_by(|a, b| a < b), "{:?}", classes.edges);
            prop_assert!(classes.edges[0] <= values[0] && values[values.len() - 1] <= classes.edges[classes.edges.len() - 1]);
            prop_assert!(wanted.is_some() || classes.counts.len() <= 130, "{}", classes.counts.len());
            let positive: Vec<f64> = values.into_iter().filter(|value| *value > 0.0).collect();
            if let Some(classes) = Classes::by_logarithm(&positive, wanted) {
                prop_assert_eq!(classes.counts.iter().sum::<u64>(), positive.len() as u64);
                prop_assert!(classes.edges[0] <= positive[0]);
            }
        }
    }
}
