//! Lines and what they fill, drawn into a plot: reduced to its pixels, cut where they leave it, lifted over gaps.

use std::ops::Range;

use plotters::element::{Circle, Polygon};
use plotters::style::Color;

use crate::ChartError;
use crate::element::Path;
use crate::palette::Paint;
use crate::reduce::{Peaks, Places, Point, reduce};
use crate::scale::{Extent, Scale, nearest};
use crate::scene::{Area, Canvas, Dash};

/// A place in units of a scene, not rounded.
type Spot = (f64, f64);

/// Where a line is drawn, and by which scales.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    pub(crate) plot: Area,
}

/// How a line looks; lengths are in units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) paint: Paint,
    pub(crate) width: i32,
    pub(crate) dash: Dash,
}

/// The radius of a point that stands alone.
const DOT: u32 = 25;

/// The points that lie between two places, both counted.
pub(crate) fn within(xs: &[f64], (from, to): (f64, f64)) -> Range<usize> {
    let start = xs.partition_point(|x| *x < from);
    start..start + xs[start..].partition_point(|x| *x <= to)
}

/// What the line through these points reaches between two places, with its ends where it is cut. `extent` says what
/// some of the values lie within.
pub(crate) fn reach(xs: &[f64], ys: &[f64], window: (f64, f64), extent: impl FnOnce(Range<usize>) -> Extent) -> Extent {
    let inside = within(xs, window);
    let mut extent = extent(inside.clone());
    // The line goes on beyond the window, to the points before and after.
    for (edge, outer) in [(window.0, inside.start.checked_sub(1)), (window.1, Some(inside.end))] {
        let Some(outer) = outer.filter(|outer| *outer < xs.len()) else { continue };
        let inner = if outer < inside.start { outer + 1 } else { outer.saturating_sub(1) };
        if inner < xs.len() && xs[inner] != xs[outer] {
            extent.add(ys[outer] + (ys[inner] - ys[outer]) * ((edge - xs[outer]) / (xs[inner] - xs[outer])));
        }
    }
    extent
}

impl Ground {
    /// The points of a line as far as it shows, no more than its pixels need. One point stands outside at either side
    /// where the line goes on.
    pub(crate) fn points(&self, xs: &Places, ys: &[f64], peaks: &Peaks) -> Vec<Point> {
        let inside = within(xs, self.x.domain());
        let mut points = Vec::new();
        if let Some(before) = inside.start.checked_sub(1) {
            points.push((xs[before], ys[before]));
        }
        points.extend(reduce(xs, ys, &self.x, peaks));
        if inside.end < xs.len() {
            points.push((xs[inside.end], ys[inside.end]));
        }
        points
    }

    fn spot(&self, (x, y): Point) -> Spot {
        (self.x.beyond(x), self.y.beyond(y))
    }

    /// The areas that a line passes, each no wider than a letter.
    pub(crate) fn passed(&self, points: &[Point]) -> Vec<Area> {
        const LETTER: f64 = 60.0;
        let mut passed = Vec::new();
        for run in self.runs(points) {
            for pair in run.windows(2) {
                let (from, to) = (self.spot(pair[0]), self.spot(pair[1]));
                let pieces = ((to.0 - from.0) / LETTER).ceil().clamp(1.0, 1e3);
                let at = |piece: f64| {
                    let share = piece / pieces;
                    round((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share))
                };
                passed.extend((0..pieces as u32).map(|piece| {
                    let ((x0, y0), (x1, y1)) = (at(f64::from(piece)), at(f64::from(piece) + 1.0));
                    Area { left: x0, right: x1.max(x0 + 1), top: y0.min(y1) - 10, bottom: y0.max(y1) + 10 }
                }));
            }
        }
        passed
    }

