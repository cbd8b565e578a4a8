//! Rows and columns as they are: sorted, searched, added up, and scrolled by pixels under a header that stays.

mod cells;
mod grid;

use std::sync::{Arc, OnceLock};

use perch_tinybird::{Column, Family};
use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;

use super::{Drawer, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Values, require};
use crate::element::{BODY, Label, Look, SMALL};
use crate::icon::{self, Icon};
use crate::order::{Order, Question};
use crate::palette::Paint;
use crate::scene::{Anchor, Area, Canvas, Scene, units};
use crate::{ChartError, HeaderCell, Key, Kind, Mark, Pick, Scroll, Shape, Sort, Spec, sum, text};
use cells::{Cells, is_number};
use grid::{Grid, Place};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::Any), draw };

/// In CSS pixels.
const ROW: f32 = 27.0;
const HEADER: f32 = 25.0;
const PAD: f32 = 9.0;
/// The room of the arrow that says by which column the rows are sorted.
const ARROW: f32 = 12.0;
/// As many columns as a tooltip bears.
const TOLD: usize = 24;

/// The table of an answer that a spec draws as something else.
pub(crate) fn of_chart(spec: &Spec, y: &[&Column]) -> Spec {
    let mut table = Spec { zone: spec.zone.clone(), formats: spec.formats.clone(), ..Spec::new(Kind::Table) };
    for column in y {
        table.formats.entry(column.name().to_owned()).or_insert(spec.format);
    }
    table
}

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let bars = bars(sheet)?;
    let cells = Cells::of(sheet)?;
    let sort = sort(sheet)?;
    let order = order(sheet, &cells, sort);
    let page = &Page::of(sheet, order.len());
    let sums = if sheet.spec.totals { order.sums.get_or_init(|| sums(sheet, &cells, &order)).as_slice() } else { &[] };
    let widths = order.widths.get_or_init(|| sheet.columns.y.iter().map(|_| OnceLock::new()).collect());
    let grid = Grid::of(sheet.width(), sheet.palette.muted, &cells, sums, widths, sheet.input.view.first_column);
    let extents = order.extents.get_or_init(|| bars.iter().map(|column| extent(column, &order)).collect());

    let mut scene = Scene::new(sheet.size);
    let header = header(sheet, &grid, sort, &mut scene)?;
    let mut list = Vec::new();
    let painter = Painter { sheet, cells: &cells, grid: &grid, bars: &bars, extents };
    let body = Area { top: units(HEADER), bottom: units(page.bottom).max(units(HEADER)), ..sheet.whole() };
    scene.clipped(body, |scene| {
        for place in page.first..order.len() {
            let top = HEADER + page.row_height * (place - page.first) as f32 - page.offset;
            if top >= page.bottom {
                break;
            }
            let row = order.row(place);
            painter.row(scene, row, top, page)?;
            let area = Area { left: 0, right: body.right, top: units(top), bottom: units(top + page.row_height) };
            let seen = Area { top: area.top.max(body.top), bottom: area.bottom.min(body.bottom), ..area };
            if seen.height() > 0 {
                list.push(painter.mark(row, place, seen));
            }
        }
        Ok::<_, ChartError>(())
    })?;
    let searched = !sheet.input.view.search.is_empty();
    if order.len() == 0 && page.bottom - HEADER > 20.0 {
        let reason = if searched { "Nothing found" } else { "No data in this range" };
        let at = (units(sheet.width() / 2.0), units((HEADER + page.bottom) / 2.0));
        let look = Look::new(BODY, sheet.palette.muted).middle();
        if let Some(fit) = text::fit(reason, sheet.width() - 4.0, look.size, look.weight) {
            scene.canvas().draw(&Label::new(&fit.text, at, look).centered())?;
        }
    }
    if page.totals {
        list.push(painter.totals(&mut scene, sums, page.bottom, order.len())?);
    }
    let plot = Area { bottom: sheet.whole().bottom.max(units(HEADER)), ..body };
    let picture = Picture::new(scene, marks(plot, Pick::Shape, list), summary(sheet, &order, sort));
    let scroll = Scroll {
        rows: order.len(),
        first: page.first,
        offset: page.offset,
        visible: page.visible,
        row_height: page.row_height,
        header,
        columns_before: grid.before,
        columns_after: grid.after,
    };
    Ok(Picture { scroll: Some(scroll), ..picture })
}

