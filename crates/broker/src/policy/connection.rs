//! The viewers' connection: the operator's file, or one made of variables, and
//! what becomes of it for viewers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use perch_tenant::{Attribute, Bindings, Connection, Name, Origin, Place, PublishableKey, SignInMethod, TokenSource};

use crate::config_error::ConfigError;
use crate::environment::Environment;
use crate::files::Files;
use crate::settings::{Page, Table};

/// The variables that the Clerk and Tinybird template for Next.js has.
const WORKSPACE: &str = "TINYBIRD_WORKSPACE_ID";
const HOST: &str = "NEXT_PUBLIC_TINYBIRD_API_URL";
const PUBLISHABLE_KEY: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY";

/// A connection, and its file.
pub(super) struct ConnectionFile {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    text: String,
}

impl ConnectionFile {
    /// The file that the configuration names; where it names none, one made of
    /// the variables.
    pub(super) fn read(page: &Page<'_>, table: &Table, files: &mut Files) -> Result<Self, ConfigError> {
        let named = Named::read(page.environment)?;
        let (text, path) = match table.connection(page)? {
            Some(given) => {
                if let Some(bind) = &table.bind {
                    let message = "`bind` stands in the connection file; leave it out here";
                    return Err(page.refuse_at(bind.span().start, message));
                }
                (files.text(&given.value)?, given.value)
            }
            None => (connection_of_variables(page, table, &named)?, page.folder().join("(no connection file)")),
        };
        let connection = Connection::parse(&text).map_err(|error| ConfigError::connection(&path, error))?;
        named.agree_with(&connection)?;
        Ok(Self { connection, path, text })
    }

    /// Whose access tokens are taken.
    pub(super) fn client_ids(&self, page: &Page<'_>, table: &Table) -> Result<Vec<String>, ConfigError> {
        let SignInMethod::OAuth(application) = &self.connection.clerk.sign_in else {
            let message = "the broker takes access tokens of an OAuth application; write sign_in = \"oauth\" and `client_id` below [clerk]";
            return Err(self.at_word("sign_in", message));
        };
        let own = &application.client_id;
        match table.client_ids(page)? {
            Some(given) if given.value.iter().any(|id| **id == **own) => Ok(given.value),
            Some(given) => {
                Err(page.refuse(&given, format!("`client_ids` lacks the connection's own, \"{own}\"; add it")))
            }
            None => Ok(vec![own.to_string()]),
        }
    }

    /// The text for viewers: with this broker as its token's source, and without
    /// comments, because what an operator notes beside a key is nobody else's.
    pub(super) fn served(&self, page: &Page<'_>, table: &Table) -> Result<String, ConfigError> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        // It was read before, by `Connection::parse`.
        let mut served: toml::Table = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            ConfigError::at(&self.path, text, offset, error.message())
        })?;
        let url = self.public_url(page, table)?;
        served.insert("token".to_owned(), broker_token(&url, self.connection.token.bindings()));
        Ok(served.to_string())
    }

    /// Where viewers reach this broker.
    fn public_url(&self, page: &Page<'_>, table: &Table) -> Result<Origin, ConfigError> {
        match (&self.connection.token, table.public_url(page)?) {
            (TokenSource::Broker { url, .. }, Some(given)) if *url != given.value => {
                Err(page.refuse(&given, format!("the connection file sends viewers to {url}; make the two the same")))
            }
            (TokenSource::Broker { url, .. }, _) => Ok(url.clone()),
            (_, Some(given)) => Ok(given.value),
            (_, None) => Err(ConfigError::Missing { what: NO_PUBLIC_URL }),
        }
    }

    /// The folder of the dashboards.
    pub(super) fn dashboards(&self, page: &Page<'_>) -> PathBuf {
        self.path.parent().unwrap_or(page.folder()).join("dashboards")
    }

    /// An error at the first line that begins with `word`.
    pub(super) fn at_word(&self, word: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::At { path: self.path.clone(), place: self.place_of(word), message: message.into() }
    }

    /// An error at the first line in which `part` stands.
    pub(super) fn at_text(&self, part: &str, message: impl Into<String>) -> ConfigError {
        let place = Place::of(&self.text, self.text.find(part).unwrap_or_default());
        ConfigError::At { path: self.path.clone(), place, message: message.into() }
    }

    /// The first line that begins with `word`, or where there is none the
    /// file's.
    pub(super) fn place_of(&self, word: &str) -> Place {
        let found = self.text.lines().position(|line| line.trim_start().starts_with(word));
        Place { line: found.map_or(1, |index| index + 1), column: 1 }
    }
}

const NO_PUBLIC_URL: &str = "where do viewers reach this broker? write `public_url`, or set PERCH_BROKER_PUBLIC_URL";

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

fn broker_token(url: &Origin, bind: &Bindings) -> toml::Value {
    let bind: toml::Table =
        bind.iter().map(|(parameter, attribute)| (parameter.to_owned(), attribute.to_string().into())).collect();
    let pairs = [("source", "broker".into()), ("url", url.as_str().into()), ("bind", bind.into())];
    toml::Value::Table(pairs.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}
