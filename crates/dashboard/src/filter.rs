//! A dashboard's filters: what the viewer may choose, which values there are,
//! and which of them count.
//!
//! A filter's values are texts, as pipes are asked with them. Those of a select
//! stand in the dashboard's file, or are asked for like a tile's rows: then
//! [`Options::tile`] is the question, and what answers it is kept, refreshed and
//! there without a network like any other.

mod reading;

use std::collections::{BTreeMap, HashSet};

use perch_tinybird::Table;

use crate::{Dashboard, Selection, Tile, TimeRange};

pub(crate) use reading::read_filters;

/// More values than anyone chooses, and more than an address holds.
const MOST_CHOSEN: usize = 100;
/// Characters of one value.
const LONGEST_VALUE: usize = 1_000;
/// More options than anyone searches.
const MOST_OPTIONS: usize = 10_000;
/// How the question behind a filter's options is named among a dashboard's: no
/// tile's id has a colon.
const OPTIONS: &str = "filter:";

/// What the viewer can choose of a dashboard besides the time.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Names it among the dashboard's.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The column of the answers whose values can be chosen.
    pub column: String,
    /// The pipes' parameter for it.
    pub parameter: String,
    /// How a value is chosen.
    pub kind: FilterKind,
    /// What is chosen before the viewer chose; empty for nothing.
    pub default: Vec<String>,
}

/// How a filter's value is chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterKind {
    /// By a click on a mark that stands for it.
    Click,
    /// One of several.
    Select(Choices),
    /// Any of several: pipes get a list.
    MultiSelect(Choices),
    /// Any text.
    Text,
    /// A number.
    Number {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
        /// How far one step goes.
        step: Option<f64>,
    },
    /// On or off.
    Toggle {
        /// What pipes get while it is on.
        on: String,
        /// What they get while it is off; `None` for nothing.
        off: Option<String>,
    },
}

/// The values that a select offers.
#[derive(Debug, Clone, PartialEq)]
pub enum Choices {
    /// Those that the file lists.
    Listed(Vec<Choice>),
    /// Those that a pipe answers with.
    Asked(Box<Options>),
}

/// One value of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As pipes are asked with it.
    pub value: String,
    /// What people call it.
    pub label: String,
}

/// A select's values as a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What asks for them: no tile that anybody sees, but answered like one. Its
    /// id begins with `filter:`.
    pub tile: Tile,
    /// The column of the values.
    pub value: String,
    /// The column of what people call them; the values themselves where there is none.
    pub label: Option<String>,
}

/// Why something cannot be chosen, or chosen from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// More than one value, of a filter that takes one.
    #[error("`{filter}` takes one value")]
    One {
        /// The filter's label.
        filter: String,
    },
    /// More values than an address holds.
    #[error("`{filter}` takes at most {MOST_CHOSEN} values")]
    TooMany {
        /// The filter's label.
        filter: String,
    },
    /// A value of more than 1,000 characters.
    #[error("this value of `{filter}` is longer than {LONGEST_VALUE} characters")]
    TooLong {
        /// The filter's label.
        filter: String,
    },
    /// A value with a comma, which Tinybird would read as two.
    #[error("`{value}` has a comma, so it cannot be one of several values of `{filter}`")]
    Comma {
        /// The filter's label.
        filter: String,
        /// The value.
        value: String,
    },
    /// No number, or none within the filter's bounds.
    #[error("`{value}` is not {wanted}")]
    Number {
        /// What was given.
        value: String,
        /// What is, in words: `a number from 1 to 10`.
        wanted: String,
    },
    /// Neither what a toggle says while it is on, nor while it is off.
    #[error("`{filter}` is either on or off")]
    Toggle {
        /// The filter's label.
        filter: String,
    },
    /// The answer of the options' pipe lacks a column that the file names.
    #[error("the pipe `{pipe}`, which gives the values, has no column `{column}`")]
    NoColumn {
        /// The pipe.
        pipe: String,
        /// The column.
        column: String,
    },
}

