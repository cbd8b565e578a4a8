//! The connections that were opened on this machine, each a folder with its
//! `connection.toml` and, beside it, `dashboards/*.toml`: the operator's own
//! files, copied as they are.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perch_dashboard::{Dashboard, MOST_BYTES, Problem as Mistake, Reading, WrongTile};
use perch_tenant::Connection;

use crate::disk;
use crate::origin::{self, Origin};
use crate::problem::Problem;

const FILE: &str = "connection.toml";
pub(crate) const DASHBOARDS: &str = "dashboards";
/// Ends the name of an empty file beside a dashboard that was saved in the app.
pub(crate) const EDITED: &str = "edited";
/// Ends the name of an empty file beside a dashboard that was made in the app: the
/// operator has none of this name.
pub(crate) const OWN: &str = "own";
/// Ends the name of what was saved in the app before the operator's file came again.
pub(crate) const BEFORE: &str = "before";
/// Stands in the folder of a connection to the sandbox that Perch starts itself.
const DEMO_MARK: &str = "demo";
/// More dashboards than a menu can hold.
pub(crate) const MOST_DASHBOARDS: usize = 200;

/// The folder of opened connections.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    folder: PathBuf,
    turn: Arc<Mutex<()>>,
}

/// A connection that was opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenedConnection {
    /// Names it: [`Connection::id`].
    pub(crate) id: String,
    /// What its file says.
    pub(crate) connection: Connection,
    /// Whether it leads to the sandbox that Perch starts itself.
    pub(crate) demo: bool,
    pub(crate) folder: PathBuf,
}

/// A dashboard file: what could be read of it, and what is wrong with the rest.
pub(crate) struct DashboardFile {
    /// The file's stem; the whole name where another file has that stem.
    pub(crate) id: String,
    /// The file's name.
    pub(crate) name: String,
    /// The dashboard with its whole tiles, or why there is none.
    pub(crate) dashboard: Result<Dashboard, Problem>,
    /// Its other tiles.
    pub(crate) wrong: Vec<WrongTile>,
    /// What is to be put right around the tiles.
    pub(crate) mistakes: Vec<Mistake>,
}

impl DashboardFile {
    /// Reads a file that was found under a name.
    pub(crate) fn read(id: &str, name: &str, bytes: &[u8]) -> Self {
        let Reading { dashboard, wrong, problems } = Dashboard::read_bytes(id, bytes);
        let dashboard = dashboard.ok_or_else(|| Problem::dashboard(Path::new(name), &problems));
        let is_in_a_tile = |mistake: &Mistake| wrong.iter().any(|tile| tile.problems.contains(mistake));
        let mistakes = problems.into_iter().filter(|mistake| !is_in_a_tile(mistake)).collect();
        Self { id: id.to_owned(), name: name.to_owned(), dashboard, wrong, mistakes }
    }

    /// One of which nothing can be shown.
    fn refused(id: &str, name: &str, problem: Problem) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, dashboard: Err(problem), wrong: Vec::new(), mistakes: Vec::new() }
    }
}

/// Files to put down together: names within the folder, and what they hold.
type Files = Vec<(PathBuf, Vec<u8>)>;

