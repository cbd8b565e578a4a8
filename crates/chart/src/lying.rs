//! The frame of bars that lie: names at the left with as much room as they need, values along the bottom.
//!
//! It is the upright frame turned over: the spec's `x_axis` is the one of the names, `y_axis` the one of the values, and
//! thresholds, bands and annotations follow their axis.

use plotters::element::PathElement;
use plotters::style::Color;

use crate::bottom::Bottom;
use crate::cartesian::Measured;
use crate::element::{Label, Look, Path, SMALL};
use crate::guides::{Data, Guides, Scales, ends};
use crate::kinds::Sheet;
use crate::legend::{Item, Legend};
use crate::palette::Palette;
use crate::scale::Scale;
use crate::scene::{Area, Canvas, Dash, pixels, units};
use crate::upright::{self, Upright};
use crate::{Annotation, Band, ChartError, LegendItem, Place, Side, Spec, Threshold, text};

/// A frame in its place.
pub(crate) struct Lying {
    pub(crate) plot: Area,
    /// From the first name at the top to the last one, by index.
    pub(crate) along: Scale,
    pub(crate) values: Scale,
    palette: &'static Palette,
    legend: Legend,
    /// Where names stand, as they are drawn and in full.
    names: Vec<(i32, String, String)>,
    /// Lines through the plot, what stands below them, and whether it is the line of zero.
    rungs: Vec<(i32, Option<String>, bool)>,
    guides: Guides,
    /// Thresholds of the values: lines through the plot, upon the bars.
    thresholds: Vec<i32>,
    /// The titles of both axes, with their places.
    titles: Vec<(Look, (i32, i32), String, String)>,
}

/// Between the names and the plot, in CSS pixels.
const GUTTER: f32 = 7.0;
const LINE: f32 = 14.0;
const RIGHT: f32 = 8.0;
/// Names take no more of the picture than this.
const MOST: f32 = 0.4;
const WIDEST: f32 = 240.0;

impl Lying {
    pub(crate) fn lay_out(
        sheet: &Sheet<'_>,
        bands: &Bottom<'_>,
        names: &[String],
        values: &Measured<'_>,
        items: &[Item],
        note: Option<&str>,
        data: &Data<'_>,
    ) -> Result<Self, ChartError> {
        let (width, height, spec, palette) = (sheet.width(), sheet.height(), sheet.spec, sheet.palette);
        bands.check(&spec.x_axis)?;
        let look = Look::new(SMALL, palette.muted);
        let legend = Legend::lay_out(items, 0, width, if height >= 200.0 { 2 } else { 1 });
        let legend = if legend.height + 50.0 > height { Legend::default() } else { legend };
        let roomy = height >= 140.0 && width >= 160.0;
        let titled = |title: &Option<String>| roomy && title.as_ref().is_some_and(|title| !title.trim().is_empty());
        let (above, titled) = (titled(&spec.x_axis.title), titled(&spec.y_axis.title));
        let under = titled || roomy && note.is_some();
        let labelled = height >= 56.0;
        let top = legend.height + if above { LINE + 2.0 } else { 1.0 };
        let footer = if labelled { LINE + 6.0 } else { 2.0 } + if under { LINE } else { 0.0 };
        let floor = (height - footer).max(top + 1.0);

        let every = ((SMALL + 3.0) * names.len() as f32 / (floor - top)).ceil().max(1.0) as usize;
        let most = if width >= 100.0 { (width * MOST).min(WIDEST) } else { 0.0 };
        // Of bars thinner than their names, the first one's name would leave the picture.
        let shown = names.iter().enumerate().skip(every / 2).step_by(every);
        let widest = shown.clone().map(|(_, name)| look.width(name)).fold(0.0, f32::max);
        let gutter = if most == 0.0 { 1.0 } else { widest.min(most) + GUTTER };
        // Labels beside each other need more room than labels above each other.
        let others = spec.thresholds.iter().filter(|line| line.axis == Side::Left).map(|line| line.value);
        let axis = Upright::lay_out(values, &spec.y_axis, upright::LEFT, others, (width - gutter - RIGHT) * 0.5)?;
        // Half of the last label stands beyond the plot.
        let last = axis.ticks.ticks.last().map_or(0.0, |tick| look.width(&tick.label) / 2.0);
        let edge = if labelled { RIGHT.max(last + 1.0) } else { RIGHT };
        let plot = Area {
            left: units(gutter),
            top: units(top),
            right: units((width - edge).max(gutter + 1.0)),
            bottom: units(floor),
        };
        let along = Scale::new((-0.5, names.len() as f64 - 0.5), (plot.top, plot.bottom));
        let texts = text::fit_names(shown.clone().map(|(_, name)| name.as_str()), most, look.size, look.weight);
        let place = |((index, name), text): ((usize, &String), Option<String>)| {
            Some((along.at(index as f64), text?, name.clone()))
        };
        let placed = if (floor - top) < SMALL { Vec::new() } else { shown.zip(texts).filter_map(place).collect() };

        let scale = axis.scale(plot.left, plot.right);
        let room = pixels(plot.width());
        let widest = axis.ticks.ticks.iter().map(|tick| look.width(&tick.label)).fold(0.0, f32::max);
        let mut rungs = Vec::new();
        let mut end = f32::NEG_INFINITY;
        for tick in axis.shown(room, widest + 10.0) {
            let (x, half) = (scale.at(tick.value), look.width(&tick.label) / 2.0);
            // A label that would leave the picture or meet the one before is left out; its line stays.
            let inside = pixels(x) - half >= 0.0 && pixels(x) + half <= width && pixels(x) - half > end + 6.0;
            let label = (labelled && inside).then(|| tick.label.clone());
            if label.is_some() {
                end = pixels(x) + half;
            }
            rungs.push((x, label, tick.value == 0.0));
        }

        let turned = turned(spec, bands)?;
        let (from, to) = scale.domain();
        let bottom = Bottom::Number { from, to };
        let scales = Scales { x: &scale, left: &along, right: None };
        let guides = Guides::lay_out(&turned, &bottom, &scales, plot, Some(data))?;
        let thresholds = spec.thresholds.iter().filter(|line| line.axis == Side::Left && scale.holds(line.value));
        let thresholds = thresholds.map(|line| scale.at(line.value)).collect();
        let mut frame = Self {
            thresholds,
            plot,
            along,
            values: scale,
            palette,
            legend,
            names: placed,
            rungs,
            guides,
            titles: Vec::new(),
        };
        if above {
            let baseline = frame.legend.height + SMALL;
            frame.title(&spec.x_axis.title, look, (1.0, baseline), width - 2.0);
        }
        if under {
            let (right, baseline) = (pixels(plot.right), height - 3.5);
            frame.title(&spec.y_axis.title, look.end(), (right, baseline), room);
            let titled = spec.y_axis.title.as_ref().map_or(0.0, |title| look.width(title) + 16.0);
            frame.title(&note.map(str::to_owned), look, (1.0, baseline), right - titled);
        }
        Ok(frame)
    }

