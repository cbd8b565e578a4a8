//! What a dashboard draws into a plot besides the data: thresholds, bands and annotations, with labels that stay in the
//! plot and stand clear of each other.

use plotters::element::Rectangle;
use plotters::style::Color;

use crate::bottom::Bottom;
use crate::element::{Label, Look, Path, SMALL};
use crate::palette::{Paint, Palette};
use crate::scale::Scale;
use crate::scene::{Area, Canvas, Dash, pixels, units};
use crate::{ChartError, Place, Side, Spec, text};

/// The scales of a plot; `right` where there is an axis at the right.
pub(crate) struct Scales<'a> {
    pub(crate) x: &'a Scale,
    pub(crate) left: &'a Scale,
    pub(crate) right: Option<&'a Scale>,
}

/// Which areas of a plot the data covers, by its scales.
pub(crate) type Data<'a> = dyn Fn(&Scales<'_>, Area) -> Vec<Area> + 'a;

/// Thresholds, bands and annotations in their places.
#[derive(Debug, Default)]
pub(crate) struct Guides {
    bands: Vec<Area>,
    /// Upright lines, by their `x`.
    events: Vec<i32>,
    /// Lines across, by their `y`.
    thresholds: Vec<i32>,
    labels: Vec<Placed>,
}

#[derive(Debug)]
struct Placed {
    area: Area,
    text: String,
    full: String,
    strong: bool,
}

const PAD: f32 = 4.0;
const HIGH: f32 = 15.0;

impl Guides {
    /// Finds the places of all that a spec says.
    pub(crate) fn lay_out(
        spec: &Spec,
        bottom: &Bottom<'_>,
        scales: &Scales<'_>,
        plot: Area,
        data: Option<&Data<'_>>,
    ) -> Result<Self, ChartError> {
        let mut guides = Self::default();
        let mut wanted: Vec<(Candidates, &str, bool)> = Vec::new();
        for threshold in &spec.thresholds {
            let at = match threshold.axis {
                Side::Bottom => {
                    let stretch = bottom.find(&Place::Number(threshold.value), "a threshold")?;
                    let Some((from, to)) = stretch else { continue };
                    let middle = from / 2.0 + to / 2.0;
                    if scales.x.holds(middle) {
                        let x = scales.x.at(middle);
                        guides.events.push(x);
                        wanted.extend(threshold.label.as_deref().map(|label| (Candidates::Upright(x), label, true)));
                    }
                    continue;
                }
                side => upright(scales, side, "a threshold")?,
            };
            if !threshold.value.is_finite() || !at.measures(threshold.value) {
                let (role, written) = ("a threshold", threshold.value.to_string());
                return Err(ChartError::NoPlace { role, written, why: "has no place on its axis".into() });
            }
            if at.holds(threshold.value) {
                let y = at.at(threshold.value);
                guides.thresholds.push(y);
                wanted.extend(threshold.label.as_deref().map(|label| (Candidates::Across(y), label, true)));
            }
        }
        for annotation in &spec.annotations {
            let Some((from, to)) = bottom.find(&annotation.at, "an annotation")? else { continue };
            let middle = from / 2.0 + to / 2.0;
            if scales.x.holds(middle) {
                let x = scales.x.at(middle);
                guides.events.push(x);
                wanted.push((Candidates::Upright(x), &annotation.label, true));
            }
        }
        for band in &spec.bands {
            let Some(area) = stretch(band, bottom, scales, plot)? else { continue };
            guides.bands.push(area);
            wanted.extend(band.label.as_deref().map(|label| (Candidates::Within(area, band.axis), label, false)));
        }
        let covered = data.filter(|_| !wanted.is_empty()).map_or_else(Vec::new, |data| data(scales, plot));
        for (candidates, label, strong) in wanted {
            guides.label(candidates, label, strong, (plot, &covered));
        }
        Ok(guides)
    }

