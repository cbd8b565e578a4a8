//! `POST /v1/oauth_applications/access_tokens/verify`: what an opaque access
//! token stands for. An expired or a revoked one is answered too, and says so;
//! one that is not known is a 404.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use rusqlite::OptionalExtension;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::CLIENT_ID;
use crate::clerk::Clerk;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::opaque::digest;
use crate::clerk::token::LIFETIME;

#[derive(Deserialize)]
pub(super) struct Verification {
    access_token: String,
}

/// What the ledger has of a token.
struct Kept {
    digest: String,
    person: String,
    scope: String,
    /// Seconds since 1970.
    expires: i64,
    revoked: bool,
}

/// The endpoint.
pub(super) async fn verify(
    State(clerk): State<Arc<Clerk>>,
    body: Result<Json<Verification>, JsonRejection>,
) -> Result<Json<Value>, FapiError> {
    let Ok(Json(Verification { access_token })) = body else {
        let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, "form_param_missing");
        return Err(FapiError::new(status, code, "is missing", "access_token must be included.").about("access_token"));
    };
    let Some(kept) = find(&clerk, &access_token)? else {
        let (status, code) = (StatusCode::NOT_FOUND, "resource_not_found");
        return Err(FapiError::new(status, code, "not found", "No OAuth access token was found."));
    };
    let created_at = (kept.expires - LIFETIME) * 1_000;
    Ok(Json(json!({
        "object": "clerk_idp_oauth_access_token",
        "id": format!("oat_{}", kept.digest),
        "type": "oauth:access_token",
        "client_id": CLIENT_ID,
        "subject": kept.person,
        "scopes": kept.scope.split(' ').collect::<Vec<_>>(),
        "revoked": kept.revoked,
        "revocation_reason": kept.revoked.then_some("Revoked by the sandbox"),
        "expired": clerk.clock.unix() >= kept.expires,
        "expiration": kept.expires * 1_000,
        "created_at": created_at,
        "updated_at": created_at,
    })))
}

fn find(clerk: &Clerk, token: &str) -> rusqlite::Result<Option<Kept>> {
    let digest = digest(token);
    let query = "SELECT grants.person, opaque_tokens.scope, opaque_tokens.expires,
            grants.revoked OR EXISTS (SELECT 1 FROM revoked_tokens WHERE revoked_tokens.digest = ?1)
        FROM opaque_tokens JOIN grants ON grants.id = opaque_tokens.grant_id WHERE opaque_tokens.digest = ?1";
    clerk
        .ledger
        .lock()
        .query_row(query, [&digest], |row| {
            Ok(Kept {
                digest: digest.clone(),
                person: row.get(0)?,
                scope: row.get(1)?,
                expires: row.get(2)?,
                revoked: row.get(3)?,
            })
        })
        .optional()
}
