//! The engine: what a tile shows, last seen first and fresh after.
//!
//! [`Engine::seen`] answers at once from memory or the sealed store;
//! [`Engine::refresh`] asks Tinybird, keeps what came and answers with it;
//! [`Engine::freshness`] says when to. An engine belongs to one tenant from its
//! making: it asks with that tenant's token only, and keeps what arrives in
//! that tenant's store only. Or it belongs to nobody: then it asks with the
//! token of what anyone may see, and for nothing but that.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join, ready};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use perch_chart::{Days, Drawing, Earlier, Input, Periods, Setting, Size, Theme, View};
use perch_offline::{Question, Store, StoreError};
use perch_tenant::{DailyRequests, Origin, Tenant, TenantId};
use perch_tinybird::{Answer, PipeErrorKind, PublicToken, Table, TenantToken};

use crate::budget::Budget;
use crate::flights::Flights;
use crate::memory::{Kept, Memory};
use crate::questions::{self, Ask, Period};
use crate::schedule::{Allowance, Due, Freshness};
use crate::{Comparison, Dates, EngineError, Pipes, Selection, Tile, Tokens};

/// How long a tile waits after its first failure before it is stale again.
/// Each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Answers the questions of one tenant's tiles, or of those that anyone may see.
/// Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    /// Whose all this is, or nobody's ([`TenantId::public`]).
    tenant: TenantId,
    store: Store,
    pipes: Box<dyn Pipes>,
    budget: Budget,
    access: Access,
    clock: Clock,
    zone: TimeZone,
    memory: Mutex<Memory>,
    failures: Mutex<HashMap<Question, Failure>>,
    flights: Flights<Result<Kept, EngineError>>,
    closed: AtomicBool,
    unkept: Mutex<Option<Arc<StoreError>>>,
}

/// What it asks with.
enum Access {
    Tenant {
        /// Who is asked for.
        whose: Box<Tenant>,
        tokens: Arc<dyn Tokens>,
        /// Held while a refused token is renewed, so that ten refused tiles
        /// renew it once.
        renewal: tokio::sync::Mutex<()>,
    },
    Public(PublicToken),
}

/// What a tile shows.
#[derive(Debug, Clone)]
pub struct TileData {
    /// The pipe's answer.
    pub answer: Arc<Answer>,
    /// The answer for the earlier time, where the tile compares and has one
    /// of the same days.
    pub previous: Option<Arc<Answer>>,
    /// Which time that is of.
    pub comparison: Comparison,
    /// When the answer was asked for: its age counts from here.
    pub fetched: SystemTime,
    /// The days that it holds; `None` for a tile without the time filter.
    pub dates: Option<Dates>,
    /// The days that `previous` holds, where there is one.
    pub previous_dates: Option<Dates>,
    /// Why there is nothing newer, when the last attempt since failed.
    pub failure: Option<Failure>,
}

/// Which answers are good enough not to be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// None.
    Nothing,
    /// One within the tile's life.
    Fresh,
    /// One within the tile's life that was asked for at this moment or later.
    Since(SystemTime),
}

impl TileData {
    /// The days of both answers, for a picture that compares them.
    fn periods(&self) -> Option<Periods> {
        let days = |dates: Dates| Days { from: dates.from, to: dates.to };
        Some(Periods { now: days(self.dates?), before: days(self.previous_dates?) })
    }
}

/// An attempt that failed. The last good answer stays until the next good one.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What went wrong.
    pub error: EngineError,
    /// When it was tried.
    pub at: SystemTime,
    /// How often in a row.
    pub times: u32,
}

impl Engine {
    /// The engine of `tenant`, whose own store and tokens these are. Dates are
    /// counted in this machine's time zone.
    pub fn new(
        tenant: Tenant,
        store: Store,
        pipes: impl Pipes + 'static,
        tokens: Arc<dyn Tokens>,
        clock: Clock,
    ) -> Self {
        Self::in_zone(tenant, store, pipes, tokens, clock, TimeZone::system())
    }