    /// Puts a label where it meets no other, and none of the data if there is such a place; cut to half its length before
    /// it is left out.
    fn label(&mut self, candidates: Candidates, label: &str, strong: bool, (plot, covered): (Area, &[Area])) {
        let look = look(Paint { rgb: (0, 0, 0), alpha: 1.0 }, strong);
        let most = pixels(plot.width()) - PAD * 2.0;
        let label = text::name(label);
        for room in [most, most / 2.0, most / 3.0] {
            let Some(fit) = text::fit(&label, room, look.size, look.weight) else { continue };
            let size = (units(look.width(&fit.text) + PAD * 2.0), units(HIGH));
            let free = |area: &Area| {
                plot.left <= area.left
                    && area.right <= plot.right
                    && plot.top <= area.top
                    && area.bottom <= plot.bottom
                    && !self.labels.iter().any(|placed| meets(&placed.area, area))
            };
            let places: Vec<Area> = candidates.places(size, plot).filter(free).collect();
            let clear = |area: &&Area| !covered.iter().any(|covered| meets(covered, area));
            if let Some(area) = places.iter().find(clear).or(places.first()).copied() {
                let text = fit.text.into_owned();
                self.labels.push(Placed { area, full: label, text, strong });
                return;
            }
        }
    }

    /// Draws what lies behind the data.
    pub(crate) fn draw_behind(&self, canvas: &Canvas<'_>, plot: Area, palette: &Palette) -> Result<(), ChartError> {
        for band in &self.bands {
            let corners = [(band.left, band.top), (band.right, band.bottom)];
            canvas.draw(&Rectangle::new(corners, palette.ghost.faint(0.14).filled()))?;
        }
        for x in &self.events {
            let line = vec![(*x, plot.top), (*x, plot.bottom)];
            canvas.draw(&Path { points: line, paint: palette.muted, width: 10, dash: Dash::Dotted })?;
        }
        Ok(())
    }

    /// Draws what lies upon the data: thresholds, and all labels.
    pub(crate) fn draw_upon(&self, canvas: &Canvas<'_>, plot: Area, palette: &Palette) -> Result<(), ChartError> {
        for y in &self.thresholds {
            let line = vec![(plot.left, *y), (plot.right, *y)];
            canvas.draw(&Path { points: line, paint: palette.ink, width: 10, dash: Dash::Short })?;
        }
        for Placed { area, text, full, strong } in &self.labels {
            // A veil of the ground keeps the label readable upon whatever is drawn there.
            let corners = [(area.left, area.top), (area.right, area.bottom)];
            canvas.draw(&Rectangle::new(corners, palette.ground.faint(0.78).filled()))?;
            let look = look(if *strong { palette.ink } else { palette.muted }, *strong);
            let at = (area.left + units(PAD), (area.top + area.bottom) / 2);
            canvas.draw(&Label::new(text, at, look).centered().standing_for(full))?;
        }
        Ok(())
    }
}

fn look(fill: Paint, strong: bool) -> Look {
    let look = Look::new(SMALL, fill);
    if strong { look.bold() } else { look }
}

fn meets(a: &Area, b: &Area) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

fn upright<'a>(scales: &Scales<'a>, side: Side, role: &'static str) -> Result<&'a Scale, ChartError> {
    match side {
        Side::Right => scales.right.ok_or(ChartError::NoRightAxis { role }),
        _ => Ok(scales.left),
    }
}

