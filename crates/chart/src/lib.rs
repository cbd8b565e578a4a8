//! Charts that a newspaper would print, drawn in Rust: a table and a spec become one scene, and the scene becomes SVG,
//! the places and values under a pointer, and a sentence for who does not see it.
//!
//! ```text
//! Table + Spec -> columns -> series -> scales -> scene (plotters draws) -> SVG
//!                                        |-----> marks, summary
//! ```
//!
//! A kind of chart is drawn by one function in one file of `kinds/`, with one entry in its list.

mod auto;
mod band;
mod bars;
mod before;
mod bottom;
mod calendar;
mod cartesian;
mod classes;
mod clock;
mod columns;
mod compare;
mod drawing;
mod earlier;
mod element;
mod ends;
mod error;
mod font;
mod format;
mod glyph;
mod guides;
mod headline;
mod icon;
mod kinds;
mod legend;
mod link;
mod locale;
mod logarithm;
mod lying;
mod markdown;
mod order;
mod outlines;
pub mod page;
mod palette;
mod parts;
mod past;
mod periods;
mod quartiles;
mod ramp;
mod reduce;
mod scale;
mod scene;
mod series;
mod setting;
mod shared;
mod spec;
mod stack;
mod stacks;
mod sum;
mod svg;
mod tally;
mod text;
mod trace;
mod upright;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use perch_tinybird::Table;

use locale::Locale;

pub use auto::{headlines, suggest};
pub use drawing::{
    Across, Drawing, Entry, Group, HeaderCell, Key, LegendItem, Mark, Marks, Measure, Pick, Rect, Scroll, Shape, Size,
    Theme, View,
};
pub use earlier::Earlier;
pub use error::ChartError;
pub use format::{Currency, Format, Style, UnknownFormat};
pub use order::Orders;
pub use periods::{Days, Periods};
pub use setting::{Colors, Setting};
pub use shared::{Entries, Hex, Words};
pub use spec::{
    Aggregate, Annotation, Axis, AxisScale, Band, Cells, Good, Kind, Place, Side, Sort, Spec, Stacking, Target,
    Threshold, UnknownKind, Zone,
};

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The answer.
    pub table: &'a Table,
    /// The same question's answer for an earlier time: a ghost behind lines and areas, and behind the bars of one series,
    /// and what a KPI is compared with.
    pub previous: Option<&'a Table>,
    /// Which time `previous` is of.
    pub earlier: Earlier,
    /// The days of both, so that each stands behind its counterpart. Where nobody says them, both begin together.
    pub periods: Option<Periods>,
    /// What the viewer has done with the picture.
    pub view: &'a View,
    /// Where it is looked at.
    pub setting: &'a Setting,
}

/// A table that nobody has touched yet, looked at from nowhere, beside no other picture.
impl<'a> From<&'a Table> for Input<'a> {
    fn from(table: &'a Table) -> Self {
        static VIEW: LazyLock<View> = LazyLock::new(View::default);
        static SETTING: LazyLock<Setting> =
            LazyLock::new(|| Setting { colors: Arc::new(Colors::forgetful()), ..Setting::default() });
        Self { table, previous: None, earlier: Earlier::default(), periods: None, view: &VIEW, setting: &SETTING }
    }
}

/// Whether a table has the columns that a spec asks for, of types that the kind can draw.
///
/// # Errors
///
/// Which column is not there, or not of the right type, and which are there.
pub fn check(spec: &Spec, table: &Table) -> Result<(), ChartError> {
    let spec = with_kind(spec, table);
    find(&spec, table).map(|_| ())
}

/// Whether a spec makes sense before there is a table: what [`check`] says of it whatever the columns, and fields that
/// no chart of its kind looks at.
///
/// # Errors
///
/// Which field is one too many, or is missing.
pub fn check_spec(spec: &Spec) -> Result<(), ChartError> {
    if spec.kind == Kind::Auto {
        return Ok(());
    }
    columns::plausible(spec.kind, kinds::of(spec.kind).needs, spec)?;
    match unread(spec).first() {
        Some(field) => Err(ChartError::Meaningless { kind: spec.kind, field }),
        None => {
            check_axes(spec)?;
            clock::Clock::check_zone(spec)
        }
    }
}

/// Whether the ends that are said can be an axis', whatever the answer.
fn check_axes(spec: &Spec) -> Result<(), ChartError> {
    upright::check(&spec.x_axis, bottom::AXIS)?;
    upright::check(&spec.y_axis, upright::LEFT)?;
    upright::check(&spec.right_axis, upright::RIGHT)
}

/// Whether a chart of this kind shows an earlier time beside its own.
pub fn compares(kind: Kind) -> bool {
    matches!(kind, Kind::Auto | Kind::Line | Kind::Area | Kind::Column | Kind::Bar | Kind::Kpi)
}

