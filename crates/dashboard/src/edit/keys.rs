//! Writing one key of a table, and no other byte of the file.

use std::ops::Range;

use toml_edit::{InlineTable, Item, Table, Value};

use super::EditError;
use super::outline::{Outline, end_of_line, start_of_line};

/// The order in which the documentation writes a dashboard's keys.
const OF_DASHBOARD: [&str; 4] = ["version", "title", "description", "public"];
/// The order in which it writes a tile's.
const OF_TILE: [&str; 12] =
    ["title", "id", "pipe", "tab", "section", "width", "height", "refresh", "compare", "time", "filters", "chart"];
/// The order in which it writes a chart's.
const OF_CHART: [&str; 7] = ["kind", "x", "y", "group_by", "stacked", "format", "text"];

/// A key that can be written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    /// One at the top of the file.
    Dashboard(&'static str),
    /// One of the tile of this index.
    Tile(usize, &'static str),
    /// One of that tile's chart.
    Chart(usize, &'static str),
}

/// The file's text with a key set to a value, or without the key.
pub(super) fn assign(text: &str, key: Key, value: Option<&Value>) -> Result<String, EditError> {
    let outline = Outline::of(text)?;
    let tile = |index: usize| outline.tiles().get(index).copied().ok_or(EditError::Gone);
    let writing =
        |table, prefix, name, order| Writing { text, line_end: outline.line_end(), table, prefix, name, order };
    match key {
        Key::Dashboard(name) => writing(outline.root(), None, name, &OF_DASHBOARD).write(value),
        Key::Tile(index, name) => writing(tile(index)?, None, name, &OF_TILE).write(value),
        Key::Chart(index, name) => {
            let tile = tile(index)?;
            let Some(chart) = tile.get("chart") else {
                let chart = chart_of("auto", name, value);
                return writing(tile, None, "chart", &OF_TILE).write(chart.as_ref());
            };
            match chart {
                Item::Value(Value::String(kind)) => {
                    let chart = chart_of(kind.value(), name, value).unwrap_or_else(|| kind.value().into());
                    writing(tile, None, "chart", &OF_TILE).write(Some(&chart))
                }
                Item::Table(chart) if chart.is_dotted() => writing(tile, Some("chart"), name, &OF_CHART).write(value),
                Item::Table(chart) if !chart.is_implicit() => writing(chart, None, name, &OF_CHART).write(value),
                Item::Value(inline @ Value::InlineTable(_)) => {
                    write_in_line(text, inline.span().ok_or(EditError::Unreadable)?, name, value)
                }
                _ => Err(EditError::Unreadable),
            }
        }
    }
}

/// A chart of which the file says no more than its kind, with one key besides. `None` where nothing is to be written.
fn chart_of(kind: &str, name: &str, value: Option<&Value>) -> Option<Value> {
    match (name, value?) {
        ("kind", value) => Some(value.clone()),
        (name, value) => {
            Some([("kind", kind.into()), (name, value.clone())].into_iter().collect::<InlineTable>().into())
        }
    }
}

/// A key of a table, and where a new one belongs.
struct Writing<'a> {
    text: &'a str,
    line_end: &'static str,
    table: &'a Table,
    /// The key before the dot, in a table of dotted keys.
    prefix: Option<&'static str>,
    name: &'static str,
    order: &'a [&'static str],
}

