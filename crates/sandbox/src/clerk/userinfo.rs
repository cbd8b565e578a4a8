//! `/oauth/userinfo`: who the owner of an access token is, and for which
//! organization (OpenID Connect Core §5.3, in the shape of Clerk's
//! `OAuth.UserInfo`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::fapi_error::FapiError;
use super::ledger::{Dead, Grant};
use super::scope::Scope;
use super::{Clerk, pictures};

/// The endpoint.
pub(super) async fn userinfo(State(clerk): State<Arc<Clerk>>, headers: HeaderMap) -> Response {
    match granted(&clerk, &headers) {
        Ok((grant, scope)) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(describe(&clerk, &grant, &scope))).into_response()
        }
        Err(why) => {
            let status = StatusCode::UNAUTHORIZED;
            let error = FapiError::new(status, "oauth_fetch_user_error", "unable to fetch user info", why);
            let mut response = error.into_response();
            let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
    }
}

/// What the request's access token gives, or why it gives nothing.
fn granted(clerk: &Clerk, headers: &HeaderMap) -> Result<(Grant, Scope), String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer ")).ok_or("send Authorization: Bearer TOKEN")?;
    let why = |dead: Dead| dead.to_string();
    if !token.contains('.') {
        return clerk.ledger.opaque_token(token, clerk.clock.unix()).map_err(why);
    }
    let claims = clerk
        .keys
        .check_access_token(token, &clerk.issuer, clerk.clock.unix())
        .ok_or("it is no access token of this instance, or it has expired")?;
    Ok((clerk.ledger.grant_of(&claims.jti).map_err(why)?, Scope::kept(&claims.scope)))
}

fn describe(clerk: &Clerk, grant: &Grant, scope: &Scope) -> Value {
    let person = grant.person;
    let mut description = json!({
        "object": "oauth_user_info",
        "instance_id": "ins_31aPerchSandbox000000000001",
        "user_id": person.id,
        "sub": person.id,
    });
    if scope.has("profile") {
        description["name"] = json!(person.name());
        description["given_name"] = json!(person.given_name);
        description["family_name"] = json!(person.family_name);
        description["picture"] = json!(person.has_image.then(|| pictures::address(&clerk.issuer, person.id)));
    }
    if scope.has("email") {
        description["email"] = json!(person.email);
        description["email_verified"] = json!(true);
    }
    if scope.asks_for_organization()
        && let Some(membership) = grant.organization.as_deref().and_then(|id| person.membership(id))
    {
        description["org_id"] = json!(membership.organization.id);
        description["org_name"] = json!(membership.organization.name);
        description["org_slug"] = json!(membership.organization.slug);
    }
    description
}
