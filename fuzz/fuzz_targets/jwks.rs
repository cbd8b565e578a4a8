//! A key set, and after a line feed a token. Only RSA keys that sign with RS256
//! are taken, and no key makes an ID token of what nobody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_clerk::fuzzing::jwks;
use serde_json::Value;

fuzz_target!(|input: &str| {
    let (body, token) = input.split_once('\n').unwrap_or((input, ""));
    let Some((taken, verifying)) = jwks(body.as_bytes(), token) else { return };
    assert!(verifying.is_empty(), "{verifying:?} signed {token}");
    // What nobody reads may be anything that a strict reader would not take.
    let Ok(document) = serde_json::from_str::<Value>(body) else { return };
    for id in &taken {
        let says = |key: &Value, name: &str, value: &str| key[name].is_null() || key[name] == value;
        let found = document["keys"].as_array().expect("keys").iter().any(|key| {
            key["kid"] == id.as_str()
                && key["kty"] == "RSA"
                && says(key, "use", "sig")
                && says(key, "alg", "RS256")
                && (key["key_ops"].is_null() || key["key_ops"].to_string().contains("\"verify\""))
        });
        assert!(found, "{id}");
    }
});