    /// Whether a line goes up and down so much that it is many times as long as it is wide.
    pub(crate) fn is_rough(&self, points: &[Point]) -> bool {
        const MANY: f64 = 6.0;
        let spots: Vec<Spot> = points.iter().map(|point| self.spot(*point)).collect();
        let climbed: f64 = spots.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs()).sum();
        match spots.as_slice() {
            [first, .., last] => climbed > (last.0 - first.0) * MANY,
            _ => false,
        }
    }

    /// The runs between gaps; a value that the scale does not measure is a gap.
    fn runs<'p>(&self, points: &'p [Point]) -> impl Iterator<Item = &'p [Point]> {
        let y = self.y;
        points.split(move |point| !y.measures(point.1)).filter(|run| !run.is_empty())
    }

    /// Draws a line with its gaps; a point between two gaps is a dot, or nobody would see it.
    pub(crate) fn line(&self, canvas: &Canvas<'_>, points: &[Point], stroke: Stroke) -> Result<(), ChartError> {
        let Stroke { paint, width, dash } = stroke;
        for run in self.runs(points) {
            if let [point] = run {
                let (x, y) = self.spot(*point);
                if self.holds((x, y)) {
                    canvas.draw(&Circle::new(round((x, y)), DOT, paint.filled()))?;
                }
                continue;
            }
            let spots: Vec<Spot> = run.iter().map(|point| self.spot(*point)).collect();
            for points in self.cut(&spots) {
                canvas.draw(&Path { points, paint, width, dash })?;
            }
        }
        Ok(())
    }

    /// Fills what lies between a line and a value below it, or above.
    pub(crate) fn fill(
        &self,
        canvas: &Canvas<'_>,
        points: &[Point],
        floor: f64,
        paint: Paint,
    ) -> Result<(), ChartError> {
        for run in self.runs(points).filter(|run| run.len() > 1) {
            let floor = if self.y.measures(floor) { self.y.beyond(floor) } else { f64::from(self.plot.bottom) };
            let mut outline: Vec<Spot> = run.iter().map(|point| self.spot(*point)).collect();
            let (first, last) = (outline[0].0, outline[outline.len() - 1].0);
            outline.extend([(last, floor), (first, floor)]);
            self.polygon(canvas, outline, paint)?;
        }
        Ok(())
    }

    /// Fills what lies between two lines above the same places.
    pub(crate) fn between(
        &self,
        canvas: &Canvas<'_>,
        upper: &[Point],
        lower: &[Point],
        paint: Paint,
    ) -> Result<(), ChartError> {
        let outline = upper.iter().chain(lower.iter().rev()).map(|point| self.spot(*point));
        self.polygon(canvas, outline.collect(), paint)
    }

    fn polygon(&self, canvas: &Canvas<'_>, outline: Vec<Spot>, paint: Paint) -> Result<(), ChartError> {
        let mut points: Vec<(i32, i32)> = self.clip(outline).into_iter().map(round).collect();
        points.dedup();
        if points.len() > 2 {
            canvas.draw(&Polygon::new(points, paint.filled()))?;
        }
        Ok(())
    }

    /// The plot's left, right, upper and lower side.
    fn sides(&self) -> [f64; 4] {
        let Area { left, right, top, bottom } = self.plot;
        [left, right, top, bottom].map(f64::from)
    }

    fn holds(&self, (x, y): Spot) -> bool {
        let [left, right, top, bottom] = self.sides();
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    }

    /// The parts of a line that lie in the plot.
    fn cut(&self, spots: &[Spot]) -> Vec<Vec<(i32, i32)>> {
        if spots.iter().all(|spot| self.holds(*spot)) {
            return vec![spots.iter().copied().map(round).collect()];
        }
        let mut parts: Vec<Vec<(i32, i32)>> = Vec::new();
        let mut part: Vec<(i32, i32)> = Vec::new();
        for pair in spots.windows(2) {
            let Some((from, to)) = self.segment(pair[0], pair[1]) else { continue };
            if part.last() != Some(&round(from)) {
                parts.push(std::mem::take(&mut part));
                part.push(round(from));
            }
            part.push(round(to));
        }
        parts.push(part);
        parts.retain(|part| part.len() > 1);
        parts
    }

    /// The part of a segment that lies in the plot (Liang and Barsky, 1984).
    fn segment(&self, from: Spot, to: Spot) -> Option<(Spot, Spot)> {
        let [left, right, top, bottom] = self.sides();
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut start, mut end) = (0.0_f64, 1.0_f64);
        for (step, room) in [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - top), (dy, bottom - from.1)] {
            if step == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if step < 0.0 {
                start = start.max(room / step);
            } else {
                end = end.min(room / step);
            }
        }
        let at = |share: f64| (from.0 + dx * share, from.1 + dy * share);
        (start <= end).then(|| (at(start), at(end)))
    }

    /// The part of an outline that lies in the plot (Sutherland and Hodgman, 1974).
    fn clip(&self, outline: Vec<Spot>) -> Vec<Spot> {
        if outline.iter().all(|spot| self.holds(*spot)) {
            return outline;
        }
        let [left, right, top, bottom] = self.sides();
        let upright = |edge: f64| move |a: Spot, b: Spot| (edge, a.1 + (b.1 - a.1) * ((edge - a.0) / (b.0 - a.0)));
        let level = |edge: f64| move |a: Spot, b: Spot| (a.0 + (b.0 - a.0) * ((edge - a.1) / (b.1 - a.1)), edge);
        let outline = half(&outline, |spot| spot.0 >= left, upright(left));
        let outline = half(&outline, |spot| spot.0 <= right, upright(right));
        let outline = half(&outline, |spot| spot.1 >= top, level(top));
        half(&outline, |spot| spot.1 <= bottom, level(bottom))
    }
}

