//! The store: what was seen, when the session was confirmed, and notes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use perch_tenant::{OfflinePolicy, Secret, TenantId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::reckoning::advance;
use crate::sealed::{self, Refused};
use crate::{Closed, Notice, Question, Shown, StoreError, Why, files, may_show, packed, retention};

/// How long it may take until what was shown is written as seen. Not at once:
/// a picture is drawn with each step of a window that is resized.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

/// What one tenant has seen, on the disk and sealed. Cheap calls, safe from
/// any thread; each blocks for as long as a row takes.
pub struct Store {
    /// The folder, and the key; `None` for a store of this visit alone.
    place: Option<(PathBuf, Secret)>,
    tenant: TenantId,
    /// How many bytes the answers may take together.
    limit: AtomicU64,
    sealed: Mutex<Sealed>,
    /// Apart from the file, so that drawing waits for no writing.
    shown: Mutex<Shows>,
    /// Held over the whole of a change of it, so that none is written over by an older one.
    unwritten: Mutex<Unwritten>,
}

/// What the file has not taken yet, and holds for this visit all the same.
#[derive(Default)]
struct Unwritten {
    /// How far the clock has moved.
    clock: Option<Clock>,
    /// Notes by key.
    notes: HashMap<String, String>,
}

/// What offline's end is reckoned by (see `reckoning`).
#[derive(Debug, Clone, Copy)]
struct Clock {
    confirmed: SystemTime,
    latest: SystemTime,
    last: SystemTime,
}

#[derive(Default)]
struct Sealed {
    /// `None` once closed.
    connection: Option<Connection>,
    notice: Option<Notice>,
}

/// What was shown since that was last written, by question.
#[derive(Default)]
struct Shows {
    times: HashMap<String, i64>,
    written: Option<SystemTime>,
}

/// A store that was opened, and what there is to say about it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What the viewer should be told, once.
    pub notice: Option<Notice>,
    /// Why nothing can be kept at present: only what was there can be read.
    pub unwritable: Option<StoreError>,
}

/// An answer that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The pipe's answer, byte for byte.
    pub answer: Vec<u8>,
    /// When it was asked for, to the millisecond.
    pub fetched: SystemTime,
    /// Who was asked: the host, and where the token for it came from. Empty in
    /// what the first version kept.
    pub source: String,
}

impl Store {
    /// Opens the tenant's file in `dir`, or makes both. `key` has 64
    /// hexadecimal digits.
    ///
    /// A file that cannot be used (another key, damage, a newer version,
    /// another tenant's inside) is removed and started anew; [`Opened::notice`]
    /// says so. One that is whole on a disk that is full or may not be written is
    /// read as it is; [`Opened::unwritable`] says why. Errors are those of the
    /// disk and of the key's form.
    pub fn open(dir: &Path, tenant: &TenantId, key: &Secret) -> Result<Opened, StoreError> {
        let valid = key.expose().len() == 64 && key.expose().bytes().all(|byte| byte.is_ascii_hexdigit());
        if !valid {
            return Err(StoreError::Key);
        }
        let (connection, notice, unwritable) = match open_file(dir, tenant, key) {
            Ok(connection) => (connection, None, None),
            Err(Refused::File(why)) => (start_anew(dir, tenant, key)?, Some(Notice::StartedAnew { why }), None),
            Err(Refused::Other(error)) if error.is_of_the_disk() => {
                match sealed::open_in_need(&files::path(dir, tenant), tenant, key) {
                    Some(connection) => (connection, None, Some(error)),
                    None => return Err(error),
                }
            }
            Err(Refused::Other(error)) => return Err(error),
        };
        let place = Some((dir.to_owned(), key.clone()));
        Ok(Opened { store: Self::over(place, tenant, connection), notice, unwritable })
    }

    /// A store in memory, for when the keychain cannot keep a key: it touches
    /// no file, and ends with the process.
    pub fn for_this_visit(tenant: &TenantId) -> Result<Self, StoreError> {
        Ok(Self::over(None, tenant, sealed::in_memory(tenant)?))
    }

