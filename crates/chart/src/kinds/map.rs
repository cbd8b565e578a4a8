//! The world's countries, each in the colour of its number. Who has none is pale; who is too small to be seen is a dot.

use std::collections::HashMap;
use std::iter;

use perch_tinybird::Column;
use plotters::element::{Circle, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, enumerate, is_whole, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::outlines::{self, Atlas, Country};
use crate::palette::Paint;
use crate::scale;
use crate::scene::{Area, Canvas, Scene, pixels, units};
use crate::series::{self, name_of};
use crate::tally::Tally;
use crate::{Aggregate, AxisScale, ChartError, Key, Mark, Pick, Rect, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Names)), draw };

/// What is too small to be an outline, in square pixels.
const SPECK: f32 = 14.0;
/// What nobody sees of an outline, and what no pointer feels of it.
const UNSEEN: f32 = 0.4;
const UNFELT: f32 = 2.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let atlas = Atlas::bundled();
    let (mut found, strangers) = found(atlas, x, y, sheet.aggregate(y));
    if found.is_empty() && strangers.is_empty() {
        return sheet.blank(NO_VALUES);
    }
    if found.is_empty() {
        return sheet.blank(&format!("No countries with values in {}", text::name(x.name())));
    }
    found.iter().try_for_each(|found| sheet.check_sum(y, Some(found.value)))?;
    found.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.country.name.cmp(b.country.name)));
    let values = || found.iter().map(|found| found.value);
    let measure = Measure::of(sheet, y, series::extent(values()).unwrap_or((0.0, 1.0)));
    let layout = Layout::of(sheet);

    let mut scene = Scene::new(sheet.size);
    for country in &atlas.countries {
        let value = found.iter().find(|found| std::ptr::eq(found.country, country)).map(|found| found.value);
        let fill = value.map_or(pale(sheet), |value| measure.paint(sheet, value));
        let rings = layout.rings(country, UNSEEN);
        if !rings.is_empty() {
            scene.outline(&rings, fill, sheet.palette.ground, units(layout.border()));
        }
    }
    let canvas = scene.canvas();
    for found in found.iter().filter(|found| layout.is_speck(found.country)) {
        let ((x, y), radius) = (layout.place(found.country.dot), layout.dot());
        canvas.draw(&Circle::new((units(x), units(y)), units(radius + 0.8), sheet.palette.ground.filled()))?;
        canvas.draw(&Circle::new((units(x), units(y)), units(radius), measure.paint(sheet, found.value).filled()))?;
    }
    let note = note(&strangers);
    if let Some(top) = layout.legend {
        measure.legend(sheet, &canvas, top, &text::name(y.name()), note.as_deref())?;
    }
    drop(canvas);

    // What is drawn last lies on top, for the eye and for the pointer: dots after outlines.
    let (dots, lands): (Vec<&Found<'_>>, Vec<&Found<'_>>) =
        found.iter().partition(|found| layout.is_speck(found.country));
    let list = lands.into_iter().chain(dots).map(|found| {
        let exact = found.tally.text(y).map(|text| sheet.value_format().exact(&text)).unwrap_or_default();
        let entries = vec![entry(text::name(y.name()), exact, measure.paint(sheet, found.value), None)];
        let mut mark = Mark::new(layout.shape(found.country), found.country.name, entries);
        // Of a country that the answer names in several ways, one way would be a part of it.
        if let [written] = found.written.as_slice() {
            mark.keys.push(Key { column: x.name().to_owned(), value: Some(written.clone()) });
        }
        mark
    });
    let list = list.collect();
    let picture = Picture::new(scene, marks(layout.map, Pick::Shape, list), summary(sheet, x, y, &found, note));
    Ok(picture)
}

/// A country with a value.
struct Found<'a> {
    country: &'a Country,
    rows: Vec<usize>,
    tally: Tally,
    value: f64,
    /// How the answer writes it.
    written: Vec<String>,
}

/// The countries that have values, and what is written where no country is found.
fn found<'a>(atlas: &'a Atlas, x: &Column, y: &Column, aggregate: Aggregate) -> (Vec<Found<'a>>, Vec<String>) {
    let mut seen: HashMap<Option<String>, Option<usize>> = HashMap::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut found: Vec<Found<'a>> = Vec::new();
    let mut strangers = Vec::new();
    for row in (0..x.len()).filter(|row| y.number(*row).is_some_and(f64::is_finite)) {
        let written = x.text(row);
        let index = match seen.get(&written.as_deref().map(str::to_owned)) {
            Some(index) => *index,
            None => {
                let index = written.as_deref().and_then(|written| atlas.find(written));
                match (index, written.as_deref()) {
                    (None, written) => strangers.push(name_of(written)),
                    (Some(country), Some(written)) => {
                        let place = *places.entry(country).or_insert_with(|| {
                            let country = &atlas.countries[country];
                            let (rows, written, tally) = (Vec::new(), Vec::new(), Tally::default());
                            found.push(Found { country, rows, tally, value: 0.0, written });
                            found.len() - 1
                        });
                        found[place].written.push(written.to_owned());
                    }
                    (Some(_), None) => {}
                }
                let place = index.and_then(|country| places.get(&country).copied());
                seen.insert(written.as_deref().map(str::to_owned), place);
                place
            }
        };
        if let Some(index) = index {
            found[index].rows.push(row);
        }
    }
    for found in &mut found {
        found.tally = Tally::of(y, &found.rows, aggregate);
        found.value = found.tally.value().unwrap_or_default();
    }
    (found, strangers)
}

