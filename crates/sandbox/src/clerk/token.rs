//! `POST /oauth/token` (RFC 6749 §4.1.3 and §6): a code or a refresh token in,
//! tokens out.

use std::sync::Arc;

use axum::Json;
use axum::extract::RawForm;
use axum::extract::State;
use axum::extract::rejection::RawFormRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::keys::AccessClaims;
use super::ledger::{Dead, Grant};
use super::parameters::Parameters;
use super::request::Redirect;
use super::scope::Scope;
use super::{Clerk, opaque};
use crate::{CLIENT_ID, SandboxError};

/// One day, in seconds: access tokens and ID tokens.
pub(super) const LIFETIME: i64 = 86_400;

/// An error of the token endpoints, in the form of RFC 6749 §5.2 with the
/// statuses of Clerk's specification.
#[derive(Debug)]
pub(super) struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl TokenError {
    /// 400 `invalid_request`.
    pub(super) fn invalid_request(description: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", description: description.to_owned() }
    }

    /// 400 `unsupported_token_type` (RFC 7009 §2.2.1).
    pub(super) fn unsupported_token_type(description: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "unsupported_token_type", description: description.to_owned() }
    }

    /// 401 `invalid_client`.
    pub(super) fn invalid_client(description: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error: "invalid_client", description: description.to_owned() }
    }
}

