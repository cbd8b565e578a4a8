//! Keeps what is on the screen fresh: asks for what the schedule says
//! (`perch_dashboard::schedule`), notices by what fails that nobody is there, and
//! tries again until somebody is. The rules are the schedule's; here are the
//! moments at which it is asked.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use perch_dashboard::schedule::{self, Allowance, Candidate, Circumstances, Reach};
use perch_dashboard::{Engine, EngineError, Enough, Selection, Tile};

use crate::desktop::{Desktop, Event, Inner};
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::session::LiveSession;
use crate::sign_out::Verdict;
use crate::view::TileChanged;

/// How often the screen is looked over however little is due: clocks are turned,
/// and computers sleep.
const AT_LEAST_EVERY: Duration = Duration::from_secs(2);

/// How often at most, when nothing wakes the watch.
const AT_MOST_EVERY: Duration = Duration::from_millis(50);

/// How soon a renewal of the token that is due is looked after again.
const RENEWAL_TAKES: Duration = Duration::from_secs(1);

/// Runs as long as the app does.
pub(crate) async fn keep_fresh(desktop: Weak<Inner>) {
    loop {
        let Some(inner) = desktop.upgrade() else { return };
        let (wake, clock) = (inner.wake.clone(), inner.surroundings.clock.clone());
        let next = Desktop { inner }.look_over().await;
        let rest = next.map_or(AT_LEAST_EVERY, |next| next.duration_since(clock()).unwrap_or_default());
        // Nothing of the app is held while waiting, so that it can end.
        let _ = tokio::time::timeout(rest.clamp(AT_MOST_EVERY, AT_LEAST_EVERY), wake.notified()).await;
    }
}

/// Why there is no newer answer.
pub(crate) enum Trouble {
    /// Nobody answered: the tenant's trouble, not the tile's.
    Offline,
    /// Somebody answered, and did not confirm the session.
    Unconfirmed(Problem),
    /// Clerk ended the session.
    Ended(Verdict),
    /// A reason of the tile's own, which the engine keeps.
    Tile,
    /// Nobody was asked, which says nothing of who is there.
    Unasked,
}

impl Desktop {
    /// Asks for what is due, and says when to look again.
    async fn look_over(&self) -> Option<SystemTime> {
        let Some(screen) = self.screen() else {
            self.look_over_unmade();
            return None;
        };
        let tenant = &screen.tenant;
        if tenant.is_closed() {
            return None;
        }
        if tenant.is_offline_news() {
            self.changed();
            self.all_tiles_changed(&screen);
        }
        let engine = tenant.engine(&self.inner.client).await.ok()?;
        if tenant.begin_confirmation() {
            // However fresh the tiles are, and whoever sees them: at the start,
            // and then from time to time.
            let (app, screen) = (self.clone(), screen.clone());
            tokio::spawn(async move { app.confirm_session(screen).await });
        }
        let allowance = engine.allowance();
        if tenant.is_spent_news(is_spent(allowance)) {
            self.all_tiles_changed(&screen);
        }
        let circumstances = self.circumstances(&screen, allowance);
        let renewal = self.renew_token_ahead(&screen, &circumstances);
        let asking: Vec<&Tile> = screen.dashboard.asks().collect();
        let candidates: Vec<_> = asking.iter().map(|tile| self.candidate(&screen, engine, tile)).collect();
        let plan = schedule::plan(&candidates, &circumstances);
        let enough = match circumstances.reach {
            // What is at hand says nothing of who is there.
            Reach::Silent { .. } => Enough::Nothing,
            Reach::Answering => circumstances.renewed.map_or(Enough::Fresh, Enough::Since),
        };
        for place in plan.ask {
            self.spawn_refresh(&screen, asking[place].clone(), enough);
        }
        if !circumstances.paused && !is_spent(allowance) {
            self.copy_ahead(&screen, engine);
        }
        plan.look_again.into_iter().chain(renewal).min()
    }

