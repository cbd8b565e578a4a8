//! What can be said of a connection file and its dashboards without a network:
//! each file by itself, then together. Used by `perchctl check`.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use perch_tenant::{Bindings, Connection, Organization, Secret, SignInMethod, Tenant, TokenSource, User};
use perch_tinybird::{FenceError, Mention, PublicToken, Signer, Template, TenantToken, claimant};
use serde_json::{Map, Value, json};
use toml::de::DeTable;

use crate::charts::wrong_charts;
use crate::file::{self, Places};
use crate::problem::{self, nearest};
use crate::toml_text::place_in_file;
use crate::{Dashboard, Problem, Reading};

/// A file: its name as problems should tell it, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// A path, with either slash. A dashboard's id is its last part without
    /// `.toml`.
    pub name: &'a str,
    /// What the file holds; not yet known to be text.
    pub bytes: &'a [u8],
}

/// What a dashboard's file ends with, in letters of either case.
const ENDING: &str = ".toml";

impl Source<'_> {
    /// The dashboard's id.
    pub(crate) fn id(&self) -> &str {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or(self.name);
        let stem = file.len().checked_sub(ENDING.len()).filter(|at| file.is_char_boundary(*at));
        stem.filter(|at| file[*at..].eq_ignore_ascii_case(ENDING)).map_or(file, |at| &file[..at])
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
    /// The connection's problems, then the template's, then each dashboard's in
    /// the file's order.
    pub findings: Vec<Finding>,
    /// What could not be checked, or may be other than it looks: nothing to put
    /// right.
    pub notes: Vec<Finding>,
}

/// Checks a connection file and its dashboards, and the claims template where
/// that stands in Clerk or in the broker and a copy of it is at hand.
///
/// Beyond each file's own form: that the fence would admit a token made from
/// the template, scope by scope; that nobody can change what their own token
/// reads; that the template's scopes read the pipes that tiles ask; that no
/// dashboard sets a parameter that the token fixes; that what anyone may see has
/// a token; and that no two dashboards share a name. `now` is when the tokens
/// would be asked with.
pub fn check(
    connection: Source<'_>,
    template: Option<Source<'_>>,
    dashboards: &[Source<'_>],
    now: SystemTime,
) -> Checked {
    let mut report = Report::default();
    let read = read_connection(&connection, template.as_ref(), now, &mut report);
    let mut names: HashMap<String, &str> = HashMap::new();
    let mut kept = Vec::new();
    for source in dashboards {
        let text = match file::text(source.bytes) {
            Ok(text) => text,
            Err(problem) => {
                report.problems(source, vec![problem]);
                continue;
            }
        };
        let (Reading { dashboard, mut problems, .. }, places) = file::read(source.id(), text);
        if let Some(dashboard) = dashboard.as_ref().filter(|_| problems.is_empty()) {
            problems.extend(wrong_charts(text, dashboard));
        }
        if let Some(read) = &read {
            problems.extend(read.against(text, &places));
        }
        // Some file systems do not tell `Sales.toml` from `sales.toml`.
        if let Some(other) = names.insert(source.id().to_lowercase(), source.name) {
            let message = format!("{other} has the same name; rename one of the two");
            problems.push(Problem { line: 1, column: 1, message });
        }
        problems.sort();
        report.problems(source, problems);
        kept.extend(dashboard);
    }
    Checked {
        connection: read.map(|read| read.connection),
        dashboards: kept,
        findings: report.findings,
        notes: report.notes,
    }
}

#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Report {
    fn problems(&mut self, source: &Source<'_>, problems: Vec<Problem>) {
        let finding = |problem| Finding { file: source.name.to_owned(), problem };
        self.findings.extend(problems.into_iter().map(finding));
    }

    fn note(&mut self, source: &Source<'_>, problem: Problem) {
        self.notes.push(Finding { file: source.name.to_owned(), problem });
    }
}

/// A connection, and what its tokens will allow.
struct ReadConnection {
    connection: Connection,
    /// What a tenant's token reads.
    pipes: Pipes,
    /// What the public token reads.
    public_pipes: Pipes,
}

/// The pipes that a token's scopes name; `None` where that is not known, or left
/// open by a shortcode or by a pipe's id.
type Pipes = Option<Vec<String>>;

