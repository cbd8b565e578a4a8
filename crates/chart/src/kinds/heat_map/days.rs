//! Days as weeks by weekdays, months named and years stacked where there are several; and the hours of a week.

use perch_tinybird::{Column, Family};

use super::fold::Fold;
use super::{Field, Panel, most_marks, row_labels, shades};
use crate::bottom::keep_inside;
use crate::calendar::DAY;
use crate::cartesian::Bottom;
use crate::clock::Clock;
use crate::element::{Label, Look, SMALL};
use crate::kinds::{NO_VALUES, Picture, Sheet, marks};
use crate::scene::{Area, Scene, units};
use crate::{ChartError, Pick, text};

const HOUR: i64 = DAY / 24;
/// Further back nobody looks, and a wrong year must not cost a picture of a million days.
const LONGEST: i64 = 366 * 200;

/// The table's moments as a clock on the wall shows them.
fn walls(sheet: &Sheet<'_>, x: &Column) -> Result<(Clock, Vec<Option<i64>>), ChartError> {
    if x.family() != Family::Time {
        return Err(ChartError::WrongFamily {
            role: "x",
            name: x.name().to_owned(),
            kind: x.kind().to_string(),
            needed: "dates or times, which days and hours are counted by",
        });
    }
    let (clock, instants) = Clock::of(x, sheet.spec, sheet.input.setting)?;
    let mut walls = clock.walls();
    let walls = instants.iter().map(|at| (!at.is_nan()).then(|| walls.at(*at as i64))).collect();
    Ok((clock, walls))
}

/// From Monday on, 0 to 6. 1970 began on a Thursday.
fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// Names of the days, from Monday on.
fn weekdays(clock: &Clock) -> Vec<String> {
    clock.locale.days().map(str::to_owned).collect()
}

pub(super) fn week(sheet: &Sheet<'_>, x: &Column, y: &Column) -> Result<Picture, ChartError> {
    let (clock, walls) = walls(sheet, x)?;
    let mut folds = vec![Fold::default(); 7 * 24];
    for (row, wall) in walls.iter().enumerate() {
        if let Some(wall) = wall {
            let hour = wall.rem_euclid(DAY) / HOUR;
            let cell = weekday(wall.div_euclid(DAY)) * 24 + hour as usize;
            folds[cell].add(sheet.spec.aggregate, y, row, *wall as f64);
        }
    }
    let Some(field) = Field::of(sheet, y, folds)? else { return sheet.blank(NO_VALUES) };
    let (width, height) = (sheet.width(), sheet.height());
    let look = Look::new(SMALL, sheet.palette.muted);
    let names = weekdays(&clock);
    let widest = names.iter().map(|name| look.width(name)).fold(0.0, f32::max);
    let left = if width < 90.0 { 0.0 } else { (widest + 8.0).ceil() };
    let top = shades::height(sheet);
    let lines = usize::from(height >= 56.0);
    let panel = Panel {
        columns: 24,
        rows: 7,
        cells: (0..7 * 24).map(Some).collect(),
        left,
        top,
        width: (width - 1.0 - left).max(1.0),
        height: (height - lines as f32 * 17.0 - top).max(1.0),
    };
    let plot = plot(&[&panel]);
    let first = walls.iter().flatten().min().copied().unwrap_or_default();
    let last = walls.iter().flatten().max().copied().unwrap_or_default();
    let zone = clock.zone_name(clock.instant(first) as i64, clock.instant(last) as i64);
    let zone = zone.map_or_else(String::new, |zone| format!(" {zone}"));
    let naming = |cell: usize| {
        let hour = cell % 24;
        (format!("{}, {hour:02}:00–{:02}:00{zone}", names[cell / 24], hour + 1), Vec::new())
    };
    let mut scene = Scene::new(sheet.size);
    let list = {
        let canvas = scene.canvas();
        if top > 0.0 {
            field.shades.draw(sheet, &canvas, &field.name(), sheet.format(y))?;
        }
        row_labels(sheet, &canvas, &panel, &names, left - 8.0)?;
        let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
        let mut below = Bottom::Bands { names: &hours, moments: None }.lay_out(sheet.spec, plot, look, lines);
        keep_inside(&mut below.labels, look, width);
        for label in &below.labels {
            let at = (units(label.x), units(panel.top + panel.height + 13.0));
            canvas.draw(&Label::new(&label.text, at, Look { anchor: label.anchor, ..look }))?;
        }
        field.panel(sheet, &canvas, &panel, most_marks(sheet), &naming)?
    };
    let summary = format!(
        "Heat map of {} by weekday and hour of {}{zone}: {}.",
        field.name(),
        text::name(x.name()),
        field.extremes(sheet, &naming)
    );
    Ok(Picture::new(scene, marks(plot, Pick::Shape, list), summary))
}

