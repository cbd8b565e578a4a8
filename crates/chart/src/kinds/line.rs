//! Lines over time, numbers or categories.

use super::along::{Tell, itself, marks, summary, untold};
use super::stacked::{self, Look};
use super::{Drawer, NO_VALUES, OTHER, Picture, Sheet};
use crate::cartesian::{Bottom, Frame, Measured, Request};
use crate::columns::{Holds, Needs, Role, Values};
use crate::ends::{self, End, Ends};
use crate::guides::Scales;
use crate::legend::Item;
use crate::past::Past;
use crate::scale::Extent;
use crate::scene::{Area, Canvas, Dash, Scene, UNIT};
use crate::series::{self, Along, Lines, Series};
use crate::trace::{Ground, Stroke, reach, within};
use crate::{Axis, AxisScale, ChartError, Marks, Pick};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

/// In units of a scene.
pub(super) const STROKE: i32 = 18;
pub(super) const FAINT_STROKE: i32 = 12;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    if stacked::is_stacked(sheet) {
        return stacked::draw(sheet, Look::Lines);
    }
    let Some(drawn) = Drawn::read(sheet, false)? else { return sheet.blank(NO_VALUES) };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        drawn.frame.draw(&canvas)?;
        drawn.behind(&canvas)?;
        for (_, series) in drawn.lines.shown().rev().filter(|(_, series)| !series.faded) {
            drawn.line(&canvas, series, drawn.stroke(series))?;
        }
        drawn.upon(sheet, &canvas)?;
    }
    drawn.finish(sheet, scene, ("Line chart", Pick::NearestX), &itself)
}

/// Lines in their frame: what line and area charts have in common.
pub(super) struct Drawn<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) frame: Frame,
    pub(super) past: Option<Past<'a>>,
    ends: Option<Ends>,
}

