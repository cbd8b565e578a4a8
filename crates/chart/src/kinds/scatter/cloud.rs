//! The dots of a scatter or bubble chart: one for each row that has a place.

use std::borrow::Cow;
use std::collections::HashMap;

use perch_tinybird::{Column, Family};

use crate::cartesian::Bottom;
use crate::glyph::Glyph;
use crate::kinds::Sheet;
use crate::legend::Item;
use crate::palette::Paint;
use crate::scale::Extent;
use crate::series::{self, Along, name_of, sort_names};
use crate::{AxisScale, ChartError, Key, text};

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// NaN where there is no column of sizes.
    pub(super) size: f64,
    pub(super) row: u32,
    pub(super) group: u32,
}

/// Dots of one colour and shape.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) value: Option<String>,
    pub(super) paint: Paint,
    pub(super) glyph: Glyph,
    pub(super) shown: bool,
    /// Beyond what colours can tell apart.
    pub(super) faded: bool,
    count: usize,
}

pub(super) struct Cloud<'a> {
    pub(super) along: Along,
    pub(super) x: &'a Column,
    pub(super) y: &'a Column,
    pub(super) size: Option<&'a Column>,
    pub(super) by: Option<&'a Column>,
    /// What a row is called, if some column of texts is left.
    pub(super) label: Option<&'a Column>,
    pub(super) groups: Vec<Group>,
    /// Those that are shown, in the table's order.
    pub(super) dots: Vec<Dot>,
    pub(super) spread: Spread,
    /// How many rows have no place, because an axis is logarithmic.
    pub(super) left_out: usize,
}

/// From where to where the dots lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) x: Extent,
    pub(super) y: Extent,
}

impl<'a> Cloud<'a> {
    /// `None` if no row has a place.
    pub(super) fn read(sheet: &Sheet<'a>) -> Result<Option<Self>, ChartError> {
        let (Some(x), Some(y)) = (sheet.columns.x, sheet.columns.y.first().copied()) else { return Ok(None) };
        let (size, by) = (sheet.columns.size, sheet.columns.group);
        let (along, places) = Along::read(x, sheet)?;
        let (log_x, log_y) = (sheet.spec.x_axis.scale == AxisScale::Log, sheet.spec.y_axis.scale == AxisScale::Log);
        let has_place = |value: f64, log: bool| !log || value > 0.0;
        let mut indexes: HashMap<Option<Cow<'_, str>>, u32> = HashMap::new();
        let mut counts: Vec<(Option<String>, usize)> = Vec::new();
        let mut dots = Vec::new();
        let mut left_out = 0;
        for (row, x) in places.into_iter().enumerate() {
            let Some(y) = y.number(row).filter(|y| y.is_finite() && x.is_finite()) else { continue };
            if !has_place(y, log_y) || !has_place(x, log_x) {
                left_out += 1;
                continue;
            }
            let size = match size {
                None => f64::NAN,
                Some(size) => match size.number(row).filter(|size| size.is_finite() && *size > 0.0) {
                    Some(size) => size,
                    None => continue,
                },
            };
            let group = match by {
                None => 0,
                Some(by) => *indexes.entry(by.text(row)).or_insert_with_key(|key| {
                    counts.push((key.as_ref().map(|key| key.to_string()), 0));
                    counts.len() as u32 - 1
                }),
            };
            if by.is_some() {
                counts[group as usize].1 += 1;
            }
            dots.push(Dot { x, y, size, row: row as u32, group });
        }
        if dots.is_empty() {
            return Ok(None);
        }
        let groups = groups(sheet, y, counts, &mut dots);
        let is_shown = |dot: &&Dot| groups[dot.group as usize].shown;
        // Where all is turned off, the axes stay as they are for whoever turns something on again.
        let spread = Spread::of(dots.iter().filter(is_shown)).or_else(|| Spread::of(dots.iter()));
        let Some(spread) = spread else { return Ok(None) };
        dots.retain(|dot| groups[dot.group as usize].shown);
        let taken = [Some(x), Some(y), size, by];
        let is_free = |column: &&Column| !taken.iter().flatten().any(|taken| std::ptr::eq(*taken, *column));
        let label = sheet.input.table.columns().iter().filter(is_free).find(|column| column.family() == Family::Text);
        Ok(Some(Self { along, x, y, size, by, label, groups, dots, spread, left_out }))
    }

