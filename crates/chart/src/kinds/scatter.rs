//! A dot for each row, by two numbers, and by a third as its area.
//!
//! Where dots would hide each other, each small square of the plot is one dot instead, the stronger the more rows it
//! stands for. What is picked is always one row with its own exact values.

mod cloud;
mod size;

use super::{Drawer, NO_VALUES, Picture, Sheet, also, entry, enumerate, marks};
use crate::cartesian::Frame;
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Dots, Label, Look, SMALL};
use crate::scene::{Canvas, Scene, UNIT, pixels};
use crate::{AxisScale, ChartError, Entry, Mark, Pick, Rect, Shape, text};

use cloud::{Cloud, Dot};
use size::Sizes;

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Measures)).group(Role::Named(Holds::Places)), draw };

pub(super) const BUBBLES: Drawer = Drawer {
    needs: Needs::of(Values::One)
        .x(Role::Must(Holds::Measures))
        .group(Role::Named(Holds::Places))
        .size(Role::Must(Holds::Numbers)),
    draw: draw_bubbles,
};

/// So many dots are still drawn one by one.
const FEW: usize = 3_000;
/// The sides of the squares that many dots become, in units.
const CELL: i32 = 30;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(cloud) = Cloud::read(sheet)? else { return sheet.blank(NO_VALUES) };
    let legend = cloud.legend();
    let note = sheet.left_out(cloud.left_out);
    let frame = Frame::lay_out(&crate::cartesian::Request {
        legend: &legend,
        unnamed: cloud.unnamed(),
        note: note.as_deref(),
        ..sheet.request(cloud.heights(sheet, 0.02), cloud.bottom(sheet, 0.02))
    })?;
    let dots = within(&cloud, &frame);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        if dots.len() <= FEW {
            let radius = if dots.len() <= 400 { 35 } else { 25 };
            let alpha = if dots.len() <= 100 { 0.85 } else { 0.65 };
            // Who has no name of their own lies behind.
            for faded in [true, false] {
                for dot in &dots {
                    let group = &cloud.groups[dot.group as usize];
                    if group.faded == faded {
                        let place = (frame.x.at(dot.x), frame.y.at(dot.y));
                        group.glyph.draw(&canvas, place, radius, group.paint.faint(alpha))?;
                    }
                }
            }
        } else {
            density(&cloud, &frame, &dots, &canvas)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let list =
        spots(sheet, &frame, &dots, |_| 4.0).into_iter().map(|(dot, side)| mark(sheet, &cloud, &frame, dot, side));
    let list = list.collect();
    let summary = summary(sheet, &cloud, "Scatter chart", dots.len());
    let picture = Picture::new(scene, marks(frame.plot, Pick::Shape, list), summary);
    Ok(Picture { legend: frame.legend(), across: frame.across(), ..picture })
}

fn draw_bubbles(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    /// More are one grey heap.
    const MOST: usize = 1_500;
    let Some(cloud) = Cloud::read(sheet)? else { return sheet.blank(NO_VALUES) };
    let Some(size) = cloud.size else { return sheet.blank(NO_VALUES) };
    let legend = cloud.legend();
    let sizes = Sizes::of(sheet, size, &cloud.dots);
    // As much air as the greatest needs, in a plot that is somewhat smaller than the picture.
    let air = |room: f32| f64::from(sizes.most / (room - 60.0 - sizes.most * 2.0).max(sizes.most * 2.0));
    // Half of a bubble at zero stands below it.
    let mut spec = sheet.spec.clone();
    let (lowest, _) = cloud.airy(sheet, air(sheet.height()));
    if spec.y_axis.scale == AxisScale::Linear
        && spec.y_axis.min.is_none()
        && cloud.spread.y.least >= 0.0
        && lowest < 0.0
    {
        spec.y_axis.min = Some(lowest);
    }
    let note = sheet.left_out(cloud.left_out);
    let frame = Frame::lay_out(&crate::cartesian::Request {
        spec: &spec,
        note: note.as_deref(),
        legend: &legend,
        unnamed: cloud.unnamed(),
        margin: sizes.margin,
        ..sheet.request(cloud.heights(sheet, air(sheet.height())), cloud.bottom(sheet, air(sheet.width())))
    })?;
    let mut dots = within(&cloud, &frame);
    // The great behind the small.
    dots.sort_by(|a, b| b.size.total_cmp(&a.size));
    let left_out = dots.len().saturating_sub(MOST);
    dots.truncate(MOST);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for dot in &dots {
            let group = &cloud.groups[dot.group as usize];
            let place = (frame.x.at(dot.x), frame.y.at(dot.y));
            size::bubble(&canvas, place, sizes.radius(dot.size), group.paint)?;
        }
        let mut taken = Vec::new();
        for dot in &dots {
            name(sheet, &cloud, &frame, &canvas, dot, sizes.radius(dot.size), &mut taken)?;
        }
        sizes.draw(sheet, &canvas, frame.plot)?;
        frame.draw_upon(&canvas)?;
    }
    let mut around: Vec<(&Dot, f32)> = dots.iter().map(|dot| (dot, sizes.radius(dot.size).max(4.0))).collect();
    around.sort_by(|a, b| a.0.x.total_cmp(&b.0.x));
    let list = around.into_iter().map(|(dot, radius)| mark(sheet, &cloud, &frame, dot, radius)).collect();
    let mut summary = summary(sheet, &cloud, "Bubble chart", dots.len());
    if left_out > 0 {
        summary.push_str(&format!(" The {} smallest are left out.", sheet.count(left_out)));
    }
    let picture = Picture::new(scene, marks(frame.plot, Pick::Shape, list), summary);
    Ok(Picture { legend: frame.legend(), across: frame.across(), ..picture })
}

