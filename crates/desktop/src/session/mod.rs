//! A tenant's Clerk session during one visit: confirmed from time to time,
//! renewed when it must be, and never twice at once, whoever asks, in this
//! process or another.
//!
//! The two ways to sign in give two kinds. With an OAuth application each tenant
//! has a session of its own ([`oauth`]), which a refresh token renews. With
//! hosted authentication a person has one for all of their organizations
//! ([`hosted`]), which a client token opens. Either is one value for the whole
//! visit, however often its connection is opened anew, because two would spend
//! one token twice.

mod hosted;
mod oauth;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use perch_clerk::{ClerkError, Picture};
use perch_keychain::KeychainError;
use perch_tenant::{Attribute, Bindings, ClerkApp, Name, Organization, Secret, SignInMethod};
use tokio::task::JoinError;

pub(crate) use hosted::{HostedPerson, HostedTenant, memberships};
pub(crate) use oauth::OAuthSession;

use crate::problem::Problem;
use crate::turn::Busy;

/// How long Clerk's word that a session is alive is taken without asking again.
pub(crate) const CONFIRMED_FOR: Duration = Duration::from_secs(15 * 60);

/// For how long after its last word Clerk may be silent before the session
/// counts as unconfirmed.
pub(crate) const SILENT_FOR: Duration = Duration::from_secs(60 * 60);

/// How long a silent Clerk is left alone.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(60);

/// How long sign-out waits for Clerk before it goes on without.
const REVOKE_WITHIN: Duration = Duration::from_secs(2);

/// The session through which a tenant is seen. Clones are the same session.
#[derive(Clone)]
pub(crate) enum LiveSession {
    /// The tenant's own.
    OAuth(Arc<OAuthSession>),
    /// A person's, for one of their organizations.
    Hosted(Arc<HostedTenant>),
}

impl LiveSession {
    /// The tenant's own session, if it is one of this application at this Clerk:
    /// there may be no second one beside it.
    pub(crate) fn of_application(&self, app: &ClerkApp) -> Option<&Arc<OAuthSession>> {
        match (self, &app.sign_in) {
            (Self::OAuth(session), SignInMethod::OAuth(application)) => {
                session.is_through(&app.issuer, application).then_some(session)
            }
            _ => None,
        }
    }

    /// Whether it is over: signed out of, or ended by Clerk.
    pub(crate) fn is_ended(&self) -> bool {
        match self {
            Self::OAuth(session) => session.is_ended(),
            Self::Hosted(session) => session.is_ended(),
        }
    }

    /// Whether the session was confirmed or signed in to in this visit.
    pub(crate) async fn is_live(&self) -> bool {
        match self {
            Self::OAuth(session) => session.is_live().await,
            Self::Hosted(session) => session.person.is_live(),
        }
    }

    /// What there is to tell about keeping the session, once.
    pub(crate) fn take_notice(&self) -> Option<Problem> {
        match self {
            Self::OAuth(session) => session.take_notice(),
            Self::Hosted(session) => session.person.take_notice(),
        }
    }

    /// Counts the sign-ins that this value has served: a verdict on one of them
    /// says nothing of the next.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::OAuth(session) => session.generation(),
            Self::Hosted(session) => session.person.generation(),
        }
    }

    /// Makes sure that Clerk still knows this session, for this organization,
    /// and answers when Clerk said so. At most one request is under way,
    /// whoever asks.
    pub(crate) async fn confirm(&self, bind: &Bindings) -> Result<SystemTime, SessionError> {
        let by_slug = binds_slug(bind);
        match self {
            Self::OAuth(session) => session.confirm(by_slug).await,
            Self::Hosted(session) => session.confirm(by_slug).await,
        }
    }

    /// The access token of an OAuth session that Clerk knows, for the operator's
    /// broker. `doubted`: the broker refused the one before, so Clerk is asked
    /// whether the session goes on.
    pub(crate) async fn access_token(&self, bind: &Bindings, doubted: bool) -> Result<Secret, SessionError> {
        match self {
            Self::OAuth(session) => session.access_token(binds_slug(bind), doubted).await,
            Self::Hosted(_) => Err(ClerkError::Unsupported { what: "access tokens to a hosted session" }.into()),
        }
    }

    /// A token that Clerk signs from one of its templates, for this tenant.
    pub(crate) async fn template_token(&self, template: &Name) -> Result<Secret, SessionError> {
        match self {
            Self::OAuth(_) => Err(ClerkError::Unsupported { what: "JWT templates to an OAuth application" }.into()),
            Self::Hosted(session) => session.template_token(template).await,
        }
    }

    /// Forgets the session in memory, so that nothing of it is kept or asked
    /// with again. A person's session goes on for their other organizations.
    pub(crate) async fn forget(&self) {
        match self {
            Self::OAuth(session) => session.forget().await,
            Self::Hosted(session) => session.leave(),
        }
    }

    /// The person whose session it is one of, for all of their organizations.
    pub(crate) fn person(&self) -> Option<&Arc<HostedPerson>> {
        match self {
            Self::OAuth(_) => None,
            Self::Hosted(session) => Some(&session.person),
        }
    }

    /// The picture that Clerk last told for the organization.
    pub(crate) async fn picture(&self) -> Option<Picture> {
        match self {
            Self::OAuth(_) => None,
            Self::Hosted(session) => session.picture(),
        }
    }
}

/// Whether tokens are bound to a slug, which an organization can give up, and
/// which may be another's then.
fn binds_slug(bind: &Bindings) -> bool {
    bind.iter().any(|(_, attribute)| attribute == Attribute::OrgSlug)
}

