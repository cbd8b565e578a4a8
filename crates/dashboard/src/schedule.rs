//! What to ask for now, and when to look again: every rule of freshness, as a
//! function of what is known at one moment.
//!
//! - A tile that was never answered is asked for at once; one whose answer has
//!   outlived its life, a little later, each at a moment of its own, so that a
//!   dashboard does not knock all at once.
//! - Nothing is asked for that nobody sees: a tile out of view, a window that is
//!   hidden. What is under way when it leaves the view goes on: it is paid for,
//!   and there when the viewer scrolls back.
//! - A pause stops all but what the viewer has never seen and opens now.
//! - While nobody answers, one tile knocks, from time to time.
//! - Once half of the day's requests are spent, answers live longer, so that the
//!   other half lasts until the day is over; once all are, nothing is asked.
//!
//! Nothing here waits, reads a clock or draws lots: whoever keeps a dashboard
//! fresh does, and the tests need not.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

/// Over how long those that are stale at the same moment are spread at most; a
/// tile with a short life over a tenth of that.
const SPREAD: Duration = Duration::from_secs(2);

/// How fresh a tile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Names what it asks: tiles that ask the same have the same.
    pub question: u64,
    /// How many requests it takes.
    pub requests: u32,
    /// How long an answer is fresh.
    pub life: Duration,
    /// When it was last asked for, as far as is known: with what was kept, or in
    /// vain.
    pub asked: Option<SystemTime>,
    /// When to ask again.
    pub due: Due,
}

/// When to ask for a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// At once: nothing was ever answered, nor asked in vain.
    Unseen,
    /// At a moment, which may be past.
    At {
        /// The moment.
        at: SystemTime,
        /// The wait that ended or ends with it: what is stretched where
        /// requests are short.
        wait: Duration,
    },
}

impl Freshness {
    /// Whether it should be asked for at `now`, were requests plenty.
    pub fn is_due(&self, now: SystemTime) -> bool {
        match self.due {
            Due::Unseen => true,
            Due::At { at, .. } => at <= now,
        }
    }
}

/// A tile that asks something, in its place on the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// How fresh it is, where any of it is in view.
    pub in_view: Option<Freshness>,
    /// Whether it is being asked for.
    pub under_way: bool,
}

/// Whether the services answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// They do, or nobody has tried yet.
    Answering,
    /// They do not; one question from this moment on finds out whether they do
    /// again.
    Silent {
        /// The moment.
        knock: SystemTime,
    },
}

/// What is left of the day's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many the day has.
    pub limit: u32,
    /// How many are left.
    pub left: u32,
    /// When the next day begins.
    pub until: SystemTime,
}

impl Allowance {
    /// By how much answers live longer, so that what is left lasts while these
    /// tiles are looked at: not at all while more than half is left.
    fn stretch(&self, tiles: &[Candidate], now: SystemTime) -> f64 {
        if self.left > self.limit / 2 {
            return 1.0;
        }
        let mut questions: Vec<_> = tiles.iter().filter_map(|tile| tile.in_view.as_ref()).collect();
        questions.sort_unstable_by_key(|tile| (tile.question, tile.life));
        questions.dedup_by_key(|tile| tile.question);
        let a_second: f64 =
            questions.iter().map(|tile| f64::from(tile.requests) / tile.life.as_secs_f64().max(1.0)).sum();
        let rest = self.until.duration_since(now).unwrap_or_default().as_secs_f64();
        (a_second * rest / f64::from(self.left.max(1))).max(1.0)
    }
}

/// What is known when the schedule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The present moment.
    pub now: SystemTime,
    /// Since when these tiles have been looked at, the window seen, nothing
    /// paused and the services there: what was stale before is spread from here.
    pub since: SystemTime,
    /// What was asked for before this moment is stale whatever its age: then the
    /// services came back, or the viewer asked for all of it anew.
    pub renewed: Option<SystemTime>,
    /// Whether anybody sees the window.
    pub seen: bool,
    /// Whether the viewer has paused the dashboard.
    pub paused: bool,
    /// Whether the services answer.
    pub reach: Reach,
    /// What is left of the day's requests; `None` without a limit.
    pub allowance: Option<Allowance>,
    /// What makes this visit's moments differ from another's.
    pub seed: u64,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Which tiles to ask for now, by their places, in this order.
    pub ask: Vec<usize>,
    /// When to look again, should nothing change before; `None` where only a
    /// change makes anything due.
    pub look_again: Option<SystemTime>,
}