pub(super) fn calendar(sheet: &Sheet<'_>, x: &Column, y: &Column) -> Result<Picture, ChartError> {
    let (clock, walls) = walls(sheet, x)?;
    let days = || walls.iter().flatten().map(|wall| wall.div_euclid(DAY));
    let (Some(least), Some(last)) = (days().min(), days().max()) else { return sheet.blank(NO_VALUES) };
    let first = least.max(last - LONGEST);
    let mut folds = vec![Fold::default(); (last - first + 1) as usize];
    for (row, wall) in walls.iter().enumerate() {
        let Some(wall) = wall.filter(|wall| wall.div_euclid(DAY) >= first) else { continue };
        folds[(wall.div_euclid(DAY) - first) as usize].add(sheet.spec.aggregate, y, row, wall as f64);
    }
    let layout = Layout::of(sheet, &clock, first, last);
    let shown = layout.blocks.first().map_or(first, |block| block.first);
    // Years that have no room are told of, not drawn.
    let folds = folds.split_off((shown - first) as usize);
    let Some(field) = Field::of(sheet, y, folds)? else { return sheet.blank(NO_VALUES) };
    let daily = clock.by_day();
    let naming = |cell: usize| (daily.write(daily.instant((shown + cell as i64) * DAY)), Vec::new());
    let mut scene = Scene::new(sheet.size);
    let mut list = Vec::new();
    let panels: Vec<Panel> = layout.blocks.iter().map(|block| layout.panel(block, shown)).collect();
    {
        let canvas = scene.canvas();
        if layout.legend > 0.0 {
            field.shades.draw(sheet, &canvas, &field.name(), sheet.format(y))?;
        }
        // A year is a day to a cell for as long as days can be told apart.
        let most = 2 * most_marks(sheet) / panels.len().max(1);
        for (block, panel) in layout.blocks.iter().zip(&panels) {
            layout.label(sheet, &canvas, block, panel, &clock)?;
            list.extend(field.panel(sheet, &canvas, panel, most, &naming)?);
        }
    }
    let panels: Vec<&Panel> = panels.iter().collect();
    let from = naming(0).0;
    let mut summary = format!(
        "Calendar of {} by day of {}, from {from} to {}: {}",
        field.name(),
        text::name(x.name()),
        naming(field.values.len() - 1).0,
        field.extremes(sheet, &naming)
    );
    if shown > least {
        summary.push_str(&format!("; earlier days, from {} on, are left out", daily.write(daily.instant(least * DAY))));
    }
    summary.push('.');
    Ok(Picture::new(scene, marks(plot(&panels), Pick::Shape, list), summary))
}

/// All panels together.
fn plot(panels: &[&Panel]) -> Area {
    let reach = |of: fn(&Panel) -> f32, pick: fn(f32, f32) -> f32, start: f32| {
        panels.iter().map(|panel| of(panel)).fold(start, pick)
    };
    Area {
        left: units(reach(|panel| panel.left, f32::min, f32::INFINITY).min(1e5)),
        top: units(reach(|panel| panel.top, f32::min, f32::INFINITY).min(1e5)),
        right: units(reach(|panel| panel.left + panel.width, f32::max, 0.0)),
        bottom: units(reach(|panel| panel.top + panel.height, f32::max, 0.0)),
    }
}

/// Days that stand together: all of them, or those of one year.
struct Block {
    year: Option<i16>,
    first: i64,
    last: i64,
}

impl Block {
    /// The Monday of its first week: of a year that week of 1 January, wherever the days begin, so that weeks of several
    /// years stand below each other.
    fn monday(&self) -> i64 {
        let first = self.year.map_or(self.first, |year| days(jiff::civil::Date::constant(year, 1, 1)));
        first - weekday(first) as i64
    }

    /// The first and the last day whose months are named above it.
    fn named(&self) -> (i64, i64) {
        let day = |month, day| self.year.map(|year| days(jiff::civil::Date::constant(year, month, day)));
        (day(1, 1).unwrap_or(self.first), day(12, 31).unwrap_or(self.last))
    }

    fn weeks(&self) -> usize {
        ((self.last - self.monday()) / 7 + 1) as usize
    }
}

struct Layout {
    blocks: Vec<Block>,
    /// Of the longest block.
    weeks: usize,
    legend: f32,
    /// Above the first block, for the months' names.
    months: f32,
    gutter: f32,
    /// A day's sides.
    side: (f32, f32),
    /// From one block to the next.
    apart: f32,
}

