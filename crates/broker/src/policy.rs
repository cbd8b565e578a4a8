//! What the broker signs and serves, and for whom: the connection, the claims
//! template, the rules, the keys, the dashboards. All of it is read anew when a
//! file changes, and a new one takes the old one's place whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use perch_dashboard::{Dashboard, Finding, Problem, Source};
use perch_tenant::{
    Attribute, Bindings, Connection, Name, Origin, Place, PublishableKey, Secret, SignInMethod, Tenant, TokenSource,
    User,
};
use perch_tinybird::{Signer, Template, TemplateError, TenantToken, claimant};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::config_error::ConfigError;
use crate::environment::Environment;
use crate::files::Files;
use crate::person::{self, Membership, needs_details};
use crate::refusal::Refusal;
use crate::rules::{Pipes, Rule, Rules, Who};
use crate::settings::{Given, Page, Table, WrittenTemplate};

/// The variables that the Clerk and Tinybird template for Next.js has.
const WORKSPACE: &str = "TINYBIRD_WORKSPACE_ID";
const HOST: &str = "NEXT_PUBLIC_TINYBIRD_API_URL";
const PUBLISHABLE_KEY: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY";
const ADMIN_TOKEN: &str = "TINYBIRD_JWT_SECRET";
const PREVIOUS_ADMIN_TOKEN: &str = "TINYBIRD_JWT_SECRET_PREVIOUS";
const SECRET_KEY: &str = "CLERK_SECRET_KEY";

/// Ten minutes.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// A policy, checked.
pub(crate) struct Policy {
    pub(crate) connection: Connection,
    /// Whose access tokens are taken.
    pub(crate) client_ids: Vec<String>,
    /// Clerk's.
    pub(crate) secret_key: Secret,
    /// Whether the template names more of a person than who they are.
    pub(crate) needs_details: bool,
    /// The dashboards that are served, by id.
    pub(crate) dashboards: Vec<Shelved>,
    /// The dashboards that are not, and why.
    pub(crate) left_out: Vec<Finding>,
    /// The connection file as viewers need it.
    pub(crate) served: String,
    rules: Rules,
    template: Template,
    keys: Vec<SigningKey>,
}

/// A dashboard, as its file has it.
pub(crate) struct Shelved {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Which pipes its tiles ask.
    pipes: BTreeSet<String>,
    /// Whether anyone may see it.
    public: bool,
}

/// One of the workspace's admin tokens.
struct SigningKey {
    signer: Signer,
    fingerprint: String,
}

/// What was signed.
pub(crate) struct Signed {
    pub(crate) token: TenantToken,
    /// Names the admin token.
    pub(crate) key: String,
    /// Whether it was the one that is being replaced.
    pub(crate) previous: bool,
}

impl Policy {
    pub(crate) fn read(page: &Page<'_>, table: &Table, files: &mut Files) -> Result<Self, ConfigError> {
        let environment = page.environment;
        let secret_key = environment.secret(SECRET_KEY, files)?.ok_or(ConfigError::Missing {
            what: "there is no CLERK_SECRET_KEY, nor a CLERK_SECRET_KEY_FILE: memberships are asked for with it",
        })?;
        let admin_token = environment.secret(ADMIN_TOKEN, files)?.ok_or(ConfigError::Missing {
            what: "there is no TINYBIRD_JWT_SECRET, nor a TINYBIRD_JWT_SECRET_FILE: the workspace's admin token signs",
        })?;
        let previous = environment.secret(PREVIOUS_ADMIN_TOKEN, files)?.filter(|previous| *previous != admin_token);

        let named = Named::read(environment)?;
        let (text, file, connection) = read_connection(page, table, &named, files)?;
        named.agree_with(&connection)?;
        let SignInMethod::OAuth(application) = &connection.clerk.sign_in else {
            let message = "the broker takes access tokens of an OAuth application; write sign_in = \"oauth\" and `client_id` below [clerk]";
            return Err(at_word(&file, &text, "sign_in", message));
        };
        let client_ids = match table.client_ids(page)? {
            Some(given) if given.value.iter().any(|id| *id == *application.client_id) => given.value,
            Some(given) => {
                let own = &application.client_id;
                return Err(page.refuse(&given, format!("`client_ids` lacks the connection's own, \"{own}\"; add it")));
            }
            None => vec![application.client_id.to_string()],
        };
        let url = public_url(page, table, &connection)?;
        let bind = connection.token.bindings().clone();
        let (template, place) = read_template(page, table, &connection, &bind, &file, &text, files)?;
        let lifetime = table.lifetime(page)?.unwrap_or(match &connection.token {
            TokenSource::Mint { lifetime_seconds, .. } => Duration::from_secs(u64::from(*lifetime_seconds)),
            _ => DEFAULT_LIFETIME,
        });

        let keys = [Some(admin_token), previous].into_iter().flatten();
        let keys = keys.map(|key| SigningKey::new(&key, &template.parsed, lifetime)).collect::<Result<Vec<_>, _>>()?;
        let served = with_broker(&file, &text, &url, &bind)?;
        let folder = file.parent().unwrap_or(page.folder()).join("dashboards");
        let dashboards = Dashboards::read(&folder, &served, &template.text, files, page.now)?;
        if let Some(problem) = dashboards.template {
            return Err(place.refuse(page, &problem));
        }
        let rules = read_rules(page, table, pipes_of(&template.parsed, &connection).as_ref())?;
        let needs_details = template.parsed.shortcodes().any(needs_details);
        let Dashboards { shelved, left_out, .. } = dashboards;
        Ok(Self {
            connection,
            client_ids,
            secret_key,
            needs_details,
            dashboards: shelved,
            left_out,
            served,
            rules,
            template: template.parsed,
            keys,
        })
    }

