//! Doors for the fuzz targets in `fuzz/`: the parsers of what comes from
//! outside, for one sign-in that is always the same. cargo-fuzz builds with
//! `--cfg fuzzing`, nothing else does.

use std::time::{Duration, SystemTime};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use oauth2::CsrfToken;
use perch_tenant::Origin;
use url::Url;

use crate::callback::{Callback, Expected};
use crate::id_token::{self, Claims};
use crate::metadata::Metadata;
use crate::{ClerkError, keys};

pub use crate::hosted::fuzzing::{Link, Meaning, deep_link, fapi};

/// The port that the sign-in listens on.
pub const PORT: u16 = 4711;

/// The sign-in's state.
pub const STATE: &str = "the-state-of-this-sign-in";

/// Clerk.
pub const ISSUER: &str = "https://clerk.acme.example";

/// The client id.
pub const CLIENT_ID: &str = "oauth_app_1";

pub(crate) fn issuer() -> Origin {
    Origin::parse(ISSUER).expect("an origin")
}

/// What the browser brought back.
#[derive(Debug)]
pub enum Return {
    /// A code.
    Granted(String),
    /// An error's code.
    Refused(String),
}

/// A request to the listener: what it brought, or `None` for a stray or for what
/// is no HTTP. With `names_issuer` the provider promised to name itself.
pub fn callback(method: &str, target: &str, headers: &[(&str, &str)], names_issuer: bool) -> Option<Return> {
    let method = Method::from_bytes(method.as_bytes()).ok()?;
    let target: Uri = target.parse().ok()?;
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
    }
    let expected = Expected { port: PORT, state: CsrfToken::new(STATE.to_owned()), issuer: issuer(), names_issuer };
    match Callback::parse(&method, &target, &map, &expected).ok()? {
        Callback::Granted(code) => Some(Return::Granted(code.secret().clone())),
        Callback::Refused(reason) => Some(Return::Refused(reason)),
    }
}

/// The endpoints of a discovery document, and whether the callback must name its
/// issuer.
///
/// # Errors
/// What is wrong with the document.
pub fn discovery(body: &[u8]) -> Result<(Vec<Url>, bool), ClerkError> {
    let metadata = Metadata::parse(body, &issuer())?;
    let mut endpoints = vec![metadata.authorization, metadata.token, metadata.userinfo, metadata.keys];
    endpoints.extend(metadata.revocation);
    Ok((endpoints, metadata.callback_names_issuer))
}

/// The ids of the keys that are taken from a key set, and those of them with
/// which `token` is an ID token of [`ISSUER`] for [`CLIENT_ID`].
pub fn jwks(body: &[u8], token: &str) -> Option<(Vec<String>, Vec<String>)> {
    let keys = keys::verifying_keys(serde_json::from_slice(body).ok()?);
    let expected = id_token::Expected {
        issuer: ISSUER,
        client_id: CLIENT_ID,
        nonce: None,
        access_token: "oat_1",
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
    };
    // The header is read in any case, as it is before its key is looked for.
    let named = id_token::key_id(token);
    let verifying = keys.iter().filter(|(id, key)| {
        named.as_ref().is_ok_and(|named| named == *id) && Claims::verify(token, key, &expected).is_ok()
    });
    let verifying = verifying.map(|(id, _)| id.clone()).collect();
    Some((keys.into_keys().collect(), verifying))
}
