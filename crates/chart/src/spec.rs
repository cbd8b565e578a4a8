//! What to draw, as a dashboard's TOML says it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use crate::Format;
use crate::locale::Locale;

/// A kind of chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whichever suits the columns.
    Auto,
    /// Lines over time, numbers or categories.
    Line,
    /// The same, filled; side by side or stacked.
    Area,
    /// Upright bars over categories, numbers or time, grouped or stacked.
    Column,
    /// The same, lying: names at the left, values to the right.
    Bar,
    /// Horizontal bars, the longest first, names inside and values at the right.
    BarList,
    /// A ring of shares, with the total in the middle.
    Donut,
    /// A disc of shares.
    Pie,
    /// One number, its change, and how it came about.
    Kpi,
    /// Rows and columns, as they are.
    Table,
    /// A dot for each row, by two numbers.
    Scatter,
    /// The same, whose area is a third number.
    Bubble,
    /// A grid of cells whose colour is a number.
    HeatMap,
    /// How often values occur, in classes of equal width.
    Histogram,
    /// How many are left after each step.
    Funnel,
    /// One number between two ends.
    Gauge,
    /// Opening, highest, lowest and closing value over time.
    Candlestick,
    /// Quartiles, whiskers and outliers of each category.
    BoxPlot,
    /// Which state each thing was in, over time.
    StateTimeline,
    /// Countries, by their codes (ISO 3166-1), coloured by a number.
    Map,
    /// A text in Markdown.
    Text,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Auto,
        Self::Line,
        Self::Area,
        Self::Column,
        Self::Bar,
        Self::BarList,
        Self::Donut,
        Self::Pie,
        Self::Kpi,
        Self::Table,
        Self::Scatter,
        Self::Bubble,
        Self::HeatMap,
        Self::Histogram,
        Self::Funnel,
        Self::Gauge,
        Self::Candlestick,
        Self::BoxPlot,
        Self::StateTimeline,
        Self::Map,
        Self::Text,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Line => "line",
            Self::Area => "area",
            Self::Column => "column",
            Self::Bar => "bar",
            Self::BarList => "bar-list",
            Self::Donut => "donut",
            Self::Pie => "pie",
            Self::Kpi => "kpi",
            Self::Table => "table",
            Self::Scatter => "scatter",
            Self::Bubble => "bubble",
            Self::HeatMap => "heat-map",
            Self::Histogram => "histogram",
            Self::Funnel => "funnel",
            Self::Gauge => "gauge",
            Self::Candlestick => "candlestick",
            Self::BoxPlot => "box-plot",
            Self::StateTimeline => "state-timeline",
            Self::Map => "map",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A kind that Perch does not draw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of chart; write {kinds}", kinds = Kind::ALL.map(Kind::name).join(", "))]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// What to draw of a table. Columns that are not named are chosen: `x` is the first time, else the first text; `y` is
