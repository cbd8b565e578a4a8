//! A dashboard's filters on the screen: what is chosen, what can be chosen, and
//! what people call it. The values that a pipe gives are asked for as a tile's
//! rows are (`watch.rs`), while the filter's button is in view.

use perch_dashboard::{Choice, Choices, Dashboard, Enough, Filter, FilterError, FilterKind, Options, Selection};

use crate::desktop::Desktop;
use crate::open_tenant::{OpenTenant, unix_millis};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::{DashboardView, FilterKindView, FilterOptionView, FilterOptionsView, FilterView};

impl Desktop {
    /// Chooses values of one of the dashboard's filters; none takes it away. Kept
    /// per tenant and dashboard.
    pub async fn set_filter(
        &self,
        tenant: &str,
        dashboard: &str,
        name: &str,
        values: &[String],
    ) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let filter = filter_of(&screen, name)?;
        let values = filter.accept(values)?;
        let wanted = filter.chosen_in(&screen.selection, &values);
        if wanted != *screen.selection && !screen.tenant.can_filter(&screen.dashboard, filter, &wanted) {
            return Err(not_seen(&format!("This choice of {}", filter.label)));
        }
        // Of all as they are kept, which an open screen may be behind of when two choices come at once.
        screen.tenant.choose_filters(&screen.dashboard, |chosen| drop(chosen.insert(name.to_owned(), values)));
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Takes all of the dashboard's filters away, also those that the dashboard
    /// begins with, but not its time range.
    pub async fn clear_filters(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        if !screen.tenant.can_clear(&screen.dashboard, &screen.selection) {
            return Err(not_seen("The dashboard without filters"));
        }
        let nothing = |filter: &Filter| (filter.name.clone(), Vec::new());
        screen.tenant.choose_filters(&screen.dashboard, |chosen| {
            *chosen = screen.dashboard.filters.iter().map(nothing).collect();
        });
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// What can be chosen of a select. Waits for no network: what is stale or unseen
    /// is refreshed behind, and told by [`Event::Tile`](crate::Event::Tile) of a tile
    /// named `filter:` and the filter's name.
    pub async fn filter_options(
        &self,
        tenant: &str,
        dashboard: &str,
        name: &str,
    ) -> Result<FilterOptionsView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let filter = filter_of(&screen, name)?;
        match filter.kind.choices().ok_or_else(|| Problem::gone("list of values"))? {
            Choices::Listed(listed) => {
                let options = screen.offered(filter, listed.clone());
                Ok(FilterOptionsView { options, refreshing: false, problem: None, fetched: None })
            }
            Choices::Asked(options) => self.answered_options(&screen, filter, options).await,
        }
    }

    async fn answered_options(
        &self,
        screen: &Screen,
        filter: &Filter,
        options: &Options,
    ) -> Result<FilterOptionsView, Problem> {
        let engine = screen.tenant.engine(&self.inner.client).await?;
        let (tile, tenant) = (&options.tile, &screen.tenant);
        let is_refreshing = || tenant.is_refreshing(&screen.question(&tile.id));
        // Before what was seen is looked up: what comes in between is told of.
        let was_refreshing = is_refreshing();
        let data = engine.seen(tile, &screen.selection);
        let failure = engine.failure(tile, &screen.selection).map(|failure| failure.error);
        let spent = engine.allowance().filter(|allowance| allowance.left == 0);
        if data.is_none() && failure.is_none() && spent.is_none() && !tenant.is_offline() {
            // Who opens a list that nobody has seen waits for it; one that is stale is the watch's.
            self.spawn_refresh(screen, tile.clone(), Enough::Fresh);
        }
        let refreshing = was_refreshing || is_refreshing();
        let mut problem = match (&failure, spent) {
            (_, Some(spent)) if engine.is_stale(tile, &screen.selection) => Some(Problem::daily_requests(spent.until)),
            // That nobody answers is the tenant's trouble, unless there is nothing to choose from.
            (Some(error), _) if data.is_none() || !error.is_offline() => Some(Problem::from(error)),
            (None, _) if data.is_none() && !refreshing => Some(unseen(filter)),
            _ => None,
        };
        let choices = data.as_ref().map(|data| options.choices(&data.answer.table)).transpose();
        let choices = choices.unwrap_or_else(|error| {
            problem = Some(Problem::from(error));
            None
        });
        let options = screen.offered(filter, choices.unwrap_or_default());
        let fetched = data.map(|data| unix_millis(data.fetched));
        Ok(FilterOptionsView { options, refreshing, problem, fetched })
    }
}

