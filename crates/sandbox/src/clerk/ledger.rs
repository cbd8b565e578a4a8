//! What the stand-in remembers: who is signed in where, what they agreed to,
//! and every code, token and session that came of it. One SQLite file, so that
//! a restart on the same folder is the same service. Codes and tokens are kept
//! as digests. The clients and sessions of hosted authentication are read and
//! written in `hosted/clients.rs` and `hosted/sessions.rs`.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::opaque::digest;
use super::request::{Redirect, Request};
use super::scope::Scope;
use crate::SandboxError;
use crate::people::{self, Membership, Person};

/// Ten minutes, in seconds.
const CODE_LIFETIME: i64 = 600;
/// Ten years, in seconds.
const REFRESH_LIFETIME: i64 = 10 * 365 * 86_400;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sign_ins (
        browser TEXT PRIMARY KEY, person TEXT NOT NULL, at INTEGER NOT NULL, organization TEXT) STRICT;
    CREATE TABLE IF NOT EXISTS consents (person TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (person, scope)) STRICT;
    CREATE TABLE IF NOT EXISTS grants (
        id INTEGER PRIMARY KEY, person TEXT NOT NULL, scope TEXT NOT NULL, organization TEXT,
        signed_in_at INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE IF NOT EXISTS codes (
        digest TEXT PRIMARY KEY, grant_id INTEGER NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL,
        nonce TEXT, expires INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE IF NOT EXISTS refresh_tokens (
        digest TEXT PRIMARY KEY, grant_id INTEGER NOT NULL, expires INTEGER NOT NULL,
        used INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE IF NOT EXISTS ended_memberships (
        person TEXT NOT NULL, organization TEXT NOT NULL, PRIMARY KEY (person, organization)) STRICT;
    CREATE TABLE IF NOT EXISTS access_tokens (jti TEXT PRIMARY KEY, grant_id INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS opaque_tokens (
        digest TEXT PRIMARY KEY, grant_id INTEGER NOT NULL, scope TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS revoked_tokens (digest TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS clients (
        id TEXT PRIMARY KEY, token TEXT, next TEXT, answers INTEGER NOT NULL DEFAULT 0, last_session TEXT,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, person TEXT NOT NULL, organization TEXT, status TEXT NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_active_at INTEGER NOT NULL) STRICT;
";

/// The ledger. Its statements take microseconds, so its callers do not leave
/// their thread for it.
pub(super) struct Ledger(Mutex<Connection>);

/// Somebody is signed in at a browser.
#[derive(Debug, Clone)]
pub(super) struct SignIn {
    pub(super) person: &'static Person,
    /// Seconds since 1970.
    pub(super) at: i64,
    /// The organization last chosen in this browser.
    pub(super) organization: Option<String>,
}

/// What a person allowed a client. All tokens of one sign-in share one grant,
/// and end with it.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    id: i64,
    pub(super) person: &'static Person,
    pub(super) scope: Scope,
    pub(super) organization: Option<String>,
    /// Seconds since 1970.
    pub(super) signed_in_at: i64,
}

/// Why a code or a refresh token gives nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Dead {
    #[error("it was never given out")]
    Unknown,
    #[error("it was used before, so all that it gave is revoked")]
    Used,
    #[error("it was revoked")]
    Revoked,
    #[error("it has expired")]
    Expired,
    #[error("redirect_uri is not the one of the authorization request")]
    WrongRedirect,
    #[error("code_verifier does not match the code_challenge")]
    WrongVerifier,
    #[error("scope asks for more than was granted")]
    TooMuch,
    #[error("the sandbox's ledger failed: {0}")]
    Ledger(#[from] rusqlite::Error),
}

impl Ledger {
    /// Opens the ledger in a folder, which is made if it is not there, or one
    /// in memory.
    pub(super) fn open(data: Option<&Path>) -> Result<Self, SandboxError> {
        let Some(folder) = data else {
            let connection = Connection::open_in_memory()?;
            connection.execute_batch(SCHEMA)?;
            return Ok(Self(Mutex::new(connection)));
        };
        let failed = |reason: String| SandboxError::Data { path: folder.to_owned(), reason };
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let open = || {
            let connection = Connection::open(folder.join("clerk.sqlite"))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        open()
            .map(|connection| Self(Mutex::new(connection)))
            .map_err(|error: rusqlite::Error| failed(error.to_string()))
    }

    /// The bytes kept under `name`, made now if there are none.
    pub(super) fn keep(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Vec<u8>, SandboxError>,
    ) -> Result<Vec<u8>, SandboxError> {
        let connection = self.lock();
        let kept =
            connection.query_row("SELECT value FROM kept WHERE name = ?1", [name], |row| row.get(0)).optional()?;
        if let Some(bytes) = kept {
            return Ok(bytes);
        }
        let bytes = make()?;
        connection.execute("INSERT INTO kept (name, value) VALUES (?1, ?2)", params![name, bytes])?;
        Ok(bytes)
    }

    /// Somebody signed in.
    pub(super) fn sign_in(&self, browser: &str, person: &Person, now: i64) -> rusqlite::Result<()> {
        let insert = "INSERT OR REPLACE INTO sign_ins (browser, person, at) VALUES (?1, ?2, ?3)";
        self.lock().execute(insert, params![browser, person.id, now]).map(drop)
    }

    /// Nobody is signed in at this browser any more.
    pub(super) fn sign_out(&self, browser: &str) -> rusqlite::Result<()> {
        self.lock().execute("DELETE FROM sign_ins WHERE browser = ?1", [browser]).map(drop)
    }

    /// Who is signed in at a browser.
    pub(super) fn signed_in(&self, browser: &str) -> rusqlite::Result<Option<SignIn>> {
        let query = "SELECT person, at, organization FROM sign_ins WHERE browser = ?1";
        let found = self.lock().query_row(query, [browser], |row| {
            let person: String = row.get(0)?;
            Ok(people::person(&person).map(|person| (person, row.get(1), row.get(2))))
        });
        let Some((person, at, organization)) = found.optional()?.flatten() else { return Ok(None) };
        Ok(Some(SignIn { person, at: at?, organization: organization? }))
    }

    /// The person agreed, and chose an organization if one was asked for.
    pub(super) fn consent(
        &self,
        browser: &str,
        person: &Person,
        scope: &Scope,
        organization: Option<&str>,
    ) -> rusqlite::Result<()> {
        let connection = self.lock();
        for scope in scope.iter() {
            connection.execute("INSERT OR IGNORE INTO consents (person, scope) VALUES (?1, ?2)", [person.id, scope])?;
        }
        if organization.is_some() {
            let update = "UPDATE sign_ins SET organization = ?2 WHERE browser = ?1";
            connection.execute(update, params![browser, organization])?;
        }
        Ok(())
    }

    /// Whether the person agreed to all of `scope` before.
    pub(super) fn has_consented(&self, person: &Person, scope: &Scope) -> rusqlite::Result<bool> {
        let connection = self.lock();
        let mut known = connection.prepare("SELECT 1 FROM consents WHERE person = ?1 AND scope = ?2")?;
        for scope in scope.iter() {
            if !known.exists([person.id, scope])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes down a grant and its code, which lives ten minutes.
    pub(super) fn grant(
        &self,
        code: &str,
        request: &Request,
        sign_in: &SignIn,
        organization: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let change = connection.transaction()?;
        change.execute(
            "INSERT INTO grants (person, scope, organization, signed_in_at) VALUES (?1, ?2, ?3, ?4)",
            params![sign_in.person.id, request.scope.to_string(), organization, sign_in.at],
        )?;
        let grant = change.last_insert_rowid();
        change.execute(
            "INSERT INTO codes (digest, grant_id, redirect, challenge, nonce, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                digest(code),
                grant,
                request.redirect.as_str(),
                request.challenge,
                request.nonce,
                now + CODE_LIFETIME
            ],
        )?;
        change.commit()
    }

    /// Takes a code, once: its grant and the nonce to echo. A second use
    /// revokes what the first one gave (RFC 6749 §4.1.2). A code that comes
    /// with the wrong address or verifier is spent too: somebody else has it.
    pub(super) fn redeem(
        &self,
        code: &str,
        redirect: Option<&Redirect>,
        verifier: &str,
        now: i64,
    ) -> Result<(Grant, Option<String>), Dead> {
        struct Code {
            grant: i64,
            redirect: String,
            challenge: String,
            nonce: Option<String>,
            expires: i64,
            used: bool,
        }
        let mut connection = self.lock();
        let change = connection.transaction()?;
        let found = change
            .query_row(
                "SELECT grant_id, redirect, challenge, nonce, expires, used FROM codes WHERE digest = ?1",
                [digest(code)],
                |row| {
                    Ok(Code {
                        grant: row.get(0)?,
                        redirect: row.get(1)?,
                        challenge: row.get(2)?,
                        nonce: row.get(3)?,
                        expires: row.get(4)?,
                        used: row.get(5)?,
                    })
                },
            )
            .optional()?;
        let Some(found) = found else { return Err(Dead::Unknown) };
        change.execute("UPDATE codes SET used = 1 WHERE digest = ?1", [digest(code)])?;
        let verdict = if found.used {
            revoke(&change, found.grant)?;
            Err(Dead::Used)
        } else if now >= found.expires {
            Err(Dead::Expired)
        } else if redirect.map(Redirect::as_str) != Some(&found.redirect) {
            Err(Dead::WrongRedirect)
        } else if digest(verifier) != found.challenge {
            Err(Dead::WrongVerifier)
        } else {
            read_grant(&change, found.grant).map(|grant| (grant, found.nonce))
        };
        change.commit()?;
        verdict
    }

    /// Writes down a refresh token of a grant.
    pub(super) fn add_refresh_token(&self, token: &str, grant: &Grant, now: i64) -> rusqlite::Result<()> {
        let insert = "INSERT INTO refresh_tokens (digest, grant_id, expires) VALUES (?1, ?2, ?3)";
        self.lock().execute(insert, params![digest(token), grant.id, now + REFRESH_LIFETIME]).map(drop)
    }

    /// Takes a refresh token, once, and writes down `next` in its place. An
    /// old one that comes again revokes the grant: either its owner or a thief
    /// holds a copy, and we cannot tell which (RFC 9700 §4.14.2). One that
    /// asks for scopes beyond the grant is refused and not spent.
    pub(super) fn rotate(&self, token: &str, scope: Option<&Scope>, next: &str, now: i64) -> Result<Grant, Dead> {
        let mut connection = self.lock();
        let change = connection.transaction()?;
        let query = "SELECT grant_id, expires, used FROM refresh_tokens WHERE digest = ?1";
        let found = change
            .query_row(query, [digest(token)], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
            })
            .optional()?;
        let Some((grant, expires, used)) = found else { return Err(Dead::Unknown) };
        let verdict = if used {
            revoke(&change, grant)?;
            Err(Dead::Used)
        } else if now >= expires {
            Err(Dead::Expired)
        } else {
            read_grant(&change, grant).and_then(|grant| match scope {
                Some(scope) if !scope.is_within(&grant.scope) => Err(Dead::TooMuch),
                _ => Ok(grant),
            })
        };
        if let Ok(grant) = &verdict {
            change.execute("UPDATE refresh_tokens SET used = 1 WHERE digest = ?1", [digest(token)])?;
            let insert = "INSERT INTO refresh_tokens (digest, grant_id, expires) VALUES (?1, ?2, ?3)";
            change.execute(insert, params![digest(next), grant.id, now + REFRESH_LIFETIME])?;
        }
        change.commit()?;
        verdict
    }

    /// Writes down an access token's id.
    pub(super) fn add_access_token(&self, jti: &str, grant: &Grant) -> rusqlite::Result<()> {
        let insert = "INSERT INTO access_tokens (jti, grant_id) VALUES (?1, ?2)";
        self.lock().execute(insert, params![jti, grant.id]).map(drop)
    }

    /// The grant of an access token that is still good.
    pub(super) fn grant_of(&self, jti: &str) -> Result<Grant, Dead> {
        let mut connection = self.lock();
        let reading = connection.transaction()?;
        let grant = reading
            .query_row("SELECT grant_id FROM access_tokens WHERE jti = ?1", [jti], |row| row.get(0))
            .optional()?;
        grant.map_or(Err(Dead::Unknown), |grant| read_grant(&reading, grant))
    }

    /// Writes down an access token that is no JWT, so that what a JWT would
    /// say of itself stands here.
    pub(super) fn add_opaque_token(
        &self,
        token: &str,
        grant: &Grant,
        scope: &Scope,
        expires: i64,
    ) -> rusqlite::Result<()> {
        let insert = "INSERT INTO opaque_tokens (digest, grant_id, scope, expires) VALUES (?1, ?2, ?3, ?4)";
        self.lock().execute(insert, params![digest(token), grant.id, scope.to_string(), expires]).map(drop)
    }

    /// The grant and the scope of an access token that is no JWT.
    pub(super) fn opaque_token(&self, token: &str, now: i64) -> Result<(Grant, Scope), Dead> {
        let mut connection = self.lock();
        let reading = connection.transaction()?;
        let query = "SELECT grant_id, scope, expires FROM opaque_tokens WHERE digest = ?1";
        let found = reading
            .query_row(query, [digest(token)], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        let Some((grant, scope, expires)) = found else { return Err(Dead::Unknown) };
        if now >= expires {
            return Err(Dead::Expired);
        }
        if reading.prepare("SELECT 1 FROM revoked_tokens WHERE digest = ?1")?.exists([digest(token)])? {
            return Err(Dead::Revoked);
        }
        Ok((read_grant(&reading, grant)?, Scope::kept(&scope)))
    }

    /// Revokes the grant of a refresh token, if it is one; an opaque access
    /// token, if it is one.
    pub(super) fn revoke_token(&self, token: &str) -> rusqlite::Result<()> {
        let connection = self.lock();
        let update = "UPDATE grants SET revoked = 1 WHERE id = (SELECT grant_id FROM refresh_tokens WHERE digest = ?1)";
        connection.execute(update, [digest(token)])?;
        // It stays known, because the Backend API tells a revoked token from one
        // that never was.
        let insert = "INSERT OR IGNORE INTO revoked_tokens SELECT digest FROM opaque_tokens WHERE digest = ?1";
        connection.execute(insert, [digest(token)]).map(drop)
    }

    /// Every grant and every session so far gives nothing any more.
    pub(super) fn end_all(&self) -> rusqlite::Result<()> {
        self.lock().execute_batch(
            "BEGIN; UPDATE grants SET revoked = 1; UPDATE sessions SET status = 'revoked' WHERE status = 'active'; COMMIT",
        )
    }

    /// The person is no longer a member of the organization: grants and
    /// sessions for it stay, and are for none.
    pub(super) fn end_membership(&self, person: &Person, organization: &str) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let change = connection.transaction()?;
        for statement in [
            "INSERT OR IGNORE INTO ended_memberships (person, organization) VALUES (?1, ?2)",
            "UPDATE grants SET organization = NULL WHERE person = ?1 AND organization = ?2",
            "UPDATE sign_ins SET organization = NULL WHERE person = ?1 AND organization = ?2",
            "UPDATE sessions SET organization = NULL WHERE person = ?1 AND organization = ?2",
        ] {
            change.execute(statement, [person.id, organization])?;
        }
        change.commit()
    }

    /// Where the person belongs today.
    pub(super) fn memberships(&self, person: &Person) -> rusqlite::Result<Vec<&'static Membership>> {
        let connection = self.lock();
        let mut ended =
            connection.prepare("SELECT 1 FROM ended_memberships WHERE person = ?1 AND organization = ?2")?;
        let mut memberships = Vec::new();
        for membership in person.memberships {
            if !ended.exists([person.id, membership.organization.id])? {
                memberships.push(membership);
            }
        }
        Ok(memberships)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn revoke(change: &Transaction<'_>, grant: i64) -> rusqlite::Result<()> {
    change.execute("UPDATE grants SET revoked = 1 WHERE id = ?1", [grant]).map(drop)
}

fn read_grant(change: &Transaction<'_>, id: i64) -> Result<Grant, Dead> {
    let query = "SELECT person, scope, organization, signed_in_at, revoked FROM grants WHERE id = ?1";
    let (person, scope, organization, signed_in_at, revoked) = change.query_row(query, [id], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Option<String>>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, bool>(4)?,
        ))
    })?;
    if revoked {
        return Err(Dead::Revoked);
    }
    // A ledger of another version of the sandbox may name what is no more.
    let person = people::person(&person).ok_or(Dead::Unknown)?;
    Ok(Grant { id, person, scope: Scope::kept(&scope), organization, signed_in_at })
}
