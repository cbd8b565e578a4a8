//! Pictures as files: SVG that stands alone, PNG and PDF, with the bundled Perch Sans, so that a picture of its letters
//! gives the same bytes on every machine.
//!
//! ```text
//! Drawing -> frame (ground, title) -> SVG -> usvg -> PNG
//! Drawings -> pages (grids, headings) -----> usvg -> PDF, whose text stays text
//! ```
//!
//! What Perch Sans does not hold (it has Latin, Greek and Cyrillic) comes from a font of the system that makes the file,
//! and is a box where none has it; in SVG it is the letter itself, from whatever font the reader has.

mod error;
mod file_name;
mod frame;
mod layout;
mod letters;
mod pdf;
mod png;
mod tree;

pub use error::ExportError;
pub use file_name::file_name;
pub use frame::{Fonts, Picture, svg};
pub use layout::{Group, Layout, Span};
pub use pdf::{Head, Report, Tile, pdf, picture_pdf};
pub use png::{Pixels, Scale, pixels, png};
