//! Editing a dashboard's file: a [`Change`] becomes the fewest bytes of its
//! text, so that comments, order and everything that this Perch does not know
//! stay as their writer left them.
//!
//! `toml_edit` says where a key or a table stands and how a value is written;
//! the text itself is cut and joined there, and nowhere else. What comes out is
//! read like any file before it is taken.

mod keys;
mod outline;

use std::collections::{BTreeSet, HashSet};

use perch_chart::{Kind, Spec, Stacking};
use serde::{Deserialize, Deserializer, Serialize};
use toml_edit::{Item, Table, TableLike, Value};
use ts_rs::TS;

use crate::file::{capitalized, derived_id};
use crate::outline::chart_lines;
use crate::{Dashboard, Problem, Reading};
use keys::{Key, assign};
use outline::Outline;

/// As many steps as anyone takes back.
const MOST_STEPS: usize = 200;
/// As long as a title may be.
const LONGEST_TITLE: usize = 200;

/// One step of an edit. A tile is named by its id.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export)]
pub enum Change {
    /// Writes another tile.
    Add {
        /// What it shows.
        tile: NewTile,
        /// The tile that it stands behind, and whose tab and section it joins; `None` for the end.
        after: Option<String>,
    },
    /// Writes a tile a second time, right behind itself.
    Duplicate {
        /// The tile.
        tile: String,
    },
    /// Takes a tile out.
    Remove {
        /// The tile.
        tile: String,
    },
    /// Takes a tile with a mistake out, which has no id.
    RemoveWrong {
        /// Its place among the tiles with a mistake, counted from 0.
        index: usize,
    },
    /// Puts a tile elsewhere.
    Move {
        /// The tile.
        tile: String,
        /// Its place afterwards among the tiles that can be read, counted from 0.
        to: usize,
        /// The tile whose tab and section it joins; `None` keeps its own.
        beside: Option<String>,
    },
    /// Writes keys of a tile.
    Set {
        /// The tile.
        tile: String,
        /// What each becomes.
        values: Vec<Assignment>,
    },
    /// Writes the dashboard's own words.
    Describe {
        /// Its title.
        title: String,
        /// The sentence below it; `None` for none.
        description: Option<String>,
    },
}

/// A tile to be written.
#[derive(Debug, Clone, PartialEq, TS)]
#[ts(export)]
pub struct NewTile {
    /// The heading; from the pipe's name where it is not said.
    pub title: Option<String>,
    /// The pipe; `None` for a text.
    pub pipe: Option<String>,
    /// Its chart. The web view names the kind; what else there is to say of it
    /// follows from the pipe's columns.
    #[ts(type = "string")]
    pub chart: Box<Spec>,
}

impl<'de> Deserialize<'de> for NewTile {
    fn deserialize<D: Deserializer<'de>>(named: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            title: Option<String>,
            pipe: Option<String>,
            chart: Kind,
        }
        let Named { title, pipe, chart } = Named::deserialize(named)?;
        Ok(Self { title, pipe, chart: Box::new(Spec::new(chart)) })
    }
}

/// What a file says of a tile; `None` where it leaves that open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileKeys {
    /// The heading.
    pub title: String,
    /// The pipe.
    pub pipe: Option<String>,
    /// How long an answer is fresh: `5m`.
    pub refresh: Option<String>,
    /// The kind of chart.
    pub kind: String,
    /// The column along the bottom.
    pub x: Option<String>,
    /// The columns of the values.
    pub y: Vec<String>,
    /// The column that makes series.
    pub group_by: Option<String>,
    /// Whether series stand on each other.
    #[ts(type = "boolean | \"percent\"")]
    pub stacked: Stacking,
    /// How numbers are written.
    pub format: Option<String>,
    /// What a text says.
    pub text: Option<String>,
}

