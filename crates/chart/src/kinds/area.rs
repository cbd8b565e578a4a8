//! Lines that are filled, side by side or on top of each other.

use super::along::itself;
use super::line::Drawn;
use super::stacked::{self, Look};
use super::{Drawer, NO_VALUES, Picture, Sheet};
use crate::columns::{Holds, Needs, Role, Values};
use crate::scene::Scene;
use crate::trace::Stroke;
use crate::{ChartError, Pick};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

const STROKE: i32 = 16;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    if stacked::is_stacked(sheet) { stacked::draw(sheet, Look::Areas) } else { beside(sheet) }
}

fn beside(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(drawn) = Drawn::read(sheet, true)? else { return sheet.blank(NO_VALUES) };
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        drawn.frame.draw(&canvas)?;
        let named = || drawn.lines.shown().rev().map(|(_, series)| series).filter(|series| !series.faded);
        // The more areas lie over each other, the fainter each is.
        let fill = if named().count() > 1 { 0.10 } else { 0.16 };
        for series in named() {
            let ground = drawn.ground(series);
            ground.fill(
                &canvas,
                &ground.points(&series.xs, &series.ys, &series.peaks),
                0.0,
                series.paint.faint(fill),
            )?;
        }
        drawn.behind(&canvas)?;
        for series in named() {
            let width = drawn.stroke(series).width.min(STROKE);
            drawn.line(&canvas, series, Stroke { paint: series.paint, width, dash: series.dash })?;
        }
        drawn.upon(sheet, &canvas)?;
    }
    drawn.finish(sheet, scene, ("Area chart", Pick::NearestX), &itself)
}
