//! Hosted authentication: a session with Clerk itself, by its Frontend API, as
//! Clerk's own native SDKs have one. Clerk then signs the tenant's token from a
//! JWT template, and one sign-in serves all of a person's organizations.
//!
//! The steps, in the order of the protocol:
//!
//! 1. [`HostedSignIn::begin`] asks for a sign-in page, with a state and a PKCE
//!    challenge (RFC 7636), and the system browser opens it.
//! 2. The browser ends at [`RETURN_ADDRESS`], and some process of Perch gets the
//!    link. [`HostedSignIn::accept`] tells whether it is this sign-in's.
//! 3. [`HostedSignIn::redeem`] spends the link's nonce. The client, which is what
//!    the Frontend API calls this copy of Perch, then holds a session.
//! 4. [`FrontendApi::memberships`] lists the organizations, and
//!    [`FrontendApi::template_token`] gives the token of one of them.
//! 5. [`FrontendApi::end`] ends the session, [`FrontendApi::end_others`] all
//!    others of the person.
//!
//! What names the client is the [`ClientToken`], which any answer may replace.

mod answer;
mod client_token;
mod frontend_api;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod link;
mod memberships;
mod sessions;
mod sign_in;
mod template_token;

pub use client_token::{ClientToken, KeepClientToken};
pub use frontend_api::FrontendApi;
pub use link::{HostedReturn, StrayLink};
pub use memberships::Membership;
pub use sessions::HostedSession;
pub use sign_in::HostedSignIn;

/// Where hosted authentication sends the browser at its end. Clerk takes a
/// custom scheme only; the app registers it with the system.
pub const RETURN_ADDRESS: &str = "perch://callback";
