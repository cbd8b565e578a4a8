//! What of the screen anybody sees: whether the window is there to be looked at,
//! as the shell and the web view say, and which tiles of the dashboard are in
//! view. Nothing is fetched for what nobody sees.

use std::collections::HashSet;
use std::time::SystemTime;

use perch_dashboard::Tile;

use crate::desktop::Desktop;
use crate::problem::Problem;
use crate::screen::Screen;

/// What is seen. A dashboard of which the web view has not told yet counts as
/// seen whole, as far as its first tab: that is its first paint.
pub(crate) struct Sight {
    /// Whether the system shows the window.
    window: bool,
    /// Whether the page in it is painted.
    page: bool,
    tiles: Option<InView>,
    /// Since when what is stale may be asked for: the dashboard was opened, the
    /// window came back, a pause ended, the services answer again.
    pub(crate) since: SystemTime,
}

struct InView {
    tenant: String,
    dashboard: String,
    tiles: HashSet<String>,
}

impl Sight {
    pub(crate) fn new(now: SystemTime) -> Self {
        Self { window: true, page: true, tiles: None, since: now }
    }

    /// Whether anybody sees the window.
    pub(crate) fn is_seen(&self) -> bool {
        self.window && self.page
    }

    /// Whether any of a tile is in view.
    pub(crate) fn holds(&self, screen: &Screen, tile: &Tile) -> bool {
        let Screen { tenant, dashboard, .. } = screen;
        let told = self.tiles.as_ref();
        match told.filter(|told| told.tenant == tenant.id.as_str() && told.dashboard == dashboard.id) {
            Some(told) => told.tiles.contains(&tile.id),
            // The first tab opens first.
            None => tile.tab.is_none() || tile.tab == dashboard.tiles.iter().find_map(|tile| tile.tab.clone()),
        }
    }

    /// Takes a change; whether the window came back into sight with it.
    fn change(&mut self, now: SystemTime, change: impl FnOnce(&mut Self)) -> bool {
        let was_seen = self.is_seen();
        change(self);
        let is_back = self.is_seen() && !was_seen;
        if is_back {
            self.since = now;
        }
        is_back
    }
}

impl Desktop {
    /// The web view says which tiles of a dashboard are in view, and whether the
    /// page is painted at all.
    pub fn show_tiles(&self, tenant: &str, dashboard: &str, tiles: Vec<String>, visible: bool) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let (tenant, dashboard) = (tenant.to_owned(), dashboard.to_owned());
        let tiles = InView { tenant, dashboard, tiles: tiles.into_iter().collect() };
        self.see(Some(&screen), |sight| {
            sight.page = visible;
            sight.tiles = Some(tiles);
        });
        Ok(())
    }

    /// The shell says whether the system shows the window: it is not minimized
    /// and not hidden.
    pub fn show_window(&self, seen: bool) {
        let screen = self.screen();
        self.see(screen.as_ref(), |sight| sight.window = seen);
    }

    fn see(&self, screen: Option<&Screen>, change: impl FnOnce(&mut Sight)) {
        let now = (self.inner.surroundings.clock)();
        let is_back = self.state().sight.change(now, change);
        if let Some(screen) = screen.filter(|_| is_back) {
            // Whoever comes back does not wait for the next knock.
            screen.tenant.retry_now();
        }
        self.inner.wake.notify_one();
    }

    /// Pauses a dashboard's refreshing for this visit, or ends the pause. What
    /// the viewer asks for is asked for all the same.
    pub fn pause(&self, tenant: &str, dashboard: &str, paused: bool) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.pause(dashboard, paused);
        self.state().sight.since = (self.inner.surroundings.clock)();
        self.inner.wake.notify_one();
        Ok(())
    }
}
