//! `perchctl token`: a tenant's token, signed as Perch and the broker sign, for
//! operators who want to try a template or to ask a pipe by hand.

use std::env::{self, VarError};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use perch_tenant::{Connection, Organization, Secret, Tenant, TokenSource, User};
use perch_tinybird::{Signer, Template, TenantToken, TokenClaims, is_shortcode};
use serde_json::{Map, Value, json};

use crate::arguments::Token;
use crate::{Failure, files};

/// How long a token lives where nothing says it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

pub(crate) fn run(arguments: &Token, now: SystemTime) -> Result<(), Failure> {
    let connection = arguments.connection.as_deref().map(read_connection).transpose()?;
    let lifetime = arguments.lifetime.unwrap_or_else(|| lifetime(connection.as_ref()));
    let (template, claims) = claims(arguments, connection.as_ref(), lifetime, now)?;
    if arguments.claims {
        return files::print(format!("{:#}\n", json!(claims.as_map())).as_bytes());
    }
    let token = seal(arguments, template, &claims, lifetime)?;
    if let Some(connection) = &connection {
        let tenant = tenant(arguments, connection);
        TenantToken::admit(token.clone(), &tenant, connection.token.bindings(), now)?;
    }
    files::print(format!("{}\n", token.expose()).as_bytes())?;
    // Where standard error is closed, the token is what was asked for.
    let _ = writeln!(std::io::stderr(), "perchctl: {}", note(arguments, now + lifetime));
    Ok(())
}

/// A token for the tenant that `arguments` name, let through the fence: what `connection`'s pipes can be asked with.
pub(crate) fn signed(
    arguments: &Token,
    connection: &Connection,
    now: SystemTime,
) -> Result<(Tenant, TenantToken), Failure> {
    let lifetime = lifetime(Some(connection));
    let (template, claims) = claims(arguments, Some(connection), lifetime, now)?;
    let token = seal(arguments, template, &claims, lifetime)?;
    let tenant = tenant(arguments, connection);
    let token = TenantToken::admit(token, &tenant, connection.token.bindings(), now)?;
    Ok((tenant, token))
}

fn claims(
    arguments: &Token,
    connection: Option<&Connection>,
    lifetime: Duration,
    now: SystemTime,
) -> Result<(Template, TokenClaims), Failure> {
    let template = read_template(arguments, connection)?;
    let claims = template.fill(&claimant(arguments)?);
    let claims = TokenClaims::new(claims, arguments.org.as_deref(), &arguments.user, lifetime, now)?;
    Ok((template, claims))
}

fn seal(arguments: &Token, template: Template, claims: &TokenClaims, lifetime: Duration) -> Result<Secret, Failure> {
    claims.refuse_null()?;
    Ok(Signer::new(&read_key(arguments)?, template, lifetime)?.seal(claims)?)
}

/// What the token is good for, and what was not looked at.
fn note(arguments: &Token, expires: SystemTime) -> String {
    let until = Timestamp::try_from(expires).map_or_else(|_| "it expires".to_owned(), |until| format!("{until:.0}"));
    let whose = arguments.org.as_deref().unwrap_or(&arguments.user);
    let judged = match arguments.connection {
        Some(_) => "",
        None => "; whether its scopes fix what they must was not checked, which --connection does",
    };
    format!("whoever has this token reads the rows of {whose} in Tinybird until {until}{judged}")
}

pub(crate) fn read_connection(path: &Path) -> Result<Connection, Failure> {
    Connection::parse(&files::read_text(path)?).map_err(|error| Failure::Malformed {
        path: path.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
    })
}

/// The template that was handed over, or else the connection's.
fn read_template(arguments: &Token, connection: Option<&Connection>) -> Result<Template, Failure> {
    let connection_path = || arguments.connection.clone().unwrap_or_default();
    if let Some(path) = &arguments.template {
        return Template::parse(&files::read_text(path)?).map_err(|error| Failure::Malformed {
            path: path.clone(),
            line: error.line,
            column: error.column,
            message: error.message,
        });
    }
    let source = connection.map(|connection| &connection.token);
    let Some(text) = source.and_then(TokenSource::template) else {
        let source_name = source.map_or("", TokenSource::name);
        return Err(Failure::NoTemplate { path: connection_path(), source_name });
    };
    // Where in the file that is, `perchctl check` tells.
    Template::parse(text).map_err(|error| Failure::Claimant {
        path: connection_path(),
        message: format!("in the claims template: {error}"),
    })
}

