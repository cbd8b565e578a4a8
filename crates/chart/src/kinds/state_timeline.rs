//! Which state each thing was in, over time: a lane for each thing, a colour for each state.

mod spans;

use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::bottom::keep_inside;
use crate::cartesian::Bottom;
use crate::clock::Clock;
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::legend::{Item, Legend};
use crate::palette::Paint;
use crate::ramp::ink_upon;
use crate::scale::Scale;
use crate::scene::{Area, Canvas, Scene, pixels, units};
use crate::series::{self, name_of, sort_names};
use crate::{Across, ChartError, Key, Mark, Measure, Pick, Shape, Style, text};

use spans::{Lanes, Span};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::State).x(Role::Must(Holds::Times)).group(Role::Found(Holds::Names)), draw };

/// The least height of a lane with its gap, in CSS pixels.
const LEAST: f32 = 5.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let (Some(x), Some(y)) = (sheet.columns.x, sheet.columns.y.first().copied()) else {
        return sheet.blank(NO_VALUES);
    };
    if x.family() != perch_tinybird::Family::Time {
        return Err(ChartError::WrongFamily {
            role: "x",
            name: x.name().to_owned(),
            kind: x.kind().to_string(),
            needed: "dates or times, at which states begin",
        });
    }
    let (clock, moments) = Clock::of(x, sheet.spec, sheet.input.setting)?;
    let Some(lanes) = Lanes::read(&moments, sheet.columns.group, y) else { return sheet.blank(NO_VALUES) };
    if lanes.states.is_empty() {
        return sheet.blank(NO_VALUES);
    }
    let states = States::of(sheet, &lanes);
    let (width, height) = (sheet.width(), sheet.height());
    let look = Look::new(SMALL, sheet.palette.muted);
    let legend = Legend::lay_out(&states.legend(), states.unnamed(), width, if height >= 200.0 { 2 } else { 1 });
    let legend = if legend.height + 40.0 > height { Legend::default() } else { legend };
    let lines = if height < 56.0 { 0 } else { 1 + usize::from(height >= 110.0) };
    let floor = (height - lines as f32 * 14.0 - 6.0).max(legend.height + 1.0);
    let room = floor - legend.height;
    let shown = lanes.lanes.len().min((room / LEAST).floor().max(1.0) as usize);
    let widest = lanes.lanes.iter().take(shown).map(|lane| look.width(&lane.name)).fold(0.0, f32::max);
    let gutter = if width < 110.0 || widest == 0.0 { 1.0 } else { (widest + 8.0).min(width * 0.34).ceil() };
    let plot = Area {
        left: units(gutter),
        top: units(legend.height),
        right: units((width - 8.0).max(gutter + 1.0)),
        bottom: units(floor),
    };
    let (from, to) = sheet.input.view.zoom.filter(|(from, to)| from < to).unwrap_or((lanes.from, lanes.to));
    let bottom = Bottom::Time { from, to, clock: &clock };
    let mut along = bottom.lay_out(sheet.spec, plot, look, lines);
    keep_inside(&mut along.labels, look, width);
    along.name_zone(plot, look, lines, width);

    let stage = Stage { sheet, lanes: &lanes, states: &states, clock: &clock, scale: along.scale, from, to };
    let each = room / shown as f32;
    let mut list = Vec::new();
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        for foot in &along.feet {
            let line = [(*foot, plot.top), (*foot, plot.bottom + units(4.0))];
            canvas.draw(&PathElement::new(line, sheet.palette.grid.stroke_width(10)))?;
        }
        for label in &along.labels {
            let at = (units(label.x), units(floor + 16.0 + label.line as f32 * 14.0));
            let look = Look { anchor: label.anchor, ..look };
            canvas.draw(&Label::new(&label.text, at, look).standing_for(&label.full))?;
        }
        let every = (13.0 / each).ceil().max(1.0) as usize;
        for index in 0..shown {
            let top = legend.height + each * index as f32;
            let gap = (each * 0.16).min(6.0);
            let area = Area { top: units(top + gap / 2.0), bottom: units(top + each - gap / 2.0), ..plot };
            let middle = top + each / 2.0;
            let inside = middle >= 6.0 && middle + 6.0 <= height;
            if index % every == 0 && gutter > 1.0 && inside {
                let name = &lanes.lanes[index].name;
                if let Some(fit) = text::fit(name, gutter - 8.0, look.size, look.weight) {
                    let at = (plot.left - units(7.0), (area.top + area.bottom) / 2);
                    canvas.draw(&Label::new(&fit.text, at, look.end()).centered().standing_for(name))?;
                }
            }
            stage.lane(&canvas, index, area, shown, &mut list)?;
        }
        legend.draw(&canvas, 1.0, 0.0, sheet.palette)?;
    }
    let summary = stage.summary(shown);
    let picture = Picture::new(scene, marks(plot, Pick::Span, list), summary);
    let across = Across { measure: Measure::Time, from, to, log: false };
    Ok(Picture { legend: legend.items(1.0, 0.0), across: Some(across), ..picture })
}

