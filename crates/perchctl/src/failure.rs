//! Why a command failed, as the one line that the person reads.

use std::io;
use std::path::PathBuf;

use perch_chart::ChartError;
use perch_dashboard::EngineError;
use perch_export::ExportError;
use perch_offline::StoreError;
use perch_sandbox::SandboxError;
use perch_tinybird::{DecodeError, FenceError, MintError, PipeError, PublicTokenError};

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
    #[error("{0}. {next_step}", next_step = .0.next_step())]
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
    #[error("{} is there already; name another file, or remove it first", path.display())]
    Exists { path: PathBuf },
    #[error("name a tenant's token with --token-file, or --user and --key-env or --key-file to sign one")]
    NoAccess,
    #[error("{} does not fix `{parameter}`, which the connection binds, so Perch would not send it", path.display())]
    Unbound { path: PathBuf, parameter: String },
    #[error("the pipes could not be asked: {0}. {next_step}", next_step = .0.next_step())]
    Engine(#[from] EngineError),
    #[error("the pipes could not be asked: {0}. {next_step}", next_step = .0.next_step())]
    Client(#[from] PipeError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the public token of the connection cannot be used: {0}. {next_step}", next_step = .0.next_step())]
    Public(#[from] PublicTokenError),
    #[error("no pipe answered, so there is nothing to make a dashboard of")]
    NothingAnswered,
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
