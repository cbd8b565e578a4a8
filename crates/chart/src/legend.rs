//! Which colour is which series: a row or two of names above the plot.

use crate::ChartError;
use crate::element::{Label, Look, SMALL};
use crate::palette::{Paint, Palette};
use crate::scene::{Canvas, units};
use crate::text;

use plotters::element::Rectangle;
use plotters::style::Color;

/// One name of a legend.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) paint: Paint,
}

/// Names in their places.
#[derive(Debug, Default)]
pub(crate) struct Legend {
    placed: Vec<Placed>,
    /// In CSS pixels, with the space below; 0 for none.
    pub(crate) height: f32,
}

#[derive(Debug)]
struct Placed {
    x: f32,
    y: f32,
    text: String,
    full: String,
    paint: Option<Paint>,
}

const SWATCH: f32 = 9.0;
const GAP: f32 = 14.0;
const LINE: f32 = 17.0;
/// The longest name that is not cut, in CSS pixels.
const LONGEST: f32 = 160.0;

impl Legend {
    /// Places as many names as fit on so many lines, and says how many more there are: those that found no place and
    /// `unnamed`.
    pub(crate) fn lay_out(items: &[Item], unnamed: usize, width: f32, lines: usize) -> Self {
        let look = Look::new(SMALL, Paint { rgb: (0, 0, 0), alpha: 1.0 });
        let more = |count: usize| format!("+{count} more");
        let mut legend = Self::default();
        let (mut x, mut line) = (0.0, 0);
        for (index, item) in items.iter().enumerate() {
            let room = LONGEST.min(width - SWATCH - 5.0);
            let Some(fit) = text::fit(&item.name, room, look.size, look.weight) else { break };
            let needed = SWATCH + 5.0 + look.width(&fit.text);
            // On the last line, whoever is not the last leaves room to say that there are more.
            let left = items.len() - index - 1 + unnamed;
            let after = if line + 1 == lines && left > 0 { GAP + look.width(&more(left)) } else { 0.0 };
            if x > 0.0 && x + needed + after > width {
                line += 1;
                x = 0.0;
            }
            let last = line + 1 == lines && left > 0;
            let after = if last { GAP + look.width(&more(left)) } else { 0.0 };
            if line == lines || (last && needed + after > width && index > 0) {
                break;
            }
            let y = line as f32 * LINE + LINE / 2.0;
            legend.placed.push(Placed {
                x,
                y,
                text: fit.text.into_owned(),
                full: item.name.clone(),
                paint: Some(item.paint),
            });
            x += needed + GAP;
        }
        let left = items.len() - legend.placed.len() + unnamed;
        if left > 0 {
            let text = more(left);
            let (mut x, mut y) = legend
                .placed
                .last()
                .map_or((0.0, LINE / 2.0), |last| (last.x + SWATCH + 5.0 + look.width(&last.text) + GAP, last.y));
            if x + look.width(&text) > width {
                (x, y) = (0.0, y + LINE);
            }
            if y < lines as f32 * LINE && x + look.width(&text) <= width {
                legend.placed.push(Placed { x, y, full: text.clone(), text, paint: None });
            }
        }
        legend.height = legend.placed.last().map_or(0.0, |last| last.y + LINE / 2.0 + 5.0);
        legend
    }

    /// Draws the names from the picture's upper left corner on.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, left: f32, top: f32, palette: &Palette) -> Result<(), ChartError> {
        for placed in &self.placed {
            let (x, y) = (left + placed.x, top + placed.y);
            let mut text = x;
            if let Some(paint) = placed.paint {
                let corners = [(units(x), units(y - SWATCH / 2.0)), (units(x + SWATCH), units(y + SWATCH / 2.0))];
                canvas.draw(&Rectangle::new(corners, paint.filled()))?;
                text += SWATCH + 5.0;
            }
            let look = Look::new(SMALL, if placed.paint.is_some() { palette.ink } else { palette.muted });
            let label = Label::new(&placed.text, (units(text), units(y)), look);
            canvas.draw(&label.centered().standing_for(&placed.full))?;
        }
        Ok(())
    }
}
