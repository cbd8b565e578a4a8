//! `/oauth/authorize` before any page: whom it tells of an error, and that it
//! sends nobody to an address that is not the app's.

use proptest::prelude::*;
use reqwest::header;

use crate::browser::{Browser, CALLBACK, STATE, challenge, query};
use crate::small;

#[tokio::test]
async fn an_address_that_is_not_registered_is_never_sent_anything() {
    let sandbox = small().await;
    for redirect in [
        "http://localhost:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/callback/more",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1@evil.example/callback",
        "http://user:pass@127.0.0.1:49152/callback",
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1:49152/callback?next=https://evil.example",
        "http://127.0.0.1:49152/callback#",
        "http://[::1]:49152/callback",
        "https://evil.example/callback",
        "perch://callback",
        "",
    ] {
        let page = Browser::new(&sandbox).open(&query(&sandbox, &[("redirect_uri", redirect)])).await;
        assert_eq!((page.status.as_u16(), page.location), (400, None), "{redirect}");
        assert!(page.body.contains("id=\"refusal\""), "{redirect}");
    }
}

#[tokio::test]
async fn an_unknown_client_is_told_on_a_page() {
    let sandbox = small().await;
    for client in ["", "someone_else"] {
        let page = Browser::new(&sandbox).open(&query(&sandbox, &[("client_id", client)])).await;
        assert_eq!((page.status.as_u16(), page.location), (400, None), "{client}");
    }
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_told_on_a_page() {
    let sandbox = small().await;
    for name in ["redirect_uri", "state", "client_id", "unheard_of"] {
        let twice = format!("{}&{name}=x&{name}=y", query(&sandbox, &[(name, "")]));
        let page = Browser::new(&sandbox).open(&twice).await;
        assert_eq!((page.status.as_u16(), page.location), (400, None), "{name}");
    }
}

#[tokio::test]
async fn other_mistakes_are_told_to_the_app_with_its_state() {
    let sandbox = small().await;
    let padded = format!("{}=", challenge("x"));
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("response_mode", "form_post", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", padded.as_str(), "invalid_request"),
        ("scope", "openid admin", "invalid_scope"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "select_account", "invalid_request"),
    ] {
        let page = Browser::new(&sandbox).open(&query(&sandbox, &[(name, value)])).await;
        assert_eq!(page.answered("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(page.answered("state").as_deref(), Some(STATE), "{name}={value}");
    }
    for state in ["", "1234567"] {
        let page = Browser::new(&sandbox).open(&query(&sandbox, &[("state", state)])).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_request"), "{state}");
        assert_eq!(page.answered("code"), None);
    }
}

#[tokio::test]
async fn a_host_header_of_another_name_is_refused() {
    let sandbox = small().await;
    for (origin, path) in [(sandbox.clerk(), "/"), (sandbox.tinybird(), "/v0/pipes/kpis.json")] {
        let port = origin.rsplit(':').next().expect("a port");
        for host in ["evil.example", &format!("evil.example:{port}"), &format!("localhost:{port}"), "127.0.0.1"] {
            let request = crate::http().get(format!("{origin}{path}")).header(header::HOST, host);
            assert_eq!(request.send().await.expect("an answer").status(), 421, "{host}");
        }
    }
}

#[test]
fn whatever_is_asked_for_nobody_is_sent_elsewhere() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sandbox = runtime.block_on(small());
    let names = "client_id|redirect_uri|response_type|scope|state|prompt|code_challenge|nonce";
    let browser = std::cell::RefCell::new(Browser::new(&sandbox));
    proptest!(ProptestConfig::with_cases(500), |(name in names, value in "\\PC{0,40}")| {
        let address = format!("/oauth/authorize?{}", query(&sandbox, &[(&name, &value)]));
        let page = runtime.block_on(browser.borrow_mut().get(&address));
        prop_assert!(!page.status.is_server_error());
        if let Some(location) = page.location {
            prop_assert!(location.starts_with("/sign-in?flow=") || location.starts_with(&format!("{CALLBACK}?")), "{}", location);
        }
    });
}
