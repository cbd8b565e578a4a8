//! Numbers in words of digits: exact where somebody reads a value, short where an axis needs it short.
//!
//! An exact value is the engine's own digits with the locale's signs between them (and what the format adds around
//! them), so that whoever takes those out has what the engine's CSV says, to the last digit of 256 bits.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::locale::{ENGLISH, Locale};

/// How a number is written, and in whose way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Format {
    /// What the number counts.
    pub style: Style,
    locale: &'static Locale,
}

/// What a number counts, and how much of it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Style {
    /// As it is: `12,345.6`.
    #[default]
    Auto,
    /// The same, always with commas between thousands, in tables too.
    Number,
    /// The same, with so many decimals wherever it is not the exact value that counts: `number:2` is `12,345.60`.
    Fixed(u8),
    /// Short wherever it is not the exact value that counts: `12.3k`.
    Compact,
    /// The number is in percent: 12.3 is `12.3%`.
    Percent,
    /// The number is a share of one: 0.123 is `12.3%`.
    Ratio,
    /// The number counts bytes, by 1,024 (IEC 80000-13): `1.2 MiB`.
    Bytes,
    /// The number counts bytes, by 1,000: `bytes:si` is `1.2 MB`.
    BytesSi,
    /// The number counts seconds: `2m 5s`.
    Duration,
    /// The number counts milliseconds: `duration:ms`.
    Millis,
    /// The number is an amount of money, by its ISO 4217 code: `currency:EUR`.
    Currency(Currency),
}

/// Three capital letters, as ISO 4217 names a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// How many decimals an amount has: ISO 4217's "minor unit".
    pub(crate) fn decimals(&self) -> usize {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    fn code(&self) -> &str {
        // Capital letters, as `from_str` let them in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// As a dashboard's file writes it.
impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Style::Auto => formatter.write_str("auto"),
            Style::Number => formatter.write_str("number"),
            Style::Fixed(decimals) => write!(formatter, "number:{decimals}"),
            Style::Compact => formatter.write_str("compact"),
            Style::Percent => formatter.write_str("percent"),
            Style::Ratio => formatter.write_str("ratio"),
            Style::Bytes => formatter.write_str("bytes"),
            Style::BytesSi => formatter.write_str("bytes:si"),
            Style::Duration => formatter.write_str("duration"),
            Style::Millis => formatter.write_str("duration:ms"),
            Style::Currency(currency) => write!(formatter, "currency:{currency}"),
        }
    }
}

/// A format that is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format; write auto, number, number:2, compact, percent (12.3 is 12.3%), ratio (0.123 is 12.3%), \
     bytes, bytes:si, duration (in seconds), duration:ms or currency:EUR"
)]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let (name, detail) = text.split_once(':').map_or((text, None), |(name, detail)| (name, Some(detail)));
        Ok(Self::from(match (name, detail.map(str::as_bytes)) {
            ("auto", None) => Style::Auto,
            ("number", None) => Style::Number,
            ("number", Some(&[digit @ b'0'..=b'9'])) => Style::Fixed(digit - b'0'),
            ("compact", None) => Style::Compact,
            ("percent", None) => Style::Percent,
            ("ratio", None) => Style::Ratio,
            ("bytes", None) => Style::Bytes,
            ("bytes", Some(b"si")) => Style::BytesSi,
            ("duration", None) => Style::Duration,
            ("duration", Some(b"ms")) => Style::Millis,
            ("currency", Some(&[a, b, c])) if [a, b, c].iter().all(u8::is_ascii_uppercase) => {
                Style::Currency(Currency([a, b, c]))
            }
            _ => return Err(UnknownFormat(text.to_owned())),
        }))
    }
}

impl TryFrom<String> for Format {
    type Error = UnknownFormat;

    fn try_from(text: String) -> Result<Self, UnknownFormat> {
        text.parse()
    }
}

impl From<Style> for Format {
    fn from(style: Style) -> Self {
        Self { style, locale: &ENGLISH }
    }
}

impl Default for Format {
    fn default() -> Self {
        Style::default().into()
    }
}

impl Format {
    /// The same in a locale's way.
    pub(crate) fn within(self, locale: &'static Locale) -> Self {
        Self { locale, ..self }
    }

