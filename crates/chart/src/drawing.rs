//! What comes back: the picture, and where in it the values are, for the web view to point at.
//!
//! Everything is in CSS pixels from the picture's upper left corner.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Entries, Hex, Sort, Words};

/// The size of a picture in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// What the picture is laid upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Upon white.
    #[default]
    Light,
    /// Upon near black.
    Dark,
}

/// A picture and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Drawing {
    /// One `<svg>` element without style, script or reference. Its ground is clear.
    pub svg: String,
    /// Where the values are.
    pub marks: Marks,
    /// The picture in one sentence, for who does not see it. Plain text.
    pub summary: String,
    /// For a table: which of its rows are in the picture.
    pub scroll: Option<Scroll>,
    /// The names of the series and where they stand in the picture: what a viewer turns off and on.
    pub legend: Vec<LegendItem>,
    /// For a picture with an axis along the bottom that can be zoomed into.
    pub across: Option<Across>,
}

/// A series in the legend.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct LegendItem {
    /// Its name: what [`View::hidden`] says of it. Plain text.
    pub name: String,
    /// Its colour, `#rrggbb`.
    #[ts(as = "String")]
    pub color: Hex,
    /// Whether it is drawn.
    pub shown: bool,
    /// Where its name stands.
    pub place: Rect,
}

/// What the axis along the bottom measures, from the plot's left side to its right one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS)]
pub struct Across {
    /// What kind of values.
    pub measure: Measure,
    /// The value at the left side. Of a time: Unix microseconds.
    pub from: f64,
    /// The value at the right side.
    pub to: f64,
    /// Whether equal lengths are equal factors.
    pub log: bool,
}

/// What kind of values an axis measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Moments: charts that measure it share a crosshair.
    Time,
    /// Numbers.
    Number,
}

/// What a viewer has done with a picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct View {
    /// For a table: the first row in the picture, counted from 0 in the order in which they stand.
    pub first_row: usize,
    /// For a table: how much of that row is scrolled away under the header, in CSS pixels; less than its height.
    pub offset: f32,
    /// For a table that is wider than the picture: how many columns are scrolled away.
    pub first_column: usize,
    /// The series that are turned off, by their names.
    pub hidden: Vec<String>,
    /// The stretch of the bottom axis to show, in [`Across`]' measure.
    pub zoom: Option<(f64, f64)>,
    /// For a table: in which order.
    pub sort: Option<Sort>,
    /// For a table: only the rows in which this occurs.
    pub search: String,
    /// The answer as a table, whatever the kind.
    pub as_table: bool,
}

/// What of a table is in the picture. The web view scrolls by asking for another first row, offset or column.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Scroll {
    /// All rows that there are to scroll through: of a search, those that were found.
    pub rows: usize,
    /// The first one in the picture, counted from 0.
    pub first: usize,
    /// How much of the first one is scrolled away, in CSS pixels.
    pub offset: f32,
    /// How many have room in the picture. The table is scrolled to its end where `rows - visible` is the first.
    pub visible: usize,
    /// The height of each in CSS pixels.
    pub row_height: f32,
    /// The names of the columns in the picture, and where they stand: what a viewer sorts by.
    pub header: Vec<HeaderCell>,
    /// How many columns are scrolled away at the left.
    pub columns_before: usize,
    /// How many columns are still to come at the right.
    pub columns_after: usize,
}

/// A column's name above a table.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct HeaderCell {
    /// The column, as [`Sort`] names it. Plain text.
    pub column: String,
    /// Where it stands.
    pub place: Rect,
    /// Whether the rows stand in this column's order, and if so, whether the greatest comes first.
    pub sorted: Option<bool>,
}

/// Where the values are.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Marks {
    /// The part of the picture between the axes.
    pub plot: Rect,
    /// How a pointer finds its mark.
    pub pick: Pick,
    /// From left to right, or from top to bottom, or around.
    pub marks: Vec<Mark>,
    /// The series that are about some of the rows only.
    pub groups: Vec<Group>,
    /// How many series are drawn that no mark tells of.
    pub untold: u32,
}

