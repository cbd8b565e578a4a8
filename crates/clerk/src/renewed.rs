//! A renewal between its two halves: the refresh token is spent and the next one
//! is here, but whose session it is has not been verified yet. Verification can
//! fail for reasons that pass, a wrong clock, a network that drops, a key that
//! has just rotated. None of them may cost the new refresh token, because Clerk
//! takes the old one no more.

use std::fmt;
use std::time::SystemTime;

use perch_tenant::Secret;

use crate::token::Answered;
use crate::{ClerkError, Provider, Session};

/// What [`Session::renew`] got. First keep [`Renewed::refresh_token`], then
/// [`Renewed::verify`], as often as it takes.
#[must_use = "the refresh token in it is the only one that Clerk still takes"]
#[derive(Clone)]
pub struct Renewed {
    answered: Answered,
    refresh: Secret,
    user_id: String,
}

impl Renewed {
    pub(crate) fn new(answered: Answered, spent: &Secret, user_id: &str) -> Self {
        let refresh = answered.refresh().unwrap_or(spent).clone();
        Self { answered, refresh, user_id: user_id.to_owned() }
    }

    /// What renews the session from now on: the new refresh token, or the old
    /// one where Clerk gave no new one. Keep it before anything else is done.
    pub fn refresh_token(&self) -> &Secret {
        &self.refresh
    }

    /// The session, if the ID token holds at `now` (OpenID Connect Core §12.2).
    /// Asks for Clerk's keys when it must, never for another token: after a
    /// failure it may be called again, and when the failure stays, the session
    /// can be renewed once more with [`Renewed::refresh_token`].
    ///
    /// # Errors
    /// [`ClerkError::ClockSkew`], [`ClerkError::IdToken`], or those of the
    /// network while fetching keys; [`ClerkError::AnotherPerson`] when the ID
    /// token is not about whom the session was renewed for. None of them ends
    /// the session at Clerk.
    pub async fn verify(&self, provider: &Provider, now: SystemTime) -> Result<Session, ClerkError> {
        let tokens = self.answered.verify(provider, None, now).await?;
        Session::of_renewal(tokens, self.refresh.clone(), &self.user_id)
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Renewed").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
