//! *Make available offline*: a dashboard whose usual ranges are fetched ahead,
//! so that they are there when nobody answers.
//!
//! What the viewer wants is in the store (a pin); what there is to fetch follows
//! from it and from what was fetched already. So nothing is lost with a restart,
//! and where the network ends in the middle, the rest is fetched when it is back.
//! It is fetched politely: through the tenant's own engine, one question at a
//! time, only while nothing is asked for the screen, and each at most once a day.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_dashboard::{Dashboard, Engine, Enough, Filter, Selection, Tile, TimeRange};

use crate::desktop::{Desktop, Event};
use crate::open_tenant::{OpenTenant, Question};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::{CopyProgress, OfflineCopyChanged, OfflineCopyView};
use crate::watch::Trouble;

/// An answer of an offline copy is asked for anew when it is so old.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long after everything was fetched, or failed, it is looked over again.
const LOOK_AGAIN: Duration = Duration::from_secs(15 * 60);

/// What is under way for a tenant's offline copies.
#[derive(Default)]
pub(crate) struct Copying(Mutex<Progress>);

#[derive(Default)]
struct Progress {
    queue: VecDeque<Wanted>,
    /// When there is to be looked again for what is wanted; `None` is now.
    look_next: Option<SystemTime>,
    is_asking: bool,
    /// When each was answered last in this visit: one that the store has no room
    /// for is not asked for again and again.
    asked: HashMap<Question, SystemTime>,
}

/// A question of an offline copy.
#[derive(Clone)]
struct Wanted {
    dashboard: Arc<Dashboard>,
    question: Question,
}

impl Copying {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is wanted may have changed, or somebody answers again.
    fn look_now(&self) {
        let mut progress = self.progress();
        progress.queue.clear();
        progress.look_next = None;
    }
}

/// A question of a copy under way. Dropping it, also in a panic, says that it
/// ended.
struct Asking(Arc<OpenTenant>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.copying.progress().is_asking = false;
    }
}

impl OpenTenant {
    /// Whether something was seen of what a dashboard shows for a selection:
    /// anything that depends on the time, where something does.
    pub(crate) fn has_some(&self, dashboard: &Dashboard, selection: &Selection) -> bool {
        self.has_any(dashboard, selection, |tile| tile.time.is_some())
    }

    /// Whether what a dashboard shows once a filter's values are others can be
    /// shown now: while nobody answers, something of it was seen.
    pub(crate) fn can_filter(&self, dashboard: &Dashboard, filter: &Filter, selection: &Selection) -> bool {
        !self.is_offline() || self.has_any(dashboard, selection, |tile| tile.heeds(&filter.name))
    }

    /// The same where all its filters are taken away.
    pub(crate) fn can_clear(&self, dashboard: &Dashboard, selection: &Selection) -> bool {
        let is_filtered = |tile: &Tile| selection.filters.keys().any(|filter| tile.heeds(filter));
        !self.is_offline() || self.has_any(dashboard, &dashboard.unfiltered(selection), is_filtered)
    }

    /// Whether something was seen of those tiles of a dashboard that are
    /// `concerned`, where there are such.
    fn has_any(&self, dashboard: &Dashboard, selection: &Selection, concerned: impl Fn(&Tile) -> bool) -> bool {
        let Some(engine) = self.opened() else { return false };
        let mut tiles = dashboard.tiles.iter().filter(|tile| tile.pipe.is_some() && concerned(tile)).peekable();
        tiles.peek().is_none() || tiles.any(|tile| engine.has(tile, selection))
    }

