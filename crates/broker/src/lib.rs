//! A server that signs tenants' tokens for an operator, so that no viewer's
//! machine has the workspace's admin token.
//!
//! A viewer's app sends the access token of its sign-in. [`access_token`] says
//! whether Clerk signed it, for this application; [`clerk`] and [`person`] what
//! Clerk says today of whoever it stands for; [`rules`] what that role may read;
//! [`policy`] fills the claims template, signs, and lets the fence judge what
//! came out. [`admission`] is the path of a request through all of these,
//! [`routes`] the HTTP before it, [`server`] the connections before that.
//!
//! It keeps nothing: any number of brokers stand behind any load balancer. TLS
//! ends before it, and no header that a proxy adds is believed.

mod access_token;
mod admission;
mod clerk;
mod clock;
mod config_error;
mod connections;
mod environment;
mod files;
mod keys;
mod memory;
mod metrics;
mod person;
mod policy;
mod refusal;
mod reload;
mod routes;
mod rules;
mod server;
mod settings;

pub use clock::Clock;
pub use config_error::ConfigError;
pub use reload::check;
pub use server::{Options, Running, StartError, start};
pub use settings::Sources;
