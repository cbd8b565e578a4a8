//! Hosted authentication, Clerk's way for native apps: `start` begins it,
//! `portal` is where the person signs in, `client` redeems what came back. The
//! rest is what an app does with the session it then has. `native` stands
//! before all of it, `form` reads requests and `shapes` writes Clerk's objects,
//! `clients` and `sessions` are the ledger's pages for it.

mod attempts;
mod client;
mod clients;
mod form;
mod me;
mod native;
mod portal;
mod session;
mod sessions;
pub(super) mod shapes;
mod start;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

pub(super) use attempts::Attempts;
pub(super) use me::memberships_page;
pub(super) use session::organizations_disabled;

use super::Clerk;

/// The part of the Frontend API that an app asks.
pub(super) fn api(clerk: &Arc<Clerk>) -> Router<Arc<Clerk>> {
    Router::new()
        .route("/v1/client/hosted_auth", post(start::hosted_auth))
        .route("/v1/client", get(client::read).post(client::post).delete(client::delete))
        .route("/v1/client/sessions/{session}", get(session::read))
        .route("/v1/client/sessions/{session}/touch", post(session::touch))
        .route("/v1/client/sessions/{session}/end", post(session::end))
        .route("/v1/client/sessions/{session}/remove", post(session::remove))
        .route("/v1/client/sessions/{session}/tokens", post(tokens::session_token))
        .route("/v1/client/sessions/{session}/tokens/{template}", post(tokens::template_token))
        .route("/v1/me", get(me::me))
        .route("/v1/me/organization_memberships", get(me::organization_memberships))
        .route("/v1/me/sessions/active", get(me::active_sessions))
        .route("/v1/me/sessions/{session}/revoke", post(me::revoke))
        .layer(middleware::from_fn_with_state(Arc::clone(clerk), native::gate))
}

/// The Account Portal: the pages that an app opens in the person's browser.
pub(super) fn portal() -> Router<Arc<Clerk>> {
    Router::new().route("/portal/sign-in", get(portal::sign_in_page).post(portal::sign_in))
}
