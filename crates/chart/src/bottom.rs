//! The axis along the bottom: moments, numbers or names, and the labels below it, none of which meets another.

use crate::calendar;
use crate::clock::Clock;
use crate::element::Look;
use crate::scale::{self, Scale};
use crate::scene::{Anchor, Area, pixels};
use crate::upright::{Which, check};
use crate::{Across, Axis, AxisScale, ChartError, Measure, Place, Spec, Style, logarithm, text};

/// What stands below the plot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bottom<'a> {
    /// From one instant to another, in Unix microseconds.
    Time { from: f64, to: f64, clock: &'a Clock },
    /// A single instant, in the middle.
    Moment { at: f64, clock: &'a Clock },
    /// From one number to another.
    Number { from: f64, to: f64 },
    /// Bands of equal width, by name. Each is as wide as one, and its middle is its index.
    Bands {
        names: &'a [String],
        /// Where names stand for stretches of time, the instant at which each begins and whose clock names it.
        moments: Option<(&'a [f64], &'a Clock)>,
    },
}

/// A label below the plot.
#[derive(Debug)]
pub(crate) struct Below {
    pub(crate) x: f32,
    pub(crate) line: usize,
    pub(crate) anchor: Anchor,
    pub(crate) text: String,
    pub(crate) full: String,
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

/// The axis in its place.
#[derive(Debug)]
pub(crate) struct Along {
    pub(crate) scale: Scale,
    pub(crate) labels: Vec<Below>,
    /// Where small lines lead from the plot to the labels.
    pub(crate) feet: Vec<i32>,
    /// Whose hours the labels say, where they say hours.
    pub(crate) zone: Option<String>,
}

/// Between two labels, in CSS pixels.
const APART: f32 = 8.0;
pub(crate) const AXIS: Which = Which { field: "x_axis" };

impl Bottom<'_> {
    /// Whether a second line of labels says the day or the year of the first.
    pub(crate) fn has_context(&self) -> bool {
        matches!(self, Self::Time { .. })
    }

    /// Whether what the spec says of this axis can be so.
    pub(crate) fn check(&self, axis: &Axis) -> Result<(), ChartError> {
        check(axis, AXIS)?;
        let bad = |why: &str| Err(ChartError::Axis { axis: AXIS.field, why: why.to_owned() });
        match self {
            Self::Number { from, .. } if axis.scale == AxisScale::Log && *from <= 0.0 => {
                bad("is logarithmic, where zero and negative numbers have no place")
            }
            Self::Number { .. } => Ok(()),
            _ if axis.scale == AxisScale::Log => bad("is logarithmic, and only numbers have a logarithm"),
            _ if axis.min.is_some() || axis.max.is_some() => {
                bad("has `min` or `max`, which only an axis of numbers has")
            }
            _ => Ok(()),
        }
    }

    /// The axis for a plot, with so many lines of labels.
    pub(crate) fn lay_out(&self, spec: &Spec, plot: Area, look: Look, lines: usize) -> Along {
        let range = (plot.left, plot.right);
        let room = pixels(plot.width());
        match *self {
            Self::Time { from, to, clock } => {
                let scale = Scale::new((from, to), range);
                // Wide pictures breathe: the eye needs no more than a dozen moments.
                let gap = (room / 24.0).clamp(14.0, 44.0);
                let ticks = match lines {
                    0 => calendar::Ticks::default(),
                    _ => clock.ticks(from, to, room, gap, |label| look.width(label)),
                };
                if ticks.ticks.len() < 2 && lines > 0 {
                    return Along { scale, labels: ends(from, to, clock, plot, look), feet: Vec::new(), zone: None };
                }
                let mut along = Along { scale, labels: Vec::new(), feet: Vec::new(), zone: ticks.zone };
                for tick in ticks.ticks {
                    let x = scale.at(tick.at as f64);
                    along.feet.push(x);
                    along.labels.push(Below::centered(pixels(x), 0, tick.label));
                    if let Some(context) = tick.context.filter(|_| lines > 1) {
                        along.labels.push(Below::centered(pixels(x), 1, context));
                    }
                }
                along
            }
            Self::Moment { at, clock } => {
                let scale = Scale::new((at - 1.0, at + 1.0), range);
                let middle = pixels(scale.at(at));
                let names = [vec![clock.write(at)], clock.briefs(&[at])].concat();
                let fitting = names.into_iter().find(|name| lines > 0 && look.width(name) <= room);
                let labels = fitting.map(|name| Below::centered(middle, 0, name)).into_iter().collect();
                Along { scale, labels, feet: vec![scale.at(at)], zone: None }
            }
            Self::Number { from, to } => numbers((from, to), spec, range, look, lines),
            Self::Bands { names, .. } => {
                let scale = Scale::new((-0.5, names.len() as f64 - 0.5), range);
                let labels = match lines {
                    0 => Vec::new(),
                    1 => bands(names, &scale, room, look),
                    _ => bands_on_two_lines(names, &scale, room, look),
                };
                Along { scale, labels, feet: Vec::new(), zone: None }
            }
        }
    }

    /// What the web view is told of the axis; bands and a single moment cannot be zoomed into.
    pub(crate) fn across(&self, axis: &Axis) -> Option<Across> {
        match *self {
            Self::Time { from, to, .. } => Some(Across { measure: Measure::Time, from, to, log: false }),
            Self::Number { from, to } => {
                Some(Across { measure: Measure::Number, from, to, log: axis.scale == AxisScale::Log })
            }
            Self::Moment { .. } | Self::Bands { .. } => None,
        }
    }

    /// The stretch of the axis that a place means: a band from side to side, anything else without width. `None` for a
    /// name that today's answer lacks, which a filter or a quiet day is enough for.
    pub(crate) fn find(&self, place: &Place, role: &'static str) -> Result<Option<(f64, f64)>, ChartError> {
        let unknown = |why: String| {
            let written = match place {
                Place::Number(number) => number.to_string(),
                Place::Text(text) => text::name(text),
            };
            ChartError::NoPlace { role, written, why }
        };
        const DATE: &str = "is no date or time; write one as `2026-01-31` or `2026-01-31T14:05`";
        match (*self, place) {
            (Self::Time { clock, .. } | Self::Moment { clock, .. }, Place::Text(text)) => {
                let at = clock.read(text).ok_or_else(|| unknown(DATE.into()))?;
                Ok(Some((at, at)))
            }
            (Self::Time { .. } | Self::Moment { .. }, Place::Number(_)) => Err(unknown(DATE.into())),
            (Self::Number { .. }, Place::Number(number)) if number.is_finite() => Ok(Some((*number, *number))),
            (Self::Number { .. }, Place::Text(text)) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some((number, number))),
                _ => Err(unknown("is no number, and numbers stand along the bottom".into())),
            },
            (Self::Number { .. }, Place::Number(_)) => Err(unknown("is no place on an axis".into())),
            (Self::Bands { moments: Some((starts, clock)), .. }, Place::Text(text)) => {
                let at = clock.read(text).ok_or_else(|| unknown(DATE.into()))?;
                // Before the first band and after the last, a place outside.
                let index = starts.partition_point(|start| *start <= at) as f64 - 1.0;
                let length = starts.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
                let after = starts.last().is_some_and(|last| at >= last + length);
                let index = if after { index + 1.0 } else { index };
                Ok(Some((index - 0.5, index + 0.5)))
            }
            (Self::Bands { names, .. }, place) => {
                let wanted = match place {
                    Place::Number(number) => number.to_string(),
                    Place::Text(text) => text::name(text),
                };
                let found = names.iter().position(|name| *name == wanted);
                Ok(found.map(|index| (index as f64 - 0.5, index as f64 + 0.5)))
            }
        }
    }
}

