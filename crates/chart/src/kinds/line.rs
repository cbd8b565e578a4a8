//! Lines over time, numbers or categories.

use std::borrow::Cow;
use std::rc::Rc;

use plotters::element::Circle;
use plotters::series::LineSeries;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, NULL, Picture, Sheet, entry, enumerate, marks};
use crate::cartesian::{Bottom, Chart, Frame, Measured, Request};
use crate::columns::{Holds, Needs, Role, Values};
use crate::legend::Item;
use crate::palette::Paint;
use crate::reduce::{Point, chunks, reduce, runs, width};
use crate::scale::{Extent, Scale};
use crate::scene::{Scene, UNIT, pixels};
use crate::series::{self, Along, Lines, Series};
use crate::{ChartError, Entry, Mark, Pick, Shape};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

/// In units of a scene.
const STROKE: u32 = 18;
const FAINT_STROKE: u32 = 12;
const DOT: u32 = 25;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(lines) = Drawn::read(sheet, false)? else { return sheet.blank(NO_VALUES) };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        lines.frame.draw(&canvas)?;
        let mut chart = lines.frame.chart(&canvas)?;
        // Whoever matters more is drawn later: grey lines, the ghost, then the named, the first on top.
        for series in lines.lines.series.iter().rev().filter(|series| series.faded) {
            stroke(&mut chart, &lines.points(series), series.paint.faint(0.55), FAINT_STROKE)?;
        }
        if let Some(ghost) = &lines.ghost {
            stroke(&mut chart, &lines.points(&ghost.series), sheet.palette.ghost, FAINT_STROKE)?;
        }
        for series in lines.lines.series.iter().rev().filter(|series| !series.faded) {
            stroke(&mut chart, &lines.points(series), series.paint, lines.stroke(series))?;
        }
        lines.frame.draw_upon(&canvas)?;
    }
    lines.finish(sheet, scene, "Line chart", &|_, _, value| value)
}

/// Draws a line with its gaps; a point between two gaps is a dot, or nobody would see it.
pub(super) fn stroke(chart: &mut Chart<'_>, points: &[Point], paint: Paint, width: u32) -> Result<(), ChartError> {
    for run in runs(points) {
        match run {
            [point] => {
                chart.draw_series([Circle::new(*point, DOT, paint.filled())])?;
            }
            _ => {
                chart.draw_series(LineSeries::new(run.iter().copied(), paint.stroke_width(width)))?;
            }
        }
    }
    Ok(())
}

/// Where the value of a series (by its number) at a place is drawn, which in a stack is not the value itself.
pub(super) type Edge<'a> = dyn Fn(usize, f64, f64) -> f64 + 'a;

/// Lines in their frame: what line and area charts have in common.
pub(super) struct Drawn<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) frame: Frame,
    pub(super) ghost: Option<Ghost<'a>>,
}

/// The period before, moved so that both begin at the same place.
pub(super) struct Ghost<'a> {
    pub(super) series: Series<'a>,
    along: Along,
    shift: f64,
}

impl<'a> Drawn<'a> {
    /// `None` if there is no value at all.
    pub(super) fn read(sheet: &Sheet<'a>, from_zero: bool) -> Result<Option<Self>, ChartError> {
        let Some(lines) = read(sheet)? else { return Ok(None) };
        let ghost = ghost(sheet, &lines)?;
        let Some(extent) = lines.extent() else { return Ok(None) };
        let frame = frame(sheet, &lines, ghost.as_ref(), extent, from_zero)?;
        Ok(frame.map(|frame| Self { lines, frame, ghost }))
    }

    pub(super) fn points(&self, series: &Series<'_>) -> Vec<Point> {
        reduce(&series.xs, &series.ys, &self.frame.x)
    }

    /// A line with a point on every pixel is drawn thinner, or its teeth grow into a band.
    fn stroke(&self, series: &Series<'_>) -> u32 {
        let pixels = self.frame.plot.width() as usize / UNIT as usize;
        if series.xs.len() > pixels { FAINT_STROKE } else { STROKE }
    }

    /// Adds what lies under the pointer, and the sentence.
    pub(super) fn finish(
        &self,
        sheet: &Sheet<'_>,
        scene: Scene,
        kind: &str,
        edge: &Edge<'_>,
    ) -> Result<Picture, ChartError> {
        let marks = marks(self.frame.plot, Pick::NearestX, self.marks(sheet, edge));
        Ok(Picture::new(scene, marks, summary(sheet, &self.lines, kind)))
    }

