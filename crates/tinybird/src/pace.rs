//! Keeping to a token's rate before Tinybird has to say so.
//!
//! Tinybird counts requests a second under the name of a token and answers 429
//! past the limit. Each name has a lane here: requests leave it one after
//! another, at most so many in any second, and a 429 holds back everybody in
//! the lane and not only the one who earned it.
//!
//! The limit is the token's, or the lower one that answers tell. A name may be
//! in use elsewhere too: in a second process, on another device. Where an answer
//! says that less is left than our own requests explain, the rest counts as if
//! we had used it. A 429 that came all the same means that others fill the rate
//! as we do: each of us then takes half, and a little more each second.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::standing::Standing;

/// A second, and some time for requests that left in order to arrive closer
/// together than they left.
const WINDOW: Duration = Duration::from_millis(1050);

/// Starts are remembered a little longer than they count, to be compared with
/// what an answer says about the time when its request started.
const REMEMBERED: Duration = Duration::from_millis(2 * 1050);

/// After so long without an answer there is no connection any more.
const IDLE: Duration = Duration::from_secs(90);

/// What our own requests alone can make of `X-RateLimit-Reset`, which is told
/// in whole seconds: a second, begun twice.
const OWN_RESET: Duration = Duration::from_secs(2);

/// `X-RateLimit-Reset` says when all requests are back. Where that takes long,
/// one may be back much sooner: when, a 429 will say.
const LONGEST_FORESIGHT: Duration = Duration::from_secs(60);

/// A higher limit a second is none: no dashboard reaches it, and what others use
/// of it would fill memory.
const HIGHEST_LIMIT: usize = 10_000;

/// How many names are remembered before those that rest are forgotten.
const RESTING: usize = 1_000;

/// When requests started, and until when none may.
#[derive(Debug, Default)]
struct Pace {
    /// In order.
    starts: VecDeque<Instant>,
    held_until: Option<Instant>,
    /// The limit that answers tell.
    told: Option<u32>,
    answered: Option<Instant>,
    cut: Option<Cut>,
}

/// What is left of the limit after a 429: so much then, one more each second.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: Instant,
    to: usize,
}

impl Pace {
    /// Requests in any window, as far as Tinybird is concerned.
    fn whole_limit(&self, rps: Option<u32>) -> usize {
        let limits = rps.into_iter().chain(self.told).filter_map(|limit| usize::try_from(limit).ok());
        limits.filter(|limit| (1..=HIGHEST_LIMIT).contains(limit)).min().unwrap_or(usize::MAX)
    }

    /// Requests in any window that we may make.
    fn limit(&self, rps: Option<u32>, now: Instant) -> usize {
        let regained = |cut: Cut| usize::try_from(now.duration_since(cut.at).as_secs()).unwrap_or(usize::MAX);
        let cut = self.cut.map_or(usize::MAX, |cut| cut.to.saturating_add(regained(cut)));
        self.whole_limit(rps).min(cut)
    }

    /// How many starts a window that ends at `moment` has forgotten.
    fn forgotten(&self, moment: Instant) -> usize {
        self.starts.partition_point(|start| *start + WINDOW <= moment)
    }

    /// The earliest moment, from `now` on, at which one more request keeps the
    /// limit of starts in any window.
    fn ready_at(&mut self, rps: Option<u32>, now: Instant) -> Instant {
        while self.starts.front().is_some_and(|start| *start + REMEMBERED <= now) {
            self.starts.pop_front();
        }
        // The last `limit` starts must be over.
        let paced = match self.starts.len().checked_sub(self.limit(rps, now)) {
            Some(oldest) => self.starts[oldest] + WINDOW,
            None => now,
        };
        self.held_until.map_or(paced, |held| held.max(paced)).max(now)
    }

