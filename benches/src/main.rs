//! `make bench`: Perch beside its peers, in one run. Prints a table and writes
//! it to `target/bench.json`. It measures and does not judge: a slow machine
//! is no failure.
//!
//! Each bench is a file of its own that answers with a [`Comparison`]; this one
//! only says which there are. The release builds of `perch` and
//! `perch-empty-window` must stand beside this program, and it needs a display
//! and a keychain: `scripts/desktop` gives both.

mod comparison;
mod error;
mod past_visit;
mod program;
mod start;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use comparison::{Comparison, table};
use error::BenchError;

/// Where the comparisons are written, from the repository's root.
const WRITTEN_TO: &str = "target/bench.json";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed, the exit code must do.
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BenchError> {
    let comparisons = [start::compare().await?];
    std::io::stdout().write_all(table(&comparisons).as_bytes())?;
    write(&comparisons, Path::new(WRITTEN_TO))
}

fn write(comparisons: &[Comparison], file: &Path) -> Result<(), BenchError> {
    let mut text = serde_json::to_string_pretty(comparisons).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(std::fs::write(file, text)?)
}
