//! [`Desktop`]: one method a command.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use perch_chart::{Size, Theme};
use perch_dashboard::{Dashboard, Preset, TimeRange, TimeRangeError, Tokens};
use perch_keychain::{Keychain, Slot};
use perch_sandbox::Sandbox;
use perch_tenant::{Secret, TenantId};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::problem::Problem;
use crate::roster::{Member, Roster};
use crate::seat::{Seat, find_tile, kept_notice, unix_millis};
use crate::shelf::{Shelf, Shelved};
use crate::sign_in::Attempt;
use crate::tokens::SigningKeys;
use crate::view::{
    AppView, BootView, ConnectionView, DashboardLink, DashboardView, NoticeView, PictureView, PresetView, RangeView,
    RevealedToken, TileChanged, TileLayout, TileRequest, TileView, TimeFilterView, TokenView,
};
use crate::{Clock, Places, words};

/// The app without its window. Cheap to clone: all clones are the same app.
#[derive(Clone)]
pub struct Desktop {
    pub(crate) inner: Arc<Inner>,
}

/// What the app needs from whoever runs it.
pub struct Surroundings {
    /// Where files live.
    pub places: Places,
    /// What time it is.
    pub clock: Clock,
    /// Takes what happens, in order.
    pub events: Box<dyn Fn(Event) + Send + Sync>,
    /// Opens an address in the system's browser; whether that worked, as far as
    /// the system tells.
    pub browser: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// What happened, for the shell to pass on.
#[derive(Debug, Clone)]
pub enum Event {
    /// The frame changed.
    App(Box<AppView>),
    /// A tile looks different now.
    Tile(TileChanged),
    /// Connections or dashboards changed: open the one on the screen again.
    Dashboards,
    /// The viewer finished something elsewhere: bring the window to the front.
    Attention,
}

pub(crate) struct Inner {
    pub(crate) surroundings: Surroundings,
    pub(crate) keychain: Arc<Keychain>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) http: reqwest::Client,
    pub(crate) client: perch_tinybird::Client,
    pub(crate) shelf: Shelf,
    pub(crate) state: Mutex<State>,
    /// Rung when something may have become stale or reachable.
    pub(crate) bell: Arc<Notify>,
}

pub(crate) struct State {
    pub(crate) roster: Roster,
    pub(crate) seats: HashMap<TenantId, Arc<Seat>>,
    pub(crate) active: Option<TenantId>,
    pub(crate) screen: Option<Screen>,
    pub(crate) sign_in: Option<Attempt>,
    /// Connections whose admin token is in the keychain.
    pub(crate) signing_keys: HashSet<String>,
    pub(crate) demo: Option<(String, Sandbox)>,
    notices: Vec<NoticeView>,
    next_notice: u32,
}

/// What is on the screen, and so worth keeping fresh.
#[derive(Clone)]
pub(crate) struct Screen {
    pub(crate) seat: Arc<Seat>,
    pub(crate) dashboard: Arc<Dashboard>,
}

impl Desktop {
    /// Opens the app: reads what is on this machine, asks no network, and
    /// starts keeping the screen fresh. Call it inside a tokio runtime.
    pub fn open(surroundings: Surroundings) -> Result<Self, Problem> {
        let http = perch_clerk::http_client().map_err(|error| Problem::from(&error))?;
        let client = perch_tinybird::Client::new()
            .map_err(|error| Problem::new(error.code(), error.to_string(), error.next_step()))?;
        let shelf = Shelf::new(surroundings.places.connections());
        let (roster, problem) = Roster::read(surroundings.places.roster());
        let state = State {
            roster,
            seats: HashMap::new(),
            active: None,
            screen: None,
            sign_in: None,
            signing_keys: HashSet::new(),
            demo: None,
            notices: Vec::new(),
            next_notice: 0,
        };
        let keychain = Arc::new(Keychain::open());
        let inner = Inner {
            keys: Arc::new(SigningKeys::new(keychain.clone())),
            keychain,
            http,
            client,
            shelf,
            state: Mutex::new(state),
            bell: Arc::default(),
            surroundings,
        };
        let desktop = Self { inner: Arc::new(inner) };
        desktop.seat_everyone(problem);
        tokio::spawn(crate::watch::keep_fresh(Arc::downgrade(&desktop.inner)));
        Ok(desktop)
    }

