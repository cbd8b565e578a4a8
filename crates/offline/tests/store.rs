//! The store on real files: what it keeps, what it hides, and what it makes of
//! a file that is not as it left it.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{DAY, SOURCE, file, key, names, noise, noon, open, question, tenant, unsealed};
use perch_offline::{Closed, Notice, Opened, Question, Shown, Store, StoreError, Why};
use perch_tenant::{OfflinePolicy, Secret};

/// Opens a store that must say why it started anew, and be empty and usable.
fn open_anew(dir: &Path, digit: char, with: &Secret) -> Why {
    let opened = Store::open(dir, &tenant(digit), with).expect("a store");
    assert_eq!(opened.store.get(&question("kpis")).expect("a read"), None);
    opened.store.put(&question("kpis"), b"new", noon(), SOURCE).expect("a write");
    let Some(Notice::StartedAnew { why }) = opened.notice else { panic!("no notice") };
    why
}

#[test]
fn what_was_seen_is_there_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.put(&question("kpis"), b"first", noon(), SOURCE).expect("a write");
    store.put(&question("kpis"), b"second", noon() + Duration::from_millis(1), SOURCE).expect("a write");
    store.note("dashboard", "web-traffic").expect("a write");
    drop(store);

    let store = open(dir.path(), 'a');
    let seen = store.get(&question("kpis")).expect("a read").expect("an answer");
    assert_eq!((seen.answer.as_slice(), seen.fetched), (&b"second"[..], noon() + Duration::from_millis(1)));
    assert_eq!(store.noted("dashboard").expect("a read").as_deref(), Some("web-traffic"));
    assert_eq!(store.get(&Question::new("kpis")).expect("a read"), None, "other parameters are another question");
}

#[test]
fn what_may_no_longer_be_seen_is_forgotten_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.put(&question("kpis"), b"one", noon(), SOURCE).expect("a write");
    store.put(&question("revenue"), b"two", noon(), SOURCE).expect("a write");
    store.forget(&question("revenue")).expect("forgotten");
    store.forget(&question("never-seen")).expect("nothing to forget");
    assert_eq!(store.get(&question("revenue")).expect("a read"), None);
    assert!(store.get(&question("kpis")).expect("a read").is_some());
}

