//! The token endpoints: what a code and a refresh token give, once.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use perch_sandbox::{Options, Sandbox};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::browser::{NONCE, code, post, redeem, refresh, signed_in, text, userinfo};
use crate::{Hand, NOW, http, org, small, start};

async fn document(sandbox: &Sandbox, path: &str) -> Value {
    let response = http().get(format!("{}{path}", sandbox.clerk())).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.expect("JSON")
}

/// Checks a token's signature by the published keys: its header's type and claims.
async fn verified(sandbox: &Sandbox, token: &str) -> (Option<String>, Value) {
    let keys: JwkSet = serde_json::from_value(document(sandbox, "/.well-known/jwks.json").await).expect("keys");
    let header = jsonwebtoken::decode_header(token).expect("a header");
    let key = keys.find(header.kid.as_deref().expect("a kid")).expect("a known kid");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).expect("a key");
    let token = jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a good signature");
    (header.typ, token.claims)
}

async fn sandbox_at(hand: &Hand) -> Sandbox {
    start(Options { events: 300, clock: hand.clock(), ..Options::default() }).await
}

#[tokio::test]
async fn discovery_names_endpoints_that_answer() {
    let sandbox = small().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let found = document(&sandbox, path).await;
        assert_eq!(found["issuer"], sandbox.clerk());
        assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
        let endpoints: Vec<(&String, &Value)> = found
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
            .collect();
        assert!(endpoints.len() >= 4);
        for (name, address) in endpoints {
            let response = http().get(address.as_str().expect("an address")).send().await.expect("an answer");
            assert_ne!(response.status(), 404, "{name}");
        }
    }
}

#[tokio::test]
async fn a_code_gives_tokens_for_the_person_and_the_organization() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let tokens = signed_in(&sandbox, "grace", org(1)).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 86_400);
    assert_eq!(tokens["scope"], "email offline_access openid profile user:org:read");

    let (kind, access) = verified(&sandbox, &text(&tokens, "access_token")).await;
    assert_eq!(kind.as_deref(), Some("at+jwt"));
    assert_eq!(access["org_id"], org(1));
    assert_eq!(access["client_id"], sandbox.client_id());
    assert_eq!(access["exp"], NOW + 86_400);
    assert!(text(&access, "jti").starts_with("oat_"));

    let (kind, id) = verified(&sandbox, &text(&tokens, "id_token")).await;
    assert_eq!(kind.as_deref(), Some("JWT"));
    assert_eq!((&id["iss"], &id["aud"]), (&json!(sandbox.clerk()), &json!(sandbox.client_id())));
    assert_eq!((&id["nonce"], &id["org_id"]), (&json!(NONCE), &json!(org(1))));
    assert_eq!((&id["iat"], &id["exp"]), (&json!(NOW), &json!(NOW + 86_400)));
    assert_eq!(id["sub"], access["sub"]);

    let (status, info) = userinfo(&sandbox, &text(&tokens, "access_token")).await;
    assert_eq!(status, 200);
    assert_eq!(info["sub"], id["sub"]);
    assert_eq!((&info["name"], &info["email"]), (&json!("Grace Okafor"), &json!("grace@larkspur.example")));
    assert_eq!((&info["org_id"], &info["org_name"]), (&json!(org(1)), &json!("Larkspur Books")));
    assert_eq!(info["org_slug"], "larkspur-books");
    let picture = http().get(text(&info, "picture")).send().await.expect("a picture");
    assert_eq!(
        (picture.status().as_u16(), &picture.headers()["content-type"]),
        (200, &HeaderValue::from_static("image/png"))
    );
}

#[tokio::test]
async fn scopes_that_were_not_asked_for_give_nothing() {
    let sandbox = small().await;
    let mut browser = crate::browser::Browser::new(&sandbox);
    let page = browser.open(&crate::browser::query(&sandbox, &[("scope", "profile")])).await;
    let page = browser.sign_in(&page, crate::browser::person("grace")).await;
    let code = browser.allow(&page, "").await.answered("code").expect("a code");
    let (_, tokens) = redeem(&sandbox, &code, &[]).await;
    assert_eq!((&tokens["refresh_token"], &tokens["id_token"]), (&Value::Null, &Value::Null));
    let (_, info) = userinfo(&sandbox, &text(&tokens, "access_token")).await;
    assert_eq!((&info["email"], &info["org_id"]), (&Value::Null, &Value::Null));
    assert_eq!(info["name"], "Grace Okafor");
}