/// every number that is left, or the first one for a kind that shows one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The kind of chart.
    pub kind: Kind,
    /// What stands along the bottom, names a bar or a slice, or gives a KPI its sparkline.
    #[serde(default)]
    pub x: Option<String>,
    /// The values: one column's name or several. For a table, the columns to show.
    #[serde(default, deserialize_with = "one_or_many")]
    pub y: Vec<String>,
    /// Makes one series of each value of this column, for line, area, column and bar.
    #[serde(default)]
    pub group_by: Option<String>,
    /// Those of `y` that are measured by an axis at the right.
    #[serde(default, deserialize_with = "one_or_many")]
    pub right: Vec<String>,
    /// The area of a bubble.
    #[serde(default)]
    pub size: Option<String>,
    /// A column of web addresses that the names of a bar list or the rows of a table lead to.
    #[serde(default)]
    pub link: Option<String>,
    /// A column of icons that stand before the names of a bar list: emoji, or country codes (ISO 3166-1).
    #[serde(default)]
    pub icon: Option<String>,
    /// Puts areas and bars on top of each other instead of side by side.
    #[serde(default)]
    pub stacked: Stacking,
    /// How numbers are written.
    #[serde(default)]
    pub format: Format,
    /// How the numbers of single columns are written, by their names.
    #[serde(default)]
    pub formats: BTreeMap<String, Format>,
    /// How many bars, slices or series are shown; what is left becomes "Other".
    #[serde(default)]
    pub limit: Option<usize>,
    /// How one number is made of many rows.
    #[serde(default)]
    pub aggregate: Aggregate,
    /// Which change of a KPI is good news.
    #[serde(default)]
    pub good: Good,
    /// What a KPI or a gauge should reach: a number, or the column that holds it.
    #[serde(default)]
    pub target: Option<Target>,
    /// The axis along the bottom.
    #[serde(default)]
    pub x_axis: Axis,
    /// The axis at the left.
    #[serde(default)]
    pub y_axis: Axis,
    /// The axis at the right, of the columns in `right`.
    #[serde(default)]
    pub right_axis: Axis,
    /// Lines across the plot at values that matter.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// Stretches of an axis that are shaded.
    #[serde(default)]
    pub bands: Vec<Band>,
    /// What happened at a place along the bottom.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// Whose clock the times are read from.
    #[serde(default)]
    pub zone: Zone,
    /// How many classes a histogram has; chosen by the data where nothing is said.
    #[serde(default)]
    pub bins: Option<usize>,
    /// What the cells of a heat map stand for.
    #[serde(default)]
    pub cells: Cells,
    /// In which order a table's rows stand before the viewer chooses.
    #[serde(default)]
    pub sort: Option<Sort>,
    /// Whether a table ends with a row of totals.
    #[serde(default)]
    pub totals: bool,
    /// Whether the values of a bar list have their shares of the whole beside them.
    #[serde(default)]
    pub shares: bool,
    /// Columns of a table whose numbers have bars behind them.
    #[serde(default, deserialize_with = "one_or_many")]
    pub bars: Vec<String>,
    /// What a text says, in CommonMark.
    #[serde(default)]
    pub text: Option<String>,
}

impl Spec {
    /// A chart of this kind, and everything else as it is when nothing is said.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            x: None,
            y: Vec::new(),
            group_by: None,
            right: Vec::new(),
            size: None,
            link: None,
            icon: None,
            stacked: Stacking::default(),
            format: Format::default(),
            formats: BTreeMap::new(),
            limit: None,
            aggregate: Aggregate::default(),
            good: Good::default(),
            target: None,
            x_axis: Axis::default(),
            y_axis: Axis::default(),
            right_axis: Axis::default(),
            thresholds: Vec::new(),
            bands: Vec::new(),
            annotations: Vec::new(),
            zone: Zone::default(),
            bins: None,
            cells: Cells::default(),
            sort: None,
            totals: false,
            shares: false,
            bars: Vec::new(),
            text: None,
        }
    }

    /// The same with all numbers written in a locale's way.
    pub(crate) fn within(&self, locale: &'static Locale) -> Self {
        let mut spec = self.clone();
        let axes = [&mut spec.x_axis, &mut spec.y_axis, &mut spec.right_axis];
        let axes = axes.into_iter().filter_map(|axis| axis.format.as_mut());
        for format in [&mut spec.format].into_iter().chain(spec.formats.values_mut()).chain(axes) {
            *format = format.within(locale);
        }
        spec
    }
}

/// Whether series stand on each other: `false`, `true` or `"percent"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StackingText", into = "StackingText")]
pub enum Stacking {
    /// Side by side.
    #[default]
    None,
    /// On top of each other.
    Sum,
    /// On top of each other, as shares of their sum.
    Percent,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false or \"percent\"")]