/// `Not on the map: XX and (no value)`.
fn note(strangers: &[String]) -> Option<String> {
    (!strangers.is_empty()).then(|| format!("Not on the map: {}", enumerate(strangers.iter().map(String::as_str))))
}

fn pale(sheet: &Sheet<'_>) -> Paint {
    sheet.palette.grid
}

/// From values to colours.
struct Measure {
    domain: (f64, f64),
    log: bool,
    /// The least, a middle one and the greatest, as the legend says them.
    labels: Vec<(f64, String)>,
}

impl Measure {
    fn of(sheet: &Sheet<'_>, y: &Column, (least, greatest): (f64, f64)) -> Self {
        let axis = &sheet.spec.y_axis;
        let format = axis.format.as_ref().unwrap_or(sheet.value_format());
        if axis.scale == AxisScale::Log && greatest > 0.0 {
            // From a round power of ten to another. What is zero or less has the least colour.
            let from = axis.min.unwrap_or(least).max(greatest * 1e-9).log10().floor();
            let to = axis.max.unwrap_or(greatest).log10().ceil().max(from + 1.0);
            let (from, to) = (from as i32, to as i32);
            let labels =
                [from, (from + to) / 2, to].map(|power| (10_f64.powi(power), format.short(10_f64.powi(power))));
            return Self { domain: (labels[0].0, labels[2].0), log: true, labels: labels.into() };
        }
        let extent = scale::extent(axis.min.unwrap_or(least), axis.max.unwrap_or(greatest), false);
        let ticks = scale::ticks(extent, 4, format, is_whole(y));
        let labels = ticks.ticks.iter().map(|tick| (tick.value, tick.label.clone())).collect();
        Self { domain: ticks.domain, log: false, labels }
    }

    fn share(&self, value: f64) -> f64 {
        let (from, to) = self.domain;
        if self.log { (value / from).ln() / (to / from).ln() } else { (value - from) / (to - from) }
    }

    fn paint(&self, sheet: &Sheet<'_>, value: f64) -> Paint {
        sheet.palette.ramp.at(self.share(value))
    }

    /// The colours from the least to the greatest, what has none, and what is not on the map.
    fn legend(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        (from, top): (f32, f32),
        name: &str,
        note: Option<&str>,
    ) -> Result<(), ChartError> {
        const STEPS: usize = 30;
        const BAR: f32 = 8.0;
        let width = (sheet.width() * 0.32).clamp(90.0, 190.0);
        for step in 0..STEPS {
            // Each lies upon the end of the one before, so that no ground shines through between two.
            let left = units(from + width * step as f32 / STEPS as f32);
            let corners = [(left, units(top)), (units(from + width), units(top + BAR))];
            let paint = sheet.palette.ramp.at((step as f64 + 0.5) / STEPS as f64);
            canvas.draw(&Rectangle::new(corners, paint.filled()))?;
        }
        let look = Look::new(SMALL, sheet.palette.muted);
        let below = units(top + BAR + 9.0);
        let mut free = 0.0;
        let last = self.labels.len().saturating_sub(1);
        let end = width - self.labels.last().map_or(0.0, |(_, label)| look.width(label));
        for (index, (value, label)) in self.labels.iter().enumerate() {
            let (at, wide) = (width * self.share(*value) as f32, look.width(label));
            let left = if index == last { end } else { (at - wide / 2.0).max(0.0) };
            if left < free || (index != last && left + wide + 8.0 > end) {
                continue;
            }
            canvas.draw(&Label::new(label, (units(from + left), below), look).centered())?;
            free = left + wide + 8.0;
        }

        let beside = units(top + BAR / 2.0);
        let beginning = from + width + 10.0;
        let room = sheet.width() - beginning - 2.0;
        let ink = Look::new(SMALL, sheet.palette.ink);
        let Some(fit) = text::fit(name, room, ink.size, ink.weight) else { return Ok(()) };
        canvas.draw(&Label::new(&fit.text, (units(beginning), beside), ink).centered().standing_for(name))?;
        let left = beginning + ink.width(&fit.text) + 18.0;
        let none = "No data";
        if left + BAR + 5.0 + look.width(none) <= sheet.width() - 1.0 {
            let corners = [(units(left), units(top)), (units(left + BAR), units(top + BAR))];
            canvas.draw(&Rectangle::new(corners, pale(sheet).filled()))?;
            canvas.draw(&Label::new(none, (units(left + BAR + 5.0), beside), look).centered())?;
        }
        let fit = note.and_then(|note| Some((note, text::fit(note, room, look.size, look.weight)?)));
        if let Some((note, fit)) = fit {
            canvas.draw(&Label::new(&fit.text, (units(beginning), below), look).centered().standing_for(note))?;
        }
        Ok(())
    }
}