/// Which rows are in the picture, and where.
struct Page {
    first: usize,
    visible: usize,
    offset: f32,
    row_height: f32,
    totals: bool,
    /// Where the rows end.
    bottom: f32,
}

impl Page {
    fn of(sheet: &Sheet<'_>, rows: usize) -> Self {
        let view = sheet.input.view;
        let totals = sheet.spec.totals && sheet.height() >= HEADER + ROW * 2.0;
        let bottom = sheet.height() - if totals { ROW } else { 0.0 };
        let room = (bottom - HEADER).max(0.0);
        let fitting = (room / ROW).round();
        // Rows that fill the room, so that the last one is whole wherever scrolling comes to rest.
        let row_height = match fitting as usize {
            0 => ROW,
            fitting if fitting >= rows => ROW.min((room * 10.0 / fitting as f32).floor() / 10.0),
            fitting => (room * 10.0 / fitting as f32).floor() / 10.0,
        };
        let visible = (fitting as usize).min(rows);
        // Where there are few rows, their sum stands right below them.
        let bottom = if totals && visible == rows && rows > 0 { HEADER + row_height * rows as f32 } else { bottom };
        let last = rows - visible;
        let first = view.first_row.min(last);
        let offset =
            if first < last && view.offset.is_finite() { view.offset.clamp(0.0, row_height - 0.1) } else { 0.0 };
        Self { first, visible, offset, row_height, totals, bottom }
    }
}

/// The columns that have bars.
fn bars<'a>(sheet: &Sheet<'a>) -> Result<Vec<&'a Column>, ChartError> {
    let table = sheet.input.table;
    let find = |name: &String| {
        let available = || table.columns().iter().map(|column| column.name().to_owned()).collect();
        let none = || ChartError::NoColumn { role: "bars", name: text::name(name), available: available() };
        let column = table.column(name).ok_or_else(none)?;
        require("bars", column, Holds::Numbers).map(|()| column)
    };
    sheet.spec.bars.iter().map(find).collect()
}

/// The viewer's order, as long as its column is there, or else the spec's.
fn sort<'a>(sheet: &Sheet<'a>) -> Result<Option<&'a Sort>, ChartError> {
    let table = sheet.input.table;
    let there = |sort: &&Sort| table.column(&sort.column).is_some();
    if let Some(sort) = &sheet.spec.sort
        && !there(&sort)
    {
        let available = table.columns().iter().map(|column| column.name().to_owned()).collect();
        return Err(ChartError::NoColumn { role: "sort", name: text::name(&sort.column), available });
    }
    Ok(sheet.input.view.sort.as_ref().filter(there).or(sheet.spec.sort.as_ref()))
}

fn order(sheet: &Sheet<'_>, cells: &Cells<'_>, sort: Option<&Sort>) -> Arc<Order> {
    let (view, setting) = (sheet.input.view, sheet.input.setting);
    let question = Question {
        sort: sort.cloned(),
        search: view.search.to_lowercase(),
        spec: sheet.spec.clone(),
        zone: setting.zone.clone(),
        locale: setting.locale.clone(),
    };
    let lower = question.search.clone();
    setting.orders.find(sheet.input.table, question, |row| cells.finds(row, &lower))
}

/// The least and the greatest value of the rows that were found, with zero between them.
fn extent(column: &Column, order: &Order) -> (f64, f64) {
    let numbers = order.rows().filter_map(|row| column.number(row)).filter(|number| number.is_finite());
    numbers.fold((0.0, 0.0), |(least, greatest), number| (number.min(least), number.max(greatest)))
}

