//! The store: what was seen, when the session was confirmed, and notes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_tenant::{OfflinePolicy, Secret, TenantId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::reckoning::advance;
use crate::sealed::{self, Refused};
use crate::{Closed, Notice, Question, Shown, StoreError, Why, files, may_show};

/// Compression level: 3 is zstd's own default, and shrinks a pipe's JSON to a
/// tenth in well under a millisecond.
const LEVEL: i32 = 3;

/// What one tenant has seen, on the disk and sealed. Cheap calls, safe from
/// any thread; each blocks for as long as a row takes.
pub struct Store {
    /// The folder, and the key; `None` for a store of this visit alone.
    place: Option<(PathBuf, Secret)>,
    tenant: TenantId,
    sealed: Mutex<Sealed>,
}

struct Sealed {
    /// `None` once closed.
    connection: Option<Connection>,
    notice: Option<Notice>,
}

/// A store that was opened, and what there is to say about it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What the viewer should be told, once.
    pub notice: Option<Notice>,
}

/// An answer that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The pipe's answer, byte for byte.
    pub answer: Vec<u8>,
    /// When it was asked for, to the millisecond.
    pub fetched: SystemTime,
}

impl Store {
    /// Opens the tenant's file in `dir`, or makes both. `key` has 64
    /// hexadecimal digits.
    ///
    /// A file that cannot be used (another key, damage, a newer version,
    /// another tenant's inside) is removed and started anew; [`Opened::notice`]
    /// says so. Errors are those of the disk and of the key's form.
    pub fn open(dir: &Path, tenant: &TenantId, key: &Secret) -> Result<Opened, StoreError> {
        let valid = key.expose().len() == 64 && key.expose().bytes().all(|byte| byte.is_ascii_hexdigit());
        if !valid {
            return Err(StoreError::Key);
        }
        let (connection, notice) = match open_file(dir, tenant, key) {
            Ok(connection) => (connection, None),
            Err(Refused::File(why)) => (start_anew(dir, tenant, key)?, Some(Notice::StartedAnew { why })),
            Err(Refused::Other(error)) => return Err(error),
        };
        let store = Self {
            place: Some((dir.to_owned(), key.clone())),
            tenant: tenant.clone(),
            sealed: Mutex::new(Sealed { connection: Some(connection), notice: None }),
        };
        Ok(Opened { store, notice })
    }

    /// A store in memory, for when the keychain cannot keep a key: it touches
    /// no file, and ends with the process.
    pub fn for_this_visit(tenant: &TenantId) -> Result<Self, StoreError> {
        let connection = sealed::in_memory(tenant)?;
        let sealed = Mutex::new(Sealed { connection: Some(connection), notice: None });
        Ok(Self { place: None, tenant: tenant.clone(), sealed })
    }

    /// Deletes every file of `tenant` in `dir`. Nothing there is fine. Close
    /// the tenant's open stores first.
    pub fn remove(dir: &Path, tenant: &TenantId) -> Result<(), StoreError> {
        files::remove(dir, tenant)
    }

    /// The tenant whose answers these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Closes the file. Whatever comes after is [`StoreError::Closed`], so an
    /// answer that arrives after a sign-out is kept nowhere.
    pub fn close(&self) {
        self.lock().connection = None;
    }

    /// What there is to tell since the last call: the file turned out to be
    /// damaged while it was read, and was started anew.
    pub fn take_notice(&self) -> Option<Notice> {
        self.lock().notice.take()
    }

    /// Keeps an answer, in place of the former one to the same question.
    pub fn put(&self, question: &Question, answer: &[u8], fetched: SystemTime) -> Result<(), StoreError> {
        let body = zstd::bulk::compress(answer, LEVEL).map_err(|error| StoreError::Database(error.to_string()))?;
        self.with(|connection| {
            connection
                .execute(
                    "INSERT INTO answer (question, body, fetched) VALUES (?1, ?2, ?3)
                     ON CONFLICT (question) DO UPDATE SET body = excluded.body, fetched = excluded.fetched",
                    params![question.key(), body, to_millis(fetched)],
                )
                .map(drop)
        })
    }

    /// Removes the answer to a question that may no longer be asked.
    pub fn forget(&self, question: &Question) -> Result<(), StoreError> {
        self.with(|connection| connection.execute("DELETE FROM answer WHERE question = ?1", [question.key()]).map(drop))
    }

