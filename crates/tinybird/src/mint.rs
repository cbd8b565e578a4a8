//! Signing a tenant's token with the workspace's admin token as the key: on an
//! operator's machine, who holds that key anyway, or in the operator's broker.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_tenant::{Secret, Tenant};
use serde_json::{Map, Value};

use crate::template::{Template, claimant};

/// Why no token was signed.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The admin token is empty, so anyone could sign the same.
    #[error("the workspace's admin token is empty")]
    NoKey,
    /// The clock stands where no token can live.
    #[error("this computer's clock is far from right")]
    Clock,
    /// The signature could not be made.
    #[error("the token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

impl MintError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "mint-no-key",
            Self::Clock => "mint-clock",
            Self::Signing(_) => "mint-signing",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoKey => "Enter the workspace's admin token again.",
            Self::Clock => "Set this computer's date and time.",
            Self::Signing(_) => "Enter the workspace's admin token again, exactly as Tinybird shows it.",
        }
    }
}

/// Signs tokens with one admin token, from one template. Whoever signs many
/// keeps it.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    template: Template,
    lifetime: Duration,
}

impl Signer {
    /// A signer whose key is the text of the workspace's admin token.
    pub fn new(admin_token: &Secret, template: Template, lifetime: Duration) -> Result<Self, MintError> {
        if admin_token.expose().trim().is_empty() {
            return Err(MintError::NoKey);
        }
        Ok(Self { key: EncodingKey::from_secret(admin_token.expose().as_bytes()), template, lifetime })
    }

    /// Fills the template with what is known of the `claimant`, in the shape of
    /// [`claimant`], and signs it with HS256. `iat`, `nbf` and `exp` are ours
    /// whatever the template says (whole seconds, RFC 7519 §4.1), and `name`
    /// always names the tenant and the person, because Tinybird counts rates by
    /// it.
    ///
    /// What comes out still has to pass the fence.
    pub fn sign(&self, tenant: &Tenant, claimant: &Value, now: SystemTime) -> Result<Secret, MintError> {
        let claims = match self.template.fill(claimant) {
            Value::Object(claims) => claims,
            // A template is an object, whatever it is filled with.
            _ => Map::new(),
        };
        self.sign_claims(claims, tenant, now)
    }

    /// The same for claims that were filled before, and perhaps narrowed.
    pub fn sign_claims(
        &self,
        mut claims: Map<String, Value>,
        tenant: &Tenant,
        now: SystemTime,
    ) -> Result<Secret, MintError> {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map(|since| since.as_secs());
        let issued = seconds(now).map_err(|_| MintError::Clock)?;
        let expires = now.checked_add(self.lifetime).and_then(|end| seconds(end).ok()).ok_or(MintError::Clock)?;
        claims.insert("name".to_owned(), Value::String(own_name(claims.get("name"), tenant)));
        claims.insert("iat".to_owned(), issued.into());
        claims.insert("nbf".to_owned(), issued.into());
        claims.insert("exp".to_owned(), expires.into());
        let signed = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key);
        signed.map(Secret::new).map_err(MintError::Signing)
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.template
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// One token for `tenant`, of whom nothing is known but what sign-in told. See
/// [`Signer::sign`].
pub fn mint(
    admin_token: &Secret,
    template: &Template,
    tenant: &Tenant,
    lifetime: Duration,
    now: SystemTime,
) -> Result<Secret, MintError> {
    Signer::new(admin_token, template.clone(), lifetime)?.sign(tenant, &claimant(tenant), now)
}

/// The template's name, with the ids it lacks after it.
fn own_name(name: Option<&Value>, tenant: &Tenant) -> String {
    let mut name = match name {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        _ => "perch".to_owned(),
    };
    let organization = tenant.organization.as_ref().map(|organization| organization.id.as_str());
    for id in organization.into_iter().chain([tenant.user.id.as_str()]) {
        if !holds_word(&name, id) {
            name.push(':');
            name.push_str(id);
        }
    }
    name
}

/// Whether `id` stands in `name` and not merely as a part of a longer id.
fn holds_word(name: &str, id: &str) -> bool {
    let part_of_id = |character: char| character.is_alphanumeric() || character == '_';
    name.match_indices(id).any(|(at, _)| {
        let before = name[..at].chars().next_back();
        let after = name[at + id.len()..].chars().next();
        !before.is_some_and(part_of_id) && !after.is_some_and(part_of_id)
    })
}
