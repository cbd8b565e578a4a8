//! Quartiles, whiskers and outliers of each category: how values spread, not only how many there are.

use std::collections::BTreeMap;

use perch_tinybird::Column;
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, OTHER, Picture, Sheet, entry, marks};
use crate::cartesian::{Bottom, Frame, Request};
use crate::columns::{Holds, Needs, Role, Values};
use crate::legend::Item;
use crate::palette::Paint;
use crate::quartiles::Quartiles;
use crate::scale::{Extent, Scale};
use crate::scene::{Area, Canvas, Scene, UNIT, pixels, units};
use crate::series::{self, Along};
use crate::tally::round;
use crate::{AxisScale, ChartError, Key, Mark, Pick, Shape, Style, text};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Found(Holds::Names)).group(Role::Named(Holds::Places)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let boxes = Boxes::read(sheet)?;
    let values = boxes.list.iter().flat_map(|one| [one.numbers.first(), one.numbers.last()]).flatten();
    let extent = Extent::of(values.map(|(value, _)| *value));
    let extent = extent.or_else(|| Extent::of([0.0, 1.0].into_iter().filter(|_| boxes.hidden())));
    let Some(extent) = extent else { return sheet.blank(NO_VALUES) };
    let bottom = Bottom::Bands { names: &boxes.labels, moments: None };
    let request = sheet.request(extent, bottom);
    let note = sheet.left_out(boxes.left_out(sheet));
    let frame = Frame::lay_out(&Request { legend: &boxes.legend, note: note.as_deref(), ..request })?;
    let shown = boxes.shown(&frame);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for one in &shown {
            one.draw(&canvas, boxes.sides(one, &frame.x), &frame.y)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let list = shown.iter().map(|one| boxes.mark(sheet, one, &frame)).collect();
    let marks = marks(frame.plot, Pick::Shape, list);
    Ok(Picture { legend: frame.legend(), ..Picture::new(scene, marks, boxes.summary(sheet)) })
}

/// All boxes of a chart.
struct Boxes<'a> {
    /// What stands below each place, and what it is called in full.
    labels: Vec<String>,
    names: Vec<String>,
    /// By place, then by series.
    list: Vec<One<'a>>,
    legend: Vec<Item>,
    /// How many boxes share a place.
    slots: usize,
}

/// One box.
struct One<'a> {
    place: usize,
    slot: usize,
    /// The series, where there are several.
    series: Option<String>,
    paint: Paint,
    column: &'a Column,
    /// Ascending, each with its row.
    numbers: Vec<(f64, u32)>,
    quartiles: Quartiles,
    keys: Vec<Key>,
}

impl<'a> Boxes<'a> {
    fn read(sheet: &Sheet<'a>) -> Result<Self, ChartError> {
        match (sheet.columns.x, sheet.columns.group) {
            (Some(x), _) => Self::by_place(sheet, x),
            (None, Some(group)) => Self::by_place(sheet, group),
            (None, None) => Ok(Self::by_column(sheet)),
        }
    }

    /// One box for each column of values.
    fn by_column(sheet: &Sheet<'a>) -> Self {
        let names: Vec<String> = sheet.columns.y.iter().map(|column| text::name(column.name())).collect();
        let paint = sheet.palette.series(0);
        let list = sheet.columns.y.iter().enumerate().filter_map(|(place, column)| {
            let rows = (0..column.len() as u32).collect();
            One::of(column, rows, place, 0, paint)
        });
        Self { labels: names.clone(), list: list.collect(), names, legend: Vec::new(), slots: 1 }
    }

