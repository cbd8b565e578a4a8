//! A ring of shares, with the total in the middle and a name beside each share.

use std::f64::consts::TAU;

use perch_tinybird::Column;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::bar_list::{Part, fold, parts, summary};
use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::palette::Paint;
use crate::scene::{Canvas, Scene, Wedge, pixels, units};
use crate::tally::Tally;
use crate::{ChartError, Mark, Pick, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)), draw };

/// Slices before "Other" where nothing is said: more are not told apart at a glance.
const MOST: usize = 6;
const ROW: f32 = 21.0;
const SWATCH: f32 = 9.0;
const GAP: f32 = 18.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let parts = parts(x, y);
    if let Some(part) = parts.iter().find(|part| part.tally.value().is_some_and(|value| value < 0.0)) {
        return Err(ChartError::Negative { column: text::name(y.name()), category: part.name.clone() });
    }
    let count = parts.len();
    let most = sheet.spec.limit.unwrap_or(MOST).min(sheet.palette.series.len());
    let parts = fold(parts, most, y);
    let total = parts.iter().fold(Tally::default(), |sum, part| sum.plus(y, part.tally, y));
    let Some(whole) = total.value().filter(|whole| *whole > 0.0 && whole.is_finite()) else {
        return sheet.blank(NO_VALUES);
    };
    let slices = slices(sheet, &parts, y, whole);
    let layout = Layout::of(sheet, &slices);

    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        for slice in &slices {
            canvas.draw(&layout.wedge(slice, true))?;
        }
        layout.total(sheet, &canvas, &total, y)?;
        layout.legend(sheet, &canvas, &slices)?;
    }
    let list = slices.iter().map(|slice| layout.mark(slice, y)).collect();
    let marks = marks(sheet.whole(), Pick::Shape, list);
    Ok(Picture::new(scene, marks, summary(sheet, x, y, &parts, count)))
}

/// A part with its place on the ring.
struct Slice {
    name: String,
    exact: String,
    short: String,
    share: String,
    paint: Paint,
    /// In turns.
    start: f64,
    end: f64,
}

fn slices(sheet: &Sheet<'_>, parts: &[Part], y: &Column, whole: f64) -> Vec<Slice> {
    let named = parts.iter().filter(|part| !part.other).map(|part| part.name.as_str());
    let mut ranks = sheet.input.setting.colors.ranks(named, sheet.palette.series.len()).into_iter();
    let mut start = 0.0;
    let slice = |part: &Part| {
        let value = part.tally.value().unwrap_or_default();
        let rank = if part.other { None } else { ranks.next() };
        let share = value / whole;
        let end = start + share;
        let from = std::mem::replace(&mut start, end);
        let exact = part.tally.text(y).unwrap_or_default();
        Slice {
            name: part.name.clone(),
            exact: sheet.spec.format.exact(&exact),
            short: sheet.spec.format.short(value),
            share: percent(share),
            paint: rank.map_or(sheet.palette.ghost, |rank| sheet.palette.series(rank)),
            start: from,
            end,
        }
    };
    parts.iter().map(slice).collect()
}

/// `12.3%`, and `<0.1%` for what is there but hardly.
fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0%".into(),
        little if little < 0.1 => "<0.1%".into(),
        much if much > 99.9 && much < 100.0 => ">99.9%".into(),
        share => format!("{}%", crate::format::trim(format!("{share:.1}"))),
    }
}

/// Where the ring and the names stand, in CSS pixels.
struct Layout {
    center: (f32, f32),
    outer: f32,
    inner: f32,
    /// The upper left corner of the names, and their width; `None` where there is no room.
    names: Option<(f32, f32, f32)>,
    /// How many names there is room for.
    rows: usize,
}

