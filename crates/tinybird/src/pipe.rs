//! Which pipe is asked: its name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a pipe, or its id: a letter or an underscore, then letters,
/// digits and underscores. It goes into an address, so nothing else may.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PipeName(String);

/// Why a text names no pipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pipe's name: letters, digits and underscores, a digit not first, at most 200")]
pub struct PipeNameError(String);

impl PipeName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, PipeNameError> {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if first && rest && text.len() <= 200 { Ok(Self(text.to_owned())) } else { Err(PipeNameError(text.to_owned())) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PipeName {
    type Error = PipeNameError;

    fn try_from(text: String) -> Result<Self, PipeNameError> {
        Self::parse(&text)
    }
}

impl From<PipeName> for String {
    fn from(name: PipeName) -> Self {
        name.0
    }
}

impl fmt::Display for PipeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipes_name_cannot_leave_its_place_in_the_address() {
        for name in ["kpis", "_a", "t_1f2e3d", "TopPages2"] {
            assert_eq!(PipeName::parse(name).map(String::from).as_deref(), Ok(name));
        }
        for odd in ["", "2a", "a/b", "../tokens", "a.json", "a?token=x", "a b", "ñ", "a\n", &"a".repeat(201)] {
            assert!(PipeName::parse(odd).is_err(), "{odd}");
        }
    }
}
