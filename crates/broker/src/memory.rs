//! What was found out a moment ago: bounded, for a short time, and never asked
//! twice at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;

/// Remembers a value a key. Whoever asks while another one finds out waits for
/// that answer and shares it, a failure too; but no failure is remembered for
/// whoever comes later.
pub(crate) struct Memory<K, V, E> {
    clock: Clock,
    lifetime: Duration,
    capacity: usize,
    places: Mutex<HashMap<K, Place<V, E>>>,
}

struct Place<V, E> {
    cell: Arc<Cell<V, E>>,
    /// When it was last asked for.
    asked: SystemTime,
}

struct Cell<V, E> {
    /// How often finding out has failed.
    failures: AtomicU64,
    /// Whether a value was ever found.
    known: AtomicBool,
    /// Held while somebody finds out.
    outcome: tokio::sync::Mutex<Outcome<V, E>>,
}

struct Outcome<V, E> {
    found: Option<Found<V>>,
    /// What came of the last trial, where that was a failure.
    failed: Option<E>,
}

struct Found<V> {
    value: V,
    at: SystemTime,
}

/// What [`Memory::recall`] hands back.
pub(crate) struct Recalled<V> {
    pub(crate) value: V,
    /// Whether it was known already.
    pub(crate) hit: bool,
}

/// What a memory has of a key.
pub(crate) enum Look<V> {
    /// A value that still counts.
    Fresh(V),
    /// One that does not any more.
    Stale,
    /// Nothing.
    New,
}

impl<K: Eq + Hash + Clone, V: Clone, E: Clone> Memory<K, V, E> {
    /// A memory that forgets after `lifetime`, and holds `capacity` keys.
    pub(crate) fn new(clock: Clock, lifetime: Duration, capacity: usize) -> Self {
        Self { clock, lifetime, capacity: capacity.max(1), places: Mutex::default() }
    }

    /// The value of `key`: a remembered one that `serves` at its age, or what
    /// `find` finds.
    pub(crate) async fn recall(
        &self,
        key: &K,
        serves: impl Fn(&V, Duration) -> bool,
        find: impl Future<Output = Result<V, E>>,
    ) -> Result<Recalled<V>, E> {
        let cell = self.place(key);
        let failures = cell.failures.load(Ordering::Acquire);
        let mut outcome = cell.outcome.lock().await;
        if let Some((value, age)) = self.fresh(&outcome)
            && serves(&value, age)
        {
            return Ok(Recalled { value, hit: true });
        }
        if let Some(error) = &outcome.failed
            && cell.failures.load(Ordering::Acquire) != failures
        {
            return Err(error.clone());
        }
        match find.await {
            Ok(value) => {
                *outcome = Outcome { found: Some(Found { value: value.clone(), at: self.clock.now() }), failed: None };
                cell.known.store(true, Ordering::Release);
                Ok(Recalled { value, hit: false })
            }
            Err(error) => {
                outcome.failed = Some(error.clone());
                cell.failures.fetch_add(1, Ordering::Release);
                if outcome.found.is_none() {
                    self.forget(key);
                }
                Err(error)
            }
        }
    }

