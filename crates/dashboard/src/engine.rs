//! The engine: what a tile shows, last seen first and fresh after.
//!
//! [`Engine::seen`] answers at once from memory or the sealed store;
//! [`Engine::refresh`] asks Tinybird, keeps what came and answers with it;
//! [`Engine::is_stale`] says when to. An engine belongs to one tenant from its
//! making: it asks with that tenant's token only, and keeps what arrives in
//! that tenant's store only. Or it belongs to nobody: then it asks with the
//! token of what anyone may see, and for nothing but that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join};
use jiff::tz::TimeZone;
use perch_chart::{Drawing, Earlier, Input, Setting, Size, Theme, View};
use perch_offline::{Question, Store, StoreError};
use perch_tenant::{Tenant, TenantId};
use perch_tinybird::{Answer, Client, PipeErrorKind, PublicToken, Table, TenantToken};

use crate::flights::Flights;
use crate::memory::{Kept, Memory};
use crate::questions::{self, Ask, Period};
use crate::{Comparison, Dates, EngineError, Selection, Tile, Tokens};

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
    client: Client,
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
    /// Why there is nothing newer, when the last attempt since failed.
    pub failure: Option<Failure>,
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
    pub fn new(tenant: Tenant, store: Store, client: Client, tokens: Arc<dyn Tokens>, clock: Clock) -> Self {
        Self::in_zone(tenant, store, client, tokens, clock, TimeZone::system())
    }

    /// The same, with dates counted in `zone`.
    pub fn in_zone(
        tenant: Tenant,
        store: Store,
        client: Client,
        tokens: Arc<dyn Tokens>,
        clock: Clock,
        zone: TimeZone,
    ) -> Self {
        let access = Access::Tenant { tokens, renewal: tokio::sync::Mutex::default() };
        Self::over(tenant.id(), store, client, access, clock, zone)
    }

    /// The engine of what anyone may see, under the id of [`TenantId::public`]:
    /// for the tiles of dashboards marked public, and no others.
    pub fn public(nobody: TenantId, store: Store, client: Client, token: PublicToken, clock: Clock) -> Self {
        Self::over(nobody, store, client, Access::Public(token), clock, TimeZone::system())
    }

    fn over(tenant: TenantId, store: Store, client: Client, access: Access, clock: Clock, zone: TimeZone) -> Self {
        // A store of another tenant is never read: the engine begins closed.
        let closed = AtomicBool::new(store.tenant() != &tenant);
        let inner = Inner {
            tenant,
            store,
            client,
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

    /// The tenant's sealed store, for notes and for the end of offline.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What was last seen of `tile` for `selection`, at once: from memory, or else
    /// from the store. Never touches the network. `None` where it was never
    /// seen. Whether it may be shown offline is [`Store::may_show`]'s to say.
    pub fn seen(&self, tile: &Tile, selection: &Selection) -> Option<TileData> {
        self.inner.serves(tile).ok()?;
        let current = self.inner.recall(&questions::question(tile, selection, Period::Current)?)?;
        Some(self.inner.tile_data(tile, selection, current))
    }

    /// Asks Tinybird, keeps what came, and answers with it. A question that is
    /// already being asked is not asked again: all who ask get one answer.
    ///
    /// On an error nothing that was kept is lost; [`Engine::seen`] still has
    /// it, with the failure. Dropping the future ends a request that nobody
    /// else waits for.
    pub async fn refresh(&self, tile: &Tile, selection: &Selection) -> Result<TileData, EngineError> {
        let inner = &self.inner;
        inner.serves(tile)?;
        let now = (inner.clock)();
        let ask = |period| questions::ask(tile, selection, period, now, &inner.zone).ok_or(EngineError::NothingToAsk);
        let current = inner.join_flight(ask(Period::Current)?);
        let current = if let Some(earlier) = Period::earlier(selection.comparison_of(tile)) {
            let (current, earlier) = join(current, inner.join_flight(ask(earlier)?)).await;
            earlier?;
            current?
        } else {
            current.await?
        };
        Ok(inner.tile_data(tile, selection, current))
    }

    /// Whether `tile` for `selection` should be refreshed now: never seen, older
    /// than its life, of days that have moved on, or of a time that the clock
    /// has not reached. After a failure it waits, longer with each.
    pub fn is_stale(&self, tile: &Tile, selection: &Selection) -> bool {
        let inner = &self.inner;
        if inner.serves(tile).is_err() {
            return false;
        }
        let now = (inner.clock)();
        periods(tile, selection).any(|period| {
            let Some(question) = questions::question(tile, selection, period) else { return false };
            if let Some(failure) = lock(&inner.failures).get(&question) {
                let wait = FIRST_WAIT.saturating_mul(1 << (failure.times - 1).min(8)).min(LONGEST_WAIT);
                return now.duration_since(failure.at).map_or(true, |since| since >= wait.min(tile.refresh));
            }
            let Some(kept) = inner.recall(&question) else { return true };
            let dates =
                |at| tile.time.as_ref().map(|time| questions::dates(time, &selection.range, period, at, &inner.zone));
            dates(kept.fetched) != dates(now)
                || now.duration_since(kept.fetched).map_or(true, |age| age >= tile.refresh)
        })
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
        let input = Input { table, previous, earlier, view, setting };
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
        let bytes = match &self.access {
            Access::Tenant { tokens, renewal } => self.query(&**tokens, renewal, &ask).await?,
            Access::Public(_) if self.is_closed() => return Err(EngineError::Closed),
            Access::Public(token) => {
                self.client.query_public(token, &ask.pipe, &ask.parameters, (self.clock)()).await?
            }
        };
        let inner = Arc::clone(&self);
        // Decoding a large answer and writing it are work, not waiting.
        let work = tokio::task::spawn_blocking(move || inner.keep(ask.question, &bytes, ask.at));
        work.await.map_err(|_| EngineError::Interrupted)?
    }

    /// Asks with the tenant's token, and once more with a new one where that is
    /// refused.
    async fn query(
        &self,
        tokens: &dyn Tokens,
        renewal: &tokio::sync::Mutex<()>,
        ask: &Ask,
    ) -> Result<Vec<u8>, EngineError> {
        let query =
            async |token: &TenantToken| self.client.query(token, &ask.pipe, &ask.parameters, (self.clock)()).await;
        let token = self.own(tokens.token(false).await?)?;
        match query(&token).await {
            Err(error) if matches!(error.kind(), PipeErrorKind::Forbidden | PipeErrorKind::TokenExpired) => {
                let token = self.renewed(tokens, renewal, &token).await?;
                Ok(query(&token).await?)
            }
            outcome => Ok(outcome?),
        }
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

    fn keep(&self, question: Question, bytes: &[u8], at: SystemTime) -> Result<Kept, EngineError> {
        let answer = perch_tinybird::decode(bytes).map_err(|error| EngineError::Answer(Arc::new(error)))?;
        let kept = Kept { answer: Arc::new(answer), fetched: at };
        let unkept = match self.store.put(&question, bytes, at) {
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
            let earlier = self.recall(&questions::question(tile, selection, period)?)?;
            // A comparison with any other time than the one before would lie.
            (dates(period, earlier.fetched) == dates(period, current.fetched)).then_some(earlier.answer)
        });
        TileData {
            answer: current.answer,
            previous: earlier,
            comparison,
            fetched: current.fetched,
            dates: dates(Period::Current, current.fetched),
            failure: self.failure(tile, selection),
        }
    }

    fn failure(&self, tile: &Tile, selection: &Selection) -> Option<Failure> {
        let failures = lock(&self.failures);
        let of = |period| failures.get(&questions::question(tile, selection, period)?).cloned();
        periods(tile, selection).find_map(of)
    }

    fn note_outcome(&self, question: Question, at: SystemTime, error: Option<&EngineError>) {
        let mut failures = lock(&self.failures);
        match error {
            None => drop(failures.remove(&question)),
            Some(EngineError::Closed) => {}
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

/// The periods that a tile asks for.
fn periods(tile: &Tile, selection: &Selection) -> impl Iterator<Item = Period> {
    [Period::Current].into_iter().chain(Period::earlier(selection.comparison_of(tile)))
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
