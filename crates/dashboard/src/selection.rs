//! What the viewer has chosen of a dashboard: a time range, and values of its filters.

use std::collections::BTreeMap;

use crate::{Tile, TimeRange};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Over which time.
    pub range: TimeRange,
    /// The filters that are set, by their names. One that is not here filters nothing.
    pub filters: BTreeMap<String, String>,
}

impl From<TimeRange> for Selection {
    fn from(range: TimeRange) -> Self {
        Self { range, filters: BTreeMap::new() }
    }
}

impl Selection {
    /// The parameters that a tile's pipe gets of it besides the time.
    pub(crate) fn parameters<'a>(&'a self, tile: &'a Tile) -> impl Iterator<Item = (&'a str, &'a str)> {
        tile.filters
            .iter()
            .filter_map(|(filter, parameter)| Some((parameter.as_str(), self.filters.get(filter)?.as_str())))
    }
}