#[test]
fn no_file_of_two_tenants_side_by_side_holds_a_known_string() {
    let dir = tempfile::tempdir().expect("a folder");
    let known: Vec<String> = (0..1_000).map(|number| format!("/pathname-{number}-of-customers")).collect();
    let search = || {
        for name in names(dir.path()) {
            let bytes = fs::read(dir.path().join(&name)).expect("a file");
            let found = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            // What every known string has in it, so that looking takes seconds.
            for needle in ["-of-customers", "pathname-", "org_of_", "CREATE TABLE", "SQLite format 3", SOURCE] {
                assert!(!found(needle), "{needle} stands in {name}");
            }
            for digit in ['a', 'b'] {
                assert!(!found(&key(digit).expose()[..32]), "a key stands in {name}");
            }
        }
    };
    let stores = ['a', 'b'].map(|digit| {
        let store = open(dir.path(), digit);
        store.limit(64 * 1024);
        for (number, text) in known.iter().enumerate() {
            // Too short to be compressed, so that only the seal can hide it.
            let question = Question::new(format!("pipe-{number}-of-customers"));
            store.put(&question, text.as_bytes(), noon(), SOURCE).expect("a write");
            store.show(&question, noon());
        }
        // Large enough that others leave, and what a sort would need a file for.
        for number in 0..10 {
            let rows = known.iter().map(|text| format!("{text} {number} {digit}\n")).collect::<String>();
            let rows = [rows.as_bytes(), &noise(number, 20_000)].concat();
            store.put(&question(&format!("rows{number}-of-customers")), &rows, noon(), SOURCE).expect("a write");
        }
        store.note("note-of-customers", &format!("org_of_{digit}")).expect("a write");
        store.pin("dashboard-of-customers", &[question("rows9-of-customers")]).expect("a write");
        store
    });
    assert_eq!(names(dir.path()).iter().filter(|name| name.ends_with("-wal")).count(), 2, "the logs are searched too");
    search();
    drop(stores);
    search();
    assert!(fs::read_dir(dir.path()).expect("a folder").count() >= 2, "something was searched");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("stores");
    fs::create_dir(&dir).expect("a folder");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("modes");
    let store = open(&dir, 'a');
    store.put(&question("kpis"), b"answer", noon(), SOURCE).expect("a write");

    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(names(&dir).len(), 3, "the file, its log and the log's index");
    for name in names(&dir) {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn another_key_starts_anew_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    open(dir.path(), 'a').put(&question("kpis"), b"old", noon(), SOURCE).expect("a write");
    assert_eq!(open_anew(dir.path(), 'a', &key('b')), Why::Unreadable);
    let again = Store::open(dir.path(), &tenant('a'), &key('b')).expect("a store");
    assert_eq!(again.notice, None, "it says so once");
}

#[test]
fn a_file_that_is_not_a_store_starts_anew() {
    let zeros = vec![0; 16 * 1024];
    let text = b"not a database at all".repeat(1_000);
    for bytes in [zeros, text] {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(file(dir.path(), 'a'), bytes).expect("a file");
        assert_eq!(open_anew(dir.path(), 'a', &key('a')), Why::Unreadable);
    }
}

#[test]
fn a_file_of_a_newer_version_starts_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    open(dir.path(), 'a').put(&question("kpis"), b"old", noon(), SOURCE).expect("a write");
    unsealed(dir.path(), 'a').execute_batch("PRAGMA user_version = 9000").expect("a version");
    assert_eq!(open_anew(dir.path(), 'a', &key('a')), Why::Newer { version: 9000 });
}

#[test]
fn a_file_cut_short_anywhere_never_stops_the_store() {
    let whole = forty_answers();
    let mut started_anew = 0;
    for part in 0..32 {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(file(dir.path(), 'a'), &whole[..whole.len() * part / 32 + part % 3]).expect("a file");
        started_anew += u32::from(reads_whole_answers_or_none(dir.path()));
    }
    assert!(started_anew > 16, "{started_anew}");
}

#[test]
fn a_damaged_page_never_stops_the_store() {
    let whole = forty_answers();
    let mut started_anew = 0;
    for page in 0..whole.len() / 4096 {
        let dir = tempfile::tempdir().expect("a folder");
        let mut bytes = whole.clone();
        bytes[page * 4096 + 2_000] ^= 1;
        fs::write(file(dir.path(), 'a'), bytes).expect("a file");
        started_anew += usize::from(reads_whole_answers_or_none(dir.path()));
    }
    assert_eq!(started_anew, whole.len() / 4096 - UNREAD_PAGES, "each page is authenticated");
}

/// Pages that reading answers does not touch: the tables `clock`, `note` and
/// `pin`, the two indices for what leaves first, and the map of pages that
/// shrinking needs.
const UNREAD_PAGES: usize = 6;

/// The bytes of a store's file that holds forty answers on many pages.
fn forty_answers() -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    for number in 0..40 {
        store.put(&question(&format!("pipe{number}")), &noise(number, 3_000), noon(), SOURCE).expect("a write");
    }
    drop(store);
    let whole = fs::read(file(dir.path(), 'a')).expect("a file");
    assert!(whole.len() > 100_000, "{}", whole.len());
    whole
}

/// Reads forty pipes from a store whose file was harmed; whether it started
/// anew. Afterwards it must work.
fn reads_whole_answers_or_none(dir: &Path) -> bool {
    let Opened { store, notice, .. } = Store::open(dir, &tenant('a'), &key('a')).expect("a store");
    for number in 0..40 {
        let seen = store.get(&question(&format!("pipe{number}"))).expect("an answer or none");
        assert!(seen.is_none_or(|seen| seen.answer == noise(number, 3_000)), "a part of an answer");
    }
    let noticed = notice.is_some() || store.take_notice().is_some();
    assert_eq!(store.take_notice(), None, "said once");
    store.put(&question("kpis"), b"after", noon(), SOURCE).expect("a write");
    assert_eq!(store.get(&question("kpis")).expect("a read").expect("an answer").answer, b"after");
    noticed
}

