//! Dashboards: the files that operators write, the questions that their tiles
//! ask, and the engine that answers them, last seen first and fresh after.
//!
//! - [`Dashboard::parse`] reads a file and says where and what to write
//!   instead; [`check`] does so for a connection with all its dashboards.
//! - [`TimeRange`] is what the viewer picks; it becomes dates in the viewer's
//!   zone when a question is asked.
//! - [`Engine`] is one tenant's: over the sealed store, the pipe client and the
//!   token, and what arrives through it is kept for that tenant alone.

mod check;
mod engine;
mod error;
mod file;
mod flights;
mod memory;
mod problem;
mod questions;
mod section;
mod time;
mod tokens;
mod toml_text;

pub use check::{Checked, Finding, Source, check};
pub use engine::{Engine, Failure, TileData};
pub use error::EngineError;
pub use file::{Dashboard, Parameter, Reading, Tile, TimeFilter, TimeParameters};
pub use problem::Problem;
pub use time::{Dates, Preset, TimeRange, TimeRangeError};
pub use tokens::{TokenError, Tokens};
