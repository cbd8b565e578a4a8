//! A tenant's token from a JWT template, which Clerk fills and signs. The
//! request names no organization: the token is for the one that the session is
//! active for, so that is set first, and both are one step.

use perch_tenant::Secret;
use reqwest::{Method, StatusCode};

use super::answer::{Failure, Refusal, Session, TemplateToken, Wrapped};
use super::{ClientToken, FrontendApi};
use crate::ClerkError;

impl FrontendApi {
    /// The token that Clerk makes from `template` for this organization, or for
    /// the person alone. Whoever uses it still has to look whom it names: the
    /// session is not this copy of Perch's alone.
    ///
    /// # Errors
    /// [`ClerkError::NotAMember`] when the person cannot be active for the
    /// organization, [`ClerkError::AnotherOrganization`] when the session is
    /// active for another afterwards, [`ClerkError::TemplateMissing`],
    /// [`ClerkError::SessionPending`], and [`ClerkError::SessionEnded`] when the
    /// session is over.
    pub async fn template_token(
        &self,
        client: &mut ClientToken<'_>,
        session_id: &str,
        organization: Option<&str>,
        template: &str,
    ) -> Result<Secret, ClerkError> {
        self.activate(client, session_id, organization).await?;
        let path = ["client", "sessions", session_id, "tokens", template];
        let call = self.call("token template", Method::POST, &path);
        match self.ask::<TemplateToken>(&call, client).await {
            Ok(token) => Ok(Secret::new(token.jwt)),
            Err(Failure::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
                Err(ClerkError::TemplateMissing { name: template.to_owned() })
            }
            Err(failure) => Err(failure.of_session()),
        }
    }

    /// Makes the session active for the organization, or for none, and sees that
    /// it is.
    async fn activate(
        &self,
        client: &mut ClientToken<'_>,
        session_id: &str,
        organization: Option<&str>,
    ) -> Result<(), ClerkError> {
        let form = [("active_organization_id", organization.unwrap_or_default())];
        let call = self.call("session", Method::POST, &["client", "sessions", session_id, "touch"]).form(&form);
        let session = match self.ask::<Wrapped<Session>>(&call, client).await {
            Ok(touched) => touched.response,
            Err(Failure::Refused(refusal)) => {
                return Err(self.not_activated(refusal, client, session_id, organization).await);
            }
            Err(Failure::Clerk(error)) => return Err(error),
        };
        if session.id != session_id {
            return Err(ClerkError::AnotherSession);
        }
        session.status.check()?;
        let active = session.last_active_organization_id.filter(|id| !id.is_empty());
        if active.as_deref() == organization { Ok(()) } else { Err(ClerkError::AnotherOrganization) }
    }

    /// Why a session was not made active. `resource_not_found` may be the
    /// session or the organization, and only the end of the session may close
    /// all of a person's tenants: the client tells which.
    async fn not_activated(
        &self,
        refusal: Refusal,
        client: &mut ClientToken<'_>,
        session_id: &str,
        organization: Option<&str>,
    ) -> ClerkError {
        let (status, not_found) = (refusal.status, refusal.says("resource_not_found"));
        let error = refusal.of_session();
        if !matches!(error, ClerkError::Refused { .. }) {
            return error;
        }
        if not_found && let Err(error) = self.confirm(client, session_id).await {
            return error;
        }
        match status {
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
                if organization.is_some() =>
            {
                ClerkError::NotAMember
            }
            _ => error,
        }
    }
}
