//! The one shape in which an error leaves this crate: a stable code, a sentence
//! for a person and a next step (`docs/architecture.md`, *Errors*).

use std::io;
use std::path::Path;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use perch_chart::ChartError;
use perch_clerk::ClerkError;
use perch_dashboard::EngineError;
use perch_keychain::KeychainError;
use perch_offline::StoreError;
use perch_tenant::{ConnectionError, Tenant};
use serde::Serialize;
use ts_rs::TS;

use crate::words;

/// An error as a person meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Problem {
    /// Stable, for tests and support: `session-ended`.
    pub code: &'static str,
    /// What happened, one sentence.
    pub message: String,
    /// What to do next, one sentence.
    pub next_step: &'static str,
    /// The whole, for the operator: a few lines, and no token in them. `None`
    /// where the sentence says it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
}

impl Problem {
    /// The code of [`Problem::offline_ends_soon`], which is untrue as soon as somebody answers.
    pub(crate) const OFFLINE_ENDS_SOON: &'static str = "offline-ends-soon";

    /// Puts the three parts together.
    pub fn new(code: &'static str, message: impl Into<String>, next_step: &'static str) -> Self {
        Self { code, message: sentence(message.into()), next_step, detail: None }
    }

    /// The same, with the whole for the operator.
    pub(crate) fn with_detail(self, detail: Option<String>) -> Self {
        Self { detail, ..self }
    }