#[test]
fn two_tenants_share_a_folder_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b) = (open(dir.path(), 'a'), open(dir.path(), 'b'));
    a.put(&question("kpis"), b"rows of a", noon(), SOURCE).expect("a write");
    assert_eq!(b.get(&question("kpis")).expect("a read"), None);
    b.put(&question("kpis"), b"rows of b", noon(), SOURCE).expect("a write");
    assert_eq!(a.get(&question("kpis")).expect("a read").expect("an answer").answer, b"rows of a");

    a.close();
    Store::remove(dir.path(), &tenant('a')).expect("removed");
    assert!(names(dir.path()).iter().all(|name| name.starts_with(&"b".repeat(32))), "{:?}", names(dir.path()));
    assert_eq!(b.get(&question("kpis")).expect("a read").expect("an answer").answer, b"rows of b");
}

#[test]
fn a_file_that_names_another_tenant_inside_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let a = open(dir.path(), 'a');
    a.put(&question("kpis"), b"rows of a", noon(), SOURCE).expect("a write");
    drop(a);
    fs::copy(file(dir.path(), 'a'), file(dir.path(), 'b')).expect("a copy");
    assert_eq!(open_anew(dir.path(), 'b', &key('a')), Why::AnotherTenant);
}

#[test]
fn after_close_nothing_is_kept_and_removal_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), 'a');
    store.put(&question("kpis"), b"answer", noon(), SOURCE).expect("a write");
    store.close();
    assert!(matches!(store.put(&question("kpis"), b"late", noon(), SOURCE), Err(StoreError::Closed)));
    assert!(matches!(store.get(&question("kpis")), Err(StoreError::Closed)));
    Store::remove(dir.path(), &tenant('a')).expect("removed");
    assert_eq!(names(dir.path()), Vec::<String>::new());
    Store::remove(dir.path(), &tenant('a')).expect("nothing to remove is fine");
    Store::remove(&dir.path().join("nowhere"), &tenant('a')).expect("no folder is fine");
}

#[test]
fn a_store_of_this_visit_touches_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    open(dir.path(), 'a').put(&question("kpis"), b"kept", noon(), SOURCE).expect("a write");
    let visit = Store::for_this_visit(&tenant('a')).expect("a store");
    visit.put(&question("kpis"), b"of this visit", noon(), SOURCE).expect("a write");
    assert_eq!(visit.get(&question("kpis")).expect("a read").expect("an answer").answer, b"of this visit");
    drop(visit);
    assert_eq!(open(dir.path(), 'a').get(&question("kpis")).expect("a read").expect("an answer").answer, b"kept");
}

#[test]
fn a_text_that_is_no_key_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    for text in ["", "abc", &"g".repeat(64), &format!("{}'", "a".repeat(63))] {
        let refused = Store::open(dir.path(), &tenant('a'), &Secret::new(text)).expect_err("refused");
        assert!(matches!(refused, StoreError::Key), "{text}");
    }
}