    fn marks(&self, sheet: &Sheet<'_>, edge: &Edge<'_>) -> Vec<Mark> {
        // Beyond two dozen series nobody reads a tooltip, and it would weigh more than the picture.
        let all = self.lines.series.len() <= 24;
        let mut marks = Vec::new();
        for x in places(&self.lines, &self.frame.x) {
            let mut heading = None;
            let mut entries: Vec<Entry> = Vec::new();
            for (number, series) in self.lines.series.iter().enumerate().filter(|(_, series)| all || !series.faded) {
                for index in found(series, x) {
                    let row = series.row(index);
                    heading.get_or_insert_with(|| self.lines.along.heading(x, self.lines.x, row));
                    let edge = |value| edge(number, x, value);
                    entries.push(value(sheet, series, index, &series.name, &self.frame.y, &edge));
                }
            }
            if let Some(ghost) = &self.ghost {
                for index in found(&ghost.series, x) {
                    let when = match &ghost.along {
                        Along::Time(clock) => format!("Before ({})", clock.write(x - ghost.shift)),
                        _ => "Before".into(),
                    };
                    entries.push(value(sheet, &ghost.series, index, &when, &self.frame.y, &|value| value));
                }
            }
            let shape = Shape::Column { x: pixels(self.frame.x.at(x)) };
            marks.extend(heading.map(|heading| Mark::new(shape, heading, entries)));
        }
        marks
    }
}

/// The lines of a sheet, if any row stands anywhere.
pub(super) fn read<'a>(sheet: &Sheet<'a>) -> Result<Option<Lines<'a>>, ChartError> {
    let Some(x) = sheet.columns.x else { return Ok(None) };
    let lines = series::read(sheet, sheet.input.table, &sheet.columns, x, sheet.spec.limit)?;
    Ok(lines.span().map(|_| lines))
}

/// The frame for lines whose values lie within `extent`.
pub(super) fn frame(
    sheet: &Sheet<'_>,
    lines: &Lines<'_>,
    ghost: Option<&Ghost<'_>>,
    extent: Extent,
    from_zero: bool,
) -> Result<Option<Frame>, ChartError> {
    let past = ghost.and_then(|ghost| Extent::of(ghost.series.ys.iter().copied())).unwrap_or(extent);
    let extent = extent.and(past);
    let Some((from, to)) = lines.span() else { return Ok(None) };
    let bottom = match &lines.along {
        Along::Time(clock) if from < to => Bottom::Time { from, to, clock },
        Along::Time(clock) => Bottom::Moment { at: from, clock },
        Along::Number if from < to => Bottom::Number { from, to },
        Along::Number => Bottom::Number { from: from - 0.5, to: to + 0.5 },
        Along::Names(names) => Bottom::Bands { names, moments: None },
    };
    let several = lines.series.len() > 1;
    let named = lines.named().map(|series| Item::new(&series.name, series.paint));
    let mut legend: Vec<Item> = named.filter(|_| several).collect();
    if let (Some(ghost), Some(series)) = (ghost, lines.series.first()) {
        legend.push(Item::new(&series.name, series.paint));
        legend.push(Item::new("Before", ghost.series.paint));
    }
    let frame = Frame::lay_out(&Request {
        left: Measured { from_zero, ..sheet.measured(extent, &sheet.columns.y) },
        legend: &legend,
        unnamed: lines.series.iter().filter(|series| series.faded).count(),
        ..sheet.request(extent, bottom)
    })?;
    Ok(Some(frame))
}

/// The previous period behind one series, from its table's columns of the same names.
fn ghost<'a>(sheet: &Sheet<'a>, lines: &Lines<'_>) -> Result<Option<Ghost<'a>>, ChartError> {
    let ([series], Some(table)) = (lines.series.as_slice(), sheet.input.previous) else { return Ok(None) };
    let (x, y) = (table.column(lines.x.name()), table.column(series.column.name()));
    let (Some(x), Some(y)) = (x, y) else { return Ok(None) };
    let columns = crate::columns::Columns { x: Some(x), y: vec![y], ..Default::default() };
    let mut past = series::read(sheet, table, &columns, x, None)?;
    let (Some(here), Some(there)) = (lines.span(), past.span()) else { return Ok(None) };
    if matches!(past.along, Along::Names(_)) || matches!(lines.along, Along::Names(_)) {
        return Ok(None);
    }
    let shift = here.0 - there.0;
    let Some(mut ghost) = past.series.pop() else { return Ok(None) };
    ghost.xs = ghost.xs.iter().map(|x| x + shift).collect();
    // A longer period before does not widen this one.
    let end = ghost.xs.partition_point(|x| *x <= here.1);
    ghost.xs = ghost.xs[..end].into();
    ghost.ys.truncate(end);
    ghost.paint = sheet.palette.ghost;
    Ok(Some(Ghost { series: ghost, along: past.along, shift }))
}