/// The states, and how each looks.
struct States {
    names: Vec<String>,
    paints: Vec<Paint>,
    shown: Vec<bool>,
    /// Beyond what colours can tell apart.
    faded: Vec<bool>,
    /// In the order of the legend.
    order: Vec<usize>,
}

impl States {
    fn of(sheet: &Sheet<'_>, lanes: &Lanes) -> Self {
        let palette = sheet.palette;
        let names: Vec<String> = lanes.states.iter().map(|state| name_of(Some(state))).collect();
        let most = sheet.spec.limit.unwrap_or(palette.series.len()).clamp(1, palette.series.len());
        let kept = series::greatest(&lanes.lasted(), most);
        let mut order: Vec<(usize, &str)> = lanes.states.iter().map(String::as_str).enumerate().collect();
        sort_names(&mut order, |(_, state)| Some(state));
        let named: Vec<usize> = order.into_iter().map(|(index, _)| index).filter(|index| kept[*index]).collect();
        let ranks =
            sheet.input.setting.colors.ranks(named.iter().map(|index| names[*index].as_str()), palette.series.len());
        let mut paints = vec![palette.ghost; names.len()];
        named.iter().zip(ranks).for_each(|(index, rank)| paints[*index] = palette.series(rank));
        let shown = names.iter().map(|name| !sheet.input.view.hidden.contains(name)).collect();
        Self { names, paints, shown, faded: kept.into_iter().map(|kept| !kept).collect(), order: named }
    }

    fn legend(&self) -> Vec<Item> {
        let item =
            |index: &usize| Item { shown: self.shown[*index], ..Item::new(&self.names[*index], self.paints[*index]) };
        self.order.iter().map(item).collect()
    }

    fn unnamed(&self) -> usize {
        self.faded.iter().filter(|faded| **faded).count()
    }
}

/// What lanes are drawn by.
struct Stage<'a> {
    sheet: &'a Sheet<'a>,
    lanes: &'a Lanes,
    states: &'a States,
    clock: &'a Clock,
    scale: Scale,
    from: f64,
    to: f64,
}

