//! What a pipe is asked with: values with types, spelt as the functions of
//! Tinybird's templates read them.
//!
//! | here | there | spelt |
//! |---|---|---|
//! | a text | `String(x)`, `UUID(x)`, … | as it is |
//! | an integer | `Int8(x)` to `UInt256(x)` | `-5` |
//! | a float | `Float32(x)`, `Float64(x)` | `0.5` |
//! | a boolean | `Boolean(x)` | `true`, `false` |
//! | a date | `Date(x)` | `2026-11-21` |
//! | a date and time | `DateTime(x)`; with a fraction `DateTime64(x)` | `2026-11-21 12:34:56` |
//! | a list | `Array(x, 'Int32')`, `split_to_array(x)` | `1,2,3` |
//!
//! From Tinybird's documentation, "Template functions" and "Query parameters",
//! and the functions themselves as its command line publishes them
//! (`sql_template.py`, `datatypes.py`): `Boolean` takes every text for true but
//! `0` and `false`; `Array` splits at commas and neither strips nor unquotes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// One parameter's value. Its `Display` is the text that Tinybird gets.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterValue(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Date(Date),
    DateTime(DateTime),
    List(Vec<ParameterValue>),
}

/// Why there is no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Infinity, or not a number at all.
    #[error("a number that is not finite cannot be a pipe's parameter")]
    NotFinite,
    /// An empty list: Tinybird would read one empty text, or fail.
    #[error("a list without an item cannot be a pipe's parameter")]
    EmptyList,
    /// A list in a list.
    #[error("a list in a list cannot be a pipe's parameter")]
    NestedList,
    /// An item with a comma, which Tinybird would read as two.
    #[error("`{item}` has a comma, which would make two items of it")]
    Comma {
        /// The item's text.
        item: String,
    },
}

impl ParameterError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFinite => "parameter-not-finite",
            Self::EmptyList => "parameter-empty-list",
            Self::NestedList => "parameter-nested-list",
            Self::Comma { .. } => "parameter-comma",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NotFinite => "Write a number with digits, like 0.5.",
            Self::EmptyList => "Leave the parameter out, or write a list with an item, like [\"DE\"].",
            Self::NestedList => "Write one list, like [\"DE\", \"FR\"].",
            Self::Comma { .. } => "Write the item without a comma.",
        }
    }
}

impl ParameterValue {
    /// A number with a fraction.
    ///
    /// # Errors
    ///
    /// [`ParameterError::NotFinite`].
    pub fn float(number: f64) -> Result<Self, ParameterError> {
        if number.is_finite() { Ok(Self(Kind::Float(number))) } else { Err(ParameterError::NotFinite) }
    }

    /// A list of at least one item, none of them a list or with a comma.
    ///
    /// # Errors
    ///
    /// [`ParameterError::EmptyList`], [`ParameterError::NestedList`],
    /// [`ParameterError::Comma`].
    pub fn list(items: impl IntoIterator<Item = Self>) -> Result<Self, ParameterError> {
        let items: Vec<Self> = items.into_iter().collect();
        if items.is_empty() {
            return Err(ParameterError::EmptyList);
        }
        for item in &items {
            match &item.0 {
                Kind::List(_) => return Err(ParameterError::NestedList),
                Kind::Text(text) if text.contains(',') => return Err(ParameterError::Comma { item: text.clone() }),
                _ => {}
            }
        }
        Ok(Self(Kind::List(items)))
    }
}

impl From<&str> for ParameterValue {
    fn from(text: &str) -> Self {
        Self(Kind::Text(text.to_owned()))
    }
}

impl From<String> for ParameterValue {
    fn from(text: String) -> Self {
        Self(Kind::Text(text))
    }
}

/// The integers that fit without a doubt.
macro_rules! from_integer {
    ($($integer:ty)*) => {
        $(impl From<$integer> for ParameterValue {
            fn from(number: $integer) -> Self {
                Self(Kind::Integer(number.into()))
            }
        })*
    };
}

from_integer!(u8 u16 u32 u64 i8 i16 i32 i64 i128);

impl From<bool> for ParameterValue {
    fn from(boolean: bool) -> Self {
        Self(Kind::Boolean(boolean))
    }
}

impl From<Date> for ParameterValue {
    fn from(date: Date) -> Self {
        Self(Kind::Date(date))
    }
}

/// As clocks show it: which zone's, the pipe knows.
impl From<DateTime> for ParameterValue {
    fn from(moment: DateTime) -> Self {
        Self(Kind::DateTime(moment))
    }
}

