//! What is on the screen: a dashboard of a tenant, drawn from what was last
//! seen of it.

use std::sync::Arc;

use jiff::tz::TimeZone;
use perch_chart::{Size, Theme};
use perch_dashboard::{
    Comparison, Dashboard, EngineError, Enough, Preset, Selection, TimeFilter, TimeRange, TimeRangeError,
};

use crate::connections::DashboardFile;
use crate::desktop::Desktop;
use crate::made;
use crate::open_tenant::{OpenTenant, Question, find_tile, unix_millis};
use crate::problem::Problem;
use crate::view::{
    CompareWith, ComparisonView, DashboardLink, DashboardView, PictureView, PresetView, RangeView, TileLayout,
    TileRequest, TileView, TimeFilterView, WrongTileView,
};
use crate::words;

/// A dashboard on the screen, and so worth keeping fresh.
#[derive(Clone)]
pub(crate) struct Screen {
    pub(crate) tenant: Arc<OpenTenant>,
    pub(crate) dashboard: Arc<Dashboard>,
    /// What the viewer has chosen of it. Another choice is another screen.
    pub(crate) selection: Arc<Selection>,
}

impl Screen {
    /// What a tile asks now.
    pub(crate) fn question(&self, tile: &str) -> Question {
        Question { dashboard: self.dashboard.id.clone(), tile: tile.to_owned(), selection: self.selection.clone() }
    }

    /// Whether one of its tiles asks this.
    pub(crate) fn asks(&self, tenant: &Arc<OpenTenant>, question: &Question) -> bool {
        Arc::ptr_eq(&self.tenant, tenant)
            && self.dashboard.id == question.dashboard
            && self.dashboard.asking(&question.tile).is_some()
            && self.selection == question.selection
    }
}

impl Desktop {
    /// Opens a dashboard: the named one, or the one seen last, or the first.
    pub async fn open_dashboard(&self, tenant: &str, dashboard: Option<&str>) -> Result<DashboardView, Problem> {
        let tenant = self.open_tenant(tenant)?;
        tenant.engine(&self.inner.client).await?;
        self.tell_of(&tenant);
        let opened = self.connection(&tenant.connection_id)?;
        let files = tenant.dashboards(&opened);
        let links = files
            .iter()
            .map(|file| DashboardLink {
                id: file.id.clone(),
                title: file.dashboard.as_ref().map_or_else(|_| file.id.clone(), |dashboard| dashboard.title.clone()),
                problem: file.dashboard.as_ref().err().cloned(),
            })
            .collect();
        // The one that was made goes when somebody writes a file.
        let dashboard = dashboard.filter(|id| *id != made::ID || files.iter().any(|file| file.id == *id));
        let wanted = dashboard.map(str::to_owned).or_else(|| tenant.last_dashboard());
        let found = files
            .iter()
            .find(|file| Some(&file.id) == wanted.as_ref())
            .or_else(|| files.iter().find(|file| file.dashboard.is_ok()).filter(|_| dashboard.is_none()));
        // Whoever chose last is shown: no screen of an earlier choice takes the place of a later one's.
        let chosen_from = tenant.clone();
        let _turn = chosen_from.choosing();
        let (file, dashboard) = match found {
            Some(file) => (file, tenant.as_it_was_good(file)?),
            None if files.is_empty() => return Err(self.no_dashboard(&tenant, &opened)),
            None => return Err(Problem::gone("dashboard")),
        };
        tenant.show_dashboard(&dashboard.id);
        let selection = Arc::new(tenant.selection(&dashboard));
        let view = self.dashboard_view(&tenant, file, &dashboard, &selection, links);
        let problem = file.dashboard.as_ref().err().cloned();
        let view = DashboardView { made: tenant.made_view(&view.id, &opened), problem, ..view };
        let screen = Screen { tenant, dashboard, selection };
        {
            let mut state = self.state();
            // While the store opened, the tenant may have been signed out or
            // another one chosen.
            let is_shown = state.active.as_ref() == Some(&screen.tenant.id) && state.is_current(&screen.tenant);
            if is_shown {
                state.sight.since = screen.tenant.now();
                state.screen.send_replace(Some(screen));
            }
        }
        self.inner.wake.notify_one();
        Ok(view)
    }

