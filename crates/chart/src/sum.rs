//! What a column's rows add up to, to the last digit of 256 bits and of every decimal.

use num_bigint::BigInt;
use perch_tinybird::Column;

use crate::tally;

/// What stands for a sum that no double can say.
const TOO_LARGE: &str = "too large";

/// The sum as the engine would write it. `None` where there is no number to add. Fractions that the engine keeps in
/// binary have fifteen digits that count; NaN and infinities are left out.
pub(crate) fn sum(column: &Column, rows: impl Iterator<Item = usize>) -> Option<String> {
    if column.kind().plain().name().contains("Float") {
        let numbers = rows.filter_map(|row| column.number(row)).filter(|number| number.is_finite());
        return add(numbers).map(|sum| if sum.is_finite() { tally::round(sum) } else { TOO_LARGE.into() });
    }
    let mut sum = Sum::default();
    let mut some = false;
    for text in rows.filter_map(|row| column.text(row)) {
        some |= sum.add(&text);
    }
    some.then(|| sum.text())
}

/// Doubles added up with what each addition loses (Neumaier 1974).
fn add(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut lost, mut some) = (0.0_f64, 0.0, false);
    for number in numbers {
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        (sum, some) = (next, true);
    }
    // Where the sum is no double, the rest is none either.
    some.then_some(if sum.is_finite() { sum + lost } else { sum })
}

/// A whole number of units of ten to the power of `-scale`.
#[derive(Default)]
struct Sum {
    scale: usize,
    /// What is not yet in `large`: most sums never need more.
    small: i128,
    large: BigInt,
}

impl Sum {
    /// Adds a plain decimal number, or says that it is none.
    fn add(&mut self, text: &str) -> bool {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > self.scale {
            self.settle();
            self.large *= BigInt::from(10).pow((fraction.len() - self.scale) as u32);
            self.scale = fraction.len();
        }
        let zeros = self.scale - fraction.len();
        let digits = format!("{whole}{fraction}{:0<zeros$}", "");
        if let Ok(number) = digits.parse::<i128>() {
            match self.small.checked_add(number) {
                Some(sum) => self.small = sum,
                None => {
                    self.settle();
                    self.small = number;
                }
            }
            return true;
        }
        let Ok(number) = digits.parse::<BigInt>() else { return false };
        self.large += number;
        true
    }

    fn settle(&mut self) {
        self.large += std::mem::take(&mut self.small);
    }

    fn text(mut self) -> String {
        self.settle();
        let text = self.large.to_string();
        if self.scale == 0 {
            return text;
        }
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let digits = format!("{digits:0>width$}", width = self.scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale);
        crate::format::trim(format!("{sign}{whole}.{fraction}"))
    }
}

#[cfg(test)]
mod tests {
    use perch_tinybird::{Type, Values, decode};
    use proptest::prelude::*;

    use super::*;

    fn of(kind: &str, values: Values) -> Option<String> {
        let column = Column::new("n", Type::parse(kind), values);
        sum(&column, 0..column.len())
    }

    #[test]
    fn numbers_of_256_bits_and_decimals_lose_no_digit() {
        let answer = |kind: &str, cells: &[&str]| {
            let rows: Vec<String> = cells.iter().map(|cell| format!("{{\"n\":{cell}}}")).collect();
            let json = format!(r#"{{"meta":[{{"name":"n","type":"{kind}"}}],"data":[{}]}}"#, rows.join(","));
            let table = decode(json.as_bytes()).expect("an answer").table;
            sum(&table.columns()[0], 0..table.rows())
        };
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(
            answer("UInt256", &[most, "1"]).as_deref(),
            Some("115792089237316195423570985008687907853269984665640564039457584007913129639936")
        );
        assert_eq!(answer("Decimal(18, 2)", &["0.1", "-0.35", "0.2"]).as_deref(), Some("-0.05"));
        assert_eq!(answer("Decimal(38, 9)", &["null", "1.000000001", "2"]).as_deref(), Some("3.000000001"));
    }

    #[test]
    fn what_is_no_number_adds_nothing() {
        assert_eq!(of("Float64", vec![0.1, f64::NAN, 0.2].into()).as_deref(), Some("0.3"));
        assert_eq!(of("Nullable(Float64)", vec![None::<f64>, None].into()), None);
        assert_eq!(of("UInt64", Vec::<u64>::new().into()), None);
    }

    #[test]
    fn a_sum_that_no_double_can_say_says_so() {
        assert_eq!(of("Float64", vec![f64::MAX, f64::MAX].into()).as_deref(), Some("too large"));
    }

    #[test]
    fn what_a_large_number_swallows_is_not_lost() {
        assert_eq!(of("Float64", vec![1e16, 1.0, -1e16].into()).as_deref(), Some("1"));
    }

    proptest! {
        #[test]
        fn whole_numbers_add_up(numbers in prop::collection::vec(any::<i64>(), 1..40)) {
            let expected: i128 = numbers.iter().map(|number| i128::from(*number)).sum();
            prop_assert_eq!(of("Int64", numbers.into()), Some(expected.to_string()));
        }
    }
}
