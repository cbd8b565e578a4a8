//! One number, how it changed against the period before, and how it came about.

use perch_tinybird::Column;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::{Drawer, NO_VALUES, Picture, Sheet, entry, marks};
use crate::columns::{Holds, Needs, Role, Values};
use crate::element::{Label, Look, SMALL};
use crate::headline::{Headline, heading};
use crate::palette::Paint;
use crate::scale::{self, Scale};
use crate::scene::{Area, Canvas, Dash, Scene, pixels, units};
use crate::series::{self, Lines};
use crate::trace::{Ground, Stroke};
use crate::{ChartError, Format, Good, Mark, Pick, Shape, Style, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::One).x(Role::Found(Holds::Times)), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let [y] = sheet.columns.y.as_slice() else { return sheet.blank(NO_VALUES) };
    let now = Headline::of(sheet, y, sheet.columns.x, sheet.input.table)?;
    let Some(value) = now.value else { return sheet.blank(NO_VALUES) };
    let before = sheet.input.previous.and_then(|table| {
        let y = table.column(y.name())?;
        let x = sheet.columns.x.and_then(|x| table.column(x.name()));
        // A period before that has no number is no reason not to show this one's.
        Headline::of(sheet, y, x, table).ok()
    });
    let change = before.as_ref().map(|before| Change::of(sheet, value, before));
    let progress = Headline::target(sheet)?.map(|target| Progress::of(sheet, value, &target));
    let spark = spark(sheet);
    let layout = Layout::of(sheet, change.is_some(), progress.is_some(), spark.is_some());

    let mut scene = Scene::new(sheet.size);
    let mut list = vec![mark(sheet, y, &now, change.as_ref(), progress.as_ref(), layout.text)];
    {
        let canvas = scene.canvas();
        layout.headline(sheet, &canvas, &now, value)?;
        if let Some(change) = change.as_ref().filter(|_| layout.change) {
            layout.change(sheet, &canvas, change)?;
        }
        if let Some(progress) = progress.as_ref().filter(|_| layout.target) {
            layout.progress(sheet, &canvas, progress)?;
        }
        if let (Some(lines), Some(plot)) = (&spark, layout.spark) {
            list.extend(draw_spark(sheet, &canvas, lines, plot)?);
        }
    }
    let mut summary = format!("{}: {}", text::name(y.name()), sheet.value_format().headline(value));
    for words in change.iter().map(|change| &change.words).chain(progress.iter().map(|progress| &progress.words)) {
        summary = summary + ", " + words;
    }
    // The number is found by its rectangle, the sparkline's points by theirs: one way to pick for both.
    Ok(Picture::new(scene, marks(layout.spark.unwrap_or(layout.text), Pick::Shape, list), summary + "."))
}

/// What became of the number since the period before.
struct Change {
    /// `▲ Up 12.3% (+1,234)`, and the same in fewer letters.
    amounts: Vec<String>,
    /// `from 1,234`.
    from: String,
    /// The whole of it in words.
    words: String,
    paint: Paint,
    before: String,
}

impl Change {
    fn of(sheet: &Sheet<'_>, now: f64, before: &Headline) -> Self {
        let format = sheet.value_format();
        let muted = |amount: &str, from: String, words: String| Self {
            amounts: vec![amount.to_owned()],
            from,
            words,
            paint: sheet.palette.muted,
            before: before.exact.clone(),
        };
        let Some(was) = before.value else {
            let (amount, words) = sheet.input.earlier.without_value();
            return muted(amount, String::new(), words.into());
        };
        let from = format!("from {}", format.headline(was));
        let exact = format!("{}{}", format.headline(was), sheet.input.earlier.behind_a_value());
        if now == was {
            return muted("No change", from, format!("no change from {exact}"));
        }
        let paint = match (now > was, sheet.spec.good) {
            (true, Good::Up) | (false, Good::Down) => sheet.palette.good,
            _ => sheet.palette.bad,
        };
        let (sign, word, plus) = if now > was { ("▲", "up", "+") } else { ("▼", "down", "−") };
        let difference = format!("{plus}{}", difference((now - was).abs(), format));
        let title = if now > was { "Up" } else { "Down" };
        let share = ((now - was) / was).abs();
        let (amounts, amount) = if was == 0.0 || !share.is_finite() {
            // Of nothing there is no percentage.
            (vec![format!("{sign} {title} ({difference})"), format!("{sign} {title}")], difference)
        } else {
            let share = format.share(share);
            let amounts = vec![
                format!("{sign} {title} {share} ({difference})"),
                format!("{sign} {title} {share}"),
                format!("{sign} {share}"),
            ];
            (amounts, format!("{share} ({difference})"))
        };
        let words = format!("{word} {amount} from {exact}");
        Self { amounts, from, words, paint, before: before.exact.clone() }
    }
}

