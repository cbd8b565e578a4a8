//! The shapes of the Frontend API's answers, as far as Perch reads them, and
//! what its errors mean. By Clerk's specification of the API, version
//! 2026-05-12; `hosted_auth` is not in it and is read as Clerk's SDKs read it.

use perch_tenant::User;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ClerkError;
use crate::callback::error_code;
use crate::http::Answer;
use crate::userinfo::filled;

/// What most answers are wrapped in. Beside the response stands the client,
/// which Perch asks for where it needs it.
#[derive(Deserialize)]
pub(super) struct Wrapped<T> {
    pub(super) response: T,
}

/// `Client.Client`.
#[derive(Deserialize)]
pub(super) struct Client {
    pub(super) sessions: Vec<Session>,
}

/// `Client.Session`.
#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) last_active_organization_id: Option<String>,
    pub(super) user: Option<Person>,
}

/// Whether a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    /// Something is left to do in a browser.
    Pending,
    #[serde(alias = "revoked", alias = "expired", alias = "removed", alias = "abandoned")]
    Ended,
    /// One that Clerk invented since. It does not end a session.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// That a session with this status counts.
    pub(super) fn check(self) -> Result<(), ClerkError> {
        match self {
            Self::Active => Ok(()),
            Self::Pending => Err(ClerkError::SessionPending),
            Self::Ended => Err(ClerkError::SessionEnded),
            Self::Unknown => Err(ClerkError::NotUnderstood { endpoint: "session" }),
        }
    }
}

/// `Client.User`.
#[derive(Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
    primary_email_address_id: Option<String>,
    #[serde(default)]
    email_addresses: Vec<EmailAddress>,
    #[serde(default)]
    pub(super) has_image: bool,
    pub(super) image_url: Option<String>,
}

#[derive(Deserialize)]
struct EmailAddress {
    id: String,
    email_address: String,
}

impl Person {
    /// The person as the rest of Perch knows one.
    pub(super) fn into_user(self) -> User {
        let names: Vec<_> = [self.first_name, self.last_name].into_iter().filter_map(filled).collect();
        let primary = self.primary_email_address_id;
        let email = self.email_addresses.into_iter().find(|address| primary.as_ref() == Some(&address.id));
        User {
            id: self.id,
            name: filled(Some(names.join(" "))).or_else(|| filled(self.username)),
            email: filled(email.map(|address| address.email_address)),
        }
    }
}

/// The answer to `hosted_auth`.
#[derive(Deserialize)]
pub(super) struct HostedAuth {
    pub(super) url: String,
}

/// The answer to a template's token.
#[derive(Deserialize)]
pub(super) struct TemplateToken {
    pub(super) jwt: String,
}

/// A list, which comes whole or as a page of it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum List<T> {
    Page { data: Vec<T>, total_count: Option<usize> },
    Whole(Vec<T>),
}

/// `Client.OrganizationMembership`.
#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) organization: Company,
    pub(super) role: Option<String>,
    pub(super) permissions: Option<Vec<String>>,
    pub(super) public_user_data: Option<PublicUserData>,
}

/// `Client.Organization`.
#[derive(Deserialize)]
pub(super) struct Company {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) slug: Option<String>,
    #[serde(default)]
    pub(super) has_image: bool,
    pub(super) image_url: Option<String>,
}

/// `Client.PublicUserData`.
#[derive(Deserialize)]
pub(super) struct PublicUserData {
    pub(super) user_id: Option<String>,
}

/// Why a call brought nothing: what means the same for every call, or a refusal
/// whose meaning depends on what was asked.
pub(super) enum Failure {
    Clerk(ClerkError),
    Refused(Refusal),
}

impl Failure {
    /// What it means where the call was a session's.
    pub(super) fn of_session(self) -> ClerkError {
        match self {
            Self::Clerk(error) => error,
            Self::Refused(refusal) => refusal.of_session(),
        }
    }
}

impl From<ClerkError> for Failure {
    fn from(error: ClerkError) -> Self {
        Self::Clerk(error)
    }
}

/// What it means where the call was nobody's in particular.
impl From<Failure> for ClerkError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Clerk(error) => error,
            Failure::Refused(refusal) => refusal.into_error(),
        }
    }
}

/// `ClerkErrors`: an answer with a 4xx that tells its reasons, at least one. An
/// error without them is not Clerk's own word, but that of something between.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    #[serde(default)]
    meta: Option<Map<String, Value>>,
}

impl Refusal {
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        #[derive(Deserialize)]
        struct Errors {
            errors: Vec<Reason>,
        }
        if !answer.status.is_client_error() {
            return None;
        }
        let Errors { errors } = serde_json::from_slice(&answer.body).ok()?;
        (!errors.is_empty()).then_some(Self { status: answer.status, reasons: errors })
    }

    /// Whether the client token is stale.
    pub(super) fn is_signed_out(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED && self.says("signed_out")
    }

    pub(super) fn says(&self, code: &str) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    fn is_about(&self, parameter: &str) -> bool {
        let named = |reason: &Reason| reason.meta.as_ref()?.get("param_name")?.as_str().map(|name| name == parameter);
        self.reasons.iter().any(|reason| named(reason) == Some(true))
    }

    /// What it means, whatever was asked.
    pub(super) fn into_error(self) -> ClerkError {
        if self.says("native_api_disabled") {
            ClerkError::NativeApiDisabled
        } else if self.says("organization_not_enabled_in_instance") {
            ClerkError::OrganizationsDisabled
        } else if self.says("session_reverification_required") {
            ClerkError::ReverificationNeeded
        } else if self.is_about("redirect_url") {
            ClerkError::RedirectNotRegistered
        } else {
            let reason = self.reasons.first().map_or_else(String::new, |reason| error_code(&reason.code));
            ClerkError::Refused { reason }
        }
    }

    /// What it means for a session: it is over where Clerk does not take the
    /// client for signed in.
    pub(super) fn of_session(self) -> ClerkError {
        let status = self.status;
        match self.into_error() {
            ClerkError::Refused { .. } if status == StatusCode::UNAUTHORIZED => ClerkError::SessionEnded,
            error => error,
        }
    }
}
