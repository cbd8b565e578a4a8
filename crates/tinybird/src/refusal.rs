//! Why a pipe did not answer: a sentence for the viewer, the whole for the
//! operator, a code for the program.

use std::fmt::{self, Write as _};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use serde::Deserialize;

use crate::parameters::Parameters;
use crate::pipe::PipeName;
use crate::redact;

/// Where an answer may say which request it is for: Tinybird's own name, and
/// what a gateway before it writes.
const REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("x-tinybird-request-id")];

/// The longest id that is worth telling.
const LONGEST_ID: usize = 128;

/// How much of an error or of a parameter is quoted, in characters.
const LONGEST_QUOTE: usize = 300;

/// Why a pipe did not answer. Its `Display` is the sentence for the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipeError {
    kind: PipeErrorKind,
    account: Box<Account>,
}

/// What happened to a question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipeErrorKind {
    /// This computer cannot make secure connections.
    #[error("this computer cannot make secure connections")]
    Setup,
    /// The token has no scope for the pipe, so it was not sent.
    #[error("you have no access to the pipe `{pipe}`")]
    NotInToken {
        /// The pipe.
        pipe: String,
    },
    /// The token had less than two seconds left, so it was not sent.
    #[error("the token for this organization expired before it was used")]
    TokenExpired,
    /// A parameter of this name belongs to Tinybird; nothing was sent.
    #[error("`{name}` cannot be a parameter of a pipe")]
    ReservedParameter {
        /// The parameter.
        name: String,
    },
    /// No connection, or one that broke before an answer came.
    #[error("the service cannot be reached")]
    Unreachable,
    /// An answer began, and its connection broke or it could not be unpacked.
    #[error("the service's answer broke off")]
    BrokeOff,
    /// No whole answer in time: a link that stalls, as on a train.
    #[error("the service did not answer in time")]
    Timeout,
    /// 401 or 403: the token is bad, has expired, or has no such scope.
    #[error("the service does not accept this token for the pipe")]
    Forbidden,
    /// 404: no such endpoint.
    #[error("the service has no pipe of this name")]
    NotFound,
    /// 400: a parameter or the pipe's SQL.
    #[error("the service could not answer this question")]
    BadRequest,
    /// 429, again after having waited or for longer than anyone waits.
    #[error("too many questions were asked in a short time")]
    RateLimited {
        /// How long Tinybird says to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// 408 or 5xx, each time.
    #[error("the service failed (status {status})")]
    Server {
        /// The HTTP status.
        status: u16,
    },
    /// The service points elsewhere, where this tenant's token must not go.
    #[error("the service answered with a redirect, which Perch does not follow (status {status})")]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// A status that Tinybird does not document.
    #[error("the service answered with something unexpected (status {status})")]
    Unexpected {
        /// The HTTP status.
        status: u16,
    },
    /// 200 with something that says of itself that it is no JSON: a page of
    /// somebody who stands in between.
    #[error("something other than the service answered")]
    NotJson,
    /// More bytes than an answer may have.
    #[error("the answer is larger than {} MB", limit / 1_000_000)]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
}

/// All that is known of a question that failed. No secret is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Account {
    pipe: Option<String>,
    parameters: Vec<(String, String)>,
    status: Option<u16>,
    error: Option<String>,
    documentation: Option<String>,
    request_id: Option<String>,
    cause: Option<String>,
    attempts: u32,
}

/// What a refusal's body says, in Tinybird's form.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    documentation: Option<String>,
}

impl Said {
    /// Reads an error's body; one that is not Tinybird's is quoted.
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(body);
            let text = text.trim();
            Self { error: Some(text.to_owned()).filter(|text| !text.is_empty()), documentation: None }
        })
    }
}

impl From<PipeErrorKind> for PipeError {
    fn from(kind: PipeErrorKind) -> Self {
        Self { kind, account: Box::default() }
    }
}

impl PipeError {
    /// What a status other than 200 and 429 means.
    pub(crate) fn of_status(status: u16) -> Self {
        let kind = match status {
            300..=399 => PipeErrorKind::Redirected { status },
            400 => PipeErrorKind::BadRequest,
            401 | 403 => PipeErrorKind::Forbidden,
            404 => PipeErrorKind::NotFound,
            408 | 500..=599 => PipeErrorKind::Server { status },
            _ => PipeErrorKind::Unexpected { status },
        };
        kind.into()
    }

    /// What went wrong with a connection.
    pub(crate) fn of_connection(error: reqwest::Error) -> Self {
        let kind = if error.is_builder() { PipeErrorKind::Setup } else { PipeErrorKind::Unreachable };
        Self::caused(kind, error)
    }

    /// What went wrong with an answer that had begun.
    pub(crate) fn of_body(error: reqwest::Error) -> Self {
        Self::caused(PipeErrorKind::BrokeOff, error)
    }

