//! A signed-in tenant: its session, its sealed store, its engine, and how each
//! of its tiles fares. Everything of one tenant hangs here and nowhere else.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_dashboard::{Dashboard, Engine, Tile, TimeRange};
use perch_keychain::{Kept, Keychain, Slot, new_key};
use perch_offline::{Notice, Shown, Store, StoreError};
use perch_tenant::{Connection, TenantId};
use perch_tinybird::Client;
use tokio::sync::OnceCell;

use crate::Clock;
use crate::problem::Problem;
use crate::roster::Member;
use crate::session::LiveSession;
use crate::tokens::{MintedTokens, SigningKeys};
use crate::view::{TenantStatus, TenantView};

/// The waits between two attempts to find the services again.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(15)];

/// How long an answer of the store's reckoning of time holds.
const RECKON_AGAIN: Duration = Duration::from_secs(30);

/// Names a tile of a dashboard.
pub(crate) type TileKey = (String, String);

pub(crate) struct Seat {
    pub(crate) id: TenantId,
    pub(crate) member: Member,
    pub(crate) session: Arc<LiveSession>,
    connection: Connection,
    stores: PathBuf,
    keychain: Arc<Keychain>,
    clock: Clock,
    tokens: Arc<MintedTokens>,
    engine: OnceCell<Engine>,
    condition: Mutex<Condition>,
}

#[derive(Default)]
struct Condition {
    reach: Reach,
    notice: Option<Problem>,
    confirmed: Option<SystemTime>,
    shown: Option<(SystemTime, Shown)>,
    tiles: HashMap<TileKey, Problem>,
    refreshing: HashSet<TileKey>,
    greeted: bool,
}

#[derive(Default)]
enum Reach {
    #[default]
    Unknown,
    Online,
    Offline {
        since: SystemTime,
        attempts: usize,
        next: SystemTime,
    },
    Closed(Problem),
}

impl Seat {
    pub(crate) fn new(
        member: Member,
        connection: Connection,
        http: reqwest::Client,
        keychain: Arc<Keychain>,
        keys: Arc<SigningKeys>,
        stores: PathBuf,
        clock: Clock,
    ) -> Self {
        let id = member.tenant.id();
        let session =
            Arc::new(LiveSession::new(&member.tenant, connection.clerk.clone(), http, keychain.clone(), clock.clone()));
        let tokens = MintedTokens::new(member.tenant.clone(), connection.clone(), session.clone(), keys, clock.clone());
        Self {
            id,
            member,
            session,
            connection,
            stores,
            keychain,
            clock,
            tokens: Arc::new(tokens),
            engine: OnceCell::new(),
            condition: Mutex::default(),
        }
    }

    pub(crate) fn tokens(&self) -> &Arc<MintedTokens> {
        &self.tokens
    }

    /// The engine over the sealed store, opened at the first call. What
    /// opening has to tell waits in [`Seat::take_notice`].
    pub(crate) async fn engine(&self, client: &Client) -> Result<&Engine, Problem> {
        self.engine.get_or_try_init(|| self.open(client)).await
    }

    /// What there is to tell about the store, once.
    pub(crate) fn take_notice(&self) -> Option<Problem> {
        let damaged = self.engine.get().and_then(|engine| engine.store().take_notice());
        damaged.as_ref().map(store_notice).or_else(|| self.condition().notice.take())
    }

    async fn open(&self, client: &Client) -> Result<Engine, Problem> {
        let slot = Slot::StoreKey(&self.id);
        let sealed = match self.keychain.retrieve(slot).await {
            Ok(Some(key)) => Store::open(&self.stores, &self.id, &key),
            Ok(None) => {
                let key = new_key().map_err(|error| Problem::from(&error))?;
                let kept = self.keychain.persist(slot, &key).await.map_err(|error| Problem::from(&error))?;
                match kept {
                    Kept::InKeychain => Store::open(&self.stores, &self.id, &key),
                    // Nothing could open the file again.
                    Kept::ForThisVisit => self.store_for_this_visit(),
                }
            }
            // Somebody signed in with the keychain locked: what an earlier
            // visit sealed stays as it is.
            Err(_) if self.session.is_live().await => self.store_for_this_visit(),
            Err(error) => return Err(Problem::from(&error)),
        };
        let opened = sealed.or_else(|error| {
            self.condition().notice = Some(Problem::from(&error));
            self.store_for_this_visit().map_err(|error| Problem::from(&error))
        })?;
        if let Some(started_anew) = opened.notice {
            self.condition().notice = Some(store_notice(&started_anew));
        }
        let tenant = self.member.tenant.clone();
        Ok(Engine::new(tenant, opened.store, client.clone(), self.tokens.clone(), self.clock.clone()))
    }