/// The part of an outline on one side of an edge.
fn half(outline: &[Spot], inside: impl Fn(Spot) -> bool, crossing: impl Fn(Spot, Spot) -> Spot) -> Vec<Spot> {
    let mut kept = Vec::with_capacity(outline.len() + 4);
    let Some(mut before) = outline.last().copied() else { return kept };
    for spot in outline.iter().copied() {
        if inside(spot) != inside(before) {
            kept.push(crossing(before, spot));
        }
        if inside(spot) {
            kept.push(spot);
        }
        before = spot;
    }
    kept
}

fn round((x, y): Spot) -> (i32, i32) {
    (nearest(x), nearest(y))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLOT: Area = Area { left: 100, top: 50, right: 2_100, bottom: 1_050 };

    fn ground(window: (f64, f64), values: (f64, f64)) -> Ground {
        let (x, y) = (Scale::new(window, (PLOT.left, PLOT.right)), Scale::new(values, (PLOT.bottom, PLOT.top)));
        Ground { x, y, plot: PLOT }
    }

    fn extent(values: &[f64]) -> Extent {
        let mut extent = Extent::NONE;
        extent.add_line(values);
        extent
    }

    #[test]
    fn a_line_is_cut_exactly_where_it_crosses_the_edge() {
        let ground = ground((10.0, 20.0), (0.0, 100.0));
        let (xs, ys) = (Places::from(vec![0.0, 40.0]), [0.0, 400.0]);
        let points = ground.points(&xs, &ys, &Peaks::default());
        let spots: Vec<Spot> = points.iter().map(|point| ground.spot(*point)).collect();
        // At 10 the line is at 100, which is the upper edge, and then it is gone.
        assert_eq!(ground.cut(&spots), [vec![(100, 50), (100, 50)]]);
        let reach = reach(&xs, &ys, (10.0, 20.0), |inside| extent(&ys[inside]));
        assert_eq!((reach.least, reach.greatest), (100.0, 200.0));
    }

    proptest! {
        #[test]
        fn nothing_that_is_cut_leaves_the_plot_and_what_lies_within_stays(
            spots in prop::collection::vec((-5e3f64..8e3, -5e3f64..8e3), 2..40),
        ) {
            let ground = ground((0.0, 1.0), (0.0, 1.0));
            let inside = |(x, y): (i32, i32)| {
                (PLOT.left..=PLOT.right).contains(&x) && (PLOT.top..=PLOT.bottom).contains(&y)
            };
            let parts = ground.cut(&spots);
            prop_assert!(parts.iter().flatten().all(|spot| inside(*spot)));
            for pair in spots.windows(2).filter(|pair| ground.holds(pair[0]) && ground.holds(pair[1])) {
                let kept = parts.iter().any(|part| part.windows(2).any(|kept| kept == [round(pair[0]), round(pair[1])]));
                prop_assert!(kept, "{pair:?}");
            }
            prop_assert!(ground.clip(spots).into_iter().map(round).all(inside));
        }

        #[test]
        fn a_zoomed_line_covers_the_pixels_of_the_whole_on_both_scales(
            steps in prop::collection::vec((0u8..3, 0.1f64..1e3), 2_000..4_000),
            a in 0.0f64..0.3,
            b in 0.7f64..1.0,
            log: bool,
        ) {
            let mut x = 0.0;
            let xs: Places = steps.iter().map(|(step, _)| { x += f64::from(*step); x }).collect();
            let ys: Vec<f64> = steps.iter().map(|(_, y)| *y).collect();
            let plain = ground((a * x, b * x), (0.1, 1e3));
            let y = if log { Scale::log((0.1, 1e3), (PLOT.bottom, PLOT.top)) } else { plain.y };
            let ground = Ground { y, ..plain };
            let whole: Vec<Point> = xs.iter().copied().zip(ys.iter().copied()).collect();
            let reduced = ground.points(&xs, &ys, &Peaks::default());
            prop_assert!(reduced.len() < whole.len());
            let covered = |points: &[Point]| {
                let mut columns = vec![(i32::MAX, i32::MIN); 201];
                let spots: Vec<Spot> = points.iter().map(|point| ground.spot(*point)).collect();
                for (x, y) in ground.cut(&spots).into_iter().flatten() {
                    let column = &mut columns[((x - PLOT.left) / 10) as usize];
                    *column = (column.0.min(y), column.1.max(y));
                }
                columns
            };
            // Within one pixel: a point upon the border of two columns may be counted to either.
            let (before, after) = (covered(&whole), covered(&reduced));
            for (column, (top, bottom)) in before.into_iter().enumerate().filter(|(_, reach)| reach.0 <= reach.1) {
                let near = &after[column.saturating_sub(1)..(column + 2).min(after.len())];
                let least = near.iter().map(|reach| reach.0).min().unwrap_or(i32::MAX);
                let greatest = near.iter().map(|reach| reach.1).max().unwrap_or(i32::MIN);
                prop_assert!(least <= top + 10 && greatest >= bottom - 10, "{column}: {top} to {bottom}");
            }
        }

        #[test]
        fn the_axis_of_a_window_holds_all_that_is_drawn_in_it(
            steps in prop::collection::vec((0.0f64..3.0, prop::option::of(-1e3f64..1e3)), 2..60),
            a in -5.0f64..100.0,
            b in -5.0f64..100.0,
        ) {
            let mut x = 0.0;
            let xs: Places = steps.iter().map(|(step, _)| { x += step.floor(); x }).collect();
            let ys: Vec<f64> = steps.iter().map(|(_, y)| y.unwrap_or(f64::NAN)).collect();
            let window = (a.min(b), a.max(b) + 0.5);
            let reach = reach(&xs, &ys, window, |inside| extent(&ys[inside]));
            let ground = ground(window, (-1e3, 1e3));
            let points = ground.points(&xs, &ys, &Peaks::default());
            for run in ground.runs(&points).filter(|run| run.len() > 1) {
                let spots: Vec<Spot> = run.iter().map(|point| ground.spot(*point)).collect();
                for (_, y) in ground.cut(&spots).into_iter().flatten() {
                    let (top, bottom) = (ground.y.at(reach.greatest), ground.y.at(reach.least));
                    prop_assert!((top - 1..=bottom + 1).contains(&y), "{y} is not between {top} and {bottom}");
                }
            }
        }
    }
}