impl Stage<'_> {
    /// Draws a lane. Of states that are too short to be seen, the longest of each few pixels stands for them.
    fn lane(
        &self,
        canvas: &Canvas<'_>,
        index: usize,
        area: Area,
        lanes: usize,
        list: &mut Vec<Mark>,
    ) -> Result<(), ChartError> {
        // So that all lanes together have no more marks than a picture bears.
        let least = units((lanes as f32 / 2.0).clamp(1.0, 12.0));
        let mut short: Option<(i32, Span)> = None;
        let spans = self.lanes.lanes[index].spans.iter().filter(|span| self.states.shown[span.state]);
        for span in spans.filter(|span| span.from < self.to && span.to > self.from) {
            let (left, right) = (self.scale.at(span.from), self.scale.at(span.to));
            let slot = left / least;
            if let Some((before, _)) = short
                && (before != slot || right - left >= least)
            {
                self.flush(canvas, index, area, &mut short, least, list)?;
            }
            if right - left >= least {
                self.span(canvas, index, Area { left, right, ..area }, span, list)?;
            } else if short.is_none_or(|(_, longest)| span.to - span.from > longest.to - longest.from) {
                short = Some((slot, *span));
            }
        }
        self.flush(canvas, index, area, &mut short, least, list)
    }

    fn flush(
        &self,
        canvas: &Canvas<'_>,
        index: usize,
        area: Area,
        short: &mut Option<(i32, Span)>,
        least: i32,
        list: &mut Vec<Mark>,
    ) -> Result<(), ChartError> {
        let Some((slot, span)) = short.take() else { return Ok(()) };
        let left = (slot * least).max(area.left);
        let right = (left + least).min(area.right).max(left + 1);
        self.span(canvas, index, Area { left, right, ..area }, &span, list)
    }

    fn span(
        &self,
        canvas: &Canvas<'_>,
        index: usize,
        area: Area,
        span: &Span,
        list: &mut Vec<Mark>,
    ) -> Result<(), ChartError> {
        let paint = self.states.paints[span.state];
        let name = &self.states.names[span.state];
        // A line of ground between two states, where there is room for one.
        let gap = if area.width() >= 60 { 10 } else { 0 };
        let corners = [(area.left, area.top), (area.right - gap, area.bottom)];
        canvas.draw(&Rectangle::new(corners, paint.filled()))?;
        let look = Look::new(SMALL, ink_upon(paint)).middle();
        if area.height() >= units(14.0) && look.width(name) + 8.0 <= pixels(area.width()) {
            let middle = ((area.left + area.right) / 2, (area.top + area.bottom) / 2);
            canvas.draw(&Label::new(name, middle, look).centered())?;
        }
        list.push(self.mark(index, area, span));
        Ok(())
    }

    fn mark(&self, index: usize, area: Area, span: &Span) -> Mark {
        let lane = &self.lanes.lanes[index];
        let paint = self.states.paints[span.state];
        let columns = &self.sheet.columns;
        let state = columns.y.first().map_or_else(String::new, |column| text::name(column.name()));
        let mut entries = vec![
            entry(state, self.states.names[span.state].clone(), paint, None),
            entry("From", self.clock.write(span.from), paint, None),
        ];
        // What is last goes on, for nobody knows how long.
        if span.to < self.lanes.to {
            entries.push(entry("To", self.clock.write(span.to), paint, None));
            entries.push(entry("Lasted", self.duration(span.to - span.from), paint, None));
        }
        let mut keys: Vec<Key> = Vec::new();
        keys.extend(columns.group.map(|group| Key { column: group.name().to_owned(), value: lane.value.clone() }));
        keys.extend(columns.y.first().map(|column| Key {
            column: column.name().to_owned(),
            value: Some(self.lanes.states[span.state].clone()),
        }));
        let heading = if lane.name.is_empty() { self.states.names[span.state].clone() } else { lane.name.clone() };
        Mark { at: Some(span.from), keys, ..Mark::new(Shape::Rect(area.to_rect()), heading, entries) }
    }

    fn duration(&self, micros: f64) -> String {
        self.sheet.spec.format.styled(Style::Duration).headline(micros / 1e6)
    }

    /// `State timeline of status by service, from … to …: ok 92.1%, down 7.9% of the time; 5 things.`
    fn summary(&self, shown: usize) -> String {
        let columns = &self.sheet.columns;
        let state = columns.y.first().map_or_else(String::new, |column| text::name(column.name()));
        let by = columns.group.map_or_else(String::new, |group| format!(" by {}", text::name(group.name())));
        let lasted = self.lanes.lasted();
        let whole: f64 = lasted.iter().sum();
        let mut order: Vec<usize> = (0..lasted.len()).collect();
        order.sort_by(|a, b| lasted[*b].total_cmp(&lasted[*a]));
        let share = |index: &usize| match whole {
            0.0 => self.states.names[*index].clone(),
            whole => format!("{} {}", self.states.names[*index], self.sheet.spec.format.share(lasted[*index] / whole)),
        };
        let shares = order.iter().take(4).map(share).collect::<Vec<_>>().join(", ");
        let (from, last) = (self.clock.write(self.lanes.from), self.clock.write(self.lanes.last));
        let mut words = match whole {
            0.0 => format!("State timeline of {state}{by}, at {from}: {shares}"),
            _ => format!("State timeline of {state}{by}, from {from} to {last}: {shares} of the time"),
        };
        let things = self.lanes.lanes.len();
        if things > 1 {
            words.push_str(&format!("; {} lanes", self.sheet.count(things)));
        }
        if shown < things {
            words.push_str(&format!(", of which {} have room", self.sheet.count(shown)));
        }
        words.push('.');
        words
    }
}