    /// The answer that was last kept, if any.
    pub fn get(&self, question: &Question) -> Result<Option<Seen>, StoreError> {
        self.with(|connection| {
            connection
                .query_row("SELECT body, fetched FROM answer WHERE question = ?1", [question.key()], |row| {
                    let body = row.get_ref(0)?.as_blob()?;
                    let answer = zstd::stream::decode_all(body).map_err(|error| {
                        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error))
                    })?;
                    Ok(Seen { answer, fetched: from_millis(row.get(1)?) })
                })
                .optional()
        })
    }

    /// Clerk confirmed the session at `at`: offline begins to count from here.
    pub fn confirm(&self, at: SystemTime) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?1, ?1, ?1)", [to_millis(at)]).map(drop)
        })
    }

    /// When Clerk last confirmed the session.
    pub fn confirmed(&self) -> Result<Option<SystemTime>, StoreError> {
        self.with(|connection| {
            connection.query_row("SELECT confirmed FROM clock", [], |row| row.get(0).map(from_millis)).optional()
        })
    }

    /// Whether what was seen may be seen again at `now` ([`may_show`]), having
    /// noted how far the clock has moved. To be asked before anything is shown
    /// without a network, and now and then while it is.
    pub fn may_show(&self, now: SystemTime, policy: OfflinePolicy) -> Result<Shown, StoreError> {
        let clock = self.with(|connection| {
            connection
                .query_row("SELECT confirmed, latest, last FROM clock", [], |row| {
                    Ok([from_millis(row.get(0)?), from_millis(row.get(1)?), from_millis(row.get(2)?)])
                })
                .optional()
        })?;
        let Some([confirmed, latest, last]) = clock else {
            return Ok(Shown::No(Closed::NeverConfirmed));
        };
        let latest = advance(latest, last, now);
        if last != now {
            self.with(|connection| {
                connection
                    .execute("UPDATE clock SET latest = ?1, last = ?2", [to_millis(latest), to_millis(now)])
                    .map(drop)
            })?;
        }
        Ok(may_show(confirmed, latest, now, policy))
    }

    /// Keeps a small text, in place of the former one under the same key.
    pub fn note(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute("INSERT OR REPLACE INTO note (key, value) VALUES (?1, ?2)", [key, value]).map(drop)
        })
    }

    /// The text that was last kept under `key`.
    pub fn noted(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.with(|connection| {
            connection.query_row("SELECT value FROM note WHERE key = ?1", [key], |row| row.get(0)).optional()
        })
    }

    /// Does `work`; where the file turns out to be damaged, starts it anew and
    /// does `work` on the new one.
    fn with<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut sealed = self.lock();
        let connection = sealed.connection.as_ref().ok_or(StoreError::Closed)?;
        let error = match work(connection) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let (dir, key) = match &self.place {
            Some(place) if sealed::is_damage(&error) => place,
            Some((dir, _)) => return Err(StoreError::database(&files::path(dir, &self.tenant), &error)),
            None => return Err(StoreError::Database(error.to_string())),
        };
        // Closed before its files go, or the new file would inherit its locks.
        sealed.connection = None;
        let connection = start_anew(dir, &self.tenant, key)?;
        let done = work(&connection).map_err(|error| StoreError::database(&files::path(dir, &self.tenant), &error))?;
        sealed.connection = Some(connection);
        sealed.notice = Some(Notice::StartedAnew { why: Why::Unreadable });
        Ok(done)
    }

    fn lock(&self) -> MutexGuard<'_, Sealed> {
        // The database undoes what a panic interrupted, so the lock's own
        // suspicion adds nothing.
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

fn open_file(dir: &Path, tenant: &TenantId, key: &Secret) -> Result<Connection, Refused> {
    let path = files::path(dir, tenant);
    files::prepare(dir, &path).map_err(Refused::Other)?;
    sealed::open(&path, tenant, key)
}

fn start_anew(dir: &Path, tenant: &TenantId, key: &Secret) -> Result<Connection, StoreError> {
    files::remove(dir, tenant)?;
    open_file(dir, tenant, key).map_err(|refused| match refused {
        Refused::Other(error) => error,
        Refused::File(_) => StoreError::Database("a new file could not be read back".to_owned()),
    })
}

fn to_millis(time: SystemTime) -> i64 {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}

fn from_millis(millis: i64) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