/// A key of a tile or its chart, and what it becomes. `None` takes it out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "key", content = "value", rename_all = "camelCase")]
#[ts(export)]
pub enum Assignment {
    /// The heading. The tile keeps its id.
    Title(String),
    /// The pipe.
    Pipe(String),
    /// Columns of 12.
    Width(u8),
    /// Rows of 80 CSS pixels.
    Height(u8),
    /// How long an answer is fresh, as the file writes it: `5m`.
    Refresh(Option<String>),
    /// The kind of chart, as the file writes it.
    Kind(String),
    /// The column along the bottom.
    X(Option<String>),
    /// The columns of the values; none: chosen by what they hold.
    Y(Vec<String>),
    /// The column that makes series.
    GroupBy(Option<String>),
    /// Whether series stand on each other.
    Stacked(#[ts(type = "boolean | \"percent\"")] Stacking),
    /// How numbers are written, as the file writes it.
    Format(Option<String>),
    /// What a text says.
    Text(String),
    /// A key of the chart that has no meaning any more is taken out, also where it
    /// is a table of its own. Not for the web view to ask.
    #[serde(skip)]
    #[ts(skip)]
    Without(ChartKey),
}

/// A key of a chart, as the file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartKey(pub &'static str);

/// Why a change was not made. The text stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is no TOML, or the tile has a mistake.
    #[error("this part of the file cannot be read, so it cannot be changed here")]
    Unreadable,
    /// All tiles stand in one value.
    #[error("this file writes its tiles as one list in brackets, which Perch does not change")]
    TilesInLine,
    /// What should be written is a table of its own.
    #[error("`{key}` is a table of its own in this file, which Perch does not change")]
    InTable {
        /// The key.
        key: &'static str,
    },
    /// There is no such tile (any more).
    #[error("this tile is no longer there")]
    Gone,
    /// A dashboard has at least one tile.
    #[error("this is the dashboard's last tile, and a dashboard has at least one")]
    LastTile,
    /// What was asked for would be a mistake in the file.
    #[error("{message}")]
    Refused {
        /// What is wrong, and what to write instead.
        message: String,
    },
}

impl EditError {
    /// A stable name for the kind of refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "edit-unreadable",
            Self::TilesInLine => "edit-tiles-in-line",
            Self::InTable { .. } => "edit-in-table",
            Self::Gone => "gone",
            Self::LastTile => "edit-last-tile",
            Self::Refused { .. } => "edit-refused",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Unreadable | Self::TilesInLine | Self::InTable { .. } => "Change it in the file, with an editor.",
            Self::Gone => "Choose another tile.",
            Self::LastTile => "Add another tile first.",
            Self::Refused { .. } => "Choose something else.",
        }
    }
}

/// A file while it is edited: its text, and the way back.
#[derive(Debug, Clone)]
pub struct Draft {
    id: String,
    text: String,
    undone: Vec<String>,
    done: Vec<String>,
    saved: String,
}

impl Draft {
    /// A draft of a file as it stands, byte order mark and all. `id` is the
    /// file's name without `.toml`.
    pub fn new(id: &str, text: &str) -> Self {
        let text = text.to_owned();
        Self { id: id.to_owned(), saved: text.clone(), text, undone: Vec::new(), done: Vec::new() }
    }

    /// A draft that an earlier visit left: what it began from is one step back.
    pub fn restored(id: &str, saved: &str, text: &str) -> Self {
        Self { text: text.to_owned(), done: vec![saved.to_owned()], ..Self::new(id, saved) }
    }

    /// The whole text, as it would be saved.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that is in the file, as far as this draft knows.
    pub fn saved_text(&self) -> &str {
        &self.saved
    }

    /// What the text says.
    pub fn read(&self) -> Reading {
        Dashboard::read(&self.id, &self.text)
    }

