//! Clerk's Frontend API on loopback, and the sign-in page that it sends the
//! browser to: one client, whose token changes with every answer, one person,
//! their session and their organizations. A test bends one of its answers and
//! sees what Perch makes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use perch_clerk::{
    ClerkError, ClientToken, FrontendApi, HostedSession, HostedSignIn, KeepClientToken, RETURN_ADDRESS, http_client,
};
use perch_tenant::{Origin, Secret};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::browser::sign_in_at_provider;

/// The session that the browser signs in.
pub const SESSION: &str = "sess_ada";

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
    pub form: HashMap<String, String>,
}

/// Another answer to some requests: an answer of its own, or `None` for the
/// usual one.
pub type Instead = Box<dyn Fn(&Asked) -> Option<Response> + Send>;

/// A change to the JSON of a good answer.
pub type Bend = Box<dyn Fn(&Asked, &mut Value) + Send>;

/// What the API remembers.
#[derive(Default)]
pub struct Memory {
    pub instead: Option<Instead>,
    pub bend: Option<Bend>,
    /// Answers bring no client token.
    pub silent: bool,
    /// Everything that was asked, the sign-in page left out.
    pub asked: Vec<Asked>,
    /// Requests to where a redirect would lead.
    pub strayed: u32,
    /// The person's organizations.
    pub organizations: Vec<Value>,
    /// The session's status, while the client holds it.
    pub status: Option<&'static str>,
    /// The person's sessions on other devices.
    pub others: Vec<String>,
    /// How many client tokens there were. The last is the one that counts.
    issued: u32,
    begun: HashMap<String, Begun>,
    nonces: HashMap<String, String>,
    active: Option<String>,
}

struct Begun {
    challenge: String,
    state: String,
}

/// The running API. Stops with the runtime of its test.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    origin: String,
    memory: Mutex<Memory>,
}

impl Api {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let organizations = vec![membership("org_acme", "Acme"), membership("org_globex", "Globex")];
        let memory = Memory { organizations, ..Memory::default() };
        let api = Self(Arc::new(Inner { origin, memory: Mutex::new(memory) }));
        let router = Router::new().fallback(take).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        api
    }

    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    pub fn issuer(&self) -> Origin {
        Origin::parse(self.origin()).expect("an origin")
    }

    /// Perch's side of it.
    pub fn frontend(&self) -> FrontendApi {
        FrontendApi::new(&http_client().expect("a client"), &self.issuer())
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().expect("a lock")
    }

    /// From now on, requests whose method and path end so are answered so.
    pub fn answer(&self, line: &'static str, answer: impl Fn() -> Response + Send + 'static) {
        self.memory().instead = Some(Box::new(move |asked| asked.line.ends_with(line).then(&answer)));
    }

    /// From now on, the answers to such requests are changed so.
    pub fn bend(&self, line: &'static str, bend: impl Fn(&mut Value) + Send + 'static) {
        self.memory().bend = Some(Box::new(move |asked, body| {
            if asked.line.ends_with(line) {
                bend(body);
            }
        }));
    }

    /// How often such requests came.
    pub fn count(&self, line: &str) -> usize {
        self.memory().asked.iter().filter(|asked| asked.line.ends_with(line)).count()
    }

    /// The client token that counts.
    pub fn token(&self) -> String {
        format!("client-{}", self.memory().issued)
    }

    /// A whole sign-in, in memory.
    pub async fn signed_in() -> (Self, FrontendApi, ClientToken<'static>, HostedSession) {
        let api = Self::start().await;
        let mut client = ClientToken::in_memory();
        let session = sign_in(&api.frontend(), &mut client).await.expect("signed in");
        let frontend = api.frontend();
        (api, frontend, client, session)
    }
}

/// The link with which the browser comes back.
pub async fn return_link(url: &Url) -> String {
    sign_in_at_provider(url).await.into()
}

pub async fn sign_in(api: &FrontendApi, client: &mut ClientToken<'_>) -> Result<HostedSession, ClerkError> {
    let mut sign_in = HostedSignIn::begin(api, client).await?;
    let link = return_link(sign_in.url()).await;
    let returned = sign_in.accept(&link).expect("this sign-in's return");
    sign_in.redeem(returned, client).await
}

/// Who keeps client tokens, as slowly as a keychain.
#[derive(Default)]
pub struct Keeper(Mutex<Vec<String>>);

impl Keeper {
    pub fn kept(&self) -> Vec<String> {
        self.0.lock().expect("a lock").clone()
    }
}