    fn dashboard_view(
        &self,
        tenant: &OpenTenant,
        file: &DashboardFile,
        dashboard: &Dashboard,
        selection: &Selection,
        dashboards: Vec<DashboardLink>,
    ) -> DashboardView {
        let time = dashboard.time.as_ref().map(|time| self.time_view(tenant, time, dashboard, selection));
        let filters = tenant.filter_views(dashboard, selection);
        let tiles = dashboard
            .tiles
            .iter()
            .map(|tile| TileLayout {
                id: tile.id.clone(),
                title: tile.title.clone(),
                kind: tile.chart.kind.to_string(),
                width: tile.width,
                height: tile.height,
                tab: tile.tab.clone(),
                section: tile.section.clone(),
            })
            .collect();
        let (wrong, mistakes) = mistakes_of(file);
        DashboardView {
            tenant: tenant.id.to_string(),
            id: dashboard.id.clone(),
            title: dashboard.title.clone(),
            description: dashboard.description.clone(),
            time,
            filters,
            seen_unfiltered: tenant.can_clear(dashboard, selection),
            tiles,
            wrong,
            mistakes,
            dashboards,
            paused: tenant.is_paused(&dashboard.id),
            editing: self.edit_view(tenant, dashboard),
            offline: tenant.offline_copy(dashboard),
            made: None,
            problem: None,
        }
    }

