//! The public keys with which Clerk signs, by their ids: fetched at the start,
//! again every quarter of an hour, because a key that Clerk has withdrawn must
//! not be believed for long, and when a token names a key that is not among
//! them. That last not more than once a minute, so that a stream of bad tokens
//! does not become a stream of requests; until then nobody is told that a key is
//! unknown, because Clerk may have just begun to sign with it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jsonwebtoken::DecodingKey;
use perch_clerk::verifying_keys;
use tokio::sync::Mutex;
use url::Url;

use crate::clerk::{Clerk, ClerkTrouble};
use crate::clock::Clock;
use crate::refusal::Refusal;

/// How long an unknown key id stays unknown without asking again.
const PAUSE: Duration = Duration::from_secs(60);

/// The same after Clerk could not be reached.
const SHORT_PAUSE: Duration = Duration::from_secs(2);

/// How old the keys grow.
const REFRESH: Duration = Duration::from_secs(15 * 60);

/// Clerk's keys, cached.
pub(crate) struct Keys {
    clerk: Arc<Clerk>,
    clock: Clock,
    known: RwLock<Option<Arc<Known>>>,
    /// When Clerk may be asked again. Held while asking: whoever comes meanwhile
    /// waits for that answer.
    next: Mutex<SystemTime>,
}

struct Known {
    keys: HashMap<String, DecodingKey>,
    userinfo: Url,
}

impl Keys {
    pub(crate) fn new(clerk: Arc<Clerk>, clock: Clock) -> Self {
        Self { clerk, clock, known: RwLock::default(), next: Mutex::new(SystemTime::UNIX_EPOCH) }
    }

    /// Whether Clerk's keys were fetched.
    pub(crate) fn are_known(&self) -> bool {
        self.known().is_some()
    }

    /// The key with this id; `None` when Clerk has none of that id that signs
    /// with RS256.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<DecodingKey>, Refusal> {
        let cached = |known: &Known| known.keys.get(id).cloned();
        if let Some(key) = self.known().and_then(|known| cached(&known)) {
            return Ok(Some(key));
        }
        let mut next = self.next.lock().await;
        let wait = next.duration_since(self.clock.now()).unwrap_or_default();
        // A clock that was set back stretches no pause.
        let wait = Some(wait).filter(|wait| !wait.is_zero() && *wait <= PAUSE);
        match (self.known(), wait) {
            (Some(known), _) if cached(&known).is_some() => return Ok(cached(&known)),
            (Some(_), Some(wait)) => return Err(Refusal::KeyNotKnownYet { wait }),
            (None, Some(_)) => return Err(Refusal::NotReady),
            (_, None) => {}
        }
        Ok(cached(&*self.fetch(&mut next).await?))
    }

    /// Where it is told whom an access token is for.
    pub(crate) fn userinfo(&self) -> Result<Url, Refusal> {
        self.known().map(|known| known.userinfo.clone()).ok_or(Refusal::NotReady)
    }

    /// Fetches the keys, and from time to time anew, for ever.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            let mut next = self.next.lock().await;
            let pause = match self.fetch(&mut next).await {
                Ok(_) => REFRESH,
                Err(trouble) => trouble.retry_after().max(SHORT_PAUSE),
            };
            drop(next);
            tokio::time::sleep(pause).await;
        }
    }

    async fn fetch(&self, next: &mut SystemTime) -> Result<Arc<Known>, ClerkTrouble> {
        let published = self.clerk.published().await;
        *next = self.clock.now() + if published.is_ok() { PAUSE } else { SHORT_PAUSE };
        let published = published?;
        let known = Arc::new(Known { keys: verifying_keys(published.keys), userinfo: published.userinfo });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        tracing::debug!(keys = known.keys.len(), "fetched Clerk's keys");
        Ok(known)
    }

    fn known(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