    /// The same, where nothing tries again but the viewer.
    pub(crate) fn asked_by_viewer(self) -> Self {
        match self.code {
            "unreachable" | "timeout" => Self { next_step: "Check the network, then try again.", ..self },
            "unavailable" | "rate-limited" => Self { next_step: "Wait a moment, then try again.", ..self },
            _ => self,
        }
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        let next_step = match error.kind() {
            io::ErrorKind::StorageFull => "Free some space on this disk and try again.",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "Make the file and its folder readable and writable for your account and try again."
            }
            io::ErrorKind::NotFound => "Check that the file is still there and try again.",
            _ => "Check the file and try again.",
        };
        Self::new("file", format!("{}: {error}.", path.display()), next_step)
    }

    /// A list of accounts that could not be understood.
    pub(crate) fn accounts(path: &Path, error: &io::Error) -> Self {
        Self::new(
            "accounts-unreadable",
            format!(
                "The list of who is signed in could not be read ({error}). It was put aside beside {}.",
                path.display()
            ),
            "Sign in again; nothing else is lost.",
        )
    }

    /// A connection file with a mistake.
    pub(crate) fn connection(path: &Path, error: &ConnectionError) -> Self {
        Self::new(
            "connection-invalid",
            format!("{}:{}:{}: {}", path.display(), error.line, error.column, error.message),
            "Correct that line, or ask whoever gave you the file for a new one, and open it again.",
        )
    }

    /// A dashboard file with mistakes; the first is told, `perchctl check` tells all.
    pub(crate) fn dashboard(path: &Path, problems: &[perch_dashboard::Problem]) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let message = match problems {
            [] => format!("{name} is not a dashboard."),
            [only] => format!("{name}:{}:{}: {}", only.line, only.column, only.message),
            [first, rest @ ..] => {
                format!("{name}:{}:{}: {} ({} more)", first.line, first.column, first.message, rest.len())
            }
        };
        let next_step = "Correct the file; `perchctl check` lists every mistake.";
        // A file's name begins with the letter that it begins with.
        Self { message: ended(message), ..Self::new("dashboard-invalid", "", next_step) }
    }

    /// A dashboard's file that has the name of another.
    pub(crate) fn two_of_one_name(name: &str, other: &str) -> Self {
        Self::new(
            "dashboard-invalid",
            format!("Another file, {other}, has the same name as {name}."),
            "Rename one of the two files.",
        )
    }

    /// A tenant, dashboard or tile that is not there (any more).
    pub(crate) fn gone(what: &str) -> Self {
        Self::new("gone", format!("This {what} is no longer here."), "Choose another from the menu.")
    }

    /// The connection signs on this machine, and the key is not here.
    pub(crate) fn signing_key_missing() -> Self {
        Self::new(
            "signing-key-missing",
            "This connection signs its tokens on this machine, and the workspace's admin token is not in the keychain.",
            "Enter the admin token again, under Connections.",
        )
    }

    /// Tinybird takes no token that this machine signs.
    pub(crate) fn signing_key_refused(detail: Option<String>) -> Self {
        Self::new(
            "signing-key-refused",
            "Tinybird does not accept the tokens that this machine signs with the admin token.",
            "Check in Tinybird that it is this workspace's admin token and was not replaced, then enter it again.",
        )
        .with_detail(detail)
    }

    /// The keychain did not take something.
    pub(crate) fn for_this_visit() -> Self {
        Self::new(
            "keychain-for-this-visit",
            "There is no keychain that Perch could use, so you stay signed in for this visit only.",
            "Start or unlock your keychain (GNOME Keyring or KWallet on Linux), then sign in again.",
        )
    }

    /// An account whose connection file is gone or cannot be read.
    pub(crate) fn connection_missing() -> Self {
        Self::new(
            "connection-missing",
            "The connection of this organization is not on this machine any more.",
            "Open its connection file again, or sign out.",
        )
    }

    /// Clerk ended the session, in an earlier visit.
    pub(crate) fn session_ended() -> Self {
        Self::from(&ClerkError::SessionEnded)
    }

    /// The day's requests are used up; when they begin again.
    pub(crate) fn daily_requests(again: SystemTime) -> Self {
        let again = words::moment(again, &TimeZone::system());
        Self::new(
            "daily-requests",
            format!("The requests that your operator allows for a day are used up. They begin again on {again}."),
            "Wait until then, or ask your operator for more. What was seen last stays.",
        )
    }

    /// Somebody signed in without an organization where one is needed.
    pub(crate) fn organization_needed(person: &str) -> Self {
        Self::new(
            "organization-needed",
            format!("{person} is in no organization, and this connection shows each organization its own numbers."),
            "Ask your organization's administrator to invite you, then sign in again.",
        )
    }

    /// *Sign in again* ended with another tenant.
    pub(crate) fn signed_in_as_another(arrived: &Tenant, awaited: &Tenant) -> Self {
        Self::new(
            "signed-in-as-another",
            format!(
                "You signed in as {} for {}. {} for {} is still closed.",
                arrived.user.display_name(),
                arrived.display_name(),
                awaited.user.display_name(),
                awaited.display_name(),
            ),
            "To open it, choose it again and sign in as the person and for the organization that it names.",
        )
    }

    /// *Sign in again* was for an organization that the person is in no more.
    pub(crate) fn has_left(awaited: &Tenant) -> Self {
        Self::new(
            "not-a-member",
            format!("{} is not among your organizations any more.", awaited.display_name()),
            "Ask its administrator to invite you, or sign out of it.",
        )
    }

    /// *Add organization* ended with one that was there already.
    pub(crate) fn already_here(tenant: &Tenant) -> Self {
        Self::new(
            "already-here",
            format!("You chose {}, which was here already.", tenant.display_name()),
            "To add another, choose it on the page that asks for the organization.",
        )
    }

    /// Clerk knows of no further organization.
    pub(crate) fn no_more_organizations() -> Self {
        Self::new(
            "no-more-organizations",
            "All of your organizations are here already.",
            "Once you were invited to another, look again. To see somebody else's, sign in as somebody else.",
        )
    }

    /// A link arrived that is not the one a sign-in waits for; `why` is a
    /// sentence.
    pub(crate) fn stray_link(why: &str) -> Self {
        Self::new(
            "stray-link",
            format!("A link came from the browser and was not used. {why}"),
            "If you were signing in, begin again from here.",
        )
    }

    /// A link to a dashboard of a connection that is not on this machine.
    pub(crate) fn link_to_elsewhere() -> Self {
        Self::new(
            "link-to-elsewhere",
            "This link leads to a dashboard of another connection, which is not on this machine.",
            "Open that connection's file first, sign in, and then open the link again.",
        )
    }

    /// A link to a dashboard of an organization that nobody is signed in to here.
    pub(crate) fn link_to_nobody_here() -> Self {
        Self::new(
            "link-to-nobody-here",
            "This link leads to a dashboard of an organization that you are not signed in to here.",
            "Sign in to it from the menu and open the link again, or stay with what is here.",
        )
    }

    /// A link to a dashboard of an organization whose session ended.
    pub(crate) fn link_to_closed() -> Self {
        Self::new(
            "link-to-closed",
            "This link leads to a dashboard of an organization that is closed here.",
            "Sign in again, and then open the link again.",
        )
    }

    /// A link to a dashboard that the tenant has not.
    pub(crate) fn link_to_no_dashboard() -> Self {
        Self::new(
            "link-to-no-dashboard",
            "This link leads to a dashboard that is not here, or no longer.",
            "Choose another dashboard, or ask whoever sent the link.",
        )
    }

    /// A link to a dashboard that has changed since.
    pub(crate) fn link_in_part() -> Self {
        Self::new(
            "link-in-part",
            "The dashboard has changed since this link was made: not all that it chooses can be chosen.",
            "Look at what the dashboard is filtered by now.",
        )
    }

    /// The system cannot hand this process the link that a hosted sign-in ends
    /// with.
    pub(crate) fn links_do_not_arrive() -> Self {
        Self::new(
            "links-do-not-arrive",
            "The browser could not come back to Perch: no link that it opens would reach this window.",
            "On Linux, start Perch from your desktop's menu, or in a session with D-Bus. Then sign in again.",
        )
    }

    /// A Clerk secret key where something else belongs. The key is not repeated.
    pub(crate) fn clerk_secret_key() -> Self {
        Self::new(
            "clerk-secret-key",
            "This is a Clerk secret key, which opens everything in your Clerk application. It was not stored.",
            "Rotate it in Clerk's dashboard now. What belongs here is the Tinybird workspace's admin token.",
        )
    }

    /// What was seen can soon no longer be shown without a network.
    pub(crate) fn offline_ends_soon() -> Self {
        Self::new(
            Self::OFFLINE_ENDS_SOON,
            "Perch has been offline for a while, and in less than a day your dashboards close until it is online again.",
            "Connect to the internet before then, if only for a moment: nothing else is needed.",
        )
    }

    /// Nothing in the keychain renews this session.
    pub(crate) fn session_missing() -> Self {
        Self::new(
            "session-missing",
            "What renews your session is not in the keychain any more.",
            "Sign in again to see this organization's dashboards.",
        )
    }
}