impl Along {
    /// Writes the zone's name where nothing else stands on the last line of labels: as far to the right as may be, else
    /// at its left end, below the labels of the axis there. Where there is no such place, the marks still say it.
    pub(crate) fn name_zone(&mut self, plot: Area, look: Look, lines: usize, width: f32) {
        let Some(zone) = self.zone.take().filter(|_| lines > 0) else { return };
        let at = |x: f32, line| Below { x, line, anchor: Anchor::End, text: zone.clone(), full: zone.clone() };
        let (left, right) = (pixels(plot.left) - APART, pixels(plot.right));
        let free = |place: &Below| {
            let (left, right) = place.reach(look);
            let clear = |label: &Below| {
                let (from, to) = label.reach(look);
                to + APART <= left || right + APART <= from
            };
            left >= 0.0 && right <= width && self.labels.iter().filter(|label| label.line == place.line).all(clear)
        };
        // From the right end on to the left, as far as there is an axis.
        let steps = (0..).map(|step| right - step as f32 * 12.0).take_while(|x| *x > left);
        let along = steps.map(|x| at(x, lines - 1));
        let place = along.chain([at(left, lines - 1), at(left, 0)]).find(free);
        self.labels.extend(place);
    }
}

/// Numbers between two ends, at round ones.
fn numbers((from, to): (f64, f64), spec: &Spec, range: (i32, i32), look: Look, lines: usize) -> Along {
    let room = pixels(range.1 - range.0);
    let axis = &spec.x_axis;
    let plain = spec.format.styled(Style::Auto);
    let format = axis.format.as_ref().unwrap_or(&plain);
    let (scale, ticks) = if axis.scale == AxisScale::Log {
        let ticks = logarithm::ticks((from, to), (true, true), room, |label| look.width(label) + 16.0, format);
        (Scale::log((from, to), range), ticks.ticks)
    } else {
        let count = (room / 60.0).clamp(2.0, 12.0) as usize;
        (Scale::new((from, to), range), scale::ticks((from, to), count, format, false).ticks)
    };
    let mut along = Along { scale, labels: Vec::new(), feet: Vec::new(), zone: None };
    for tick in ticks.into_iter().filter(|tick| (from..=to).contains(&tick.value)) {
        along.feet.push(scale.at(tick.value));
        if lines > 0 {
            along.labels.push(Below::centered(pixels(scale.at(tick.value)), 0, tick.label));
        }
    }
    along
}

