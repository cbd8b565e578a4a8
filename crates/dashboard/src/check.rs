//! What can be said of a connection file and its dashboards without a network:
//! each file by itself, then together. Used by `perchctl check` and by the app
//! when a connection is opened.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use perch_tenant::{Connection, Organization, Secret, Tenant, TokenSource, User};
use perch_tinybird::{Template, TenantToken, mint};
use toml::de::DeTable;

use crate::file::{self, Places};
use crate::problem::{self, nearest};
use crate::{Dashboard, Problem};

/// A file: its name as problems should tell it, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// A path, with either slash. A dashboard's id is its last part without
    /// `.toml`.
    pub name: &'a str,
    /// What the file holds; not yet known to be text.
    pub bytes: &'a [u8],
}

impl Source<'_> {
    /// The dashboard's id.
    fn id(&self) -> &str {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or(self.name);
        file.strip_suffix(".toml").unwrap_or(file)
    }
}

/// A problem and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The [`Source`]'s name.
    pub file: String,
    /// What to put right there.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.problem)
    }
}

/// What was read, and what to put right.
#[derive(Debug)]
pub struct Checked {
    /// The connection, when it could be read.
    pub connection: Option<Connection>,
    /// The dashboards, with those of their tiles that could be read.
    pub dashboards: Vec<Dashboard>,
    /// The connection's problems, then each dashboard's in the file's order.
    pub findings: Vec<Finding>,
}

/// Checks a connection file and its dashboards.
///
/// Beyond each file's own form: that the fence would admit a token made from
/// the template, that the template's scopes read the pipes that tiles ask, that
/// no dashboard sets a parameter that the token fixes, and that no two
/// dashboards share a name.
pub fn check(connection: Source<'_>, dashboards: &[Source<'_>]) -> Checked {
    let mut findings = Vec::new();
    let mut report = |source: &Source<'_>, problems: Vec<Problem>| {
        findings.extend(problems.into_iter().map(|problem| Finding { file: source.name.to_owned(), problem }));
    };

    let (read, problems) = read_connection(&connection);
    report(&connection, problems);
    let mut names: HashMap<String, &str> = HashMap::new();
    let mut kept = Vec::new();
    for source in dashboards {
        let text = match problem::text(source.bytes) {
            Ok(text) => text,
            Err(problem) => {
                report(source, vec![problem]);
                continue;
            }
        };
        let (dashboard, mut problems, places) = file::read(source.id(), text);
        if let Some(read) = &read {
            problems.extend(read.against(text, &places));
        }
        // Some file systems do not tell `Sales.toml` from `sales.toml`.
        if let Some(other) = names.insert(source.id().to_lowercase(), source.name) {
            let message = format!("{other} has the same name; rename one of the two");
            problems.push(Problem { line: 1, column: 1, message });
        }
        problems.sort();
        report(source, problems);
        kept.extend(dashboard);
    }
    Checked { connection: read.map(|read| read.connection), dashboards: kept, findings }
}

/// A connection, and what its tokens will allow.
struct ReadConnection {
    connection: Connection,
    /// The pipes that the template's scopes name; `None` where the template
    /// leaves it open, by a shortcode or by a pipe's id.
    pipes: Option<Vec<String>>,
}

fn read_connection(source: &Source<'_>) -> (Option<ReadConnection>, Vec<Problem>) {
    let text = match problem::text(source.bytes) {
        Ok(text) => text,
        Err(problem) => return (None, vec![problem]),
    };
    let connection = match Connection::parse(text) {
        Ok(connection) => connection,
        Err(error) => {
            let problem = Problem { line: error.line, column: error.column, message: error.message };
            return (None, vec![problem]);
        }
    };
    let (pipes, problems) = check_template(&connection, text);
    (Some(ReadConnection { connection, pipes }), problems)
}

