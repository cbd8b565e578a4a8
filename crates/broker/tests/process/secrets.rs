//! Whatever a broker writes and counts, no secret is in it.

use perch_sandbox::visitor;
use serde_json::Value;

use crate::process::{Office, http};

#[tokio::test]
async fn no_secret_is_in_the_log_in_an_error_or_in_a_metric() {
    let office = Office::new().await;
    office.configure("[limits]\nopaque_checks_per_second = 1");
    let folder = office.folder.path().to_owned();
    office.write("key", "p.the-previous-admin-token-of-the-sandbox");
    let mut command = office.command();
    command.env("CLERK_SECRET_KEY", office.sandbox.secret_key()).env("PERCH_LOG", "trace");
    command.env("TINYBIRD_JWT_SECRET", office.sandbox.admin_token());
    command.env("TINYBIRD_JWT_SECRET_PREVIOUS_FILE", folder.join("key"));
    let mut process = crate::process::Process::start(command.args(["--config", "broker.toml"])).await;
    let tokens = visitor::tokens(&office.sandbox, "ada", "harbor-coffee").await.expect("tokens");
    let shown = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let kept = [
        office.sandbox.secret_key().to_owned(),
        office.sandbox.admin_token().to_owned(),
        "p.the-previous-admin-token-of-the-sandbox".to_owned(),
        shown("access_token"),
        shown("id_token"),
        shown("refresh_token"),
        "oat_an-opaque-token-that-nobody-knows".to_owned(),
    ];

    let (mut told, mut signed) = (String::new(), Vec::new());
    for token in &kept[3..] {
        for path in ["token", "connection", "nowhere", token] {
            for method in [reqwest::Method::GET, reqwest::Method::POST] {
                let request = http().request(method, format!("{}/{path}?token={token}", process.origin));
                let answer = request.bearer_auth(token).send().await.expect("an answer");
                let body = answer.text().await.expect("a body");
                let answer: Value = serde_json::from_str(&body).unwrap_or_default();
                match answer["token"].as_str() {
                    Some(token) => signed.push(token.to_owned()),
                    None => told.push_str(&body),
                }
            }
        }
    }
    // A file that is wrong, while it runs.
    office.write("key", "p.the-previous-admin-token-of-the-sandbox and more");
    crate::process::eventually("the wrong file is told", async || {
        process.output().iter().any(|line| line.contains("config-no-key")).then_some(())
    })
    .await;
    let metrics = http().get(format!("{}/metrics", process.origin)).send().await.expect("an answer");
    told.push_str(&metrics.text().await.expect("a text"));
    process.terminate();
    process.end().await;
    let log = process.output();
    assert!(log.iter().any(|line| line.contains("config-no-key")), "the wrong file is told");
    assert!(log.len() > 20 && !signed.is_empty(), "there is something to search, and a signed token");
    told.push_str(&log.join("\n"));

    for secret in kept.iter().chain(&signed) {
        assert!(!told.contains(secret.as_str()), "{secret} is told");
        // Nor the part of it that makes it one: a JWT's signature.
        if let Some((_, signature)) = secret.rsplit_once('.').filter(|_| secret.matches('.').count() == 2) {
            assert!(!told.contains(signature), "{signature} is told");
        }
    }
}
