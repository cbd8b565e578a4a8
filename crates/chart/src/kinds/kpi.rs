//! One number, how it changed against the period before, and how it came about.

use perch_tinybird::{Column, Table};
use plotters::series::AreaSeries;
use plotters::style::Color;

use super::line::stroke;
use super::{Drawer, NO_VALUES, NULL, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::palette::Paint;
use crate::reduce::{reduce, runs};
use crate::scale::{self, Scale};
use crate::scene::{Area, Canvas, Scene, pixels, units};
use crate::series::{self, Along, Lines};
use crate::tally::{self, Tally};
use crate::{Aggregate, ChartError, Format, Good, Mark, Pick, Shape, Style, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Found(Holds::Times)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let [y] = sheet.columns.y.as_slice() else { return sheet.blank(NO_VALUES) };
    let now = Headline::of(sheet, y, sheet.columns.x, sheet.input.table);
    let Some(value) = now.value else { return sheet.blank(NO_VALUES) };
    let before = sheet.input.previous.and_then(|table| {
        let y = table.column(y.name())?;
        let x = sheet.columns.x.and_then(|x| table.column(x.name()));
        Some(Headline::of(sheet, y, x, table)).filter(|headline| headline.value.is_some())
    });
    let change = before.as_ref().map(|before| Change::of(sheet, value, before));
    let spark = spark(sheet);
    let layout = Layout::of(sheet, change.is_some(), spark.is_some());

    let mut scene = Scene::new(sheet.size);
    let mut list = vec![mark(sheet, y, &now, change.as_ref(), layout.text)];
    {
        let canvas = scene.canvas();
        layout.headline(sheet, &canvas, &now, value)?;
        if let Some(change) = &change {
            layout.change(sheet, &canvas, change)?;
        }
        if let (Some(lines), Some(plot)) = (&spark, layout.spark) {
            list.extend(draw_spark(sheet, &canvas, lines, plot)?);
        }
    }
    // The number is found by its rectangle, the sparkline's points by theirs: one way to pick for both.
    let summary = match &change {
        Some(change) => format!("{}: {}, {}.", text::name(y.name()), now.exact, change.words),
        None => format!("{}: {}.", text::name(y.name()), now.exact),
    };
    Ok(Picture::new(scene, marks(layout.spark.unwrap_or(layout.text), Pick::Shape, list), summary))
}

/// One number made of many rows.
struct Headline {
    value: Option<f64>,
    /// In full, as a tooltip says it.
    exact: String,
}

impl Headline {
    fn of(sheet: &Sheet<'_>, y: &Column, x: Option<&Column>, table: &Table) -> Self {
        let finite = |row: &usize| y.number(*row).is_some_and(f64::is_finite);
        let rows = (0..table.rows()).filter(finite);
        let mut tally = Tally::default();
        match sheet.spec.aggregate {
            Aggregate::Sum | Aggregate::Mean | Aggregate::Count => rows.clone().for_each(|row| tally.add(y, row)),
            Aggregate::Min | Aggregate::Max => {
                let value = |row: &usize| y.number(*row).unwrap_or_default();
                let least = sheet.spec.aggregate == Aggregate::Min;
                let order = |a: &usize, b: &usize| value(a).total_cmp(&value(b));
                let found = if least { rows.clone().min_by(order) } else { rows.clone().max_by(order) };
                found.into_iter().for_each(|row| tally.add(y, row));
            }
            Aggregate::Last => {
                let places = x.map(|x| Along::by_own_clock(x).1);
                let place = |row: usize| places.as_ref().map_or(row as f64, |places| places[row]);
                let last =
                    rows.clone().filter(|row| !place(*row).is_nan()).max_by(|a, b| place(*a).total_cmp(&place(*b)));
                if let Some(row) = last {
                    tally.add(y, row);
                }
            }
        }
        let format = &sheet.spec.format;
        let (value, text) = match (sheet.spec.aggregate, tally.value()) {
            (Aggregate::Mean, Some(sum)) => {
                let mean = sum / rows.count() as f64;
                (Some(mean), Some(tally::round(mean)))
            }
            (Aggregate::Count, _) => {
                let count = rows.count();
                (Some(count as f64), Some(count.to_string()))
            }
            (_, value) => (value, tally.text(y)),
        };
        Self { value, exact: text.map_or_else(|| NULL.into(), |text| format.exact(&text)) }
    }
}

/// What became of the number since the period before.
struct Change {
    /// `▲ 12.3%`.
    amount: String,
    /// `from 1,234`.
    from: String,
    /// The whole of it in words.
    words: String,
    paint: Paint,
    before: String,
}

impl Change {
    fn of(sheet: &Sheet<'_>, now: f64, before: &Headline) -> Self {
        let was = before.value.unwrap_or_default();
        let format = &sheet.spec.format;
        let paint = match (now > was, sheet.spec.good) {
            _ if now == was => sheet.palette.muted,
            (true, Good::Up) | (false, Good::Down) => sheet.palette.good,
            _ => sheet.palette.bad,
        };
        let (sign, verb) = if now > was { ("▲", "up") } else { ("▼", "down") };
        let from = format!("from {}", format.headline(was));
        let share = ((now - was) / was.abs() * 100.0).abs();
        let (amount, words) = if now == was {
            ("No change".into(), format!("no change from {}", before.exact))
        } else if was == 0.0 || !share.is_finite() {
            (sign.into(), format!("{verb} from {}", before.exact))
        } else {
            let share = percent(share, format);
            (format!("{sign} {share}"), format!("{verb} {share} from {}", before.exact))
        };
        Self { amount, from, words, paint, before: before.exact.clone() }
    }
}

/// `12.3%`, `1,240%`, `<0.1%`.
fn percent(share: f64, format: &Format) -> String {
    let format = format.styled(Style::Percent);
    match share {
        little if little < 0.1 => format!("<{}", format.label(0.1, 1, "")),
        much if much >= 1000.0 => format.label(much.min(1e6), 0, ""),
        share => format.label(share, 1, ""),
    }
}

/// The series of a sparkline: only with two moments or more.
fn spark<'a>(sheet: &Sheet<'a>) -> Option<Lines<'a>> {
    let lines = series::read(sheet, sheet.input.table, &sheet.columns, sheet.columns.x?, None).ok()?;
    let (from, to) = lines.span()?;
    lines.extent()?;
    (from < to).then_some(lines)
}

