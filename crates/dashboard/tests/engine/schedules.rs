//! 10,000 random lives of three tenants who ask the very same questions: they
//! switch, refresh, sign out and in again, fail, and get answers late. No row of
//! one is ever seen or drawn under another.
//!
//! Engines and sealed stores are the real ones, the stores in memory. Only who
//! answers is a script: it holds each question until the schedule lets it go,
//! and puts into the answer for whom its token was signed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use perch_chart::{Setting, Size, Theme, View};
use perch_dashboard::{
    Engine, EngineError, Enough, Pipes, Preset, Selection, Tile, TileData, TimeRange, TokenError, Tokens,
};
use perch_offline::Store;
use perch_tenant::Tenant;
use perch_tinybird::{Again, Parameters, PipeError, PipeErrorKind, PipeName, PublicToken, TenantToken};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::stand_in::{Clock, row, shown, sign, tenant, tile};

/// Runs of each of the four kinds of schedule.
const RUNS: u32 = 2_500;

const ORGANIZATIONS: [&str; 3] = ["org_a", "org_b", "org_c"];

static WEEK: LazyLock<Selection> = LazyLock::new(|| TimeRange::Last(Preset::Days7).into());
static TILES: LazyLock<[Tile; 2]> = LazyLock::new(|| [tile("kpis", ""), tile("top_pages", "compare = true")]);

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Another tenant comes to the screen.
    Switch { tenant: usize },
    /// A tile of a tenant is asked for, on the screen or not.
    Refresh { tenant: usize, tile: usize, fresh: bool },
    /// One of the questions that wait gets its outcome, in any order.
    Arrive { question: usize, outcome: Outcome },
    /// Whoever waits for one of the refreshes goes away.
    GiveUp { refresh: usize },
    /// The tenant signs out, and in again with an empty store.
    SignOut { tenant: usize },
    /// Whoever signs hands out one organization's token for another.
    Confuse { tenant: usize, other: usize },
    /// Time passes.
    Wait { seconds: i64 },
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Answered,
    Unreachable,
    Forbidden,
    NotInToken,
    Babble,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        5 => Just(Outcome::Answered),
        1 => Just(Outcome::Unreachable),
        1 => Just(Outcome::Forbidden),
        1 => Just(Outcome::NotInToken),
        1 => Just(Outcome::Babble),
    ]
}

/// How often each kind of step comes, beside the others: in the order of [`Step`].
type Weights = [u32; 7];