    /// Learns from the answer to a request that left at `started`.
    fn learn(&mut self, started: Instant, rps: Option<u32>, standing: &Standing, now: Instant) {
        if self.answered.is_none_or(|last| started.saturating_duration_since(last) > IDLE) {
            // Until a connection stood, what had left had not arrived. What
            // leaves from now on arrives sooner after it.
            self.starts.iter_mut().for_each(|start| *start = now);
        }
        self.answered = Some(now);
        self.told = standing.limit.or(self.told);
        let (limit, Some(remaining)) = (self.whole_limit(rps), standing.remaining) else { return };
        // What was left a second ago says nothing of what is left now.
        if limit == usize::MAX || now.saturating_duration_since(started) > WINDOW {
            return;
        }
        let remaining = usize::try_from(remaining).unwrap_or(usize::MAX);
        // All that Tinybird can have counted as ours when it wrote this.
        let ours = self.starts.len() - self.forgotten(started);
        let others = limit.saturating_sub(ours).saturating_sub(remaining);
        self.starts.extend(std::iter::repeat_n(now, others));
        let reset = standing.reset.unwrap_or_default();
        if remaining == 0 && (others > 0 || reset > OWN_RESET) && reset <= LONGEST_FORESIGHT {
            self.hold_until(now + reset);
        }
    }

    /// Takes a 429 that says to wait for `wait`. Those that come together count
    /// once.
    fn refuse(&mut self, rps: Option<u32>, wait: Duration, now: Instant) {
        self.hold_until(now + wait);
        let limit = self.limit(rps, now);
        if limit != usize::MAX && self.cut.is_none_or(|cut| now.duration_since(cut.at) > WINDOW) {
            self.cut = Some(Cut { at: now, to: (limit / 2).max(1) });
        }
    }

    /// Whether no start is remembered and nothing is held back: only the limit
    /// that was told would be missed, which the next answer tells again.
    fn rests(&self, now: Instant) -> bool {
        self.starts.back().is_none_or(|start| *start + REMEMBERED <= now)
            && self.held_until.is_none_or(|held| held <= now)
    }

    fn hold_until(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }
}

/// The queue of one token's name.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Whoever holds this is next; tokio's mutex is fair. A request that is
    /// cancelled while it waits leaves the queue without having cost a turn.
    next: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
}

impl Lane {
    /// Waits until one more request may start, counts it as started and says
    /// when that was. Where Tinybird has asked for more than `patience`, the
    /// time that is left.
    pub(crate) async fn turn(&self, rps: Option<u32>, patience: Duration) -> Result<Instant, Duration> {
        let _next = self.next.lock().await;
        loop {
            let now = Instant::now();
            let ready = {
                let mut pace = self.pace();
                if let Some(held) = pace.held_until.map(|held| held.duration_since(now)).filter(|held| *held > patience)
                {
                    return Err(held);
                }
                let ready = pace.ready_at(rps, now);
                if ready <= now {
                    pace.starts.push_back(now);
                    return Ok(now);
                }
                ready
            };
            // The lane may be held back further meanwhile, so look again.
            tokio::time::sleep_until(ready).await;
        }
    }

    /// Learns from the answer to the request whose turn was at `started`.
    pub(crate) fn answered(&self, started: Instant, rps: Option<u32>, standing: &Standing) {
        let mut pace = self.pace();
        pace.learn(started, rps, standing, Instant::now());
    }

