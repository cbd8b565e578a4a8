//! What an operator can set differently: how access tokens look, which scopes
//! there are, whether organizations are.

use std::time::Duration;

use perch_sandbox::Options;
use serde_json::{Value, json};

use crate::browser::{Browser, SCOPE, person, post, query, redeem, refresh, signed_in, text, userinfo};
use crate::{Hand, http, org, start};

#[tokio::test]
async fn an_opaque_access_token_says_nothing_and_does_the_same() {
    let hand = Hand::new();
    let options = Options { opaque_access_tokens: true, events: 300, clock: hand.clock(), ..Options::default() };
    let sandbox = start(options).await;
    let tokens = signed_in(&sandbox, "grace", org(1)).await;
    let access = text(&tokens, "access_token");
    assert!(access.starts_with("oat_") && !access.contains('.'), "{access}");
    let (status, info) = userinfo(&sandbox, &access).await;
    assert_eq!((status, &info["sub"], &info["org_id"]), (200, &json!(person("grace").id), &json!(org(1))));

    // Another one with less scope tells less.
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", sandbox.client_id()),
        ("refresh_token", &text(&tokens, "refresh_token")),
        ("scope", "openid"),
    ];
    let (_, narrowed) = post(&sandbox, "/oauth/token", &form).await;
    let (status, info) = userinfo(&sandbox, &text(&narrowed, "access_token")).await;
    assert_eq!((status, &info["name"], &info["org_id"]), (200, &Value::Null, &Value::Null));

    hand.pass(Duration::from_secs(86_399));
    assert_eq!(userinfo(&sandbox, &access).await.0, 200);
    let form = [("token", access.as_str()), ("client_id", sandbox.client_id())];
    assert_eq!(post(&sandbox, "/oauth/token/revoke", &form).await.0, 200);
    assert_eq!(userinfo(&sandbox, &access).await.0, 401, "revoked");
    assert_eq!(userinfo(&sandbox, &text(&narrowed, "access_token")).await.0, 200, "another one is not");
    hand.pass(Duration::from_secs(1));
    assert_eq!(userinfo(&sandbox, &text(&narrowed, "access_token")).await.0, 401, "expired");
    assert_eq!(refresh(&sandbox, &text(&narrowed, "refresh_token")).await.0, 200, "the grant goes on");
}

#[tokio::test]
async fn an_opaque_access_token_ends_with_its_grant() {
    let sandbox = start(Options { opaque_access_tokens: true, events: 300, ..Options::default() }).await;
    let tokens = signed_in(&sandbox, "ada", org(0)).await;
    let form = [("token", text(&tokens, "refresh_token")), ("client_id", sandbox.client_id().to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(post(&sandbox, "/oauth/token/revoke", &form).await.0, 200);
    assert_eq!(userinfo(&sandbox, &text(&tokens, "access_token")).await.0, 401);
}

#[tokio::test]
async fn a_scope_of_the_operators_own_is_known_and_told_back() {
    let custom_scopes = vec!["reports:read".to_owned()];
    let sandbox = start(Options { custom_scopes, events: 300, ..Options::default() }).await;
    let mut browser = Browser::new(&sandbox);
    let scope = format!("{SCOPE} reports:read");
    let page = browser.open(&query(&sandbox, &[("scope", &scope)])).await;
    let page = browser.sign_in(&page, person("ada")).await;
    assert!(page.body.contains("reports:read"), "the person is asked for it");
    let code = browser.allow(&page, org(0)).await.answered("code").expect("a code");
    let (_, tokens) = redeem(&sandbox, &code, &[]).await;
    let granted = text(&tokens, "scope");
    assert!(granted.split(' ').any(|scope| scope == "reports:read"), "{granted}");

    let other = browser.open(&query(&sandbox, &[("scope", "openid reports:write")])).await;
    assert_eq!(other.answered("error").as_deref(), Some("invalid_scope"));
    assert!(known_scopes(sandbox.clerk()).await.contains(&json!("reports:read")));
}

#[tokio::test]
async fn without_organizations_nobody_can_ask_for_one() {
    let sandbox = start(Options { organizations: false, events: 300, ..Options::default() }).await;
    let mut browser = Browser::new(&sandbox);
    let refused = browser.open(&query(&sandbox, &[])).await;
    assert_eq!(refused.answered("error").as_deref(), Some("invalid_scope"));
    assert!(!known_scopes(sandbox.clerk()).await.contains(&json!("user:org:read")));

    let page = browser.open(&query(&sandbox, &[("scope", "openid profile")])).await;
    let page = browser.sign_in(&page, person("linus")).await;
    let code = browser.allow(&page, "").await.answered("code").expect("a code");
    let (_, tokens) = redeem(&sandbox, &code, &[]).await;
    assert_eq!(userinfo(&sandbox, &text(&tokens, "access_token")).await.1["org_id"], Value::Null);
}

#[tokio::test]
async fn what_was_granted_stays_granted_when_the_operator_thinks_again() {
    let data = tempfile::tempdir().expect("a folder");
    let options = |port, custom_scopes| Options {
        clerk_port: port,
        data: Some(data.path().to_owned()),
        custom_scopes,
        events: 300,
        ..Options::default()
    };
    let first = start(options(0, vec!["reports:read".to_owned()])).await;
    let mut browser = Browser::new(&first);
    let page = browser.open(&query(&first, &[("scope", "openid offline_access reports:read")])).await;
    let page = browser.sign_in(&page, person("ada")).await;
    let code = browser.allow(&page, "").await.answered("code").expect("a code");
    let (_, tokens) = redeem(&first, &code, &[]).await;
    let port = first.clerk().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    first.stop().await;

    let second = start(options(port, Vec::new())).await;
    let (status, renewed) = refresh(&second, &text(&tokens, "refresh_token")).await;
    assert_eq!((status, &renewed["scope"]), (200, &json!("offline_access openid reports:read")));
}

async fn known_scopes(clerk: &str) -> Vec<Value> {
    let response = http().get(format!("{clerk}/.well-known/openid-configuration")).send().await.expect("an answer");
    let document: Value = response.json().await.expect("JSON");
    document["scopes_supported"].as_array().expect("scopes").clone()
}
