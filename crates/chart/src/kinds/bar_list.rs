//! Horizontal bars, the longest first: the name stands in the bar, the value at the right.

use perch_tinybird::Column;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, OTHER, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::scale::Scale;
use crate::scene::{Area, Scene, units};
use crate::series::{self, Along};
use crate::tally::Tally;
use crate::{ChartError, Mark, Pick, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)), draw };

/// Rows of one name, added up.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) tally: Tally,
    /// What stands for all that found no place.
    pub(super) other: bool,
}

/// Adds up the rows of each name, greatest first. Names without a value are left out.
pub(super) fn parts(x: &Column, y: &Column) -> Vec<Part> {
    let (along, places) = Along::by_own_clock(x);
    let mut parts: Vec<(f64, Part)> = Vec::new();
    let mut rows: Vec<usize> = (0..places.len()).filter(|row| !places[*row].is_nan()).collect();
    rows.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    for row in rows {
        let place = places[row];
        match parts.last_mut() {
            Some((last, part)) if *last == place => part.tally.add(y, row),
            _ => {
                let mut tally = Tally::default();
                tally.add(y, row);
                let name = series::name_of(Some(&along.heading(place, x, row)));
                parts.push((place, Part { name, tally, other: false }));
            }
        }
    }
    let mut parts: Vec<Part> =
        parts.into_iter().map(|(_, part)| part).filter(|part| part.tally.value().is_some()).collect();
    let value = |part: &Part| part.tally.value().unwrap_or_default();
    parts.sort_by(|a, b| value(b).total_cmp(&value(a)));
    parts
}

/// Keeps the first so many and adds up the others, if there is more than one of them.
pub(super) fn fold(mut parts: Vec<Part>, most: usize, y: &Column) -> Vec<Part> {
    let most = most.max(1);
    if parts.len() <= most + 1 {
        return parts;
    }
    let rest = parts.split_off(most);
    let tally = rest.iter().fold(Tally::default(), |sum, part| sum.plus(y, part.tally, y));
    parts.push(Part { name: format!("{OTHER} ({})", rest.len()), tally, other: true });
    parts
}

