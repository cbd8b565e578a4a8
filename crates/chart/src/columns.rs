//! Which columns of a table a spec means: by their names, or by what they hold where it names none.

use perch_tinybird::{Column, Family, Table};

use crate::{ChartError, Kind, Spec};

/// The columns to draw.
#[derive(Debug, Clone)]
pub(crate) struct Columns<'t> {
    pub(crate) x: Option<&'t Column>,
    pub(crate) y: Vec<&'t Column>,
    pub(crate) group: Option<&'t Column>,
}

/// What a kind does with a spec's `y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// One column of numbers.
    One,
    /// One or more.
    Many,
    /// Any columns at all.
    Any,
}

/// What a kind asks of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    pub(crate) x: bool,
    pub(crate) values: Values,
    pub(crate) group: bool,
}

const NUMBERS: &str = "numbers";
const PLACES: &str = "times, numbers or texts";

/// Finds the columns, or says which one is not there or not of the right type.
pub(crate) fn find<'t>(kind: Kind, needs: Needs, spec: &Spec, table: &'t Table) -> Result<Columns<'t>, ChartError> {
    if spec.group_by.is_some() && !needs.group {
        return Err(ChartError::Meaningless { kind, field: "group_by" });
    }
    let named = |role, name: &String| {
        table.column(name).ok_or_else(|| ChartError::NoColumn { role, name: name.clone(), available: names(table) })
    };
    let x = spec.x.as_ref().map(|name| named("x", name)).transpose()?;
    let group = spec.group_by.as_ref().map(|name| named("group_by", name)).transpose()?;
    let mut y = spec.y.iter().map(|name| named("y", name)).collect::<Result<Vec<_>, _>>()?;

    if needs.values == Values::Any {
        if y.is_empty() {
            y = table.columns().iter().collect();
        } else if let Some(x) = x.filter(|x| !y.iter().any(|y| same(x, y))) {
            y.insert(0, x);
        }
        return Ok(Columns { x, y, group });
    }
    if needs.values == Values::One && y.len() > 1 {
        return Err(ChartError::TooMany { kind, given: y.len() });
    }
    for column in &y {
        require("y", column, is_number, NUMBERS)?;
    }
    for (role, column) in [("x", x), ("group_by", group)] {
        if let Some(column) = column {
            require(role, column, is_place, PLACES)?;
        }
    }

    let free = |column: &&Column, y: &[&Column]| !y.iter().chain(&group).any(|taken| same(column, taken));
    let choose = |fits: fn(&Column) -> bool| table.columns().iter().find(|column| free(column, &y) && fits(column));
    let x = x.or_else(|| choose(is_time)).or_else(|| needs.x.then(|| choose(is_name)).flatten()).or_else(|| {
        // Numbers along the bottom only where numbers are left to stand above them.
        let numbers = table.columns().iter().filter(|column| free(column, &y) && is_number(column)).count();
        (needs.x && numbers > usize::from(y.is_empty())).then(|| choose(is_number)).flatten()
    });
    if needs.x && x.is_none() {
        return Err(ChartError::NoneSuits { kind, role: "x", needed: PLACES, available: names(table) });
    }
    if y.is_empty() {
        let numbers = table
            .columns()
            .iter()
            .filter(|column| is_number(column) && !x.iter().chain(&group).any(|taken| same(column, taken)));
        y = numbers.take(if needs.values == Values::One { 1 } else { usize::MAX }).collect();
    }
    if y.is_empty() {
        return Err(ChartError::NoneSuits { kind, role: "y", needed: NUMBERS, available: names(table) });
    }
    Ok(Columns { x, y, group })
}

/// Names may repeat in an answer, columns do not.
fn same(a: &Column, b: &Column) -> bool {
    std::ptr::eq(a, b)
}

fn is_number(column: &Column) -> bool {
    matches!(column.family(), Family::Number | Family::Boolean)
}

fn is_time(column: &Column) -> bool {
    column.family() == Family::Time
}

fn is_name(column: &Column) -> bool {
    matches!(column.family(), Family::Text | Family::Boolean)
}

fn is_place(column: &Column) -> bool {
    column.family() != Family::Other
}

fn require(
    role: &'static str,
    column: &Column,
    suits: fn(&Column) -> bool,
    needed: &'static str,
) -> Result<(), ChartError> {
    if suits(column) {
        return Ok(());
    }
    let (name, kind) = (column.name().to_owned(), column.kind().to_string());
    Err(ChartError::WrongFamily { role, name, kind, needed })
}

fn names(table: &Table) -> Vec<String> {
    table.columns().iter().map(|column| column.name().to_owned()).collect()
}