    /// The claims of a token for this person, without what the rules keep from
    /// them; `None` where nothing is left.
    pub(crate) fn claims(&self, claimant: &Value, membership: Option<&Membership>) -> Option<Map<String, Value>> {
        let mut claims = self.template.fill(claimant);
        self.rules.narrow(&mut claims, membership).then_some(claims)
    }

    /// Fills, narrows, signs, and lets the fence judge what came out. The first
    /// admin token signs, unless `refused_key` names it and there is another.
    pub(crate) fn sign(
        &self,
        tenant: &Tenant,
        claimant: &Value,
        membership: Option<&Membership>,
        refused_key: Option<&str>,
        now: SystemTime,
    ) -> Result<Signed, Refusal> {
        let claims = self.claims(claimant, membership).ok_or(Refusal::NothingAllowed)?;
        let accepted = self.keys.iter().position(|key| Some(key.fingerprint.as_str()) != refused_key);
        let index = accepted.unwrap_or(0);
        let key = &self.keys[index];
        let raw = key.signer.sign_claims(claims, tenant, now)?;
        let token = TenantToken::admit(raw, tenant, self.connection.token.bindings(), now)?;
        Ok(Signed { token, key: key.fingerprint.clone(), previous: index > 0 })
    }

    /// The dashboards of which these claims read a pipe, and those that anyone
    /// may see.
    pub(crate) fn dashboards_for(&self, claims: &Map<String, Value>) -> impl Iterator<Item = &Shelved> {
        let scopes = claims.get("scopes").and_then(Value::as_array).cloned().unwrap_or_default();
        let pipes: BTreeSet<String> =
            scopes.iter().filter_map(|scope| scope.get("resource")?.as_str().map(str::to_owned)).collect();
        // A scope may name a pipe by its id, which no tile does.
        let by_id = pipes.iter().any(|pipe| pipe.starts_with("t_"));
        self.dashboards.iter().filter(move |shelved| by_id || shelved.public || !shelved.pipes.is_disjoint(&pipes))
    }
}

impl SigningKey {
    fn new(key: &Secret, template: &Template, lifetime: Duration) -> Result<Self, ConfigError> {
        let fingerprint = fingerprint(key);
        let signer =
            Signer::new(key, template.clone(), lifetime).map_err(|_| ConfigError::NoKey { name: ADMIN_TOKEN })?;
        Ok(Self { signer, fingerprint })
    }
}

