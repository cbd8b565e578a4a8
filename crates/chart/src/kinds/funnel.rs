//! How many are left after each step: a bar for each, in the answer's order, and what share came through.

use std::collections::HashMap;

use perch_tinybird::{Column, Family};
use plotters::element::{Polygon, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::scene::{Area, Canvas, Scene, units};
use crate::series::{Along, name_of};
use crate::tally::{Tally, share};
use crate::{ChartError, Key, Mark, Pick, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let steps = steps(sheet, x, y)?;
    if steps.is_empty() {
        return sheet.blank(NO_VALUES);
    }
    let layout = Layout::of(sheet, &steps, y);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        layout.draw(sheet, &canvas, &steps)?;
    }
    // Of steps that share a pixel, the first answers for it.
    let every = (1.0 / layout.row).ceil().max(1.0) as usize;
    let marked = steps.iter().enumerate().step_by(every);
    let list = marked.map(|(index, step)| layout.mark(sheet, step, index, y)).collect();
    Ok(Picture::new(scene, marks(sheet.whole(), Pick::Shape, list), summary(sheet, &steps, x, y)))
}

/// One step, and how it compares.
struct Step {
    name: String,
    key: Option<Key>,
    value: f64,
    exact: String,
    /// Of the step before; the first has none.
    step: String,
    /// Of the first step.
    total: String,
}

/// The steps in the answer's order; rows of one name are one step, and a step without a value is none.
fn steps(sheet: &Sheet<'_>, x: &Column, y: &Column) -> Result<Vec<Step>, ChartError> {
    let mut indexes = HashMap::new();
    let mut found: Vec<(usize, Tally)> = Vec::new();
    for row in 0..x.len() {
        let index = *indexes.entry(x.text(row)).or_insert_with(|| {
            found.push((row, Tally::default()));
            found.len() - 1
        });
        found[index].1.add(y, row);
    }
    let (along, places) = Along::read(x, sheet)?;
    let mut steps: Vec<Step> = Vec::new();
    for (row, tally) in found {
        let Some(value) = tally.value() else { continue };
        sheet.check_sum(y, Some(value))?;
        let name = match &along {
            Along::Time(_) if !places[row].is_nan() => along.heading(places[row], x, row),
            _ => name_of(x.text(row).as_deref()),
        };
        if value < 0.0 {
            return Err(ChartError::NegativeStep { column: text::name(y.name()), step: name });
        }
        let first = steps.first().map_or(value, |first| first.value);
        let named = !matches!(x.family(), Family::Time | Family::Number);
        steps.push(Step {
            key: named.then(|| Key { column: x.name().to_owned(), value: x.text(row).map(Into::into) }),
            name,
            value,
            exact: tally.text(y).map(|text| sheet.format(y).exact(&text)).unwrap_or_default(),
            step: steps.last().map(|before| share(value, before.value, sheet.format(y))).unwrap_or_default(),
            total: share(value, first, sheet.format(y)),
        });
    }
    Ok(steps)
}

/// A column of texts at the right of the bars.
struct Texts {
    title: &'static str,
    right: f32,
}

/// Where things stand, in CSS pixels.
struct Layout {
    top: f32,
    /// The height of a step with the air below it.
    row: f32,
    /// Every how many steps there is room for words.
    every: usize,
    /// The room for names, and where bars begin and end.
    names: f32,
    left: f32,
    right: f32,
    greatest: f64,
    /// The right ends of the values, the shares of the step before, and the shares of the first step, where there is
    /// room for them.
    value: Option<f32>,
    step: Option<Texts>,
    total: Option<Texts>,
    value_title: String,
}

const HEADER: f32 = 20.0;
const ROW: f32 = 58.0;
const GAP: f32 = 14.0;
/// The least height of a row of words.
const WORDS: f32 = 15.0;