    /// The address is left out: it holds the parameters.
    fn caused(kind: PipeErrorKind, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let (mut cause, mut source) = (error.to_string(), std::error::Error::source(&error));
        while let Some(deeper) = source {
            cause.push_str(": ");
            cause.push_str(&deeper.to_string());
            source = deeper.source();
        }
        let mut caused = Self::from(kind);
        caused.account.cause = Some(cause);
        caused
    }

    /// Adds what the head of an answer says of itself.
    pub(crate) fn answered(mut self, status: u16, headers: &HeaderMap) -> Self {
        self.account.status = Some(status);
        self.account.request_id = REQUEST_IDS.iter().find_map(|name| {
            let id = headers.get(name)?.to_str().ok()?.trim();
            (!id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
        });
        self
    }

    /// Adds what its body says, without `token`, which the request was made
    /// with.
    pub(crate) fn saying(mut self, body: &[u8], token: &str) -> Self {
        let Said { error, documentation } = Said::read(body);
        // Cut last: half a token does not look like one.
        let told = |text: String| {
            let text = redact::text_about(&text, token);
            text.chars().take(LONGEST_QUOTE).collect()
        };
        self.account.error = error.map(told);
        self.account.documentation = documentation.map(told);
        self
    }

    /// Adds what was asked, and how often.
    pub(crate) fn about(mut self, pipe: &PipeName, parameters: &Parameters, attempts: u32) -> Self {
        let told = |(name, value): (&str, String)| {
            let value = redact::value(name, &value);
            let cut = value.char_indices().nth(LONGEST_QUOTE).map(|(at, _)| format!("{}…", &value[..at]));
            (name.to_owned(), cut.unwrap_or(value))
        };
        self.account.pipe = Some(pipe.to_string());
        self.account.parameters = parameters.pairs().into_iter().map(told).collect();
        self.account.attempts = attempts;
        self
    }

    /// Whether the same question may be answered when it is asked again: every
    /// question to a pipe is a read, with POST too, so asking twice changes
    /// nothing.
    pub(crate) fn may_pass(&self) -> bool {
        use PipeErrorKind::{BrokeOff, RateLimited, Server, Unreachable};
        matches!(self.kind, Unreachable | BrokeOff | Server { .. } | RateLimited { .. })
    }

    /// Whether it is a 429.
    pub(crate) fn is_rate_limited(&self) -> bool {
        matches!(self.kind, PipeErrorKind::RateLimited { .. })
    }

    /// What happened.
    pub fn kind(&self) -> &PipeErrorKind {
        &self.kind
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.account.status
    }

    /// What Tinybird itself says of it, where it answered; no token is in it.
    pub fn said(&self) -> Option<&str> {
        self.account.error.as_deref()
    }

    /// How often it was asked.
    pub fn attempts(&self) -> u32 {
        self.account.attempts
    }

    /// The last answer's request id, by which Tinybird can find it.
    pub fn request_id(&self) -> Option<&str> {
        self.account.request_id.as_deref()
    }

    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self.kind {
            PipeErrorKind::Setup => "pipe-setup",
            PipeErrorKind::NotInToken { .. } => "pipe-not-in-token",
            PipeErrorKind::TokenExpired => "pipe-token-expired",
            PipeErrorKind::ReservedParameter { .. } => "pipe-reserved-parameter",
            PipeErrorKind::Unreachable => "pipe-unreachable",
            PipeErrorKind::BrokeOff => "pipe-broke-off",
            PipeErrorKind::Timeout => "pipe-timeout",
            PipeErrorKind::Forbidden => "pipe-forbidden",
            PipeErrorKind::NotFound => "pipe-not-found",
            PipeErrorKind::BadRequest => "pipe-bad-request",
            PipeErrorKind::RateLimited { .. } => "pipe-rate-limited",
            PipeErrorKind::Server { .. } => "pipe-server",
            PipeErrorKind::Redirected { .. } => "pipe-redirected",
            PipeErrorKind::Unexpected { .. } => "pipe-unexpected",
            PipeErrorKind::NotJson => "pipe-not-json",
            PipeErrorKind::TooLarge { .. } => "pipe-too-large",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self.kind {
            PipeErrorKind::Setup => "Restart Perch. If it stays so, check this computer's certificates.",
            PipeErrorKind::Unreachable | PipeErrorKind::BrokeOff | PipeErrorKind::Timeout => {
                "Check the connection; Perch tries again by itself."
            }
            PipeErrorKind::TokenExpired | PipeErrorKind::Server { .. } => "Perch tries again by itself.",
            PipeErrorKind::RateLimited { .. } => "Wait a moment; Perch tries again by itself.",
            PipeErrorKind::TooLarge { .. } => "Choose a shorter time range.",
            PipeErrorKind::NotJson => {
                "Check whether this network wants you to sign in. If not, ask your operator to check the Tinybird host in the connection file."
            }
            PipeErrorKind::Redirected { .. } => "Ask your operator to check the Tinybird host in the connection file.",
            PipeErrorKind::NotInToken { .. } | PipeErrorKind::Forbidden => {
                "Ask your operator whether you may see this."
            }
            PipeErrorKind::NotFound
            | PipeErrorKind::BadRequest
            | PipeErrorKind::ReservedParameter { .. }
            | PipeErrorKind::Unexpected { .. } => "Tell whoever set up this dashboard.",
        }
    }

    /// Whether there is no network, as far as this shows: no connection, one
    /// that broke, or one on which no whole answer came in time. Any whole
    /// answer, a 5xx too, shows that there is one.
    pub fn is_offline(&self) -> bool {
        matches!(self.kind, PipeErrorKind::Unreachable | PipeErrorKind::BrokeOff | PipeErrorKind::Timeout)
    }

    /// Everything that is known, for the operator: a line for each. No token is
    /// in it, and no parameter whose name or form says that it is secret.
    pub fn detail(&self) -> String {
        let Account { pipe, parameters, status, error, documentation, request_id, cause, attempts } = &*self.account;
        let mut detail = format!("{}: {self}", self.code());
        let parameters = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let parameters = (!parameters.is_empty()).then(|| parameters.join(", "));
        let lines = [
            ("pipe", pipe.clone()),
            ("parameters", parameters),
            ("status", status.map(|status| status.to_string())),
            ("error", error.clone()),
            ("documentation", documentation.clone()),
            ("request id", request_id.clone()),
            ("cause", cause.clone()),
            ("attempts", (*attempts > 0).then(|| attempts.to_string())),
        ];
        for (name, told) in lines {
            if let Some(told) = told {
                // Writing to a String does not fail.
                let _ = write!(detail, "\n{name}: {told}");
            }
        }
        detail
    }
}

impl fmt::Display for PipeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(formatter)
    }
}