fn value(
    sheet: &Sheet<'_>,
    series: &Series<'_>,
    index: usize,
    name: &str,
    y: &Scale,
    edge: &dyn Fn(f64) -> f64,
) -> Entry {
    let value = sheet.exact(series.column, series.row(index));
    let y = Some(series.ys[index]).filter(|y| y.is_finite()).map(|value| pixels(y.at(edge(value))));
    entry(name, value, series.paint, y).of(series.ys[index])
}

/// The points of a series that stand exactly there.
pub(super) fn found(series: &Series<'_>, x: f64) -> std::ops::Range<usize> {
    let start = series.xs.partition_point(|place| *place < x);
    start..start + series.xs[start..].iter().take_while(|place| **place == x).count()
}

/// The places that have marks: all of them, or two of each pixel column where there are more, which are those of the
/// first series' least and greatest value.
pub(super) fn places(lines: &Lines<'_>, scale: &Scale) -> Vec<f64> {
    let Some(leader) = lines.series.first() else { return Vec::new() };
    let places: Cow<'_, [f64]> = if lines.series.iter().all(|series| Rc::ptr_eq(&series.xs, &leader.xs)) {
        Cow::Borrowed(&leader.xs)
    } else {
        let mut places: Vec<f64> = lines.series.iter().flat_map(|series| series.xs.iter().copied()).collect();
        places.sort_by(f64::total_cmp);
        Cow::Owned(places)
    };
    let columns = width(&places, scale);
    if places.len() <= columns * 2 {
        let mut places = places.into_owned();
        places.dedup();
        return places;
    }
    let mut kept: Vec<f64> = Vec::with_capacity(columns * 2);
    for chunk in chunks(&places, scale) {
        let (first, last) = (places[chunk.start], places[chunk.end - 1]);
        let start = leader.xs.partition_point(|x| *x < first);
        let end = start + leader.xs[start..].partition_point(|x| *x <= last);
        let values = || (start..end).filter(|index| leader.ys[*index].is_finite());
        let least = values().min_by(|a, b| leader.ys[*a].total_cmp(&leader.ys[*b]));
        let greatest = values().max_by(|a, b| leader.ys[*a].total_cmp(&leader.ys[*b]));
        let (a, b) = match (least, greatest) {
            (Some(least), Some(greatest)) => (leader.xs[least.min(greatest)], leader.xs[least.max(greatest)]),
            _ => (first, first),
        };
        kept.push(a);
        if b > a {
            kept.push(b);
        }
    }
    kept
}

/// `Line chart of visits by date, from Mon 5 Jan 2026 to Sun 11 Jan 2026; visits: lowest 3, highest 9, last 5.`
fn summary(sheet: &Sheet<'_>, lines: &Lines<'_>, kind: &str) -> String {
    let names = enumerate(lines.named().map(|series| series.name.as_str()));
    let mut summary = format!("{kind} of {names} by {}", crate::text::name(lines.x.name()));
    let ends = lines.series.first().and_then(|series| Some((series, series.xs.len().checked_sub(1)?)));
    if let (Some((series, last)), Some(span)) = (ends, lines.span()) {
        let from = lines.along.heading(span.0, lines.x, series.row(0));
        let to = lines.along.heading(span.1, lines.x, series.row(last));
        if !matches!(lines.along, Along::Names(_)) {
            summary.push_str(&format!(", from {from} to {to}"));
        }
    }
    for series in lines.named().take(3) {
        let Some((least, greatest)) = series::extent(series.ys.iter().copied()) else { continue };
        let last = series.ys.iter().rposition(|y| y.is_finite()).unwrap_or(0);
        let format = &sheet.spec.format;
        summary.push_str(&format!(
            "; {}: lowest {}, highest {}, last {}",
            series.name,
            format.headline(least),
            format.headline(greatest),
            series.ys.get(last).map_or_else(|| NULL.into(), |value| format.headline(*value)),
        ));
    }
    summary.push('.');
    summary
}
