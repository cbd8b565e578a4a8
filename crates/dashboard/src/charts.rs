//! What is wrong with tiles' charts, at its place in the file: told by the charts themselves, with an answer or before
//! there is one.

use std::ops::Range;

use perch_chart::{ChartError, check_spec, compares};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::nearest;
use crate::{Comparison, Dashboard, Problem};

/// What no answer could mend: a field that the kind of chart has no use for, an axis that cannot be. `text` must be read without a problem, so
/// that the dashboard has each of its tiles.
pub(crate) fn wrong_charts(text: &str, dashboard: &Dashboard) -> Vec<Problem> {
    let Some(written) = Written::read(text) else { return Vec::new() };
    let mut problems = Vec::new();
    for (index, tile) in dashboard.tiles.iter().enumerate() {
        if let Err(error) = check_spec(&tile.chart) {
            let (place, message) = written.about_chart(index, &error);
            problems.push(Problem::at(text, place, message));
        }
        let kind = tile.chart.kind;
        if tile.compare != Comparison::Off && !compares(kind) {
            let place = written.place(index, &["compare"], None);
            let message =
                format!("no {kind} shows an earlier time, which would be asked for in vain; remove `compare`");
            problems.push(Problem::at(text, place, message));
        }
    }
    problems
}

/// A dashboard's file whose every word is right.
pub(crate) struct Written<'a> {
    text: &'a str,
    document: Spanned<DeTable<'a>>,
}

impl<'a> Written<'a> {
    /// Reads it again; `None` for one that is no TOML.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        DeTable::parse(text).ok().map(|document| Self { text, document })
    }

    /// Where a tile's chart is wrong, and what to write instead.
    pub(crate) fn about_chart(&self, tile: usize, error: &ChartError) -> (usize, String) {
        let (path, message) = told(error);
        (self.place(tile, &path, named(error)), message)
    }

    /// Where a key of a tile has its value, or in a list of them the one that is `value`; where there is no such key,
    /// the part of the path that there is.
    pub(crate) fn place(&self, tile: usize, path: &[&str], value: Option<&str>) -> usize {
        self.listed("tile").get(tile).map_or(0, |tile| self.place_below(tile, path, value))
    }

    /// The same of the filter of this name.
    pub(crate) fn place_in_filter(&self, name: &str, path: &[&str]) -> usize {
        let is_it = |filter: &&Spanned<DeValue<'_>>| {
            let named = filter.get_ref().as_table().and_then(|filter| filter.get("name")?.get_ref().as_str());
            named == Some(name)
        };
        self.listed("filter").iter().find(is_it).map_or(0, |filter| self.place_below(filter, path, None))
    }

    fn listed(&self, key: &str) -> &[Spanned<DeValue<'a>>] {
        let list = self.document.get_ref().get(key).and_then(|list| list.get_ref().as_array());
        list.map_or(&[], |list| list)
    }

    fn place_below(&self, item: &Spanned<DeValue<'_>>, path: &[&str], value: Option<&str>) -> usize {
        let (mut found, mut span) = (item.get_ref(), item.span());
        for key in path {
            let Some(next) = found.as_table().and_then(|table| table.get(*key)) else { break };
            (found, span) = (next.get_ref(), next.span());
        }
        let is_value = |item: &&Spanned<DeValue<'_>>| item.get_ref().as_str() == value && value.is_some();
        let item = found.as_array().and_then(|items| items.iter().find(is_value));
        self.start(item.map_or(span, Spanned::span))
    }

    /// The span of a table may begin before its header.
    fn start(&self, span: Range<usize>) -> usize {
        let blank = self.text.get(span.clone()).map_or(0, |text| text.len() - text.trim_start().len());
        span.start + blank
    }
}

/// The key of a tile at which a chart's problem stands, and what to write there.
fn told(error: &ChartError) -> (Vec<&'static str>, String) {
    let path = match error {
        ChartError::NoColumn { role, .. } | ChartError::WrongFamily { role, .. } => vec!["chart", role],
        ChartError::NoneSuits { .. } | ChartError::Missing { .. } => vec!["chart", "kind"],
        ChartError::TooMany { .. } => vec!["chart", "y"],
        ChartError::Meaningless { field, .. } => vec!["chart", field],
        ChartError::Axis { axis, .. } => vec!["chart", axis],
        ChartError::NotAmongValues { .. } => vec!["chart", "right"],
        ChartError::NoZone { .. } => vec!["chart", "zone"],
        _ => vec!["chart"],
    };
    let nearest = match error {
        ChartError::NoColumn { name, available, .. } => nearest(name, available.iter().map(String::as_str)),
        _ => None,
    };
    let message = match nearest {
        Some(nearest) => format!("{error}; write \"{nearest}\""),
        None => format!("{error}. {}", error.next_step()),
    };
    (path, message)
}

/// The value that a chart's problem is about, where its field is a list.
fn named(error: &ChartError) -> Option<&str> {
    match error {
        ChartError::NoColumn { name, .. }
        | ChartError::WrongFamily { name, .. }
        | ChartError::NotAmongValues { name, .. } => Some(name),
        _ => None,
    }
}