fn step([switch, refresh, arrive, give_up, sign_out, confuse, wait]: Weights) -> impl Strategy<Value = Step> {
    let tenant = || 0..3_usize;
    prop_oneof![
        switch => tenant().prop_map(|tenant| Step::Switch { tenant }),
        refresh => (tenant(), 0..2_usize, any::<bool>())
            .prop_map(|(tenant, tile, fresh)| Step::Refresh { tenant, tile, fresh }),
        arrive => (0..8_usize, outcome()).prop_map(|(question, outcome)| Step::Arrive { question, outcome }),
        give_up => (0..8_usize).prop_map(|refresh| Step::GiveUp { refresh }),
        sign_out => tenant().prop_map(|tenant| Step::SignOut { tenant }),
        confuse => (tenant(), tenant()).prop_map(|(tenant, other)| Step::Confuse { tenant, other }),
        wait => (-90_000..90_000_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// The questions that wait for their outcome, the oldest first.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Held>>>);

struct Held {
    /// For whom the token was signed that it was asked with.
    organization: String,
    answer: oneshot::Sender<Result<Vec<u8>, PipeError>>,
}

impl Script {
    /// Lets one of the questions go.
    fn arrive(&self, question: usize, outcome: Outcome) {
        let held = {
            let mut held = self.0.lock().expect("a lock");
            held.retain(|held| !held.answer.is_closed());
            let place = question.checked_rem(held.len());
            place.and_then(|place| held.remove(place))
        };
        let Some(Held { organization, answer }) = held else { return };
        let outcome = match outcome {
            Outcome::Answered => Ok(format!(
                r#"{{"meta": [{{"name": "org", "type": "String"}}, {{"name": "n", "type": "UInt64"}}],
                    "data": [{{"org": "{organization}", "n": 1}}], "rows": 1}}"#
            )
            .into_bytes()),
            Outcome::Unreachable => Err(PipeErrorKind::Unreachable.into()),
            Outcome::Forbidden => Err(PipeErrorKind::Forbidden.into()),
            Outcome::NotInToken => Err(PipeErrorKind::NotInToken { pipe: "kpis".to_owned() }.into()),
            Outcome::Babble => Ok(b"<html>captive portal</html>".to_vec()),
        };
        // Whoever asked may have gone away just now.
        let _ = answer.send(outcome);
    }
}

impl Pipes for Script {
    fn query<'a>(
        &'a self,
        token: &'a TenantToken,
        _: &'a PipeName,
        _: &'a Parameters,
        _: SystemTime,
        _: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>> {
        let (answer, outcome) = oneshot::channel();
        let organization = token.claims()["scopes"][0]["fixed_params"]["org_id"].as_str().expect("a value").to_owned();
        self.0.lock().expect("a lock").push_back(Held { organization, answer });
        outcome.map(|outcome| outcome.unwrap_or_else(|_| Err(PipeErrorKind::Unreachable.into()))).boxed()
    }

    fn query_public<'a>(
        &'a self,
        _: &'a PublicToken,
        _: &'a PipeName,
        _: &'a Parameters,
        _: SystemTime,
        _: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>> {
        unreachable!("nobody here is nobody")
    }
}

/// The tenants and a token of each: the same for every run.
static PEOPLE: LazyLock<[(Tenant, Arc<TenantToken>); 3]> = LazyLock::new(|| {
    ORGANIZATIONS.map(|organization| {
        let (connection, tenant) = tenant("https://api.example", organization);
        let token = sign(&connection, &tenant, Clock::new().now());
        (tenant, token)
    })
});

/// Hands out the token of whichever tenant it is told to.
struct Source(AtomicUsize);

impl Tokens for Source {
    fn token(&self, _: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        let token = PEOPLE[self.0.load(Ordering::SeqCst)].1.clone();
        async move { Ok(token) }.boxed()
    }

    fn source(&self) -> &str {
        "mint"
    }
}

/// One tenant and what is open of them.
struct Member {
    source: Arc<Source>,
    engine: Engine,
}

impl Member {
    fn new(place: usize, script: &Script, clock: &Clock) -> Self {
        let (tenant, clock) = (PEOPLE[place].0.clone(), clock.clone());
        let store = Store::for_this_visit(&tenant.id()).expect("a store");
        let source = Arc::new(Source(AtomicUsize::new(place)));
        let clock = Arc::new(move || clock.now());
        let engine = Engine::in_zone(tenant, store, script.clone(), source.clone(), clock, TimeZone::UTC);
        Self { source, engine }
    }
}

/// A refresh that was begun, and for whom.
struct Refresh {
    tenant: usize,
    task: JoinHandle<Result<TileData, EngineError>>,
}

struct World {
    script: Script,
    clock: Clock,
    /// Each is opened when it is first used, as the app does.
    members: [Option<Member>; 3],
    /// Engines that were closed, which someone may still hold.
    closed: Vec<Engine>,
    refreshes: Vec<Refresh>,
    on_screen: usize,
    /// How many answers came back to those who waited.
    arrived: usize,
}

impl World {
    fn new() -> Self {
        let (script, clock) = (Script::default(), Clock::new());
        let members = [None, None, None];
        Self { script, clock, members, closed: Vec::new(), refreshes: Vec::new(), on_screen: 0, arrived: 0 }
    }

    fn member(&mut self, tenant: usize) -> &mut Member {
        self.members[tenant].get_or_insert_with(|| Member::new(tenant, &self.script, &self.clock))
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Switch { tenant } => self.on_screen = tenant,
            Step::Refresh { tenant, tile, fresh } => {
                let engine = self.member(tenant).engine.clone();
                let enough = if fresh { Enough::Fresh } else { Enough::Nothing };
                let task = tokio::spawn(async move { engine.refresh_unless(&TILES[tile], &WEEK, enough).await });
                self.refreshes.push(Refresh { tenant, task });
            }
            Step::Arrive { question, outcome } => self.script.arrive(question, outcome),
            Step::GiveUp { refresh } => {
                if let Some(place) = refresh.checked_rem(self.refreshes.len()) {
                    self.refreshes.swap_remove(place).task.abort();
                }
            }
            Step::SignOut { tenant } => {
                if let Some(Member { engine, .. }) = self.members[tenant].take() {
                    engine.close();
                    self.closed.push(engine);
                }
            }
            Step::Confuse { tenant, other } => self.member(tenant).source.0.store(other, Ordering::SeqCst),
            Step::Wait { seconds } => self.clock.turn(seconds),
        }
        settle().await;
        self.judge_answers().await;
        match step {
            // Whatever anybody sees can be another now.
            Step::Arrive { .. } | Step::SignOut { .. } => (0..3).for_each(|tenant| self.judge_screen(tenant)),
            _ => self.judge_screen(self.on_screen),
        }
        for engine in &self.closed {
            assert!(TILES.iter().all(|tile| engine.seen(tile, &WEEK).is_none()), "seen after sign-out");
        }
    }

    /// What came back to those who waited is their tenant's.
    async fn judge_answers(&mut self) {
        let (over, waiting) = std::mem::take(&mut self.refreshes).into_iter().partition(|one| one.task.is_finished());
        self.refreshes = waiting;
        for Refresh { tenant, task, .. } in over {
            if let Ok(Ok(data)) = task.await {
                self.arrived += 1;
                assert_eq!(shown(&data).0, ORGANIZATIONS[tenant], "an answer of another tenant");
            }
        }
    }

    /// What a tenant sees is their own.
    fn judge_screen(&self, tenant: usize) {
        let Some(member) = &self.members[tenant] else { return };
        for tile in TILES.iter() {
            let Some(data) = member.engine.seen(tile, &WEEK) else { continue };
            assert_eq!(shown(&data).0, ORGANIZATIONS[tenant], "seen under another tenant");
            let before = data.previous.as_deref().map(|answer| row(answer).0);
            assert!(before.is_none_or(|before| before == ORGANIZATIONS[tenant]), "compared with another tenant");
        }
    }

    /// The pictures that the viewer sees have nobody else's name in them.
    fn judge_pictures(&self) {
        for tile in TILES.iter() {
            let Some(Member { engine, .. }) = &self.members[self.on_screen] else { return };
            let Some(data) = engine.seen(tile, &WEEK) else { continue };
            let (view, size) = (View::default(), Size { width: 200, height: 100 });
            let picture = engine.draw(Some(&data), tile, &view, &Setting::default(), size, Theme::Light);
            let svg = picture.expect("a picture").svg;
            assert!(svg.contains(ORGANIZATIONS[self.on_screen]), "the viewer's own row");
            let others = ORGANIZATIONS.iter().filter(|other| **other != ORGANIZATIONS[self.on_screen]);
            others.for_each(|other| assert!(!svg.contains(other), "drawn under another tenant"));
        }
    }
}

