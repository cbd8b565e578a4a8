//! Series on top of each other: what each layer of a stack begins and ends at above every place.

use std::rc::Rc;

use crate::ChartError;
use crate::kinds::{OTHER, Sheet};
use crate::palette::Paint;
use crate::reduce::{Peaks, Places, Point};
use crate::series::{Lines, Series};
use crate::trace::Ground;

/// One layer of a stack.
pub(crate) struct Layer {
    pub(crate) paint: Paint,
    /// Where it begins above each place; NaN where it has no value.
    pub(crate) lower: Vec<f64>,
    /// Where it ends above each place; NaN where it has no value.
    pub(crate) upper: Vec<f64>,
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
pub(crate) fn places(lines: &Lines<'_>) -> Places {
    let mut shown = lines.shown().map(|(_, series)| series);
    let Some(first) = shown.next() else { return Places::default() };
    let mut places = first.xs.to_vec();
    for series in shown.filter(|series| !Rc::ptr_eq(&series.xs, &first.xs)) {
        places.extend_from_slice(&series.xs);
    }
    if !places.is_sorted() {
        places.sort_unstable_by(f64::total_cmp);
    }
    places.dedup();
    places.into()
}

/// Puts series on top of each other; series without a name are one layer. As with lines, a null is a gap, and between two
/// of its own places a series goes straight from one to the other: what has no row at the places of others is not zero
/// there. Before its first place and after its last one it adds nothing.
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
    let total =
        |place: usize| sums.iter().map(|sum: &Vec<f64>| sum[place]).filter(|sum: &f64| !sum.is_nan()).sum::<f64>();
    let totals: Rc<[f64]> = (0..places.len()).map(total).collect();
    let mut top = vec![0.0; places.len()];
    let layers = members.into_iter().zip(sums).map(|((paint, members), mut upper)| {
        let mut lower = vec![f64::NAN; places.len()];
        for place in (0..places.len()).filter(|place| !upper[*place].is_nan()).collect::<Vec<_>>() {
            lower[place] = top[place];
            // Where the whole is nothing, no part has a share of it.
            top[place] += match (percent, totals[place]) {
                (false, _) => upper[place],
                (true, total) if total > 0.0 => upper[place] / total * 100.0,
                (true, _) => 0.0,
            };
            upper[place] = top[place];
        }
        Layer { paint, lower, upper, members, totals: Rc::clone(&totals) }
    });
    Ok(layers.collect())
}

/// Adds a series' values to the sums above all places, which hold its own. Both ascend, so one walk meets all.
fn add(series: &Series<'_>, places: &[f64], sums: &mut [f64]) {
    let own = own(series);
    let mut next = 0;
    for (place, sum) in places.iter().zip(sums) {
        while own.get(next).is_some_and(|(x, _)| x < place) {
            next += 1;
        }
        let value = match (next.checked_sub(1).map(|before| own[before]), own.get(next)) {
            (_, Some((x, y))) if x == place => *y,
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((place - x0) / (x1 - x0)),
            _ => f64::NAN,
        };
        if !value.is_nan() {
            *sum = if sum.is_nan() { value } else { *sum + value };
        }
    }
}

/// The points of a series, those of one place added up; NaN where there is no value.
fn own(series: &Series<'_>) -> Vec<Point> {
    let mut own: Vec<Point> = Vec::with_capacity(series.xs.len());
    for (x, y) in series.xs.iter().zip(series.ys.iter()) {
        match own.last_mut() {
            Some((last, sum)) if last == x && sum.is_nan() => *sum = *y,
            Some((last, sum)) if last == x => *sum += if y.is_nan() { 0.0 } else { *y },
            _ => own.push((*x, *y)),
        }
    }
    own
}

/// The stretches of a layer as far as its ground shows them. Each edge keeps what its pixels need: a spike of a layer
/// that the whole does not show is in its own edges.
pub(crate) fn runs(places: &Places, layer: &Layer, ground: &Ground) -> Vec<Run> {
    let edges = [&layer.upper, &layer.lower].map(|edge| ground.points(places, edge, &Peaks::default()));
    // Both have their gaps at the same places, so one's stretches are the other's.
    let [upper, lower] =
        edges.each_ref().map(|edge| edge.split(|point| point.1.is_nan()).filter(|run| !run.is_empty()));
    upper.zip(lower).map(|(upper, lower)| Run { upper: upper.to_vec(), lower: lower.to_vec() }).collect()
}