/// Names an admin token without telling it: 32 bits of SHA-256 over this
/// purpose and the token, in hexadecimal. An admin token has far too many bits
/// to be found by trying.
fn fingerprint(key: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update(b"perch-broker: which admin token has signed\0");
    hash.update(key.expose());
    hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the template's variables say of the two services.
struct Named {
    issuer: Option<Origin>,
    host: Option<Origin>,
    workspace: Option<Name>,
}

impl Named {
    fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let wrong = |name, message: String| ConfigError::Variable { name, message };
        let issuer = environment.get(PUBLISHABLE_KEY).map(PublishableKey::parse).transpose();
        let issuer = issuer.map_err(|error| wrong(PUBLISHABLE_KEY, error.to_string()))?;
        let host = environment.get(HOST).map(Origin::parse).transpose();
        let host = host.map_err(|error| wrong(HOST, error.to_string()))?;
        let workspace = environment.get(WORKSPACE).map(|text| Name::try_from(text.to_owned())).transpose();
        let workspace = workspace.map_err(|message| wrong(WORKSPACE, message.to_owned()))?;
        Ok(Self { issuer: issuer.map(PublishableKey::into_frontend_api), host, workspace })
    }

    fn agree_with(&self, connection: &Connection) -> Result<(), ConfigError> {
        let disagree = |name, what: &str, file: &dyn std::fmt::Display| {
            let message =
                format!("it names another {what} than the connection, which has {file}; leave one of the two out");
            Err(ConfigError::Variable { name, message })
        };
        if self.issuer.as_ref().is_some_and(|issuer| *issuer != connection.clerk.issuer) {
            return disagree(PUBLISHABLE_KEY, "Clerk instance", &connection.clerk.issuer);
        }
        if self.host.as_ref().is_some_and(|host| *host != connection.tinybird.host) {
            return disagree(HOST, "Tinybird host", &connection.tinybird.host);
        }
        if self.workspace.as_ref().is_some_and(|workspace| *workspace != connection.tinybird.workspace_id) {
            return disagree(WORKSPACE, "workspace", &connection.tinybird.workspace_id);
        }
        Ok(())
    }
}

/// The connection file, or where there is none one made of variables: its text,
/// its path, and what it says.
fn read_connection(
    page: &Page<'_>,
    table: &Table,
    named: &Named,
    files: &mut Files,
) -> Result<(String, PathBuf, Connection), ConfigError> {
    let (text, path) = match table.connection(page)? {
        Some(given) => {
            if let Some(bind) = &table.bind {
                return Err(
                    page.refuse_at(bind.span().start, "`bind` stands in the connection file; leave it out here")
                );
            }
            (files.text(&given.value)?, given.value)
        }
        None => (connection_of_variables(page, table, named)?, page.folder().join("(no connection file)")),
    };
    let connection = Connection::parse(&text).map_err(|error| ConfigError::connection(&path, error))?;
    Ok((text, path, connection))
}

fn connection_of_variables(page: &Page<'_>, table: &Table, named: &Named) -> Result<String, ConfigError> {
    let missing = |what| ConfigError::Missing { what };
    let issuer = named
        .issuer
        .as_ref()
        .ok_or(missing("which Clerk instance? write `connection`, or set NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"))?;
    let host = named
        .host
        .as_ref()
        .ok_or(missing("which Tinybird host? write `connection`, or set NEXT_PUBLIC_TINYBIRD_API_URL"))?;
    let workspace =
        named.workspace.as_ref().ok_or(missing("which workspace? write `connection`, or set TINYBIRD_WORKSPACE_ID"))?;
    let client_id = table.client_ids(page)?.and_then(|ids| ids.value.into_iter().next()).ok_or(missing(
        "which OAuth application? write `client_ids`, or set PERCH_BROKER_CLIENT_IDS to its client id",
    ))?;
    let url = table
        .public_url(page)?
        .ok_or(missing("where do viewers reach this broker? write `public_url`, or set PERCH_BROKER_PUBLIC_URL"))?;
    let name = table.name(page)?.map_or_else(|| "Analytics".to_owned(), |given| given.value);
    let usual = || Bindings::try_from(BTreeMap::from([("org_id".to_owned(), Attribute::OrgId)]));
    let bind = table.bind.as_ref().map_or_else(usual, |bind| Ok(bind.get_ref().clone())).map_err(missing)?;
    let connection = toml::Table::from_iter([
        ("version".to_owned(), 1.into()),
        ("name".to_owned(), name.into()),
        ("clerk".to_owned(), text_table(&[("issuer", issuer.as_str()), ("client_id", &client_id)])),
        ("tinybird".to_owned(), text_table(&[("host", host.as_str()), ("workspace_id", workspace)])),
        ("token".to_owned(), broker_token(&url.value, &bind)),
    ]);
    Ok(connection.to_string())
}

fn text_table(pairs: &[(&str, &str)]) -> toml::Value {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
    toml::Value::Table(pairs.collect())
}