/// An error's text as a sentence: Rust's errors begin small and end without a
/// full stop, because they stand inside others; on the screen they stand alone.
fn sentence(text: String) -> String {
    let is_word = text.chars().take_while(|letter| letter.is_alphabetic()).count() > 1;
    let mut letters = text.chars();
    ended(match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => text,
    })
}

/// The same with a full stop, where nothing ends it yet.
fn ended(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

impl From<&ClerkError> for Problem {
    fn from(error: &ClerkError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

impl From<ClerkError> for Problem {
    fn from(error: ClerkError) -> Self {
        Self::from(&error)
    }
}

impl From<&EngineError> for Problem {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::DailyRequests { again } => Self::daily_requests(*again),
            error => Self::new(error.code(), error.to_string(), error.next_step()).with_detail(error.detail()),
        }
    }
}

impl From<&KeychainError> for Problem {
    fn from(error: &KeychainError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

impl From<&ChartError> for Problem {
    fn from(error: &ChartError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_the_screen_is_a_sentence() {
        let cases = [
            ("you have no access to the pipe `kpis`", "You have no access to the pipe `kpis`."),
            ("Already one.", "Already one."),
            ("y = `sessions`: there is no such column", "y = `sessions`: there is no such column."),
            ("`kpis` failed", "`kpis` failed."),
            ("", "."),
        ];
        for (text, said) in cases {
            assert_eq!(sentence(text.to_owned()), said);
        }
    }
}
