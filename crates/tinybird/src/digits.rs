//! Digits, eight at a time: what a loop finds byte by byte, and guesses wrong at the end of each number, arithmetic in
//! one machine word finds at once (Hacker's Delight §6-1; Lemire, "Number Parsing at a Gigabyte per Second", 2021).
//!
//! A word holds eight bytes of text, the first one lowest.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = ONES * 0x80;
const LOW_BITS: u64 = ONES * 0x7f;
const ZEROS: u64 = ONES * b'0' as u64;

/// A number without sign and exponent that is no longer than seven bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    /// All of its digits as one whole number.
    pub(crate) digits: u64,
    /// How many of them stand after the point.
    pub(crate) decimals: usize,
    /// In bytes.
    pub(crate) length: usize,
}

impl Short {
    /// The number that these bytes begin with. `None` where they may say more than that: the number ends with none of
    /// them, has an exponent, or is none.
    #[inline]
    pub(crate) fn read(bytes: &[u8; 8]) -> Option<Self> {
        let word = u64::from_le_bytes(*bytes);
        let others = no_digits(word);
        let whole = first(others);
        if whole == 0 || whole == 8 || whole > 1 && bytes[0] == b'0' {
            return None;
        }
        let (digits, length) = match bytes[whole] {
            b'.' => {
                let end = first(others & (others - 1));
                if end == 8 || end == whole + 1 {
                    return None;
                }
                // What stands after the point moves to where it is.
                let before = word & ((1 << (8 * whole)) - 1);
                (before | (word >> 8) & (u64::MAX << (8 * whole)), end)
            }
            _ => (word, whole),
        };
        let decimals = length.saturating_sub(whole + 1);
        let count = length - usize::from(length > whole);
        (!matches!(bytes[length], b'e' | b'E')).then(|| Self { digits: value(digits, count), decimals, length })
    }
}

/// Hours, minutes and seconds as `14:05:09` writes them. `None` for what no clock shows.
#[inline]
pub(crate) fn time_of_day(bytes: &[u8; 8]) -> Option<[i64; 3]> {
    const SHAPE: u64 = u64::from_le_bytes(*b"00:00:00");
    // What added to a byte reaches its high bit: in a digit's place from ten on, in a colon's from one on.
    const MOST: u64 = u64::from_le_bytes([0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76]);
    let word = u64::from_le_bytes(*bytes) ^ SHAPE;
    if (((word & LOW_BITS) + MOST) | word) & HIGH_BITS != 0 {
        return None;
    }
    let pairs = word * 10 + (word >> 8);
    let [hour, minute, second] = [0, 24, 48].map(|at| (pairs >> at & 0xff) as i64);
    (hour < 24 && minute < 60 && second < 60).then_some([hour, minute, second])
}

/// The high bit of each byte that is no digit.
#[inline]
fn no_digits(word: u64) -> u64 {
    let word = word ^ ZEROS;
    (((word & LOW_BITS) + ONES * 0x76) | word) & HIGH_BITS
}

/// The place of the first byte whose high bit is set; 8 for none.
#[inline]
fn first(high_bits: u64) -> usize {
    (high_bits.trailing_zeros() / 8) as usize
}

/// What the first `count` bytes, one to eight digits, are together.
#[inline]
fn value(digits: u64, count: usize) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    // The last digit in the highest byte, and zeros before the first.
    let digits = (digits ^ ZEROS) << (8 * (8 - count));
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let thousands = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let ones = (pairs >> 16 & PAIRS).wrapping_mul(1 + (10_000 << 32));
    thousands.wrapping_add(ones) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_short_number_is_what_its_digits_say(
            whole in "0|[1-9][0-9]{0,6}",
            fraction in prop::option::of("[0-9]{1,5}"),
            after in "[^0-9.eE][ -~]{8}",
        ) {
            let number = fraction.as_ref().map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"));
            let text = format!("{number}{after}");
            let bytes = text.as_bytes().first_chunk().expect("eight bytes");
            let expected = (number.len() < 8).then(|| Short {
                digits: number.replace('.', "").parse().expect("digits"),
                decimals: fraction.map_or(0, |fraction| fraction.len()),
                length: number.len(),
            });
            prop_assert_eq!(Short::read(bytes), expected, "{}", text);
        }

        #[test]
        fn what_is_read_as_a_number_is_one(text in "[0-9.eE+,x-]{8}") {
            let bytes = text.as_bytes().first_chunk().expect("eight bytes");
            if let Some(Short { digits, decimals, length }) = Short::read(bytes) {
                let number: serde_json::Number = text[..length].parse().expect("JSON");
                prop_assert_eq!(number.as_f64(), Some(digits as f64 / 10f64.powi(decimals as i32)));
                prop_assert!(!text[length..].starts_with(|next: char| next.is_ascii_digit() || "eE".contains(next)));
            }
        }

        #[test]
        fn a_time_of_day_is_one_that_a_clock_shows(text in "[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9:;/é]{4,8}|[ -~]{8}") {
            let Some(bytes) = text.as_bytes().first_chunk::<8>().filter(|_| text.len() == 8) else { return Ok(()) };
            let expected = jiff::civil::Time::strptime("%H:%M:%S", &text).ok();
            // A leap second is read by a clock that has them, and the engine has none.
            let expected = expected.filter(|_| !text.ends_with("60") && bytes[2] == b':' && bytes[5] == b':');
            let expected = expected.map(|time| [time.hour(), time.minute(), time.second()].map(i64::from));
            prop_assert_eq!(time_of_day(bytes), expected, "{}", text);
        }
    }
}
