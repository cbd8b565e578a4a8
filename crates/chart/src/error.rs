//! What keeps a table from being drawn as a spec asks, in words for whoever wrote the dashboard.

use crate::Kind;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// A column that the spec names is not in the answer.
    #[error("{role} = `{name}`: the pipe's answer has no such column; it has {}", list(available))]
    NoColumn {
        /// The spec's field.
        role: &'static str,
        /// The name that was asked for.
        name: String,
        /// The columns that there are.
        available: Vec<String>,
    },
    /// A column is of a type that cannot be drawn so.
    #[error("{role} = `{name}` is {kind}, where the chart needs {needed}")]
    WrongFamily {
        /// The spec's field.
        role: &'static str,
        /// The column.
        name: String,
        /// ClickHouse's type of it.
        kind: String,
        /// What would do.
        needed: &'static str,
    },
    /// Nothing was named, and no column suits.
    #[error(
        "no column of the answer can be the {kind}'s {role}, which needs {needed}; the answer has {}",
        list(available)
    )]
    NoneSuits {
        /// The kind of chart.
        kind: Kind,
        /// The spec's field.
        role: &'static str,
        /// What would do.
        needed: &'static str,
        /// The columns that there are.
        available: Vec<String>,
    },
    /// More columns are named than the kind can show.
    #[error("{} {kind} shows {}, and `y` names {given}", article(*kind), columns(*most))]
    TooMany {
        /// The kind of chart.
        kind: Kind,
        /// How many it shows.
        most: usize,
        /// How many were named.
        given: usize,
    },
    /// A field that means nothing to this kind.
    #[error("{} {kind} has no `{field}`", article(*kind))]
    Meaningless {
        /// The kind of chart.
        kind: Kind,
        /// The spec's field.
        field: &'static str,
    },
    /// A field that this kind cannot do without.
    #[error("{} {kind} needs `{field}`, and the tile has none", article(*kind))]
    Missing {
        /// The kind of chart.
        kind: Kind,
        /// The spec's field.
        field: &'static str,
    },
    /// A share of a whole cannot be negative.
    #[error("`{column}` is negative for {category}, and a share of a whole cannot be")]
    Negative {
        /// The column of values.
        column: String,
        /// Whose value it is.
        category: String,
    },
    /// An axis that cannot be as the spec says.
    #[error("`{axis}` {why}")]
    Axis {
        /// The spec's field.
        axis: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A logarithmic axis for values none of which is positive.
    #[error("{columns} has no positive value, and only positive values have a place on a logarithmic axis")]
    NonePositive {
        /// The columns of the values.
        columns: String,
    },
    /// A threshold, a band or an annotation at a place that the axis does not have.
    #[error("{role} is at `{written}`, which {why}")]
    NoPlace {
        /// What has no place.
        role: &'static str,
        /// The place as it was written.
        written: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something of the right axis in a chart that has none.
    #[error("{role} is measured by the right axis, and no column is")]
    NoRightAxis {
        /// What is measured by it.
        role: &'static str,
    },
    /// A column for the right axis that is not among the values.
    #[error("right = `{name}` is none of the columns in `y`: {}", list(values))]
    NotAmongValues {
        /// The column that was named.
        name: String,
        /// The columns of values.
        values: Vec<String>,
    },
    /// A time zone that the database of zones does not know.
    #[error("zone = `{name}` is no time zone")]
    NoZone {
        /// The zone that was named.
        name: String,
    },
    /// How many are left after a step cannot be negative.
    #[error("`{column}` is negative for the step {step}, and a funnel counts how many are left")]
    NegativeStep {
        /// The column of values.
        column: String,
        /// Whose value it is.
        step: String,
    },
    /// A candle whose highest value is below its lowest.
    #[error("`{high}` is below `{low}` on {at}, and a candle reaches from the lowest to the highest value")]
    HighBelowLow {
        /// The column of the highest values.
        high: String,
        /// The column of the lowest values.
        low: String,
        /// When.
        at: String,
    },
    /// A candle that opens or closes where it never was.
    #[error("`{column}` is not between `{low}` and `{high}` on {at}, and a candle opens and closes between them")]
    OutsideCandle {
        /// The column of the first or the last values.
        column: String,
        /// The column of the lowest values.
        low: String,
        /// The column of the highest values.
        high: String,
        /// When.
        at: String,
    },
    /// Values whose sum no double can say.
    #[error("`{column}` adds up to more than a number can say")]
    Overflow {
        /// The column of values.
        column: String,
    },
    /// A picture of no extent, or of more than 10,000 pixels a side.
    #[error("a picture of {width} by {height} pixels cannot be drawn")]
    Size {
        /// CSS pixels.
        width: u32,
        /// CSS pixels.
        height: u32,
    },
    /// plotters refused, which it does for a layout without room.
    #[error("the chart could not be laid out: {0}")]
    Layout(String),
}

impl ChartError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoColumn { .. } => "no-column",
            Self::WrongFamily { .. } => "wrong-column-type",
            Self::NoneSuits { .. } => "no-column-suits",
            Self::TooMany { .. } => "too-many-columns",
            Self::Meaningless { .. } => "meaningless-field",
            Self::Missing { .. } => "missing-field",
            Self::Negative { .. } => "negative-share",
            Self::Axis { .. } => "bad-axis",
            Self::NonePositive { .. } => "none-positive",
            Self::NoPlace { .. } => "no-place",
            Self::NoRightAxis { .. } => "no-right-axis",
            Self::NotAmongValues { .. } => "not-among-values",
            Self::NoZone { .. } => "no-zone",
            Self::NegativeStep { .. } => "negative-step",
            Self::HighBelowLow { .. } => "high-below-low",
            Self::OutsideCandle { .. } => "outside-candle",
            Self::Overflow { .. } => "sum-overflow",
            Self::Size { .. } => "chart-size",
            Self::Layout(_) => "chart-layout",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoColumn { .. } => "Write one of the columns that are there, or change the pipe.",
            Self::WrongFamily { .. } => {
                "Name another column, or choose a kind of chart that shows it: a table shows all."
            }
            Self::NoneSuits { .. } => "Choose a kind of chart that suits the columns: a table shows all.",
            Self::TooMany { .. } => "Keep one of them, or choose bar, line or table.",
            Self::Meaningless { .. } => "Take the field out of the tile.",
            Self::Missing { .. } => "Write the field below the tile's [chart], or choose another kind of chart.",
            Self::Negative { .. } => {
                "Choose bar, or a bar-list without shares, or leave negative rows out in the pipe."
            }
            Self::Axis { .. } => "Write other ends or another scale, or leave them out: the data then chooses.",
            Self::NonePositive { .. } => "Make the axis linear, or leave such rows out in the pipe.",
            Self::NoPlace { .. } => "Write a place that the axis has, or take it out of the tile.",
            Self::NoRightAxis { .. } => {
                "Name the columns for the right axis in `right`, or measure it by another axis."
            }
            Self::NotAmongValues { .. } => "Name the column in `y` too, or take it out of `right`.",
            Self::NoZone { .. } => "Write column, viewer, utc, or a zone such as Europe/Berlin.",
            Self::NegativeStep { .. } => "Choose column or bar, or leave negative rows out in the pipe.",
            Self::HighBelowLow { .. } | Self::OutsideCandle { .. } => {
                "Name the columns in `y` in this order: open, high, low, close; or correct the pipe."
            }
            Self::Overflow { .. } => {
                "Write another `aggregate`, such as max or last, or divide the values in the pipe."
            }
            Self::Size { .. } => "Make the tile larger.",
            Self::Layout(_) => "Make the tile larger, and report this with the tile's settings if it stays.",
        }
    }
}

impl<E: std::error::Error + Send + Sync> From<plotters::drawing::DrawingAreaErrorKind<E>> for ChartError {
    fn from(error: plotters::drawing::DrawingAreaErrorKind<E>) -> Self {
        Self::Layout(error.to_string())
    }
}

/// What stands before a kind's name in a sentence.
fn article(kind: Kind) -> &'static str {
    if matches!(kind, Kind::Area | Kind::Auto) { "an" } else { "a" }
}

fn columns(count: usize) -> String {
    match count {
        0 => "no column of values".into(),
        1 => "one column of values".into(),
        more => format!("{more} columns of values"),
    }
}

/// Column names as a sentence lists them.
fn list(names: &[String]) -> String {
    const MOST: usize = 12;
    if names.is_empty() {
        return "no columns".into();
    }
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{}`", crate::text::name(name))).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
