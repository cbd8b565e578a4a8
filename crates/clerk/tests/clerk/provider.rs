//! An OpenID provider on loopback, in the shape of Clerk's: discovery, keys,
//! authorization (which grants without asking), token endpoint with PKCE, codes
//! that work once, refresh tokens that rotate, userinfo, revocation. A test
//! bends one of its answers and sees what Perch makes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_clerk::{ClerkError, Provider, http_client};
use perch_tenant::{OAuthApplication, Origin};
use serde_json::{Value, json};
use url::Url;

pub const CLIENT_ID: &str = "oauth_app_1";

/// A change to one of the provider's answers.
pub type Bend<T> = Option<Box<dyn Fn(&mut T) + Send>>;

/// Another way to make an ID token.
pub type Sign = Box<dyn Fn(&Header, &Value) -> String + Send>;

/// A whole answer.
pub type Answer = Box<dyn Fn() -> Response + Send>;

/// What the provider does other than it should. All `None` at first.
#[derive(Default)]
pub struct Bent {
    pub discovery: Bend<Value>,
    pub keys: Bend<Value>,
    /// Instead of the key set.
    pub keys_answer: Option<Answer>,
    pub header: Bend<Header>,
    pub claims: Bend<Value>,
    /// Instead of signing: the whole ID token, from its header and claims.
    pub sign: Option<Sign>,
    pub tokens: Bend<Value>,
    pub userinfo: Bend<Value>,
    /// Instead of userinfo's answer.
    pub userinfo_answer: Option<Answer>,
    /// Instead of the token endpoint's answer.
    pub token_answer: Option<Answer>,
    /// Redeems a code for whatever redirect address.
    pub any_redirect: bool,
    /// Redeems a code with whatever verifier.
    pub any_verifier: bool,
}

/// What the provider remembers.
#[derive(Default)]
pub struct Memory {
    pub bent: Bent,
    codes: HashMap<String, Grant>,
    access_tokens: Vec<String>,
    refresh_tokens: Vec<String>,
    issued: u32,
    /// Forms that reached the token endpoint.
    pub token_requests: Vec<HashMap<String, String>>,
    pub key_requests: u32,
    pub revoked: Vec<String>,
    /// Requests to where a redirect would lead.
    pub strayed: u32,
}

struct Grant {
    challenge: String,
    nonce: String,
    redirect: String,
}

/// The running provider. Stops with the runtime of its test.
#[derive(Clone)]
pub struct Clerk(Arc<Inner>);

pub struct Inner {
    pub origin: String,
    key: EncodingKey,
    jwk: Value,
    memory: Mutex<Memory>,
}

/// A new RSA key: for signing, and as a public JWK with this id.
pub fn rsa_key(id: &str) -> (EncodingKey, Value) {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("its encoding");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a signing key");
    let mut jwk =
        serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::RS256).expect("its public half")).expect("JSON");
    jwk["kid"] = id.into();
    jwk["use"] = "sig".into();
    (key, jwk)
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