/// The dots that the axes reach.
fn within(cloud: &Cloud<'_>, frame: &Frame) -> Vec<Dot> {
    cloud.dots.iter().copied().filter(|dot| frame.x.holds(dot.x) && frame.y.holds(dot.y)).collect()
}

/// A bubble's name inside it, where it has room and meets no other.
fn name(
    sheet: &Sheet<'_>,
    cloud: &Cloud<'_>,
    frame: &Frame,
    canvas: &Canvas<'_>,
    dot: &Dot,
    radius: f32,
    taken: &mut Vec<Rect>,
) -> Result<(), ChartError> {
    let look = Look::new(SMALL, sheet.palette.ink).middle();
    if cloud.label.is_none() || radius < 14.0 {
        return Ok(());
    }
    let (full, _) = cloud.name(dot);
    let place = (frame.x.at(dot.x), frame.y.at(dot.y));
    let width = look.width(&full);
    let own = Rect { x: pixels(place.0) - width / 2.0, y: pixels(place.1) - 7.0, width, height: 14.0 };
    let meets = |other: &Rect| {
        own.x < other.x + other.width
            && other.x < own.x + own.width
            && own.y < other.y + other.height
            && other.y < own.y + own.height
    };
    if width <= radius * 1.7 && !taken.iter().any(meets) {
        canvas.draw(&Label::new(&full, place, look).centered())?;
        taken.push(own);
    }
    Ok(())
}

/// Draws one dot for each small square that has any, the stronger the more.
fn density(cloud: &Cloud<'_>, frame: &Frame, dots: &[Dot], canvas: &Canvas<'_>) -> Result<(), ChartError> {
    const LEVELS: usize = 6;
    let plot = frame.plot;
    let columns = (plot.width() / CELL + 1) as usize;
    let rows = (plot.height() / CELL + 1) as usize;
    for faded in [true, false] {
        for (number, group) in cloud.groups.iter().enumerate().filter(|(_, group)| group.faded == faded) {
            let mut counts = vec![0_u32; columns * rows];
            for dot in dots.iter().filter(|dot| dot.group as usize == number) {
                let column = ((frame.x.at(dot.x) - plot.left) / CELL).max(0) as usize;
                let row = ((frame.y.at(dot.y) - plot.top) / CELL).max(0) as usize;
                counts[row.min(rows - 1) * columns + column.min(columns - 1)] += 1;
            }
            let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(2));
            let level = |count: u32| ((f64::from(count).ln() / most.ln()) * (LEVELS - 1) as f64).round() as usize;
            for step in 0..LEVELS {
                let alpha = 0.3 + 0.7 * step as f64 / (LEVELS - 1) as f64;
                let cells = counts.iter().enumerate().filter(|(_, count)| **count > 0 && level(**count) == step);
                let points: Vec<(i32, i32)> = cells
                    .map(|(cell, _)| {
                        (plot.left + (cell % columns) as i32 * CELL, plot.top + (cell / columns) as i32 * CELL)
                    })
                    .collect();
                if !points.is_empty() {
                    canvas.draw(&Dots { points, side: CELL - 4, paint: group.paint.faint(alpha) })?;
                }
            }
        }
    }
    Ok(())
}

