//! Which colour is which series: a row or two of names above the plot.

use crate::element::{Label, Look, Path, SMALL};
use crate::glyph::Glyph;
use crate::palette::{Paint, Palette};
use crate::scene::{Canvas, Dash, units};
use crate::{ChartError, LegendItem, Rect, text};

use plotters::element::Rectangle;
use plotters::style::Color;

/// One name of a legend.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// What stands behind the name in the picture, and is no part of it: "(right)".
    pub(crate) note: &'static str,
    pub(crate) paint: Paint,
    /// Whether the series is drawn. One that is turned off stays in the legend, faded.
    pub(crate) shown: bool,
    /// How a line is drawn, for charts of lines; without it, the swatch is a square.
    pub(crate) dash: Option<Dash>,
    /// How a dot is drawn, for charts of dots.
    pub(crate) glyph: Option<Glyph>,
}

impl Item {
    /// A series that is drawn, with a square of its colour.
    pub(crate) fn new(name: impl Into<String>, paint: Paint) -> Self {
        Self { name: name.into(), note: "", paint, shown: true, dash: None, glyph: None }
    }
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
    /// How wide the text is.
    width: f32,
    /// None for what says that there are more.
    item: Option<Item>,
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
            let noted = if item.note.is_empty() { 0.0 } else { look.width(item.note) + look.width(" ") };
            let Some(fit) = text::fit(&item.name, (room - noted).max(0.0), look.size, look.weight) else { break };
            let (text, full) = match item.note {
                "" => (fit.text.into_owned(), item.name.clone()),
                note => (format!("{} {note}", fit.text), format!("{} {note}", item.name)),
            };
            let text_width = look.width(&text);
            let needed = SWATCH + 5.0 + text_width;
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
            legend.placed.push(Placed { x, y, text, full, width: text_width, item: Some(item.clone()) });
            x += needed + GAP;
        }
        let left = items.len() - legend.placed.len() + unnamed;
        if left > 0 {
            let text = more(left);
            let (mut x, mut y) = legend
                .placed
                .last()
                .map_or((0.0, LINE / 2.0), |last| (last.x + SWATCH + 5.0 + last.width + GAP, last.y));
            if x + look.width(&text) > width {
                (x, y) = (0.0, y + LINE);
            }
            if y < lines as f32 * LINE && x + look.width(&text) <= width {
                let width = look.width(&text);
                legend.placed.push(Placed { x, y, full: text.clone(), text, width, item: None });
            }
        }
        legend.height = legend.placed.last().map_or(0.0, |last| last.y + LINE / 2.0 + 5.0);
        legend
    }

    /// The names as the web view needs them, each with the place of its swatch and its text.
    pub(crate) fn items(&self, left: f32, top: f32) -> Vec<LegendItem> {
        let named = self.placed.iter().filter_map(|placed| Some((placed, placed.item.as_ref()?)));
        let items = named.map(|(placed, item)| LegendItem {
            name: item.name.clone(),
            color: item.paint.to_hex(),
            shown: item.shown,
            place: Rect {
                x: left + placed.x,
                y: top + placed.y - LINE / 2.0,
                width: SWATCH + 5.0 + placed.width,
                height: LINE,
            },
        });
        items.collect()
    }

    /// Draws the names from the picture's upper left corner on.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, left: f32, top: f32, palette: &Palette) -> Result<(), ChartError> {
        for placed in &self.placed {
            let (x, y) = (left + placed.x, top + placed.y);
            let Some(item) = &placed.item else {
                let look = Look::new(SMALL, palette.muted);
                canvas.draw(&Label::new(&placed.text, (units(x), units(y)), look).centered())?;
                continue;
            };
            let paint = if item.shown { item.paint } else { item.paint.faint(0.3) };
            match item.dash {
                _ if item.glyph.is_some() => {
                    let center = (units(x + SWATCH / 2.0), units(y));
                    item.glyph.into_iter().try_for_each(|glyph| glyph.draw(canvas, center, 40, paint))?;
                }
                None | Some(Dash::Solid) => {
                    let corners = [(units(x), units(y - SWATCH / 2.0)), (units(x + SWATCH), units(y + SWATCH / 2.0))];
                    canvas.draw(&Rectangle::new(corners, paint.filled()))?;
                }
                Some(dash) => {
                    let points = vec![(units(x - 1.0), units(y)), (units(x + SWATCH + 2.0), units(y))];
                    canvas.draw(&Path { points, paint, width: 20, dash })?;
                }
            }
            let look = Look::new(SMALL, if item.shown { palette.ink } else { palette.muted.faint(0.6) });
            let label = Label::new(&placed.text, (units(x + SWATCH + 5.0), units(y)), look);
            canvas.draw(&label.centered().standing_for(&placed.full))?;
        }
        Ok(())
    }
}
