//! What can go wrong between Perch and Clerk: a stable code, a sentence for a
//! person, a next step. Nothing here ever holds a token, a code or a key.

use std::io;
use std::time::{Duration, SystemTime};

use crate::IdTokenError;

/// Why a sign-in, a renewal or a question to Clerk failed.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    // No network, or Clerk is down. None of these says anything about a session.
    /// No connection to Clerk.
    #[error("Clerk could not be reached.")]
    Unreachable(#[source] reqwest::Error),
    /// Clerk did not answer in time.
    #[error("Clerk did not answer in time.")]
    Timeout,
    /// Clerk answered with a 5xx.
    #[error("Clerk is not available right now (status {status}).")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// Clerk answered 429.
    #[error("Clerk was asked too often and wants a pause.")]
    RateLimited {
        /// How long, when Clerk says so in seconds.
        retry_after: Option<Duration>,
    },

    // The viewer, and the viewer's computer.
    /// No port to listen on.
    #[error("Perch could not listen on this computer for the browser to come back: {0}.")]
    PortBlocked(#[source] io::Error),
    /// The browser did not come back within [`SignIn::PATIENCE`](crate::SignIn::PATIENCE).
    #[error("The browser did not come back within 15 minutes.")]
    NotFinished,
    /// `access_denied`.
    #[error("You declined to let Perch sign you in.")]
    AccessDenied,
    /// The code was refused: too old, used already, or from another sign-in.
    #[error("Clerk no longer accepts this sign-in: it took too long, or was finished already.")]
    CodeRefused,
    /// `invalid_grant` at a renewal, with status 400 or 401; or a hosted session
    /// that the client no longer holds or that does not count any more. The only
    /// error that ends a session.
    #[error("Clerk has ended this session.")]
    SessionEnded,
    /// Userinfo answers 401 or 403. The only error that a renewal may cure.
    #[error("Clerk no longer accepts this session's access token.")]
    AccessTokenRefused,
    /// This computer's clock and Clerk's are more than a minute apart.
    #[error("This computer's clock is {} {} Clerk's.", minutes(.seconds.unsigned_abs()), if *.seconds > 0 { "ahead of" } else { "behind" })]
    ClockSkew {
        /// How far this computer is ahead; negative when behind.
        seconds: i64,
        /// What Clerk says the time is.
        server: SystemTime,
    },

    // The operator's set-up.
    /// What answers at the issuer is no OpenID provider.
    #[error("What answers at {issuer} is not Clerk.")]
    NotClerk {
        /// The issuer that was asked.
        issuer: String,
    },
    /// Clerk does not know the client id, or wants a secret for it.
    #[error("Clerk does not accept this connection's client id.")]
    InvalidClient,
    /// A scope that Perch cannot do without was not granted.
    #[error("Clerk did not grant the scope `{scope}`.")]
    ScopeMissing {
        /// The scope.
        scope: &'static str,
    },
    /// `invalid_scope`: Clerk does not know one of the scopes, or does not allow
    /// it to this application.
    #[error("Clerk refuses one of the scopes that this connection asks for{}.", if *.organization { ": its organizations may be turned off, and then it does not know `user:org:read`" } else { "" })]
    ScopeRefused {
        /// Whether `user:org:read` was among them.
        organization: bool,
    },
    /// Something that Perch needs is not offered.
    #[error("This Clerk application does not offer {what}.")]
    Unsupported {
        /// What is not offered.
        what: &'static str,
    },
    /// Clerk's Native API is off, which hosted authentication needs.
    #[error("This Clerk application does not let desktop apps sign people in: its Native API is off.")]
    NativeApiDisabled,
    /// Clerk does not send a browser to `perch://callback`.
    #[error("Clerk does not send people back to Perch: the address perch://callback is not registered there.")]
    RedirectNotRegistered,
    /// Organizations are turned off in the Clerk application.
    #[error("This Clerk application has no organizations: they are turned off.")]
    OrganizationsDisabled,
    /// The Clerk application has no JWT template of the connection's name.
    #[error("This Clerk application has no JWT template named `{name}`.")]
    TemplateMissing {
        /// The name in the connection file.
        name: String,
    },
    /// The browser came back with another OAuth error (RFC 6749 §4.1.2.1), the
    /// token endpoint answered with one (§5.2), or the Frontend API with one of
    /// its own.
    #[error("Clerk refused, and gave the reason `{reason}`.")]
    Refused {
        /// The error's code: lower-case letters, digits and `_` only.
        reason: String,
    },

    // Someone between, or a provider that breaks the protocol.
    /// The discovery document is for another issuer.
    #[error("The server at {asked} says that it is {answered}.")]
    AnotherIssuer {
        /// The issuer in the connection file.
        asked: String,
        /// The issuer in the document.
        answered: String,
    },
    /// An endpoint that is not on the issuer's own site.
    #[error("Clerk's {endpoint} is said to be at {host}, which is not Clerk's own address.")]
    EndpointElsewhere {
        /// Which endpoint.
        endpoint: &'static str,
        /// Scheme, host and port.
        host: String,
    },
    /// A redirect where none belongs. It was not followed.
    #[error("Clerk's {endpoint} wanted to send Perch elsewhere.")]
    Redirected {
        /// Which endpoint.
        endpoint: &'static str,
    },
    /// An answer that does not end, or is far larger than any real one.
    #[error("Clerk's {endpoint} answered with too much.")]
    TooLarge {
        /// Which endpoint.
        endpoint: &'static str,
    },
    /// An answer in another form than the protocol's.
    #[error("Clerk's {endpoint} answered with something that Perch does not understand.")]
    NotUnderstood {
        /// Which endpoint.
        endpoint: &'static str,
    },
    /// The ID token is not what it must be.
    #[error("Clerk's proof of who signed in cannot be trusted: {0}.")]
    IdToken(#[from] IdTokenError),
    /// Userinfo, or a renewed session, is about somebody else.
    #[error("Clerk answered about another person than the one who signed in.")]
    AnotherPerson,
    /// ID token and userinfo each name an organization, and not the same; or a
    /// session is active for another organization than the one asked for.
    #[error("Clerk's answers name two different organizations.")]
    AnotherOrganization,
    /// The Frontend API's client does not hold the session that the browser
    /// signed in.
    #[error("Clerk answered with another session than the one that the browser signed in.")]
    AnotherSession,
    /// The session waits for something that only a browser can do: a second
    /// factor, a new password, terms to accept.
    #[error("Clerk wants something more from you before this session counts.")]
    SessionPending,
    /// Clerk wants a fresh sign-in before it does this.
    #[error("Clerk wants you to sign in afresh before it does this.")]
    ReverificationNeeded,
    /// The person is not, or no longer, a member of the organization.
    #[error("You are not a member of this organization, or no longer.")]
    NotAMember,
    /// No HTTP client on this computer: no TLS.
    #[error("Perch could not prepare a secure connection.")]
    NoSecureConnection(#[source] reqwest::Error),
}

impl ClerkError {
    /// A name that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::Unavailable { .. } => "unavailable",
            Self::RateLimited { .. } => "rate-limited",
            Self::PortBlocked(_) => "port-blocked",
            Self::NotFinished => "not-finished",
            Self::AccessDenied => "access-denied",
            Self::CodeRefused => "code-refused",
            Self::SessionEnded => "session-ended",
            Self::AccessTokenRefused => "access-token-refused",
            Self::ClockSkew { .. } => "clock-skew",
            Self::NotClerk { .. } => "not-clerk",
            Self::InvalidClient => "invalid-client",
            Self::ScopeMissing { .. } => "scope-missing",
            Self::ScopeRefused { .. } => "scope-refused",
            Self::Unsupported { .. } => "unsupported",
            Self::NativeApiDisabled => "native-api-disabled",
            Self::RedirectNotRegistered => "redirect-not-registered",
            Self::OrganizationsDisabled => "organizations-disabled",
            Self::TemplateMissing { .. } => "template-missing",
            Self::Refused { .. } => "refused",
            Self::AnotherIssuer { .. } => "another-issuer",
            Self::EndpointElsewhere { .. } => "endpoint-elsewhere",
            Self::Redirected { .. } => "redirected",
            Self::TooLarge { .. } => "too-large",
            Self::NotUnderstood { .. } => "not-understood",
            Self::IdToken(_) => "id-token",
            Self::AnotherPerson => "another-person",
            Self::AnotherOrganization => "another-organization",
            Self::AnotherSession => "another-session",
            Self::SessionPending => "session-pending",
            Self::ReverificationNeeded => "reverification-needed",
            Self::NotAMember => "not-a-member",
            Self::NoSecureConnection(_) => "no-secure-connection",
        }
    }

    /// What to do now.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Unreachable(_) | Self::Timeout => "Check the network. Perch tries again by itself.",
            Self::Unavailable { .. } | Self::RateLimited { .. } => "Wait a moment. Perch tries again by itself.",
            Self::PortBlocked(_) => {
                "Allow Perch to listen on 127.0.0.1 in this computer's firewall or security software, then sign in again."
            }
            Self::NotFinished => {
                "Sign in again. If the browser shows an error about the redirect, your operator has to register http://127.0.0.1/callback with Clerk, or perch://callback for hosted authentication."
            }
            Self::AccessDenied => "Sign in again, and choose Allow.",
            Self::CodeRefused
            | Self::SessionEnded
            | Self::AnotherPerson
            | Self::AnotherOrganization
            | Self::AnotherSession => "Sign in again.",
            Self::SessionPending => "Sign in again, and finish every step that the browser shows.",
            Self::ReverificationNeeded => "Sign out of this organization and in again, then do it at once.",
            Self::NotAMember => "Choose another organization, or ask an administrator of this one to invite you.",
            Self::AccessTokenRefused => "Perch renews the session. If this stays, sign in again.",
            Self::ClockSkew { .. } => "Set this computer's clock, then sign in again.",
            Self::NotClerk { .. } | Self::AnotherIssuer { .. } => {
                "Operator: write Clerk's Frontend API, as the dashboard's API keys page shows it, as `issuer` in the connection file."
            }
            Self::InvalidClient => {
                "Operator: write the client id of the OAuth application in the connection file, and make the application public."
            }
            Self::ScopeMissing { scope: "user:org:read" } => {
                "Operator: turn on organizations in Clerk's dashboard (Configure, Organizations), and allow this scope for the OAuth application."
            }
            Self::ScopeMissing { .. } => {
                "Operator: allow this scope for the OAuth application, and name it in the connection file's `scopes`."
            }
            Self::ScopeRefused { organization: true } => {
                "Operator: turn on organizations in Clerk's dashboard (Configure, Organizations), and allow all of the connection file's `scopes` for the OAuth application."
            }
            Self::ScopeRefused { organization: false } => {
                "Operator: allow all of the connection file's `scopes` for the OAuth application, or ask for fewer."
            }
            Self::Unsupported { .. } => "Operator: enable it for the OAuth application in Clerk's dashboard.",
            Self::NativeApiDisabled => {
                "Operator: turn on the Native API in Clerk's dashboard (Configure, Native applications), or use sign_in = \"oauth\"."
            }
            Self::RedirectNotRegistered => {
                "Operator: add perch://callback to the allowed redirects in Clerk's dashboard (Configure, Native applications)."
            }
            Self::OrganizationsDisabled => {
                "Operator: turn on organizations in Clerk's dashboard (Configure, Organizations)."
            }
            Self::TemplateMissing { .. } => {
                "Operator: make a JWT template of this name in Clerk's dashboard, or correct `template_name` in the connection file."
            }
            Self::Refused { .. } => "Sign in again. If this stays, give your operator the reason above.",
            Self::EndpointElsewhere { .. }
            | Self::Redirected { .. }
            | Self::TooLarge { .. }
            | Self::NotUnderstood { .. }
            | Self::IdToken(_) => {
                "Try again on another network. If this stays, tell your operator: someone may be between Perch and Clerk."
            }
            Self::NoSecureConnection(_) => "Open Perch again.",
        }
    }

    /// Whether this ends the session whose renewal failed, so that its tenant
    /// must close. True for [`ClerkError::SessionEnded`] only.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::SessionEnded)
    }

    /// Whether Clerk could not be asked at all: no network, no answer, a 5xx.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Timeout | Self::Unavailable { .. })
    }
}

