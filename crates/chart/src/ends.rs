//! Names at the ends of lines, where there is room at the right: whoever reads them needs no legend and no colours.

use crate::ChartError;
use crate::cartesian::Frame;
use crate::element::{Label, Look, Path, SMALL};
use crate::palette::{Paint, Palette};
use crate::scene::{Canvas, Dash, pixels, units};
use crate::series::Lines;
use crate::trace::within;
use crate::{LegendItem, Rect, Size};

/// A line's name at its end.
struct End {
    name: String,
    paint: Paint,
    dash: Dash,
    /// Where the line ends, and where its name stands.
    from: f32,
    y: f32,
    width: f32,
}

/// The names of all lines, from the upper to the lower.
pub(crate) struct Ends(Vec<End>);

/// Between the plot and a name, with the stroke that leads there.
const LEAD: f32 = 16.0;
/// From one name to the next.
const LINE: f32 = 13.0;
/// How far a name may stand from its line's end.
const FAR: f32 = 18.0;
/// The longest name that stands at a line's end.
const LONGEST: f32 = 130.0;

/// The room that names at the ends of these lines need, or `None` where a legend says them better.
pub(crate) fn margin(lines: &Lines<'_>, size: Size) -> Option<f32> {
    const MOST: usize = 6;
    let few = (2..=MOST).contains(&lines.series.len());
    let plain = lines.series.iter().all(|series| !series.faded && !series.hidden && !series.right);
    if !few || !plain || size.width < 460 || size.height < 150 {
        return None;
    }
    let look = Look::new(SMALL, lines.series[0].paint);
    let widest = lines.series.iter().map(|series| look.width(&series.name)).fold(0.0, f32::max);
    (widest <= LONGEST.min(size.width as f32 * 0.25)).then_some(LEAD + widest + 3.0)
}

impl Ends {
    /// Finds a place for each name, or none where a line ends before the plot does or names would stand far off.
    pub(crate) fn lay_out(lines: &Lines<'_>, frame: &Frame) -> Option<Self> {
        let look = Look::new(SMALL, lines.series.first()?.paint);
        let right = pixels(frame.plot.right);
        let mut ends = Vec::with_capacity(lines.series.len());
        for series in &lines.series {
            let inside = within(&series.xs, frame.x.domain());
            let last = inside.rev().find(|index| series.ys[*index].is_finite())?;
            let y = series.ys[last];
            if !frame.y.holds(y) || right - pixels(frame.x.at(series.xs[last])) > 24.0 {
                return None;
            }
            let y = pixels(frame.y.at(y));
            let (name, width) = (series.name.clone(), look.width(&series.name));
            ends.push(End { name, paint: series.paint, dash: series.dash, from: y, y, width });
        }
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
        for End { name, paint, dash, from, y, .. } in &self.0 {
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
    pub(crate) fn legend(&self, lines: &Lines<'_>, frame: &Frame) -> Vec<LegendItem> {
        let left = pixels(frame.plot.right) + 2.0;
        let find = |name: &str| self.0.iter().find(|end| end.name == name);
        let items = lines.series.iter().filter_map(|series| find(&series.name)).map(|end| LegendItem {
            name: end.name.clone(),
            color: end.paint.to_hex(),
            shown: true,
            place: Rect { x: left, y: end.y - LINE / 2.0, width: LEAD + end.width, height: LINE },
        });
        items.collect()
    }
}
