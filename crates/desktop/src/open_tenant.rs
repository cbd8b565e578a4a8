//! A tenant during this visit: its viewer with their session, its sealed store,
//! its engine, and whether its services answer. Everything of one tenant hangs
//! here and nowhere else. What anyone with a connection may see is a tenant too,
//! which has no viewer (`public.rs`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use perch_chart::{Colors, Orders, Setting};
use perch_dashboard::{Comparison, Dashboard, Engine, Preset, Selection, Tile, TimeRange, schedule};
use perch_keychain::{Kept, Keychain, Slot, new_key};
use perch_offline::{Notice, Shown, Store, StoreError};
use perch_tenant::{Connection, TenantId};
use perch_tinybird::Client;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::Clock;
use crate::accounts::Account;
use crate::connections::DashboardFile;
use crate::editing::Drafts;
use crate::offline_copy::Copying;
use crate::problem::Problem;
use crate::session::{ASK_AGAIN, CONFIRMED_FOR, HostedPerson, LiveSession, SILENT_FOR};
use crate::tokens::TenantTokens;
use crate::view::{MakingView, TenantStatus, TenantView};

/// The waits between two attempts to find the services again.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(15)];

/// The wait after an answer that confirms nothing: somebody is there, and asking
/// often would not change their mind.
const REFUSED_FOR: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an answer of the store's reckoning of time holds.
const RECKON_AGAIN: Duration = Duration::from_secs(30);

pub(crate) struct OpenTenant {
    pub(crate) id: TenantId,
    /// Whose it is; `None` for what anyone may see.
    pub(crate) viewer: Option<Viewer>,
    /// The connection's id, which is the account's where there is one.
    pub(crate) connection_id: String,
    pub(crate) connection: Connection,
    stores: PathBuf,
    keychain: Arc<Keychain>,
    clock: Clock,
    locale: String,
    engine: OnceCell<Engine>,
    condition: Mutex<Condition>,
    /// Held while what is chosen is changed, or put on the screen.
    choosing: Mutex<()>,
    pub(crate) drafts: Drafts,
    pub(crate) copying: Copying,
}

/// Somebody who signed in, and what they are asked for with.
pub(crate) struct Viewer {
    pub(crate) account: Account,
    pub(crate) session: LiveSession,
    pub(crate) tokens: Arc<TenantTokens>,
}

/// What of a visit is the same for every tenant.
pub(crate) struct Premises {
    pub(crate) keychain: Arc<Keychain>,
    /// The folder of the sealed stores.
    pub(crate) stores: PathBuf,
    pub(crate) clock: Clock,
    /// As [`Surroundings::locale`](crate::Surroundings::locale).
    pub(crate) locale: String,
}

/// Changed under one lock, so that no two parts of it disagree.
#[derive(Default)]
struct Condition {
    reach: Reach,
    notice: Option<Problem>,
    /// A confirmation is under way.
    confirming: bool,
    confirmed: Option<SystemTime>,
    confirm_next: Option<SystemTime>,
    shown: Option<(SystemTime, Shown)>,
    refreshing: HashSet<Question>,
    making: Making,
    /// The dashboards that the viewer has paused.
    paused: HashSet<String>,
    /// By dashboard: what was asked for before is to be asked for anew.
    renewed: HashMap<String, SystemTime>,
    /// The viewer was told that offline is over.
    told_over: bool,
    /// The viewer was told that the day's requests are used up.
    told_spent: bool,
    told_unkept: bool,
    told_end: bool,
    /// The dashboards as they were when their files could last be read, by id.
    good: HashMap<String, Arc<Dashboard>>,
    /// Which colour is whose, by dashboard.
    colors: HashMap<String, Arc<Colors>>,
    /// In which orders tables were shown lately.
    orders: Arc<Orders>,
}

/// Whether a dashboard is being made from the pipes, where there is no file of one.
#[derive(Default)]
enum Making {
    #[default]
    Rests,
    /// The pipes are being asked.
    Asks(MakingView),
    /// There is none, and why.
    Failed {
        problem: Problem,
        /// When to try again by itself, if so.
        again: Option<SystemTime>,
        told: bool,
    },
}

/// Whether the services answer.
#[derive(Default)]
enum Reach {
    #[default]
    Unknown,
    Online,
    /// Nobody answered, or, with a problem, nobody who confirms the session.
    Offline {
        since: SystemTime,
        attempts: usize,
        next: SystemTime,
        problem: Option<Problem>,
    },
    Closed(Problem),
}

