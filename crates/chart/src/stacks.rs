//! What bars are made from, upright or lying: a place for each category or moment, and for each place a tally of each
//! series.

use std::rc::Rc;

use perch_tinybird::{Column, Family};

use crate::band::band;
use crate::before::Before;
use crate::kinds::{OTHER, Sheet, enumerate, groups};
use crate::legend::Item;
use crate::palette::Paint;
use crate::series::{self, Along, Lines, Series};
use crate::tally::Tally;
use crate::{Aggregate, ChartError, Group, Key, Stacking, Style, text};

/// All bars of a chart.
pub(crate) struct Stacks<'a> {
    pub(crate) along: Along,
    pub(crate) x: &'a Column,
    pub(crate) places: Vec<Place>,
    /// The series that are drawn.
    pub(crate) series: Vec<Stack<'a>>,
    /// All series with names, drawn or turned off, where there is more than one.
    pub(crate) legend: Vec<Item>,
    pub(crate) stacking: Stacking,
    /// The period before, behind a chart of one series.
    pub(crate) before: Option<Before<'a>>,
    /// Half the shortest time between two neighbours; half of one where places are counted.
    pub(crate) half: f64,
    /// The stretch of time that the viewer asked for.
    pub(crate) zoom: Option<(f64, f64)>,
}

/// Where bars stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The instant, the number, or the index of the name.
    pub(crate) at: f64,
    /// One of its rows; what a limit left out has none.
    row: Option<usize>,
}

/// One series of bars.
pub(crate) struct Stack<'a> {
    pub(crate) name: String,
    pub(crate) paint: Paint,
    pub(crate) column: &'a Column,
    /// Whether the axis at the right measures it.
    pub(crate) right: bool,
    /// One of its rows, which says what the series is about; all that have no name are about no one thing.
    pub(crate) row: Option<usize>,
    /// A tally for each place.
    pub(crate) tallies: Vec<Tally>,
}

impl<'a> Stacks<'a> {
    /// `None` where no row stands anywhere.
    pub(crate) fn read(sheet: &Sheet<'a>) -> Result<Option<Self>, ChartError> {
        let Some(x) = sheet.columns.x else { return Ok(None) };
        check_right(sheet)?;
        // A limit counts categories where there are any to count, else series.
        let named = !matches!(x.family(), Family::Time | Family::Number);
        let limit = sheet.spec.limit.filter(|_| !named);
        let lines = series::read(sheet, sheet.input.table, &sheet.columns, x, limit)?;
        if lines.span().is_none() {
            return Ok(None);
        }
        let ats = places(&lines);
        let mut series: Vec<Stack<'a>> = Vec::new();
        // Parts of a stack are added up by whoever stacks them.
        let stacked = sheet.spec.stacked != Stacking::None;
        let aggregate = |column: &Column| if stacked { sheet.spec.aggregate } else { sheet.aggregate(column) };
        let adds_up = |column: &Column| matches!(aggregate(column), Aggregate::Sum | Aggregate::Count);
        let right = |column: &Column| sheet.spec.right.iter().any(|name| name == column.name());
        for one in lines.series.iter().filter(|series| !series.faded) {
            series.push(Stack {
                right: right(one.column),
                ..Stack::of(one, &ats, one.name.clone(), aggregate(one.column))
            });
        }
        let mut rest: Option<Stack<'a>> = None;
        for one in lines.series.iter().filter(|series| series.faded) {
            let stack = Stack::of(one, &ats, OTHER.into(), aggregate(one.column));
            rest = Some(match rest {
                // What does not add up has no sum to stand for it.
                Some(rest) if adds_up(one.column) => rest.plus(&stack),
                Some(rest) => rest,
                None if adds_up(one.column) => stack.alone(),
                None => stack.empty(),
            });
        }
        series.extend(rest);
        for series in &series {
            series.tallies.iter().try_for_each(|tally| sheet.check_sum(series.column, tally.value()))?;
        }
        let half = half(&lines.along, &ats);
        let places = ats.iter().map(|at| Place { at: *at, row: Some(row(&lines, *at)) }).collect();
        let mut stacks = Self {
            along: lines.along,
            x,
            places,
            series,
            legend: Vec::new(),
            stacking: sheet.spec.stacked,
            before: None,
            half,
            zoom: None,
        };
        if let (Some(limit), true) = (sheet.spec.limit, named) {
            stacks.keep_greatest(limit, adds_up);
        }
        let hidden = &sheet.input.view.hidden;
        match stacks.series.as_slice() {
            [one] if sheet.input.previous.is_some() => {
                stacks.before = Before::read(sheet, &stacks, one.column)?;
                let earlier = sheet.input.earlier.name();
                let off = hidden.iter().any(|name| name == earlier);
                if stacks.before.is_some() || off {
                    stacks.hide(hidden);
                    stacks.legend.push(Item { shown: !off, ..Item::new(earlier, sheet.palette.ghost) });
                }
            }
            [_] => {}
            _ => stacks.hide(hidden),
        }
        if let (Along::Time(_), Some(zoom)) = (&stacks.along, sheet.input.view.zoom) {
            stacks.zoom_in(zoom);
        }
        Ok(Some(stacks))
    }