    /// Another style in the same locale's way.
    pub(crate) fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }

    pub(crate) fn locale(&self) -> &'static Locale {
        self.locale
    }

    /// Whether the number is a part of something, so that a sum of them says nothing.
    pub(crate) fn is_share(&self) -> bool {
        matches!(self.style, Style::Percent | Style::Ratio)
    }

    /// Whether a hundred times the number is written.
    pub(crate) fn is_hundredfold(&self) -> bool {
        matches!(self.style, Style::Ratio)
    }

    /// Whether units stand between the digits.
    pub(crate) fn has_words(&self) -> bool {
        matches!(self.style, Style::Bytes | Style::BytesSi | Style::Duration | Style::Millis)
    }

    /// The engine's text of a number, every digit of it: `-1234567.25` is `-1,234,567.25`.
    pub(crate) fn exact(&self, text: &str) -> String {
        let mut out = String::new();
        self.write_exact(text, &mut out);
        out
    }

    /// Adds the same to `out`.
    pub(crate) fn write_exact(&self, text: &str, out: &mut String) {
        let is_bare = matches!(self.style, Style::Auto | Style::Number | Style::Fixed(_) | Style::Compact);
        if is_bare && self.locale.keeps(text) || !is_plain(text) {
            return out.push_str(text);
        }
        match self.style {
            _ if is_bare => self.write_plain(text, out),
            Style::Ratio => out.push_str(&self.dress_text(&hundredfold(text))),
            Style::Duration => out.push_str(&self.duration(text)),
            Style::Millis => out.push_str(&self.duration(&moved(text, -3))),
            _ => out.push_str(&self.dress_text(text)),
        }
    }

    /// Adds a plain number's text with nothing around it.
    fn write_plain(&self, text: &str, out: &mut String) {
        let digits = text.strip_prefix('-');
        if digits.is_some() {
            out.push_str(self.locale.minus);
        }
        self.locale.write_digits(digits.unwrap_or(text), out);
    }

    /// The same in a table's cell, where a number may also be a year or an id: a column of no more than four digits has
    /// no commas. Decimals that the format fixes are fixed here.
    pub(crate) fn cell(&self, text: &str, long: bool) -> String {
        match self.style {
            Style::Auto if !long && is_plain(text) => match (text.strip_prefix('-'), self.locale.decimal) {
                (None, ".") => text.to_owned(),
                (sign, decimal) => {
                    let digits = sign.unwrap_or(text).replace('.', decimal);
                    format!("{}{digits}", if sign.is_some() { self.locale.minus } else { "" })
                }
            },
            Style::Fixed(decimals) if is_plain(text) => self.dress_text(&fixed(text, usize::from(decimals))),
            _ => self.exact(text),
        }
    }

    /// A sum below a table's cells, which is no year and no name: with its commas, and the decimals that the format fixes.
    pub(crate) fn total(&self, text: &str) -> String {
        match self.style {
            Style::Fixed(_) => self.cell(text, true),
            _ => self.exact(text),
        }
    }

    /// Three digits that count: `1.23k`, `45.6%`.
    pub(crate) fn short(&self, value: f64) -> String {
        if !value.is_finite() {
            return value.to_string();
        }
        let (size, minus) = (value.abs(), if value < 0.0 { self.locale.minus } else { "" });
        let body = match self.style {
            Style::Auto | Style::Number | Style::Fixed(_) | Style::Compact | Style::Currency(_) => {
                if size != 0.0 && !(1e-4..1e16).contains(&size) {
                    return self.exponent_label(value);
                }
                self.shorten(size, self.locale.units)
            }
            Style::Percent => self.significant(size),
            Style::Ratio => self.significant(size * 100.0),
            Style::Bytes if size < 1023.5 => self.significant(size) + "\u{a0}B",
            Style::BytesSi if size < 999.5 => self.significant(size) + "\u{a0}B",
            Style::Bytes => self.shorten(size, &BINARY),
            Style::BytesSi => self.shorten(size, &METRIC),
            Style::Duration => return self.brief_duration(value),
            Style::Millis => return self.brief_duration(value / 1000.0),
        };
        self.dress(minus, &body)
    }

    /// A share of one in percent, as every chart writes it: `12.3%`, `12%`, `<0.1%` of what is there but hardly, `>99.9%` of
    /// what is nearly all, and no decimals from 1,000% on.
    pub(crate) fn share(&self, share: f64) -> String {
        const MOST: f64 = 1e6;
        let format = self.styled(Style::Percent);
        let write = |percent: f64| {
            let whole = percent >= 1000.0 || (percent * 10.0).round() % 10.0 == 0.0;
            format.label(percent, usize::from(!whole), "")
        };
        match share * 100.0 {
            little if little > 0.0 && little < 0.1 => format!("<{}", write(0.1)),
            much if much > 99.9 && much < 100.0 => format!(">{}", write(99.9)),
            much if much > MOST => format!(">{}", write(MOST)),
            percent => write(percent),
        }
    }

    /// As many digits as a headline bears: whole from a thousand on, hundredths below.
    pub(crate) fn headline(&self, value: f64) -> String {
        let size = value.abs();
        match self.style {
            Style::Compact | Style::Bytes | Style::BytesSi => self.short(value),
            _ if !value.is_finite() || !(1e-2..1e15).contains(&size) && value != 0.0 => self.short(value),
            Style::Ratio => self.dress_text(&trim(format!("{:.2}", value * 100.0))),
            Style::Duration if size >= 60.0 => self.brief_duration(value),
            Style::Millis => self.brief_duration(value / 1000.0),
            Style::Fixed(decimals) => self.dress_text(&format!("{value:.0$}", usize::from(decimals))),
            _ if size >= 1000.0 => self.exact(&format!("{value:.0}")),
            Style::Currency(currency) => self.dress_text(&format!("{value:.0$}", currency.decimals())),
            _ => self.exact(&trim(format!("{value:.2}"))),
        }
    }

    /// A label on an axis that counts in units of their own: `shown` of them, with so many decimals.
    pub(crate) fn label(&self, shown: f64, decimals: usize, unit: &str) -> String {
        // An axis is read, not copied, and its minus is one.
        let minus = if shown < 0.0 { "−" } else { "" };
        let decimals = match self.style {
            Style::Currency(currency) if decimals > 0 => decimals.max(currency.decimals()),
            _ => decimals,
        };
        let mut body = String::with_capacity(16);
        self.locale.write_digits(&format!("{:.decimals$}", shown.abs()), &mut body);
        body.push_str(unit);
        self.dress(minus, &body)
    }

    /// The same for seconds.
    pub(crate) fn duration_label(&self, seconds: f64) -> String {
        if seconds == 0.0 {
            return "0".into();
        }
        let minus = if seconds < 0.0 { "−" } else { "" };
        minus.to_owned() + &self.brief_duration(seconds.abs())
    }

    /// The same for what no unit reaches.
    pub(crate) fn exponent_label(&self, value: f64) -> String {
        self.dress("", &exponent(value))
    }

    /// What the format puts around a number.
    fn dress(&self, minus: &str, body: &str) -> String {
        match self.style {
            Style::Percent | Style::Ratio => {
                let (before, after) = self.locale.percent;
                [minus, before, body, after].concat()
            }
            Style::Currency(currency) => self.locale.money(currency.code(), minus, body),
            _ => [minus, body].concat(),
        }
    }

    /// The same of a plain number's text.
    fn dress_text(&self, text: &str) -> String {
        let mut body = String::with_capacity(text.len() * 4 / 3 + 8);
        match self.style {
            Style::Auto | Style::Number | Style::Fixed(_) | Style::Compact => {
                self.write_plain(text, &mut body);
                body
            }
            Style::Bytes | Style::BytesSi => {
                self.write_plain(text, &mut body);
                body.push_str("\u{a0}B");
                body
            }
            _ => {
                let (minus, digits) = text.strip_prefix('-').map_or(("", text), |digits| (self.locale.minus, digits));
                self.locale.write_digits(digits, &mut body);
                self.dress(minus, &body)
            }
        }
    }

    /// `size` is not negative.
    fn shorten(&self, size: f64, units: &[(f64, &str)]) -> String {
        // What rounds up to a thousand belongs to the next unit: 999,950 is 1M.
        let unit = units.iter().rposition(|(least, _)| size < *least);
        let (at, below) = match unit {
            None => (units.first(), None),
            Some(index) => (units.get(index + 1), Some(units[index])),
        };
        let count = at.map_or(size, |(least, _)| size / least);
        let next = below.filter(|(least, _)| {
            let step = least / at.map_or(1.0, |(least, _)| *least);
            count >= step - 0.5
        });
        match next.or(at.copied()) {
            Some((least, name)) => self.significant(size / least) + name,
            None => self.significant(size),
        }
    }

    /// At most three digits that count, but never fewer than the whole part has. `size` is not negative.
    fn significant(&self, size: f64) -> String {
        if size == 0.0 {
            return "0".into();
        }
        // A hundred times a double need not be one.
        if !(1e-4..1e16).contains(&size) {
            return if size.is_finite() { exponent(size) } else { size.to_string() };
        }
        let whole = size.log10().floor() as i32 + 1;
        let decimals = (3 - whole).max(0) as usize;
        let mut out = String::with_capacity(12);
        self.locale.write_digits(&trim(format!("{size:.decimals$}")), &mut out);
        out
    }

    fn brief_duration(&self, seconds: f64) -> String {
        if seconds.abs() >= 59.95 {
            return self.duration(&format!("{seconds:.0}"));
        }
        let minus = if seconds < 0.0 { self.locale.minus } else { "" };
        format!("{minus}{}s", self.significant(seconds.abs()))
    }

    /// Seconds as days, hours, minutes and seconds: `93784.5` is `1d 2h 3m 4.5s`.
    fn duration(&self, text: &str) -> String {
        let (minus, digits) = text.strip_prefix('-').map_or(("", text), |digits| (self.locale.minus, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::with_capacity(24);
        out.push_str(minus);
        // More seconds than the age of the universe stay seconds.
        let Ok(seconds) = whole.parse::<u64>() else {
            self.locale.write_digits(digits, &mut out);
            out.push('s');
            return out;
        };
        let parts = [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm')];
        for (count, name) in parts.into_iter().filter(|(count, _)| *count > 0) {
            self.locale.write_digits(&count.to_string(), &mut out);
            out.push(name);
            out.push(' ');
        }
        let rest = seconds % 60;
        if rest == 0 && fraction.is_empty() && out.len() > minus.len() {
            out.truncate(out.len() - 1);
            return out;
        }
        out.push_str(&rest.to_string());
        if !fraction.is_empty() {
            out.push_str(self.locale.decimal);
            out.push_str(fraction);
        }
        out.push('s');
        out
    }
}

/// Units of 1,024 (IEC 80000-13), and of 1,000.
pub(crate) const BINARY: [(f64, &str); 6] = [
    (1_152_921_504_606_846_976.0, "\u{a0}EiB"),
    (1_125_899_906_842_624.0, "\u{a0}PiB"),
    (1_099_511_627_776.0, "\u{a0}TiB"),
    (1_073_741_824.0, "\u{a0}GiB"),
    (1_048_576.0, "\u{a0}MiB"),
    (1_024.0, "\u{a0}KiB"),
];
pub(crate) const METRIC: [(f64, &str); 6] = [
    (1e18, "\u{a0}EB"),
    (1e15, "\u{a0}PB"),
    (1e12, "\u{a0}TB"),
    (1e9, "\u{a0}GB"),
    (1e6, "\u{a0}MB"),
    (1e3, "\u{a0}kB"),
];

/// `1.5e300`.
fn exponent(value: f64) -> String {
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
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let mut points = 0;
    // One pass, because each value of each mark is looked at.
    let is_known = digits.iter().all(|byte| {
        points += usize::from(*byte == b'.');
        byte.is_ascii_digit() || *byte == b'.'
    });
    let is_ended = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    is_known && points < 2 && is_ended(digits.first()) && is_ended(digits.last())
}

/// A hundred times a plain number.
fn hundredfold(text: &str) -> String {
    moved(text, 2)
}

/// A plain number with its point moved to the right, or to the left: no digit is lost.
fn moved(text: &str, places: i32) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let distance = places.unsigned_abs() as usize;
    let (whole, fraction) = if places >= 0 {
        let moved = format!("{whole}{fraction:0<distance$}");
        (moved[..whole.len() + distance].to_owned(), moved[whole.len() + distance..].to_owned())
    } else {
        let padded = format!("{whole:0>0$}", distance + 1);
        let (whole, tail) = padded.split_at(padded.len() - distance);
        (whole.to_owned(), format!("{tail}{fraction}"))
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    trim(format!("{sign}{whole}.{fraction}"))
}

/// A plain number with so many decimals, rounded away from zero at the half, digit by digit.
fn fixed(text: &str, decimals: usize) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let up = fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5');
    let kept = &fraction[..fraction.len().min(decimals)];
    let mut digits: Vec<u8> = format!("0{whole}{kept:0<decimals$}").into_bytes();
    for digit in digits.iter_mut().rev() {
        if !up {
            break;
        }
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            break;
        }
    }
    let text: String = digits.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at(text.len() - decimals);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let sign = if text.bytes().all(|digit| digit == b'0') { "" } else { sign };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EUR: Style = Style::Currency(Currency(*b"EUR"));
    const STYLES: [Style; 11] = [
        Style::Auto,
        Style::Number,
        Style::Fixed(2),
        Style::Compact,
        Style::Percent,
        Style::Ratio,
        Style::Bytes,
        Style::BytesSi,
        Style::Duration,
        Style::Millis,
        EUR,
    ];
    const TAGS: [&str; 9] = ["en", "en-IN", "de", "de-CH", "fr", "pl", "tr", "sv", "ja"];

    #[test]
    fn each_locale_has_its_signs_in_their_places() {
        let cases = [
            ("de", Style::Auto, "-1234567.5", "-1.234.567,5"),
            ("en-IN", Style::Auto, "123456789012.5", "1,23,45,67,89,012.5"),
            ("en-IN", Style::Auto, "12345", "12,345"),
            ("fr", Style::Auto, "1234567", "1\u{a0}234\u{a0}567"),
            ("sv", Style::Auto, "-5", "−5"),
            ("pl", Style::Auto, "1234", "1234"),
            ("pl", Style::Auto, "12345", "12\u{a0}345"),
            ("es", Style::Auto, "1234", "1234"),
            ("de", Style::Percent, "12.5", "12,5\u{a0}%"),
            ("tr", Style::Percent, "12.5", "%12,5"),
            ("de", EUR, "-1234.5", "-1.234,5\u{a0}€"),
            ("nl", EUR, "-5", "€\u{a0}-5"),
            ("en-US", EUR, "-5", "-€5"),
            ("ja", Style::Currency(Currency(*b"JPY")), "5000", "￥5,000"),
            ("de", Style::Duration, "93784.5", "1d 2h 3m 4,5s"),
            ("en", Style::Millis, "93784500", "1d 2h 3m 4.5s"),
            ("en", Style::Millis, "5", "0.005s"),
            ("en", Style::BytesSi, "1500", "1,500\u{a0}B"),
        ];
        for (tag, style, text, expected) in cases {
            assert_eq!(Format::from(style).within(Locale::of(tag)).exact(text), expected, "{tag}");
        }
    }

    #[test]
    fn a_short_value_counts_in_its_locales_units() {
        let cases = [
            ("de", Style::Auto, 12_345.0, "12.345"),
            ("de", Style::Auto, 1_234_567.0, "1,23\u{a0}Mio."),
            ("en-IN", Style::Auto, 1_234_567.0, "12.3L"),
            ("ja", Style::Auto, 123_456.0, "12.3万"),
            ("fr", EUR, -1500.0, "-1,5\u{a0}k\u{a0}€"),
            ("en", Style::BytesSi, 1_500_000.0, "1.5\u{a0}MB"),
            ("en", Style::Millis, 125_000.0, "2m 5s"),
        ];
        for (tag, style, value, expected) in cases {
            assert_eq!(Format::from(style).within(Locale::of(tag)).short(value), expected, "{tag}");
        }
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        for (code, headline) in [(*b"EUR", "€12.50"), (*b"JPY", "¥12"), (*b"KWD", "KWD\u{a0}12.500")] {
            assert_eq!(Format::from(Style::Currency(Currency(code))).headline(12.5), headline);
        }
    }

    #[test]
    fn fixed_decimals_are_fixed_but_in_the_exact_value() {
        let format = Format::from(Style::Fixed(2));
        assert_eq!((format.cell("1234.5", true), format.cell("-0.001", false)), ("1,234.50".into(), "0.00".into()));
        assert_eq!((format.cell("9.995", true), format.cell("-1.005", true)), ("10.00".into(), "-1.01".into()));
        assert_eq!((format.exact("1.2345").as_str(), format.headline(1.2345).as_str()), ("1.2345", "1.23"));
    }

    #[test]
    fn an_exact_value_keeps_every_digit() {
        let cases = [
            (Style::Auto, "0", "0"),
            (Style::Auto, "999", "999"),
            (Style::Auto, "-1234567.250", "-1,234,567.250"),
            (Style::Auto, "18446744073709551596", "18,446,744,073,709,551,596"),
            (Style::Auto, "1e300", "1e300"),
            (Style::Auto, "nan", "nan"),
            (Style::Percent, "25.083", "25.083%"),
            (Style::Ratio, "0.25083", "25.083%"),
            (Style::Ratio, "-1", "-100%"),
            (Style::Ratio, "0.5", "50%"),
            (Style::Bytes, "1536", "1,536\u{a0}B"),
            (Style::Duration, "93784.5", "1d 2h 3m 4.5s"),
            (Style::Duration, "0", "0s"),
            (Style::Duration, "-60", "-1m"),
            (EUR, "-1234.5", "-€1,234.5"),
            (Style::Currency(Currency(*b"CHF")), "7", "CHF\u{a0}7"),
        ];
        for (format, text, expected) in cases {
            assert_eq!(Format::from(format).exact(text), expected);
        }
    }

    #[test]
    fn a_share_is_written_in_one_way_everywhere() {
        let english = Format::default();
        let cases = [
            (0.0, "0%"),
            (0.0004, "<0.1%"),
            (0.123_45, "12.3%"),
            (0.12, "12%"),
            (0.119_97, "12%"),
            (0.999_99, ">99.9%"),
            (1.0, "100%"),
            (2.7, "270%"),
            (12.403, "1,240%"),
            (1e9, ">1,000,000%"),
        ];
        for (share, expected) in cases {
            assert_eq!(english.share(share), expected);
        }
        assert_eq!(english.within(Locale::of("de")).share(0.125), "12,5\u{a0}%");
    }

    #[test]
    fn a_year_in_a_table_has_no_comma() {
        assert_eq!(Format::from(Style::Auto).cell("2026", false), "2026");
        assert_eq!(Format::from(Style::Auto).cell("2026", true), "2,026");
        assert_eq!(Format::from(Style::Number).cell("2026", false), "2,026");
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
            assert_eq!(Format::from(Style::Auto).short(value), expected);
        }
        assert_eq!(Format::from(Style::Bytes).short(1_258_291.0), "1.2\u{a0}MiB");
        assert_eq!(Format::from(Style::Ratio).short(f64::MAX), "inf%");
    }

    #[test]
    fn a_format_is_read_from_its_name_alone() {
        assert_eq!("currency:EUR".parse(), Ok(Format::from(EUR)));
        for text in [
            "",
            "Percent",
            "currency:",
            "currency:eur",
            "currency:EURO",
            "€",
            "number:",
            "number:12",
            "bytes:iec",
            "percent:1",
        ] {
            assert!(text.parse::<Format>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn without_its_commas_a_value_is_the_engines_text(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?") {
            prop_assert_eq!(Format::default().exact(&text).replace(',', ""), text);
        }

        #[test]
        fn no_number_is_too_odd_to_be_written(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            for style in STYLES {
                for tag in TAGS {
                    let format = Format::from(style).within(Locale::of(tag));
                    prop_assert!(!format.short(value).is_empty() && !format.headline(value).is_empty());
                }
            }
        }

        #[test]
        fn in_every_locale_the_digits_are_the_engines(text in "-?(0|[1-9][0-9]{0,75})(\\.[0-9]{1,20})?") {
            for tag in TAGS {
                let locale = Locale::of(tag);
                let written = Format::default().within(locale).exact(&text);
                let plain = written.replace(locale.group, "").replace(locale.decimal, ".").replace(locale.minus, "-");
                prop_assert_eq!(&plain, &text, "{} in {}", written, tag);
            }
        }

        #[test]
        fn fixed_decimals_are_the_nearest(units in -1_000_000i64..1_000_000, decimals in 0u8..6) {
            let text = trim(format!("{}{}.{:03}", if units < 0 { "-" } else { "" }, units.abs() / 1000, units.abs() % 1000));
            let shown = Format::from(Style::Fixed(decimals)).cell(&text, true).replace(',', "");
            let nearest: f64 = shown.parse().expect("a number");
            let half = 0.5 * 10f64.powi(-i32::from(decimals));
            prop_assert!((nearest - units as f64 / 1000.0).abs() <= half + 1e-9, "{} for {}", shown, text);
            prop_assert_eq!(shown.split_once('.').map_or(0, |(_, fraction)| fraction.len()), usize::from(decimals));
        }
    }
}
