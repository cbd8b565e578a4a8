//! What the viewer has chosen of a dashboard: a time range, and values of its filters.

use std::collections::BTreeMap;

use perch_tinybird::ParameterValue;

use crate::{Comparison, Parameter, Tile, TimeRange};

/// What is asked about. [`Dashboard::selection`](crate::Dashboard::selection)
/// makes one of what the viewer has chosen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Over which time.
    pub range: TimeRange,
    /// What the viewer compares it with; `None` for what each tile says.
    pub comparison: Option<Comparison>,
    /// The values of the filters that are set, by the filters' names: several of
    /// a multi-select, one of any other. A filter that is not here, or has no
    /// value, filters nothing.
    pub filters: BTreeMap<String, Vec<String>>,
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
    pub(crate) fn parameters(&self, tile: &Tile) -> impl Iterator<Item = (String, ParameterValue)> {
        let heeded = tile.filters.iter().map(|(filter, parameter)| (parameter, filter));
        let bound = tile.parameters.iter().filter_map(|(parameter, set)| match set {
            Parameter::Filter(filter) => Some((parameter, filter)),
            Parameter::Constant(_) | Parameter::Tenant(_) => None,
        });
        heeded.chain(bound).filter_map(|(parameter, filter)| Some((parameter.clone(), self.value(filter)?)))
    }

    /// What a pipe gets of a filter.
    fn value(&self, filter: &str) -> Option<ParameterValue> {
        match self.filters.get(filter)?.as_slice() {
            [] => None,
            [value] => Some(value.as_str().into()),
            // A choice that cannot be sent as a list is sent all the same, never left out: that would be all rows.
            values => Some(
                ParameterValue::list(values.iter().map(|value| value.as_str().into()))
                    .unwrap_or_else(|_| values.join(",").into()),
            ),
        }
    }
}
