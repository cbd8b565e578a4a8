//! Bars that lie, with their names at the left: for names that are too long to stand below columns.

use super::{Drawer, NO_VALUES, Picture, Sheet, also, marks};
use crate::bars::{Bars, Ground};
use crate::bottom::Bottom;
use crate::columns::{Holds, Needs, Role, Values};
use crate::guides::Scales;
use crate::lying::Lying;
use crate::scene::{Area, Scene};
use crate::series::Along;
use crate::stacks::Stacks;
use crate::{ChartError, Marks, Pick};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    if !sheet.spec.right.is_empty() {
        return Err(ChartError::Meaningless { kind: sheet.spec.kind, field: "right" });
    }
    let Some(stacks) = Stacks::read(sheet)? else { return sheet.blank(NO_VALUES) };
    let bars = Bars::new(sheet, &stacks, false);
    let Some(values) = bars.measured(sheet, false)? else { return sheet.blank(NO_VALUES) };
    let names = stacks.labels();
    let starts: Vec<f64> = stacks.places.iter().map(|place| place.at).collect();
    let moments = if let Along::Time(clock) = &stacks.along { Some((starts.as_slice(), clock)) } else { None };
    let bands = Bottom::Bands { names: &names, moments };
    let note = sheet.left_out(bars.left_out(sheet));
    let data = |scales: &Scales<'_>, plot: Area| {
        let (along, values) = (*scales.left, *scales.x);
        bars.covered(&Ground { plot, along, left: values, right: values, lying: true })
    };
    let frame = Lying::lay_out(sheet, &bands, &names, &values, &stacks.legend, note.as_deref(), &data)?;
    let ground = Ground { plot: frame.plot, along: frame.along, left: frame.values, right: frame.values, lying: true };
    let bars = bars.on(&ground);
    let shown = bars.shown(&ground);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        for index in &shown {
            bars.draw(sheet, &canvas, &ground, *index)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let list = shown.iter().map(|index| bars.mark(sheet, &ground, *index)).collect();
    let marks = Marks { groups: stacks.groups(sheet), ..marks(frame.plot, Pick::Shape, list) };
    let picture = Picture::new(scene, marks, stacks.summary(sheet, "Bar chart") + &also(note.as_deref()));
    Ok(Picture { legend: frame.legend(), ..picture })
}