fn read_connection(
    source: &Source<'_>,
    template: Option<&Source<'_>>,
    now: SystemTime,
    report: &mut Report,
) -> Option<ReadConnection> {
    let read = problem::text(source.bytes).and_then(|text| {
        let connection = Connection::parse(text);
        connection.map(|connection| (text, connection)).map_err(|error| Problem {
            line: error.line,
            column: error.column,
            message: error.message,
        })
    });
    let (text, connection) = match read {
        Ok(read) => read,
        Err(problem) => {
            report.problems(source, vec![problem]);
            return None;
        }
    };
    let pipes = check_token(&connection, source, text, template, now, report);
    let public_pipes = check_public(&connection, source, text, now, report);
    Some(ReadConnection { connection, pipes, public_pipes })
}

/// Judges the template of the tenants' tokens, wherever it stands.
fn check_token(
    connection: &Connection,
    source: &Source<'_>,
    text: &str,
    template: Option<&Source<'_>>,
    now: SystemTime,
    report: &mut Report,
) -> Pipes {
    let unseen = match &connection.token {
        TokenSource::Mint { template: claims, .. } => {
            if let Some(file) = template {
                let message = "the connection has a template of its own (source = \"mint\"), so this one is never used";
                report.problems(file, vec![Problem { line: 1, column: 1, message: message.to_owned() }]);
            }
            let span = value_span(text, "token", "template");
            let written = Written { file: text, span: Some(span), text: claims };
            return check_template(connection, &written, source, now, report);
        }
        TokenSource::ClerkTemplate { template_name, .. } => {
            ("template_name", format!("Clerk fills its JWT template `{template_name}`, which cannot be seen from here"))
        }
        TokenSource::Broker { url, .. } => {
            ("url", format!("the broker at {url} fills its own template, which cannot be seen from here"))
        }
    };
    let Some(file) = template else {
        let (key, what) = unseen;
        let bound = connection.token.bindings().iter().map(|(parameter, _)| format!("`{parameter}`"));
        let message = format!(
            "{what}: whether its scopes fix {} and read the pipes of the tiles was not checked; hand a copy of it to --template",
            bound.collect::<Vec<_>>().join(" and "),
        );
        report.note(source, Problem::at(text, value_span(text, "token", key).start, message));
        return None;
    };
    match problem::text(file.bytes) {
        Ok(claims) => {
            let written = Written { file: claims, span: None, text: claims };
            check_template(connection, &written, file, now, report)
        }
        Err(problem) => {
            report.problems(file, vec![problem]);
            None
        }
    }
}

/// Fills a template for a tenant made up for the purpose, and lets the fence
/// judge a token for each of its scopes.
fn check_template(
    connection: &Connection,
    written: &Written<'_>,
    source: &Source<'_>,
    now: SystemTime,
    report: &mut Report,
) -> Pipes {
    let template = match Template::parse(written.text) {
        Ok(template) => template,
        Err(error) => {
            report.problems(source, vec![written.problem(error.offset, &error.message)]);
            return None;
        }
    };
    let tenant = made_up_tenant(connection);
    let told_at_sign_in = claimant(&tenant);
    let (known, without_metadata) = match &connection.token {
        TokenSource::Mint { .. } => (told_at_sign_in.clone(), told_at_sign_in),
        TokenSource::ClerkTemplate { .. } | TokenSource::Broker { .. } => {
            let known = known_to_clerk(&tenant);
            (with_metadata(&known, &template), known)
        }
    };
    let judge = |known: &Value| refusals(&template, &template.fill(known), &tenant, connection.token.bindings(), now);
    let mut problems: Vec<_> =
        template.reserved().iter().map(|error| written.problem(error.offset, &error.message)).collect();
    for Mention { path, offset, .. } in template.editable() {
        let message = format!(
            "a person can change their own `{path}`, and so what this token reads or how often it may ask; \
             name `user.id` or something in `user.public_metadata`, which only a server can change",
        );
        problems.push(written.problem(*offset, &message));
    }
    let refused = judge(&known);
    for refusal in &refused {
        let message = format!("every token made from this template would be refused: {}", refusal.error);
        problems.push(written.problem(refusal.place(written.text, &template), &message));
    }
    for refusal in judge(&without_metadata) {
        if matches!(refusal.error, FenceError::NullParameter { .. }) && !refused.contains(&refusal) {
            let message = format!(
                "whoever lacks this gets no token, because {}; write a fallback, as in {{{{… || 'none'}}}}, \
                 or see that everybody has it",
                refusal.error,
            );
            report.note(source, written.problem(refusal.place(written.text, &template), &message));
        }
    }
    for Mention { path, offset, .. } in template.mentions().iter().filter(|mention| !is_known(&known, &mention.path)) {
        let message = format!("a sign-in does not tell `{path}`, so with source = \"mint\" it is always null");
        let note = written.problem(*offset, &message);
        // Where that is why every token is refused, it has been told.
        if !problems.iter().any(|problem| (problem.line, problem.column) == (note.line, note.column)) {
            report.note(source, note);
        }
    }
    problems.sort();
    problems.dedup();
    report.problems(source, problems);
    // A shortcode that is a scope's pipe, or more of it than that.
    let leaves_open =
        |mention: &Mention| mention.is_within(&["scopes"]) && mention.keys.get(2).is_none_or(|key| key == "resource");
    if template.mentions().iter().any(leaves_open) { None } else { named_pipes(&template.fill(&known)) }
}