impl Layout {
    fn of(sheet: &Sheet<'_>, steps: &[Step], y: &Column) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let top = if height >= 130.0 { HEADER } else { 1.0 };
        let row = ((height - top - 1.0) / steps.len() as f32).clamp(0.1, ROW);
        let every = (WORDS / row).ceil().max(1.0) as usize;
        let look = Look::new(BODY, sheet.palette.ink);
        let small = Look::new(SMALL, sheet.palette.muted);
        let widest = |texts: &mut dyn Iterator<Item = f32>| texts.fold(0.0, f32::max);
        let header = if top > 1.0 { 1.0 } else { 0.0 };
        let titled = |title: &str, texts: f32| texts.max(small.width(title) * header);
        let names = widest(&mut steps.iter().map(|step| look.width(&step.name))).min(width * 0.34).min(220.0);
        let values = widest(&mut steps.iter().map(|step| look.width(&step.exact)));
        let (of_step, of_all) = ("of step before", "of all");
        let step = titled(of_step, widest(&mut steps.iter().map(|step| look.width(&step.step))));
        let total = titled(of_all, widest(&mut steps.iter().map(|step| look.width(&step.total))));
        // What says the most stays longest: bars, values, names, shares of all, shares of the step before.
        let mut left_over = width - 60.0;
        let mut take = |room: f32| {
            let fits = room <= left_over;
            left_over -= if fits { room } else { 0.0 };
            fits
        };
        let with_values = take(values + GAP);
        let with_names = take(names + GAP);
        let with_total = take(total + GAP);
        let with_step = steps.len() > 1 && take(step + GAP);
        let mut right = width - 1.0;
        let mut place = |shown: bool, room: f32| {
            let at = right;
            right -= if shown { room + GAP } else { 0.0 };
            shown.then_some(at)
        };
        let total = place(with_total, total).map(|right| Texts { title: of_all, right });
        let step = place(with_step, step).map(|right| Texts { title: of_step, right });
        let value = place(with_values, values);
        let names = if with_names { names } else { 0.0 };
        let left = if with_names { names + GAP } else { 1.0 };
        let greatest = steps.iter().map(|step| step.value).fold(0.0, f64::max);
        let right = right.max(left + 1.0);
        Self { top, row, every, names, left, right, greatest, value, step, total, value_title: text::name(y.name()) }
    }

    /// The bar of a step; in the middle, so that what is lost is lost on both sides.
    fn bar(&self, step: &Step, index: usize) -> Area {
        let share = if self.greatest > 0.0 { (step.value / self.greatest) as f32 } else { 0.0 };
        let (middle, half) = ((self.left + self.right) / 2.0, (self.right - self.left) / 2.0 * share);
        let top = self.top + self.row * index as f32;
        // A step that nobody reached is a line, so that it is still seen to be one.
        let half = half.max(0.5);
        let thick = self.thick();
        Area { left: units(middle - half), right: units(middle + half), top: units(top), bottom: units(top + thick) }
    }

    fn thick(&self) -> f32 {
        if self.row >= 12.0 { self.row * 0.66 } else { self.row * 0.86 }
    }

    fn draw(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, steps: &[Step]) -> Result<(), ChartError> {
        let paint = sheet.palette.series(0);
        let bars: Vec<Area> = steps.iter().enumerate().map(|(index, step)| self.bar(step, index)).collect();
        for pair in bars.windows(2) {
            let [above, below] = pair else { continue };
            let corners = vec![
                (above.left, above.bottom),
                (above.right, above.bottom),
                (below.right, below.top),
                (below.left, below.top),
            ];
            canvas.draw(&Polygon::new(corners, paint.faint(0.18).filled()))?;
        }
        for bar in &bars {
            canvas.draw(&Rectangle::new([(bar.left, bar.top), (bar.right, bar.bottom)], paint.filled()))?;
        }
        self.head(sheet, canvas)?;
        for (index, step) in steps.iter().enumerate().skip(self.every / 2).step_by(self.every) {
            let middle = self.top + self.row * index as f32 + self.thick() / 2.0;
            // Of bars thinner than words, the first and the last words would leave the picture.
            let middle = middle.max(WORDS / 2.0);
            if middle + WORDS / 2.0 <= sheet.height() {
                self.words(sheet, canvas, step, middle)?;
            }
        }
        Ok(())
    }

