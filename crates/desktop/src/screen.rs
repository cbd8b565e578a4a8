//! What is on the screen: a dashboard of a tenant, drawn from what was last
//! seen of it.

use std::sync::Arc;

use jiff::tz::TimeZone;
use perch_chart::{Size, Theme};
use perch_dashboard::{Dashboard, EngineError, Preset, TimeRange, TimeRangeError};

use crate::desktop::Desktop;
use crate::open_tenant::{OpenTenant, Question, find_tile, unix_millis};
use crate::problem::Problem;
use crate::view::{
    DashboardLink, DashboardView, PictureView, PresetView, RangeView, TileLayout, TileRequest, TileView, TimeFilterView,
};
use crate::words;

/// A dashboard on the screen, and so worth keeping fresh.
#[derive(Clone)]
pub(crate) struct Screen {
    pub(crate) tenant: Arc<OpenTenant>,
    pub(crate) dashboard: Arc<Dashboard>,
}

impl Screen {
    /// The time range in force. A dashboard without the filter has tiles
    /// without it, and for those any range is the same.
    pub(crate) fn range(&self) -> TimeRange {
        self.tenant.range(&self.dashboard).unwrap_or(TimeRange::Last(Preset::Days7))
    }

    /// What a tile asks now.
    pub(crate) fn question(&self, tile: &str) -> Question {
        Question { dashboard: self.dashboard.id.clone(), tile: tile.to_owned(), range: self.range() }
    }

    /// Whether one of its tiles asks this.
    pub(crate) fn asks(&self, tenant: &Arc<OpenTenant>, question: &Question) -> bool {
        Arc::ptr_eq(&self.tenant, tenant)
            && self.dashboard.id == question.dashboard
            && self.dashboard.tiles.iter().any(|tile| tile.id == question.tile)
            && self.range() == question.range
    }
}

impl Desktop {
    /// Opens a dashboard: the named one, or the one seen last, or the first.
    pub async fn open_dashboard(&self, tenant: &str, dashboard: Option<&str>) -> Result<DashboardView, Problem> {
        let tenant = self.open_tenant(tenant)?;
        tenant.engine(&self.inner.client).await?;
        self.tell_of(&tenant);
        let files = tenant.dashboards(&self.connection(&tenant.connection_id)?);
        let links = files
            .iter()
            .map(|file| DashboardLink {
                id: file.id.clone(),
                title: file.dashboard.as_ref().map_or_else(|_| file.id.clone(), |dashboard| dashboard.title.clone()),
                problem: file.dashboard.as_ref().err().cloned(),
            })
            .collect();
        let wanted = dashboard.map(str::to_owned).or_else(|| tenant.last_dashboard());
        let found = files
            .iter()
            .find(|file| Some(&file.id) == wanted.as_ref())
            .or_else(|| files.iter().find(|file| file.dashboard.is_ok()).filter(|_| dashboard.is_none()));
        let dashboard = match found {
            Some(file) => Arc::new(file.dashboard.as_ref().map_err(Clone::clone)?.clone()),
            None if files.is_empty() => {
                return Err(Problem::new(
                    "no-dashboard",
                    "This connection came without dashboards.",
                    "Put dashboard files into a folder named dashboards beside the connection file and open it again.",
                ));
            }
            None => return Err(Problem::gone("dashboard")),
        };
        tenant.show_dashboard(&dashboard.id);
        let view = self.dashboard_view(&tenant, &dashboard, links);
        {
            let state = self.state();
            // While the store opened, the tenant may have been signed out or
            // another one chosen.
            if state.active.as_ref() == Some(&tenant.id) && state.is_current(&tenant) {
                state.screen.send_replace(Some(Screen { tenant, dashboard }));
            }
        }
        self.inner.wake.notify_one();
        Ok(view)
    }

    fn dashboard_view(
        &self,
        tenant: &OpenTenant,
        dashboard: &Dashboard,
        dashboards: Vec<DashboardLink>,
    ) -> DashboardView {
        let now = (self.inner.surroundings.clock)();
        let preset =
            |preset: &Preset| PresetView { id: preset.as_str().to_owned(), label: words::preset(*preset).to_owned() };
        let time = tenant.range(dashboard).map(|range| TimeFilterView {
            label: words::range(&range, now, &TimeZone::system()),
            presets: Preset::ALL.iter().map(preset).collect(),
            range: match range {
                TimeRange::Last(preset) => RangeView::Preset { preset: preset.as_str().to_owned() },
                TimeRange::Between { from, to } => RangeView::Between { from: from.to_string(), to: to.to_string() },
            },
        });
        let tiles = dashboard
            .tiles
            .iter()
            .map(|tile| TileLayout {
                id: tile.id.clone(),
                title: tile.title.clone(),
                kind: tile.chart.kind.to_string(),
                width: tile.width,
                height: tile.height,
            })
            .collect();
        DashboardView {
            tenant: tenant.id.to_string(),
            id: dashboard.id.clone(),
            title: dashboard.title.clone(),
            description: dashboard.description.clone(),
            time,
            tiles,
            dashboards,
        }
    }