    /// Gives every member of the roster whose connection is still here a seat.
    fn seat_everyone(&self, problem: Option<Problem>) {
        let (shelved, unreadable) = self.inner.shelf.list();
        let members = self.state().roster.members().to_vec();
        for member in members {
            if let Some(shelved) = shelved.iter().find(|shelved| shelved.id == member.connection) {
                self.seat(shelved, member);
            }
        }
        let mut state = self.state();
        state.active =
            state.roster.members().iter().map(|member| member.tenant.id()).find(|id| state.seats.contains_key(id));
        for problem in problem.into_iter().chain(unreadable) {
            state.notify(problem);
        }
    }

    /// Seats a member, in place of who sat there before.
    pub(crate) fn seat(&self, shelved: &Shelved, member: Member) -> Arc<Seat> {
        let inner = &self.inner;
        let seat = Arc::new(Seat::new(
            member,
            shelved.connection.clone(),
            inner.http.clone(),
            inner.keychain.clone(),
            inner.keys.clone(),
            inner.surroundings.places.stores(),
            inner.surroundings.clock.clone(),
        ));
        self.state().seats.insert(seat.id.clone(), seat.clone());
        seat
    }

    /// What the first screen needs, in one answer. No network is asked.
    pub async fn boot(&self) -> BootView {
        let active = self.state().active.clone();
        let dashboard = match active {
            Some(tenant) => self.open_dashboard(tenant.as_str(), None).await.ok(),
            None => None,
        };
        if dashboard.is_none() {
            self.look_for_signing_keys().await;
        }
        BootView { app: self.app_view(), dashboard }
    }

    /// The frame around the dashboard.
    pub fn app_view(&self) -> AppView {
        let (shelved, _) = self.inner.shelf.list();
        let state = self.state();
        let connections = shelved
            .iter()
            .map(|shelved| ConnectionView {
                id: shelved.id.clone(),
                name: shelved.connection.name.to_string(),
                issuer: shelved.connection.clerk.issuer.to_string(),
                demo: shelved.demo,
                demo_running: state.demo.as_ref().is_some_and(|(connection, _)| *connection == shelved.id),
                needs_signing_key: !shelved.demo
                    && !state.signing_keys.contains(&shelved.id)
                    && !state.seats.values().any(|seat| seat.member.connection == shelved.id),
            })
            .collect();
        let tenants = state
            .roster
            .members()
            .iter()
            .filter_map(|member| state.seats.get(&member.tenant.id()))
            .map(|seat| seat.view());
        AppView {
            connections,
            tenants: tenants.collect(),
            active: state.active.as_ref().map(ToString::to_string),
            sign_in: state.sign_in.as_ref().map(|attempt| attempt.view.clone()),
            notices: state.notices.clone(),
        }
    }

    /// Opens a connection file with the dashboards beside it.
    pub async fn open_connection(&self, file: &Path) -> Result<(), Problem> {
        let shelved = self.inner.shelf.open(file)?;
        self.reseat(&shelved);
        self.look_for_signing_keys().await;
        self.changed();
        Ok(())
    }

    /// Takes a connection off the shelf. Refused while somebody is signed in there.
    pub async fn remove_connection(&self, connection: &str) -> Result<(), Problem> {
        let shelved = self.shelved(connection)?;
        if self.state().seats.values().any(|seat| seat.member.connection == shelved.id) {
            return Err(Problem::new(
                "connection-in-use",
                "Somebody is still signed in through this connection.",
                "Sign out of its organizations first.",
            ));
        }
        let slot = Slot::SigningKey { connection: &shelved.id };
        self.inner.keychain.delete(slot).await.map_err(|error| Problem::from(&error))?;
        self.state().signing_keys.remove(&shelved.id);
        self.inner.shelf.remove(&shelved)?;
        self.changed();
        Ok(())
    }

    /// Gives the people of a connection whose files changed a new seat.
    pub(crate) fn reseat(&self, shelved: &Shelved) {
        let members: Vec<_> =
            self.state().roster.members().iter().filter(|member| member.connection == shelved.id).cloned().collect();
        for member in members {
            self.seat(shelved, member);
        }
        self.state().screen = None;
        (self.inner.surroundings.events)(Event::Dashboards);
    }

