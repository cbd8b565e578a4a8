//! The instance's RSA key: signs access tokens, ID tokens, session tokens and
//! client tokens, and is published as a JWK set.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SandboxError;

/// The type of an access token (RFC 9068 §2.1), which tells it from the other
/// tokens that the same key signs.
const ACCESS_TOKEN: &str = "at+jwt";

/// The signing key and what is published of it.
pub(super) struct Keys {
    signing: EncodingKey,
    checking: DecodingKey,
    kid: String,
    published: JwkSet,
}

/// What an access token says, in Clerk's claims.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccessClaims {
    pub(super) iss: String,
    pub(super) client_id: String,
    pub(super) sub: String,
    /// `oat_…`: by this the ledger knows the grant.
    pub(super) jti: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) org_id: Option<String>,
}

/// What a client token says: which client, and a secret of its own that is good
/// until the next one is used.
#[derive(Debug, Deserialize)]
pub(super) struct ClientClaims {
    pub(super) id: String,
    pub(super) rotating_token: String,
}

/// A new 2048-bit RSA key as PKCS#8.
pub(super) fn generate() -> Result<Vec<u8>, SandboxError> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|error| SandboxError::Key(error.to_string()))?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|error| SandboxError::Key(error.to_string()))?;
    Ok(der.as_ref().to_vec())
}

impl Keys {
    /// Reads what [`generate`] made.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, SandboxError> {
        Self::read(der).map_err(|error| SandboxError::Key(error.to_string()))
    }

    fn read(der: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
        let signing = EncodingKey::from_rsa_pem(pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256)?;
        let kid = format!("ins_{}", jwk.thumbprint(ThumbprintHash::SHA256)?);
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let checking = DecodingKey::from_jwk(&jwk)?;
        Ok(Self { signing, checking, kid, published: JwkSet { keys: vec![jwk] } })
    }

    /// The public half, as `jwks.json` shows it.
    pub(super) fn published(&self) -> &JwkSet {
        &self.published
    }

    /// A signed access token.
    pub(super) fn sign_access_token(&self, claims: &AccessClaims) -> Result<String, SandboxError> {
        self.sign(ACCESS_TOKEN, claims)
    }

    /// A signed token of any other kind: of an ID, a session, a client.
    pub(super) fn sign_jwt(&self, claims: &Value) -> Result<String, SandboxError> {
        self.sign("JWT", claims)
    }

    fn sign(&self, kind: &str, claims: &impl Serialize) -> Result<String, SandboxError> {
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|error| SandboxError::Key(error.to_string()))
    }

    /// The claims of an access token that this key signed and that has not
    /// expired at `now`. `None` for any other text, an ID token included.
    pub(super) fn check_access_token(&self, token: &str, issuer: &str, now: i64) -> Option<AccessClaims> {
        let token = self.check::<AccessClaims>(token)?;
        let typed = token.header.typ.as_deref() == Some(ACCESS_TOKEN);
        (typed && token.claims.iss == issuer && now < token.claims.exp).then_some(token.claims)
    }

    /// The claims of a client token that this key signed. It has no expiry: the
    /// ledger knows which one is in use.
    pub(super) fn check_client_token(&self, token: &str) -> Option<ClientClaims> {
        Some(self.check::<ClientClaims>(token)?.claims)
    }

    fn check<T: DeserializeOwned>(&self, token: &str) -> Option<TokenData<T>> {
        let mut validation = Validation::new(Algorithm::RS256);
        // Expiry is judged by the sandbox's clock, not by the machine's.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode(token, &self.checking, &validation).ok()
    }
}