enum StackingText {
    Plain(bool),
    Shares(Shares),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shares {
    Percent,
}

impl From<StackingText> for Stacking {
    fn from(text: StackingText) -> Self {
        match text {
            StackingText::Plain(false) => Self::None,
            StackingText::Plain(true) => Self::Sum,
            StackingText::Shares(Shares::Percent) => Self::Percent,
        }
    }
}

impl From<Stacking> for StackingText {
    fn from(stacking: Stacking) -> Self {
        match stacking {
            Stacking::None => Self::Plain(false),
            Stacking::Sum => Self::Plain(true),
            Stacking::Percent => Self::Shares(Shares::Percent),
        }
    }
}

/// What should be reached.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number or a column's name")]
pub enum Target {
    /// The same for everyone.
    Value(f64),
    /// A column, whose rows become one number as those of the value do.
    Column(String),
}

/// How an axis measures. What is not said is chosen by the data.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Linear or logarithmic.
    #[serde(default)]
    pub scale: AxisScale,
    /// Where it begins.
    #[serde(default)]
    pub min: Option<f64>,
    /// Where it ends.
    #[serde(default)]
    pub max: Option<f64>,
    /// What stands beside it.
    #[serde(default)]
    pub title: Option<String>,
    /// How its numbers are written, where that is not the chart's `format`.
    #[serde(default)]
    pub format: Option<Format>,
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AxisScale {
    /// In proportion.
    #[default]
    Linear,
    /// By their logarithm, so that equal lengths are equal factors. Only positive values have a place.
    Log,
}

/// A line across the plot.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Where.
    pub value: f64,
    /// What it means.
    #[serde(default)]
    pub label: Option<String>,
    /// Of which axis.
    #[serde(default)]
    pub axis: Side,
}

/// A stretch of an axis.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Where it begins; without it, at the axis's beginning. On the bottom axis as [`Annotation::at`].
    #[serde(default)]
    pub from: Option<Place>,
    /// Where it ends; without it, at the axis's end.
    #[serde(default)]
    pub to: Option<Place>,
    /// What it means.
    #[serde(default)]
    pub label: Option<String>,
    /// Of which axis.
    #[serde(default)]
    pub axis: Side,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// Where along the bottom: a date or a time as ISO 8601 writes it, a number, or a category's name.
    pub at: Place,
    /// What happened.
    pub label: String,
}

/// A place on an axis.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number, a date or a name")]
pub enum Place {
    /// A value.
    Number(f64),
    /// A moment or a category.
    Text(String),
}

/// One of the three axes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// At the left.
    #[default]
    Left,
    /// At the right.
    Right,
    /// Along the bottom.
    Bottom,
}

/// Whose clock times are read from. A date has none, and is the same day everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", from = "String")]
pub enum Zone {
    /// The column's own, as its type says; UTC for a type that says none.
    #[default]
    Column,
    /// The viewer's.
    Viewer,
    /// Coordinated universal time.
    Utc,
    /// One of the IANA time zone database.
    Named(String),
}

impl From<String> for Zone {
    fn from(text: String) -> Self {
        match text.as_str() {
            "column" => Self::Column,
            "viewer" => Self::Viewer,
            "utc" => Self::Utc,
            _ => Self::Named(text),
        }
    }
}

/// What the cells of a heat map stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cells {
    /// Two columns of categories: `x` and `group_by`.
    #[default]
    Columns,
    /// The days of `x`, a column of cells for each week.
    Calendar,
    /// The hours of `x` by the days of the week.
    WeekdayHour,
}

/// In which order rows stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// By which column.
    pub column: String,
    /// The greatest first.
    #[serde(default)]
    pub descending: bool,
}

/// How one number is made of many rows. Nulls and NaN are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// All of them together.
    #[default]
    Sum,
    /// The arithmetic mean.
    Mean,
    /// The last one by `x`, or by row where there is no `x`.
    Last,
    /// The least of them.
    Min,
    /// The greatest of them.
    Max,
    /// How many there are.
    Count,
}

/// Which way a number should go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Good {
    /// More is better.
    #[default]
    Up,
    /// Less is better, as with a bounce rate.
    Down,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a column's name or a list of names")]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Names::deserialize(deserializer)? {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    })
}