impl Connections {
    /// The connections in a folder, which need not exist yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, turn: Arc::default() }
    }

    /// Held while files of connections are read or written together, so that
    /// nobody comes upon half of them: files are followed while others are opened.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        // It guards what is on the disk, which no panic here leaves in a worse state than a crash.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All connections, by name, and what could not be read.
    pub(crate) fn list(&self) -> (Vec<OpenedConnection>, Vec<Problem>) {
        let _turn = self.turn();
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for folder in entries(&self.folder) {
            let file = folder.join(FILE);
            if !file.is_file() {
                continue;
            }
            match read_connection(&file) {
                Ok((connection, _)) => {
                    let demo = folder.join(DEMO_MARK).exists();
                    found.push(OpenedConnection { id: connection.id(), connection, demo, folder });
                }
                Err(problem) => problems.push(problem),
            }
        }
        found.sort_by(|a, b| a.connection.name.cmp(&b.connection.name));
        (found, problems)
    }

    /// One connection.
    pub(crate) fn get(&self, id: &str) -> Option<OpenedConnection> {
        self.list().0.into_iter().find(|opened| opened.id == id)
    }

    /// Opens a connection file: reads it, and copies it with the dashboards
    /// beside it. The same connection opened again replaces its files.
    pub(crate) fn open(&self, file: &Path) -> Result<OpenedConnection, Problem> {
        let (connection, text) = read_connection(file)?;
        let mut files = vec![(PathBuf::from(FILE), text.into_bytes())];
        for path in dashboard_files(&file.with_file_name(DASHBOARDS)) {
            // As it is: one that is no text is told in its place, and takes no other from the screen.
            let bytes = read_dashboard(&path).map_err(|error| Problem::file(&path, &error))?;
            files.push((Path::new(DASHBOARDS).join(path.file_name().unwrap_or_default()), bytes));
        }
        files.extend(Origin::written(file).map(|origin| (PathBuf::from(origin::FILE), origin)));
        self.put(connection, files, false)
    }

    /// Opens the demo's connection, with dashboards by id.
    pub(crate) fn open_demo(&self, text: &str, dashboards: &[(&str, &str)]) -> Result<OpenedConnection, Problem> {
        let connection = Connection::parse(text).map_err(|error| Problem::connection(Path::new(FILE), &error))?;
        let mut files = vec![(PathBuf::from(FILE), text.into()), (PathBuf::from(DEMO_MARK), Vec::new())];
        for (id, text) in dashboards {
            files.push((Path::new(DASHBOARDS).join(id).with_extension("toml"), (*text).into()));
        }
        self.put(connection, files, true)
    }

    /// Writes all files into a new folder, which then takes the old one's place:
    /// a full disk leaves the old one as it was.
    fn put(&self, connection: Connection, mut files: Files, demo: bool) -> Result<OpenedConnection, Problem> {
        let folder = self.folder.join(connection.id());
        let new = self.folder.join(format!("{}.new", connection.id()));
        let _turn = self.turn();
        remove_folder(&new)?;
        keep_edited(&folder, &mut files, demo)?;
        for (name, bytes) in files {
            let path = new.join(name);
            disk::write_whole(&path, &bytes).map_err(|error| Problem::file(&path, &error))?;
        }
        remove_folder(&folder)?;
        fs::rename(&new, &folder).map_err(|error| Problem::file(&folder, &error))?;
        Ok(OpenedConnection { id: connection.id(), connection, demo, folder })
    }

    /// Writes another text in the place of a connection's file, beside the
    /// dashboards that are there.
    pub(crate) fn replace(&self, opened: &OpenedConnection, text: &str) -> Result<(), Problem> {
        let file = opened.folder.join(FILE);
        let _turn = self.turn();
        disk::write_whole(&file, text.as_bytes()).map_err(|error| Problem::file(&file, &error))
    }

    /// Removes a connection and its dashboards.
    pub(crate) fn remove(&self, opened: &OpenedConnection) -> Result<(), Problem> {
        let _turn = self.turn();
        remove_folder(&opened.folder)
    }

    /// Copies the dashboards of a connection's original anew
    /// ([`OpenedConnection::copy_anew`]).
    pub(crate) fn copy_anew(&self, opened: &OpenedConnection) -> Result<bool, Problem> {
        let _turn = self.turn();
        opened.copy_anew()
    }
}

impl OpenedConnection {
    /// The file of a dashboard that stands beside the connection.
    pub(crate) fn dashboard_file(&self, id: &str) -> Option<PathBuf> {
        let mut files = dashboard_files(&self.folder.join(DASHBOARDS)).into_iter();
        files.find(|path| path.file_stem().is_some_and(|stem| stem.to_string_lossy() == id))
    }

    /// The dashboards beside the connection, in the order of their file names.
    pub(crate) fn dashboards(&self) -> Vec<DashboardFile> {
        let mut names: HashMap<String, String> = HashMap::new();
        let read = |path: PathBuf| {
            let text = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
            let (id, name) = (text(path.file_stem()), text(path.file_name()));
            // `a.toml` and `a.TOML` have one id.
            if let Some(other) = names.get(&id) {
                return DashboardFile::refused(&name, &name, Problem::two_of_one_name(&name, other));
            }
            names.insert(id.clone(), name.clone());
            match read_dashboard(&path) {
                Ok(bytes) => DashboardFile::read(&id, &name, &bytes),
                Err(error) => DashboardFile::refused(&id, &name, Problem::file(&path, &error)),
            }
        };
        dashboard_files(&self.dashboards_folder()).into_iter().map(read).collect()
    }

