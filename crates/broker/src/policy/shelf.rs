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
        let pipes = dashboard.tiles.iter().filter_map(|tile| tile.pipe.as_ref()).map(ToString::to_string).collect();
        Self { id: dashboard.id, text, pipes, public: dashboard.public }
    }

    /// Whether somebody who reads these pipes may see it: all of its tiles, for
    /// its text tells of each. A scope that names a pipe by its id opens none,
    /// because tiles name theirs by the name.
    pub(super) fn is_for(&self, pipes: &BTreeSet<String>) -> bool {
        self.public || self.pipes.is_subset(pipes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(pipes: &[&str]) -> BTreeSet<String> {
        pipes.iter().map(|pipe| (*pipe).to_owned()).collect()
    }

    fn shelved(pipes: &BTreeSet<String>, public: bool) -> Shelved {
        Shelved { id: "one".to_owned(), text: String::new(), pipes: pipes.clone(), public }
    }

    #[test]
    fn a_dashboard_is_for_whoever_reads_all_of_its_pipes_by_their_names() {
        let both = set(&["kpis", "revenue"]);
        let is_for = |pipes: &[&str], public| shelved(&both, public).is_for(&set(pipes));
        assert!(is_for(&["kpis", "revenue", "trend"], false) && is_for(&[], true));
        for few in [&["kpis"][..], &["revenue"], &["t_1234", "t_5678"], &["t_1234", "kpis"], &[]] {
            assert!(!is_for(few, false), "{few:?}");
        }
    }

    proptest! {
        #[test]
        fn no_dashboard_tells_of_a_pipe_that_is_out_of_reach(
            asked in prop::collection::btree_set("[a-d]", 1..4), read in prop::collection::btree_set("[a-d]", 0..4),
        ) {
            prop_assert_eq!(shelved(&asked, false).is_for(&read), asked.iter().all(|pipe| read.contains(pipe)));
        }
    }
}