    fn circumstances(&self, screen: &Screen, allowance: Option<Allowance>) -> Circumstances {
        let (tenant, dashboard) = (&screen.tenant, &screen.dashboard.id);
        let (since, seen) = {
            let state = self.state();
            (state.sight.since, state.sight.is_seen())
        };
        Circumstances {
            now: tenant.now(),
            since,
            renewed: tenant.renewed(dashboard),
            seen,
            paused: tenant.is_paused(dashboard),
            reach: tenant.reach(),
            allowance,
            seed: self.inner.seed,
        }
    }

    fn candidate(&self, screen: &Screen, engine: &Engine, tile: &Tile) -> Candidate {
        let is_in_view = self.is_in_view(screen, tile);
        let in_view = is_in_view.then(|| engine.freshness(tile, &screen.selection)).flatten();
        Candidate { in_view, under_way: screen.tenant.is_refreshing(&screen.question(&tile.id)) }
    }

    /// Whether any of a tile, or of a filter's button, is in view, as far as the web view has told.
    pub(crate) fn is_in_view(&self, screen: &Screen, tile: &Tile) -> bool {
        self.state().sight.holds(screen, tile)
    }

    /// Clerk's tokens live for a minute, and no tile should wait for the next.
    /// When to look after it again.
    fn renew_token_ahead(&self, screen: &Screen, circumstances: &Circumstances) -> Option<SystemTime> {
        let Circumstances { now, seen, paused, .. } = *circumstances;
        if !seen || paused || screen.tenant.is_offline() {
            return None;
        }
        let tokens = screen.tenant.viewer.as_ref()?.tokens.clone();
        let next = tokens.renews_at().map(|next| next.max(now + RENEWAL_TAKES));
        tokio::spawn(async move { tokens.renew_ahead().await });
        next
    }

    async fn confirm_session(&self, screen: Screen) {
        let began = screen.tenant.now();
        let outcome = confirm(&screen.tenant).await;
        screen.tenant.end_confirmation();
        if outcome.is_ok() {
            self.look_for_picture(&screen.tenant).await;
            self.look_for_served(&screen.tenant).await;
            self.look_for_made(&screen.tenant).await;
        }
        self.conclude(&screen, began, outcome.err()).await;
    }

    /// Starts refreshing a tile, unless that is already under way. Where the
    /// tile's dashboard leaves the screen or its filter changes, the request
    /// ends; where the tile is only scrolled out of view, it goes on.
    pub(crate) fn spawn_refresh(&self, screen: &Screen, tile: Tile, enough: Enough) {
        if tile.pipe.is_none() {
            return;
        }
        let question = screen.question(&tile.id);
        let Some(refreshing) = screen.tenant.begin_refresh(question.clone()) else { return };
        let (app, screen) = (self.clone(), screen.clone());
        app.tile_changed(&screen, &tile.id);
        let mut shown = self.state().screen.subscribe();
        tokio::spawn(async move {
            let began = screen.tenant.now();
            let is_gone =
                |shown: &Option<Screen>| shown.as_ref().is_none_or(|shown| !shown.asks(&screen.tenant, &question));
            let outcome = tokio::select! {
                outcome = app.ask(&screen, &tile, &question.selection, enough) => Some(outcome),
                _ = shown.wait_for(is_gone) => None,
            };
            drop(refreshing);
            if let Some(outcome) = outcome {
                app.tile_changed(&screen, &tile.id);
                app.conclude(&screen, began, outcome.err()).await;
            }
            app.inner.wake.notify_one();
        });
    }

    /// One question, for somebody whom Clerk still knows.
    pub(crate) async fn ask(
        &self,
        screen: &Screen,
        tile: &Tile,
        selection: &Selection,
        enough: Enough,
    ) -> Result<(), Trouble> {
        let tenant = &screen.tenant;
        let engine = tenant.engine(&self.inner.client).await.map_err(Trouble::Unconfirmed)?;
        let generation = tenant.session().map_or(0, LiveSession::generation);
        confirm(tenant).await?;
        let outcome = engine.refresh_unless(tile, selection, enough).await;
        self.tell_others(tenant, engine, (tile, selection));
        self.judge_signing_key(screen, outcome.as_ref().map(drop));
        match outcome {
            Ok(_) => Ok(()),
            Err(error) if error.is_offline() => Err(Trouble::Offline),
            Err(error) if error.is_exclusion() => {
                Err(Trouble::Ended(Verdict { problem: Problem::from(&error), of_person: false, generation }))
            }
            Err(EngineError::DailyRequests { .. }) => Err(Trouble::Unasked),
            Err(_) => Err(Trouble::Tile),
        }
    }