/// How much more or less: between two percentages lie points, not percent.
fn difference(size: f64, format: &Format) -> String {
    let points = |size: f64| format!("{}\u{a0}points", format.styled(Style::Number).headline(size));
    match format.style {
        Style::Percent => points(size),
        Style::Ratio => points(size * 100.0),
        _ => format.headline(size),
    }
}

/// How far it is to the target.
struct Progress {
    /// Of the bar, from 0 to 1.
    share: f32,
    /// `72.3% of the target of 50,000`, and the same in fewer letters.
    captions: Vec<String>,
    words: String,
    paint: Paint,
    target: String,
}

impl Progress {
    fn of(sheet: &Sheet<'_>, value: f64, target: &Headline) -> Self {
        let format = sheet.value_format();
        let goal = target.value.unwrap_or_default();
        let (name, paint) = match sheet.spec.good {
            Good::Up if value >= goal => ("target", sheet.palette.good),
            Good::Up => ("target", sheet.palette.series(0)),
            Good::Down if value > goal => ("limit", sheet.palette.bad),
            Good::Down => ("limit", sheet.palette.good),
        };
        let short = format.headline(goal);
        let share = value / goal;
        if goal <= 0.0 || !share.is_finite() {
            // Of nothing, and of less, there is no part.
            let met = if sheet.spec.good == Good::Up { value >= goal } else { value <= goal };
            let words = format!("{name} {}{}", target.exact, if met { " met" } else { " missed" });
            let captions = vec![format!("{name} {short} {}", if met { "met" } else { "missed" })];
            return Self { share: if met { 1.0 } else { 0.0 }, captions, words, paint, target: target.exact.clone() };
        }
        let part = format.share(share.max(0.0));
        Self {
            share: share.clamp(0.0, 1.0) as f32,
            captions: vec![format!("{part} of the {name} of {short}"), format!("{part} of {short}"), part.clone()],
            words: format!("{part} of the {name} of {}", target.exact),
            paint,
            target: target.exact.clone(),
        }
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
    /// Of the number, in CSS pixels.
    size: f32,
    spark: Option<Area>,
    /// Whether there is room for it.
    change: bool,
    target: bool,
}

/// What a line of the change takes, and a bar with its caption, in CSS pixels.
const CHANGE: f32 = 12.0 + SMALL;
const TARGET: f32 = 30.0;

impl Layout {
    fn of(sheet: &Sheet<'_>, change: bool, target: bool, spark: bool) -> Self {
        let (width, height) = (sheet.width(), sheet.height());
        let area = |left: f32, top: f32, right: f32, bottom: f32| Area {
            left: units(left),
            top: units(top),
            right: units(right.max(left + 1.0)),
            bottom: units(bottom.max(top + 1.0)),
        };
        let below = |change: bool, target: bool| {
            8.0 + if change { CHANGE - 6.0 } else { 0.0 } + if target { TARGET } else { 0.0 }
        };
        // The number first, then its change, then its target.
        let rooms = [(change, target), (change, false)];
        let room = rooms.into_iter().find(|(change, target)| height - below(*change, *target) >= 16.0);
        let (change, target) = room.unwrap_or((false, false));
        let lines = below(change, target);
        let layout = |text: Area, size: f32, spark: Option<Area>| Self { text, size, spark, change, target };
        // Flat tiles have the sparkline beside the number, others below it, the smallest none.
        if spark && height < 120.0 + lines && width >= 220.0 {
            let size = ((height - lines) * 0.8).clamp(10.0, 40.0);
            let beside = area(width * 0.56, height * 0.15, width - 4.0, height * 0.85);
            return layout(area(0.0, 0.0, width * 0.52, height), size, Some(beside));
        }
        let size = (height * 0.26).clamp(16.0, 44.0);
        let used = size + lines + 8.0;
        if spark && height >= used + 40.0 {
            let below = area(1.0, used + 8.0, width - 4.0, height - 3.0);
            return layout(area(0.0, 0.0, width, used), size, Some(below));
        }
        let size = ((height - lines) * 0.6).clamp(10.0, 56.0);
        layout(area(0.0, 0.0, width, height), size, None)
    }

    /// How high the number and what is below it stand together, centred beside a sparkline and in a tile of their own.
    fn baseline(&self) -> f32 {
        let cap = self.size * crate::font::CAP_HEIGHT;
        let whole = cap + if self.change { CHANGE } else { 0.0 } + if self.target { TARGET } else { 0.0 };
        pixels(self.text.top) + (pixels(self.text.height()) - whole).max(4.0) / 2.0 + cap
    }

