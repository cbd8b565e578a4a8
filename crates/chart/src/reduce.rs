//! Long series as short as the screen: of each pixel column only the first, the last, the least and the greatest point
//! are drawn, which covers the same pixels (Jugel et al., "M4", VLDB 2014). Scales are set before, on all of them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::{Deref, Range};

use crate::scale::Scale;
use crate::scene::UNIT;
use crate::trace::within;

/// A point in the data's own measure. A NaN for `y` is where the line is lifted.
pub(crate) type Point = (f64, f64);

/// Where the points of lines stand from left to right: in ascending order.
#[derive(Debug, Default)]
pub(crate) struct Places {
    xs: Vec<f64>,
    /// By the pixel columns of the scale that was asked for first: a picture has one, and all of its lines share it.
    columns: OnceCell<(Scale, Vec<Range<usize>>)>,
}

impl Places {
    /// Which of them stand in each pixel column of a scale, as far as any do.
    pub(crate) fn columns(&self, scale: &Scale) -> Cow<'_, [Range<usize>]> {
        let find = || {
            let inside = within(self, scale.domain());
            let shift = |chunk: Range<usize>| inside.start + chunk.start..inside.start + chunk.end;
            chunks(&self[inside.clone()], scale).map(shift).collect()
        };
        match self.columns.get_or_init(|| (*scale, find())) {
            (kept, columns) if kept == scale => Cow::Borrowed(columns),
            _ => Cow::Owned(find()),
        }
    }
}

impl Deref for Places {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.xs
    }
}

impl From<Vec<f64>> for Places {
    fn from(xs: Vec<f64>) -> Self {
        Self { xs, columns: OnceCell::new() }
    }
}

impl FromIterator<f64> for Places {
    fn from_iter<I: IntoIterator<Item = f64>>(xs: I) -> Self {
        xs.into_iter().collect::<Vec<_>>().into()
    }
}

/// Where the first, the least, the greatest and the last value stand in a pixel column, counted from its first place;
/// `None` where there is no value.
pub(crate) type Four = Option<[usize; 4]>;

/// A line's four of each pixel column, which its picture and its marks both ask for: found once for the scale that was
/// asked for first.
#[derive(Debug, Default)]
pub(crate) struct Peaks(OnceCell<(Scale, Vec<Four>)>);

impl Peaks {
    /// Those of a line's values, in the order of [`Places::columns`].
    pub(crate) fn of(&self, xs: &Places, ys: &[f64], scale: &Scale) -> Cow<'_, [Four]> {
        let find = || xs.columns(scale).iter().map(|chunk| extremes(&ys[chunk.clone()])).collect();
        match self.0.get_or_init(|| (*scale, find())) {
            (kept, peaks) if kept == scale => Cow::Borrowed(peaks),
            _ => Cow::Owned(find()),
        }
    }
}

/// The points of a line to draw, of those between the ends of the scale.
pub(crate) fn reduce(xs: &Places, ys: &[f64], scale: &Scale, peaks: &Peaks) -> Vec<Point> {
    let inside = within(xs, scale.domain());
    let columns = width(&xs[inside.clone()], scale);
    if inside.len() <= columns * 4 {
        return xs[inside.clone()].iter().copied().zip(ys[inside].iter().copied()).collect();
    }
    let mut points = Vec::with_capacity(columns * 4);
    // A gap within one pixel column is thinner than anything that could be seen; one between two columns is not.
    let mut lifted = false;
    let peaks = peaks.of(xs, ys, scale);
    for (chunk, four) in xs.columns(scale).iter().zip(peaks.iter()) {
        let ys = &ys[chunk.clone()];
        lifted |= ys.first().is_some_and(|y| y.is_nan());
        if let Some(four) = *four {
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
    let pixels = scale.place(x) / f64::from(UNIT);
    // `floor` is a call where the processor may be an old one.
    let column = pixels as i64;
    column - i64::from(pixels < column as f64)
}

/// The indexes of ascending places by pixel column. Ends are searched, not walked to: a million places take as long as
/// a thousand.
pub(crate) fn chunks(xs: &[f64], scale: &Scale) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let mut length = 1;
    std::iter::from_fn(move || {
        let at = column(*xs.get(start)?, scale);
        let chunk = start..end(xs, start, length, |x| column(x, scale) <= at);
        (start, length) = (chunk.end, chunk.len());
        Some(chunk)
    })
}

/// Where the run of places from `start` on ends that are `inside`, as the first one is. It is looked for at `length`,
/// and in wider and wider steps around it: evenly spaced rows fill all pixel columns alike.
fn end(xs: &[f64], start: usize, length: usize, inside: impl Fn(f64) -> bool) -> usize {
    let is_inside = |index: usize| xs.get(index).is_some_and(|x| inside(*x));
    let guess = start + length;
    let (mut within, mut beyond) = (start, guess.min(xs.len()));
    let mut step = 1;
    if is_inside(guess) {
        (within, beyond) = (guess, guess + step);
        while is_inside(beyond) {
            step *= 2;
            (within, beyond) = (beyond, beyond + step);
        }
        beyond = beyond.min(xs.len());
    } else {
        while beyond > start + step && !is_inside(beyond - step) {
            beyond -= step;
            step *= 2;
        }
        within = within.max(beyond.saturating_sub(step));
    }
    within + 1 + xs[within + 1..beyond].partition_point(|x| inside(*x))
}

/// Where the first, the least, the greatest and the last value stand, from left to right; NaN is none.
pub(crate) fn extremes(ys: &[f64]) -> Option<[usize; 4]> {
    let first = ys.iter().position(|y| !y.is_nan())?;
    let last = ys.iter().rposition(|y| !y.is_nan())?;
    let (least, greatest) = span(ys);
    let at = |value: f64| ys.iter().position(|y| *y == value).unwrap_or(first);
    let (least, greatest) = (at(least), at(greatest));
    Some([first, least.min(greatest), least.max(greatest), last])
}

/// The least and the greatest value, past whatever is NaN; `(∞, -∞)` if all are.
pub(crate) fn span(ys: &[f64]) -> (f64, f64) {
    // Comparisons in lanes, not `f64::min`: so the compiler compares several values at once.
    const LANES: usize = 8;
    let mut least = [f64::INFINITY; LANES];
    let mut greatest = [f64::NEG_INFINITY; LANES];
    let (chunks, rest) = ys.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            least[lane] = lesser(chunk[lane], least[lane]);
            greatest[lane] = greater(chunk[lane], greatest[lane]);
        }
    }
    let least = least.iter().chain(rest).fold(f64::INFINITY, |least, y| lesser(*y, least));
    let greatest = greatest.iter().chain(rest).fold(f64::NEG_INFINITY, |greatest, y| greater(*y, greatest));
    (least, greatest)
}