    fn over(place: Option<(PathBuf, Secret)>, tenant: &TenantId, connection: Connection) -> Self {
        let sealed = Mutex::new(Sealed { connection: Some(connection), ..Sealed::default() });
        let limit = AtomicU64::new(OfflinePolicy::default().bytes());
        Self { place, tenant: tenant.clone(), limit, sealed, shown: Mutex::default(), unwritten: Mutex::default() }
    }

    /// Lets the answers take at most `bytes` together, compressed, from the next
    /// that is kept on. Without it, the default of [`OfflinePolicy`] holds.
    pub fn limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::Relaxed);
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
        self.write_what_is_left();
        *self.unwritten() = Unwritten::default();
        self.lock().connection = None;
    }

    /// What there is to tell since the last call: the file turned out to be
    /// damaged while it was read, and was started anew.
    pub fn take_notice(&self) -> Option<Notice> {
        self.lock().notice.take()
    }

    /// Keeps an answer, in place of the former one to the same question, and
    /// lets those leave that the limit has no room for any more: all or nothing.
    /// `source` says who was asked.
    ///
    /// An answer that alone is more than the limit is
    /// [`StoreError::TooLarge`], and the former one stays.
    pub fn put(&self, question: &Question, answer: &[u8], fetched: SystemTime, source: &str) -> Result<(), StoreError> {
        let body = packed::pack(answer).map_err(|error| StoreError::Database(error.to_string()))?;
        let (size, limit) = (body.len() as u64, self.limit.load(Ordering::Relaxed));
        if size > limit {
            return Err(StoreError::TooLarge { size, limit });
        }
        let (question, fetched) = (question.key(), to_millis(fetched));
        let bytes = i64::try_from(size).unwrap_or(i64::MAX);
        self.write(|transaction| {
            let id: i64 = transaction
                .prepare_cached(
                    "INSERT INTO answer (question, fetched, source, seen, size) VALUES (?1, ?2, ?3, ?2, ?4)
                     ON CONFLICT (question) DO UPDATE SET fetched = excluded.fetched, source = excluded.source,
                         seen = max(seen, excluded.seen), size = excluded.size
                     RETURNING id",
                )?
                .query_row(params![question, fetched, source, bytes], |row| row.get(0))?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO body (answer, bytes) VALUES (?1, ?2)")?
                .execute(params![id, body])?;
            retention::make_room(transaction, id, limit)
        })
    }

    /// Removes the answer to a question that may no longer be asked.
    pub fn forget(&self, question: &Question) -> Result<(), StoreError> {
        let question = question.key();
        self.write(|transaction| match find(transaction, &question)? {
            Some((answer, _)) => retention::remove(transaction, answer),
            None => Ok(()),
        })
    }

    /// The answer that was last kept, if any. Reading it is not showing it:
    /// [`Store::show`] is.
    pub fn get(&self, question: &Question) -> Result<Option<Seen>, StoreError> {
        let question = question.key();
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT body.bytes, answer.fetched, answer.source
                     FROM answer JOIN body ON body.answer = answer.id WHERE answer.question = ?1",
                )?
                .query_row([&question], |row| {
                    let answer = packed::unpack(row.get_ref(0)?.as_blob()?).map_err(|error| {
                        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error))
                    })?;
                    Ok(Seen { answer, fetched: from_millis(row.get(1)?), source: row.get(2)? })
                })
                .optional()
        })
    }

    /// When the answer that is kept was asked for; `None` where there is none.
    /// Unseals no answer.
    pub fn fetched(&self, question: &Question) -> Result<Option<SystemTime>, StoreError> {
        let question = question.key();
        Ok(self.with(|connection| find(connection, &question))?.map(|(_, fetched)| fetched))
    }

    /// Whether there is an answer. Unseals none.
    pub fn has(&self, question: &Question) -> Result<bool, StoreError> {
        self.fetched(question).map(|fetched| fetched.is_some())
    }

    /// Notes that an answer is on the screen at `now`, so that others leave
    /// before it. Cheap: written with the next answer, or a minute later.
    pub fn show(&self, question: &Question, now: SystemTime) {
        let is_due = {
            let mut shown = self.shows();
            shown.times.insert(question.key(), to_millis(now));
            let written = *shown.written.get_or_insert(now);
            let is_due = now.duration_since(written).is_ok_and(|since| since >= WRITTEN_WITHIN);
            if is_due {
                shown.written = Some(now);
            }
            is_due
        };
        if is_due {
            self.write_shows();
        }
    }

    /// How many bytes the answers take together, compressed.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        self.with(retention::bytes)
    }

    /// Keeps the answers to these questions longer than others, for a dashboard,
    /// in place of those that it named before.
    pub fn pin(&self, dashboard: &str, questions: &[Question]) -> Result<(), StoreError> {
        let keys: Vec<String> = questions.iter().map(Question::key).collect();
        self.write(|transaction| {
            unpin(transaction, dashboard)?;
            let mut insert =
                transaction.prepare_cached("INSERT OR IGNORE INTO pin (dashboard, question) VALUES (?1, ?2)")?;
            // The empty one says that the dashboard is pinned, whatever it asks.
            for key in keys.iter().map(String::as_str).chain([""]) {
                insert.execute([dashboard, key])?;
            }
            Ok(())
        })
    }

    /// Lets a dashboard's answers leave like others again.
    pub fn unpin(&self, dashboard: &str) -> Result<(), StoreError> {
        self.write(|transaction| unpin(transaction, dashboard))
    }

    /// The dashboards whose answers are kept longer, by name.
    pub fn pinned(&self) -> Result<Vec<String>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT dashboard FROM pin ORDER BY dashboard")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// Clerk confirmed the session at `at`: offline begins to count from here. Holds
    /// for this visit also where it cannot be written.
    pub fn confirm(&self, at: SystemTime) -> Result<(), StoreError> {
        self.keep_clock(&mut self.unwritten(), Clock { confirmed: at, latest: at, last: at })
    }

    /// When Clerk last confirmed the session.
    pub fn confirmed(&self) -> Result<Option<SystemTime>, StoreError> {
        Ok(self.clock(&self.unwritten())?.map(|clock| clock.confirmed))
    }

    /// Whether what was seen may be seen again at `now` ([`may_show`]), having
    /// noted how far the clock has moved. To be asked before anything is shown
    /// without a network, and now and then while it is. A disk that takes no note
    /// ends nothing: the clock is reckoned in memory until it does.
    pub fn may_show(&self, now: SystemTime, policy: OfflinePolicy) -> Result<Shown, StoreError> {
        // Held until it is written: a confirmation that comes meanwhile is newer.
        let mut unwritten = self.unwritten();
        let Some(clock) = self.clock(&unwritten)? else { return Ok(Shown::No(Closed::NeverConfirmed)) };
        let latest = advance(clock.latest, clock.last, now);
        if clock.last != now {
            match self.keep_clock(&mut unwritten, Clock { latest, last: now, ..clock }) {
                Err(error) if !error.is_of_the_disk() => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(may_show(clock.confirmed, latest, now, policy))
    }

    fn clock(&self, unwritten: &Unwritten) -> Result<Option<Clock>, StoreError> {
        if let Some(clock) = unwritten.clock {
            return self.while_open(Some(clock));
        }
        self.with(|connection| {
            connection
                .query_row("SELECT confirmed, latest, last FROM clock", [], |row| {
                    let moment = |column| row.get(column).map(from_millis);
                    Ok(Clock { confirmed: moment(0)?, latest: moment(1)?, last: moment(2)? })
                })
                .optional()
        })
    }

    fn keep_clock(&self, unwritten: &mut Unwritten, clock: Clock) -> Result<(), StoreError> {
        let [confirmed, latest, last] = [clock.confirmed, clock.latest, clock.last].map(to_millis);
        let kept = self.with(|connection| {
            let statement = "INSERT OR REPLACE INTO clock VALUES (1, ?1, ?2, ?3)";
            connection.execute(statement, [confirmed, latest, last]).map(drop)
        });
        unwritten.clock = kept.is_err().then_some(clock);
        kept
    }

    /// Keeps a small text, in place of the former one under the same key. Holds for
    /// this visit also where it cannot be written, and is written with the next note
    /// that can, or at the end.
    pub fn note(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let mut unwritten = self.unwritten();
        if let Err(error) = self.write_note(key, value) {
            unwritten.notes.insert(key.to_owned(), value.to_owned());
            return Err(error);
        }
        unwritten.notes.remove(key);
        self.write_notes(&mut unwritten);
        Ok(())
    }

    fn write_note(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute("INSERT OR REPLACE INTO note (key, value) VALUES (?1, ?2)", [key, value]).map(drop)
        })
    }

    /// Each by itself: a small one may fit where a large one does not.
    fn write_notes(&self, unwritten: &mut Unwritten) {
        unwritten.notes.retain(|key, value| self.write_note(key, value).is_err());
    }

    /// The text that was last kept under `key`.
    pub fn noted(&self, key: &str) -> Result<Option<String>, StoreError> {
        let unwritten = self.unwritten().notes.get(key).cloned();
        if unwritten.is_some() {
            return self.while_open(unwritten);
        }
        self.with(|connection| {
            connection.query_row("SELECT value FROM note WHERE key = ?1", [key], |row| row.get(0)).optional()
        })
    }

    /// What is held in memory is as closed as the file is.
    fn while_open<T>(&self, held: T) -> Result<T, StoreError> {
        self.lock().connection.as_ref().map(|_| held).ok_or(StoreError::Closed)
    }

    /// Does `work` in one transaction, with what was shown since the last.
    fn write(&self, work: impl Fn(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let shown = std::mem::take(&mut self.shows().times);
        let written = self.with(|connection| {
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            write_shows(&transaction, &shown)?;
            work(&transaction)?;
            retention::give_back(&transaction)?;
            transaction.commit()
        });
        if written.is_err() {
            // What was shown meanwhile is newer.
            let times = &mut self.shows().times;
            for (question, at) in shown {
                times.entry(question).or_insert(at);
            }
        }
        written
    }

    /// Writes what was shown. Where that fails, what leaves first is another, and
    /// nothing else.
    fn write_shows(&self) {
        if !self.shows().times.is_empty() {
            let _ = self.write(|_| Ok(()));
        }
    }

    /// Writes what waits for it, as far as the file takes it.
    fn write_what_is_left(&self) {
        self.write_shows();
        self.write_notes(&mut self.unwritten());
    }

    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        // A value and a map that no panic leaves half changed.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shows(&self) -> MutexGuard<'_, Shows> {
        // A map that no panic leaves half changed.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Drop for Store {
    fn drop(&mut self) {
        self.write_what_is_left();
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

fn write_shows(transaction: &Transaction<'_>, shown: &HashMap<String, i64>) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached("UPDATE answer SET seen = ?2 WHERE question = ?1 AND seen < ?2")?;
    for (question, at) in shown {
        update.execute(params![question, at])?;
    }
    Ok(())
}

/// The id of the answer to a question, and when it was asked for.
fn find(connection: &Connection, question: &str) -> rusqlite::Result<Option<(i64, SystemTime)>> {
    connection
        .prepare_cached("SELECT id, fetched FROM answer WHERE question = ?1")?
        .query_row([question], |row| Ok((row.get(0)?, from_millis(row.get(1)?))))
        .optional()
}

fn unpin(transaction: &Transaction<'_>, dashboard: &str) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM pin WHERE dashboard = ?1")?.execute([dashboard]).map(drop)
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
