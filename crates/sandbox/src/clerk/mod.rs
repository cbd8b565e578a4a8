//! The stand-in for Clerk: an OAuth 2.0 and OpenID Connect provider with one
//! public client, below `hosted` the Native API, and below `backend` the Backend
//! API. `ledger` remembers, `keys` signs, `request` reads what a client asks for, `pages` draws what a person
//! sees; the rest are endpoints.

mod authorize;
mod backend;
mod browser;
mod discovery;
mod fapi_error;
mod flow;
mod hosted;
mod keys;
mod ledger;
mod opaque;
mod pages;
mod parameters;
mod pictures;
mod request;
mod revoke;
mod scope;
#[cfg(feature = "visitor")]
mod takes;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::{Clock, Options, SandboxError, people};

pub(crate) use backend::router as backend;

/// One instance of the stand-in.
pub(crate) struct Clerk {
    issuer: String,
    clock: Clock,
    keys: keys::Keys,
    ledger: ledger::Ledger,
    browsers: browser::Browsers,
    flows: flow::Flows,
    attempts: hosted::Attempts,
    traffic: backend::Traffic,
    scopes: scope::KnownScopes,
    opaque_access_tokens: bool,
    organizations: bool,
    native_api: bool,
    /// Which pipes the JWT template for Tinybird names.
    pipes: Vec<String>,
}

impl Clerk {
    /// Opens the ledger in the data folder, or one in memory. Makes a signing
    /// key when the ledger has none, which takes some tenths of a second.
    pub(crate) fn open(issuer: String, port: u16, options: &Options) -> Result<Self, SandboxError> {
        let ledger = ledger::Ledger::open(options.data.as_deref())?;
        let keys = keys::Keys::from_pkcs8(&ledger.keep("signing_key", keys::generate)?)?;
        let browsers = browser::Browsers::new(port, &ledger.keep("browser_key", || Ok(opaque::bytes()?.to_vec()))?);
        Ok(Self {
            issuer,
            clock: options.clock.clone(),
            keys,
            ledger,
            browsers,
            flows: flow::Flows::default(),
            attempts: hosted::Attempts::default(),
            traffic: backend::Traffic::default(),
            scopes: scope::KnownScopes::new(options.organizations, &options.custom_scopes),
            opaque_access_tokens: options.opaque_access_tokens,
            organizations: options.organizations,
            native_api: options.native_api,
            pipes: Vec::new(),
        })
    }

    /// Names these pipes in the JWT template for Tinybird.
    pub(crate) fn with_template_for(self, pipes: Vec<String>) -> Self {
        Self { pipes, ..self }
    }

    /// Ends every session, as an administrator does in Clerk's dashboard.
    pub(crate) fn end_sessions(&self) -> Result<(), SandboxError> {
        Ok(self.ledger.end_all()?)
    }

    /// Removes a person, by handle or id, from an organization.
    pub(crate) fn end_membership(&self, person: &str, organization: &str) -> Result<(), SandboxError> {
        let known = people::people().iter().find(|known| known.id == person || known.handle == person);
        let Some(known) = known.filter(|known| known.membership(organization).is_some()) else {
            return Err(SandboxError::Membership { person: person.to_owned(), organization: organization.to_owned() });
        };
        Ok(self.ledger.end_membership(known, organization)?)
    }
}

/// All of its endpoints.
pub(crate) fn router(clerk: Arc<Clerk>) -> Router {
    let pages = Router::new()
        .route("/", get(authorize::home))
        .route("/style.css", get(pages::style))
        .route("/oauth/authorize", get(authorize::authorize))
        .route("/sign-in", get(authorize::sign_in_page).post(authorize::sign_in))
        .route("/switch-account", post(authorize::switch_account))
        .route("/consent", get(authorize::consent_page).post(authorize::consent))
        .merge(hosted::portal())
        .layer(middleware::map_response(pages::guard));
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::openid_configuration))
        .route("/.well-known/oauth-authorization-server", get(discovery::authorization_server))
        .route("/.well-known/jwks.json", get(discovery::jwks))
        .route("/oauth/token", post(token::token))
        .route("/oauth/token/revoke", post(revoke::revoke))
        .route("/oauth/token_info", post(token::token_info))
        .route("/oauth/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/pictures/{file}", get(pictures::picture))
        .merge(hosted::api(&clerk))
        .merge(pages)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(clerk)
}
