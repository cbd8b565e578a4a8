//! A connection that came with the program: a company that builds its own package puts `bundled/connection.toml` and
//! `bundled/dashboards/` among its resources, and whoever installs it has nothing to open. A newer package's files take
//! the place of the older one's.

use std::fs;
use std::path::Path;

use crate::connections::Connections;
use crate::disk;
use crate::origin::Origin;
use crate::problem::Problem;

/// The connection file among the program's resources.
const FILE: &str = "connection.toml";

impl Connections {
    /// Opens the connection in `bundle`, if there is one and it is not what was opened before, as `remembered` tells.
    /// One that the viewer has removed stays away until a package brings another, and one that they opened from
    /// elsewhere stays as it is.
    pub(crate) fn open_bundled(&self, bundle: &Path, remembered: &Path) -> Result<bool, Problem> {
        let Ok(file) = std::path::absolute(bundle.join(FILE)) else { return Ok(false) };
        let (Ok(text), Some(origin)) = (fs::read(&file), Origin::written(&file)) else { return Ok(false) };
        let digest = disk::digest([text.as_slice(), &origin]);
        if fs::read_to_string(remembered).is_ok_and(|remembered| remembered == digest) {
            return Ok(false);
        }
        let (connection, _) = super::connections::read_connection(&file)?;
        let here = self.get(&connection.id());
        let is_elsewhere = here.is_some_and(|here| here.origin().is_none_or(|origin| origin.file != file));
        if !is_elsewhere {
            self.open(&file)?;
        }
        disk::write_whole(remembered, digest.as_bytes()).map_err(|error| Problem::file(remembered, &error))?;
        Ok(!is_elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::tests::put_down;

    #[test]
    fn a_bundle_is_opened_once_and_again_when_a_package_brings_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let (bundle, remembered) = (folder.path().join("bundled"), folder.path().join("data/bundled"));
        let connections = Connections::new(folder.path().join("connections"));
        let open = || connections.open_bundled(&bundle, &remembered);
        assert_eq!(open(), Ok(false), "most packages have none");

        let file = put_down(&bundle, &["a.toml"]);
        fs::rename(&file, bundle.join(FILE)).expect("renamed");
        assert_eq!(open(), Ok(true));
        assert_eq!(open(), Ok(false));

        let opened = connections.list().0.remove(0);
        connections.remove(&opened).expect("removed");
        assert_eq!(open(), Ok(false), "the viewer does not want it");

        fs::copy(bundle.join("dashboards/a.toml"), bundle.join("dashboards/b.toml")).expect("written");
        assert_eq!(open(), Ok(true), "a newer package");
        assert_eq!(connections.list().0[0].dashboards().len(), 2);

        let elsewhere = put_down(&folder.path().join("elsewhere"), &["mine.toml"]);
        connections.open(&elsewhere).expect("opened");
        fs::remove_file(bundle.join("dashboards/b.toml")).expect("removed");
        assert_eq!(open(), Ok(false), "what was opened by hand stays");
        assert_eq!(connections.list().0[0].dashboards()[0].id, "mine");
    }

    #[test]
    fn a_bundle_with_a_mistake_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = folder.path().join("bundled");
        fs::create_dir_all(&bundle).expect("a folder");
        fs::write(bundle.join(FILE), "version = 9").expect("written");
        let connections = Connections::new(folder.path().join("connections"));
        let problem = connections.open_bundled(&bundle, &folder.path().join("remembered")).expect_err("a mistake");
        assert_eq!(problem.code, "connection-invalid");
    }
}
