//! What anyone with a connection may see: its dashboards marked public, asked for
//! with the static token of its `[public]`, before sign-in and beside it. It is
//! an [`OpenTenant`] without a viewer: it has a sealed store like any other, and
//! neither a session that could end nor an end of offline.

use std::sync::Arc;

use perch_tenant::TenantId;
use perch_tinybird::PublicToken;

use crate::connections::{DashboardFile, OpenedConnection};
use crate::desktop::{Desktop, State};
use crate::open_tenant::{OpenTenant, Premises};
use crate::problem::Problem;
use crate::view::PublicView;

impl DashboardFile {
    /// Whether anyone may see it. A file with a mistake is nobody's but the
    /// operator's to look at, who signs in.
    pub(crate) fn is_public(&self) -> bool {
        self.dashboard.as_ref().is_ok_and(|dashboard| dashboard.public)
    }
}

impl OpenedConnection {
    /// Whether there is something that anyone may see, and a token for it.
    pub(crate) fn is_public(&self) -> bool {
        self.connection.public.is_some() && self.dashboards().iter().any(DashboardFile::is_public)
    }
}

impl OpenTenant {
    /// The token of the connection's `[public]`.
    pub(crate) fn public_token(&self) -> Result<PublicToken, Problem> {
        let public = self.connection.public.as_ref().ok_or_else(|| Problem::gone("dashboard"))?;
        let workspace = &self.connection.tinybird;
        PublicToken::new(public.token.clone(), workspace.host.clone(), &workspace.workspace_id, self.now())
            .map_err(|error| Problem::new(error.code(), error.to_string(), error.next_step()))
    }
}

impl Desktop {
    /// Opens what anyone with a connection may see, where there is something.
    pub(crate) fn place_public(&self, opened: &OpenedConnection) -> Option<Arc<OpenTenant>> {
        if !opened.is_public() {
            return None;
        }
        let tenant = Arc::new(OpenTenant::of_anyone(opened.connection.clone(), self.premises()));
        self.state().tenants.insert(tenant.id.clone(), tenant.clone());
        Some(tenant)
    }

    /// Opens it anew, as the connection has it now. Where nothing is public any
    /// more, what was seen goes too.
    pub(crate) async fn renew_public(&self, opened: &OpenedConnection) {
        let id = TenantId::public(&opened.connection);
        let before = self.state().tenants.get(&id).cloned();
        let now = self.place_public(opened);
        if let Some(before) = &before {
            self.state().leave_screen(|screen| Arc::ptr_eq(&screen.tenant, before));
            before.close(Problem::gone("dashboard")).await;
        }
        if now.is_none() {
            self.forget_public(&id).await;
        }
    }

    /// Closes what was public of a connection, and removes what was seen of it.
    pub(crate) async fn forget_public(&self, id: &TenantId) {
        let before = self.state().tenants.remove(id);
        if let Some(before) = before {
            before.close(Problem::gone("dashboard")).await;
        }
        let left = self.forget(id).await;
        let mut state = self.state();
        left.into_iter().for_each(|problem| state.notify(problem));
        state.leave_screen(|screen| screen.tenant.id == *id);
        if state.active.as_ref() == Some(id) {
            state.active = state.first_tenant();
        }
    }

    pub(crate) fn premises(&self) -> Premises {
        let inner = &self.inner;
        Premises {
            keychain: inner.keychain.clone(),
            stores: inner.surroundings.places.stores(),
            clock: inner.surroundings.clock.clone(),
            locale: inner.surroundings.locale.clone(),
        }
    }
}

impl State {
    /// What anyone may see, of each of these connections.
    pub(crate) fn public_views(&self, connections: &[OpenedConnection]) -> Vec<PublicView> {
        let view = |opened: &OpenedConnection| {
            let tenant = self.tenants.get(&TenantId::public(&opened.connection))?;
            let (id, name) = (tenant.id.to_string(), opened.connection.name.to_string());
            Some(PublicView { id, connection: opened.id.clone(), name, status: tenant.status() })
        };
        connections.iter().filter_map(view).collect()
    }
}