impl Screen {
    /// These values as they can be chosen now: each with whether something was
    /// seen of what it leads to, and why the filter does not take it. A list gets no
    /// value with a comma, which a pipe would read as two.
    fn offered(&self, filter: &Filter, choices: Vec<Choice>) -> Vec<FilterOptionView> {
        let chosen = self.selection.filters.get(&filter.name).map(Vec::as_slice).unwrap_or_default();
        let is_seen = |value: &String| {
            let wanted = filter.chosen_in(&self.selection, &filter.pressed(chosen, value));
            self.tenant.can_filter(&self.dashboard, filter, &wanted)
        };
        let option = |Choice { value, label }| FilterOptionView {
            available: is_seen(&value),
            refused: filter.accept(std::slice::from_ref(&value)).err().map(|refusal| refusal.to_string()),
            value,
            label,
        };
        choices.into_iter().map(option).collect()
    }
}

impl OpenTenant {
    /// The dashboard's filters, as they stand.
    pub(crate) fn filter_views(&self, dashboard: &Dashboard, selection: &Selection) -> Vec<FilterView> {
        dashboard.filters.iter().map(|filter| self.filter_view(dashboard, filter, selection)).collect()
    }

    fn filter_view(&self, dashboard: &Dashboard, filter: &Filter, selection: &Selection) -> FilterView {
        let values = selection.filters.get(&filter.name).cloned().unwrap_or_default();
        let choices = if values.is_empty() { None } else { self.known_choices(filter, selection) };
        let choice = |value: &String| choices.as_ref()?.iter().find(|choice| choice.value == *value);
        let label = |value: &String| match &filter.kind {
            FilterKind::Toggle { on, .. } => (if value == on { "on" } else { "off" }).to_owned(),
            _ => choice(value).map_or_else(|| value.clone(), |choice| choice.label.clone()),
        };
        let otherwise = match &filter.kind {
            FilterKind::Toggle { on, .. } if !filter.is_set(&values) => vec![on.clone()],
            _ => Vec::new(),
        };
        let otherwise = filter.chosen_in(selection, &otherwise);
        FilterView {
            name: filter.name.clone(),
            label: filter.label.clone(),
            column: filter.column.clone(),
            kind: kind_view(&filter.kind),
            labels: values.iter().map(label).collect(),
            gone: values.iter().filter(|value| choices.is_some() && choice(value).is_none()).cloned().collect(),
            is_set: filter.is_set(&values),
            seen_otherwise: self.can_filter(dashboard, filter, &otherwise),
            values,
        }
    }

    /// What can be chosen, as far as it is known without asking.
    fn known_choices(&self, filter: &Filter, selection: &Selection) -> Option<Vec<Choice>> {
        match filter.kind.choices()? {
            Choices::Listed(listed) => Some(listed.clone()),
            Choices::Asked(options) => {
                let data = self.opened()?.seen(&options.tile, selection)?;
                options.choices(&data.answer.table).ok()
            }
        }
    }
}

fn filter_of<'a>(screen: &'a Screen, name: &str) -> Result<&'a Filter, Problem> {
    screen.dashboard.filter(name).ok_or_else(|| Problem::gone("filter"))
}

fn kind_view(kind: &FilterKind) -> FilterKindView {
    match kind {
        FilterKind::Click => FilterKindView::Click,
        FilterKind::Select(_) => FilterKindView::Select,
        FilterKind::MultiSelect(_) => FilterKindView::MultiSelect,
        FilterKind::Text => FilterKindView::Text,
        FilterKind::Number { min, max, step } => FilterKindView::Number { min: *min, max: *max, step: *step },
        FilterKind::Toggle { on, off } => FilterKindView::Toggle { on: on.clone(), off: off.clone() },
    }
}

/// While nobody answers, only what was seen can be chosen.
fn not_seen(what: &str) -> Problem {
    Problem::new(
        "not-seen",
        format!("{what} was not seen before going offline."),
        "Choose something else, or try again once the network is back.",
    )
}

fn unseen(filter: &Filter) -> Problem {
    Problem::new(
        "options-unseen",
        format!("What can be chosen of {} has not been seen yet, and nobody answers now.", filter.label),
        "Try again once the network is back.",
    )
}

impl From<FilterError> for Problem {
    fn from(error: FilterError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}
