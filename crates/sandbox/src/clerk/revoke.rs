//! `POST /oauth/token/revoke` (RFC 7009). Clerk's specification asks for a
//! client's credentials here, so a public client that does not even send its
//! id is answered 401; with its id it may end what it was given.

use std::sync::Arc;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;

use super::Clerk;
use super::token::{TokenError, client_form};

/// The endpoint. Revoking a refresh token ends its whole grant, an opaque
/// access token itself only; a token that is not known is as good as revoked
/// (RFC 7009 §2.2).
pub(super) async fn revoke(
    State(clerk): State<Arc<Clerk>>,
    form: Result<RawForm, RawFormRejection>,
) -> Result<StatusCode, TokenError> {
    let form = client_form(&form?.0)?;
    let token = form.get("token").ok_or_else(|| TokenError::invalid_request("the parameter token is missing"))?;
    if token.matches('.').count() == 2 {
        return Err(TokenError::unsupported_token_type("an access token that is a JWT ends by its expiry only"));
    }
    clerk.ledger.revoke_token(token)?;
    Ok(StatusCode::OK)
}
