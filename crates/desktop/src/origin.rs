//! Where a connection was opened from: the operator's own folder, on this machine, on a share, on a stick. What is
//! looked at is the copy, which stays when the original goes; when the original's dashboards change, they are copied
//! anew. The connection file itself is not: it says who may sign in and sign, and is opened by hand.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connections::{BEFORE, DASHBOARDS, EDITED, OWN, OpenedConnection, dashboard_files, read_dashboard};
use crate::disk;
use crate::problem::Problem;

/// Stands beside the copy.
pub(crate) const FILE: &str = "origin.json";

/// What is remembered of the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The connection file.
    pub(crate) file: PathBuf,
    /// The dashboards beside it as they were copied last. What was changed in the copy since stays until they change.
    dashboards: String,
}

/// Dashboard files by name, as they are.
type Dashboards = BTreeMap<OsString, Vec<u8>>;

impl Origin {
    /// The original of a connection file that is being opened, as it is written beside the copy; `None` for a path that
    /// no text can hold.
    pub(crate) fn written(file: &Path) -> Option<Vec<u8>> {
        let dashboards = digest(&read(&file.with_file_name(DASHBOARDS)).ok()?);
        serde_json::to_vec(&Self { file: std::path::absolute(file).ok()?, dashboards }).ok()
    }

    /// The folder of the original's dashboards.
    pub(crate) fn dashboards(&self) -> PathBuf {
        self.file.with_file_name(DASHBOARDS)
    }
}