/// Two moments where there is no room for more: the first at the left, the last at the right.
fn ends(from: f64, to: f64, clock: &Clock, plot: Area, look: Look) -> Vec<Below> {
    let (left, right, room) = (pixels(plot.left), pixels(plot.right), pixels(plot.width()));
    let at = |x: f32, anchor, text: String| Below { x, line: 0, anchor, full: text.clone(), text };
    // Over days, the hour at either end says little.
    let by_day = clock.by_day();
    let clock = if to - from > 2.0 * calendar::DAY as f64 { &by_day } else { clock };
    if let [first, last] = clock.briefs(&[from, to]).as_slice()
        && look.width(first) + look.width(last) + 10.0 <= room
        && first != last
    {
        return vec![at(left, Anchor::Start, first.clone()), at(right, Anchor::End, last.clone())];
    }
    let middle = clock.briefs(&[from / 2.0 + to / 2.0]).into_iter();
    middle.map(|middle| at(left + room / 2.0, Anchor::Middle, middle)).collect()
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
    let shown = names.iter().enumerate().step_by(every);
    let texts = text::fit_names(shown.clone().map(|(_, name)| name.as_str()), room, look.size, look.weight);
    let labels = shown.zip(texts).filter_map(|((index, name), text)| {
        let x = pixels(scale.at(index as f64));
        Some(Below { x, line: 0, anchor: Anchor::Middle, text: text?, full: name.clone() })
    });
    labels.collect()
}

/// Whether names are too long for their bands, but not on two lines.
pub(crate) fn wraps(names: &[String], width: f32, look: Look) -> bool {
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
pub(crate) fn keep_inside(below: &mut Vec<Below>, look: Look, width: f32) {
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
