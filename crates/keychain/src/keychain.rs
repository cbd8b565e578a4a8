//! Persist, retrieve, delete; and the memory of this visit, for when the
//! system's keychain does not keep.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use perch_tenant::Secret;

use crate::slot::check_length;
use crate::thread::{NoAnswer, Thread};
use crate::{KeychainError, Slot, State, native};

/// How long a person has to answer the system's prompt before Perch goes on
/// without the keychain.
const PATIENCE: Duration = Duration::from_secs(30);

/// The system's keychain. Clones share one queue and one memory.
#[derive(Clone)]
pub struct Keychain {
    thread: Thread,
    memory: Memory,
    patience: Duration,
}

/// Where a secret is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    /// It will be there at the next start.
    InKeychain,
    /// The keychain is locked or missing: it is in this process's memory, and
    /// gone when Perch quits. [`Keychain::state`] says which.
    ForThisVisit,
}

impl Keychain {
    /// Never fails and does not block: whether there is a keychain turns out at
    /// the first question, and [`Keychain::state`] tells it.
    pub fn open() -> Self {
        Self { thread: Thread::start(), memory: Memory::default(), patience: PATIENCE }
    }

    /// Keeps `secret` in `slot`, replacing what was there. While the keychain
    /// is locked or missing, and also when it fails otherwise, the secret stays
    /// retrievable for this visit.
    ///
    /// Dropping the returned future does not undo it.
    ///
    /// # Errors
    /// [`KeychainError::TooLong`] above [`MAX_CHARACTERS`](crate::MAX_CHARACTERS):
    /// it stays retrievable for this visit, and the one before it is gone, because
    /// an older secret may be worth nothing; [`KeychainError::Other`] where an open keychain
    /// refuses. Locked and missing are no errors here but [`Kept::ForThisVisit`].
    pub async fn persist(&self, slot: Slot<'_>, secret: &Secret) -> Result<Kept, KeychainError> {
        let account = slot.account();
        // Into the memory first: from here on, nobody retrieves the older one.
        self.memory.lock().insert(account.clone(), secret.clone());
        if let Err(error) = check_length(secret) {
            // Where it could not be asked, a later start finds the older one.
            let _ = self.ask(move || native::remove(&account)).await;
            return Err(error);
        }
        let (memory, secret) = (self.memory.clone(), secret.clone());
        let written = move || {
            native::write(&account, &secret)?;
            // A later persist may have put a newer one there meanwhile.
            let mut memory = memory.lock();
            if memory.get(&account) == Some(&secret) {
                memory.remove(&account);
            }
            Ok(())
        };
        match self.ask(written).await {
            Ok(()) => Ok(Kept::InKeychain),
            Err(KeychainError::Locked | KeychainError::Missing) => Ok(Kept::ForThisVisit),
            Err(error) => Err(error),
        }
    }

    /// What `slot` holds, or `None` where nothing was ever kept.
    ///
    /// # Errors
    /// [`KeychainError::Locked`] must not be taken for `None`: the secret may
    /// well be there, and a caller that makes a new store key in its place
    /// throws away what the old one opens. [`KeychainError::Missing`] may.
    pub async fn retrieve(&self, slot: Slot<'_>) -> Result<Option<Secret>, KeychainError> {
        let account = slot.account();
        if let Some(secret) = self.memory.lock().get(&account) {
            return Ok(Some(secret.clone()));
        }
        self.ask(move || native::read(&account)).await
    }

    /// Forgets what `slot` holds. Absent is fine.
    ///
    /// # Errors
    /// Where the keychain could not be asked, so that a copy may still be in
    /// it. A secret that was kept for this visit only, where there is no
    /// keychain, is gone without an error. A locked keychain forgets as soon as
    /// it is unlocked, if Perch still runs then.
    pub async fn delete(&self, slot: Slot<'_>) -> Result<(), KeychainError> {
        let account = slot.account();
        let remembered = self.memory.lock().remove(&account).is_some();
        match self.ask(move || native::remove(&account)).await {
            Err(KeychainError::Missing) if remembered => Ok(()),
            outcome => outcome,
        }
    }

    /// Whether the system's keychain can keep something now. Opens no prompt.
    pub async fn state(&self) -> State {
        // An overdue question is one that waits for the keychain's password.
        self.thread.ask(self.patience, native::state).await.unwrap_or(State::Locked)
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        self.thread.ask(self.patience, question).await.unwrap_or_else(|NoAnswer| Err(KeychainError::Locked))
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keychain").finish_non_exhaustive()
    }
}

/// The secrets of this visit, by account.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<HashMap<String, Secret>>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
