//! Lines of points from a table: where each row stands along the bottom, and one series for each column or group.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use perch_tinybird::{Column, Family, Table};

use crate::clock::Clock;
use crate::columns::Columns;
use crate::kinds::{OTHER, Sheet};
use crate::palette::{Paint, Palette};
use crate::reduce::{Four, Peaks, Places};
use crate::scale::{Extent, Scale};
use crate::scene::Dash;
use crate::{AxisScale, ChartError, Colors, text};

/// What stands along the bottom of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Along {
    /// Instants in Unix microseconds, and whose clock reads them.
    Time(Clock),
    Number,
    /// Positions are indexes of these names, in the order in which they first appear.
    Names(Vec<String>),
}

impl Along {
    /// Where every row stands, NaN for a row that stands nowhere. Moments are read from the clock that the spec asks for.
    pub(crate) fn read(column: &Column, sheet: &Sheet<'_>) -> Result<(Self, Vec<f64>), ChartError> {
        if column.family() == Family::Time {
            let (clock, xs) = Clock::of(column, sheet.spec, sheet.input.setting)?;
            return Ok((Self::Time(clock), xs));
        }
        Ok(Self::by_own_clock(column))
    }

    /// The same, where moments are read from the column's own clock.
    pub(crate) fn by_own_clock(column: &Column) -> (Self, Vec<f64>) {
        match column.family() {
            Family::Time => {
                let (clock, xs) = Clock::own(column);
                (Self::Time(clock), xs)
            }
            Family::Number => (Self::Number, column.finite_numbers().into_owned()),
            _ => {
                let mut indexes = HashMap::new();
                let mut names = Vec::new();
                let xs = (0..column.len()).map(|row| {
                    let key = column.text(row);
                    *indexes.entry(key).or_insert_with_key(|key| {
                        names.push(name_of(key.as_deref()));
                        names.len() as f64 - 1.0
                    })
                });
                let xs = xs.collect();
                (Self::Names(names), xs)
            }
        }
    }

    /// What a place along the bottom is called, in full.
    pub(crate) fn heading(&self, x: f64, column: &Column, row: usize) -> String {
        match self {
            Self::Time(clock) => clock.write(x),
            Self::Number => column.text(row).map(Cow::into_owned).unwrap_or_default(),
            Self::Names(names) => names.get(x as usize).cloned().unwrap_or_default(),
        }
    }
}

/// What a category is called in a picture.
pub(crate) fn name_of(text: Option<&str>) -> String {
    match text {
        None => "(no value)".into(),
        Some("") => "(empty)".into(),
        Some(text) => text::name(text),
    }
}

/// One line of points.
#[derive(Debug)]
pub(crate) struct Series<'t> {
    pub(crate) name: String,
    pub(crate) column: &'t Column,
    /// Ascending; a place may repeat.
    pub(crate) xs: Rc<Places>,
    /// NaN is a gap.
    pub(crate) ys: Cow<'t, [f64]>,
    /// Of all values, once somebody has asked.
    extent: OnceCell<Extent>,
    pub(crate) peaks: Peaks,
    rows: Option<Rc<[u32]>>,
    pub(crate) paint: Paint,
    /// Told apart without colours, from the fifth line on.
    pub(crate) dash: Dash,
    /// Beyond what a palette can tell apart: drawn, but grey and unnamed.
    pub(crate) faded: bool,
    /// Whether the axis at the right measures it.
    pub(crate) right: bool,
    /// Whether the viewer has turned it off: it is in the legend and nowhere else.
    pub(crate) hidden: bool,
}

