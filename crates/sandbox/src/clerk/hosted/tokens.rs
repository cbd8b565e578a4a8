//! `/v1/client/sessions/ID/tokens`: the session's own token, and the tenant's
//! token from the JWT template for Tinybird.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::form::Form;
use super::native::Caller;
use super::session;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::{Clerk, opaque};
use crate::{ADMIN_TOKEN, JWT_TEMPLATE, SandboxError, connection};

/// Both kinds of token live so long, in seconds.
const LIFETIME: i64 = 60;
/// A template's tokens are good so long before they are made, because clocks
/// differ; a session's tokens ten seconds.
const CLOCK_SKEW: i64 = 5;

/// `POST /v1/client/sessions/ID/tokens`: who is signed in, for one's own server.
pub(super) async fn session_token(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Json<Value>, FapiError> {
    let session = session::active(&clerk, &caller, &id)?;
    let organization = session::activate(&clerk, &session, form.sent("organization_id"))?;
    let now = clerk.clock.unix();
    let mut claims = json!({
        "iss": clerk.issuer,
        "azp": clerk.issuer,
        "sub": session.person.id,
        "sid": session.id,
        "jti": opaque::id("")?,
        "iat": now,
        "nbf": now - 10,
        "exp": now + LIFETIME,
        "fva": [0, -1],
        "sts": "active",
        "v": 2,
    });
    if let Some(membership) = organization.as_deref().and_then(|id| session.person.membership(id)) {
        let organization = membership.organization;
        let role = membership.role.trim_start_matches("org:");
        claims["o"] = json!({"id": organization.id, "slg": organization.slug, "rol": role});
    }
    Ok(Json(json!({"object": "token", "jwt": clerk.keys.sign_jwt(&claims)?})))
}

/// `POST /v1/client/sessions/ID/tokens/TEMPLATE`. It takes no organization: the
/// token is for the session's last active one, and for nobody's rows when that
/// is none, because Clerk writes `null` for what is missing.
pub(super) async fn template_token(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path((id, template)): Path<(String, String)>,
) -> Result<Json<Value>, FapiError> {
    let session = session::active(&clerk, &caller, &id)?;
    if template != JWT_TEMPLATE {
        let long_message = format!("No JWT template exists with name: {template}");
        let (code, message) = ("resource_not_found", "JWT template not found");
        return Err(FapiError::new(StatusCode::NOT_FOUND, code, message, long_message));
    }
    let organization = session.organization.as_deref();
    // Inside a longer text, what is missing becomes the word.
    let name = format!("perch:{}:{}", organization.unwrap_or("null"), session.person.id);
    let mut claims = connection::claims(&clerk.pipes, &json!(organization), &name);
    let now = clerk.clock.unix();
    for (name, value) in [
        ("iss", json!(clerk.issuer)),
        ("azp", json!(clerk.issuer)),
        ("sub", json!(session.person.id)),
        ("jti", json!(opaque::id("")?)),
        ("iat", json!(now)),
        ("nbf", json!(now - CLOCK_SKEW)),
        ("exp", json!(now + LIFETIME)),
    ] {
        claims[name] = value;
    }
    let key = EncodingKey::from_secret(ADMIN_TOKEN.as_bytes());
    let jwt = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|error| SandboxError::Key(error.to_string()))?;
    Ok(Json(json!({"jwt": jwt})))
}