impl Writing<'_> {
    fn write(&self, value: Option<&Value>) -> Result<String, EditError> {
        let home = match self.prefix {
            Some(prefix) => self.table.get(prefix).and_then(Item::as_table).ok_or(EditError::Unreadable)?,
            None => self.table,
        };
        match (home.get_key_value(self.name), value) {
            (Some((_, Item::Value(old))), Some(value)) => {
                let span = old.span().ok_or(EditError::Unreadable)?;
                Ok(spliced(self.text, span, &alike(old, value).to_string()))
            }
            (Some((key, Item::Value(old))), None) => {
                let (key, old) = (key.span().ok_or(EditError::Unreadable)?, old.span().ok_or(EditError::Unreadable)?);
                let lines = start_of_line(self.text, key.start)..end_of_line(self.text, old.end);
                Ok(spliced(self.text, lines, ""))
            }
            (Some((_, tables)), None) => self.without(tables),
            (Some(_), Some(_)) => Err(EditError::InTable { key: self.name }),
            (None, Some(value)) => Ok(self.insert(value)),
            (None, None) => Ok(self.text.to_owned()),
        }
    }

    /// Cuts out what has a header of its own, or a line for each of its keys.
    fn without(&self, tables: &Item) -> Result<String, EditError> {
        let tables: Vec<&Table> = match tables {
            Item::Table(table) => vec![table],
            Item::ArrayOfTables(tables) => tables.iter().collect(),
            _ => return Err(EditError::InTable { key: self.name }),
        };
        let mut lines = Vec::new();
        for table in tables {
            let values = table.get_values();
            let spans = values.iter().filter_map(|(path, value)| Some(path.first()?.span()?.start..value.span()?.end));
            match table.span().filter(|_| !table.is_dotted()) {
                Some(header) => lines.push(header.start..spans.map(|value| value.end).fold(header.end, usize::max)),
                None => lines.extend(spans),
            }
        }
        lines.sort_by_key(|lines| lines.start);
        // From the last: the places of those before it stay.
        Ok(lines.into_iter().rev().fold(self.text.to_owned(), |text, Range { start, end }| {
            let lines = start_of_line(&text, start)..end_of_line(&text, end);
            spliced(&text, lines, "")
        }))
    }

    /// Writes a new line behind the last of the keys that stand before it in the
    /// documentation.
    fn insert(&self, value: &Value) -> String {
        let rank = |name: &str| self.order.iter().position(|known| *known == name);
        let own = rank(self.name);
        let values = self.table.get_values();
        let neighbours = values.iter().filter_map(|(path, value)| {
            let name = match (self.prefix, path.as_slice()) {
                (None, [name]) => name.get(),
                (Some(prefix), [first, name]) if first.get() == prefix => name.get(),
                _ => return None,
            };
            (rank(name)? < own?).then_some((value.span()?.end, path.first()?.span()?.start))
        });
        let (at, like) = match neighbours.max() {
            Some((end, start)) => (end_of_line(self.text, end), start),
            // Right below the header; at the top of the file there is none.
            None => match self.table.span() {
                Some(header) if header.end > 0 => (end_of_line(self.text, header.end), header.start),
                _ => (0, 0),
            },
        };
        let line = start_of_line(self.text, like);
        let indent = &self.text[line..like];
        let indent = if indent.trim().is_empty() { indent } else { "" };
        let (above, below) = self.text.split_at(at);
        let ended = if above.is_empty() || above.ends_with('\n') { "" } else { self.line_end };
        let prefix = self.prefix.map(|prefix| format!("{prefix}.")).unwrap_or_default();
        format!("{above}{ended}{indent}{prefix}{} = {value}{}{below}", self.name, self.line_end)
    }
}

/// Writes a key of a table within braces.
fn write_in_line(text: &str, span: Range<usize>, name: &str, value: Option<&Value>) -> Result<String, EditError> {
    let written = &text[span.clone()];
    let mut inline: Value = written.parse().map_err(|_| EditError::Unreadable)?;
    let table = inline.as_inline_table_mut().ok_or(EditError::Unreadable)?;
    match (table.get(name), value) {
        (Some(old), Some(value)) => {
            let value = alike(old, value);
            table.insert(name, value);
        }
        (None, Some(value)) => drop(table.insert(name, value.clone())),
        (Some(_), None) => drop(table.remove(name)),
        (None, None) => return Ok(text.to_owned()),
    }
    // Over several lines, its writer has laid it out.
    if !written.contains('\n') {
        table.fmt();
    }
    Ok(spliced(text, span, &inline.to_string()))
}

/// The value as its writer has written the one before: one name in a list stays in a list.
fn alike(old: &Value, value: &Value) -> Value {
    match (old, value) {
        (Value::Array(_), Value::String(_)) => Value::Array([value.clone()].into_iter().collect()),
        _ => value.clone(),
    }
}

fn spliced(text: &str, span: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..span.start], &text[span.end..])
}
