//! Opaque tokens: 256 random bits that mean nothing but themselves. The
//! ledger keeps their digests only, as a careful service would. And ids, which
//! are no secrets.

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

/// A new id, as long as Clerk's: the prefix and 27 letters and digits.
pub(super) fn id(prefix: &str) -> Result<String, SandboxError> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let random = bytes()?;
    let digits = random.iter().take(27).map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()]));
    Ok(prefix.chars().chain(digits).collect())
}

/// The SHA-256 of a text in base64url without padding: how tokens are kept,
/// and how PKCE derives a challenge from a verifier (RFC 7636 §4.2).
pub(super) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