impl Clerk {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (key, jwk) = rsa_key("ins_1");
        let clerk = Self(Arc::new(Inner { origin, key, jwk, memory: Mutex::default() }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/.well-known/jwks.json", get(keys))
            .route("/oauth/authorize", get(authorize))
            .route("/oauth/token", post(token))
            .route("/oauth/userinfo", get(userinfo))
            .route("/oauth/token/revoke", post(revoke))
            .route("/elsewhere", get(elsewhere).post(elsewhere))
            .with_state(clerk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        clerk
    }

    /// A provider that answers as it should, and Perch's view of it.
    pub async fn discovered() -> (Self, Provider) {
        let clerk = Self::start().await;
        let provider = clerk.discover().await.expect("discovery");
        (clerk, provider)
    }

    pub async fn discover(&self) -> Result<Provider, ClerkError> {
        self.discover_at(&self.issuer()).await
    }

    pub async fn discover_at(&self, issuer: &Origin) -> Result<Provider, ClerkError> {
        discover(issuer, OAuthApplication::default_scopes()).await
    }

    /// As a connection whose file names these scopes.
    pub async fn discover_for(&self, scopes: &[&str]) -> Provider {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        discover(&self.issuer(), scopes).await.expect("discovery")
    }

    pub fn issuer(&self) -> Origin {
        Origin::parse(&self.0.origin).expect("an origin")
    }

    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().expect("a lock")
    }

    pub fn bend(&self, bend: impl FnOnce(&mut Bent)) {
        bend(&mut self.memory().bent);
    }

    /// The public half of the signing key, as a JWK.
    pub fn public_key(&self) -> Value {
        self.0.jwk.clone()
    }

    fn id_token(&self, memory: &Memory, nonce: Option<&str>) -> String {
        let mut header = Header { kid: Some("ins_1".to_owned()), ..Header::new(Algorithm::RS256) };
        let mut claims = json!({
            "iss": self.origin(), "sub": "user_ada", "aud": CLIENT_ID, "iat": now(), "exp": now() + 86_400,
            "org_id": "org_acme",
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        bend(&memory.bent.header, &mut header);
        bend(&memory.bent.claims, &mut claims);
        match &memory.bent.sign {
            Some(sign) => sign(&header, &claims),
            None => jsonwebtoken::encode(&header, &claims, &self.0.key).expect("signed"),
        }
    }

    fn tokens(&self, memory: &mut Memory, nonce: Option<&str>) -> Response {
        memory.issued += 1;
        let refresh_token = format!("refresh-{}", memory.issued);
        memory.refresh_tokens.push(refresh_token.clone());
        let mut tokens = json!({
            "access_token": format!("opaque-access-{}", memory.issued), "token_type": "Bearer", "expires_in": 86_400,
            "refresh_token": refresh_token, "id_token": self.id_token(memory, nonce),
        });
        bend(&memory.bent.tokens, &mut tokens);
        memory.access_tokens.extend(tokens["access_token"].as_str().map(str::to_owned));
        axum::Json(tokens).into_response()
    }
}

async fn discover(issuer: &Origin, scopes: Vec<String>) -> Result<Provider, ClerkError> {
    let application = OAuthApplication { client_id: CLIENT_ID.to_owned().try_into().expect("a name"), scopes };
    Provider::discover(&http_client().expect("a client"), issuer, &application).await
}

fn bend<T>(bend: &Bend<T>, value: &mut T) {
    if let Some(bend) = bend {
        bend(value);
    }
}

/// An OAuth error as the token endpoint gives it.
pub fn oauth_error(status: u16, error: &str) -> Response {
    (StatusCode::from_u16(status).expect("a status"), axum::Json(json!({"error": error}))).into_response()
}

async fn discovery(State(clerk): State<Clerk>) -> axum::Json<Value> {
    let origin = clerk.origin();
    let mut document = json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/oauth/authorize"),
        "token_endpoint": format!("{origin}/oauth/token"),
        "userinfo_endpoint": format!("{origin}/oauth/userinfo"),
        "revocation_endpoint": format!("{origin}/oauth/token/revoke"),
        "jwks_uri": format!("{origin}/.well-known/jwks.json"),
        "code_challenge_methods_supported": ["S256"],
    });
    bend(&clerk.memory().bent.discovery, &mut document);
    axum::Json(document)
}

async fn keys(State(clerk): State<Clerk>) -> Response {
    let mut memory = clerk.memory();
    memory.key_requests += 1;
    if let Some(answer) = &memory.bent.keys_answer {
        return answer();
    }
    let mut document = json!({"keys": [clerk.0.jwk]});
    bend(&memory.bent.keys, &mut document);
    axum::Json(document).into_response()
}

async fn authorize(State(clerk): State<Clerk>, Query(query): Query<HashMap<String, String>>) -> Response {
    let said = |name: &str| query.get(name).cloned().unwrap_or_default();
    let redirect = Url::parse(&said("redirect_uri")).expect("a redirect");
    assert_eq!((redirect.scheme(), redirect.host_str(), redirect.path()), ("http", Some("127.0.0.1"), "/callback"));
    assert_eq!(
        (said("response_type").as_str(), said("client_id").as_str(), said("code_challenge_method").as_str()),
        ("code", CLIENT_ID, "S256")
    );
    assert!(said("state").len() >= 8 && said("nonce").len() >= 8, "{query:?}");
    let mut memory = clerk.memory();
    memory.issued += 1;
    let code = format!("code-{}", memory.issued);
    let grant = Grant { challenge: said("code_challenge"), nonce: said("nonce"), redirect: redirect.to_string() };
    memory.codes.insert(code.clone(), grant);
    let mut callback = redirect;
    callback.query_pairs_mut().append_pair("code", &code).append_pair("state", &said("state"));
    Redirect::to(callback.as_str()).into_response()
}

async fn token(State(clerk): State<Clerk>, Form(form): Form<HashMap<String, String>>) -> Response {
    let mut memory = clerk.memory();
    memory.token_requests.push(form.clone());
    if let Some(answer) = &memory.bent.token_answer {
        return answer();
    }
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if said("client_id") != CLIENT_ID {
        return oauth_error(401, "invalid_client");
    }
    match said("grant_type") {
        "authorization_code" => {
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, said("code_verifier").as_bytes()));
            match memory.codes.remove(said("code")) {
                Some(grant)
                    if (grant.challenge == challenge || memory.bent.any_verifier)
                        && (grant.redirect == said("redirect_uri") || memory.bent.any_redirect) =>
                {
                    clerk.tokens(&mut memory, Some(&grant.nonce))
                }
                _ => oauth_error(400, "invalid_grant"),
            }
        }
        "refresh_token" => {
            let place = memory.refresh_tokens.iter().position(|token| token == said("refresh_token"));
            match place {
                Some(place) => {
                    memory.refresh_tokens.remove(place);
                    clerk.tokens(&mut memory, None)
                }
                None => oauth_error(400, "invalid_grant"),
            }
        }
        _ => oauth_error(401, "unsupported_grant_type"),
    }
}

async fn userinfo(State(clerk): State<Clerk>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let memory = clerk.memory();
    if !bearer.strip_prefix("Bearer ").is_some_and(|token| memory.access_tokens.iter().any(|known| known == token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(answer) = &memory.bent.userinfo_answer {
        return answer();
    }
    let mut claims = json!({
        "object": "oauth_user_info", "sub": "user_ada", "name": "Ada Lovelace", "email": "ada@acme.example",
        "org_id": "org_acme", "org_name": "Acme", "org_slug": "acme",
    });
    bend(&memory.bent.userinfo, &mut claims);
    axum::Json(claims).into_response()
}

async fn revoke(State(clerk): State<Clerk>, Form(form): Form<HashMap<String, String>>) -> StatusCode {
    let token = form.get("token").cloned().unwrap_or_default();
    let mut memory = clerk.memory();
    memory.refresh_tokens.retain(|known| *known != token);
    memory.revoked.push(token);
    StatusCode::OK
}

async fn elsewhere(State(clerk): State<Clerk>) -> StatusCode {
    clerk.memory().strayed += 1;
    StatusCode::OK
}
