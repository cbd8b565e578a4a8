//! One column while its answer is read.

use crate::kind::{Storage, Type, Unit};
use crate::moment;
use crate::scan::{Fault, Read, Scanner};
use crate::table::Column;
use crate::values::{Cells, Nulls, Texts, Values};

/// A column that grows by one cell with each row.
pub(crate) struct Build {
    name: String,
    kind: Type,
    cells: Cells,
    nulls: Nulls,
    /// The last date that was read and its day: times come in runs of one day.
    last_date: ([u8; 10], i64),
}

impl Build {
    pub(crate) fn new(name: String, kind: Type) -> Self {
        let cells = match kind.storage() {
            Storage::Bool => Cells::Bool(Vec::new()),
            Storage::Int => Cells::Int(Vec::new()),
            Storage::UInt => Cells::UInt(Vec::new()),
            Storage::Float => Cells::Float(Vec::new()),
            Storage::Time(unit) => Cells::Time(Vec::new(), unit),
            Storage::Digits => Cells::Digits(Texts::default()),
            Storage::Text => Cells::Text(Texts::default()),
            Storage::Json => Cells::Json(Texts::default()),
        };
        Self { name, kind, cells, nulls: Nulls::default(), last_date: (*b"1970-01-01", 0) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Makes room for so many more cells, which are as long as the first
    /// `sample` were.
    pub(crate) fn reserve(&mut self, more: usize, sample: usize) {
        match &mut self.cells {
            Cells::Bool(cells) => cells.reserve(more),
            Cells::Int(cells) | Cells::Time(cells, _) => cells.reserve(more),
            Cells::UInt(cells) => cells.reserve(more),
            Cells::Float(cells) => cells.reserve(more),
            Cells::Text(texts) | Cells::Digits(texts) | Cells::Json(texts) => texts.reserve(more, sample),
        }
    }

    /// The finished column.
    pub(crate) fn finish(mut self) -> Column {
        match &mut self.cells {
            Cells::Bool(cells) => cells.shrink_to_fit(),
            Cells::Int(cells) | Cells::Time(cells, _) => cells.shrink_to_fit(),
            Cells::UInt(cells) => cells.shrink_to_fit(),
            Cells::Float(cells) => cells.shrink_to_fit(),
            Cells::Text(texts) | Cells::Digits(texts) | Cells::Json(texts) => texts.shrink(),
        }
        Column::new(self.name, self.kind, Values { cells: self.cells, nulls: self.nulls })
    }

    /// Reads the next cell.
    #[inline]
    pub(crate) fn read(&mut self, scanner: &mut Scanner<'_>) -> Read<()> {
        let first = scanner.peek();
        if first == b'n' {
            scanner.word("null")?;
            self.push_null();
            return Ok(());
        }
        let quoted = first == b'"';
        match &mut self.cells {
            Cells::Bool(cells) => {
                scanner.word(if first == b't' { "true" } else { "false" })?;
                cells.push(first == b't');
            }
            Cells::Int(cells) => cells.push(in_quotes(scanner, quoted, Scanner::signed)?),
            Cells::UInt(cells) => cells.push(in_quotes(scanner, quoted, Scanner::unsigned)?),
            Cells::Float(cells) => cells.push(in_quotes(scanner, quoted, |scanner| float(scanner, quoted))?),
            Cells::Time(cells, unit) => cells.push(time(scanner, *unit, &mut self.last_date)?),
            Cells::Digits(texts) => texts.push(in_quotes(scanner, quoted, |scanner| digits(scanner, quoted))?),
            Cells::Text(texts) => {
                scanner.string_into(texts.open())?;
                texts.end();
            }
            Cells::Json(texts) => texts.push(scanner.value()?),
        }
        Ok(())
    }

    fn push_null(&mut self) {
        let row = match &mut self.cells {
            Cells::Bool(cells) => push_zero(cells),
            Cells::Int(cells) | Cells::Time(cells, _) => push_zero(cells),
            Cells::UInt(cells) => push_zero(cells),
            Cells::Float(cells) => push_zero(cells),
            Cells::Text(texts) | Cells::Digits(texts) => {
                texts.push("");
                texts.len() - 1
            }
            Cells::Json(texts) => {
                texts.push("null");
                texts.len() - 1
            }
        };
        self.nulls.set(row);
    }
}

fn push_zero<T: Default>(cells: &mut Vec<T>) -> usize {
    cells.push(T::default());
    cells.len() - 1
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
fn digits<'a>(scanner: &mut Scanner<'a>, quoted: bool) -> Read<&'a str> {
    if quoted && scanner.here() == b'"' {
        return Err(scanner.fault("expected a number"));
    }
    scanner.number()
}

/// A date, or a date and time, exactly as the engine's type writes it.
#[inline]
fn time(scanner: &mut Scanner<'_>, unit: Unit, last_date: &mut ([u8; 10], i64)) -> Read<i64> {
    let fault = scanner.fault("expected a date or a time as the column's type writes it");
    let ticks = read_time(scanner, unit, last_date).ok_or(fault)?;
    if scanner.take(b"\"") { Ok(ticks) } else { Err(Fault { at: fault.at, what: fault.what }) }
}

#[inline]
fn read_time(scanner: &mut Scanner<'_>, unit: Unit, last_date: &mut ([u8; 10], i64)) -> Option<i64> {
    let date: [u8; 10] = *scanner.take_chunk(b"\"")?;
    if date != last_date.0 {
        *last_date = (date, read_date(&date)?);
    }
    let days = last_date.1;
    let Unit::Second(places) = unit else { return Some(days) };
    let [hour_tens, hour, b':', minute_tens, minute, b':', second_tens, second] = *scanner.take_chunk(b" ")? else {
        return None;
    };
    let (hour, minute) = (two(hour_tens, hour)?, two(minute_tens, minute)?);
    let second = two(second_tens, second)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
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
