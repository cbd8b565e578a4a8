//! Names at the ends of lines and beside the last stack, where there is room at the right: whoever reads them needs no
//! legend and no colours.

use crate::ChartError;
use crate::cartesian::Frame;
use crate::element::{Label, Look, Path, SMALL};
use crate::font::{self, Weight};
use crate::palette::{Paint, Palette};
use crate::scene::{Canvas, Dash, pixels, units};
use crate::{LegendItem, Rect, Size};

/// Where a series ends, and what it is called.
pub(crate) struct End<'a> {
    pub(crate) name: &'a str,
    pub(crate) paint: Paint,
    pub(crate) dash: Dash,
    /// In units.
    pub(crate) at: (i32, i32),
}

/// A name in its place.
struct Placed {
    name: String,
    paint: Paint,
    dash: Dash,
    /// The place of its series among all.
    rank: usize,
    /// Where the series ends, and where its name stands.
    from: f32,
    y: f32,
    width: f32,
}

/// The names of all series, from the upper to the lower.
pub(crate) struct Ends(Vec<Placed>);

/// Between the plot and a name, with the stroke that leads there.
const LEAD: f32 = 16.0;
/// From one name to the next.
const LINE: f32 = 13.0;
/// How far a name may stand above or below the end of its series.
const FAR: f32 = 18.0;
/// How far before the plot a series may end.
const SHORT: f32 = 24.0;
/// The longest name that stands at an end.
const LONGEST: f32 = 130.0;

/// The room that these names need, or `None` where a legend says them better.
pub(crate) fn margin<'n>(names: impl ExactSizeIterator<Item = &'n str>, size: Size) -> Option<f32> {
    const MOST: usize = 6;
    if !(2..=MOST).contains(&names.len()) || size.width < 460 || size.height < 150 {
        return None;
    }
    let widest = names.map(|name| font::width(name, SMALL, Weight::Regular)).fold(0.0, f32::max);
    (widest <= LONGEST.min(size.width as f32 * 0.25)).then_some(LEAD + widest + 3.0)
}

impl Ends {
    /// Finds a place for each name, or none where a series ends before the plot does (`None`) or names would stand far
    /// off.
    pub(crate) fn lay_out<'n>(ends: impl Iterator<Item = Option<End<'n>>>, frame: &Frame) -> Option<Self> {
        let right = pixels(frame.plot.right);
        let place = |(rank, end): (usize, Option<End<'_>>)| {
            let End { name, paint, dash, at } = end?;
            let (name, width) = (name.to_owned(), Look::new(SMALL, paint).width(name));
            let from = pixels(at.1);
            (right - pixels(at.0) <= SHORT).then_some(Placed { name, paint, dash, rank, from, y: from, width })
        };
        let mut ends: Vec<Placed> = ends.enumerate().map(place).collect::<Option<_>>()?;
        ends.sort_by(|a, b| a.y.total_cmp(&b.y));
        let (top, bottom) = (pixels(frame.plot.top) + 2.0, pixels(frame.plot.bottom) - 2.0);
        let mut least = top;
        for end in &mut ends {
            end.y = end.y.max(least);
            least = end.y + LINE;
        }
        let mut most = bottom;
        for end in ends.iter_mut().rev() {
            end.y = end.y.min(most);
            most = end.y - LINE;
        }
        ends.iter().all(|end| end.y >= top && (end.y - end.from).abs() <= FAR).then_some(Self(ends))
    }

    pub(crate) fn draw(&self, canvas: &Canvas<'_>, frame: &Frame, palette: &Palette) -> Result<(), ChartError> {
        let right = pixels(frame.plot.right);
        for Placed { name, paint, dash, from, y, .. } in &self.0 {
            let points = vec![
                (units(right + 2.0), units(*from)),
                (units(right + 6.0), units(*y)),
                (units(right + LEAD - 3.0), units(*y)),
            ];
            canvas.draw(&Path { points, paint: *paint, width: 15, dash: *dash })?;
            canvas
                .draw(&Label::new(name, (units(right + LEAD), units(*y)), Look::new(SMALL, palette.ink)).centered())?;
        }
        Ok(())
    }

    /// The names as the web view needs them, in the order of the series.
    pub(crate) fn legend(&self, frame: &Frame) -> Vec<LegendItem> {
        let left = pixels(frame.plot.right) + 2.0;
        let mut placed: Vec<&Placed> = self.0.iter().collect();
        placed.sort_by_key(|end| end.rank);
        let item = |end: &Placed| LegendItem {
            name: end.name.clone(),
            color: end.paint.to_hex(),
            shown: true,
            place: Rect { x: left, y: end.y - LINE / 2.0, width: LEAD + end.width, height: LINE },
        };
        placed.into_iter().map(item).collect()
    }
}
