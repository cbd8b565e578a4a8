//! The head of a request to the loopback listener, as text: the request line
//! and one line a header. What counts as the callback has the state, once, and
//! came as a navigation to 127.0.0.1 itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_clerk::fuzzing::{ISSUER, PORT, Return, STATE, callback};
use url::form_urlencoded;

fuzz_target!(|head: &str| {
    let mut lines = head.split('\n');
    let Some((method, target)) = lines.next().and_then(|line| line.split_once(' ')) else { return };
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
    let plain = callback(method, target, &headers, false);
    let promised = callback(method, target, &headers, true);

    let Some(brought) = plain else {
        assert!(promised.is_none(), "a promise makes nothing a callback");
        return;
    };
    let all = |name: &str| -> Vec<_> {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    };
    let header = |name: &str| -> Vec<_> {
        headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value).collect()
    };
    assert_eq!(method, "GET");
    assert!(target.starts_with("/callback?"), "{target}");
    assert_eq!(all("state"), [STATE]);
    assert_eq!(header("host"), [format!("127.0.0.1:{PORT}")]);
    assert!(header("origin").is_empty());
    assert!(header("sec-fetch-mode").first().is_none_or(|mode| *mode == "navigate"));
    assert!(header("sec-fetch-dest").first().is_none_or(|destination| *destination == "document"));
    assert!(all("iss").is_empty() || all("iss") == [ISSUER]);
    assert_eq!(promised.is_some(), all("iss") == [ISSUER]);
    match brought {
        Return::Granted(code) => {
            assert_eq!(all("code"), [code.as_str()]);
            assert!(all("error").is_empty());
            assert!(!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Return::Refused(reason) => {
            assert_eq!((all("code").len(), all("error").len()), (0, 1));
            assert!(reason.len() <= 64 && reason.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')));
        }
    }
});
