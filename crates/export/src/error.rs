//! Why a picture became no file.

/// Why a picture became no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A scale that is none of those that there are.
    #[error("a PNG is 1, 2 or 4 times as large as its picture, not {0} times")]
    Scale(u32),
    /// More pixels than are made.
    #[error("a PNG of {width} by {height} pixels has more than {most} million of them")]
    TooLarge {
        /// From left to right.
        width: u64,
        /// From top to bottom.
        height: u64,
        /// How many millions there may be.
        most: u64,
    },
    /// A picture of no extent.
    #[error("a picture of {width} by {height} pixels has nothing to show")]
    Empty {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
    /// What was drawn could not be read again.
    #[error("the picture could not be made into a file ({0})")]
    Unreadable(String),
    /// The file could not be put together.
    #[error("the file could not be put together ({0})")]
    Unwritten(String),
}

impl ExportError {
    /// Stable, for tests and support.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Scale(_) => "scale",
            Self::TooLarge { .. } => "too-large",
            Self::Empty { .. } => "no-size",
            Self::Unreadable(_) => "picture-unreadable",
            Self::Unwritten(_) => "file-unwritten",
        }
    }

    /// What to do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Scale(_) => "Choose one of the three.",
            Self::TooLarge { .. } => "Choose a smaller scale, or make the picture smaller.",
            Self::Empty { .. } => "Make the picture larger.",
            Self::Unreadable(_) | Self::Unwritten(_) => "Export it in another format, and report this error.",
        }
    }
}