/// Why a session could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// Nothing in the keychain renews it.
    #[error("nothing in the keychain renews this session")]
    Missing,
    /// Clerk says that it is not, or no longer, for this organization.
    #[error("the session is not for this organization")]
    OtherOrganization,
    /// Clerk refused or could not be asked.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
    /// The keychain did not open.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// Another process is at it.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Perch is being closed, or broke off.
    #[error("asking Clerk was broken off")]
    Interrupted(#[from] JoinError),
}

impl SessionError {
    /// Whether the session is over, as opposed to unreachable.
    pub(crate) fn ends_session(&self) -> bool {
        match self {
            Self::Missing | Self::OtherOrganization => true,
            Self::Clerk(error) => error.ends_session(),
            Self::Keychain(_) | Self::Busy(_) | Self::Interrupted(_) => false,
        }
    }

    /// Whether it is over for all of the person's organizations.
    pub(crate) fn ends_person(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Clerk(error) => error.ends_session(),
            _ => false,
        }
    }

    /// Whether nobody answered.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self, Self::Clerk(error) if error.is_offline())
    }

    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Missing => Problem::session_missing(),
            Self::OtherOrganization => Problem::new(
                "session-of-another-organization",
                "Your session is no longer for this organization: you may have left it, or it was renamed.",
                "Sign in again and choose this organization, or ask its administrator.",
            ),
            Self::Clerk(error) => Problem::from(error),
            Self::Keychain(error) => Problem::from(error),
            Self::Busy(busy) => Problem::new(busy.code(), busy.to_string(), busy.next_step()),
            Self::Interrupted(error) => {
                Problem::new("interrupted", format!("Asking Clerk was broken off ({error})."), "Perch tries again.")
            }
        }
    }
}

/// Somebody who left the organization has a session still, and must not get its
/// rows with it. Where tokens are bound to its slug, nor by a slug that the
/// organization gave up, which may be another's now.
fn is_same(told: Option<&Organization>, expected: Option<&Organization>, by_slug: bool) -> bool {
    let named = |organization: &Organization| (organization.id.clone(), organization.slug.clone().filter(|_| by_slug));
    told.map(named) == expected.map(named)
}

/// When Clerk last confirmed something, and when it is worth asking again.
#[derive(Debug, Clone, Copy)]
struct Confirmation {
    at: SystemTime,
    ask_again: SystemTime,
    doubted: bool,
}

impl Confirmation {
    fn new(at: SystemTime) -> Self {
        Self { at, ask_again: at, doubted: false }
    }

    /// Whether it is taken without asking.
    fn holds(&self, now: SystemTime) -> bool {
        !self.doubted && self.is_within(CONFIRMED_FOR, now) || (self.ask_again > now && self.is_within(SILENT_FOR, now))
    }

    /// Somebody else's refusal says that it may no longer hold. A silent Clerk
    /// changes nothing about when it was given.
    fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Clerk was asked and is silent. Whether that is no matter yet.
    fn bear_silence(&mut self, now: SystemTime) -> bool {
        self.ask_again = now + ASK_AGAIN;
        self.is_within(SILENT_FOR, now)
    }

    fn is_within(&self, limit: Duration, now: SystemTime) -> bool {
        now.duration_since(self.at).is_ok_and(|age| age < limit)
    }
}

/// What there is to tell once.
#[derive(Default)]
struct Note(Mutex<Option<Problem>>);

impl Note {
    fn put(&self, problem: Problem) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    fn take(&self) -> Option<Problem> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: &str, slug: &str) -> Organization {
        Organization { id: id.to_owned(), name: None, slug: Some(slug.to_owned()), role: None }
    }

    #[test]
    fn only_the_same_organization_is_confirmed_and_under_the_same_slug_where_that_counts() {
        let acme = organization("org_1", "acme");
        let renamed = organization("org_1", "acme-old");
        assert!(is_same(Some(&acme), Some(&organization("org_1", "acme")), true));
        for other in [None, Some(organization("org_2", "acme")), Some(renamed.clone())] {
            assert!(!is_same(other.as_ref(), Some(&acme), true));
        }
        assert!(is_same(Some(&renamed), Some(&acme), false), "no token is bound to the slug");
        assert!(!is_same(Some(&organization("org_2", "acme")), Some(&acme), false));
        assert!(is_same(None, None, true));
        assert!(!is_same(Some(&acme), None, false));
        assert!(SessionError::OtherOrganization.ends_session() && !SessionError::OtherOrganization.ends_person());
    }

    #[test]
    fn silence_is_borne_for_an_hour_after_clerks_last_word() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let mut confirmation = Confirmation::new(start);
        assert!(confirmation.holds(start + CONFIRMED_FOR - Duration::from_secs(1)));
        assert!(!confirmation.holds(start + CONFIRMED_FOR));
        assert!(confirmation.bear_silence(start + CONFIRMED_FOR));
        assert!(confirmation.holds(start + CONFIRMED_FOR + ASK_AGAIN - Duration::from_secs(1)));
        assert!(!confirmation.holds(start + CONFIRMED_FOR + ASK_AGAIN));
        assert!(!confirmation.bear_silence(start + SILENT_FOR));
        assert!(!confirmation.holds(start + SILENT_FOR));
        // A clock set back confirms nothing.
        assert!(!Confirmation::new(start).holds(start - Duration::from_secs(1)));
    }
}
