//! Bars on their ground: how thick they are, where each begins and ends, and what lies under the pointer. The same for
//! columns, which stand, and bars, which lie: only [`Ground::area`] knows which way is up.

use perch_tinybird::Column;
use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;

use crate::cartesian::Measured;
use crate::element::Path;
use crate::ends::End;
use crate::kinds::{NULL, Sheet, entry};
use crate::palette::Paint;
use crate::reduce::column;
use crate::scale::{Extent, Scale};
use crate::scene::{Area, Canvas, Dash, UNIT, pixels};
use crate::series::Along;
use crate::stacks::{Stack, Stacks};
use crate::tally::{Tally, share};
use crate::{AxisScale, ChartError, Format, Mark, Rect, Shape, Stacking, Style, text};

/// The plot that bars are drawn on.
pub(crate) struct Ground {
    pub(crate) plot: Area,
    /// Along which bars stand side by side.
    pub(crate) along: Scale,
    pub(crate) left: Scale,
    pub(crate) right: Scale,
    /// Whether bars lie, and places follow each other from top to bottom.
    pub(crate) lying: bool,
}

impl Ground {
    /// The rectangle from one side to the other and from one end to the other.
    fn area(&self, sides: (i32, i32), ends: (i32, i32)) -> Area {
        let (least, most) = (ends.0.min(ends.1), ends.0.max(ends.1));
        if self.lying {
            return Area { left: least, right: most, top: sides.0, bottom: sides.1 };
        }
        Area { left: sides.0, right: sides.1, top: least, bottom: most }
    }

    /// How long the plot is along the places, in units.
    fn length(&self) -> i32 {
        if self.lying { self.plot.height() } else { self.plot.width() }
    }

    fn scale(&self, right: bool) -> &Scale {
        if right { &self.right } else { &self.left }
    }
}

/// A bar's sides and ends, in the measures of its ground.
struct Standing {
    sides: (f64, f64),
    from: f64,
    to: f64,
    right: bool,
}

/// Bars, before they know their ground.
#[derive(Clone)]
pub(crate) struct Bars<'s, 'a> {
    stacks: &'s Stacks<'a>,
    /// Whether places are moments on an axis of time; else they are counted.
    timed: bool,
    /// Which bar of its place each series is in, and how many there are: one for a stack, or one for each axis.
    slots: Vec<usize>,
    count: usize,
    /// Half of what bars take of a band: the rest is air.
    thickness: f64,
    /// Whether bars side by side would be thinner than a pixel, so that they stand before each other.
    crowded: bool,
    /// How shares of a whole are written along the axis.
    ratio: Format,
}

/// What bars take of their band, and what they take where the period before stands behind them.
const SHARE: f64 = 0.8;
const BEFORE: f64 = 0.62;
/// No column is wider than a thumb, and no bar thicker than a finger, in CSS pixels.
const WIDEST: f64 = 84.0;
const THICKEST: f64 = 44.0;

impl<'s, 'a> Bars<'s, 'a> {
    pub(crate) fn new(sheet: &Sheet<'_>, stacks: &'s Stacks<'a>, timed: bool) -> Self {
        let stacked = stacks.stacking != Stacking::None || stacks.series.len() == 1;
        let both = stacks.has_right() && stacks.series.iter().any(|series| !series.right);
        let slot = |(number, series): (usize, &Stack<'_>)| match stacked {
            true => usize::from(series.right && both),
            false => number,
        };
        let slots: Vec<usize> = stacks.series.iter().enumerate().map(slot).collect();
        let count = slots.iter().max().map_or(1, |most| most + 1);
        let ratio = sheet.spec.format.styled(Style::Ratio);
        Self { stacks, timed, slots, count, thickness: 0.5 * SHARE, crowded: false, ratio }
    }

    /// Four fifths of a band, but neither too thick nor thinner than a pixel.
    pub(crate) fn on(mut self, ground: &Ground) -> Self {
        let domain = ground.along.domain();
        let whole = f64::from(ground.length()) / f64::from(UNIT);
        let band = (self.half() * 2.0 / (domain.1 - domain.0) * whole).max(1e-6);
        let most = if ground.lying { THICKEST } else { WIDEST };
        self.thickness = self.half() * (most * self.count as f64 / band).min(SHARE).max(1.0 / band);
        self.crowded = self.count > 1 && band * SHARE < self.count as f64;
        self
    }