    /// What stands along the bottom, with so much air beside the dots, as a share of the whole.
    pub(super) fn bottom(&self, sheet: &Sheet<'_>, air: f64) -> Bottom<'_> {
        let Extent { least, greatest, .. } = self.spread.x;
        let zoom = sheet.input.view.zoom.filter(|(from, to)| from < to);
        match &self.along {
            Along::Names(names) => Bottom::Bands { names, moments: None },
            Along::Time(clock) => match zoom {
                Some((from, to)) => Bottom::Time { from, to, clock },
                None if least < greatest => {
                    let beside = (greatest - least) * air;
                    Bottom::Time { from: least - beside, to: greatest + beside, clock }
                }
                None => Bottom::Moment { at: least, clock },
            },
            Along::Number => {
                let axis = &sheet.spec.x_axis;
                let log = axis.scale == AxisScale::Log;
                let (from, to) = zoom.unwrap_or_else(|| padded(least, greatest, air, log));
                Bottom::Number { from: axis.min.unwrap_or(from), to: axis.max.unwrap_or(to) }
            }
        }
    }

    /// The extent of the values, with so much air above and below.
    pub(super) fn heights(&self, sheet: &Sheet<'_>, air: f64) -> Extent {
        let (from, to) = self.airy(sheet, air);
        let Extent { least, greatest, .. } = self.spread.y;
        // Air does not make a count negative.
        let from = if least >= 0.0 { from.max(0.0) } else { from };
        let mut extent = Extent::NONE;
        [from, to, least, greatest].into_iter().for_each(|value| extent.add(value));
        extent
    }

    /// Where an axis ends that leaves so much air above and below.
    pub(super) fn airy(&self, sheet: &Sheet<'_>, air: f64) -> (f64, f64) {
        padded(self.spread.y.least, self.spread.y.greatest, air, sheet.spec.y_axis.scale == AxisScale::Log)
    }

    pub(super) fn legend(&self) -> Vec<Item> {
        let named = self.groups.iter().filter(|group| !group.faded && self.by.is_some());
        named
            .map(|group| Item { shown: group.shown, glyph: Some(group.glyph), ..Item::new(&group.name, group.paint) })
            .collect()
    }

    pub(super) fn unnamed(&self) -> usize {
        self.groups.iter().filter(|group| group.faded).count()
    }

    /// What a dot is called, and what a dashboard is filtered by when it is clicked.
    pub(super) fn name(&self, dot: &Dot) -> (String, Vec<Key>) {
        let row = dot.row as usize;
        let group = &self.groups[dot.group as usize];
        let label = self.label.map(|column| (column, column.text(row)));
        let heading = match &label {
            Some((_, text)) => name_of(text.as_deref()),
            None if self.by.is_some() => group.name.clone(),
            None => self.along.heading(dot.x, self.x, row),
        };
        let key = |column: &Column, value: Option<String>| Key { column: column.name().to_owned(), value };
        let mut keys: Vec<Key> =
            label.into_iter().map(|(column, text)| key(column, text.map(Cow::into_owned))).collect();
        keys.extend(self.by.map(|by| key(by, group.value.clone())));
        if matches!(self.along, Along::Names(_)) {
            keys.push(key(self.x, self.x.text(row).map(Cow::into_owned)));
        }
        (heading, keys)
    }

    /// Where a dot stands along the bottom, if an axis measures it.
    pub(super) fn at(&self, dot: &Dot) -> Option<f64> {
        (!matches!(self.along, Along::Names(_))).then_some(dot.x)
    }
}

impl Spread {
    fn of<'d>(dots: impl Iterator<Item = &'d Dot>) -> Option<Self> {
        let (mut x, mut y) = (Extent::NONE, Extent::NONE);
        for dot in dots {
            x.add(dot.x);
            y.add(dot.y);
        }
        Some(Self { x: x.some()?, y: y.some()? })
    }
}

/// Two ends, farther apart by a share of what lies between them.
fn padded(least: f64, greatest: f64, air: f64, log: bool) -> (f64, f64) {
    if log {
        let factor = (greatest / least).powf(air).clamp(1.05, 1e6);
        return (least / factor, greatest * factor);
    }
    if least == greatest {
        let beside = if least == 0.0 { 1.0 } else { least.abs() / 10.0 };
        return (least - beside, greatest + beside);
    }
    // Halves, because the whole extent of two doubles need not be one.
    let beside = (greatest / 2.0 - least / 2.0) * air * 2.0;
    ((least - beside).max(-f64::MAX / 4.0), (greatest + beside).min(f64::MAX / 4.0))
}

/// The groups in their names' order, the most numerous in colours of their own; dots are numbered anew.
fn groups(sheet: &Sheet<'_>, y: &Column, counts: Vec<(Option<String>, usize)>, dots: &mut [Dot]) -> Vec<Group> {
    let palette = sheet.palette;
    let group = |name: String, value, count| {
        let shown = !sheet.input.view.hidden.contains(&name);
        Group { name, value, paint: palette.series(0), glyph: Glyph::Circle, shown, faded: false, count }
    };
    if counts.is_empty() {
        return vec![Group { shown: true, ..group(text::name(y.name()), None, dots.len()) }];
    }
    let mut order: Vec<(usize, Option<String>, usize)> =
        counts.into_iter().enumerate().map(|(index, (value, count))| (index, value, count)).collect();
    sort_names(&mut order, |(_, value, _)| value.as_deref());
    let mut numbers = vec![0; order.len()];
    order.iter().enumerate().for_each(|(number, (index, ..))| numbers[*index] = number as u32);
    dots.iter_mut().for_each(|dot| dot.group = numbers[dot.group as usize]);
    let mut groups: Vec<Group> =
        order.into_iter().map(|(_, value, count)| group(name_of(value.as_deref()), value, count)).collect();
    let most = sheet.spec.limit.unwrap_or(palette.series.len()).clamp(1, palette.series.len());
    let sizes: Vec<f64> = groups.iter().map(|group| group.count as f64).collect();
    let kept = series::greatest(&sizes, most);
    groups.iter_mut().zip(&kept).for_each(|(group, kept)| group.faded = !kept);
    let names: Vec<String> = groups.iter().filter(|group| !group.faded).map(|group| group.name.clone()).collect();
    let ranks = sheet.input.setting.colors.ranks(names.iter().map(String::as_str), palette.series.len());
    let named = groups.iter_mut().filter(|group| !group.faded);
    for (group, rank) in named.zip(ranks) {
        (group.paint, group.glyph) = (palette.series(rank), Glyph::of(rank));
    }
    groups.iter_mut().filter(|group| group.faded).for_each(|group| group.paint = palette.ghost);
    groups
}