/// What each column adds up to.
fn sums(sheet: &Sheet<'_>, cells: &Cells<'_>, order: &Order) -> Vec<Option<String>> {
    let sum =
        |(index, column): (usize, &&Column)| cells.adds_up(index).then(|| sum::sum(column, order.rows())).flatten();
    sheet.columns.y.iter().enumerate().map(sum).collect()
}

/// The columns' names, above everything.
fn header(
    sheet: &Sheet<'_>,
    grid: &Grid<'_>,
    sort: Option<&Sort>,
    scene: &mut Scene,
) -> Result<Vec<HeaderCell>, ChartError> {
    let canvas = scene.canvas();
    let mut cells = Vec::with_capacity(grid.places.len());
    for place in &grid.places {
        let sorted = sort.filter(|sort| sort.column == place.column.name()).map(|sort| sort.descending);
        let ink = if sorted.is_some() { sheet.palette.ink } else { sheet.palette.muted };
        let look = Look { anchor: place.anchor, ..Look::new(SMALL, ink).bold() };
        let name = text::clean(place.column.name());
        let pad = place.pad();
        let arrow = if sorted.is_some() { ARROW } else { 0.0 };
        let room = place.width - pad * 2.0 - place.inset() - arrow;
        let shown = text::fit(&name, room, look.size, look.weight);
        let x = place.anchored(0.0);
        if let Some(fit) = &shown {
            let full = text::name(&name);
            let label = Label::new(&fit.text, (units(x), units(HEADER / 2.0)), look).centered();
            canvas.draw(&if fit.cut { label.standing_for(&full) } else { label })?;
        }
        if let Some(descending) = sorted.filter(|_| room >= 0.0) {
            let width = shown.map_or(0.0, |fit| look.width(&fit.text));
            let (at, look) = match place.anchor {
                Anchor::End => (x - width - ARROW, Look { anchor: Anchor::Start, ..look }),
                _ => (x + width + ARROW, look.end()),
            };
            let mark = if descending { "▼" } else { "▲" };
            let small = Look { size: 8.0, ..look };
            canvas.draw(&Label::new(mark, (units(at), units(HEADER / 2.0)), small).centered())?;
        }
        let (left, right) = (units(place.left), units(place.left + place.width).min(sheet.whole().right));
        let area = Area { left, right: right.max(left), top: 0, bottom: units(HEADER.min(sheet.height())) };
        cells.push(HeaderCell { column: place.column.name().to_owned(), place: area.to_rect(), sorted });
    }
    if let Some((x, more)) = &grid.more {
        let look = Look::new(SMALL, sheet.palette.muted).end();
        canvas.draw(&Label::new(more, (units(*x), units(HEADER / 2.0)), look).centered())?;
    }
    canvas.draw(&rule(sheet, HEADER - 0.5, sheet.palette.axis))?;
    Ok(cells)
}

fn rule(sheet: &Sheet<'_>, y: f32, paint: Paint) -> PathElement<(i32, i32)> {
    let line = [(0, units(y)), (units(sheet.width()), units(y))];
    PathElement::new(line, paint.stroke_width(10))
}

fn summary(sheet: &Sheet<'_>, order: &Order, sort: Option<&Sort>) -> String {
    let names: Vec<String> = sheet.columns.y.iter().map(|column| text::name(column.name())).collect();
    let columns = super::enumerate(names.iter().map(String::as_str));
    let several =
        |count: usize, one: &str, many: &str| format!("{} {}", sheet.count(count), if count == 1 { one } else { many });
    let (rows, wide) = (sheet.input.table.rows(), several(names.len(), "column", "columns"));
    let all = several(rows, "row", "rows");
    let mut summary = match sheet.input.view.search.as_str() {
        "" => format!("Table of {all} and {wide}: {columns}."),
        search => {
            let (found, hold) = (sheet.count(order.len()), if order.len() == 1 { "holds" } else { "hold" });
            format!("Table of {wide}: {columns}. {found} of {all} {hold} “{}”.", text::name(search))
        }
    };
    if let Some(sort) = sort {
        let first = if sort.descending { "greatest" } else { "least" };
        summary.push_str(&format!(" Sorted by {}, the {first} first.", text::name(&sort.column)));
    }
    summary
}

