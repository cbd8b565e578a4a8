//! Dashboards: the files that operators write, the questions that their tiles
//! ask, and the engine that answers them, last seen first and fresh after.
//!
//! - [`Dashboard::parse`] reads a file and says where and what to write
//!   instead; [`check`] does so for a connection with all its dashboards.
//! - [`survey`] asks pipes what they answer, and [`outline`] writes a first file from that.
//! - [`Selection`] is what the viewer picks: a time range, which becomes dates in
//!   the viewer's zone when a question is asked, and values of the filters.
//! - [`Draft`] changes a file's text, and nothing of it but what was meant.
//! - [`Engine`] is one tenant's: over the sealed store, the pipe client and the
//!   token, and what arrives through it is kept for that tenant alone.
//! - [`schedule`] says which tiles to ask for now.

mod audience;
mod budget;
mod charts;
mod check;
mod edit;
mod engine;
mod error;
mod file;
mod filter;
mod flights;
mod groups;
mod keys;
mod link;
mod live;
mod memory;
mod naming;
mod outline;
mod pipes;
mod problem;
mod questions;
pub mod schedule;
mod schema;
mod section;
mod selection;
mod survey;
mod time;
mod tokens;
mod toml_text;

pub use audience::Audience;
pub use check::{Checked, Finding, Source, check};
pub use edit::{Assignment, BLANK, Change, ChartKey, Draft, EditError, NewTile, TileKeys, id_for, without_tiles_of};
pub use engine::{Engine, Enough, Failure, TileData};
pub use error::EngineError;
pub use file::{Dashboard, MOST_BYTES, Parameter, Reading, Tile, TimeFilter, TimeParameters, WrongTile};
pub use filter::{Choice, Choices, Filter, FilterError, FilterKind, Options};
pub use groups::Group;
pub use link::{LinkError, OpenLink, Whose};
pub use live::check_live;
pub use outline::{Answered, outline};
pub use pipes::Pipes;
pub use problem::Problem;
pub use schema::SCHEMA;
pub use selection::Selection;
pub use survey::{LeftOut, Survey, Surveyed, survey};
pub use time::{Comparison, Dates, DayZone, Preset, TimeRange, TimeRangeError, UnknownZone};
pub use tokens::{TokenError, Tokens};