    /// Where they are.
    pub(crate) fn dashboards_folder(&self) -> PathBuf {
        self.folder.join(DASHBOARDS)
    }
}

/// What a dashboard's file holds. Of one that is too large, enough to say so.
pub(crate) fn read_dashboard(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn read_connection(file: &Path) -> Result<(Connection, String), Problem> {
    let text = disk::read_text(file).map_err(|error| Problem::file(file, &error))?;
    let connection = Connection::parse(&text).map_err(|error| Problem::connection(file, &error))?;
    Ok((connection, text))
}

/// Remembers that a dashboard's file was saved in the app.
pub(crate) fn mark_edited(file: &Path) -> io::Result<()> {
    disk::write_whole(&file.with_added_extension(EDITED), b"")
}

/// Carries over what was saved in the app when a connection's files are put down
/// again: what was made in the app as it is; what was changed into the demo, whose
/// own dashboards are only a beginning, and beside the operator's file where that
/// is another now.
fn keep_edited(folder: &Path, files: &mut Files, demo: bool) -> Result<(), Problem> {
    for path in dashboard_files(&folder.join(DASHBOARDS)) {
        let is_own = path.with_added_extension(OWN).exists();
        if !is_own && !path.with_added_extension(EDITED).exists() {
            continue;
        }
        let edited = read_dashboard(&path).map_err(|error| Problem::file(&path, &error))?;
        let name = Path::new(DASHBOARDS).join(path.file_name().unwrap_or_default());
        let place = files.iter().position(|(other, _)| *other == name);
        if place.is_some_and(|place| files[place].1 == edited) {
            continue;
        }
        if is_own && place.is_none() {
            files.push((name.with_added_extension(OWN), Vec::new()));
            files.push((name, edited));
            continue;
        }
        if !demo {
            files.push((name.with_added_extension(BEFORE), edited));
            continue;
        }
        files.push((name.with_added_extension(EDITED), Vec::new()));
        match place {
            Some(place) => files[place].1 = edited,
            None => files.push((name, edited)),
        }
    }
    Ok(())
}

/// The dashboard files in a folder, by name.
pub(crate) fn dashboard_files(folder: &Path) -> Vec<PathBuf> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    // Opening a pipe would wait for somebody to write to it.
    let mut files: Vec<_> = entries(folder).into_iter().filter(is_toml).filter(|path| path.is_file()).collect();
    files.sort();
    files.truncate(MOST_DASHBOARDS);
    files
}

/// What is in a folder; nothing where there is no folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn remove_folder(folder: &Path) -> Result<(), Problem> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Problem::file(folder, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const CONNECTION: &str = r#"
version = 1
name = "Acme"
[clerk]
issuer = "https://clerk.acme.example"
client_id = "client"
[tinybird]
host = "https://api.tinybird.co"
workspace_id = "workspace"
[token]
source = "mint"
template = "{}"
bind = { org_id = "org.id" }
"#;

    const DASHBOARD: &str = r#"
