//! What can stop the store, and what it only tells about.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key is not 64 hexadecimal digits.
    #[error("the key of the offline store is not a 256-bit key")]
    Key,
    /// The folder or the file cannot be made, read or written.
    #[error("Perch cannot write its offline data to {}: {reason}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system or the database said.
        reason: String,
    },
    /// The disk fails in another way than by being full.
    #[error("the disk fails at {}: {reason}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// No room is left on the disk.
    #[error("the disk is full, so Perch cannot keep what you see for later")]
    Full,
    /// One answer alone takes more than all of a tenant's may.
    #[error(
        "an answer of {} is more than the {} that this organization may keep offline",
        megabytes(*size), megabytes(*limit)
    )]
    TooLarge {
        /// The answer's bytes, compressed.
        size: u64,
        /// The bytes that all answers may take together.
        limit: u64,
    },
    /// Another process holds the file for longer than the store waits.
    #[error("another Perch is busy with this organization's offline data")]
    Busy,
    /// [`crate::Store::close`] was called.
    #[error("the offline data of this organization is closed")]
    Closed,
    /// What no other variant names.
    #[error("the offline data could not be read or written: {0}")]
    Database(String),
}

impl StoreError {
    /// A stable name for this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key => "store-key",
            Self::Folder { .. } => "store-folder",
            Self::Disk { .. } => "store-disk",
            Self::Full => "store-full",
            Self::TooLarge { .. } => "store-too-large",
            Self::Busy => "store-busy",
            Self::Closed => "store-closed",
            Self::Database(_) => "store-database",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Key => "Sign out and sign in again, so that Perch makes a new key.",
            Self::Folder { .. } => "Make the folder yours and writable, then start Perch again.",
            Self::Disk { .. } => {
                "Check the disk and the room on it; Perch goes on without keeping anything until then."
            }
            Self::Full => "Free some space; Perch goes on without keeping anything until then.",
            Self::TooLarge { .. } => {
                "Choose a shorter time or fewer rows, or ask your operator to raise `megabytes` below [offline]."
            }
            Self::Busy => "Close the other Perch, then try again.",
            Self::Closed => "Sign in again.",
            Self::Database(_) => "Try again; if it stays, sign out and sign in again.",
        }
    }

    /// Whether the disk takes nothing, so that what it holds may be whole all the same.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Folder { .. } | Self::Disk { .. } | Self::Full)
    }

    pub(crate) fn folder(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::Full;
        }
        Self::Folder { path: path.to_owned(), reason: error.to_string() }
    }

    /// The variant for a failure of the database in the file at `path`.
    pub(crate) fn database(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path: path.to_owned(), reason: error.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Folder { path: path.to_owned(), reason: error.to_string() }
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1 << 20);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// What the viewer is told once, calmly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The file that was there could not be used; the store begins empty.
    StartedAnew {
        /// What was wrong with it.
        why: Why,
    },
}

/// Why a file that was there could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The key does not fit, or the file is damaged. Sealed pages do not tell
    /// which.
    Unreadable,
    /// A newer Perch wrote it.
    Newer {
        /// The file's version.
        version: i32,
    },
    /// It names another tenant inside.
    AnotherTenant,
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::StartedAnew { why } = self;
        match why {
            Why::Unreadable => formatter.write_str("the offline data could not be opened, so it was started anew"),
            Why::Newer { .. } => {
                formatter.write_str("the offline data was written by a newer Perch, so it was started anew")
            }
            Why::AnotherTenant => {
                formatter.write_str("the offline data belonged to another organization, so it was started anew")
            }
        }
    }
}
