//! A ring or a disc of shares, with a name, a value and a share beside each, and the total in the middle of the ring.

use std::f64::consts::TAU;

use perch_tinybird::Column;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::palette::Paint;
use crate::parts::{Part, Parts, summary};
use crate::ramp::ink_upon;
use crate::scene::{Canvas, Scene, Wedge, pixels, units};
use crate::tally::Tally;
use crate::{ChartError, Kind, LegendItem, Mark, Pick, Rect, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)), draw };

/// Slices before "Other" where nothing is said: more are not told apart at a glance.
const MOST: usize = 6;
const ROW: f32 = 21.0;
const SWATCH: f32 = 9.0;
const GAP: f32 = 18.0;
/// The hole of a ring, in radii.
const HOLE: f32 = 0.62;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let mut parts = Parts::of(sheet, (x, y), sheet.spec.aggregate)?;
    if let Some(part) = parts.list.iter().find(|part| part.value() < 0.0) {
        return Err(ChartError::Negative { column: text::name(y.name()), category: part.name.clone() });
    }
    let count = parts.list.len();
    let total = parts.total(y).value();
    sheet.check_sum(y, total)?;
    if total.is_none() {
        return sheet.blank(NO_VALUES);
    }
    if parts.list.iter().all(|part| part.value() == 0.0) {
        return sheet.blank("All values are zero");
    }
    parts.fold(sheet.spec.limit.unwrap_or(MOST).min(sheet.palette.series.len()), y, true);
    let slices = slices(sheet, &parts, y);
    let shown = || slices.iter().filter(|slice| slice.shown);
    let total = shown().fold(Tally::default(), |sum, slice| sum.plus(y, slice.part.tally, y));
    let layout = Layout::of(sheet, &slices);

    let mut scene = Scene::new(sheet.size);
    let mut legend = Vec::new();
    {
        let canvas = scene.canvas();
        if !shown().any(|slice| slice.end > slice.start) {
            // Nothing is left of the whole but its place.
            canvas.draw(&Wedge { fill: sheet.palette.grid, ..layout.wedge(sheet, 0.0, 1.0) })?;
        }
        let drawn = || shown().filter(|slice| slice.end > slice.start);
        for slice in drawn() {
            canvas.draw(&layout.slice(sheet, slice))?;
        }
        // Where the names beside have all shares, some of them in the slices would look as if the others had none.
        if layout.rows < slices.len() || drawn().all(|slice| layout.words(slice).is_some()) {
            for slice in drawn() {
                layout.label(&canvas, slice)?;
            }
        }
        layout.total(sheet, &canvas, &total, y)?;
        layout.legend(sheet, &canvas, &slices, &mut legend)?;
    }
    let list = shown().map(|slice| layout.mark(sheet, slice, x, y)).collect();
    let kind = if sheet.spec.kind == Kind::Pie { "Pie" } else { "Donut" };
    let told: Vec<(&Part, Option<String>)> = shown().map(|slice| (slice.part, Some(slice.share.clone()))).collect();
    let said = summary(sheet, kind, (x, y), count, &told) + &parts.left_out();
    let picture = Picture::new(scene, marks(sheet.whole(), Pick::Shape, list), said);
    Ok(Picture { legend, ..picture })
}

/// A part with its place in the turn.
struct Slice<'a> {
    part: &'a Part,
    exact: String,
    short: String,
    share: String,
    paint: Paint,
    /// Whether the viewer has it on.
    shown: bool,
    /// In turns.
    start: f64,
    end: f64,
}

