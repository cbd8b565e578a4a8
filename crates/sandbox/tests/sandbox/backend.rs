//! Clerk's Backend API, as a server of the operator's meets it.

use std::time::Duration;

use perch_sandbox::{Options, Sandbox};
use reqwest::header;
use serde_json::{Value, json};

use crate::browser::{form, person, signed_in, text};
use crate::{Hand, http, org, small, start};

/// Asks with the secret key: status and body.
async fn get(sandbox: &Sandbox, path: &str) -> (u16, Value) {
    let request = http().get(format!("{}{path}", sandbox.backend())).bearer_auth(sandbox.secret_key());
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

async fn verify(sandbox: &Sandbox, token: &str) -> (u16, Value) {
    let address = format!("{}/v1/oauth_applications/access_tokens/verify", sandbox.backend());
    let request = http().post(address).bearer_auth(sandbox.secret_key()).json(&json!({"access_token": token}));
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

fn membership_path(handle: &str) -> String {
    format!("/v1/users/{}/organization_memberships", person(handle).id)
}

#[tokio::test]
async fn nobody_is_answered_without_the_secret_key() {
    let sandbox = small().await;
    let address = format!("{}{}", sandbox.backend(), membership_path("ada"));
    for request in [http().get(&address), http().get(&address).bearer_auth("sk_test_another")] {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["code"], "clerk_key_invalid", "{body}");
        assert!(body["clerk_trace_id"].is_string());
    }
    assert_eq!(sandbox.backend_requests(), 2);
}

#[tokio::test]
async fn a_server_reads_who_somebody_is_and_nobody_else() {
    let sandbox = small().await;
    let (status, user) = get(&sandbox, &format!("/v1/users/{}", person("grace").id)).await;
    assert_eq!((status, &user["first_name"], &user["private_metadata"]), (200, &json!("Grace"), &json!({})));
    assert_eq!(user["email_addresses"][0]["email_address"], "grace@larkspur.example");
    let (status, body) = get(&sandbox, "/v1/users/user_nobody").await;
    assert_eq!((status, &body["errors"][0]["code"]), (404, &json!("resource_not_found")));
}

#[tokio::test]
async fn memberships_come_in_pages_and_end_when_they_end() {
    let sandbox = small().await;
    let path = membership_path("linus");
    let (status, first) = get(&sandbox, &format!("{path}?limit=2")).await;
    assert_eq!((status, first["data"].as_array().map(Vec::len), &first["total_count"]), (200, Some(2), &json!(3)));
    let (_, second) = get(&sandbox, &format!("{path}?limit=2&offset=2")).await;
    let last = &second["data"][0];
    assert_eq!((&last["organization"]["slug"], &last["role"]), (&json!("juniper-pine"), &json!("org:admin")));
    assert!(last["permissions"].as_array().is_some_and(|permissions| !permissions.is_empty()));
    assert_eq!(get(&sandbox, &format!("{path}?limit=501")).await.0, 422);

    sandbox.end_membership("linus", org(2)).expect("it ends");
    let (_, page) = get(&sandbox, &path).await;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["total_count"]), (Some(2), &json!(2)));
}

#[tokio::test]
async fn an_opaque_token_is_told_from_an_expired_a_revoked_and_an_unknown_one() {
    let hand = Hand::new();
    let options = Options { opaque_access_tokens: true, events: 300, clock: hand.clock(), ..Options::default() };
    let sandbox = start(options).await;
    let tokens = [signed_in(&sandbox, "ada", org(0)).await, signed_in(&sandbox, "grace", org(1)).await];
    let [ada, grace] = tokens.map(|tokens| text(&tokens, "access_token"));
    let (status, told) = verify(&sandbox, &ada).await;
    assert_eq!((status, &told["object"]), (200, &json!("clerk_idp_oauth_access_token")));
    assert_eq!((&told["client_id"], &told["subject"]), (&json!(sandbox.client_id()), &json!(person("ada").id)));
    assert_eq!((&told["revoked"], &told["expired"]), (&json!(false), &json!(false)));
    assert!(!told.to_string().contains(&ada), "the token itself is not repeated");

    let revocation = [("token", ada.as_str()), ("client_id", sandbox.client_id())];
    form(&sandbox, "/oauth/token/revoke", &revocation).send().await.expect("an answer");
    assert_eq!(verify(&sandbox, &ada).await.1["revoked"], json!(true));
    hand.pass(Duration::from_secs(86_400));
    let (_, told) = verify(&sandbox, &grace).await;
    assert_eq!((&told["revoked"], &told["expired"]), (&json!(false), &json!(true)));
    sandbox.end_sessions().expect("they end");
    assert_eq!(verify(&sandbox, &grace).await.1["revoked"], json!(true));
    assert_eq!(verify(&sandbox, "oat_never_given_out").await.0, 404);
}

#[tokio::test]
async fn too_many_requests_are_told_how_long_to_wait_until_it_is_lifted() {
    let sandbox = small().await;
    sandbox.limit_backend(Some(Duration::from_secs(7)));
    let request = http().get(format!("{}/v1/users/x", sandbox.backend())).bearer_auth(sandbox.secret_key());
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    sandbox.limit_backend(None);
    assert_eq!(get(&sandbox, "/v1/users/x").await.0, 404);
}

#[tokio::test]
async fn a_connection_file_for_a_broker_names_it_and_holds_no_template() {
    let sandbox = small().await;
    let text = sandbox.broker_connection_toml("https://tokens.example");
    let connection = perch_tenant::Connection::parse(&text).expect("a connection");
    assert_eq!(connection.token.name(), "broker");
    assert_eq!(connection.clerk.issuer.as_str(), sandbox.clerk());
    perch_tinybird::Template::parse(&sandbox.claims_template()).expect("a template of claims");
}

#[tokio::test]
async fn a_visitor_gets_the_tokens_that_an_app_would() {
    let sandbox = small().await;
    for (handle, slug, organization) in [("grace", "larkspur-books", json!(org(1))), ("noor", "", Value::Null)] {
        let tokens = perch_sandbox::visitor::tokens(&sandbox, handle, slug).await.expect("tokens");
        let (status, info) = crate::browser::userinfo(&sandbox, &text(&tokens, "access_token")).await;
        assert_eq!((status, &info["sub"], &info["org_id"]), (200, &json!(person(handle).id), &organization));
    }
}