impl OpenedConnection {
    /// Where it was opened from.
    pub(crate) fn origin(&self) -> Option<Origin> {
        let text = disk::read_text(&self.folder.join(FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// What changes when one of its dashboards does.
    pub(crate) fn fingerprint(&self) -> String {
        read(&self.folder.join(DASHBOARDS)).map(|dashboards| digest(&dashboards)).unwrap_or_default()
    }

    /// Copies the original's dashboards anew where they have changed; whether they had. An original that is not there
    /// (any more), or cannot be read, leaves the copy as it is.
    pub(crate) fn copy_anew(&self) -> Result<bool, Problem> {
        let Some(origin) = self.origin() else { return Ok(false) };
        if !origin.file.is_file() || !origin.dashboards().is_dir() {
            return Ok(false);
        }
        let Ok(theirs) = read(&origin.dashboards()) else { return Ok(false) };
        let digest = digest(&theirs);
        if digest == origin.dashboards {
            return Ok(false);
        }
        let ours = self.folder.join(DASHBOARDS);
        let write =
            |path: PathBuf, bytes: &[u8]| disk::write_whole(&path, bytes).map_err(|error| Problem::file(&path, &error));
        for path in dashboard_files(&ours) {
            Self::put_edited_aside(&path, &theirs)?;
        }
        for (name, bytes) in &theirs {
            write(ours.join(name), bytes)?;
        }
        for path in dashboard_files(&ours) {
            if path.file_name().is_some_and(|name| !theirs.contains_key(name)) && !is_own(&path) {
                fs::remove_file(&path).map_err(|error| Problem::file(&path, &error))?;
            }
        }
        // Last: what was not copied whole is copied again.
        let remembered = serde_json::to_vec(&Origin { dashboards: digest, ..origin }).unwrap_or_default();
        write(self.folder.join(FILE), &remembered)?;
        Ok(true)
    }

    /// What was saved in the app stays beside the operator's file that takes its place.
    fn put_edited_aside(path: &Path, theirs: &Dashboards) -> Result<(), Problem> {
        let is_theirs = path.file_name().is_some_and(|name| theirs.contains_key(name));
        if is_own(path) && !is_theirs {
            return Ok(());
        }
        let marks = [OWN, EDITED].map(|mark| path.with_added_extension(mark));
        let marks: Vec<_> = marks.into_iter().filter(|mark| mark.exists()).collect();
        let aside = || {
            let edited = read_dashboard(path)?;
            if path.file_name().and_then(|name| theirs.get(name)) != Some(&edited) {
                disk::write_whole(&path.with_added_extension(BEFORE), &edited)?;
            }
            // One that stayed would have the operator's own file put aside the next time.
            marks.iter().try_for_each(fs::remove_file)
        };
        if marks.is_empty() { Ok(()) } else { aside().map_err(|error| Problem::file(path, &error)) }
    }
}

/// Whether a dashboard was made in the app. The operator's files come and go beside it.
fn is_own(path: &Path) -> bool {
    path.with_added_extension(OWN).exists()
}

fn read(folder: &Path) -> io::Result<Dashboards> {
    let read = |path: PathBuf| Ok((path.file_name().unwrap_or_default().to_owned(), read_dashboard(&path)?));
    dashboard_files(folder).into_iter().map(read).collect()
}

fn digest(dashboards: &Dashboards) -> String {
    disk::digest(dashboards.iter().flat_map(|(name, bytes)| [name.as_encoded_bytes(), bytes]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::tests::put_down;
    use crate::connections::{Connections, mark_edited};

    fn names(opened: &OpenedConnection) -> Vec<String> {
        opened.dashboards().into_iter().map(|file| file.id).collect()
    }

    #[test]
    fn what_changes_beside_the_original_is_copied_and_what_vanishes_with_it_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let original = folder.path().join("stick");
        let file = put_down(&original, &["a.toml", "b.toml"]);
        let opened = Connections::new(folder.path().join("connections")).open(&file).expect("opened");
        assert_eq!(opened.copy_anew(), Ok(false), "nothing has changed");
        let before = opened.fingerprint();

        fs::remove_file(original.join("dashboards/b.toml")).expect("removed");
        fs::write(original.join("dashboards/c.toml"), "title = \"half").expect("written");
        assert_eq!(opened.copy_anew(), Ok(true));
        assert_eq!(names(&opened), ["a", "c"]);
        assert_ne!(opened.fingerprint(), before);
        assert_eq!(opened.copy_anew(), Ok(false));

        fs::remove_dir_all(&original).expect("pulled out");
        assert_eq!(opened.copy_anew(), Ok(false));
        assert_eq!(names(&opened), ["a", "c"]);
    }

    #[test]
    fn what_was_changed_in_the_copy_stays_until_the_original_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = put_down(&folder.path().join("original"), &["a.toml"]);
        let opened = Connections::new(folder.path().join("connections")).open(&file).expect("opened");
        fs::write(opened.folder.join("dashboards/mine.toml"), "mine").expect("written");
        assert_eq!(opened.copy_anew(), Ok(false));
        assert_eq!(names(&opened), ["a", "mine"]);
        let ours = opened.folder.join("dashboards/a.toml");
        fs::write(&ours, "arranged in the app").expect("written");
        mark_edited(&ours).expect("marked");
        fs::write(file.with_file_name("dashboards").join("a.toml"), "new").expect("written");
        assert_eq!(opened.copy_anew(), Ok(true));
        assert_eq!(names(&opened), ["a"]);
        let aside = ours.with_added_extension(BEFORE);
        assert_eq!(fs::read_to_string(aside).expect("put aside"), "arranged in the app");
    }

    #[test]
    fn what_was_made_in_the_app_stays_when_the_original_changes_or_is_opened_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = put_down(&folder.path().join("original"), &["a.toml"]);
        let connections = Connections::new(folder.path().join("connections"));
        let opened = connections.open(&file).expect("opened");
        let mine = opened.folder.join("dashboards/mine.toml");
        fs::write(mine.with_added_extension(OWN), "").expect("marked");
        fs::write(&mine, "mine").expect("written");
        let theirs = |name: &str, text: &str| {
            fs::write(file.with_file_name("dashboards").join(name), text).expect("written");
        };
        theirs("b.toml", "new");
        assert_eq!(opened.copy_anew(), Ok(true));
        assert_eq!(names(&opened), ["a", "b", "mine"]);
        let opened = connections.open(&file).expect("opened again");
        assert_eq!(names(&opened), ["a", "b", "mine"]);
        assert_eq!(fs::read_to_string(&mine).expect("there"), "mine");

        mark_edited(&mine).expect("marked");
        theirs("mine.toml", "the operator's");
        assert_eq!(opened.copy_anew(), Ok(true));
        assert_eq!(fs::read_to_string(&mine).expect("there"), "the operator's");
        assert_eq!(fs::read_to_string(mine.with_added_extension(BEFORE)).expect("put aside"), "mine");
        assert!(!is_own(&mine));

        theirs("mine.toml", "the operator's second");
        assert_eq!(opened.copy_anew(), Ok(true));
        assert_eq!(fs::read_to_string(&mine).expect("there"), "the operator's second");
        assert_eq!(fs::read_to_string(mine.with_added_extension(BEFORE)).expect("still aside"), "mine");
    }
}