impl<'a> Drawn<'a> {
    /// `None` if there is no value at all.
    pub(super) fn read(sheet: &Sheet<'a>, from_zero: bool) -> Result<Option<Self>, ChartError> {
        let Some(lines) = read(sheet)? else { return Ok(None) };
        let Some(span) = lines.span() else { return Ok(None) };
        let Some(all) = lines.extent() else { return Ok(None) };
        let past = Past::read(sheet, &lines);
        let window = window(sheet, &lines.along, span);
        let side = |right: bool| {
            let drawn = lines.shown().map(|(_, series)| series).chain(past.iter().flat_map(Past::shown));
            let reached = drawn
                .filter(|series| series.right == right)
                .map(|series| reach(&series.xs, &series.ys, window, |inside| series.extent(inside)));
            reached.fold(Extent::NONE, Extent::and).some()
        };
        let (left, right) = (side(false).unwrap_or(all), side(true));
        let of = |right: bool| {
            let named = sheet.columns.y.iter().copied();
            named
                .filter(|column| sheet.spec.right.iter().any(|name| name == column.name()) == right)
                .collect::<Vec<_>>()
        };
        // A logarithm has no zero.
        let zero = |axis: &Axis| from_zero && axis.scale == AxisScale::Linear;
        let right = (!sheet.spec.right.is_empty()).then(|| Measured {
            from_zero: zero(&sheet.spec.right_axis),
            ..sheet.measured(right.unwrap_or(all), &of(true))
        });
        let left = Measured { from_zero: zero(&sheet.spec.y_axis), ..sheet.measured(left, &of(false)) };
        let bottom = bottom(&lines.along, window, sheet);
        let legend = legend(&lines, past.as_ref(), sheet, None);
        let note = sheet.left_out(lines.left_out);
        let data = |scales: &Scales<'_>, plot: Area| {
            let named = lines.shown().map(|(_, series)| series).filter(|series| !series.faded);
            let passed = named.flat_map(|series| {
                let y = if series.right { scales.right.unwrap_or(scales.left) } else { scales.left };
                let ground = Ground { x: *scales.x, y: *y, plot };
                ground.passed(&ground.points(&series.xs, &series.ys, &series.peaks))
            });
            passed.collect()
        };
        let request = Request {
            data: Some(&data),
            left,
            right,
            note: note.as_deref(),
            unnamed: lines.series.iter().filter(|series| series.faded).count(),
            ..sheet.request(all, bottom)
        };
        // Names at the lines' ends say more than a legend, where there is room for them.
        if let Some(margin) = margin(sheet, &lines) {
            let frame = Frame::lay_out(&Request { margin, ..request.clone() })?;
            if let Some(ends) = Ends::lay_out(lines.series.iter().map(|series| end(series, &frame)), &frame) {
                return Ok(Some(Self { frame, past, ends: Some(ends), lines }));
            }
        }
        let frame = Frame::lay_out(&Request { legend: &legend, ..request })?;
        Ok(Some(Self { frame, past, ends: None, lines }))
    }

    pub(super) fn ground(&self, series: &Series<'_>) -> Ground {
        let y = if series.right { self.frame.right } else { self.frame.y };
        Ground { x: self.frame.x, y, plot: self.frame.plot }
    }

    pub(super) fn line(&self, canvas: &Canvas<'_>, series: &Series<'_>, stroke: Stroke) -> Result<(), ChartError> {
        let ground = self.ground(series);
        ground.line(canvas, &ground.points(&series.xs, &series.ys, &series.peaks), stroke)
    }

    /// Draws what matters less than the named lines: grey ones, then the period before.
    pub(super) fn behind(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        for (_, series) in self.lines.shown().rev().filter(|(_, series)| series.faded) {
            let paint = series.paint.faint(0.55);
            self.line(canvas, series, Stroke { paint, width: FAINT_STROKE, dash: Dash::Solid })?;
        }
        for series in self.past.iter().flat_map(Past::shown) {
            self.line(canvas, series, Stroke { paint: series.paint, width: FAINT_STROKE, dash: Dash::Solid })?;
        }
        Ok(())
    }

    /// Draws what lies upon the lines.
    pub(super) fn upon(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        if let Some(ends) = &self.ends {
            ends.draw(canvas, &self.frame, sheet.palette)?;
        }
        self.frame.draw_upon(canvas)
    }

    /// A line with a point on every pixel is drawn thinner, or its teeth grow into a band.
    pub(super) fn stroke(&self, series: &Series<'_>) -> Stroke {
        let pixels = (self.frame.plot.width() / UNIT) as usize;
        let width = if series.xs.len() > pixels { FAINT_STROKE } else { STROKE };
        Stroke { paint: series.paint, width, dash: series.dash }
    }

    /// Adds what lies under the pointer, and the sentence.
    pub(super) fn finish(
        &self,
        sheet: &Sheet<'_>,
        scene: Scene,
        (kind, pick): (&str, Pick),
        tell: &Tell<'_>,
    ) -> Result<Picture, ChartError> {
        let named = self.lines.shown().filter(|(_, series)| !series.xs.is_empty());
        let named = named.map(|(_, series)| (series.name.as_str(), series.row(0)));
        let marks = Marks {
            groups: super::groups(sheet.columns.group, named),
            untold: untold(&self.lines),
            ..super::marks(self.frame.plot, pick, marks(sheet, self, tell))
        };
        let legend = match &self.ends {
            Some(ends) => ends.legend(&self.frame),
            None => self.frame.legend(),
        };
        let across = self.frame.across();
        Ok(Picture { legend, across, ..Picture::new(scene, marks, summary(sheet, self, kind)) })
    }

    /// Lines that a kind has laid out itself.
    pub(super) fn of(lines: Lines<'a>, frame: Frame, ends: Option<Ends>) -> Self {
        Self { lines, frame, past: None, ends }
    }
}

/// The room that the lines' names need at their ends, where they say more than a legend: of all lines, turned off by
/// nobody and measured by one axis, with nothing else to name.
pub(super) fn margin(sheet: &Sheet<'_>, lines: &Lines<'_>) -> Option<f32> {
    let plain = lines.series.iter().all(|series| !series.faded && !series.hidden && !series.right);
    let names = lines.series.iter().map(|series| series.name.as_str());
    ends::margin(names, sheet.size).filter(|_| plain && sheet.input.previous.is_none())
}