/// The parts around the turn. Those that are turned off take no place in it, and the others are shares of what is left.
fn slices<'a>(sheet: &Sheet<'_>, parts: &'a Parts, y: &Column) -> Vec<Slice<'a>> {
    let named = parts.list.iter().filter(|part| !part.other).map(|part| part.name.as_str());
    let mut ranks = sheet.input.setting.colors.ranks(named, sheet.palette.series.len()).into_iter();
    let shown = |part: &Part| !sheet.input.view.hidden.contains(&part.name);
    let whole: f64 = parts.list.iter().filter(|part| shown(part)).map(Part::value).sum();
    let mut before = 0.0;
    let slice = |part: &'a Part| {
        let rank = if part.other { None } else { ranks.next() };
        let shown = shown(part);
        let start = before / whole;
        before += if shown { part.value() } else { 0.0 };
        let share = if shown && whole > 0.0 { part.value() / whole } else { 0.0 };
        Slice {
            part,
            exact: part.tally.text(y).map(|text| sheet.value_format().exact(&text)).unwrap_or_default(),
            short: sheet.value_format().short(part.value()),
            share: sheet.value_format().share(share),
            paint: rank.map_or(sheet.palette.ghost, |rank| sheet.palette.series(rank)),
            shown,
            // Nothing of nothing is at the beginning.
            start: if start.is_finite() { start } else { 0.0 },
            end: if whole > 0.0 { (before / whole).min(1.0) } else { 0.0 },
        }
    };
    parts.list.iter().map(slice).collect()
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
    fn of(sheet: &Sheet<'_>, slices: &[Slice<'_>]) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let hole = if sheet.spec.kind == Kind::Pie { 0.0 } else { HOLE };
        let ring = |radius: f32, center| {
            let outer = (radius - 2.0).max(1.0);
            (outer, outer * hole, center)
        };
        // Beside the ring, if the names find 110 pixels there; else below it; else nowhere.
        let most = (height * 0.42).max(150.0);
        let radius = (height / 2.0).min(width * 0.21).min(most);
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
            let (outer, inner, center) = ring((above / 2.0).min(width / 2.0).min(most), (width / 2.0, above / 2.0));
            let used = width.min(300.0);
            return Self { center, outer, inner, names: Some(((width - used) / 2.0, above + 10.0, used)), rows };
        }
        let (outer, inner, center) = ring((height / 2.0).min(width / 2.0), (width / 2.0, height / 2.0));
        Self { center, outer, inner, names: None, rows: 0 }
    }

    fn wedge(&self, sheet: &Sheet<'_>, start: f64, end: f64) -> Wedge {
        Wedge {
            center: (units(self.center.0), units(self.center.1)),
            inner: units(self.inner),
            outer: units(self.outer),
            start: start * TAU,
            end: end * TAU,
            fill: sheet.palette.ghost,
        }
    }

    /// The slice's piece, with a little air to its neighbours.
    fn slice(&self, sheet: &Sheet<'_>, slice: &Slice<'_>) -> Wedge {
        let wedge = self.wedge(sheet, slice.start, slice.end);
        let turn = slice.end - slice.start;
        let air = if turn < 1.0 { (0.75 / f64::from(self.outer)).min(turn * TAU * 0.2) } else { 0.0 };
        Wedge { start: wedge.start + air, end: wedge.end - air, fill: slice.paint, ..wedge }
    }

    /// Writes into a slice what has room there, so that it is found without its colour.
    fn label(&self, canvas: &Canvas<'_>, slice: &Slice<'_>) -> Result<(), ChartError> {
        let Some((texts, (x, y))) = self.words(slice) else { return Ok(()) };
        let look = Look::new(SMALL, ink_upon(slice.paint)).middle();
        for (index, text) in texts.iter().enumerate() {
            let middle = y + (index as f32 - (texts.len() - 1) as f32 / 2.0) * 13.0;
            let look = if index > 0 || texts.len() == 1 { look } else { look.bold() };
            canvas.draw(&Label::new(text, (units(x), units(middle)), look).centered())?;
        }
        Ok(())
    }

    /// What has room in a slice, and where: its name and its share, or its share alone, which the names beside have too.
    fn words<'s>(&self, slice: &'s Slice<'_>) -> Option<(Vec<&'s str>, (f32, f32))> {
        let look = Look::new(SMALL, ink_upon(slice.paint)).middle();
        let (both, share) = (vec![slice.part.name.as_str(), slice.share.as_str()], vec![slice.share.as_str()]);
        let choices = if self.inner > 0.0 { vec![share] } else { vec![both, share] };
        choices.into_iter().find_map(|texts| {
            let size = (texts.iter().map(|text| look.width(text)).fold(0.0, f32::max), texts.len() as f32 * 13.0);
            let place = self.room(slice, size)?;
            Some((texts, place))
        })
    }

    /// Where in the slice a box of this size lies wholly within it, if anywhere.
    fn room(&self, slice: &Slice<'_>, (width, height): (f32, f32)) -> Option<(f32, f32)> {
        let middle = (slice.start + slice.end) / 2.0 * TAU;
        let (sin, cos) = (middle.sin() as f32, middle.cos() as f32);
        // A bold name is a little wider.
        let (half, high) = (width * 0.54 + 3.0, height / 2.0 + 1.0);
        let holds = |x: f32, y: f32| {
            let distance = x.hypot(y);
            let angle = f64::from(x).atan2(f64::from(-y)).rem_euclid(TAU) / TAU;
            (self.inner..=self.outer).contains(&distance) && (slice.start..=slice.end).contains(&angle)
        };
        let places = [0.5, 0.6, 0.7, 0.78].map(|part| self.inner + (self.outer - self.inner) * part);
        places.into_iter().find_map(|radius| {
            let (x, y) = (radius * sin, -radius * cos);
            let corners = [(-half, -high), (half, -high), (-half, high), (half, high), (0.0, -high), (0.0, high)];
            let inside = corners.iter().all(|(dx, dy)| holds(x + dx, y + dy));
            inside.then_some((self.center.0 + x, self.center.1 + y))
        })
    }

    /// The total in the middle of a ring: in full if it fits, else short.
    fn total(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, total: &Tally, y: &Column) -> Result<(), ChartError> {
        let format = sheet.value_format();
        let room = self.inner * 1.7;
        let size = (self.inner * 0.46).clamp(8.0, 30.0);
        let look = Look::new(size, sheet.palette.ink).bold().middle();
        let Some(value) = total.value().filter(|_| self.inner > 0.0) else { return Ok(()) };
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

    /// A row for each slice: its colour, name, value and share. What is turned off is faint and has no numbers.
    fn legend(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        slices: &[Slice<'_>],
        legend: &mut Vec<LegendItem>,
    ) -> Result<(), ChartError> {
        let Some((left, top, width)) = self.names else { return Ok(()) };
        let right = left + width;
        let name = Look::new(BODY, sheet.palette.ink);
        let number = Look::new(BODY, sheet.palette.ink).end();
        let muted = Look::new(BODY, sheet.palette.muted).end();
        let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| name.width(text)).fold(0.0, f32::max);
        let share = widest(&mut slices.iter().map(|slice| slice.share.as_str())) + 2.0;
        let full = widest(&mut slices.iter().map(|slice| slice.exact.as_str()));
        let short = widest(&mut slices.iter().map(|slice| slice.short.as_str()));
        let names = widest(&mut slices.iter().map(|slice| slice.part.name.as_str())).min(width * 0.45);
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
            let paint = if slice.shown { slice.paint } else { slice.paint.faint(0.35) };
            canvas.draw(&Rectangle::new(corners, paint.filled()))?;
            let mut end = right - share - 12.0;
            if slice.shown {
                canvas.draw(&Label::new(&slice.share, (units(right - 1.0), units(middle)), muted).centered())?;
                if value > 0.0 {
                    let text = if in_full { &slice.exact } else { &slice.short };
                    canvas.draw(&Label::new(text, (units(end), units(middle)), number).centered())?;
                }
            }
            end -= if value > 0.0 { value + 12.0 } else { 0.0 };
            let start = left + SWATCH + 6.0;
            let look = if slice.shown { name } else { Look::new(BODY, sheet.palette.muted) };
            let mut named = 0.0;
            if let Some(fit) = text::fit(&slice.part.name, end - start, name.size, name.weight) {
                named = look.width(&fit.text) + 6.0;
                let label = Label::new(&fit.text, (units(start), units(middle)), look);
                canvas.draw(&label.centered().standing_for(&slice.part.name))?;
            }
            let place = Rect { x: left, y: middle - ROW / 2.0, width: SWATCH + named, height: ROW };
            let (name, color) = (slice.part.name.clone(), slice.paint.to_hex());
            legend.push(LegendItem { name, color, shown: slice.shown, place });
        }
        Ok(())
    }

    /// The slice as a pointer finds it: without the air.
    fn mark(&self, sheet: &Sheet<'_>, slice: &Slice<'_>, x: &Column, y: &Column) -> Mark {
        let wedge = self.wedge(sheet, slice.start, slice.end);
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
        Mark { keys: slice.part.keys(x), ..Mark::new(shape, slice.part.name.clone(), entries) }
    }
}
