//! Two columns of categories: one along the bottom, one down the left side.

use perch_tinybird::Column;

use super::fold::Fold;
use super::{Field, Panel, most_marks, row_labels, shades};
use crate::cartesian::Bottom;
use crate::element::{Label, Look, SMALL};
use crate::kinds::{NO_VALUES, Picture, Sheet, marks};
use crate::scene::{Area, Scene, pixels, units};
use crate::series::Along;
use crate::{ChartError, Key, Pick, Style, text};

/// More names than this along one side are not told apart in any picture.
const MOST: usize = 720;

/// One side of a grid.
struct Side {
    /// What stands beside the cells, and what a heading says.
    names: Vec<String>,
    full: Vec<String>,
    keys: Vec<Option<Key>>,
    /// Of each row of the table.
    places: Vec<Option<u32>>,
    /// How many names found no place.
    left_out: usize,
}

impl Side {
    fn read(sheet: &Sheet<'_>, column: &Column) -> Result<Self, ChartError> {
        let (along, places) = Along::read(column, sheet)?;
        let mut distinct: Vec<f64> = places.iter().copied().filter(|place| !place.is_nan()).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let left_out = distinct.len().saturating_sub(MOST);
        distinct.truncate(MOST);
        let places: Vec<Option<u32>> = places
            .iter()
            .map(|place| distinct.binary_search_by(|other| other.total_cmp(place)).ok().map(|index| index as u32))
            .collect();
        let mut first = vec![None; distinct.len()];
        for (row, place) in places.iter().enumerate().rev() {
            if let Some(place) = place {
                first[*place as usize] = Some(row);
            }
        }
        // The chart's format is that of the values, not of what they are laid out by.
        let plain = sheet.spec.format.styled(Style::Auto);
        let format = sheet.spec.formats.get(column.name()).unwrap_or(&plain);
        let mut side = Self { names: Vec::new(), full: Vec::new(), keys: Vec::new(), places, left_out };
        if let Along::Time(clock) = &along {
            side.names = clock.briefs(&distinct);
        }
        for (place, row) in distinct.into_iter().zip(first) {
            let row = row.unwrap_or_default();
            let full = match &along {
                Along::Number => column.text(row).map(|text| format.cell(&text, false)).unwrap_or_default(),
                _ => along.heading(place, column, row),
            };
            if !matches!(along, Along::Time(_)) {
                side.names.push(full.clone());
            }
            side.full.push(full);
            side.keys.push(matches!(along, Along::Names(_)).then(|| Key {
                column: column.name().to_owned(),
                value: column.text(row).map(|text| text.into_owned()),
            }));
        }
        Ok(side)
    }
}

impl Side {
    /// One row of cells, where nothing says of which rows there could be more.
    fn alone(rows: usize) -> Self {
        Self {
            names: vec![String::new()],
            full: vec![String::new()],
            keys: vec![None],
            places: vec![Some(0); rows],
            left_out: 0,
        }
    }
}

pub(super) fn draw(sheet: &Sheet<'_>, x: &Column, y: &Column) -> Result<Picture, ChartError> {
    let across = Side::read(sheet, x)?;
    let group = sheet.columns.group;
    let down = match group {
        Some(group) => Side::read(sheet, group)?,
        None => Side::alone(x.len()),
    };
    let (columns, rows) = (across.names.len(), down.names.len());
    if columns == 0 || rows == 0 {
        return sheet.blank(NO_VALUES);
    }
    let mut folds = vec![Fold::default(); columns * rows];
    for (row, place) in across.places.iter().enumerate() {
        if let (Some(column), Some(line)) = (place, down.places[row]) {
            let cell = line as usize * columns + *column as usize;
            folds[cell].add(sheet.spec.aggregate, y, row, row as f64);
        }
    }
    let Some(field) = Field::of(sheet, y, folds)? else { return sheet.blank(NO_VALUES) };

    let (width, height) = (sheet.width(), sheet.height());
    let look = Look::new(SMALL, sheet.palette.muted);
    let widest = down.names.iter().map(|name| look.width(name)).fold(0.0, f32::max);
    let gutter = if width < 90.0 || widest == 0.0 { 0.0 } else { (widest + 8.0).min(width * 0.34) };
    let top = shades::height(sheet);
    let lines = usize::from(height >= 56.0);
    let floor = height - lines as f32 * 17.0;
    let panel = Panel {
        columns,
        rows,
        cells: (0..(columns * rows) as u32).map(Some).collect(),
        left: gutter.ceil(),
        top,
        width: (width - 1.0 - gutter.ceil()).max(1.0),
        height: (floor - top).max(1.0),
    };
    let plot = Area {
        left: units(panel.left),
        top: units(panel.top),
        right: units(panel.left + panel.width),
        bottom: units(panel.top + panel.height),
    };
    let naming = |cell: usize| {
        let (row, column) = (cell / columns, cell % columns);
        let keys = across.keys[column].iter().chain(&down.keys[row]).cloned().collect();
        let heading = match down.full[row].as_str() {
            "" => across.full[column].clone(),
            name => format!("{name} · {}", across.full[column]),
        };
        (heading, keys)
    };
    let mut scene = Scene::new(sheet.size);
    let list = {
        let canvas = scene.canvas();
        if top > 0.0 {
            field.shades.draw(sheet, &canvas, &field.name(), sheet.format(y))?;
        }
        row_labels(sheet, &canvas, &panel, &down.names, gutter - 8.0)?;
        let bottom = Bottom::Bands { names: &across.names, moments: None };
        let mut below = bottom.lay_out(sheet.spec, plot, look, lines).labels;
        crate::bottom::keep_inside(&mut below, look, width);
        for label in &below {
            let at = (units(label.x), units(pixels(plot.bottom) + 13.0));
            let look = Look { anchor: label.anchor, ..look };
            canvas.draw(&Label::new(&label.text, at, look).standing_for(&label.full))?;
        }
        field.panel(sheet, &canvas, &panel, most_marks(sheet), &naming)?
    };
    let mut summary = format!(
        "Heat map of {} by {}{}: {}",
        field.name(),
        text::name(x.name()),
        group.map_or_else(String::new, |group| format!(" and {}", text::name(group.name()))),
        field.extremes(sheet, &naming)
    );
    for (side, column) in [(&across, Some(x)), (&down, group)] {
        if let Some(column) = column.filter(|_| side.left_out > 0) {
            summary.push_str(&format!("; {} more of {} are left out", side.left_out, text::name(column.name())));
        }
    }
    summary.push('.');
    Ok(Picture::new(scene, marks(plot, Pick::Shape, list), summary))
}