/// Where the map and its legend stand.
struct Layout {
    map: Area,
    /// CSS pixels for a square of the atlas's grid.
    unit: f32,
    /// The upper left corner of the legend; `None` where there is no room for one.
    legend: Option<(f32, f32)>,
}

impl Layout {
    fn of(sheet: &Sheet<'_>) -> Self {
        const LEGEND: f32 = 26.0;
        const GAP: f32 = 8.0;
        let (width, height) = (sheet.width(), sheet.height());
        let below = if width >= 200.0 && height >= 110.0 { LEGEND + GAP } else { 0.0 };
        let unit = (width / outlines::WIDTH).min((height - below) / outlines::HEIGHT);
        let (wide, high) = (outlines::WIDTH * unit, outlines::HEIGHT * unit);
        let (left, top) = ((width - wide) / 2.0, (height - below - high) / 2.0);
        let map = Area {
            left: units(left),
            top: units(top),
            right: units(left + wide),
            bottom: units((top + high).min(height)),
        };
        Self { map, unit, legend: (below > 0.0).then_some((left.min(width * 0.3), top + high + GAP)) }
    }

    fn place(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (pixels(self.map.left) + x * self.unit, pixels(self.map.top) + y * self.unit)
    }

    /// The outlines that can be told apart from a dot, without the corners that cannot be.
    fn rings(&self, country: &Country, unseen: f32) -> Vec<Vec<(i32, i32)>> {
        let squared = self.unit * self.unit;
        let seen = country.outlines.iter().filter(|outline| outline.area * squared >= 3.0 * unseen);
        let rings = seen.filter_map(|outline| outline.simplified(unseen / squared));
        let place = |corner| {
            let (x, y) = self.place(corner);
            (units(x), units(y))
        };
        rings.map(|ring| ring.into_iter().map(place).collect()).collect()
    }

    fn is_speck(&self, country: &Country) -> bool {
        let area: f32 = country.outlines.iter().map(|outline| outline.area).sum();
        area * self.unit * self.unit < SPECK
    }

    fn dot(&self) -> f32 {
        (pixels(self.map.width()) / 240.0).clamp(1.6, 3.6)
    }

    fn border(&self) -> f32 {
        (pixels(self.map.width()) / 1500.0).clamp(0.2, 0.7)
    }

    /// What holds the pointer: the outlines in one line, which goes from the first to each other one and back, or a
    /// square around the dot.
    fn shape(&self, country: &Country) -> Shape {
        let rings = if self.is_speck(country) { Vec::new() } else { self.rings(country, UNFELT) };
        let Some(start) = rings.first().and_then(|ring| ring.first()).copied() else {
            let ((x, y), reach) = (self.place(country.dot), self.dot() + 2.0);
            let side = |at: f32, most: f32| ((at - reach).max(0.0), (at + reach).min(most));
            let ((left, right), (top, bottom)) = (side(x, pixels(self.map.right)), side(y, pixels(self.map.bottom)));
            return Shape::Rect(Rect { x: left, y: top, width: right - left, height: bottom - top });
        };
        let corners = rings.iter().flat_map(|ring| ring.iter().chain(ring.first()).copied().chain(iter::once(start)));
        Shape::Polygon { points: corners.map(|(x, y)| (pixels(x), pixels(y))).collect() }
    }
}

/// `Visits by country, 34 countries: Germany 900, France 20, Spain 3. Not on the map: XX.`
fn summary(sheet: &Sheet<'_>, x: &Column, y: &Column, found: &[Found<'_>], note: Option<String>) -> String {
    let lead = found.iter().take(3).map(|found| {
        let value = sheet.value_format().headline(found.value);
        format!("{} {value}", found.country.name)
    });
    let lead: Vec<String> = lead.collect();
    let countries = if found.len() == 1 { "country" } else { "countries" };
    let note = note.map_or(String::new(), |note| format!(" {note}."));
    format!(
        "Map of {} by {}, {} {countries}: {}.{note}",
        text::name(y.name()),
        text::name(x.name()),
        sheet.count(found.len()),
        lead.join(", ")
    )
}