/// Where viewers reach this broker.
fn public_url(page: &Page<'_>, table: &Table, connection: &Connection) -> Result<Origin, ConfigError> {
    match (&connection.token, table.public_url(page)?) {
        (TokenSource::Broker { url, .. }, Some(given)) if *url != given.value => {
            Err(page.refuse(&given, format!("the connection file sends viewers to {url}; make the two the same")))
        }
        (TokenSource::Broker { url, .. }, _) => Ok(url.clone()),
        (_, Some(given)) => Ok(given.value),
        (_, None) => Err(ConfigError::Missing {
            what: "where do viewers reach this broker? write `public_url`, or set PERCH_BROKER_PUBLIC_URL",
        }),
    }
}

/// A template, parsed and as it is written.
struct ReadTemplate {
    parsed: Template,
    text: String,
}

/// Where a template was written.
enum TemplatePlace {
    Configuration(Given<String>),
    File(PathBuf),
    Connection(PathBuf, String),
}

impl TemplatePlace {
    /// An error at a place in the template.
    fn refuse(&self, page: &Page<'_>, problem: &Problem) -> ConfigError {
        let Problem { line, column, message } = problem;
        let within = format!("in the template's line {line}, column {column}: {message}");
        match self {
            Self::Configuration(given) => page.refuse(given, within),
            Self::File(path) => {
                let place = Place { line: *line, column: *column };
                ConfigError::At { path: path.clone(), place, message: message.clone() }
            }
            Self::Connection(path, text) => at_word(path, text, "template", within),
        }
    }
}

fn read_template(
    page: &Page<'_>,
    table: &Table,
    connection: &Connection,
    bind: &Bindings,
    file: &Path,
    file_text: &str,
    files: &mut Files,
) -> Result<(ReadTemplate, TemplatePlace), ConfigError> {
    let (text, place) = match (table.template(page, files)?, table.pipes(page)?, connection.token.template()) {
        (Some(WrittenTemplate { text, file }), None, None) => {
            let place = file.map_or_else(|| TemplatePlace::Configuration(text.clone()), TemplatePlace::File);
            (text.value, place)
        }
        (None, Some(given), None) => {
            let template = template_of(&given.value, connection, bind);
            (template.clone(), TemplatePlace::Configuration(given.with(template)))
        }
        (None, None, Some(text)) => (text.to_owned(), TemplatePlace::Connection(file.to_owned(), file_text.to_owned())),
        (None, None, None) => {
            return Err(ConfigError::Missing {
                what: "what may tokens do? write `template`, a file with Clerk's JSON of claims, or `pipes`, the names of the pipes",
            });
        }
        (Some(WrittenTemplate { text: given, .. }), _, _) => {
            return Err(page.refuse(
                &given,
                "there is another template: keep one of `template`, `pipes` and the connection's own",
            ));
        }
        (None, Some(given), Some(_)) => {
            return Err(page.refuse(&given, "the connection file has a template already; leave `pipes` out"));
        }
    };
    match Template::parse(&text) {
        Ok(parsed) => Ok((ReadTemplate { parsed, text }, place)),
        Err(TemplateError { line, column, message, .. }) => Err(place.refuse(page, &Problem { line, column, message })),
    }
}

/// A template that reads these pipes, each bound as the connection asks.
fn template_of(pipes: &[String], connection: &Connection, bind: &Bindings) -> String {
    let fixed: BTreeMap<&str, String> =
        bind.iter().map(|(parameter, attribute)| (parameter, format!("{{{{{attribute}}}}}"))).collect();
    let scopes: Vec<Value> =
        pipes.iter().map(|pipe| json!({"type": "PIPES:READ", "resource": pipe, "fixed_params": fixed})).collect();
    let template = json!({
        "name": "perch:{{org.id}}:{{user.id}}",
        "workspace_id": *connection.tinybird.workspace_id,
        "limits": {"rps": 10},
        "scopes": scopes,
    });
    format!("{template:#}")
}

/// The pipes that a template's scopes name, for a rule to name no other; `None`
/// where shortcodes leave that open.
fn pipes_of(template: &Template, connection: &Connection) -> Option<BTreeSet<String>> {
    if template.shortcodes().any(|name| name.contains("metadata")) {
        return None;
    }
    let user = User { id: "user_check".into(), name: None, email: None };
    let claims = template.fill(&claimant(&Tenant::new(connection, user, None)));
    let pipes = claims.get("scopes")?.as_array()?.iter().map(|scope| scope.get("resource")?.as_str());
    pipes.map(|pipe| pipe.map(str::to_owned)).collect()
}