impl FilterError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::One { .. } => "filter-one-value",
            Self::TooMany { .. } => "filter-too-many",
            Self::TooLong { .. } => "filter-too-long",
            Self::Comma { .. } => "filter-comma",
            Self::Number { .. } => "filter-number",
            Self::Toggle { .. } => "filter-toggle",
            Self::NoColumn { .. } => "filter-no-column",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::One { .. } => "Choose one.",
            Self::TooMany { .. } => "Choose fewer.",
            Self::TooLong { .. } => "Write a shorter one.",
            Self::Comma { .. } => "Choose the others, or ask whoever made the dashboard for a filter of one value.",
            Self::Number { .. } => "Write such a number.",
            Self::Toggle { .. } => "Turn it on or off.",
            Self::NoColumn { .. } => "Ask whoever made the dashboard to name one of the pipe's columns.",
        }
    }
}

impl FilterKind {
    /// As the file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Select(_) => "select",
            Self::MultiSelect(_) => "multi-select",
            Self::Text => "text",
            Self::Number { .. } => "number",
            Self::Toggle { .. } => "toggle",
        }
    }

    /// What it offers, where it offers anything.
    pub fn choices(&self) -> Option<&Choices> {
        match self {
            Self::Select(choices) | Self::MultiSelect(choices) => Some(choices),
            Self::Click | Self::Text | Self::Number { .. } | Self::Toggle { .. } => None,
        }
    }

    /// Whether a click on a mark that stands for a value chooses it.
    pub fn is_set_by_marks(&self) -> bool {
        matches!(self, Self::Click | Self::Select(_) | Self::MultiSelect(_))
    }
}

impl Filter {
    /// What a pipe gives it to choose from.
    pub fn options(&self) -> Option<&Options> {
        match self.kind.choices()? {
            Choices::Asked(options) => Some(options),
            Choices::Listed(_) => None,
        }
    }

    /// The values as they are kept and asked with: trimmed, each once, a number
    /// in its shortest spelling. Nothing, of anything, filters nothing.
    ///
    /// # Errors
    ///
    /// All of [`FilterError`] but [`FilterError::NoColumn`].
    pub fn accept(&self, values: &[String]) -> Result<Vec<String>, FilterError> {
        let filter = || self.label.clone();
        if values.iter().any(|value| value.chars().count() > LONGEST_VALUE) {
            return Err(FilterError::TooLong { filter: filter() });
        }
        let mut seen = HashSet::new();
        let values = values.iter().filter(|value| seen.insert(value.as_str()));
        if let FilterKind::MultiSelect(_) = self.kind {
            let values: Vec<String> = values.cloned().collect();
            if values.len() > MOST_CHOSEN {
                return Err(FilterError::TooMany { filter: filter() });
            }
            return match values.iter().find(|value| value.contains(',')) {
                Some(value) => Err(FilterError::Comma { filter: filter(), value: value.clone() }),
                None => Ok(values),
            };
        }
        let mut values = values;
        let Some(value) = values.next() else { return Ok(Vec::new()) };
        if values.next().is_some() {
            return Err(FilterError::One { filter: filter() });
        }
        match &self.kind {
            FilterKind::Click | FilterKind::Select(_) | FilterKind::MultiSelect(_) => Ok(vec![value.clone()]),
            FilterKind::Text => {
                Ok(Some(value.trim()).filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect())
            }
            FilterKind::Number { min, max, .. } => match value.trim() {
                "" => Ok(Vec::new()),
                text => number(text, *min, *max).map(|number| vec![number]),
            },
            FilterKind::Toggle { on, off } if value == on || Some(value) == off.as_ref() => Ok(vec![value.clone()]),
            FilterKind::Toggle { .. } => Err(FilterError::Toggle { filter: filter() }),
        }
    }

    /// What counts when the viewer has chosen `chosen`, or nothing yet.
    fn in_force(&self, chosen: Option<&[String]>) -> Vec<String> {
        // The file may have changed since: what it takes no more counts no more.
        let values = chosen.map_or_else(|| self.default.clone(), |chosen| self.accept(chosen).unwrap_or_default());
        match &self.kind {
            FilterKind::Toggle { off: Some(off), .. } if values.is_empty() => vec![off.clone()],
            _ => values,
        }
    }

    /// The values once the viewer has pressed `value` in its list, where `chosen`
    /// were chosen: one that is chosen is taken away.
    pub fn pressed(&self, chosen: &[String], value: &str) -> Vec<String> {
        let mut others: Vec<String> = chosen.iter().filter(|one| *one != value).cloned().collect();
        let is_more = others.len() == chosen.len();
        if !matches!(self.kind, FilterKind::MultiSelect(_)) {
            others.clear();
        }
        others.extend(is_more.then(|| value.to_owned()));
        others
    }

