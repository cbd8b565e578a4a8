//! From a value to a colour, and the scale that says so.

use plotters::element::Rectangle;
use plotters::style::Color;

use crate::element::{Label, Look, SMALL};
use crate::kinds::Sheet;
use crate::palette::{Paint, Palette};
use crate::ramp::Ramp;
use crate::scene::{Canvas, units};
use crate::{ChartError, Format, scale};

/// Which value has which colour.
pub(super) struct Shades {
    least: f64,
    greatest: f64,
    above: &'static Ramp,
    below: &'static Ramp,
    /// Whether some cell has no value.
    gaps: bool,
}

impl Shades {
    /// `None` where there is no value. Where values have both signs, both sides of zero are as far from it as the
    /// farthest, so that equal distances look equal.
    pub(super) fn of(values: &[f64], palette: &'static Palette) -> Option<Self> {
        let (least, greatest) = crate::series::extent(values.iter().copied())?;
        let (least, greatest) = if least < 0.0 && greatest > 0.0 {
            let most = greatest.max(-least).min(f64::MAX / 4.0);
            (-most, most)
        } else {
            scale::extent(least, greatest, false)
        };
        let gaps = values.iter().any(|value| !value.is_finite());
        Some(Self { least, greatest, above: &palette.ramp, below: &palette.warm, gaps })
    }

    pub(super) fn paint(&self, value: f64) -> Paint {
        if self.least < 0.0 && self.greatest > 0.0 {
            return if value < 0.0 { self.below.at(value / self.least) } else { self.above.at(value / self.greatest) };
        }
        let share = (value / 2.0 - self.least / 2.0) / (self.greatest / 2.0 - self.least / 2.0);
        // Of negative values the least is the most.
        if self.least < 0.0 { self.below.at(1.0 - share) } else { self.above.at(share) }
    }

    /// Draws the scale from the picture's upper left corner, as much of it as the width holds.
    pub(super) fn draw(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        name: &str,
        format: &Format,
    ) -> Result<(), ChartError> {
        const STEP: f32 = 12.0;
        const STEPS: usize = 11;
        let look = Look::new(SMALL, sheet.palette.muted);
        let (from, to) = (format.short(self.least), format.short(self.greatest));
        let bar = STEP * STEPS as f32;
        let mut x = 1.0;
        let middle = units(8.5);
        let width = |text: &str| look.width(text);
        let needed = width(&from) + 6.0 + bar + 6.0 + width(&to);
        if needed > sheet.width() - 2.0 {
            return Ok(());
        }
        if needed + width(name) + 10.0 <= sheet.width() - 2.0 {
            let look = Look::new(SMALL, sheet.palette.ink);
            canvas.draw(&Label::new(name, (units(x), middle), look).centered())?;
            x += width(name) + 10.0;
        }
        canvas.draw(&Label::new(&from, (units(x), middle), look).centered())?;
        x += width(&from) + 6.0;
        for step in 0..STEPS {
            let share = step as f64 / (STEPS - 1) as f64;
            let value = self.least * (1.0 - share) + self.greatest * share;
            let corners = [(units(x), units(4.0)), (units(x + STEP), units(13.0))];
            canvas.draw(&Rectangle::new(corners, self.paint(value).filled()))?;
            x += STEP;
        }
        x += 6.0;
        canvas.draw(&Label::new(&to, (units(x), middle), look).centered())?;
        x += width(&to) + 14.0;
        const NONE: &str = "no value";
        if self.gaps && x + 14.0 + width(NONE) <= sheet.width() - 1.0 {
            let corners = [(units(x), units(4.0)), (units(x + 9.0), units(13.0))];
            canvas.draw(&Rectangle::new(corners, sheet.palette.grid.stroke_width(10)))?;
            canvas.draw(&Label::new(NONE, (units(x + 14.0), middle), look).centered())?;
        }
        Ok(())
    }
}

/// How high the scale is, with the space below; none in a picture that is too small for one.
pub(super) fn height(sheet: &Sheet<'_>) -> f32 {
    if sheet.height() >= 110.0 && sheet.width() >= 180.0 { 23.0 } else { 0.0 }
}
