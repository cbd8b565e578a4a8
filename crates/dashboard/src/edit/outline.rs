//! Where the tables of a file stand in its text: each with the comment right
//! above it, and apart from the blank lines and the comments between them,
//! which stay where they are when a table goes.

use std::ops::Range;

use toml_edit::{Document, Item, Table};

use super::EditError;

/// A parsed file, and which lines are whose.
pub(super) struct Outline<'t> {
    text: &'t str,
    document: Document<&'t str>,
}

/// Lines of one table, or of tables of one tile that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    lines: Range<usize>,
    /// Which tile's, counted from 0.
    tile: Option<usize>,
}

impl<'t> Outline<'t> {
    /// Reads `text`, which has no byte order mark.
    pub(super) fn of(text: &'t str) -> Result<Self, EditError> {
        let document = Document::parse(text).map_err(|_| EditError::Unreadable)?;
        if document.get("tile").is_some_and(Item::is_value) {
            return Err(EditError::TilesInLine);
        }
        Ok(Self { text, document })
    }

    /// The keys above the first table.
    pub(super) fn root(&self) -> &Table {
        self.document.as_table()
    }

    /// The tiles, in the file's order.
    pub(super) fn tiles(&self) -> Vec<&Table> {
        let tiles = self.document.get("tile").and_then(Item::as_array_of_tables);
        tiles.map(|tiles| tiles.iter().collect()).unwrap_or_default()
    }

    /// The tile whose lines hold this one, counted from 1.
    pub(super) fn tile_at(&self, line: usize) -> Option<usize> {
        let ends = self.text.split_inclusive('\n').map(str::len);
        let start: usize = ends.take(line.checked_sub(1)?).sum();
        self.stretches().into_iter().find(|stretch| stretch.lines.contains(&start))?.tile
    }

    /// A tile's own lines; those that stand apart follow each other.
    pub(super) fn lines_of(&self, tile: usize) -> String {
        let own = self.stretches().into_iter().filter(|stretch| stretch.tile == Some(tile));
        own.map(|stretch| whole_lines(&self.text[stretch.lines], self.line_end())).collect()
    }

    /// The text without a tile's lines.
    pub(super) fn without(&self, tile: usize) -> String {
        let stretches = self.stretches();
        let mut text = self.text.to_owned();
        for (index, stretch) in stretches.iter().enumerate().rev().filter(|(_, own)| own.tile == Some(tile)) {
            let before = index.checked_sub(1).map_or(0, |index| stretches[index].lines.end);
            let after = stretches.get(index + 1).map_or(text.len(), |next| next.lines.start);
            let is_last = index + 1 == stretches.len();
            let gap = closed_gap(&text[before..stretch.lines.start], &text[stretch.lines.end..after], is_last);
            text.replace_range(before..after, &gap);
        }
        text
    }

    /// The text with another tile's `lines` before the tile that is there at
    /// `place`, or behind all others.
    pub(super) fn with(&self, lines: &str, place: usize) -> String {
        let end = self.line_end();
        let stretches = self.stretches();
        let behind = |tile: usize| stretches.iter().rposition(|stretch| stretch.tile == Some(tile));
        let last = match place.checked_sub(1) {
            Some(before) => behind(before),
            None => match stretches.iter().find(|stretch| stretch.tile == Some(0)) {
                Some(first) => {
                    let (above, below) = self.text.split_at(first.lines.start);
                    return format!("{above}{}{end}{below}", whole_lines(lines, end));
                }
                None => stretches.len().checked_sub(1),
            },
        };
        let at = last.map_or(self.text.len(), |last| stretches[last].lines.end);
        let next = last.and_then(|last| stretches.get(last + 1)).map(|next| next.lines.start);
        let (above, below) = self.text.split_at(at);
        // A file whose tiles stand close has no blank line between them.
        let blank = if next == Some(at) || above.is_empty() { "" } else { end };
        format!("{}{blank}{}{below}", whole_lines(above, end), whole_lines(lines, end))
    }