    /// What the text says of a tile, as it is written. `None` where the tile is
    /// not there.
    pub fn keys(&self, tile: &str) -> Option<TileKeys> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let place = place_of(text, tile).ok()?;
        Outline::of(text).ok()?.tiles().get(place).map(|tile| keys_of(tile))
    }

    /// Whether there is something to save.
    pub fn is_changed(&self) -> bool {
        self.text != self.saved
    }

    /// Whether a step can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether a step that was taken back can be taken again.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// This text is in the file now.
    pub fn mark_saved_as(&mut self, text: &str) {
        text.clone_into(&mut self.saved);
    }

    /// Makes a change, and answers with the tile that it was about, under the
    /// id that it has now.
    ///
    /// # Errors
    ///
    /// Why it was not made: then nothing has changed.
    pub fn apply(&mut self, change: &Change) -> Result<Option<String>, EditError> {
        let (mark, text) = self.text.strip_prefix('\u{feff}').map_or(("", &*self.text), |text| ("\u{feff}", text));
        let (changed, tile) = changed(text, change)?;
        if changed != text {
            self.accept(text, &changed)?;
        }
        let id = tile.and_then(|tile| ids(&changed).ok()?.get(tile).cloned());
        let changed = format!("{mark}{changed}");
        if changed != self.text {
            if self.done.len() == MOST_STEPS {
                self.done.remove(0);
            }
            self.done.push(std::mem::replace(&mut self.text, changed));
            self.undone.clear();
        }
        Ok(id)
    }

    /// Takes the last step back. Whether there was one.
    pub fn undo(&mut self) -> bool {
        step(&mut self.done, &mut self.text, &mut self.undone)
    }

    /// Takes a step again that was taken back. Whether there was one.
    pub fn redo(&mut self) -> bool {
        step(&mut self.undone, &mut self.text, &mut self.done)
    }

    /// Refuses a text with a mistake that the one before has not.
    fn accept(&self, before: &str, after: &str) -> Result<(), EditError> {
        let mut known: Vec<String> = Dashboard::read(&self.id, before).problems.into_iter().map(said).collect();
        for problem in Dashboard::read(&self.id, after).problems {
            let message = said(problem);
            match known.iter().position(|known| *known == message) {
                Some(at) => drop(known.swap_remove(at)),
                None => return Err(EditError::Refused { message }),
            }
        }
        Ok(())
    }
}

/// A dashboard to begin with: a title to be replaced, and one text.
pub const BLANK: &str = "\
version = 2
title = \"New dashboard\"

[[tile]]
title = \"About this dashboard\"
width = 12
height = 2
[tile.chart]
kind = \"text\"
text = \"Write here, in **CommonMark**, or delete this tile once there is another.\"
";

/// The id of a new dashboard with this title, and so its file's name: one that is
/// not `taken`.
pub fn id_for(title: &str, taken: &mut HashSet<String>) -> String {
    let has_letters = title.chars().any(|letter| letter.is_ascii_alphanumeric());
    derived_id(if has_letters { title } else { "dashboard" }, taken)
}

/// A file's text without the tiles in which these problems stand. `None` where
/// one of them stands elsewhere, where no tile is left, or where tiles cannot be
/// cut out.
pub fn without_tiles_of(text: &str, problems: &[Problem]) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let outline = Outline::of(text).ok()?;
    let tiles: Option<BTreeSet<usize>> = problems.iter().map(|problem| outline.tile_at(problem.line)).collect();
    let tiles = tiles?;
    if tiles.len() == outline.tiles().len() {
        return None;
    }
    // From the last: the places of those before it stay.
    tiles.into_iter().rev().try_fold(text.to_owned(), |text, tile| Some(Outline::of(&text).ok()?.without(tile)))
}

fn said(problem: Problem) -> String {
    problem.message
}

fn step(from: &mut Vec<String>, text: &mut String, to: &mut Vec<String>) -> bool {
    let Some(next) = from.pop() else { return false };
    to.push(std::mem::replace(text, next));
    true
}

