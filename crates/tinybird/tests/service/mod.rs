//! A server on loopback that answers as a test wants and remembers what it was
//! asked, and a token for it.

pub mod secure;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};
use perch_tenant::{Attribute, Bindings, Organization, Origin, Secret, Tenant, User};
use perch_tinybird::{Client, Parameters, PipeError, PipeErrorKind, PipeName, Template, TenantToken, mint};

/// One request as the service got it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub uri: String,
    pub version: Version,
    pub authorization: String,
    pub accepts: String,
    pub body: Bytes,
    pub at: Instant,
}

/// Answers the n-th request, counted from 0.
type Answer = dyn Fn(usize) -> Response + Send + Sync;

type Desk = (Arc<Mutex<Vec<Seen>>>, Arc<Answer>);

pub struct Service {
    pub origin: Origin,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Service {
    pub async fn start(answer: impl Fn(usize) -> Response + Send + Sync + 'static) -> Self {
        let (router, seen) = router(answer);
        Self { seen, ..Self::serve(router).await }
    }

    /// One that answers in its own way, and remembers nothing.
    pub async fn serve(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin: Origin::parse(&origin).expect("an origin"), seen: Arc::default() }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }
}

/// Answers and remembers.
pub fn router(answer: impl Fn(usize) -> Response + Send + Sync + 'static) -> (Router, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let answer: Arc<Answer> = Arc::new(answer);
    (Router::new().fallback(record).with_state((Arc::clone(&seen), answer)), seen)
}

async fn record(State((seen, answer)): State<Desk>, request: Request) -> Response {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let told = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let mut seen = seen.lock().expect("no panic");
    seen.push(Seen {
        method: head.method.to_string(),
        uri: head.uri.to_string(),
        version: head.version,
        authorization: told(header::AUTHORIZATION),
        accepts: told(header::ACCEPT_ENCODING),
        body,
        at,
    });
    answer(seen.len() - 1)
}

pub fn token_at(origin: &Origin, rps: Option<u32>, lifetime: Duration) -> TenantToken {
    let tenant = Tenant {
        issuer: origin.clone(),
        user: User { id: "user_1".to_owned(), name: None, email: None },
        organization: Some(Organization { id: "org_1".to_owned(), name: None, slug: None, role: None }),
        tinybird: origin.clone(),
        workspace_id: "w".to_owned(),
    };
    let template = r#"{"workspace_id": "w", "limits": {"rps": RPS}, "scopes": [
        {"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}}]}"#;
    let template = template.replace("RPS", &rps.map_or("null".to_owned(), |rps| rps.to_string()));
    let template = Template::parse(&template).expect("a template");
    let now = SystemTime::now();
    let raw = mint(&Secret::new("p.admin"), &template, &tenant, lifetime, now).expect("a token");
    let bind = Bindings::try_from(BTreeMap::from([("org_id".to_owned(), Attribute::OrgId)])).expect("bindings");
    TenantToken::admit(raw, &tenant, &bind, now).expect("a good token")
}

pub fn token(service: &Service) -> TenantToken {
    token_at(&service.origin, None, Duration::from_secs(600))
}

pub fn kpis() -> PipeName {
    PipeName::parse("kpis").expect("a name")
}

pub async fn ask(client: &Client, token: &TenantToken, parameters: &Parameters) -> Result<Vec<u8>, PipeError> {
    client.query(token, &kpis(), parameters, SystemTime::now()).await
}

pub fn kind(outcome: Result<Vec<u8>, PipeError>) -> PipeErrorKind {
    outcome.expect_err("an error").kind().clone()
}

pub async fn outcome(service: &Service) -> Result<Vec<u8>, PipeError> {
    ask(&Client::new().expect("a client"), &token(service), &Parameters::default()).await
}

pub fn status(code: u16, body: &'static str) -> Response {
    (StatusCode::from_u16(code).expect("a status"), body).into_response()
}

pub fn limited(wait: &'static str) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], "{}").into_response()
}
