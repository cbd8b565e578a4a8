//! Series on top of each other, whose layers are areas or only their upper edges: what area and line charts have in
//! common when they are stacked.

use super::along::Told;
use super::line::{Drawn, FAINT_STROKE, STROKE, bottom, legend, margin, read, window};
use super::{NO_VALUES, Picture, Sheet};
use crate::cartesian::{Frame, Measured, Request};
use crate::ends::{End, Ends};
use crate::format::Format;
use crate::palette::Paint;
use crate::scale::Extent;
use crate::scene::{Canvas, Dash, Scene};
use crate::series::Lines;
use crate::stack::{self, Layer, Run};
use crate::trace::{Ground, Stroke, within};
use crate::{AxisScale, ChartError, Pick, Stacking, Style};

/// What is drawn of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Areas,
    Lines,
}

/// Whether there is something to stack, and the spec says so.
pub(super) fn is_stacked(sheet: &Sheet<'_>) -> bool {
    let several = sheet.columns.y.len() > 1 || sheet.columns.group.is_some();
    sheet.spec.stacked == Stacking::Percent || sheet.spec.stacked == Stacking::Sum && several
}

/// Draws them on top of each other.
pub(super) fn draw(sheet: &Sheet<'_>, look: Look) -> Result<Picture, ChartError> {
    let percent = sheet.spec.stacked == Stacking::Percent;
    check(sheet)?;
    let Some(lines) = read(sheet)? else { return sheet.blank(NO_VALUES) };
    let Some(span) = lines.span().filter(|_| lines.extent().is_some()) else { return sheet.blank(NO_VALUES) };
    let places = stack::places(&lines);
    let layers = stack::layers(&lines, &places, sheet, percent)?;
    let window = window(sheet, &lines.along, span);
    let shares = sheet.spec.format.styled(Style::Percent);
    let (frame, ends) = {
        let inside = within(&places, window);
        // What is just outside is drawn towards, and the axis has room for it.
        let inside = inside.start.saturating_sub(1)..(inside.end + 1).min(places.len());
        let tops = layers
            .iter()
            .flat_map(|layer| [&layer.lower, &layer.upper])
            .flat_map(|edge| edge[inside.clone()].iter().copied());
        let whole = Extent { least: 0.0, greatest: if percent { 100.0 } else { 1.0 }, positive: 1.0 };
        let extent = if percent { whole } else { Extent::of(tops).unwrap_or(whole) };
        let measured = Measured { from_zero: true, ..sheet.measured(extent, &sheet.columns.y) };
        let left = if percent { Measured { format: &shares, whole: true, ..measured } } else { measured };
        let bottom = bottom(&lines.along, window, sheet);
        let rest = lines.series.iter().any(|series| series.faded).then_some(sheet.palette.ghost);
        let legend = legend(&lines, None, sheet, rest);
        let note = sheet.left_out(lines.left_out);
        let request = Request { left, note: note.as_deref(), ..sheet.request(extent, bottom) };
        let named = match margin(sheet, &lines) {
            Some(margin) => {
                let frame = Frame::lay_out(&Request { margin, ..request.clone() })?;
                let ends = layers.iter().map(|layer| end(&lines, &places, layer, look, &frame));
                Ends::lay_out(ends, &frame).map(|ends| (frame, Some(ends)))
            }
            None => None,
        };
        match named {
            Some(named) => named,
            None => (Frame::lay_out(&Request { legend: &legend, ..request })?, None),
        }
    };
    let ground = Ground { x: frame.x, y: frame.y, plot: frame.plot };
    let runs: Vec<Vec<Run>> = layers.iter().map(|layer| stack::runs(&places, layer, &ground)).collect();
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        match look {
            Look::Areas => areas(&canvas, &ground, &layers, &runs, sheet.palette.ground)?,
            Look::Lines => self::lines(&canvas, &ground, &layers, &runs, &lines)?,
        }
        if let Some(ends) = &ends {
            ends.draw(&canvas, &frame, sheet.palette)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let drawn = Drawn::of(lines, frame, ends);
    let (kind, pick) = match (look, percent) {
        (Look::Areas, false) => ("Stacked area chart", Pick::Layer),
        (Look::Areas, true) => ("Area chart of shares", Pick::Layer),
        (Look::Lines, false) => ("Stacked line chart", Pick::NearestX),
        (Look::Lines, true) => ("Line chart of shares", Pick::NearestX),
    };
    let told = |number, x, value| tell(&places, &layers, &shares, percent, (number, x, value));
    drawn.finish(sheet, scene, (kind, pick), &told)
}

/// Where a layer ends: in the middle of an area, or at the line along its top.
fn end<'s>(lines: &'s Lines<'_>, places: &[f64], layer: &Layer, look: Look, frame: &Frame) -> Option<End<'s>> {
    let series = lines.series.get(*layer.members.first()?)?;
    let last = within(places, frame.x.domain()).rev().find(|index| layer.upper[*index].is_finite())?;
    let (lower, upper) = (layer.lower[last], layer.upper[last]);
    let y = match look {
        Look::Areas => lower / 2.0 + upper / 2.0,
        Look::Lines => upper,
    };
    let at = (frame.x.at(places[last]), frame.y.at(y));
    let dash = if matches!(look, Look::Areas) { Dash::Solid } else { series.dash };
    frame.y.holds(y).then_some(End { name: &series.name, paint: layer.paint, dash, at })
}

fn areas(
    canvas: &Canvas<'_>,
    ground: &Ground,
    layers: &[Layer],
    runs: &[Vec<Run>],
    between: Paint,
) -> Result<(), ChartError> {
    for (layer, runs) in layers.iter().zip(runs) {
        for run in runs {
            if run.upper.len() == 1 {
                let stroke = Stroke { paint: layer.paint, width: 10, dash: Dash::Solid };
                ground.line(canvas, &run.upper, stroke)?;
            }
            ground.between(canvas, &run.upper, &run.lower, layer.paint.faint(0.85))?;
        }
    }
    // A thin line of the ground between two layers keeps them apart without help of colour. One that goes up and down
    // in every pixel would be all that is left of them.
    for run in runs.iter().flatten().filter(|run| run.upper.len() > 1 && !ground.is_rough(&run.upper)) {
        ground.line(canvas, &run.upper, Stroke { paint: between, width: FAINT_STROKE, dash: Dash::Solid })?;
    }
    Ok(())
}

/// Each where its layer ends. A lower one lies upon those above it, as it is the nearer to its own value.
fn lines(
    canvas: &Canvas<'_>,
    ground: &Ground,
    layers: &[Layer],
    runs: &[Vec<Run>],
    lines: &Lines<'_>,
) -> Result<(), ChartError> {
    for (layer, runs) in layers.iter().zip(runs).rev() {
        let dash = layer.members.first().and_then(|first| lines.series.get(*first)).map_or(Dash::Solid, |one| one.dash);
        for run in runs {
            ground.line(canvas, &run.upper, Stroke { paint: layer.paint, width: STROKE, dash })?;
        }
    }
    Ok(())
}

/// What stacks cannot be.
fn check(sheet: &Sheet<'_>) -> Result<(), ChartError> {
    let bad = |axis, why: &str| Err(ChartError::Axis { axis, why: why.to_owned() });
    if sheet.spec.y_axis.scale == AxisScale::Log {
        return bad("y_axis", "is logarithmic, and lengths on it do not add up to a stack");
    }
    if !sheet.spec.right.is_empty() {
        return bad("right_axis", "measures a column, and a stack has one axis");
    }
    Ok(())
}

/// Where the layer of a series ends at a place, and the series' share of the whole there.
fn tell(
    places: &[f64],
    layers: &[Layer],
    shares: &Format,
    percent: bool,
    (number, x, value): (usize, f64, f64),
) -> Told {
    let at = places.partition_point(|place| *place < x);
    let layer = layers.iter().find(|layer| layer.members.contains(&number));
    let edge = layer.and_then(|layer| layer.upper.get(at)).copied().unwrap_or(value);
    let share = layer.and_then(|layer| layer.totals.get(at));
    let note = match share.filter(|total| percent && **total > 0.0 && value.is_finite()) {
        Some(total) => format!(" ({})", shares.share(value / total)),
        None => String::new(),
    };
    Told { edge, note }
}
