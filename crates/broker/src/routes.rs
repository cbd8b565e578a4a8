//! The HTTP API: `POST /token`, `GET /connection`, and what those who run the
//! broker ask of it.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::access_token::Bearer;
use crate::admission::Admission;
use crate::clerk::Deadline;
use crate::connections::Arrival;
use crate::refusal::{Code, Refusal};

/// A body has some dozen bytes.
const LARGEST_BODY: usize = 4 * 1024;

const REQUEST_ID: &str = "x-request-id";

/// What the endpoints share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) admission: Arc<Admission>,
    /// Until a request's body is there.
    pub(crate) body_patience: Duration,
}

/// Which endpoints an address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Viewers', and those who look after the broker.
    All,
    /// Viewers', without the metrics, which stand elsewhere.
    WithoutMetrics,
    /// The metrics and nothing else.
    Metrics,
}

pub(crate) fn router(shared: Shared, face: Face) -> Router {
    let mut router = Router::new();
    if face != Face::Metrics {
        router = router
            .route("/token", post(token))
            .route("/connection", get(connection))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz));
    }
    if face != Face::WithoutMetrics {
        router = router.route("/metrics", get(metrics));
    }
    router
        .fallback(async || Refusal::NoSuchPath)
        .method_not_allowed_fallback(async || Refusal::NoSuchMethod)
        .layer(middleware::from_fn_with_state(shared.clone(), account))
        .with_state(shared)
}

/// On a request: it came over a place that is kept for those who look after the
/// broker.
#[derive(Clone, Copy)]
pub(crate) struct Kept;

/// On a response: whose it is, for the log.
#[derive(Clone)]
struct Whose(Bearer);

/// Around every request: its id, its line in the log, its counts.
async fn account(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    // The route, not the path: whatever stands in an address that is not ours
    // is not ours to write down.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let id = request_id();
    let looked_after = matches!(route, "/healthz" | "/readyz" | "/metrics");
    let mut response = match request.extensions().get::<Kept>() {
        Some(Kept) if !looked_after => Refusal::Full.into_response(),
        _ => next.run(request).await,
    };
    let status = response.status().as_u16();
    let code = response.extensions().get::<Code>().map_or("ok", |Code(code)| code);
    let took = began.elapsed();
    shared.admission.metrics.answered(route, status, code, took);

    let whose = response.extensions().get::<Whose>().map(|Whose(bearer)| bearer.clone());
    let user_id = whose.as_ref().map(|bearer| bearer.user.as_str());
    let org_id = whose.as_ref().and_then(|bearer| bearer.organization.as_deref());
    let duration_ms = took.as_secs_f64() * 1_000.0;
    let request_id = id.as_str();
    let method = method.as_str();
    if looked_after {
        // Asked every few seconds, by machines.
        tracing::debug!(method, path = route, status, code, duration_ms, request_id, "answered");
    } else {
        tracing::info!(method, path = route, status, code, user_id, org_id, duration_ms, request_id, "answered");
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// 64 random bits. Where the system has none, the request is answered without.
fn request_id() -> String {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    refused_key: Option<String>,
}

/// `POST /token`.
async fn token(
    State(shared): State<Shared>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let deadline = Deadline::begin();
    // The body of somebody whom nobody knows is not waited for.
    let bearer = match bearer(&shared, &headers, deadline).await {
        Ok(bearer) => bearer,
        Err(refusal) => return refusal.into_response(),
    };
    let signed = async {
        let began = Instant::now();
        let asked = read_body(&headers, body, shared.body_patience).await?;
        arrival.whole();
        let admitted = shared.admission.admit(&bearer, deadline.later(began.elapsed())).await?;
        shared.admission.sign(&admitted, asked.refused_key.as_deref())
    };
    let response = match signed.await {
        Ok(signed) => {
            let expires_at = signed.token.expires().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let body = json!({"token": signed.token.expose(), "key": signed.key, "expires_at": expires_at});
            Json(body).into_response()
        }
        Err(refusal) => refuse(refusal),
    };
    of(bearer, response)
}

#[derive(Serialize)]
struct Served<'a> {
    connection: &'a str,
    dashboards: Vec<ServedDashboard<'a>>,
}

#[derive(Serialize)]
struct ServedDashboard<'a> {
    id: &'a str,
    text: &'a str,
}