    /// What counts once the viewer has chosen `values` of it, beside what else is
    /// chosen in `selection`.
    pub fn chosen_in(&self, selection: &Selection, values: &[String]) -> Selection {
        let mut selection = selection.clone();
        selection.filters.remove(&self.name);
        let values = self.in_force(Some(values));
        if !values.is_empty() {
            selection.filters.insert(self.name.clone(), values);
        }
        selection
    }

    /// Whether the values filter anything: a toggle that is off does not, also
    /// where it says so to pipes.
    pub fn is_set(&self, values: &[String]) -> bool {
        match &self.kind {
            FilterKind::Toggle { on, .. } => values.iter().any(|value| value == on),
            _ => !values.is_empty(),
        }
    }
}

/// The shortest spelling of a number within bounds.
fn number(text: &str, min: Option<f64>, max: Option<f64>) -> Result<String, FilterError> {
    let fits = |number: &f64| {
        number.is_finite() && min.is_none_or(|min| *number >= min) && max.is_none_or(|max| *number <= max)
    };
    // Without an exponent, which no template's `Int32` reads; and no -0.
    let spelt = |number: f64| if number == 0.0 { "0".to_owned() } else { number.to_string() };
    text.parse::<f64>().ok().filter(fits).map(spelt).ok_or_else(|| FilterError::Number {
        value: text.to_owned(),
        wanted: match (min, max) {
            (Some(min), Some(max)) => format!("a number from {min} to {max}"),
            (Some(min), None) => format!("a number of {min} or more"),
            (None, Some(max)) => format!("a number of {max} or less"),
            (None, None) => "a number".to_owned(),
        },
    })
}

impl Options {
    /// What an answer offers, in its order: each value once, no null, at most
    /// 10,000.
    ///
    /// # Errors
    ///
    /// [`FilterError::NoColumn`].
    pub fn choices(&self, table: &Table) -> Result<Vec<Choice>, FilterError> {
        let column = |name: &str| {
            table.column(name).ok_or_else(|| FilterError::NoColumn {
                pipe: self.tile.pipe.as_ref().map(ToString::to_string).unwrap_or_default(),
                column: name.to_owned(),
            })
        };
        let values = column(&self.value)?;
        let labels = self.label.as_deref().map(column).transpose()?;
        let mut seen = HashSet::new();
        let choice = |row| {
            let value = values.text(row)?.into_owned();
            let label = labels.and_then(|labels| labels.text(row)).map(std::borrow::Cow::into_owned);
            Some(Choice { label: label.filter(|label| !label.is_empty()).unwrap_or_else(|| value.clone()), value })
        };
        let choices = (0..table.rows()).filter_map(choice);
        Ok(choices.filter(|choice| seen.insert(choice.value.clone())).take(MOST_OPTIONS).collect())
    }
}

impl Dashboard {
    /// The filter of this name.
    pub fn filter(&self, name: &str) -> Option<&Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }

    /// What of a range and of what the viewer has chosen counts here: for filters
    /// that they have not touched the defaults, and nothing of filters that the
    /// dashboard has not.
    pub fn selection(&self, range: TimeRange, chosen: &BTreeMap<String, Vec<String>>) -> Selection {
        let in_force =
            |filter: &Filter| (filter.name.clone(), filter.in_force(chosen.get(&filter.name).map(Vec::as_slice)));
        let filters = self.filters.iter().map(in_force).filter(|(_, values)| !values.is_empty()).collect();
        Selection { filters, ..range.into() }
    }

    /// What counts once the viewer has taken all filters away.
    pub fn unfiltered(&self, selection: &Selection) -> Selection {
        let nothing = |selection: Selection, filter: &Filter| filter.chosen_in(&selection, &[]);
        self.filters.iter().fold(selection.clone(), nothing)
    }

    /// All that is asked for a dashboard: by its tiles, and for its filters' values.
    pub fn asks(&self) -> impl Iterator<Item = &Tile> {
        let options = self.filters.iter().filter_map(Filter::options).map(|options| &options.tile);
        self.tiles.iter().chain(options).filter(|tile| tile.pipe.is_some())
    }

    /// What asks under this id: a tile, or a filter for its values.
    pub fn asking(&self, id: &str) -> Option<&Tile> {
        self.asks().find(|tile| tile.id == id)
    }
}
