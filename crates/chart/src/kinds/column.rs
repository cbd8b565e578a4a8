//! Columns over categories or time, from zero, side by side or stacked.

use std::rc::Rc;

use perch_tinybird::Column;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, NULL, OTHER, Picture, Sheet, entry, enumerate, marks};
use crate::calendar::Grain;
use crate::cartesian::{Bottom, Chart, Frame, Measured, Request};
use crate::clock::Clock;
use crate::columns::{Holds, Needs, Role, Values};
use crate::legend::Item;
use crate::palette::Paint;
use crate::reduce::column;
use crate::scale::Extent;
use crate::scene::{Area, Scene, UNIT, pixels};
use crate::series::{self, Along, Series};
use crate::tally::Tally;
use crate::{ChartError, Mark, Pick, Shape, Stacking};

pub(super) const DRAWER: Drawer =
    Drawer { needs: Needs::of(Values::Many).x(Role::Must(Holds::Places)).group(Role::Named(Holds::Places)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(bars) = Bars::read(sheet)? else { return sheet.blank(NO_VALUES) };
    let Some(extent) = bars.extent() else { return sheet.blank(NO_VALUES) };
    let legend: Vec<Item> = match bars.series.as_slice() {
        [_] => Vec::new(),
        all => all.iter().map(|series| Item::new(&series.name, series.paint)).collect(),
    };
    let frame = Frame::lay_out(&Request {
        left: Measured { from_zero: true, ..sheet.measured(extent, &sheet.columns.y) },
        legend: &legend,
        ..sheet.request(extent, bars.bottom())
    })?;
    let bars = bars.thick(&frame);
    let shown = bars.shown(&frame);
    let mut scene = Scene::new(sheet.size);
    {
        let canvas = scene.canvas();
        frame.draw(&canvas)?;
        let mut chart = frame.chart(&canvas)?;
        for index in &shown {
            bars.draw(&mut chart, *index)?;
        }
        frame.draw_upon(&canvas)?;
    }
    let list = shown.iter().map(|index| bars.mark(sheet, &frame, *index)).collect();
    let marks = marks(frame.plot, Pick::Shape, list);
    Ok(Picture::new(scene, marks, bars.summary(sheet)))
}

/// All columns of a chart: a place for each, and for each place a value of each series.
struct Bars<'a> {
    along: Along,
    x: &'a Column,
    /// What each place is called in full.
    names: Vec<String>,
    /// What stands below the plot.
    labels: Vec<String>,
    /// Where each band has its middle, in the frame's own measure.
    middles: Vec<f64>,
    /// Half a band, in the same.
    half: f64,
    /// Half of what columns take of a band: the rest is air.
    thickness: f64,
    /// Whether columns side by side would be thinner than a pixel, so that they stand before each other.
    crowded: bool,
    series: Vec<Stack<'a>>,
    stacked: bool,
}

/// One series of columns.
struct Stack<'a> {
    name: String,
    paint: Paint,
    /// A tally for each place, and the column that it is of.
    tallies: Vec<Tally>,
    column: &'a Column,
}

