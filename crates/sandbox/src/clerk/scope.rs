//! Scopes: which ones an instance knows, and which were asked for or granted.

use std::collections::BTreeSet;
use std::fmt;

/// Asks for an organization, and with it for the selector on the consent page.
const ORGANIZATION: &str = "user:org:read";

/// The scopes that an instance knows: Clerk's own, and those that its operator
/// added.
#[derive(Debug)]
pub(super) struct KnownScopes(BTreeSet<String>);

impl KnownScopes {
    /// Clerk's own scopes and `custom`. That for an organization is Clerk's
    /// only where organizations are enabled.
    pub(super) fn new(organizations: bool, custom: &[String]) -> Self {
        let own = ["email", "offline_access", "openid", "private_metadata", "profile", "public_metadata"];
        let organization = organizations.then_some(ORGANIZATION);
        Self(own.into_iter().chain(organization).map(str::to_owned).chain(custom.iter().cloned()).collect())
    }

    /// Reads scopes apart by spaces; the error is the first unknown one.
    pub(super) fn read(&self, text: &str) -> Result<Scope, String> {
        let scope = Scope::kept(text);
        match scope.0.difference(&self.0).next() {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(scope),
        }
    }

    /// One by one, in alphabetical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The scopes that are asked for, or were granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope(BTreeSet<String>);

impl Scope {
    /// What the ledger kept: it was known when it was granted.
    pub(super) fn kept(text: &str) -> Self {
        Self(text.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// Whether `name` is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether the person chooses an organization.
    pub(super) fn asks_for_organization(&self) -> bool {
        self.has(ORGANIZATION)
    }

    /// Whether all of these are among `other`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// One by one, in alphabetical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(formatter, "{gap}{scope}")?;
        }
        Ok(())
    }
}