    /// What there is of `key`, without taking a place for it.
    pub(crate) fn look(&self, key: &K) -> Look<V> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Place { cell, .. }) = places.get(key) else { return Look::New };
        let fresh = cell.outcome.try_lock().ok().and_then(|outcome| self.fresh(&outcome));
        match fresh {
            Some((value, _)) => Look::Fresh(value),
            None if cell.known.load(Ordering::Acquire) => Look::Stale,
            None => Look::New,
        }
    }

    /// Gives the place of `key` back.
    pub(crate) fn forget(&self, key: &K) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn fresh(&self, outcome: &Outcome<V, E>) -> Option<(V, Duration)> {
        let Found { value, at } = outcome.found.as_ref()?;
        // A clock that was set back makes nothing younger.
        let age = self.clock.now().duration_since(*at).ok()?;
        (age < self.lifetime).then(|| (value.clone(), age))
    }

    fn place(&self, key: &K) -> Arc<Cell<V, E>> {
        let now = self.clock.now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get_mut(key) {
            place.asked = now;
            return Arc::clone(&place.cell);
        }
        if places.len() >= self.capacity {
            let fresh = |place: &Place<V, E>| now.duration_since(place.asked).is_ok_and(|age| age < self.lifetime);
            places.retain(|_, place| fresh(place) || Arc::strong_count(&place.cell) > 1);
        }
        if places.len() >= self.capacity {
            let oldest = places.iter().min_by_key(|(_, place)| place.asked).map(|(key, _)| key.clone());
            oldest.map(|oldest| places.remove(&oldest));
        }
        let outcome = tokio::sync::Mutex::new(Outcome { found: None, failed: None });
        let cell = Arc::new(Cell { failures: AtomicU64::new(0), known: AtomicBool::new(false), outcome });
        places.insert(key.clone(), Place { cell: Arc::clone(&cell), asked: now });
        cell
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::UNIX_EPOCH;

    use super::*;

    struct World {
        seconds: Arc<AtomicU64>,
        asked: AtomicUsize,
        memory: Memory<&'static str, usize, &'static str>,
    }

    impl World {
        fn new(capacity: usize) -> Self {
            let seconds = Arc::new(AtomicU64::new(1_000));
            let shown = Arc::clone(&seconds);
            let clock = Clock::new(move || UNIX_EPOCH + Duration::from_secs(shown.load(Ordering::SeqCst)));
            Self { seconds, asked: AtomicUsize::new(0), memory: Memory::new(clock, Duration::from_secs(30), capacity) }
        }

        async fn recall(&self, key: &'static str) -> usize {
            let find = async {
                tokio::task::yield_now().await;
                Ok(self.asked.fetch_add(1, Ordering::SeqCst))
            };
            self.memory.recall(&key, |_, _| true, find).await.map(|recalled| recalled.value).expect("an answer")
        }

        async fn fail(&self, key: &'static str) -> Option<&'static str> {
            let find = async {
                tokio::task::yield_now().await;
                self.asked.fetch_add(1, Ordering::SeqCst);
                Err("no")
            };
            self.memory.recall(&key, |_, _| true, find).await.err()
        }
    }

    #[tokio::test]
    async fn a_value_is_known_for_its_time_and_no_longer() {
        let world = World::new(8);
        assert_eq!((world.recall("a").await, world.recall("a").await), (0, 0));
        world.seconds.fetch_add(29, Ordering::SeqCst);
        assert_eq!(world.recall("a").await, 0);
        world.seconds.fetch_add(1, Ordering::SeqCst);
        assert_eq!(world.recall("a").await, 1);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_stretches_nothing() {
        let world = World::new(8);
        world.recall("a").await;
        world.seconds.fetch_sub(500, Ordering::SeqCst);
        assert_eq!(world.recall("a").await, 1);
    }

    #[tokio::test]
    async fn who_asks_meanwhile_waits_for_the_same_answer() {
        let world = World::new(8);
        let (first, second, other) = tokio::join!(world.recall("a"), world.recall("a"), world.recall("b"));
        assert_eq!((first, second), (first, first));
        assert_ne!(first, other);
        assert_eq!(world.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn it_holds_no_more_than_its_capacity_and_forgets_what_was_asked_for_longest_ago() {
        let world = World::new(2);
        for key in ["a", "b", "c"] {
            world.seconds.fetch_add(1, Ordering::SeqCst);
            world.recall(key).await;
        }
        assert_eq!(world.memory.places.lock().expect("places").len(), 2);
        assert_eq!((world.recall("c").await, world.recall("b").await, world.recall("a").await), (2, 1, 3));
    }

    #[tokio::test]
    async fn a_failure_is_not_remembered() {
        let world = World::new(8);
        assert_eq!(world.fail("a").await, Some("no"));
        assert_eq!(world.memory.places.lock().expect("places").len(), 0, "nor does it keep a place");
        assert_eq!(world.recall("a").await, 1);
    }

    #[tokio::test]
    async fn who_waits_shares_a_failure_and_does_not_ask_one_after_the_other() {
        let world = World::new(8);
        world.recall("a").await;
        world.seconds.fetch_add(30, Ordering::SeqCst);
        let failures = tokio::join!(world.fail("a"), world.fail("a"), world.fail("a"));
        assert_eq!(failures, (Some("no"), Some("no"), Some("no")));
        assert_eq!(world.asked.load(Ordering::SeqCst), 2);
        assert_eq!(world.recall("a").await, 2, "who comes later asks");
    }

    #[tokio::test]
    async fn a_look_tells_what_is_known_and_takes_no_place() {
        let world = World::new(1);
        assert!(matches!(world.memory.look(&"b"), Look::New));
        world.recall("a").await;
        assert!(matches!(world.memory.look(&"b"), Look::New));
        assert!(matches!(world.memory.look(&"a"), Look::Fresh(0)));
        world.seconds.fetch_add(30, Ordering::SeqCst);
        assert!(matches!(world.memory.look(&"a"), Look::Stale));
        world.memory.forget(&"a");
        assert!(matches!(world.memory.look(&"a"), Look::New));
    }
}