impl std::error::Error for PipeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_reads_the_whole_without_a_secret() {
        let headers = HeaderMap::from_iter([(REQUEST_IDS[0].clone(), "req-1".parse().expect("a header"))]);
        let body = br#"{"error": "Bad token odd/token", "documentation": "https://docs.example/a"}"#;
        let parameters = Parameters::from_iter([("api_key", "abc"), ("country", "DE"), ("q", "eyJhbGciOiJ.eyJh.c2")]);
        let pipe = PipeName::parse("kpis").expect("a name");
        let error =
            PipeError::of_status(403).answered(403, &headers).saying(body, "odd/token").about(&pipe, &parameters, 2);
        let lines = [
            "pipe-forbidden: the service does not accept this token for the pipe",
            "pipe: kpis",
            "parameters: api_key=[left out], country=DE, q=[left out]",
            "status: 403",
            "error: Bad token [left out]",
            "documentation: https://docs.example/a",
            "request id: req-1",
            "attempts: 2",
        ];
        assert_eq!(error.detail().lines().collect::<Vec<_>>(), lines);
        assert_eq!(error.to_string(), "the service does not accept this token for the pipe");
    }

    #[test]
    fn what_is_no_error_of_tinybirds_is_quoted_and_cut() {
        let page = format!("  <html>{}", "ä".repeat(1_000));
        let error = PipeError::of_status(502).saying(page.as_bytes(), "");
        let told = error.detail();
        let quote = told.lines().nth(1).expect("a second line");
        assert!(quote.starts_with("error: <html>ä"), "{quote}");
        assert_eq!(quote.chars().count(), "error: ".len() + LONGEST_QUOTE);
        assert!(!PipeError::of_status(502).saying(b"  ", "").detail().contains("error: "));
    }

    #[test]
    fn an_id_is_told_by_either_header_and_only_if_it_can_be_read() {
        let id = |name: &HeaderName, value: &str| {
            let headers = HeaderMap::from_iter([(name.clone(), value.parse().expect("a header"))]);
            PipeError::of_status(500).answered(500, &headers).request_id().map(str::to_owned)
        };
        for name in &REQUEST_IDS {
            assert_eq!(id(name, "018f-a").as_deref(), Some("018f-a"));
            assert_eq!(id(name, " "), None);
            assert_eq!(id(name, &"a".repeat(LONGEST_ID + 1)), None);
        }
    }

    #[test]
    fn only_what_may_pass_is_worth_asking_again() {
        for status in [408, 500, 502, 503, 504] {
            assert!(PipeError::of_status(status).may_pass(), "{status}");
        }
        for status in [302, 400, 401, 403, 404, 409, 418] {
            assert!(!PipeError::of_status(status).may_pass(), "{status}");
        }
        use PipeErrorKind::*;
        for kind in [Unreachable, BrokeOff, RateLimited { retry_after: None }] {
            assert!(PipeError::from(kind).may_pass());
        }
        for kind in [Setup, TokenExpired, Timeout, NotJson, TooLarge { limit: 1 }] {
            assert!(!PipeError::from(kind).may_pass());
        }
    }
}
