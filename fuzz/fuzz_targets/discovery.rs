//! A discovery document. One that is taken names the issuer that was asked, and
//! no endpoint anywhere else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_clerk::fuzzing::{ISSUER, discovery};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let (endpoints, names_issuer) = match discovery(body) {
        Ok(read) => read,
        Err(error) => {
            // What the document says of itself ends in a sentence: in one line, and a short one.
            let told = error.to_string();
            assert!(told.chars().count() < 400 + ISSUER.len() && !told.contains(char::is_control), "{told:?}");
            return;
        }
    };
    let own = format!("{ISSUER}/");
    for endpoint in endpoints {
        assert!(endpoint.as_str().starts_with(&own) && endpoint.fragment().is_none(), "{endpoint}");
    }
    // What nobody reads may be anything that a strict reader would not take.
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    assert_eq!(document["issuer"], ISSUER);
    let promised = document["authorization_response_iss_parameter_supported"].as_bool();
    assert_eq!(names_issuer, promised.unwrap_or(false));
    let methods = document["code_challenge_methods_supported"].as_array();
    assert!(methods.is_none_or(|methods| methods.iter().any(|method| method == "S256")));
});
