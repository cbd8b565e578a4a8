//! In which order a column's rows stand: by what they hold, exactly, where two doubles would be the same too.

use std::cmp::Ordering;

use perch_tinybird::{Column, Family};

/// The rows by a column's values: stable, so that rows of the same value stay as they are. What is no value comes last
/// in both directions, nulls after NaN.
pub(crate) fn sort(rows: &mut Vec<u32>, column: &Column, descending: bool) {
    let (mut held, nulls): (Vec<u32>, Vec<u32>) = rows.drain(..).partition(|row| !column.is_null(*row as usize));
    let turn = |order: Ordering| if descending { order.reverse() } else { order };
    match column.family() {
        Family::Number | Family::Boolean => {
            let number = |row: u32| column.number(row as usize).unwrap_or(f64::NAN);
            let keys = held.into_iter().map(|row| (number(row), row));
            let (mut keyed, odd): (Vec<_>, Vec<_>) = keys.partition(|(number, _)| !number.is_nan());
            let rounded = is_rounded(column);
            keyed.sort_by(|a, b| {
                let order = a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal);
                turn(match order {
                    Ordering::Equal if rounded(a.0) => by_text(column, a.1, b.1, digits),
                    order => order,
                })
            });
            held = keyed.into_iter().chain(odd).map(|(_, row)| row).collect();
        }
        Family::Time => {
            let mut keyed: Vec<(i64, u32)> =
                held.into_iter().map(|row| (column.time(row as usize).unwrap_or(i64::MIN), row)).collect();
            // Within a microsecond, the text has the digits that are left.
            keyed.sort_by(|a, b| turn(a.0.cmp(&b.0).then_with(|| by_text(column, a.1, b.1, str::cmp))));
            held = keyed.into_iter().map(|(_, row)| row).collect();
        }
        Family::Text | Family::Other => {
            let text = |row: u32| column.text(row as usize).unwrap_or_default();
            let mut keyed: Vec<_> = held.into_iter().map(|row| (text(row).to_lowercase(), text(row), row)).collect();
            keyed.sort_by(|a, b| turn(a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1))));
            held = keyed.into_iter().map(|(_, _, row)| row).collect();
        }
    }
    rows.extend(held);
    rows.extend(nulls);
}

fn by_text(column: &Column, a: u32, b: u32, order: fn(&str, &str) -> Ordering) -> Ordering {
    match (column.text(a as usize), column.text(b as usize)) {
        (Some(a), Some(b)) => order(&a, &b),
        _ => Ordering::Equal,
    }
}

/// Whether different values of a column may have been rounded to the same double.
fn is_rounded(column: &Column) -> impl Fn(f64) -> bool + use<> {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    let name = column.kind().plain().name().to_owned();
    let float = name.contains("Float");
    let decimal = name.starts_with("Decimal");
    move |number| !float && (decimal || number.abs() >= WHOLE)
}

/// Two plain decimal numbers of any length.
fn digits(a: &str, b: &str) -> Ordering {
    let (a_negative, b_negative) = (a.starts_with('-'), b.starts_with('-'));
    match (a_negative, b_negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => magnitude(a, b),
        (true, true) => magnitude(&b[1..], &a[1..]),
    }
}

fn magnitude(a: &str, b: &str) -> Ordering {
    let parts = |text| {
        let (whole, fraction) = str::split_once(text, '.').unwrap_or((text, ""));
        (whole.trim_start_matches('0'), fraction.trim_end_matches('0'))
    };
    let ((a, a_fraction), (b, b_fraction)) = (parts(a), parts(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b)).then_with(|| a_fraction.cmp(b_fraction))
}

#[cfg(test)]
mod tests {
    use perch_tinybird::{Type, Values};
    use proptest::prelude::*;

    use super::*;

    fn sorted(kind: &str, values: Values, descending: bool) -> Vec<u32> {
        let column = Column::new("c", Type::parse(kind), values);
        let mut rows = (0..column.len() as u32).collect();
        sort(&mut rows, &column, descending);
        rows
    }

    #[test]
    fn neighbours_that_are_one_double_stand_in_order() {
        let values = || vec![u64::MAX, u64::MAX - 1, u64::MAX - 2];
        assert_eq!(sorted("UInt64", values().into(), false), [2, 1, 0]);
        assert_eq!(sorted("UInt64", values().into(), true), [0, 1, 2]);
    }

    #[test]
    fn what_is_no_value_comes_last_in_both_directions() {
        let values = || Values::from(vec![None, Some(f64::NAN), Some(2.0), Some(f64::NEG_INFINITY), Some(1.0)]);
        assert_eq!(sorted("Nullable(Float64)", values(), false), [3, 4, 2, 1, 0]);
        assert_eq!(sorted("Nullable(Float64)", values(), true), [2, 4, 3, 1, 0]);
    }

    #[test]
    fn rows_of_one_value_stay_as_they_are_and_capitals_do_not_part_names() {
        assert_eq!(sorted("UInt64", vec![1_u64, 1, 0, 1].into(), true), [0, 1, 3, 2]);
        assert_eq!(sorted("String", vec!["b", "a", "B", "A"].into(), false), [3, 1, 2, 0]);
    }

    proptest! {
        #[test]
        fn digits_stand_as_their_numbers_do(a in any::<i128>(), b in any::<i128>(), scale in 0_u32..6) {
            let text = |value: i128| {
                let unit = 10_u128.pow(scale);
                let sign = if value < 0 { "-" } else { "" };
                let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
                if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part:0>width$}", width = scale as usize) }
            };
            prop_assert_eq!(digits(&text(a), &text(b)), a.cmp(&b));
        }
    }
}