impl From<Dead> for TokenError {
    fn from(dead: Dead) -> Self {
        // Clerk's specification knows `invalid_grant` with both statuses, so a
        // client here meets both: 400 for what was right once, 401 for what
        // never was or is suspect.
        let (status, error) = match dead {
            Dead::Expired | Dead::WrongRedirect => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Dead::Unknown | Dead::Used | Dead::Revoked | Dead::WrongVerifier => {
                (StatusCode::UNAUTHORIZED, "invalid_grant")
            }
            Dead::TooMuch => (StatusCode::BAD_REQUEST, "invalid_request"),
            Dead::Ledger(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        Self { status, error, description: dead.to_string() }
    }
}

impl From<rusqlite::Error> for TokenError {
    fn from(error: rusqlite::Error) -> Self {
        Dead::Ledger(error).into()
    }
}

impl From<SandboxError> for TokenError {
    fn from(error: SandboxError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, error: "server_error", description: error.to_string() }
    }
}

impl From<RawFormRejection> for TokenError {
    fn from(_: RawFormRejection) -> Self {
        Self::invalid_request("the body must be application/x-www-form-urlencoded")
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

/// The endpoint.
pub(super) async fn token(
    State(clerk): State<Arc<Clerk>>,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, TokenError> {
    let form = client_form(&form?.0)?;
    let now = clerk.clock.unix();
    let answer = match form.get("grant_type") {
        Some("authorization_code") => by_code(&clerk, &form, now)?,
        Some("refresh_token") => by_refresh_token(&clerk, &form, now)?,
        Some(_) => {
            return Err(TokenError {
                status: StatusCode::UNAUTHORIZED,
                error: "unsupported_grant_type",
                description: "grant_type must be authorization_code or refresh_token".to_owned(),
            });
        }
        None => return Err(TokenError::invalid_request("grant_type is missing")),
    };
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response())
}

/// `POST /oauth/token_info`: introspection is for clients with a secret, and
/// the one client here has none.
pub(super) async fn token_info() -> TokenError {
    TokenError::invalid_client("introspection asks for a client's credentials, and a public client has none")
}

/// The form of our public client: its id, and no secret, which it cannot have.
pub(super) fn client_form(body: &[u8]) -> Result<Parameters, TokenError> {
    let form = Parameters::read(body)
        .map_err(|name| TokenError::invalid_request(&format!("the parameter {name} stands twice")))?;
    if form.get("client_id") != Some(CLIENT_ID) || form.get("client_secret").is_some() {
        return Err(TokenError::invalid_client("client_id is not that of a registered public client"));
    }
    Ok(form)
}

fn by_code(clerk: &Clerk, form: &Parameters, now: i64) -> Result<Value, TokenError> {
    let need =
        |name| form.get(name).ok_or_else(|| TokenError::invalid_request(&format!("the parameter {name} is missing")));
    let redirect = Redirect::read(need("redirect_uri")?);
    let (grant, nonce) = clerk.ledger.redeem(need("code")?, redirect.as_ref(), need("code_verifier")?, now)?;
    let refresh_token = if grant.scope.has("offline_access") {
        let token = opaque::token("clk_refresh_")?;
        clerk.ledger.add_refresh_token(&token, &grant, now)?;
        Some(token)
    } else {
        None
    };
    answer(clerk, &grant, &grant.scope, nonce.as_deref(), refresh_token, now)
}

fn by_refresh_token(clerk: &Clerk, form: &Parameters, now: i64) -> Result<Value, TokenError> {
    let token = form
        .get("refresh_token")
        .ok_or_else(|| TokenError::invalid_request("the parameter refresh_token is missing"))?;
    let narrowed = form
        .get("scope")
        .map(|scope| clerk.scopes.read(scope))
        .transpose()
        .map_err(|unknown| TokenError::invalid_request(&format!("the scope {unknown} is not known")))?;
    let next = opaque::token("clk_refresh_")?;
    let grant = clerk.ledger.rotate(token, narrowed.as_ref(), &next, now)?;
    let scope = narrowed.unwrap_or_else(|| grant.scope.clone());
    // Without nonce: it belonged to the first answer (OpenID Connect Core §12.2).
    answer(clerk, &grant, &scope, None, Some(next), now)
}

fn answer(
    clerk: &Clerk,
    grant: &Grant,
    scope: &Scope,
    nonce: Option<&str>,
    refresh_token: Option<String>,
    now: i64,
) -> Result<Value, TokenError> {
    let access_token = access_token(clerk, grant, scope, now)?;
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": scope.to_string(),
    });
    if let Some(refresh_token) = refresh_token {
        answer["refresh_token"] = Value::String(refresh_token);
    }
    if scope.has("openid") {
        let claims = id_claims(clerk, grant, scope, nonce, now);
        answer["id_token"] = Value::String(clerk.keys.sign_jwt(&claims)?);
    }
    Ok(answer)
}

/// A JWT, or where the operator wants it so a text that only we can read.
fn access_token(clerk: &Clerk, grant: &Grant, scope: &Scope, now: i64) -> Result<String, TokenError> {
    let jti = opaque::token("oat_")?;
    if clerk.opaque_access_tokens {
        clerk.ledger.add_opaque_token(&jti, grant, scope, now + LIFETIME)?;
        return Ok(jti);
    }
    clerk.ledger.add_access_token(&jti, grant)?;
    Ok(clerk.keys.sign_access_token(&AccessClaims {
        iss: clerk.issuer.clone(),
        client_id: CLIENT_ID.to_owned(),
        sub: grant.person.id.to_owned(),
        jti,
        iat: now,
        nbf: now,
        exp: now + LIFETIME,
        scope: scope.to_string(),
        org_id: grant.organization.clone(),
    })?)
}

/// OpenID Connect Core §2 and §5.1, and Clerk's `org_id`.
fn id_claims(clerk: &Clerk, grant: &Grant, scope: &Scope, nonce: Option<&str>, now: i64) -> Value {
    let person = grant.person;
    let mut claims = json!({
        "iss": clerk.issuer,
        "aud": CLIENT_ID,
        "sub": person.id,
        "iat": now,
        "exp": now + LIFETIME,
        "auth_time": grant.signed_in_at,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    if scope.has("profile") {
        claims["name"] = json!(person.name());
        claims["given_name"] = json!(person.given_name);
        claims["family_name"] = json!(person.family_name);
    }
    if scope.has("email") {
        claims["email"] = json!(person.email);
        claims["email_verified"] = json!(true);
    }
    if let Some(organization) = &grant.organization {
        claims["org_id"] = json!(organization);
    }
    claims
}
