//! Sign-ins that an app began and whose browser has not come back yet. They
//! live in memory: a restart ends them, as does half an hour's silence.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::sessions::Session;
use crate::clerk::opaque::digest;

/// How long a person may take to sign in, in seconds.
const PATIENCE: i64 = 30 * 60;
/// How long a nonce works, in seconds.
const NONCE_LIFETIME: i64 = 10 * 60;
/// More at once are a mistake or an attack: the oldest are forgotten.
const AT_MOST: usize = 1_000;

/// What an app asked for.
#[derive(Debug, Clone)]
pub(in crate::clerk) struct Attempt {
    /// The client that asked: the only one that gets the session.
    pub(super) client: String,
    /// By S256 (RFC 7636 §4.2).
    pub(super) challenge: String,
    pub(super) state: String,
    pub(super) began: i64,
    /// Once somebody has signed in.
    pub(super) arrival: Option<Arrival>,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// In this browser, see [`crate::clerk::browser::Browser`].
    pub(super) browser: String,
    /// Where the browser was sent.
    pub(super) link: String,
}

/// A session that waits for the app to redeem its nonce. Until then no client
/// has it: whoever began the sign-in need not be who the browser goes back to.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) challenge: String,
    pub(super) session: Session,
    pub(super) since: i64,
}

/// All of them, by the ticket in the portal's address, and by nonce.
#[derive(Debug, Default)]
pub(in crate::clerk) struct Attempts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    attempts: HashMap<String, Attempt>,
    /// By the nonce's digest.
    waiting: HashMap<String, Waiting>,
}

impl Attempts {
    /// Remembers a sign-in that was asked for.
    pub(super) fn begin(&self, ticket: String, attempt: Attempt) {
        let now = attempt.began;
        let mut kept = self.lock();
        kept.attempts.retain(|_, attempt| now - attempt.began < PATIENCE);
        forget_the_oldest(&mut kept.attempts, |attempt| attempt.began);
        kept.attempts.insert(ticket, attempt);
    }

    /// The sign-in with this ticket.
    pub(super) fn find(&self, ticket: &str, now: i64) -> Option<Attempt> {
        self.lock().attempts.get(ticket).filter(|attempt| now - attempt.began < PATIENCE).cloned()
    }

    /// Somebody signed in, once: whether it was the first time.
    pub(super) fn arrive(&self, ticket: &str, arrival: Arrival, nonce: &str, waiting: Waiting) -> bool {
        let now = waiting.since;
        let mut kept = self.lock();
        let Some(attempt) = kept.attempts.get_mut(ticket).filter(|attempt| attempt.arrival.is_none()) else {
            return false;
        };
        attempt.arrival = Some(arrival);
        kept.waiting.retain(|_, waiting| now - waiting.since < NONCE_LIFETIME);
        forget_the_oldest(&mut kept.waiting, |waiting| waiting.since);
        kept.waiting.insert(digest(nonce), waiting);
        true
    }

    /// Nobody will sign in.
    pub(super) fn end(&self, ticket: &str) {
        self.lock().attempts.remove(ticket);
    }

    /// What a nonce gives, once.
    pub(super) fn redeem(&self, nonce: &str, now: i64) -> Option<Waiting> {
        let waiting = self.lock().waiting.remove(&digest(nonce));
        waiting.filter(|waiting| now - waiting.since < NONCE_LIFETIME)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_the_oldest<T>(kept: &mut HashMap<String, T>, since: impl Fn(&T) -> i64) {
    while kept.len() >= AT_MOST {
        let oldest = kept.iter().min_by_key(|(_, one)| since(one)).map(|(name, _)| name.clone());
        oldest.and_then(|name| kept.remove(&name));
    }
}
