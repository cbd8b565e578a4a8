//! The store on a disk that is full or may not be written, and beside another
//! process. A test lives in a process of its own, on a small file system that
//! only that process sees; where no file system may be mounted, the system's
//! limit of a file's size takes the place of a full disk. Each test says which
//! way it took.
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use common::{SOURCE, file, key, noise, noon, open, question, tenant};
use perch_offline::{Closed, Shown, Store, StoreError};
use perch_tenant::OfflinePolicy;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const FOLDER: &str = "PERCH_DISK_FOLDER";
const WAY: &str = "PERCH_DISK_WAY";

/// How the disk is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A file system of 2 MB, mounted by root in a mount namespace.
    Mounted,
    /// The same in a user namespace too.
    MountedAsNobody,
    /// No file may be longer than it is.
    FileSize,
}

impl Way {
    const ALL: [Self; 3] = [Self::Mounted, Self::MountedAsNobody, Self::FileSize];

    /// The command that runs what stands after it on such a disk in `folder`.
    fn command(self, folder: &Path) -> Command {
        let mut command = match self {
            Self::Mounted => Command::new("unshare"),
            Self::MountedAsNobody => Command::new("unshare"),
            Self::FileSize => Command::new("sh"),
        };
        const MOUNT: &str = "mount -t tmpfs -o size=2m,mode=0700 tmpfs \"$0\" && exec \"$@\"";
        match self {
            Self::Mounted => command.args(["--mount", "sh", "-c", MOUNT]),
            Self::MountedAsNobody => command.args(["--mount", "--map-root-user", "sh", "-c", MOUNT]),
            // A write beyond the limit fails, and does not end the process.
            Self::FileSize => command.args(["-c", "trap '' XFSZ; exec \"$@\""]),
        };
        command.arg(folder);
        command
    }

