//! The frame of every chart with two axes: room for the legend, the titles and the labels is measured first, the plot
//! takes what is left, and no label meets another or the picture's edge.

use plotters::element::PathElement;
use plotters::style::Color;

use crate::bottom::{Below, keep_inside, wraps};
use crate::element::{Label, Look, SMALL};
use crate::guides::{Data, Guides, Scales};
use crate::legend::{Item, Legend};
use crate::palette::Palette;
use crate::scale::{Scale, Ticks};
use crate::scene::{Area, Canvas, pixels, units};
use crate::upright::{self, Upright};
use crate::{Across, ChartError, LegendItem, Side, Size, Spec, text};

pub(crate) use crate::bottom::Bottom;
pub(crate) use crate::upright::Measured;

/// What a frame is made from.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) size: Size,
    pub(crate) palette: &'static Palette,
    /// Says the axes' titles, ends and scales, and the thresholds, bands and annotations.
    pub(crate) spec: &'a Spec,
    pub(crate) left: Measured<'a>,
    /// What the axis at the right measures, if there is one.
    pub(crate) right: Option<Measured<'a>>,
    pub(crate) bottom: Bottom<'a>,
    pub(crate) legend: &'a [Item],
    /// Series that are drawn without a name.
    pub(crate) unnamed: usize,
    /// Room at the right of the plot, in CSS pixels, for what a kind writes there itself.
    pub(crate) margin: f32,
    /// What is not in the picture, said below it.
    pub(crate) note: Option<&'a str>,
    /// What labels in the plot stand clear of, where there is room elsewhere.
    pub(crate) data: Option<&'a Data<'a>>,
}

/// A frame in its place.
///
/// [`Frame::draw`] comes before the data and [`Frame::draw_upon`] after it.
pub(crate) struct Frame {
    pub(crate) plot: Area,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    /// The scale of the axis at the right; without one, that of the left.
    pub(crate) right: Scale,
    palette: &'static Palette,
    legend: Legend,
    rungs: Vec<Rung>,
    below: Vec<Below>,
    /// Where small lines lead from the plot to the labels.
    feet: Vec<i32>,
    /// Labels of the right axis, on their `y`, and whether no line across leads to them.
    beside: Vec<(i32, String, bool)>,
    titles: Vec<Title>,
    guides: Guides,
    across: Option<Across>,
}

/// A line across the plot and what stands at its left.
struct Rung {
    y: i32,
    label: Option<String>,
    /// Whether it is the line of zero.
    zero: bool,
}

/// What an axis is about: above an upright one, below the other.
struct Title {
    at: (i32, i32),
    look: Look,
    text: String,
    full: String,
}

const RIGHT: f32 = 8.0;
const LINE: f32 = 14.0;
const FOOT: f32 = 4.0;
/// Between an upright axis' labels and the plot.
const GUTTER: f32 = 8.0;

impl Frame {
    /// # Errors
    ///
    /// An axis whose ends or scale cannot be, and a threshold, a band or an annotation that has no place.
    pub(crate) fn lay_out(request: &Request<'_>) -> Result<Self, ChartError> {
        let Request { spec, palette, bottom, .. } = request;
        bottom.check(&spec.x_axis)?;
        let (width, height) = (request.size.width as f32, request.size.height as f32);
        let look = Look::new(SMALL, palette.muted);
        let legend = Legend::lay_out(request.legend, request.unnamed, width - 2.0, if height >= 200.0 { 2 } else { 1 });
        let legend = if legend.height + 50.0 > height { Legend::default() } else { legend };

        let contexts = bottom.has_context() && height >= 120.0;
        let wrapped = matches!(bottom, Bottom::Bands { names, .. } if height >= 150.0 && wraps(names, width, look));
        let lines = if height < 56.0 { 0 } else { 1 + usize::from(contexts || wrapped) };
        let roomy = height >= 140.0 && width >= 160.0;
        let titled = |title: &Option<String>| roomy && title.as_ref().is_some_and(|title| !title.trim().is_empty());
        let above = titled(&spec.y_axis.title) || request.right.is_some() && titled(&spec.right_axis.title);
        let under = titled(&spec.x_axis.title) || roomy && request.note.is_some();
        // Half a label stands above the highest rung.
        let top = legend.height + if above { LINE + 2.0 } else { 0.0 } + SMALL / 2.0 + 1.0;
        let footer = lines as f32 * LINE + FOOT + 2.0 + if under { LINE } else { 0.0 };
        let floor = (height - footer).max(top + 1.0);
        let room = floor - top;

        let others = |side: Side| spec.thresholds.iter().filter(move |line| line.axis == side).map(|line| line.value);
        let left = Upright::lay_out(&request.left, &spec.y_axis, upright::LEFT, others(Side::Left), room)?;
        let right = match &request.right {
            None => None,
            Some(measured) => {
                let own = Upright::lay_out(measured, &spec.right_axis, upright::RIGHT, others(Side::Right), room)?;
                let shared = left.beside(measured, &spec.right_axis, &own);
                let lone = shared.is_none();
                Some((
                    match shared {
                        Some(ticks) => own.with(ticks),
                        None => own,
                    },
                    lone,
                ))
            }
        };

        let widest =
            |ticks: &Ticks| ticks.ticks.iter().map(|tick| look.width(&tick.label)).fold(0.0, f32::max) + GUTTER;
        let (mut gutter, mut edge) =
            (widest(&left.ticks), right.as_ref().map_or(RIGHT, |(right, _)| widest(&right.ticks)));
        if gutter + edge > width * 0.5 && right.is_some() {
            edge = RIGHT;
        }
        let beside_shown = edge > RIGHT || right.is_none();
        if gutter > width * 0.45 {
            gutter = 1.0;
        }
        let margin = if request.margin > width * 0.4 { 0.0 } else { request.margin };
        let plot = Area {
            left: units(gutter),
            top: units(top),
            right: units((width - edge.max(margin)).max(gutter + 1.0)),
            bottom: units(floor),
        };
        let y = left.scale(plot.bottom, plot.top);
        let least = SMALL + 4.0;
        let rungs = left.shown(room, least).into_iter().map(|tick| Rung {
            y: y.at(tick.value),
            label: (gutter > 1.0).then(|| tick.label.clone()),
            zero: tick.value == 0.0,
        });
        let rungs = rungs.collect();
        let mut beside = Vec::new();
        let right_scale = right.as_ref().map(|(right, _)| right.scale(plot.bottom, plot.top));
        if let (Some((right, lone)), Some(scale), true) = (&right, &right_scale, beside_shown) {
            let shown = right.shown(room, least);
            beside.extend(shown.into_iter().map(|tick| (scale.at(tick.value), tick.label.clone(), *lone)));
        }

        let mut along = bottom.lay_out(spec, plot, look, lines);
        keep_inside(&mut along.labels, look, width);
        along.name_zone(plot, look, lines, width);
        let scales = Scales { x: &along.scale, left: &y, right: right_scale.as_ref() };
        let guides = Guides::lay_out(spec, bottom, &scales, plot, request.data)?;
        let mut frame = Self {
            plot,
            x: along.scale,
            y,
            right: right_scale.unwrap_or(y),
            palette,
            legend,
            rungs,
            below: along.labels,
            feet: along.feet,
            beside,
            titles: Vec::new(),
            guides,
            across: bottom.across(&spec.x_axis),
        };
        frame.title(request, above, under);
        Ok(frame)
    }

