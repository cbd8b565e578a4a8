//! The ID token: Clerk's signed statement of who signed in, to whom and when
//! (OpenID Connect Core §2). Its verification, in the order of §3.1.3.7.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How far two clocks may be apart without anyone minding.
pub(crate) const LEEWAY: Duration = Duration::from_secs(60);

/// Why an ID token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Not a signed JWT with the claims that an ID token must have.
    #[error("it is not an ID token")]
    Malformed,
    /// A JWT of another type, an access token for example.
    #[error("it is a token of another type")]
    Type,
    /// Not RS256: `none`, for example, or HS256, whose key would be Clerk's
    /// public one.
    #[error("it is not signed with RS256")]
    Algorithm,
    /// The key that it names is not among Clerk's.
    #[error("it is signed with a key that is not Clerk's")]
    UnknownKey,
    /// The signature does not fit.
    #[error("its signature is wrong")]
    Signature,
    /// `iss` is another.
    #[error("it comes from another issuer")]
    Issuer,
    /// `aud` or `azp` is another.
    #[error("it is meant for another application")]
    Audience,
    /// `exp` is past.
    #[error("it has expired")]
    Expired,
    /// `iat` is to come.
    #[error("it comes from the future")]
    FromFuture,
    /// `nonce` is not the one of this sign-in.
    #[error("it belongs to another sign-in")]
    Nonce,
    /// `at_hash` is not the access token's that came with it.
    #[error("it belongs to another access token")]
    AccessToken,
}

/// What the ID token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// The nonce of the sign-in; `None` at a renewal (OpenID Connect Core §12.2).
    pub(crate) nonce: Option<&'a str>,
    /// The access token that came with it.
    pub(crate) access_token: &'a str,
    pub(crate) now: SystemTime,
}

/// What a verified ID token says. [`Claims::verify`] is the only door.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) org_id: Option<String>,
    exp: f64,
    iat: f64,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    at_hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The id of the key that the token says it is signed with. Read before the
/// signature is verified, so trust nothing else of the header.
pub(crate) fn key_id(token: &str) -> Result<String, IdTokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
        // `none` is no algorithm to jsonwebtoken, so the header does not parse.
        ErrorKind::Json(_) => IdTokenError::Algorithm,
        _ => IdTokenError::Malformed,
    })?;
    // Clerk signs access tokens and session tokens with the same key, and tells
    // them apart by `typ` (RFC 9068 §4).
    if header.typ.is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(IdTokenError::Type);
    }
    // An extension that must be understood is not (RFC 7515 §4.1.11).
    if header.crit.is_some() {
        return Err(IdTokenError::Malformed);
    }
    header.kid.ok_or(IdTokenError::UnknownKey)
}

impl Claims {
    /// Verifies `token` with `key`, which is the one that [`key_id`] named.
    pub(crate) fn verify(token: &str, key: &DecodingKey, expected: &Expected<'_>) -> Result<Self, IdTokenError> {
        // RS256 and nothing else, whatever the header says.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[expected.issuer]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        // Checked below: the audience together with `azp`, the times by the
        // clock that was handed in.
        validation.validate_aud = false;
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Self>(token, key, &validation).map_err(|error| reason(error.kind()))?.claims;
        claims.check(expected)?;
        Ok(claims)
    }

    fn check(&self, expected: &Expected<'_>) -> Result<(), IdTokenError> {
        let names = match &self.aud {
            Audience::One(name) => std::slice::from_ref(name),
            Audience::Many(names) => names,
        };
        // Among several audiences, `azp` says for which of them it was issued.
        let issued_to_us = match &self.azp {
            Some(party) => party == expected.client_id,
            None => names.len() == 1,
        };
        if !issued_to_us || !names.iter().any(|name| name == expected.client_id) {
            return Err(IdTokenError::Audience);
        }
        let now = seconds(expected.now);
        if self.exp + LEEWAY.as_secs_f64() <= now {
            return Err(IdTokenError::Expired);
        }
        if self.iat > now + LEEWAY.as_secs_f64() {
            return Err(IdTokenError::FromFuture);
        }
        if expected.nonce.is_some_and(|nonce| self.nonce.as_deref() != Some(nonce)) {
            return Err(IdTokenError::Nonce);
        }
        if self.at_hash.as_deref().is_some_and(|hash| hash != half_hash(expected.access_token)) {
            return Err(IdTokenError::AccessToken);
        }
        Ok(())
    }
}

fn reason(kind: &ErrorKind) -> IdTokenError {
    match kind {
        ErrorKind::InvalidSignature => IdTokenError::Signature,
        ErrorKind::InvalidIssuer => IdTokenError::Issuer,
        ErrorKind::InvalidAlgorithm => IdTokenError::Algorithm,
        _ => IdTokenError::Malformed,
    }
}

/// What `at_hash` must be: the left half of the access token's SHA-256, which is
/// RS256's hash (OpenID Connect Core §3.1.3.8).
fn half_hash(token: &str) -> String {
    let hash = Sha256::digest(token);
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_that_of_the_standards_example() {
        // OpenID Connect Core, appendix A.3.
        assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