    /// One box for each place, or for each series at each place.
    fn by_place(sheet: &Sheet<'a>, x: &'a Column) -> Result<Self, ChartError> {
        let mut columns = sheet.columns.clone();
        columns.group = columns.group.filter(|group| !std::ptr::eq(*group, x));
        let lines = series::read(sheet, sheet.input.table, &columns, x, sheet.spec.limit)?;
        let hidden = &sheet.input.view.hidden;
        // Series beyond those that colours tell apart are one.
        let mut series: Vec<(String, Paint, Vec<usize>)> = Vec::new();
        for (index, one) in lines.series.iter().enumerate().filter(|(_, one)| !one.faded) {
            series.push((one.name.clone(), one.paint, vec![index]));
        }
        let rest: Vec<usize> = (0..lines.series.len()).filter(|index| lines.series[*index].faded).collect();
        if !rest.is_empty() {
            series.push((OTHER.into(), sheet.palette.ghost, rest));
        }
        let several = series.len() > 1;
        let shown = |name: &str| !several || !hidden.iter().any(|hidden| hidden == name);
        let item =
            |(name, paint, _): &(String, Paint, Vec<usize>)| Item { shown: shown(name), ..Item::new(name, *paint) };
        let legend = if several { series.iter().map(item).collect() } else { Vec::new() };
        series.retain(|(name, ..)| shown(name));

        let mut places: Vec<f64> = lines.series.iter().flat_map(|one| one.xs.iter().copied()).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let index_of = |at: f64| places.partition_point(|place| *place < at);
        let mut names = vec![String::new(); places.len()];
        let mut rows: BTreeMap<(usize, usize), (&Column, Vec<u32>)> = BTreeMap::new();
        for (slot, (_, _, members)) in series.iter().enumerate() {
            for member in members {
                let one = &lines.series[*member];
                for (index, at) in one.xs.iter().enumerate() {
                    let (place, row) = (index_of(*at), one.row(index));
                    rows.entry((place, slot)).or_insert_with(|| (one.column, Vec::new())).1.push(row as u32);
                }
            }
        }
        for one in &lines.series {
            for (index, at) in one.xs.iter().enumerate() {
                let name = &mut names[index_of(*at)];
                if name.is_empty() {
                    *name = lines.along.heading(*at, x, one.row(index));
                }
            }
        }
        let labels = match &lines.along {
            Along::Time(clock) => clock.briefs(&places),
            _ => names.clone(),
        };
        let named = matches!(lines.along, Along::Names(_));
        let list = rows.into_iter().filter_map(|((place, slot), (column, rows))| {
            let (name, paint, members) = &series[slot];
            let row = *rows.first()? as usize;
            let key =
                |column: &Column| Key { column: column.name().to_owned(), value: column.text(row).map(Into::into) };
            let mut keys: Vec<Key> = named.then(|| key(x)).into_iter().collect();
            keys.extend(columns.group.filter(|_| members.len() == 1).map(key));
            let one = One::of(column, rows, place, slot, *paint)?;
            Some(One { series: several.then(|| name.clone()), keys, ..one })
        });
        Ok(Self { labels, names, list: list.collect(), legend, slots: series.len().max(1) })
    }

    /// Whether there would be something to draw, had the viewer not turned it off.
    fn hidden(&self) -> bool {
        self.legend.iter().any(|item| !item.shown)
    }

    /// All boxes, or where there are more places than pixels, of each pixel the one with the most values.
    fn shown(&self, frame: &Frame) -> Vec<&One<'a>> {
        let room = (frame.plot.width() / UNIT).max(1) as usize;
        if self.list.len() <= room * 2 {
            return self.list.iter().collect();
        }
        let mut best: BTreeMap<i32, &One<'a>> = BTreeMap::new();
        for one in &self.list {
            let kept = best.entry(self.sides(one, &frame.x).0 / UNIT).or_insert(one);
            if one.numbers.len() > kept.numbers.len() {
                *kept = one;
            }
        }
        best.into_values().collect()
    }

    /// The left and the right side of a box, in units.
    fn sides(&self, one: &One<'_>, x: &Scale) -> (i32, i32) {
        const WIDEST: f64 = 56.0;
        let middle = one.place as f64;
        let band = f64::from(x.at(middle + 0.5) - x.at(middle - 0.5)) / f64::from(UNIT);
        let half = 0.5 * (WIDEST * self.slots as f64 / band.max(1e-6)).min(0.72);
        let width = half * 2.0 / self.slots as f64;
        let left = middle - half + width * one.slot as f64;
        let air = if self.slots > 1 { width * 0.08 } else { 0.0 };
        (x.at(left + air), x.at(left + width - air))
    }

    fn mark(&self, sheet: &Sheet<'_>, one: &One<'_>, frame: &Frame) -> Mark {
        let (left, right) = if self.slots == 1 {
            (frame.x.at(one.place as f64 - 0.5), frame.x.at(one.place as f64 + 0.5))
        } else {
            self.sides(one, &frame.x)
        };
        let left = left.min(frame.plot.right - UNIT);
        let band = Area { left, right: right.max(left + UNIT), ..frame.plot };
        let format = sheet.format(one.column);
        let at = |value: f64| Some(pixels(frame.y.at(value)));
        let row = |found: Option<&(f64, u32)>| {
            let text = found.and_then(|(_, row)| one.column.text(*row as usize));
            text.map(|text| format.exact(&text)).unwrap_or_default()
        };
        let computed = |value: f64| format.exact(&round(value));
        let Quartiles { first, median, third, .. } = one.quartiles;
        let ends = (one.numbers.first().map(|end| end.0), one.numbers.last().map(|end| end.0));
        let counts = sheet.spec.format.styled(Style::Number);
        let mut entries = vec![
            entry("Maximum", row(one.numbers.last()), one.paint, ends.1.and_then(at)),
            entry("Third quartile", computed(third), one.paint, at(third)),
            entry("Median", computed(median), one.paint, at(median)),
            entry("First quartile", computed(first), one.paint, at(first)),
            entry("Minimum", row(one.numbers.first()), one.paint, ends.0.and_then(at)),
            entry("Values", counts.exact(&one.numbers.len().to_string()), one.paint, None),
        ];
        let outliers = one.outliers().count();
        if outliers > 0 {
            let count = counts.exact(&outliers.to_string());
            entries.push(entry("Outliers", count, one.paint, None));
        }
        let heading = match &one.series {
            Some(series) => format!("{} · {series}", self.names[one.place]),
            None => self.names[one.place].clone(),
        };
        let mut mark = Mark::new(Shape::Rect(band.to_rect()), heading, entries);
        mark.keys = one.keys.clone();
        mark
    }

    /// `Box plot of latency by route, 4 boxes: highest median 120 for /search, lowest 14 for /health.`
    fn summary(&self, sheet: &Sheet<'_>) -> String {
        let of = super::enumerate(sheet.columns.y.iter().map(|column| column.name()));
        let by = sheet.columns.x.or(sheet.columns.group).map(|x| format!(" by {}", text::name(x.name())));
        let boxes = match self.list.len() {
            1 => "1 box".to_owned(),
            many => format!("{} boxes", sheet.count(many)),
        };
        let mut summary = format!("Box plot of {}{}, {boxes}", text::name(&of), by.unwrap_or_default());
        let median = |one: &&One<'_>| one.quartiles.median;
        let greatest = self.list.iter().max_by(|a, b| median(a).total_cmp(&median(b)));
        let least = self.list.iter().min_by(|a, b| median(a).total_cmp(&median(b)));
        if let (Some(greatest), Some(least)) = (greatest, least) {
            let say = |one: &One<'_>| {
                let name = &self.names[one.place];
                let series = one.series.as_ref().map(|series| format!(" · {series}")).unwrap_or_default();
                format!("{} for {name}{series}", sheet.format(one.column).headline(one.quartiles.median))
            };
            if self.list.len() > 1 {
                summary.push_str(&format!(": highest median {}, lowest {}", say(greatest), say(least)));
            } else {
                summary.push_str(&format!(": median {}", say(greatest)));
            }
        }
        summary.push('.');
        summary + &super::also(sheet.left_out(self.left_out(sheet)).as_deref())
    }

    /// How many values have no place, because the axis is logarithmic.
    fn left_out(&self, sheet: &Sheet<'_>) -> usize {
        let log = sheet.spec.y_axis.scale == AxisScale::Log;
        let boxes = self.list.iter().filter(|_| log);
        boxes.map(|one| one.numbers.partition_point(|(value, _)| *value <= 0.0)).sum()
    }
}