    /// How lines end here: as most do.
    pub(super) fn line_end(&self) -> &'static str {
        let (all, windows) = (self.text.matches('\n').count(), self.text.matches("\r\n").count());
        if windows * 2 > all { "\r\n" } else { "\n" }
    }

    /// The file's tables in its order. What is no table's are blank lines and
    /// comments.
    fn stretches(&self) -> Vec<Stretch> {
        let mut headed = Vec::new();
        collect(self.root(), None, &mut headed);
        headed.sort_by_key(|(header, ..)| header.start);
        let mut stretches: Vec<Stretch> = Vec::with_capacity(headed.len() + 1);
        let mut end = end_of_values(self.root()).map_or(0, |end| end_of_line(self.text, end));
        stretches.push(Stretch { lines: 0..end, tile: None });
        for (header, table, tile) in headed {
            let start = start_with_comment(self.text, end, header.start);
            end = end_of_line(self.text, end_of_values(table).map_or(header.end, |end| end.max(header.end)));
            match stretches.last_mut() {
                Some(last) if tile.is_some() && last.tile == tile => last.lines.end = end,
                _ => stretches.push(Stretch { lines: start..end, tile }),
            }
        }
        stretches
    }
}

type Headed<'a> = (Range<usize>, &'a Table, Option<usize>);

/// Finds the tables below `table` that have a header of their own.
fn collect<'a>(table: &'a Table, tile: Option<usize>, found: &mut Vec<Headed<'a>>) {
    let is_root = tile.is_none() && table.span() == Some(0..0);
    for (key, item) in table {
        match item {
            Item::Table(below) => {
                if let Some(header) = below.span().filter(|_| !below.is_implicit() && !below.is_dotted()) {
                    found.push((header, below, tile));
                }
                collect(below, tile, found);
            }
            Item::ArrayOfTables(tables) => {
                for (index, below) in tables.iter().enumerate() {
                    let tile = tile.or((is_root && key == "tile").then_some(index));
                    found.extend(below.span().map(|header| (header, below, tile)));
                    collect(below, tile, found);
                }
            }
            Item::None | Item::Value(_) => {}
        }
    }
}

/// Where the last value right below a header ends.
fn end_of_values(table: &Table) -> Option<usize> {
    table.get_values().iter().filter_map(|(_, value)| Some(value.span()?.end)).max()
}

/// Where the lines of a table begin whose header stands at `header`: with the
/// comment that touches it from above, but not before `end` of what stands above.
fn start_with_comment(text: &str, end: usize, header: usize) -> usize {
    let mut start = start_of_line(text, header).max(end);
    while start > end {
        let above = start_of_line(text, start - 1).max(end);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// What is left between two tables when the one between them goes: comments
/// stay, blank lines do not add up.
fn closed_gap(before: &str, after: &str, is_last: bool) -> String {
    let is_blank = |gap: &str| gap.trim().is_empty();
    match (is_blank(before), is_blank(after)) {
        (true, true) if is_last => after.to_owned(),
        (true, true) => if before.len() >= after.len() { before } else { after }.to_owned(),
        (true, false) => after.to_owned(),
        (false, true) if is_last => without_blank_end(before).to_owned(),
        (false, true) => before.to_owned(),
        (false, false) => format!("{before}{}", without_blank_begin(after)),
    }
}

fn without_blank_end(gap: &str) -> &str {
    &gap[..end_of_line(gap, gap.trim_end().len())]
}

fn without_blank_begin(gap: &str) -> &str {
    &gap[start_of_line(gap, gap.len() - gap.trim_start().len())..]
}

/// Ends the last line, if there is one.
fn whole_lines(text: &str, line_end: &str) -> String {
    let missing = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
    format!("{text}{missing}")
}

pub(super) fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

pub(super) fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}