    /// A store in memory, for a visit that can keep nothing.
    fn store_for_this_visit(&self) -> Result<perch_offline::Opened, StoreError> {
        Ok(perch_offline::Opened { store: Store::for_this_visit(&self.id)?, notice: None })
    }

    /// Whether what was seen may be shown now (design decision 7).
    pub(crate) fn may_show(&self) -> Result<(), Problem> {
        if let Reach::Closed(problem) = &self.condition().reach {
            return Err(problem.clone());
        }
        if self.is_online() {
            return Ok(());
        }
        self.offline_until().map(drop)
    }

    /// Until when what was seen may be shown without a network, or why not.
    fn offline_until(&self) -> Result<SystemTime, Problem> {
        let now = (self.clock)();
        let Some(store) = self.store() else { return Ok(now) };
        // The store writes its reckoning of time at each question, so it is
        // asked now and then, not at each tile.
        let recent =
            self.condition().shown.filter(|(asked, _)| now.duration_since(*asked).is_ok_and(|age| age < RECKON_AGAIN));
        let (asked, shown) = match recent {
            Some(recent) => recent,
            None => (now, store.may_show(now, self.connection.offline).map_err(|error| Problem::from(&error))?),
        };
        self.condition().shown = Some((asked, shown));
        match shown {
            Shown::Yes { remaining } => Ok(asked + remaining),
            Shown::No(closed) => Err(Problem::new(closed.code(), closed.sentence(), closed.next_step())),
        }
    }

    /// Clerk has just confirmed the session.
    pub(crate) fn confirmed(&self, at: SystemTime) {
        {
            let mut condition = self.condition();
            if condition.confirmed.replace(at) == Some(at) {
                return;
            }
            condition.shown = None;
        }
        if let Some(store) = self.store()
            && let Err(error) = store.confirm(at)
        {
            tracing::warn!(code = error.code(), "the confirmation was not kept");
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        matches!(self.condition().reach, Reach::Online)
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.condition().reach, Reach::Closed(_))
    }

    /// Whether asking the services is worth it now.
    pub(crate) fn may_ask(&self) -> bool {
        match &self.condition().reach {
            Reach::Unknown | Reach::Online => true,
            Reach::Offline { next, .. } => *next <= (self.clock)(),
            Reach::Closed(_) => false,
        }
    }

