//! The sandbox from outside, over real sockets: what a client, a browser and
//! an attacker meet.

mod anyone;
mod backend;
mod browser;
mod consent;
mod fapi;
mod hosted;
mod hosted_way;
mod native;
mod operator;
mod pipes;
mod rates;
mod redirects;
mod restart;
mod specification;
mod tenant_token;
mod tokens;
mod whole_way;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use perch_sandbox::{Clock, Options, Sandbox};
use serde_json::{Value, json};

/// 2026-11-21 12:34:56 UTC, a Saturday: where tests that count stand.
const NOW: u64 = 1_795_264_496;

/// The moment [`NOW`].
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A sandbox with few events, for tests that do not count them.
async fn small() -> Sandbox {
    start(Options { events: 300, ..Options::default() }).await
}

async fn start(options: Options) -> Sandbox {
    Sandbox::start(options).await.expect("a sandbox")
}

/// A clock that a test moves.
#[derive(Clone)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW * 1000)))
    }

    fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let millis = Arc::clone(&self.0);
        Clock::new(move || UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
    }
}

/// An HTTP client that follows nothing and knows no proxy.
fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

/// An organization's id by its place in [`perch_sandbox::organizations`].
fn org(number: usize) -> &'static str {
    perch_sandbox::organizations()[number].id
}

/// The claims of a token that reads every pipe of `sandbox` for `org_id`.
fn claims(sandbox: &Sandbox, org_id: Option<&str>, expires: u64) -> Value {
    let connection = perch_tenant::Connection::parse(&sandbox.connection_toml()).expect("a connection");
    let template: Value =
        serde_json::from_str(connection.token.template().expect("a template of claims")).expect("a template");
    let pipes = template["scopes"].as_array().expect("scopes").iter().map(|scope| scope["resource"].clone());
    let fixed = org_id.map_or_else(|| json!({}), |id| json!({"org_id": id}));
    let scopes: Vec<Value> =
        pipes.map(|pipe| json!({"type": "PIPES:READ", "resource": pipe, "fixed_params": fixed})).collect();
    json!({"workspace_id": sandbox.workspace_id(), "name": "test", "exp": expires, "scopes": scopes})
}

/// Signs claims as the workspace does.
fn sign(sandbox: &Sandbox, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(sandbox.admin_token().as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("a token")
}

/// Asks a pipe, with a token that is good for two days after [`NOW`] or after
/// the machine's present, whichever is later.
async fn ask(sandbox: &Sandbox, org_id: Option<&str>, pipe_and_query: &str) -> Value {
    let present = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let token = sign(sandbox, &claims(sandbox, org_id, present.max(NOW) + 2 * 86_400));
    let response = http()
        .get(format!("{}/v0/pipes/{pipe_and_query}", sandbox.tinybird()))
        .bearer_auth(token)
        .send()
        .await
        .expect("an answer");
    let status = response.status();
    let body = response.text().await.expect("a body");
    assert_eq!(status, 200, "{pipe_and_query}: {body}");
    serde_json::from_str(&body).expect("JSON")
}
