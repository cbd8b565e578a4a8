//! What is asked: a pipe by its name, and the parameters.

use std::collections::BTreeMap;
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

/// A pipe's parameters by name, as Tinybird reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(pub BTreeMap<String, String>);

impl Parameters {
    /// Sets one parameter.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The pairs, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A name that Tinybird keeps for itself: `token` would take the place of
    /// the one in the header, and stand in every log on the way.
    pub(crate) fn reserved(&self) -> Option<&str> {
        self.iter().map(|(name, _)| name).find(|name| name.eq_ignore_ascii_case("token"))
    }
}

impl From<BTreeMap<String, String>> for Parameters {
    fn from(pairs: BTreeMap<String, String>) -> Self {
        Self(pairs)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
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
