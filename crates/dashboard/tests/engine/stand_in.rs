//! A real server on loopback that speaks Tinybird's form, and what an engine
//! needs beside it: a sealed store, a source of tokens, a clock to turn.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Path as UrlPath, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use perch_dashboard::{Dashboard, Engine, Tile, TileData, TokenError, Tokens};
use perch_offline::Store;
use perch_tenant::{Connection, Organization, Secret, Tenant, TenantId, TokenSource, User};
use perch_tinybird::{Client, PublicToken, Template, TenantToken, mint};
use tokio::sync::Semaphore;

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Answers,
    /// 400, which no client asks again.
    Refuses,
    /// 503, after which a client asks again.
    Stumbles,
    /// 200 with something else than an answer.
    Babbles,
}

/// A pipe server. Each answer has one row: the organization that the token
/// fixes, and the request's number.
pub struct Server {
    pub address: String,
    state: Arc<ServerState>,
    serving: tokio::task::JoinHandle<()>,
}

struct ServerState {
    mood: Mutex<Mood>,
    requests: Mutex<Vec<String>>,
    refused: Mutex<HashSet<String>>,
    gate: Semaphore,
}

impl Server {
    pub async fn start() -> Self {
        let state = Arc::new(ServerState {
            mood: Mutex::new(Mood::Answers),
            requests: Mutex::default(),
            refused: Mutex::default(),
            gate: Semaphore::new(10_000),
        });
        let router = Router::new().route("/v0/pipes/{pipe}", get(answer)).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        Self { address, state, serving }
    }

    pub fn set(&self, mood: Mood) {
        *self.state.mood.lock().expect("a lock") = mood;
    }

    /// The requests so far: `pipe?query`.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().expect("a lock").clone()
    }

    /// Answers these tokens with 403 from now on.
    pub fn refuse(&self, token: &str) {
        self.state.refused.lock().expect("a lock").insert(token.to_owned());
    }

    /// Lets `count` requests through, then holds all others.
    pub fn hold_after(&self, count: usize) {
        self.state.gate.forget_permits(10_000);
        self.state.gate.add_permits(count);
    }

    pub fn release(&self) {
        self.state.gate.add_permits(10_000);
    }

    /// Waits until `count` requests have come.
    pub async fn wait_for(&self, count: usize) {
        while self.requests().len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn stop(&self) {
        self.serving.abort();
    }
}

async fn answer(
    State(state): State<Arc<ServerState>>,
    UrlPath(pipe): UrlPath<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = token.trim_start_matches("Bearer ").to_owned();
    let number = {
        let mut requests = state.requests.lock().expect("a lock");
        requests.push(format!("{pipe}?{}", query.unwrap_or_default()));
        requests.len()
    };
    state.gate.acquire().await.expect("a gate").forget();
    if state.refused.lock().expect("a lock").contains(&token) {
        return (StatusCode::FORBIDDEN, r#"{"error": "invalid token", "documentation": ""}"#).into_response();
    }
    let mood = *state.mood.lock().expect("a lock");
    match mood {
        Mood::Refuses => (StatusCode::BAD_REQUEST, r#"{"error": "no", "documentation": ""}"#).into_response(),
        Mood::Stumbles => (StatusCode::SERVICE_UNAVAILABLE, "").into_response(),
        Mood::Babbles => "<html>captive portal</html>".into_response(),
        Mood::Answers => {
            let organization = fixed_organization(&token);
            format!(
                r#"{{"meta": [{{"name": "org", "type": "String"}}, {{"name": "n", "type": "UInt64"}}],
                    "data": [{{"org": "{organization}", "n": {number}}}], "rows": 1}}"#
            )
            .into_response()
        }
    }
}

/// The token of what anyone may see, which tells nothing.
pub const PUBLIC: &str = "p.public";

/// The organization that a token fixes; everyone for the one that fixes none.
fn fixed_organization(token: &str) -> String {
    use base64::Engine as _;

    if token == PUBLIC {
        return "everyone".to_owned();
    }
    let claims = token.split('.').nth(1).expect("a JWT");
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let claims: serde_json::Value = serde_json::from_slice(&claims).expect("claims");
    claims["scopes"][0]["fixed_params"]["org_id"].as_str().expect("a fixed parameter").to_owned()
}

/// A clock that stands until it is turned.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Noon in UTC on 10 June 2026.
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_781_092_800)))
    }

    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }

    pub fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// A source that signs tokens, as the app's own does.
pub struct Signing {
    tenant: Tenant,
    connection: Connection,
    clock: Clock,
    current: Mutex<Option<Arc<TenantToken>>>,
    pub renewals: AtomicUsize,
}

impl Signing {
    fn sign(&self) -> Arc<TenantToken> {
        // Lifetimes that differ make tokens that differ within one second.
        let number = self.renewals.fetch_add(1, Ordering::SeqCst);
        let longer = Duration::from_secs(u64::try_from(number).expect("small"));
        sign_for(&self.connection, &self.tenant, self.clock.now(), longer)
    }

    pub fn current(&self) -> Arc<TenantToken> {
        Arc::clone(self.current.lock().expect("a lock").get_or_insert_with(|| self.sign()))
    }
}

