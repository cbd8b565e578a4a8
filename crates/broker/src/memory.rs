//! What was found out a moment ago: bounded, for a short time, and never asked
//! twice at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;

/// Remembers a value a key. Whoever asks while another one finds out waits for
/// that answer; a failure is not remembered.
pub(crate) struct Memory<K, V> {
    clock: Clock,
    lifetime: Duration,
    capacity: usize,
    places: Mutex<HashMap<K, Place<V>>>,
}

struct Place<V> {
    /// Held while somebody finds out.
    found: Arc<tokio::sync::Mutex<Option<Found<V>>>>,
    /// When it was last asked for.
    asked: SystemTime,
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

impl<K: Eq + Hash + Clone, V: Clone> Memory<K, V> {
    /// A memory that forgets after `lifetime`, and holds `capacity` keys.
    pub(crate) fn new(clock: Clock, lifetime: Duration, capacity: usize) -> Self {
        Self { clock, lifetime, capacity: capacity.max(1), places: Mutex::default() }
    }

    /// The value of `key`: a remembered one that `serves` at its age, or what
    /// `find` finds.
    pub(crate) async fn recall<E>(
        &self,
        key: &K,
        serves: impl Fn(&V, Duration) -> bool,
        find: impl Future<Output = Result<V, E>>,
    ) -> Result<Recalled<V>, E> {
        let place = self.place(key);
        let mut found = place.lock().await;
        if let Some(Found { value, at }) = &*found
            // A clock that was set back makes nothing younger.
            && let Ok(age) = self.clock.now().duration_since(*at)
            && age < self.lifetime
            && serves(value, age)
        {
            return Ok(Recalled { value: value.clone(), hit: true });
        }
        let value = find.await?;
        *found = Some(Found { value: value.clone(), at: self.clock.now() });
        Ok(Recalled { value, hit: false })
    }

    fn place(&self, key: &K) -> Arc<tokio::sync::Mutex<Option<Found<V>>>> {
        let now = self.clock.now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get_mut(key) {
            place.asked = now;
            return Arc::clone(&place.found);
        }
        if places.len() >= self.capacity {
            let fresh = |place: &Place<V>| now.duration_since(place.asked).is_ok_and(|age| age < self.lifetime);
            places.retain(|_, place| fresh(place) || Arc::strong_count(&place.found) > 1);
        }
        if places.len() >= self.capacity {
            let oldest = places.iter().min_by_key(|(_, place)| place.asked).map(|(key, _)| key.clone());
            oldest.map(|oldest| places.remove(&oldest));
        }
        let found = Arc::default();
        places.insert(key.clone(), Place { found: Arc::clone(&found), asked: now });
        found
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::UNIX_EPOCH;

    use super::*;

    struct World {
        seconds: Arc<AtomicU64>,
        asked: AtomicUsize,
        memory: Memory<&'static str, usize>,
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
                Ok::<_, Infallible>(self.asked.fetch_add(1, Ordering::SeqCst))
            };
            match self.memory.recall(&key, |_, _| true, find).await {
                Ok(recalled) => recalled.value,
                Err(never) => match never {},
            }
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
        let failed = world.memory.recall(&"a", |_, _| true, async { Err::<usize, _>("no") }).await;
        assert!(failed.is_err());
        assert_eq!(world.recall("a").await, 0);
    }
}