impl Series<'_> {
    /// The table's row of a point.
    pub(crate) fn row(&self, index: usize) -> usize {
        self.rows.as_ref().map_or(index, |rows| rows[index] as usize)
    }

    /// What some of its values lie within. That of all is found once.
    pub(crate) fn extent(&self, range: Range<usize>) -> Extent {
        let find = |values: &[f64]| {
            let mut extent = Extent::NONE;
            extent.add_line(values);
            extent
        };
        if range == (0..self.ys.len()) { *self.extent.get_or_init(|| find(&self.ys)) } else { find(&self.ys[range]) }
    }

    /// Where its values stand in each pixel column of a scale.
    pub(crate) fn peaks(&self, scale: &Scale) -> Cow<'_, [Four]> {
        self.peaks.of(&self.xs, &self.ys, scale)
    }

    /// Moves every point along the bottom, and leaves out those that then stand nowhere.
    pub(crate) fn place(&mut self, to: impl Fn(f64) -> Option<f64>) {
        let mut moved: Vec<(f64, f64, u32)> = (0..self.xs.len())
            .filter_map(|index| Some((to(self.xs[index])?, self.ys[index], self.row(index) as u32)))
            .collect();
        moved.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.xs = Rc::new(moved.iter().map(|(x, ..)| *x).collect());
        self.ys = moved.iter().map(|(_, y, _)| *y).collect();
        (self.extent, self.peaks) = (OnceCell::new(), Peaks::default());
        self.rows = Some(moved.iter().map(|(.., row)| *row).collect());
    }
}

/// All lines of a chart.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    pub(crate) along: Along,
    pub(crate) x: &'t Column,
    pub(crate) series: Vec<Series<'t>>,
    /// How many values have no place, because an axis is logarithmic.
    pub(crate) left_out: usize,
}

impl Lines<'_> {
    /// The series that have a name, drawn or turned off.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Series<'_>> {
        self.series.iter().filter(|series| !series.faded)
    }

    /// The series that are drawn, each with its number.
    pub(crate) fn shown(&self) -> impl DoubleEndedIterator<Item = (usize, &Series<'_>)> {
        self.series.iter().enumerate().filter(|(_, series)| !series.hidden)
    }

    /// The least and the greatest place, if there is any.
    pub(crate) fn span(&self) -> Option<(f64, f64)> {
        let ends = |series: &Series<'_>| Some((*series.xs.first()?, *series.xs.last()?));
        self.series.iter().filter_map(ends).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The least and the greatest value, if there is any.
    pub(crate) fn extent(&self) -> Option<Extent> {
        self.series.iter().map(|series| series.extent(0..series.ys.len())).fold(Extent::NONE, Extent::and).some()
    }
}

/// The least and the greatest of the finite values.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        if value.is_finite() {
            least = least.min(value);
            greatest = greatest.max(value);
        }
    }
    (least <= greatest).then_some((least, greatest))
}

/// The rows that stand somewhere, from left to right. `None` means all of them, as they are.
fn order(xs: &[f64]) -> Option<Vec<u32>> {
    if xs.first().is_none_or(|x| !x.is_nan()) && xs.is_sorted_by(|a, b| a <= b) {
        return None;
    }
    let mut rows: Vec<u32> = (0..xs.len() as u32).filter(|row| !xs[*row as usize].is_nan()).collect();
    rows.sort_by(|a, b| xs[*a as usize].total_cmp(&xs[*b as usize]));
    Some(rows)
}

