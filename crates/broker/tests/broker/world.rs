//! A sandbox with people in it, and brokers before it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use perch_broker::{Clock, Options, Running, Sources, StartError};
use perch_sandbox::{Sandbox, organizations, people, visitor};
use perch_tenant::{Connection, Organization, Secret, Tenant, User};
use perch_tinybird::TenantToken;
use reqwest::{RequestBuilder, StatusCode, header};
use serde_json::Value;
use tempfile::TempDir;

/// Where viewers would reach the broker.
pub const PUBLIC_URL: &str = "https://tokens.acme.example";

/// How often the brokers of these tests look at their files.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A clock that a test moves.
#[derive(Clone)]
pub struct Hand(Arc<AtomicU64>);

impl Hand {
    /// One that shows the machine's present.
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Self(Arc::new(AtomicU64::new(now.as_secs() * 1_000)))
    }

    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    pub fn turn_back(&self, time: Duration) {
        self.0.fetch_sub(u64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The two services, and a folder for the operator's files.
pub struct World {
    pub sandbox: Sandbox,
    pub folder: TempDir,
    /// What the sandbox's clock shows, and a broker's unless it has its own.
    pub hand: Hand,
}

impl World {
    pub async fn new() -> Self {
        Self::with(perch_sandbox::Options::default()).await
    }

    pub async fn with(options: perch_sandbox::Options) -> Self {
        let hand = Hand::new();
        let theirs = hand.clone();
        let clock = perch_sandbox::Clock::new(move || theirs.now());
        let sandbox =
            Sandbox::start(perch_sandbox::Options { events: 300, clock, ..options }).await.expect("a sandbox");
        let world = Self { sandbox, folder: tempfile::tempdir().expect("a folder"), hand };
        world.write("connection.toml", &world.sandbox.broker_connection_toml(PUBLIC_URL));
        world.write("claims.json", &world.sandbox.claims_template());
        for (name, text) in Sandbox::dashboards() {
            world.write(&format!("dashboards/{name}.toml"), text);
        }
        world
    }

    /// Writes one of the operator's files, whole at once.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).expect("written");
        std::fs::rename(beside, path).expect("in its place");
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A configuration with the usual lines, and `more` before its tables.
    pub fn configuration(&self, more: &str) -> String {
        let api = self.sandbox.backend();
        format!(
            "listen = \"127.0.0.1:0\"\nconnection = \"connection.toml\"\ntemplate = \"claims.json\"\nclerk_api = \"{api}\"\n{more}"
        )
    }

    /// The two keys, as the process's variables.
    pub fn keys(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("CLERK_SECRET_KEY".to_owned(), self.sandbox.secret_key().to_owned()),
            ("TINYBIRD_JWT_SECRET".to_owned(), self.sandbox.admin_token().to_owned()),
        ])
    }

    /// A broker with the usual configuration and `more`.
    pub async fn broker(&self, more: &str) -> Broker {
        self.broker_at(&self.hand, more, self.keys()).await.expect("a broker")
    }

    /// The same with other variables, and a clock of its own.
    pub async fn broker_at(
        &self,
        hand: &Hand,
        more: &str,
        variables: BTreeMap<String, String>,
    ) -> Result<Broker, StartError> {
        self.write("broker.toml", &self.configuration(more));
        let theirs = hand.clone();
        let options = Options {
            sources: Sources { config: Some(self.path("broker.toml")), env_file: None, variables },
            clock: Clock::new(move || theirs.now()),
            look_again: LOOK_AGAIN,
        };
        let running = perch_broker::start(options).await?;
        let broker = Broker { origin: format!("http://{}", running.address()), running };
        broker.is_ready().await;
        Ok(broker)
    }

    /// The access token of an app in which somebody is signed in.
    pub async fn access_token(&self, handle: &str, organization: &str) -> String {
        let tokens = visitor::tokens(&self.sandbox, handle, organization).await.expect("tokens");
        text(&tokens, "access_token")
    }

    /// Reads a signed token as a viewer's app does: by the fence.
    pub fn admit(&self, token: &str, handle: &str, slug: &str) -> TenantToken {
        let connection = Connection::parse(&self.sandbox.broker_connection_toml(PUBLIC_URL)).expect("a connection");
        let user = User { id: person(handle).to_owned(), name: None, email: None };
        let organization = organizations().iter().find(|known| known.slug == slug).expect("an organization");
        let organization = Organization { id: organization.id.to_owned(), name: None, slug: None, role: None };
        let tenant = Tenant::new(&connection, user, Some(organization));
        let bind = connection.token.bindings();
        TenantToken::admit(Secret::new(token), &tenant, bind, self.hand.now()).expect("a token for this tenant")
    }
}

/// A broker that answers.
pub struct Broker {
    pub origin: String,
    pub running: Running,
}

impl Broker {
    async fn is_ready(&self) {
        for _ in 0..200 {
            if http().get(format!("{}/readyz", self.origin)).send().await.expect("an answer").status() == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the broker does not get ready");
    }

    /// `POST /token` without a body.
    pub async fn token(&self, access_token: &str) -> Answer {
        answer(http().post(format!("{}/token", self.origin)).bearer_auth(access_token)).await
    }

    /// `POST /token` with one.
    pub async fn token_after(&self, access_token: &str, refused_key: &str) -> Answer {
        let body = serde_json::json!({"refused_key": refused_key});
        answer(http().post(format!("{}/token", self.origin)).bearer_auth(access_token).json(&body)).await
    }

    /// `GET /connection`.
    pub async fn connection(&self, access_token: &str) -> Answer {
        self.get("/connection", access_token).await
    }

    pub async fn get(&self, path: &str, access_token: &str) -> Answer {
        answer(http().get(format!("{}{path}", self.origin)).bearer_auth(access_token)).await
    }

    /// What it has counted.
    pub async fn metrics(&self) -> String {
        let response = http().get(format!("{}/metrics", self.origin)).send().await.expect("an answer");
        response.text().await.expect("a text")
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The status and the code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"]["code"].as_str().unwrap_or("none"))
    }

    /// The token of an answer that has one.
    pub fn token(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["token"].as_str().expect("a token")
    }
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await.expect("a body");
    Answer { status, headers, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
}

/// An HTTP client that follows nothing and knows no proxy.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

/// A person's id.
pub fn person(handle: &str) -> &'static str {
    people().iter().find(|person| person.handle == handle).expect("somebody").id
}

pub fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}")).to_owned()
}

/// The pipes that a token reads.
pub fn pipes(token: &TenantToken) -> Vec<String> {
    let scopes = token.claims()["scopes"].as_array().expect("scopes");
    scopes.iter().map(|scope| text(scope, "resource")).collect()
}

/// The text of a dashboard that `GET /connection` serves.
pub fn dashboard(served: &Answer, id: &str) -> Option<String> {
    let dashboards = served.body["dashboards"].as_array().unwrap_or_else(|| panic!("no dashboards in {}", served.body));
    dashboards.iter().find(|dashboard| dashboard["id"] == id).map(|dashboard| text(dashboard, "text"))
}

/// Asks until `answers` does, for at most ten seconds.
pub async fn eventually(what: &str, mut answers: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if answers().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not happen that {what}");
}
