//! The frame of every chart with two axes: room for the legend and the labels is measured first, the plot takes what is
//! left, and no label meets another or the picture's edge.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::element::PathElement;
use plotters::style::Color;

use crate::calendar::{self, Grain};
use crate::element::{Label, Look, SMALL};
use crate::legend::{Item, Legend};
use crate::palette::Palette;
use crate::scale::{self, Scale, Ticks};
use crate::scene::{Anchor, Area, Canvas, Recorder, pixels, units};
use crate::{ChartError, Format, Size, text};

/// plotters' chart over our scales.
pub(crate) type Chart<'a> = ChartContext<'a, Recorder<'a>, Cartesian2d<Scale, Scale>>;

/// What stands below the plot.
pub(crate) enum Bottom<'a> {
    /// From one moment to another, at most as exact as the grain.
    Time {
        from: f64,
        to: f64,
        grain: Grain,
    },
    /// A single moment, in the middle.
    Moment {
        at: f64,
        grain: Grain,
    },
    Number {
        from: f64,
        to: f64,
    },
    /// Bands of equal width, by name.
    Bands {
        names: &'a [String],
    },
}

/// What a frame is made from.
pub(crate) struct Request<'a> {
    pub(crate) size: Size,
    pub(crate) palette: &'static Palette,
    pub(crate) format: &'a Format,
    /// The values that must be in the plot, as [`scale::extent`] gives them.
    pub(crate) extent: (f64, f64),
    /// Whether all values are whole numbers.
    pub(crate) whole: bool,
    pub(crate) bottom: Bottom<'a>,
    pub(crate) legend: &'a [Item],
    /// Series that are drawn without a name.
    pub(crate) unnamed: usize,
}

/// A frame in its place.
pub(crate) struct Frame {
    pub(crate) plot: Area,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    palette: &'static Palette,
    legend: Legend,
    rungs: Vec<Rung>,
    below: Vec<Below>,
    /// Where small lines lead from the plot to the labels.
    feet: Vec<i32>,
}

/// A line across the plot and what stands at its left.
struct Rung {
    y: i32,
    label: Option<String>,
    /// Whether it is the line of zero.
    zero: bool,
}

/// A label below the plot.
struct Below {
    x: f32,
    line: usize,
    anchor: Anchor,
    text: String,
    full: String,
}

impl Below {
    fn centered(x: f32, line: usize, text: String) -> Self {
        Self { x, line, anchor: Anchor::Middle, full: text.clone(), text }
    }

    /// From its left end to its right one.
    fn reach(&self, look: Look) -> (f32, f32) {
        let width = look.width(&self.text);
        match self.anchor {
            Anchor::Start => (self.x, self.x + width),
            Anchor::Middle => (self.x - width / 2.0, self.x + width / 2.0),
            Anchor::End => (self.x - width, self.x),
        }
    }
}

/// Between two labels, in CSS pixels.
const APART: f32 = 8.0;
const RIGHT: f32 = 8.0;
const LINE: f32 = 14.0;
const FOOT: f32 = 4.0;

impl Frame {
    pub(crate) fn lay_out(request: &Request<'_>) -> Self {
        let (width, height) = (request.size.width as f32, request.size.height as f32);
        let look = Look::new(SMALL, request.palette.muted);
        let legend = Legend::lay_out(request.legend, request.unnamed, width, if height >= 200.0 { 2 } else { 1 });
        let legend = if legend.height + 50.0 > height { Legend::default() } else { legend };

        let contexts = matches!(request.bottom, Bottom::Time { .. }) && height >= 120.0;
        let wrapped = matches!(request.bottom, Bottom::Bands { names } if height >= 150.0 && wraps(names, width, look));
        let lines = if height < 56.0 { 0 } else { 1 + usize::from(contexts || wrapped) };
        // Half a label stands above the highest rung.
        let top = legend.height + SMALL / 2.0 + 1.0;
        let bottom = (height - lines as f32 * LINE - FOOT - 2.0).max(top + 1.0);
        let room = bottom - top;

        let ticks = value_ticks(request, room);
        let gutter = ticks.ticks.iter().map(|tick| look.width(&tick.label)).fold(0.0, f32::max) + 8.0;
        let gutter = if gutter > width * 0.45 { 1.0 } else { gutter };
        let plot = Area {
            left: units(gutter),
            top: units(top),
            right: units((width - RIGHT).max(gutter + 1.0)),
            bottom: units(bottom),
        };
        let y = Scale::new(ticks.domain, (plot.bottom, plot.top));
        let mut rungs = rungs(&ticks, &y, room);
        if gutter <= 1.0 {
            rungs.iter_mut().for_each(|rung| rung.label = None);
        }

        let (x, mut below, feet) = bottom_axis(&request.bottom, plot, look, lines);
        keep_inside(&mut below, look, width);
        Self { plot, x, y, palette: request.palette, legend, rungs, below, feet }
    }