/// Reads one series for each column of values, or for each group of each.
pub(crate) fn read<'t>(
    sheet: &Sheet<'_>,
    table: &'t Table,
    columns: &Columns<'t>,
    x: &'t Column,
    limit: Option<usize>,
) -> Result<Lines<'t>, ChartError> {
    let palette = sheet.palette;
    let (along, mut places) = Along::read(x, sheet)?;
    let mut left_out = 0;
    if along == Along::Number && sheet.spec.x_axis.scale == AxisScale::Log {
        for x in places.iter_mut().filter(|x| **x <= 0.0) {
            *x = f64::NAN;
            left_out += columns.y.len();
        }
        if places.iter().all(|x| x.is_nan()) && !places.is_empty() {
            return Err(ChartError::NonePositive { columns: format!("`{}`", text::name(x.name())) });
        }
    }
    let order = order(&places);
    let mut series = Vec::new();
    match columns.group {
        None => {
            let xs: Rc<Places> = Rc::new(match &order {
                None => places.into(),
                Some(rows) => rows.iter().map(|row| places[*row as usize]).collect(),
            });
            let rows: Option<Rc<[u32]>> = order.map(Into::into);
            for column in &columns.y {
                let values = column.finite_numbers();
                let ys = match &rows {
                    None => values,
                    Some(rows) => rows.iter().map(|row| values[*row as usize]).collect(),
                };
                series.push(one(text::name(column.name()), column, Rc::clone(&xs), ys, rows.clone(), palette));
            }
        }
        Some(group) => {
            let rows = order.unwrap_or_else(|| (0..table.rows() as u32).collect());
            let values: Vec<Cow<'_, [f64]>> = columns.y.iter().map(|column| column.finite_numbers()).collect();
            for (name, rows) in groups(group, &rows) {
                let xs: Rc<Places> = Rc::new(rows.iter().map(|row| places[*row as usize]).collect());
                let rows: Rc<[u32]> = rows.into();
                for (column, values) in columns.y.iter().zip(&values) {
                    let ys = rows.iter().map(|row| values[*row as usize]).collect();
                    let name = if columns.y.len() == 1 {
                        name.clone()
                    } else {
                        format!("{name} · {}", text::name(column.name()))
                    };
                    series.push(one(name, column, Rc::clone(&xs), ys, Some(Rc::clone(&rows)), palette));
                }
            }
        }
    }
    left_out += axes(&mut series, sheet, columns)?;
    let colors = &sheet.input.setting.colors;
    paint(&mut series, limit, palette, columns.group.map(|_| &**colors));
    let hidden = &sheet.input.view.hidden;
    // All that have no name are turned off by the one that they share.
    let called = |series: &Series<'_>| if series.faded { OTHER.to_owned() } else { series.name.clone() };
    series.iter_mut().for_each(|series| series.hidden = !hidden.is_empty() && hidden.contains(&called(series)));
    Ok(Lines { along, x, series, left_out })
}

fn one<'t>(
    name: String,
    column: &'t Column,
    xs: Rc<Places>,
    ys: Cow<'t, [f64]>,
    rows: Option<Rc<[u32]>>,
    palette: &Palette,
) -> Series<'t> {
    Series {
        name,
        column,
        xs,
        ys,
        extent: OnceCell::new(),
        peaks: Peaks::default(),
        rows,
        paint: palette.ghost,
        dash: Dash::Solid,
        faded: false,
        right: false,
        hidden: false,
    }
}

