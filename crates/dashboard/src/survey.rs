//! Asks pipes what they answer, of which nothing is known but their names: a token that reads a pipe cannot ask what
//! parameters it takes.
//!
//! Whether a pipe asks for days shows in its answer about a day of long ago, when nothing had happened yet: a pipe that
//! does not, answers with today's numbers.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::civil::date;
use perch_tinybird::{Answer, Column, PipeErrorKind, PipeName, Table};

use crate::{Answered, Dashboard, Engine, EngineError, Preset, Selection, Tile, TimeRange, outline};

/// How many pipes are asked: more than one dashboard shows, and each costs up to two requests of a workspace's daily
/// ones.
const MOST_PIPES: usize = 40;
/// How many are asked at once.
const AT_ONCE: usize = 4;

/// What pipes answered.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Those that did, in the order in which they were named.
    pub answered: Vec<Surveyed>,
    /// Those that did not, and why.
    pub left_out: Vec<LeftOut>,
}

/// A pipe that answered.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// As the token's scope names it.
    pub pipe: String,
    /// Its answer, of the last seven days if it asks for days.
    pub answer: Arc<Answer>,
    /// Whether it asks for days.
    pub timed: bool,
}

/// A pipe that no chart was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// As the token's scope names it.
    pub pipe: String,
    /// The stable code of the reason.
    pub code: &'static str,
    /// Why, in words for whoever owns the pipe.
    pub why: String,
    /// Whether it may answer when it is asked again.
    pub passing: bool,
}

impl Survey {
    /// The text of a dashboard file over all that answered; `None` where nothing did.
    pub fn outline(&self, title: &str) -> Option<String> {
        let answered =
            self.answered.iter().map(|one| Answered { pipe: &one.pipe, table: &one.answer.table, timed: one.timed });
        outline(title, &answered.collect::<Vec<_>>())
    }
}

/// Asks each of `pipes`, through the tenant's own engine: what they answer is kept as for any tile. `asked` hears how
/// many are done.
///
/// # Errors
///
/// Why none of them can be asked now: no token, or no network. What is one pipe's own is among [`Survey::left_out`].
pub async fn survey(engine: &Engine, pipes: &[String], mut asked: impl FnMut(usize)) -> Result<Survey, EngineError> {
    let mut survey = Survey::default();
    let asks: Vec<_> = pipes.iter().take(MOST_PIPES).map(|pipe| ask(engine, pipe)).collect();
    let mut outcomes = stream::iter(asks).buffered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        match outcome? {
            Ok(answered) => survey.answered.push(answered),
            Err(left_out) => survey.left_out.push(left_out),
        }
        asked(survey.answered.len() + survey.left_out.len());
    }
    let beyond = pipes.iter().skip(MOST_PIPES).map(|pipe| LeftOut {
        pipe: pipe.clone(),
        code: "too-many-pipes",
        why: format!("only the first {MOST_PIPES} pipes are asked"),
        passing: false,
    });
    survey.left_out.extend(beyond);
    Ok(survey)
}

/// One pipe, or why it is left out, or why all are.
async fn ask(engine: &Engine, pipe: &str) -> Result<Result<Surveyed, LeftOut>, EngineError> {
    let left_out = |error: &EngineError| LeftOut {
        pipe: pipe.to_owned(),
        code: error.code(),
        why: why(error),
        passing: may_pass(error),
    };
    let (timed, plain) = match (asking(pipe, true), asking(pipe, false)) {
        (Some(timed), Some(plain)) => (timed, plain),
        _ => {
            let why = "this is not the name of a pipe".to_owned();
            return Ok(Err(LeftOut { pipe: pipe.to_owned(), code: "no-pipe-name", why, passing: false }));
        }
    };
    let (data, timed) = match engine.refresh(&timed, &last_week()).await {
        Ok(data) => {
            let timed = asks_for_days(engine, &timed, &data.answer.table).await?;
            (data, timed)
        }
        Err(error) if stops_all(&error) => return Err(error),
        // It may read the parameters as something else than days.
        Err(error) if is_refused(&error) => match engine.refresh(&plain, &last_week()).await {
            Ok(data) => (data, false),
            Err(error) if stops_all(&error) => return Err(error),
            Err(error) => return Ok(Err(left_out(&error))),
        },
        Err(error) => return Ok(Err(left_out(&error))),
    };
    Ok(Ok(Surveyed { pipe: pipe.to_owned(), answer: data.answer, timed }))
}

/// A tile that asks the pipe; `None` for a name that is none.
fn asking(pipe: &str, timed: bool) -> Option<Tile> {
    let pipe = PipeName::parse(pipe).ok()?;
    let text = format!(
        "version = 1\ntitle = \"Survey\"\n[time]\n[[tile]]\ntitle = \"Survey\"\npipe = \"{pipe}\"\ntime = {timed}\n\
         [tile.chart]\nkind = \"table\"\n"
    );
    Dashboard::read("survey", &text).dashboard?.tiles.pop()
}

fn last_week() -> Selection {
    TimeRange::Last(Preset::Days7).into()
}

/// Whether the pipe answers otherwise about a day on which nothing had happened. One that has nothing to say at all is
/// given the days too: it ignores what it does not know.
async fn asks_for_days(engine: &Engine, tile: &Tile, now: &Table) -> Result<bool, EngineError> {
    if !says_something(now) {
        return Ok(true);
    }
    let day = date(1971, 1, 1);
    match engine.refresh(tile, &TimeRange::Between { from: day, to: day }.into()).await {
        Ok(data) => Ok(falls_silent(now, &data.answer.table)),
        Err(error) if stops_all(&error) => Err(error),
        Err(error) => Ok(is_refused(&error)),
    }
}

fn says_something(table: &Table) -> bool {
    table.rows() > 0 && table.columns().iter().all(|column| !is_number(column))
        || table.columns().iter().any(|column| is_number(column) && !is_silent(column))
}

/// Whether a number that there was is gone, or all rows are.
fn falls_silent(now: &Table, then: &Table) -> bool {
    let gone =
        |column: &Column| is_number(column) && !is_silent(column) && then.column(column.name()).is_some_and(is_silent);
    then.rows() == 0 || now.columns().iter().any(gone)
}

fn is_number(column: &Column) -> bool {
    column.family() == perch_tinybird::Family::Number
}

/// Whether it holds nothing but nulls and zeros.
fn is_silent(column: &Column) -> bool {
    (0..column.len()).all(|row| column.number(row).is_none_or(|number| number == 0.0 || number.is_nan()))
}

/// Whether the next pipe would fail in the same way.
fn stops_all(error: &EngineError) -> bool {
    error.is_offline() || !matches!(error, EngineError::Pipe(_) | EngineError::Answer(_) | EngineError::Chart(_))
}

fn is_refused(error: &EngineError) -> bool {
    matches!(error, EngineError::Pipe(error) if *error.kind() == PipeErrorKind::BadRequest)
}

fn may_pass(error: &EngineError) -> bool {
    use PipeErrorKind::{RateLimited, Server, TokenExpired};
    matches!(error, EngineError::Pipe(error) if matches!(error.kind(), RateLimited { .. } | Server { .. } | TokenExpired))
}

/// What went wrong, with Tinybird's own words.
fn why(error: &EngineError) -> String {
    match error {
        EngineError::Pipe(error) => match error.said().filter(|_| *error.kind() == PipeErrorKind::BadRequest) {
            Some(said) => said.to_owned(),
            None => error.to_string(),
        },
        error => error.to_string(),
    }
}
