//! A dashboard's filters on the screen: what is chosen, what can be chosen, and
//! what people call it. The values that a pipe gives are asked for as a tile's
//! rows are (`watch.rs`): when the dashboard opens, and when a menu opens and
//! they are stale.

use std::collections::BTreeMap;

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
        // As it is kept, which an open screen may be behind of when two choices come at once.
        let mut chosen = screen.tenant.chosen(&screen.dashboard);
        chosen.insert(name.to_owned(), values);
        screen.tenant.choose_filters(&screen.dashboard, &chosen);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Takes all of the dashboard's filters away, also those that the dashboard
    /// begins with, but not its time range.
    pub async fn clear_filters(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let nothing = |filter: &Filter| (filter.name.clone(), Vec::new());
        let chosen: BTreeMap<_, _> = screen.dashboard.filters.iter().map(nothing).collect();
        screen.tenant.choose_filters(&screen.dashboard, &chosen);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// What can be chosen of a select. Asks no network: what is stale is
    /// refreshed behind, and told by [`Event::Tile`](crate::Event::Tile) of a tile
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
                let options = offered(filter, listed.clone());
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
        if engine.is_stale(&options.tile, &screen.selection) && !screen.tenant.is_offline() {
            self.spawn_refresh(screen, options.tile.clone(), Enough::Fresh);
        }
        let refreshing = screen.tenant.is_refreshing(&screen.question(&options.tile.id));
        let data = engine.seen(&options.tile, &screen.selection);
        let failure = engine.failure(&options.tile, &screen.selection).map(|failure| failure.error);
        let mut problem = match &failure {
            // That nobody answers is the tenant's trouble, unless there is nothing to choose from.
            Some(error) if data.is_none() || !error.is_offline() => Some(Problem::from(error)),
            None if data.is_none() && !refreshing => Some(unseen(filter)),
            _ => None,
        };
        let choices = data.as_ref().map(|data| options.choices(&data.answer.table)).transpose();
        let choices = choices.unwrap_or_else(|error| {
            problem = Some(Problem::from(error));
            None
        });
        let options = offered(filter, choices.unwrap_or_default());
        let fetched = data.map(|data| unix_millis(data.fetched));
        Ok(FilterOptionsView { options, refreshing, problem, fetched })
    }

    /// Asks for the values of all filters that are stale.
    pub(crate) fn refresh_options(&self, screen: &Screen) {
        let Some(engine) = screen.tenant.opened().filter(|_| !screen.tenant.is_offline()) else { return };
        for options in screen.dashboard.filters.iter().filter_map(Filter::options) {
            if engine.is_stale(&options.tile, &screen.selection) {
                self.spawn_refresh(screen, options.tile.clone(), Enough::Fresh);
            }
        }
    }
}

impl OpenTenant {
    /// The dashboard's filters, as they stand.
    pub(crate) fn filter_views(&self, dashboard: &Dashboard, selection: &Selection) -> Vec<FilterView> {
        dashboard.filters.iter().map(|filter| self.filter_view(filter, selection)).collect()
    }

    fn filter_view(&self, filter: &Filter, selection: &Selection) -> FilterView {
        let values = selection.filters.get(&filter.name).cloned().unwrap_or_default();
        let choices = if values.is_empty() { None } else { self.known_choices(filter, selection) };
        let choice = |value: &String| choices.as_ref()?.iter().find(|choice| choice.value == *value);
        let label = |value: &String| match &filter.kind {
            FilterKind::Toggle { on, .. } => (if value == on { "on" } else { "off" }).to_owned(),
            _ => choice(value).map_or_else(|| value.clone(), |choice| choice.label.clone()),
        };
        FilterView {
            name: filter.name.clone(),
            label: filter.label.clone(),
            column: filter.column.clone(),
            kind: kind_view(&filter.kind),
            labels: values.iter().map(label).collect(),
            gone: values.iter().filter(|value| choices.is_some() && choice(value).is_none()).cloned().collect(),
            is_set: filter.is_set(&values),
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

/// What of these the filter takes: not a value with a comma where pipes get a
/// list, which would read it as two.
fn offered(filter: &Filter, choices: Vec<Choice>) -> Vec<FilterOptionView> {
    let takes = |choice: &Choice| filter.accept(std::slice::from_ref(&choice.value)).is_ok();
    let option =
        |choice: Choice| FilterOptionView { available: takes(&choice), value: choice.value, label: choice.label };
    choices.into_iter().map(option).collect()
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
