//! `/v1/client`: the client that asks, its sessions, and the nonce with which
//! an app gets the session that the person's browser began.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::form::Form;
use super::native::{Caller, NewToken, new_client};
use super::sessions::Status;
use super::shapes;
use crate::clerk::Clerk;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::opaque::digest;
use crate::clerk::parameters::Parameters;

/// `GET /v1/client`. An app without a client is told `null`.
pub(super) async fn read(
    State(clerk): State<Arc<Clerk>>,
    Extension(Caller(client)): Extension<Caller>,
) -> Result<Json<Value>, FapiError> {
    let client = client.map(|client| shapes::client(&clerk, &client)).transpose()?;
    Ok(Json(json!({"response": client, "client": null})))
}

/// `POST /v1/client`: makes a client for an app that has none. With
/// `_method=GET` it reads the client, and may redeem a nonce before.
pub(super) async fn post(
    State(clerk): State<Arc<Clerk>>,
    Extension(Caller(client)): Extension<Caller>,
    Form(form): Form,
) -> Result<Response, FapiError> {
    match form.get("_method") {
        Some("GET") if form.get("rotating_token_nonce").is_some() => redeem(&clerk, client, &form),
        Some("GET") => read(State(clerk), Extension(Caller(client))).await.map(IntoResponse::into_response),
        Some(_) => Err(bad("request_body_invalid", "Request body invalid", "_method can be GET.").about("_method")),
        None => {
            let told = client.map_or_else(|| new_client(&clerk), Ok)?;
            let answer = json!({"response": shapes::client(&clerk, &told)?, "client": null});
            Ok((Extension(NewToken(told)), Json(answer)).into_response())
        }
    }
}

/// `DELETE /v1/client`: signs everybody out who is signed in in it.
pub(super) async fn delete(
    State(clerk): State<Arc<Clerk>>,
    Extension(Caller(client)): Extension<Caller>,
) -> Result<Json<Value>, FapiError> {
    let Some(client) = client else {
        let status = StatusCode::NOT_FOUND;
        return Err(FapiError::new(status, "resource_not_found", "Client not found", "No client was found."));
    };
    let now = clerk.clock.unix() * 1_000;
    for session in clerk.ledger.sessions_of_client(&client, now)? {
        clerk.ledger.end_session(&session.id, Status::Removed, now)?;
    }
    Ok(Json(json!({"response": shapes::client(&clerk, &client)?, "client": null})))
}

/// Gives the session to the client that began the sign-in and knows the
/// verifier. A nonce that comes from another, or with another verifier, is
/// spent too: somebody else has it.
fn redeem(clerk: &Clerk, client: Option<String>, form: &Parameters) -> Result<Response, FapiError> {
    let missing = || {
        let long_message = "The query parameter 'code_verifier' is missing from the request.";
        bad("missing_query_parameter", "is missing", long_message).about("code_verifier")
    };
    let nonce = form.get("rotating_token_nonce").unwrap_or_default();
    let verifier = form.get("code_verifier").ok_or_else(missing)?;
    let waiting = clerk.attempts.redeem(nonce, clerk.clock.unix());
    let Some(waiting) = waiting.filter(|waiting| client.as_ref() == Some(&waiting.session.client)) else {
        let long_message = "The nonce has been used, has expired, or is of another client.";
        return Err(bad("invalid_query_parameter_value", "is invalid", long_message).about("rotating_token_nonce"));
    };
    if digest(verifier) != waiting.challenge {
        let long_message = "The provided code verifier does not match the prepared code challenge.";
        return Err(bad("pkce_verification_failed", "PKCE verification failed", long_message).about("code_verifier"));
    }
    clerk.ledger.add_session(&waiting.session)?;
    let client = waiting.session.client;
    let answer = json!({"response": shapes::client(clerk, &client)?, "client": null});
    Ok((Extension(NewToken(client)), Json(answer)).into_response())
}

/// `_method=GET` makes a form's fields a query's, whose errors are 400s.
fn bad(code: &'static str, message: &'static str, long_message: &str) -> FapiError {
    FapiError::new(StatusCode::BAD_REQUEST, code, message, long_message)
}