fn lesser(y: f64, least: f64) -> f64 {
    if y < least { y } else { least }
}

fn greater(y: f64, greatest: f64) -> f64 {
    if y > greatest { y } else { greatest }
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
            let xs: Places = (0..ys.len()).map(|index| index as f64).collect();
            let x = Scale::new((0.0, ys.len() as f64), (0, width * UNIT));
            let y = Scale::new((-1e3, 1e3), (200 * UNIT, 0));
            let whole: Vec<Point> = xs.iter().copied().zip(ys.iter().copied()).collect();
            let reduced = reduce(&xs, &ys, &x, &Peaks::default());
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

    #[test]
    fn another_scale_has_columns_of_its_own() {
        let xs: Places = (0..1_000).map(f64::from).collect();
        let [narrow, wide] = [10, 100].map(|width| Scale::new((0.0, 1e3), (0, width * UNIT)));
        let half = Scale::new((500.0, 1e3), (0, 10 * UNIT));
        assert_eq!(xs.columns(&narrow).first(), Some(&(0..100)));
        assert_eq!(xs.columns(&wide).first(), Some(&(0..10)));
        assert_eq!(xs.columns(&half).first(), Some(&(500..550)));
        assert_eq!(xs.columns(&narrow).len(), 10);
    }

    fn runs(points: &[Point]) -> impl Iterator<Item = &[Point]> {
        points.split(|point| point.1.is_nan()).filter(|run| !run.is_empty())
    }

    /// Values with gaps, zeros of both signs, and values that come again.
    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![4 => -3f64..3.0, 1 => Just(f64::NAN), 1 => Just(-0.0), 1 => Just(2.5)], 0..60)
    }

    proptest! {
        #[test]
        fn each_chunk_holds_all_places_of_its_pixel_column(
            mut xs in prop::collection::vec(prop_oneof![Just(500.0), 0f64..1e3, 990f64..1e3], 1..300),
            width in 1i32..90,
        ) {
            xs.sort_by(f64::total_cmp);
            let scale = Scale::new((0.0, 1e3), (0, width * UNIT));
            let mut next = 0;
            let mut before = None;
            for chunk in chunks(&xs, &scale) {
                prop_assert_eq!(chunk.start, next);
                let columns: Vec<i64> = xs[chunk.clone()].iter().map(|x| column(*x, &scale)).collect();
                prop_assert!(columns.iter().all(|column| *column == columns[0]));
                prop_assert!(before.is_none_or(|before| before < columns[0]));
                (next, before) = (chunk.end, Some(columns[0]));
            }
            prop_assert_eq!(next, xs.len());
        }

        #[test]
        fn the_extremes_are_the_first_of_their_kind(ys in values()) {
            let there: Vec<usize> = (0..ys.len()).filter(|index| !ys[*index].is_nan()).collect();
            let first_where = |wins: fn(f64, f64) -> bool| {
                there.iter().copied().reduce(|best, index| if wins(ys[index], ys[best]) { index } else { best })
            };
            let expected = first_where(|a, b| a < b).zip(first_where(|a, b| a > b)).map(|(least, greatest)| {
                [there[0], least.min(greatest), least.max(greatest), there[there.len() - 1]]
            });
            prop_assert_eq!(extremes(&ys), expected);
        }
    }

    #[test]
    fn a_gap_that_can_be_seen_stays_a_gap() {
        let xs: Places = (0..10_000).map(f64::from).collect();
        let ys: Vec<f64> = xs.iter().map(|x| if (4_000.0..5_000.0).contains(x) { f64::NAN } else { *x }).collect();
        let points = reduce(&xs, &ys, &Scale::new((0.0, 9_999.0), (0, 100 * UNIT)), &Peaks::default());
        let ends: Vec<(f64, f64)> = runs(&points).map(|run| (run[0].1, run[run.len() - 1].1)).collect();
        assert_eq!(ends, [(0.0, 3_999.0), (5_000.0, 9_999.0)]);
    }
}
