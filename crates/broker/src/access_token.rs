//! The viewer's access token: a JWT that Clerk signed (RFC 9068), or an opaque
//! text that only Clerk can read.
//!
//! Clerk signs ID tokens, session tokens and its templates' tokens with the same
//! key, so `typ` is what tells an access token from them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use perch_tenant::{Origin, Secret};
use serde::Deserialize;

/// How far two clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(5);

/// No access token is longer.
const LONGEST: usize = 8 * 1024;

/// How Clerk's opaque access tokens begin, and how long one is at most: some
/// dozen letters. `OAUTH_TOKEN_PREFIX` in `packages/backend/src/tokens/machine.ts`
/// of clerk/javascript.
const OPAQUE: &str = "oat_";
const LONGEST_OPAQUE: usize = 256;

/// The types of an access token (RFC 9068 §4), in lower case.
const TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// Why an access token is not taken. None of the sentences repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// No JWT, and no opaque token either.
    #[error("this is no access token")]
    Malformed,
    /// Opaque, where the operator has not said that there are such.
    #[error("opaque access tokens are not taken here")]
    Opaque,
    /// Another of Clerk's tokens.
    #[error("this is a token of another kind, and no access token")]
    Type,
    /// Not RS256: `none`, or HS256, whose key would be Clerk's public one.
    #[error("the access token is not signed with RS256")]
    Algorithm,
    /// Clerk has no such key.
    #[error("the access token is signed with a key that is not Clerk's")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the access token's signature is wrong")]
    Signature,
    /// `iss` is another.
    #[error("the access token comes from another issuer")]
    Issuer,
    /// `exp` is past, or Clerk says so.
    #[error("the access token has expired")]
    Expired,
    /// `nbf` or `iat` is to come.
    #[error("the access token is not valid yet")]
    NotYet,
    /// `client_id` is another.
    #[error("the access token was given to another application")]
    OtherApplication,
    /// Clerk revoked it, or never gave it out.
    #[error("the access token is revoked")]
    Revoked,
}

impl TokenError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Malformed => "access-token-malformed",
            Self::Opaque => "access-token-opaque",
            Self::Type => "access-token-other-kind",
            Self::Algorithm => "access-token-algorithm",
            Self::UnknownKey => "access-token-unknown-key",
            Self::Signature => "access-token-signature",
            Self::Issuer => "access-token-issuer",
            Self::Expired => "access-token-expired",
            Self::NotYet => "access-token-not-yet",
            Self::OtherApplication => "access-token-other-application",
            Self::Revoked => "access-token-revoked",
        }
    }
}

/// Whom an access token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// `user_…`.
    pub(crate) user: String,
    /// `org_…`, where the sign-in is for an organization.
    pub(crate) organization: Option<String>,
}

/// An access token, by its form.
pub(crate) enum AccessToken {
    /// A JWT, and the id of the key that it says it is signed with: trust
    /// nothing else of its header.
    Jwt { token: Secret, key: String },
    /// An opaque text.
    Opaque(Secret),
}

impl AccessToken {
    /// Reads a token's form, and of a JWT the header.
    pub(crate) fn read(text: &str) -> Result<Self, TokenError> {
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Malformed);
        }
        match text.matches('.').count() {
            0 if is_opaque(text) => Ok(Self::Opaque(Secret::new(text))),
            2 => Ok(Self::Jwt { token: Secret::new(text), key: key_id(text)? }),
            _ => Err(TokenError::Malformed),
        }
    }
}

/// Whether Clerk could have given this out: anybody can make up texts, and each
/// would be a question.
fn is_opaque(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.len() <= LONGEST_OPAQUE
        && text.strip_prefix(OPAQUE).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(known))
}

fn key_id(token: &str) -> Result<String, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
        // `none` is no algorithm to jsonwebtoken, so the header does not parse.
        ErrorKind::Json(_) => TokenError::Algorithm,
        _ => TokenError::Malformed,
    })?;
    if header.alg != Algorithm::RS256 {
        return Err(TokenError::Algorithm);
    }
    let kind = header.typ.unwrap_or_default().to_ascii_lowercase();
    if !TYPES.contains(&kind.as_str()) {
        return Err(TokenError::Type);
    }
    // An extension that must be understood is not (RFC 7515 §4.1.11).
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    header.kid.ok_or(TokenError::UnknownKey)
}

/// What an access token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a Origin,
    pub(crate) client_ids: &'a [String],
    pub(crate) now: SystemTime,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    client_id: String,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    org_id: Option<String>,
}

/// Verifies a JWT with the key that its header named.
pub(crate) fn verify(token: &Secret, key: &DecodingKey, expected: &Expected<'_>) -> Result<Bearer, TokenError> {
    // RS256 and nothing else, whatever the header says.
    let mut validation = Validation::new(Algorithm::RS256);
    // Checked below, by the clock that was handed in. An access token of
    // Clerk's is for whoever trusts its issuer; `client_id` says who got it.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token.expose(), key, &validation)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?
        .claims;
    if claims.iss != expected.issuer.as_str() {
        return Err(TokenError::Issuer);
    }
    let now = expected.now.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let leeway = LEEWAY.as_secs_f64();
    if claims.exp + leeway <= now {
        return Err(TokenError::Expired);
    }
    if claims.iat > now + leeway || claims.nbf.is_some_and(|start| start > now + leeway) {
        return Err(TokenError::NotYet);
    }
    if !expected.client_ids.contains(&claims.client_id) {
        return Err(TokenError::OtherApplication);
    }
    Bearer::new(claims.sub, claims.org_id)
}

impl Bearer {
    /// Takes ids that look like Clerk's: they become part of an address.
    pub(crate) fn new(user: String, organization: Option<String>) -> Result<Self, TokenError> {
        let plain = |id: &str| {
            let known = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            known && (1..=128).contains(&id.len())
        };
        if !plain(&user) || organization.as_deref().is_some_and(|id| !plain(id)) {
            return Err(TokenError::Malformed);
        }
        Ok(Self { user, organization })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_that_would_lead_elsewhere_is_no_id() {
        for odd in ["", "user/1", "..", "user_1?x", "user_1#", "user 1", &"u".repeat(129), "user_\u{e9}"] {
            assert_eq!(Bearer::new(odd.to_owned(), None), Err(TokenError::Malformed), "{odd}");
            assert_eq!(Bearer::new("user_1".to_owned(), Some(odd.to_owned())), Err(TokenError::Malformed), "{odd}");
        }
        assert!(Bearer::new("user_2xhFjEI5X2qWRvtV13BzSj8H6Dk".to_owned(), Some("org_1".to_owned())).is_ok());
    }

    #[test]
    fn an_opaque_token_begins_as_clerks_do() {
        assert!(matches!(AccessToken::read("oat_0KxV-y_9"), Ok(AccessToken::Opaque(_))));
        for odd in [
            "",
            "oat_",
            "ak_0KxVy9",
            "clk_refresh_0KxVy9",
            "0oat_KxVy9",
            "oat_Kx+y9",
            &format!("oat_{}", "a".repeat(253)),
        ] {
            assert!(matches!(AccessToken::read(odd), Err(TokenError::Malformed)), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_text_brings_the_reader_down(text in "[ -~\u{e9}]{0,80}|[A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}") {
            let _ = AccessToken::read(&text);
        }
    }
}
