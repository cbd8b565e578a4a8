//! Which rows of a table are shown and in which order, found once and kept: a page of a hundred thousand rows is drawn
//! anew with each movement of the wheel, and nobody sorts and searches that often.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::tz::TimeZone;
use perch_tinybird::{Identity, Table};

use crate::{Sort, Spec, compare};

/// The orders that were found lately, for the tables of one dashboard.
#[derive(Debug, Default)]
pub struct Orders {
    /// Who was asked for last stands last.
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    table: Identity,
    question: Question,
    order: Arc<Order>,
}

/// All that an order depends on, besides the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    pub(crate) sort: Option<Sort>,
    /// What is searched for; empty for all rows.
    pub(crate) search: String,
    /// Which columns there are and how their cells read, and so what a search finds.
    pub(crate) spec: Spec,
    pub(crate) zone: TimeZone,
    pub(crate) locale: String,
}

/// The rows to show.
#[derive(Debug)]
pub(crate) struct Order {
    /// `None` for all of them as they are.
    rows: Option<Vec<u32>>,
    all: usize,
    /// What each column adds up to, once somebody has asked.
    pub(crate) sums: OnceLock<Vec<Option<String>>>,
    /// How wide each shown column would like to be, once it was looked at.
    pub(crate) widths: OnceLock<Vec<OnceLock<f32>>>,
    /// The least and the greatest of each column that has bars.
    pub(crate) extents: OnceLock<Vec<(f64, f64)>>,
}

impl Orders {
    /// How many orders are kept.
    const MOST: usize = 32;

    /// The order that answers a question. `shows` tells whether a row holds what is searched for.
    pub(crate) fn find(&self, table: &Table, question: Question, shows: impl Fn(usize) -> bool) -> Arc<Order> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut known = lock();
            known.retain(|known| !known.table.is_gone());
            let at = known.iter().position(|known| known.table.is_of(table) && known.question == question);
            if let Some(at) = at {
                let found = known.remove(at);
                let order = found.order.clone();
                known.push(found);
                return order;
            }
        }
        // Nobody waits for the lock while another table is sorted.
        let order = Arc::new(Order::new(table, &question, shows));
        let mut known = lock();
        if known.len() >= Self::MOST {
            known.remove(0);
        }
        known.push(Known { table: table.identity(), question, order: order.clone() });
        order
    }
}

impl Order {
    fn new(table: &Table, question: &Question, shows: impl Fn(usize) -> bool) -> Self {
        let column = question.sort.as_ref().and_then(|sort| Some((table.column(&sort.column)?, sort.descending)));
        let searched = !question.search.is_empty();
        let rows = (searched || column.is_some()).then(|| {
            let all = 0..u32::try_from(table.rows()).unwrap_or(u32::MAX);
            let mut rows: Vec<u32> = all.filter(|row| !searched || shows(*row as usize)).collect();
            if let Some((column, descending)) = column {
                compare::sort(&mut rows, column, descending);
            }
            rows
        });
        Self { rows, all: table.rows(), sums: OnceLock::new(), widths: OnceLock::new(), extents: OnceLock::new() }
    }

    /// How many rows there are to show.
    pub(crate) fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.all, Vec::len)
    }

    /// The table's row that stands at a place.
    pub(crate) fn row(&self, place: usize) -> usize {
        self.rows.as_ref().map_or(place, |rows| rows.get(place).map_or(0, |row| *row as usize))
    }

    /// The table's rows in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).map(|place| self.row(place))
    }
}

/// Whether a text holds another, whatever is capital. `lower` is in lower case.
pub(crate) fn holds(text: &str, lower: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(lower);
    }
    let (text, lower) = (text.as_bytes(), lower.as_bytes());
    lower.is_empty() || text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use perch_tinybird::{Column, Type};
    use proptest::prelude::*;

    use super::*;

    fn table() -> Table {
        Table::new(vec![Column::new("n", Type::parse("UInt64"), vec![2_u64, 3, 1].into())]).expect("a table")
    }

    fn by(descending: bool) -> Question {
        let sort = Some(Sort { column: "n".into(), descending });
        Question {
            sort,
            search: "x".into(),
            spec: Spec::new(crate::Kind::Table),
            zone: TimeZone::UTC,
            locale: String::new(),
        }
    }

    #[test]
    fn an_order_is_found_once_for_a_table_and_anew_for_another() {
        let (orders, one, other, asked) = (Orders::default(), table(), table(), Cell::new(0));
        let shows = |_| {
            asked.set(asked.get() + 1);
            true
        };
        let find = |table: &Table, descending| orders.find(table, by(descending), shows).rows().collect::<Vec<_>>();
        assert_eq!((find(&one, false), find(&one, false), asked.get()), (vec![2, 0, 1], vec![2, 0, 1], 3));
        assert_eq!((find(&one.clone(), false), asked.get()), (vec![2, 0, 1], 3), "a clone is the same table");
        assert_eq!((find(&one, true), asked.get()), (vec![1, 0, 2], 6));
        assert_eq!((find(&other, true), asked.get()), (vec![1, 0, 2], 9));
    }

    #[test]
    fn the_orders_of_a_table_that_is_gone_are_forgotten_and_others_only_when_there_are_too_many() {
        let (orders, kept) = (Orders::default(), table());
        orders.find(&table(), by(false), |_| true);
        for index in 0..Orders::MOST + 5 {
            orders.find(&kept, Question { search: index.to_string(), ..by(false) }, |_| true);
        }
        let known = orders.known.lock().expect("unpoisoned");
        assert_eq!(known.len(), Orders::MOST);
        assert!(known.iter().all(|known| known.table.is_of(&kept)));
    }

    proptest! {
        #[test]
        fn a_text_holds_what_its_small_letters_hold(text in "[a-cA-CäÄ]{0,6}", part in "[a-cA-CäÄ]{0,2}") {
            let lower = part.to_lowercase();
            prop_assert_eq!(holds(&text, &lower), text.to_lowercase().contains(&lower));
        }
    }
}
