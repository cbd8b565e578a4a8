//! `POST /v1/client/hosted_auth`: an app asks for an address to open in the
//! person's browser.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::Url;

use super::attempts::Attempt;
use super::form::Form;
use super::native::{Caller, NewToken, new_client};
use crate::clerk::fapi_error::FapiError;
use crate::clerk::parameters::Parameters;
use crate::clerk::request::is_s256;
use crate::clerk::{Clerk, opaque};

/// The one address on the allowlist for native apps, compared as text.
pub(super) const RETURN_ADDRESS: &str = "perch://callback";

/// The endpoint. An app that has no client yet gets one.
pub(super) async fn hosted_auth(
    State(clerk): State<Arc<Clerk>>,
    Extension(Caller(client)): Extension<Caller>,
    Form(form): Form,
) -> Result<Response, FapiError> {
    let redirect = need(&form, "redirect_url")?;
    check_redirect(redirect)?;
    let challenge = need(&form, "code_challenge")?;
    if !is_s256(challenge) {
        let long_message = "code_challenge must be a SHA-256 in base64url, 43 characters.";
        return Err(unprocessable("form_param_format_invalid", "is invalid", long_message, "code_challenge"));
    }
    let state = need(&form, "state")?;
    if form.get("mode").is_some_and(|mode| !matches!(mode, "sign-in" | "sign-up")) {
        let long_message = "mode must be sign-in or sign-up.";
        return Err(unprocessable("form_param_value_invalid", "is invalid", long_message, "mode"));
    }

    let (client, is_new) = match client {
        Some(client) => (client, false),
        None => (new_client(&clerk)?, true),
    };
    let ticket = opaque::token("")?;
    let url = format!("{}/portal/sign-in?ticket={ticket}", clerk.issuer);
    let attempt = Attempt {
        client: client.clone(),
        challenge: challenge.to_owned(),
        state: state.to_owned(),
        began: clerk.clock.unix(),
        arrival: None,
    };
    clerk.attempts.begin(ticket, attempt);
    let answer = Json(json!({"response": {"object": "hosted_auth", "url": url}}));
    Ok(if is_new { (Extension(NewToken(client)), answer).into_response() } else { answer.into_response() })
}

fn need<'f>(form: &'f Parameters, name: &'static str) -> Result<&'f str, FapiError> {
    let missing = || unprocessable("form_param_missing", "is missing", &format!("{name} must be included."), name);
    form.get(name).ok_or_else(missing)
}

fn check_redirect(redirect: &str) -> Result<(), FapiError> {
    let refuse = |code, message, why: &str| Err(unprocessable(code, message, why, "redirect_url"));
    match Url::parse(redirect) {
        Err(_) => {
            refuse("invalid_redirect_url", "Redirect url invalid", "The provided redirect url is not in a valid format")
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") => refuse(
            "prohibited_redirect_url",
            "Invalid URL scheme",
            "The provided redirect url has a prohibited URL scheme",
        ),
        Ok(_) if redirect != RETURN_ADDRESS => refuse(
            "form_param_value_invalid",
            "is invalid",
            "The redirect url is not on the allowlist for native apps, where perch://callback is and nothing else.",
        ),
        Ok(_) => Ok(()),
    }
}

fn unprocessable(code: &'static str, message: &'static str, long_message: &str, param: &'static str) -> FapiError {
    FapiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message, long_message).about(param)
}
