//! Rows of one name added up, the greatest first, and the long tail as one: what slices and lying bars are made of.

use perch_tinybird::{Column, Family};

use crate::kinds::{OTHER, Sheet};
use crate::series::{self, Along};
use crate::tally::Tally;
use crate::{Aggregate, ChartError, Key, text};

/// Rows of one name, added up.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) tally: Tally,
    /// The first of its rows.
    pub(crate) row: usize,
    /// What stands for all that found no place.
    pub(crate) other: bool,
}

impl Part {
    /// The nearest double. A part without one is no part.
    pub(crate) fn value(&self) -> f64 {
        self.tally.value().unwrap_or_default()
    }

    /// What a dashboard is filtered by: a name, but neither a time, nor a number, nor the long tail.
    pub(crate) fn keys(&self, x: &Column) -> Vec<Key> {
        let is_name = matches!(x.family(), Family::Text | Family::Boolean);
        let key = || Key { column: x.name().to_owned(), value: x.text(self.row).map(|text| text.into_owned()) };
        (is_name && !self.other).then(key).into_iter().collect()
    }
}

/// All the parts of a table.
pub(crate) struct Parts {
    /// The greatest first.
    pub(crate) list: Vec<Part>,
    /// Names that have rows, but no finite number in any of them.
    pub(crate) without: Vec<String>,
}

impl Parts {
    /// Makes one number of the rows of each name.
    ///
    /// # Errors
    ///
    /// A zone that there is not, and a sum that no double can say.
    pub(crate) fn of(sheet: &Sheet<'_>, (x, y): (&Column, &Column), aggregate: Aggregate) -> Result<Self, ChartError> {
        let (along, places) = Along::read(x, sheet)?;
        let mut rows: Vec<usize> = (0..places.len()).filter(|row| !places[*row].is_nan()).collect();
        rows.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
        let all = rows.chunk_by(|a, b| places[*a] == places[*b]).map(|rows| {
            let name = series::name_of(Some(&along.heading(places[rows[0]], x, rows[0])));
            Part { name, tally: Tally::of(y, rows, aggregate), row: rows[0], other: false }
        });
        let (mut list, without): (Vec<Part>, Vec<Part>) = all.partition(|part| part.tally.value().is_some());
        list.iter().try_for_each(|part| sheet.check_sum(y, part.tally.value()))?;
        list.sort_by(|a, b| b.value().total_cmp(&a.value()));
        Ok(Self { list, without: without.into_iter().map(|part| part.name).collect() })
    }

    /// Keeps the first so many and adds up the others, if there is more than one of them. Where they do not add up, what
    /// stands for them has no number.
    pub(crate) fn fold(&mut self, most: usize, y: &Column, adds_up: bool) {
        let most = most.max(1);
        if self.list.len() <= most + 1 {
            return;
        }
        let rest = self.list.split_off(most);
        let row = rest[0].row;
        let rest_of = rest.iter().filter(|_| adds_up);
        let tally = rest_of.fold(Tally::default(), |sum, part| sum.plus(y, part.tally, y));
        self.list.push(Part { name: format!("{OTHER} ({})", rest.len()), tally, row, other: true });
    }

    /// All of them together.
    pub(crate) fn total(&self, y: &Column) -> Tally {
        self.list.iter().fold(Tally::default(), |sum, part| sum.plus(y, part.tally, y))
    }

    /// What is said of names that are not drawn: ` Without a number: A and B.`
    pub(crate) fn left_out(&self) -> String {
        if self.without.is_empty() {
            return String::new();
        }
        format!(" Without a number: {}.", crate::kinds::enumerate(self.without.iter().map(String::as_str)))
    }
}

/// `Donut of visits by source, 8 in all: google 900 (90%), x 20 (2%), y 3 (0.3%).`
pub(crate) fn summary(
    sheet: &Sheet<'_>,
    kind: &str,
    (x, y): (&Column, &Column),
    count: usize,
    shown: &[(&Part, Option<String>)],
) -> String {
    let named = shown.iter().filter(|(part, _)| !part.other);
    let lead = named.take(3).map(|(part, share)| {
        let value = sheet.value_format().headline(part.value());
        let share = share.as_ref().map_or(String::new(), |share| format!(" ({share})"));
        format!("{} {value}{share}", part.name)
    });
    let lead: Vec<String> = lead.collect();
    let (y, x, count) = (text::name(y.name()), text::name(x.name()), sheet.count(count));
    format!("{kind} of {y} by {x}, {count} in all: {}.", lead.join(", "))
}
