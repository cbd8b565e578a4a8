//! A link that some program hands over. What counts as a sign-in's return is
//! `perch://callback` to a URL parser too, and says three things, each once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_clerk::fuzzing::{STATE, deep_link};
use url::Url;

fuzz_target!(|link: &str| {
    let Some(brought) = deep_link(link) else { return };
    assert!(link.len() <= 8 * 1024);
    let url = Url::parse(link).expect("an address");
    assert_eq!((url.scheme(), url.host_str(), url.port()), ("perch", Some("callback"), None));
    assert!(matches!(url.path(), "" | "/") && url.fragment().is_none(), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");

    let mut said: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    said.sort();
    let expected = [
        ("created_session_id", brought.session_id.as_str()),
        ("rotating_token_nonce", brought.nonce.as_str()),
        ("state", STATE),
    ];
    assert_eq!(said, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!brought.nonce.is_empty() && brought.nonce.bytes().all(|byte| byte.is_ascii_graphic()));
    // It becomes a part of paths.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    assert!(!brought.session_id.is_empty() && brought.session_id.bytes().all(plain));
});
