//! Opening, highest, lowest and closing value over time: a body from the first to the last, and a wick to the extremes.
//! A body that rose is hollow and one that fell is filled, so that the colour does not speak alone.

use perch_tinybird::Column;
use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::band::band;
use crate::cartesian::{Bottom, Frame, Request};
use crate::clock::Clock;
use crate::columns::{Holds, Needs, Role, Values};
use crate::palette::Paint;
use crate::scale::{self, Extent, Scale};
use crate::scene::{Area, Canvas, Scene, UNIT, pixels};
use crate::series::Along;
use crate::tally::{round, share};
use crate::{AxisScale, ChartError, Mark, Pick, Shape, Side, Spec, Style, text};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Each(&["open", "high", "low", "close"])).x(Role::Must(Holds::Times)), draw };

/// The least width of a candle with its air, in CSS pixels: what is narrower is merged with its neighbours.
const NARROWEST: f64 = 4.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let (Some(x), [open, high, low, close]) = (sheet.columns.x, sheet.columns.y.as_slice()) else {
        return sheet.blank(NO_VALUES);
    };
    let columns = [*open, *high, *low, *close];
    let (along, places) = Along::read(x, sheet)?;
    let Along::Time(clock) = &along else { return sheet.blank(NO_VALUES) };
    let all = read(columns, &places, clock)?;
    let half = band(all.iter().map(|candle| candle.from), clock) / 2.0;
    let span = |candles: &[Candle]| Some((candles.first()?.from - half, candles.last()?.to + half));
    let zoom = sheet.input.view.zoom.filter(|(from, to)| {
        from < to && all.iter().any(|candle| candle.to + half > *from && candle.from - half < *to)
    });
    let candles: Vec<Candle> = match zoom {
        Some((from, to)) => {
            let seen = |candle: &Candle| candle.to + half > from && candle.from - half < to;
            all.into_iter().filter(seen).collect()
        }
        None => all,
    };
    let Some((from, to)) = zoom.or_else(|| span(&candles)) else { return sheet.blank(NO_VALUES) };
    let Some(extent) = Extent::of(candles.iter().flat_map(|candle| [candle.high.value, candle.low.value])) else {
        return sheet.blank(NO_VALUES);
    };
    let spec = snug(sheet, extent);
    let request = sheet.request(extent, Bottom::Time { from, to, clock });
    let frame = Frame::lay_out(&Request { spec: &spec, ..request })?;
    let count = candles.len();
    let (candles, half) = merged(candles, half, (from, to), frame.plot);
    let body = |candle: &Candle| {
        let middle = candle.from / 2.0 + candle.to / 2.0;
        let (left, right) = (frame.x.at(middle - half * 0.7), frame.x.at(middle + half * 0.7));
        (left, right.max(left + UNIT))
    };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for candle in &candles {
            candle.draw(&canvas, body(candle), &frame.y, candle.paint(sheet))?;
        }
        frame.draw_upon(&canvas)?;
    }
    let mark = |candle: &Candle| {
        let (left, right) = (frame.x.at(candle.from - half), frame.x.at(candle.to + half));
        let left = left.min(frame.plot.right - UNIT);
        let band = Area { left, right: right.max(left + UNIT), ..frame.plot };
        let mut mark =
            Mark::new(Shape::Rect(band.to_rect()), candle.name(clock), candle.entries(sheet, columns, &frame));
        mark.at = Some(candle.from / 2.0 + candle.to / 2.0);
        mark
    };
    let list = candles.iter().map(mark).collect();
    let summary = summary(sheet, &candles, count, clock, columns);
    Ok(Picture { across: frame.across(), ..Picture::new(scene, marks(frame.plot, Pick::Shape, list), summary) })
}

