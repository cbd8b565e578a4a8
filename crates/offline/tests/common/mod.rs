//! What the tests of a store on real files share.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use perch_offline::{Question, Store};
use perch_tenant::{Secret, TenantId};

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Who was asked.
pub const SOURCE: &str = "https://api.tinybird.co (mint)";

pub fn tenant(digit: char) -> TenantId {
    TenantId::try_from(digit.to_string().repeat(32)).expect("32 digits")
}

pub fn key(digit: char) -> Secret {
    Secret::new(digit.to_string().repeat(64))
}

pub fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

pub fn question(pipe: &str) -> Question {
    Question { pipe: pipe.to_owned(), parameters: [("limit".to_owned(), "10".to_owned())].into() }
}

/// Opens a store that must have nothing to say.
pub fn open(dir: &Path, digit: char) -> Store {
    let opened = Store::open(dir, &tenant(digit), &key(digit)).expect("a store");
    assert_eq!(opened.notice, None);
    assert!(opened.unwritable.is_none(), "{opened:?}");
    opened.store
}

/// The file opened behind the store's back.
pub fn unsealed(dir: &Path, digit: char) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(file(dir, digit)).expect("a file");
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", key(digit).expose())).expect("a key");
    connection
}

pub fn file(dir: &Path, digit: char) -> PathBuf {
    dir.join(format!("{}.perch", tenant(digit)))
}

pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// So many bytes that do not compress (xorshift).
pub fn noise(seed: u32, bytes: usize) -> Vec<u8> {
    let mut state = seed + 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    })
    .take(bytes)
    .collect()
}
