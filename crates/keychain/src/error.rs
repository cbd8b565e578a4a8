//! What can go wrong with a keychain, and what a person does about it.

use crate::MAX_CHARACTERS;

/// Why the keychain did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It is there, and did not open: its prompt was dismissed, or is still
    /// waiting for its password.
    #[error("This computer's keychain is locked.")]
    Locked,
    /// There is none, or nobody has set it up.
    #[error("This computer has no keychain that Perch can reach.")]
    Missing,
    /// Longer than every system takes.
    #[error("This secret has {characters} characters; a keychain takes at most {MAX_CHARACTERS}.")]
    TooLong {
        /// UTF-16 code units.
        characters: usize,
    },
    /// It is open and still refused.
    #[error("This computer's keychain did not accept the request: {reason}.")]
    Other {
        /// The system's own words. Never holds a secret.
        reason: String,
    },
}

impl KeychainError {
    /// A name that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked => "keychain-locked",
            Self::Missing => "keychain-missing",
            Self::TooLong { .. } => "keychain-too-long",
            Self::Other { .. } => "keychain-other",
        }
    }

    /// What to do now.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Locked => {
                "Unlock it with your login password and try again. Until then Perch stays signed in for this visit only."
            }
            Self::Missing if cfg!(target_os = "linux") => {
                "Start GNOME Keyring or KWallet and open Perch again. Until then Perch stays signed in for this visit only."
            }
            Self::Missing => {
                "Sign in to your computer's own account and open Perch again. Until then Perch stays signed in for this visit only."
            }
            Self::TooLong { .. } => {
                "Report this to the people who gave you Perch: what they issue is too long to be kept."
            }
            Self::Other { .. } => {
                "Open Perch again. If it happens again, look for Perch's entries in the keychain's own app."
            }
        }
    }
}
