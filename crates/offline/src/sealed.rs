//! One sealed file: how it is unlocked, what is inside, and how a file that
//! cannot be used is told from a disk that cannot be used.

use std::path::Path;
use std::time::Duration;

use perch_tenant::{Secret, TenantId};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use zeroize::Zeroizing;

use crate::{StoreError, Why};

/// The version of the tables, in the file's `user_version`. 0 is a new file.
const VERSION: i32 = 1;

/// `clock` has one row once Clerk has confirmed the session: three moments in
/// milliseconds since 1970 (see `reckoning`).
const TABLES: &str = "
    CREATE TABLE tenant (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE answer (
        question TEXT NOT NULL UNIQUE,
        body BLOB NOT NULL,
        fetched INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE clock (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        confirmed INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE note (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

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
    admit(&mut connection, tenant).map_err(|error| match error {
        Admission::Database(error) => StoreError::database(Path::new(":memory:"), &error),
        Admission::Refused(_) => StoreError::Closed,
    })?;
    Ok(connection)
}

/// Opens the file at `path`, which exists (empty is a new one), with `key`.
pub(crate) fn open(path: &Path, tenant: &TenantId, key: &Secret) -> Result<Connection, Refused> {
    unlock(path, key)
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

fn unlock(path: &Path, key: &Secret) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
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
    // The first read tells whether the key fits.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    // With a write-ahead log, NORMAL loses nothing to a killed process, and to
    // a power cut at most the last answers, which can be asked for again.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
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

/// Makes the tables in a new file, and refuses one of another version or
/// another tenant.
fn admit(connection: &mut Connection, tenant: &TenantId) -> Result<(), Admission> {
    let version = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i32>(0));
    if version(connection)? == 0 {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again under the lock: another process may have been first.
        if version(&transaction)? == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.execute("INSERT INTO tenant (id) VALUES (?1)", [tenant.as_str()])?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    match version(connection)? {
        VERSION => {}
        version => return Err(Admission::Refused(Why::Newer { version })),
    }
    match connection.query_row("SELECT id FROM tenant", [], |row| row.get::<_, String>(0)) {
        Ok(id) if id == tenant.as_str() => Ok(()),
        Ok(_) => Err(Admission::Refused(Why::AnotherTenant)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(Admission::Refused(Why::Unreadable)),
        Err(error) => Err(error.into()),
    }
}
