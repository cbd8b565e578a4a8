//! `/v1/users/ID`: a person, and where they belong today.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::clerk::Clerk;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::hosted::{memberships_page, organizations_disabled, shapes};
use crate::people::{self, Person};

/// `GET /v1/users/ID`. More than the Frontend API tells: what only the
/// operator's servers may read.
pub(super) async fn user(State(clerk): State<Arc<Clerk>>, Path(id): Path<String>) -> Result<Json<Value>, FapiError> {
    let mut user = shapes::user(&clerk, known(&id)?)?;
    user["private_metadata"] = json!({});
    Ok(Json(user))
}

/// `GET /v1/users/ID/organization_memberships?limit=…&offset=…`.
pub(super) async fn organization_memberships(
    State(clerk): State<Arc<Clerk>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, FapiError> {
    let person = known(&id)?;
    if !clerk.organizations {
        return Err(organizations_disabled());
    }
    let (mut data, total_count) = memberships_page(&clerk, person, query.as_deref())?;
    for membership in &mut data {
        membership["private_metadata"] = json!({});
        membership["organization"]["private_metadata"] = json!({});
    }
    Ok(Json(json!({"data": data, "total_count": total_count})))
}

fn known(id: &str) -> Result<&'static Person, FapiError> {
    people::person(id).ok_or_else(|| {
        let long_message = format!("No user was found with id {id}");
        FapiError::new(StatusCode::NOT_FOUND, "resource_not_found", "not found", long_message)
    })
}