impl Layout {
    fn of(sheet: &Sheet<'_>, slices: &[Slice]) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let ring = |radius: f32, center| {
            let outer = (radius - 2.0).max(1.0);
            (outer, outer * 0.66, center)
        };
        // Beside the ring, if the names find 110 pixels there; else below it; else nowhere.
        let radius = (height / 2.0).min(width * 0.21).min(150.0);
        let beside = width - radius * 2.0 - GAP;
        if beside >= 110.0 && width >= height * 0.9 {
            let rows = ((height / ROW).floor() as usize).min(slices.len());
            let used = beside.min(300.0);
            // The ring and its names stand together, in the middle.
            let left = (width - radius * 2.0 - GAP - used) / 2.0;
            let (outer, inner, center) = ring(radius, (left + radius, height / 2.0));
            let top = (height - rows as f32 * ROW) / 2.0;
            let names = Some((left + radius * 2.0 + GAP, top, used));
            return Self { center, outer, inner, names, rows };
        }
        let rows = slices.len().min(((height * 0.5) / ROW).floor() as usize);
        let above = height - rows as f32 * ROW - 10.0;
        if rows >= 2 && above >= 70.0 && width >= 100.0 {
            let (outer, inner, center) = ring((above / 2.0).min(width / 2.0).min(150.0), (width / 2.0, above / 2.0));
            let used = width.min(300.0);
            return Self { center, outer, inner, names: Some(((width - used) / 2.0, above + 10.0, used)), rows };
        }
        let (outer, inner, center) = ring((height / 2.0).min(width / 2.0), (width / 2.0, height / 2.0));
        Self { center, outer, inner, names: None, rows: 0 }
    }

    /// The slice's piece of the ring; with a little air to its neighbours for the eye, without for the pointer.
    fn wedge(&self, slice: &Slice, air: bool) -> Wedge {
        let turn = slice.end - slice.start;
        let gap = if air && turn < 1.0 { (0.75 / f64::from(self.outer)).min(turn * TAU * 0.2) } else { 0.0 };
        Wedge {
            center: (units(self.center.0), units(self.center.1)),
            inner: units(self.inner),
            outer: units(self.outer),
            start: slice.start * TAU + gap,
            end: slice.end * TAU - gap,
            fill: slice.paint,
        }
    }

    /// The total in the middle: in full if it fits, else short.
    fn total(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, total: &Tally, y: &Column) -> Result<(), ChartError> {
        let format = &sheet.spec.format;
        let room = self.inner * 1.7;
        let size = (self.inner * 0.46).clamp(8.0, 30.0);
        let look = Look::new(size, sheet.palette.ink).bold().middle();
        let value = total.value().unwrap_or_default();
        let full = total.text(y).map(|text| format.exact(&text)).unwrap_or_default();
        let candidates = [full, format.headline(value), format.short(value)];
        let Some(text) = candidates.iter().find(|text| look.width(text) <= room) else { return Ok(()) };
        let name = text::name(y.name());
        let caption = Look::new(SMALL, sheet.palette.muted).middle();
        let named = self.inner >= 34.0;
        let drop = if named { size * 0.28 } else { 0.0 };
        let at = (units(self.center.0), units(self.center.1 - drop));
        canvas.draw(&Label::new(text, at, look).centered())?;
        if let Some(fit) = text::fit(&name, self.inner * 1.45, caption.size, caption.weight).filter(|_| named) {
            let at = (at.0, units(self.center.1 + size * 0.5 + 4.0));
            canvas.draw(&Label::new(&fit.text, at, caption).centered().standing_for(&name))?;
        }
        Ok(())
    }

    /// A row for each slice: its colour, name, value and share.
    fn legend(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, slices: &[Slice]) -> Result<(), ChartError> {
        let Some((left, top, width)) = self.names else { return Ok(()) };
        let right = left + width;
        let name = Look::new(BODY, sheet.palette.ink);
        let number = Look::new(BODY, sheet.palette.ink).end();
        let muted = Look::new(BODY, sheet.palette.muted).end();
        let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| name.width(text)).fold(0.0, f32::max);
        let share = widest(&mut slices.iter().map(|slice| slice.share.as_str())) + 2.0;
        let full = widest(&mut slices.iter().map(|slice| slice.exact.as_str()));
        let short = widest(&mut slices.iter().map(|slice| slice.short.as_str()));
        let names = widest(&mut slices.iter().map(|slice| slice.name.as_str())).min(width * 0.45);
        let room = width - SWATCH - 6.0 - names - share - 24.0;
        // The value in full, or short, or not at all: the share always.
        let (value, in_full) = if full <= room {
            (full, true)
        } else if short <= room {
            (short, false)
        } else {
            (0.0, false)
        };
        for (index, slice) in slices.iter().take(self.rows).enumerate() {
            let middle = top + ROW * (index as f32 + 0.5);
            let corners =
                [(units(left), units(middle - SWATCH / 2.0)), (units(left + SWATCH), units(middle + SWATCH / 2.0))];
            canvas.draw(&Rectangle::new(corners, slice.paint.filled()))?;
            canvas.draw(&Label::new(&slice.share, (units(right - 1.0), units(middle)), muted).centered())?;
            let mut end = right - share - 12.0;
            if value > 0.0 {
                let text = if in_full { &slice.exact } else { &slice.short };
                canvas.draw(&Label::new(text, (units(end), units(middle)), number).centered())?;
                end -= value + 12.0;
            }
            let start = left + SWATCH + 6.0;
            if let Some(fit) = text::fit(&slice.name, end - start, name.size, name.weight) {
                let label = Label::new(&fit.text, (units(start), units(middle)), name);
                canvas.draw(&label.centered().standing_for(&slice.name))?;
            }
        }
        Ok(())
    }

    fn mark(&self, slice: &Slice, y: &Column) -> Mark {
        let wedge = self.wedge(slice, false);
        let shape = Shape::Wedge {
            cx: pixels(wedge.center.0),
            cy: pixels(wedge.center.1),
            inner: pixels(wedge.inner),
            outer: pixels(wedge.outer),
            start: wedge.start as f32,
            end: wedge.end as f32,
        };
        let entries = vec![
            entry(text::name(y.name()), slice.exact.clone(), slice.paint, None),
            entry("Share", slice.share.clone(), slice.paint, None),
        ];
        Mark::new(shape, slice.name.clone(), entries)
    }
}