#[test]
fn offline_ends_across_restarts_even_when_the_clock_is_set_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let week = OfflinePolicy { days: 7, ..OfflinePolicy::default() };
    let shown = |now| open(dir.path(), 'a').may_show(now, week).expect("a decision");

    assert_eq!(shown(noon()), Shown::No(Closed::NeverConfirmed));
    open(dir.path(), 'a').confirm(noon()).expect("a write");
    assert_eq!(open(dir.path(), 'a').confirmed().expect("a read"), Some(noon()));
    assert_eq!(shown(noon() + 6 * DAY), Shown::Yes { remaining: DAY });
    assert_eq!(shown(noon() + DAY), Shown::Yes { remaining: DAY }, "set back five days");
    assert_eq!(shown(noon() + 3 * DAY / 2), Shown::Yes { remaining: DAY / 2 }, "time goes on from there");
    assert_eq!(shown(noon() + 2 * DAY), Shown::No(Closed::Over));
    assert_eq!(shown(noon() - DAY), Shown::No(Closed::ClockBehind));

    open(dir.path(), 'a').confirm(noon() + 2 * DAY).expect("a write");
    assert_eq!(shown(noon() + 3 * DAY), Shown::Yes { remaining: 6 * DAY }, "Clerk confirmed again");
}

#[test]
fn a_confirmation_that_comes_while_the_clock_is_noted_stays() {
    let store = Store::for_this_visit(&tenant('a')).expect("a store");
    store.confirm(noon()).expect("kept");
    let confirmed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for second in 0.. {
                store.may_show(noon() + Duration::from_secs(second), OfflinePolicy::default()).expect("a decision");
                if confirmed.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        // Often: what is between two statements is hit now and then.
        let stays = (1..1_000).all(|second| {
            let at = noon() + Duration::from_secs(second);
            store.confirm(at).expect("kept");
            std::thread::yield_now();
            store.confirmed().expect("a read") == Some(at)
        });
        confirmed.store(true, Ordering::Relaxed);
        assert!(stays, "an older confirmation took its place");
    });
}

#[test]
fn two_processes_may_open_one_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (one, other) = (open(dir.path(), 'a'), open(dir.path(), 'a'));
    std::thread::scope(|scope| {
        for (store, name) in [(&one, "one"), (&other, "other")] {
            scope.spawn(move || {
                for number in 0..100 {
                    store.put(&question(&format!("{name}{number}")), b"answer", noon(), SOURCE).expect("a write");
                }
            });
        }
    });
    for number in 0..100 {
        assert!(one.get(&question(&format!("other{number}"))).expect("a read").is_some());
        assert!(other.get(&question(&format!("one{number}"))).expect("a read").is_some());
    }
}

/// Modes do not bind root, so as root the test runs itself as nobody.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_told_and_what_is_in_it_is_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let outer = tempfile::tempdir().expect("a folder");
    if fs::metadata(outer.path()).expect("a folder").uid() == 0 {
        let program = outer.path().join("test");
        fs::copy(std::env::current_exe().expect("this test"), &program).expect("a copy");
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o777)).expect("modes");
        let status = std::process::Command::new(&program)
            .args(["--exact", "a_folder_that_cannot_be_written_is_told_and_what_is_in_it_is_read"])
            .env("TMPDIR", outer.path())
            .current_dir(outer.path())
            .uid(NOBODY)
            .gid(NOBODY)
            .status()
            .expect("a run");
        assert!(status.success());
        return;
    }

    let is_told = |error: &StoreError, dir: &Path| {
        assert!(matches!(error, StoreError::Folder { .. }), "{error}");
        assert!(error.to_string().contains(&dir.display().to_string()), "{error}");
    };
    let dir = outer.path().join("stores");
    let store = open(&dir, 'a');
    store.put(&question("kpis"), b"kept", noon(), SOURCE).expect("a write");
    drop(store);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).expect("modes");
    let opened = Store::open(&dir, &tenant('a'), &key('a')).expect("what is there can be read");
    is_told(opened.unwritable.as_ref().expect("a reason"), &dir);
    assert!(opened.store.get(&question("kpis")).expect("a read").is_some());
    assert!(opened.store.put(&question("other"), b"new", noon(), SOURCE).is_err(), "and nothing else is kept");
    drop(opened);
    let below = dir.join("below");
    is_told(&Store::open(&below, &tenant('a'), &key('a')).expect_err("nothing is there"), &below);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).expect("modes");
    assert!(open(&dir, 'a').get(&question("kpis")).expect("a read").is_some(), "and nothing was lost");
}