/// Lets everything go on that can, also what is decoded on another thread: with
/// its clock paused, tokio wakes a sleeper when nothing else is left to do.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Every so many runs the pictures are looked at, too: drawing takes longer than
/// all the rest.
const PICTURES_EVERY: usize = 50;

/// Lives one schedule; how many answers arrived.
fn live(runtime: &Runtime, run: usize, steps: &[Step]) -> usize {
    runtime.block_on(async {
        let mut world = World::new();
        for step in steps {
            world.take(*step).await;
        }
        // What still waits arrives after all.
        while !world.refreshes.is_empty() {
            world.take(Step::Arrive { question: 0, outcome: Outcome::Answered }).await;
        }
        if run.is_multiple_of(PICTURES_EVERY) {
            world.judge_pictures();
        }
        world.arrived
    })
}

fn live_all(weights: Weights) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let (run, arrived) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let config = Config { cases: RUNS, failure_persistence: None, ..Config::default() };
    let schedules = proptest::collection::vec(step(weights), 1..16);
    let outcome = TestRunner::new(config).run(&schedules, |steps| {
        let run = run.fetch_add(1, Ordering::Relaxed);
        arrived.fetch_add(live(&runtime, run, &steps), Ordering::Relaxed);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // A model in which none does would show nothing.
    let arrived = arrived.into_inner();
    assert!(arrived > RUNS as usize, "only {arrived} answers arrived");
}

#[test]
fn no_schedule_of_visits_shows_a_row_under_another_tenant() {
    live_all([3, 6, 6, 1, 1, 1, 1]);
}

#[test]
fn no_schedule_of_sign_outs_shows_a_row_under_another_tenant() {
    live_all([2, 6, 4, 1, 6, 1, 1]);
}

#[test]
fn no_schedule_of_late_answers_shows_a_row_under_another_tenant() {
    live_all([4, 8, 2, 2, 2, 1, 1]);
}

#[test]
fn no_schedule_of_confused_signers_shows_a_row_under_another_tenant() {
    live_all([2, 6, 6, 1, 1, 6, 1]);
}