    /// Whether nobody answered the last request, so that one knock is enough.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.condition().reach, Reach::Offline { .. })
    }

    /// Whether this is the first time in this visit that Clerk may be asked.
    pub(crate) fn begin_greeting(&self) -> bool {
        let mut condition = self.condition();
        let first = matches!(condition.reach, Reach::Unknown) && !condition.greeted;
        condition.greeted |= first;
        first
    }

    /// The services answered. Whether that is news.
    pub(crate) fn found(&self) -> bool {
        let mut condition = self.condition();
        let news = !matches!(condition.reach, Reach::Online | Reach::Closed(_));
        if news {
            condition.reach = Reach::Online;
        }
        news
    }

    /// Nobody answered. Whether that is news.
    pub(crate) fn lost(&self) -> bool {
        let now = (self.clock)();
        let mut condition = self.condition();
        let (since, attempts, news) = match &condition.reach {
            Reach::Closed(_) => return false,
            Reach::Offline { since, attempts, .. } => (*since, attempts + 1, false),
            Reach::Unknown | Reach::Online => (now, 0, true),
        };
        let next = now + RETRY_AFTER[attempts.min(RETRY_AFTER.len() - 1)];
        condition.reach = Reach::Offline { since, attempts, next };
        news
    }

    /// Ask again at the next opportunity, whatever failed before.
    pub(crate) fn retry_now(&self) {
        let now = (self.clock)();
        let mut condition = self.condition();
        if let Reach::Offline { next, attempts, .. } = &mut condition.reach {
            (*next, *attempts) = (now, 0);
        }
    }

    /// Nothing of this tenant is shown, asked for or kept any more, and why.
    pub(crate) fn close(&self, problem: Problem) {
        self.condition().reach = Reach::Closed(problem);
        if let Some(engine) = self.engine.get() {
            engine.close();
        }
    }

    /// Marks a tile as being refreshed. `false` when it already is.
    pub(crate) fn begin_refresh(&self, tile: &TileKey) -> bool {
        self.condition().refreshing.insert(tile.clone())
    }

    /// A tile's refresh ended: with an answer, with nobody there (which is the
    /// tenant's trouble, not the tile's), or with a reason of the tile's own.
    pub(crate) fn end_refresh(&self, tile: &TileKey, problem: Option<Problem>) {
        let mut condition = self.condition();
        condition.refreshing.remove(tile);
        match problem {
            Some(problem) => condition.tiles.insert(tile.clone(), problem),
            None => condition.tiles.remove(tile),
        };
    }

    /// Whether a refresh of the tile is under way, and how the last one failed.
    pub(crate) fn tile(&self, tile: &TileKey) -> (bool, Option<Problem>) {
        let condition = self.condition();
        (condition.refreshing.contains(tile), condition.tiles.get(tile).cloned())
    }

    /// The time range that the viewer last chose for a dashboard, or its default.
    pub(crate) fn range(&self, dashboard: &Dashboard) -> Option<TimeRange> {
        let default = dashboard.time.as_ref()?.default;
        let kept = self.store().and_then(|store| store.noted(&format!("range:{}", dashboard.id)).ok().flatten());
        Some(kept.and_then(|text| text.parse().ok()).unwrap_or(default))
    }

    /// Keeps the viewer's choice.
    pub(crate) fn choose_range(&self, dashboard: &Dashboard, range: &TimeRange) {
        self.keep(&format!("range:{}", dashboard.id), &range.to_string());
    }

    /// The dashboard that was on the screen last.
    pub(crate) fn last_dashboard(&self) -> Option<String> {
        self.store().and_then(|store| store.noted("dashboard").ok().flatten())
    }

    /// Keeps which dashboard is on the screen.
    pub(crate) fn show_dashboard(&self, dashboard: &str) {
        self.keep("dashboard", dashboard);
    }

    fn keep(&self, name: &str, value: &str) {
        if let Some(store) = self.store()
            && let Err(error) = store.note(name, value)
        {
            tracing::warn!(code = error.code(), name, "a choice was not kept");
        }
    }

    pub(crate) fn view(&self) -> TenantView {
        let tenant = &self.member.tenant;
        TenantView {
            id: self.id.to_string(),
            connection: self.member.connection.clone(),
            name: tenant.display_name().to_owned(),
            user: tenant.user.display_name().to_owned(),
            email: tenant.user.email.clone(),
            role: tenant.organization.as_ref().and_then(|organization| organization.role.clone()),
            status: self.status(),
        }
    }

    fn status(&self) -> TenantStatus {
        let until = self.offline_until();
        match &self.condition().reach {
            Reach::Unknown => TenantStatus::Connecting,
            Reach::Online => TenantStatus::Online,
            Reach::Offline { since, .. } => match until {
                Ok(until) => TenantStatus::Offline { since: unix_millis(*since), until: unix_millis(until) },
                Err(problem) => TenantStatus::Closed { problem },
            },
            Reach::Closed(problem) => TenantStatus::Closed { problem: problem.clone() },
        }
    }

    fn store(&self) -> Option<&Store> {
        self.engine.get().map(Engine::store)
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        // A panic elsewhere cannot leave this half changed: each change is one assignment.
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether keeping a secret needs a word to the viewer.
pub(crate) fn kept_notice(kept: Kept) -> Option<Problem> {
    match kept {
        Kept::InKeychain => None,
        Kept::ForThisVisit => Some(Problem::new(
            "keychain-for-this-visit",
            "There is no keychain that Perch could use, so you stay signed in for this visit only.",
            "Start or unlock your keychain (GNOME Keyring or KWallet on Linux), then sign in again.",
        )),
    }
}

fn store_notice(notice: &Notice) -> Problem {
    let next_step = "Nothing to do: the dashboards fill again as they are refreshed.";
    Problem::new("store-started-anew", notice.to_string(), next_step)
}

/// A moment in Unix milliseconds, as the web view counts.
pub(crate) fn unix_millis(time: SystemTime) -> i64 {
    let after = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(after.as_millis()).unwrap_or(i64::MAX)
}

/// The tile of a dashboard, by name.
pub(crate) fn find_tile<'a>(dashboard: &'a Dashboard, tile: &str) -> Result<&'a Tile, Problem> {
    dashboard.tile(tile).ok_or_else(|| Problem::gone("tile"))
}