/// Decides which of a dashboard's `tiles`, in reading order, to ask for.
pub fn plan(tiles: &[Candidate], circumstances: &Circumstances) -> Plan {
    let Circumstances { now, seen, paused, reach, allowance, .. } = *circumstances;
    if !seen {
        return Plan::default();
    }
    if let Some(spent) = allowance.filter(|allowance| allowance.left == 0) {
        return Plan { ask: Vec::new(), look_again: Some(spent.until) };
    }
    if let Reach::Silent { knock } = reach {
        return knocking(tiles, knock, paused, now);
    }
    let stretch = allowance.map_or(1.0, |allowance| allowance.stretch(tiles, now));
    let mut starts: Vec<(SystemTime, usize, u32)> = tiles
        .iter()
        .enumerate()
        .filter(|(_, tile)| !tile.under_way)
        .filter_map(|(place, tile)| Some((place, tile.in_view.as_ref()?)))
        .filter(|(_, tile)| !paused || tile.due == Due::Unseen)
        .map(|(place, tile)| (start(tile, (place, tiles.len()), circumstances, stretch), place, tile.requests))
        .collect();
    starts.sort_unstable();
    let mut left = allowance.map_or(u32::MAX, |allowance| allowance.left);
    let mut plan = Plan::default();
    for (start, place, requests) in starts {
        if start > now {
            plan.look_again = Some(start);
            break;
        } else if requests <= left {
            left -= requests;
            plan.ask.push(place);
        }
    }
    plan.ask.sort_unstable();
    plan
}

/// While nobody answers, one question is enough to notice that somebody does.
fn knocking(tiles: &[Candidate], knock: SystemTime, paused: bool, now: SystemTime) -> Plan {
    if paused || tiles.iter().any(|tile| tile.under_way) {
        return Plan::default();
    }
    if knock > now {
        return Plan { ask: Vec::new(), look_again: Some(knock) };
    }
    let in_view = tiles.iter().position(|tile| tile.in_view.is_some());
    // The header tells of the services also where no tile is in view.
    Plan { ask: in_view.or((!tiles.is_empty()).then_some(0)).into_iter().collect(), look_again: None }
}

/// When a tile is asked for.
fn start(tile: &Freshness, (place, count): (usize, usize), circumstances: &Circumstances, stretch: f64) -> SystemTime {
    let Circumstances { since, renewed, seed, .. } = *circumstances;
    let Due::At { at, wait } = tile.due else { return SystemTime::UNIX_EPOCH };
    let longer = wait.mul_f64((stretch - 1.0).min(1e6));
    let mut due = at.checked_add(longer).unwrap_or(at);
    // Where requests are short, what came before an outage lives on.
    if let Some(renewed) = renewed.filter(|_| stretch <= 1.0)
        && tile.asked.is_none_or(|asked| asked < renewed)
    {
        due = due.min(renewed);
    }
    // Of all places on the dashboard each has its own share of the spread.
    let share = (place as f64 + chance(seed, tile.question)) / count as f64;
    due.max(since) + SPREAD.min(tile.life / 10).mul_f64(share)
}

