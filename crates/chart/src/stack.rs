//! Series on top of each other: what each layer of a stack begins and ends at above every place.

use std::ops::Range;
use std::rc::Rc;

use crate::ChartError;
use crate::kinds::{OTHER, Sheet};
use crate::palette::Paint;
use crate::reduce::{Point, chunks};
use crate::scale::Scale;
use crate::series::{Lines, Series};
use crate::trace::within;

/// One layer of a stack.
pub(crate) struct Layer {
    pub(crate) paint: Paint,
    /// Where it begins and ends above each place; NaN above a place where nothing has a value.
    pub(crate) points: Vec<(f64, f64)>,
    /// The numbers of its series in [`Lines::series`].
    pub(crate) members: Vec<usize>,
    /// What all layers together are above each place.
    pub(crate) totals: Rc<[f64]>,
}

/// A stretch of a layer without a gap.
pub(crate) struct Run {
    pub(crate) upper: Vec<Point>,
    pub(crate) lower: Vec<Point>,
}

/// All places of all series that are drawn, once each.
pub(crate) fn places(lines: &Lines<'_>) -> Vec<f64> {
    let mut shown = lines.shown().map(|(_, series)| series);
    let Some(first) = shown.next() else { return Vec::new() };
    let mut places = first.xs.to_vec();
    for series in shown.filter(|series| !Rc::ptr_eq(&series.xs, &first.xs)) {
        places.extend_from_slice(&series.xs);
    }
    if !places.is_sorted() {
        places.sort_unstable_by(f64::total_cmp);
    }
    places.dedup();
    places
}

/// Puts series on top of each other; what has no value adds nothing, and series without a name are one layer.
///
/// # Errors
///
/// A negative value where layers are shares of a whole.
pub(crate) fn layers(
    lines: &Lines<'_>,
    places: &[f64],
    sheet: &Sheet<'_>,
    percent: bool,
) -> Result<Vec<Layer>, ChartError> {
    let mut members: Vec<(Paint, Vec<usize>)> = Vec::new();
    for (number, series) in lines.shown().filter(|(_, series)| !series.faded) {
        members.push((series.paint, vec![number]));
    }
    let rest: Vec<usize> = lines.shown().filter(|(_, series)| series.faded).map(|(number, _)| number).collect();
    if !rest.is_empty() {
        members.push((sheet.palette.ghost, rest));
    }
    let mut sums: Vec<Vec<f64>> = Vec::with_capacity(members.len());
    for (_, members) in &members {
        let mut sum = vec![f64::NAN; places.len()];
        for number in members {
            let series = &lines.series[*number];
            add(series, places, &mut sum);
            if let Some(index) = series.ys.iter().position(|y| percent && *y < 0.0) {
                let category = if series.faded { OTHER.to_owned() } else { series.name.clone() };
                let at = lines.along.heading(series.xs[index], lines.x, series.row(index));
                let category = format!("{category} ({at})");
                return Err(ChartError::Negative { column: series.column.name().to_owned(), category });
            }
        }
        sums.push(sum);
    }
    let any = |place: usize| sums.iter().any(|sum| !sum[place].is_nan());
    let mut top: Vec<f64> = (0..places.len()).map(|place| if any(place) { 0.0 } else { f64::NAN }).collect();
    let total =
        |place: usize| sums.iter().map(|sum: &Vec<f64>| sum[place]).filter(|sum: &f64| !sum.is_nan()).sum::<f64>();
    let totals: Rc<[f64]> = (0..places.len()).map(total).collect();
    let layers = members.into_iter().zip(&sums).map(|((paint, members), sum)| {
        let put = |place: usize| {
            let bottom = top[place];
            let value = if sum[place].is_nan() { 0.0 } else { sum[place] };
            // Where the whole is nothing, no part has a share of it.
            top[place] += match (percent, totals[place]) {
                (false, _) => value,
                (true, total) if total > 0.0 => value / total * 100.0,
                (true, _) => 0.0,
            };
            (bottom, top[place])
        };
        let points = (0..places.len()).map(put).collect();
        Layer { paint, points, members, totals: Rc::clone(&totals) }
    });
    Ok(layers.collect())
}

/// Adds a series' values to the sums above its places. Both ascend, so one walk meets all.
fn add(series: &Series<'_>, places: &[f64], sums: &mut [f64]) {
    let mut at = 0;
    for (x, y) in series.xs.iter().zip(&*series.ys) {
        while places[at] < *x {
            at += 1;
        }
        if y.is_finite() {
            sums[at] = if sums[at].is_nan() { *y } else { sums[at] + y };
        }
    }
}

/// The stretches of a layer as far as a scale shows them, no more points than its pixels need.
pub(crate) fn runs(places: &[f64], layer: &Layer, all: &[Layer], scale: &Scale) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run { upper: Vec::new(), lower: Vec::new() };
    for index in thin(places, all, scale) {
        let (from, to) = layer.points[index];
        if to.is_nan() {
            let done = std::mem::replace(&mut run, Run { upper: Vec::new(), lower: Vec::new() });
            runs.push(done);
            continue;
        }
        run.upper.push((places[index], to));
        run.lower.push((places[index], from));
    }
    runs.push(run);
    runs.retain(|run| !run.upper.is_empty());
    runs
}

/// Of many places, those of each pixel column's first, least, greatest and last whole, and one beyond either edge.
fn thin(places: &[f64], layers: &[Layer], scale: &Scale) -> Vec<usize> {
    let Some(top) = layers.last() else { return Vec::new() };
    let inside = within(places, scale.domain());
    let mut kept: Vec<usize> = inside.start.checked_sub(1).into_iter().collect();
    let shift = |range: Range<usize>| range.start + inside.start..range.end + inside.start;
    for column in chunks(&places[inside.clone()], scale).map(shift) {
        let height = |index: &usize| top.points[*index].1;
        let least =
            column.clone().filter(|index| !height(index).is_nan()).min_by(|a, b| height(a).total_cmp(&height(b)));
        let greatest =
            column.clone().filter(|index| !height(index).is_nan()).max_by(|a, b| height(a).total_cmp(&height(b)));
        let mut four: Vec<usize> =
            [Some(column.start), least, greatest, Some(column.end - 1)].into_iter().flatten().collect();
        four.sort_unstable();
        four.dedup();
        kept.extend(four);
    }
    kept.extend(Some(inside.end).filter(|end| *end < places.len()));
    kept
}
