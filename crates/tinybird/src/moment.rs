//! Ticks on a wall clock, and how the engine writes them.

use jiff::civil::DateTime;
use jiff::{SignedDuration, civil};

use crate::kind::{Storage, Type, Unit};

const EPOCH: DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);
const SECONDS_A_DAY: i64 = 86_400;

/// Ticks as microseconds; what is finer is cut off towards the past.
pub(crate) fn micros(ticks: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Day => ticks.saturating_mul(SECONDS_A_DAY * 1_000_000),
        Unit::Second(digits @ 0..=6) => ticks.saturating_mul(power_of_ten(6 - digits)),
        Unit::Second(digits) => ticks.div_euclid(power_of_ten(digits - 6)),
    }
}

/// The date and time that a wall clock shows at so many microseconds.
pub(crate) fn clock(micros: i64) -> Option<DateTime> {
    EPOCH.checked_add(SignedDuration::from_micros(micros)).ok()
}

/// The engine's own text: as many digits as the type has.
pub(crate) fn text(ticks: i64, unit: Unit, kind: &Type) -> String {
    let (seconds, nanoseconds) = match unit {
        Unit::Day => (ticks.saturating_mul(SECONDS_A_DAY), 0),
        Unit::Second(digits) => {
            let scale = power_of_ten(digits);
            (ticks.div_euclid(scale), ticks.rem_euclid(scale) * power_of_ten(9 - digits))
        }
    };
    let shown = match kind.storage() {
        Storage::Time(shown) => shown,
        _ => unit,
    };
    let Ok(clock) = EPOCH.checked_add(SignedDuration::from_secs(seconds)) else {
        // Farther than the calendar reaches; the engine's types do not go there.
        return ticks.to_string();
    };
    let date = clock.date().to_string();
    match shown {
        Unit::Day => date,
        Unit::Second(digits) => {
            let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
            let mut text = format!("{date} {hour:02}:{minute:02}:{second:02}");
            if digits > 0 {
                let fraction = nanoseconds / power_of_ten(9 - digits);
                text.push_str(&format!(".{fraction:0width$}", width = usize::from(digits)));
            }
            text
        }
    }
}

/// Days since 1970-01-01, or `None` for a day that no calendar has.
pub(crate) fn days(year: i16, month: i8, day: i8) -> Option<i64> {
    let date = civil::Date::new(year, month, day).ok()?;
    Some(date.duration_since(EPOCH.date()).as_secs().div_euclid(SECONDS_A_DAY))
}

/// Ten to the power of 0 to 9.
pub(crate) fn power_of_ten(digits: u8) -> i64 {
    10_i64.pow(u32::from(digits.min(9)))
}