impl Layout {
    fn of(sheet: &Sheet<'_>, clock: &Clock, first: i64, last: i64) -> Self {
        const AIR: f32 = 6.0;
        let (width, height) = (sheet.width(), sheet.height());
        let look = Look::new(SMALL, sheet.palette.muted);
        let legend = shades::height(sheet);
        let months = if height >= 70.0 { 15.0 } else { 0.0 };
        let room = (height - legend - months - 1.0).max(1.0);
        let mut blocks = if last - first < 371 { vec![Block { year: None, first, last }] } else { years(first, last) };
        // A year needs the height of its number, and a little air.
        let most = (room / 14.0).floor().max(1.0) as usize;
        blocks.drain(..blocks.len().saturating_sub(most));
        let names = weekdays(clock).into_iter().map(|name| look.width(&name)).fold(0.0, f32::max);
        let stacked = blocks.len() > 1 || blocks.iter().any(|block| block.year.is_some());
        let widest = if stacked { look.width("2000") } else { names };
        let gutter = if width < 90.0 { 0.0 } else { (widest + 8.0).ceil() };
        let count = blocks.iter().map(Block::weeks).max().unwrap_or(1);
        let weeks = count as f32;
        let share = room / blocks.len().max(1) as f32;
        let air = if blocks.len() > 1 { AIR.min(share * 0.2) } else { 0.0 };
        let (fits_across, fits_down) = ((width - gutter - 1.0).max(1.0) / weeks, (share - air) / 7.0);
        // Nearly square: a day may be twice as wide as high, or the other way around, and no larger than a thumb.
        let mut across = fits_across.min(fits_down * 2.0).min(44.0);
        let mut down = fits_down.min(fits_across * 2.0).min(44.0);
        if across >= 5.0 {
            across = across.floor();
        }
        if down >= 5.0 {
            down = down.floor();
        }
        Self { blocks, weeks: count, legend, months, gutter, side: (across, down), apart: down * 7.0 + air }
    }

    fn panel(&self, block: &Block, shown: i64) -> Panel {
        let weeks = self.weeks;
        let monday = block.monday();
        let day = |index: usize| {
            let (row, column) = (index / weeks, index % weeks);
            let day = monday + column as i64 * 7 + row as i64;
            (block.first..=block.last).contains(&day).then(|| (day - shown) as u32)
        };
        let index = self.blocks.iter().position(|other| other.first == block.first).unwrap_or_default();
        Panel {
            columns: weeks,
            rows: 7,
            cells: (0..weeks * 7).map(day).collect(),
            left: self.gutter,
            top: self.legend + self.months + self.apart * index as f32,
            width: self.side.0 * weeks as f32,
            height: self.side.1 * 7.0,
        }
    }

    /// The months above the first block, and the weekdays or the year at its left.
    fn label(
        &self,
        sheet: &Sheet<'_>,
        canvas: &crate::scene::Canvas<'_>,
        block: &Block,
        panel: &Panel,
        clock: &Clock,
    ) -> Result<(), ChartError> {
        let look = Look::new(SMALL, sheet.palette.muted);
        let top = self.legend + self.months;
        if self.months > 0.0 && panel.top <= top {
            let mut free = 0.0;
            let (first, last) = block.named();
            for (day, month) in months(first, last) {
                let name = clock.locale.month(month);
                let x = panel.left + ((day - block.monday()) / 7) as f32 * self.side.0;
                let end = x + look.width(name);
                if x >= free && end <= sheet.width() - 1.0 {
                    canvas.draw(&Label::new(name, (units(x), units(top - 5.0)), look))?;
                    free = end + 6.0;
                }
            }
        }
        match block.year {
            Some(year) if self.gutter > 0.0 => {
                let middle = panel.top + panel.height / 2.0;
                let at = (units(panel.left - 7.0), units(middle));
                canvas.draw(&Label::new(&year.to_string(), at, look.end()).centered())?;
                Ok(())
            }
            Some(_) => Ok(()),
            None => row_labels(sheet, canvas, panel, &weekdays(clock), self.gutter - 8.0),
        }
    }
}

/// A block for each calendar year.
fn years(first: i64, last: i64) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut start = first;
    while start <= last {
        let Some(date) = date(start) else { break };
        let end = jiff::civil::Date::new(date.year(), 12, 31).map_or(last, days).min(last);
        blocks.push(Block { year: Some(date.year()), first: start, last: end });
        start = end + 1;
    }
    blocks
}

/// The first day of each month between two days, and of the month that they begin in if most of it is there.
fn months(first: i64, last: i64) -> Vec<(i64, i8)> {
    let mut months = Vec::new();
    for day in first..=last {
        let Some(date) = date(day) else { break };
        if date.day() == 1 || day == first && date.day() <= 15 {
            months.push((day, date.month()));
        }
    }
    if months.is_empty()
        && let Some(date) = date(first)
    {
        months.push((first, date.month()));
    }
    months
}

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

fn date(day: i64) -> Option<jiff::civil::Date> {
    EPOCH.checked_add(jiff::SignedDuration::from_hours(day.checked_mul(24)?)).ok()
}

fn days(date: jiff::civil::Date) -> i64 {
    date.duration_since(EPOCH).as_secs().div_euclid(86_400)
}