    /// Keeps the greatest categories, in their order, and adds up the others at the end, if they add up.
    fn keep_greatest(&mut self, limit: usize, adds_up: impl Fn(&Column) -> bool) {
        let limit = limit.max(1);
        if self.places.len() <= limit {
            return;
        }
        let size =
            |index: usize| self.series.iter().filter_map(|series| series.tallies[index].value()).map(f64::abs).sum();
        let sizes: Vec<f64> = (0..self.places.len()).map(size).collect();
        let kept = series::greatest(&sizes, limit);
        for series in &mut self.series {
            let column = series.column;
            let mut rest = Tally::default();
            let mut tallies = Vec::with_capacity(limit + 1);
            for (tally, kept) in series.tallies.iter().zip(&kept) {
                if *kept {
                    tallies.push(*tally);
                } else if adds_up(column) {
                    rest = rest.plus(column, *tally, column);
                }
            }
            tallies.push(rest);
            series.tallies = tallies;
        }
        let mut kept = kept.into_iter();
        self.places.retain(|_| kept.next() == Some(true));
        self.places.push(Place { at: f64::NAN, row: None });
    }

    /// Writes the legend, and turns off what the viewer turned off.
    fn hide(&mut self, hidden: &[String]) {
        let shown = |series: &Stack<'_>| !hidden.contains(&series.name);
        self.legend = self
            .series
            .iter()
            .map(|series| Item {
                shown: shown(series),
                note: if series.right { "(right)" } else { "" },
                ..Item::new(&series.name, series.paint)
            })
            .collect();
        self.series.retain(shown);
    }

    /// Keeps the places of a stretch of time. One between two places holds none, and changes nothing.
    fn zoom_in(&mut self, (from, to): (f64, f64)) {
        let half = self.half;
        let kept: Vec<bool> = self.places.iter().map(|place| place.at + half > from && place.at - half < to).collect();
        if !(from < to && kept.contains(&true)) {
            return;
        }
        let keep = |tallies: &mut Vec<Tally>| {
            let mut kept = kept.iter();
            tallies.retain(|_| kept.next() == Some(&true));
        };
        self.series.iter_mut().for_each(|series| keep(&mut series.tallies));
        if let Some(before) = &mut self.before {
            keep(&mut before.tallies);
            let mut kept = kept.iter();
            before.moments.retain(|_| kept.next() == Some(&true));
        }
        let mut kept = kept.iter();
        self.places.retain(|_| kept.next() == Some(&true));
        self.zoom = Some((from, to));
    }