/// The text after a change, and which tile it was about.
fn changed(text: &str, change: &Change) -> Result<(String, Option<usize>), EditError> {
    match change {
        Change::Add { tile, after } => add(text, tile, after.as_deref()),
        Change::Duplicate { tile } => duplicate(text, place_of(text, tile)?),
        Change::Remove { tile } => remove(text, place_of(text, tile)?),
        Change::RemoveWrong { index } => remove(text, *Standing::of(text).wrong.get(*index).ok_or(EditError::Gone)?),
        Change::Move { tile, to, beside } => {
            let beside = beside.as_deref().map(|beside| place_of(text, beside)).transpose()?;
            move_to(text, place_of(text, tile)?, *to, beside)
        }
        Change::Set { tile, values } => set(text, place_of(text, tile)?, tile, values),
        Change::Describe { title, description } => {
            let text = assign(text, Key::Dashboard("title"), Some(&words(title)))?;
            let description = description.as_deref().map(words);
            Ok((assign(&text, Key::Dashboard("description"), description.as_ref())?, None))
        }
    }
}

fn add(text: &str, tile: &NewTile, after: Option<&str>) -> Result<(String, Option<usize>), EditError> {
    let outline = Outline::of(text)?;
    let ids = ids(text)?;
    let place = match after {
        Some(after) => place_of(text, after)? + 1,
        None => ids.len(),
    };
    let lines = written(tile, &ids).replace('\n', outline.line_end());
    let text = outline.with(&lines, place);
    let text = if after.is_some() { join(&text, place, place - 1)? } else { text };
    Ok((text, Some(place)))
}

/// A new tile as the documentation writes one.
fn written(tile: &NewTile, taken: &[String]) -> String {
    let title = match (&tile.title, &tile.pipe) {
        (Some(title), _) => title.clone(),
        (None, Some(pipe)) => capitalized(pipe),
        (None, None) => "Text".to_owned(),
    };
    let mut lines = vec!["[[tile]]".to_owned(), format!("title = {}", words(&title))];
    if let Some(id) = id_beside(&title, taken) {
        lines.push(format!("id = {}", words(&id)));
    }
    lines.extend(tile.pipe.as_deref().map(|pipe| format!("pipe = {}", words(pipe))));
    lines.extend(["width = 6".to_owned(), "height = 3".to_owned(), "[tile.chart]".to_owned()]);
    lines.extend(chart_lines(&tile.chart).into_iter().map(|(key, value)| format!("{key} = {value}")));
    if tile.pipe.is_none() {
        lines.push("text = \"Write here, in **CommonMark**.\"".to_owned());
    }
    lines.join("\n") + "\n"
}

fn duplicate(text: &str, tile: usize) -> Result<(String, Option<usize>), EditError> {
    let outline = Outline::of(text)?;
    let title = outline.tiles().get(tile).map(|tile| title_of(tile).to_owned()).ok_or(EditError::Gone)?;
    let taken = ids(text)?;
    let room = LONGEST_TITLE - " (copy)".len();
    let title = format!("{} (copy)", title.chars().take(room).collect::<String>());
    let (lines, copy) = (outline.lines_of(tile), tile + 1);
    // What is written above a tile is written about that one.
    let begin = lines.split_inclusive('\n').take_while(|line| line.trim_start().starts_with('#')).map(str::len).sum();
    let text = outline.with(&lines[begin..], copy);
    let text = assign(&text, Key::Tile(copy, "title"), Some(&words(&title)))?;
    let id = id_beside(&title, &taken).map(|id| words(&id));
    Ok((assign(&text, Key::Tile(copy, "id"), id.as_ref())?, Some(copy)))
}

fn remove(text: &str, tile: usize) -> Result<(String, Option<usize>), EditError> {
    let outline = Outline::of(text)?;
    if outline.tiles().len() == 1 {
        return Err(EditError::LastTile);
    }
    Ok((outline.without(tile), None))
}

