//! The upright axes: what they measure, from where to where, and the round values along them.

use crate::format::Format;
use crate::logarithm;
use crate::scale::{self, Extent, Scale, Tick, Ticks};
use crate::{Axis, AxisScale, ChartError, text};

/// What an upright axis measures.
#[derive(Debug, Clone)]
pub(crate) struct Measured<'a> {
    /// All values that are drawn.
    pub(crate) extent: Extent,
    /// Whether zero belongs to the axis, because bars or areas stand on it.
    pub(crate) from_zero: bool,
    /// Whether all values are whole numbers.
    pub(crate) whole: bool,
    pub(crate) format: &'a Format,
    /// The columns of the values, for an error to name.
    pub(crate) columns: String,
}

/// Which of the two axes, for an error to name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which {
    /// The spec's field.
    pub(crate) field: &'static str,
}

pub(crate) const LEFT: Which = Which { field: "y_axis" };
pub(crate) const RIGHT: Which = Which { field: "right_axis" };

/// An axis, before it knows where the plot stands.
#[derive(Debug)]
pub(crate) struct Upright {
    pub(crate) ticks: Ticks,
    log: bool,
}

impl Upright {
    /// Lays out an axis of so many CSS pixels, which shows `others` (thresholds) besides the values.
    pub(crate) fn lay_out(
        measured: &Measured<'_>,
        axis: &Axis,
        which: Which,
        others: impl Iterator<Item = f64>,
        room: f32,
    ) -> Result<Self, ChartError> {
        check(axis, which)?;
        let log = axis.scale == AxisScale::Log;
        let mut extent = measured.extent;
        others.filter(|other| !log || *other > 0.0).for_each(|other| extent.add(other));
        if log {
            return Ok(Self { ticks: by_logarithm(extent, measured, axis, room)?, log });
        }
        if measured.from_zero && (axis.min.is_some_and(|min| min > 0.0) || axis.max.is_some_and(|max| max < 0.0)) {
            let why = "leaves zero out, and bars and areas stand on zero".to_owned();
            return Err(ChartError::Axis { axis: which.field, why });
        }
        Ok(Self { ticks: in_proportion(extent, measured, axis, room), log })
    }

    /// The scale between the plot's bottom and its top, in units.
    pub(crate) fn scale(&self, bottom: i32, top: i32) -> Scale {
        let scale = if self.log { Scale::log } else { Scale::new };
        scale(self.ticks.domain, (bottom, top))
    }

    /// The ticks that have room for a label: in proportion, every second or fourth from zero on.
    pub(crate) fn shown(&self, room: f32, least: f32) -> Vec<&Tick> {
        let ticks = &self.ticks.ticks;
        if self.log {
            return ticks.iter().collect();
        }
        let whole = self.ticks.domain.1 / 2.0 - self.ticks.domain.0 / 2.0;
        let step = match ticks.as_slice() {
            [first, second, ..] => ((second.value / 2.0 - first.value / 2.0) / whole) as f32 * room,
            _ => room,
        };
        let every = (0..16).map(|power| 1usize << power).find(|every| step * *every as f32 >= least);
        let every = every.unwrap_or(ticks.len().max(1));
        // Thinned from zero where zero is among them, so that zero always speaks.
        let origin = ticks.iter().position(|tick| tick.value == 0.0).unwrap_or(0);
        let kept = ticks.iter().enumerate().filter(|(index, _)| index.abs_diff(origin).is_multiple_of(every));
        kept.map(|(_, tick)| tick).collect()
    }

    /// An axis beside this one whose ticks stand on the same lines, where that wastes less than half of it.
    pub(crate) fn beside(&self, measured: &Measured<'_>, axis: &Axis, own: &Self) -> Option<Ticks> {
        if self.log || own.log || axis.min.is_some() || axis.max.is_some() || self.ticks.ticks.len() < 2 {
            return None;
        }
        let (first, last) = (self.ticks.ticks.first()?.value, self.ticks.ticks.last()?.value);
        // An axis whose ends are not ticks has no lines to share.
        if (first, last) != self.ticks.domain {
            return None;
        }
        let (least, greatest) = own.ticks.domain;
        let ticks = scale::exactly((least, greatest), self.ticks.ticks.len() - 1, measured.format, measured.whole)?;
        let used = (greatest / 2.0 - least / 2.0) / (ticks.domain.1 / 2.0 - ticks.domain.0 / 2.0);
        let zero = |ticks: &Ticks| ticks.ticks.iter().position(|tick| tick.value == 0.0);
        let same_zero = zero(&self.ticks).is_none() || zero(&ticks).is_none() || zero(&self.ticks) == zero(&ticks);
        (used > 0.5 && same_zero).then_some(ticks)
    }

