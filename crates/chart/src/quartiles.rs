//! What a box plot says of many numbers: quartiles, whiskers, and what lies beyond them (Tukey, 1977).

/// The number below which a share of all lies, by linear interpolation between neighbours: type 7 of Hyndman and Fan
/// (1996), which R, NumPy and spreadsheets take where nothing is said. `sorted` must not be empty.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // Never beyond either neighbour, however the product is rounded.
    (below + (above - below) * place.fract()).clamp(below, above)
}

/// Five numbers of many, and how far the whiskers reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quartiles {
    pub(crate) first: f64,
    pub(crate) median: f64,
    pub(crate) third: f64,
    /// The least and the greatest number no further from the box than one and a half times its height.
    pub(crate) whiskers: (f64, f64),
}

impl Quartiles {
    /// Of numbers that ascend; `None` of none.
    pub(crate) fn of(sorted: &[f64]) -> Option<Self> {
        let (least, greatest) = (*sorted.first()?, *sorted.last()?);
        let [first, median, third] = [0.25, 0.5, 0.75].map(|share| quantile(sorted, share));
        let reach = 1.5 * (third - first);
        let low = sorted.iter().copied().find(|value| *value >= first - reach).unwrap_or(least);
        let high = sorted.iter().rev().copied().find(|value| *value <= third + reach).unwrap_or(greatest);
        // A whisker never ends inside of the box, where few numbers stand far apart.
        Some(Self { first, median, third, whiskers: (low.min(first), high.max(third)) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quartiles_are_those_of_r() {
        // quantile(c(1, 2, 3, 4)) and quantile(c(6, 7, 15, 36, 39, 40, 41, 42, 43, 47, 49)), type 7.
        let four = Quartiles::of(&[1.0, 2.0, 3.0, 4.0]).expect("numbers");
        assert_eq!((four.first, four.median, four.third), (1.75, 2.5, 3.25));
        let numbers = [6.0, 7.0, 15.0, 36.0, 39.0, 40.0, 41.0, 42.0, 43.0, 47.0, 49.0];
        let eleven = Quartiles::of(&numbers).expect("numbers");
        assert_eq!((eleven.first, eleven.median, eleven.third), (25.5, 40.0, 42.5));
        assert_eq!(eleven.whiskers, (6.0, 49.0));
    }

    #[test]
    fn what_is_far_from_the_box_is_beyond_the_whiskers() {
        let quartiles = Quartiles::of(&[-90.0, 1.0, 2.0, 3.0, 4.0, 5.0, 100.0]).expect("numbers");
        assert_eq!(quartiles.whiskers, (1.0, 5.0));
        assert_eq!(Quartiles::of(&[]), None);
    }

    proptest! {
        #[test]
        fn quartiles_lie_in_order_between_the_least_and_the_greatest(
            mut values in prop::collection::vec(-1e12f64..1e12, 1..200),
        ) {
            values.sort_by(f64::total_cmp);
            let quartiles = Quartiles::of(&values).expect("numbers");
            let (low, high) = quartiles.whiskers;
            let order = [values[0], low, quartiles.first, quartiles.median, quartiles.third, high, values[values.len() - 1]];
            prop_assert!(order.is_sorted(), "{order:?}");
        }
    }
}
