//! Keeps what is on the screen fresh: asks for what is stale, notices by what
//! fails that nobody is there, and tries again until somebody is.

use std::sync::Weak;
use std::time::Duration;

use perch_dashboard::{Selection, Tile};

use crate::desktop::{Desktop, Event, Inner};
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::session::LiveSession;
use crate::sign_out::Verdict;
use crate::view::TileChanged;

/// How often the screen is looked over when nothing wakes the watch.
const TICK: Duration = Duration::from_secs(1);

/// Runs as long as the app does.
pub(crate) async fn keep_fresh(desktop: Weak<Inner>) {
    loop {
        let Some(inner) = desktop.upgrade() else { return };
        let wake = inner.wake.clone();
        Desktop { inner }.look_over().await;
        // Nothing of the app is held while waiting, so that it can end.
        let _ = tokio::time::timeout(TICK, wake.notified()).await;
    }
}

/// Why there is no newer answer.
enum Trouble {
    /// Nobody answered: the tenant's trouble, not the tile's.
    Offline,
    /// Somebody answered, and did not confirm the session.
    Unconfirmed(Problem),
    /// Clerk ended the session.
    Ended(Verdict),
    /// A reason of the tile's own, which the engine keeps.
    Tile,
}

impl Desktop {
    async fn look_over(&self) {
        let Some(screen) = self.screen() else { return self.look_over_unmade() };
        let tenant = &screen.tenant;
        if !tenant.may_ask() {
            return;
        }
        let Ok(engine) = tenant.engine(&self.inner.client).await else { return };
        let tiles = &screen.dashboard.tiles;
        if tenant.is_offline() {
            // One knock is enough while nobody answers.
            if let Some(tile) = tiles.iter().find(|tile| tile.pipe.is_some()) {
                self.spawn_refresh(&screen, tile.clone());
            }
            return;
        }
        if tenant.begin_confirmation() {
            // However fresh the tiles are: at the start, and then from time to time.
            let (app, screen) = (self.clone(), screen.clone());
            tokio::spawn(async move { app.confirm_session(screen).await });
        }
        if let Some(viewer) = &tenant.viewer {
            // Clerk's tokens live for a minute, and no tile should wait for the next.
            let tokens = viewer.tokens.clone();
            tokio::spawn(async move { tokens.renew_ahead().await });
        }
        let selection = &screen.selection;
        for tile in tiles.iter().filter(|tile| engine.is_stale(tile, selection)) {
            self.spawn_refresh(&screen, tile.clone());
        }
    }

    async fn confirm_session(&self, screen: Screen) {
        let outcome = confirm(&screen.tenant).await;
        screen.tenant.end_confirmation();
        if outcome.is_ok() {
            self.look_for_picture(&screen.tenant).await;
            self.look_for_served(&screen.tenant).await;
            self.look_for_made(&screen.tenant).await;
        }
        self.conclude(&screen, outcome.err()).await;
    }

    /// Starts refreshing a tile, unless that is already under way. Where the
    /// tile leaves the screen or its filter changes, the request ends.
    pub(crate) fn spawn_refresh(&self, screen: &Screen, tile: Tile) {
        if tile.pipe.is_none() {
            return;
        }
        let question = screen.question(&tile.id);
        let Some(refreshing) = screen.tenant.begin_refresh(question.clone()) else { return };
        let (app, screen) = (self.clone(), screen.clone());
        app.tile_changed(&screen, &tile);
        let mut shown = self.state().screen.subscribe();
        tokio::spawn(async move {
            let is_gone =
                |shown: &Option<Screen>| shown.as_ref().is_none_or(|shown| !shown.asks(&screen.tenant, &question));
            let trouble = tokio::select! {
                outcome = app.ask(&screen, &tile, &question.selection) => outcome.err(),
                _ = shown.wait_for(is_gone) => return,
            };
            drop(refreshing);
            app.tile_changed(&screen, &tile);
            app.conclude(&screen, trouble).await;
        });
    }

    /// One question, for somebody whom Clerk still knows.
    async fn ask(&self, screen: &Screen, tile: &Tile, selection: &Selection) -> Result<(), Trouble> {
        let tenant = &screen.tenant;
        let engine = tenant.engine(&self.inner.client).await.map_err(Trouble::Unconfirmed)?;
        let generation = tenant.session().map_or(0, LiveSession::generation);
        confirm(tenant).await?;
        let outcome = engine.refresh(tile, selection).await;
        self.judge_signing_key(screen, outcome.as_ref().map(drop));
        match outcome {
            Ok(_) => Ok(()),
            Err(error) if error.is_offline() => Err(Trouble::Offline),
            Err(error) if error.is_exclusion() => {
                Err(Trouble::Ended(Verdict { problem: Problem::from(&error), of_person: false, generation }))
            }
            Err(_) => Err(Trouble::Tile),
        }
    }

    /// What an attempt says about the tenant: somebody answers, or nobody, or
    /// Clerk ended the session.
    async fn conclude(&self, screen: &Screen, trouble: Option<Trouble>) {
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
        };
        if !news {
            return;
        }
        self.changed();
        if was_offline && tenant.is_online() {
            for tile in &screen.dashboard.tiles {
                self.spawn_refresh(screen, tile.clone());
            }
        }
    }

    fn tile_changed(&self, screen: &Screen, tile: &Tile) {
        (self.inner.surroundings.events)(Event::Tile(TileChanged {
            tenant: screen.tenant.id.to_string(),
            dashboard: screen.dashboard.id.clone(),
            tile: tile.id.clone(),
        }));
    }
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