fn made_up_tenant(connection: &Connection) -> Tenant {
    let user = User { id: "user_check".into(), name: Some("Check".into()), email: Some("check@example.com".into()) };
    let organization = Organization {
        id: "org_check".into(),
        name: Some("Check".into()),
        slug: Some("check".into()),
        role: Some("org:member".into()),
    };
    Tenant::new(connection, user, Some(organization))
}

/// What Clerk knows of the tenant beyond a sign-in, and the broker with it.
fn known_to_clerk(tenant: &Tenant) -> Value {
    let mut known = claimant(tenant);
    let more = json!({
        "user": {
            "first_name": "Check",
            "last_name": "Check",
            "username": "check",
            "email_verified": true,
            "image_url": "https://img.example.com/check",
            "created_at": 1_700_000_000_000_u64,
            "public_metadata": {},
            "unsafe_metadata": {},
        },
        "org": { "image_url": "https://img.example.com/check", "public_metadata": {} },
        "org_membership": { "public_metadata": {} },
    });
    for (group, fields) in more.as_object().into_iter().flatten() {
        for (field, value) in fields.as_object().into_iter().flatten() {
            known[group][field] = value.clone();
        }
    }
    known
}

/// The same for somebody who has all the metadata that a template names.
fn with_metadata(known: &Value, template: &Template) -> Value {
    let mut known = known.clone();
    for path in template.shortcodes().filter(|path| path.contains("_metadata.")) {
        let value = path.split('.').fold(&mut known, |value, key| {
            if !value.is_object() {
                *value = json!({});
            }
            &mut value[key]
        });
        if value.is_null() {
            *value = "check".into();
        }
    }
    known
}

/// Whether a claimant has what a shortcode names, or the metadata it is within.
fn is_known(claimant: &Value, path: &str) -> bool {
    let mut keys = path.split('.');
    let field = keys.next().and_then(|group| claimant.get(group)).zip(keys.next());
    field.is_some_and(|(group, field)| group.get(field).is_some())
}

/// Why the fence refuses a token for one of its scopes.
#[derive(Debug, PartialEq)]
struct ScopeRefusal {
    /// The scope's index.
    scope: usize,
    error: FenceError,
}

/// Why the fence refuses a token with these claims, for each of its scopes.
fn refusals(
    template: &Template,
    claims: &Map<String, Value>,
    tenant: &Tenant,
    bind: &Bindings,
    now: SystemTime,
) -> Vec<ScopeRefusal> {
    let each = match claims.get("scopes") {
        Some(Value::Array(scopes)) if !scopes.is_empty() => scopes.iter().map(|scope| json!([scope])).collect(),
        other => vec![other.cloned().unwrap_or_default()],
    };
    // Any key and any lifetime do: the token is made and judged in one moment.
    let signer = Signer::new(&Secret::new("check"), template.clone(), Duration::from_secs(600));
    let Ok(signer) = signer else { return Vec::new() };
    let judge = |scopes: Value| {
        let mut claims = claims.clone();
        claims.insert("scopes".to_owned(), scopes);
        let raw = signer.sign_claims(claims, tenant, now).ok()?;
        TenantToken::admit(raw, tenant, bind, now).err()
    };
    let each = each.into_iter().map(judge).enumerate();
    each.filter_map(|(scope, error)| error.map(|error| ScopeRefusal { scope, error })).collect()
}

impl ScopeRefusal {
    /// Where in a template's text the reason most likely stands.
    fn place(&self, text: &str, template: &Template) -> usize {
        let scopes = text.find("\"scopes\"").unwrap_or_default();
        let word = |word: &str| text[scopes..].find(&Value::from(word).to_string()).map(|at| scopes + at);
        let found = match &self.error {
            FenceError::OtherWorkspace => text.find("\"workspace_id\""),
            FenceError::NoScopes => Some(scopes),
            FenceError::OtherScope { scope } => word(scope),
            FenceError::NullParameter { pipe, parameter } => {
                let keys = ["scopes", &self.scope.to_string(), "fixed_params", parameter];
                let named = template.mentions().iter().find(|mention| mention.is_within(&keys));
                named.map(|mention| mention.offset).or_else(|| word(pipe))
            }
            FenceError::Unbound { pipe, .. }
            | FenceError::NotText { pipe, .. }
            | FenceError::OtherTenant { pipe, .. }
            | FenceError::NoParameters { pipe } => word(pipe),
            _ => None,
        };
        found.unwrap_or_default()
    }
}

