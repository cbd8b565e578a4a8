//! Links to dashboards (`perch://open/…`): made of what is on the screen, and
//! followed when the system opens Perch with one.
//!
//! A link comes from anywhere. It leads only to what somebody who is signed in
//! here may see anyway; of everything else it says nothing but that it is not
//! here, and no word of its own reaches the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use perch_dashboard::{Dashboard, LinkError, OpenLink, Whose};
use perch_tenant::{Tenant, TenantId};

use crate::connections::OpenedConnection;
use crate::desktop::{Desktop, Event};
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::view::Opened;

impl Desktop {
    /// A link to the dashboard on the screen as the viewer has chosen it. It names
    /// the organization and not the person, and holds no token.
    pub fn dashboard_link(&self, tenant: &str, dashboard: &str) -> Result<String, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        let (selection, dashboard) = (&screen.selection, &screen.dashboard);
        let whose = match screen.tenant.account().map(|account| &account.tenant) {
            Some(Tenant { organization: Some(organization), .. }) => Whose::Organization(organization.id.clone()),
            Some(_) => Whose::Person,
            None => Whose::Anyone,
        };
        let values = |name: &String| selection.filters.get(name).cloned().unwrap_or_default();
        let filters = dashboard.filters.iter().map(|filter| (filter.name.clone(), values(&filter.name))).collect();
        let range = dashboard.time.as_ref().map(|_| selection.range);
        let link =
            OpenLink::new(&screen.tenant.connection_id, whose, &dashboard.id, range, selection.comparison, filters)?;
        Ok(link.to_string())
    }

    /// Opens what a link leads to, or says why not.
    pub(crate) fn follow_open_link(&self, link: &str) {
        let (app, link) = (self.clone(), link.to_owned());
        tokio::spawn(async move {
            if let Err(problem) = app.open_linked(&link).await {
                app.tell(problem);
            }
        });
    }

    async fn open_linked(&self, link: &str) -> Result<(), Problem> {
        let link = OpenLink::parse(link)?;
        let opened = self.inner.connections.get(link.connection()).ok_or_else(Problem::link_to_elsewhere)?;
        let tenant = self.led_to(&link, &opened).ok_or_else(Problem::link_to_nobody_here)?;
        if tenant.is_closed() {
            self.select_tenant(tenant.id.as_str()).await?;
            return Err(Problem::link_to_closed());
        }
        tenant.engine(&self.inner.client).await?;
        let files = tenant.dashboards(&opened);
        let file = files.into_iter().find(|file| file.id == link.dashboard());
        let dashboard = file.ok_or_else(Problem::link_to_no_dashboard)?.dashboard?;
        let is_whole = arrange(&tenant, &dashboard, &link);
        // The one seen last, which the next call opens.
        tenant.show_dashboard(&dashboard.id);
        self.select_tenant(tenant.id.as_str()).await?;
        (self.inner.surroundings.events)(Event::Opened(Opened {
            tenant: tenant.id.to_string(),
            dashboard: dashboard.id.clone(),
        }));
        if is_whole { Ok(()) } else { Err(Problem::link_in_part()) }
    }

    /// Whose dashboard it is, of those who are signed in here: who is on the
    /// screen before who was used last.
    fn led_to(&self, link: &OpenLink, opened: &OpenedConnection) -> Option<Arc<OpenTenant>> {
        let state = self.state();
        let is_meant = |tenant: &Tenant| match (link.whose(), &tenant.organization) {
            (Whose::Organization(id), Some(organization)) => organization.id == *id,
            (Whose::Person, None) => true,
            _ => false,
        };
        let of_connection = state.accounts.iter().filter(|account| account.connection == opened.id);
        let mut ids: Vec<TenantId> =
            of_connection.filter(|account| is_meant(&account.tenant)).map(|account| account.tenant.id()).collect();
        if *link.whose() == Whose::Anyone {
            ids.push(TenantId::public(&opened.connection));
        }
        ids.sort_by_key(|id| state.active.as_ref() != Some(id));
        ids.iter().find_map(|id| state.tenants.get(id).cloned())
    }
}

/// Chooses of the dashboard what the link says, as if the viewer had. Whether
/// the dashboard has all of it.
fn arrange(tenant: &OpenTenant, dashboard: &Dashboard, link: &OpenLink) -> bool {
    let mut chosen = BTreeMap::new();
    for (name, values) in link.filters() {
        if let Some(Ok(values)) = dashboard.filter(name).map(|filter| filter.accept(values)) {
            chosen.insert(name.clone(), values);
        }
    }
    let is_filtered_whole = chosen.len() == link.filters().len();
    tenant.choose_filters(dashboard, |kept| *kept = chosen);
    if let Some(range) = link.range().filter(|_| dashboard.time.is_some()) {
        tenant.choose_range(dashboard, &range);
    }
    tenant.choose_comparison(dashboard, link.comparison());
    is_filtered_whole && (link.range().is_none() || dashboard.time.is_some())
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}
