//! Text that must not be printed by accident.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A token, key or code: wiped from memory when dropped, redacted by `Debug`,
/// without `Display` and without serialization. Whoever needs the text says so
/// with [`Secret::expose`], which is easy to search for.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. For the wire and the keychain, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let printed = format!("{:?}", Secret::new("p.eyJ1IjoiYWRtaW4ifQ"));
        assert_eq!(printed, "Secret(redacted)");
    }
}
