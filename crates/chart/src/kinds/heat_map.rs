//! A grid of cells whose colour is a number: two columns of categories, the days of a calendar, or the hours of a week.
//!
//! A cell without a value is an empty frame, which zero never is. Cells too many for the picture are drawn in blocks: a
//! block's colour and its mark are those of its greatest cell, with that one's name and exact value.

mod days;
mod fold;
mod grid;
mod shades;

use perch_tinybird::Column;

use super::{Drawer, NO_VALUES, NULL, Picture, Sheet, entry};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::ramp::ink_upon;
use crate::scene::{Area, Canvas, units};
use crate::{Cells, ChartError, Key, Mark, Shape, text};

use plotters::element::Rectangle;
use plotters::style::Color;

use fold::Fold;
use shades::Shades;

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)).group(Role::Found(Holds::Names)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let (Some(x), Some(y)) = (sheet.columns.x, sheet.columns.y.first().copied()) else {
        return sheet.blank(NO_VALUES);
    };
    match sheet.spec.cells {
        Cells::Columns => grid::draw(sheet, x, y),
        Cells::Calendar => days::calendar(sheet, x, y),
        Cells::WeekdayHour => days::week(sheet, x, y),
    }
}

/// Cells side by side, and where they stand in the picture.
struct Panel {
    columns: usize,
    rows: usize,
    /// Row by row: which of the heat map's cells, or none where the panel has a hole.
    cells: Vec<Option<u32>>,
    /// In CSS pixels.
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

/// All cells of a heat map, and what they hold.
struct Field<'a> {
    y: &'a Column,
    folds: Vec<Fold>,
    /// NaN where a cell has none.
    values: Vec<f64>,
    shades: Shades,
}

/// What a cell is called, and which rows of the table it stands for.
type Naming<'a> = dyn Fn(usize) -> (String, Vec<Key>) + 'a;

impl<'a> Field<'a> {
    /// `None` where no cell has a value.
    ///
    /// # Errors
    ///
    /// A cell whose rows add up to more than a double can say.
    fn of(sheet: &Sheet<'_>, y: &'a Column, folds: Vec<Fold>) -> Result<Option<Self>, ChartError> {
        let values: Vec<Option<f64>> = folds.iter().map(|fold| fold.value(sheet.spec.aggregate)).collect();
        values.iter().try_for_each(|value| sheet.check_sum(y, *value))?;
        let values: Vec<f64> = values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        Ok(Shades::of(&values, sheet.palette).map(|shades| Self { y, folds, values, shades }))
    }

    fn text(&self, sheet: &Sheet<'_>, cell: usize) -> String {
        let text = self.folds[cell].text(sheet.spec.aggregate, self.y);
        text.map_or_else(|| NULL.into(), |text| sheet.format(self.y).exact(&text))
    }

    /// The name of what is measured.
    fn name(&self) -> String {
        text::name(self.y.name())
    }

    /// Draws a panel's cells and gives their marks.
    fn panel(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        panel: &Panel,
        most: usize,
        naming: &Naming<'_>,
    ) -> Result<Vec<Mark>, ChartError> {
        let blocks = Blocks::of(panel, most);
        let labels = self.labels(sheet, panel, &blocks);
        let mut found = Vec::new();
        for block in blocks.all() {
            let area = blocks.area(panel, block);
            let cells: Vec<usize> = blocks.cells(panel, block).collect();
            let valued = || cells.iter().copied().filter(|cell| self.values[*cell].is_finite());
            // Of equals the first.
            let leader = valued().reduce(|a, b| if self.values[b].abs() > self.values[a].abs() { b } else { a });
            let Some(cell) = leader.or(cells.first().copied()) else { continue };
            let paint = match leader {
                Some(leader) => {
                    let paint = self.shades.paint(self.values[leader]);
                    canvas.draw(&Rectangle::new(corners(area), paint.filled()))?;
                    paint
                }
                None => {
                    hollow(sheet, canvas, area)?;
                    sheet.palette.ghost
                }
            };
            if let (Some(labels), Some(_)) = (&labels, leader) {
                let look = Look::new(SMALL, ink_upon(paint)).middle();
                let middle = ((area.left + area.right) / 2, (area.top + area.bottom) / 2);
                canvas.draw(&Label::new(&labels[cell], middle, look).centered())?;
            }
            let (heading, keys) = naming(cell);
            let entry = entry(self.name(), self.text(sheet, cell), paint, None).of(self.values[cell]);
            found.push(Mark { keys, ..Mark::new(Shape::Rect(area.to_rect()), heading, vec![entry]) });
        }
        Ok(found)
    }

    /// The values that stand in the cells, where all of them have room.
    fn labels(&self, sheet: &Sheet<'_>, panel: &Panel, blocks: &Blocks) -> Option<Vec<String>> {
        let (width, height) = (panel.width / panel.columns as f32, panel.height / panel.rows as f32);
        if blocks.across > 1 || blocks.down > 1 || width < 22.0 || height < 16.0 {
            return None;
        }
        let look = Look::new(SMALL, sheet.palette.ink);
        let format = sheet.format(self.y);
        let short = |value: &f64| if value.is_finite() { format.short(*value) } else { String::new() };
        let labels: Vec<String> = self.values.iter().map(short).collect();
        labels.iter().all(|label| look.width(label) + 6.0 <= width).then_some(labels)
    }

