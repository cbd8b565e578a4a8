//! Links of Perch's own scheme: to a dashboard, and the way back from a browser
//! whose sign-in cannot end on this machine's loopback address.

use std::ffi::OsStr;
use std::fmt;

/// The scheme, without its colon. `tauri.conf.json` has it for the packages.
pub const SCHEME: &str = "perch";

/// A link that Perch was started with. It carries what a sign-in is redeemed
/// with, so it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// The link that a word of the command line is. Nothing but its scheme is
    /// looked at: what it may be is the core's to judge.
    pub fn parse(word: &OsStr) -> Option<Self> {
        let word = word.to_string_lossy();
        let (scheme, _) = word.split_once(':')?;
        scheme.eq_ignore_ascii_case(SCHEME).then(|| Self(word.into_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}
