//! The public keys with which Clerk signs, by their ids: fetched when first
//! needed, and again when a token names a key that is not among them, because
//! keys rotate. Not more than once a minute, so that a stream of bad tokens does
//! not become a stream of requests.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use reqwest::{Method, Request};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::{ClerkError, http};

/// How long an unknown key id stays unknown without asking again.
const PAUSE: Duration = Duration::from_secs(60);

/// Clerk's key set (RFC 7517 §5), cached.
pub(crate) struct Keys {
    http: reqwest::Client,
    url: Url,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    keys: HashMap<String, DecodingKey>,
    fetched: Option<Instant>,
}

impl Keys {
    pub(crate) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, cache: Mutex::default() }
    }

    /// The key with this id, or `None` when Clerk has none of that id that
    /// signs with RS256.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<DecodingKey>, ClerkError> {
        // Held while fetching: whoever comes meanwhile waits for this answer
        // and does not ask again.
        let mut cache = self.cache.lock().await;
        let may_fetch = cache.fetched.is_none_or(|fetched| fetched.elapsed() >= PAUSE);
        if !cache.keys.contains_key(id) && may_fetch {
            let request = Request::new(Method::GET, self.url.clone());
            let answer = http::send(&self.http, request, "key set").await?;
            *cache = Cache { keys: verifying_keys(answer.json()?), fetched: Some(Instant::now()) };
        }
        Ok(cache.keys.get(id).cloned())
    }
}

/// A key set as it is written (RFC 7517 §5).
#[derive(Deserialize)]
pub struct KeySet {
    keys: Vec<Value>,
}

/// The keys that verify RS256, by their ids. Others, and what is no key at all,
/// are passed over: a set may hold kinds that did not exist when this was written.
pub fn verifying_keys(set: KeySet) -> HashMap<String, DecodingKey> {
    set.keys
        .into_iter()
        .filter_map(|value| {
            let key: Jwk = serde_json::from_value(value).ok()?;
            let id = key.common.key_id.clone()?;
            verifies_rs256(&key).then(|| DecodingKey::from_jwk(&key).ok().map(|key| (id, key)))?
        })
        .collect()
}

fn verifies_rs256(key: &Jwk) -> bool {
    let common = &key.common;
    matches!(key.algorithm, AlgorithmParameters::RSA(_))
        && common.key_algorithm.is_none_or(|algorithm| algorithm == KeyAlgorithm::RS256)
        && common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_rsa_keys_that_verify_rs256_are_kept() {
        let rsa = |id: &str, more: Value| {
            let mut key = json!({"kid": id, "kty": "RSA", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9", "e": "AQAB"});
            for (name, value) in more.as_object().expect("an object") {
                key[name] = value.clone();
            }
            key
        };
        let document = json!({"keys": [
            rsa("plain", json!({})),
            rsa("named", json!({"alg": "RS256", "use": "sig"})),
            rsa("verifying", json!({"key_ops": ["verify"]})),
            rsa("encrypting", json!({"use": "enc"})),
            rsa("wrapping", json!({"key_ops": ["wrapKey"]})),
            rsa("other", json!({"alg": "RS512"})),
            {"kid": "symmetric", "kty": "oct", "k": "c2VjcmV0"},
            {"kid": "curve", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kid": "future", "kty": "AKP", "pub": "AA"},
            {"kty": "RSA", "n": "AA", "e": "AQAB"},
            "not a key",
        ]});
        let mut ids: Vec<_> = verifying_keys(serde_json::from_value(document).expect("a set")).into_keys().collect();
        ids.sort();
        assert_eq!(ids, ["named", "plain", "verifying"]);
    }
}
