//! Why a sandbox did not start, or did not do what it was asked.

use std::io;
use std::path::PathBuf;

/// Why a sandbox did not start, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The port is taken, or may not be had.
    #[error("the sandbox cannot listen on 127.0.0.1:{port}: {source}")]
    Port {
        /// The port that was asked for; 0 means any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder or its file cannot be used.
    #[error("the sandbox cannot keep its data in {}: {reason}", path.display())]
    Data {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The folder of recorded answers cannot be read.
    #[error("the sandbox cannot read answers from {}: {source}", path.display())]
    Answers {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database of events could not be built.
    #[error("the sandbox could not make its events: {0}")]
    Events(#[from] rusqlite::Error),
    /// No signing key could be made.
    #[error("the sandbox could not make its signing key: {0}")]
    Key(String),
    /// The person, or the organization, is not one of the sandbox's, or the one
    /// was never a member of the other.
    #[error("in the sandbox, {person} is no member of {organization}")]
    Membership {
        /// The person, as asked for.
        person: String,
        /// The organization, as asked for.
        organization: String,
    },
    /// A step was cut short because the process is shutting down.
    #[error("the sandbox was stopped before it had started")]
    Interrupted,
}

impl SandboxError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Port { .. } => "sandbox-port",
            Self::Data { .. } => "sandbox-data",
            Self::Answers { .. } => "sandbox-answers",
            Self::Events(_) => "sandbox-events",
            Self::Key(_) => "sandbox-key",
            Self::Membership { .. } => "sandbox-membership",
            Self::Interrupted => "sandbox-interrupted",
        }
    }

    /// What to do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Port { .. } => "End what uses the port, or leave the port out to get a free one.",
            Self::Data { .. } => "Name a folder that you may write to; a file that cannot be read may be deleted.",
            Self::Answers { .. } => "Name a folder that holds NAME.json files.",
            Self::Membership { .. } => "Name one of the sandbox's people and the id of an organization of theirs.",
            Self::Events(_) | Self::Key(_) | Self::Interrupted => "Start it again.",
        }
    }
}
