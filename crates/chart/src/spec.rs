//! What to draw, as a dashboard's TOML says it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::Format;

/// A kind of chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Lines over time, numbers or categories.
    Line,
    /// The same, filled; side by side or stacked.
    Area,
    /// Columns over categories or time, grouped or stacked.
    Bar,
    /// Horizontal bars, the longest first, names inside and values at the right.
    BarList,
    /// A ring of shares, with the total in the middle.
    Donut,
    /// Rows and columns, as they are.
    Table,
    /// One number, its change, and how it came about.
    Kpi,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Line, Self::Area, Self::Bar, Self::BarList, Self::Donut, Self::Table, Self::Kpi];

    fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Area => "area",
            Self::Bar => "bar",
            Self::BarList => "bar-list",
            Self::Donut => "donut",
            Self::Table => "table",
            Self::Kpi => "kpi",
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
#[error("`{0}` is no kind of chart; write line, area, bar, bar-list, donut, table or kpi")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// What to draw of a table. Columns that are not named are chosen: `x` is the first time, else the first text; `y` is
/// every number that is left, or the first one for a kind that shows one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
    /// Makes one series of each value of this column, for line, area and bar.
    #[serde(default)]
    pub group_by: Option<String>,
    /// Puts areas and bars on top of each other instead of side by side.
    #[serde(default)]
    pub stacked: bool,
    /// How numbers are written.
    #[serde(default)]
    pub format: Format,
    /// How many bars, slices or series are shown; what is left becomes "Other".
    #[serde(default)]
    pub limit: Option<usize>,
    /// How a KPI makes one number of many rows.
    #[serde(default)]
    pub aggregate: Aggregate,
    /// Which change of a KPI is good news.
    #[serde(default)]
    pub good: Good,
}

impl Spec {
    /// A chart of this kind, and everything else as it is when nothing is said.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            x: None,
            y: Vec::new(),
            group_by: None,
            stacked: false,
            format: Format::Auto,
            limit: None,
            aggregate: Aggregate::default(),
            good: Good::default(),
        }
    }
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
