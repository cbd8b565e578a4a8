//! Sessions in the ledger: one for each person who signed in in a client.

use rusqlite::{OptionalExtension, Row, params};

use crate::clerk::ledger::Ledger;
use crate::people::{self, Person};

/// Seven days, in milliseconds: how long a session lives.
const LIFETIME: i64 = 7 * 86_400_000;

/// A person's session in one client.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) person: &'static Person,
    /// The last active organization; none is the person themselves.
    pub(super) organization: Option<String>,
    pub(super) status: Status,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) last_active_at: i64,
}

/// What became of a session, in Clerk's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It goes on.
    Active,
    /// The person signed out.
    Ended,
    /// The person signed out and it left the client's list.
    Removed,
    /// Somebody else ended it: an administrator, or the person elsewhere.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Status {
    const ALL: [Self; 5] = [Self::Active, Self::Ended, Self::Removed, Self::Revoked, Self::Expired];

    /// Clerk's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

impl Session {
    /// When it expires, in milliseconds since 1970.
    pub(super) fn expires_at(&self) -> i64 {
        self.created_at + LIFETIME
    }

    /// Whether it goes on.
    pub(super) fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

const COLUMNS: &str = "id, client, person, organization, status, created_at, updated_at, last_active_at";

impl Ledger {
    /// Writes down a session, in the place of one that the person had in the
    /// same client.
    pub(super) fn add_session(&self, session: &Session) -> rusqlite::Result<()> {
        let Session { id, client, person, organization, status, created_at, updated_at, last_active_at } = session;
        let mut connection = self.lock();
        let change = connection.transaction()?;
        change.execute(
            "UPDATE sessions SET status = 'removed', updated_at = ?3
                WHERE client = ?1 AND person = ?2 AND status <> 'removed'",
            params![client, person.id, updated_at],
        )?;
        change.execute(
            &format!("INSERT INTO sessions ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
            params![id, client, person.id, organization, status.word(), created_at, updated_at, last_active_at],
        )?;
        change.execute(
            "UPDATE clients SET last_session = ?2, updated_at = ?3 WHERE id = ?1",
            params![client, id, updated_at],
        )?;
        change.commit()
    }

    /// The sessions that a client lists, the oldest first: active ones and what
    /// is left of those that were.
    pub(super) fn sessions_of_client(&self, client: &str, now: i64) -> rusqlite::Result<Vec<Session>> {
        self.sessions("client = ?1 AND status <> 'removed'", client, now)
    }

    /// The sessions of a person that go on, in all clients.
    pub(super) fn active_sessions(&self, person: &Person, now: i64) -> rusqlite::Result<Vec<Session>> {
        let mut sessions = self.sessions("person = ?1 AND status = 'active'", person.id, now)?;
        sessions.retain(Session::is_active);
        Ok(sessions)
    }

    fn sessions(&self, which: &str, value: &str, now: i64) -> rusqlite::Result<Vec<Session>> {
        let connection = self.lock();
        let mut query = connection.prepare(&format!("SELECT {COLUMNS} FROM sessions WHERE {which} ORDER BY rowid"))?;
        let rows = query.query_map([value], |row| read(row, now))?;
        // Those whose person is no more are left out.
        rows.filter_map(Result::transpose).collect()
    }

    /// The session with this id.
    pub(super) fn session(&self, id: &str, now: i64) -> rusqlite::Result<Option<Session>> {
        let query = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
        Ok(self.lock().query_row(&query, [id], |row| read(row, now)).optional()?.flatten())
    }

    /// The session is the client's last active one, for this organization or
    /// for the person themselves.
    pub(super) fn touch(&self, session: &Session, organization: Option<&str>, now: i64) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let change = connection.transaction()?;
        change.execute(
            "UPDATE sessions SET organization = ?2, last_active_at = ?3, updated_at = ?3 WHERE id = ?1",
            params![session.id, organization, now],
        )?;
        change.execute(
            "UPDATE clients SET last_session = ?2, updated_at = ?3 WHERE id = ?1",
            params![session.client, session.id, now],
        )?;
        change.commit()
    }

    /// The session goes on no longer.
    pub(super) fn end_session(&self, id: &str, status: Status, now: i64) -> rusqlite::Result<()> {
        let update = "UPDATE sessions SET status = ?2, updated_at = ?3 WHERE id = ?1";
        self.lock().execute(update, params![id, status.word(), now]).map(drop)
    }
}

fn read(row: &Row<'_>, now: i64) -> rusqlite::Result<Option<Session>> {
    let (person, status) = (row.get::<_, String>(2)?, row.get::<_, String>(4)?);
    let Some((person, status)) = people::person(&person).zip(Status::read(&status)) else { return Ok(None) };
    let mut session = Session {
        id: row.get(0)?,
        client: row.get(1)?,
        person,
        organization: row.get(3)?,
        status,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        last_active_at: row.get(7)?,
    };
    if session.is_active() && now >= session.expires_at() {
        session.status = Status::Expired;
    }
    Ok(Some(session))
}
