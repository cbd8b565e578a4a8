//! Who may ask a pipe, and for whose rows.

use std::time::Duration;

use perch_sandbox::{Options, Sandbox, people};
use perch_tenant::{Attribute, Connection, SignInMethod};
use reqwest::header;
use serde_json::{Value, json};

use crate::{Hand, NOW, ask, claims, http, org, sign, small, start};

async fn sandbox_at(hand: &Hand) -> Sandbox {
    start(Options { events: 300, clock: hand.clock(), ..Options::default() }).await
}

async fn status(sandbox: &Sandbox, token: &str, pipe: &str) -> (u16, Value) {
    let address = format!("{}/v0/pipes/{pipe}", sandbox.tinybird());
    let response = http().get(address).bearer_auth(token).send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_token_is_good_until_it_expires() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let token = sign(&sandbox, &claims(&sandbox, Some(org(0)), NOW + 60));
    hand.pass(Duration::from_secs(59));
    assert_eq!(status(&sandbox, &token, "kpis.json").await.0, 200);
    hand.pass(Duration::from_secs(1));
    let (code, body) = status(&sandbox, &token, "kpis.json").await;
    assert_eq!(code, 403);
    assert!(body["error"].as_str().is_some_and(|error| error.contains("expired")), "{body}");
    assert!(body["documentation"].as_str().is_some_and(|address| address.starts_with("https://")), "{body}");
}

#[tokio::test]
async fn a_token_that_was_not_signed_for_this_workspace_is_refused() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let good = claims(&sandbox, Some(org(0)), NOW + 60);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let sign_with = |key: &str, algorithm| {
        let key = jsonwebtoken::EncodingKey::from_secret(key.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), &good, &key).expect("a token")
    };
    let signed = sign(&sandbox, &good);
    let unsigned = {
        let body = signed.split('.').nth(1).expect("claims");
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")
    };
    let mut no_expiry = good.clone();
    no_expiry.as_object_mut().expect("an object").remove("exp");
    for (why, token) in [
        ("another key", sign_with("p.another-workspace", jsonwebtoken::Algorithm::HS256)),
        ("another algorithm", sign_with(sandbox.admin_token(), jsonwebtoken::Algorithm::HS512)),
        ("no signature", unsigned),
        ("cut off", signed[..signed.len() - 2].to_owned()),
        ("another workspace", sign(&sandbox, &with("workspace_id", json!("5a4db0c5-0000-4000-8000-000000000002")))),
        ("no expiry", sign(&sandbox, &no_expiry)),
        ("the admin token itself", sandbox.admin_token().to_owned()),
        ("no token", String::new()),
    ] {
        assert_eq!(status(&sandbox, &token, "kpis.json").await.0, 403, "{why}");
    }
    assert_eq!(status(&sandbox, &signed, "kpis.json").await.0, 200);
}

#[tokio::test]
async fn a_token_reads_the_pipes_of_its_scopes_only() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let mut claims = claims(&sandbox, Some(org(0)), NOW + 60);
    claims["scopes"] = json!([
        {"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": org(0)}},
        {"type": "PIPE:READ", "resource": "trend", "fixed_params": {"org_id": org(0)}},
        {"type": "DATASOURCES:READ", "resource": "funnel"},
    ]);
    let token = sign(&sandbox, &claims);
    assert_eq!(status(&sandbox, &token, "kpis.json").await.0, 200);
    for pipe in ["trend.json", "funnel.json", "top_pages.json"] {
        assert_eq!(status(&sandbox, &token, pipe).await.0, 403, "{pipe}");
    }
    for nothing in ["nothing.json", "kpis", "kpis.csv", "KPIS.json", "..%2Fkpis.json"] {
        assert_eq!(status(&sandbox, &token, nothing).await.0, 404, "{nothing}");
    }
}