fn move_to(text: &str, tile: usize, to: usize, beside: Option<usize>) -> Result<(String, Option<usize>), EditError> {
    let text = match beside {
        Some(beside) => join(text, tile, beside)?,
        None => text.to_owned(),
    };
    let Some(to) = Standing::of(&text).place_for(tile, to) else { return Ok((text, Some(tile))) };
    let outline = Outline::of(&text)?;
    let (lines, rest) = (outline.lines_of(tile), outline.without(tile));
    Ok((Outline::of(&rest)?.with(&lines, to), Some(to)))
}

/// Which of the file's tiles can be read, and which have a mistake: their places
/// among all, in the file's order.
struct Standing {
    whole: Vec<usize>,
    wrong: Vec<usize>,
}

impl Standing {
    fn of(text: &str) -> Self {
        let Reading { dashboard, wrong, .. } = Dashboard::read("", text);
        let whole = dashboard.map_or(0, |dashboard| dashboard.tiles.len());
        let mut standing = Self { whole: Vec::new(), wrong: Vec::new() };
        let mut wrong = wrong.iter().peekable();
        for place in 0.. {
            if wrong.next_if(|tile| tile.after <= standing.whole.len()).is_some() {
                standing.wrong.push(place);
            } else if standing.whole.len() < whole {
                standing.whole.push(place);
            } else {
                break;
            }
        }
        standing
    }

    /// The place in the file without the tile at `tile` where it stands as the one
    /// of index `to` among those that can be read; `None` where it is that already.
    fn place_for(&self, tile: usize, to: usize) -> Option<usize> {
        let own = self.whole.iter().position(|place| *place == tile);
        let to = to.min(self.whole.len().saturating_sub(1));
        match own {
            Some(own) if own == to => None,
            // Right behind the one whose place it takes, which has moved up by one.
            Some(own) if own < to => self.whole.get(to).copied(),
            // Right before it.
            _ => self.whole.get(to).map(|place| place - usize::from(*place > tile)),
        }
    }
}

/// Puts a tile under the headings of another.
fn join(text: &str, tile: usize, beside: usize) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for key in ["tab", "section"] {
        let heading = |place: usize| {
            let outline = Outline::of(&text)?;
            let heading = outline.tiles().get(place).and_then(|tile| tile.get(key)?.as_str()).map(str::to_owned);
            Ok::<_, EditError>(heading)
        };
        let (own, other) = (heading(tile)?, heading(beside)?);
        if own != other {
            text = assign(&text, Key::Tile(tile, key), other.as_deref().map(words).as_ref())?;
        }
    }
    Ok(text)
}

fn set(text: &str, tile: usize, id: &str, values: &[Assignment]) -> Result<(String, Option<usize>), EditError> {
    let mut text = text.to_owned();
    for value in values {
        if let Assignment::Title(_) = value {
            // From here on it does not follow the title.
            let is_said = Outline::of(&text)?.tiles().get(tile).is_some_and(|tile| tile.contains_key("id"));
            if !is_said {
                text = assign(&text, Key::Tile(tile, "id"), Some(&words(id)))?;
            }
        }
        let (key, value) = value.written(tile);
        text = assign(&text, key, value.as_ref())?;
    }
    Ok((text, Some(tile)))
}