    /// How a dashboard's offline copy stands.
    pub(crate) fn offline_copy(&self, dashboard: &Dashboard) -> OfflineCopyView {
        let Some(engine) = self.opened() else { return OfflineCopyView::default() };
        if !is_pinned(engine, &dashboard.id) {
            return OfflineCopyView::default();
        }
        let mut progress = CopyProgress { done: 0, failed: 0, all: 0 };
        for (tile, selection) in questions(dashboard, &self.selections_of_copy(dashboard)) {
            progress.all += 1;
            if engine.has(tile, selection) {
                progress.done += 1;
            } else if engine.failure(tile, selection).is_some_and(|failure| !failure.error.is_offline()) {
                progress.failed += 1;
            }
        }
        OfflineCopyView { pinned: true, progress: Some(progress) }
    }

    /// The selections that are fetched ahead: each of the ranges that are
    /// offered, with the filters' defaults, and with the viewer's own choice; and
    /// the viewer's own range.
    fn selections_of_copy(&self, dashboard: &Dashboard) -> Vec<Selection> {
        let own = self.selection(dashboard);
        let mut ranges = vec![own.range];
        if let Some(time) = &dashboard.time {
            ranges.extend(time.presets.iter().copied().map(TimeRange::Last));
        }
        let mut selections = Vec::new();
        for range in ranges {
            for selection in [dashboard.selection(range, &BTreeMap::new()), Selection { range, ..own.clone() }] {
                if !selections.contains(&selection) {
                    selections.push(selection);
                }
            }
        }
        selections
    }
}

/// What of a dashboard is asked for several selections.
fn questions<'a>(
    dashboard: &'a Dashboard,
    selections: &'a [Selection],
) -> impl Iterator<Item = (&'a Tile, &'a Selection)> {
    selections.iter().flat_map(move |selection| dashboard.asks().map(move |tile| (tile, selection)))
}

fn is_pinned(engine: &Engine, dashboard: &str) -> bool {
    engine.store().pinned().is_ok_and(|pinned| pinned.iter().any(|pinned| pinned == dashboard))
}

impl Desktop {
    /// Makes the dashboard on the screen available offline, or lets its offline
    /// copy go: its answers stay until others need the room.
    pub fn make_available_offline(&self, tenant: &str, dashboard: &str, on: bool) -> Result<OfflineCopyView, Problem> {
        let Screen { tenant, dashboard, .. } = self.screen_of(tenant, dashboard)?;
        let engine = tenant.opened().ok_or_else(|| Problem::gone("dashboard"))?;
        let done = if on {
            engine.pin(&dashboard.id, dashboard.asks(), &tenant.selections_of_copy(&dashboard))
        } else {
            engine.store().unpin(&dashboard.id)
        };
        done.map_err(|error| Problem::from(&error))?;
        tenant.copying.look_now();
        self.inner.wake.notify_one();
        Ok(tenant.offline_copy(&dashboard))
    }

    /// Asks for the next answer of the tenant's offline copies, where nothing is
    /// asked for the screen and none is under way.
    pub(crate) fn copy_ahead(&self, screen: &Screen, engine: &Engine) {
        let tenant = &screen.tenant;
        if !tenant.is_online() || !tenant.is_idle() {
            return;
        }
        let Some(wanted) = self.next_wanted(tenant, engine) else { return };
        let asking = Asking(tenant.clone());
        let (app, screen) = (self.clone(), screen.clone());
        tokio::spawn(async move {
            let began = screen.tenant.now();
            let trouble = app.fetch_ahead(&screen.tenant, &wanted).await;
            app.copy_changed(&screen.tenant, &wanted.dashboard);
            if trouble.is_none() && screen.tenant.copying.progress().queue.is_empty() {
                // Other ranges are there now than the screen was told.
                (app.inner.surroundings.events)(Event::Dashboards);
            }
            drop(asking);
            app.conclude(&screen, began, trouble).await;
            app.inner.wake.notify_one();
        });
    }