    fn time_view(
        &self,
        tenant: &OpenTenant,
        time: &TimeFilter,
        dashboard: &Dashboard,
        selection: &Selection,
    ) -> TimeFilterView {
        let (now, viewer) = ((self.inner.surroundings.clock)(), TimeZone::system());
        let days = &time.parameters.zone;
        let preset = |preset: &Preset| PresetView {
            id: preset.as_str().to_owned(),
            label: words::preset(*preset).to_owned(),
            available: tenant.has_some(dashboard, &Selection { range: TimeRange::Last(*preset), ..selection.clone() }),
        };
        let compared = dashboard.tiles.iter().any(|tile| tile.compare != Comparison::Off);
        let comparison = |comparison: Comparison| ComparisonView {
            id: comparison.into(),
            label: words::comparison(comparison).to_owned(),
        };
        let comparisons = [Comparison::Previous, Comparison::Year, Comparison::Off].map(comparison);
        TimeFilterView {
            label: words::range(&selection.range, now, days.among(&viewer)),
            presets: time.presets.iter().map(preset).collect(),
            range: match selection.range {
                TimeRange::Last(preset) => RangeView::Preset { preset: preset.as_str().to_owned() },
                TimeRange::Between { from, to } => RangeView::Between { from: from.to_string(), to: to.to_string() },
            },
            comparisons: if compared { comparisons.into() } else { Vec::new() },
            comparison: selection.comparison.unwrap_or(time.compare).into(),
            zone: words::zone(days, &viewer),
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

    /// Chooses what the dashboard on the screen is compared with. Kept per tenant and dashboard; what the dashboard's
    /// file says is each tile's own again.
    pub async fn set_comparison(
        &self,
        tenant: &str,
        dashboard: &str,
        with: CompareWith,
    ) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let usual = screen.dashboard.time.as_ref().map(|time| time.compare);
        let comparison = Some(Comparison::from(with)).filter(|comparison| Some(*comparison) != usual);
        screen.tenant.choose_comparison(&screen.dashboard, comparison);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Opens a web address that a tile shows in the system's browser: one that
    /// stands in its column of links, or in its text.
    pub async fn open_link(&self, tenant: &str, dashboard: &str, tile: &str, link: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let tile = find_tile(&screen.dashboard, tile)?;
        let engine = screen.tenant.engine(&self.inner.client).await?;
        let data = engine.seen(tile, &screen.selection);
        let column =
            data.as_ref().zip(tile.chart.link.as_ref()).and_then(|(data, link)| data.answer.table.column(link));
        let is_shown = column
            .is_some_and(|column| (0..column.len()).any(|row| column.text(row).as_deref() == Some(link)))
            || tile.chart.text.as_ref().is_some_and(|text| text.contains(link));
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        if !is_shown || !is_web {
            return Err(Problem::gone("link"));
        }
        self.open_browser(link)
    }

    /// Draws a tile as it stands. Asks no network: what is stale is refreshed
    /// behind, and told by [`Event::Tile`](crate::Event::Tile).
    pub async fn draw_tile(&self, request: &TileRequest) -> Result<TileView, Problem> {
        let screen = self.screen_of(&request.tenant, &request.dashboard)?;
        screen.tenant.may_show()?;
        let tile = find_tile(&screen.dashboard, &request.tile)?;
        let engine = screen.tenant.engine(&self.inner.client).await?;
        let question = screen.question(&request.tile);
        // Before what was seen is looked up: what comes in between is told of.
        let refreshing = screen.tenant.is_refreshing(&question);
        let data = engine.seen(tile, &question.selection);
        let failure = engine.failure(tile, &question.selection);
        // That nobody answers is the tenant's trouble, told once and not on
        // each tile.
        let mut problem =
            failure.map(|failure| failure.error).filter(|error| !error.is_offline()).as_ref().map(Problem::from);
        if let Some(allowance) = engine.allowance().filter(|allowance| allowance.left == 0)
            && engine.is_stale(tile, &question.selection)
        {
            problem = Some(Problem::daily_requests(allowance.until));
        }
        let size = Size { width: request.width, height: request.height };
        let theme = if request.dark { Theme::Dark } else { Theme::Light };
        let setting = screen.tenant.setting(&screen.dashboard.id);
        let shown = data.is_some() || tile.pipe.is_none();
        let drawing = shown.then(|| engine.draw(data.as_ref(), tile, &request.view, &setting, size, theme));
        let picture = match drawing {
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
        Ok(TileView { picture, fetched, refreshing, problem })
    }

    /// Why there is no newer answer for a tile, whole, for the operator: for the
    /// clipboard.
    pub fn tile_detail(&self, tenant: &str, dashboard: &str, tile: &str) -> Result<String, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let tile = find_tile(&screen.dashboard, tile)?;
        let failure = screen.tenant.opened().and_then(|engine| engine.failure(tile, &screen.selection));
        failure.and_then(|failure| failure.error.detail()).ok_or_else(|| Problem::gone("error"))
    }

    /// Asks for one tile again, now, or for a filter's values: `filter:` and its name.
    pub fn refresh_tile(&self, tenant: &str, dashboard: &str, tile: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_spend()?;
        screen.tenant.retry_now();
        let asked = screen.dashboard.asking(tile).ok_or_else(|| Problem::gone("tile"))?;
        self.spawn_refresh(&screen, asked.clone(), Enough::Since(screen.tenant.now()));
        Ok(())
    }

    /// Asks for the whole dashboard again: what is in view now, and the rest once
    /// it is.
    pub fn refresh_dashboard(&self, tenant: &str, dashboard: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_spend()?;
        screen.tenant.retry_now();
        let now = screen.tenant.now();
        screen.tenant.renew(&screen.dashboard.id, now);
        for tile in screen.dashboard.asks().filter(|tile| self.is_in_view(&screen, tile)) {
            self.spawn_refresh(&screen, tile.clone(), Enough::Since(now));
        }
        // The dashboard itself may have changed where it is served.
        let app = self.clone();
        tokio::spawn(async move {
            app.look_for_served(&screen.tenant).await;
            app.look_for_made(&screen.tenant).await;
        });
        Ok(())
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> Option<Screen> {
        self.state().screen.borrow().clone()
    }

    /// The screen, which must be this dashboard of this tenant: whoever asks
    /// for a tile of something else is told so, and never gets another's.
    pub(crate) fn screen_of(&self, tenant: &str, dashboard: &str) -> Result<Screen, Problem> {
        let matches = |screen: &Screen| screen.tenant.id.as_str() == tenant && screen.dashboard.id == dashboard;
        self.screen().filter(matches).ok_or_else(|| Problem::gone("dashboard"))
    }
}

/// What is to be put right in a dashboard's file: in single tiles, and around them.
fn mistakes_of(file: &DashboardFile) -> (Vec<WrongTileView>, Vec<String>) {
    let told = |mistakes: &[perch_dashboard::Problem]| {
        mistakes.iter().map(|mistake| format!("{}:{mistake}", file.name)).collect::<Vec<_>>()
    };
    let wrong = file.wrong.iter().map(|tile| WrongTileView {
        after: u32::try_from(tile.after).unwrap_or(u32::MAX),
        title: tile.title.clone(),
        width: tile.width,
        height: tile.height,
        tab: tile.tab.clone(),
        section: tile.section.clone(),
        mistakes: told(&tile.problems),
    });
    (wrong.collect(), told(&file.mistakes))
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        Self::from(&error)
    }
}
