//! Why a command failed, as the one line that the person reads.

use std::io;
use std::path::PathBuf;

use perch_chart::ChartError;
use perch_export::ExportError;
use perch_sandbox::SandboxError;
use perch_tinybird::{DecodeError, FenceError, MintError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("{} is not a pipe's answer: {source}", path.display())]
    Answer { path: PathBuf, source: DecodeError },
    #[error("{0}")]
    Chart(#[from] ChartError),
    #[error("no file was made: {source}. {next_step}", next_step = source.next_step())]
    Export { source: ExportError },
    #[error("--scale is for a PNG; name the output .png or leave it out")]
    ScaleWithoutPixels,
    #[error("--embed-fonts is for an SVG; name the output .svg or leave it out")]
    FontsWithoutSvg,
    #[error("{0}")]
    Sandbox(#[from] SandboxError),
    #[error("{0}")]
    Runtime(io::Error),
    #[error("{}:{line}:{column}: {message}", path.display())]
    Malformed { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{}: {message}", path.display())]
    Claimant { path: PathBuf, message: String },
    #[error("--key-env takes the name of an environment variable, like TINYBIRD_JWT_SECRET, and never the key itself")]
    KeyAsArgument,
    #[error("the environment variable {name} {wrong}")]
    KeyVariable { name: String, wrong: &'static str },
    #[error("the key file {} is empty", path.display())]
    EmptyKeyFile { path: PathBuf },
    #[error("{} has no claims template (source = \"{source_name}\"); hand a copy of it to --template", path.display())]
    NoTemplate { path: PathBuf, source_name: &'static str },
    #[error("no token was signed: {0}")]
    Mint(#[from] MintError),
    #[error("Perch would refuse this token: {0}{remedy}", remedy = remedy(.0))]
    Fence(#[from] FenceError),
    #[error("{count} {} to put right", if *count == 1 { "problem" } else { "problems" })]
    Problems { count: usize },
}

/// What somebody who types a person's data can do about a refusal.
fn remedy(error: &FenceError) -> &'static str {
    match error {
        FenceError::NullParameter { .. } => "; say what its shortcode stands for (see perchctl token --help)",
        _ => "",
    }
}
