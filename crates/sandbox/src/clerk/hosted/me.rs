//! `/v1/me`: the person of the session that a request is made with, where they
//! belong, and where else they are signed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::native::Caller;
use super::session::{not_found, organizations_disabled, unauthenticated};
use super::sessions::{Session, Status};
use super::shapes;
use crate::clerk::Clerk;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::parameters::Parameters;
use crate::people::Person;

/// Memberships a page, unless the request says otherwise, and at most.
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 500;

/// `GET /v1/me`.
pub(super) async fn me(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, FapiError> {
    let session = signed_in(&clerk, &caller, &read_query(query.as_deref()))?;
    let client = shapes::client(&clerk, &session.client)?;
    Ok(Json(json!({"response": shapes::user(&clerk, session.person)?, "client": client})))
}

/// `GET /v1/me/organization_memberships`. With `paginated=true` a page and how
/// many there are in all; without, a plain list.
pub(super) async fn organization_memberships(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, FapiError> {
    let query = read_query(query.as_deref());
    let session = signed_in(&clerk, &caller, &query)?;
    if !clerk.organizations {
        return Err(organizations_disabled());
    }
    let (page, total_count) = page_of(&clerk, session.person, &query)?;
    let response = match query.get("paginated") {
        Some("true") => json!({"data": page, "total_count": total_count}),
        _ => Value::Array(page),
    };
    Ok(Json(json!({"response": response, "client": shapes::client(&clerk, &session.client)?})))
}

/// A page of where a person belongs, and how many there are in all.
pub(in crate::clerk) fn memberships_page(
    clerk: &Clerk,
    person: &Person,
    query: Option<&str>,
) -> Result<(Vec<Value>, usize), FapiError> {
    page_of(clerk, person, &read_query(query))
}

fn page_of(clerk: &Clerk, person: &Person, query: &Parameters) -> Result<(Vec<Value>, usize), FapiError> {
    let limit = number(query, "limit", PAGE, 1..=LARGEST_PAGE)?;
    let offset = number(query, "offset", 0, 0..=usize::MAX)?;
    let memberships = clerk.ledger.memberships(person)?;
    let page = memberships.iter().skip(offset).take(limit);
    let page = page.map(|membership| shapes::membership(clerk, person, membership)).collect();
    Ok((page, memberships.len()))
}

/// `GET /v1/me/sessions/active`: where the person is signed in, in all clients.
/// Clerk's one list without a wrapper.
pub(super) async fn active_sessions(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, FapiError> {
    let session = signed_in(&clerk, &caller, &read_query(query.as_deref()))?;
    let sessions = clerk.ledger.active_sessions(session.person, clerk.clock.unix() * 1_000)?;
    Ok(Json(sessions.iter().map(shapes::session_with_activities).collect()))
}

/// `POST /v1/me/sessions/ID/revoke`: signs out elsewhere.
pub(super) async fn revoke(
    State(clerk): State<Arc<Clerk>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, FapiError> {
    let session = signed_in(&clerk, &caller, &read_query(query.as_deref()))?;
    let now = clerk.clock.unix() * 1_000;
    let found = clerk.ledger.active_sessions(session.person, now)?.into_iter().find(|session| session.id == id);
    let mut other = found.ok_or_else(|| not_found(&id))?;
    clerk.ledger.end_session(&id, Status::Revoked, now)?;
    other.status = Status::Revoked;
    let client = shapes::client(&clerk, &session.client)?;
    Ok(Json(json!({"response": shapes::session_with_activities(&other), "client": client})))
}

/// The session that a request is made with: the one it names, or the client's
/// last active one.
fn signed_in(clerk: &Clerk, caller: &Caller, query: &Parameters) -> Result<Session, FapiError> {
    let Some(client) = &caller.0 else { return Err(unauthenticated()) };
    let mut sessions = clerk.ledger.sessions_of_client(client, clerk.clock.unix() * 1_000)?;
    sessions.retain(Session::is_active);
    let last = clerk.ledger.client(client)?.and_then(|client| client.last_session);
    let named = query.get("_clerk_session_id").or(last.as_deref());
    sessions.into_iter().find(|session| Some(session.id.as_str()) == named).ok_or_else(unauthenticated)
}

/// The gate has read the same query before and refused one it could not read.
fn read_query(query: Option<&str>) -> Parameters {
    Parameters::read(query.unwrap_or_default().as_bytes()).unwrap_or_default()
}

fn number(
    query: &Parameters,
    name: &'static str,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, FapiError> {
    let Some(text) = query.get(name) else { return Ok(default) };
    let known = text.parse().ok().filter(|number| range.contains(number));
    known.ok_or_else(|| {
        let long_message = format!("{text} does not match one of the allowed values for parameter {name}");
        let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, "form_param_value_invalid");
        FapiError::new(status, code, "is invalid", long_message).about(name)
    })
}
