//! Why the broker cannot work with what it was given. No sentence repeats a
//! key, because all of them are logged.

use std::io;
use std::path::PathBuf;

use perch_tenant::{ConnectionError, Place};

/// Why the broker cannot work with its files and variables.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file, or a folder, cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not text.
    #[error("{}: this is not text in UTF-8; save the file as UTF-8", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
    },
    /// A place in a file.
    #[error("{}:{}:{}: {message}", path.display(), place.line, place.column)]
    At {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// A variable.
    #[error("the variable {name}: {message}")]
    Variable {
        /// Which.
        name: &'static str,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// Something that stands nowhere.
    #[error("{what}")]
    Missing {
        /// What, and where to write it.
        what: &'static str,
    },
    /// A line of the `.env` file is none.
    #[error("{}: its variable number {variable} is no line of the form NAME=value", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        variable: usize,
    },
    /// All rules are gone, which would give everything to everybody.
    #[error("there were rules, and now there is none: everybody would read everything that the template has")]
    RulesLost,
    /// A key stands twice.
    #[error("both {name} and {name}_FILE are set; keep one of them")]
    TwoKeys {
        /// The key's variable.
        name: &'static str,
    },
    /// A key's file is empty.
    #[error("{}: this file should hold a key and is empty", path.display())]
    EmptyKey {
        /// The file.
        path: PathBuf,
    },
    /// A key is no word.
    #[error("the key {name} has a space or an odd character in it; copy it again, whole")]
    NoKey {
        /// The key's variable.
        name: &'static str,
    },
}

impl ConfigError {
    /// An error at a byte offset into a file's `text`.
    pub(crate) fn at(path: &std::path::Path, text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self::At { path: path.to_owned(), place: Place::of(text, offset), message: message.into() }
    }

    /// An error of the connection file.
    pub(crate) fn connection(path: &std::path::Path, error: ConnectionError) -> Self {
        let ConnectionError { line, column, message } = error;
        Self::At { path: path.to_owned(), place: Place { line, column }, message }
    }

    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "config-unreadable",
            Self::NotText { .. } => "config-not-text",
            Self::At { .. } => "config-wrong",
            Self::Variable { .. } => "config-variable",
            Self::Missing { .. } => "config-missing",
            Self::EnvFile { .. } => "config-env-file",
            Self::RulesLost => "config-rules-lost",
            Self::TwoKeys { .. } => "config-two-keys",
            Self::EmptyKey { .. } => "config-empty-key",
            Self::NoKey { .. } => "config-no-key",
        }
    }

    /// What the operator can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Check the path, and that the broker's user may read it.",
            Self::NotText { .. } | Self::At { .. } | Self::EnvFile { .. } => {
                "Mend the file; `perch-broker check` tells when it is right."
            }
            Self::Variable { .. } | Self::Missing { .. } => {
                "`perch-broker --help` lists the options and their variables."
            }
            Self::RulesLost => "Write the rules again or, where that is meant, rules = \"none\".",
            Self::TwoKeys { .. } | Self::EmptyKey { .. } | Self::NoKey { .. } => {
                "Set the key once: in its variable, or in a file that its _FILE variable names."
            }
        }
    }
}
