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
        "PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = ON; PRAGMA key = \"x'{}'\"; PRAGMA temp_store = MEMORY;
         PRAGMA auto_vacuum = INCREMENTAL;",
        key.expose()
    ));
    connection.execute_batch(&statement)?;
    // The first read tells whether the key fits.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    // With a write-ahead log, NORMAL loses nothing to a killed process, and to
    // a power cut at most the last answers, which can be asked for again.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The log is cut to this length when it was written back, so that one large
    // answer does not leave a large log.
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    // 4 MB of unsealed pages: what a viewer goes back and forth between is
    // unsealed once.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4096;")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
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
