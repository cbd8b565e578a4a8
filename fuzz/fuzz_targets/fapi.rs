//! An answer of the Frontend API: three digits of status, then the body. Only a 401
//! or Clerk's own word about a session ends one, what counts is active, and
//! every address that is kept or opened is one that may be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_clerk::fuzzing::fapi;
use perch_clerk::{ClerkError, Picture};
use serde_json::Value;
use url::{Host, Url};

fuzz_target!(|input: &[u8]| {
    let Some((status, body)) = input.split_first_chunk::<3>() else { return };
    let Some(status) = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()) else { return };
    let Some(meaning) = fapi(status, body) else { return };

    if let Some([anyones, sessions]) = &meaning.error {
        assert!(!anyones.ends_session(), "{anyones:?}");
        assert!(!sessions.ends_session() || status == 401, "{status} {sessions:?}");
        for error in [anyones, sessions] {
            if let ClerkError::Refused { reason } = error {
                let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
                assert!(!reason.is_empty() && reason.len() <= 64 && reason.bytes().all(plain), "{reason}");
            }
        }
        return;
    }
    let sessions = || meaning.sessions.iter().flatten();
    let pictures = sessions().map(|session| &session.picture).chain(meaning.memberships.iter().map(|it| &it.picture));
    pictures.flatten().for_each(assert_perch_may_ask);
    if let Some(Ok(page)) = &meaning.page {
        assert_secure(page);
    }
    if meaning.has_token {
        assert_eq!(status, 200);
    }

    // What nobody reads may be anything that a strict reader would not take.
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    let response = &document["response"];
    for session in sessions() {
        let counts = |told: &Value| {
            told["id"] == session.session_id.as_str()
                && told["status"] == "active"
                && told["user"]["id"] == session.user.id.as_str()
        };
        assert!(response["sessions"].as_array().expect("sessions").iter().any(counts), "{session:?}");
    }
    if let Some(Ok(())) = meaning.touched {
        assert_eq!(response["status"], "active");
    }
});

fn assert_perch_may_ask(picture: &Picture) {
    let url = Url::parse(picture.address()).expect("an address");
    assert_secure(&url);
    // `127.clerk.com` is a name like any other.
    let Some(Host::Domain(name)) = url.host() else { panic!("{url}") };
    assert!(name.contains('.') && !name.ends_with("localhost"), "{url}");
}

fn assert_secure(url: &Url) {
    assert_eq!(url.scheme(), "https", "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
}
