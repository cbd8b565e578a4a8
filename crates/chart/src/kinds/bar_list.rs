//! Horizontal bars, the longest first: the name stands in the bar, the value at the right.

use perch_tinybird::Column;
use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::bars::cut;
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{BODY, Label, Look, SMALL};
use crate::icon::{self, Icon};
use crate::link::address;
use crate::parts::{Part, Parts, summary};
use crate::scale::Scale;
use crate::scene::{Area, Canvas, Scene, units};
use crate::{ChartError, Mark, Pick, Shape, series, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Must(Holds::Places)), draw };

/// The height of a bar with its air, in CSS pixels.
const ROW: f32 = 27.0;
const LEAST_ROW: f32 = 20.0;
const HEADER: f32 = 20.0;
const INSIDE: f32 = 7.0;

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let ([y], Some(x)) = (sheet.columns.y.as_slice(), sheet.columns.x) else { return sheet.blank(NO_VALUES) };
    let mut parts = Parts::of(sheet, (x, y), sheet.aggregate(y))?;
    if parts.list.is_empty() {
        return sheet.blank(NO_VALUES);
    }
    if let Some(part) = parts.list.iter().find(|part| sheet.spec.shares && part.value() < 0.0) {
        return Err(ChartError::Negative { column: text::name(y.name()), category: part.name.clone() });
    }
    let count = parts.list.len();
    let header = if sheet.height() >= 130.0 { HEADER } else { 0.0 };
    // As many as the limit says, but never more than there is room for.
    let rows = ((sheet.height() - header) / LEAST_ROW).floor().max(1.0) as usize;
    let fitting = if count <= rows { count } else { rows - 1 };
    let whole = parts.total(y).value().unwrap_or_default();
    parts.fold(sheet.spec.limit.map_or(fitting, |limit| limit.min(fitting)), y, sheet.adds_up(y));
    parts.list.truncate(rows);
    let share = |part: &Part| {
        let value = part.tally.value().filter(|_| sheet.spec.shares && whole > 0.0)?;
        Some(sheet.value_format().share(value / whole))
    };
    let list = Rows::lay_out(sheet, y, &parts.list, header, share);

    let mut scene = Scene::new(sheet.size);
    let mut found = Vec::new();
    {
        let canvas = scene.canvas();
        if header > 0.0 {
            list.head(sheet, &canvas, x, y)?;
        }
        for (index, (part, value)) in parts.list.iter().zip(&list.values).enumerate() {
            found.push(list.draw(sheet, &canvas, index, (part, value), (x, y))?);
        }
    }
    let told: Vec<(&Part, Option<String>)> = parts.list.iter().map(|part| (part, share(part))).collect();
    let said = summary(sheet, "Bar list", (x, y), count, &told) + &parts.left_out();
    Ok(Picture::new(scene, marks(sheet.whole(), Pick::Shape, found), said))
}

/// What stands at the right of a bar.
struct Value {
    exact: String,
    shown: String,
    share: Option<String>,
}

/// Where the bars stand, in CSS pixels.
struct Rows {
    top: f32,
    height: f32,
    look: Look,
    values: Vec<Value>,
    /// How wide the widest share is, with the air before it.
    shares: f32,
    /// Where the longest bar ends, which the values stand beside.
    right: f32,
    scale: Scale,
    domain: (f64, f64),
    /// Whether each name has an icon's room before it.
    icons: bool,
}

