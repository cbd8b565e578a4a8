//! Signing a tenant's token on this machine, with the workspace's admin token
//! as the key: for operators, who hold that key anyway.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_tenant::{Secret, Tenant};
use serde_json::Value;

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

/// Fills `template` for `tenant` and signs it with HS256, the key being the
/// text of the workspace's admin token. `iat`, `nbf` and `exp` are ours
/// whatever the template says (whole seconds, RFC 7519 §4.1), and `name` always
/// names the tenant and the person, because Tinybird counts rates by it.
///
/// What comes out still has to pass the fence.
pub fn mint(
    key: &Secret,
    template: &Template,
    tenant: &Tenant,
    lifetime: Duration,
    now: SystemTime,
) -> Result<Secret, MintError> {
    if key.expose().trim().is_empty() {
        return Err(MintError::NoKey);
    }
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map(|since| since.as_secs());
    let issued = seconds(now).map_err(|_| MintError::Clock)?;
    let expires = now.checked_add(lifetime).and_then(|end| seconds(end).ok()).ok_or(MintError::Clock)?;

    let mut claims = template.fill(&claimant(tenant));
    claims["name"] = Value::String(own_name(claims.get("name"), tenant));
    claims["iat"] = issued.into();
    claims["nbf"] = issued.into();
    claims["exp"] = expires.into();
    let key = EncodingKey::from_secret(key.expose().as_bytes());
    let signed = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key);
    signed.map(Secret::new).map_err(MintError::Signing)
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
