//! Long series as short as the screen: of each pixel column only the first, the last, the least and the greatest point
//! are drawn, which covers the same pixels (Jugel et al., "M4", VLDB 2014). Scales are set before, on all of them.

use std::ops::Range;

use crate::scale::Scale;
use crate::scene::UNIT;

/// A point in the data's own measure. A NaN for `y` is where the line is lifted.
pub(crate) type Point = (f64, f64);

/// The points of a line to draw. `xs` must ascend.
pub(crate) fn reduce(xs: &[f64], ys: &[f64], scale: &Scale) -> Vec<Point> {
    let columns = width(xs, scale);
    if xs.len() <= columns * 4 {
        return xs.iter().copied().zip(ys.iter().copied()).collect();
    }
    let mut points = Vec::with_capacity(columns * 4);
    // A gap within one pixel column is thinner than anything that could be seen; one between two columns is not.
    let mut lifted = false;
    for chunk in chunks(xs, scale) {
        let ys = &ys[chunk.clone()];
        lifted |= ys.first().is_some_and(|y| y.is_nan());
        if let Some(four) = extremes(ys) {
            if lifted && !points.is_empty() {
                points.push((xs[chunk.start], f64::NAN));
            }
            let mut before = None;
            for index in four {
                if before != Some(index) {
                    points.push((xs[chunk.start + index], ys[index]));
                }
                before = Some(index);
            }
            lifted = false;
        }
        lifted |= ys.last().is_some_and(|y| y.is_nan());
    }
    points
}

/// How many pixel columns lie between the first place and the last, both counted.
pub(crate) fn width(xs: &[f64], scale: &Scale) -> usize {
    match xs {
        [first, .., last] => (column(*last, scale) - column(*first, scale) + 1).max(1) as usize,
        _ => 1,
    }
}

/// The pixel column of a place.
pub(crate) fn column(x: f64, scale: &Scale) -> i64 {
    (scale.place(x) / f64::from(UNIT)).floor() as i64
}

/// The indexes of ascending places by pixel column. Ends are searched, not walked to: a million places take as long as
/// a thousand.
pub(crate) fn chunks(xs: &[f64], scale: &Scale) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let at = column(*xs.get(start)?, scale);
        let end = start + xs[start..].partition_point(|x| column(*x, scale) <= at);
        let chunk = start..end;
        start = end;
        Some(chunk)
    })
}

/// Where the first, the least, the greatest and the last value stand, from left to right; NaN is none.
fn extremes(ys: &[f64]) -> Option<[usize; 4]> {
    let first = ys.iter().position(|y| !y.is_nan())?;
    let (mut least, mut greatest, mut last) = (first, first, first);
    for (index, y) in ys.iter().enumerate().skip(first) {
        if *y < ys[least] {
            least = index;
        }
        if *y > ys[greatest] {
            greatest = index;
        }
        if !y.is_nan() {
            last = index;
        }
    }
    Some([first, least.min(greatest), least.max(greatest), last])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// For each pixel column, the least and the greatest pixel row that the line passes.
    fn covered(points: &[Point], x: &Scale, y: &Scale, width: usize) -> Vec<Option<(f64, f64)>> {
        let mut rows = vec![None; width];
        let pixel = |point: &Point| (x.place(point.0) / f64::from(UNIT), y.place(point.1) / f64::from(UNIT));
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pixel(&pair[0]), pixel(&pair[1]));
            let columns = x0.floor() as usize..=x1.floor() as usize;
            for (column, row) in rows.iter_mut().enumerate().filter(|(column, _)| columns.contains(column)) {
                let cut = |edge: f64| {
                    let share = if x1 > x0 { ((edge - x0) / (x1 - x0)).clamp(0.0, 1.0) } else { 0.0 };
                    y0 + share * (y1 - y0)
                };
                let ends = if x1 > x0 { [cut(column as f64), cut(column as f64 + 1.0)] } else { [y0, y1] };
                for y in ends {
                    let (least, greatest) = row.unwrap_or((y, y));
                    *row = Some((f64::min(least, y), f64::max(greatest, y)));
                }
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn the_reduced_line_covers_the_pixels_of_the_whole(
            ys in prop::collection::vec(-1e3f64..1e3, 400..3000),
            width in 20i32..90,
        ) {
            let xs: Vec<f64> = (0..ys.len()).map(|index| index as f64).collect();
            let x = Scale::new((0.0, ys.len() as f64), (0, width * UNIT));
            let y = Scale::new((-1e3, 1e3), (200 * UNIT, 0));
            let whole: Vec<Point> = xs.iter().copied().zip(ys.iter().copied()).collect();
            let reduced = reduce(&xs, &ys, &x);
            prop_assert!(reduced.len() < whole.len());
            prop_assert!(reduced.len() <= 4 * (width as usize + 1));
            prop_assert!(reduced.iter().all(|point| whole.contains(point)), "every point is a real one");
            let before = covered(&whole, &x, &y, width as usize);
            let after = covered(&reduced, &x, &y, width as usize);
            for (column, (before, after)) in before.iter().zip(&after).enumerate() {
                match (before, after) {
                    (Some(before), Some(after)) => {
                        let (top, bottom) = (before.0 - after.0, before.1 - after.1);
                        prop_assert!(top.abs() <= 1.0 && bottom.abs() <= 1.0, "{column}: {before:?}, {after:?}");
                    }
                    (before, after) => prop_assert_eq!(before, after),
                }
            }
        }
    }

    fn runs(points: &[Point]) -> impl Iterator<Item = &[Point]> {
        points.split(|point| point.1.is_nan()).filter(|run| !run.is_empty())
    }

    #[test]
    fn a_gap_that_can_be_seen_stays_a_gap() {
        let xs: Vec<f64> = (0..10_000).map(f64::from).collect();
        let ys: Vec<f64> = xs.iter().map(|x| if (4_000.0..5_000.0).contains(x) { f64::NAN } else { *x }).collect();
        let points = reduce(&xs, &ys, &Scale::new((0.0, 9_999.0), (0, 100 * UNIT)));
        let ends: Vec<(f64, f64)> = runs(&points).map(|run| (run[0].1, run[run.len() - 1].1)).collect();
        assert_eq!(ends, [(0.0, 3_999.0), (5_000.0, 9_999.0)]);
    }
}
