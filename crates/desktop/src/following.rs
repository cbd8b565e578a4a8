//! Follows dashboard files as somebody edits them: those in the connections' own folders, and those beside the files
//! that the connections were opened from. What changed is on the screen a moment later, without a click.
//!
//! A program writes a file in several steps, so what is told within [`QUIET`] of each other is one change. The system
//! tells of local disks; of a share it may not, so that now and then they are looked at anyway.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use perch_tenant::TenantId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::connections::OpenedConnection;
use crate::desktop::{Desktop, Event, Inner};

/// How long nothing has to happen before files are read.
const QUIET: Duration = Duration::from_millis(250);
/// How long at most they are waited for.
const LONGEST: Duration = Duration::from_secs(2);

/// How often files are looked at of which the system does not tell.
const NOW_AND_THEN: Duration = Duration::from_secs(60);

/// Runs as long as the app does.
pub(crate) async fn follow(desktop: Weak<Inner>) {
    let Some(told) = desktop.upgrade().map(|inner| inner.files.clone()) else { return };
    let mut watched = Watched::new(told.clone());
    let mut known = HashMap::new();
    loop {
        let Some(inner) = desktop.upgrade() else { return };
        let (app, looked) = (Desktop { inner }, std::mem::take(&mut known));
        // Files may be on a disk that is slow to wake.
        let work = tokio::task::spawn_blocking(move || {
            let (connections, _) = app.inner.connections.list();
            // First, so that nothing happens between looking and watching.
            watched.watch(&connections);
            let known = app.look_at_files(&connections, looked);
            (watched, known)
        });
        let Ok(done) = work.await else { return };
        (watched, known) = done;
        // Nothing of the app is held while waiting, so that it can end.
        let is_told = timeout(NOW_AND_THEN, told.notified()).await.is_ok();
        if is_told {
            settle(&told).await;
        }
    }
}

/// Waits until a change is over.
async fn settle(told: &Notify) {
    let deadline = Instant::now() + LONGEST;
    while let Ok(Ok(())) = timeout_at(deadline, timeout(QUIET, told.notified())).await {}
}

impl Desktop {
    /// Copies anew what changed beside the originals, and tells the window where a connection's dashboards are others
    /// than `known`. Answers with what they are now.
    fn look_at_files(
        &self,
        connections: &[OpenedConnection],
        known: HashMap<String, String>,
    ) -> HashMap<String, String> {
        let mut news = false;
        let mut now = HashMap::new();
        for opened in connections {
            match self.inner.connections.copy_anew(opened) {
                Ok(copied) => news |= copied,
                Err(problem) => self.tell(problem),
            }
            let fingerprint = opened.fingerprint();
            news |= known.get(&opened.id).is_some_and(|known| *known != fingerprint);
            now.insert(opened.id.clone(), fingerprint);
        }
        if news {
            self.follow_public(connections);
            (self.inner.surroundings.events)(Event::Dashboards);
        }
        now
    }

    /// A dashboard may have become one that anyone may see, or the last of them none.
    fn follow_public(&self, connections: &[OpenedConnection]) {
        let changed = |opened: &&OpenedConnection| {
            opened.is_public() != self.state().tenants.contains_key(&TenantId::public(&opened.connection))
        };
        for opened in connections.iter().filter(changed) {
            let (app, opened) = (self.clone(), opened.clone());
            tokio::spawn(async move {
                app.renew_public(&opened).await;
                app.changed();
            });
        }
    }

    /// Other connections are here, or a file was written by Perch itself: look again.
    pub(crate) fn follow_files(&self) {
        self.inner.files.notify_one();
    }
}

/// The folders that the system tells of.
struct Watched {
    /// `None` where the system cannot.
    watcher: Option<RecommendedWatcher>,
    folders: Vec<PathBuf>,
}

impl Watched {
    fn new(told: Arc<Notify>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| is_change(&event)) {
                told.notify_one();
            }
        });
        let watcher = watcher.map_err(|error| tracing::warn!(%error, "files cannot be followed")).ok();
        Self { watcher, folders: Vec::new() }
    }

    /// Watches the folders of these connections, and no others.
    fn watch(&mut self, connections: &[OpenedConnection]) {
        let Some(watcher) = &mut self.watcher else { return };
        // All anew: a connection that was opened again has another folder under the same name.
        for folder in self.folders.drain(..) {
            // Fails for a folder that was removed, which nobody watches any more.
            let _ = watcher.unwatch(&folder);
        }
        let wanted: HashSet<PathBuf> = connections.iter().flat_map(folders).filter(|folder| folder.is_dir()).collect();
        for folder in wanted {
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => self.folders.push(folder),
                Err(error) => tracing::info!(%error, folder = %folder.display(), "a folder cannot be followed"),
            }
        }
    }
}

/// Where a connection's dashboards are, and where they may come to be.
fn folders(opened: &OpenedConnection) -> Vec<PathBuf> {
    let mut folders = vec![opened.folder.clone(), opened.dashboards_folder()];
    if let Some(origin) = opened.origin() {
        folders.extend(origin.file.parent().map(Path::to_owned));
        folders.push(origin.dashboards());
    }
    folders
}

/// Reading a file is no change, and Perch itself reads them; what else lies beside a connection file is none either.
fn is_change(event: &notify::Event) -> bool {
    let is_read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let concerns = |path: &PathBuf| path.extension().is_none_or(|extension| extension.eq_ignore_ascii_case("toml"));
    !is_read && (event.paths.is_empty() || event.paths.iter().any(concerns))
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind};

    use super::*;

    #[test]
    fn reading_is_no_change_and_neither_is_another_kind_of_file() {
        let event = |kind, path: &str| notify::Event::new(kind).add_path(path.into());
        assert!(is_change(&event(EventKind::Modify(ModifyKind::Any), "/a/dashboards/web.toml")));
        assert!(is_change(&event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/a/dashboards/web.toml")));
        assert!(is_change(&event(EventKind::Create(CreateKind::Folder), "/a/dashboards")));
        assert!(!is_change(&event(EventKind::Access(AccessKind::Open(AccessMode::Read)), "/a/dashboards/web.toml")));
        assert!(!is_change(&event(EventKind::Access(AccessKind::Close(AccessMode::Read)), "/a/dashboards/web.toml")));
        assert!(!is_change(&event(EventKind::Modify(ModifyKind::Any), "/a/holiday.jpg")));
    }
}