    /// The same, with dates counted in `zone`.
    pub fn in_zone(
        tenant: Tenant,
        store: Store,
        pipes: impl Pipes + 'static,
        tokens: Arc<dyn Tokens>,
        clock: Clock,
        zone: TimeZone,
    ) -> Self {
        let id = tenant.id();
        let access = Access::Tenant { whose: Box::new(tenant), tokens, renewal: tokio::sync::Mutex::default() };
        Self::over(id, store, Box::new(pipes), access, clock, zone)
    }

    /// The engine of what anyone may see, under the id of [`TenantId::public`]:
    /// for the tiles of dashboards marked public, and no others.
    pub fn public(
        nobody: TenantId,
        store: Store,
        pipes: impl Pipes + 'static,
        token: PublicToken,
        clock: Clock,
    ) -> Self {
        Self::over(nobody, store, Box::new(pipes), Access::Public(token), clock, TimeZone::system())
    }

    fn over(
        tenant: TenantId,
        store: Store,
        pipes: Box<dyn Pipes>,
        access: Access,
        clock: Clock,
        zone: TimeZone,
    ) -> Self {
        // A store of another tenant is never read: the engine begins closed.
        let closed = AtomicBool::new(store.tenant() != &tenant);
        let inner = Inner {
            tenant,
            store,
            pipes,
            budget: Budget::default(),
            access,
            clock,
            zone,
            memory: Mutex::default(),
            failures: Mutex::default(),
            flights: Flights::new(),
            closed,
            unkept: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Sets how many requests a UTC day has; without this there is no limit.
    pub fn limit_requests(&self, a_day: Option<DailyRequests>) {
        self.inner.budget.limit(a_day.map(DailyRequests::get));
    }

    /// What is left of the day's requests; `None` without a limit.
    pub fn allowance(&self) -> Option<Allowance> {
        self.inner.budget.allowance(&self.inner.store, (self.inner.clock)())
    }

    /// The tenant's sealed store, for notes and for the end of offline.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What was last seen of `tile` for `selection`, at once: from memory, or else
    /// from the store. Never touches the network. `None` where it was never
    /// seen. Whether it may be shown offline is [`Store::may_show`]'s to say.
    pub fn seen(&self, tile: &Tile, selection: &Selection) -> Option<TileData> {
        self.inner.serves(tile).ok()?;
        let current = self.inner.recall(&self.inner.question(tile, selection, Period::Current)?)?;
        self.inner.note_shown(tile, selection);
        Some(self.inner.tile_data(tile, selection, current))
    }

    /// Whether [`Engine::seen`] has something to show of `tile` for `selection`,
    /// which a tile that asks nothing always has. Unseals and decodes nothing.
    pub fn has(&self, tile: &Tile, selection: &Selection) -> bool {
        self.inner.serves(tile).is_ok() && (tile.pipe.is_none() || self.fetched(tile, selection).is_some())
    }

    /// When what [`Engine::seen`] has of `tile` for `selection` was asked for.
    /// Unseals and decodes nothing.
    pub fn fetched(&self, tile: &Tile, selection: &Selection) -> Option<SystemTime> {
        self.inner.serves(tile).ok()?;
        let question = self.inner.question(tile, selection, Period::Current)?;
        let remembered = self.inner.memory(|memory| memory.fetched(&question))?;
        remembered.or_else(|| self.inner.store.fetched(&question).ok()?)
    }

    /// Keeps the answers to what `tiles` ask for `selections` longer than others,
    /// for a dashboard that is to be there offline, in place of what was pinned
    /// for it before.
    pub fn pin<'a>(
        &self,
        dashboard: &str,
        tiles: impl IntoIterator<Item = &'a Tile>,
        selections: &[Selection],
    ) -> Result<(), StoreError> {
        let all = tiles.into_iter().flat_map(|tile| selections.iter().map(move |selection| (tile, selection)));
        let questions: Vec<_> = all.flat_map(|(tile, selection)| self.inner.all_questions(tile, selection)).collect();
        self.inner.store.pin(dashboard, &questions)
    }

    /// Asks Tinybird, keeps what came, and answers with it. A question that is
    /// already being asked is not asked again: all who ask get one answer.
    ///
    /// On an error nothing that was kept is lost; [`Engine::seen`] still has
    /// it, with the failure. Dropping the future ends a request that nobody
    /// else waits for.
    pub async fn refresh(&self, tile: &Tile, selection: &Selection) -> Result<TileData, EngineError> {
        self.refresh_unless(tile, selection, Enough::Nothing).await
    }

    /// The same, without asking for what is answered well enough: by another
    /// tile's question, say, that came a moment before.
    pub async fn refresh_unless(
        &self,
        tile: &Tile,
        selection: &Selection,
        enough: Enough,
    ) -> Result<TileData, EngineError> {
        let inner = &self.inner;
        inner.serves(tile)?;
        let now = (inner.clock)();
        let since = match enough {
            Enough::Nothing => None,
            Enough::Fresh => Some(SystemTime::UNIX_EPOCH),
            Enough::Since(moment) => Some(moment),
        };
        let ask = |period| -> Result<_, EngineError> {
            let ask = questions::ask(tile, selection, period, now, &inner.zone, inner.whose());
            if let (Err(error), Some(question)) = (&ask, inner.question(tile, selection, period)) {
                inner.note_outcome(question, now, Some(error));
            }
            let ask = ask?;
            let is_enough = |kept: &Kept| {
                since.is_some_and(|since| kept.fetched >= since)
                    && inner.stale_at(kept, tile, selection, period, now) > now
            };
            let kept = since.and_then(|_| inner.recall(&ask.question)).filter(is_enough);
            Ok(match kept {
                Some(kept) => ready(Ok(kept)).left_future(),
                None => inner.join_flight(ask).right_future(),
            })
        };
        let current = ask(Period::Current)?;
        let current = if let Some(earlier) = Period::earlier(selection.comparison_of(tile)) {
            let (current, earlier) = join(current, ask(earlier)?).await;
            earlier?;
            current?
        } else {
            current.await?
        };
        Ok(inner.tile_data(tile, selection, current))
    }

    /// How fresh `tile` for `selection` is: when it was asked for, and when to
    /// ask again. Never seen, it is due; else once its life is over, or its days
    /// have moved on, or at once where the clock stands before its answer. After
    /// a failure it waits, longer with each. `None` for a tile that asks nothing
    /// here.
    pub fn freshness(&self, tile: &Tile, selection: &Selection) -> Option<Freshness> {
        let inner = &self.inner;
        inner.serves(tile).ok()?;
        let now = (inner.clock)();
        let of = |period| Some((period, inner.question(tile, selection, period)?));
        let asks: Vec<_> = periods(tile, selection).filter_map(of).collect();
        let known: Vec<_> =
            asks.iter().map(|(period, question)| inner.due(question, tile, selection, *period, now)).collect();
        let mut hasher = DefaultHasher::new();
        asks.iter().for_each(|(_, question)| question.hash(&mut hasher));
        Some(Freshness {
            question: hasher.finish(),
            requests: u32::try_from(asks.len()).unwrap_or(u32::MAX),
            life: tile.refresh,
            asked: known.iter().map(|(asked, _)| *asked).min()?,
            due: known.iter().map(|(_, due)| *due).min()?,
        })
    }

    /// Whether `tile` for `selection` should be refreshed now
    /// ([`Engine::freshness`]).
    pub fn is_stale(&self, tile: &Tile, selection: &Selection) -> bool {
        let now = (self.inner.clock)();
        self.freshness(tile, selection).is_some_and(|freshness| freshness.is_due(now))
    }

    /// Whether an answer, or a failure, of the one is the other's too: some of what
    /// they ask is the same question.
    pub fn shares(&self, one: (&Tile, &Selection), other: (&Tile, &Selection)) -> bool {
        let asked = self.inner.all_questions(one.0, one.1);
        self.inner.all_questions(other.0, other.1).iter().any(|question| asked.contains(question))
    }

    /// Why the last attempt for `tile` and `selection` failed, if it did: also for
    /// a tile that was never seen, which has no [`TileData`] to carry it.
    pub fn failure(&self, tile: &Tile, selection: &Selection) -> Option<Failure> {
        self.inner.failure(tile, selection)
    }

    /// Draws what a tile shows, as the viewer has arranged it. `data` is [`None`] for a tile that asks nothing.
    pub fn draw(
        &self,
        data: Option<&TileData>,
        tile: &Tile,
        view: &View,
        setting: &Setting,
        size: Size,
        theme: Theme,
    ) -> Result<Drawing, EngineError> {
        static NOTHING: LazyLock<Table> = LazyLock::new(Table::default);
        let previous = data.and_then(|data| data.previous.as_deref()).map(|answer| &answer.table);
        let table = data.map_or(&*NOTHING, |data| &data.answer.table);
        let earlier = match data.map(|data| data.comparison) {
            Some(Comparison::Year) => Earlier::Year,
            _ => Earlier::Period,
        };
        let periods = data.and_then(TileData::periods);
        let input = Input { table, previous, earlier, periods, view, setting };
        Ok(perch_chart::draw(&input, &tile.chart, size, theme)?)
    }

    /// Why the last answer that came is not kept for later, if so: it is shown
    /// nonetheless.
    pub fn unkept(&self) -> Option<Arc<StoreError>> {
        lock(&self.inner.unkept).clone()
    }

    /// Ends this tenant's visit: forgets what is in memory and closes the
    /// store. What still arrives is kept nowhere and shown to nobody.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::SeqCst);
        self.inner.store.close();
        lock(&self.inner.memory).clear();
        lock(&self.inner.failures).clear();
    }
}

