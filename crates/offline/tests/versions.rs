//! From every version that was released to this one: files as their Perch wrote
//! them, kept as the statements that it made them with.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{DAY, SOURCE, key, noon, open, question, tenant, unsealed};
use perch_offline::{Shown, Store};
use perch_tenant::OfflinePolicy;

/// Each version with what makes a file of it. A release adds its own.
const VERSIONS: [(i32, &str); 2] = [(1, include_str!("versions/1.sql")), (2, include_str!("versions/2.sql"))];

/// The version that this Perch writes.
const NOW: i32 = 3;

fn written_by(version: i32, statements: &str, dir: &Path) {
    let connection = unsealed(dir, 'a');
    connection.execute_batch("PRAGMA journal_mode = WAL").expect("a log");
    connection.execute_batch(statements).expect("a file of that version");
    assert_eq!(version_of(&connection), version);
}

fn version_of(connection: &rusqlite::Connection) -> i32 {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version")
}

#[test]
fn every_released_version_is_in_the_list() {
    assert!(VERSIONS.iter().map(|(version, _)| *version).eq(1..NOW), "add the file of the version before {NOW}");
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path(), 'a'));
    assert_eq!(version_of(&unsealed(dir.path(), 'a')), NOW);
}

#[test]
fn what_an_earlier_version_kept_is_all_there() {
    for (version, statements) in VERSIONS {
        let dir = tempfile::tempdir().expect("a folder");
        written_by(version, statements, dir.path());
        for _ in 0..2 {
            let store = open(dir.path(), 'a');
            let answer = |pipe| store.get(&question(pipe)).expect("a read").map(|seen| (seen.answer, seen.fetched));
            assert_eq!(answer("kpis"), Some((b"first".to_vec(), noon())), "from version {version}");
            assert_eq!(answer("revenue"), Some((b"second".to_vec(), noon() + Duration::from_millis(1))));
            assert_eq!(store.noted("dashboard").expect("a read").as_deref(), Some("web-traffic"));
            let week = OfflinePolicy { days: 7, ..OfflinePolicy::default() };
            assert_eq!(store.may_show(noon(), week).expect("a decision"), Shown::Yes { remaining: 7 * DAY });
        }
        assert_eq!(version_of(&unsealed(dir.path(), 'a')), NOW);

        let store = open(dir.path(), 'a');
        store.put(&question("kpis"), b"third", noon(), SOURCE).expect("a write");
        assert_eq!(store.get(&question("kpis")).expect("a read").expect("an answer").answer, b"third");
    }
}

#[test]
fn a_file_of_an_earlier_version_shrinks_from_now_on() {
    let dir = tempfile::tempdir().expect("a folder");
    written_by(1, VERSIONS[0].1, dir.path());
    drop(open(dir.path(), 'a'));
    let mode: i32 = unsealed(dir.path(), 'a').query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).expect("a mode");
    assert_eq!(mode, 2, "incremental");
}

#[test]
fn several_that_open_an_earlier_version_at_once_move_it_once() {
    for (version, statements) in VERSIONS {
        let dir = tempfile::tempdir().expect("a folder");
        written_by(version, statements, dir.path());
        std::thread::scope(|scope| {
            let opening = || Store::open(dir.path(), &tenant('a'), &key('a')).expect("a store");
            let all: Vec<_> = (0..8).map(|_| scope.spawn(opening)).collect();
            for opened in all {
                let opened = opened.join().expect("opened");
                assert_eq!(opened.notice, None);
                assert!(opened.store.has(&question("kpis")).expect("a read"));
            }
        });
    }
}
