//! The tenant's token, the pipe client, the table.
//!
//! A claims [`Template`] says what a tenant's token holds; [`mint`] or another
//! source signs it, and [`TenantToken::admit`], the fence, is the only door for
//! it. A [`Client`] asks a pipe with a [`TenantToken`] and hands back the bytes
//! of its answer; [`decode`] makes them a [`Table`], column by column, which
//! charts draw and [`write_csv`] exports.

mod answer;
mod bearer;
mod broker;
mod build;
mod bulk;
mod claimant;
mod client;
mod digits;
mod export;
mod instants;
mod kind;
mod literal;
mod mint;
mod moment;
mod pace;
mod parameters;
mod pipe;
mod public;
mod redact;
mod refusal;
mod rows;
mod scan;
mod shortcode;
mod standing;
mod table;
mod template;
mod token;
mod values;

pub use answer::{Answer, DecodeError, Statistics, decode};
pub use broker::{Broker, BrokerError, Exclusion, ServedConnection, ServedDashboard, Signed, Told};
pub use claimant::{Claimant, Found, claimant};
pub use client::{Again, Client, Limits};
pub use export::{write_csv, write_json};
pub use kind::{Argument, Family, Type};
pub use mint::{MintError, Signer, TokenClaims, mint};
pub use parameters::{ParameterError, ParameterValue, Parameters};
pub use pipe::{PipeName, PipeNameError};
pub use public::{PublicToken, PublicTokenError};
pub use refusal::{PipeError, PipeErrorKind};
pub use shortcode::is_shortcode;
pub use table::{Column, Identity, Table, TableError};
pub use template::{Mention, Template, TemplateError};
pub use token::{FenceError, TenantToken};
pub use values::Values;