impl Rows {
    fn lay_out(
        sheet: &Sheet<'_>,
        y: &Column,
        parts: &[Part],
        top: f32,
        share: impl Fn(&Part) -> Option<String>,
    ) -> Self {
        let height = ((sheet.height() - top) / parts.len() as f32).min(ROW);
        let look = Look::new(BODY.min(height * 0.62), sheet.palette.ink);
        let value = |part: &Part| {
            let exact = part.tally.text(y).map(|text| sheet.value_format().exact(&text)).unwrap_or_default();
            let fits = look.width(&exact) <= sheet.width() * 0.4;
            let shown = if fits { exact.clone() } else { sheet.value_format().short(part.value()) };
            Value { exact, shown, share: share(part) }
        };
        let values: Vec<Value> = parts.iter().map(value).collect();
        let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| look.width(text)).fold(0.0, f32::max);
        let numbers = widest(&mut values.iter().map(|value| &value.shown));
        let shares = widest(&mut values.iter().filter_map(|value| value.share.as_ref()));
        // Names need room too: a share that would take it stays in the tooltip.
        let shares = if shares > 0.0 && numbers + shares < sheet.width() * 0.5 { shares + 14.0 } else { 0.0 };
        let right = (sheet.width() - numbers - shares - 12.0).max(1.0);
        let named = || parts.iter().filter(|part| !part.other).map(Part::value);
        let all = series::extent(named()).unwrap_or((0.0, 1.0));
        let greatest = if all.1 > 0.0 || all.0 < 0.0 { all.1.max(0.0) } else { 1.0 };
        let domain = (all.0.min(0.0), greatest);
        let icons = sheet.columns.icon.is_some() && right >= 3.0 * icon::ROOM;
        Self { top, height, look, values, shares, right, scale: Scale::new(domain, (0, units(right))), domain, icons }
    }

    /// The columns' names above the bars.
    fn head(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, x: &Column, y: &Column) -> Result<(), ChartError> {
        let look = Look::new(SMALL, sheet.palette.muted);
        let (x, y) = (text::name(x.name()), text::name(y.name()));
        let middle = units(HEADER / 2.0 - 2.0);
        let right = sheet.width() - 2.0 - self.shares;
        let share = "Share";
        if self.shares >= look.width(share) + 6.0 {
            canvas.draw(&Label::new(share, (units(sheet.width() - 2.0), middle), look.end()).centered())?;
        }
        let room = (right - self.right).max(sheet.width() * 0.4).min(right);
        if let Some(fit) = text::fit(&y, room, look.size, look.weight) {
            canvas.draw(&Label::new(&fit.text, (units(right), middle), look.end()).centered().standing_for(&y))?;
        }
        if let Some(fit) = text::fit(&x, right - room - 20.0, look.size, look.weight) {
            canvas.draw(&Label::new(&fit.text, (units(INSIDE), middle), look).centered().standing_for(&x))?;
        }
        Ok(())
    }

    fn draw(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        index: usize,
        (part, value): (&Part, &Value),
        (x, y): (&Column, &Column),
    ) -> Result<Mark, ChartError> {
        let top = self.top + self.height * index as f32;
        let middle = top + self.height / 2.0;
        let paint = if part.other { sheet.palette.ghost } else { sheet.palette.series(0) };
        // "Other" may be longer than any bar; it ends where the longest ends.
        let ends = [self.scale.at(0.0), self.scale.at(part.value().clamp(self.domain.0, self.domain.1))];
        let thick = (self.height - 4.0).max(self.height * 0.8);
        let (above, below) = (units(middle - thick / 2.0), units(middle + thick / 2.0));
        if ends[0] != ends[1] {
            let corners = [(ends[0].min(ends[1]), above), (ends[0].max(ends[1]), below)];
            canvas.draw(&Rectangle::new(corners, paint.faint(0.26).filled()))?;
            if part.value() > self.domain.1 || part.value() < self.domain.0 {
                let area = Area { left: corners[0].0, right: corners[1].0, top: above, bottom: below };
                cut(sheet, canvas, area, (true, part.value() > 0.0))?;
            }
        }
        let link = sheet.columns.link.filter(|_| !part.other).and_then(|link| address(&link.text(part.row)?));
        let mut left = INSIDE;
        if self.icons {
            let icon = sheet.columns.icon.filter(|_| !part.other).and_then(|icon| icon.text(part.row));
            if let Some(icon) = icon.as_deref().and_then(Icon::of) {
                icon.draw(sheet.palette, canvas, left, middle)?;
            }
            left += icon::ROOM;
        }
        let look = self.look;
        if let Some(fit) = text::fit(&part.name, self.right - left - INSIDE, look.size, look.weight) {
            let at = (units(left), units(middle));
            canvas.draw(&Label::new(&fit.text, at, look).centered().standing_for(&part.name))?;
            if link.is_some() {
                let y = units(middle + look.size * 0.36 + 2.5);
                let line = [(units(left), y), (units(left + look.width(&fit.text)), y)];
                canvas.draw(&PathElement::new(line, sheet.palette.axis.stroke_width(7)))?;
            }
        }
        let right = sheet.width() - 2.0;
        if let Some(share) = value.share.as_ref().filter(|_| self.shares > 0.0) {
            let look = Look { fill: sheet.palette.muted, ..look.end() };
            canvas.draw(&Label::new(share, (units(right), units(middle)), look).centered())?;
        }
        let at = (units(right - self.shares), units(middle));
        canvas.draw(&Label::new(&value.shown, at, look.end()).centered())?;

        let place = Area { left: 0, right: units(sheet.width()), top: units(top), bottom: units(top + self.height) };
        let mut entries = vec![entry(text::name(y.name()), value.exact.clone(), paint, None)];
        entries.extend(value.share.clone().map(|share| entry("Share", share, paint, None)));
        let mark = Mark::new(Shape::Rect(place.to_rect()), part.name.clone(), entries);
        Ok(Mark { keys: part.keys(x), link, ..mark })
    }
}
