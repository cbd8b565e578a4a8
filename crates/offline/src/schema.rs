//! The tables of a store, and how a file of an earlier version becomes one of
//! this version.
//!
//! [`STEPS`] is the whole history: a new file takes every step, an old one those
//! that it has not taken yet, in one transaction with the number of the last. A
//! step that a release has taken is never changed; what comes next is another
//! step.

use perch_tenant::TenantId;
use rusqlite::{Connection, TransactionBehavior};

/// The version of the tables, in the file's `user_version`. 0 is a new file.
pub(crate) const VERSION: i32 = 3;

/// What makes version 1 of an empty file, version 2 of version 1, and so on.
const STEPS: [&str; VERSION as usize] = [FIRST, LIMITED, PACKED];

/// `clock` has one row once Clerk has confirmed the session: three moments in
/// milliseconds since 1970 (see `reckoning`).
const FIRST: &str = "
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

/// What the limit of size needs to know: what each answer takes (`size`, the
/// bytes of its body) and when it was last shown (`seen`). The bodies stand
/// apart, so that whoever looks for what leaves first unseals none of them.
/// `pin` names the questions of the dashboards that are kept for offline, also
/// those without an answer yet; a dashboard that asks nothing has one empty one.
const LIMITED: &str = "
    ALTER TABLE answer RENAME TO former;
    CREATE TABLE answer (
        id INTEGER PRIMARY KEY,
        question TEXT NOT NULL UNIQUE,
        fetched INTEGER NOT NULL,
        source TEXT NOT NULL,
        seen INTEGER NOT NULL,
        size INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE body (answer INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
    INSERT INTO answer (id, question, fetched, source, seen, size)
        SELECT rowid, question, fetched, '', fetched, length(body) FROM former;
    INSERT INTO body (answer, bytes) SELECT rowid, body FROM former;
    DROP TABLE former;
    CREATE INDEX answer_by_seen ON answer (seen, id, size);
    CREATE TABLE pin (
        dashboard TEXT NOT NULL,
        question TEXT NOT NULL,
        PRIMARY KEY (dashboard, question)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pin_by_question ON pin (question);
";

/// No table is another: bodies are frames with a dictionary from here on (see
/// `packed`), which a Perch of version 2 would take for damage.
const PACKED: &str = "";

/// The version of an open file's tables.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a file up to [`VERSION`], a new one for `tenant`: wholly, or not at
/// all. Leaves one of a newer version as it is.
pub(crate) fn bring_up(connection: &mut Connection, tenant: &TenantId) -> rusqlite::Result<()> {
    if version(connection)? >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have been first.
    let from = version(&transaction)?;
    let is_new = from == 0;
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    if is_new {
        transaction.execute("INSERT INTO tenant (id) VALUES (?1)", [tenant.as_str()])?;
    }
    transaction.pragma_update(None, "user_version", VERSION.max(from))?;
    transaction.commit()
}
