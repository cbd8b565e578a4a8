//! Numbers in words of digits: exact where somebody reads a value, short where an axis needs it short.
//!
//! An exact value is the engine's own digits with commas between thousands (and what the format adds around them), so
//! that whoever takes the commas out has what the engine's CSV says, to the last digit of 256 bits.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// How a number is written, and what it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Format {
    /// As it is: `12,345.6`.
    #[default]
    Auto,
    /// The same, always with commas between thousands, in tables too.
    Number,
    /// Short wherever it is not the exact value that counts: `12.3k`.
    Compact,
    /// The number is in percent: 12.3 is `12.3%`.
    Percent,
    /// The number is a share of one: 0.123 is `12.3%`.
    Ratio,
    /// The number counts bytes: `1.2 MiB`.
    Bytes,
    /// The number counts seconds: `2m 5s`.
    Duration,
    /// The number is an amount of money, by its ISO 4217 code: `currency:EUR`.
    Currency(Currency),
}

/// Three capital letters, as ISO 4217 names a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// What stands before the amount.
    pub(crate) fn sign(&self) -> String {
        match &self.0 {
            b"EUR" => "€".into(),
            b"USD" => "$".into(),
            b"GBP" => "£".into(),
            b"JPY" => "¥".into(),
            b"INR" => "₹".into(),
            _ => format!("{self}\u{a0}"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(formatter, "{}", char::from(*letter)))
    }
}

/// A format that is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format; write auto, number, compact, percent (12.3 is 12.3%), ratio (0.123 is 12.3%), bytes, duration (in seconds) or currency:EUR"
)]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Ok(match text {
            "auto" => Self::Auto,
            "number" => Self::Number,
            "compact" => Self::Compact,
            "percent" => Self::Percent,
            "ratio" => Self::Ratio,
            "bytes" => Self::Bytes,
            "duration" => Self::Duration,
            _ => match text.strip_prefix("currency:").map(str::as_bytes) {
                Some(&[a, b, c]) if [a, b, c].iter().all(u8::is_ascii_uppercase) => Self::Currency(Currency([a, b, c])),
                _ => return Err(UnknownFormat(text.to_owned())),
            },
        })
    }
}

impl TryFrom<String> for Format {
    type Error = UnknownFormat;

    fn try_from(text: String) -> Result<Self, UnknownFormat> {
        text.parse()
    }
}

impl Format {
    /// The engine's text of a number, every digit of it: `-1234567.25` is `-1,234,567.25`.
    pub(crate) fn exact(&self, text: &str) -> String {
        if !is_plain(text) {
            return text.to_owned();
        }
        match self {
            Self::Auto | Self::Number | Self::Compact => group(text, 4),
            Self::Percent => format!("{}%", group(text, 4)),
            Self::Ratio => format!("{}%", group(&hundredfold(text), 4)),
            Self::Bytes => format!("{}\u{a0}B", group(text, 4)),
            Self::Duration => duration(text),
            Self::Currency(currency) => match text.strip_prefix('-') {
                Some(amount) => format!("-{}{}", currency.sign(), group(amount, 4)),
                None => format!("{}{}", currency.sign(), group(text, 4)),
            },
        }
    }

    /// The same in a table's cell, where a number may also be a year or an id: a column of no more than four digits has
    /// no commas.
    pub(crate) fn cell(&self, text: &str, long: bool) -> String {
        match self {
            Self::Auto if !long => text.to_owned(),
            _ => self.exact(text),
        }
    }

    /// Three digits that count: `1.23k`, `45.6%`.
    pub(crate) fn short(&self, value: f64) -> String {
        if !value.is_finite() {
            return value.to_string();
        }
        match self {
            Self::Auto | Self::Number | Self::Compact => shorten(value, 1000.0, &DECIMAL),
            Self::Percent => format!("{}%", significant(value, 3)),
            Self::Ratio => format!("{}%", significant(value * 100.0, 3)),
            Self::Bytes => shorten(value, 1024.0, &BINARY),
            Self::Duration if value.abs() < 60.0 => format!("{}s", significant(value, 3)),
            Self::Duration => duration(&format!("{value:.0}")),
            Self::Currency(currency) => {
                let sign = if value < 0.0 { "-" } else { "" };
                format!("{sign}{}{}", currency.sign(), shorten(value.abs(), 1000.0, &DECIMAL))
            }
        }
    }

    /// As many digits as a headline bears: whole from a thousand on, hundredths below.
    pub(crate) fn headline(&self, value: f64) -> String {
        match self {
            Self::Compact | Self::Bytes => self.short(value),
            _ if !value.is_finite() || !(1e-2..1e15).contains(&value.abs()) && value != 0.0 => self.short(value),
            Self::Ratio => format!("{}%", group(&trim(format!("{:.2}", value * 100.0)), 4)),
            Self::Duration if value.abs() >= 60.0 => duration(&format!("{value:.0}")),
            _ if value.abs() >= 1000.0 => self.exact(&format!("{value:.0}")),
            _ => self.exact(&trim(format!("{value:.2}"))),
        }
    }
}

/// Units of a thousand, and of 1,024 (IEC 80000-13).
const DECIMAL: [&str; 5] = ["", "k", "M", "B", "T"];
const BINARY: [&str; 7] = ["\u{a0}B", "\u{a0}KiB", "\u{a0}MiB", "\u{a0}GiB", "\u{a0}TiB", "\u{a0}PiB", "\u{a0}EiB"];

