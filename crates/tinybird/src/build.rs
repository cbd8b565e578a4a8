//! A column while its answer is read: it grows by one cell with each row.

use crate::kind::{Type, Unit};
use crate::scan::{Fault, Read, Scanner};
use crate::table::Column;
use crate::values::{Cells, Values};
use crate::{digits, moment};

impl Column {
    /// A column of no rows yet.
    pub(crate) fn empty(name: impl Into<Box<str>>, kind: Type) -> Self {
        let values = Values::none(kind.storage());
        Self::new(name, kind, values)
    }

    /// Makes room for `more` cells.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.values_mut().cells.reserve(more);
    }

    /// Makes room for the bytes of `more` texts like those that are there, which
    /// come from the `left` bytes.
    pub(crate) fn reserve_bytes(&mut self, more: usize, left: usize) {
        self.values_mut().cells.reserve_bytes(more, left);
    }

    /// Gives back the room that was not needed.
    pub(crate) fn shrink(&mut self) {
        self.values_mut().cells.shrink();
    }

    /// Reads the next cell.
    #[inline]
    pub(crate) fn read(&mut self, scanner: &mut Scanner<'_>, dates: &mut Dates) -> Read<()> {
        let values = self.values_mut();
        let first = scanner.peek();
        if first == b'n' {
            scanner.word("null")?;
            push_null(values, scanner.left());
            return Ok(());
        }
        let quoted = first == b'"';
        match &mut values.cells {
            Cells::Bool(cells) => {
                scanner.word(if first == b't' { "true" } else { "false" })?;
                cells.push(first == b't');
            }
            Cells::Int(cells) => cells.push(in_quotes(scanner, quoted, Scanner::signed)?),
            Cells::UInt(cells) => cells.push(in_quotes(scanner, quoted, Scanner::unsigned)?),
            Cells::Float(cells) => cells.push(in_quotes(scanner, quoted, |scanner| float(scanner, quoted))?),
            Cells::Time(cells, unit) => cells.push(time(scanner, *unit, dates)?),
            Cells::Digits(texts) => {
                texts.push(in_quotes(scanner, quoted, |scanner| wide(scanner, quoted))?, scanner.left());
            }
            Cells::Text(texts) => {
                scanner.string_pieces(|piece, left| texts.extend(piece, left))?;
                texts.end();
            }
            Cells::Json(texts) => texts.push(scanner.value()?, scanner.left()),
        }
        Ok(())
    }
}

fn push_null(values: &mut Values, left: usize) {
    let row = values.len();
    match &mut values.cells {
        Cells::Bool(cells) => cells.push(false),
        Cells::Int(cells) | Cells::Time(cells, _) => cells.push(0),
        Cells::UInt(cells) => cells.push(0),
        Cells::Float(cells) => cells.push(0.0),
        Cells::Text(texts) | Cells::Digits(texts) => texts.end(),
        Cells::Json(texts) => texts.push("null", left),
    }
    values.nulls.set(row);
}

/// A number stands bare or, where it has 64 bits or more, in quotes.
#[inline]
fn in_quotes<'a, T>(
    scanner: &mut Scanner<'a>,
    quoted: bool,
    read: impl FnOnce(&mut Scanner<'a>) -> Read<T>,
) -> Read<T> {
    if !quoted {
        return read(scanner);
    }
    scanner.bump();
    let value = read(scanner)?;
    if scanner.take(b"\"") { Ok(value) } else { Err(scanner.fault("expected the closing quote of a number")) }
}

/// A float; in quotes also `nan`, `inf` and `-inf`.
#[inline]
fn float(scanner: &mut Scanner<'_>, quoted: bool) -> Read<f64> {
    if quoted {
        for (word, value) in
            [("nan", f64::NAN), ("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("-nan", f64::NAN)]
        {
            if scanner.take(word.as_bytes()) {
                return Ok(value);
            }
        }
    }
    scanner.float()
}

/// A wide integer or a decimal, in its own digits.
fn wide<'a>(scanner: &mut Scanner<'a>, quoted: bool) -> Read<&'a str> {
    if quoted && scanner.here() == b'"' {
        return Err(scanner.fault("expected a number"));
    }
    scanner.number()
}

/// A date, or a date and time, exactly as the engine's type writes it.
#[inline]
fn time(scanner: &mut Scanner<'_>, unit: Unit, dates: &mut Dates) -> Read<i64> {
    let fault = scanner.fault("expected a date or a time as the column's type writes it");
    let ticks = read_time(scanner, unit, dates).ok_or(fault)?;
    if scanner.take(b"\"") { Ok(ticks) } else { Err(Fault { at: fault.at, what: fault.what }) }
}

#[inline]
fn read_time(scanner: &mut Scanner<'_>, unit: Unit, dates: &mut Dates) -> Option<i64> {
    let days = dates.days(scanner.take_chunk(b"\"")?)?;
    let Unit::Second(places) = unit else { return Some(days) };
    let [hour, minute, second] = digits::time_of_day(scanner.take_chunk(b" ")?)?;
    let mut ticks = days * 86_400 + hour * 3_600 + minute * 60 + second;
    if places > 0 {
        if !scanner.take(b".") {
            return None;
        }
        for _ in 0..places {
            let digit = scanner.here().wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            scanner.bump();
            // Nine places of a second reach from 1677 to 2262, as in the engine.
            ticks = ticks.checked_mul(10)?.checked_add(i64::from(digit))?;
        }
    }
    Some(ticks)
}

/// The dates that were read last, and their days: times come in runs of one
/// day, or of one month. A date's place is its day of the month.
pub(crate) struct Dates([([u8; 10], i64); 64]);

impl Default for Dates {
    fn default() -> Self {
        Self([(*b"1970-01-01", 0); 64])
    }
}

impl Dates {
    #[inline]
    fn days(&mut self, date: &[u8; 10]) -> Option<i64> {
        let [.., tens, ones] = *date;
        let seen = &mut self.0[usize::from(tens & 3) << 4 | usize::from(ones & 15)];
        if seen.0 != *date {
            *seen = (*date, read_date(date)?);
        }
        Some(seen.1)
    }
}

fn read_date(date: &[u8; 10]) -> Option<i64> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *date else { return None };
    let year = two(a, b)? * 100 + two(c, d)?;
    moment::days(year.try_into().ok()?, two(e, f)?.try_into().ok()?, two(g, h)?.try_into().ok()?)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}