#[tokio::test]
async fn a_code_used_twice_takes_back_what_it_gave() {
    let sandbox = small().await;
    let code = code(&sandbox, "ada", org(0)).await;
    let (_, tokens) = redeem(&sandbox, &code, &[]).await;
    let (status, again) = redeem(&sandbox, &code, &[]).await;
    assert_eq!((status, &again["error"]), (401, &json!("invalid_grant")));
    assert_eq!(userinfo(&sandbox, &text(&tokens, "access_token")).await.0, 401);
    let (status, dead) = refresh(&sandbox, &text(&tokens, "refresh_token")).await;
    assert_eq!((status, &dead["error"]), (401, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let (in_time, late) = (code(&sandbox, "ada", org(0)).await, code(&sandbox, "ada", org(0)).await);
    hand.pass(Duration::from_secs(599));
    assert_eq!(redeem(&sandbox, &in_time, &[]).await.0, 200);
    hand.pass(Duration::from_secs(1));
    let (status, answer) = redeem(&sandbox, &late, &[]).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn what_does_not_belong_to_the_code_is_refused() {
    let sandbox = small().await;
    for (name, value, status, error) in [
        ("code_verifier", "another-verifier-of-at-least-forty-three-chars", 401, "invalid_grant"),
        ("code_verifier", "", 400, "invalid_request"),
        ("redirect_uri", "http://127.0.0.1:49153/callback", 400, "invalid_grant"),
        ("redirect_uri", "https://evil.example/callback", 400, "invalid_grant"),
        ("redirect_uri", "", 400, "invalid_request"),
        ("client_id", "someone_else", 401, "invalid_client"),
        ("client_id", "", 401, "invalid_client"),
        ("client_secret", "a-public-client-has-none", 401, "invalid_client"),
        ("grant_type", "password", 401, "unsupported_grant_type"),
        ("grant_type", "", 400, "invalid_request"),
        ("code", "clk_code_of-nobody", 401, "invalid_grant"),
    ] {
        let code = code(&sandbox, "ada", org(0)).await;
        let (answered, body) = redeem(&sandbox, &code, &[(name, value)]).await;
        assert_eq!((answered, body["error"].as_str()), (status, Some(error)), "{name}={value}");
        assert_eq!(body["access_token"], Value::Null, "{name}={value}");
    }
}

#[tokio::test]
async fn a_stolen_code_is_spent_by_the_thief() {
    let sandbox = small().await;
    let code = code(&sandbox, "ada", org(0)).await;
    redeem(&sandbox, &code, &[("code_verifier", "another-verifier-of-at-least-forty-three-chars")]).await;
    assert_eq!(redeem(&sandbox, &code, &[]).await.0, 401);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_in_oauths_form() {
    let sandbox = small().await;
    let request = http().post(format!("{}/oauth/token", sandbox.clerk())).json(&json!({"grant_type": "refresh_token"}));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 400);
    assert_eq!(response.json::<Value>().await.expect("JSON")["error"], "invalid_request");
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_another_refresh_token() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let first = signed_in(&sandbox, "linus", org(2)).await;
    hand.pass(Duration::from_secs(3600));
    let (status, second) = refresh(&sandbox, &text(&first, "refresh_token")).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    let (_, id) = verified(&sandbox, &text(&second, "id_token")).await;
    assert_eq!((&id["iat"], &id["auth_time"]), (&json!(NOW + 3600), &json!(NOW)));
    assert_eq!((&id["org_id"], &id["nonce"]), (&json!(org(2)), &Value::Null));
    assert_eq!(userinfo(&sandbox, &text(&second, "access_token")).await.1["org_slug"], "juniper-pine");
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_family() {
    let sandbox = small().await;
    let first = signed_in(&sandbox, "ada", org(0)).await;
    let other = signed_in(&sandbox, "ada", org(0)).await;
    let (_, second) = refresh(&sandbox, &text(&first, "refresh_token")).await;

    let (status, reused) = refresh(&sandbox, &text(&first, "refresh_token")).await;
    assert_eq!((status, &reused["error"]), (401, &json!("invalid_grant")));
    assert_eq!(refresh(&sandbox, &text(&second, "refresh_token")).await.0, 401);
    assert_eq!(userinfo(&sandbox, &text(&second, "access_token")).await.0, 401);
    // Another sign-in of the same person is another family.
    assert_eq!(refresh(&sandbox, &text(&other, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_not_for_more() {
    let sandbox = small().await;
    let tokens = signed_in(&sandbox, "ada", org(0)).await;
    let token = text(&tokens, "refresh_token");
    let ask = |scope: &'static str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", sandbox.client_id()),
            ("refresh_token", token.as_str()),
            ("scope", scope),
        ];
        let form: Vec<(String, String)> = form.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let sandbox = &sandbox;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            post(sandbox, "/oauth/token", &form).await
        }
    };
    assert_eq!(ask("openid private_metadata").await.0, 400);
    let (status, less) = ask("openid").await;
    assert_eq!((status, &less["scope"]), (200, &json!("openid")));
}

#[tokio::test]
async fn a_revoked_refresh_token_is_dead() {
    let sandbox = small().await;
    let tokens = signed_in(&sandbox, "ada", org(0)).await;
    let (token, access) = (text(&tokens, "refresh_token"), text(&tokens, "access_token"));
    let revoke = |token: &str, client: &str| {
        let form = [("token", token.to_owned()), ("client_id", client.to_owned())];
        let sandbox = &sandbox;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            post(sandbox, "/oauth/token/revoke", &form).await.0
        }
    };
    assert_eq!(revoke(&token, "").await, 401);
    assert_eq!(revoke(&access, sandbox.client_id()).await, 400);
    assert_eq!(revoke("clk_refresh_of-nobody", sandbox.client_id()).await, 200);
    assert_eq!(userinfo(&sandbox, &access).await.0, 200);
    assert_eq!(revoke(&token, sandbox.client_id()).await, 200);
    assert_eq!(refresh(&sandbox, &token).await.0, 401);
    assert_eq!(userinfo(&sandbox, &access).await.0, 401);
}

#[tokio::test]
async fn userinfo_takes_access_tokens_only_and_for_a_day() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let tokens = signed_in(&sandbox, "ada", org(0)).await;
    let access = text(&tokens, "access_token");
    let mut forged = access.clone();
    forged.replace_range(access.rfind('.').expect("a dot") + 1.., "AAAA");
    for token in [text(&tokens, "id_token"), text(&tokens, "refresh_token"), forged, "x".to_owned()] {
        let (status, body) = userinfo(&sandbox, &token).await;
        assert_eq!(status, 401, "{token}");
        assert!(body["errors"][0]["code"].is_string());
    }
    hand.pass(Duration::from_secs(86_399));
    assert_eq!(userinfo(&sandbox, &access).await.0, 200);
    hand.pass(Duration::from_secs(1));
    assert_eq!(userinfo(&sandbox, &access).await.0, 401);
}

#[tokio::test]
async fn another_sandbox_does_not_know_these_tokens() {
    let (ours, theirs) = (small().await, small().await);
    let tokens = signed_in(&ours, "ada", org(0)).await;
    assert_eq!(userinfo(&theirs, &text(&tokens, "access_token")).await.0, 401);
    assert_eq!(refresh(&theirs, &text(&tokens, "refresh_token")).await.0, 401);
}

#[tokio::test]
async fn what_the_keychain_keeps_is_short() {
    let sandbox = small().await;
    let tokens = signed_in(&sandbox, "linus", org(0)).await;
    assert!(text(&tokens, "refresh_token").len() < 1_280);
}

/// The claims about an organization.
fn organization(claims: &Value) -> Vec<&String> {
    claims.as_object().expect("claims").keys().filter(|claim| claim.starts_with("org_")).collect()
}

#[tokio::test]
async fn whoever_is_removed_keeps_their_sessions_without_the_organization() {
    let sandbox = small().await;
    let removed = signed_in(&sandbox, "grace", org(1)).await;
    let (elsewhere, somebody) =
        (signed_in(&sandbox, "grace", org(0)).await, signed_in(&sandbox, "linus", org(1)).await);
    sandbox.end_membership("grace", org(1)).expect("removed");

    let (status, claims) = userinfo(&sandbox, &text(&removed, "access_token")).await;
    assert_eq!((status, organization(&claims)), (200, vec![]));
    assert_eq!(claims["name"], "Grace Okafor");
    let (status, renewed) = refresh(&sandbox, &text(&removed, "refresh_token")).await;
    assert_eq!(status, 200, "{renewed}");
    let (_, claims) = verified(&sandbox, &text(&renewed, "id_token")).await;
    assert_eq!(organization(&claims), Vec::<&String>::new());
    let (_, claims) = userinfo(&sandbox, &text(&renewed, "access_token")).await;
    assert_eq!(organization(&claims), Vec::<&String>::new());

    for (tokens, kept) in [(elsewhere, org(0)), (somebody, org(1))] {
        assert_eq!(userinfo(&sandbox, &text(&tokens, "access_token")).await.1["org_id"], kept);
    }
}

#[tokio::test]
async fn nobody_can_be_removed_from_where_they_never_were() {
    let sandbox = small().await;
    for (person, organization) in [("ada", org(2)), ("nobody", org(0)), ("grace", "org_nobody")] {
        let error = sandbox.end_membership(person, organization).expect_err("no member");
        assert_eq!(error.code(), "sandbox-membership");
        assert!(error.to_string().contains(person) && error.to_string().contains(organization), "{error}");
    }
}
