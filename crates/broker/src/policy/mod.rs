//! What the broker signs and serves, and for whom: the connection, the claims
//! template, the rules, the keys, the dashboards. All of it is read anew when a
//! file changes, and a new one takes the old one's place whole or not at all.

mod connection;
mod shelf;
mod template;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use perch_dashboard::Finding;
use perch_tenant::{Connection, Secret, Tenant, TokenSource};
use perch_tinybird::{Signer, Template, TenantToken};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::config_error::ConfigError;
use crate::files::Files;
use crate::person::{self, Membership};
use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::settings::{Page, Table};

use connection::ConnectionFile;
use shelf::{Shelf, Shelved};
use template::WrittenTemplate;

/// The keys, two of them by the names that the Clerk and Tinybird template for
/// Next.js has for them.
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
    /// Whether Clerk is asked about opaque access tokens.
    pub(crate) opaque_tokens: bool,
    /// The dashboards that are served, by id.
    pub(crate) dashboards: Vec<Shelved>,
    /// The dashboards that are not, and why.
    pub(crate) left_out: Vec<Finding>,
    /// The tiles that served dashboards are without, and why.
    pub(crate) tiles_left_out: Vec<Finding>,
    /// The connection file as viewers need it.
    pub(crate) served: String,
    pub(crate) rules: Rules,
    template: Template,
    keys: Vec<SigningKey>,
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

        let file = ConnectionFile::read(page, table, files)?;
        let template = WrittenTemplate::read(page, table, &file, files)?;
        let lifetime = match (table.lifetime(page)?, &file.connection.token) {
            (Some(lifetime), _) => lifetime,
            (None, TokenSource::Mint { lifetime_seconds, .. }) if !(60..=86_400).contains(lifetime_seconds) => {
                return Err(file.at_word("lifetime_seconds", "the broker signs for 60 to 86400 seconds"));
            }
            (None, TokenSource::Mint { lifetime_seconds, .. }) => Duration::from_secs(u64::from(*lifetime_seconds)),
            (None, _) => DEFAULT_LIFETIME,
        };
        let (client_ids, served) = (file.client_ids(page, table)?, file.served(page, table)?);

        let admin_tokens: Vec<Secret> = [Some(admin_token), previous].into_iter().flatten().collect();
        // `[public]` has a token, and another of the workspace's is soon pasted.
        for key in &admin_tokens {
            if served.contains(key.expose()) {
                let message = "every viewer gets this file, and here stands an admin token, which signs tokens for everybody; for what anyone may see, make one that only reads";
                return Err(file.at_text(key.expose(), message));
            }
        }
        let keys = admin_tokens.iter();
        let keys = keys.map(|key| SigningKey::new(key, &template.parsed, lifetime)).collect::<Result<Vec<_>, _>>()?;
        let shelf = Shelf::read(&file.dashboards(page), &served, &template.text, files, page.now)?;
        if let Some(problem) = shelf.template {
            return Err(template.refuse(page, &problem));
        }
        let opaque_tokens = table.opaque_tokens(page)?;
        let rules = Rules::read(page, table, template.pipes(&file.connection).as_ref())?;
        Ok(Self {
            connection: file.connection,
            client_ids,
            secret_key,
            opaque_tokens,
            dashboards: shelf.dashboards,
            left_out: shelf.left_out,
            tiles_left_out: shelf.tiles_left_out,
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

    /// The dashboards of which these claims read every pipe, and those that
    /// anyone may see.
    pub(crate) fn dashboards_for(&self, claims: &Map<String, Value>) -> impl Iterator<Item = &Shelved> {
        let scopes = claims.get("scopes").and_then(Value::as_array).cloned().unwrap_or_default();
        let pipes: BTreeSet<String> =
            scopes.iter().filter_map(|scope| scope.get("resource")?.as_str().map(str::to_owned)).collect();
        self.dashboards.iter().filter(move |shelved| shelved.is_for(&pipes))
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

/// The tenant whom a token is for.
pub(crate) fn tenant(
    connection: &Connection,
    id: &str,
    details: &person::Details,
    membership: Option<&Membership>,
) -> Tenant {
    Tenant::new(connection, person::user(id, details), membership.map(Membership::organization))
}
