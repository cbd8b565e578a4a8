//! The few short secrets that the operating system keeps for us: macOS'
//! Keychain, Windows' Credential Manager, the Secret Service on Linux.
//!
//! Three verbs, [`persist`](Keychain::persist), [`retrieve`](Keychain::retrieve)
//! and [`delete`](Keychain::delete), over four kinds of [`Slot`]. Where the
//! keychain is locked or missing, Perch still runs: what was to be kept is kept
//! in memory for this visit, and [`Keychain::state`] says why.

mod error;
mod key;
mod keychain;
mod native;
mod slot;
mod thread;

pub use error::KeychainError;
pub use key::new_key;
pub use keychain::{Kept, Keychain};
pub use native::State;
pub use slot::{MAX_CHARACTERS, SERVICE, Slot};
