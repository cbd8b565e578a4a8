//! How much is kept, and who leaves first.

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use common::{SOURCE, file, noise, noon, open, question};
use perch_offline::{Question, Store, StoreError};

/// What each answer of these tests takes, a little more than it has.
const ANSWER: u64 = 10_100;

fn put(store: &Store, number: u32, at: SystemTime) {
    store.put(&numbered(number), &noise(number, 10_000), at, SOURCE).expect("a write");
}

fn numbered(number: u32) -> Question {
    question(&format!("pipe{number}"))
}

fn minute(number: u32) -> SystemTime {
    noon() + Duration::from_secs(60) * number
}

/// Which of the answers up to `count` are there.
fn there(store: &Store, count: u32) -> Vec<u32> {
    (0..count).filter(|number| store.has(&numbered(*number)).expect("a read")).collect()
}

#[test]
fn the_least_recently_seen_leaves_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.limit(4 * ANSWER);
    for number in 0..4 {
        put(&store, number, minute(number));
    }
    assert_eq!(there(&store, 4), [0, 1, 2, 3]);
    // Of the oldest answer and one more, the first is on the screen.
    store.show(&numbered(0), minute(10));
    put(&store, 4, minute(11));
    assert_eq!(there(&store, 5), [0, 2, 3, 4]);
    put(&store, 5, minute(12));
    assert_eq!(there(&store, 6), [0, 3, 4, 5]);
    assert!(store.bytes().expect("a read") <= 4 * ANSWER);
    for number in [0, 3, 4, 5] {
        let seen = store.get(&numbered(number)).expect("a read").expect("an answer");
        assert_eq!(seen.answer, noise(number, 10_000), "whole");
    }
}

#[test]
fn an_answer_of_a_pinned_dashboard_leaves_last() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.limit(4 * ANSWER);
    // Before they are there, as when they are fetched ahead.
    store.pin("web", &[numbered(0), numbered(1)]).expect("a write");
    store.pin("sales", &[numbered(1)]).expect("a write");
    for number in 0..7 {
        put(&store, number, minute(number));
    }
    assert_eq!(there(&store, 7), [0, 1, 5, 6]);
    store.unpin("web").expect("a write");
    assert_eq!(store.pinned().expect("a read"), ["sales"]);
    put(&store, 7, minute(7));
    assert_eq!(there(&store, 8), [1, 5, 6, 7], "what another dashboard pins stays");

    // Where only pinned ones are left, the least recently seen of them.
    store.pin("web", &(0..20).map(numbered).collect::<Vec<_>>()).expect("a write");
    put(&store, 8, minute(8));
    assert_eq!(there(&store, 9), [5, 6, 7, 8]);
}

#[test]
fn the_answer_that_just_came_stays_however_old_its_question_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.limit(2 * ANSWER);
    put(&store, 0, minute(10));
    put(&store, 1, minute(11));
    put(&store, 2, minute(0));
    assert_eq!(there(&store, 3), [1, 2]);
}

#[test]
fn an_answer_that_is_more_than_the_limit_is_refused_and_nothing_leaves_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    put(&store, 0, noon());
    put(&store, 1, noon());
    store.limit(2 * ANSWER);
    let refused = store.put(&numbered(0), &noise(9, 30_000), minute(1), SOURCE).expect_err("refused");
    assert!(matches!(refused, StoreError::TooLarge { size, limit } if size > limit && limit == 2 * ANSWER));
    assert!(refused.to_string().contains("0.1 MB"), "{refused}");
    assert_eq!(there(&store, 2), [0, 1]);
    let former = store.get(&numbered(0)).expect("a read").expect("an answer");
    assert_eq!((former.answer, former.fetched), (noise(0, 10_000), noon()), "the former one stays");
}

#[test]
fn a_smaller_limit_holds_from_the_next_answer_on_and_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    for number in 0..50 {
        put(&store, number, minute(number));
    }
    drop(store);
    let store = open(dir.path(), 'a');
    store.limit(3 * ANSWER);
    put(&store, 50, minute(50));
    assert_eq!(there(&store, 51), [48, 49, 50]);
}

/// The file and its log.
fn length(dir: &Path) -> u64 {
    let length = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(file(dir, 'a')) + length(file(dir, 'a').with_extension("perch-wal"))
}

#[test]
fn what_leaves_gives_its_room_back_to_the_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    for number in 0..400 {
        put(&store, number, minute(number));
    }
    drop(store);
    let before = length(dir.path());
    assert!(before > 4_000_000, "{before}");
    let store = open(dir.path(), 'a');
    store.limit(10 * ANSWER);
    put(&store, 400, minute(400));
    drop(store);
    let after = length(dir.path());
    assert!(after < before / 10, "{after} of {before}");
    assert_eq!(there(&open(dir.path(), 'a'), 401), (391..401).collect::<Vec<_>>());
}

#[test]
fn a_full_store_does_not_grow_however_much_comes() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.limit(20 * ANSWER);
    let mut most = 0;
    for number in 0..600 {
        put(&store, number, minute(number));
        most = most.max(fs::metadata(file(dir.path(), 'a')).expect("a file").len());
    }
    assert!(most < 2 * 20 * ANSWER, "{most}");
}

#[test]
fn showing_an_answer_writes_nothing_until_a_minute_is_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    put(&store, 0, noon());
    put(&store, 1, noon());
    let log = || fs::read(file(dir.path(), 'a').with_extension("perch-wal")).expect("the log");
    let before = log();
    for second in 0..60 {
        store.show(&numbered(0), noon() + Duration::from_secs(second));
    }
    assert_eq!(log(), before, "not with each picture");
    store.show(&numbered(0), noon() + Duration::from_secs(60));
    assert_ne!(log(), before, "so that a kill loses a minute at most");
}

#[test]
fn what_was_shown_is_remembered_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    put(&store, 0, minute(0));
    put(&store, 1, minute(1));
    store.show(&numbered(0), minute(2));
    drop(store);
    let store = open(dir.path(), 'a');
    store.limit(2 * ANSWER);
    put(&store, 2, minute(3));
    assert_eq!(there(&store, 3), [0, 2]);
}

#[test]
fn whether_an_answer_is_there_and_from_when_is_known_without_reading_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    assert!(!store.has(&numbered(0)).expect("a read"));
    put(&store, 0, minute(7));
    assert!(store.has(&numbered(0)).expect("a read"));
    assert_eq!(store.fetched(&numbered(0)).expect("a read"), Some(minute(7)));
    assert_eq!(store.get(&numbered(0)).expect("a read").expect("an answer").source, SOURCE);
    store.forget(&numbered(0)).expect("forgotten");
    assert_eq!((store.fetched(&numbered(0)).expect("a read"), store.bytes().expect("a read")), (None, 0));
}