/// `GET /connection`.
async fn connection(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let deadline = Deadline::begin();
    let bearer = match bearer(&shared, &headers, deadline).await {
        Ok(bearer) => bearer,
        Err(refusal) => return refusal.into_response(),
    };
    let served = async {
        let admitted = shared.admission.admit(&bearer, deadline).await?;
        let (claims, policy) = (admitted.claims()?, admitted.policy());
        let dashboards = policy.dashboards_for(&claims);
        let dashboards = dashboards.map(|shelved| ServedDashboard { id: &shelved.id, text: &shelved.text }).collect();
        serde_json::to_vec(&Served { connection: &policy.served, dashboards }).map_err(|_| Refusal::Unwritable)
    };
    let response = match served.await {
        Ok(body) => tagged(&headers, body),
        Err(refusal) => refuse(refusal),
    };
    of(bearer, response)
}

/// A body with its entity tag (RFC 9110 §8.8.3), or 304 where that is known.
fn tagged(headers: &HeaderMap, body: Vec<u8>) -> Response {
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).map(str::trim);
    let matches =
        known.map(|known| known.strip_prefix("W/").unwrap_or(known)).any(|known| known == tag || known == "*");
    let Ok(value) = HeaderValue::try_from(tag) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if matches {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response();
    }
    let json = HeaderValue::from_static("application/json");
    ([(header::ETAG, value), (header::CONTENT_TYPE, json)], body).into_response()
}

/// A refusal of somebody who is known. What is the operator's to mend goes to
/// the log with its sentence.
fn refuse(refusal: Refusal) -> Response {
    if refusal.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code = refusal.code(), %refusal, "nothing can be handed out");
    }
    refusal.into_response()
}

fn of(bearer: Bearer, mut response: Response) -> Response {
    response.extensions_mut().insert(Whose(bearer));
    response
}

/// Whose a request is.
async fn bearer(shared: &Shared, headers: &HeaderMap, deadline: Deadline) -> Result<Bearer, Refusal> {
    shared.admission.bearer(credentials(headers)?, deadline).await
}

/// The access token of a request: one header `Authorization: Bearer TOKEN`
/// (RFC 6750 §2.1).
fn credentials(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::NoToken) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    Ok(token.trim())
}

/// Reads a body that has a reason to be there. One that says that it is too
/// large is not read at all.
async fn read_body(headers: &HeaderMap, body: Body, patience: Duration) -> Result<TokenRequest, Refusal> {
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(Refusal::TooLarge);
    }
    let read = async {
        let mut bytes = Vec::new();
        let mut stream = body.into_data_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Refusal::Body)?;
            if bytes.len() + chunk.len() > LARGEST_BODY {
                return Err(Refusal::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let bytes = tokio::time::timeout(patience, read).await.unwrap_or(Err(Refusal::TooSlow))?;
    if bytes.is_empty() {
        return Ok(TokenRequest::default());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    if !kind.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::NotJson);
    }
    let asked: TokenRequest = serde_json::from_slice(&bytes).map_err(|_| Refusal::Body)?;
    let named = |key: &String| key.len() == 8 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if asked.refused_key.as_ref().is_some_and(|key| !named(key)) {
        return Err(Refusal::Body);
    }
    Ok(asked)
}

/// The process lives.
async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// It can answer: it has keys to sign with, and Clerk's to check with. Asks
/// nobody.
async fn readyz(State(shared): State<Shared>) -> Response {
    if shared.admission.keys.are_known() {
        Json(json!({"status": "ok"})).into_response()
    } else {
        Refusal::NotReady.into_response()
    }
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.admission.metrics.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