    /// Takes a 429: lets nobody start before so much time has passed.
    pub(crate) fn refused(&self, rps: Option<u32>, wait: Duration) {
        self.pace().refuse(rps, wait, Instant::now());
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing in here can be left half done.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lanes by host and token's name.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<HashMap<(String, String), Arc<Lane>>>);

impl Lanes {
    /// The lane of a name, the same one for as long as anybody is in it or it
    /// holds anybody back. A new name forgets those that rest, where there are
    /// many.
    pub(crate) fn lane(&self, host: String, name: String) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = lanes.len() >= RESTING;
        let key = (host, name);
        if many && !lanes.contains_key(&key) {
            let now = Instant::now();
            // Whoever asks has a share in its lane, and gets it here alone.
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.pace().rests(now));
        }
        Arc::clone(lanes.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn told(limit: u32, remaining: u32, reset: u64) -> Standing {
        let reset = Some(Duration::from_secs(reset));
        Standing { limit: Some(limit), remaining: Some(remaining), reset, retry_after: None }
    }

    /// Tinybird's side: a bucket that holds a second's requests and refills
    /// evenly.
    struct Bucket {
        limit: u32,
        left: f64,
        at: Instant,
        refused: u32,
    }

    impl Bucket {
        fn new(limit: u32) -> Self {
            Self { limit, left: f64::from(limit), at: Instant::now(), refused: 0 }
        }

        /// Whether one more may pass, and what its answer tells.
        fn take(&mut self) -> (bool, Standing) {
            let (now, limit) = (Instant::now(), f64::from(self.limit));
            self.left = (self.left + (now - self.at).as_secs_f64() * limit).min(limit);
            self.at = now;
            let passes = self.left >= 1.0;
            if passes {
                self.left -= 1.0;
            } else {
                self.refused += 1;
            }
            let reset = ((limit - self.left) / limit).ceil();
            (passes, told(self.limit, self.left as u32, reset as u64))
        }
    }

    /// Asks `count` times at once, again after a 429. The first `cold` arrive
    /// late, because there is no connection yet.
    async fn burst(lane: Arc<Lane>, bucket: Arc<Mutex<Bucket>>, rps: Option<u32>, count: usize, cold: usize) {
        let asked: Vec<_> = (0..count)
            .map(|number| {
                let (lane, bucket) = (Arc::clone(&lane), Arc::clone(&bucket));
                tokio::spawn(async move {
                    let mut passes = false;
                    while !passes {
                        let started = lane.turn(rps, PATIENCE).await.expect("no long hold");
                        let way = Duration::from_millis(if number < cold { 300 } else { 10 });
                        tokio::time::sleep(way).await;
                        let standing;
                        (passes, standing) = bucket.lock().expect("no panic").take();
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        lane.answered(started, rps, &standing);
                        if !passes {
                            lane.refused(rps, Duration::from_secs(1));
                        }
                    }
                })
            })
            .collect();
        for answer in asked {
            answer.await.expect("an answer");
        }
    }

    proptest! {
        #[test]
        fn no_second_has_more_starts_than_the_limit(rps in 1..20_u32, pauses in prop::collection::vec(0..400_u64, 1..120)) {
            let mut pace = Pace::default();
            let mut now = Instant::now();
            let mut starts = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                now = pace.ready_at(Some(rps), now);
                pace.starts.push_back(now);
                starts.push(now);
            }
            for (index, start) in starts.iter().enumerate() {
                let second = starts[index..].iter().take_while(|later| **later < *start + Duration::from_secs(1));
                prop_assert!(second.count() <= rps as usize);
            }
        }
    }

    /// Numbers that a header or a token can hold, most of them at some edge.
    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..20_u32, 9_990..10_010_u32, Just(u32::MAX), any::<u32>()]
    }

    fn standing() -> impl Strategy<Value = Standing> {
        let wait = || prop::option::of((0..=3_600_u64).prop_map(Duration::from_secs));
        let told = (prop::option::of(number()), prop::option::of(number()), wait(), wait());
        told.prop_map(|(limit, remaining, reset, retry_after)| Standing { limit, remaining, reset, retry_after })
    }

    proptest! {
        #[test]
        fn nothing_that_is_told_fills_memory_or_stops_the_lane_for_ever(
            rps in prop::option::of(number()),
            answers in prop::collection::vec((standing(), any::<bool>(), 0..3_000_u64), 1..40),
        ) {
            let mut pace = Pace::default();
            let mut now = Instant::now();
            for (asked, (standing, refused, way)) in answers.into_iter().enumerate() {
                let started = pace.ready_at(rps, now);
                prop_assert!(started <= now + Duration::from_secs(3_602), "{:?}", started - now);
                pace.starts.push_back(started);
                now = started + Duration::from_millis(way);
                pace.learn(started, rps, &standing, now);
                if refused {
                    pace.refuse(rps, standing.wait().unwrap_or_default(), now);
                }
                // As many as two windows can hold, and our own.
                prop_assert!(pace.starts.len() <= 2 * HIGHEST_LIMIT + asked + 1, "{}", pace.starts.len());
            }
        }
    }

    #[test]
    fn a_limit_that_nobody_could_reach_is_none() {
        for (rps, limit) in [(10_000, 10_000), (10_001, usize::MAX), (u32::MAX, usize::MAX), (0, usize::MAX)] {
            let pace = Pace { told: Some(rps), ..Pace::default() };
            assert_eq!((pace.whole_limit(None), Pace::default().whole_limit(Some(rps))), (limit, limit));
            assert_eq!(pace.whole_limit(Some(10)), 10, "beside {rps}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_rest_are_forgotten_and_no_lane_that_counts_is() {
        let lanes = Lanes::default();
        let lane = |name: &str| lanes.lane("https://a.example".to_owned(), name.to_owned());
        let taken = lane("taken");
        lane("held").refused(None, Duration::from_secs(60));
        for number in 0..5 * RESTING {
            lane(&format!("user {number}")).turn(Some(10), PATIENCE).await.expect("no hold");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        lane("fresh").turn(Some(1), PATIENCE).await.expect("no hold");
        let left = lanes.0.lock().expect("no panic").len();
        assert!(left <= RESTING, "{left} lanes");
        assert!(Arc::ptr_eq(&taken, &lane("taken")));
        assert!(lane("held").turn(None, Duration::ZERO).await.is_err(), "it is held back still");
        let started = Instant::now();
        lane("fresh").turn(Some(1), PATIENCE).await.expect("no hold");
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_starts_than_the_limit_whoever_waits_at_once() {
        for (rps, told) in [(Some(10), None), (None, Some(5))] {
            let lane = Lane::default();
            let first = lane.turn(rps, PATIENCE).await.expect("no hold");
            let standing = Standing { limit: told, ..Standing::default() };
            lane.answered(first, rps, &standing);
            let turns = futures_util::future::join_all((1..30).map(|_| lane.turn(rps, PATIENCE))).await;
            let mut starts = vec![first];
            starts.extend(turns.into_iter().map(|start| start.expect("no hold")));
            let limit = rps.or(told).expect("a limit") as usize;
            for window in starts.windows(limit + 1) {
                let passed = window[limit] - window[0];
                assert!(passed > Duration::from_secs(1), "{} requests in {passed:?}", limit + 1);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_earns_no_429_and_takes_at_most_a_tenth_longer_than_the_limit_allows() {
        let (lane, bucket) = (Arc::default(), Arc::new(Mutex::new(Bucket::new(10))));
        let started = Instant::now();
        burst(lane, Arc::clone(&bucket), Some(10), 60, 0).await;
        // Ten at once and ten each second after: five seconds at the least.
        assert!((5.0..5.5).contains(&started.elapsed().as_secs_f64()), "{:?}", started.elapsed());
        assert_eq!(bucket.lock().expect("no panic").refused, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_waited_for_a_connection_count_from_when_it_stood() {
        let (lane, bucket) = (Arc::default(), Arc::new(Mutex::new(Bucket::new(10))));
        burst(lane, Arc::clone(&bucket), Some(10), 40, 10).await;
        assert_eq!(bucket.lock().expect("no panic").refused, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_idled_away_is_a_new_one() {
        let (lane, bucket) = (Arc::<Lane>::default(), Arc::new(Mutex::new(Bucket::new(10))));
        burst(Arc::clone(&lane), Arc::clone(&bucket), Some(10), 5, 0).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        burst(lane, Arc::clone(&bucket), Some(10), 40, 10).await;
        assert_eq!(bucket.lock().expect("no panic").refused, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lower_limit_that_is_told_counts_and_so_does_one_where_the_token_has_none() {
        for rps in [Some(10), None] {
            let lane = Arc::<Lane>::default();
            let bucket = Arc::new(Mutex::new(Bucket::new(3)));
            burst(Arc::clone(&lane), Arc::clone(&bucket), rps, 1, 0).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let started = Instant::now();
            burst(lane, Arc::clone(&bucket), rps, 12, 0).await;
            assert!((3.0..3.5).contains(&started.elapsed().as_secs_f64()), "{:?}", started.elapsed());
            assert_eq!(bucket.lock().expect("no panic").refused, 0, "{rps:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_of_the_name_have_used_counts_as_if_we_had() {
        let lane = Lane::default();
        let first = lane.turn(Some(10), PATIENCE).await.expect("no hold");
        tokio::time::sleep(Duration::from_millis(20)).await;
        // One was ours, so six were somebody else's.
        lane.answered(first, Some(10), &told(10, 3, 1));
        let started = Instant::now();
        for _ in 0..3 {
            lane.turn(Some(10), PATIENCE).await.expect("no hold");
        }
        assert_eq!(started.elapsed(), Duration::ZERO, "three are left");
        lane.turn(Some(10), PATIENCE).await.expect("no hold");
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn two_processes_that_share_a_name_share_its_rate() {
        let bucket = Arc::new(Mutex::new(Bucket::new(10)));
        let dashboard = || burst(Arc::default(), Arc::clone(&bucket), Some(10), 30, 0);
        let started = Instant::now();
        tokio::join!(dashboard(), dashboard());
        let refused = bucket.lock().expect("no panic").refused;
        // The first ten of each leave before either can know of the other.
        assert!(refused <= 20, "{refused} refusals for 60 answers");
        assert!(started.elapsed().as_secs_f64() < 10.0, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_that_come_together_halve_the_rate_once_and_it_comes_back() {
        let mut pace = Pace::default();
        let start = Instant::now();
        assert_eq!(pace.limit(Some(10), start), 10);
        for _ in 0..5 {
            pace.refuse(Some(10), Duration::ZERO, start);
        }
        assert_eq!(pace.limit(Some(10), start), 5);
        assert_eq!(pace.limit(Some(10), start + Duration::from_secs(3)), 8);
        assert_eq!(pace.limit(Some(10), start + Duration::from_secs(60)), 10);
        pace.refuse(Some(10), Duration::ZERO, start + Duration::from_secs(3));
        assert_eq!(pace.limit(Some(10), start + Duration::from_secs(3)), 4);
        pace.refuse(Some(1), Duration::ZERO, start + Duration::from_secs(60));
        assert_eq!(pace.limit(Some(1), start + Duration::from_secs(60)), 1);
        let mut free = Pace::default();
        free.refuse(None, Duration::ZERO, start);
        assert_eq!(free.limit(None, start), usize::MAX, "what has no limit has no half");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_left_for_longer_than_a_second_holds_the_lane_until_it_is_back() {
        let lane = Lane::default();
        let started = lane.turn(Some(10), PATIENCE).await.expect("no hold");
        lane.answered(started, Some(10), &told(10, 0, 8));
        lane.turn(Some(10), PATIENCE).await.expect("no long hold");
        assert_eq!(started.elapsed().as_secs(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_of_a_day_is_the_429s_to_tell() {
        let lane = Lane::default();
        let started = lane.turn(Some(10), PATIENCE).await.expect("no hold");
        lane.answered(started, Some(10), &told(10, 0, 86_400));
        lane.turn(Some(10), PATIENCE).await.expect("no long hold");
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_old_answer_says_was_left_holds_nobody_back() {
        let lane = Lane::default();
        let first = lane.turn(Some(10), PATIENCE).await.expect("no hold");
        tokio::time::sleep(Duration::from_secs(3)).await;
        lane.answered(first, Some(10), &told(10, 0, 5));
        let started = Instant::now();
        lane.turn(Some(10), PATIENCE).await.expect("no hold");
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_told_to_wait_holds_back_the_others() {
        let lane = Arc::new(Lane::default());
        lane.turn(None, PATIENCE).await.expect("no hold");
        lane.refused(None, Duration::from_secs(3));
        lane.refused(None, Duration::from_secs(1));
        let started = Instant::now();
        lane.turn(None, PATIENCE).await.expect("a short hold");
        assert_eq!(started.elapsed().as_secs(), 3);
        lane.refused(None, Duration::from_secs(3600));
        assert!(lane.turn(Some(10), PATIENCE).await.is_err_and(|left| left > Duration::from_secs(3500)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_cancelled_while_it_waits_costs_no_turn() {
        let lane = Arc::new(Lane::default());
        lane.turn(Some(1), PATIENCE).await.expect("no hold");
        for _ in 0..5 {
            let waiting = lane.turn(Some(1), PATIENCE);
            assert!(tokio::time::timeout(Duration::from_millis(100), waiting).await.is_err());
        }
        let started = Instant::now();
        lane.turn(Some(1), PATIENCE).await.expect("no hold");
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}