impl<'a> One<'a> {
    fn of(column: &'a Column, rows: Vec<u32>, place: usize, slot: usize, paint: Paint) -> Option<Self> {
        let number = |row: u32| Some((column.number(row as usize).filter(|number| number.is_finite())?, row));
        let mut numbers: Vec<(f64, u32)> = rows.into_iter().filter_map(number).collect();
        numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let sorted: Vec<f64> = numbers.iter().map(|(value, _)| *value).collect();
        let quartiles = Quartiles::of(&sorted)?;
        Some(Self { place, slot, series: None, paint, column, numbers, quartiles, keys: Vec::new() })
    }

    /// What lies beyond the whiskers.
    fn outliers(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.quartiles.whiskers;
        self.numbers.iter().map(|(value, _)| *value).filter(move |value| *value < low || *value > high)
    }

    fn draw(&self, canvas: &Canvas<'_>, (left, right): (i32, i32), y: &Scale) -> Result<(), ChartError> {
        let middle = (left + right) / 2;
        let Quartiles { first, median, third, whiskers } = self.quartiles;
        let thin = right - left < UNIT * 5;
        for (from, to) in [(whiskers.0, first), (third, whiskers.1)] {
            if y.measures(from) && y.measures(to) && y.at(from) != y.at(to) {
                let line = [(middle, y.at(from)), (middle, y.at(to))];
                canvas.draw(&PathElement::new(line, self.paint.stroke_width(10)))?;
            }
        }
        if !thin {
            let quarter = (right - left) / 4;
            for end in [whiskers.0, whiskers.1].into_iter().filter(|end| y.measures(*end)) {
                let line = [(middle - quarter, y.at(end)), (middle + quarter, y.at(end))];
                canvas.draw(&PathElement::new(line, self.paint.stroke_width(10)))?;
            }
        }
        let (top, bottom) = (y.at(third), y.at(first));
        let right = right.max(left + UNIT);
        canvas.draw(&Rectangle::new([(left, top), (right, bottom)], self.paint.faint(0.28).filled()))?;
        if !thin {
            let outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            canvas.draw(&PathElement::new(outline, self.paint.stroke_width(10)))?;
        }
        let line = [(left, y.at(median)), (right, y.at(median))];
        canvas.draw(&PathElement::new(line, self.paint.stroke_width(22)))?;
        // Thousands of outliers cover each other: one for each pixel is all that could be seen.
        let mut rows: Vec<i32> =
            self.outliers().filter(|value| y.measures(*value)).map(|value| y.at(value) / UNIT).collect();
        rows.sort_unstable();
        rows.dedup();
        let radius = units(if thin { 0.8 } else { 1.8 });
        for row in rows {
            let center = (middle, row * UNIT + UNIT / 2);
            canvas.draw(&Circle::new(center, radius, self.paint.faint(0.65).filled()))?;
        }
        Ok(())
    }
}