impl<'a> Bars<'a> {
    fn read(sheet: &Sheet<'a>) -> Result<Option<Self>, ChartError> {
        let Some(x) = sheet.columns.x else { return Ok(None) };
        // A limit counts categories where there are any to count, else series.
        let lines = series::read(sheet, sheet.input.table, &sheet.columns, x, None)?;
        if lines.span().is_none() {
            return Ok(None);
        }
        let mut places: Vec<f64> = match lines.series.as_slice() {
            [first, rest @ ..] if rest.iter().all(|series| Rc::ptr_eq(&series.xs, &first.xs)) => first.xs.to_vec(),
            all => all.iter().flat_map(|series| series.xs.iter().copied()).collect(),
        };
        places.sort_by(f64::total_cmp);
        places.dedup();
        let mut series: Vec<Stack<'a>> = Vec::new();
        for one in lines.series.iter().filter(|series| !series.faded) {
            series.push(Stack::of(one, &places, one.name.clone()));
        }
        let mut rest: Option<Stack<'a>> = None;
        for one in lines.series.iter().filter(|series| series.faded) {
            let stack = Stack::of(one, &places, OTHER.into());
            rest = Some(match rest {
                None => stack.alone(),
                Some(rest) => rest.plus(&stack),
            });
        }
        series.extend(rest);
        let names = places.iter().map(|place| heading(&lines, *place)).collect();
        let (middles, half) = middles(&lines.along, &places);
        let labels = match &lines.along {
            Along::Time(clock) => places.iter().map(|place| clock.brief(*place)).collect(),
            _ => Vec::new(),
        };
        let stacked = sheet.spec.stacked != Stacking::None || series.len() == 1;
        let mut bars = Self {
            along: lines.along,
            x,
            names,
            labels,
            middles,
            half,
            thickness: half,
            crowded: false,
            series,
            stacked,
        };
        if let (Some(limit), Along::Names(_)) = (sheet.spec.limit, &bars.along) {
            bars.keep_greatest(limit);
        }
        Ok(Some(bars))
    }

    /// Keeps the greatest categories, in their order, and adds up the others at the end.
    fn keep_greatest(&mut self, limit: usize) {
        let limit = limit.max(1);
        if self.names.len() <= limit {
            return;
        }
        let size =
            |index: usize| self.series.iter().filter_map(|series| series.tallies[index].value()).map(f64::abs).sum();
        let sizes: Vec<f64> = (0..self.names.len()).map(size).collect();
        let kept = series::greatest(&sizes, limit);
        for series in &mut self.series {
            let column = series.column;
            let mut rest = Tally::default();
            let mut tallies = Vec::with_capacity(limit + 1);
            for (tally, kept) in series.tallies.iter().zip(&kept) {
                if *kept {
                    tallies.push(*tally);
                } else {
                    rest = rest.plus(column, *tally, column);
                }
            }
            tallies.push(rest);
            series.tallies = tallies;
        }
        let names = std::mem::take(&mut self.names);
        self.names = names.into_iter().zip(&kept).filter_map(|(name, kept)| kept.then_some(name)).collect();
        self.names.push(OTHER.into());
        self.middles = (0..self.names.len()).map(|index| index as f64).collect();
    }

