//! Lines that are filled: side by side, or stacked into a whole.

use super::along::{Told, itself};
use super::line::{Drawn, FAINT_STROKE, bottom, legend, read, window};
use super::{Drawer, NO_VALUES, Picture, Sheet};
use crate::cartesian::{Frame, Measured, Request};
use crate::columns::{Holds, Needs, Role, Values};
use crate::format::Format;
use crate::scale::Extent;
use crate::scene::{Dash, Scene};
use crate::stack::{self, Layer, Run};
use crate::trace::{Ground, Stroke, within};
use crate::{AxisScale, ChartError, Pick, Stacking, Style};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

const STROKE: i32 = 16;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let several = sheet.columns.y.len() > 1 || sheet.columns.group.is_some();
    if sheet.spec.stacked == Stacking::Percent || sheet.spec.stacked == Stacking::Sum && several {
        stacked(sheet)
    } else {
        beside(sheet)
    }
}

fn beside(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(drawn) = Drawn::read(sheet, true)? else { return sheet.blank(NO_VALUES) };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        drawn.frame.draw(&canvas)?;
        let named = || drawn.lines.shown().rev().map(|(_, series)| series).filter(|series| !series.faded);
        // The more areas lie over each other, the fainter each is.
        let fill = if named().count() > 1 { 0.10 } else { 0.16 };
        for series in named() {
            let ground = drawn.ground(series);
            ground.fill(
                &canvas,
                &ground.points(&series.xs, &series.ys, &series.peaks),
                0.0,
                series.paint.faint(fill),
            )?;
        }
        drawn.behind(&canvas)?;
        for series in named() {
            let width = drawn.stroke(series).width.min(STROKE);
            drawn.line(&canvas, series, Stroke { paint: series.paint, width, dash: series.dash })?;
        }
        drawn.upon(sheet, &canvas)?;
    }
    drawn.finish(sheet, scene, ("Area chart", Pick::NearestX), &itself)
}

fn stacked(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let percent = sheet.spec.stacked == Stacking::Percent;
    check(sheet)?;
    let Some(lines) = read(sheet)? else { return sheet.blank(NO_VALUES) };
    let Some(span) = lines.span().filter(|_| lines.extent().is_some()) else { return sheet.blank(NO_VALUES) };
    let places = stack::places(&lines);
    let layers = stack::layers(&lines, &places, sheet, percent)?;
    let window = window(sheet, &lines.along, span);
    let shares = sheet.spec.format.styled(Style::Percent);
    let frame = {
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
        Frame::lay_out(&Request { left, legend: &legend, note: note.as_deref(), ..sheet.request(extent, bottom) })?
    };
    let ground = Ground { x: frame.x, y: frame.y, plot: frame.plot };
    let runs: Vec<Vec<Run>> = layers.iter().map(|layer| stack::runs(&places, layer, &ground)).collect();
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for (layer, runs) in layers.iter().zip(&runs) {
            for run in runs {
                if run.upper.len() == 1 {
                    let stroke = Stroke { paint: layer.paint, width: 10, dash: Dash::Solid };
                    ground.line(&canvas, &run.upper, stroke)?;
                }
                ground.between(&canvas, &run.upper, &run.lower, layer.paint.faint(0.85))?;
            }
        }
        // A thin line of the ground between two layers keeps them apart without help of colour. One that goes up and down
        // in every pixel would be all that is left of them.
        for run in runs.iter().flatten().filter(|run| run.upper.len() > 1 && !ground.is_rough(&run.upper)) {
            let stroke = Stroke { paint: sheet.palette.ground, width: FAINT_STROKE, dash: Dash::Solid };
            ground.line(&canvas, &run.upper, stroke)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let drawn = Drawn::of(lines, frame);
    let kind = if percent { "Area chart of shares" } else { "Stacked area chart" };
    let told = |number, x, value| tell(&places, &layers, &shares, percent, (number, x, value));
    drawn.finish(sheet, scene, (kind, Pick::Layer), &told)
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