/// Between 0 and 1, always the same for the same question in the same visit.
fn chance(seed: u64, question: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    (seed, question).hash(&mut hasher);
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * 24 * HOUR + 12 * HOUR
    }

    fn usual() -> Circumstances {
        Circumstances {
            now: noon(),
            since: noon() - HOUR,
            renewed: None,
            seen: true,
            paused: false,
            reach: Reach::Answering,
            allowance: None,
            seed: 7,
        }
    }

    fn candidate(question: u64, asked: Option<SystemTime>, due: Due) -> Candidate {
        let freshness = Freshness { question, requests: 1, life: MINUTE, asked, due };
        Candidate { in_view: Some(freshness), under_way: false }
    }

    fn out_of_view() -> Candidate {
        Candidate { in_view: None, under_way: false }
    }

    fn unseen(question: u64) -> Candidate {
        candidate(question, None, Due::Unseen)
    }

    /// A tile with a life of a minute that was answered at `fetched`.
    fn answered(question: u64, fetched: SystemTime) -> Candidate {
        candidate(question, Some(fetched), Due::At { at: fetched + MINUTE, wait: MINUTE })
    }

    /// Follows the schedule from `now` on, as whoever keeps a dashboard fresh
    /// does, answering each question at once: when which tile was asked for.
    fn followed(tiles: &mut [Candidate], circumstances: Circumstances, during: Duration) -> Vec<(Duration, usize)> {
        let (mut now, end) = (circumstances.now, circumstances.now + during);
        let mut asked = Vec::new();
        while now <= end {
            let plan = plan(tiles, &Circumstances { now, ..circumstances });
            for place in plan.ask {
                asked.push((now.duration_since(circumstances.now).expect("later"), place));
                let question = tiles[place].in_view.as_ref().expect("in view").question;
                let same = |tile: &&mut Candidate| tile.in_view.as_ref().is_some_and(|tile| tile.question == question);
                tiles.iter_mut().filter(same).for_each(|tile| *tile = answered(question, now));
            }
            let Some(next) = super::plan(tiles, &Circumstances { now, ..circumstances }).look_again else { break };
            assert!(next > now, "a look that leads nowhere");
            now = next;
        }
        asked
    }

    #[test]
    fn what_was_never_seen_is_asked_at_once_and_in_reading_order() {
        let tiles: Vec<_> = (0..12).map(unseen).collect();
        let opened = Circumstances { since: noon(), ..usual() };
        assert_eq!(plan(&tiles, &opened), Plan { ask: (0..12).collect(), look_again: None });
    }

    #[test]
    fn a_tile_within_its_life_is_left_alone_until_the_moment_when_it_is_over() {
        let tiles = [answered(1, noon())];
        let plan = plan(&tiles, &usual());
        assert!(plan.ask.is_empty());
        let next = plan.look_again.expect("a moment").duration_since(noon()).expect("later");
        assert!((MINUTE..=MINUTE + SPREAD).contains(&next), "{next:?}");
    }

    #[test]
    fn tiles_that_are_stale_together_start_apart_and_none_waits_long() {
        let mut tiles: Vec<_> = (0..12).map(|question| answered(question, noon() - HOUR)).collect();
        let opened = Circumstances { since: noon(), ..usual() };
        let asked = followed(&mut tiles, opened, SPREAD);
        assert_eq!(asked.iter().map(|(_, place)| *place).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
        let moments: std::collections::BTreeSet<_> = asked.iter().map(|(after, _)| *after).collect();
        assert_eq!(moments.len(), 12, "no two at once");
        assert!(moments.iter().all(|after| *after <= SPREAD));
    }

    #[test]
    fn nobody_waits_longer_than_a_tenth_of_a_short_life() {
        let mut tile = answered(1, noon() - HOUR);
        tile.in_view.as_mut().expect("in view").life = Duration::from_secs(1);
        let opened = Circumstances { since: noon(), ..usual() };
        let next = plan(&[tile], &opened).look_again.expect("a moment");
        assert!(next <= noon() + Duration::from_millis(100));
    }

    #[test]
    fn another_visit_has_other_moments_and_the_same_visit_the_same() {
        let tiles = [answered(1, noon() - HOUR)];
        let at = |seed| plan(&tiles, &Circumstances { since: noon(), seed, ..usual() }).look_again;
        assert_eq!(at(1), at(1));
        assert_ne!(at(1), at(2));
    }

    #[test]
    fn nothing_is_asked_for_a_window_that_nobody_sees() {
        let tiles = [unseen(1), answered(2, noon() - HOUR)];
        assert_eq!(plan(&tiles, &Circumstances { seen: false, ..usual() }), Plan::default());
    }

    #[test]
    fn a_tile_out_of_view_is_not_asked_for_and_one_that_comes_into_view_is_at_once() {
        let tiles = [answered(1, noon() - HOUR), out_of_view(), out_of_view()];
        assert_eq!(plan(&tiles, &usual()), Plan { ask: vec![0], look_again: None });
        let tiles = [answered(1, noon()), answered(2, noon() - HOUR), unseen(3)];
        assert_eq!(plan(&tiles, &usual()).ask, [1, 2]);
    }

    #[test]
    fn what_is_under_way_is_not_asked_for_again() {
        let mut tiles = [answered(1, noon() - HOUR)];
        tiles[0].under_way = true;
        assert_eq!(plan(&tiles, &usual()), Plan::default());
    }

    #[test]
    fn a_pause_stops_all_but_what_the_viewer_has_never_seen() {
        let tiles = [answered(1, noon() - HOUR), unseen(2)];
        let paused = Circumstances { paused: true, renewed: Some(noon()), ..usual() };
        assert_eq!(plan(&tiles, &paused), Plan { ask: vec![1], look_again: None });
    }

    #[test]
    fn a_failure_is_tried_again_when_its_wait_is_over() {
        let tiles =
            [candidate(1, Some(noon()), Due::At { at: noon() + Duration::from_secs(5), wait: Duration::from_secs(5) })];
        assert!(plan(&tiles, &usual()).ask.is_empty());
        let later = Circumstances { now: noon() + Duration::from_secs(8), ..usual() };
        assert_eq!(plan(&tiles, &later).ask, [0]);
    }

    #[test]
    fn while_nobody_answers_one_tile_in_view_knocks_when_it_is_time() {
        let mut tiles = [out_of_view(), unseen(2), unseen(3)];
        let silent = |knock| Circumstances { reach: Reach::Silent { knock }, ..usual() };
        let soon = noon() + Duration::from_secs(4);
        assert_eq!(plan(&tiles, &silent(soon)), Plan { ask: vec![], look_again: Some(soon) });
        assert_eq!(plan(&tiles, &silent(noon())), Plan { ask: vec![1], look_again: None });
        assert_eq!(plan(&tiles, &Circumstances { paused: true, ..silent(noon()) }), Plan::default());
        tiles[1].under_way = true;
        assert_eq!(plan(&tiles, &silent(noon())), Plan::default(), "one knock is enough");
        assert_eq!(plan(&[out_of_view()], &silent(noon())).ask, [0], "also where no tile is in view");
    }

    #[test]
    fn when_the_services_are_back_what_came_before_is_asked_anew_the_visible_soon() {
        let back = noon();
        let mut tiles = [answered(1, noon() - MINUTE / 2), answered(2, noon()), out_of_view()];
        let circumstances = Circumstances { since: back, renewed: Some(back), ..usual() };
        let asked = followed(&mut tiles, circumstances, SPREAD);
        assert_eq!(asked.iter().map(|(_, place)| *place).collect::<Vec<_>>(), [0]);
        tiles[2] = answered(3, noon() - MINUTE / 2);
        let later = Circumstances { now: noon() + MINUTE / 4, ..circumstances };
        assert_eq!(plan(&tiles, &later).ask, [2], "once it is scrolled to");
    }

    #[test]
    fn a_question_of_five_tiles_is_due_once() {
        let mut tiles: Vec<_> = (0..5).map(|_| answered(1, noon() - HOUR)).collect();
        let opened = Circumstances { since: noon(), ..usual() };
        assert_eq!(followed(&mut tiles, opened, MINUTE).len(), 1);
    }

    /// So many of a day's requests are left at noon.
    fn allowed(limit: u32, left: u32) -> Circumstances {
        Circumstances { allowance: Some(Allowance { limit, left, until: noon() + 12 * HOUR }), ..usual() }
    }

    #[test]
    fn while_more_than_half_of_the_day_is_left_tiles_live_as_their_file_says() {
        let tiles: Vec<_> = (0..4).map(|question| answered(question, noon())).collect();
        assert_eq!(plan(&tiles, &allowed(1_000, 501)), plan(&tiles, &usual()));
    }

    #[test]
    fn as_the_day_is_used_up_answers_live_longer_so_that_the_rest_lasts() {
        for left in [500, 100, 10] {
            let tiles: Vec<_> = (0..4).map(|question| answered(question, noon())).collect();
            let next = plan(&tiles, &allowed(1_000, left)).look_again.expect("a moment");
            let wait = next.duration_since(noon()).expect("later").as_secs_f64();
            // Four tiles, each so often for twelve hours, are what is left.
            let fair = 4.0 * 12.0 * 3_600.0 / f64::from(left);
            assert!((fair..fair + 3.0).contains(&wait), "{left}: {wait} instead of {fair}");
        }
    }

    #[test]
    fn a_question_of_five_tiles_uses_the_day_up_once() {
        let next = |tiles: &[Candidate]| {
            let next = plan(tiles, &allowed(1_000, 100)).look_again.expect("a moment");
            next.duration_since(noon()).expect("later").as_secs()
        };
        let alone = next(&[answered(1, noon())]);
        let five: Vec<_> = (0..5).map(|_| answered(1, noon())).collect();
        assert!(next(&five).abs_diff(alone) <= SPREAD.as_secs(), "{} and {alone}", next(&five));
    }

    #[test]
    fn what_is_first_seen_does_not_wait_while_anything_is_left_and_takes_no_more_than_that() {
        let mut tiles: Vec<_> = (0..4).map(unseen).collect();
        tiles[0].in_view.as_mut().expect("in view").requests = 2;
        assert_eq!(plan(&tiles, &allowed(1_000, 3)).ask, [0, 1]);
    }

    #[test]
    fn once_the_day_is_spent_nothing_is_asked_until_the_next_begins() {
        let tiles = [unseen(1), answered(2, noon() - HOUR)];
        let spent = allowed(1_000, 0);
        assert_eq!(plan(&tiles, &spent), Plan { ask: vec![], look_again: Some(noon() + 12 * HOUR) });
        let silent = Circumstances { reach: Reach::Silent { knock: noon() }, ..spent };
        assert!(plan(&tiles, &silent).ask.is_empty(), "a knock is a request too");
    }

    fn due() -> impl Strategy<Value = Due> {
        let at = (0..7_200_u64, 0..300_u64).prop_map(|(at, wait)| Due::At {
            at: noon() - HOUR + Duration::from_secs(at),
            wait: Duration::from_secs(wait),
        });
        prop_oneof![1 => Just(Due::Unseen), 4 => at]
    }

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        (0..6_u64, 1..3_u32, 1..600_u64, due(), any::<bool>(), any::<bool>()).prop_map(
            |(question, requests, life, due, in_view, under_way)| {
                let freshness = Freshness { question, requests, life: Duration::from_secs(life), asked: None, due };
                Candidate { in_view: in_view.then_some(freshness), under_way }
            },
        )
    }

    proptest! {
        #[test]
        fn whatever_the_schedule_says_keeps_its_rules(
            tiles in prop::collection::vec(any_candidate(), 0..20),
            (seen, paused, silent) in (any::<bool>(), any::<bool>(), any::<bool>()),
            left in prop::option::of(0..40_u32),
            seed in any::<u64>(),
        ) {
            let reach = if silent { Reach::Silent { knock: noon() } } else { Reach::Answering };
            let allowance = left.map(|left| Allowance { limit: 40, left, until: noon() + HOUR });
            let circumstances = Circumstances { seen, paused, reach, allowance, seed, ..usual() };
            let plan = plan(&tiles, &circumstances);
            prop_assert!(plan.look_again.is_none_or(|next| next > noon()));
            prop_assert!(seen || plan.ask.is_empty());
            prop_assert!(!silent || plan.ask.len() <= 1);
            let mut requests = 0;
            for place in plan.ask.into_iter().filter(|_| !silent) {
                let tile = tiles[place].in_view.as_ref().expect("in view");
                prop_assert!(!tiles[place].under_way && tile.is_due(noon()));
                prop_assert!(!paused || tile.due == Due::Unseen);
                requests += tile.requests;
            }
            prop_assert!(requests <= left.unwrap_or(u32::MAX));
        }
    }
}