    fn bottom(&self) -> Bottom<'_> {
        match (&self.along, self.middles.as_slice()) {
            // Few moments are named each; many get an axis of time.
            (Along::Time(clock), [first, .., last]) if self.names.len() > 12 => {
                Bottom::Time { from: first - self.half, to: last + self.half, clock }
            }
            (Along::Time(clock), _) if self.is_even() => self.days(clock),
            (Along::Time(clock), [first, .., last]) => {
                Bottom::Time { from: first - self.half, to: last + self.half, clock }
            }
            (Along::Time(clock), _) => self.days(clock),
            _ => Bottom::Bands { names: &self.names, moments: None },
        }
    }

    /// Moments as bands by name.
    fn days<'b>(&'b self, clock: &'b Clock) -> Bottom<'b> {
        Bottom::Bands { names: &self.labels, moments: Some((&self.middles, clock)) }
    }

    /// Whether all moments stand equally far apart, so that bands by name tell no lie about time.
    fn is_even(&self) -> bool {
        self.middles.windows(2).all(|pair| pair[1] - pair[0] == self.half * 2.0)
    }

    /// The place of a band in the frame's measure: an index for bands by name, a moment on an axis of time.
    fn middle(&self, index: usize) -> f64 {
        match self.bottom() {
            Bottom::Bands { .. } => index as f64,
            _ => self.middles[index],
        }
    }

    fn half(&self) -> f64 {
        match self.bottom() {
            Bottom::Bands { .. } => 0.5,
            _ => self.half,
        }
    }

    /// Four fifths of a band, but no column wider than a thumb nor thinner than a pixel.
    fn thick(mut self, frame: &Frame) -> Self {
        const WIDEST: f64 = 84.0;
        let band = self.band(frame);
        let series = if self.stacked { 1.0 } else { self.series.len() as f64 };
        self.thickness = self.half() * (WIDEST * series / band).min(0.8).max(1.0 / band);
        self.crowded = !self.stacked && band * 0.8 < series;
        self
    }

    /// The width of a band in CSS pixels.
    fn band(&self, frame: &Frame) -> f64 {
        let per_unit = (frame.x.place(self.middle(0) + self.half()) - frame.x.place(self.middle(0))) / f64::from(UNIT);
        (per_unit * 2.0).max(1e-6)
    }

    /// What the axis must hold.
    fn extent(&self) -> Option<Extent> {
        if !self.stacked {
            return Extent::of(self.series.iter().flat_map(|series| &series.tallies).filter_map(Tally::value));
        }
        Extent::of((0..self.names.len()).flat_map(|index| {
            let values = || self.series.iter().filter_map(move |series| series.tallies[index].value());
            let any = values().next().is_some();
            let up: f64 = values().filter(|value| *value > 0.0).sum();
            let down: f64 = values().filter(|value| *value < 0.0).sum();
            if any { [up, down] } else { [f64::NAN; 2] }
        }))
    }

    /// The places to draw: all, or where there are more of them than pixels, the tallest of each pixel column.
    fn shown(&self, frame: &Frame) -> Vec<usize> {
        let all: Vec<usize> = (0..self.names.len()).collect();
        if self.names.len() as i32 <= frame.plot.width() / UNIT {
            return all;
        }
        let height = |index: &usize| -> f64 {
            self.series.iter().filter_map(|series| series.tallies[*index].value()).map(f64::abs).sum()
        };
        let at = |index: &usize| column(self.middle(*index), &frame.x);
        let chunks = all.chunk_by(|a, b| at(a) == at(b));
        chunks.filter_map(|chunk| chunk.iter().copied().max_by(|a, b| height(a).total_cmp(&height(b)))).collect()
    }

    /// Where each series' column stands at a place: its sides and its ends, in the frame's measure.
    fn columns(&self, index: usize) -> Vec<Option<Standing>> {
        // Bars with air between them; where bars are thinner than air, none.
        let (middle, half) = (self.middle(index), self.thickness);
        let (mut up, mut down) = (0.0, 0.0);
        let count = self.series.len() as f64;
        let place = |(number, series): (usize, &Stack<'_>)| {
            let value = series.tallies[index].value()?;
            if self.stacked {
                let base = if value < 0.0 { &mut down } else { &mut up };
                let from = *base;
                *base += value;
                return Some(Standing { left: middle - half, right: middle + half, from, to: *base });
            }
            if self.crowded {
                return Some(Standing { left: middle - half, right: middle + half, from: 0.0, to: value });
            }
            let width = half * 2.0 / count;
            let left = middle - half + width * number as f64;
            Some(Standing { left, right: left + width * 0.94, from: 0.0, to: value })
        };
        self.series.iter().enumerate().map(place).collect()
    }

    fn draw(&self, chart: &mut Chart<'_>, index: usize) -> Result<(), ChartError> {
        let standing = self.columns(index);
        let mut columns: Vec<(&Stack<'_>, &Standing)> = self
            .series
            .iter()
            .zip(&standing)
            .filter_map(|(series, standing)| Some((series, standing.as_ref()?)))
            .collect();
        if self.crowded {
            columns.sort_by(|a, b| b.1.to.abs().total_cmp(&a.1.to.abs()));
        }
        for (series, Standing { left, right, from, to }) in columns {
            if from != to {
                let corners = [(*left, *from), (*right, *to)];
                chart.draw_series([Rectangle::new(corners, series.paint.filled())])?;
            }
        }
        Ok(())
    }

    fn mark(&self, sheet: &Sheet<'_>, frame: &Frame, index: usize) -> Mark {
        let standing = self.columns(index);
        let entries = self.series.iter().zip(&standing).map(|(series, standing)| {
            let text = series.tallies[index].text(series.column);
            let value = text.map_or_else(|| NULL.into(), |text| sheet.spec.format.exact(&text));
            let y = standing.as_ref().map(|standing| pixels(frame.y.at(standing.to)));
            entry(&series.name, value, series.paint, y).of(series.tallies[index].value())
        });
        let (middle, half) = (self.middle(index), self.half());
        let (left, right) = (frame.x.at(middle - half), frame.x.at(middle + half));
        // Where many bands share a pixel, the one that is drawn answers for all of it.
        let band = match right - left {
            UNIT.. => Area { left, right, ..frame.plot },
            _ => {
                let left = (frame.x.at(middle) / UNIT * UNIT).min(frame.plot.right - UNIT);
                Area { left, right: left + UNIT, ..frame.plot }
            }
        };
        Mark::new(Shape::Rect(band.to_rect()), self.names[index].clone(), entries.collect())
    }

    /// `Bar chart of visits by device: 4 bars; visits: highest 9 for mobile, lowest 1 for tv.`
    fn summary(&self, sheet: &Sheet<'_>) -> String {
        let names = enumerate(self.series.iter().map(|series| series.name.as_str()));
        let by = crate::text::name(self.x.name());
        let mut summary = format!("Bar chart of {names} by {by}: {} places", self.names.len());
        for series in self.series.iter().take(3) {
            let values = || series.tallies.iter().enumerate().filter_map(|(at, tally)| Some((at, tally.value()?)));
            let greatest = values().max_by(|a, b| a.1.total_cmp(&b.1));
            let least = values().min_by(|a, b| a.1.total_cmp(&b.1));
            if let (Some(greatest), Some(least)) = (greatest, least) {
                let format = &sheet.spec.format;
                summary.push_str(&format!(
                    "; {}: highest {} for {}, lowest {} for {}",
                    series.name,
                    format.headline(greatest.1),
                    self.names[greatest.0],
                    format.headline(least.1),
                    self.names[least.0],
                ));
            }
        }
        summary.push('.');
        summary
    }
}