/// What draws rows.
struct Painter<'a> {
    sheet: &'a Sheet<'a>,
    cells: &'a Cells<'a>,
    grid: &'a Grid<'a>,
    bars: &'a [&'a Column],
    extents: &'a [(f64, f64)],
}

impl Painter<'_> {
    fn row(&self, scene: &mut Scene, row: usize, top: f32, page: &Page) -> Result<(), ChartError> {
        let height = page.row_height;
        let palette = self.sheet.palette;
        let ink = Look::new(BODY, palette.ink);
        let linked = self.link(row).is_some();
        for (nth, place) in self.grid.places.iter().enumerate() {
            let cell = self.cells.text(place.index, row);
            let fill = if place.column.is_null(row) {
                palette.muted
            } else if linked && nth == 0 {
                palette.series[0]
            } else {
                palette.ink
            };
            self.bar(&scene.canvas(), place, row, top, height)?;
            self.icon(&scene.canvas(), place, row, top + height / 2.0)?;
            let full = self.cells.exact(place.index, row);
            let short = || self.cells.short(place.index, row);
            let indent = self.cells.indent(place.index, row);
            place.draw(scene, (&cell, &full), short, indent, top + height / 2.0, Look { fill, ..ink });
        }
        if top + height <= page.bottom {
            scene.canvas().draw(&rule(self.sheet, top + height - 0.5, palette.grid))?;
        }
        Ok(())
    }

    /// The bar behind a number.
    fn bar(&self, canvas: &Canvas<'_>, place: &Place<'_>, row: usize, top: f32, height: f32) -> Result<(), ChartError> {
        let nth = self.bars.iter().position(|column| std::ptr::eq(*column, place.column));
        let (Some((least, greatest)), Some(number)) = (nth.map(|nth| self.extents[nth]), place.column.number(row))
        else {
            return Ok(());
        };
        let (pad, span) = (place.pad() / 2.0, greatest / 2.0 - least / 2.0);
        if !number.is_finite() || span <= 0.0 {
            return Ok(());
        }
        let x = |value: f64| {
            let share = (value / 2.0 - least / 2.0) / span;
            units(place.left + pad + (place.width - pad * 2.0) * share as f32)
        };
        let (zero, end) = (x(0.0), x(number));
        let paint = if number < 0.0 { self.sheet.palette.ghost } else { self.sheet.palette.series[0] };
        let corners = [(zero.min(end), units(top + 3.0)), (zero.max(end), units(top + height - 4.0))];
        if zero != end {
            canvas.draw(&Rectangle::new(corners, paint.faint(0.22).filled()))?;
        }
        Ok(())
    }

    /// What stands before the text of the first column.
    fn icon(&self, canvas: &Canvas<'_>, place: &Place<'_>, row: usize, middle: f32) -> Result<(), ChartError> {
        // Where the name itself would find no room, it comes first.
        let icon = self.cells.icon.filter(|_| place.inset() > 0.0);
        let Some(icon) = icon.and_then(|icon| icon.text(row)) else { return Ok(()) };
        match Icon::of(&icon) {
            Some(icon) => icon.draw(self.sheet.palette, canvas, place.left + place.pad(), middle),
            None => Ok(()),
        }
    }

    fn link(&self, row: usize) -> Option<String> {
        crate::link::address(&self.sheet.columns.link?.text(row)?)
    }

    fn mark(&self, row: usize, place: usize, area: Area) -> Mark {
        let columns = self.sheet.columns.y.as_slice();
        // The column that stays, and those from the one on that the viewer has scrolled to.
        let fixed = usize::from(self.grid.before > 0 && self.grid.places.first().is_some_and(|place| place.index == 0));
        let told = (0..fixed).chain(fixed + self.grid.before..columns.len()).take(TOLD);
        let entries = told.map(|index| {
            entry(text::name(columns[index].name()), self.cells.exact(index, row), self.sheet.palette.ink, None)
        });
        let names = columns.iter().filter(|column| column.family() == Family::Text);
        let key = |column: &&Column| Key {
            column: column.name().to_owned(),
            value: column.text(row).map(|text| text.into_owned()),
        };
        let mark = Mark::new(
            Shape::Rect(area.to_rect()),
            format!("Row {}", self.sheet.count(place + 1)),
            entries.collect::<Vec<_>>(),
        );
        Mark { keys: names.map(key).collect(), link: self.link(row), ..mark }
    }

    /// The last line, which stays: what the rows add up to.
    fn totals(&self, scene: &mut Scene, sums: &[Option<String>], top: f32, rows: usize) -> Result<Mark, ChartError> {
        let columns = self.sheet.columns.y.as_slice();
        scene.canvas().draw(&rule(self.sheet, top + 0.5, self.sheet.palette.axis))?;
        let look = Look::new(BODY, self.sheet.palette.ink).bold();
        for (nth, place) in self.grid.places.iter().enumerate() {
            let middle = top + ROW / 2.0;
            match &sums[place.index] {
                Some(sum) => {
                    let (text, indent) =
                        (self.cells.total(place.index, sum), self.cells.total_indent(place.index, sum));
                    let exact = self.sheet.format(place.column).exact(sum);
                    let short = || Some(self.sheet.format(place.column).short(sum.parse().ok()?));
                    place.draw(scene, (&text, &exact), short, indent, middle, look);
                }
                None if nth == 0 && !is_number(place.column) => {
                    place.draw(scene, ("Total", "Total"), || None, 0.0, middle, look);
                }
                None => {}
            }
        }
        let told = sums.iter().enumerate().filter_map(|(index, sum)| {
            let value = self.sheet.format(columns[index]).exact(sum.as_ref()?);
            Some(entry(text::name(columns[index].name()), value, self.sheet.palette.ink, None))
        });
        let area =
            Area { top: units(top), bottom: units(top + ROW).min(self.sheet.whole().bottom), ..self.sheet.whole() };
        let heading = format!("Total of {} {}", self.sheet.count(rows), if rows == 1 { "row" } else { "rows" });
        Ok(Mark::new(Shape::Rect(area.to_rect()), heading, told.take(TOLD).collect::<Vec<_>>()))
    }
}