    /// The same axis with other ticks.
    pub(crate) fn with(self, ticks: Ticks) -> Self {
        Self { ticks, ..self }
    }
}

/// Whether the ends that an axis says can be its ends.
pub(crate) fn check(axis: &Axis, which: Which) -> Result<(), ChartError> {
    let bad = |why: String| Err(ChartError::Axis { axis: which.field, why });
    for (name, end) in [("min", axis.min), ("max", axis.max)] {
        match end {
            Some(end) if !end.is_finite() => return bad(format!("has {name} = {end}, which is no number")),
            Some(end) if axis.scale == AxisScale::Log && end <= 0.0 => {
                return bad(format!("is logarithmic, where {name} = {end} has no place"));
            }
            _ => {}
        }
    }
    match (axis.min, axis.max) {
        (Some(min), Some(max)) if min >= max => bad(format!("begins at min = {min} and ends at max = {max}")),
        _ => Ok(()),
    }
}

fn by_logarithm(extent: Extent, measured: &Measured<'_>, axis: &Axis, room: f32) -> Result<Ticks, ChartError> {
    if extent.positive > extent.greatest {
        return Err(ChartError::NonePositive { columns: text::name(&measured.columns) });
    }
    let (mut least, mut greatest) = (extent.positive, extent.greatest);
    if let Some(min) = axis.min {
        (least, greatest) = (min, if greatest > min { greatest } else { min * 10.0 });
    }
    if let Some(max) = axis.max {
        (least, greatest) = (if least < max { least } else { max / 10.0 }, max);
    }
    let fixed = (axis.min.is_some(), axis.max.is_some());
    Ok(logarithm::ticks((least, greatest), fixed, room, |_| 24.0, measured.format))
}

/// The round values that leave the least of the plot empty, of all that stand neither crowded nor alone.
fn in_proportion(extent: Extent, measured: &Measured<'_>, axis: &Axis, room: f32) -> Ticks {
    let (mut least, mut greatest) = scale::extent(extent.least, extent.greatest, measured.from_zero);
    if let Some(min) = axis.min {
        (least, greatest) = (min, if greatest > min { greatest } else { min + beyond(min) });
    }
    if let Some(max) = axis.max {
        (least, greatest) = (if least < max { least } else { max - beyond(max) }, max);
    }
    let sparse = (room / 60.0).clamp(2.0, 5.0) as usize;
    let dense = (room / 28.0).clamp(2.0, 7.0) as usize;
    let used = |ticks: &Ticks| {
        let whole = ticks.domain.1 / 2.0 - ticks.domain.0 / 2.0;
        (greatest / 2.0 - least / 2.0) / whole
    };
    let mut best = scale::ticks((least, greatest), sparse, measured.format, measured.whole);
    for count in sparse + 1..=dense {
        let other = scale::ticks((least, greatest), count, measured.format, measured.whole);
        // A few hundredths of the plot are not worth another line across it.
        if used(&other) > used(&best) + 0.06 {
            best = other;
        }
    }
    if axis.min.is_none() && axis.max.is_none() {
        return best;
    }
    // An end that was asked for stays where it is, and ticks stand between the ends.
    let domain = (axis.min.unwrap_or(best.domain.0), axis.max.unwrap_or(best.domain.1));
    let slack = (domain.1 / 2.0 - domain.0 / 2.0) * 1e-9;
    let within = |ticks: Ticks| -> Vec<Tick> {
        let inside = |tick: &Tick| domain.0 - slack <= tick.value && tick.value <= domain.1 + slack;
        ticks.ticks.into_iter().filter(inside).collect()
    };
    let mut ticks = within(best);
    for count in sparse + 1..=dense.max(sparse) + 4 {
        if ticks.len() >= 2 {
            break;
        }
        ticks = within(scale::ticks(domain, count, measured.format, measured.whole));
    }
    Ticks { domain, ticks }
}

/// How much an axis shows beyond its one end where all values lie on the other side of it.
fn beyond(end: f64) -> f64 {
    (end.abs() / 10.0).max(1.0)
}