fn lifetime(connection: Option<&Connection>) -> Duration {
    match connection.map(|connection| &connection.token) {
        Some(TokenSource::Mint { lifetime_seconds, .. }) => Duration::from_secs((*lifetime_seconds).into()),
        _ => DEFAULT_LIFETIME,
    }
}

/// What the shortcodes stand for: what was typed, over what the file says.
fn claimant(arguments: &Token) -> Result<Value, Failure> {
    let mut claimant = arguments.metadata.as_deref().map_or(Ok(Map::new()), read_metadata)?;
    let typed = [
        ("user", "id", Some(&arguments.user)),
        ("user", "full_name", arguments.name.as_ref()),
        ("user", "primary_email_address", arguments.email.as_ref()),
        ("org", "id", arguments.org.as_ref()),
        ("org", "name", arguments.org_name.as_ref()),
        ("org", "slug", arguments.org_slug.as_ref()),
        ("org", "role", arguments.org_role.as_ref()),
    ];
    for (group, field, value) in typed {
        if let (Some(value), Value::Object(fields)) = (value, claimant.entry(group).or_insert_with(|| json!({}))) {
            fields.insert(field.to_owned(), value.as_str().into());
        }
    }
    Ok(Value::Object(claimant))
}

/// A JSON object of objects whose entries have the names of shortcodes. It names
/// nobody: the ids are those that were typed.
fn read_metadata(path: &Path) -> Result<Map<String, Value>, Failure> {
    let wrong = |message: String| Failure::Claimant { path: path.to_owned(), message };
    let text = files::read_text(path)?;
    let claimant: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| wrong(format!("this is no JSON object: {error}")))?;
    for (group, fields) in &claimant {
        let fields = fields.as_object().ok_or_else(|| wrong(format!("`{group}` is no JSON object")))?;
        for field in fields.keys() {
            let name = format!("{group}.{field}");
            if name == "user.id" || name == "org.id" {
                return Err(wrong(format!("`{name}` is what --{group} says; leave it out")));
            }
            if field.contains('.') || !is_shortcode(&name) {
                return Err(wrong(format!("`{name}` is no shortcode, so no template could use it")));
            }
        }
    }
    Ok(claimant)
}

fn tenant(arguments: &Token, connection: &Connection) -> Tenant {
    let user = User { id: arguments.user.clone(), name: arguments.name.clone(), email: arguments.email.clone() };
    let organization = arguments.org.clone().map(|id| Organization {
        id,
        name: arguments.org_name.clone(),
        slug: arguments.org_slug.clone(),
        role: arguments.org_role.clone(),
    });
    Tenant::new(connection, user, organization)
}

/// The workspace's admin token, without the line end that an editor leaves.
fn read_key(arguments: &Token) -> Result<Secret, Failure> {
    if let Some(path) = &arguments.key_file {
        let key = Secret::new(files::read_text(path)?.trim());
        return if key.expose().is_empty() { Err(Failure::EmptyKeyFile { path: path.clone() }) } else { Ok(key) };
    }
    let name = arguments.key_env.as_deref().unwrap_or_default();
    if !is_variable_name(name) {
        // Perhaps the key itself, so it is not repeated.
        return Err(Failure::KeyAsArgument);
    }
    let wrong = |wrong| Failure::KeyVariable { name: name.to_owned(), wrong };
    match env::var(name) {
        Ok(key) if key.trim().is_empty() => Err(wrong("is empty")),
        Ok(key) => Ok(Secret::new(key.trim())),
        Err(VarError::NotPresent) => Err(wrong("is not set")),
        Err(VarError::NotUnicode(_)) => Err(wrong("is not text")),
    }
}

/// What a shell takes for a variable (POSIX.1-2024, XBD 3.216).
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