    /// What the bars cover of a plot that is laid out, before they are drawn on it.
    pub(crate) fn covered(&self, ground: &Ground) -> Vec<Area> {
        let half = self.half() * SHARE;
        let bars = (0..self.stacks.places.len()).flat_map(|index| {
            let sides = (ground.along.at(self.middle(index) - half), ground.along.at(self.middle(index) + half));
            let lengths = self.standing(index).into_iter().flatten().map(|bar| (bar.from, bar.to, bar.right));
            lengths.map(move |(from, to, right)| (sides, from, to, right)).collect::<Vec<_>>()
        });
        let measured = bars.filter(|(_, _, to, right)| ground.scale(*right).measures(*to));
        measured
            .map(|(sides, from, to, right)| {
                let scale = ground.scale(right);
                ground.area(sides, (scale.at(from), scale.at(to)))
            })
            .collect()
    }

    /// The middle of a band in the ground's measure.
    pub(crate) fn middle(&self, index: usize) -> f64 {
        if self.timed { self.stacks.places[index].at } else { index as f64 }
    }

    fn half(&self) -> f64 {
        if self.timed { self.stacks.half } else { 0.5 }
    }

    /// What the axis at the left or at the right measures, if any series is for it.
    pub(crate) fn measured<'b>(
        &'b self,
        sheet: &'b Sheet<'a>,
        right: bool,
    ) -> Result<Option<Measured<'b>>, ChartError> {
        let (field, axis) = if right { ("right_axis", &sheet.spec.right_axis) } else { ("y_axis", &sheet.spec.y_axis) };
        if axis.scale == AxisScale::Log && self.stacks.stacking != Stacking::None && self.stacks.series.len() > 1 {
            let why = "is logarithmic, and on such an axis lengths do not add up to a stack".to_owned();
            return Err(ChartError::Axis { axis: field, why });
        }
        self.check_shares()?;
        let Some(mut extent) = self.extent(right) else { return Ok(None) };
        if axis.scale == AxisScale::Log {
            // The least bar is a bar too: the axis begins below it.
            extent.positive *= 1.0 - 1e-9;
        }
        let columns: Vec<&Column> =
            self.stacks.series.iter().filter(|series| series.right == right).map(|series| series.column).collect();
        let measured = Measured { from_zero: true, ..sheet.measured(extent, &columns) };
        Ok(Some(match self.stacks.stacking {
            Stacking::Percent => Measured { format: &self.ratio, whole: false, ..measured },
            _ => measured,
        }))
    }

    /// A share of a whole cannot be negative.
    fn check_shares(&self) -> Result<(), ChartError> {
        if self.stacks.stacking != Stacking::Percent {
            return Ok(());
        }
        for series in &self.stacks.series {
            let negative = series.tallies.iter().position(|tally| tally.value().is_some_and(|value| value < 0.0));
            if let Some(index) = negative {
                let column = text::name(series.column.name());
                return Err(ChartError::Negative { column, category: self.stacks.name(index) });
            }
        }
        Ok(())
    }

    /// What an axis must hold.
    fn extent(&self, right: bool) -> Option<Extent> {
        let before = self.stacks.before.iter().filter(|_| !right).flat_map(|before| &before.tallies);
        let before = before.filter_map(Tally::value);
        // What stands for a long tail may be longer than everything that has a name, which would then be crumbs.
        let named = (0..self.stacks.places.len()).filter(|index| !self.stacks.is_rest(*index));
        let bars = named.flat_map(|index| self.standing(index)).flatten();
        let extent = Extent::of(bars.filter(|bar| bar.right == right).map(|bar| bar.to).chain(before));
        // With all series turned off there is still an axis, or nobody could turn them on again.
        let none = !right && self.stacks.series.is_empty() && !self.stacks.legend.is_empty();
        extent.or_else(|| Extent::of([0.0, 1.0].into_iter().filter(|_| none)))
    }

    /// How many bars have no place, because their axis is logarithmic.
    pub(crate) fn left_out(&self, sheet: &Sheet<'_>) -> usize {
        let log = |right: bool| {
            let axis = if right { &sheet.spec.right_axis } else { &sheet.spec.y_axis };
            axis.scale == AxisScale::Log
        };
        let on_log = self.stacks.series.iter().filter(|series| log(series.right));
        let tallies = on_log.flat_map(|series| &series.tallies);
        tallies.filter(|tally| tally.value().is_some_and(|value| value <= 0.0)).count()
    }

    /// The places to draw: all, or where there are more of them than pixels, the longest of each pixel.
    pub(crate) fn shown(&self, ground: &Ground) -> Vec<usize> {
        let all: Vec<usize> = (0..self.stacks.places.len()).collect();
        if all.len() as i32 <= ground.length() / UNIT {
            return all;
        }
        let height = |index: &usize| -> f64 {
            self.stacks.series.iter().filter_map(|series| series.tallies[*index].value()).map(f64::abs).sum()
        };
        let at = |index: &usize| column(self.middle(*index), &ground.along);
        let chunks = all.chunk_by(|a, b| at(a) == at(b));
        chunks.filter_map(|chunk| chunk.iter().copied().max_by(|a, b| height(a).total_cmp(&height(b)))).collect()
    }

    /// Where each series' bar stands at a place.
    fn standing(&self, index: usize) -> Vec<Option<Standing>> {
        let (middle, half) = (self.middle(index), self.thickness);
        let mut ends = vec![(0.0, 0.0); self.count];
        let wholes = self.wholes(index);
        let place = |(series, slot): (&Stack<'_>, &usize)| {
            let mut value = series.tallies[index].value()?;
            if let Some(wholes) = &wholes {
                value = if wholes[*slot] > 0.0 { value / wholes[*slot] } else { 0.0 };
            }
            let (up, down) = &mut ends[*slot];
            let base = if value < 0.0 { down } else { up };
            let from = *base;
            *base += value;
            let sides = if self.crowded || self.count == 1 {
                (middle - half, middle + half)
            } else {
                // A little air between the bars of one place.
                let width = half * 2.0 / self.count as f64;
                let side = middle - half + width * *slot as f64;
                (side + width * 0.03, side + width * 0.97)
            };
            Some(Standing { sides, from, to: *base, right: series.right })
        };
        self.stacks.series.iter().zip(&self.slots).map(place).collect()
    }

    /// What the parts of each stack at a place add up to, where shares are shown.
    fn wholes(&self, index: usize) -> Option<Vec<f64>> {
        (self.stacks.stacking == Stacking::Percent).then(|| {
            let mut wholes = vec![0.0; self.count];
            for (series, slot) in self.stacks.series.iter().zip(&self.slots) {
                wholes[*slot] += series.tallies[index].value().unwrap_or_default().abs();
            }
            wholes
        })
    }

    /// The names of the parts of a stack, all of them drawn and measured by one axis; else none.
    pub(crate) fn stacked_names(&self) -> impl ExactSizeIterator<Item = &str> {
        let Stacks { stacking, series, legend, before, .. } = self.stacks;
        let all = series.len() == legend.len() && before.is_none();
        let plain = *stacking != Stacking::None && all && !series.iter().any(|series| series.right);
        series[..if plain { series.len() } else { 0 }].iter().map(|series| series.name.as_str())
    }

    /// Where the parts of the last stack are, in the middle of each; `None` for one that is not drawn.
    pub(crate) fn ends<'e>(&'e self, ground: &'e Ground) -> impl Iterator<Item = Option<End<'e>>> {
        let last = self.stacks.places.len().checked_sub(1);
        let standing = last.map(|last| self.standing(last)).unwrap_or_default();
        self.stacks.series.iter().zip(standing).map(|(series, bar)| {
            let area = self.area(bar.as_ref()?, ground)?;
            let at = (area.right, (area.top + area.bottom) / 2);
            Some(End { name: &series.name, paint: series.paint, dash: Dash::Solid, at })
        })
    }

    pub(crate) fn draw(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        ground: &Ground,
        index: usize,
    ) -> Result<(), ChartError> {
        self.draw_before(sheet, canvas, ground, index)?;
        let standing = self.standing(index);
        let mut bars: Vec<(&Stack<'_>, &Standing)> = self
            .stacks
            .series
            .iter()
            .zip(&standing)
            .filter_map(|(series, standing)| Some((series, standing.as_ref()?)))
            .collect();
        if self.crowded {
            bars.sort_by(|a, b| b.1.to.abs().total_cmp(&a.1.to.abs()));
        }
        for (series, bar) in bars {
            let Some(area) = self.area(bar, ground) else { continue };
            let corners = [(area.left, area.top), (area.right, area.bottom)];
            canvas.draw(&Rectangle::new(corners, self.paint(sheet, series, index).filled()))?;
            let (from, to) = ground.scale(bar.right).domain();
            if bar.to > to || bar.to < from {
                cut(sheet, canvas, area, (ground.lying, bar.to > to))?;
            }
        }
        Ok(())
    }

    /// A bar as it is drawn; one of no length is not.
    fn area(&self, bar: &Standing, ground: &Ground) -> Option<Area> {
        let scale = ground.scale(bar.right);
        if bar.from == bar.to || !scale.measures(bar.to) {
            return None;
        }
        let (mut from, to) = (scale.at(bar.from), scale.at(bar.to));
        // A line of the ground between two parts keeps them apart without help of colour.
        if bar.from != 0.0 && (to - from).abs() >= UNIT * 3 {
            from += UNIT * (to - from).signum();
        }
        let thin = if self.stacks.before.is_some() { BEFORE / SHARE } else { 1.0 };
        Some(ground.area(self.sides(bar.sides, thin, ground), (from, to)))
    }

    /// Where the bars of a place stand, for a pointer that means one of them. Bars before each other are one.
    fn parts(&self, ground: &Ground, index: usize) -> Vec<Rect> {
        const NOWHERE: Rect = Rect { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };
        if self.crowded || self.stacks.series.len() < 2 {
            return Vec::new();
        }
        let part = |bar: &Option<Standing>| self.area(bar.as_ref()?, ground).map(Area::to_rect);
        self.standing(index).iter().map(|bar| part(bar).unwrap_or(NOWHERE)).collect()
    }

    /// The series' colour; what a limit left out is grey, where colours do not tell series apart.
    fn paint(&self, sheet: &Sheet<'_>, series: &Stack<'_>, index: usize) -> Paint {
        let grey = self.stacks.series.len() == 1 && self.stacks.is_rest(index);
        if grey { sheet.palette.ghost } else { series.paint }
    }

    /// A bar's sides in units, of so much of its thickness.
    fn sides(&self, (from, to): (f64, f64), share: f64, ground: &Ground) -> (i32, i32) {
        let less = (to - from) * (1.0 - share) / 2.0;
        (ground.along.at(from + less), ground.along.at(to - less))
    }

    /// The period before: a faint bar with an outline, behind and beyond the present one.
    fn draw_before(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        ground: &Ground,
        index: usize,
    ) -> Result<(), ChartError> {
        let Some(before) = &self.stacks.before else { return Ok(()) };
        let Some(value) = before.tallies[index].value().filter(|value| *value != 0.0) else { return Ok(()) };
        if !ground.left.measures(value) {
            return Ok(());
        }
        let (middle, half) = (self.middle(index), self.thickness);
        let sides = self.sides((middle - half, middle + half), 1.0, ground);
        let area = ground.area(sides, (ground.left.at(0.0), ground.left.at(value)));
        let Area { left, top, right, bottom } = area;
        let ghost = sheet.palette.ghost;
        canvas.draw(&Rectangle::new([(left, top), (right, bottom)], ghost.faint(0.14).filled()))?;
        if right - left >= UNIT * 4 {
            let outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            canvas.draw(&PathElement::new(outline, ghost.faint(0.7).stroke_width(8)))?;
        }
        Ok(())
    }

    /// What lies under the pointer at a place: the whole band, with a value of each series.
    pub(crate) fn mark(&self, sheet: &Sheet<'_>, ground: &Ground, index: usize) -> Mark {
        let standing = self.standing(index);
        let wholes = self.wholes(index);
        let parts = self.stacks.series.iter().zip(&self.slots).zip(&standing);
        let mut entries: Vec<_> = parts
            .map(|((series, slot), standing)| {
                let tally = &series.tallies[index];
                let mut value = written(sheet.format(series.column), tally.text(series.column));
                if let (Some(wholes), Some(part)) = (&wholes, tally.value()) {
                    value.push_str(&format!(" ({})", share(part, wholes[*slot], sheet.format(series.column))));
                }
                let y = standing.as_ref().filter(|_| !ground.lying);
                let y = y.map(|bar| pixels(ground.scale(bar.right).at(bar.to)));
                entry(&series.name, value, self.paint(sheet, series, index), y).of(tally.value())
            })
            .collect();
        if let Some(before) = &self.stacks.before {
            let tally = &before.tallies[index];
            let value = written(sheet.format(before.column), tally.text(before.column));
            let y = tally.value().filter(|_| !ground.lying).map(|value| pixels(ground.left.at(value)));
            let name = before.name(index);
            entries.push(entry(name, value, sheet.palette.ghost, y).of(tally.value()));
        }
        let mut mark = Mark::new(Shape::Rect(self.band(ground, index).to_rect()), self.stacks.name(index), entries);
        mark.keys = self.stacks.keys(index);
        mark.parts = self.parts(ground, index);
        if let (Along::Time(_), false) = (&self.stacks.along, ground.lying) {
            mark.at = Some(self.stacks.places[index].at);
        }
        mark
    }

    /// The band of a place, from one end of the plot to the other, and over the name of one that lies.
    fn band(&self, ground: &Ground, index: usize) -> Area {
        let (middle, half) = (self.middle(index), self.half());
        let plot = if ground.lying { Area { left: 0, ..ground.plot } } else { ground.plot };
        let ends = if ground.lying { (plot.left, plot.right) } else { (plot.top, plot.bottom) };
        let sides = (ground.along.at(middle - half), ground.along.at(middle + half));
        if sides.1 - sides.0 >= UNIT {
            return ground.area(sides, ends);
        }
        // Where many bands share a pixel, the one that is drawn answers for all of it.
        let last = if ground.lying { plot.bottom } else { plot.right } - UNIT;
        let side = (ground.along.at(middle) / UNIT * UNIT).min(last);
        ground.area((side, side + UNIT), ends)
    }
}

