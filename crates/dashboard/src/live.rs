//! What only the pipes themselves can say of a dashboard: whether they are there, take what they are asked with, and
//! answer with columns that the charts can draw. Used by `perchctl check --live`.

use std::collections::BTreeMap;
use std::sync::Arc;

use perch_chart::{Setting, Size, Theme, View};
use perch_tinybird::{Column, PipeError, PipeErrorKind, PipeName, Table};

use crate::charts::Written;
use crate::problem::{self, nearest};
use crate::{
    Dashboard, Engine, EngineError, FilterError, Options, Preset, Problem, Selection, Source, Tile, TileData, TimeRange,
};

/// Asks each tile's pipe once, with the dashboard's own time range, and draws the answer; asks for the values that filters
/// offer, and looks for their columns. `pipes` are those that the token reads. Empty for a file that has problems without a network: those come first.
///
/// # Errors
///
/// Why nothing can be asked at all: no token, no network.
pub async fn check_live(source: &Source<'_>, engine: &Engine, pipes: &[&str]) -> Result<Vec<Problem>, EngineError> {
    let Ok(text) = problem::text(source.bytes) else { return Ok(Vec::new()) };
    let Ok(dashboard) = Dashboard::parse(source.id(), text) else { return Ok(Vec::new()) };
    let Some(written) = Written::read(text) else { return Ok(Vec::new()) };
    let selection = usual(&dashboard);
    let mut problems = Vec::new();
    for (index, tile) in dashboard.tiles.iter().enumerate() {
        if tile.pipe.is_none() {
            continue;
        }
        let (place, message) = match look(engine, tile, &selection).await {
            Ok(()) => continue,
            Err(EngineError::Chart(error)) => written.about_chart(index, &error),
            Err(error) => {
                let (path, message) = about_asking(error, tile, pipes)?;
                (written.place(index, &path, None), message)
            }
        };
        problems.push(Problem::at(text, place, message));
    }
    for (filter, options) in dashboard.filters.iter().filter_map(|filter| Some((filter, filter.options()?))) {
        let (path, message) = match asked(engine, &options.tile, &selection).await {
            Ok(data) => match options.choices(&data.answer.table) {
                Ok(_) => continue,
                Err(error) => about_column(&error, options, &data.answer.table),
            },
            Err(error) => about_asking(error, &options.tile, pipes)?,
        };
        let path: Vec<&str> = ["options"].into_iter().chain(path).collect();
        problems.push(Problem::at(text, written.place_in_filter(&filter.name, &path), message));
    }
    problems.sort();
    Ok(problems)
}

/// What a viewer sees who has chosen nothing.
fn usual(dashboard: &Dashboard) -> Selection {
    let range = dashboard.time.as_ref().map_or(TimeRange::Last(Preset::Days7), |time| time.default);
    dashboard.selection(range, &BTreeMap::new())
}

/// Asks for the tile, unless another has asked the same.
async fn asked(engine: &Engine, tile: &Tile, selection: &Selection) -> Result<TileData, EngineError> {
    match engine.seen(tile, selection) {
        Some(data) => Ok(data),
        None => engine.refresh(tile, selection).await,
    }
}

/// The same, and draws it.
async fn look(engine: &Engine, tile: &Tile, selection: &Selection) -> Result<(), EngineError> {
    let data = asked(engine, tile, selection).await?;
    // As large as a tile may be, so that only what it says is wrong with it.
    let size = Size { width: 1_200, height: 600 };
    let setting = Setting { colors: Arc::default(), ..Setting::default() };
    engine.draw(Some(&data), tile, &View::default(), &setting, size, Theme::Light).map(drop)
}

/// The key at which it is written why a pipe gave no answer, and what to write there. Fails where nobody can be asked.
fn about_asking<'t>(error: EngineError, tile: &'t Tile, pipes: &[&str]) -> Result<(Vec<&'t str>, String), EngineError> {
    let pipe = tile.pipe.as_ref().map_or("", PipeName::as_str);
    match error {
        EngineError::Pipe(error) if !error.is_offline() => {
            let path = match tile.parameters.keys().find(|name| blames(&error, name)) {
                Some(name) => vec!["parameters", name],
                None => vec!["pipe"],
            };
            Ok((path, about_pipe(&error, pipe, pipes)))
        }
        EngineError::Answer(error) => Ok((vec!["pipe"], format!("`{pipe}` did not answer as pipes do: {error}"))),
        error => Err(error),
    }
}

/// The key of a filter's options that names no column, and what to write there.
fn about_column<'o>(error: &FilterError, options: &Options, table: &Table) -> (Vec<&'o str>, String) {
    let (key, name) = match &options.label {
        Some(label) if table.column(&options.value).is_some() => ("label", label),
        _ => ("value", &options.value),
    };
    let message = match nearest(name, table.columns().iter().map(Column::name)) {
        Some(nearest) => format!("{error}; write \"{nearest}\""),
        None => {
            let columns: Vec<&str> = table.columns().iter().map(Column::name).collect();
            format!("{error}; write one of {}", columns.join(", "))
        }
    };
    (vec![key], message)
}

/// Whether Tinybird's words name a parameter.
fn blames(error: &PipeError, parameter: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    *error.kind() == PipeErrorKind::BadRequest
        && error.said().is_some_and(|said| said.split(|letter| !is_part(letter)).any(|word| word == parameter))
}

fn about_pipe(error: &PipeError, pipe: &str, pipes: &[&str]) -> String {
    let others = match nearest(pipe, pipes.iter().copied().filter(|other| *other != pipe)) {
        Some(nearest) => format!("; write \"{nearest}\""),
        None => "; write one that there is".to_owned(),
    };
    match error.kind() {
        PipeErrorKind::NotFound => format!("Tinybird has no endpoint `{pipe}`{others}"),
        PipeErrorKind::NotInToken { .. } => format!("no scope of the token reads the pipe `{pipe}`{others}"),
        PipeErrorKind::Forbidden => format!("Tinybird does not let this token read the pipe `{pipe}`"),
        PipeErrorKind::BadRequest => {
            let said = error.said().unwrap_or("it does not say why");
            format!("`{pipe}` could not answer: {said}; correct what the tile asks it with, or the pipe")
        }
        _ => format!("`{pipe}` did not answer: {error}"),
    }
}