impl Inner {
    fn join_flight(self: &Arc<Self>, ask: Ask) -> Shared<BoxFuture<'static, Result<Kept, EngineError>>> {
        let question = ask.question.clone();
        self.flights.join(&question, || {
            let inner = Arc::clone(self);
            async move {
                let (question, at) = (ask.question.clone(), ask.at);
                let outcome = Arc::clone(&inner).fetch(ask).await;
                if let Err(EngineError::Pipe(error)) = &outcome
                    && matches!(error.kind(), PipeErrorKind::NotInToken { .. })
                {
                    inner.forget(&question);
                }
                inner.note_outcome(question, at, outcome.as_ref().err());
                outcome
            }
            .boxed()
        })
    }

    /// Asks, and keeps an answer that decodes.
    async fn fetch(self: Arc<Self>, ask: Ask) -> Result<Kept, EngineError> {
        let (bytes, source) = match &self.access {
            Access::Tenant { tokens, renewal, .. } => self.query(&**tokens, renewal, &ask).await?,
            Access::Public(_) if self.is_closed() => return Err(EngineError::Closed),
            Access::Public(token) => {
                self.spend()?;
                let again = || self.spend().is_ok();
                let now = (self.clock)();
                let bytes = self.pipes.query_public(token, &ask.pipe, &ask.parameters, now, &again).await?;
                (bytes, source(token.host(), "static"))
            }
        };
        let inner = Arc::clone(&self);
        // Decoding a large answer and writing it are work, not waiting.
        let work = tokio::task::spawn_blocking(move || inner.keep(ask.question, &bytes, ask.at, &source));
        work.await.map_err(|_| EngineError::Interrupted)?
    }

    /// Asks with the tenant's token, and once more with a new one where that is
    /// refused. Answers with who was asked too.
    async fn query(
        &self,
        tokens: &dyn Tokens,
        renewal: &tokio::sync::Mutex<()>,
        ask: &Ask,
    ) -> Result<(Vec<u8>, String), EngineError> {
        let query = async |token: &TenantToken| -> Result<Vec<u8>, EngineError> {
            self.spend()?;
            let again = || self.spend().is_ok();
            Ok(self.pipes.query(token, &ask.pipe, &ask.parameters, (self.clock)(), &again).await?)
        };
        let token = self.own(tokens.token(false).await?)?;
        let bytes = match query(&token).await {
            Err(EngineError::Pipe(error))
                if matches!(error.kind(), PipeErrorKind::Forbidden | PipeErrorKind::TokenExpired) =>
            {
                let token = self.renewed(tokens, renewal, &token).await?;
                query(&token).await?
            }
            outcome => outcome?,
        };
        Ok((bytes, source(token.host(), tokens.source())))
    }

    /// Counts one request of the day's, which is then sent.
    fn spend(&self) -> Result<(), EngineError> {
        self.budget.spend(&self.store, (self.clock)()).map_err(|again| EngineError::DailyRequests { again })
    }

    /// A token after `refused` was: the one that another tile has renewed
    /// meanwhile, or else a new one.
    async fn renewed(
        &self,
        tokens: &dyn Tokens,
        renewal: &tokio::sync::Mutex<()>,
        refused: &TenantToken,
    ) -> Result<Arc<TenantToken>, EngineError> {
        let _turn = renewal.lock().await;
        let current = self.own(tokens.token(false).await?)?;
        if current.expose() != refused.expose() {
            return Ok(current);
        }
        self.own(tokens.token(true).await?)
    }

    /// On whose behalf it asks: nobody's for what anyone may see.
    fn whose(&self) -> Option<&Tenant> {
        match &self.access {
            Access::Tenant { whose, .. } => Some(whose),
            Access::Public(_) => None,
        }
    }

    fn question(&self, tile: &Tile, selection: &Selection, period: Period) -> Option<Question> {
        questions::question(tile, selection, period, self.whose())
    }

    /// What a tile asks, in all of its periods.
    fn all_questions(&self, tile: &Tile, selection: &Selection) -> Vec<Question> {
        periods(tile, selection).filter_map(|period| self.question(tile, selection, period)).collect()
    }

    /// What anyone may see is asked for on behalf of nobody, and nothing else is.
    fn serves(&self, tile: &Tile) -> Result<(), EngineError> {
        match (&self.access, tile.public) {
            (Access::Tenant { .. }, false) | (Access::Public(_), true) => Ok(()),
            (Access::Public(_), false) => Err(EngineError::NotPublic),
            (Access::Tenant { .. }, true) => Err(EngineError::Public),
        }
    }

    /// Only this tenant's token, and only until sign-out.
    fn own(&self, token: Arc<TenantToken>) -> Result<Arc<TenantToken>, EngineError> {
        if self.is_closed() {
            return Err(EngineError::Closed);
        }
        if token.tenant() != &self.tenant {
            return Err(EngineError::OtherTenant);
        }
        Ok(token)
    }

    fn keep(&self, question: Question, bytes: &[u8], at: SystemTime, source: &str) -> Result<Kept, EngineError> {
        let answer = perch_tinybird::decode(bytes).map_err(|error| EngineError::Answer(Arc::new(error)))?;
        let kept = Kept { answer: Arc::new(answer), fetched: at };
        let unkept = match self.store.put(&question, bytes, at, source) {
            Ok(()) => None,
            Err(StoreError::Closed) => return Err(EngineError::Closed),
            Err(error) => {
                tracing::warn!(code = error.code(), "an answer is shown but not kept");
                Some(Arc::new(error))
            }
        };
        *lock(&self.unkept) = unkept;
        self.memory(|memory| memory.insert(question, kept.clone(), bytes.len())).ok_or(EngineError::Closed)?;
        Ok(kept)
    }

    /// Forgets what was seen of a pipe that the person may no longer read.
    fn forget(&self, question: &Question) {
        self.memory(|memory| memory.remove(question));
        if let Err(error) = self.store.forget(question) {
            tracing::warn!(code = error.code(), "what may no longer be seen was not removed");
        }
    }

    /// The answer that was last kept, decoded.
    fn recall(&self, question: &Question) -> Option<Kept> {
        if let Some(kept) = self.memory(|memory| memory.get(question))? {
            return Some(kept);
        }
        let seen = match self.store.get(question) {
            Ok(seen) => seen?,
            Err(error) => {
                tracing::warn!(code = error.code(), "what was seen cannot be read");
                return None;
            }
        };
        match perch_tinybird::decode(&seen.answer) {
            Ok(answer) => {
                let kept = Kept { answer: Arc::new(answer), fetched: seen.fetched };
                self.memory(|memory| {
                    // What came while this was read is newer.
                    memory.get(question).unwrap_or_else(|| {
                        memory.insert(question.clone(), kept.clone(), seen.answer.len());
                        kept
                    })
                })
            }
            Err(error) => {
                tracing::warn!(%error, "what was seen no longer decodes");
                None
            }
        }
    }

    /// When a question was last asked, and when to ask it again.
    fn due(
        &self,
        question: &Question,
        tile: &Tile,
        selection: &Selection,
        period: Period,
        now: SystemTime,
    ) -> (Option<SystemTime>, Due) {
        if let Some(failure) = lock(&self.failures).get(question) {
            let wait = FIRST_WAIT.saturating_mul(1 << (failure.times - 1).min(8)).min(LONGEST_WAIT).min(tile.refresh);
            let at = if failure.at > now { SystemTime::UNIX_EPOCH } else { failure.at + wait };
            return (Some(failure.at), Due::At { at, wait });
        }
        let Some(kept) = self.recall(question) else { return (None, Due::Unseen) };
        let at = self.stale_at(&kept, tile, selection, period, now);
        // Days that have moved on do not wait for their age.
        let wait = if at < kept.fetched + tile.refresh { Duration::ZERO } else { tile.refresh };
        (Some(kept.fetched), Due::At { at, wait })
    }

    /// When an answer is stale: past its life, or with the day on which the same
    /// question means other days. One of a time that the clock has not reached
    /// always is.
    fn stale_at(&self, kept: &Kept, tile: &Tile, selection: &Selection, period: Period, now: SystemTime) -> SystemTime {
        if kept.fetched > now {
            return SystemTime::UNIX_EPOCH;
        }
        let old = kept.fetched + tile.refresh;
        let Some(time) = &tile.time else { return old };
        let dates = |at| questions::dates(time, &selection.range, period, at, &self.zone);
        if dates(kept.fetched) == dates(now) { old } else { old.min(midnight(now, time.zone.among(&self.zone))) }
    }

    /// Notes that a tile's answers are on the screen.
    fn note_shown(&self, tile: &Tile, selection: &Selection) {
        for question in self.all_questions(tile, selection) {
            self.store.show(&question, (self.clock)());
        }
    }

    /// Uses the memory, unless the engine is closed: read under the lock,
    /// because [`Engine::close`] empties the memory after it has closed.
    fn memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> Option<T> {
        let mut memory = lock(&self.memory);
        (!self.is_closed()).then(|| work(&mut memory))
    }

    fn tile_data(&self, tile: &Tile, selection: &Selection, current: Kept) -> TileData {
        let dates = |period, at| {
            tile.time.as_ref().map(|time| questions::dates(time, &selection.range, period, at, &self.zone))
        };
        let comparison = selection.comparison_of(tile);
        let earlier = Period::earlier(comparison).and_then(|period| {
            let earlier = self.recall(&self.question(tile, selection, period)?)?;
            let days = dates(period, current.fetched);
            // A comparison with any other time than the one before would lie.
            (dates(period, earlier.fetched) == days).then_some((earlier.answer, days))
        });
        let (previous, previous_dates) = earlier.unzip();
        TileData {
            answer: current.answer,
            previous,
            previous_dates: previous_dates.flatten(),
            comparison,
            fetched: current.fetched,
            dates: dates(Period::Current, current.fetched),
            failure: self.failure(tile, selection),
        }
    }

    fn failure(&self, tile: &Tile, selection: &Selection) -> Option<Failure> {
        let failures = lock(&self.failures);
        let of = |period| failures.get(&self.question(tile, selection, period)?).cloned();
        periods(tile, selection).find_map(of)
    }

    fn note_outcome(&self, question: Question, at: SystemTime, error: Option<&EngineError>) {
        let mut failures = lock(&self.failures);
        match error {
            None => drop(failures.remove(&question)),
            // Nothing was tried.
            Some(EngineError::Closed | EngineError::DailyRequests { .. }) => {}
            Some(error) => {
                let times = failures.get(&question).map_or(0, |failure| failure.times).saturating_add(1);
                failures.insert(question, Failure { error: error.clone(), at, times });
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// Who was asked, as it is kept with an answer.
fn source(host: &Origin, token: &str) -> String {
    format!("{host} ({token})")
}

/// The periods that a tile asks for.
fn periods(tile: &Tile, selection: &Selection) -> impl Iterator<Item = Period> {
    [Period::Current].into_iter().chain(Period::earlier(selection.comparison_of(tile)))
}

/// When the day began that it is.
fn midnight(now: SystemTime, zone: &TimeZone) -> SystemTime {
    let today = Timestamp::try_from(now).ok().and_then(|now| now.to_zoned(zone.clone()).start_of_day().ok());
    today.map_or(now, |today| today.timestamp().into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each is a map that no panic leaves half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("tenant", &self.inner.tenant).finish_non_exhaustive()
    }
}
