//! Why a command failed, as the one line that the person reads.

use std::io;
use std::path::PathBuf;

use perch_chart::ChartError;
use perch_sandbox::SandboxError;
use perch_tinybird::DecodeError;

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
    #[error("{0}")]
    Sandbox(#[from] SandboxError),
    #[error("{0}")]
    Runtime(io::Error),
    #[error("{count} {} to put right", if *count == 1 { "problem" } else { "problems" })]
    Problems { count: usize },
}
