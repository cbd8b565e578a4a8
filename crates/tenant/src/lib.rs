//! The ground that every other crate stands on: which company's services
//! ([`Connection`]), which person ([`User`]), on behalf of whom
//! ([`Organization`]), and the name under which all of that person's data is
//! asked for, kept and drawn ([`TenantId`]).
//!
//! Nothing in Perch is global. A function that touches a tenant's data takes
//! the tenant as a parameter, so that the rows of one can never be shown to
//! another by forgetting to reset something.

mod clerk_key;
mod connection;
mod origin;
mod place;
mod secret;
mod tenant;
mod token_source;

pub use clerk_key::{ClerkKeyError, PublishableKey, find_secret_key};
pub use connection::{
    ClerkApp, Connection, ConnectionError, DailyRequests, Name, OAuthApplication, OfflinePolicy, SignInMethod,
    TinybirdWorkspace,
};
pub use origin::{Origin, OriginError};
pub use place::Place;
pub use secret::Secret;
pub use tenant::{Organization, PersonId, Tenant, TenantId, User};
pub use token_source::{Attribute, Bindings, PublicAccess, TokenSource};
