//! One number between two ends: half a ring that fills, with zones where thresholds part them.

use std::f32::consts::{FRAC_PI_2, PI};

use perch_tinybird::Column;
use plotters::element::PathElement;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, is_whole, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::font;
use crate::headline::{Headline, heading};
use crate::palette::Paint;
use crate::scale;
use crate::scene::{Canvas, Scene, Wedge, units};
use crate::{ChartError, Good, Mark, Pick, Shape, Style, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Found(Holds::Times)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let [y] = sheet.columns.y.as_slice() else { return sheet.blank(NO_VALUES) };
    let now = Headline::of(sheet, y, sheet.columns.x, sheet.input.table)?;
    let Some(value) = now.value else { return sheet.blank(NO_VALUES) };
    let target = Headline::target(sheet)?;
    let span = Span::of(sheet, y, value, target.as_ref())?;
    let zones = zones(sheet, &span);
    let zone = zones.iter().rev().find(|zone| value >= zone.from).or(zones.first());
    let paint = zone.map_or(sheet.palette.series(0), |zone| zone.paint);
    let named = zone.and_then(|zone| zone.label.clone());
    let beyond = span.beyond(sheet, value);
    let caption = match (&named, &beyond) {
        (Some(zone), Some(beyond)) => Some(format!("{zone}, {beyond}")),
        (zone, beyond) => zone.clone().or(beyond.clone()),
    };
    let layout = Layout::of(sheet);

    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        canvas.draw(&layout.arc(0.0, 1.0, layout.inner, layout.outer, sheet.palette.grid))?;
        let share = span.share(value);
        if share > 0.0 {
            canvas.draw(&layout.arc(0.0, share, layout.inner, layout.outer, paint))?;
        }
        if zones.len() > 1 && layout.outer >= 24.0 {
            for zone in &zones {
                let (from, to) = (span.share(zone.from), span.share(zone.to));
                let (inner, outer) = (layout.outer + 2.5, layout.outer + 2.5 + layout.rim);
                canvas.draw(&layout.arc(from, to, inner, outer, zone.paint))?;
            }
        }
        if let Some(goal) = target.as_ref().and_then(|target| target.value) {
            layout.tick(sheet, &canvas, span.share(goal))?;
        }
        layout.number(sheet, &canvas, &now, value, caption.as_deref())?;
        layout.ends(sheet, &canvas, &span, target.as_ref())?;
    }
    let mut entries = vec![entry(text::name(y.name()), now.exact.clone(), paint, None)];
    entries.extend(named.map(|zone| entry("Zone", zone, paint, None)));
    entries.extend(target.as_ref().map(|target| entry("Target", target.exact.clone(), sheet.palette.ink, None)));
    let place = Shape::Rect(sheet.whole().to_rect());
    let mark = Mark::new(place, heading(sheet.spec.aggregate), entries);

    let (least, greatest) = span.labels(sheet);
    let mut summary = format!("{}: {} between {least} and {greatest}", text::name(y.name()), now.exact);
    for said in caption.into_iter().chain(target.map(|target| format!("the target is {}", target.exact))) {
        summary = summary + ", " + &said;
    }
    Ok(Picture::new(scene, marks(sheet.whole(), Pick::Shape, vec![mark]), summary + "."))
}

/// From one end of the gauge to the other.
struct Span {
    least: f64,
    greatest: f64,
}

impl Span {
    fn of(sheet: &Sheet<'_>, y: &Column, value: f64, target: Option<&Headline>) -> Result<Self, ChartError> {
        let (axis, format) = (&sheet.spec.y_axis, sheet.value_format());
        let round = |least: f64, greatest: f64| {
            scale::ticks(scale::extent(least, greatest, axis.min.is_none()), 4, format, is_whole(y)).domain
        };
        let goal = target.and_then(|target| target.value);
        let thresholds = sheet.spec.thresholds.iter().map(|threshold| threshold.value);
        // Where nothing says what the gauge measures up to, it measures what is there.
        let is_free = axis.max.is_none() && goal.is_none() && sheet.spec.thresholds.is_empty();
        let least = axis.min.unwrap_or_else(|| if value < 0.0 && is_free { round(value, 0.0).0 } else { 0.0 });
        let goal = goal.filter(|goal| *goal > least);
        let marked = thresholds.filter(|value| value.is_finite()).chain(goal).fold(least, f64::max);
        let needed = marked.max(value);
        let round = || match axis.min {
            None if needed <= 0.0 && least < 0.0 => 0.0,
            _ => round(least, needed.max(least + (least.abs() * 1e-6).max(1e-9))).1,
        };
        let greatest = axis.max.unwrap_or_else(|| match format.style {
            Style::Percent if least < 100.0 => 100.0,
            Style::Ratio if least < 1.0 => 1.0,
            _ => goal.filter(|goal| *goal >= marked).unwrap_or_else(round),
        });
        if !(least.is_finite() && greatest.is_finite() && least < greatest) {
            let why = format!("goes from {least} to {greatest}, and a gauge goes upwards");
            return Err(ChartError::Axis { axis: "y_axis", why });
        }
        Ok(Self { least, greatest })
    }