/// The fields that are said, and that no chart of this kind looks at, by their names in a file.
pub fn unread(spec: &Spec) -> Vec<&'static str> {
    if spec.kind == Kind::Auto {
        return Vec::new();
    }
    let needs = kinds::of(spec.kind).needs;
    let of = |kinds: &[Kind]| kinds.contains(&spec.kind);
    // Those with a plot between axes.
    let framed = of(&[
        Kind::Line,
        Kind::Area,
        Kind::Column,
        Kind::Bar,
        Kind::Scatter,
        Kind::Bubble,
        Kind::Histogram,
        Kind::BoxPlot,
        Kind::Candlestick,
    ]);
    let said = [
        ("group_by", spec.group_by.is_some(), needs.group != columns::Role::Never),
        ("size", spec.size.is_some(), needs.size != columns::Role::Never),
        ("text", spec.text.is_some(), of(&[Kind::Text])),
        ("bins", spec.bins.is_some(), of(&[Kind::Histogram])),
        ("cells", spec.cells != Cells::default(), of(&[Kind::HeatMap])),
        ("sort", spec.sort.is_some(), of(&[Kind::Table])),
        ("totals", spec.totals, of(&[Kind::Table])),
        ("bars", !spec.bars.is_empty(), of(&[Kind::Table])),
        ("shares", spec.shares, of(&[Kind::BarList])),
        ("target", spec.target.is_some(), of(&[Kind::Kpi, Kind::Gauge])),
        ("stacked", spec.stacked != Stacking::None, of(&[Kind::Line, Kind::Area, Kind::Column, Kind::Bar])),
        ("right", !spec.right.is_empty(), of(&[Kind::Line, Kind::Area, Kind::Column])),
        ("thresholds", !spec.thresholds.is_empty(), framed || of(&[Kind::Gauge])),
        ("bands", !spec.bands.is_empty(), framed),
        ("annotations", !spec.annotations.is_empty(), framed),
        ("x_axis", spec.x_axis != Axis::default(), framed || of(&[Kind::StateTimeline])),
        ("y_axis", spec.y_axis != Axis::default(), framed || of(&[Kind::Gauge, Kind::Map, Kind::Kpi])),
        ("right_axis", spec.right_axis != Axis::default(), of(&[Kind::Line, Kind::Area, Kind::Column])),
        ("link", spec.link.is_some(), of(&[Kind::BarList, Kind::Table])),
        ("icon", spec.icon.is_some(), of(&[Kind::BarList, Kind::Table])),
    ];
    said.into_iter().filter(|(_, is_said, is_read)| *is_said && !is_read).map(|(field, ..)| field).collect()
}

fn find<'t>(spec: &Spec, table: &'t Table) -> Result<columns::Columns<'t>, ChartError> {
    columns::find(spec.kind, kinds::of(spec.kind).needs, spec, table)
}

/// The spec with a kind to draw, if it leaves that to the columns.
fn with_kind<'a>(spec: &'a Spec, table: &Table) -> Cow<'a, Spec> {
    match spec.kind {
        Kind::Auto => Cow::Owned(auto::resolve(spec, table)),
        _ => Cow::Borrowed(spec),
    }
}

/// The table of an answer that is drawn as something else, with numbers as they are written there. A chart that cannot
/// be drawn has a table all the same.
fn as_table(spec: &Spec, table: &Table) -> Spec {
    let y = find(spec, table).map(|columns| columns.y).unwrap_or_default();
    kinds::table_of_chart(spec, &y)
}

/// Draws a table as a spec says. The same input gives the same bytes on every machine.
///
/// # Errors
///
/// What [`check`] says, a negative share of a donut, and a picture of no or of monstrous size.
pub fn draw(input: &Input<'_>, spec: &Spec, size: Size, theme: Theme) -> Result<Drawing, ChartError> {
    const MOST: u32 = 10_000;
    if size.width == 0 || size.height == 0 || size.width > MOST || size.height > MOST {
        return Err(ChartError::Size { width: size.width, height: size.height });
    }
    let mut spec = with_kind(spec, input.table);
    if input.view.as_table && spec.kind != Kind::Table {
        spec = Cow::Owned(as_table(&spec, input.table));
    }
    let spec = spec.as_ref();
    let kind = kinds::of(spec.kind);
    let spec = &spec.within(Locale::of(&input.setting.locale));
    let columns = find(spec, input.table)?;
    // The table of a chart is there whatever its axes are.
    if spec.kind != Kind::Table {
        check_axes(spec)?;
    }
    let sheet = kinds::Sheet { input, spec, size, palette: palette::Palette::of(theme), columns };
    let picture = if input.table.rows() == 0 && ![Kind::Table, Kind::Text].contains(&spec.kind) {
        sheet.blank("No data in this range")?
    } else {
        (kind.draw)(&sheet)?
    };
    Ok(Drawing {
        svg: svg::write(&picture.scene, &picture.summary),
        marks: picture.marks,
        summary: picture.summary,
        scroll: picture.scroll,
        legend: picture.legend,
        across: picture.across,
    })
}