/// The spec with an axis that begins and ends near the candles: how a price moves is what they show, and nothing of
/// them stands on zero.
fn snug(sheet: &Sheet<'_>, mut extent: Extent) -> Spec {
    let mut spec = sheet.spec.clone();
    spec.thresholds.iter().filter(|line| line.axis == Side::Left).for_each(|line| extent.add(line.value));
    let axis = &mut spec.y_axis;
    let free = axis.scale == AxisScale::Linear && axis.min.is_none() && axis.max.is_none();
    if free && extent.greatest - extent.least > extent.greatest.abs() * 1e-9 {
        let count = (sheet.height() / 60.0).clamp(2.0, 6.0) as usize;
        let ends = scale::ticks((extent.least, extent.greatest), count, sheet.value_format(), false).domain;
        (axis.min, axis.max) = (Some(ends.0), Some(ends.1));
    }
    spec
}

/// A value and the row that holds it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    value: f64,
    row: usize,
}

/// One candle, of one moment or of several that share a pixel.
#[derive(Debug, Clone, Copy)]
struct Candle {
    from: f64,
    to: f64,
    open: Cell,
    high: Cell,
    low: Cell,
    close: Cell,
}

/// The candles by time; rows that lack one of the four are gaps, and rows of the same moment are one candle.
fn read(columns: [&Column; 4], places: &[f64], clock: &Clock) -> Result<Vec<Candle>, ChartError> {
    let mut rows: Vec<usize> = (0..places.len()).filter(|row| places[*row].is_finite()).collect();
    rows.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut candles: Vec<Candle> = Vec::new();
    for row in rows {
        let at = places[row];
        let cells = columns.map(|column| column.number(row).filter(|value| value.is_finite()));
        let [Some(open), Some(high), Some(low), Some(close)] = cells else { continue };
        let name = |column: &Column| text::name(column.name());
        if high < low {
            let (high, low) = (name(columns[1]), name(columns[2]));
            return Err(ChartError::HighBelowLow { high, low, at: clock.write(at) });
        }
        if let Some(column) = [(open, 0), (close, 3)].iter().find(|(value, _)| !(low..=high).contains(value)) {
            let (high, low) = (name(columns[1]), name(columns[2]));
            return Err(ChartError::OutsideCandle { column: name(columns[column.1]), low, high, at: clock.write(at) });
        }
        let cell = |value| Cell { value, row };
        let [open, high, low, close] = [open, high, low, close].map(cell);
        let candle = Candle { from: at, to: at, open, high, low, close };
        match candles.last_mut() {
            Some(last) if last.to == at => *last = last.and(candle),
            _ => candles.push(candle),
        }
    }
    Ok(candles)
}

/// Merges neighbours until every candle has room, and says half of how much time each then takes.
fn merged(candles: Vec<Candle>, half: f64, (from, to): (f64, f64), plot: Area) -> (Vec<Candle>, f64) {
    let room = f64::from(plot.width()) / f64::from(UNIT) / NARROWEST;
    let slot = (to - from) / room.max(1.0);
    if half * 2.0 >= slot || candles.len() < 2 {
        return (candles, half);
    }
    // Counted from the beginning of time, so that a candle holds the same moments when the window moves on.
    let at = |candle: &Candle| (candle.from / slot).floor();
    let mut kept: Vec<Candle> = Vec::new();
    for candle in candles {
        match kept.last_mut() {
            Some(last) if at(last) == at(&candle) => *last = last.and(candle),
            _ => kept.push(candle),
        }
    }
    (kept, half.max(slot * 0.42))
}

impl Candle {
    /// This one and the one after it as one.
    fn and(self, next: Self) -> Self {
        Self {
            from: self.from,
            to: next.to,
            open: self.open,
            high: if next.high.value > self.high.value { next.high } else { self.high },
            low: if next.low.value < self.low.value { next.low } else { self.low },
            close: next.close,
        }
    }

