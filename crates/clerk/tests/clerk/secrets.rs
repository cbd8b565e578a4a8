//! What must never be printed: codes, verifiers, states, nonces, tokens. Not by
//! `Debug`, not by an error, not in the log, not on the browser's page.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;
use perch_clerk::{ClerkError, Prompt, Provider, Session, SignIn};
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::browser::{open, parameter, send_raw, sign_in_at_provider};
use crate::provider::{Clerk, oauth_error};
use crate::sign_in::redirect_port;

/// The log, kept. Everything that Perch's own crates say, and of the others
/// what the app's filter lets through.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn keep() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("warn,perch_clerk=trace"))
            .with_writer(move || writer.clone())
            .finish();
        (log, subscriber.set_default())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a lock")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sign-in, with everything that is printed on its way: the values that print
/// themselves, and the page.
async fn printed(provider: &Provider, secrets: &mut Vec<String>) -> (Result<Session, ClerkError>, String) {
    let begun = SignIn::begin(provider, Prompt::Consent).await.expect("a listener");
    let mut printed = format!("{begun:?} {provider:?}");
    let url = begun.url().clone();
    secrets.extend([parameter(&url, "state"), parameter(&url, "nonce")]);
    let flow = tokio::spawn(begun.finish(std::time::SystemTime::now));
    let callback = sign_in_at_provider(&url).await;
    secrets.push(parameter(&callback, "code"));

    // Strays, one of them with the right state, and a connection that breaks off.
    let port = redirect_port(&url);
    let target = format!("{}?{}", callback.path(), callback.query().expect("a query"));
    for request in [
        format!("POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n"),
        format!("GET {target}&state=x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
        format!("{target}\r\n\r\n"),
    ] {
        printed += &send_raw(port, &request).await;
    }

    let shown = open(&callback).await.expect("a page");
    printed += &shown.html;
    let outcome = flow.await.expect("no panic");
    printed += &format!("{outcome:?}");
    if let Err(error) = &outcome {
        printed += &format!("{error} {} {}", error.code(), error.next_step());
    }
    (outcome.map(|signed_in| signed_in.session), printed)
}

/// Claims that none of the secrets is in the text.
fn assert_silent(text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!secret.is_empty() && !text.contains(secret.as_str()), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_sign_in_and_a_renewal_print_no_secret() {
    let (log, _guard) = Log::keep();
    let (clerk, provider) = Clerk::discovered().await;
    let mut secrets = ["opaque-access", "refresh-", "eyJ"].map(str::to_owned).to_vec();
    let (outcome, mut printed) = printed(&provider, &mut secrets).await;
    let session = outcome.expect("signed in");
    let renewed = Session::renew(&provider, session.refresh_token(), session.user_id()).await.expect("renewed");
    printed += &format!("{session:?} {renewed:?}");
    secrets.push(clerk.memory().token_requests[0]["code_verifier"].clone());

    assert_silent(&printed, &secrets);
    let log = log.text();
    assert!(log.contains("is not its callback"), "the log is kept: {log}");
    assert_silent(&log, &secrets);
}

#[tokio::test]
async fn no_error_prints_a_secret() {
    let (log, _guard) = Log::keep();
    let (clerk, provider) = Clerk::discovered().await;
    let secret = "eyJ-a-token-that-came-back";
    let answers: [fn() -> axum::response::Response; 5] = [
        || "access_token=eyJ-a-token-that-came-back".into_response(),
        || axum::Json(json!({"access_token": {"eyJ-a-token-that-came-back": 1}})).into_response(),
        || axum::Json(json!({"access_token": "eyJ-a-token-that-came-back", "token_type": []})).into_response(),
        || oauth_error(400, "eyJ-a-token-that-came-back"),
        || {
            let described = json!({"error": "invalid_request", "error_description": "eyJ-a-token-that-came-back"});
            (axum::http::StatusCode::BAD_REQUEST, axum::Json(described)).into_response()
        },
    ];
    for answer in answers {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(answer)));
        let mut secrets = vec![secret.to_owned()];
        let (outcome, printed) = printed(&provider, &mut secrets).await;
        assert!(outcome.is_err());
        assert_silent(&printed, &secrets);
        assert_silent(&log.text(), &secrets);
    }
}
