//! `limits.rps`, told in headers and kept.

use std::time::Duration;

use perch_sandbox::{Options, Sandbox};
use reqwest::Response;
use serde_json::{Value, json};

use crate::{Hand, NOW, claims, http, org, sign, start};

async fn get(sandbox: &Sandbox, token: &str) -> Response {
    let address = format!("{}/v0/pipes/top_devices.json", sandbox.tinybird());
    http().get(address).bearer_auth(token).send().await.expect("an answer")
}

fn number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok())
}

#[tokio::test]
async fn more_than_the_limit_is_told_to_wait_and_waiting_helps() {
    let hand = Hand::new();
    let sandbox = start(Options { events: 300, clock: hand.clock(), ..Options::default() }).await;
    let mut limited = claims(&sandbox, Some(org(0)), NOW + 600);
    limited["limits"] = json!({"rps": 3});
    let token = sign(&sandbox, &limited);
    for left in [2, 1, 0] {
        let response = get(&sandbox, &token).await;
        assert_eq!(response.status(), 200);
        assert_eq!(number(&response, "x-ratelimit-limit"), Some(3));
        assert_eq!(number(&response, "x-ratelimit-remaining"), Some(left));
    }
    let refused = get(&sandbox, &token).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(number(&refused, "retry-after"), Some(1));
    assert_eq!(number(&refused, "x-ratelimit-remaining"), Some(0));
    assert_eq!(number(&refused, "x-ratelimit-reset"), Some(1));
    let body: Value = refused.json().await.expect("JSON");
    assert!(body["error"].is_string() && body["documentation"].is_string(), "{body}");

    // The count is per name: another person is not starved.
    limited["name"] = json!("somebody else");
    assert_eq!(get(&sandbox, &sign(&sandbox, &limited)).await.status(), 200);

    hand.pass(Duration::from_secs(1));
    assert_eq!(get(&sandbox, &token).await.status(), 200);
}

#[tokio::test]
async fn a_token_without_a_limit_has_none() {
    let hand = Hand::new();
    let sandbox = start(Options { events: 300, clock: hand.clock(), ..Options::default() }).await;
    let token = sign(&sandbox, &claims(&sandbox, Some(org(0)), NOW + 600));
    for _ in 0..40 {
        let response = get(&sandbox, &token).await;
        assert_eq!(response.status(), 200);
        assert_eq!(number(&response, "x-ratelimit-limit"), None);
    }
}
