//! Reading JSON (RFC 8259) where it stands: one pass over the bytes, nothing
//! copied that is not kept.
//!
//! The general parsers build a value for everything they read. An answer is
//! mostly the same few keys again and again, so the decoder wants to step over
//! bytes it has seen before, and to read a number straight into its column.

use std::borrow::Cow;

use crate::digits::Short;

/// How deep arrays and objects may nest. A pipe's answer has three levels of
/// its own; the rest is for the values.
pub(crate) const MAX_DEPTH: usize = 100;

/// A place in a text.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// What is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

pub(crate) type Read<T> = Result<T, Fault>;

/// Bytes that are expected to come again and again.
#[derive(Debug, Clone)]
pub(crate) struct Expected<'a> {
    text: &'a str,
    words: Option<Box<Words>>,
}

/// Up to 32 bytes in words, compared without a call.
#[derive(Debug, Clone)]
struct Words {
    words: [u64; 4],
    /// A bit that is none of theirs is 0.
    masks: [u64; 4],
}

impl<'a> Expected<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let (mut bytes, mut mask) = ([0; 32], [0; 32]);
        for (place, byte) in text.bytes().enumerate().take(bytes.len()) {
            (bytes[place], mask[place]) = (byte, 0xff);
        }
        let fits = text.len() <= bytes.len();
        Self { text, words: fits.then(|| Box::new(Words { words: words(&bytes), masks: words(&mask) })) }
    }

    /// The same, compared as it is: for so many of them that the words would be more than what they save.
    pub(crate) fn plain(text: &'a str) -> Self {
        Self { text, words: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[inline]
fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let (words, _) = bytes.as_chunks();
    [0, 1, 2, 3].map(|word| u64::from_ne_bytes(words[word]))
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The same text from another byte on.
    pub(crate) fn moved_to(&self, at: usize) -> Self {
        Self { text: self.text, at }
    }

    /// All of the text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    /// What was read since `start`.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The byte here, or 0 at the end. (A 0 in the text is no JSON either.)
    #[inline]
    pub(crate) fn here(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Steps over white space; the byte after it.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        loop {
            match self.here() {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Steps over the byte that [`Scanner::peek`] has shown.
    #[inline]
    pub(crate) fn bump(&mut self) {
        self.at += 1;
    }

    /// Steps over `bytes` if exactly they stand here. They must end on a
    /// character's boundary, as whatever was read from this text does.
    #[inline]
    pub(crate) fn take(&mut self, bytes: &[u8]) -> bool {
        let there = self.rest().starts_with(bytes);
        if there {
            self.at += bytes.len();
        }
        there
    }

    /// The same for what is expected often.
    #[inline]
    pub(crate) fn take_expected(&mut self, expected: &Expected<'_>) -> bool {
        let (Some(here), Some(there)) = (self.rest().first_chunk(), &expected.words) else {
            return self.take(expected.text.as_bytes());
        };
        let here = words(here);
        let differ = (0..4).fold(0, |differ, word| differ | ((here[word] ^ there.words[word]) & there.masks[word]));
        if differ == 0 {
            self.at += expected.text.len();
        }
        differ == 0
    }

    /// Steps over `before` and the `N` bytes after it, and shows those. They
    /// must be ASCII, or nothing is stepped over.
    #[inline]
    pub(crate) fn take_chunk<const N: usize>(&mut self, before: &[u8]) -> Option<&'a [u8; N]> {
        let chunk = self.rest().strip_prefix(before)?.first_chunk()?;
        if !chunk.is_ascii() {
            return None;
        }
        self.at += before.len() + N;
        Some(chunk)
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Read<()> {
        if self.peek() != byte {
            return Err(self.fault(what));
        }
        self.at += 1;
        Ok(())
    }

    /// The end of the text, after white space.
    pub(crate) fn end(&mut self) -> Read<()> {
        self.peek();
        if self.at < self.text.len() { Err(self.fault("something follows the end")) } else { Ok(()) }
    }

    pub(crate) fn word(&mut self, word: &'static str) -> Read<()> {
        if self.take(word.as_bytes()) { Ok(()) } else { Err(self.fault("expected null, true or false")) }
    }

    /// A string, borrowed where it has no escapes.
    pub(crate) fn string(&mut self) -> Read<Cow<'a, str>> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        self.at += plain_run(self.rest());
        if self.here() == b'"' {
            let text = self.since(start);
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        // An escape is never shorter than what it stands for.
        let mut ahead = self.clone();
        ahead.string_tail(|_, _| {})?;
        let mut out = String::with_capacity(ahead.at - start);
        out.push_str(self.since(start));
        self.string_tail(|piece, _| out.push_str(piece))?;
        Ok(Cow::Owned(out))
    }

    /// A string, handed to `keep` piece by piece, each with the number of bytes
    /// that are left behind it.
    #[inline]
    pub(crate) fn string_pieces(&mut self, keep: impl FnMut(&str, usize)) -> Read<()> {
        self.expect(b'"', "expected a string")?;
        self.string_tail(keep)
    }

    #[inline]
    fn string_tail(&mut self, mut keep: impl FnMut(&str, usize)) -> Read<()> {
        loop {
            let start = self.at;
            self.at += plain_run(self.rest());
            keep(self.since(start), self.left());
            match self.here() {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    let character = self.escape()?;
                    keep(character.encode_utf8(&mut [0; 4]), self.left());
                }
                _ => return Err(self.fault("a string does not end, or holds a bare control character")),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        self.at += 1;
        let byte = self.here();
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hexadecimal()?;
                let code = match first {
                    0xd800..=0xdbff if self.take(b"\\u") => match self.hexadecimal()? {
                        second @ 0xdc00..=0xdfff => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                        _ => first,
                    },
                    _ => first,
                };
                char::from_u32(code).ok_or(Fault { at: start, what: "half of a surrogate pair" })?
            }
            _ => return Err(Fault { at: start, what: "an unknown escape" }),
        })
    }

    fn hexadecimal(&mut self) -> Read<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.here()).to_digit(16);
            code = code * 16 + digit.ok_or(self.fault("\\u takes four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(code)
    }

    /// The number here, if it is short: most are.
    #[inline]
    fn short(&self) -> Option<Short> {
        Short::read(self.rest().first_chunk()?)
    }

    /// An integer without sign.
    #[inline]
    pub(crate) fn unsigned(&mut self) -> Read<u64> {
        if let Some(Short { digits, decimals: 0, length }) = self.short() {
            self.at += length;
            return Ok(digits);
        }
        self.long_unsigned()
    }

    fn long_unsigned(&mut self) -> Read<u64> {
        let (mut value, mut length) = (0_u64, 0);
        let rest = self.rest();
        while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            // Nineteen digits cannot overflow; the twentieth can.
            value = if length < 19 {
                value * 10 + u64::from(digit)
            } else {
                let shifted = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit)));
                shifted.ok_or(self.fault("an integer of more than 64 bits"))?
            };
            length += 1;
        }
        if length == 0 || (length > 1 && rest[0] == b'0') {
            return Err(self.fault("expected an integer"));
        }
        self.at += length;
        match self.here() {
            b'.' | b'e' | b'E' => Err(self.fault("expected an integer, found a fraction")),
            _ => Ok(value),
        }
    }

    /// An integer with or without a sign.
    #[inline]
    pub(crate) fn signed(&mut self) -> Read<i64> {
        let start = self.at;
        let negative = self.take(b"-");
        let magnitude = self.unsigned()?;
        let value = if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
        value.ok_or(Fault { at: start, what: "an integer of more than 64 bits" })
    }

    /// The nearest double.
    #[inline]
    pub(crate) fn float(&mut self) -> Read<f64> {
        let start = self.at;
        let negative = self.take(b"-");
        if let Some(Short { digits, decimals, length }) = self.short() {
            self.at += length;
            let magnitude = digits as f64 / POWERS[decimals];
            return Ok(if negative { -magnitude } else { magnitude });
        }
        self.at = start;
        self.long_float()
    }

    fn long_float(&mut self) -> Read<f64> {
        let start = self.at;
        let parts = self.number_parts()?;
        // Both factors are exact, so the one rounding is right (Clinger 1990).
        if parts.mantissa < (1 << 53) && (-22..=22).contains(&parts.exponent) {
            let mantissa = parts.mantissa as f64;
            let power = POWERS[parts.exponent.unsigned_abs() as usize];
            let magnitude = if parts.exponent < 0 { mantissa / power } else { mantissa * power };
            return Ok(if parts.negative { -magnitude } else { magnitude });
        }
        self.since(start).parse().map_err(|_| Fault { at: start, what: "expected a number" })
    }

    /// A number of any length, as it is written.
    pub(crate) fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        self.number_parts()?;
        Ok(self.since(start))
    }

    #[inline]
    fn number_parts(&mut self) -> Read<Number> {
        let mut number = Number { negative: self.take(b"-"), mantissa: 0, exponent: 0 };
        let first = self.here();
        let whole = self.digits(&mut number);
        if whole == 0 || (first == b'0' && whole > 1) {
            return Err(self.fault("expected a number"));
        }
        if self.here() == b'.' {
            self.at += 1;
            let fraction = self.digits(&mut number);
            if fraction == 0 {
                return Err(self.fault("expected digits after the point"));
            }
            number.exponent = i32::try_from(fraction).map_or(i32::MIN, |fraction| -fraction);
        }
        if let b'e' | b'E' = self.here() {
            self.at += 1;
            let negative = match self.here() {
                sign @ (b'+' | b'-') => {
                    self.at += 1;
                    sign == b'-'
                }
                _ => false,
            };
            let mut power = Number { negative, mantissa: 0, exponent: 0 };
            if self.digits(&mut power) == 0 {
                return Err(self.fault("expected digits in the exponent"));
            }
            let power = i32::try_from(power.mantissa).unwrap_or(i32::MAX);
            number.exponent = number.exponent.saturating_add(if negative { -power } else { power });
        }
        Ok(number)
    }

    #[inline]
    fn digits(&mut self, number: &mut Number) -> usize {
        let rest = self.rest();
        let mut length = 0;
        while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            // Where digits are left out, the mantissa is beyond a double's already.
            if number.mantissa < 1_000_000_000_000_000_000 {
                number.mantissa = number.mantissa * 10 + u64::from(digit);
            }
            length += 1;
        }
        self.at += length;
        length
    }

    /// Any value, checked and stepped over; its text.
    pub(crate) fn value(&mut self) -> Read<&'a str> {
        self.peek();
        let start = self.at;
        self.skip(0)?;
        Ok(self.since(start))
    }

    fn skip(&mut self, depth: usize) -> Read<()> {
        if depth >= MAX_DEPTH {
            return Err(self.fault(TOO_DEEP));
        }
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' => self.each(b'}', |scanner| {
                scanner.peek();
                scanner.skip_string()?;
                scanner.expect(b':', "expected a colon")?;
                scanner.skip(depth + 1)
            }),
            b'[' => self.each(b']', |scanner| scanner.skip(depth + 1)),
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number().map(drop),
        }
    }

    fn skip_string(&mut self) -> Read<()> {
        if self.here() != b'"' {
            return Err(self.fault("expected a string"));
        }
        self.at += 1;
        self.string_tail(|_, _| {})
    }

    /// Reads `element` between an opening bracket, commas, and `close`.
    fn each(&mut self, close: u8, mut element: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.peek();
        self.bump();
        if self.peek() == close {
            self.bump();
            return Ok(());
        }
        loop {
            element(self)?;
            match self.peek() {
                b',' => self.bump(),
                byte if byte == close => {
                    self.bump();
                    return Ok(());
                }
                _ => return Err(self.fault("expected a comma or the end of the list")),
            }
        }
    }

    /// The texts of an array's elements.
    pub(crate) fn elements(&mut self) -> Read<Vec<&'a str>> {
        let mut elements = Vec::new();
        self.items(|scanner| {
            elements.push(scanner.value()?);
            Ok(())
        })?;
        Ok(elements)
    }

    /// Hands each element of an array to `item`, which must read it.
    pub(crate) fn items(&mut self, item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        if self.peek() != b'[' {
            return Err(self.fault("expected an array"));
        }
        self.each(b']', item)
    }

    /// Hands each entry of an object to `entry`, which must read its value.
    pub(crate) fn entries(&mut self, mut entry: impl FnMut(Cow<'a, str>, &mut Self) -> Read<()>) -> Read<()> {
        if self.peek() != b'{' {
            return Err(self.fault("expected an object"));
        }
        self.each(b'}', |scanner| {
            let key = scanner.key()?;
            entry(key, scanner)
        })
    }

    /// A key, its colon, and the white space before the value.
    pub(crate) fn key(&mut self) -> Read<Cow<'a, str>> {
        let key = self.string()?;
        self.expect(b':', "expected a colon")?;
        self.peek();
        Ok(key)
    }
}