    /// Where a value stands, from 0 to 1; beyond the ends, at them.
    fn share(&self, value: f64) -> f64 {
        let share = (value / 2.0 - self.least / 2.0) / (self.greatest / 2.0 - self.least / 2.0);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    fn labels(&self, sheet: &Sheet<'_>) -> (String, String) {
        let format = sheet.spec.y_axis.format.as_ref().unwrap_or(sheet.value_format());
        (format.short(self.least), format.short(self.greatest))
    }

    /// `above 100`, where the arc cannot say so.
    fn beyond(&self, sheet: &Sheet<'_>, value: f64) -> Option<String> {
        let (least, greatest) = self.labels(sheet);
        match value {
            value if value > self.greatest => Some(format!("above {greatest}")),
            value if value < self.least => Some(format!("below {least}")),
            _ => None,
        }
    }
}

/// What lies between two thresholds.
struct Zone {
    from: f64,
    to: f64,
    label: Option<String>,
    paint: Paint,
}

/// The zones from the least to the greatest: from bad to good news, or from good to bad.
fn zones(sheet: &Sheet<'_>, span: &Span) -> Vec<Zone> {
    let inside = |value: f64| value > span.least && value < span.greatest;
    let mut bounds: Vec<(f64, Option<String>)> = sheet
        .spec
        .thresholds
        .iter()
        .filter(|threshold| inside(threshold.value))
        .map(|threshold| (threshold.value, threshold.label.as_deref().map(text::name)))
        .collect();
    if bounds.is_empty() {
        return Vec::new();
    }
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = bounds.len();
    let starts = std::iter::once((span.least, None)).chain(bounds.clone());
    let ends = bounds.iter().map(|bound| bound.0).chain([span.greatest]);
    let paint = |index: usize| {
        let from_good = if sheet.spec.good == Good::Up { last - index } else { index };
        match from_good {
            0 => sheet.palette.good,
            bad if bad == last => sheet.palette.bad,
            _ => sheet.palette.series[4],
        }
    };
    let zone = |(index, ((from, label), to)): (usize, ((f64, Option<String>), f64))| Zone {
        from,
        to,
        label,
        paint: paint(index),
    };
    starts.zip(ends).enumerate().map(zone).collect()
}

/// Where the half ring stands, in CSS pixels.
struct Layout {
    center: (f32, f32),
    outer: f32,
    inner: f32,
    /// How thick the zones are.
    rim: f32,
    /// Whether the ends are written below the ring.
    labelled: bool,
}

impl Layout {
    fn of(sheet: &Sheet<'_>) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let labelled = height >= 90.0 && width >= 110.0;
        let below = if labelled { 20.0 } else { 3.0 };
        // The target's mark and the zones stand out of the ring.
        let rim = if height >= 120.0 { 4.0 } else { 2.5 };
        let out = rim + 4.5;
        let outer = (width / 2.0 - out - 2.0).min(height - below - out).clamp(4.0, 260.0);
        let top = (height - below - outer - out) / 2.0;
        let center = (width / 2.0, top + out + outer);
        Self { center, outer, inner: outer * 0.74, rim, labelled }
    }

    /// A piece of the half ring, which begins at nine o'clock.
    fn arc(&self, from: f64, to: f64, inner: f32, outer: f32, fill: Paint) -> Wedge {
        let angle = |share: f64| f64::from(-FRAC_PI_2) + share * f64::from(PI);
        Wedge {
            center: (units(self.center.0), units(self.center.1)),
            inner: units(inner),
            outer: units(outer),
            start: angle(from),
            end: angle(to),
            fill,
        }
    }

