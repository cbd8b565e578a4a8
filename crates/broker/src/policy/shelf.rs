//! The dashboards that are served, and those that are not because they have a
//! mistake.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use perch_dashboard::{Dashboard, Finding, Problem, Source};

use crate::config_error::ConfigError;
use crate::files::Files;

/// A dashboard, as its file has it.
pub(crate) struct Shelved {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Which pipes its tiles ask.
    pipes: BTreeSet<String>,
    /// Whether anyone may see it.
    public: bool,
}

/// The dashboards of a folder.
pub(super) struct Shelf {
    /// Those with nothing to put right.
    pub(super) dashboards: Vec<Shelved>,
    /// What is to be put right in the others.
    pub(super) left_out: Vec<Finding>,
    /// What is to be put right in the template.
    pub(super) template: Option<Problem>,
}

impl Shelf {
    /// Reads the dashboards, and judges them together with the connection and
    /// the template, as it is `now`.
    pub(super) fn read(
        folder: &Path,
        connection: &str,
        template: &str,
        files: &mut Files,
        now: SystemTime,
    ) -> Result<Self, ConfigError> {
        let mut read = Vec::new();
        for path in files.toml_files(folder)? {
            read.push((path.display().to_string(), files.bytes(&path)?));
        }
        let sources: Vec<Source<'_>> = read.iter().map(|(name, bytes)| Source { name, bytes }).collect();
        // No file has one of these names.
        let (served, claims) = ("\0connection", "\0template");
        let connection = Source { name: served, bytes: connection.as_bytes() };
        let template = Source { name: claims, bytes: template.as_bytes() };
        let findings = perch_dashboard::check(connection, Some(template), &sources, now).findings;
        let template = findings.iter().find(|finding| finding.file == claims).map(|finding| finding.problem.clone());
        let left_out: Vec<Finding> =
            findings.into_iter().filter(|finding| finding.file != claims && finding.file != served).collect();
        let mut shelved = Vec::new();
        for (name, bytes) in &read {
            let id = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let text = String::from_utf8_lossy(bytes);
            let wrong = left_out.iter().any(|finding| finding.file == *name);
            if let (false, Ok(dashboard)) = (wrong, Dashboard::parse(id, &text)) {
                shelved.push(Shelved::new(dashboard, text.into_owned()));
            }
        }
        Ok(Self { dashboards: shelved, left_out, template })
    }
}

impl Shelved {
    fn new(dashboard: Dashboard, text: String) -> Self {
        let pipes = dashboard.tiles.iter().map(|tile| tile.pipe.to_string()).collect();
        Self { id: dashboard.id, text, pipes, public: dashboard.public }
    }

    /// Whether somebody who reads these pipes may see it.
    pub(super) fn is_for(&self, pipes: &BTreeSet<String>) -> bool {
        // A scope may name a pipe by its id, which no tile does.
        let by_id = pipes.iter().any(|pipe| pipe.starts_with("t_"));
        by_id || self.public || !self.pipes.is_disjoint(pipes)
    }
}
