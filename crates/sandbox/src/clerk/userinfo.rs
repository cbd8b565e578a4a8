//! `/oauth/userinfo`: who the owner of an access token is, and for which
//! organization (OpenID Connect Core §5.3, in the shape of Clerk's
//! `OAuth.UserInfo`).
//!
//! One claim goes beyond that shape: `org_role`, the person's role in the
//! organization, which Clerk tells a backend only. A client must do without.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Clerk;

/// The endpoint.
pub(super) async fn userinfo(State(clerk): State<Arc<Clerk>>, headers: HeaderMap) -> Response {
    match describe(&clerk, &headers) {
        Ok(description) => ([(header::CACHE_CONTROL, "no-store")], Json(description)).into_response(),
        Err(why) => {
            let error =
                json!({"code": "oauth_invalid_access_token", "message": "Invalid access token", "long_message": why});
            let mut response = (StatusCode::UNAUTHORIZED, Json(json!({"errors": [error]}))).into_response();
            let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
    }
}

fn describe(clerk: &Clerk, headers: &HeaderMap) -> Result<Value, String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer ")).ok_or("send Authorization: Bearer TOKEN")?;
    let claims = clerk
        .keys
        .check_access_token(token, &clerk.issuer, clerk.clock.unix())
        .ok_or("it is no access token of this instance, or it has expired")?;
    let grant = clerk.ledger.grant_of(&claims.jti).map_err(|dead| dead.to_string())?;
    let person = grant.person;
    let asked = |scope| claims.scope.split(' ').any(|given| given == scope);
    let mut description = json!({
        "object": "oauth_user_info",
        "instance_id": "ins_31aPerchSandbox000000000001",
        "user_id": person.id,
        "sub": person.id,
    });
    if asked("profile") {
        description["name"] = json!(person.name());
        description["given_name"] = json!(person.given_name);
        description["family_name"] = json!(person.family_name);
    }
    if asked("email") {
        description["email"] = json!(person.email);
        description["email_verified"] = json!(true);
    }
    if asked("user:org:read")
        && let Some(membership) = grant.organization.as_deref().and_then(|id| person.membership(id))
    {
        description["org_id"] = json!(membership.organization.id);
        description["org_name"] = json!(membership.organization.name);
        description["org_slug"] = json!(membership.organization.slug);
        description["org_role"] = json!(membership.role);
    }
    Ok(description)
}
