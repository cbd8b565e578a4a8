//! Columns over categories or time, from zero: side by side, stacked, or stacked to a whole.

use super::{Drawer, NO_VALUES, Picture, Sheet, also, marks};
use crate::bars::{Bars, Ground};
use crate::cartesian::{Bottom, Frame, Request};
use crate::columns::{Holds, Needs, Role, Values};
use crate::ends::{self, Ends};
use crate::guides::Scales;
use crate::scene::{Area, Scene};
use crate::series::Along;
use crate::stacks::Stacks;
use crate::{Across, ChartError, Marks, Measure, Pick};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

/// So many moments are named each; more get an axis of time.
const NAMED: usize = 12;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(stacks) = Stacks::read(sheet)? else { return sheet.blank(NO_VALUES) };
    let labels = labels(&stacks);
    let starts: Vec<f64> = stacks.places.iter().map(|place| place.at).collect();
    let bottom = bottom(&stacks, &labels, &starts);
    let bars = Bars::new(sheet, &stacks, matches!(bottom, Bottom::Time { .. }));
    let left = bars.measured(sheet, false)?;
    let right = bars.measured(sheet, true)?;
    // Where all values are measured at the right, the left axis says the same.
    let Some(left) = left.or_else(|| right.clone()) else { return sheet.blank(NO_VALUES) };
    let note = sheet.left_out(bars.left_out(sheet));
    let data = |scales: &Scales<'_>, plot: Area| {
        let right = *scales.right.unwrap_or(scales.left);
        bars.covered(&Ground { plot, along: *scales.x, left: *scales.left, right, lying: false })
    };
    let request = sheet.request(left.extent, bottom);
    let request = Request { left, right, note: note.as_deref(), data: Some(&data), ..request };
    let named = match ends::margin(bars.stacked_names(), sheet.size) {
        Some(margin) => {
            let frame = Frame::lay_out(&Request { margin, ..request.clone() })?;
            Ends::lay_out(bars.clone().on(&ground(&frame)).ends(&ground(&frame)), &frame)
                .map(|ends| (frame, Some(ends)))
        }
        None => None,
    };
    let (frame, ends) = match named {
        Some(named) => named,
        None => (Frame::lay_out(&Request { legend: &stacks.legend, ..request })?, None),
    };
    let ground = ground(&frame);
    let bars = bars.on(&ground);
    let shown = bars.shown(&ground);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for index in &shown {
            bars.draw(sheet, &canvas, &ground, *index)?;
        }
        if let Some(ends) = &ends {
            ends.draw(&canvas, &frame, sheet.palette)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let list = shown.iter().map(|index| bars.mark(sheet, &ground, *index)).collect();
    let marks = Marks { groups: stacks.groups(sheet), ..marks(frame.plot, Pick::Shape, list) };
    Ok(Picture {
        legend: ends.map_or_else(|| frame.legend(), |ends| ends.legend(&frame)),
        across: frame.across().or_else(|| across(&stacks)),
        ..Picture::new(scene, marks, stacks.summary(sheet, "Column chart") + &also(note.as_deref()))
    })
}

fn ground(frame: &Frame) -> Ground {
    Ground { plot: frame.plot, along: frame.x, left: frame.y, right: frame.right, lying: false }
}

/// What stands below each column where every one is named.
fn labels(stacks: &Stacks<'_>) -> Vec<String> {
    match stacks.along {
        Along::Time(_) if stacks.places.len() > NAMED => Vec::new(),
        _ => stacks.labels(),
    }
}

fn bottom<'b>(stacks: &'b Stacks<'_>, labels: &'b [String], starts: &'b [f64]) -> Bottom<'b> {
    let Along::Time(clock) = &stacks.along else { return Bottom::Bands { names: labels, moments: None } };
    match (stacks.zoom, stacks.span()) {
        (Some((from, to)), _) => Bottom::Time { from, to, clock },
        (None, (from, to)) if labels.is_empty() || !stacks.is_even() => Bottom::Time { from, to, clock },
        _ => Bottom::Bands { names: labels, moments: Some((starts, clock)) },
    }
}

/// Bands that stand for moments equally far apart measure time too.
fn across(stacks: &Stacks<'_>) -> Option<Across> {
    let (Along::Time(_), (from, to)) = (&stacks.along, stacks.span()) else { return None };
    Some(Across { measure: Measure::Time, from, to, log: false })
}
