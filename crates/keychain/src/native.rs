//! The system's keychain, through the crate `keyring`. Everything here blocks
//! and may open the system's prompt, except [`state`], which only looks.

use keyring::{Entry, Error};
use perch_tenant::Secret;

use crate::{KeychainError, SERVICE};

/// Whether the system's keychain can keep something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It keeps.
    Open,
    /// It is there, and would first ask for its password.
    Locked,
    /// There is none. Perch looks once a visit, so one that is started later is
    /// found at the next start.
    Missing,
}

pub(crate) fn write(account: &str, secret: &Secret) -> Result<(), KeychainError> {
    let write = || Entry::new(SERVICE, account)?.set_password(secret.expose());
    match write() {
        // Two entries of the same name, in two of the system's collections:
        // which is newer cannot be told, so neither stays.
        Err(Error::Ambiguous(entries)) => {
            entries.iter().try_for_each(|entry| forgive_absence(entry.delete_credential()))?;
            write().map_err(explain)
        }
        outcome => outcome.map_err(explain),
    }
}

pub(crate) fn read(account: &str) -> Result<Option<Secret>, KeychainError> {
    match read_once(account) {
        // A keychain that replaces an entry by removing and making it may lose
        // it between our search and our look, when another process replaces it.
        Err(KeychainError::Other { .. }) => read_once(account),
        outcome => outcome,
    }
}

fn read_once(account: &str) -> Result<Option<Secret>, KeychainError> {
    match Entry::new(SERVICE, account).and_then(|entry| entry.get_password()) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

pub(crate) fn remove(account: &str) -> Result<(), KeychainError> {
    match Entry::new(SERVICE, account).and_then(|entry| entry.delete_credential()) {
        Err(Error::Ambiguous(entries)) => {
            entries.iter().try_for_each(|entry| forgive_absence(entry.delete_credential()))
        }
        outcome => forgive_absence(outcome),
    }
}

fn forgive_absence(outcome: keyring::Result<()>) -> Result<(), KeychainError> {
    match outcome {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(explain(error)),
    }
}

/// The system's words for a failure differ between systems and their versions;
/// its state does not. So the state is asked, and no message is matched.
fn explain(error: Error) -> KeychainError {
    match (state(), &error) {
        (State::Missing, _) | (_, Error::NoDefaultStore) => KeychainError::Missing,
        (State::Locked, _) | (_, Error::NoStorageAccess(_)) => KeychainError::Locked,
        // Display, not Debug: Debug would print the bytes of a secret that is
        // not text.
        (State::Open, _) => KeychainError::Other { reason: error.to_string() },
    }
}

/// Looks, without opening a prompt.
#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
pub(crate) fn state() -> State {
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    if Entry::store_status().is_err() {
        return State::Missing;
    }
    // No secret passes through this connection, so it needs no encryption.
    let locked = SecretService::connect(EncryptionType::Plain)
        .and_then(|service| service.get_default_collection().and_then(|collection| collection.is_locked()));
    match locked {
        Ok(false) => State::Open,
        Ok(true) => State::Locked,
        Err(_) => State::Missing,
    }
}

/// Looks, without opening a prompt.
#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
pub(crate) fn state() -> State {
    match Entry::new(SERVICE, "state").and_then(|entry| entry.get_password()) {
        Err(Error::NoDefaultStore) => State::Missing,
        Err(Error::NoStorageAccess(_)) => State::Locked,
        _ => State::Open,
    }
}
