//! What a token would open, asked without using it, for tests: to ask as an app
//! does would spend a refresh token, and make a client's older token stale.

use rusqlite::params;

use super::Clerk;
use super::opaque::digest;
use crate::SandboxError;

impl Clerk {
    /// Whether a refresh token or a client token would be taken now, and what
    /// it stands for goes on.
    pub(crate) fn takes(&self, token: &str) -> Result<bool, SandboxError> {
        let now = self.clock.unix();
        let connection = self.ledger.lock();
        if let Some(claims) = self.keys.check_client_token(token) {
            let mut client = connection.prepare(
                "SELECT 1 FROM clients JOIN sessions ON sessions.client = clients.id
                    WHERE clients.id = ?1 AND ?2 IN (clients.token, clients.next) AND sessions.status = 'active'",
            )?;
            return Ok(client.exists(params![claims.id, digest(&claims.rotating_token)])?);
        }
        let mut refresh_token = connection.prepare(
            "SELECT 1 FROM refresh_tokens JOIN grants ON grants.id = refresh_tokens.grant_id
                WHERE refresh_tokens.digest = ?1 AND refresh_tokens.expires > ?2
                AND NOT refresh_tokens.used AND NOT grants.revoked",
        )?;
        Ok(refresh_token.exists(params![digest(token), now])?)
    }
}
