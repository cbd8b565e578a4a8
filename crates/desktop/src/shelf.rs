//! The connections that were opened on this machine, each a folder with its
//! `connection.toml` and, beside it, `dashboards/*.toml`: the operator's own
//! files, copied as they are.

use std::fs;
use std::path::{Path, PathBuf};

use perch_dashboard::Dashboard;
use perch_tenant::Connection;

use crate::disk;
use crate::problem::Problem;

const FILE: &str = "connection.toml";
const DASHBOARDS: &str = "dashboards";
/// Stands in the folder of a connection to the sandbox that Perch starts itself.
const DEMO_MARK: &str = "demo";

/// Where opened connections stand.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// A connection as it stands on the shelf.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Names it: [`Connection::id`].
    pub id: String,
    /// What its file says.
    pub connection: Connection,
    /// Whether it leads to the sandbox that Perch starts itself.
    pub demo: bool,
    folder: PathBuf,
}

/// A dashboard file: read, or what is wrong with it.
pub struct DashboardFile {
    /// The file's stem.
    pub id: String,
    /// The dashboard, or why there is none.
    pub dashboard: Result<Dashboard, Problem>,
}

impl Shelf {
    /// The shelf in a folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All connections, by name, and what could not be read.
    pub fn list(&self) -> (Vec<Shelved>, Vec<Problem>) {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for folder in entries(&self.folder) {
            let file = folder.join(FILE);
            if !file.is_file() {
                continue;
            }
            match read_connection(&file) {
                Ok(connection) => {
                    let demo = folder.join(DEMO_MARK).exists();
                    found.push(Shelved { id: connection.id(), connection, demo, folder });
                }
                Err(problem) => problems.push(problem),
            }
        }
        found.sort_by(|a, b| a.connection.name.cmp(&b.connection.name));
        (found, problems)
    }

    /// One connection.
    pub fn get(&self, id: &str) -> Option<Shelved> {
        self.list().0.into_iter().find(|shelved| shelved.id == id)
    }

    /// Opens a connection file: reads it, and copies it with the dashboards
    /// beside it. The same connection opened again replaces its files.
    pub fn open(&self, file: &Path) -> Result<Shelved, Problem> {
        let connection = read_connection(file)?;
        let text = disk::read_text(file).map_err(|error| Problem::file(file, &error))?;
        let mut dashboards = Vec::new();
        for path in entries(&file.with_file_name(DASHBOARDS)).into_iter().filter(|path| is_toml(path)) {
            let text = disk::read_text(&path).map_err(|error| Problem::file(&path, &error))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            dashboards.push((name, text));
        }
        let dashboards: Vec<_> = dashboards.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        self.put(connection, &text, &dashboards, false)
    }

    /// Puts the demo's connection on the shelf, with dashboards by id.
    pub fn open_demo(&self, text: &str, dashboards: &[(&str, &str)]) -> Result<Shelved, Problem> {
        let connection = Connection::parse(text).map_err(|error| Problem::connection(Path::new(FILE), &error))?;
        let files: Vec<_> = dashboards.iter().map(|(id, text)| (format!("{id}.toml"), *text)).collect();
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        self.put(connection, text, &files, true)
    }

    fn put(
        &self,
        connection: Connection,
        text: &str,
        dashboards: &[(&str, &str)],
        demo: bool,
    ) -> Result<Shelved, Problem> {
        let folder = self.folder.join(connection.id());
        let write = |path: PathBuf, text: &str| {
            disk::write_whole(&path, text.as_bytes()).map_err(|error| Problem::file(&path, &error))
        };
        remove_folder(&folder.join(DASHBOARDS))?;
        for (name, text) in dashboards {
            write(folder.join(DASHBOARDS).join(name), text)?;
        }
        if demo {
            write(folder.join(DEMO_MARK), "")?;
        }
        // Last, because a folder without this file is not a connection.
        write(folder.join(FILE), text)?;
        Ok(Shelved { id: connection.id(), connection, demo, folder })
    }

    /// Takes a connection and its dashboards off the shelf.
    pub fn remove(&self, shelved: &Shelved) -> Result<(), Problem> {
        remove_folder(&shelved.folder)
    }
}

impl Shelved {
    /// The dashboards beside the connection, in the order of their file names.
    pub fn dashboards(&self) -> Vec<DashboardFile> {
        let mut files: Vec<_> =
            entries(&self.folder.join(DASHBOARDS)).into_iter().filter(|path| is_toml(path)).collect();
        files.sort();
        files
            .into_iter()
            .map(|path| {
                let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                let dashboard = disk::read_text(&path).map_err(|error| Problem::file(&path, &error)).and_then(|text| {
                    Dashboard::parse(&id, &text).map_err(|problems| Problem::dashboard(&path, &problems))
                });
                DashboardFile { id, dashboard }
            })
            .collect()
    }
}

fn read_connection(file: &Path) -> Result<Connection, Problem> {
    let text = disk::read_text(file).map_err(|error| Problem::file(file, &error))?;
    Connection::parse(&text).map_err(|error| Problem::connection(file, &error))
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// What is in a folder; nothing where there is no folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default()
}

fn remove_folder(folder: &Path) -> Result<(), Problem> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Problem::file(folder, &error)),
        _ => Ok(()),
    }
}