/// A tile and what the viewer has chosen: what is refreshed once at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) dashboard: String,
    pub(crate) tile: String,
    pub(crate) selection: Arc<Selection>,
}

/// A refresh under way. Dropping it, also in a panic, says that it ended.
pub(crate) struct Refreshing {
    tenant: Arc<OpenTenant>,
    question: Question,
}

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.tenant.condition().refreshing.remove(&self.question);
    }
}

impl OpenTenant {
    /// Where a dashboard's pictures are looked at.
    pub(crate) fn setting(&self, dashboard: &str) -> Setting {
        let mut condition = self.condition();
        let colors = condition.colors.entry(dashboard.to_owned()).or_default().clone();
        let orders = condition.orders.clone();
        Setting { zone: TimeZone::system(), locale: self.locale.clone(), colors, orders }
    }

    /// The tenant of somebody who signed in.
    pub(crate) fn of_viewer(viewer: Viewer, connection: Connection, premises: Premises) -> Self {
        let (id, connection_id) = (viewer.account.tenant.id(), viewer.account.connection.clone());
        Self::new(id, Some(viewer), connection_id, connection, premises)
    }

    /// What anyone with a connection may see.
    pub(crate) fn of_anyone(connection: Connection, premises: Premises) -> Self {
        Self::new(TenantId::public(&connection), None, connection.id(), connection, premises)
    }

    fn new(
        id: TenantId,
        viewer: Option<Viewer>,
        connection_id: String,
        connection: Connection,
        premises: Premises,
    ) -> Self {
        let Premises { keychain, stores, clock, locale } = premises;
        let (engine, condition, choosing) = (OnceCell::new(), Mutex::default(), Mutex::default());
        let (drafts, copying) = (Drafts::default(), Copying::default());
        Self {
            id,
            viewer,
            connection_id,
            connection,
            stores,
            keychain,
            clock,
            locale,
            engine,
            condition,
            choosing,
            drafts,
            copying,
        }
    }

    /// The session of its viewer.
    pub(crate) fn session(&self) -> Option<&LiveSession> {
        self.viewer.as_ref().map(|viewer| &viewer.session)
    }