/// A column's sides and ends.
struct Standing {
    left: f64,
    right: f64,
    from: f64,
    to: f64,
}

impl<'a> Stack<'a> {
    /// Adds up the rows of a series at each place.
    fn of(series: &Series<'a>, places: &[f64], name: String) -> Self {
        let mut tallies = vec![Tally::default(); places.len()];
        let mut at = 0;
        for (index, x) in series.xs.iter().enumerate() {
            while places[at] < *x {
                at += 1;
            }
            tallies[at].add(series.column, series.row(index));
        }
        Self { name, paint: series.paint, tallies, column: series.column }
    }

    /// The same, whose tallies need no column any more.
    fn alone(self) -> Self {
        let nothing = Stack { tallies: vec![Tally::default(); self.tallies.len()], name: OTHER.into(), ..self };
        nothing.plus(&self)
    }

    fn plus(mut self, other: &Self) -> Self {
        for (tally, more) in self.tallies.iter_mut().zip(&other.tallies) {
            *tally = tally.plus(self.column, *more, other.column);
        }
        self
    }
}

fn heading(lines: &series::Lines<'_>, place: f64) -> String {
    let found = lines.series.iter().find_map(|series| {
        let at = series.xs.partition_point(|x| *x < place);
        (series.xs.get(at) == Some(&place)).then(|| series.row(at))
    });
    lines.along.heading(place, lines.x, found.unwrap_or_default())
}

/// The middles of the bands, and half a band: half the shortest time between two neighbours.
fn middles(along: &Along, places: &[f64]) -> (Vec<f64>, f64) {
    match along {
        Along::Time(clock) => {
            let alone = if clock.grain == Grain::Day { 8.64e10 } else { 6e7 };
            let apart = places.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
            (places.to_vec(), if apart.is_finite() { apart } else { alone } / 2.0)
        }
        _ => ((0..places.len()).map(|index| index as f64).collect(), 0.5),
    }
}
