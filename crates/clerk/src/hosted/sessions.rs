//! The sessions of the client and of the person: whose there is, and the ends of
//! them.

use std::time::Duration;

use perch_tenant::User;
use reqwest::{Method, StatusCode};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::answer::{Client, Failure, Session, Status, Wrapped};
use super::{ClientToken, FrontendApi};
use crate::{ClerkError, Picture};

/// Sign-out does not wait for Clerk longer than this.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// For how long [`FrontendApi::end_others`] begins to end one more session.
const OTHERS_TIMEOUT: Duration = Duration::from_secs(30);

/// A person's session with Clerk: one for all of their organizations.
#[derive(Debug, Clone)]
pub struct HostedSession {
    /// Clerk's id, `sess_…`. It opens nothing without the client token.
    pub session_id: String,
    /// The person.
    pub user: User,
    /// Their picture, if they have one.
    pub picture: Option<Picture>,
}

impl FrontendApi {
    /// Asks Clerk for the session that this client holds for a person.
    ///
    /// # Errors
    /// [`ClerkError::SessionEnded`] when there is none, or none that still
    /// counts; [`ClerkError::SessionPending`] when there is one that waits for
    /// something.
    pub async fn session(&self, client: &mut ClientToken<'_>, user_id: &str) -> Result<HostedSession, ClerkError> {
        // A session that does not say whose it is ends no other: it may be this one.
        let may_be_theirs = |session: &Session| session.user.as_ref().is_none_or(|user| user.id == user_id);
        let sessions = self.sessions(client).await?.into_iter().filter(may_be_theirs);
        // The one that says most for the person.
        let worth = |session: &Session| match session.status {
            Status::Active => 3,
            Status::Pending => 2,
            Status::Unknown => 1,
            Status::Ended => 0,
        };
        self.hosted_session(sessions.max_by_key(worth).ok_or(ClerkError::SessionEnded)?)
    }

    /// Ends a session, waiting five seconds at most. One that was over already
    /// has ended.
    ///
    /// # Errors
    /// When Clerk did not do it.
    pub async fn end(&self, client: &mut ClientToken<'_>, session_id: &str) -> Result<(), ClerkError> {
        let path = ["client", "sessions", session_id, "end"];
        let call = self.call("session", Method::POST, &path).within(END_TIMEOUT);
        match self.ask::<IgnoredAny>(&call, client).await {
            Ok(IgnoredAny) => Ok(()),
            Err(Failure::Refused(refusal))
                if refusal.status == StatusCode::NOT_FOUND || refusal.says("invalid_action_for_session") =>
            {
                Ok(())
            }
            Err(failure) => match failure.of_session() {
                ClerkError::SessionEnded => Ok(()),
                error => Err(error),
            },
        }
    }

    /// Ends every other session of the person, on all devices, and tells how
    /// many those were; within forty seconds. (Clerk's Frontend API reference:
    /// Users, Sessions.)
    ///
    /// # Errors
    /// The first that Clerk did not end; those before it are over.
    /// [`ClerkError::Timeout`] when there are too many for the time: asked
    /// again, it goes on. [`ClerkError::ReverificationNeeded`] where Clerk wants
    /// a fresh sign-in first.
    /// [`ClerkError::SessionEnded`] is about the session that asks.
    pub async fn end_others(&self, client: &mut ClientToken<'_>, session_id: &str) -> Result<usize, ClerkError> {
        let call = self.call("session list", Method::GET, &["me", "sessions", "active"]).of_session(session_id);
        let until = Instant::now() + OTHERS_TIMEOUT;
        let sessions: Vec<Session> = self.ask(&call, client).await.map_err(Failure::of_session)?;
        let mut ended = 0;
        for other in sessions.iter().filter(|session| session.id != session_id) {
            let path = ["me", "sessions", &other.id, "revoke"];
            let call = self.call("session", Method::POST, &path).of_session(session_id).within(END_TIMEOUT);
            if Instant::now() >= until {
                return Err(ClerkError::Timeout);
            }
            match self.ask::<IgnoredAny>(&call, client).await {
                Ok(IgnoredAny) => ended += 1,
                // It ended by itself since the list was made.
                Err(Failure::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {}
                Err(failure) => return Err(failure.of_session()),
            }
        }
        Ok(ended)
    }

    /// That the client holds this session, and that it counts.
    pub(super) async fn confirm(&self, client: &mut ClientToken<'_>, session_id: &str) -> Result<(), ClerkError> {
        let session = self.sessions(client).await?.into_iter().find(|session| session.id == session_id);
        session.ok_or(ClerkError::SessionEnded)?.status.check()
    }

    /// All sessions of the client. No client is one without sessions.
    async fn sessions(&self, client: &mut ClientToken<'_>) -> Result<Vec<Session>, ClerkError> {
        let call = self.call("client", Method::GET, &["client"]);
        let answer: Wrapped<Option<Client>> = self.ask(&call, client).await.map_err(Failure::of_session)?;
        Ok(answer.response.map(|client| client.sessions).unwrap_or_default())
    }

    /// A session that counts, with its person.
    pub(super) fn hosted_session(&self, session: Session) -> Result<HostedSession, ClerkError> {
        session.status.check()?;
        let person = session.user.ok_or(ClerkError::NotUnderstood { endpoint: "session" })?;
        let picture = self.picture(person.has_image, person.image_url.as_deref());
        Ok(HostedSession { session_id: session.id, user: person.into_user(), picture })
    }
}
