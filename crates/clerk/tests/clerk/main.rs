//! Sign-in against a real provider on loopback, with real HTTP requests for a
//! browser: what works, and what must not be possible.

mod browser;
mod discovery;
mod flows;
mod hosted_api;
mod hosted_client;
mod hosted_picture;
mod hosted_session;
mod hosted_sign_in;
mod id_token;
mod limits;
mod listener;
mod provider;
mod proxy;
mod scopes;
mod secrets;
mod session;
mod sign_in;