/// A series of the rows that have one value in a column.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Group {
    /// What the marks' entries call it. Plain text.
    pub name: String,
    /// Which rows it is about: what a dashboard is filtered by on a click on its entry.
    pub key: Key,
}

/// How a pointer finds its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// The mark whose column is nearest from left to right; of its entries, the one whose point is nearest.
    NearestX,
    /// The same, where entries lie upon each other: the one whose layer the pointer is in.
    Layer,
    /// The mark whose shape holds the pointer.
    Shape,
    /// The same, where a mark lasts from its left side to its right one: the moment is the pointer's.
    Span,
}

/// A place in the picture that says something.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Mark {
    /// Where it is.
    pub shape: Shape,
    /// What it is about: a moment, a category. Plain text.
    #[ts(as = "String")]
    pub heading: Words,
    /// Its values, one for each series.
    #[ts(as = "Vec<Entry>")]
    pub entries: Entries,
    /// Where each of its values is, in their order, if each has a place of its own: the bars of a band.
    pub parts: Vec<Rect>,
    /// Where it is on an axis that can be zoomed, in [`Across`]' measure.
    pub at: Option<f64>,
    /// Which rows it is about: what a dashboard is filtered by on a click.
    pub keys: Vec<Key>,
    /// The web address that it leads to: absolute, and of `http` or `https`. For the system browser, never for the web
    /// view.
    pub link: Option<String>,
}

impl Mark {
    /// A mark that is nowhere on an axis, and filters by nothing.
    pub(crate) fn new(shape: Shape, heading: impl Into<Words>, entries: impl Into<Entries>) -> Self {
        let (heading, entries) = (heading.into(), entries.into());
        Self { shape, heading, entries, parts: Vec::new(), at: None, keys: Vec::new(), link: None }
    }
}

impl Entry {
    /// The same, with its amount; NaN and the infinities are none.
    pub(crate) fn of(self, amount: impl Into<Option<f64>>) -> Self {
        Self { amount: amount.into().filter(|amount| amount.is_finite()), ..self }
    }
}

/// A column's value that a mark stands for.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Key {
    /// The column.
    pub column: String,
    /// The value as the engine writes it; `None` for a null. Plain text.
    pub value: Option<String>,
}

/// The shape of a mark.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Shape {
    /// A line from the plot's top to its bottom.
    Column {
        /// Where it stands.
        x: f32,
    },
    /// A rectangle.
    Rect(Rect),
    /// A piece of a ring. Angles are in radians, clockwise from twelve o'clock.
    Wedge {
        /// The centre.
        cx: f32,
        /// The centre.
        cy: f32,
        /// The inner radius.
        inner: f32,
        /// The outer radius.
        outer: f32,
        /// Where it begins.
        start: f32,
        /// Where it ends.
        end: f32,
    },
    /// A closed outline, as of a country's largest piece of land.
    Polygon {
        /// Its corners, from left to right and from top to bottom; the last one is followed by the first.
        points: Vec<(f32, f32)>,
    },
}

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS)]
pub struct Rect {
    /// Its left side.
    pub x: f32,
    /// Its upper side.
    pub y: f32,
    /// From left to right, never negative.
    pub width: f32,
    /// From top to bottom, never negative.
    pub height: f32,
}

/// One value of a mark.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Entry {
    /// The series, or the column. Plain text.
    #[ts(as = "String")]
    pub name: Words,
    /// The value in full. Without its commas (and what a format adds) it is what the engine's CSV says. A null reads
    /// `–`. Plain text.
    #[ts(as = "String")]
    pub value: Words,
    /// About how much that is, where all entries of the mark measure the same: the web view lists them by it.
    pub amount: Option<f64>,
    /// The series' colour, `#rrggbb`.
    #[ts(as = "String")]
    pub color: Hex,
    /// Where the value stands in the picture, if it is a point on a line or the end of a bar.
    pub y: Option<f32>,
}