    /// Keeps the workspace's admin token in the keychain, for `source = "mint"`.
    pub async fn save_signing_key(&self, connection: &str, key: String) -> Result<(), Problem> {
        let shelved = self.shelved(connection)?;
        let key = Zeroizing::new(key);
        let key = Secret::new(key.trim());
        if key.expose().is_empty() {
            return Err(Problem::new(
                "signing-key-empty",
                "No admin token was entered.",
                "Paste the workspace's admin token.",
            ));
        }
        let slot = Slot::SigningKey { connection: &shelved.id };
        let kept = self.inner.keychain.persist(slot, &key).await.map_err(|error| Problem::from(&error))?;
        {
            let mut state = self.state();
            state.signing_keys.insert(shelved.id);
            if let Some(notice) = kept_notice(kept) {
                state.notify(notice);
            }
        }
        self.changed();
        Ok(())
    }

    /// Looks which connections without anybody signed in have their key.
    async fn look_for_signing_keys(&self) {
        for shelved in self.inner.shelf.list().0.iter().filter(|shelved| !shelved.demo) {
            let slot = Slot::SigningKey { connection: &shelved.id };
            match self.inner.keychain.retrieve(slot).await {
                Ok(Some(_)) => {
                    self.state().signing_keys.insert(shelved.id.clone());
                }
                Ok(None) => {
                    self.state().signing_keys.remove(&shelved.id);
                }
                Err(error) => self.state().notify(Problem::from(&error)),
            }
        }
    }

    /// Puts a tenant on the screen, with its last dashboard.
    pub async fn select_tenant(&self, tenant: &str) -> Result<Option<DashboardView>, Problem> {
        let seat = self.seat_of(tenant)?;
        {
            let mut state = self.state();
            state.active = Some(seat.id.clone());
            state.screen = None;
            if let Err(problem) = state.roster.use_now(&seat.id) {
                state.notify(problem);
            }
        }
        self.changed();
        if seat.is_closed() {
            return Ok(None);
        }
        self.open_dashboard(tenant, None).await.map(Some)
    }

    /// Opens a dashboard: the named one, or the one seen last, or the first.
    pub async fn open_dashboard(&self, tenant: &str, dashboard: Option<&str>) -> Result<DashboardView, Problem> {
        let seat = self.seat_of(tenant)?;
        seat.engine(&self.inner.client).await?;
        self.tell_of(&seat);
        let shelved = self.shelved(&seat.member.connection)?;
        let files = shelved.dashboards();
        let links = files
            .iter()
            .map(|file| DashboardLink {
                id: file.id.clone(),
                title: file.dashboard.as_ref().map_or_else(|_| file.id.clone(), |dashboard| dashboard.title.clone()),
                problem: file.dashboard.as_ref().err().cloned(),
            })
            .collect();
        let wanted = dashboard.map(str::to_owned).or_else(|| seat.last_dashboard());
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
        seat.show_dashboard(&dashboard.id);
        let view = self.dashboard_view(&seat, &dashboard, links);
        {
            let mut state = self.state();
            if state.active.as_ref() == Some(&seat.id) {
                state.screen = Some(Screen { seat, dashboard });
            }
        }
        self.inner.bell.notify_one();
        Ok(view)
    }

