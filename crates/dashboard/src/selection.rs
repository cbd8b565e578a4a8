//! What the viewer has chosen of a dashboard: a time range, and values of its filters.

use std::collections::BTreeMap;

use crate::{Comparison, Tile, TimeRange};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Over which time.
    pub range: TimeRange,
    /// What the viewer compares it with; `None` for what each tile says.
    pub comparison: Option<Comparison>,
    /// The filters that are set, by their names. One that is not here filters nothing.
    pub filters: BTreeMap<String, String>,
}

impl From<TimeRange> for Selection {
    fn from(range: TimeRange) -> Self {
        Self { range, comparison: None, filters: BTreeMap::new() }
    }
}

impl Selection {
    /// With what a tile is compared: with nothing where it compares with nothing by itself.
    pub fn comparison_of(&self, tile: &Tile) -> Comparison {
        match (&tile.time, tile.compare) {
            (None, _) | (_, Comparison::Off) => Comparison::Off,
            (_, own) => self.comparison.unwrap_or(own),
        }
    }

    /// The parameters that a tile's pipe gets of it besides the time.
    pub(crate) fn parameters<'a>(&'a self, tile: &'a Tile) -> impl Iterator<Item = (&'a str, &'a str)> {
        tile.filters
            .iter()
            .filter_map(|(filter, parameter)| Some((parameter.as_str(), self.filters.get(filter)?.as_str())))
    }
}