    /// Draws what lies behind the data: rungs, labels and the legend.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), ChartError> {
        let Area { left, right, bottom, .. } = self.plot;
        let look = Look::new(SMALL, self.palette.muted);
        for rung in &self.rungs {
            let paint = if rung.zero { self.palette.axis } else { self.palette.grid };
            canvas.draw(&PathElement::new([(left, rung.y), (right, rung.y)], paint.stroke_width(10)))?;
            if let Some(label) = &rung.label {
                canvas.draw(&Label::new(label, (left - units(7.0), rung.y), look.end()).centered())?;
            }
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
        self.legend.draw(canvas, 1.0, 0.0, self.palette)
    }

    /// Where plotters draws the series.
    pub(crate) fn chart<'a>(&self, canvas: &Canvas<'a>) -> Result<Chart<'a>, ChartError> {
        Ok(ChartBuilder::on(canvas).build_cartesian_2d(self.x, self.y)?)
    }
}

/// The round values that leave the least of the plot empty, of all that stand neither crowded nor alone.
fn value_ticks(request: &Request<'_>, room: f32) -> Ticks {
    let sparse = (room / 60.0).clamp(2.0, 5.0) as usize;
    let dense = (room / 28.0).clamp(2.0, 7.0) as usize;
    let used = |ticks: &Ticks| {
        let whole = ticks.domain.1 / 2.0 - ticks.domain.0 / 2.0;
        (request.extent.1 / 2.0 - request.extent.0 / 2.0) / whole
    };
    let mut best = scale::ticks(request.extent, sparse, request.format, request.whole);
    for count in sparse + 1..=dense {
        let other = scale::ticks(request.extent, count, request.format, request.whole);
        // A few hundredths of the plot are not worth another line across it.
        if used(&other) > used(&best) + 0.06 {
            best = other;
        }
    }
    best
}

/// The lines across, with labels no closer than they are high.
fn rungs(ticks: &Ticks, y: &Scale, room: f32) -> Vec<Rung> {
    let steps = ticks.ticks.len().saturating_sub(1).max(1);
    let every = (0..).map(|power| 1usize << power).find(|every| room / steps as f32 * *every as f32 >= SMALL + 4.0);
    let every = every.unwrap_or(steps);
    // Thinned from zero where zero is among them, so that zero always speaks.
    let origin = ticks.ticks.iter().position(|tick| tick.value == 0.0).unwrap_or(0);
    let rung = |(index, tick): (usize, &scale::Tick)| {
        index.abs_diff(origin).is_multiple_of(every).then(|| Rung {
            y: y.at(tick.value),
            label: Some(tick.label.clone()),
            zero: tick.value == 0.0,
        })
    };
    ticks.ticks.iter().enumerate().filter_map(rung).collect()
}

/// The scale along the bottom, its labels, and its small lines.
fn bottom_axis(bottom: &Bottom<'_>, plot: Area, look: Look, lines: usize) -> (Scale, Vec<Below>, Vec<i32>) {
    let range = (plot.left, plot.right);
    let room = pixels(plot.width());
    match *bottom {
        Bottom::Time { from, to, grain } => {
            let scale = Scale::new((from, to), range);
            let ticks = match lines {
                0 => Vec::new(),
                _ => {
                    // Wide pictures breathe: the eye needs no more than a dozen moments.
                    let gap = (room / 24.0).clamp(14.0, 44.0);
                    calendar::ticks(from as i64, to as i64, grain, room, gap, |label| look.width(label))
                }
            };
            if ticks.len() < 2 && lines > 0 {
                return (scale, ends(from, to, grain, plot, look), Vec::new());
            }
            let mut below = Vec::new();
            let mut feet = Vec::new();
            for tick in ticks {
                let x = scale.at(tick.at as f64);
                feet.push(x);
                below.push(Below::centered(pixels(x), 0, tick.label));
                if let Some(context) = tick.context.filter(|_| lines > 1) {
                    below.push(Below::centered(pixels(x), 1, context));
                }
            }
            (scale, below, feet)
        }
        Bottom::Moment { at, grain } => {
            let scale = Scale::new((at - 1.0, at + 1.0), range);
            let middle = pixels(scale.at(at));
            let names = [grain.write(at as i64), grain.brief(at as i64)];
            let fitting = names.into_iter().find(|name| lines > 0 && look.width(name) <= room);
            (scale, fitting.map(|name| Below::centered(middle, 0, name)).into_iter().collect(), vec![scale.at(at)])
        }
        Bottom::Number { from, to } => {
            let scale = Scale::new((from, to), range);
            let count = (room / 60.0).clamp(2.0, 12.0) as usize;
            let ticks = scale::ticks((from, to), count, &Format::default(), false).ticks;
            let inside = ticks.into_iter().filter(|tick| (from..=to).contains(&tick.value));
            let mut below = Vec::new();
            let mut feet = Vec::new();
            for tick in inside {
                feet.push(scale.at(tick.value));
                if lines > 0 {
                    below.push(Below::centered(pixels(scale.at(tick.value)), 0, tick.label));
                }
            }
            (scale, below, feet)
        }
        Bottom::Bands { names } => {
            let scale = Scale::new((-0.5, names.len() as f64 - 0.5), range);
            let below = match lines {
                0 => Vec::new(),
                1 => bands(names, &scale, room, look),
                _ => bands_on_two_lines(names, &scale, room, look),
            };
            (scale, below, Vec::new())
        }
    }
}

