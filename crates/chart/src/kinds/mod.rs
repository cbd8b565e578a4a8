//! The kinds of chart, and what all of them are given and give.

mod along;
mod area;
mod bar;
mod bar_list;
mod box_plot;
mod candlestick;
mod column;
mod donut;
mod funnel;
mod gauge;
mod heat_map;
mod histogram;
mod kpi;
mod line;
mod map;
mod prose;
mod scatter;
mod stacked;
mod state_timeline;
mod table;

use perch_tinybird::Column;

use crate::cartesian::{Bottom, Measured, Request};
pub(crate) use table::of_chart as table_of_chart;

use crate::columns::{Columns, Needs};
use crate::element::{BODY, Label, Look};
use crate::palette::{Paint, Palette};
use crate::scale::Extent;
use crate::scene::{Area, Scene, units};
use crate::{
    Across, Aggregate, ChartError, Entry, Format, Group, Input, Key, Kind, LegendItem, Mark, Marks, Pick, Scroll, Size,
    Spec, Style, Words, text,
};

/// A kind of chart: what it asks of a table, and how it draws it.
pub(crate) struct Drawer {
    pub(crate) needs: Needs,
    pub(crate) draw: fn(&Sheet<'_>) -> Result<Picture, ChartError>,
}

/// The one list: a new kind is one more line here.
pub(crate) fn of(kind: Kind) -> &'static Drawer {
    match kind {
        Kind::Line => &line::DRAWER,
        Kind::Area => &area::DRAWER,
        Kind::Column => &column::DRAWER,
        Kind::BarList => &bar_list::DRAWER,
        Kind::Donut => &donut::DRAWER,
        Kind::Kpi => &kpi::DRAWER,
        Kind::Table => &table::DRAWER,
        // Before anything is drawn, the columns have said which kind it is.
        Kind::Auto => &table::DRAWER,
        Kind::Bar => &bar::DRAWER,
        Kind::Pie => &donut::DRAWER,
        Kind::Scatter => &scatter::DRAWER,
        Kind::Bubble => &scatter::BUBBLES,
        Kind::HeatMap => &heat_map::DRAWER,
        Kind::Histogram => &histogram::DRAWER,
        Kind::Funnel => &funnel::DRAWER,
        Kind::Gauge => &gauge::DRAWER,
        Kind::Candlestick => &candlestick::DRAWER,
        Kind::BoxPlot => &box_plot::DRAWER,
        Kind::StateTimeline => &state_timeline::DRAWER,
        Kind::Map => &map::DRAWER,
        Kind::Text => &prose::DRAWER,
    }
}

/// What a kind draws from.
pub(crate) struct Sheet<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) spec: &'a Spec,
    pub(crate) size: Size,
    pub(crate) palette: &'static Palette,
    pub(crate) columns: Columns<'a>,
}

/// What a kind has drawn: a [`crate::Drawing`] whose SVG is not written yet.
pub(crate) struct Picture {
    pub(crate) scene: Scene,
    pub(crate) marks: Marks,
    pub(crate) summary: String,
    pub(crate) scroll: Option<Scroll>,
    pub(crate) legend: Vec<LegendItem>,
    pub(crate) across: Option<Across>,
}

impl Picture {
    /// A picture without a table's rows, a legend or an axis to zoom.
    pub(crate) fn new(scene: Scene, marks: Marks, summary: String) -> Self {
        Self { scene, marks, summary, scroll: None, legend: Vec::new(), across: None }
    }
}

impl<'a> Sheet<'a> {
    pub(crate) fn width(&self) -> f32 {
        self.size.width as f32
    }

    pub(crate) fn height(&self) -> f32 {
        self.size.height as f32
    }

    /// The whole picture.
    pub(crate) fn whole(&self) -> Area {
        Area { left: 0, top: 0, right: units(self.width()), bottom: units(self.height()) }
    }

    /// A picture of nothing but the reason.
    pub(crate) fn blank(&self, reason: &str) -> Result<Picture, ChartError> {
        let mut scene = Scene::new(self.size);
        let look = Look::new(BODY.min(self.height() * 0.6), self.palette.muted);
        if let Some(fit) = text::fit(reason, self.width() - 4.0, look.size, look.weight) {
            let middle = (units(self.width() / 2.0), units(self.height() / 2.0));
            let canvas = scene.canvas();
            canvas.draw(&Label::new(&fit.text, middle, look.middle()).centered())?;
        }
        let marks = marks(self.whole(), Pick::Shape, Vec::new());
        Ok(Picture::new(scene, marks, format!("{reason}.")))
    }

