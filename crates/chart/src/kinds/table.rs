//! Rows and columns as they are: the rows that fit, from any first row on.

use perch_tinybird::{Column, Family};
use plotters::element::PathElement;
use plotters::style::Color;

use super::{Drawer, NULL, Picture, Sheet, entry, marks};
use crate::columns::{Needs, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::font::Weight;
use crate::palette::Paint;
use crate::scene::{Anchor, Area, Scene, units};
use crate::{ChartError, Format, Mark, Pick, Scroll, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::Any), draw };

/// In CSS pixels.
const ROW: f32 = 27.0;
const HEADER: f32 = 25.0;
const PAD: f32 = 9.0;
const WIDEST: f32 = 320.0;
const NARROWEST: f32 = 64.0;
/// How many rows say how wide a column is, so that widths do not change with the rows in the picture.
const SAMPLE: usize = 200;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let rows = sheet.input.table.rows();
    let room = sheet.height() - HEADER;
    let visible = ((room / ROW).floor().max(0.0) as usize).min(rows);
    // The last page is a full one.
    let first = sheet.input.view.first_row.min(rows - visible);
    let cells = Cells::of(sheet);
    let grid = Grid::of(sheet.width(), sheet.palette.muted, &cells);

    let mut scene = Scene::new(sheet.size);
    let mut list = Vec::new();
    {
        let canvas = scene.canvas();
        let head = Look::new(SMALL, sheet.palette.muted).bold();
        let body = Look::new(BODY, sheet.palette.ink);
        let rule = |y: f32, paint: Paint| {
            let line = [(0, units(y)), (units(sheet.width()), units(y))];
            PathElement::new(line, paint.stroke_width(10))
        };
        for place in &grid.places {
            place.draw(&canvas, &text::name(place.column.name()), || None, HEADER / 2.0, head)?;
        }
        if let Some((x, more)) = &grid.more {
            let at = (units(*x), units(HEADER / 2.0));
            let look = Look::new(SMALL, sheet.palette.muted).end();
            canvas.draw(&Label::new(more, at, look).centered())?;
        }
        canvas.draw(&rule(HEADER - 0.5, sheet.palette.axis))?;
        for index in 0..visible {
            let row = first + index;
            let top = HEADER + ROW * index as f32;
            for place in &grid.places {
                let cell = cells.text(place.index, row);
                let null = place.column.is_null(row);
                let look = if null { Look { fill: sheet.palette.muted, ..body } } else { body };
                let short = || place.column.number(row).map(|value| sheet.spec.format.short(value));
                place.draw(&canvas, &cell, short, top + ROW / 2.0, look)?;
            }
            if top + ROW < sheet.height() {
                canvas.draw(&rule(top + ROW - 0.5, sheet.palette.grid))?;
            }
            list.push(mark(sheet, &cells, row, top));
        }
        if rows == 0 && room > 20.0 {
            let at = (units(sheet.width() / 2.0), units(HEADER + room / 2.0));
            let look = Look::new(BODY, sheet.palette.muted).middle();
            if let Some(fit) = text::fit("No data in this range", sheet.width() - 4.0, look.size, look.weight) {
                canvas.draw(&Label::new(&fit.text, at, look).centered())?;
            }
        }
    }
    let plot = Area { top: units(HEADER), ..sheet.whole() };
    let plot = Area { bottom: plot.bottom.max(plot.top), ..plot };
    let names: Vec<String> = sheet.columns.y.iter().map(|column| text::name(column.name())).collect();
    let summary = format!(
        "Table of {rows} rows and {} columns: {}.",
        sheet.columns.y.len(),
        super::enumerate(names.iter().map(String::as_str)),
    );
    let picture = Picture::new(scene, marks(plot, Pick::Shape, list), summary);
    Ok(Picture {
        scroll: Some(Scroll {
            rows,
            first,
            visible,
            offset: 0.0,
            row_height: ROW,
            header: Vec::new(),
            columns_before: 0,
            columns_after: 0,
        }),
        ..picture
    })
}

fn mark(sheet: &Sheet<'_>, cells: &Cells<'_>, row: usize, top: f32) -> Mark {
    // As many columns as a tooltip bears.
    let columns = sheet.columns.y.iter().enumerate().take(24);
    let entries = columns.map(|(index, column)| {
        let value = match column.family() {
            Family::Number => cells.text(index, row),
            _ => column.text(row).map_or_else(|| NULL.into(), |text| text.into_owned()),
        };
        entry(text::name(column.name()), value, sheet.palette.ink, None)
    });
    let place = Area { left: 0, right: units(sheet.width()), top: units(top), bottom: units(top + ROW) };
    Mark::new(Shape::Rect(place.to_rect()), format!("Row {}", row + 1), entries.collect())
}

/// What stands in the cells.
struct Cells<'a> {
    format: &'a Format,
    columns: &'a [&'a Column],
    rows: usize,
    /// Which columns hold numbers of five digits or more, so that all of their numbers have commas.
    long: Vec<bool>,
}

impl<'a> Cells<'a> {
    fn of(sheet: &'a Sheet<'a>) -> Self {
        let columns = sheet.columns.y.as_slice();
        let rows = sheet.input.table.rows();
        let is_long =
            |column: &&Column| sample(rows).any(|row| column.number(row).is_some_and(|value| value.abs() >= 10_000.0));
        Self { format: &sheet.spec.format, columns, rows, long: columns.iter().map(is_long).collect() }
    }

    fn text(&self, column: usize, row: usize) -> String {
        let cells = self.columns[column];
        match cells.text(row) {
            None => NULL.into(),
            Some(text) if is_number(cells) => self.format.cell(&text, self.long[column]),
            Some(text) => text::clean(&text).into_owned(),
        }
    }
}

