//! One sealed file: how it is unlocked, what is inside, and how a file that
//! cannot be used is told from a disk that cannot be used.

use std::path::Path;
use std::time::Duration;

use perch_tenant::{Secret, TenantId};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use crate::schema::{self, VERSION};
use crate::{StoreError, Why};

/// How many statements are kept ready: all that a store has.
const STATEMENTS: usize = 32;

/// Why a file did not open.
pub(crate) enum Refused {
    /// The file is at fault: a new one will do.
    File(Why),
    /// Something else is, and a new file would fare no better.
    Other(StoreError),
}

/// A database for this process alone, with the same tables.
pub(crate) fn in_memory(tenant: &TenantId) -> Result<Connection, StoreError> {
    let mut connection =
        Connection::open_in_memory().map_err(|error| StoreError::database(Path::new(":memory:"), &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    admit(&mut connection, tenant).map_err(|error| match error {
        Admission::Database(error) => StoreError::database(Path::new(":memory:"), &error),
        Admission::Refused(_) => StoreError::Closed,
    })?;
    Ok(connection)
}

/// How a file is taken hold of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Beside other processes, which takes a small file for what they tell each other.
    Shared,
    /// Alone, so that no file has to be made.
    Alone,
    /// Without a lock and without a look at the log, for a disk that nobody can write to.
    AsItLies,
}

/// Opens the file at `path`, which exists (empty is a new one), with `key`.
pub(crate) fn open(path: &Path, tenant: &TenantId, key: &Secret) -> Result<Connection, Refused> {
    unlock(path, key, Hold::Shared)
        .map_err(Admission::Database)
        .and_then(|mut connection| {
            admit(&mut connection, tenant)?;
            Ok(connection)
        })
        .map_err(|error| match error {
            Admission::Refused(why) => Refused::File(why),
            Admission::Database(error) if is_damage(&error) => Refused::File(Why::Unreadable),
            Admission::Database(error) => Refused::Other(StoreError::database(path, &error)),
        })
}

/// Opens the file at `path` where [`open`] found no room for the files beside it, or may not make them: to read
/// what is there, and to write as soon as that can be done. `None` where it cannot be read either, or is not of
/// this version.
pub(crate) fn open_in_need(path: &Path, tenant: &TenantId, key: &Secret) -> Option<Connection> {
    let has_log = std::fs::metadata(path.with_extension(LOG)).is_ok_and(|log| log.len() > 0);
    let holds: &[Hold] = if has_log { &[Hold::Alone] } else { &[Hold::Alone, Hold::AsItLies] };
    let is_ours = |connection: &Connection| {
        let version = schema::version(connection).ok()?;
        let of = connection.query_row("SELECT id FROM tenant", [], |row| row.get::<_, String>(0)).ok()?;
        (version == VERSION && of == tenant.as_str()).then_some(())
    };
    holds.iter().find_map(|hold| {
        let connection = unlock(path, key, *hold).ok()?;
        is_ours(&connection)?;
        Some(connection)
    })
}

/// The end of the name of the log that SQLite keeps beside a file.
const LOG: &str = "perch-wal";

/// Whether a failure means that the file itself is at fault. SQLCipher
/// authenticates each page, so a page that was tampered with or half written
/// ends here too.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        }
        // A row that is not what the tables' own types promise.
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

fn unlock(path: &Path, key: &Secret, hold: Hold) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = match hold {
        Hold::Shared | Hold::Alone => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        Hold::AsItLies => {
            let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(as_it_lies(path)?, flags)?
        }
    };
    connection.busy_timeout(Duration::from_secs(5))?;
    // A raw key: the 256 bits come from a random source, so there is no
    // password to stretch, and opening takes no key derivation.
    // SQLCipher would write to standard error on its own; what it has to say
    // comes back as an error code too.
    let statement = Zeroizing::new(format!(
        "PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = ON; PRAGMA key = \"x'{}'\"; PRAGMA temp_store = MEMORY;",
        key.expose()
    ));
    connection.execute_batch(&statement)?;
    match hold {
        Hold::Shared => connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?,
        // Before the first read: what processes share of the log is in memory then (SQLite, *Write-Ahead Logging*, 8).
        Hold::Alone => connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?,
        Hold::AsItLies => {}
    }
    // The first read tells whether the key fits.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if hold == Hold::Shared {
        // With a write-ahead log, NORMAL loses nothing to a killed process, and to
        // a power cut at most the last answers, which can be asked for again.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    // The log is cut to this length when it was written back, so that one large
    // answer does not leave a large log.
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    // 4 MB of unsealed pages: what a viewer goes back and forth between is
    // unsealed once.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4096;")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// The address of a file that SQLite takes for one that nobody changes (SQLite, *URI Filenames*).
fn as_it_lies(path: &Path) -> rusqlite::Result<String> {
    let path = path.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let escaped: String = path
        .chars()
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            '\\' if cfg!(windows) => "/".to_owned(),
            letter => letter.to_string(),
        })
        .collect();
    let root = if cfg!(windows) { "file:///" } else { "file:" };
    Ok(format!("{root}{escaped}?immutable=1"))
}

enum Admission {
    Refused(Why),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Admission {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Makes the tables in a new file, brings an old one up to this version, and
/// refuses one of a newer version or another tenant.
fn admit(connection: &mut Connection, tenant: &TenantId) -> Result<(), Admission> {
    let before = schema::version(connection)?;
    schema::bring_up(connection, tenant)?;
    match schema::version(connection)? {
        VERSION => {}
        version => return Err(Admission::Refused(Why::Newer { version })),
    }
    match connection.query_row("SELECT id FROM tenant", [], |row| row.get::<_, String>(0)) {
        Ok(id) if id == tenant.as_str() => {}
        Ok(_) => return Err(Admission::Refused(Why::AnotherTenant)),
        Err(rusqlite::Error::QueryReturnedNoRows) => return Err(Admission::Refused(Why::Unreadable)),
        Err(error) => return Err(error.into()),
    }
    if before == 1
        && let Err(error) = connection.execute_batch("VACUUM")
    {
        // A file of version 1 never shrank. Where there is no room to write it
        // anew, this one does not either.
        if is_damage(&error) {
            return Err(error.into());
        }
    }
    Ok(())
}