fn named_pipes(claims: &Map<String, Value>) -> Pipes {
    let scopes = claims.get("scopes")?.as_array()?;
    let names = scopes.iter().map(|scope| scope.get("resource")?.as_str().map(str::to_owned));
    let names: Vec<String> = names.collect::<Option<_>>()?;
    // `t_…` is a pipe's id, which a tile does not write.
    (!names.iter().any(|name| name.starts_with("t_"))).then_some(names)
}

/// Judges the token of what anyone may see, as far as it tells.
fn check_public(
    connection: &Connection,
    source: &Source<'_>,
    text: &str,
    now: SystemTime,
    report: &mut Report,
) -> Pipes {
    let public = connection.public.as_ref()?;
    let place = value_span(text, "public", "token").start;
    let host = connection.tinybird.host.clone();
    let token = match PublicToken::new(public.token.clone(), host, &connection.tinybird.workspace_id, now) {
        Ok(token) => token,
        Err(error) => {
            report.problems(source, vec![Problem::at(text, place, error.to_string())]);
            return None;
        }
    };
    let Some(claims) = token.claims().and_then(Value::as_object) else {
        let message = "Tinybird alone knows what this token may do, so that was not checked; \
                       see there that it reads nothing but what anyone may see";
        report.note(source, Problem::at(text, place, message));
        return None;
    };
    named_pipes(claims)
}

impl ReadConnection {
    /// What a dashboard asks that this connection's tokens do not allow.
    fn against(&self, text: &str, places: &Places) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(roles) = places.roles.filter(|_| matches!(self.connection.clerk.sign_in, SignInMethod::OAuth(_))) {
            let message = "nobody would see this dashboard: where people sign in through an OAuth application, Clerk does \
                           not tell their roles; remove `roles`, or serve it from the broker by a role";
            problems.push(Problem::at(text, roles, message));
        }
        let pipes = if let Some(marked) = places.public {
            if self.connection.public.is_none() {
                let message = "anyone may see this dashboard, but the connection has no token for it; \
                               add [public] there, with source = \"static\" and `token`";
                problems.push(Problem::at(text, marked, message));
            }
            &self.public_pipes
        } else {
            problems.extend(self.set_though_fixed(text, places));
            &self.pipes
        };
        let Some(pipes) = pipes else { return problems };
        let (token, home) = match places.public {
            Some(_) => ("the public token", "make another with a scope for it"),
            None => ("the token", "add one to the connection's template"),
        };
        for (name, offset) in places.pipes.iter().filter(|(name, _)| !pipes.contains(name)) {
            let next_step = match nearest(name, pipes.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => home.to_owned(),
            };
            let message = format!("no scope of {token} reads the pipe `{name}`; {next_step}");
            problems.push(Problem::at(text, *offset, message));
        }
        problems
    }

    /// Parameters that a dashboard sets and every tenant's token fixes.
    fn set_though_fixed(&self, text: &str, places: &Places) -> Vec<Problem> {
        let fixed: Vec<&str> = self.connection.token.bindings().iter().map(|(parameter, _)| parameter).collect();
        let set = places.parameters.iter().filter(|(name, _)| fixed.contains(&name.as_str()));
        set.map(|(name, offset)| {
            let message = format!("`{name}` is fixed by the token for each tenant and cannot be set here; remove it");
            Problem::at(text, *offset, message)
        })
        .collect()
    }
}

/// A claims template, and where it is written.
struct Written<'a> {
    file: &'a str,
    /// Where in the file, with its quotes; `None` for a file of its own.
    span: Option<Range<usize>>,
    text: &'a str,
}

impl Written<'_> {
    /// A problem at a byte of the template.
    fn problem(&self, at: usize, message: &str) -> Problem {
        match &self.span {
            Some(span) => {
                let offset = place_in_file(self.file, span.clone(), self.text, at);
                Problem::at(self.file, offset, format!("in the claims template: {message}"))
            }
            None => Problem::at(self.file, at, message),
        }
    }
}

/// Where the value of a table's key stands in a connection file.
fn value_span(text: &str, table: &str, key: &str) -> Range<usize> {
    let document = DeTable::parse(text).ok();
    let span = document.and_then(|document| {
        let table = document.get_ref().get(table)?.get_ref().as_table()?;
        Some(table.get(key)?.span())
    });
    span.unwrap_or(0..0)
}
