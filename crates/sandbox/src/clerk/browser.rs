//! A person's browser: a cookie that names it, and the proof that a form it
//! sends was on one of our own pages.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::opaque;
use crate::SandboxError;

/// The browsers that come to one sandbox.
pub(super) struct Browsers {
    /// Cookies are not kept apart by port, so the port is in the name.
    cookie: String,
    key: hmac::Key,
}

/// One browser, by the value of its cookie.
pub(super) struct Browser(String);

impl Browsers {
    /// Those of the sandbox at `port`; `key` signs the proofs.
    pub(super) fn new(port: u16, key: &[u8]) -> Self {
        Self { cookie: format!("perch_sandbox_{port}"), key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// The browser that sent these headers, if we have met.
    pub(super) fn met(&self, headers: &HeaderMap) -> Option<Browser> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.cookie && !value.is_empty())
            .map(|(_, value)| Browser(value.to_owned()))
    }

    /// A name for a browser that has none, or that gets a new one because
    /// somebody signed in: a name planted before is worth nothing after.
    pub(super) fn name(&self) -> Result<Browser, SandboxError> {
        opaque::token("").map(Browser)
    }

    /// The `Set-Cookie` header for a browser.
    pub(super) fn cookie(&self, browser: &Browser) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("{}={}; Path=/; HttpOnly; SameSite=Lax", self.cookie, browser.0)).ok()
    }

    /// What our forms carry for this browser.
    pub(super) fn proof(&self, browser: &Browser) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, browser.0.as_bytes()))
    }

    /// Whether a form carries what ours do.
    pub(super) fn is_ours(&self, browser: &Browser, proof: &str) -> bool {
        URL_SAFE_NO_PAD.decode(proof).is_ok_and(|tag| hmac::verify(&self.key, browser.0.as_bytes(), &tag).is_ok())
    }
}

impl Browser {
    /// The name under which it is kept: a digest of the cookie.
    pub(super) fn kept_name(&self) -> String {
        opaque::digest(&self.0)
    }
}
