//! Keeps what is on the screen fresh: asks for what is stale, notices by what
//! fails that nobody is there, and tries again until somebody is.

use std::sync::Weak;
use std::time::Duration;

use perch_dashboard::{Tile, TimeRange};

use crate::desktop::{Desktop, Event, Inner, Screen};
use crate::problem::Problem;
use crate::seat::Seat;
use crate::view::TileChanged;

/// How often the screen is looked over when nothing rings.
const TICK: Duration = Duration::from_secs(1);

/// Runs as long as the app does.
pub(crate) async fn keep_fresh(desktop: Weak<Inner>) {
    loop {
        let Some(inner) = desktop.upgrade() else { return };
        let bell = inner.bell.clone();
        Desktop { inner }.refresh_stale().await;
        // Nothing of the app is held while waiting, so that it can end.
        let _ = tokio::time::timeout(TICK, bell.notified()).await;
    }
}

impl Desktop {
    async fn refresh_stale(&self) {
        let Some(screen) = self.state().screen.clone() else { return };
        let seat = &screen.seat;
        if !seat.may_ask() {
            return;
        }
        let Ok(engine) = seat.engine(&self.inner.client).await else { return };
        let range = screen.range();
        let tiles = &screen.dashboard.tiles;
        if seat.is_offline() {
            // One knock is enough while nobody answers.
            if let Some(tile) = tiles.first() {
                self.spawn_refresh(&screen, tile.clone());
            }
            return;
        }
        if seat.begin_greeting() {
            // Whether Clerk still knows the session is asked at every start,
            // however fresh the tiles are.
            let (app, screen) = (self.clone(), screen.clone());
            tokio::spawn(async move { app.greet(screen).await });
        }
        for tile in tiles.iter().filter(|tile| engine.is_stale(tile, &range)) {
            self.spawn_refresh(&screen, tile.clone());
        }
    }

    async fn greet(&self, screen: Screen) {
        let outcome = self.confirm(&screen.seat).await;
        self.conclude(&screen, outcome.err()).await;
    }

    /// Starts refreshing a tile, unless that is already under way.
    pub(crate) fn spawn_refresh(&self, screen: &Screen, tile: Tile) {
        let key = (screen.dashboard.id.clone(), tile.id.clone());
        if !screen.seat.begin_refresh(&key) {
            return;
        }
        let (app, screen) = (self.clone(), screen.clone());
        app.tile_changed(&screen, &tile);
        tokio::spawn(async move { app.refresh(screen, tile).await });
    }

    async fn refresh(&self, screen: Screen, tile: Tile) {
        let seat = &screen.seat;
        let range = screen.range();
        let trouble = self.ask(seat, &tile, &range).await.err();
        let problem = match &trouble {
            Some(Trouble::Tile(problem)) => Some(problem.clone()),
            _ => None,
        };
        seat.end_refresh(&(screen.dashboard.id.clone(), tile.id.clone()), problem);
        self.tile_changed(&screen, &tile);
        self.tell_of(seat);
        self.conclude(&screen, trouble).await;
    }

    /// What an attempt says about the tenant: somebody answers, or nobody, or
    /// Clerk ended the session.
    async fn conclude(&self, screen: &Screen, trouble: Option<Trouble>) {
        let seat = &screen.seat;
        let was_offline = seat.is_offline();
        let news = match trouble {
            None | Some(Trouble::Tile(_)) => seat.found(),
            Some(Trouble::Offline) => seat.lost(),
            Some(Trouble::Ended(problem)) => self.close(seat, problem).await,
        };
        if !news {
            return;
        }
        self.changed();
        if was_offline && seat.is_online() {
            for tile in &screen.dashboard.tiles {
                self.spawn_refresh(screen, tile.clone());
            }
        }
    }

    /// Makes sure that Clerk still knows the session.
    async fn confirm(&self, seat: &Seat) -> Result<(), Trouble> {
        let at = seat.session.confirm().await.map_err(|error| match error {
            error if error.is_offline() => Trouble::Offline,
            error if error.ends_session() => Trouble::Ended(error.problem()),
            error => Trouble::Tile(error.problem()),
        })?;
        seat.confirmed(at);
        Ok(())
    }

    /// One question, for somebody whom Clerk still knows.
    async fn ask(&self, seat: &Seat, tile: &Tile, range: &TimeRange) -> Result<(), Trouble> {
        let engine = seat.engine(&self.inner.client).await.map_err(Trouble::Tile)?;
        self.confirm(seat).await?;
        match engine.refresh(tile, range).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_offline() => Err(Trouble::Offline),
            Err(error) => Err(Trouble::Tile(Problem::from(&error))),
        }
    }

    /// A session that Clerk ended closes its tenant at once, says why, and
    /// leaves nothing that could renew or show it. Whether that is news.
    async fn close(&self, seat: &Seat, problem: Problem) -> bool {
        if seat.is_closed() {
            return false;
        }
        seat.close(problem);
        let left = self.forget_what_was_seen(seat).await;
        let mut state = self.state();
        for problem in left {
            state.notify(problem);
        }
        true
    }

    fn tile_changed(&self, screen: &Screen, tile: &Tile) {
        (self.inner.surroundings.events)(Event::Tile(TileChanged {
            tenant: screen.seat.id.to_string(),
            dashboard: screen.dashboard.id.clone(),
            tile: tile.id.clone(),
        }));
    }
}

/// Why a tile has no newer answer.
enum Trouble {
    /// Nobody answered: the tenant's trouble, not the tile's.
    Offline,
    /// A reason of the tile's own.
    Tile(Problem),
    /// Clerk ended the session.
    Ended(Problem),
}