/// A tenant's token, for a month.
pub fn sign(connection: &Connection, tenant: &Tenant, now: SystemTime) -> Arc<TenantToken> {
    sign_for(connection, tenant, now, Duration::ZERO)
}

fn sign_for(connection: &Connection, tenant: &Tenant, now: SystemTime, longer: Duration) -> Arc<TenantToken> {
    let TokenSource::Mint { template, bind, .. } = &connection.token else { panic!("a connection that mints") };
    let template = Template::parse(template).expect("a template");
    let lifetime = Duration::from_secs(30 * 86_400) + longer;
    let raw = mint(&Secret::new("admin"), &template, tenant, lifetime, now).expect("a token");
    Arc::new(TenantToken::admit(raw, tenant, bind, now).expect("a token for this tenant"))
}

impl Tokens for Signing {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        if fresh {
            *self.current.lock().expect("a lock") = Some(self.sign());
        }
        let token = self.current();
        async move { Ok(token) }.boxed()
    }

    fn source(&self) -> &str {
        "mint"
    }
}

/// One tenant's engine and what it stands on.
pub struct Visit {
    pub engine: Engine,
    pub tokens: Arc<Signing>,
    pub tenant: Tenant,
}

pub fn tenant(server: &str, organization: &str) -> (Connection, Tenant) {
    let template = r#"{"name": "{{org.id}}", "workspace_id": "w", "scopes": [
        {"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}},
        {"type": "PIPES:READ", "resource": "top_pages", "fixed_params": {"org_id": "{{org.id}}"}}]}"#;
    let text = format!(
        "version = 1\nname = \"Test\"\n[clerk]\nissuer = \"https://clerk.example\"\nclient_id = \"c\"\n\
         [tinybird]\nhost = \"{server}\"\nworkspace_id = \"w\"\n\
         [token]\nsource = \"mint\"\nbind = {{ org_id = \"org.id\" }}\ntemplate = '''{template}'''\n"
    );
    let connection = Connection::parse(&text).expect("a connection");
    let user = User { id: "user_1".into(), name: None, email: None };
    let organization = Organization { id: organization.into(), name: None, slug: None, role: None };
    let tenant = Tenant::new(&connection, user, Some(organization));
    (connection, tenant)
}

impl Visit {
    /// Opens the tenant's store in `dir`, as an app that starts does.
    pub fn begin(dir: &Path, server: &str, organization: &str, clock: &Clock) -> Self {
        let (connection, tenant) = tenant(server, organization);
        let opened = Store::open(dir, &tenant.id(), &Secret::new("0".repeat(64))).expect("a store");
        assert_eq!(opened.notice, None);
        let tokens = Arc::new(Signing {
            tenant: tenant.clone(),
            connection,
            clock: clock.clone(),
            current: Mutex::default(),
            renewals: AtomicUsize::new(0),
        });
        let engine = Self::engine(&tenant, opened.store, Arc::clone(&tokens) as Arc<dyn Tokens>, clock);
        Self { engine, tokens, tenant }
    }

    pub fn engine(tenant: &Tenant, store: Store, tokens: Arc<dyn Tokens>, clock: &Clock) -> Engine {
        let client = Client::new().expect("a client");
        let clock = clock.clone();
        Engine::in_zone(tenant.clone(), store, client, tokens, Arc::new(move || clock.now()), TimeZone::UTC)
    }
}

/// The engine of what anyone may see, as it starts over its store in `dir`.
pub fn public(dir: &Path, server: &str, clock: &Clock) -> Engine {
    let (connection, _) = tenant(server, "org_a");
    let (nobody, clock) = (TenantId::public(&connection), clock.clone());
    let store = Store::open(dir, &nobody, &Secret::new("0".repeat(64))).expect("a store").store;
    let host = connection.tinybird.host.clone();
    let token = PublicToken::new(Secret::new(PUBLIC), host, "w", clock.now()).expect("a token");
    Engine::public(nobody, store, Client::new().expect("a client"), token, Arc::new(move || clock.now()))
}

/// A tile of a dashboard that anyone may see.
pub fn public_tile(pipe: &str) -> Tile {
    marked("public = true", pipe, "")
}

/// A tile with these lines added.
pub fn tile(pipe: &str, lines: &str) -> Tile {
    marked("", pipe, lines)
}

fn marked(mark: &str, pipe: &str, lines: &str) -> Tile {
    let text = format!(
        "version = 2\n{mark}\ntitle = \"T\"\n[time]\n[[filter]]\nname = \"device\"\n[[tile]]\ntitle = \"A\"\npipe = \"{pipe}\"\nrefresh = \"60s\"\n{lines}\n\
         [tile.chart]\nkind = \"table\"\n"
    );
    Dashboard::parse("test", &text).expect("a dashboard").tiles.remove(0)
}

/// The organization and the number that a tile shows.
pub fn shown(data: &TileData) -> (String, u32) {
    row(&data.answer)
}

pub fn row(answer: &perch_tinybird::Answer) -> (String, u32) {
    let text = |name: &str| {
        let column = answer.table.column(name).expect("a column");
        column.text(0).expect("a value").into_owned()
    };
    (text("org"), text("n").parse().expect("a number"))
}
