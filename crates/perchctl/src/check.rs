//! `perchctl check`: a connection file and the dashboards beside it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use perch_dashboard::{Checked, Finding, Source};
use perch_tenant::TokenSource;

use crate::arguments::Check;
use crate::asking::Asking;
use crate::{Failure, files};

pub(crate) fn run(arguments: &Check, now: SystemTime) -> Result<(), Failure> {
    let connection =
        if arguments.path.is_dir() { arguments.path.join("connection.toml") } else { arguments.path.clone() };
    let paths = dashboards_beside(&connection)?;
    let connection = Read::new(&connection)?;
    let template = arguments.template.as_deref().map(Read::new).transpose()?;
    let dashboards = paths.iter().map(|path| Read::new(path)).collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<_> = dashboards.iter().map(Read::source).collect();
    let mut checked = perch_dashboard::check(connection.source(), template.as_ref().map(Read::source), &sources, now);
    if arguments.live
        && let Some(opened) = &checked.connection
    {
        let asking = Asking::new(&arguments.access, arguments.template.as_deref(), &connection.path, opened, now)?;
        let place = |finding: &Finding| (finding.file.clone(), finding.problem.line, finding.problem.column);
        // What was told without asking is not told again.
        let told: HashSet<_> = checked.findings.iter().map(place).collect();
        checked.findings.extend(asking.check(&sources)?.into_iter().filter(|finding| !told.contains(&place(finding))));
    }

    let count = checked.findings.len();
    let mut lines: String = checked.findings.iter().map(|finding| format!("{finding}\n")).collect();
    for Finding { file, problem } in &checked.notes {
        lines += &format!("{file}:{}:{}: note: {}\n", problem.line, problem.column, problem.message);
    }
    if count == 0 {
        let template = template.as_ref().map(|template| template.name.as_str());
        lines += &summary(&connection.name, template, &checked, arguments.live);
    }
    files::print(lines.as_bytes())?;
    if count > 0 { Err(Failure::Problems { count }) } else { Ok(()) }
}

/// What was checked and found sound, and where the tokens come from.
fn summary(connection: &str, template: Option<&str>, checked: &Checked, live: bool) -> String {
    let tiles = checked.dashboards.iter().map(|dashboard| dashboard.tiles.len()).sum();
    let token = checked.connection.as_ref().map(|connection| &connection.token);
    let name = token.map_or("", TokenSource::name);
    let template = match (token, template) {
        (Some(TokenSource::Mint { .. }), _) => String::new(),
        (_, Some(template)) => format!(", by the template {template}"),
        (_, None) => ", whose template was not checked".to_owned(),
    };
    format!(
        "{connection}: no problems in the connection, {} and {}{}; token source: {name}{template}\n",
        counted(checked.dashboards.len(), "dashboard"),
        counted(tiles, "tile"),
        if live { ", nor in what their pipes answer" } else { "" },
    )
}

/// A file as the check wants it.
struct Read {
    path: PathBuf,
    name: String,
    bytes: Vec<u8>,
}

impl Read {
    fn new(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), name: path.display().to_string(), bytes: files::read(path)? })
    }

    fn source(&self) -> Source<'_> {
        Source { name: &self.name, bytes: &self.bytes }
    }
}

/// `dashboards/*.toml` in the connection file's folder, sorted by name. No
/// such folder is fine.
fn dashboards_beside(connection: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = connection.with_file_name("dashboards");
    let unreadable = |source| Failure::Read { path: folder.clone(), source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
