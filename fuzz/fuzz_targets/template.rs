//! A claims template. One that is taken is a JSON object to serde too, and what
//! is filled in has the same shape, without the claims that only a signer sets:
//! a text without a shortcode stays as it is, and what a claimant is called is
//! never read for shortcodes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_tinybird::Template;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&error.line), "{error}");
            let line = text.split('\n').nth(error.line - 1).expect("a line");
            assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
            return;
        }
    };
    let claimant = json!({
        "user": { "id": "{{org.id}}", "full_name": "a \"b\" }}", "public_metadata": { "n": 7, "list": [1, null] } },
        "org": { "id": "{{user.id || 'x'}}", "slug": null },
    });
    let mut written: Value = serde_json::from_str(text).expect("what we read is JSON");
    let claims = written.as_object_mut().expect("an object");
    for reserved in ["iss", "sub", "iat", "nbf", "exp", "jti", "azp"] {
        let told = template.reserved().iter().any(|error| error.message.contains(reserved));
        assert_eq!(claims.remove(reserved).is_some(), told, "{reserved}");
    }
    let filled = Value::Object(template.fill(&claimant));
    same_shape(&written, &filled);
    assert_eq!(filled, Value::Object(template.fill(&claimant)), "the same at each time");
    let nobody = Value::Object(template.fill(&Value::Null));
    same_shape(&written, &nobody);
});

fn same_shape(written: &Value, filled: &Value) {
    match (written, filled) {
        (Value::Object(written), Value::Object(filled)) => {
            assert!(written.keys().all(|name| filled.contains_key(name)) && written.len() == filled.len());
            written.iter().for_each(|(name, value)| same_shape(value, &filled[name]));
        }
        (Value::Array(written), Value::Array(filled)) => {
            assert_eq!(written.len(), filled.len());
            written.iter().zip(filled).for_each(|(written, filled)| same_shape(written, filled));
        }
        (Value::String(text), filled) if text.contains("{{") => {
            let whole = text.starts_with("{{") && text.ends_with("}}");
            assert!(whole || filled.is_string(), "{text} became {filled}");
            // A name stands alone in its braces: then it is that, whatever it looks like.
            match text.as_str() {
                "{{user.id}}" => assert!(matches!(filled.as_str(), None | Some("{{org.id}}"))),
                "{{org.id}}" => assert!(matches!(filled.as_str(), None | Some("{{user.id || 'x'}}"))),
                _ => {}
            }
        }
        (written, filled) => assert_eq!(written, filled),
    }
}
