//! The keys of each table of a dashboard's file: the one place that the reader goes by, and the test that holds the
//! JSON Schema to it.

/// The version that this Perch writes, and the last one that it reads.
pub(crate) const NEWEST: i64 = 2;

/// The keys of one table.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// What the table is, with its article: `a tile`.
    pub(crate) what: &'static str,
    /// Those of version 1.
    pub(crate) first: &'static [&'static str],
    /// Those that came with version 2.
    pub(crate) second: &'static [&'static str],
}

impl Keys {
    /// All of them.
    pub(crate) fn all(self) -> impl Iterator<Item = &'static str> {
        self.first.iter().chain(self.second).copied()
    }
}

pub(crate) const DASHBOARD: Keys = Keys {
    what: "a dashboard",
    first: &["version", "title", "description", "public", "time", "filter", "tile"],
    second: &["organizations", "roles"],
};

pub(crate) const TIME: Keys =
    Keys { what: "[time]", first: &["default", "from", "to"], second: &["zone", "presets", "compare"] };

pub(crate) const FILTER: Keys = Keys {
    what: "a filter",
    first: &["name", "label", "column", "parameter"],
    second: &["kind", "default", "values", "options", "min", "max", "step", "on", "off"],
};

/// One of a filter's listed values, where it is more than a text.
pub(crate) const CHOICE: Keys = Keys { what: "a value", first: &["value", "label"], second: &[] };

pub(crate) const OPTIONS: Keys = Keys {
    what: "[filter.options]",
    first: &["pipe", "value", "label", "filters", "parameters", "refresh"],
    second: &[],
};

/// What a parameter is bound to.
pub(crate) const BINDING: Keys = Keys { what: "a parameter", first: &["tenant", "filter"], second: &[] };

pub(crate) const TILE: Keys = Keys {
    what: "a tile",
    first: &["id", "title", "pipe", "chart", "parameters", "width", "height", "refresh", "compare", "time", "filters"],
    second: &["tab", "section"],
};