    /// Places the axes' titles: those of upright axes above them, that of the bottom one below its right end.
    fn title(&mut self, request: &Request<'_>, above: bool, under: bool) {
        let look = Look::new(SMALL, self.palette.muted);
        let (width, height) = (request.size.width as f32, request.size.height as f32);
        let spec = request.spec;
        let mut put = |title: &Option<String>, x: f32, baseline: f32, look: Look, room: f32| {
            let full = text::name(title.as_deref().unwrap_or_default().trim());
            if let Some(fit) = text::fit(&full, room, look.size, look.weight).filter(|fit| !fit.text.is_empty()) {
                let text = fit.text.into_owned();
                self.titles.push(Title { at: (units(x), units(baseline)), look, text, full });
            }
        };
        if above {
            let baseline = self.legend.height + SMALL;
            let both = request.right.is_some() && spec.right_axis.title.is_some();
            let room = if both { width / 2.0 - 8.0 } else { width - 2.0 };
            put(&spec.y_axis.title, 1.0, baseline, look, room);
            if request.right.is_some() {
                put(&spec.right_axis.title, width - 1.0, baseline, look.end(), room);
            }
        }
        if under {
            let baseline = height - 3.5;
            put(&spec.x_axis.title, pixels(self.plot.right), baseline, look.end(), pixels(self.plot.width()));
            let titled = spec.x_axis.title.as_ref().map_or(0.0, |title| look.width(title) + 16.0);
            let note = request.note.map(str::to_owned);
            put(&note, 1.0, baseline, look, pixels(self.plot.right) - titled);
        }
    }

    /// Draws what lies behind the data: bands, rungs, labels and the legend.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        let Area { left, right, bottom, .. } = self.plot;
        let look = Look::new(SMALL, self.palette.muted);
        self.guides.draw_behind(canvas, self.plot, self.palette)?;
        for rung in &self.rungs {
            let paint = if rung.zero { self.palette.axis } else { self.palette.grid };
            canvas.draw(&PathElement::new([(left, rung.y), (right, rung.y)], paint.stroke_width(10)))?;
            if let Some(label) = &rung.label {
                canvas.draw(&Label::new(label, (left - units(GUTTER - 1.0), rung.y), look.end()).centered())?;
            }
        }
        for (y, label, lone) in &self.beside {
            if *lone {
                // Inside the plot: before a number it would be a minus.
                let line = [(right - units(FOOT), *y), (right, *y)];
                canvas.draw(&PathElement::new(line, self.palette.axis.stroke_width(10)))?;
            }
            canvas.draw(&Label::new(label, (right + units(GUTTER - 1.0), *y), look).centered())?;
        }
        for foot in &self.feet {
            let line = [(*foot, bottom), (*foot, bottom + units(FOOT))];
            canvas.draw(&PathElement::new(line, self.palette.axis.stroke_width(10)))?;
        }
        for below in &self.below {
            let baseline = pixels(bottom) + FOOT + 12.0 + below.line as f32 * LINE;
            let look = Look { anchor: below.anchor, ..look };
            let label = Label::new(&below.text, (units(below.x), units(baseline)), look);
            canvas.draw(&label.standing_for(&below.full))?;
        }
        for title in &self.titles {
            canvas.draw(&Label::new(&title.text, title.at, title.look).standing_for(&title.full))?;
        }
        self.legend.draw(canvas, 1.0, 0.0, self.palette)
    }

    /// Draws what lies upon the data: thresholds, and the labels of all that the spec marks.
    pub(crate) fn draw_upon(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        self.guides.draw_upon(canvas, self.plot, self.palette)
    }

    /// The legend as the web view needs it.
    pub(crate) fn legend(&self) -> Vec<LegendItem> {
        self.legend.items(1.0, 0.0)
    }

    /// What stands along the bottom, for a crosshair and to zoom.
    pub(crate) fn across(&self) -> Option<Across> {
        self.across
    }
}
