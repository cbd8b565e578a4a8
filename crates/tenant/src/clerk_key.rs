//! Clerk's two kinds of API key. The publishable one is public and names the
//! Frontend API; the secret one opens everything and must never come near a
//! desktop.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;

use crate::Origin;

/// `pk_test_…` or `pk_live_…`: the host of the Frontend API, followed by `$`,
/// in base64.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublishableKey(Origin);

/// Why a text is no publishable key. None of the sentences repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClerkKeyError {
    /// A secret key.
    #[error(
        "this is a Clerk secret key, which opens everything in your Clerk application and must not be here: it was not stored; rotate it in Clerk's dashboard now, and use the publishable key, which starts with pk_"
    )]
    Secret,
    /// Neither `pk_test_` nor `pk_live_` in front.
    #[error("this is no publishable key: it starts with pk_test_ or pk_live_, as Clerk's API keys page shows it")]
    Prefix,
    /// What follows does not name a host.
    #[error("this publishable key is damaged: copy it again, whole, from Clerk's API keys page")]
    Damaged,
}

impl PublishableKey {
    /// Reads a key. On this machine the Frontend API may speak plain `http`.
    pub fn parse(text: &str) -> Result<Self, ClerkKeyError> {
        let text = text.trim();
        if find_secret_key(text).is_some() {
            return Err(ClerkKeyError::Secret);
        }
        let coded = ["pk_test_", "pk_live_"].iter().find_map(|prefix| text.strip_prefix(prefix));
        let coded = coded.ok_or(ClerkKeyError::Prefix)?;
        let bytes = STANDARD.decode(coded).or_else(|_| STANDARD_NO_PAD.decode(coded));
        let named = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(ClerkKeyError::Damaged)?;
        let host = named.strip_suffix('$').filter(|host| !host.is_empty()).ok_or(ClerkKeyError::Damaged)?;
        // The host and nothing else: `user@host` or `host/path` would be read
        // as another address than the one on the page.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if !host.bytes().all(plain) {
            return Err(ClerkKeyError::Damaged);
        }
        let at = |scheme: &str| Origin::parse(&format!("{scheme}://{host}"));
        // `Origin` takes `http` for loopback hosts only.
        at("http").or_else(|_| at("https")).map(Self).map_err(|_| ClerkKeyError::Damaged)
    }

    /// The Frontend API that the key names.
    pub fn into_frontend_api(self) -> Origin {
        self.0
    }
}

impl TryFrom<String> for PublishableKey {
    type Error = ClerkKeyError;

    fn try_from(text: String) -> Result<Self, ClerkKeyError> {
        Self::parse(&text)
    }
}

/// Where a Clerk secret key (`sk_test_…`, `sk_live_…`) begins in a text, if one
/// is in it: whatever holds one is refused, not stored, and its key is to be
/// rotated.
pub fn find_secret_key(text: &str) -> Option<usize> {
    ["sk_test_", "sk_live_"]
        .iter()
        .flat_map(|prefix| text.match_indices(prefix))
        .filter(|(start, prefix)| {
            let before = text[..*start].chars().next_back();
            let after = text[start + prefix.len()..].chars().next();
            // `task_live_view` is a name, not a key.
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                && after.is_some_and(|letter| letter.is_ascii_alphanumeric())
        })
        .map(|(start, _)| start)
        .min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(host: &str) -> String {
        format!("pk_test_{}", STANDARD.encode(host))
    }

    #[test]
    fn a_publishable_key_names_the_frontend_api() {
        let read = |text: &str| PublishableKey::parse(text).map(|key| key.into_frontend_api().to_string());
        assert_eq!(
            read("pk_test_ZXhhbXBsZS1kZXN0aW5lZC1jYW1lbC0xMy5jbGVyay5hY2NvdW50cy5kZXYk").as_deref(),
            Ok("https://example-destined-camel-13.clerk.accounts.dev")
        );
        assert_eq!(read(&key("clerk.acme.com$")).as_deref(), Ok("https://clerk.acme.com"));
        assert_eq!(read(&key("127.0.0.1:4100$")).as_deref(), Ok("http://127.0.0.1:4100"));
        assert_eq!(read(key("clerk.acme.com$").trim_end_matches('=')).as_deref(), Ok("https://clerk.acme.com"));
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_it_is() {
        for (text, error) in [
            ("", ClerkKeyError::Prefix),
            ("pk_prod_Y2xlcmsuYWNtZS5jb20k", ClerkKeyError::Prefix),
            ("pk_test_", ClerkKeyError::Damaged),
            ("pk_test_%%%", ClerkKeyError::Damaged),
            ("sk_test_abcdefgh", ClerkKeyError::Secret),
            ("pk_test_sk_live_abcdefgh", ClerkKeyError::Damaged),
            (&key("clerk.acme.com"), ClerkKeyError::Damaged),
            (&key("$"), ClerkKeyError::Damaged),
            (&key("clerk.acme.com/evil$"), ClerkKeyError::Damaged),
            (&key("clerk.acme.com@evil.example$"), ClerkKeyError::Damaged),
            (&key("clerk.acme.com?x$"), ClerkKeyError::Damaged),
        ] {
            assert_eq!(PublishableKey::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_secret_key_is_found_and_a_name_that_looks_like_one_is_not() {
        assert_eq!(find_secret_key("key = \"sk_live_abc\""), Some(7));
        assert_eq!(find_secret_key("sk_test_1"), Some(0));
        for text in ["", "task_live_view", "sk_test_", "sk_test_\"", "pk_live_abc", "risk_test_a"] {
            assert_eq!(find_secret_key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_brings_the_reader_down(text in ".{0,60}") {
            let _ = PublishableKey::parse(&text);
            let _ = find_secret_key(&text);
        }
    }
}