/// The part of the plot that a band covers, if any.
fn stretch(
    band: &crate::Band,
    bottom: &Bottom<'_>,
    scales: &Scales<'_>,
    plot: Area,
) -> Result<Option<Area>, ChartError> {
    const ROLE: &str = "a band";
    let (scale, from, to) = if band.axis == Side::Bottom {
        let Some([from, to]) = ends(band, bottom)? else { return Ok(None) };
        (scales.x, from, to)
    } else {
        let scale = upright(scales, band.axis, ROLE)?;
        let number = |place: &Option<Place>| match place {
            None => Ok(None),
            Some(Place::Number(number)) if number.is_finite() => Ok(Some(*number)),
            Some(Place::Number(number)) => Err(no_number(number.to_string())),
            Some(Place::Text(text)) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(no_number(text::name(text))),
            },
        };
        (scale, number(&band.from)?, number(&band.to)?)
    };
    let (start, end) = scale.domain();
    let (from, to) = (from.unwrap_or(start), to.unwrap_or(end));
    let (from, to) = (from.min(to), from.max(to));
    if to < start || from > end {
        return Ok(None);
    }
    let (a, b) = (scale.at(from), scale.at(to));
    let area = match band.axis {
        Side::Bottom => Area { left: a.min(b), right: a.max(b), ..plot },
        _ => Area { top: a.min(b), bottom: a.max(b), ..plot },
    };
    Ok(Some(area))
}

/// Where a band along the bottom begins and ends, where it says so. `None` if it says a name that is not there.
pub(crate) fn ends(band: &crate::Band, bottom: &Bottom<'_>) -> Result<Option<[Option<f64>; 2]>, ChartError> {
    let find = |place: &Option<Place>| place.as_ref().map(|place| bottom.find(place, "a band")).transpose();
    let (first, last) = (find(&band.from)?, find(&band.to)?);
    if [first, last].contains(&Some(None)) {
        return Ok(None);
    }
    Ok(Some([first.flatten().map(|(from, _)| from), last.flatten().map(|(_, to)| to)]))
}

fn no_number(written: String) -> ChartError {
    ChartError::NoPlace { role: "a band", written, why: "is no number, which an upright axis measures".into() }
}

/// Where a label may stand, the best place first.
#[derive(Debug, Clone, Copy)]
enum Candidates {
    /// At a line across.
    Across(i32),
    /// Beside an upright line.
    Upright(i32),
    /// In a band of this axis.
    Within(Area, Side),
}

/// Places from the right one to the left one, near enough to each other for a label to find a gap.
fn steps(left: i32, right: i32) -> impl Iterator<Item = i32> {
    const COUNT: i32 = 24;
    (1..COUNT).filter(move |_| left < right).map(move |step| right - (right - left) / COUNT * step)
}

impl Candidates {
    fn places(self, (width, height): (i32, i32), plot: Area) -> impl Iterator<Item = Area> {
        let mut corners: Vec<(i32, i32)> = Vec::new();
        let gap = units(1.5);
        match self {
            Self::Across(y) => {
                let middle = (plot.left + plot.right - width) / 2;
                for left in [plot.right - width, plot.left, middle] {
                    corners.extend([(left, y - height - gap), (left, y + gap)]);
                }
                corners.extend(
                    steps(plot.left, plot.right - width).flat_map(|left| [(left, y - height - gap), (left, y + gap)]),
                );
            }
            Self::Upright(x) => {
                for row in 0..4 {
                    let top = plot.top + row * (height + gap);
                    corners.extend([(x + gap, top), (x - gap - width, top)]);
                }
                // Where neither side has room, the label stands over its own line.
                corners.extend((0..4).map(|row| {
                    let left = (x - width / 2).clamp(plot.left, (plot.right - width).max(plot.left));
                    (left, plot.top + row * (height + gap))
                }));
            }
            Self::Within(area, Side::Bottom) => {
                let middle =
                    ((area.left + area.right - width) / 2).clamp(plot.left, (plot.right - width).max(plot.left));
                let tops = (0..4).map(|row| plot.top + row * (height + gap));
                corners.extend(tops.chain([plot.bottom - height]).map(|top| (middle, top)));
            }
            Self::Within(area, _) => {
                let tops = [area.top, area.bottom - height, area.top - height, area.bottom];
                for top in tops {
                    corners.extend([(area.left, top), (area.right - width, top)]);
                }
                for top in tops {
                    corners.extend(steps(area.left, area.right - width).map(|left| (left, top)));
                }
            }
        }
        corners.into_iter().map(move |(left, top)| Area { left, top, right: left + width, bottom: top + height })
    }
}
