//! Sign-in with Clerk through the system browser, and the session that comes
//! of it.
//!
//! Clerk is an OAuth 2.0 and OpenID Connect provider, Perch a public client of
//! it: no secret, PKCE (RFC 7636), a redirect to this machine's loopback
//! address (RFC 8252). The steps, in the order of the protocol:
//!
//! 1. [`Provider::discover`] learns Clerk's endpoints and checks that they are
//!    Clerk's.
//! 2. [`SignIn::begin`] listens on 127.0.0.1 and makes the address that the
//!    browser opens.
//! 3. [`SignIn::returned`] waits for the browser to come back;
//!    [`Returned::finish`] redeems the code, verifies the ID token, and asks who
//!    signed in, and for which organization.
//! 4. [`Session::renew`] keeps the session, in two halves ([`Renewed`]), and
//!    [`Session::revoke`] ends it.
//!
//! The other way is hosted authentication ([`FrontendApi`]), which gives one
//! session with Clerk itself for all of a person's organizations:
//!
//! 1. [`HostedSignIn::begin`] asks for the address that the browser opens.
//! 2. [`HostedSignIn::accept`] knows the link with which the browser comes back,
//!    and [`HostedSignIn::redeem`] spends it.
//! 3. [`FrontendApi::memberships`] lists the organizations, and
//!    [`FrontendApi::template_token`] has Clerk sign the token of one of them.
//! 4. [`FrontendApi::end`] ends the session. All the while the [`ClientToken`],
//!    which is what stays, is replaced by whatever an answer brings.
//!
//! Whatever comes from outside, a callback, a link, a discovery document, an ID
//! token, a key, is a value whose constructor is its only door and checks
//! everything.

mod callback;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hosted;
mod http;
mod id_token;
mod keys;
mod listener;
mod metadata;
mod page;
mod picture;
mod provider;
mod renewed;
mod session;
mod sign_in;
mod token;
mod userinfo;

pub use error::ClerkError;
pub use hosted::{
    ClientToken, FrontendApi, HostedReturn, HostedSession, HostedSignIn, KeepClientToken, Membership, RETURN_ADDRESS,
    StrayLink,
};
pub use http::http_client;
pub use id_token::IdTokenError;
pub use keys::{KeySet, verifying_keys};
pub use picture::Picture;
pub use provider::Provider;
pub use renewed::Renewed;
pub use session::Session;
pub use sign_in::{Prompt, Returned, SignIn, SignedIn};