    fn headline(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, now: &Headline, value: f64) -> Result<(), ChartError> {
        let look = Look::new(self.size, sheet.palette.ink).bold();
        let room = pixels(self.text.width()) - 4.0;
        let format = sheet.value_format();
        let candidates = match format.style {
            Style::Compact => vec![format.short(value)],
            _ => vec![format.headline(value), format.short(value)],
        };
        // Rather smaller than short, rather short than tiny, and never cut: half a number is a wrong number.
        let shrunk = |text: &str| look.size * (room / look.width(text)).min(1.0);
        let text = candidates.iter().find(|text| shrunk(text) >= look.size * 0.55).or(candidates.last());
        let text = text.map_or("", String::as_str);
        let look = Look { size: shrunk(text), ..look };
        let at = (self.text.left + 10, units(self.baseline()));
        Ok(canvas.draw(&Label::new(text, at, look).standing_for(&now.exact))?)
    }

    fn change(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, change: &Change) -> Result<(), ChartError> {
        let look = Look::new(SMALL + 1.0, change.paint).bold();
        let muted = Look::new(SMALL + 1.0, sheet.palette.muted);
        let room = pixels(self.text.width()) - 3.0;
        let from = 7.0 + muted.width(&change.from);
        // What it was comes before how much more or less, and both before neither.
        let fitting = |beside: f32| change.amounts.iter().find(|amount| look.width(amount) + beside <= room);
        let (amount, beside) = match (fitting(from), fitting(0.0)) {
            (Some(amount), _) => (amount, !change.from.is_empty()),
            (None, Some(amount)) => (amount, false),
            (None, None) => return Ok(()),
        };
        let y = units(self.baseline() + CHANGE);
        canvas.draw(&Label::new(amount, (self.text.left + 10, y), look).standing_for(&change.words))?;
        if beside {
            let x = self.text.left + units(look.width(amount) + 8.0);
            canvas.draw(&Label::new(&change.from, (x, y), muted))?;
        }
        Ok(())
    }

    fn progress(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, progress: &Progress) -> Result<(), ChartError> {
        const BAR: f32 = 5.0;
        let top = self.baseline() + if self.change { CHANGE } else { 0.0 } + 9.0;
        let left = pixels(self.text.left) + 1.0;
        let room = pixels(self.text.width()) - 4.0;
        let width = room.min(280.0);
        for (share, paint) in [(1.0, sheet.palette.grid), (progress.share, progress.paint)] {
            if share > 0.0 {
                let corners = [(units(left), units(top)), (units(left + width * share), units(top + BAR))];
                canvas.draw(&Rectangle::new(corners, paint.filled()))?;
            }
        }
        let look = Look::new(SMALL, sheet.palette.muted);
        if let Some(caption) = progress.captions.iter().find(|caption| look.width(caption) <= room) {
            let at = (units(left), units(top + BAR + 5.0 + SMALL * 0.8));
            canvas.draw(&Label::new(caption, at, look).standing_for(&progress.words))?;
        }
        Ok(())
    }
}

fn mark(
    sheet: &Sheet<'_>,
    y: &Column,
    now: &Headline,
    change: Option<&Change>,
    progress: Option<&Progress>,
    place: Area,
) -> Mark {
    let paint = sheet.palette.series(0);
    let mut entries = vec![entry(text::name(y.name()), now.exact.clone(), paint, None)];
    if let Some(change) = change {
        entries.push(entry(sheet.input.earlier.name(), change.before.clone(), sheet.palette.ghost, None));
        entries.push(entry("Change", change.amounts[0].clone(), change.paint, None));
    }
    if let Some(progress) = progress {
        entries.push(entry("Target", progress.target.clone(), progress.paint, None));
    }
    Mark::new(Shape::Rect(place.to_rect()), heading(sheet.spec.aggregate), entries)
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
    let ground = Ground { x, y, plot };
    let points = ground.points(&series.xs, &series.ys, &series.peaks);
    // Only what begins at zero is filled: an area says how much, a line says how it went.
    if floor == 0.0 {
        ground.fill(canvas, &points, floor, series.paint.faint(0.14))?;
    }
    ground.line(canvas, &points, Stroke { paint: series.paint, width: 16, dash: Dash::Solid })?;

    let places = super::along::places(lines, &x, |_, value| y.place(value));
    let edge = |a: f64, b: f64| (x.at(a) + x.at(b)) / 2;
    let mut list = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let left = index.checked_sub(1).map_or(plot.left, |before| edge(places[before], *place));
        let right = places.get(index + 1).map_or(plot.right, |after| edge(*place, *after));
        for point in super::along::found(series, *place) {
            let row = series.row(point);
            let at = Some(series.ys[point]).filter(|value| value.is_finite()).map(|value| pixels(y.at(value)));
            let entries = vec![entry(&series.name, sheet.exact(series.column, row), series.paint, at)];
            let shape = Shape::Rect(Area { left, right, ..plot }.to_rect());
            list.push(Mark::new(shape, lines.along.heading(*place, lines.x, row), entries));
        }
    }
    Ok(list)
}
