//! The operator's connection file: which Clerk application signs people in,
//! which Tinybird workspace answers, and what a tenant's token must hold.

use std::fmt;
use std::num::NonZeroU32;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::{ClerkKeyError, Origin, Place, PublicAccess, PublishableKey, TokenSource, find_secret_key};

/// What a connection file says, checked. Parsing is the only door.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The format of the file. This Perch reads version 1.
    version: Version,
    /// What viewers read above the sign-in button.
    pub name: Name,
    /// The Clerk application that signs people in.
    pub clerk: ClerkApp,
    /// The Tinybird workspace that answers.
    pub tinybird: TinybirdWorkspace,
    /// Where the tenant's token comes from and what it must hold.
    pub token: TokenSource,
    /// What shows the dashboards that anyone may see, also before sign-in.
    pub public: Option<PublicAccess>,
    /// How long what was seen may be seen again without a network, and how much
    /// of it is kept.
    #[serde(default)]
    pub offline: OfflinePolicy,
}

/// The Clerk application, and how people sign in to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ClerkTable")]
pub struct ClerkApp {
    /// The Frontend API, which is the OAuth issuer too.
    pub issuer: Origin,
    /// The way to sign in.
    pub sign_in: SignInMethod,
}

/// The two ways to sign in with Clerk from a desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInMethod {
    /// Perch is a public OAuth application (RFC 8252): one sign-in is for one
    /// organization.
    OAuth(OAuthApplication),
    /// Clerk's hosted authentication (Native API): one sign-in is for every
    /// organization of the person, and Clerk itself can sign the tenant's token.
    Hosted,
}

/// Perch as a public client of Clerk's OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthApplication {
    /// The OAuth application's public id.
    pub client_id: Name,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
}

impl OAuthApplication {
    /// The scopes that are asked for where the connection file names none.
    pub fn default_scopes() -> Vec<String> {
        ["openid", "profile", "email", "offline_access", "user:org:read"].map(str::to_owned).to_vec()
    }
}

/// The table as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClerkTable {
    issuer: Option<Origin>,
    publishable_key: Option<PublishableKey>,
    #[serde(default)]
    sign_in: MethodName,
    client_id: Option<Name>,
    scopes: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MethodName {
    #[default]
    Oauth,
    Hosted,
}

impl TryFrom<ClerkTable> for ClerkApp {
    type Error = &'static str;

    fn try_from(table: ClerkTable) -> Result<Self, Self::Error> {
        let ClerkTable { issuer, publishable_key, sign_in, client_id, scopes } = table;
        let named = publishable_key.map(PublishableKey::into_frontend_api);
        let issuer = match (issuer, named) {
            (Some(issuer), Some(named)) if issuer != named => {
                return Err("`issuer` and `publishable_key` name two different Clerk instances; keep one of them");
            }
            (Some(issuer), _) | (None, Some(issuer)) => issuer,
            (None, None) => return Err("write `issuer` (Clerk's Frontend API) or `publishable_key`"),
        };
        let sign_in = match (sign_in, client_id) {
            (MethodName::Oauth, Some(client_id)) => SignInMethod::OAuth(OAuthApplication {
                client_id,
                scopes: scopes.unwrap_or_else(OAuthApplication::default_scopes),
            }),
            (MethodName::Oauth, None) => {
                return Err("write the OAuth application's `client_id`, or sign_in = \"hosted\"");
            }
            (MethodName::Hosted, None) if scopes.is_none() => SignInMethod::Hosted,
            (MethodName::Hosted, _) => {
                return Err("`client_id` and `scopes` are of sign_in = \"oauth\"; leave them out for \"hosted\"");
            }
        };
        Ok(Self { issuer, sign_in })
    }
}

/// The Tinybird workspace whose pipes are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TinybirdWorkspace {
    /// The API host of the workspace's region.
    pub host: Origin,
    /// The workspace's UUID.
    pub workspace_id: Name,
    /// How many requests for pipes one person may cause for one organization in
    /// one UTC day; `None` where the operator sets no limit.
    pub daily_requests: Option<DailyRequests>,
}

/// A budget of requests for one UTC day: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct DailyRequests(NonZeroU32);

impl DailyRequests {
    /// How many requests.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for DailyRequests {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        let number = NonZeroU32::new(number);
        number.map(Self).ok_or("`daily_requests` is at least 1; leave it out where there is no limit")
    }
}