    fn title(&mut self, title: &Option<String>, look: Look, (x, baseline): (f32, f32), room: f32) {
        let full = text::name(title.as_deref().unwrap_or_default().trim());
        if let Some(fit) = text::fit(&full, room, look.size, look.weight) {
            let text = fit.text.into_owned();
            self.titles.push((look, (units(x), units(baseline)), text, full));
        }
    }

    /// Draws what lies behind the bars.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        let Area { left, top, bottom, .. } = self.plot;
        let look = Look::new(SMALL, self.palette.muted);
        self.guides.draw_behind(canvas, self.plot, self.palette)?;
        for (x, label, zero) in &self.rungs {
            let paint = if *zero { self.palette.axis } else { self.palette.grid };
            canvas.draw(&PathElement::new([(*x, top), (*x, bottom)], paint.stroke_width(10)))?;
            if let Some(label) = label {
                canvas.draw(&Label::new(label, (*x, bottom + units(LINE)), look.middle()))?;
            }
        }
        for (y, name, full) in &self.names {
            let look = Look::new(SMALL, self.palette.ink).end();
            let label = Label::new(name, (left - units(GUTTER - 1.0), *y), look);
            canvas.draw(&label.centered().standing_for(full))?;
        }
        for (look, at, title, full) in &self.titles {
            canvas.draw(&Label::new(title, *at, *look).standing_for(full))?;
        }
        self.legend.draw(canvas, 1.0, 0.0, self.palette)
    }

    /// Draws what lies upon the bars.
    pub(crate) fn draw_upon(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        let Area { top, bottom, .. } = self.plot;
        for x in &self.thresholds {
            let points = vec![(*x, top), (*x, bottom)];
            canvas.draw(&Path { points, paint: self.palette.ink, width: 10, dash: Dash::Short })?;
        }
        self.guides.draw_upon(canvas, self.plot, self.palette)
    }

    pub(crate) fn legend(&self) -> Vec<LegendItem> {
        self.legend.items(1.0, 0.0)
    }
}

/// The spec whose guides mean the same in a plot that is turned over: what was measured from the bottom up is measured
/// from left to right, and names are indexes.
fn turned(spec: &Spec, bands: &Bottom<'_>) -> Result<Spec, ChartError> {
    let mut turned = Spec::new(spec.kind);
    for threshold in &spec.thresholds {
        let (axis, value) = match threshold.axis {
            Side::Bottom => match bands.find(&Place::Number(threshold.value), "a threshold")? {
                Some(stretch) => (Side::Left, middle(stretch)),
                None => continue,
            },
            Side::Left => (Side::Bottom, threshold.value),
            Side::Right => return Err(ChartError::NoRightAxis { role: "a threshold" }),
        };
        turned.thresholds.push(Threshold { value, axis, label: threshold.label.clone() });
    }
    for Annotation { at, label } in &spec.annotations {
        let Some(stretch) = bands.find(at, "an annotation")? else { continue };
        let value = middle(stretch);
        turned.thresholds.push(Threshold { value, label: Some(label.clone()), axis: Side::Left });
    }
    for band in &spec.bands {
        turned.bands.push(match band.axis {
            Side::Left => Band { axis: Side::Bottom, ..band.clone() },
            Side::Right => return Err(ChartError::NoRightAxis { role: "a band" }),
            Side::Bottom => {
                let Some([from, to]) = ends(band, bands)? else { continue };
                Band {
                    from: from.map(Place::Number),
                    to: to.map(Place::Number),
                    label: band.label.clone(),
                    axis: Side::Left,
                }
            }
        });
    }
    Ok(turned)
}

fn middle((from, to): (f64, f64)) -> f64 {
    from / 2.0 + to / 2.0
}