impl Assignment {
    /// Where it is written, and what.
    fn written(&self, tile: usize) -> (Key, Option<Value>) {
        let maybe = |text: &Option<String>| text.as_deref().map(words);
        match self {
            Self::Title(title) => (Key::Tile(tile, "title"), Some(words(title))),
            Self::Pipe(pipe) => (Key::Tile(tile, "pipe"), Some(words(pipe))),
            Self::Width(width) => (Key::Tile(tile, "width"), Some(i64::from(*width).into())),
            Self::Height(height) => (Key::Tile(tile, "height"), Some(i64::from(*height).into())),
            Self::Refresh(refresh) => (Key::Tile(tile, "refresh"), maybe(refresh)),
            Self::Kind(kind) => (Key::Chart(tile, "kind"), Some(words(kind))),
            Self::X(x) => (Key::Chart(tile, "x"), maybe(x)),
            Self::Y(y) => (Key::Chart(tile, "y"), names(y)),
            Self::GroupBy(column) => (Key::Chart(tile, "group_by"), maybe(column)),
            Self::Stacked(stacked) => {
                let stacked = match stacked {
                    Stacking::None => None,
                    Stacking::Sum => Some(true.into()),
                    Stacking::Percent => Some(words("percent")),
                };
                (Key::Chart(tile, "stacked"), stacked)
            }
            Self::Format(format) => (Key::Chart(tile, "format"), maybe(format)),
            Self::Text(text) => (Key::Chart(tile, "text"), Some(words(text))),
            Self::Without(ChartKey(key)) => (Key::Chart(tile, key), None),
        }
    }
}

fn keys_of(tile: &Table) -> TileKeys {
    let text = |table: Option<&dyn TableLike>, key| table?.get(key)?.as_str().map(str::to_owned);
    let chart = tile.get("chart").and_then(Item::as_table_like);
    let y = chart.and_then(|chart| chart.get("y"));
    let several = y.and_then(Item::as_array).map(|names| names.iter().filter_map(Value::as_str).collect());
    let stacked = chart.and_then(|chart| chart.get("stacked"));
    let stacking = |stacked: &Item| match (stacked.as_bool(), stacked.as_str()) {
        (Some(true), _) => Stacking::Sum,
        (_, Some("percent")) => Stacking::Percent,
        _ => Stacking::None,
    };
    let y: Vec<&str> = several.or_else(|| Some(vec![y?.as_str()?])).unwrap_or_default();
    TileKeys {
        title: title_of(tile).to_owned(),
        pipe: text(Some(tile), "pipe"),
        refresh: text(Some(tile), "refresh"),
        kind: text(chart, "kind").or_else(|| text(Some(tile), "chart")).unwrap_or_else(|| Kind::Auto.to_string()),
        x: text(chart, "x"),
        y: y.into_iter().map(str::to_owned).collect(),
        group_by: text(chart, "group_by"),
        stacked: stacked.map_or(Stacking::None, stacking),
        format: text(chart, "format"),
        text: text(chart, "text"),
    }
}

/// The ids of a file's tiles, as reading finds them.
fn ids(text: &str) -> Result<Vec<String>, EditError> {
    let outline = Outline::of(text)?;
    let mut taken = HashSet::new();
    let mut id_of = |tile: &Table| match tile.get("id").and_then(|id| id.as_str()).filter(|id| !id.trim().is_empty()) {
        Some(id) => {
            taken.insert(id.to_owned());
            id.to_owned()
        }
        None => derived_id(title_of(tile), &mut taken),
    };
    Ok(outline.tiles().into_iter().map(&mut id_of).collect())
}

fn place_of(text: &str, id: &str) -> Result<usize, EditError> {
    ids(text)?.iter().position(|known| known == id).ok_or(EditError::Gone)
}

fn title_of(tile: &Table) -> &str {
    let title = tile.get("title").and_then(|title| title.as_str());
    title.filter(|title| !title.trim().is_empty()).unwrap_or("tile")
}

/// The id to write for a tile of this title, where the one that follows from it
/// would be another's.
fn id_beside(title: &str, taken: &[String]) -> Option<String> {
    let mut all: HashSet<String> = taken.iter().cloned().collect();
    let id = derived_id(title, &mut HashSet::new());
    let free = derived_id(title, &mut all);
    (free != id).then_some(free)
}

/// A text as TOML writes it.
fn words(text: &str) -> Value {
    Value::from(text)
}

/// Columns as the documentation writes them: one by its name, several as a list.
fn names(names: &[String]) -> Option<Value> {
    match names {
        [] => None,
        [one] => Some(words(one)),
        several => Some(Value::Array(several.iter().map(String::as_str).collect())),
    }
}