/// The dots that have marks, from left to right: all of few; of many the first in each square as large as a pointer.
fn spots<'d>(sheet: &Sheet<'_>, frame: &Frame, dots: &'d [Dot], side: impl Fn(&Dot) -> f32) -> Vec<(&'d Dot, f32)> {
    let most = sheet.size.width as usize * 2;
    let mut order: Vec<&Dot> = dots.iter().collect();
    order.sort_by(|a, b| a.x.total_cmp(&b.x));
    if order.len() <= most {
        return order.into_iter().map(|dot| (dot, side(dot))).collect();
    }
    let area = pixels(frame.plot.width()) * pixels(frame.plot.height());
    let square = ((area / most as f32 * 1.3).sqrt().max(6.0) * UNIT as f32) as i32;
    let columns = frame.plot.width() / square + 1;
    let mut seen = vec![false; ((frame.plot.height() / square + 2) * (columns + 1)) as usize];
    order.retain(|dot| {
        let column = (frame.x.at(dot.x) - frame.plot.left) / square;
        let row = (frame.y.at(dot.y) - frame.plot.top) / square;
        let index = (row.max(0) * columns + column.max(0)) as usize;
        seen.get_mut(index).is_some_and(|seen| !std::mem::replace(seen, true))
    });
    order.into_iter().map(|dot| (dot, pixels(square) / 2.0)).collect()
}

fn mark(sheet: &Sheet<'_>, cloud: &Cloud<'_>, frame: &Frame, dot: &Dot, radius: f32) -> Mark {
    let row = dot.row as usize;
    let paint = cloud.groups[dot.group as usize].paint;
    let (x, y) = (pixels(frame.x.at(dot.x)), pixels(frame.y.at(dot.y)));
    let (heading, keys) = cloud.name(dot);
    let mut entries: Vec<Entry> = Vec::new();
    let along = match &cloud.along {
        crate::series::Along::Number => sheet.exact(cloud.x, row),
        along => along.heading(dot.x, cloud.x, row),
    };
    entries.push(entry(text::name(cloud.x.name()), along, paint, None));
    entries.push(entry(text::name(cloud.y.name()), sheet.exact(cloud.y, row), paint, Some(y)));
    entries.extend(cloud.size.map(|size| entry(text::name(size.name()), sheet.exact(size, row), paint, None)));
    if let Some(by) = cloud.by.filter(|_| cloud.label.is_some()) {
        let name = cloud.groups[dot.group as usize].name.clone();
        entries.push(entry(text::name(by.name()), name, paint, None));
    }
    // What a pointer finds does not leave the picture.
    let (left, top) = ((x - radius).max(0.0), (y - radius).max(0.0));
    let (right, bottom) = ((x + radius).min(sheet.width()), (y + radius).min(sheet.height()));
    let shape = Shape::Rect(Rect { x: left, y: top, width: right - left, height: bottom - top });
    Mark { at: cloud.at(dot), keys, ..Mark::new(shape, heading, entries) }
}

/// `Scatter chart of hours by seats, 180 rows in 3 groups (Large, Medium and Small); seats from 1 to 80, hours from 0.3
/// to 12.`
fn summary(sheet: &Sheet<'_>, cloud: &Cloud<'_>, kind: &str, dots: usize) -> String {
    let (x, y) = (text::name(cloud.x.name()), text::name(cloud.y.name()));
    let rows = if dots == 1 { "row" } else { "rows" };
    let mut words = format!("{kind} of {y} by {x}, {} {rows}", sheet.count(dots));
    if let Some(by) = cloud.by {
        let shown = cloud.groups.iter().filter(|group| group.shown);
        words.push_str(&format!(
            " in {} groups by {} ({})",
            sheet.count(cloud.groups.iter().filter(|group| group.shown).count()),
            text::name(by.name()),
            enumerate(shown.map(|group| group.name.as_str()))
        ));
    }
    let say = |column, value| sheet.format(column).headline(value);
    let (across, up) = (cloud.spread.x, cloud.spread.y);
    match &cloud.along {
        crate::series::Along::Number => {
            words.push_str(&format!("; {x} from {} to {}", say(cloud.x, across.least), say(cloud.x, across.greatest)));
        }
        crate::series::Along::Time(clock) => {
            words.push_str(&format!("; {x} from {} to {}", clock.write(across.least), clock.write(across.greatest)));
        }
        crate::series::Along::Names(names) => words.push_str(&format!("; {} of {x}", names.len())),
    }
    words.push_str(&format!(", {y} from {} to {}", say(cloud.y, up.least), say(cloud.y, up.greatest)));
    if let Some(size) = cloud.size {
        words.push_str(&format!("; areas are {}", text::name(size.name())));
    }
    words.push('.');
    words + &also(sheet.left_out(cloud.left_out).as_deref())
}