/// In UTC, which is Tinybird's own zone.
impl From<Timestamp> for ParameterValue {
    fn from(moment: Timestamp) -> Self {
        moment.to_zoned(TimeZone::UTC).datetime().into()
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Text(text) => formatter.write_str(text),
            Kind::Integer(number) => number.fmt(formatter),
            // The shortest text that reads back as the same number.
            Kind::Float(number) => write!(formatter, "{number:?}"),
            Kind::Boolean(boolean) => boolean.fmt(formatter),
            Kind::Date(date) => date.fmt(formatter),
            Kind::DateTime(moment) => {
                write!(formatter, "{} {}", moment.date(), moment.time().strftime("%H:%M:%S"))?;
                // `DateTime64(x)` wants three digits at least.
                match moment.subsec_nanosecond() {
                    0 => Ok(()),
                    nanos if nanos % 1_000_000 == 0 => write!(formatter, ".{:03}", nanos / 1_000_000),
                    nanos if nanos % 1_000 == 0 => write!(formatter, ".{:06}", nanos / 1_000),
                    nanos => write!(formatter, ".{nanos:09}"),
                }
            }
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    item.fmt(formatter)?;
                }
                Ok(())
            }
        }
    }
}

/// A pipe's parameters by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, ParameterValue>);

impl Parameters {
    /// Sets one parameter.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<ParameterValue>) {
        self.0.insert(name.into(), value.into());
    }

    /// The parameters, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParameterValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Names and texts, as they are sent.
    pub(crate) fn pairs(&self) -> Vec<(&str, String)> {
        self.iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    /// A name that Tinybird keeps for itself: `token` would take the place of
    /// the one in the header, and stand in every log on the way.
    pub(crate) fn reserved(&self) -> Option<&str> {
        self.iter().map(|(name, _)| name).find(|name| name.eq_ignore_ascii_case("token"))
    }
}

impl<N: Into<String>, V: Into<ParameterValue>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn spelt(value: impl Into<ParameterValue>) -> String {
        value.into().to_string()
    }

    #[test]
    fn each_type_is_spelt_as_tinybird_reads_it() {
        assert_eq!(spelt("a b,c"), "a b,c");
        assert_eq!(spelt(-5), "-5");
        assert_eq!(spelt(u64::MAX), "18446744073709551615");
        assert_eq!([spelt(true), spelt(false)], ["true", "false"]);
        assert_eq!(spelt(date(2026, 1, 2)), "2026-01-02");
        assert_eq!(spelt(date(33, 1, 2)), "0033-01-02");
        let day = date(2026, 11, 21);
        for (nanos, text) in [
            (0, "2026-11-21 01:02:03"),
            (500_000_000, "2026-11-21 01:02:03.500"),
            (1_000, "2026-11-21 01:02:03.000001"),
            (1, "2026-11-21 01:02:03.000000001"),
        ] {
            assert_eq!(spelt(day.to_datetime(time(1, 2, 3, nanos))), text);
        }
        let moment: Timestamp = "2026-11-21T01:00:00+02:00".parse().expect("a moment");
        assert_eq!(spelt(moment), "2026-11-20 23:00:00", "in UTC");
        for (number, text) in [(0.5, "0.5"), (10.0, "10.0"), (-1e300, "-1e300")] {
            assert_eq!(ParameterValue::float(number).expect("finite").to_string(), text);
        }
    }

    #[test]
    fn a_list_is_its_items_between_commas() {
        let list = |items: &[&str]| ParameterValue::list(items.iter().map(|item| (*item).into()));
        assert_eq!(list(&["DE", "a b"]).expect("a list").to_string(), "DE,a b");
        let numbers = ParameterValue::list([1, 2, 3].map(ParameterValue::from));
        assert_eq!(numbers.expect("a list").to_string(), "1,2,3");
        assert_eq!(list(&[]), Err(ParameterError::EmptyList));
        assert_eq!(list(&["a", "b,c"]), Err(ParameterError::Comma { item: "b,c".to_owned() }));
        let nested = ParameterValue::list([list(&["a"]).expect("a list")]);
        assert_eq!(nested, Err(ParameterError::NestedList));
    }

    #[test]
    fn a_number_that_is_not_finite_is_no_parameter() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(ParameterValue::float(number), Err(ParameterError::NotFinite));
        }
    }

    proptest! {
        #[test]
        fn a_float_reads_back_as_the_same_number(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let text = ParameterValue::float(number).expect("finite").to_string();
            prop_assert_eq!(text.parse::<f64>().expect("a number").to_bits(), number.to_bits());
        }
    }
}
