//! The areas of bubbles, and what says how much they are.

use perch_tinybird::Column;
use plotters::element::Circle;
use plotters::style::Color;

use super::cloud::Dot;
use crate::ChartError;
use crate::element::{Label, Look, Path, SMALL};
use crate::kinds::Sheet;
use crate::palette::Paint;
use crate::scene::{Area, Canvas, Dash, pixels, units};

pub(super) struct Sizes {
    greatest: f64,
    /// The greatest radius in CSS pixels.
    pub(super) most: f32,
    /// What the legend needs at the right of the plot, in CSS pixels; 0 for none.
    pub(super) margin: f32,
    /// Round sizes and their names, the greatest first.
    steps: Vec<(f64, String)>,
}

impl Sizes {
    pub(super) fn of(sheet: &Sheet<'_>, size: &Column, dots: &[Dot]) -> Self {
        let greatest = dots.iter().map(|dot| dot.size).fold(0.0, f64::max);
        let (width, height) = (sheet.width(), sheet.height());
        let crowd = if dots.len() > 60 { 0.6 } else { 1.0 };
        let most = (width.min(height) * 0.11 * crowd).clamp(3.0, 46.0);
        let format = sheet.format(size);
        let round = round(greatest);
        let steps: Vec<(f64, String)> = [round, round / 5.0]
            .into_iter()
            .filter(|step| *step > 0.0)
            .map(|step| (step, format.short(step)))
            .collect();
        let mut sizes = Self { greatest, most, margin: 0.0, steps };
        if width >= 420.0 && height >= 180.0 && greatest > 0.0 {
            let look = Look::new(SMALL, sheet.palette.muted);
            let widest = sizes.steps.iter().map(|(_, name)| look.width(name)).fold(0.0, f32::max);
            sizes.margin = 14.0 + sizes.most * 2.0 + 6.0 + widest + 2.0;
        }
        sizes
    }

    /// In CSS pixels: areas are as the values.
    pub(super) fn radius(&self, size: f64) -> f32 {
        let share = if self.greatest > 0.0 { (size / self.greatest).clamp(0.0, 1.0) } else { 0.0 };
        (self.most * share.sqrt() as f32).max(1.5)
    }

    /// Draws rings of round sizes at the right of the plot, all standing on one line.
    pub(super) fn draw(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, plot: Area) -> Result<(), ChartError> {
        if self.margin == 0.0 {
            return Ok(());
        }
        let look = Look::new(SMALL, sheet.palette.muted);
        let x = pixels(plot.right) + 14.0 + self.most;
        let floor = pixels(plot.top) + self.most * 2.0 + 4.0;
        let mut above = f32::NEG_INFINITY;
        for (step, name) in &self.steps {
            let radius = self.radius(*step);
            ring(canvas, (x, floor - radius), radius, sheet.palette.axis)?;
            let top = floor - radius * 2.0;
            // Names stand below each other even where rings are small.
            let line = (top + 1.0).max(above + SMALL + 3.0);
            above = line;
            let at = (units(x + self.most + 6.0), units(line));
            canvas.draw(&Label::new(name, at, look).centered())?;
        }
        Ok(())
    }
}

/// The greatest of 1, 2 and 5 times a power of ten that is no more.
fn round(value: f64) -> f64 {
    if !(value > 0.0 && value.is_finite()) {
        return 0.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * power).find(|step| *step <= value).unwrap_or(power)
}

/// A disc that lets others be seen through it, with an edge that does not.
pub(super) fn bubble(canvas: &Canvas<'_>, place: (i32, i32), radius: f32, paint: Paint) -> Result<(), ChartError> {
    canvas.draw(&Circle::new(place, units(radius), paint.faint(0.45).filled()))?;
    ring(canvas, (pixels(place.0), pixels(place.1)), radius, paint)
}

fn ring(canvas: &Canvas<'_>, (x, y): (f32, f32), radius: f32, paint: Paint) -> Result<(), ChartError> {
    let corners = if radius < 8.0 { 16 } else { 36 };
    let corner = |index: u32| {
        let angle = f64::from(index) / f64::from(corners) * std::f64::consts::TAU;
        (units(x + radius * angle.cos() as f32), units(y + radius * angle.sin() as f32))
    };
    let points = (0..=corners).map(corner).collect();
    canvas.draw(&Path { points, paint, width: 8, dash: Dash::Solid })?;
    Ok(())
}