/// Fills the template for a tenant made up for the purpose, and lets the fence
/// judge the token.
fn check_template(connection: &Connection, text: &str) -> (Option<Vec<String>>, Vec<Problem>) {
    let TokenSource::Mint { template, bind, lifetime_seconds } = &connection.token else {
        // The template stands in Clerk: which pipes it reads turns out there.
        return (None, Vec::new());
    };
    let place = TemplatePlace::find(text);
    let template = match Template::parse(template) {
        Ok(template) => template,
        Err(error) => return (None, vec![place.problem(text, error.line, error.column, &error.message)]),
    };
    let user = User { id: "user_check".into(), name: Some("Check".into()), email: Some("check@example.com".into()) };
    let organization = Organization {
        id: "org_check".into(),
        name: Some("Check".into()),
        slug: Some("check".into()),
        role: Some("org:member".into()),
    };
    let tenant = Tenant::new(connection, user, Some(organization));
    let lifetime = Duration::from_secs(u64::from(*lifetime_seconds));
    // Any moment does: the token is made and judged at the same one.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let refused = |error: &dyn fmt::Display| (None, vec![place.problem(text, 1, 1, &error.to_string())]);
    let raw = match mint(&Secret::new("check"), &template, &tenant, lifetime, now) {
        Ok(raw) => raw,
        Err(error) => return refused(&error),
    };
    match TenantToken::admit(raw, &tenant, bind, now) {
        Ok(token) => (named_pipes(token.claims()), Vec::new()),
        Err(error) => refused(&format!("every token made from this template would be refused: {error}")),
    }
}

fn named_pipes(claims: &serde_json::Value) -> Option<Vec<String>> {
    let scopes = claims.get("scopes")?.as_array()?;
    let names = scopes.iter().map(|scope| scope.get("resource")?.as_str().map(str::to_owned));
    let names: Vec<String> = names.collect::<Option<_>>()?;
    // `t_…` is a pipe's id, which a tile does not write.
    (!names.iter().any(|name| name.starts_with("t_"))).then_some(names)
}

impl ReadConnection {
    /// What a dashboard asks that this connection's tokens do not allow.
    fn against(&self, text: &str, places: &Places) -> Vec<Problem> {
        let fixed: Vec<&str> = self.connection.token.bindings().iter().map(|(parameter, _)| parameter).collect();
        let mut problems = Vec::new();
        for (name, offset) in &places.parameters {
            if fixed.contains(&name.as_str()) {
                let message =
                    format!("`{name}` is fixed by the token for each tenant and cannot be set here; remove it");
                problems.push(Problem::at(text, *offset, message));
            }
        }
        let Some(pipes) = &self.pipes else { return problems };
        for (name, offset) in &places.pipes {
            if pipes.contains(name) {
                continue;
            }
            let message = match nearest(name, pipes.iter().map(String::as_str)) {
                Some(meant) => format!("no scope of the token reads the pipe `{name}`; did you mean `{meant}`?"),
                None => format!("no scope of the token reads the pipe `{name}`; add one to the connection's template"),
            };
            problems.push(Problem::at(text, *offset, message));
        }
        problems
    }
}

/// Where the template's text stands in the connection file.
struct TemplatePlace {
    span: Range<usize>,
    /// Whether the text is written between `'''`, so that its lines are the
    /// file's own.
    verbatim: bool,
}

impl TemplatePlace {
    fn find(text: &str) -> Self {
        let document = DeTable::parse(text).ok();
        let span = document.and_then(|document| {
            let token = document.get_ref().get("token")?.get_ref().as_table()?;
            Some(token.get("template")?.span())
        });
        let span = span.unwrap_or(0..0);
        let verbatim = text.get(span.clone()).is_some_and(|text| text.starts_with("'''"));
        Self { span, verbatim }
    }

    /// A problem at a line and column of the template.
    fn problem(&self, text: &str, line: usize, column: usize, message: &str) -> Problem {
        let message = format!("in the claims template: {message}");
        if !self.verbatim {
            return Problem::at(text, self.span.start, message);
        }
        // TOML drops a line end right after the opening quotes.
        let mut start = self.span.start + "'''".len();
        for line_end in ["\n", "\r\n"] {
            if text[start..].starts_with(line_end) {
                start += line_end.len();
                break;
            }
        }
        let base = Problem::at(text, start, message);
        let column = if line <= 1 { base.column + column.saturating_sub(1) } else { column };
        Problem { line: base.line + line.saturating_sub(1), column, ..base }
    }
}
