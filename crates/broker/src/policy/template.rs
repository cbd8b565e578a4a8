//! The claims template, wherever an operator has written it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use perch_dashboard::Problem;
use perch_tenant::{Connection, Place, Tenant, User};
use perch_tinybird::{Template, TemplateError, claimant};
use serde_json::{Value, json};

use super::connection::ConnectionFile;
use crate::config_error::ConfigError;
use crate::files::Files;
use crate::settings::{Given, Page, Table};

/// A template, parsed and as it is written.
pub(super) struct WrittenTemplate {
    pub(super) parsed: Template,
    pub(super) text: String,
    stands: Stands,
}

/// Where a template was written.
enum Stands {
    Configuration(Given<String>),
    File(PathBuf),
    /// Where it begins in the connection file.
    Connection(PathBuf, Place),
}

impl WrittenTemplate {
    /// The one template: a text or a file of the configuration, one made for its
    /// `pipes`, or that of a connection that an operator uses with
    /// `source = "mint"`.
    pub(super) fn read(
        page: &Page<'_>,
        table: &Table,
        file: &ConnectionFile,
        files: &mut Files,
    ) -> Result<Self, ConfigError> {
        let (text, stands) = match (table.template(page)?, table.pipes(page)?, file.connection.token.template()) {
            (Some(given), None, None) => match page.named_file(&given) {
                None => (given.value.clone(), Stands::Configuration(given)),
                Some(path) => (files.text(&path)?, Stands::File(path)),
            },
            (None, Some(pipes), None) => {
                let text = template_of(&pipes.value, &file.connection);
                (text.clone(), Stands::Configuration(pipes.with(text)))
            }
            (None, None, Some(text)) => {
                (text.to_owned(), Stands::Connection(file.path.clone(), file.place_of("template")))
            }
            (None, None, None) => {
                return Err(ConfigError::Missing {
                    what: "what may tokens do? write `template`, a file with Clerk's JSON of claims, or `pipes`, the names of the pipes",
                });
            }
            (Some(given), _, _) => {
                let message = "there is another template: keep one of `template`, `pipes` and the connection's own";
                return Err(page.refuse(&given, message));
            }
            (None, Some(given), Some(_)) => {
                return Err(page.refuse(&given, "the connection file has a template already; leave `pipes` out"));
            }
        };
        match Template::parse(&text) {
            Ok(parsed) => Ok(Self { parsed, text, stands }),
            Err(TemplateError { line, column, message, .. }) => {
                Err(stands.refuse(page, &Problem { line, column, message }))
            }
        }
    }

    /// An error at a place in the template.
    pub(super) fn refuse(&self, page: &Page<'_>, problem: &Problem) -> ConfigError {
        self.stands.refuse(page, problem)
    }

    /// The pipes that its scopes name, for a rule to name no other; `None` where
    /// shortcodes leave that open.
    pub(super) fn pipes(&self, connection: &Connection) -> Option<BTreeSet<String>> {
        if self.parsed.shortcodes().any(|name| name.contains("metadata")) {
            return None;
        }
        let user = User { id: "user_check".into(), name: None, email: None };
        let claims = self.parsed.fill(&claimant(&Tenant::new(connection, user, None)));
        let pipes = claims.get("scopes")?.as_array()?.iter().map(|scope| scope.get("resource")?.as_str());
        pipes.map(|pipe| pipe.map(str::to_owned)).collect()
    }
}

impl Stands {
    fn refuse(&self, page: &Page<'_>, problem: &Problem) -> ConfigError {
        let Problem { line, column, message } = problem;
        let within = format!("in the template's line {line}, column {column}: {message}");
        match self {
            Self::Configuration(given) => page.refuse(given, within),
            Self::File(path) => {
                let place = Place { line: *line, column: *column };
                ConfigError::At { path: path.clone(), place, message: message.clone() }
            }
            Self::Connection(path, place) => ConfigError::At { path: path.clone(), place: *place, message: within },
        }
    }
}

/// A template that reads these pipes, each bound as the connection asks.
fn template_of(pipes: &[String], connection: &Connection) -> String {
    let bind = connection.token.bindings();
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