impl KeepClientToken for Keeper {
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.0.lock().expect("a lock").push(token.expose().to_owned());
        })
    }
}

/// Status, code, and the parameter that it is about.
type Refused = (u16, &'static str, Option<&'static str>);

/// An error as the Frontend API gives it.
pub fn refusal(status: u16, code: &str, parameter: Option<&str>) -> Response {
    let meta = parameter.map(|name| json!({"param_name": name}));
    let error = json!({"code": code, "message": "is missing", "long_message": "It is missing.", "meta": meta});
    let status = StatusCode::from_u16(status).expect("a status");
    (status, axum::Json(json!({"errors": [error], "clerk_trace_id": "trace_1"}))).into_response()
}

/// A membership of the person.
pub fn membership(id: &str, name: &str) -> Value {
    json!({
        "object": "organization_membership", "id": format!("orgmem_{id}"), "public_metadata": {},
        "role": "org:admin", "role_name": "Admin", "permissions": ["org:reports:read"],
        "created_at": 1, "updated_at": 1,
        "organization": {
            "object": "organization", "id": id, "name": name, "slug": id.trim_start_matches("org_"),
            "has_image": true, "image_url": format!("https://img.clerk.com/{id}.png"),
            "max_allowed_memberships": 5, "admin_delete_enabled": true, "public_metadata": {},
            "created_at": 1, "updated_at": 1,
        },
        "public_user_data": {
            "user_id": "user_ada", "first_name": "Ada", "last_name": "Lovelace",
            "identifier": "ada@acme.example", "has_image": true,
        },
    })
}

fn session(memory: &Memory, status: &str) -> Value {
    json!({
        "object": "session", "id": SESSION, "status": status, "expire_at": 1, "abandon_at": 1, "last_active_at": 1,
        "last_active_organization_id": memory.active, "created_at": 1, "updated_at": 1,
        "factor_verification_age": [0, -1], "public_user_data": null,
        "user": {
            "object": "user", "id": "user_ada", "username": "ada", "first_name": "Ada", "last_name": "Lovelace",
            "has_image": true, "image_url": "https://img.clerk.com/ada.png",
            "primary_email_address_id": "idn_2",
            "email_addresses": [
                {"object": "email_address", "id": "idn_1", "email_address": "old@acme.example"},
                {"object": "email_address", "id": "idn_2", "email_address": "ada@acme.example"},
            ],
        },
    })
}

fn client(memory: &Memory) -> Value {
    let sessions: Vec<_> = memory.status.iter().map(|status| session(memory, status)).collect();
    json!({
        "object": "client", "id": "client_1", "sessions": sessions, "sign_in": null, "sign_up": null,
        "last_active_session_id": memory.status.map(|_| SESSION),
    })
}

/// Takes a request, whatever its path, and answers a little later, so that two
/// that were under way together would be seen to be.
async fn take(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let read = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<HashMap<_, _>>();
    let asked = Asked {
        line: format!("{} {}", parts.method, parts.uri.path()),
        query: read(parts.uri.query().unwrap_or_default().as_bytes()),
        headers: parts.headers,
        form: read(&body),
    };
    tokio::time::sleep(Duration::from_millis(2)).await;
    if let Some(page) = asked.line.strip_prefix("GET /portal/") {
        return portal(&mut api.memory(), page);
    }
    if asked.line.ends_with("/elsewhere") {
        api.memory().strayed += 1;
        return StatusCode::OK.into_response();
    }
    api.memory().asked.push(asked.clone());
    answer(&api, &asked)
}

/// The sign-in page, which signs in without asking and sends the browser back.
fn portal(memory: &mut Memory, page: &str) -> Response {
    let begun = &memory.begun[page];
    let nonce = format!("nonce-of-page-{page}");
    let mut link = Url::parse(RETURN_ADDRESS).expect("an address");
    link.query_pairs_mut()
        .append_pair("state", &begun.state)
        .append_pair("rotating_token_nonce", &nonce)
        .append_pair("created_session_id", SESSION);
    memory.nonces.insert(nonce, begun.challenge.clone());
    Redirect::to(link.as_str()).into_response()
}

