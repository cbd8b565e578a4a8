//! Opaque tokens: 256 random bits that mean nothing but themselves. The
//! ledger keeps their digests only, as a careful service would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::SandboxError;

/// 256 random bits.
pub(super) fn bytes() -> Result<[u8; 32], SandboxError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| SandboxError::Key(error.to_string()))?;
    Ok(bytes)
}

/// A new token: the prefix and 43 characters of base64url.
pub(super) fn token(prefix: &str) -> Result<String, SandboxError> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes()?)))
}

/// The SHA-256 of a text in base64url without padding: how tokens are kept,
/// and how PKCE derives a challenge from a verifier (RFC 7636 §4.2).
pub(super) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