/// What was seen: how long it may be seen again without a network, and how much
/// of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfflinePolicy {
    /// Days since Clerk last confirmed the session.
    pub days: u16,
    /// Megabytes (of 1,048,576 bytes) that a tenant's answers may take on the
    /// disk, compressed: at least 1, 256 where the file does not say.
    #[serde(deserialize_with = "at_least_one")]
    pub megabytes: NonZeroU32,
}

impl OfflinePolicy {
    /// Bytes that a tenant's answers may take on the disk, compressed.
    pub fn bytes(self) -> u64 {
        u64::from(self.megabytes.get()) << 20
    }
}

impl Default for OfflinePolicy {
    fn default() -> Self {
        Self { days: 7, megabytes: NonZeroU32::MIN.saturating_add(255) }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    NonZeroU32::new(number)
        .ok_or_else(|| D::Error::custom("`megabytes` must be at least 1; to show nothing offline, write days = 0"))
}

/// A text of 1 to 200 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.chars().count() > 200 || trimmed.chars().any(char::is_control) {
            return Err("this text must have between 1 and 200 characters and no line breaks");
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if number == 1 {
            Ok(Self)
        } else {
            Err(format!(
                "this Perch reads connection files of version 1, not {number}; install a newer Perch or write version = 1"
            ))
        }
    }
}

/// Why a text is not a connection, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ConnectionError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl ConnectionError {
    /// An error at a byte offset into `text`.
    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let Place { line, column } = Place::of(text, offset);
        Self { line, column, message: message.into() }
    }
}