/// Two strokes of the ground across the end of a bar that goes on beyond its axis. `onward` is whether it goes to the
/// right, or up.
pub(crate) fn cut(
    sheet: &Sheet<'_>,
    canvas: &Canvas<'_>,
    bar: Area,
    (lying, onward): (bool, bool),
) -> Result<(), ChartError> {
    const SLANT: i32 = 2 * UNIT;
    const APART: i32 = 4 * UNIT;
    let (length, thick) = if lying { (bar.width(), bar.height()) } else { (bar.height(), bar.width()) };
    if length < APART * 4 || thick < UNIT * 2 {
        return Ok(());
    }
    for stroke in [2, 3] {
        let from_end = APART * stroke;
        let points = if lying {
            let x = if onward { bar.right - from_end } else { bar.left + from_end };
            vec![(x - SLANT, bar.bottom), (x + SLANT, bar.top)]
        } else {
            let y = if onward { bar.top + from_end } else { bar.bottom - from_end };
            vec![(bar.left, y + SLANT), (bar.right, y - SLANT)]
        };
        canvas.draw(&Path { points, paint: sheet.palette.ground, width: 18, dash: Dash::Solid })?;
    }
    Ok(())
}

fn written(format: &Format, text: Option<String>) -> String {
    text.map_or_else(|| NULL.into(), |text| format.exact(&text))
}
