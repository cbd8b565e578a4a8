//! `/v1/client/sessions/ID`: reading a session, making it the last active one
//! for an organization, signing out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::form::Form;
use super::native::Caller;
use super::sessions::{Session, Status};
use super::shapes;
use crate::clerk::Clerk;
use crate::clerk::fapi_error::FapiError;

/// `GET /v1/client/sessions/ID`.
pub(super) async fn read(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, FapiError> {
    let session = own(&clerk, &caller, &id)?;
    wrapped(&clerk, &session)
}

/// `POST /v1/client/sessions/ID/touch`: the session becomes the client's last
/// active one, for the organization that is named by id or slug, or with an
/// empty one for the person themselves.
pub(super) async fn touch(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Json<Value>, FapiError> {
    let session = active(&clerk, &caller, &id)?;
    let intent = form.get("intent");
    if intent.is_some_and(|intent| !matches!(intent, "focus" | "select_session" | "select_org")) {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let long_message = "intent must be focus, select_session or select_org.";
        return Err(FapiError::new(status, "form_param_value_invalid", "is invalid", long_message).about("intent"));
    }
    activate(&clerk, &session, form.sent("active_organization_id"))?;
    let touched = own(&clerk, &caller, &id)?;
    // Coming back to a window is told of often, so Clerk answers it in short.
    let client = if intent == Some("focus") { Value::Null } else { shapes::client(&clerk, &session.client)? };
    Ok(Json(json!({"response": shapes::session(&clerk, &touched)?, "client": client})))
}

/// `POST /v1/client/sessions/ID/end`: signs out. The client goes on to list it.
pub(super) async fn end(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, FapiError> {
    close(&clerk, &caller, &id, Status::Ended)
}

/// `POST /v1/client/sessions/ID/remove`: signs out, and off the list.
pub(super) async fn remove(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, FapiError> {
    close(&clerk, &caller, &id, Status::Removed)
}

/// A session that the asking client lists.
pub(super) fn own(clerk: &Clerk, caller: &Caller, id: &str) -> Result<Session, FapiError> {
    let Some(client) = &caller.0 else { return Err(unauthenticated()) };
    let session = clerk.ledger.session(id, clerk.clock.unix() * 1_000)?;
    let own = session.filter(|session| session.client == *client && session.status != Status::Removed);
    own.ok_or_else(|| not_found(id))
}

/// A session of the asking client that goes on.
pub(super) fn active(clerk: &Clerk, caller: &Caller, id: &str) -> Result<Session, FapiError> {
    let session = own(clerk, caller, id)?;
    if session.is_active() { Ok(session) } else { Err(not_found(id)) }
}

/// Makes an organization the session's last active one: what is not said stays
/// as it is, and nothing is the person themselves. Which it is now.
pub(super) fn activate(clerk: &Clerk, session: &Session, asked: Option<&str>) -> Result<Option<String>, FapiError> {
    let organization = match asked {
        None => session.organization.clone(),
        Some("") => None,
        Some(asked) => Some(membership(clerk, session, asked)?),
    };
    clerk.ledger.touch(session, organization.as_deref(), clerk.clock.unix() * 1_000)?;
    Ok(organization)
}

/// For a request that needs somebody who is signed in.
pub(super) fn unauthenticated() -> FapiError {
    FapiError::new(
        StatusCode::UNAUTHORIZED,
        "authentication_invalid",
        "Invalid authentication",
        "Unable to authenticate the request, you need to supply an active session",
    )
}

/// For a session that is not there, or goes on no longer.
pub(super) fn not_found(id: &str) -> FapiError {
    let long_message = format!("No session was found with id {id}");
    FapiError::new(StatusCode::NOT_FOUND, "resource_not_found", "Session not found", long_message)
}

/// For an instance without organizations.
pub(in crate::clerk) fn organizations_disabled() -> FapiError {
    FapiError::new(
        StatusCode::FORBIDDEN,
        "organization_not_enabled_in_instance",
        "access denied",
        "The organizations feature is not enabled for this instance. You can enable it at https://dashboard.clerk.com.",
    )
}

/// The id of an organization that the person belongs to today.
fn membership(clerk: &Clerk, session: &Session, asked: &str) -> Result<String, FapiError> {
    if !clerk.organizations {
        return Err(organizations_disabled());
    }
    let memberships = clerk.ledger.memberships(session.person)?;
    let mut organizations = memberships.into_iter().map(|membership| membership.organization);
    let found = organizations.find(|organization| organization.id == asked || organization.slug == asked);
    found.map(|organization| organization.id.to_owned()).ok_or_else(|| {
        FapiError::new(
            StatusCode::NOT_FOUND,
            "organization_not_found_or_unauthorized",
            "not found or unauthorized",
            "Given organization not found, or you don't have permission to access the organization",
        )
    })
}

fn close(clerk: &Clerk, caller: &Caller, id: &str, status: Status) -> Result<Json<Value>, FapiError> {
    let mut session = own(clerk, caller, id)?;
    if status == Status::Ended && !session.is_active() {
        let long_message = format!("Unable to end session {id}");
        let (code, message) = ("invalid_action_for_session", "Invalid action for user session");
        return Err(FapiError::new(StatusCode::BAD_REQUEST, code, message, long_message));
    }
    clerk.ledger.end_session(id, status, clerk.clock.unix() * 1_000)?;
    session.status = status;
    wrapped(clerk, &session)
}

fn wrapped(clerk: &Clerk, session: &Session) -> Result<Json<Value>, FapiError> {
    let client = shapes::client(clerk, &session.client)?;
    Ok(Json(json!({"response": shapes::session(clerk, session)?, "client": client})))
}
