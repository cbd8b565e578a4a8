//! What the operator's broker serves for a tenant beside tokens: the connection
//! and the dashboards, so that the operator changes them in one place. Dashboards
//! differ by role, so they are kept with the tenant, in its sealed store; the
//! connection is everybody's, and takes the place of the file that was opened.

use std::sync::Arc;
use std::time::Duration;

use perch_tenant::{Connection, ConnectionError};
use perch_tinybird::ServedConnection;

use crate::connections::{DashboardFile, MOST_DASHBOARDS, OpenedConnection};
use crate::desktop::{Desktop, Event};
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;

/// Under which the sealed store keeps what was served last.
const NOTE: &str = "served";

/// How long a sign-in waits for the first dashboards.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// What a served connection may not change by itself, because it says whose
/// rows may be shown and who may sign: the viewer opens such a file by hand.
fn is_same_trust(served: &Connection, opened: &Connection) -> bool {
    served.id() == opened.id() && served.clerk.issuer == opened.clerk.issuer && served.token == opened.token
}

impl OpenTenant {
    /// The dashboards of this tenant: those that the broker served last, or
    /// else those beside the connection file. Those that anyone may see are
    /// nobody's rows, and stand by themselves.
    pub(crate) fn dashboards(&self, opened: &OpenedConnection) -> Vec<DashboardFile> {
        let mut files = self.all_dashboards(opened);
        self.show_drafts(&mut files);
        files.retain(|file| file.is_public() == self.viewer.is_none());
        if files.is_empty() && self.viewer.is_some() {
            files.extend(self.made().map(|made| made.file()));
        }
        files.retain(|file| self.is_among(file));
        files
    }

    /// Whether there are dashboard files for people who sign in, also if none is for this one.
    pub(crate) fn has_files(&self, opened: &OpenedConnection) -> bool {
        self.all_dashboards(opened).iter().any(|file| !file.is_public())
    }

    /// Whether this tenant is among those that a dashboard is for. A file with a mistake may have it there.
    fn is_among(&self, file: &DashboardFile) -> bool {
        let Ok(dashboard) = &file.dashboard else { return true };
        let organization = self.account().and_then(|account| account.tenant.organization.as_ref());
        dashboard.public || dashboard.audience.includes(organization)
    }

    fn all_dashboards(&self, opened: &OpenedConnection) -> Vec<DashboardFile> {
        match self.served() {
            Some(served) => {
                served.dashboards.iter().take(MOST_DASHBOARDS).map(|file| read(&file.id, &file.text)).collect()
            }
            None => opened.dashboards(),
        }
    }

    pub(crate) fn served(&self) -> Option<ServedConnection> {
        let noted = self.store()?.noted(NOTE).ok().flatten()?;
        serde_json::from_str(&noted).ok()
    }

    fn keep_served(&self, served: &ServedConnection) {
        let Some(store) = self.store() else { return };
        let kept = serde_json::to_string(served).ok().map(|text| store.note(NOTE, &text));
        if let Some(Err(error)) = kept {
            tracing::warn!(code = error.code(), "what the broker served is not kept");
        }
    }
}

fn read(id: &str, text: &str) -> DashboardFile {
    DashboardFile::read(id, &format!("{id}.toml"), text.as_bytes())
}

impl Desktop {
    /// Fetches the first dashboards before a dashboard is opened. A broker that
    /// does not answer in time leaves those beside the connection file.
    pub(crate) async fn first_served(&self, tenant: &Arc<OpenTenant>) {
        // Where it does not open, the viewer is told when they are welcomed.
        let Ok(_) = tenant.engine(&self.inner.client).await else { return };
        let looking = self.look_for_served(tenant);
        if tokio::time::timeout(FIRST_WITHIN, looking).await.is_err() {
            tracing::warn!("the broker did not serve dashboards in time");
        }
    }

    /// Asks the broker, where there is one, for the connection and dashboards,
    /// and takes over what is new.
    pub(crate) async fn look_for_served(&self, tenant: &Arc<OpenTenant>) {
        let Some(viewer) = &tenant.viewer else { return };
        let before = tenant.served();
        let etag = before.as_ref().and_then(|served| served.etag.clone());
        let served = match viewer.tokens.served(etag.as_deref()).await {
            Ok(Some(served)) => served,
            Ok(None) => return,
            // The next look is soon, and what was served before is still there.
            Err(error) => return tracing::info!(code = error.code, "the broker served no connection"),
        };
        if !self.state().is_current(tenant) {
            return;
        }
        if let Err(problem) = self.take_over(tenant, &served.connection).await {
            self.tell(problem);
        }
        let is_new = before.is_none_or(|before| before.dashboards != served.dashboards);
        tenant.keep_served(&served);
        if is_new {
            (self.inner.surroundings.events)(Event::Dashboards);
        }
    }

    /// Puts a served connection in the place of the opened one.
    async fn take_over(&self, tenant: &OpenTenant, text: &str) -> Result<(), Problem> {
        let opened = self.connection(&tenant.connection_id)?;
        let served = Connection::parse(text).map_err(|error: ConnectionError| {
            tracing::warn!(%error, "the broker served a connection with a mistake");
            Problem::new(
                "served-connection-invalid",
                "The operator's broker serves a connection that Perch cannot read, so nothing was changed.",
                "Tell your operator to run perchctl check on it.",
            )
        })?;
        if served == opened.connection {
            return Ok(());
        }
        if !is_same_trust(&served, &opened.connection) {
            return Err(Problem::new(
                "served-connection-differs",
                "Your operator has changed this connection in a way that needs your consent.",
                "Ask your operator for the new connection file and open it.",
            ));
        }
        self.inner.connections.replace(&opened, text)?;
        if served.public != opened.connection.public {
            self.renew_public(&self.connection(&opened.id)?).await;
        }
        self.changed();
        Ok(())
    }
}
