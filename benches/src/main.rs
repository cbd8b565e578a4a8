//! `make bench`: Perch beside its peers, in one run. Prints a table and writes
//! it to `target/bench.json`. It measures and does not judge: a slow machine
//! is no failure.
//!
//! Each bench is a file of its own that answers with [`Comparison`]s; this one
//! only says which there are. Arguments name those to run, all without any.
//! For `start`, `open`, `switch`, `hover` and `memory`, the release builds of
//! `perch` and `perch-empty-window` must stand beside this program, and all need a
//! display and a keychain: `scripts/desktop` gives both.

mod burst;
mod comparison;
mod decode;
mod error;
mod family;
mod hover;
mod memory;
mod mint;
mod node;
mod open;
mod past_visit;
mod program;
mod read;
mod redraw;
mod render;
mod series;
mod start;
mod store_size;
mod switch;
mod tenant;
mod twelve;
mod window;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use comparison::{Comparison, table};
use error::BenchError;
use node::Node;

/// Where the comparisons are written, from the repository's root.
const WRITTEN_TO: &str = "target/bench.json";

#[tokio::main]
async fn main() -> ExitCode {
    let done = if decode::is_apart() { decode::print() } else { run().await };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed, the exit code must do.
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BenchError> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |bench: &str| named.is_empty() || named.iter().any(|name| name == bench);
    let mut comparisons = Vec::new();
    if wanted("start") {
        comparisons.push(start::compare().await?);
    }
    if wanted("open") {
        comparisons.push(open::compare().await?);
    }
    if wanted("switch") {
        comparisons.push(switch::compare().await?);
    }
    if wanted("decode") {
        comparisons.extend(decode::compare_apart()?);
    }
    if wanted("render") {
        comparisons.extend(render::compare(&mut Node::start()?)?);
    }
    if wanted("redraw") {
        comparisons.extend(redraw::compare(&mut Node::start()?).await?);
    }
    if wanted("hover") {
        comparisons.push(hover::compare().await?);
    }
    if wanted("memory") {
        comparisons.push(memory::compare().await?);
    }
    if wanted("mint") {
        comparisons.push(mint::compare(&mut Node::start()?)?);
    }
    if wanted("burst") {
        comparisons.push(burst::compare().await?);
    }
    if wanted("read") {
        comparisons.extend(read::compare()?);
    }
    if wanted("store_size") {
        comparisons.push(store_size::compare().await?);
    }
    std::io::stdout().write_all(table(&comparisons).as_bytes())?;
    write(&comparisons, Path::new(WRITTEN_TO))
}

fn write(comparisons: &[Comparison], file: &Path) -> Result<(), BenchError> {
    let mut text = serde_json::to_string_pretty(comparisons).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(std::fs::write(file, text)?)
}