version = 1
title = "Visits"
[[tile]]
title = "Visits"
pipe = "visits"
[tile.chart]
kind = "table"
"#;

    pub(crate) fn put_down(folder: &Path, dashboards: &[&str]) -> PathBuf {
        fs::create_dir_all(folder.join(DASHBOARDS)).expect("a folder");
        for name in dashboards {
            fs::write(folder.join(DASHBOARDS).join(name), DASHBOARD).expect("written");
        }
        let file = folder.join("acme.toml");
        fs::write(&file, CONNECTION).expect("written");
        file
    }

    fn ids(opened: &OpenedConnection) -> Vec<String> {
        opened.dashboards().into_iter().map(|file| file.id).collect()
    }

    #[test]
    fn opening_a_connection_again_replaces_its_dashboards() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let first = put_down(&folder.path().join("first"), &["b.toml", "a.toml", "notes.txt"]);
        assert_eq!(ids(&connections.open(&first).expect("opened")), ["a", "b"]);
        let second = put_down(&folder.path().join("second"), &["c.toml"]);
        connections.open(&second).expect("opened again");
        let (list, problems) = connections.list();
        assert_eq!(problems, []);
        assert_eq!(list.iter().map(ids).collect::<Vec<_>>(), [["c"]]);
    }

    #[test]
    fn what_was_saved_in_the_app_is_not_lost_when_the_files_come_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let edited = DASHBOARD.replace("\"Visits\"", "\"Mine\"");
        let edit = |opened: &OpenedConnection, name: &str| {
            let file = opened.dashboard_file(name).expect("a file");
            fs::write(&file, &edited).expect("written");
            mark_edited(&file).expect("marked");
        };
        let file = put_down(folder.path(), &["a.toml", "b.toml"]);
        edit(&connections.open(&file).expect("opened"), "a");
        let again = connections.open(&file).expect("opened again");
        let text = |name: &str| fs::read_to_string(again.folder.join(DASHBOARDS).join(name)).expect(name);
        assert_eq!((text("a.toml"), text("a.toml.before")), (DASHBOARD.to_owned(), edited.clone()));
        assert_eq!(ids(&again), ["a", "b"]);

        let demo = || connections.open_demo(CONNECTION, &[("a", DASHBOARD), ("b", DASHBOARD)]).expect("the demo");
        edit(&demo(), "b");
        for _ in 0..2 {
            let text = |name: &str| fs::read_to_string(demo().folder.join(DASHBOARDS).join(name)).expect(name);
            assert_eq!((text("a.toml"), text("b.toml")), (DASHBOARD.to_owned(), edited.clone()));
        }
    }

    #[test]
    fn files_that_are_followed_while_they_are_opened_again_are_never_half_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let file = put_down(folder.path(), &["a.toml", "b.toml"]);
        let opened = connections.open(&file).expect("opened");
        std::thread::scope(|scope| {
            let opens = scope.spawn(|| {
                for round in 0..100 {
                    let changed = DASHBOARD.replace("\"Visits\"", &format!("\"{round}\""));
                    fs::write(folder.path().join("dashboards/a.toml"), changed).expect("written");
                    connections.open(&file).expect("opened again");
                }
            });
            while !opens.is_finished() {
                connections.copy_anew(&opened).expect("copied");
                let (list, problems) = connections.list();
                assert_eq!((list.len(), problems), (1, Vec::new()));
            }
        });
    }

    #[test]
    fn a_connection_with_a_mistake_is_refused_and_the_old_one_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let file = put_down(folder.path(), &["a.toml"]);
        connections.open(&file).expect("opened");
        fs::write(&file, CONNECTION.replace("version = 1", "version = 9")).expect("written");
        let problem = connections.open(&file).expect_err("refused");
        assert_eq!(problem.code, "connection-invalid");
        assert!(problem.message.contains("acme.toml:2:"), "{}", problem.message);
        assert_eq!(connections.list().0.len(), 1);
    }

    #[test]
    fn a_dashboard_with_a_mistake_is_listed_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let file = put_down(folder.path(), &["a.toml"]);
        fs::write(folder.path().join("dashboards/b.toml"), "version = 1\ntitel = \"B\"\n").expect("written");
        let opened = connections.open(&file).expect("opened");
        let broken: Vec<_> = opened.dashboards().into_iter().filter_map(|file| file.dashboard.err()).collect();
        assert_eq!(broken.len(), 1);
        assert!(broken[0].message.contains("b.toml:"), "{}", broken[0].message);
    }

    #[test]
    fn a_dashboard_that_cannot_be_read_takes_no_other_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let connections = Connections::new(folder.path().join("connections"));
        let file = put_down(folder.path(), &["a.toml", "web.TOML", "web.toml"]);
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join("dashboards").join(name), bytes).expect("written");
        };
        write("no-text.toml", b"version = 2\ntitle = \"\xff\"");
        write("large.toml", &vec![b'#'; MOST_BYTES + 10]);
        write("windows.toml", format!("\u{feff}{}", DASHBOARD.replace('\n', "\r\n")).as_bytes());
        fs::create_dir(folder.path().join("dashboards/folder.toml")).expect("a folder");
        let read = connections.open(&file).expect("opened").dashboards();
        let told = read.iter().map(|file| (file.id.as_str(), file.dashboard.as_ref().err())).map(|(id, problem)| {
            format!("{id}: {}", problem.map_or_else(String::new, |problem| problem.message.clone()))
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                "a: ",
                "large: large.toml:1:1: this file is larger than the 4 MB that a dashboard may have; move some tiles to another file.",
                "no-text: no-text.toml:2:10: this is not text in UTF-8; save the file as UTF-8.",
                "web: ",
                "web.toml: Another file, web.TOML, has the same name as web.toml.",
                "windows: ",
            ]
        );
    }
}
