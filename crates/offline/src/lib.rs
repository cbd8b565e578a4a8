//! The sealed store of what was last seen: one SQLCipher file a tenant, under
//! a raw 256-bit key that only the OS keychain holds. Deleting the key is
//! deleting the data.
//!
//! [`Store`] keeps the pipes' answers as they came, when Clerk last confirmed
//! the session, and a few small notes (the last dashboard, the last filter).
//! [`may_show`] says for how long they may be seen without a network. All answers
//! together take no more than the operator's limit: the least recently seen leave
//! first, those of dashboards that are kept for offline last.
//!
//! A file that cannot be read (another key, zeros, half a write, a newer
//! Perch's) is no reason to stop: everything in it can be asked for again, so
//! the store removes it, starts anew and says so once, with a [`Notice`].

mod error;
mod files;
mod packed;
mod question;
mod reckoning;
mod retention;
mod schema;
mod sealed;
mod store;

pub use error::{Notice, StoreError, Why};
pub use question::Question;
pub use reckoning::{Closed, Shown, may_show};
pub use store::{Opened, Seen, Store};
