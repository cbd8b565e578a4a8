//! How often values occur: one column of numbers, in classes with round edges.

use plotters::element::Rectangle;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, is_whole, marks};
use crate::cartesian::{Bottom, Frame, Measured, Request};
use crate::classes::Classes;
use crate::columns::{Needs, Values};
use crate::quartiles::quantile;
use crate::scale::Extent;
use crate::scene::{Area, Scene, UNIT, pixels};
use crate::tally::share;
use crate::{AxisScale, ChartError, Mark, Pick, Shape, Style, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let [y] = sheet.columns.y.as_slice() else { return sheet.blank(NO_VALUES) };
    let log = sheet.spec.x_axis.scale == AxisScale::Log;
    let numbers = Numbers::read(sheet, log);
    if numbers.sorted.is_empty() && log && numbers.nonpositive > 0 {
        return Err(ChartError::NonePositive { columns: format!("`{}`", text::name(y.name())) });
    }
    let classes = match log {
        true => Classes::by_logarithm(&numbers.sorted, sheet.spec.bins),
        false => Classes::even(&numbers.sorted, sheet.spec.bins, is_whole(y)),
    };
    let Some(classes) = classes else { return sheet.blank(NO_VALUES) };
    let places = classes.places();
    let (Some(from), Some(to)) = (places.first(), places.last()) else { return sheet.blank(NO_VALUES) };
    let Some(extent) = Extent::of(classes.counts.iter().map(|count| *count as f64)) else {
        return sheet.blank(NO_VALUES);
    };
    let counts = sheet.spec.format.styled(Style::Number);
    let counted = Measured { extent, from_zero: true, whole: true, format: &counts, columns: "the counts".into() };
    let request = sheet.request(extent, Bottom::Number { from: *from, to: *to });
    let note = sheet.left_out(numbers.nonpositive);
    let frame = Frame::lay_out(&Request { left: counted, note: note.as_deref(), ..request })?;
    let paint = sheet.palette.series(0);
    let area = |index: usize| {
        let (left, right) = (frame.x.at(places[index]), frame.x.at(places[index + 1]));
        Area { left, right, top: frame.y.at(classes.counts[index] as f64), bottom: frame.plot.bottom }
    };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for index in (0..classes.counts.len()).filter(|index| classes.counts[*index] > 0) {
            let Area { left, right, top, bottom } = area(index);
            // Classes touch, as numbers do; a hairline shows where one ends.
            let right = if right - left >= UNIT * 4 { right - UNIT } else { right };
            canvas.draw(&Rectangle::new([(left, top), (right, bottom)], paint.filled()))?;
        }
        frame.draw_upon(&canvas)?;
    }
    let all = numbers.sorted.len() as f64;
    let format = sheet.format(y);
    let name = |index: usize| classes.name(index, |number| format.exact(number));
    let mark = |index: usize| {
        let area = area(index);
        let (count, share) = (classes.counts[index], share(classes.counts[index] as f64, all, &counts));
        let entries = vec![
            entry("Rows", counts.exact(&count.to_string()), paint, Some(pixels(area.top))),
            entry("Share", share, paint, None),
        ];
        let band = Area { top: frame.plot.top, ..area };
        let mut mark = Mark::new(Shape::Rect(band.to_rect()), name(index), entries);
        mark.at = Some(places[index] / 2.0 + places[index + 1] / 2.0);
        mark
    };
    let list = (0..classes.counts.len()).map(mark).collect();
    let across = frame.across();
    let summary = summary(sheet, &numbers, &classes, name);
    Ok(Picture { across, ..Picture::new(scene, marks(frame.plot, Pick::Shape, list), summary) })
}

/// The numbers of the column, and those that are left out.
struct Numbers {
    /// Ascending.
    sorted: Vec<f64>,
    /// Nulls, NaN and infinities.
    missing: usize,
    /// Zero and below, where the axis is logarithmic.
    nonpositive: usize,
    /// Beyond the ends of the axis.
    beyond: usize,
}

impl Numbers {
    fn read(sheet: &Sheet<'_>, log: bool) -> Self {
        let mut numbers = Self { sorted: Vec::new(), missing: 0, nonpositive: 0, beyond: 0 };
        let axis = &sheet.spec.x_axis;
        let (from, to) = sheet.input.view.zoom.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let (from, to) = (axis.min.map_or(from, |min| min.max(from)), axis.max.map_or(to, |max| max.min(to)));
        for column in &sheet.columns.y {
            for row in 0..column.len() {
                match column.number(row).filter(|number| number.is_finite()) {
                    None => numbers.missing += 1,
                    Some(number) if log && number <= 0.0 => numbers.nonpositive += 1,
                    Some(number) if number < from || number > to => numbers.beyond += 1,
                    Some(number) => numbers.sorted.push(number),
                }
            }
        }
        numbers.sorted.sort_unstable_by(f64::total_cmp);
        numbers
    }
}

/// `Histogram of duration: 1,234 rows in 12 classes; most of them (321) from 10 to under 15; lowest 0.2, median 12,
/// highest 59. 3 rows without a number are left out.`
fn summary(sheet: &Sheet<'_>, numbers: &Numbers, classes: &Classes, name: impl Fn(usize) -> String) -> String {
    let [y] = sheet.columns.y.as_slice() else { return String::new() };
    let (format, count) = (sheet.format(y), |count: usize| sheet.count(count));
    let several =
        |number: usize, one: &str, many: &str| format!("{} {}", count(number), if number == 1 { one } else { many });
    let mut summary = format!(
        "Histogram of {}: {} in {}",
        text::name(y.name()),
        several(numbers.sorted.len(), "row", "rows"),
        several(classes.counts.len(), "class", "classes"),
    );
    let most = classes.counts.iter().enumerate().rev().max_by_key(|(_, count)| **count);
    if let (Some((at, most)), [least, .., greatest]) = (most, numbers.sorted.as_slice()) {
        summary.push_str(&format!(
            "; the most, {}, in {}; lowest {}, median {}, highest {}",
            count(*most as usize),
            name(at),
            format.headline(*least),
            format.headline(quantile(&numbers.sorted, 0.5)),
            format.headline(*greatest),
        ));
    }
    summary.push('.');
    let left_out = [
        (numbers.missing, "without a number"),
        (numbers.nonpositive, "not above zero, which a logarithmic axis has no place for"),
        (numbers.beyond, "beyond the axis"),
    ];
    for (rows, which) in left_out.into_iter().filter(|(rows, _)| *rows > 0) {
        summary.push_str(&format!(" Left out: {} {which}.", several(rows, "row", "rows")));
    }
    summary
}