impl From<reqwest::Error> for ClerkError {
    fn from(error: reqwest::Error) -> Self {
        // The address is left out: it is the one of the endpoint, and an error
        // ends in a log.
        if error.is_timeout() { Self::Timeout } else { Self::Unreachable(error.without_url()) }
    }
}

fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        1 => "a minute".to_owned(),
        minutes if minutes < 120 => format!("{minutes} minutes"),
        minutes if minutes < 48 * 60 => format!("{} hours", minutes / 60),
        minutes => format!("{} days", minutes / (24 * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_refresh_token_ends_a_session() {
        assert!(ClerkError::SessionEnded.ends_session());
        for error in [
            ClerkError::Timeout,
            ClerkError::Unavailable { status: 503 },
            ClerkError::RateLimited { retry_after: None },
            ClerkError::CodeRefused,
            ClerkError::AccessTokenRefused,
            ClerkError::InvalidClient,
            ClerkError::IdToken(IdTokenError::Expired),
        ] {
            assert!(!error.ends_session(), "{error}");
        }
    }

    #[test]
    fn a_wrong_clock_is_told_in_words() {
        let skew = |seconds| ClerkError::ClockSkew { seconds, server: SystemTime::UNIX_EPOCH }.to_string();
        assert_eq!(skew(600), "This computer's clock is 10 minutes ahead of Clerk's.");
        assert_eq!(skew(-7_200 * 2), "This computer's clock is 4 hours behind Clerk's.");
        assert_eq!(skew(-86_400 * 30), "This computer's clock is 30 days behind Clerk's.");
    }
}
