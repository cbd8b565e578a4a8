//! A session: what Clerk gave at a sign-in or a renewal, and what can be done
//! with it.

use std::fmt;
use std::time::{Duration, SystemTime};

use perch_tenant::{Organization, Secret, User};
use reqwest::StatusCode;

use crate::token::{self, Tokens};
use crate::userinfo::{Userinfo, Viewer};
use crate::{ClerkError, Provider, Renewed, http};

/// Sign-out does not wait for Clerk longer than this.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(5);

/// One person's session with Clerk, for at most one organization.
///
/// The access token lives here, in memory, and is never parsed: an operator may
/// switch Clerk to opaque ones. It goes to Clerk and to the operator's broker. The refresh token is what the keychain keeps.
#[derive(Clone)]
pub struct Session {
    access: Secret,
    refresh: Secret,
    expires: SystemTime,
    user_id: String,
    organization_id: Option<String>,
}

impl Session {
    /// The session of a sign-in, whose ID token was verified.
    pub(crate) fn of_sign_in(tokens: Tokens) -> Result<Self, ClerkError> {
        let id = tokens.id.ok_or(ClerkError::ScopeMissing { scope: "openid" })?;
        Ok(Self {
            access: tokens.access,
            refresh: tokens.refresh.ok_or(ClerkError::ScopeMissing { scope: "offline_access" })?,
            expires: tokens.expires,
            user_id: id.sub,
            organization_id: id.org_id,
        })
    }

    /// What renews this session. Keep the newest only, and keep it before
    /// anything else is done: Clerk takes each at most once.
    pub fn refresh_token(&self) -> &Secret {
        &self.refresh
    }

    /// What shows to Clerk, and to the operator's own server, whose session it
    /// is (RFC 6750). Never kept.
    pub fn access_token(&self) -> &Secret {
        &self.access
    }

    /// When the access token ends, by this computer's clock.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// Whose session it is: the ID token's `sub`.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The organization that the ID token names, when it names one.
    pub fn organization_id(&self) -> Option<&str> {
        self.organization_id.as_deref()
    }

    /// Spends the refresh token of `user_id`'s session. What comes back is not
    /// a session yet, but has the refresh token that is to be kept from now on.
    ///
    /// # Errors
    /// [`ClerkError::SessionEnded`] when Clerk ended the session. Every other
    /// error leaves it as it was: [`ClerkError::ends_session`] tells.
    pub async fn renew(provider: &Provider, refresh_token: &Secret, user_id: &str) -> Result<Renewed, ClerkError> {
        let answered = token::refresh(provider, refresh_token).await?;
        Ok(Renewed::new(answered, refresh_token, user_id))
    }

    /// The session of a renewal: with `refresh`, and for `user_id`, whom the ID
    /// token, if there is one, must name.
    pub(crate) fn of_renewal(tokens: Tokens, refresh: Secret, user_id: &str) -> Result<Self, ClerkError> {
        let organization_id = match tokens.id {
            Some(id) if id.sub != user_id => return Err(ClerkError::AnotherPerson),
            Some(id) => id.org_id,
            None => None,
        };
        Ok(Self {
            access: tokens.access,
            refresh,
            expires: tokens.expires,
            user_id: user_id.to_owned(),
            organization_id,
        })
    }

    /// Asks Clerk who this session belongs to, and for which organization: none
    /// where Clerk names none, whatever the ID token said when it was signed.
    ///
    /// # Errors
    /// [`ClerkError::AnotherPerson`] and [`ClerkError::AnotherOrganization`]
    /// when the answer contradicts the ID token;
    /// [`ClerkError::AccessTokenRefused`], and only that, when the session
    /// needs renewal.
    pub async fn who(&self, provider: &Provider) -> Result<(User, Option<Organization>), ClerkError> {
        self.viewer(provider).await.map(|viewer| (viewer.user, viewer.organization))
    }

    /// As [`Session::who`], with the person's picture.
    pub(crate) async fn viewer(&self, provider: &Provider) -> Result<Viewer, ClerkError> {
        let request =
            provider.http().get(provider.metadata().userinfo.clone()).bearer_auth(self.access.expose()).build()?;
        let answer = http::send(provider.http(), request, "userinfo endpoint").await?;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ClerkError::AccessTokenRefused),
            _ => answer.json::<Userinfo>()?.of(&self.user_id, self.organization_id.as_deref(), provider.issuer()),
        }
    }

    /// Asks Clerk to end a session (RFC 7009), waiting five seconds at most. A
    /// best effort: Clerk may refuse it to a public client, and whoever signs
    /// out forgets the session in every case.
    ///
    /// # Errors
    /// When Clerk did not do it.
    pub async fn revoke(provider: &Provider, refresh_token: &Secret) -> Result<(), ClerkError> {
        let url = provider.metadata().revocation.clone().ok_or(ClerkError::Unsupported { what: "revocation" })?;
        let form = [
            ("token", refresh_token.expose()),
            ("token_type_hint", "refresh_token"),
            ("client_id", provider.client_id()),
        ];
        let request = provider.http().post(url).form(&form).build()?;
        let answer = http::send_within(REVOKE_TIMEOUT, provider.http(), request, "revocation endpoint").await?;
        if answer.status.is_success() { Ok(()) } else { Err(ClerkError::InvalidClient) }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("user_id", &self.user_id)
            .field("organization_id", &self.organization_id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
