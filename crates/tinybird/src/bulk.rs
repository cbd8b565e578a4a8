//! A whole column at once, for charts: what [`Column::number`] and
//! [`Column::instants`] say row by row, in one pass over the cells.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::kind::Unit;
use crate::moment;
use crate::table::Column;
use crate::values::Cells;

impl Column {
    /// [`Column::number`] of every row; NaN for a null, and for whatever is no
    /// finite number. Floats that are all finite are the cells themselves.
    pub fn finite_numbers(&self) -> Cow<'_, [f64]> {
        let mut numbers: Vec<f64> = match self.cells() {
            Cells::Float(cells) if !self.has_nulls() && all_finite(cells) => return Cow::Borrowed(cells),
            Cells::Int(cells) => cells.iter().map(|cell| *cell as f64).collect(),
            Cells::UInt(cells) => cells.iter().map(|cell| *cell as f64).collect(),
            Cells::Float(cells) => cells.iter().map(|cell| if cell.is_finite() { *cell } else { f64::NAN }).collect(),
            _ => {
                let number = |row| self.number(row).filter(|number| number.is_finite()).unwrap_or(f64::NAN);
                return (0..self.len()).map(number).collect();
            }
        };
        self.lift_nulls(&mut numbers);
        Cow::Owned(numbers)
    }

    /// [`Column::instants`] as doubles, NaN for a row without.
    pub fn instant_numbers(&self) -> Vec<f64> {
        match self.cells() {
            Cells::Time(ticks, unit) if self.zone().is_none_or(|zone| *zone == TimeZone::UTC) => {
                let mut instants: Vec<f64> = match *unit {
                    // The commonest types, and nothing to look at in each row.
                    Unit::Second(digits @ 0..=6) => {
                        let scale = moment::power_of_ten(6 - digits);
                        ticks.iter().map(|tick| tick.saturating_mul(scale) as f64).collect()
                    }
                    unit => ticks.iter().map(|tick| moment::micros(*tick, unit) as f64).collect(),
                };
                self.lift_nulls(&mut instants);
                instants
            }
            _ => self.instants().map(|instant| instant.map_or(f64::NAN, |micros| micros as f64)).collect(),
        }
    }

    /// How many microseconds lie between two neighbours among the times that
    /// the column's type can say, at least one. `None` for what is no time.
    pub fn tick(&self) -> Option<i64> {
        match self.cells() {
            Cells::Time(_, unit) => Some(moment::micros(1, *unit).max(1)),
            _ => None,
        }
    }

    fn lift_nulls(&self, numbers: &mut [f64]) {
        if self.has_nulls() {
            for (row, number) in numbers.iter_mut().enumerate() {
                if self.is_null(row) {
                    *number = f64::NAN;
                }
            }
        }
    }
}

/// Looks at many before it decides, so that the compiler looks at several at once.
fn all_finite(numbers: &[f64]) -> bool {
    numbers.chunks(256).all(|chunk| chunk.iter().fold(true, |all, number| all & number.is_finite()))
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;

    use proptest::prelude::*;

    use crate::{Column, Values};

    fn bits(numbers: impl IntoIterator<Item = impl Borrow<f64>>) -> Vec<u64> {
        numbers.into_iter().map(|number| number.borrow().to_bits()).collect()
    }

    fn column(kind: &str, values: impl Into<Values>) -> Column {
        Column::new("c", kind.parse().expect("a type"), values.into())
    }

    fn by_row(column: &Column) -> Vec<u64> {
        bits((0..column.len()).map(|row| column.number(row).filter(|number| number.is_finite()).unwrap_or(f64::NAN)))
    }

    proptest! {
        #[test]
        fn all_numbers_are_those_of_the_rows(
            floats in prop::collection::vec(prop::option::of(any::<f64>()), 0..200),
            ints in prop::collection::vec(any::<i64>(), 0..100),
            uints in prop::collection::vec(any::<u64>(), 0..100),
            flags in prop::collection::vec(any::<bool>(), 0..100),
        ) {
            let finite: Vec<f64> = floats.iter().flatten().copied().filter(|number| number.is_finite()).collect();
            let columns = [
                column("Float64", finite),
                column("Nullable(Float64)", floats),
                column("Int64", ints),
                column("UInt64", uints),
                column("Bool", flags),
                column("String", vec!["7", "-1.5", "seven"]),
            ];
            for column in columns {
                prop_assert_eq!(bits(&*column.finite_numbers()), by_row(&column));
            }
        }

        #[test]
        fn all_instants_are_those_of_the_rows(
            times in prop::collection::vec(prop::option::of(0i64..4_000_000_000_000_000), 0..200),
            kind in prop::sample::select(vec!["DateTime64(6)", "DateTime64(6, 'Europe/Berlin')", "DateTime64(6, 'UTC')"]),
        ) {
            let column = column(kind, Values::times(times));
            let expected = column.instants().map(|instant| instant.map_or(f64::NAN, |micros| micros as f64));
            prop_assert_eq!(bits(column.instant_numbers()), bits(expected));
            prop_assert_eq!(column.tick(), Some(1));
        }
    }

    #[test]
    fn what_is_written_into_a_text_is_the_text_of_the_cell() {
        let columns = [
            column("Nullable(Float64)", vec![Some(0.29), None, Some(-0.0), Some(1e-9), Some(f64::NAN), Some(1e300)]),
            column("Int64", vec![i64::MIN, -7, 0, i64::MAX]),
            column("UInt64", vec![0, 1_000, u64::MAX]),
            column("Bool", vec![true, false]),
            column("String", vec!["é", ""]),
            column("DateTime64(6)", Values::times(vec![Some(1), None])),
        ];
        for column in columns {
            for row in 0..=column.len() {
                let mut written = "so far ".to_owned();
                let text = column.write(row, &mut written).then(|| written["so far ".len()..].to_owned());
                assert_eq!(text.as_deref(), column.text(row).as_deref(), "{}, row {row}", column.kind());
                assert!(text.is_some() || written == "so far ", "a null adds nothing");
            }
        }
    }

    #[test]
    fn a_tick_is_what_the_type_can_say() {
        let answer =
            br#"{"meta":[{"name":"d","type":"Date"},{"name":"t","type":"DateTime"},{"name":"n","type":"DateTime64(9)"},
            {"name":"x","type":"UInt8"}],
            "data":[{"d":"2026-01-02","t":"2026-01-02 03:04:05","n":"2026-01-02 03:04:05.123456789","x":1}],"rows":1}"#;
        let table = crate::decode(answer).expect("an answer").table;
        let ticks: Vec<Option<i64>> = table.columns().iter().map(Column::tick).collect();
        assert_eq!(ticks, [Some(86_400_000_000), Some(1_000_000), Some(1), None]);
        for column in &table.columns()[..3] {
            let expected: Vec<f64> = column.instants().flatten().map(|micros| micros as f64).collect();
            assert_eq!(column.instant_numbers(), expected);
        }
    }
}