    /// The account of its viewer.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.viewer.as_ref().map(|viewer| &viewer.account)
    }

    /// Its viewer's session with all of their organizations, where it is one.
    pub(crate) fn person(&self) -> Option<&Arc<HostedPerson>> {
        self.session()?.person()
    }

    /// The tenant of an account whose session ended in an earlier visit.
    pub(crate) fn ended(self, problem: Problem) -> Self {
        self.condition().reach = Reach::Closed(problem);
        self
    }

    /// The engine, where it was opened.
    pub(crate) fn opened(&self) -> Option<&Engine> {
        self.engine.get()
    }

    /// The engine over the sealed store, opened at the first call. What
    /// opening has to tell waits in [`OpenTenant::take_notice`].
    pub(crate) async fn engine(&self, client: &Client) -> Result<&Engine, Problem> {
        self.engine.get_or_try_init(|| self.open(client)).await
    }

    async fn open(&self, client: &Client) -> Result<Engine, Problem> {
        if let Reach::Closed(problem) = &self.condition().reach {
            return Err(problem.clone());
        }
        // A token that cannot be used is told before anything is kept.
        let public = self.viewer.is_none().then(|| self.public_token()).transpose()?;
        let slot = Slot::StoreKey(&self.id);
        let sealed = match self.keychain.retrieve(slot).await {
            Ok(Some(key)) => Store::open(&self.stores, &self.id, &key),
            Ok(None) => {
                let key = new_key().map_err(|error| Problem::from(&error))?;
                match self.keychain.persist(slot, &key).await.map_err(|error| Problem::from(&error))? {
                    Kept::InKeychain => Store::open(&self.stores, &self.id, &key),
                    // Nothing could open the file again.
                    Kept::ForThisVisit => self.store_for_this_visit(),
                }
            }
            // Somebody signed in with the keychain locked, or nobody has to:
            // what an earlier visit sealed stays as it is.
            Err(_) if self.needs_no_keychain().await => self.store_for_this_visit(),
            Err(error) => return Err(Problem::from(&error)),
        };
        let opened = sealed.or_else(|error| {
            self.condition().notice = Some(Problem::from(&error));
            self.store_for_this_visit().map_err(|error| Problem::from(&error))
        })?;
        if let Some(unwritable) = &opened.unwritable {
            self.condition().notice = Some(Problem::from(unwritable));
        }
        opened.store.limit(self.connection.offline.bytes());
        if let Some(started_anew) = opened.notice {
            self.condition().notice = Some(started_anew_notice(&started_anew));
        }
        if let Some(at) = self.condition().confirmed {
            // Clerk confirmed the session before anybody looked at this tenant.
            write_confirmation(&opened.store, at);
        }
        let (store, client, clock) = (opened.store, client.clone(), self.clock.clone());
        let engine = match (&self.viewer, public) {
            (Some(viewer), _) => {
                let tenant = viewer.account.tenant.clone();
                Engine::new(tenant, store, client, viewer.tokens.clone(), clock)
            }
            (None, Some(token)) => Engine::public(self.id.clone(), store, client, token, clock),
            (None, None) => return Err(Problem::gone("dashboard")),
        };
        engine.limit_requests(self.connection.tinybird.daily_requests);
        Ok(engine)
    }

    async fn needs_no_keychain(&self) -> bool {
        match self.session() {
            Some(session) => session.is_live().await,
            None => true,
        }
    }

    /// A store in memory, for a visit that can keep nothing.
    fn store_for_this_visit(&self) -> Result<perch_offline::Opened, StoreError> {
        Ok(perch_offline::Opened { store: Store::for_this_visit(&self.id)?, notice: None, unwritable: None })
    }

    /// What there is to tell about the store or the session, once.
    pub(crate) fn take_notice(&self) -> Option<Problem> {
        if let Some(engine) = self.engine.get() {
            if let Some(damaged) = engine.store().take_notice() {
                return Some(started_anew_notice(&damaged));
            }
            if let Some(error) = engine.unkept()
                && !std::mem::replace(&mut self.condition().told_unkept, true)
            {
                return Some(Problem::from(&*error));
            }
        }
        if self.ends_soon() && !std::mem::replace(&mut self.condition().told_end, true) {
            return Some(Problem::offline_ends_soon());
        }
        self.session().and_then(LiveSession::take_notice).or_else(|| self.condition().notice.take())
    }

    /// Nothing of this tenant is shown, asked for or kept through this value
    /// any more. Waits for an opening that is under way, so that what is
    /// removed afterwards stays removed.
    pub(crate) async fn close(&self, problem: Problem) {
        self.condition().reach = Reach::Closed(problem.clone());
        let never = self.engine.get_or_try_init(|| async { Err::<Engine, _>(problem) }).await;
        if let Ok(engine) = never {
            engine.close();
        }
    }

    /// Whether what was seen may be shown now (design decision 7).
    pub(crate) fn may_show(&self) -> Result<(), Problem> {
        {
            let condition = self.condition();
            if let Reach::Closed(problem) = &condition.reach {
                return Err(problem.clone());
            }
            if self.viewer.is_none() {
                // Nobody's session could end it.
                return Ok(());
            }
            let recent = |at| (self.clock)().duration_since(at).is_ok_and(|age| age < SILENT_FOR);
            if matches!(condition.reach, Reach::Online) && condition.confirmed.is_some_and(recent) {
                return Ok(());
            }
        }
        self.offline_until().map(drop)
    }

    /// Until when what was seen may be shown without Clerk's word, or why not.
    fn offline_until(&self) -> Result<SystemTime, Problem> {
        let now = (self.clock)();
        let Some(store) = self.store() else { return Ok(now) };
        // The store writes its reckoning of time at each question, so it is
        // asked now and then, not at each tile.
        let is_recent = |asked: &SystemTime| now.duration_since(*asked).is_ok_and(|age| age < RECKON_AGAIN);
        let recent = self.condition().shown.filter(|(asked, _)| is_recent(asked));
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

    /// Whether the last day without a network has begun, or the second half of
    /// what is allowed, where that is less.
    fn ends_soon(&self) -> bool {
        if self.viewer.is_none() || !self.is_offline() {
            return false;
        }
        let allowed = DAY * u32::from(self.connection.offline.days);
        let left = self.offline_until().ok().and_then(|until| until.duration_since((self.clock)()).ok());
        left.is_some_and(|left| left <= DAY.min(allowed / 2))
    }

    /// Whether it is time to ask Clerk about the session, and nobody does yet.
    pub(crate) fn begin_confirmation(&self) -> bool {
        if self.viewer.is_none() {
            return false;
        }
        let now = (self.clock)();
        let mut condition = self.condition();
        let is_due = condition.confirm_next.is_none_or(|next| next <= now);
        let begins = is_due && !condition.confirming && matches!(condition.reach, Reach::Unknown | Reach::Online);
        condition.confirming |= begins;
        begins
    }

    pub(crate) fn end_confirmation(&self) {
        let now = (self.clock)();
        let mut condition = self.condition();
        condition.confirming = false;
        let due = condition.confirmed.map_or(now, |at| at + CONFIRMED_FOR);
        condition.confirm_next = Some(due.max(now + ASK_AGAIN));
    }

    /// Clerk confirmed the session.
    pub(crate) fn confirmed(&self, at: SystemTime) {
        {
            let mut condition = self.condition();
            if condition.confirmed.replace(at) == Some(at) {
                return;
            }
            condition.shown = None;
            condition.told_end = false;
        }
        if let Some(store) = self.store() {
            write_confirmation(store, at);
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        matches!(self.condition().reach, Reach::Online)
    }

    /// Whether the last attempt found nobody, so that one knock is enough.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.condition().reach, Reach::Offline { .. })
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.condition().reach, Reach::Closed(_))
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

    /// Nobody answered, or nobody who confirms the session, and why. Whether
    /// that is news.
    pub(crate) fn lost(&self, problem: Option<Problem>) -> bool {
        let now = (self.clock)();
        let mut condition = self.condition();
        let (since, attempts, news) = match &condition.reach {
            Reach::Closed(_) => return false,
            // Several requests that were under way together are one attempt.
            Reach::Offline { next, problem: known, .. } if *next > now && *known == problem => return false,
            Reach::Offline { since, attempts, problem: known, .. } => (*since, attempts + 1, *known != problem),
            Reach::Unknown | Reach::Online => (now, 0, true),
        };
        let wait = if problem.is_some() { REFUSED_FOR } else { RETRY_AFTER[attempts.min(RETRY_AFTER.len() - 1)] };
        condition.reach = Reach::Offline { since, attempts, next: now + wait, problem };
        news
    }

    /// Whether the services answer, as the schedule takes it.
    pub(crate) fn reach(&self) -> schedule::Reach {
        match &self.condition().reach {
            Reach::Offline { next, .. } => schedule::Reach::Silent { knock: *next },
            Reach::Unknown | Reach::Online | Reach::Closed(_) => schedule::Reach::Answering,
        }
    }

    /// Whether offline has just come to its end, or to life again: the frame says
    /// otherwise than it was told.
    pub(crate) fn is_offline_news(&self) -> bool {
        let is_over = self.is_offline() && self.viewer.is_some() && self.offline_until().is_err();
        std::mem::replace(&mut self.condition().told_over, is_over) != is_over
    }

    /// Whether the day's requests have just been used up, or have begun again.
    pub(crate) fn is_spent_news(&self, spent: bool) -> bool {
        std::mem::replace(&mut self.condition().told_spent, spent) != spent
    }

    /// Whether the viewer may ask for anything today.
    pub(crate) fn may_spend(&self) -> Result<(), Problem> {
        let spent = self.opened().and_then(Engine::allowance).filter(|allowance| allowance.left == 0);
        spent.map_or(Ok(()), |spent| Err(Problem::daily_requests(spent.until)))
    }

    /// Pauses a dashboard, or ends its pause.
    pub(crate) fn pause(&self, dashboard: &str, paused: bool) {
        let mut condition = self.condition();
        if paused {
            condition.paused.insert(dashboard.to_owned());
        } else {
            condition.paused.remove(dashboard);
        }
    }

    /// Whether the viewer has paused a dashboard.
    pub(crate) fn is_paused(&self, dashboard: &str) -> bool {
        self.condition().paused.contains(dashboard)
    }

    /// What of a dashboard was asked for before `moment` is to be asked for anew,
    /// once it is seen.
    pub(crate) fn renew(&self, dashboard: &str, moment: SystemTime) {
        self.condition().renewed.insert(dashboard.to_owned(), moment);
    }

    /// Since when answers of a dashboard are good enough.
    pub(crate) fn renewed(&self, dashboard: &str) -> Option<SystemTime> {
        self.condition().renewed.get(dashboard).copied()
    }

    /// Ask again at the next opportunity, whatever failed before.
    pub(crate) fn retry_now(&self) {
        let now = (self.clock)();
        if let Reach::Offline { next, attempts, .. } = &mut self.condition().reach {
            (*next, *attempts) = (now, 0);
        }
    }

    /// Marks a question as being asked. `None` when it already is.
    pub(crate) fn begin_refresh(self: &Arc<Self>, question: Question) -> Option<Refreshing> {
        let is_new = self.condition().refreshing.insert(question.clone());
        is_new.then(|| Refreshing { tenant: self.clone(), question })
    }

    /// Whether nothing is being asked for the screen.
    pub(crate) fn is_idle(&self) -> bool {
        self.condition().refreshing.is_empty()
    }

    /// Whether a question is being asked.
    pub(crate) fn is_refreshing(&self, question: &Question) -> bool {
        self.condition().refreshing.contains(question)
    }

    /// Marks that the pipes are being asked. `false` when they are already.
    pub(crate) fn begin_making(&self) -> bool {
        let mut condition = self.condition();
        let begins = !matches!(condition.making, Making::Asks(_)) && !matches!(condition.reach, Reach::Closed(_));
        if begins {
            condition.making = Making::Asks(MakingView { asked: 0, pipes: 0 });
        }
        begins
    }

    /// How far asking them has come.
    pub(crate) fn tell_making(&self, progress: MakingView) {
        self.condition().making = Making::Asks(progress);
    }

    /// They were asked; or not, why, and when to try again.
    pub(crate) fn end_making(&self, failed: Option<(Problem, Option<SystemTime>)>) {
        let failed = failed.map(|(problem, again)| Making::Failed { problem, again, told: false });
        self.condition().making = failed.unwrap_or_default();
    }

    /// Why there is no made dashboard, once: whoever asks again wants it tried again.
    pub(crate) fn take_unmade(&self) -> Option<Problem> {
        let mut condition = self.condition();
        let Making::Failed { problem, told, .. } = &mut condition.making else { return None };
        let is_new = !std::mem::replace(told, true);
        is_new.then(|| problem.clone())
    }

    /// Whether it is time to try again by itself.
    pub(crate) fn should_make_again(&self) -> bool {
        let now = (self.clock)();
        matches!(&self.condition().making, Making::Failed { again: Some(again), .. } if *again <= now)
    }

    /// How far asking the pipes has come, where they are being asked.
    fn making(&self) -> Option<MakingView> {
        match &self.condition().making {
            Making::Asks(progress) => Some(progress.clone()),
            Making::Rests | Making::Failed { .. } => None,
        }
    }

    /// A dashboard from its file. While that is being edited and cannot be read, it is as it was before.
    pub(crate) fn as_it_was_good(&self, file: &DashboardFile) -> Result<Arc<Dashboard>, Problem> {
        let mut condition = self.condition();
        match &file.dashboard {
            Ok(dashboard) => {
                let dashboard = Arc::new(dashboard.clone());
                condition.good.insert(file.id.clone(), dashboard.clone());
                Ok(dashboard)
            }
            Err(problem) => condition.good.get(&file.id).cloned().ok_or_else(|| problem.clone()),
        }
    }

    /// The time range that the viewer last chose for a dashboard, if it is still offered, or its default.
    fn range(&self, dashboard: &Dashboard) -> Option<TimeRange> {
        let time = dashboard.time.as_ref()?;
        let kept = self.noted(&range_note(dashboard)).and_then(|text| text.parse().ok());
        let kept = kept.filter(|range| match range {
            TimeRange::Last(preset) => time.presets.contains(preset),
            TimeRange::Between { .. } => true,
        });
        Some(kept.unwrap_or(time.default))
    }

    /// Keeps what the viewer compares with; `None` for what the dashboard says.
    pub(crate) fn choose_comparison(&self, dashboard: &Dashboard, comparison: Option<Comparison>) {
        self.note(&comparison_note(dashboard), comparison.map_or("", Comparison::as_str));
    }

    /// Keeps the viewer's choice.
    pub(crate) fn choose_range(&self, dashboard: &Dashboard, range: &TimeRange) {
        self.note(&range_note(dashboard), &range.to_string());
    }

    /// What the viewer has chosen of a dashboard. One without the time filter has
    /// tiles without it, and for those any range is the same.
    pub(crate) fn selection(&self, dashboard: &Dashboard) -> Selection {
        let range = self.range(dashboard).unwrap_or(TimeRange::Last(Preset::Days7));
        let comparison = self.noted(&comparison_note(dashboard)).and_then(|text| Comparison::parse(&text));
        Selection { comparison, ..dashboard.selection(range, &self.chosen(dashboard)) }
    }

    /// The values that the viewer has chosen, by the filters' names: an empty
    /// list where they took all away, and nothing where they chose nothing yet.
    pub(crate) fn chosen(&self, dashboard: &Dashboard) -> BTreeMap<String, Vec<String>> {
        let noted = self.noted(&filters_note(dashboard)).and_then(|text| serde_json::from_str(&text).ok());
        let noted: BTreeMap<String, Noted> = noted.unwrap_or_default();
        noted.into_iter().map(|(name, noted)| (name, noted.values())).collect()
    }

    /// One after the other: a choice is changed and kept, or the screen is made of
    /// what is chosen.
    pub(crate) fn choosing(&self) -> MutexGuard<'_, ()> {
        self.choosing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the viewer has chosen, and keeps it. Of two changes at once
    /// each counts.
    pub(crate) fn choose_filters(
        &self,
        dashboard: &Dashboard,
        change: impl FnOnce(&mut BTreeMap<String, Vec<String>>),
    ) {
        let _turn = self.choosing();
        let mut chosen = self.chosen(dashboard);
        change(&mut chosen);
        self.note(&filters_note(dashboard), &serde_json::json!(chosen).to_string());
    }

    /// The dashboard that was on the screen last.
    pub(crate) fn last_dashboard(&self) -> Option<String> {
        self.noted("dashboard")
    }

    /// Keeps which dashboard is on the screen.
    pub(crate) fn show_dashboard(&self, dashboard: &str) {
        self.note("dashboard", dashboard);
    }

    pub(crate) fn noted(&self, name: &str) -> Option<String> {
        self.store()?.noted(name).ok().flatten()
    }

    pub(crate) fn note(&self, name: &str, value: &str) {
        if let Some(store) = self.store()
            && let Err(error) = store.note(name, value)
        {
            tracing::warn!(code = error.code(), name, "a choice was not kept");
        }
    }

    /// The tenant as the web view shows it, with its picture's path.
    pub(crate) fn view(&self, viewer: &Account, picture: Option<String>) -> TenantView {
        let status = self.status();
        let is_open = !matches!(status, TenantStatus::Closed { .. });
        let making = self.making();
        TenantView { making, ..viewer.view(status, picture, is_open && self.person().is_some()) }
    }

    /// Whether its services answer.
    pub(crate) fn status(&self) -> TenantStatus {
        let (since, problem) = match &self.condition().reach {
            Reach::Unknown => return TenantStatus::Connecting,
            Reach::Online => return TenantStatus::Online,
            Reach::Closed(problem) => return TenantStatus::Closed { problem: problem.clone() },
            Reach::Offline { since, problem, .. } => (unix_millis(*since), problem.clone()),
        };
        if self.viewer.is_none() {
            return TenantStatus::Offline { since, until: None, problem };
        }
        match self.offline_until() {
            Ok(until) => TenantStatus::Offline { since, until: Some(unix_millis(until)), problem },
            Err(problem) => TenantStatus::Closed { problem },
        }
    }

    pub(crate) fn store(&self) -> Option<&Store> {
        self.opened().map(Engine::store)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        // Nothing panics while it holds the lock, so a poisoned one is whole.
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_confirmation(store: &Store, at: SystemTime) {
    if let Err(error) = store.confirm(at) {
        tracing::warn!(code = error.code(), "the confirmation was not kept");
    }
}

/// What was noted of a filter. The first Perch knew one value of each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Noted {
    One(String),
    Many(Vec<String>),
}

impl Noted {
    fn values(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

fn filters_note(dashboard: &Dashboard) -> String {
    format!("filters:{}", dashboard.id)
}

fn comparison_note(dashboard: &Dashboard) -> String {
    format!("comparison:{}", dashboard.id)
}

fn range_note(dashboard: &Dashboard) -> String {
    format!("range:{}", dashboard.id)
}

fn started_anew_notice(notice: &Notice) -> Problem {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_perch_noted_of_a_filter_is_read() {
        let read = |text: &str| {
            let noted: BTreeMap<String, Noted> = serde_json::from_str(text).expect("a note");
            noted.into_iter().map(|(name, noted)| (name, noted.values())).collect::<Vec<_>>()
        };
        assert_eq!(read(r#"{"device":"mobile"}"#), [("device".to_owned(), vec!["mobile".to_owned()])]);
        assert_eq!(read(r#"{"device":["a","b"]}"#), [("device".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
        assert_eq!(read(r#"{"device":[]}"#), [("device".to_owned(), Vec::new())]);
    }

    #[test]
    fn a_moment_before_1970_is_not_negative() {
        assert_eq!(unix_millis(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
