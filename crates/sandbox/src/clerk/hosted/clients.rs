//! Clients in the ledger: one for each app on a machine. A client is known by
//! a token that changes now and then; once a newer one has come, the older is
//! stale, so that a stolen copy is worth something only until its owner's next
//! request.

use rusqlite::{OptionalExtension, params};

use crate::clerk::ledger::Ledger;
use crate::clerk::opaque::digest;

/// Every so many answers bring a new token.
const ANSWERS_A_TOKEN: i64 = 4;

/// A client, as far as its own object tells.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    /// The session that was touched last.
    pub(super) last_session: Option<String>,
    /// Milliseconds since 1970, like all of the Frontend API's times.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl Ledger {
    /// Writes down a client without sessions.
    pub(super) fn add_client(&self, id: &str, now: i64) -> rusqlite::Result<()> {
        let insert = "INSERT INTO clients (id, created_at, updated_at) VALUES (?1, ?2, ?2)";
        self.lock().execute(insert, params![id, now]).map(drop)
    }

    /// Whether the token is the client's: the one in use, or the next one,
    /// which from now on is the one in use.
    pub(super) fn recognises(&self, id: &str, token: &str) -> rusqlite::Result<bool> {
        let connection = self.lock();
        let token = digest(token);
        let promote = "UPDATE clients SET token = next, next = NULL WHERE id = ?1 AND next = ?2";
        if connection.execute(promote, [id, &token])? == 1 {
            return Ok(true);
        }
        connection.prepare("SELECT 1 FROM clients WHERE id = ?1 AND token = ?2")?.exists([id, &token])
    }

    /// Writes down the token that the client is told next. The one in use stays
    /// good until that one comes: an answer can be lost on its way.
    pub(super) fn tell_next(&self, id: &str, token: &str) -> rusqlite::Result<()> {
        self.lock().execute("UPDATE clients SET next = ?2 WHERE id = ?1", [id, &digest(token)]).map(drop)
    }

    /// Counts an answer: whether it is to bring a new token.
    pub(super) fn count_answer(&self, id: &str) -> rusqlite::Result<bool> {
        let update = "UPDATE clients SET answers = answers + 1 WHERE id = ?1 RETURNING answers";
        let answers: Option<i64> = self.lock().query_row(update, [id], |row| row.get(0)).optional()?;
        Ok(answers.is_some_and(|answers| answers % ANSWERS_A_TOKEN == 0))
    }

    /// The client with this id.
    pub(super) fn client(&self, id: &str) -> rusqlite::Result<Option<Client>> {
        let query = "SELECT id, last_session, created_at, updated_at FROM clients WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Client { id: row.get(0)?, last_session: row.get(1)?, created_at: row.get(2)?, updated_at: row.get(3)? })
        };
        self.lock().query_row(query, [id], read).optional()
    }
}