    /// The nearest place, and how far away that is. A category that a limit left out has none.
    pub(crate) fn nearest(&self, at: f64) -> Option<(usize, f64)> {
        let after = self.places.partition_point(|place| place.at < at);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let far = near.filter_map(|index| Some((index, (self.places.get(index)?.at - at).abs())));
        far.filter(|(_, distance)| !distance.is_nan()).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How far from a place something still belongs to it: half a band of time, and nothing where places are counted.
    pub(crate) fn reach(&self) -> f64 {
        if let Along::Time(_) = self.along { self.half } else { 0.0 }
    }

    /// What a place is called, in full.
    pub(crate) fn name(&self, index: usize) -> String {
        let Place { at, row } = self.places[index];
        row.map_or_else(|| OTHER.into(), |row| self.along.heading(at, self.x, row))
    }

    /// Whether a place stands for all that a limit left out.
    pub(crate) fn is_rest(&self, index: usize) -> bool {
        self.places[index].row.is_none()
    }

    /// What the places are called on an axis.
    pub(crate) fn labels(&self) -> Vec<String> {
        match &self.along {
            Along::Time(clock) => clock.briefs(&self.places.iter().map(|place| place.at).collect::<Vec<_>>()),
            _ => (0..self.places.len()).map(|index| self.name(index)).collect(),
        }
    }

    /// What a dashboard is filtered by on a click at a place: nothing for moments, numbers and what a limit left out.
    pub(crate) fn keys(&self, index: usize) -> Vec<Key> {
        let (Along::Names(_), Some(row)) = (&self.along, self.places[index].row) else { return Vec::new() };
        vec![Key { column: self.x.name().to_owned(), value: self.x.text(row).map(Into::into) }]
    }

    /// The series that are about some of the rows only.
    pub(crate) fn groups(&self, sheet: &Sheet<'_>) -> Vec<Group> {
        // What a limit left out is of many names; a series that is called as it is must not be taken for it.
        let rest: Vec<&str> =
            self.series.iter().filter(|series| series.row.is_none()).map(|series| series.name.as_str()).collect();
        let named = self.series.iter().filter_map(|series| Some((series.name.as_str(), series.row?)));
        groups(sheet.columns.group, named.filter(|(name, _)| !rest.contains(name)))
    }

    /// Whether all moments stand equally far apart, so that bands by name tell no lie about time.
    pub(crate) fn is_even(&self) -> bool {
        self.places.windows(2).all(|pair| pair[1].at - pair[0].at == self.half * 2.0)
    }

    /// From the first band's beginning to the last one's end.
    pub(crate) fn span(&self) -> (f64, f64) {
        let ends = (self.places.first(), self.places.last());
        if let (Some(first), Some(last)) = ends { (first.at - self.half, last.at + self.half) } else { (0.0, 1.0) }
    }

    /// Whether the axis at the right measures any series.
    pub(crate) fn has_right(&self) -> bool {
        self.series.iter().any(|series| series.right)
    }

    /// `Column chart of visits by device: 4 places; visits: highest 9 for mobile, lowest 1 for tv, 14 in all.`
    pub(crate) fn summary(&self, sheet: &Sheet<'_>, kind: &str) -> String {
        let kind = match self.stacking {
            _ if self.series.len() < 2 => kind.to_owned(),
            Stacking::None => format!("Grouped {}", kind.to_lowercase()),
            Stacking::Sum => format!("Stacked {}", kind.to_lowercase()),
            Stacking::Percent => format!("{kind} stacked to 100%"),
        };
        let names = enumerate(self.series.iter().map(|series| series.name.as_str()));
        let places = match self.places.len() {
            1 => "1 place".to_owned(),
            many => format!("{} places", sheet.spec.format.styled(Style::Number).exact(&many.to_string())),
        };
        let mut summary = format!("{kind} of {names} by {}: {places}", text::name(self.x.name()));
        for series in self.series.iter().take(3) {
            let values = || series.tallies.iter().enumerate().filter_map(|(at, tally)| Some((at, tally.value()?)));
            let greatest = values().max_by(|a, b| a.1.total_cmp(&b.1));
            let least = values().min_by(|a, b| a.1.total_cmp(&b.1));
            if let (Some(greatest), Some(least)) = (greatest, least) {
                let format = sheet.format(series.column);
                summary.push_str(&format!(
                    "; {}: highest {} for {}, lowest {} for {}",
                    series.name,
                    format.headline(greatest.1),
                    self.name(greatest.0),
                    format.headline(least.1),
                    self.name(least.0),
                ));
            }
        }
        summary.push('.');
        summary
    }
}

impl<'a> Stack<'a> {
    /// Makes one number of the rows of a series at each place.
    pub(crate) fn of(series: &Series<'a>, places: &[f64], name: String, aggregate: Aggregate) -> Self {
        let mut rows = Vec::new();
        let mut next = 0;
        let tallies = places.iter().map(|place| {
            rows.clear();
            while series.xs.get(next).is_some_and(|x| x <= place) {
                rows.push(series.row(next));
                next += 1;
            }
            Tally::of(series.column, &rows, aggregate)
        });
        let tallies = tallies.collect();
        let row = (!series.xs.is_empty()).then(|| series.row(0));
        Self { name, paint: series.paint, tallies, column: series.column, right: false, row }
    }

    /// The same, whose tallies need no column any more.
    fn alone(self) -> Self {
        let tallies = vec![Tally::default(); self.tallies.len()];
        Stack { tallies, row: None, name: self.name.clone(), ..self }.plus(&self)
    }

    /// The same without a number.
    fn empty(self) -> Self {
        Stack { tallies: vec![Tally::default(); self.tallies.len()], row: None, ..self }
    }

    fn plus(mut self, other: &Self) -> Self {
        for (tally, more) in self.tallies.iter_mut().zip(&other.tallies) {
            *tally = tally.plus(self.column, *more, other.column);
        }
        self
    }
}

/// Whether all columns of the right axis are among the values.
fn check_right(sheet: &Sheet<'_>) -> Result<(), ChartError> {
    let values = || sheet.columns.y.iter().map(|column| column.name());
    match sheet.spec.right.iter().find(|name| !values().any(|value| value == name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(ChartError::NotAmongValues { name: text::name(name), values: values().map(text::name).collect() })
        }
    }
}

/// All places of all series, once each, ascending.
pub(crate) fn places(lines: &Lines<'_>) -> Vec<f64> {
    let mut places: Vec<f64> = match lines.series.as_slice() {
        [first, rest @ ..] if rest.iter().all(|series| Rc::ptr_eq(&series.xs, &first.xs)) => first.xs.to_vec(),
        all => all.iter().flat_map(|series| series.xs.iter().copied()).collect(),
    };
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// A row that stands at a place.
fn row(lines: &Lines<'_>, place: f64) -> usize {
    let found = lines.series.iter().find_map(|series| {
        let at = series.xs.partition_point(|x| *x < place);
        (series.xs.get(at) == Some(&place)).then(|| series.row(at))
    });
    found.unwrap_or_default()
}

fn half(along: &Along, places: &[f64]) -> f64 {
    let Along::Time(clock) = along else { return 0.5 };
    band(places.iter().copied(), clock) / 2.0
}