    /// A place beyond or within the ring.
    fn at(&self, share: f64, radius: f32) -> (f32, f32) {
        let angle = -FRAC_PI_2 + share as f32 * PI;
        (self.center.0 + radius * angle.sin(), self.center.1 - radius * angle.cos())
    }

    /// The target: a line through the ring.
    fn tick(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, share: f64) -> Result<(), ChartError> {
        let ends = [self.inner - 3.0, self.outer + self.rim + 4.0].map(|radius| {
            let (x, y) = self.at(share, radius);
            (units(x), units(y))
        });
        canvas.draw(&PathElement::new(ends, sheet.palette.ground.stroke_width(50)))?;
        Ok(canvas.draw(&PathElement::new(ends, sheet.palette.ink.stroke_width(22)))?)
    }

    /// The number in the middle, and below it in which zone it is or that it is beyond an end.
    fn number(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        now: &Headline,
        value: f64,
        caption: Option<&str>,
    ) -> Result<(), ChartError> {
        let small = Look::new(SMALL, sheet.palette.muted).middle();
        let room = self.inner * 1.5;
        let caption = caption
            .filter(|_| self.inner >= 40.0)
            .and_then(|caption| Some((caption, text::fit(caption, room, small.size, small.weight)?)));
        let largest = Look::new((self.inner * 0.42).clamp(9.0, 44.0), sheet.palette.ink).bold().middle();
        let format = sheet.value_format();
        let texts = [format.headline(value), format.short(value)];
        let shrunk = |text: &str| largest.size * (room / largest.width(text)).min(1.0);
        let text = texts.iter().find(|text| shrunk(text) >= largest.size * 0.6).unwrap_or(&texts[1]);
        let look = Look { size: shrunk(text), ..largest };
        // Commas reach below the line, and must not meet what stands there.
        let below = look.size * font::DESCENT;
        let lift = if caption.is_some() { below + SMALL + 1.5 } else { below.max(2.0) };
        let x = units(self.center.0);
        let baseline = (self.center.1 - lift).max(look.size * font::ASCENT);
        canvas.draw(&Label::new(text, (x, units(baseline)), look).standing_for(&now.exact))?;
        if let Some((caption, fit)) = caption {
            canvas.draw(&Label::new(&fit.text, (x, units(self.center.1 - 3.0)), small).standing_for(caption))?;
        }
        Ok(())
    }

    /// The two ends below the ring, and the target between them.
    fn ends(
        &self,
        sheet: &Sheet<'_>,
        canvas: &Canvas<'_>,
        span: &Span,
        target: Option<&Headline>,
    ) -> Result<(), ChartError> {
        if !self.labelled {
            return Ok(());
        }
        let look = Look::new(SMALL, sheet.palette.muted).middle();
        let (least, greatest) = span.labels(sheet);
        let y = units(self.center.1 + 13.0);
        let middle = (self.inner + self.outer) / 2.0;
        let mut free = (0.0_f32, sheet.width());
        for (label, side) in [(&least, -1.0), (&greatest, 1.0)] {
            let wide = look.width(label);
            let x = (self.center.0 + side * middle).clamp(wide / 2.0 + 1.0, sheet.width() - wide / 2.0 - 1.0);
            if side < 0.0 {
                free.0 = x + wide / 2.0 + 8.0;
            } else {
                free.1 = x - wide / 2.0 - 8.0;
            }
            if wide < sheet.width() * 0.45 {
                canvas.draw(&Label::new(label, (units(x), y), look))?;
            }
        }
        let goal = target.and_then(|target| Some((target, target.value?)));
        if let Some((target, goal)) = goal {
            let short = format!("Target {}", sheet.value_format().headline(goal));
            let half = look.width(&short) / 2.0;
            if self.center.0 - half >= free.0 && self.center.0 + half <= free.1 {
                let full = format!("Target {}", target.exact);
                canvas.draw(&Label::new(&short, (units(self.center.0), y), look).standing_for(&full))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_between_the_ends_or_at_them() {
        let span = Span { least: -50.0, greatest: 150.0 };
        let shares = [-1e9, -50.0, 50.0, 100.0, 150.0, 1e300].map(|value| span.share(value));
        assert_eq!(shares, [0.0, 0.0, 0.5, 0.75, 1.0, 1.0]);
        assert_eq!(Span { least: -f64::MAX, greatest: f64::MAX }.share(0.0), 0.5);
    }
}