    fn dashboard_view(&self, seat: &Seat, dashboard: &Dashboard, dashboards: Vec<DashboardLink>) -> DashboardView {
        let now = (self.inner.surroundings.clock)();
        let time = seat.range(dashboard).map(|range| TimeFilterView {
            label: words::range(&range, now, &TimeZone::system()),
            presets: Preset::ALL
                .iter()
                .map(|preset| PresetView { id: preset.as_str().to_owned(), label: words::preset(*preset).to_owned() })
                .collect(),
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
            tenant: seat.id.to_string(),
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
        let screen = self.screen_of(tenant, dashboard).await?;
        let range = match range {
            RangeView::Preset { preset } => preset.clone(),
            RangeView::Between { from, to } => format!("{from}..{to}"),
        };
        let range: TimeRange = range.parse().map_err(|error: TimeRangeError| {
            Problem::new("time-range", error.to_string(), "Choose two days, the first not after the last.")
        })?;
        screen.seat.choose_range(&screen.dashboard, &range);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Draws a tile as it stands. Asks no network: what is stale is refreshed
    /// behind, and told by [`Event::Tile`].
    pub async fn draw_tile(&self, request: &TileRequest) -> Result<TileView, Problem> {
        let screen = self.screen_of(&request.tenant, &request.dashboard).await?;
        screen.seat.may_show()?;
        let tile = find_tile(&screen.dashboard, &request.tile)?;
        let engine = screen.seat.engine(&self.inner.client).await?;
        let range = screen.range();
        let key = (request.dashboard.clone(), request.tile.clone());
        let (refreshing, mut problem) = screen.seat.tile(&key);
        let data = engine.seen(tile, &range);
        let size = Size { width: request.width, height: request.height };
        let theme = if request.dark { Theme::Dark } else { Theme::Light };
        let picture = match data.as_ref().map(|data| engine.draw(data, tile, request.first_row, size, theme)) {
            Some(Ok(drawing)) => Some(PictureView {
                svg: drawing.svg,
                marks: drawing.marks,
                summary: drawing.summary,
                scroll: drawing.scroll,
            }),
            Some(Err(error)) => {
                problem = Some(Problem::from(&error));
                None
            }
            None => None,
        };
        Ok(TileView { picture, fetched: data.map(|data| unix_millis(data.fetched)), refreshing, problem })
    }

    /// Asks for one tile again, now.
    pub async fn refresh_tile(&self, tenant: &str, dashboard: &str, tile: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard).await?;
        screen.seat.retry_now();
        self.spawn_refresh(&screen, find_tile(&screen.dashboard, tile)?.clone());
        Ok(())
    }

    /// Asks for all tiles again, now.
    pub async fn refresh_dashboard(&self, tenant: &str, dashboard: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard).await?;
        screen.seat.retry_now();
        for tile in &screen.dashboard.tiles {
            self.spawn_refresh(&screen, tile.clone());
        }
        Ok(())
    }

    /// The decoded claims of the tenant's current token.
    pub async fn token(&self, tenant: &str) -> Result<TokenView, Problem> {
        let token = self.current_token(tenant).await?;
        Ok(TokenView {
            source: "mint".to_owned(),
            claims: token.claims().clone(),
            expires: unix_millis(token.expires()),
        })
    }

    /// The token itself, because the viewer asked to see it.
    pub async fn reveal_token(&self, tenant: &str) -> Result<RevealedToken, Problem> {
        Ok(RevealedToken { token: self.current_token(tenant).await?.expose().to_owned() })
    }

    async fn current_token(&self, tenant: &str) -> Result<Arc<perch_tinybird::TenantToken>, Problem> {
        let seat = self.seat_of(tenant)?;
        seat.may_show()?;
        seat.tokens().token(false).await.map_err(|error| Problem::from(&perch_dashboard::EngineError::from(error)))
    }

    /// Puts a problem on the screen that no command waits for.
    pub fn tell(&self, problem: Problem) {
        self.state().notify(problem);
        self.changed();
    }

    /// Takes a notice off the screen.
    pub fn dismiss_notice(&self, id: u32) {
        self.state().notices.retain(|notice| notice.id != id);
        self.changed();
    }

    pub(crate) fn shelved(&self, connection: &str) -> Result<Shelved, Problem> {
        self.inner.shelf.get(connection).ok_or_else(|| Problem::gone("connection"))
    }

    pub(crate) fn seat_of(&self, tenant: &str) -> Result<Arc<Seat>, Problem> {
        let id = TenantId::try_from(tenant.to_owned()).map_err(|_| Problem::gone("organization"))?;
        self.state().seats.get(&id).cloned().ok_or_else(|| Problem::gone("organization"))
    }

    /// The screen, which must be this dashboard of this tenant: whoever asks
    /// for a tile of something else is told so, and never gets another's.
    async fn screen_of(&self, tenant: &str, dashboard: &str) -> Result<Screen, Problem> {
        let matches = |screen: &Screen| screen.seat.id.as_str() == tenant && screen.dashboard.id == dashboard;
        self.state().screen.clone().filter(matches).ok_or_else(|| Problem::gone("dashboard"))
    }

    /// Puts what a tenant's store has to tell on the screen.
    pub(crate) fn tell_of(&self, seat: &Seat) {
        if let Some(notice) = seat.take_notice() {
            self.tell(notice);
        }
    }

    /// Tells the shell that the frame changed.
    pub(crate) fn changed(&self) {
        (self.inner.surroundings.events)(Event::App(Box::new(self.app_view())));
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// The time range in force. A dashboard without the filter has tiles
    /// without it, and for those any range is the same.
    pub(crate) fn range(&self) -> TimeRange {
        self.seat.range(&self.dashboard).unwrap_or(TimeRange::Last(Preset::Days7))
    }
}

impl State {
    /// Adds a notice, unless the same is already there.
    pub(crate) fn notify(&mut self, problem: Problem) {
        if self.notices.iter().all(|notice| notice.problem != problem) {
            self.notices.push(NoticeView { id: self.next_notice, problem });
            self.next_notice += 1;
        }
    }
}