/// Where the number and the sparkline stand.
struct Layout {
    text: Area,
    /// In CSS pixels.
    size: f32,
    spark: Option<Area>,
}

impl Layout {
    fn of(sheet: &Sheet<'_>, change: bool, spark: bool) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let area = |left: f32, top: f32, right: f32, bottom: f32| Area {
            left: units(left),
            top: units(top),
            right: units(right.max(left + 1.0)),
            bottom: units(bottom.max(top + 1.0)),
        };
        let lines = if change { 24.0 } else { 8.0 };
        // Flat tiles have the sparkline beside the number, others below it, the smallest none.
        if spark && height < 120.0 && width >= 220.0 {
            let size = ((height - lines) * 0.8).clamp(10.0, 40.0);
            let text = area(0.0, 0.0, width * 0.52, height);
            return Self { text, size, spark: Some(area(width * 0.56, height * 0.15, width - 4.0, height * 0.85)) };
        }
        if spark && height >= 96.0 {
            let size = (height * 0.26).clamp(16.0, 44.0);
            let used = size + lines + 8.0;
            return Self {
                text: area(0.0, 0.0, width, used),
                size,
                spark: Some(area(1.0, used + 8.0, width - 4.0, height - 3.0)),
            };
        }
        let size = ((height - lines) * 0.6).clamp(10.0, 56.0);
        Self { text: area(0.0, 0.0, width, height), size, spark: None }
    }

    /// How high the number and its change stand together, centred beside a sparkline and in a tile of their own.
    fn baseline(&self, change: bool) -> f32 {
        let cap = self.size * crate::font::CAP_HEIGHT;
        let whole = cap + if change { 10.0 + SMALL } else { 0.0 };
        pixels(self.text.top) + (pixels(self.text.height()) - whole).max(4.0) / 2.0 + cap
    }

    fn headline(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, now: &Headline, value: f64) -> Result<(), ChartError> {
        let look = Look::new(self.size, sheet.palette.ink).bold();
        let room = pixels(self.text.width()) - 4.0;
        let format = &sheet.spec.format;
        let candidates = match format.style {
            Style::Compact => vec![format.short(value)],
            _ => vec![format.headline(value), format.short(value)],
        };
        // Rather smaller than short, rather short than tiny, and never cut: half a number is a wrong number.
        let shrunk = |text: &str| look.size * (room / look.width(text)).min(1.0);
        let text = candidates.iter().find(|text| shrunk(text) >= look.size * 0.55).or(candidates.last());
        let text = text.map_or("", String::as_str);
        let look = Look { size: shrunk(text), ..look };
        let at = (self.text.left + 10, units(self.baseline(sheet.input.previous.is_some())));
        Ok(canvas.draw(&Label::new(text, at, look).standing_for(&now.exact))?)
    }

    fn change(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, change: &Change) -> Result<(), ChartError> {
        let look = Look::new(SMALL + 1.0, change.paint).bold();
        let y = units(self.baseline(true) + 10.0 + SMALL);
        if look.width(&change.amount) + 2.0 > pixels(self.text.width()) {
            return Ok(());
        }
        canvas.draw(&Label::new(&change.amount, (self.text.left + 10, y), look).standing_for(&change.words))?;
        let x = look.width(&change.amount) + 7.0;
        let muted = Look::new(SMALL + 1.0, sheet.palette.muted);
        if x + muted.width(&change.from) + 2.0 <= pixels(self.text.width()) {
            canvas.draw(&Label::new(&change.from, (self.text.left + units(x), y), muted))?;
        }
        Ok(())
    }
}