    /// What an axis for these columns measures, whose values lie within `extent`.
    pub(crate) fn measured(&self, extent: Extent, columns: &[&'a Column]) -> Measured<'_> {
        let names: Vec<String> = columns.iter().map(|column| format!("`{}`", text::name(column.name()))).collect();
        let right = columns.iter().all(|column| self.spec.right.iter().any(|name| name == column.name()));
        let axis = if right && !columns.is_empty() { &self.spec.right_axis } else { &self.spec.y_axis };
        let own = || columns.first().map_or(&self.spec.format, |column| self.format(column));
        let format = axis.format.as_ref().unwrap_or_else(own);
        Measured {
            extent,
            from_zero: false,
            whole: columns.iter().all(|column| is_whole(column)),
            format,
            columns: names.join(", "),
        }
    }

    /// A frame without a legend, whose left axis measures all values.
    pub(crate) fn request<'b>(&'b self, extent: Extent, bottom: Bottom<'b>) -> Request<'b> {
        let left = self.measured(extent, &self.columns.y);
        let (size, palette, spec) = (self.size, self.palette, self.spec);
        Request {
            size,
            palette,
            spec,
            left,
            right: None,
            bottom,
            legend: &[],
            unnamed: 0,
            margin: 0.0,
            note: None,
            data: None,
        }
    }

    /// How a column's numbers are written.
    pub(crate) fn format(&self, column: &Column) -> &Format {
        self.spec.formats.get(column.name()).unwrap_or(&self.spec.format)
    }

    /// How the numbers of the first column of values are written: of a kind that shows one, its own.
    pub(crate) fn value_format(&self) -> &Format {
        self.columns.y.first().map_or(&self.spec.format, |column| self.format(column))
    }

    /// How the rows of one name become one number, side by side with others: of rates, which add up to nothing, their
    /// mean.
    pub(crate) fn aggregate(&self, column: &Column) -> Aggregate {
        match self.spec.aggregate {
            Aggregate::Sum if self.format(column).is_share() => Aggregate::Mean,
            aggregate => aggregate,
        }
    }

    /// Whether the numbers of several names have a sum that says something.
    pub(crate) fn adds_up(&self, column: &Column) -> bool {
        matches!(self.aggregate(column), Aggregate::Sum | Aggregate::Count)
    }

    /// Whether a sum of a column's values, each of which is finite, is a number too.
    pub(crate) fn check_sum(&self, column: &Column, sum: Option<f64>) -> Result<(), ChartError> {
        match sum {
            Some(sum) if !sum.is_finite() => Err(ChartError::Overflow { column: text::name(column.name()) }),
            _ => Ok(()),
        }
    }

    /// What a picture says of values that its logarithmic axis has no place for, where there are any.
    pub(crate) fn left_out(&self, values: usize) -> Option<String> {
        let (values, are) = match values {
            0 => return None,
            1 => ("1 value".to_owned(), "is"),
            many => (format!("{} values", self.count(many)), "are"),
        };
        Some(format!("{values} not above zero {are} left out: the axis is logarithmic"))
    }

    /// A number of things, as a sentence says it.
    pub(crate) fn count(&self, count: usize) -> String {
        self.spec.format.styled(Style::Number).exact(&count.to_string())
    }

    /// A value of one row as a tooltip says it.
    pub(crate) fn exact(&self, column: &Column, row: usize) -> String {
        let mut text = String::new();
        self.write_exact(column, row, &mut String::new(), &mut text);
        text
    }

    /// Adds the same to `out`. `digits` is where the engine's own text is put in between.
    pub(crate) fn write_exact(&self, column: &Column, row: usize, digits: &mut String, out: &mut String) {
        digits.clear();
        if column.write(row, digits) {
            self.format(column).write_exact(digits, out);
        } else {
            out.push_str(NULL);
        }
    }
}

/// What stands for a null.
pub(crate) const NULL: &str = "–";
/// What stands for all that a limit left out.
pub(crate) const OTHER: &str = "Other";
/// The picture of columns that hold nothing to draw.
pub(crate) const NO_VALUES: &str = "No values";

/// One value of a mark.
pub(crate) fn entry(name: impl Into<Words>, value: impl Into<Words>, paint: Paint, y: Option<f32>) -> Entry {
    Entry { name: name.into(), value: value.into(), amount: None, color: paint.to_hex(), y }
}

/// A sentence after another, where there is one.
pub(crate) fn also(sentence: Option<&str>) -> String {
    sentence.map_or_else(String::new, |sentence| format!(" {sentence}."))
}

/// `a, b and 3 more`.
pub(crate) fn enumerate<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if first.len() < 4 => format!("{} and {last}", first.join(", ")),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
        [_, _] => names.join(" and "),
    }
}

/// Whether the column can only hold whole numbers, so that an axis needs no halves.
pub(crate) fn is_whole(column: &Column) -> bool {
    let kind = column.kind().plain().to_string();
    ["Int", "UInt", "Bool"].iter().any(|prefix| kind.starts_with(prefix))
}

/// The mark list of a picture that was drawn on a plot.
pub(crate) fn marks(plot: Area, pick: Pick, marks: Vec<Mark>) -> Marks {
    Marks { plot: plot.to_rect(), pick, marks, groups: Vec::new(), untold: 0 }
}

/// Series by their names, with the row that says what each is about. One whose name is another's too is none of them:
/// nobody could tell which is meant.
pub(crate) fn groups<'a>(column: Option<&Column>, series: impl Iterator<Item = (&'a str, usize)>) -> Vec<Group> {
    let Some(column) = column else { return Vec::new() };
    let mut groups: Vec<(Group, bool)> = Vec::new();
    for (name, row) in series {
        let value = column.text(row).map(|text| text.into_owned());
        match groups.iter_mut().find(|(group, _)| group.name == name) {
            Some((group, alone)) => *alone &= group.key.value == value,
            None => {
                let key = Key { column: column.name().to_owned(), value };
                groups.push((Group { name: name.to_owned(), key }, true));
            }
        }
    }
    groups.into_iter().filter_map(|(group, alone)| alone.then_some(group)).collect()
}