/// Where a line ends; `None` where it is not in the frame there.
fn end<'s>(series: &'s Series<'_>, frame: &Frame) -> Option<End<'s>> {
    let last = within(&series.xs, frame.x.domain()).rev().find(|index| series.ys[*index].is_finite())?;
    let (x, y) = (series.xs[last], series.ys[last]);
    let at = (frame.x.at(x), frame.y.at(y));
    frame.y.holds(y).then_some(End { name: &series.name, paint: series.paint, dash: series.dash, at })
}

/// The lines of a sheet, if any row stands anywhere.
pub(super) fn read<'a>(sheet: &Sheet<'a>) -> Result<Option<Lines<'a>>, ChartError> {
    let Some(x) = sheet.columns.x else { return Ok(None) };
    let lines = series::read(sheet, sheet.input.table, &sheet.columns, x, sheet.spec.limit)?;
    Ok(lines.span().map(|_| lines))
}

/// The stretch of the bottom axis that is shown: what the viewer zoomed into, else what the spec says, else all.
pub(super) fn window(sheet: &Sheet<'_>, along: &Along, span: (f64, f64)) -> (f64, f64) {
    if matches!(along, Along::Names(_)) {
        return span;
    }
    let axis = &sheet.spec.x_axis;
    let (mut from, mut to) = span;
    if *along == Along::Number {
        from = axis.min.unwrap_or(from);
        to = axis.max.unwrap_or(to);
        // Where all points lie beyond the only end that is said, the axis begins or ends there even so.
        if from >= to && (axis.min, axis.max) != (None, None) {
            (from, to) =
                if axis.min.is_some() { (from, from + from.abs().max(1.0)) } else { (to - to.abs().max(1.0), to) };
        }
    }
    let zoomed = sheet.input.view.zoom.map(|(a, b)| (a.max(from), b.min(to)));
    zoomed.filter(|(a, b)| a < b).unwrap_or((from, to))
}

/// What stands along the bottom of lines.
pub(super) fn bottom<'a>(along: &'a Along, (from, to): (f64, f64), sheet: &Sheet<'_>) -> Bottom<'a> {
    match along {
        Along::Time(clock) if from < to => Bottom::Time { from, to, clock },
        Along::Time(clock) => Bottom::Moment { at: from, clock },
        Along::Number if from < to => Bottom::Number { from, to },
        Along::Number if sheet.spec.x_axis.scale == AxisScale::Log => Bottom::Number { from: from / 2.0, to: to * 2.0 },
        Along::Number => {
            let around = (from.abs() / 10.0).max(0.5);
            Bottom::Number { from: from - around, to: to + around }
        }
        Along::Names(names) => Bottom::Bands { names, moments: None },
    }
}

/// The names of the lines, those that are turned off too. `rest` is the paint of all that have none and are drawn as one.
pub(super) fn legend(
    lines: &Lines<'_>,
    past: Option<&Past<'_>>,
    sheet: &Sheet<'_>,
    rest: Option<crate::palette::Paint>,
) -> Vec<Item> {
    let hidden = |name: &str| sheet.input.view.hidden.iter().any(|hidden| hidden == name);
    let named = lines.named().map(|series| Item {
        note: if series.right { "(right)" } else { "" },
        shown: !series.hidden,
        dash: Some(series.dash),
        ..Item::new(&series.name, series.paint)
    });
    let mut legend: Vec<Item> = named.collect();
    if let Some(paint) = rest {
        legend.push(Item { shown: !hidden(OTHER), ..Item::new(OTHER, paint) });
    }
    let before = sheet.input.earlier.name();
    if past.is_some() || sheet.input.previous.is_some() && hidden(before) {
        legend.push(Item { shown: !hidden(before), ..Item::new(before, sheet.palette.ghost) });
    }
    // One line that nobody turned off needs no name: the tile's title says it.
    if legend.len() == 1 && legend[0].shown && sheet.spec.right.is_empty() { Vec::new() } else { legend }
}