    /// `highest 12 (Mon), lowest 3 (Tue); 5 of 168 cells have no value`.
    fn extremes(&self, sheet: &Sheet<'_>, naming: &Naming<'_>) -> String {
        let some = || (0..self.values.len()).filter(|cell| self.values[*cell].is_finite());
        let highest = some().reduce(|a, b| if self.values[b] > self.values[a] { b } else { a });
        let lowest = some().reduce(|a, b| if self.values[b] < self.values[a] { b } else { a });
        let format = sheet.format(self.y);
        let say = |cell: usize| format!("{} ({})", format.headline(self.values[cell]), naming(cell).0);
        let mut words = match (highest, lowest) {
            (Some(highest), Some(lowest)) if highest != lowest => {
                format!("highest {}, lowest {}", say(highest), say(lowest))
            }
            (Some(only), _) => format!("everywhere {}", format.headline(self.values[only])),
            _ => String::new(),
        };
        let missing = self.values.len() - some().count();
        if missing > 0 {
            words.push_str(&format!("; {missing} of {} cells have no value", self.values.len()));
        }
        words
    }
}

/// The frame of a cell that has no value.
fn hollow(sheet: &Sheet<'_>, canvas: &Canvas<'_>, area: Area) -> Result<(), ChartError> {
    let inset = 5;
    if area.width() < 40 || area.height() < 40 {
        // Too small for a frame: the ground itself.
        return Ok(());
    }
    let corners = [(area.left + inset, area.top + inset), (area.right - inset, area.bottom - inset)];
    canvas.draw(&Rectangle::new(corners, sheet.palette.grid.stroke_width(10)))?;
    Ok(())
}

fn corners(area: Area) -> [(i32, i32); 2] {
    [(area.left, area.top), (area.right, area.bottom)]
}

/// How many cells are drawn as one.
struct Blocks {
    across: usize,
    down: usize,
    columns: usize,
    rows: usize,
}

impl Blocks {
    /// No block is smaller than three pixels, and there are no more of them than `most`.
    fn of(panel: &Panel, most: usize) -> Self {
        const LEAST: f32 = 3.0;
        let fitting = |count: usize, room: f32| (count as f32 * LEAST / room.max(1.0)).ceil().max(1.0) as usize;
        let (mut across, mut down) = (fitting(panel.columns, panel.width), fitting(panel.rows, panel.height));
        while panel.columns.div_ceil(across) * panel.rows.div_ceil(down) > most.max(1) {
            let (width, height) =
                (panel.width * across as f32 / panel.columns as f32, panel.height * down as f32 / panel.rows as f32);
            if (width <= height && across < panel.columns) || down >= panel.rows { across += 1 } else { down += 1 }
        }
        Self { across, down, columns: panel.columns.div_ceil(across), rows: panel.rows.div_ceil(down) }
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.columns;
        (0..self.rows).flat_map(move |row| (0..columns).map(move |column| (column, row)))
    }

    fn cells<'p>(&self, panel: &'p Panel, (column, row): (usize, usize)) -> impl Iterator<Item = usize> + use<'p> {
        let columns = column * self.across..((column + 1) * self.across).min(panel.columns);
        let rows = row * self.down..((row + 1) * self.down).min(panel.rows);
        let cells = rows.flat_map(move |row| columns.clone().map(move |column| row * panel.columns + column));
        cells.filter_map(|index| panel.cells[index].map(|cell| cell as usize))
    }

    /// With a gap to the next, where there is room for one.
    fn area(&self, panel: &Panel, (column, row): (usize, usize)) -> Area {
        let edge = |start: f32, room: f32, count: usize, index: usize| {
            let place = start + room * index.min(count) as f32 / count as f32;
            // Whole pixels are crisp; below four of them, even steps matter more.
            if room / count as f32 >= 4.0 { units(place.round()) } else { units(place) }
        };
        let x = |index: usize| edge(panel.left, panel.width, panel.columns, index * self.across);
        let y = |index: usize| edge(panel.top, panel.height, panel.rows, index * self.down);
        let (left, right, top, bottom) = (x(column), x(column + 1), y(row), y(row + 1));
        let gap = if (right - left).min(bottom - top) >= 60 { 10 } else { 0 };
        Area { left, top, right: (right - gap).max(left + 1), bottom: (bottom - gap).max(top + 1) }
    }
}

/// How many marks a picture bears: two for each pixel from left to right.
fn most_marks(sheet: &Sheet<'_>) -> usize {
    sheet.size.width as usize * 2
}

/// Names at the left of a panel's rows, as many as have room.
fn row_labels(
    sheet: &Sheet<'_>,
    canvas: &Canvas<'_>,
    panel: &Panel,
    names: &[String],
    room: f32,
) -> Result<(), ChartError> {
    let look = Look::new(SMALL, sheet.palette.muted).end();
    let height = panel.height / panel.rows as f32;
    let every = (13.0 / height).ceil().max(1.0) as usize;
    if room < 4.0 || panel.height < 11.0 {
        return Ok(());
    }
    for (row, name) in names.iter().enumerate().step_by(every) {
        let middle = panel.top + height * (row as f32 + 0.5);
        // The labels below the cells come close.
        let inside = middle - 6.0 >= 0.0 && middle + 2.0 <= panel.top + panel.height;
        if let Some(fit) = text::fit(name, room, look.size, look.weight).filter(|_| inside) {
            let at = (units(panel.left - 7.0), units(middle));
            canvas.draw(&Label::new(&fit.text, at, look).centered().standing_for(name))?;
        }
    }
    Ok(())
}
