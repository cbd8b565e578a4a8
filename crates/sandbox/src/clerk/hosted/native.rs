//! The gate before the Frontend API: lets native apps in, knows their client
//! by the token in `Authorization`, and hands out its next token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::SandboxError;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::parameters::Parameters;
use crate::clerk::{Clerk, opaque};

/// The client that asks, by id; none before an app's first request.
#[derive(Clone)]
pub(super) struct Caller(pub(super) Option<String>);

/// On an answer: it is to bring a new token of the client with this id,
/// whoever asked and whether or not one is due.
#[derive(Clone)]
pub(super) struct NewToken(pub(super) String);

/// Why a request does not come in.
enum Refused {
    /// It is no request of a native app.
    Request(FapiError),
    /// Its token is stale, or of nobody.
    Token,
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Request(error.into())
    }
}

/// The gate.
pub(super) async fn gate(State(clerk): State<Arc<Clerk>>, mut request: Request, next: Next) -> Response {
    let client = match admit(&clerk, request.headers(), request.uri().query()) {
        Ok(client) => client,
        Err(Refused::Request(error)) => return error.into_response(),
        Err(Refused::Token) => return signed_out(&clerk).unwrap_or_else(IntoResponse::into_response),
    };
    request.extensions_mut().insert(Caller(client.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let told = response.extensions_mut().remove::<NewToken>().map(|NewToken(client)| client);
    match bring_token(&clerk, told, client, response.headers_mut()) {
        Ok(()) => response,
        Err(error) => error.into_response(),
    }
}

/// Writes down a new client, which is to get its first token.
pub(super) fn new_client(clerk: &Clerk) -> Result<String, FapiError> {
    let client = opaque::id("client_")?;
    clerk.ledger.add_client(&client, clerk.clock.unix() * 1_000)?;
    Ok(client)
}

fn admit(clerk: &Clerk, headers: &HeaderMap, query: Option<&str>) -> Result<Option<String>, Refused> {
    let bad = |code, message, long_message: &str| {
        Refused::Request(FapiError::new(StatusCode::BAD_REQUEST, code, message, long_message))
    };
    let query = Parameters::read(query.unwrap_or_default().as_bytes()).map_err(|_| {
        bad("malformed_request_parameters", "Malformed request parameters", "A parameter of the query stands twice.")
    })?;
    // An app says first that it has no client yet with an empty header, or none.
    let token = headers.get(header::AUTHORIZATION).filter(|token| !token.is_empty());
    if headers.contains_key(header::ORIGIN) {
        return Err(match token {
            Some(_) => bad(
                "origin_authorization_headers_conflict",
                "Setting both the 'Origin' and 'Authorization' headers is forbidden",
                "Browsers send 'Origin', native apps send 'Authorization', and nobody sends both.",
            ),
            None => bad("origin_invalid", "Invalid HTTP Origin header", "No web page has its home at this sandbox."),
        });
    }
    if !matches!(query.get("_is_native"), Some("1" | "true")) {
        let long_message = "The sandbox answers native apps only, which send _is_native=1.";
        return Err(bad("request_header_missing", "Invalid request headers", long_message));
    }
    if !clerk.native_api {
        let long_message = "The Native API is disabled for this instance. Visit the Clerk Dashboard to enable it.";
        return Err(bad("native_api_disabled", "Native API disabled", long_message));
    }
    let Some(token) = token else { return Ok(None) };
    let claims = token.to_str().ok().and_then(|token| clerk.keys.check_client_token(token)).ok_or(Refused::Token)?;
    if !clerk.ledger.recognises(&claims.id, &claims.rotating_token)? {
        return Err(Refused::Token);
    }
    Ok(Some(claims.id))
}

/// For a token that is stale: the person is signed out, and the app goes on
/// with a client that has no sessions.
fn signed_out(clerk: &Clerk) -> Result<Response, FapiError> {
    let client = new_client(clerk)?;
    let error = FapiError::new(StatusCode::UNAUTHORIZED, "signed_out", "Signed out", "You are signed out");
    let mut response = error.into_response();
    bring_token(clerk, Some(client), None, response.headers_mut())?;
    Ok(response)
}

/// The answer brings a new token when it must or when one is due.
fn bring_token(
    clerk: &Clerk,
    told: Option<String>,
    client: Option<String>,
    headers: &mut HeaderMap,
) -> Result<(), FapiError> {
    let due = match (told, client) {
        (Some(told), _) => Some(told),
        (None, Some(client)) => clerk.ledger.count_answer(&client)?.then_some(client),
        (None, None) => None,
    };
    let Some(client) = due else { return Ok(()) };
    let rotating_token = opaque::token("")?;
    clerk.ledger.tell_next(&client, &rotating_token)?;
    let token = clerk.keys.sign_jwt(&json!({"id": client, "rotating_token": rotating_token}))?;
    let value = HeaderValue::try_from(token).map_err(|error| SandboxError::Key(error.to_string()))?;
    headers.insert(header::AUTHORIZATION, value);
    Ok(())
}