    /// What the columns of words are.
    fn head(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        if self.top < HEADER {
            return Ok(());
        }
        let look = Look::new(SMALL, sheet.palette.muted);
        let middle = units(HEADER / 2.0 - 3.0);
        for texts in [&self.step, &self.total].into_iter().flatten() {
            canvas.draw(&Label::new(texts.title, (units(texts.right), middle), look.end()).centered())?;
        }
        if let Some(right) = self.value {
            // The name of the values may reach over the bars, which are below.
            let room = right - 1.0;
            if let Some(fit) = text::fit(&self.value_title, room, look.size, look.weight) {
                let label = Label::new(&fit.text, (units(right), middle), look.end());
                canvas.draw(&label.centered().standing_for(&self.value_title))?;
            }
        }
        Ok(())
    }

    fn words(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, step: &Step, middle: f32) -> Result<(), ChartError> {
        let (ink, muted) = (Look::new(BODY, sheet.palette.ink), Look::new(BODY, sheet.palette.muted));
        let at = |x: f32| (units(x), units(middle));
        if let Some(fit) = text::fit(&step.name, self.names, ink.size, ink.weight).filter(|_| self.names > 0.0) {
            canvas.draw(&Label::new(&fit.text, at(1.0), ink).centered().standing_for(&step.name))?;
        }
        if let Some(right) = self.value {
            canvas.draw(&Label::new(&step.exact, at(right), ink.end()).centered())?;
        }
        if let Some(texts) = self.step.as_ref().filter(|_| !step.step.is_empty()) {
            canvas.draw(&Label::new(&step.step, at(texts.right), ink.end()).centered())?;
        }
        if let Some(texts) = &self.total {
            canvas.draw(&Label::new(&step.total, at(texts.right), muted.end()).centered())?;
        }
        Ok(())
    }

    fn mark(&self, sheet: &Sheet<'_>, step: &Step, index: usize, y: &Column) -> Mark {
        let paint = sheet.palette.series(0);
        let top = units(self.top + self.row * index as f32);
        let bottom = units(self.top + self.row * (index + 1) as f32);
        let mut entries = vec![entry(text::name(y.name()), step.exact.clone(), paint, None)];
        if index > 0 {
            entries.push(entry("Of the step before", step.step.clone(), paint, None));
        }
        entries.push(entry("Of the first step", step.total.clone(), paint, None));
        let area = Area { left: 0, right: units(sheet.width()), top, bottom };
        let mut mark = Mark::new(Shape::Rect(area.to_rect()), step.name.clone(), entries);
        mark.keys = step.key.clone().into_iter().collect();
        mark
    }
}

/// `Funnel of visitors by step, 4 steps: from 1,000 at landing to 120 at paid, 12% of the first; the most are lost at
/// basket, which 30% of the step before reach. paid is larger than the step before it.`
fn summary(sheet: &Sheet<'_>, steps: &[Step], x: &Column, y: &Column) -> String {
    let format = sheet.format(y);
    let (value, by) = (text::name(y.name()), text::name(x.name()));
    let count = if steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", steps.len()) };
    let mut summary = format!("Funnel of {value} by {by}, {count}");
    if let [first, .., last] = steps {
        summary.push_str(&format!(
            ": from {} at {} to {} at {}, {} of the first",
            format.headline(first.value),
            first.name,
            format.headline(last.value),
            last.name,
            last.total,
        ));
        let lost = |pair: &&[Step]| pair[0].value - pair[1].value;
        let worst = steps.windows(2).max_by(|a, b| lost(a).total_cmp(&lost(b)));
        if let Some([_, step]) = worst.filter(|pair| lost(pair) > 0.0) {
            summary
                .push_str(&format!("; the most are lost at {}, {} of the step before reach it", step.name, step.step));
        }
    }
    summary.push('.');
    for pair in steps.windows(2).filter(|pair| pair[1].value > pair[0].value).take(3) {
        summary.push_str(&format!(" {} is larger than the step before it.", pair[1].name));
    }
    summary
}