impl Place<'_> {
    /// What an icon takes, where there is room for one.
    fn inset(&self) -> f32 {
        if self.width >= icon::ROOM * 2.0 { self.inset } else { 0.0 }
    }

    /// The room at either side, less of it where there is little.
    fn pad(&self) -> f32 {
        PAD.min(self.width / 4.0)
    }

    /// Where a text is anchored that is so far from the end of its column.
    fn anchored(&self, indent: f32) -> f32 {
        match self.anchor {
            Anchor::End => self.left + self.width - self.pad() - indent,
            _ => self.left + self.pad() + self.inset(),
        }
    }

    /// Writes a cell that is so far from the end of its column. The text is what it shows, and the whole of it.
    fn draw(
        &self,
        scene: &mut Scene,
        (whole, full): (&str, &str),
        short: impl FnOnce() -> Option<String>,
        indent: f32,
        middle: f32,
        look: Look,
    ) {
        let look = Look { anchor: self.anchor, ..look };
        let room = self.width - self.pad() * 2.0 - self.inset();
        // Where points cannot stand below each other, the number is more than its place.
        let indent = if look.width(whole) + indent <= room { indent } else { 0.0 };
        let Some(fit) = text::fit(whole, room, look.size, look.weight) else { return };
        // A number that has no room is rounded rather than cut.
        let rounded = if fit.cut { short().filter(|short| look.width(short) <= room) } else { None };
        let text = rounded.as_deref().unwrap_or(&fit.text);
        let label = Label::new(text, (units(self.anchored(indent)), units(middle)), look).centered();
        scene.items.push(label.standing_for(full).into_item());
    }
}
