//! Lines that are filled: side by side, or stacked into a whole.

use plotters::element::Polygon;
use plotters::series::AreaSeries;
use plotters::style::Color;

use super::line::{Drawn, Ghost, found, frame, read, stroke};
use super::{Drawer, NO_VALUES, Picture, Sheet};
use crate::columns::{Holds, Needs, Role, Values};
use crate::palette::Paint;
use crate::reduce::{Point, chunks, runs};
use crate::scale::{Extent, Scale};
use crate::scene::Scene;
use crate::series::{Lines, Series};
use crate::{ChartError, Stacking};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

const STROKE: u32 = 16;
const GHOST_STROKE: u32 = 12;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    if sheet.spec.stacked != Stacking::None && (sheet.columns.y.len() > 1 || sheet.columns.group.is_some()) {
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
        let mut chart = drawn.frame.chart(&canvas)?;
        // The more areas lie over each other, the fainter each is.
        let fill = if drawn.lines.named().count() > 1 { 0.10 } else { 0.16 };
        for series in drawn.lines.series.iter().rev().filter(|series| !series.faded) {
            for run in runs(&drawn.points(series)).filter(|run| run.len() > 1) {
                chart.draw_series(AreaSeries::new(run.iter().copied(), 0.0, series.paint.faint(fill).filled()))?;
            }
        }
        for series in drawn.lines.series.iter().filter(|series| series.faded) {
            stroke(&mut chart, &drawn.points(series), series.paint.faint(0.55), GHOST_STROKE)?;
        }
        if let Some(Ghost { series, .. }) = &drawn.ghost {
            stroke(&mut chart, &drawn.points(series), series.paint, GHOST_STROKE)?;
        }
        for series in drawn.lines.series.iter().rev().filter(|series| !series.faded) {
            stroke(&mut chart, &drawn.points(series), series.paint, STROKE)?;
        }
        drawn.frame.draw_upon(&canvas)?;
    }
    drawn.finish(sheet, scene, "Area chart", &|_, _, value| value)
}

/// One layer of a stack: where it begins and ends above each place.
struct Layer {
    paint: Paint,
    points: Vec<(f64, f64)>,
}

fn stacked(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(lines) = read(sheet)? else { return sheet.blank(NO_VALUES) };
    if lines.extent().is_none() {
        return sheet.blank(NO_VALUES);
    }
    let places = every_place(&lines);
    let layers = stack(&lines, &places, sheet);
    let Some(extent) = Extent::of(layers.iter().flat_map(|layer| &layer.points).flat_map(|(a, b)| [*a, *b])) else {
        return sheet.blank(NO_VALUES);
    };
    let Some(frame) = frame(sheet, &lines, None, extent, true)? else { return sheet.blank(NO_VALUES) };
    let kept = thin(&places, &layers, &frame.x);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        let mut chart = frame.chart(&canvas)?;
        for layer in &layers {
            let upper = kept.iter().map(|index| (places[*index], layer.points[*index].1));
            let lower = kept.iter().rev().map(|index| (places[*index], layer.points[*index].0));
            let outline: Vec<Point> = upper.clone().chain(lower).collect();
            chart.draw_series([Polygon::new(outline, layer.paint.faint(0.85).filled())])?;
        }
        // A thin line of the ground between two layers keeps them apart without help of colour.
        for layer in &layers {
            let edge: Vec<Point> = kept.iter().map(|index| (places[*index], layer.points[*index].1)).collect();
            let paint = if edge.len() == 1 { layer.paint } else { sheet.palette.ground };
            stroke(&mut chart, &edge, paint, 10)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let drawn = Drawn { lines, frame, ghost: None };
    // Which layer a series is in: its own, or for those without a name the last.
    let named = drawn.lines.series.iter().scan(0, |next, series| {
        *next += usize::from(!series.faded);
        Some(if series.faded { layers.len() - 1 } else { *next - 1 })
    });
    let layer_of: Vec<usize> = named.collect();
    drawn.finish(sheet, scene, "Stacked area chart", &|number, x, value| {
        let at = places.partition_point(|place| *place < x);
        layers[layer_of[number]].points.get(at).map_or(value, |point| point.1)
    })
}

/// All places of all series, once each.
fn every_place(lines: &Lines<'_>) -> Vec<f64> {
    let mut places: Vec<f64> = lines.series.iter().flat_map(|series| series.xs.iter().copied()).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// Puts series on top of each other; what has no value adds nothing. Faded series are one layer.
fn stack(lines: &Lines<'_>, places: &[f64], sheet: &Sheet<'_>) -> Vec<Layer> {
    let mut top = vec![0.0; places.len()];
    let mut put = |paint: Paint, members: &[&Series<'_>]| {
        let points = places.iter().enumerate().map(|(index, x)| {
            let sum: f64 = members.iter().map(|series| sum(series, *x)).sum();
            let bottom = top[index];
            top[index] += sum;
            (bottom, top[index])
        });
        Layer { paint, points: points.collect() }
    };
    let mut layers: Vec<Layer> = lines.named().map(|series| put(series.paint, &[series])).collect();
    let rest: Vec<&Series<'_>> = lines.series.iter().filter(|series| series.faded).collect();
    if !rest.is_empty() {
        layers.push(put(sheet.palette.ghost, &rest));
    }
    layers
}

fn sum(series: &Series<'_>, x: f64) -> f64 {
    found(series, x).map(|index| series.ys[index]).filter(|y| y.is_finite()).sum()
}

/// Of many places, those of each pixel column's first, least, greatest and last whole.
fn thin(places: &[f64], layers: &[Layer], scale: &Scale) -> Vec<usize> {
    let Some(top) = layers.last() else { return Vec::new() };
    let mut kept = Vec::new();
    for whole in chunks(places, scale) {
        let height = |index: &usize| top.points[*index].1;
        let least = whole.clone().min_by(|a, b| height(a).total_cmp(&height(b)));
        let greatest = whole.clone().max_by(|a, b| height(a).total_cmp(&height(b)));
        let mut four: Vec<usize> = [Some(whole.start), least, greatest, whole.last()].into_iter().flatten().collect();
        four.sort_unstable();
        four.dedup();
        kept.extend(four);
    }
    kept
}