fn mark(sheet: &Sheet<'_>, y: &Column, now: &Headline, change: Option<&Change>, place: Area) -> Mark {
    let paint = sheet.palette.series(0);
    let mut entries = vec![entry(text::name(y.name()), now.exact.clone(), paint, None)];
    if let Some(change) = change {
        entries.push(entry("Before", change.before.clone(), sheet.palette.ghost, None));
        entries.push(entry("Change", change.amount.clone(), change.paint, None));
    }
    let heading = match sheet.spec.aggregate {
        Aggregate::Sum => "In all",
        Aggregate::Mean => "On average",
        Aggregate::Last => "Last",
        Aggregate::Min => "Least",
        Aggregate::Max => "Greatest",
        Aggregate::Count => "Count",
    };
    Mark::new(Shape::Rect(place.to_rect()), heading, entries)
}

/// Draws the sparkline and gives its marks: upright strips, each as wide as half the way to its neighbours.
fn draw_spark(sheet: &Sheet<'_>, canvas: &Canvas<'_>, lines: &Lines<'_>, plot: Area) -> Result<Vec<Mark>, ChartError> {
    let ([series], Some(span), Some(extent)) = (lines.series.as_slice(), lines.span(), lines.extent()) else {
        return Ok(Vec::new());
    };
    let (least, greatest) = scale::extent(extent.least, extent.greatest, false);
    let floor = if least < greatest { least } else { least - 1.0 };
    let x = Scale::new(span, (plot.left, plot.right));
    let y = Scale::new((floor, greatest), (plot.bottom, plot.top));
    let mut chart = plotters::chart::ChartBuilder::on(canvas).build_cartesian_2d(x, y)?;
    let points = reduce(&series.xs, &series.ys, &x);
    // Only what begins at zero is filled: an area says how much, a line says how it went.
    for run in runs(&points).filter(|run| run.len() > 1 && floor == 0.0) {
        chart.draw_series(AreaSeries::new(run.iter().copied(), floor, series.paint.faint(0.14).filled()))?;
    }
    stroke(&mut chart, &points, series.paint, 16)?;

    let places = super::line::places(lines, &x);
    let edge = |a: f64, b: f64| (x.at(a) + x.at(b)) / 2;
    let mut list = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let left = index.checked_sub(1).map_or(plot.left, |before| edge(places[before], *place));
        let right = places.get(index + 1).map_or(plot.right, |after| edge(*place, *after));
        for point in super::line::found(series, *place) {
            let row = series.row(point);
            let at = Some(series.ys[point]).filter(|value| value.is_finite()).map(|value| pixels(y.at(value)));
            let entries = vec![entry(&series.name, sheet.exact(series.column, row), series.paint, at)];
            let shape = Shape::Rect(Area { left, right, ..plot }.to_rect());
            list.push(Mark::new(shape, lines.along.heading(*place, lines.x, row), entries));
        }
    }
    Ok(list)
}