/// Rows that speak for all of them.
fn sample(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows).step_by(rows.div_ceil(SAMPLE).max(1))
}

/// Which columns are in the picture, and where.
struct Grid<'a> {
    places: Vec<Place<'a>>,
    /// How many columns found no place, and where to say so.
    more: Option<(f32, String)>,
}

/// A column's place, in CSS pixels.
struct Place<'a> {
    column: &'a Column,
    index: usize,
    left: f32,
    width: f32,
    anchor: Anchor,
}

impl<'a> Grid<'a> {
    fn of(room: f32, muted: Paint, cells: &Cells<'a>) -> Self {
        let wanted = |index: usize| {
            let name = text::fit(cells.columns[index].name(), WIDEST, SMALL, Weight::SemiBold)
                .map_or(0.0, |fit| crate::font::width(&fit.text, SMALL, Weight::SemiBold));
            let cells = sample(cells.rows).map(|row| {
                let cell = cells.text(index, row);
                // A text of thousands of letters need not be measured to its end.
                text::fit(&cell, WIDEST, BODY, Weight::Regular).map_or(WIDEST, |fit| {
                    if fit.cut { WIDEST } else { crate::font::width(&fit.text, BODY, Weight::Regular) }
                })
            });
            (cells.fold(name, f32::max) + PAD * 2.0).ceil()
        };
        let columns = cells.columns;
        let least = |index: usize, wanted: f32| match columns[index].family() {
            // Half a number is a wrong number, and a time without its hour another time.
            Family::Number | Family::Time => wanted.min(room * 0.5),
            _ => wanted.min(NARROWEST),
        };
        let tail = |shown: usize| match columns.len() - shown {
            0 => 0.0,
            hidden => Look::new(SMALL, muted).width(&format!("+{hidden}")) + PAD,
        };
        // As many columns as have room when each text is as narrow as it may be.
        let mut widths: Vec<f32> = Vec::new();
        let mut used = 0.0;
        for index in 0..columns.len() {
            let wanted = wanted(index);
            used += least(index, wanted);
            if index > 0 && used > room {
                break;
            }
            widths.push(wanted);
        }
        while widths.len() > 1 {
            let used: f32 = widths.iter().enumerate().map(|(index, wanted)| least(index, *wanted)).sum();
            if used + tail(widths.len()) <= room {
                break;
            }
            widths.pop();
        }
        let hidden = columns.len() - widths.len();
        let label = format!("+{hidden}");
        let left_over = room - tail(widths.len());
        squeeze(&mut widths, columns, left_over);
        let mut left = 0.0;
        let places = columns.iter().zip(&widths).enumerate().map(|(index, (column, width))| {
            let anchor = if is_number(column) { Anchor::End } else { Anchor::Start };
            let place = Place { column, index, left, width: *width, anchor };
            left += width;
            place
        });
        let places = places.collect();
        Self { places, more: (hidden > 0).then_some((room - 2.0, label)) }
    }
}

/// Makes widths fill the room: what is missing is taken from the widest texts first, what is left over is given to all.
fn squeeze(widths: &mut [f32], columns: &[&Column], room: f32) {
    let total: f32 = widths.iter().sum();
    if total <= room {
        let share = (room - total) / widths.len().max(1) as f32;
        widths.iter_mut().for_each(|width| *width += share);
        return;
    }
    for whole in [false, true] {
        let mine = |index: usize| matches!(columns[index].family(), Family::Number | Family::Time) == whole;
        let least = if whole { 24.0 } else { NARROWEST };
        let others: f32 = widths.iter().enumerate().filter(|(index, _)| !mine(*index)).map(|(_, width)| *width).sum();
        // The one width that no text of this kind may exceed, found from both sides.
        let (mut low, mut high) = (least, WIDEST + PAD * 2.0);
        for _ in 0..24 {
            let cap = (low + high) / 2.0;
            let sum: f32 =
                widths.iter().enumerate().filter(|(index, _)| mine(*index)).map(|(_, width)| width.min(cap)).sum();
            if sum + others <= room { low = cap } else { high = cap }
        }
        for (index, width) in widths.iter_mut().enumerate() {
            if mine(index) {
                *width = width.min(low);
            }
        }
        if widths.iter().sum::<f32>() <= room + 0.5 {
            return;
        }
    }
    // Not even so: all alike.
    let share = room / widths.len().max(1) as f32;
    widths.iter_mut().for_each(|width| *width = width.min(share));
}

fn is_number(column: &Column) -> bool {
    column.family() == Family::Number
}

impl Place<'_> {
    fn draw(
        &self,
        canvas: &crate::scene::Canvas<'_>,
        whole: &str,
        short: impl FnOnce() -> Option<String>,
        middle: f32,
        look: Look,
    ) -> Result<(), ChartError> {
        let look = Look { anchor: self.anchor, ..look };
        let pad = PAD.min(self.width / 4.0);
        let room = self.width - pad * 2.0;
        let Some(fit) = text::fit(whole, room, look.size, look.weight) else { return Ok(()) };
        // A number that has no room is rounded rather than cut.
        let rounded = if fit.cut { short().filter(|short| look.width(short) <= room) } else { None };
        let text = rounded.as_deref().unwrap_or(&fit.text);
        let x = match self.anchor {
            Anchor::End => self.left + self.width - pad,
            _ => self.left + pad,
        };
        let label = Label::new(text, (units(x), units(middle)), look).centered();
        Ok(canvas.draw(&label.standing_for(whole))?)
    }
}