/// Two moments where there is no room for more: the first at the left, the last at the right.
fn ends(from: f64, to: f64, grain: Grain, plot: Area, look: Look) -> Vec<Below> {
    let (left, right, room) = (pixels(plot.left), pixels(plot.right), pixels(plot.width()));
    let at = |x: f32, anchor, text: String| Below { x, line: 0, anchor, full: text.clone(), text };
    // Over days, the hour at either end says little.
    let grain = if to - from > 2.0 * calendar::DAY as f64 { Grain::Day } else { grain };
    let (first, last) = (grain.brief(from as i64), grain.brief(to as i64));
    if look.width(&first) + look.width(&last) + 10.0 <= room && first != last {
        return vec![at(left, Anchor::Start, first), at(right, Anchor::End, last)];
    }
    vec![at(left + room / 2.0, Anchor::Middle, grain.brief((from / 2.0 + to / 2.0) as i64))]
}

/// Names below their bands: all of them, cut to their bands, or every so many.
fn bands(names: &[String], scale: &Scale, room: f32, look: Look) -> Vec<Below> {
    let band = room / names.len().max(1) as f32;
    let longest = names.iter().take(500).map(|name| look.width(name)).fold(0.0, f32::max);
    let every = if longest + APART <= band || band >= 56.0 {
        1
    } else {
        // Whole names where they are short; of long ones enough to recognise them.
        ((longest + APART).min(90.0) / band).ceil() as usize
    };
    let room = band * every as f32 - APART;
    let labels = names.iter().enumerate().step_by(every).filter_map(|(index, name)| {
        let fit = text::fit(name, room, look.size, look.weight)?;
        let x = pixels(scale.at(index as f64));
        Some(Below { x, line: 0, anchor: Anchor::Middle, text: fit.text.into_owned(), full: name.clone() })
    });
    labels.collect()
}

/// Whether names are too long for their bands, but not on two lines.
fn wraps(names: &[String], width: f32, look: Look) -> bool {
    // Before the axis at the left is measured, a guess of what will be left for the bands: rather too little.
    let room = (width - 70.0) / names.len().max(1) as f32 - APART;
    room >= 30.0
        && names.iter().any(|name| look.width(name) > room)
        && names.iter().all(|name| wrap(name, room, look).is_some())
}

/// Breaks a name between two words so that neither line is wider than the room.
fn wrap(name: &str, room: f32, look: Look) -> Option<(&str, &str)> {
    if look.width(name) <= room {
        return Some((name, ""));
    }
    let mut breaks = name.match_indices(' ').map(|(at, _)| (&name[..at], &name[at + 1..]));
    breaks.rfind(|(first, second)| look.width(first) <= room && look.width(second) <= room)
}

fn bands_on_two_lines(names: &[String], scale: &Scale, room: f32, look: Look) -> Vec<Below> {
    let room = room / names.len().max(1) as f32 - APART / 2.0;
    let mut below = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let x = pixels(scale.at(index as f64));
        let Some((first, second)) = wrap(name, room, look) else { continue };
        for (line, text) in [first, second].into_iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            below.push(Below { full: name.clone(), ..Below::centered(x, line, text.to_owned()) });
        }
    }
    below
}

/// Moves labels that would leave the picture inside, and takes out what would then meet its neighbour. Of two contexts
/// (the second line) the later is the whole one, so the earlier goes.
fn keep_inside(below: &mut Vec<Below>, look: Look, width: f32) {
    for label in below.iter_mut() {
        let (left, right) = label.reach(look);
        if left < 1.0 {
            label.x += 1.0 - left;
        } else if right > width - 1.0 {
            label.x -= right - (width - 1.0);
        }
    }
    let mut kept: Vec<Below> = Vec::with_capacity(below.len());
    for label in below.drain(..) {
        let (left, right) = label.reach(look);
        if left < 0.0 || right > width {
            continue;
        }
        let before = kept.iter().rposition(|before| before.line == label.line);
        match before {
            Some(before) if kept[before].reach(look).1 + 6.0 > left => {
                if label.line == 1 {
                    kept[before] = label;
                }
            }
            _ => kept.push(label),
        }
    }
    *below = kept;
}