    /// Chooses the time range of the dashboard on the screen. Kept per tenant
    /// and dashboard.
    pub async fn set_time_range(
        &self,
        tenant: &str,
        dashboard: &str,
        range: &RangeView,
    ) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let range = match range {
            RangeView::Preset { preset } => preset.clone(),
            RangeView::Between { from, to } => format!("{from}..{to}"),
        };
        let range: TimeRange = range.parse().map_err(|error: TimeRangeError| {
            Problem::new("time-range", error.to_string(), "Choose two days, the first not after the last.")
        })?;
        screen.tenant.choose_range(&screen.dashboard, &range);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Draws a tile as it stands. Asks no network: what is stale is refreshed
    /// behind, and told by [`Event::Tile`](crate::Event::Tile).
    pub async fn draw_tile(&self, request: &TileRequest) -> Result<TileView, Problem> {
        let screen = self.screen_of(&request.tenant, &request.dashboard)?;
        screen.tenant.may_show()?;
        let tile = find_tile(&screen.dashboard, &request.tile)?;
        let engine = screen.tenant.engine(&self.inner.client).await?;
        let question = screen.question(&request.tile);
        let data = engine.seen(tile, &question.range);
        let failure = engine.failure(tile, &question.range);
        // That nobody answers is the tenant's trouble, told once and not on
        // each tile.
        let mut problem =
            failure.map(|failure| failure.error).filter(|error| !error.is_offline()).as_ref().map(Problem::from);
        let size = Size { width: request.width, height: request.height };
        let theme = if request.dark { Theme::Dark } else { Theme::Light };
        let setting = screen.tenant.setting(&screen.dashboard.id);
        let picture = match data.as_ref().map(|data| engine.draw(data, tile, &request.view, &setting, size, theme)) {
            Some(Ok(drawing)) => Some(PictureView {
                svg: drawing.svg,
                marks: drawing.marks,
                summary: drawing.summary,
                scroll: drawing.scroll,
                legend: drawing.legend,
                across: drawing.across,
            }),
            Some(Err(error)) => {
                problem = Some(Problem::from(&error));
                None
            }
            None => None,
        };
        let fetched = data.map(|data| unix_millis(data.fetched));
        Ok(TileView { picture, fetched, refreshing: screen.tenant.is_refreshing(&question), problem })
    }

    /// Why there is no newer answer for a tile, whole, for the operator: for the
    /// clipboard.
    pub fn tile_detail(&self, tenant: &str, dashboard: &str, tile: &str) -> Result<String, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let tile = find_tile(&screen.dashboard, tile)?;
        let failure = screen.tenant.opened().and_then(|engine| engine.failure(tile, &screen.range()));
        failure.and_then(|failure| failure.error.detail()).ok_or_else(|| Problem::gone("error"))
    }

    /// Asks for one tile again, now.
    pub fn refresh_tile(&self, tenant: &str, dashboard: &str, tile: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.retry_now();
        self.spawn_refresh(&screen, find_tile(&screen.dashboard, tile)?.clone());
        Ok(())
    }

    /// Asks for all tiles again, now.
    pub fn refresh_dashboard(&self, tenant: &str, dashboard: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.retry_now();
        for tile in &screen.dashboard.tiles {
            self.spawn_refresh(&screen, tile.clone());
        }
        // The dashboard itself may have changed where it is served.
        let app = self.clone();
        tokio::spawn(async move { app.look_for_served(&screen.tenant).await });
        Ok(())
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> Option<Screen> {
        self.state().screen.borrow().clone()
    }

    /// The screen, which must be this dashboard of this tenant: whoever asks
    /// for a tile of something else is told so, and never gets another's.
    fn screen_of(&self, tenant: &str, dashboard: &str) -> Result<Screen, Problem> {
        let matches = |screen: &Screen| screen.tenant.id.as_str() == tenant && screen.dashboard.id == dashboard;
        self.screen().filter(matches).ok_or_else(|| Problem::gone("dashboard"))
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        Self::from(&error)
    }
}