/// The height of a bar with its air, in CSS pixels.
const ROW: f32 = 27.0;
const LEAST_ROW: f32 = 20.0;
const HEADER: f32 = 20.0;
const INSIDE: f32 = 7.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let parts = parts(x, y);
    if parts.is_empty() {
        return sheet.blank(NO_VALUES);
    }
    let count = parts.len();
    let header = if sheet.height() >= 130.0 { HEADER } else { 0.0 };
    let room = sheet.height() - header;
    // As many as the limit says, but never more than there is room for.
    let rows = (room / LEAST_ROW).floor().max(1.0) as usize;
    let fitting = if count <= rows { count } else { rows - 1 };
    let parts = fold(parts, sheet.spec.limit.map_or(fitting, |limit| limit.min(fitting)), y);
    let parts = &parts[..parts.len().min(rows)];
    let row = (room / parts.len() as f32).min(ROW);

    let values: Vec<String> = parts
        .iter()
        .map(|part| {
            let exact = part.tally.text(y).map(|text| sheet.spec.format.exact(&text)).unwrap_or_default();
            let number = part.tally.value().unwrap_or_default();
            let look = Look::new(BODY, sheet.palette.ink);
            if look.width(&exact) <= sheet.width() * 0.4 { exact } else { sheet.spec.format.short(number) }
        })
        .collect();
    let look = Look::new(BODY.min(row * 0.62), sheet.palette.ink);
    let widest = values.iter().map(|value| look.width(value)).fold(0.0, f32::max);
    let right = (sheet.width() - widest - 12.0).max(1.0);
    let numbers = || parts.iter().filter(|part| !part.other).filter_map(|part| part.tally.value());
    let all = series::extent(numbers()).unwrap_or((0.0, 1.0));
    let domain = (
        all.0.min(0.0),
        if all.1 > 0.0 {
            all.1
        } else if all.0 < 0.0 {
            0.0
        } else {
            1.0
        },
    );
    let scale = Scale::new(domain, (0, units(right)));

    let mut scene = Scene::new(sheet.size);
    let mut list = Vec::new();
    {
        let canvas = scene.canvas();
        if header > 0.0 {
            head(sheet, &canvas, x, y, right)?;
        }
        for (index, (part, value)) in parts.iter().zip(&values).enumerate() {
            let top = header + row * index as f32;
            let middle = top + row / 2.0;
            let paint = if part.other { sheet.palette.ghost } else { sheet.palette.series(0) };
            let number = part.tally.value().unwrap_or_default();
            // "Other" may be longer than any bar; it ends where the longest ends.
            let (from, to) = (scale.at(0.0), scale.at(number.clamp(domain.0, domain.1)));
            let thick = (row - 4.0).max(row * 0.8);
            let bar = Area {
                left: from.min(to),
                right: from.max(to),
                top: units(middle - thick / 2.0),
                bottom: units(middle + thick / 2.0),
            };
            if bar.width() > 0 {
                let corners = [(bar.left, bar.top), (bar.right, bar.bottom)];
                canvas.draw(&Rectangle::new(corners, paint.faint(0.26).filled()))?;
            }
            if let Some(fit) = text::fit(&part.name, right - INSIDE * 2.0, look.size, look.weight) {
                let at = (units(INSIDE), units(middle));
                canvas.draw(&Label::new(&fit.text, at, look).centered().standing_for(&part.name))?;
            }
            let at = (units(sheet.width() - 2.0), units(middle));
            canvas.draw(&Label::new(value, at, look.end()).centered())?;
            let place = Area { left: 0, right: units(sheet.width()), top: units(top), bottom: units(top + row) };
            let exact = part.tally.text(y).map(|text| sheet.spec.format.exact(&text)).unwrap_or_default();
            let entries = vec![entry(text::name(y.name()), exact, paint, None)];
            list.push(Mark::new(Shape::Rect(place.to_rect()), part.name.clone(), entries));
        }
    }
    let summary = summary(sheet, x, y, parts, count);
    Ok(Picture::new(scene, marks(sheet.whole(), Pick::Shape, list), summary))
}

/// The two columns' names above the bars.
fn head(
    sheet: &Sheet<'_>,
    canvas: &crate::scene::Canvas<'_>,
    x: &Column,
    y: &Column,
    right: f32,
) -> Result<(), ChartError> {
    let look = Look::new(SMALL, sheet.palette.muted);
    let (x, y) = (text::name(x.name()), text::name(y.name()));
    let middle = units(HEADER / 2.0 - 2.0);
    let room = (sheet.width() - right).max(sheet.width() * 0.4);
    if let Some(fit) = text::fit(&y, room, look.size, look.weight) {
        let at = (units(sheet.width() - 2.0), middle);
        canvas.draw(&Label::new(&fit.text, at, look.end()).centered().standing_for(&y))?;
    }
    if let Some(fit) = text::fit(&x, sheet.width() - room - 20.0, look.size, look.weight) {
        canvas.draw(&Label::new(&fit.text, (units(INSIDE), middle), look).centered().standing_for(&x))?;
    }
    Ok(())
}

/// `Visits by page, 12 in all: / 900, /docs 300 and /blog 20 lead.`
pub(super) fn summary(sheet: &Sheet<'_>, x: &Column, y: &Column, parts: &[Part], count: usize) -> String {
    let lead =
        parts.iter().filter(|part| !part.other).take(3).map(|part| {
            format!("{} {}", part.name, sheet.spec.format.headline(part.tally.value().unwrap_or_default()))
        });
    let lead: Vec<String> = lead.collect();
    format!("{} by {}, {count} in all: {}.", text::name(y.name()), text::name(x.name()), lead.join(", "))
}