#[tokio::test]
async fn a_token_in_the_address_is_no_token() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let token = sign(&sandbox, &claims(&sandbox, Some(org(0)), NOW + 60));
    let address = format!("{}/v0/pipes/kpis.json?token={token}", sandbox.tinybird());
    assert_eq!(http().get(address).send().await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn fixed_parameters_win_over_the_requests_own() {
    let sandbox = small().await;
    let dates = "date_from=2000-01-01&date_to=2099-01-01";
    let own = ask(&sandbox, Some(org(0)), &format!("top_pages.json?{dates}")).await;
    let other = ask(&sandbox, Some(org(1)), &format!("top_pages.json?{dates}")).await;
    assert_ne!(own["data"], other["data"]);
    for attempt in [
        format!("top_pages.json?{dates}&org_id={}", org(1)),
        format!("top_pages.json?org_id={}&{dates}&org_id={}", org(1), org(1)),
        format!("top_pages.json?{dates}&org%5Fid={}", org(1)),
    ] {
        assert_eq!(ask(&sandbox, Some(org(0)), &attempt).await["data"], own["data"], "{attempt}");
    }
}

#[tokio::test]
async fn fixed_parameters_win_over_a_posted_body_too() {
    let hand = Hand::new();
    let sandbox = sandbox_at(&hand).await;
    let token = sign(&sandbox, &claims(&sandbox, Some(org(0)), NOW + 60));
    let post = || http().post(format!("{}/v0/pipes/top_pages.json", sandbox.tinybird())).bearer_auth(&token);
    let rows = |request: reqwest::RequestBuilder| async {
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer["rows"].as_u64().is_some_and(|rows| rows > 0), "{answer}");
        answer["data"].clone()
    };
    let own = rows(post().form(&[("date_from", "2026-09-01")])).await;
    assert_eq!(rows(post().form(&[("date_from", "2026-09-01"), ("org_id", org(1))])).await, own);
    assert_eq!(rows(post().json(&json!({"date_from": "2026-09-01", "org_id": org(1)}))).await, own);
    let one = rows(post().json(&json!({"date_from": "2026-09-01", "limit": 1}))).await;
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    let broken = post().header(header::CONTENT_TYPE, "application/json").body("{").send().await.expect("an answer");
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn a_token_without_the_fixed_parameter_sees_everybodys_rows() {
    // The trap that the fence is for. If this pipe were safe by itself, no
    // test of the fence would prove anything.
    let sandbox = small().await;
    let visits = |answer: Value| -> u64 {
        answer["data"].as_array().expect("rows").iter().filter_map(|row| row["visits"].as_u64()).sum()
    };
    let query = "top_devices.json?date_from=2000-01-01&date_to=2099-01-01";
    let mut each = 0;
    for number in 0..3 {
        each += visits(ask(&sandbox, Some(org(number)), query).await);
    }
    assert_eq!(visits(ask(&sandbox, None, query).await), each);
}

#[tokio::test]
async fn requests_are_counted_whether_they_are_answered_or_not() {
    let sandbox = small().await;
    assert_eq!(sandbox.pipe_queries(), 0);
    ask(&sandbox, Some(org(0)), "kpis.json").await;
    status(&sandbox, "no token", "kpis.json").await;
    assert_eq!(sandbox.pipe_queries(), 2);
}

#[tokio::test]
async fn the_connection_file_is_one_that_perch_reads() {
    let sandbox = small().await;
    let connection = Connection::parse(&sandbox.connection_toml()).expect("a connection");
    assert_eq!(connection.clerk.issuer.as_str(), sandbox.clerk());
    let SignInMethod::OAuth(application) = &connection.clerk.sign_in else { panic!("an OAuth application") };
    assert_eq!(&*application.client_id, sandbox.client_id());
    assert_eq!(connection.tinybird.host.as_str(), sandbox.tinybird());
    assert_eq!(connection.token.bindings().iter().collect::<Vec<_>>(), [("org_id", Attribute::OrgId)]);
    let template: Value =
        serde_json::from_str(connection.token.template().expect("a template of claims")).expect("JSON");
    assert_eq!(template["limits"]["rps"], 30);
    let scopes = template["scopes"].as_array().expect("scopes");
    assert!(scopes.len() >= 8);
    assert!(scopes.iter().all(|scope| scope["fixed_params"] == json!({"org_id": "{{org.id}}"})));
    assert!(!sandbox.connection_toml().contains(sandbox.admin_token()));
}

#[test]
fn the_people_are_members_of_one_two_three_and_no_organizations() {
    let memberships: Vec<usize> = people().iter().map(|person| person.memberships.len()).collect();
    assert_eq!(memberships, [1, 2, 3, 0]);
    let roles =
        |role| people().iter().flat_map(|person| person.memberships).filter(|member| member.role == role).count();
    assert!(roles("org:admin") > 0 && roles("org:member") > 0);
}