    fn rose(&self) -> bool {
        self.close.value >= self.open.value
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Paint {
        if self.rose() { sheet.palette.good } else { sheet.palette.bad }
    }

    fn draw(&self, canvas: &Canvas<'_>, (left, right): (i32, i32), y: &Scale, paint: Paint) -> Result<(), ChartError> {
        let at = |cell: Cell| y.at(cell.value);
        let middle = (left + right) / 2;
        let (top, bottom) = (at(self.open).min(at(self.close)), at(self.open).max(at(self.close)));
        for (from, to) in [(at(self.high), top), (bottom, at(self.low))] {
            if to - from >= 1 {
                canvas.draw(&PathElement::new([(middle, from), (middle, to)], paint.stroke_width(10)))?;
            }
        }
        let hollow = self.rose() && right - left >= UNIT * 3 && bottom - top >= UNIT * 2;
        if bottom - top < UNIT {
            // It closed as it opened: a line.
            canvas.draw(&PathElement::new([(left, top), (right, top)], paint.stroke_width(12)))?;
        } else if hollow {
            let inset = UNIT / 2;
            let (left, right, top, bottom) = (left + inset, right - inset, top + inset, bottom - inset);
            let outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            canvas.draw(&PathElement::new(outline, paint.stroke_width(10)))?;
        } else {
            canvas.draw(&Rectangle::new([(left, top), (right, bottom)], paint.filled()))?;
        }
        Ok(())
    }

    /// The moment, or the first and the last of several.
    fn name(&self, clock: &Clock) -> String {
        if self.from == self.to {
            clock.write(self.from)
        } else {
            format!("{} to {}", clock.write(self.from), clock.write(self.to))
        }
    }

    fn entries(&self, sheet: &Sheet<'_>, columns: [&Column; 4], frame: &Frame) -> Vec<crate::Entry> {
        let paint = self.paint(sheet);
        let cells = [self.open, self.high, self.low, self.close];
        let mut entries: Vec<crate::Entry> = ["Open", "High", "Low", "Close"]
            .into_iter()
            .zip(columns)
            .zip(cells)
            .map(|((name, column), cell)| {
                entry(name, sheet.exact(column, cell.row), paint, Some(pixels(frame.y.at(cell.value))))
            })
            .collect();
        let change = self.close.value - self.open.value;
        let sign = if change > 0.0 { "+" } else { "" };
        let mut value = format!("{sign}{}", sheet.format(columns[3]).exact(&round(change)));
        if self.open.value > 0.0 {
            let share = share(change.abs(), self.open.value, sheet.format(columns[3]));
            value.push_str(&format!(" ({}{share})", if change < 0.0 { "-" } else { sign }));
        }
        entries.push(entry("Change", value, paint, None));
        entries
    }
}

/// `Candlestick chart of open, high, low and close by day, from … to …, 250 candles: opened at 10, closed at 12; highest
/// 14 on …, lowest 8 on ….`
fn summary(sheet: &Sheet<'_>, candles: &[Candle], count: usize, clock: &Clock, columns: [&Column; 4]) -> String {
    let (Some(first), Some(last)) = (candles.first(), candles.last()) else { return String::new() };
    let names = columns.map(|column| text::name(column.name()));
    let by = sheet.columns.x.map(|x| text::name(x.name())).unwrap_or_default();
    let all = candles.iter().copied().reduce(Candle::and).unwrap_or(*first);
    let say = |column: &Column, cell: Cell| sheet.format(column).headline(cell.value);
    let written = sheet.spec.format.styled(Style::Number).exact(&count.to_string());
    let merged = if candles.len() < count { format!(", drawn as {}", candles.len()) } else { String::new() };
    format!(
        "Candlestick chart of {} by {by}, from {} to {}, {written} {}{merged}: opened at {}, closed at {}; highest {}, \
         lowest {}.",
        super::enumerate(names.iter().map(String::as_str)),
        clock.write(first.from),
        clock.write(last.to),
        if count == 1 { "candle" } else { "candles" },
        say(columns[0], all.open),
        say(columns[3], all.close),
        say(columns[1], all.high),
        say(columns[2], all.low),
    )
}