    fn works(self, folder: &Path) -> bool {
        self.command(folder).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// Runs `test`, which is named so, on a small disk. Answers at once in the
/// process that only starts the other.
fn on_a_small_disk(name: &str, test: impl FnOnce(Way, &Path)) {
    if let Ok(way) = env::var(WAY) {
        let way = *Way::ALL.iter().find(|known| format!("{known:?}") == way).expect("a way");
        return test(way, Path::new(&env::var(FOLDER).expect("a folder")));
    }
    let outer = tempfile::tempdir().expect("a folder");
    let way = *Way::ALL.iter().find(|way| way.works(outer.path())).expect("one of the ways");
    eprintln!("{name}: the disk is small by {way:?}");
    let status = way
        .command(outer.path())
        .arg(env::current_exe().expect("this test"))
        .args(["--exact", name, "--nocapture"])
        .env(WAY, format!("{way:?}"))
        .env(FOLDER, outer.path())
        .status()
        .expect("a run");
    assert!(status.success(), "{status}");
}

/// Takes all room that is left, until it is dropped.
enum Full {
    Ballast(PathBuf),
    Limit(Rlimit),
}

impl Full {
    fn make(way: Way, folder: &Path) -> Self {
        if way == Way::FileSize {
            let former = getrlimit(Resource::Fsize);
            let longest = fs::read_dir(folder)
                .expect("a folder")
                .map(|entry| entry.expect("an entry").metadata().expect("a file").len())
                .max();
            setrlimit(Resource::Fsize, Rlimit { current: longest, ..former }).expect("a limit");
            return Self::Limit(former);
        }
        let path = folder.join("ballast");
        let mut size = 1 << 20;
        let mut ballast = fs::File::create(&path).expect("a file");
        while size > 0 {
            // By pieces that halve, so that the last page is taken too.
            if ballast.write_all(&vec![1; size]).is_err() {
                size /= 2;
            }
        }
        Self::Ballast(path)
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        match self {
            Self::Ballast(path) => fs::remove_file(path).expect("room"),
            Self::Limit(former) => setrlimit(Resource::Fsize, *former).expect("no limit"),
        }
    }
}

fn put(store: &Store, number: u32) -> Result<(), StoreError> {
    store.put(&question(&format!("pipe{number}")), &noise(number, 20_000), noon(), SOURCE)
}

fn assert_whole(store: &Store, acknowledged: &[u32]) {
    for number in acknowledged {
        let seen = store.get(&question(&format!("pipe{number}"))).expect("a read").expect("an answer");
        assert_eq!(seen.answer, noise(*number, 20_000), "answer {number}");
    }
}

#[test]
fn on_a_full_disk_nothing_acknowledged_is_lost_and_with_room_again_it_goes_on() {
    on_a_small_disk("on_a_full_disk_nothing_acknowledged_is_lost_and_with_room_again_it_goes_on", |way, folder| {
        let dir = folder.join("stores");
        let store = open(&dir, 'a');
        let mut acknowledged: Vec<u32> = (0..20).filter(|number| put(&store, *number).is_ok()).collect();
        assert_eq!(acknowledged.len(), 20);
        let full = Full::make(way, if way == Way::FileSize { &dir } else { folder });
        let mut refused = Vec::new();
        for number in 20..200 {
            match put(&store, number) {
                Ok(()) => acknowledged.push(number),
                Err(error) => refused.push(error),
            }
        }
        assert!(refused.len() > 100, "{}: the disk was never full", refused.len());
        if way != Way::FileSize {
            assert!(refused.iter().all(|error| matches!(error, StoreError::Full)), "{refused:?}");
        }
        assert_whole(&store, &acknowledged);
        assert_eq!(store.take_notice(), None, "a full disk is no damage");
        drop(full);

        put(&store, 500).expect("it goes on by itself");
        acknowledged.push(500);
        assert_whole(&store, &acknowledged);
        drop(store);
        assert_whole(&open(&dir, 'a'), &acknowledged);
    });
}

#[test]
fn a_full_disk_at_the_start_is_told_as_such_and_nothing_is_lost() {
    on_a_small_disk("a_full_disk_at_the_start_is_told_as_such_and_nothing_is_lost", |way, folder| {
        let dir = folder.join("stores");
        let store = open(&dir, 'a');
        for number in 0..20 {
            put(&store, number).expect("a write");
        }
        drop(store);
        let acknowledged: Vec<u32> = (0..20).collect();
        let full = Full::make(way, if way == Way::FileSize { &dir } else { folder });
        let opened = Store::open(&dir, &tenant('a'), &key('a')).expect("what is there can be read");
        assert_eq!(opened.notice, None, "a full disk is no damage");
        assert_whole(&opened.store, &acknowledged);
        if way != Way::FileSize {
            assert!(matches!(opened.unwritable, Some(StoreError::Full | StoreError::Disk { .. })), "{opened:?}");
            assert!(put(&opened.store, 400).is_err(), "there is no room");
        }
        // A tenant that was never here has no file yet.
        let begun = Store::open(&dir, &tenant('b'), &key('b'))
            .and_then(|opened| opened.store.put(&question("kpis"), &noise(1, 500_000), noon(), SOURCE));
        let refused = begun.expect_err("no room");
        assert!(matches!(refused, StoreError::Full | StoreError::Disk { .. }), "{refused:?}");
        drop(full);
        put(&opened.store, 450).expect("it goes on by itself");
        drop(opened);
        assert_whole(&open(&dir, 'a'), &[acknowledged.as_slice(), &[450]].concat());
        put(&open(&dir, 'a'), 500).expect("a write");
    });
}

#[test]
fn offline_goes_on_and_has_its_end_while_the_disk_takes_no_note_of_the_clock() {
    on_a_small_disk("offline_goes_on_and_has_its_end_while_the_disk_takes_no_note_of_the_clock", |way, folder| {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let dir = folder.join("stores");
        let store = open(&dir, 'a');
        put(&store, 1).expect("a write");
        store.confirm(noon()).expect("a write");
        drop(store);
        let store = open(&dir, 'a');
        let full = Full::make(way, if way == Way::FileSize { &dir } else { folder });
        let week = OfflinePolicy { days: 7, ..OfflinePolicy::default() };
        let shown = |store: &Store, now| store.may_show(now, week).expect("a decision");
        if way != Way::FileSize {
            store.note("full", "no").expect_err("no note is taken");
        }
        assert_eq!(shown(&store, noon() + 6 * DAY), Shown::Yes { remaining: DAY });
        assert_eq!(shown(&store, noon() + DAY), Shown::Yes { remaining: DAY }, "set back five days");
        assert_eq!(shown(&store, noon() + 2 * DAY), Shown::No(Closed::Over));
        drop(full);
        assert_eq!(shown(&store, noon() + 3 * DAY), Shown::No(Closed::Over), "and then it is written");
        drop(store);
        assert_eq!(shown(&open(&dir, 'a'), noon() + 3 * DAY), Shown::No(Closed::Over));
    });
}

#[test]
fn a_note_that_the_disk_does_not_take_holds_for_the_visit_and_is_written_when_there_is_room() {
    on_a_small_disk(
        "a_note_that_the_disk_does_not_take_holds_for_the_visit_and_is_written_when_there_is_room",
        |way, folder| {
            if way == Way::FileSize {
                // There is room left within the file.
                return;
            }
            let dir = folder.join("stores");
            let store = open(&dir, 'a');
            store.note("range", "7d").expect("a write");
            put(&store, 1).expect("a write");
            drop(store);
            let noted = |store: &Store, key| store.noted(key).expect("a read");
            let full = Full::make(way, folder);
            let store = Store::open(&dir, &tenant('a'), &key('a')).expect("what is there can be read").store;
            store.note("range", "30d").expect_err("no room");
            store.note("filters", "{}").expect_err("no room");
            assert_eq!((noted(&store, "range"), noted(&store, "filters")), (Some("30d".into()), Some("{}".into())));
            drop(full);
            drop(store);
            assert_eq!(noted(&open(&dir, 'a'), "range").as_deref(), Some("30d"), "written at the end");

            let store = open(&dir, 'a');
            let full = Full::make(way, folder);
            store.note("range", "90d").expect_err("no room");
            drop(full);
            store.note("comparison", "year").expect("a write");
            assert_eq!(noted(&open(&dir, 'a'), "range").as_deref(), Some("90d"), "or with the next one");
            drop(store);

            let store = open(&dir, 'a');
            let full = Full::make(way, folder);
            store.note("range", "today").expect_err("no room");
            store.close();
            store.noted("range").expect_err("closed");
            drop(full);
        },
    );
}

#[test]
fn a_disk_that_may_not_be_written_is_told_read_and_loses_nothing() {
    on_a_small_disk("a_disk_that_may_not_be_written_is_told_read_and_loses_nothing", |way, folder| {
        let dir = folder.join("stores");
        let store = open(&dir, 'a');
        put(&store, 1).expect("a write");
        drop(store);
        let remount = |how: &str| {
            let option = format!("remount,{how}");
            let status = Command::new("mount").args(["-o", &option]).arg(folder).status().expect("mount");
            assert!(status.success(), "{option}");
        };
        if way == Way::FileSize {
            // What no mount can refuse, a file in the folder's place does.
            let error = Store::open(&file(&dir, 'a'), &tenant('a'), &key('a')).expect_err("refused");
            assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
        } else {
            remount("ro");
            let opened = Store::open(&dir, &tenant('a'), &key('a')).expect("what is there can be read");
            let error = opened.unwritable.as_ref().expect("a reason");
            assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
            assert!(error.to_string().contains(&dir.display().to_string()), "{error}");
            assert_whole(&opened.store, &[1]);
            assert!(put(&opened.store, 2).is_err(), "nothing is kept");
            drop(opened);
            let nobody = Store::open(&dir, &tenant('b'), &key('b')).expect_err("nothing is there");
            assert!(matches!(nobody, StoreError::Folder { .. }), "{nobody:?}");
            let another = Store::open(&dir, &tenant('a'), &key('b')).expect_err("another key opens nothing");
            assert!(matches!(another, StoreError::Folder { .. }), "{another:?}");
            remount("rw");
        }
        assert_whole(&open(&dir, 'a'), &[1]);
    });
}

fn say(line: &str) {
    // After what the test's own frame has written to this line.
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).expect("said");
}

/// The other process of `two_processes_keep_answers_in_one_file`: it says so
/// when it has opened the store, and when it has written all.
const OTHER: &str = "PERCH_DISK_OTHER";

#[test]
fn two_processes_keep_answers_in_one_file() {
    if let Ok(folder) = env::var(OTHER) {
        let store = open(Path::new(&folder), 'a');
        say("opened");
        for number in 1_000..1_100 {
            put(&store, number).expect("a write");
        }
        say("written");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    let mut other = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "two_processes_keep_answers_in_one_file", "--nocapture"])
        .env(OTHER, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process");
    let mut said = BufReader::new(other.stdout.take().expect("its output")).lines().map_while(Result::ok);
    assert!(said.any(|line| line == "opened"));
    for number in 0..100 {
        put(&store, number).expect("a write");
    }
    assert!(said.any(|line| line == "written"));
    assert!(other.wait().expect("the other ends").success());
    let all: Vec<u32> = (0..100).chain(1_000..1_100).collect();
    assert_whole(&store, &all);
    drop(store);
    assert_whole(&open(dir.path(), 'a'), &all);
}