fn read_rules(page: &Page<'_>, table: &Table, known: Option<&BTreeSet<String>>) -> Result<Rules, ConfigError> {
    let mut rules = Vec::with_capacity(table.rules.len());
    for spanned in &table.rules {
        let rule = spanned.get_ref();
        let who = match (&rule.role, &rule.permission) {
            (Some(role), None) => Who::Role(role.clone()),
            (None, Some(permission)) => Who::Permission(permission.clone()),
            _ => {
                let message = "a rule is for one `role` or one `permission`; write role = \"org:member\"";
                return Err(page.refuse_at(spanned.span().start, message));
            }
        };
        let mut named = BTreeSet::new();
        for pipe in &rule.pipes {
            let name = pipe.get_ref();
            if known.is_some_and(|known| name != "*" && !known.contains(name)) {
                let message =
                    format!("no scope of the template reads the pipe `{name}`; add one there, or write \"*\"");
                return Err(page.refuse_at(pipe.span().start, message));
            }
            named.insert(name.clone());
        }
        let pipes = if named.contains("*") { Pipes::All } else { Pipes::Named(named) };
        rules.push(Rule { who, pipes });
    }
    Ok(Rules::new(rules))
}

/// The connection file's text with this broker as its token's source. Comments
/// go: what an operator notes beside a key is nobody else's.
fn with_broker(path: &Path, text: &str, url: &Origin, bind: &Bindings) -> Result<String, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // It was read before, by `Connection::parse`.
    let mut connection: toml::Table = toml::from_str(text)
        .map_err(|error| ConfigError::at(path, text, error.span().map_or(0, |span| span.start), error.message()))?;
    connection.insert("token".to_owned(), broker_token(url, bind));
    Ok(connection.to_string())
}

fn broker_token(url: &Origin, bind: &Bindings) -> toml::Value {
    let bind: toml::Table =
        bind.iter().map(|(parameter, attribute)| (parameter.to_owned(), attribute.to_string().into())).collect();
    let pairs = [("source", "broker".into()), ("url", url.as_str().into()), ("bind", bind.into())];
    toml::Value::Table(pairs.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

/// The dashboards of a folder, judged together with the connection and the
/// template.
struct Dashboards {
    /// Those with nothing to put right.
    shelved: Vec<Shelved>,
    /// What is to be put right in the others.
    left_out: Vec<Finding>,
    /// What is to be put right in the template.
    template: Option<Problem>,
}

impl Dashboards {
    fn read(
        folder: &Path,
        connection: &str,
        template: &str,
        files: &mut Files,
        now: SystemTime,
    ) -> Result<Self, ConfigError> {
        let mut read = Vec::new();
        for path in files.toml_files(folder)? {
            read.push((path.display().to_string(), files.bytes(&path)?));
        }
        let sources: Vec<Source<'_>> = read.iter().map(|(name, bytes)| Source { name, bytes }).collect();
        // No file has one of these names.
        let (served, claims) = ("\0connection", "\0template");
        let connection = Source { name: served, bytes: connection.as_bytes() };
        let template = Source { name: claims, bytes: template.as_bytes() };
        let findings = perch_dashboard::check(connection, Some(template), &sources, now).findings;
        let template = findings.iter().find(|finding| finding.file == claims).map(|finding| finding.problem.clone());
        let left_out: Vec<Finding> =
            findings.into_iter().filter(|finding| finding.file != claims && finding.file != served).collect();
        let mut shelved = Vec::new();
        for (name, bytes) in &read {
            let id = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let text = String::from_utf8_lossy(bytes);
            let wrong = left_out.iter().any(|finding| finding.file == *name);
            if let (false, Ok(dashboard)) = (wrong, Dashboard::parse(id, &text)) {
                shelved.push(Shelved::new(dashboard, text.into_owned()));
            }
        }
        Ok(Self { shelved, left_out, template })
    }
}

impl Shelved {
    fn new(dashboard: Dashboard, text: String) -> Self {
        let pipes = dashboard.tiles.iter().map(|tile| tile.pipe.to_string()).collect();
        Self { id: dashboard.id, text, pipes, public: dashboard.public }
    }
}

/// An error at the first line that begins with `word`.
fn at_word(path: &Path, text: &str, word: &str, message: impl Into<String>) -> ConfigError {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(word) {
            return ConfigError::at(path, text, offset, message);
        }
        offset += line.len();
    }
    ConfigError::at(path, text, 0, message)
}

/// The tenant whom a token is for.
pub(crate) fn tenant(
    connection: &Connection,
    id: &str,
    details: Option<&person::Details>,
    membership: Option<&Membership>,
) -> Tenant {
    Tenant::new(connection, person::user(id, details), membership.map(Membership::organization))
}