/// Gives each series its axis, and takes away what has no place on a logarithmic one: how many values that are.
fn axes(series: &mut [Series<'_>], sheet: &Sheet<'_>, columns: &Columns<'_>) -> Result<usize, ChartError> {
    let (spec, names) = (sheet.spec, || columns.y.iter().map(|column| column.name()));
    // A table of the period before may have fewer columns than were asked for.
    let asked = || names().chain(sheet.columns.y.iter().map(|column| column.name()));
    if let Some(name) = spec.right.iter().find(|name| !asked().any(|column| column == name.as_str())) {
        let values = names().map(str::to_owned).collect();
        return Err(ChartError::NotAmongValues { name: name.clone(), values });
    }
    if !spec.right.is_empty() && asked().all(|column| spec.right.iter().any(|name| name == column)) {
        let why = "measures every column of `y`, and leaves none for the left one".to_owned();
        return Err(ChartError::Axis { axis: "right_axis", why });
    }
    let mut left_out = 0;
    let mut any = [false; 2];
    let mut positive = [false; 2];
    for series in series {
        series.right = spec.right.iter().any(|name| name == series.column.name());
        let axis = if series.right { &spec.right_axis } else { &spec.y_axis };
        let side = usize::from(series.right);
        if axis.scale == AxisScale::Log {
            any[side] |= series.ys.iter().any(|y| y.is_finite());
            for y in series.ys.to_mut().iter_mut().filter(|y| **y <= 0.0) {
                *y = f64::NAN;
                left_out += 1;
            }
            series.extent = OnceCell::new();
            positive[side] |= series.ys.iter().any(|y| y.is_finite());
        }
    }
    if let Some(right) =
        [false, true].into_iter().find(|right| any[usize::from(*right)] && !positive[usize::from(*right)])
    {
        let columns = columns.y.iter().filter(|column| spec.right.iter().any(|name| name == column.name()) == right);
        let names: Vec<String> = columns.map(|column| format!("`{}`", text::name(column.name()))).collect();
        return Err(ChartError::NonePositive { columns: names.join(", ") });
    }
    Ok(left_out)
}

/// Rows by the group's value, in the values' own order, so that a group keeps its place from one answer to the next.
fn groups(group: &Column, rows: &[u32]) -> Vec<(String, Vec<u32>)> {
    let mut indexes: HashMap<Option<Cow<'_, str>>, usize> = HashMap::new();
    let mut groups: Vec<(Option<Cow<'_, str>>, Vec<u32>)> = Vec::new();
    for row in rows {
        let key = group.text(*row as usize);
        let index = *indexes.entry(key).or_insert_with_key(|key| {
            groups.push((key.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(*row);
    }
    sort_names(&mut groups, |(key, _)| key.as_deref());
    groups.into_iter().map(|(key, rows)| (name_of(key.as_deref()), rows)).collect()
}

/// Sorts by name: as numbers where all are numbers, and what has no name last.
pub(crate) fn sort_names<T>(items: &mut [T], name: impl Fn(&T) -> Option<&str>) {
    let number = |item: &T| name(item).and_then(|name| name.parse::<f64>().ok());
    if items.iter().all(|item| number(item).is_some()) {
        items.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    } else {
        items.sort_by(|a, b| name(a).is_none().cmp(&name(b).is_none()).then_with(|| name(a).cmp(&name(b))));
    }
}

/// Gives the greatest series the palette's colours, and fades the rest: groups by their names, columns in their order.
fn paint(series: &mut [Series<'_>], limit: Option<usize>, palette: &Palette, groups: Option<&Colors>) {
    let most = limit.unwrap_or(palette.series.len()).clamp(1, palette.series.len());
    // Where all are kept, nobody asks how great each is.
    let size = |series: &Series<'_>| series.ys.iter().filter(|y| y.is_finite()).map(|y| y.abs()).sum();
    let sizes: Vec<f64> = if series.len() > most { series.iter().map(size).collect() } else { vec![0.0; series.len()] };
    let alone = series.len() == 1;
    let mut named: Vec<&mut Series<'_>> = Vec::new();
    for (series, kept) in series.iter_mut().zip(greatest(&sizes, most)) {
        series.faded = !kept;
        if kept {
            named.push(series);
        }
    }
    let ranks = match groups.filter(|_| !alone) {
        Some(colors) => colors.ranks(named.iter().map(|series| series.name.as_str()), palette.series.len()),
        None => (0..named.len()).collect(),
    };
    for (index, (series, rank)) in named.into_iter().zip(ranks).enumerate() {
        series.paint = palette.series(rank);
        let broken = [Dash::Short, Dash::Long, Dash::Mixed, Dash::Dotted];
        series.dash = if index < 4 { Dash::Solid } else { broken[(index - 4) % broken.len()] };
    }
}

/// Which are the `most` greatest; of equals the earlier.
pub(crate) fn greatest(sizes: &[f64], most: usize) -> Vec<bool> {
    let mut ranks: Vec<usize> = (0..sizes.len()).collect();
    ranks.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
    let mut kept = vec![false; sizes.len()];
    for index in ranks.into_iter().take(most) {
        kept[index] = true;
    }
    kept
}