    /// What an attempt that began at `began` says about the tenant: somebody
    /// answers, or nobody, or Clerk ended the session.
    pub(crate) async fn conclude(&self, screen: &Screen, began: SystemTime, trouble: Option<Trouble>) {
        let tenant = &screen.tenant;
        self.tell_of(tenant);
        if !self.state().is_current(tenant) {
            // Signed out, or opened anew: this outcome is about nobody.
            return;
        }
        let was_offline = tenant.is_offline();
        let news = match trouble {
            None | Some(Trouble::Tile) => tenant.found(),
            Some(Trouble::Offline) => tenant.lost(None),
            Some(Trouble::Unconfirmed(problem)) => tenant.lost(Some(problem)),
            Some(Trouble::Ended(verdict)) => self.end_session(tenant, verdict).await,
            Some(Trouble::Unasked) => false,
        };
        if !news {
            return;
        }
        if tenant.is_online() {
            self.state().withdraw(Problem::OFFLINE_ENDS_SOON);
        } else if tenant.is_offline() {
            // Which ranges are there matters from now on.
            (self.inner.surroundings.events)(Event::Dashboards);
        }
        self.changed();
        if was_offline && tenant.is_online() {
            // All that was seen before the services went may have changed.
            tenant.renew(&screen.dashboard.id, began);
            self.state().sight.since = tenant.now();
            self.inner.wake.notify_one();
        }
    }

    /// What a tile asked was asked by others on the screen too, and they have their
    /// answer now, or their failure.
    fn tell_others(&self, tenant: &Arc<OpenTenant>, engine: &Engine, asked: (&Tile, &Selection)) {
        let Some(screen) = self.screen().filter(|screen| Arc::ptr_eq(&screen.tenant, tenant)) else { return };
        let others = screen.dashboard.asks().filter(|tile| tile.id != asked.0.id);
        let answered = others.filter(|tile| engine.shares((tile, &screen.selection), asked));
        answered.for_each(|tile| self.tile_changed(&screen, &tile.id));
    }

    fn all_tiles_changed(&self, screen: &Screen) {
        // A text asks nothing, and is shown or not all the same.
        let texts = screen.dashboard.tiles.iter().filter(|tile| tile.pipe.is_none());
        texts.chain(screen.dashboard.asks()).for_each(|tile| self.tile_changed(screen, &tile.id));
    }

    fn tile_changed(&self, screen: &Screen, tile: &str) {
        (self.inner.surroundings.events)(Event::Tile(TileChanged {
            tenant: screen.tenant.id.to_string(),
            dashboard: screen.dashboard.id.clone(),
            tile: tile.to_owned(),
        }));
    }
}

/// Whether the day's requests are used up.
pub(crate) fn is_spent(allowance: Option<Allowance>) -> bool {
    allowance.is_some_and(|allowance| allowance.left == 0)
}

/// Makes sure that Clerk still knows the session, where there is one.
async fn confirm(tenant: &OpenTenant) -> Result<(), Trouble> {
    let Some(session) = tenant.session() else { return Ok(()) };
    let generation = session.generation();
    match session.confirm(tenant.connection.token.bindings()).await {
        Ok(at) => {
            tenant.confirmed(at);
            Ok(())
        }
        Err(error) if error.is_offline() => Err(Trouble::Offline),
        Err(error) if error.ends_session() => {
            let (problem, of_person) = (error.problem(), error.ends_person());
            Err(Trouble::Ended(Verdict { problem, of_person, generation }))
        }
        Err(error) => Err(Trouble::Unconfirmed(error.problem())),
    }
}