fn answer(api: &Api, asked: &Asked) -> Response {
    let mut memory = api.memory();
    let given = asked.headers.get(AUTHORIZATION).map(|value| value.to_str().expect("text").to_owned());
    let known = given.as_ref().is_none_or(|token| *token == format!("client-{}", memory.issued));
    let instead = memory.instead.as_ref().and_then(|instead| instead(asked));
    let mut response = instead.unwrap_or_else(|| {
        let mut answered = if asked.headers.contains_key(ORIGIN) {
            Err((400, "origin_authorization_headers_conflict", None))
        } else if asked.query.get("_is_native").map(String::as_str) != Some("1") {
            Err((401, "authentication_invalid", None))
        } else if !known {
            memory.status = None;
            Err((401, "signed_out", None))
        } else {
            usual(api.origin(), &mut memory, asked)
        };
        if let (Some(bend), Ok(body)) = (&memory.bend, &mut answered) {
            bend(asked, body);
        }
        match answered {
            Ok(body) => axum::Json(body).into_response(),
            Err((status, code, parameter)) => refusal(status, code, parameter),
        }
    });
    if !memory.silent {
        memory.issued += 1;
        let token = HeaderValue::from_str(&format!("client-{}", memory.issued)).expect("a header");
        response.headers_mut().insert(AUTHORIZATION, token);
    }
    response
}

/// What the real one answers.
fn usual(origin: &str, memory: &mut Memory, asked: &Asked) -> Result<Value, Refused> {
    let said = |name: &str| asked.form.get(name).map(String::as_str).unwrap_or_default();
    let wrapped = |response: Value, memory: &Memory| json!({"response": response, "client": client(memory)});
    let signed_in = |memory: &Memory| memory.status.ok_or((401, "authentication_invalid", None));
    let path: Vec<_> = asked.line.split('/').collect();
    match path.as_slice() {
        ["POST ", "v1", "client", "hosted_auth"] => {
            if said("redirect_url") != RETURN_ADDRESS {
                return Err((422, "form_param_value_invalid", Some("redirect_url")));
            }
            let page = memory.issued.to_string();
            let begun = Begun { challenge: said("code_challenge").to_owned(), state: said("state").to_owned() };
            assert!(begun.challenge.len() == 43 && begun.state.len() >= 8, "{asked:?}");
            memory.begun.insert(page.clone(), begun);
            Ok(json!({"response": {"object": "hosted_auth", "url": format!("{origin}/portal/{page}")}}))
        }
        ["POST ", "v1", "client"] if said("_method") == "GET" => {
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, said("code_verifier").as_bytes()));
            if memory.nonces.remove(said("rotating_token_nonce")) != Some(challenge) {
                return Err((401, "authentication_invalid", None));
            }
            memory.status = Some("active");
            Ok(json!({"response": client(memory), "client": null}))
        }
        ["GET ", "v1", "client"] => Ok(json!({"response": client(memory), "client": null})),
        ["POST ", "v1", "client", "sessions", SESSION, rest @ ..] => {
            let Some(status) = memory.status else { return Err((404, "resource_not_found", None)) };
            match rest {
                ["touch"] => {
                    let organization = said("active_organization_id").to_owned();
                    let known = memory.organizations.iter().any(|member| member["organization"]["id"] == organization);
                    if !known && !organization.is_empty() {
                        return Err((403, "organization_not_found_or_unauthorized", None));
                    }
                    memory.active = Some(organization).filter(|id| !id.is_empty());
                    Ok(wrapped(session(memory, status), memory))
                }
                ["tokens", "tinybird"] => {
                    let whom = memory.active.clone().unwrap_or_else(|| "user_ada".to_owned());
                    Ok(json!({"jwt": format!("token-for-{whom}")}))
                }
                ["end"] => {
                    memory.status = None;
                    Ok(wrapped(session(memory, "ended"), memory))
                }
                _ => Err((404, "resource_not_found", None)),
            }
        }
        ["GET ", "v1", "me", "organization_memberships"] => {
            signed_in(memory)?;
            let number = |name: &str| asked.query[name].parse::<usize>().expect("a number");
            let page: Vec<_> = memory.organizations.iter().skip(number("offset")).take(number("limit")).collect();
            let page = json!({"data": page, "total_count": memory.organizations.len()});
            Ok(wrapped(page, memory))
        }
        ["GET ", "v1", "me", "sessions", "active"] => {
            signed_in(memory)?;
            let other = |id: &String| json!({"object": "session", "id": id, "status": "active"});
            let sessions = memory.others.iter().map(other).chain([session(memory, "active")]);
            Ok(sessions.collect())
        }
        ["POST ", "v1", "me", "sessions", id, "revoke"] => {
            signed_in(memory)?;
            let place = memory.others.iter().position(|other| other == id);
            memory.others.remove(place.ok_or((404, "resource_not_found", None))?);
            Ok(json!({"object": "session", "id": id, "status": "revoked"}))
        }
        _ => Err((404, "resource_not_found", None)),
    }
}
