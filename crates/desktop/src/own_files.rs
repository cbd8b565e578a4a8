//! Dashboards that a viewer makes here, as files beside the connection's own: a new
//! one, a copy of another, or the one that was made from the pipes, to be kept. And
//! taking a whole dashboard away.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use perch_dashboard::{Change, Draft};

use crate::connections::{EDITED, MOST_DASHBOARDS, OWN, OpenedConnection};
use crate::desktop::Desktop;
use crate::disk;
use crate::made;
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::DashboardView;

impl Desktop {
    /// Writes a dashboard of this title with a text to begin with, and shows it.
    pub async fn new_dashboard(&self, tenant: &str, title: &str) -> Result<DashboardView, Problem> {
        let opened = self.open_tenant(tenant)?;
        opened.may_show()?;
        self.add_file(&opened, title, perch_dashboard::BLANK, None).await
    }

    /// Writes the dashboard on the screen a second time under another title, as it
    /// stands there, and shows the copy. One that was made from the pipes is kept so.
    pub async fn copy_dashboard(&self, tenant: &str, dashboard: &str, title: &str) -> Result<DashboardView, Problem> {
        let Screen { tenant, dashboard, .. } = self.screen_of(tenant, dashboard)?;
        tenant.may_show()?;
        let text = self.text_of(&tenant, &dashboard.id)?;
        self.add_file(&tenant, title, &text, dashboard.description.clone()).await
    }

    /// Removes the file of the dashboard on the screen, and a draft of it.
    pub fn delete_dashboard(&self, tenant: &str, dashboard: &str) -> Result<(), Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let file = self.editable(&screen.tenant, &screen.dashboard)?;
        {
            let _turn = self.inner.connections.turn();
            fs::remove_file(&file).map_err(|error| Problem::file(&file, &error))?;
            for mark in [OWN, EDITED] {
                // Most files have none of them.
                let _ = fs::remove_file(file.with_added_extension(mark));
            }
        }
        screen.tenant.forget_draft(dashboard);
        if let Some(Err(error)) = screen.tenant.store().map(|store| store.unpin(dashboard)) {
            tracing::warn!(code = error.code(), "the offline copy of a deleted dashboard is kept");
        }
        self.follow_files();
        Ok(())
    }

    /// The text of a dashboard as it is shown.
    fn text_of(&self, tenant: &OpenTenant, dashboard: &str) -> Result<String, Problem> {
        if let Ok((draft, _)) = tenant.draft(dashboard) {
            return Ok(draft.text().to_owned());
        }
        match self.connection(&tenant.connection_id)?.dashboard_file(dashboard) {
            Some(file) => disk::read_whole(&file).map_err(|error| Problem::file(&file, &error)),
            None => tenant
                .made()
                .filter(|_| dashboard == made::ID)
                .map(|made| made.text)
                .ok_or_else(|| Problem::gone("dashboard")),
        }
    }

    /// Puts a text down as another dashboard of this title, and shows it.
    async fn add_file(
        &self,
        tenant: &OpenTenant,
        title: &str,
        text: &str,
        description: Option<String>,
    ) -> Result<DashboardView, Problem> {
        Self::may_add(tenant)?;
        let opened = self.connection(&tenant.connection_id)?;
        let mut draft = Draft::new("new", text);
        draft.apply(&Change::Describe { title: title.trim().to_owned(), description })?;
        let id = {
            let _turn = self.inner.connections.turn();
            let (id, file) = free_file(tenant, &opened, title)?;
            // First the mark: a file without it would go with the operator's next change.
            for (path, bytes) in [(file.with_added_extension(OWN), ""), (file, draft.text())] {
                disk::write_whole(&path, bytes.as_bytes()).map_err(|error| Problem::file(&path, &error))?;
            }
            id
        };
        self.follow_files();
        self.open_dashboard(tenant.id.as_str(), Some(&id)).await
    }
}

/// A file of the connection that is not there yet, and its id. A draft of a file that
/// went is another dashboard's, and is not begun with.
fn free_file(tenant: &OpenTenant, opened: &OpenedConnection, title: &str) -> Result<(String, PathBuf), Problem> {
    let files = opened.dashboards();
    if files.len() >= MOST_DASHBOARDS {
        return Err(Problem::new(
            "too-many-dashboards",
            format!("There are {MOST_DASHBOARDS} dashboards already, and a menu holds no more."),
            "Delete one first.",
        ));
    }
    // Some file systems do not tell `Sales.toml` from `sales.toml`.
    let mut taken: HashSet<String> = files.iter().map(|file| file.id.to_lowercase()).collect();
    let id = loop {
        let id = perch_dashboard::id_for(title, &mut taken);
        if !tenant.has_draft(&id) {
            break id;
        }
    };
    let file = opened.dashboards_folder().join(format!("{id}.toml"));
    Ok((id, file))
}