    async fn fetch_ahead(&self, tenant: &Arc<OpenTenant>, wanted: &Wanted) -> Option<Trouble> {
        let Wanted { dashboard, question } = wanted;
        let tile = dashboard.asking(&question.tile)?.clone();
        let selection = question.selection.clone();
        let screen = Screen { tenant: tenant.clone(), dashboard: dashboard.clone(), selection: selection.clone() };
        let trouble = self.ask(&screen, &tile, &selection, Enough::Nothing).await.err();
        match trouble {
            None => drop(tenant.copying.progress().asked.insert(question.clone(), tenant.now())),
            // The others are worth asking for; this one is, at the next look.
            Some(Trouble::Tile | Trouble::Unasked) => {}
            // What is missing is found again when somebody answers.
            Some(_) => tenant.copying.look_now(),
        }
        trouble
    }

    /// The next question that is worth asking now, marked as being asked.
    fn next_wanted(&self, tenant: &Arc<OpenTenant>, engine: &Engine) -> Option<Wanted> {
        let now = tenant.now();
        {
            let progress = tenant.copying.progress();
            let waits = progress.queue.is_empty() && progress.look_next.is_some_and(|next| now < next);
            if progress.is_asking || waits {
                return None;
            }
        }
        if tenant.copying.progress().queue.is_empty() {
            let queue = self.wanted(tenant, engine);
            let mut progress = tenant.copying.progress();
            (progress.queue, progress.look_next) = (queue, Some(now + LOOK_AGAIN));
        }
        let mut progress = tenant.copying.progress();
        while let Some(wanted) = progress.queue.pop_front() {
            // It may have come meanwhile, for the screen.
            if is_due(engine, &wanted, now) {
                progress.is_asking = true;
                return Some(wanted);
            }
        }
        None
    }

    /// Everything that is missing of the tenant's offline copies, or a day old.
    fn wanted(&self, tenant: &Arc<OpenTenant>, engine: &Engine) -> VecDeque<Wanted> {
        let pinned = engine.store().pinned().unwrap_or_default();
        if pinned.is_empty() {
            return VecDeque::new();
        }
        let Ok(connection) = self.connection(&tenant.connection_id) else { return VecDeque::new() };
        let now = tenant.now();
        let mut all = VecDeque::new();
        for file in tenant.dashboards(&connection).into_iter().filter(|file| pinned.contains(&file.id)) {
            let Ok(dashboard) = file.dashboard.map(Arc::new) else { continue };
            let selections = tenant.selections_of_copy(&dashboard);
            // The file, or the viewer's own filters, may be others than before.
            if let Err(error) = engine.pin(&dashboard.id, dashboard.asks(), &selections) {
                tracing::warn!(code = error.code(), "an offline copy is not marked as such");
            }
            let wanted = questions(&dashboard, &selections).map(|(tile, selection)| Wanted {
                dashboard: dashboard.clone(),
                question: Question {
                    dashboard: dashboard.id.clone(),
                    tile: tile.id.clone(),
                    selection: Arc::new(selection.clone()),
                },
            });
            let asked = tenant.copying.progress().asked.clone();
            all.extend(wanted.filter(|wanted| {
                let recently = asked.get(&wanted.question).is_some_and(|at| !is_older(*at, now, DAILY));
                !recently && is_due(engine, wanted, now)
            }));
        }
        all
    }

    fn copy_changed(&self, tenant: &OpenTenant, dashboard: &Dashboard) {
        let offline = tenant.offline_copy(dashboard);
        let changed = OfflineCopyChanged { tenant: tenant.id.to_string(), dashboard: dashboard.id.clone(), offline };
        (self.inner.surroundings.events)(Event::OfflineCopy(changed));
    }
}

fn is_due(engine: &Engine, wanted: &Wanted, now: SystemTime) -> bool {
    let Some(tile) = wanted.dashboard.asking(&wanted.question.tile) else { return false };
    engine.fetched(tile, &wanted.question.selection).is_none_or(|fetched| is_older(fetched, now, DAILY))
}

fn is_older(then: SystemTime, now: SystemTime, age: Duration) -> bool {
    // A moment to come was written under another clock.
    now.duration_since(then).map_or(true, |since| since >= age)
}
