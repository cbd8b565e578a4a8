//! The dashboards that are served, and what is not because it has a mistake: a
//! tile, or the whole dashboard where the mistake stands around its tiles.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use perch_dashboard::{Dashboard, Finding, Problem, Source};

use crate::config_error::ConfigError;
use crate::files::Files;

/// A dashboard, as its file has it but for wrong tiles.
pub(crate) struct Shelved {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Which pipes its tiles and filters ask.
    pipes: BTreeSet<String>,
    /// Whether anyone may see it.
    public: bool,
}

/// The dashboards of a folder.
pub(super) struct Shelf {
    /// Those of which something is right: without their wrong tiles.
    pub(super) dashboards: Vec<Shelved>,
    /// What is to be put right in the others.
    pub(super) left_out: Vec<Finding>,
    /// What is to be put right in tiles, which their dashboards are served without.
    pub(super) tiles_left_out: Vec<Finding>,
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
        let connection = Source { name: "\0connection", bytes: connection.as_bytes() };
        let claims = Source { name: "\0template", bytes: template.as_bytes() };
        let findings = perch_dashboard::check(connection, Some(claims), &sources, now).findings;
        let template = findings.iter().find(|found| found.file == claims.name).map(|found| found.problem.clone());
        let (mut dashboards, mut left_out, mut tiles_left_out) = (Vec::new(), Vec::new(), Vec::new());
        for source in &sources {
            let found =
                findings.iter().filter(|finding| finding.file == source.name).map(|found| found.problem.clone());
            // What is wrong with the others is told of them.
            let again = |text: &str| {
                let cut = [Source { name: source.name, bytes: text.as_bytes() }];
                let findings = perch_dashboard::check(connection, Some(claims), &cut, now).findings;
                findings.into_iter().filter(|found| found.file == source.name).map(|found| found.problem).collect()
            };
            let (dashboard, problems) = shelved(source, found.collect(), again);
            let told = if dashboard.is_some() { &mut tiles_left_out } else { &mut left_out };
            told.extend(problems.into_iter().map(|problem| Finding { file: source.name.to_owned(), problem }));
            dashboards.extend(dashboard);
        }
        Ok(Self { dashboards, left_out, tiles_left_out, template })
    }
}

/// A dashboard without those of its tiles in which problems were `found`, and all
/// that is to be put right in it. What is left is judged again, until nothing is
/// wrong; none where a mistake stands around the tiles.
fn shelved(
    source: &Source<'_>,
    found: Vec<Problem>,
    judge: impl Fn(&str) -> Vec<Problem>,
) -> (Option<Shelved>, Vec<Problem>) {
    let id = Path::new(source.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let Ok(text) = str::from_utf8(source.bytes) else { return (None, found) };
    let mut text = text.to_owned();
    let (mut wrong, mut told) = (found.clone(), found);
    while !wrong.is_empty() {
        let Some(cut) = perch_dashboard::without_tiles_of(&text, &wrong) else { return (None, told) };
        text = cut;
        wrong = judge(&text);
        // Where it stands in what is left is no place in the file.
        told.extend(wrong.iter().map(|problem| Problem { line: 1, column: 1, ..problem.clone() }));
    }
    (Dashboard::parse(id, &text).ok().map(|dashboard| Shelved::new(dashboard, text)), told)
}

impl Shelved {
    fn new(dashboard: Dashboard, text: String) -> Self {
        let pipes = dashboard.asks().filter_map(|asks| asks.pipe.as_ref()).map(ToString::to_string).collect();
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