pub(crate) const TOO_DEEP: &str = "values nest too deep";

struct Number {
    negative: bool,
    mantissa: u64,
    exponent: i32,
}

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// How many bytes stand before the first quote, backslash or control
/// character: eight at a time, by the arithmetic of Hacker's Delight §6-1.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH_BITS;
        let hits = quotes | backslashes | controls;
        if hits != 0 {
            // A borrow can only set bits above the first true hit.
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.value().and_then(|_| scanner.end()).is_ok()
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(whole(&nested(MAX_DEPTH - 1)));
        assert!(!whole(&nested(MAX_DEPTH + 1)));
        assert!(!whole(&"[{\"a\":".repeat(1_000_000)));
    }

    #[test]
    fn a_surrogate_pair_is_one_character_and_half_a_pair_none() {
        assert_eq!(Scanner::new(r#""\ud83d\udc26""#).string(), Ok(Cow::Borrowed("🐦")));
        for broken in [r#""\ud83d""#, r#""\udc26""#, r#""\ud83d\n""#, r#""\ud83dA""#] {
            assert!(Scanner::new(broken).string().is_err(), "{broken}");
        }
    }

    #[test]
    fn integers_are_exact_to_the_last_of_64_bits() {
        assert_eq!(Scanner::new("18446744073709551615").unsigned(), Ok(u64::MAX));
        assert_eq!(Scanner::new("-9223372036854775808").signed(), Ok(i64::MIN));
        for too_far in ["18446744073709551616", "99999999999999999999", "100000000000000000000"] {
            assert!(Scanner::new(too_far).unsigned().is_err(), "{too_far}");
        }
        assert!(Scanner::new("-9223372036854775809").signed().is_err());
        assert!(Scanner::new("9223372036854775808").signed().is_err());
        for odd in ["", "-", "01", "1.5", "1e3", "+1"] {
            assert!(Scanner::new(odd).signed().is_err(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_json_to_us_is_json_to_serde(text in r#"[\[\]{}:," \\/abefnrtul0-9eE+.\-]{0,24}|\PC*"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // Serde refuses numbers beyond a double, which RFC 8259 §6 permits.
            let range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(range || whole(&text) == theirs.is_ok(), "{text:?}: {theirs:?}");
        }

        #[test]
        fn any_string_reads_back(text in any::<String>(), padding in 0..9_usize) {
            let json = format!("{}{}", " ".repeat(padding), serde_json::to_string(&text).expect("json"));
            prop_assert_eq!(Scanner::new(&json).string(), Ok(Cow::Borrowed(text.as_str())));
            let mut out = String::new();
            prop_assert_eq!(Scanner::new(&json).string_pieces(|piece, _| out.push_str(piece)), Ok(()));
            prop_assert_eq!(&out, &text);
            prop_assert_eq!(Scanner::new(&json).value(), Ok(json.trim()));
        }

        #[test]
        fn any_number_reads_as_its_nearest_double(text in r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?") {
            let nearest: f64 = text.parse().expect("a number");
            prop_assert_eq!(Scanner::new(&text).float().map(f64::to_bits), Ok(nearest.to_bits()));
            prop_assert_eq!(Scanner::new(&text).number(), Ok(text.as_str()));
        }

        #[test]
        fn any_double_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(Scanner::new(&format!("{value:e}")).float().map(f64::to_bits), Ok(bits));
        }
    }
}