fn shorten(value: f64, base: f64, names: &[&str]) -> String {
    if value != 0.0 && !(1e-4..1e16).contains(&value.abs()) && base == 1000.0 {
        return exponent(value);
    }
    let mut scaled = value;
    let mut unit = 0;
    // What rounds up to a thousand belongs to the next unit: 999,950 is 1M.
    while scaled.abs() >= base - 0.5 && unit + 1 < names.len() {
        scaled /= base;
        unit += 1;
    }
    format!("{}{}", significant(scaled, 3), names[unit])
}

/// At most so many digits that count, but never fewer than the whole part has.
fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    // A hundred times a double need not be one.
    if !(1e-4..1e16).contains(&value.abs()) {
        return if value.is_finite() { exponent(value) } else { value.to_string() };
    }
    let whole = value.abs().log10().floor() as i32 + 1;
    let decimals = (digits as i32 - whole).max(0) as usize;
    trim(format!("{value:.decimals$}"))
}

/// `1.5e300`.
pub(crate) fn exponent(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((mantissa, power)) => format!("{}e{power}", trim(mantissa.to_owned())),
        None => text,
    }
}

/// Without zeros at the end of a fraction.
pub(crate) fn trim(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

/// Whether the text is digits with at most a sign and a point: no exponent, no word.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Commas between thousands, if the whole part has `from` digits or more.
pub(crate) fn group(text: &str, from: usize) -> String {
    let sign = usize::from(text.starts_with('-'));
    let whole = text.find('.').unwrap_or(text.len());
    if whole - sign < from {
        return text.to_owned();
    }
    let mut grouped = String::with_capacity(text.len() + whole / 3);
    for (index, character) in text.char_indices() {
        if index > sign && index < whole && (whole - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(character);
    }
    grouped
}

/// A hundred times a plain number, by moving its point: no digit is lost.
fn hundredfold(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let moved = format!("{whole}{fraction:0<2}");
    let (whole, fraction) = moved.split_at(whole.len() + 2);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    trim(format!("{sign}{whole}.{fraction}"))
}

/// Seconds as days, hours, minutes and seconds: `93784.5` is `1d 2h 3m 4.5s`.
fn duration(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
    // More seconds than the age of the universe stay seconds.
    let Ok(seconds) = whole.parse::<u64>() else { return format!("{}s", group(text, 4)) };
    let mut parts = Vec::new();
    for (length, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
        let count = seconds / length
            % if name == 'd' {
                u64::MAX
            } else if name == 'h' {
                24
            } else {
                60
            };
        if count > 0 {
            parts.push(format!("{}{name}", group(&count.to_string(), 4)));
        }
    }
    let rest = seconds % 60;
    if rest > 0 || !fraction.is_empty() || parts.is_empty() {
        parts.push(format!("{rest}{fraction}s"));
    }
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_exact_value_keeps_every_digit() {
        let cases = [
            (Format::Auto, "0", "0"),
            (Format::Auto, "999", "999"),
            (Format::Auto, "-1234567.250", "-1,234,567.250"),
            (Format::Auto, "18446744073709551596", "18,446,744,073,709,551,596"),
            (Format::Auto, "1e300", "1e300"),
            (Format::Auto, "nan", "nan"),
            (Format::Percent, "25.083", "25.083%"),
            (Format::Ratio, "0.25083", "25.083%"),
            (Format::Ratio, "-1", "-100%"),
            (Format::Ratio, "0.5", "50%"),
            (Format::Bytes, "1536", "1,536\u{a0}B"),
            (Format::Duration, "93784.5", "1d 2h 3m 4.5s"),
            (Format::Duration, "0", "0s"),
            (Format::Duration, "-60", "-1m"),
            (Format::Currency(Currency(*b"EUR")), "-1234.5", "-€1,234.5"),
            (Format::Currency(Currency(*b"CHF")), "7", "CHF\u{a0}7"),
        ];
        for (format, text, expected) in cases {
            assert_eq!(format.exact(text), expected);
        }
    }

    #[test]
    fn a_year_in_a_table_has_no_comma() {
        assert_eq!(Format::Auto.cell("2026", false), "2026");
        assert_eq!(Format::Auto.cell("2026", true), "2,026");
        assert_eq!(Format::Number.cell("2026", false), "2,026");
    }

    #[test]
    fn a_short_value_has_three_digits_that_count() {
        let cases = [
            (0.0, "0"),
            (12.0, "12"),
            (999.4, "999"),
            (999.6, "1k"),
            (1234.0, "1.23k"),
            (-45678.0, "-45.7k"),
            (999_950.0, "1M"),
            (7.8e12, "7.8T"),
            (0.1234, "0.123"),
            (2e300, "2e300"),
            (5e-324, "4.94e-324"),
        ];
        for (value, expected) in cases {
            assert_eq!(Format::Auto.short(value), expected);
        }
        assert_eq!(Format::Bytes.short(1_258_291.0), "1.2\u{a0}MiB");
        assert_eq!(Format::Ratio.short(f64::MAX), "inf%");
    }

    #[test]
    fn a_format_is_read_from_its_name_alone() {
        assert_eq!("currency:EUR".parse(), Ok(Format::Currency(Currency(*b"EUR"))));
        for text in ["", "Percent", "currency:", "currency:eur", "currency:EURO", "€"] {
            assert!(text.parse::<Format>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn without_its_commas_a_value_is_the_engines_text(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?") {
            prop_assert_eq!(Format::Auto.exact(&text).replace(',', ""), text);
        }

        #[test]
        fn no_number_is_too_odd_to_be_written(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            for format in [Format::Auto, Format::Percent, Format::Ratio, Format::Bytes, Format::Duration] {
                prop_assert!(!format.short(value).is_empty() && !format.headline(value).is_empty());
            }
        }
    }
}