impl Connection {
    /// Reads a connection file: TOML, with or without a byte order mark. A file
    /// with a Clerk secret key anywhere in it, also in a comment, is refused.
    pub fn parse(text: &str) -> Result<Self, ConnectionError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(offset) = find_secret_key(text) {
            return Err(ConnectionError::at(text, offset, ClerkKeyError::Secret.to_string()));
        }
        let connection: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            ConnectionError::at(text, offset, error.message().trim_end())
        })?;
        if let Some((source, message)) = connection.mismatch() {
            let offset = text.find(source).unwrap_or_default();
            return Err(ConnectionError::at(text, offset, message));
        }
        Ok(connection)
    }

    /// The token's source, as it stands in the file, that the way to sign in
    /// cannot serve, and what to write instead.
    fn mismatch(&self) -> Option<(&'static str, &'static str)> {
        match (&self.token, &self.clerk.sign_in) {
            (TokenSource::ClerkTemplate { .. }, SignInMethod::OAuth(_)) => Some((
                "\"clerk-template\"",
                "Clerk signs from a JWT template for hosted sessions only; write sign_in = \"hosted\" below [clerk]",
            )),
            (TokenSource::Broker { .. }, SignInMethod::Hosted) => Some((
                "\"broker\"",
                "a broker takes the access tokens of an OAuth application; write sign_in = \"oauth\" and `client_id` below [clerk]",
            )),
            _ => None,
        }
    }

    /// Names this connection among others: 16 lower-case hexadecimal digits
    /// that change when issuer, way to sign in, host or workspace do.
    pub fn id(&self) -> String {
        let client = match &self.clerk.sign_in {
            SignInMethod::OAuth(application) => &application.client_id,
            // No OAuth application has an empty id.
            SignInMethod::Hosted => "",
        };
        let mut hash = Sha256::new();
        for part in [self.clerk.issuer.as_str(), client, self.tinybird.host.as_str(), &self.tinybird.workspace_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attribute;

    const GOOD: &str = r#"
version = 1
name = "Acme Analytics"

[clerk]
issuer = "https://clerk.acme.example"
client_id = "oauth_app_1"

[tinybird]
host = "https://api.tinybird.co"
workspace_id = "4e1f6f8a-0000-4000-8000-000000000001"

[token]
source = "mint"
template = '''{"scopes": []}'''
bind = { org_id = "org.id" }
"#;

    #[test]
    fn a_connection_file_says_who_signs_in_and_who_answers() {
        let connection = Connection::parse(GOOD).expect("a connection");
        assert_eq!(connection.clerk.issuer.as_str(), "https://clerk.acme.example");
        let SignInMethod::OAuth(application) = &connection.clerk.sign_in else { panic!("an OAuth application") };
        assert_eq!(&*application.client_id, "oauth_app_1");
        assert!(application.scopes.iter().any(|scope| scope == "user:org:read"));
        assert_eq!(connection.offline.days, 7);
        assert_eq!(connection.token.bindings().iter().collect::<Vec<_>>(), [("org_id", Attribute::OrgId)]);
    }

    #[test]
    fn a_budget_of_requests_is_a_number_of_at_least_one() {
        let with = |line: &str| GOOD.replace("[token]", &format!("{line}\n[token]"));
        let limit = |text: &str| {
            Connection::parse(text).map(|connection| connection.tinybird.daily_requests.map(DailyRequests::get))
        };
        assert_eq!(limit(GOOD), Ok(None));
        assert_eq!(limit(&with("daily_requests = 1000")), Ok(Some(1000)));
        for odd in ["0", "-1", "\"many\"", "4294967296"] {
            let error = limit(&with(&format!("daily_requests = {odd}"))).expect_err(odd);
            assert_eq!(error.line, 13, "{odd}: {error}");
        }
        let error = limit(&with("daily_requests = 0")).expect_err("refused");
        assert!(error.message.contains("leave it out"), "{error}");
    }

    #[test]
    fn the_limits_of_offline_are_written_one_by_one() {
        let offline = |lines: &str| {
            let text = GOOD.replace("[token]", &format!("[offline]\n{lines}\n[token]"));
            Connection::parse(&text).expect("a connection").offline
        };
        assert_eq!((offline("").days, offline("").bytes()), (7, 256 << 20));
        assert_eq!((offline("days = 3").days, offline("days = 3").bytes()), (3, 256 << 20));
        assert_eq!((offline("megabytes = 1").days, offline("megabytes = 1").bytes()), (7, 1 << 20));
    }

    const HOSTED: &str = r#"
version = 1
name = "Acme Analytics"

[clerk]
publishable_key = "pk_live_Y2xlcmsuYWNtZS5leGFtcGxlJA=="
sign_in = "hosted"

[tinybird]
host = "https://api.tinybird.co"
workspace_id = "4e1f6f8a-0000-4000-8000-000000000001"

[token]
source = "clerk-template"
template_name = "tinybird"
bind = { org_id = "org.id" }
"#;

    #[test]
    fn a_publishable_key_stands_for_the_issuer() {
        let connection = Connection::parse(HOSTED).expect("a connection");
        assert_eq!(connection.clerk.issuer.as_str(), "https://clerk.acme.example");
        assert_eq!(connection.clerk.sign_in, SignInMethod::Hosted);
        assert_eq!(connection.token.name(), "clerk-template");
        let issuer = "issuer = \"https://clerk.acme.example\"";
        let by_issuer = HOSTED.replace("publishable_key = \"pk_live_Y2xlcmsuYWNtZS5leGFtcGxlJA==\"", issuer);
        assert_eq!(Connection::parse(&by_issuer), Ok(connection));
    }

    #[test]
    fn the_two_ways_to_sign_in_do_not_mix() {
        let cases = [
            (HOSTED.replace("sign_in = \"hosted\"", ""), "client_id"),
            (HOSTED.replace("sign_in = \"hosted\"", "client_id = \"a\""), "hosted"),
            (HOSTED.replace("sign_in = \"hosted\"", "sign_in = \"hosted\"\nclient_id = \"a\""), "leave them out"),
            (HOSTED.replace("sign_in", "issuer = \"https://clerk.other.example\"\nsign_in"), "two different"),
            (HOSTED.replace("publishable_key", "# publishable_key"), "publishable_key"),
            (HOSTED.replace("pk_live_Y2", "pk_live_%%"), "damaged"),
            (HOSTED.replace("template_name", "template"), "template_name"),
            (GOOD.replace("template =", "template_name ="), "template"),
        ];
        for (text, hint) in cases {
            let error = Connection::parse(&text).expect_err(hint);
            assert!(error.message.contains(hint), "{hint}: {error}");
        }
    }

    #[test]
    fn a_secret_key_is_refused_wherever_it_stands_and_not_repeated() {
        for text in [
            GOOD.replace("oauth_app_1", "sk_live_abcdef"),
            GOOD.replace("[token]", "# sk_test_abcdef\n[token]"),
            HOSTED.replace("pk_live_", "sk_live_"),
            format!("{GOOD}secret_key = \"sk_live_abcdef\""),
        ] {
            let error = Connection::parse(&text).expect_err("refused");
            assert!(error.message.contains("rotate it") && !error.message.contains("abcdef"), "{error}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_read() {
        let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
        assert_eq!(Connection::parse(&text), Connection::parse(GOOD));
    }

    #[test]
    fn an_error_names_its_line_and_what_to_write_instead() {
        let cases = [
            ("https://api.tinybird.co", "http://api.tinybird.co", 10, "https://"),
            ("version = 1", "version = 2", 2, "version 1"),
            ("org_id = \"org.id\"", "", 16, "org_id"),
            ("\"org.id\"", "\"org.name\"", 16, "org.slug"),
            ("client_id", "clientid", 7, "client_id"),
            ("\"mint\"", "\"magic\"", 14, "mint"),
            ("[token]", "[offline]\nmegabytes = 0\n[token]", 14, "at least 1"),
            ("[token]", "[offline]\nmegabytes = 1.5\n[token]", 14, "u32"),
        ];
        for (from, to, line, hint) in cases {
            let error = Connection::parse(&GOOD.replace(from, to)).expect_err(to);
            assert!(error.message.contains(hint), "{to}: {error}");
            assert_eq!(error.line, line, "{to}: {error}");
        }
    }

    const BROKER: &str =
        "[token]\nsource = \"broker\"\nurl = \"https://tokens.acme.example\"\nbind = { org_id = \"org.id\" }\n";

    /// The file up to its token's table, with another in its place.
    fn with_token(table: &str) -> String {
        format!("{}{table}", GOOD.split("[token]").next().expect("a file"))
    }

    #[test]
    fn a_broker_is_named_by_its_address_and_takes_no_template() {
        let connection = Connection::parse(&with_token(BROKER)).expect("a connection");
        let TokenSource::Broker { url, bind } = &connection.token else { panic!("a broker") };
        assert_eq!(url.as_str(), "https://tokens.acme.example");
        assert_eq!((bind.iter().count(), connection.token.name()), (1, "broker"));
        for (odd, hint) in [
            (BROKER.replace("https:", "http:"), "https://"),
            (BROKER.replace("url = \"https://tokens.acme.example\"\n", ""), "where the broker answers"),
            (format!("{BROKER}template = \"{{}}\"\n"), "the broker's configuration"),
            (BROKER.replace("\"broker\"", "\"static\""), "[public]"),
        ] {
            let error = Connection::parse(&with_token(&odd)).expect_err(&odd);
            assert!(error.message.contains(hint), "{odd}: {error}");
        }
        let hosted = format!("{}{BROKER}", HOSTED.split("[token]").next().expect("a file"));
        let error = Connection::parse(&hosted).expect_err("hosted");
        assert!(error.message.contains("sign_in = \"oauth\"") && error.line > 10, "{error}");
    }

    #[test]
    fn what_anyone_may_see_has_a_token_of_its_own_that_no_debug_output_tells() {
        let public = format!("{GOOD}\n[public]\nsource = \"static\"\ntoken = \"p.eyJ1IjoiMSJ9.sig\"\n");
        let connection = Connection::parse(&public).expect("a connection");
        assert_eq!(connection.public.as_ref().map(|public| public.token.expose()), Some("p.eyJ1IjoiMSJ9.sig"));
        assert!(!format!("{connection:?}").contains("eyJ"));
        assert_eq!(Connection::parse(GOOD).expect("a connection").public, None);
        for odd in ["", " ", "p.a b", "p.ñ", &"p".repeat(4097)] {
            let error = Connection::parse(&public.replace("p.eyJ1IjoiMSJ9.sig", odd)).expect_err(odd);
            assert!(error.message.contains("no token") && error.line > 17, "{error}");
        }
        assert!(Connection::parse(&public.replace("\"static\"", "\"mint\"")).is_err());
    }

    #[test]
    fn a_connection_to_another_workspace_has_another_id() {
        let other = GOOD.replace("000000000001", "000000000002");
        let id = |text: &str| Connection::parse(text).map(|connection| connection.id());
        assert_ne!(id(GOOD), id(&other));
        assert_eq!(id(GOOD), id(&GOOD.replace("Acme Analytics", "Renamed")));
    }
}
