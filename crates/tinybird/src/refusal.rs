//! Why a pipe did not answer: a sentence for the viewer, the whole for the
//! operator, a code for the program.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

/// Why a pipe did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    /// This computer cannot make secure connections.
    #[error("this computer cannot make secure connections")]
    Setup {
        /// What the system says.
        why: String,
    },
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
    /// No connection, or one that broke.
    #[error("the service cannot be reached")]
    Unreachable {
        /// What the system says.
        why: String,
    },
    /// No whole answer in time: a link that stalls, as on a train.
    #[error("the service did not answer in time")]
    Timeout,
    /// 401 or 403: the token is bad, has expired, or has no such scope.
    #[error("the service does not accept this token for the pipe")]
    Forbidden {
        /// Tinybird's own sentence.
        error: Option<String>,
        /// Where Tinybird explains it.
        documentation: Option<String>,
    },
    /// 404: no such endpoint.
    #[error("the service has no pipe of this name")]
    NotFound {
        /// Tinybird's own sentence.
        error: Option<String>,
        /// Where Tinybird explains it.
        documentation: Option<String>,
    },
    /// 400: a parameter or the pipe's SQL.
    #[error("the service could not answer this question")]
    BadRequest {
        /// Tinybird's own sentence.
        error: Option<String>,
        /// Where Tinybird explains it.
        documentation: Option<String>,
    },
    /// 429, again after having waited or for longer than anyone waits.
    #[error("too many questions were asked in a short time")]
    RateLimited {
        /// How long Tinybird says to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// 408 or 5xx, twice.
    #[error("the service failed (status {status})")]
    Server {
        /// The HTTP status.
        status: u16,
        /// Tinybird's own sentence.
        error: Option<String>,
        /// Where Tinybird explains it.
        documentation: Option<String>,
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
        /// The service's own sentence.
        error: Option<String>,
    },
    /// More bytes than an answer may have.
    #[error("the answer is larger than {} MB", limit / 1_000_000)]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
}

/// Tinybird's form of an error.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) documentation: Option<String>,
}

impl Said {
    /// Reads an error's body; one that is not Tinybird's is quoted.
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| {
            let text: String = String::from_utf8_lossy(body).trim().chars().take(300).collect();
            Self { error: Some(text).filter(|text| !text.is_empty()), documentation: None }
        })
    }
}

impl PipeError {
    /// What a status other than 200 means, but for 429.
    pub(crate) fn from_status(status: u16, said: Said) -> Self {
        let Said { error, documentation } = said;
        match status {
            300..=399 => Self::Redirected { status },
            400 => Self::BadRequest { error, documentation },
            401 | 403 => Self::Forbidden { error, documentation },
            404 => Self::NotFound { error, documentation },
            408 | 500..=599 => Self::Server { status, error, documentation },
            _ => Self::Unexpected { status, error },
        }
    }

    /// What went wrong with the connection. The address is left out: it holds
    /// the parameters.
    pub(crate) fn from_connection(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout;
        }
        let error = error.without_url();
        let (mut why, mut source) = (error.to_string(), std::error::Error::source(&error));
        while let Some(cause) = source {
            why.push_str(": ");
            why.push_str(&cause.to_string());
            source = cause.source();
        }
        if error.is_builder() { Self::Setup { why } } else { Self::Unreachable { why } }
    }

    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "pipe-setup",
            Self::NotInToken { .. } => "pipe-not-in-token",
            Self::TokenExpired => "pipe-token-expired",
            Self::ReservedParameter { .. } => "pipe-reserved-parameter",
            Self::Unreachable { .. } => "pipe-unreachable",
            Self::Timeout => "pipe-timeout",
            Self::Forbidden { .. } => "pipe-forbidden",
            Self::NotFound { .. } => "pipe-not-found",
            Self::BadRequest { .. } => "pipe-bad-request",
            Self::RateLimited { .. } => "pipe-rate-limited",
            Self::Server { .. } => "pipe-server",
            Self::Redirected { .. } => "pipe-redirected",
            Self::Unexpected { .. } => "pipe-unexpected",
            Self::TooLarge { .. } => "pipe-too-large",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "Restart Perch. If it stays so, check this computer's certificates.",
            Self::Unreachable { .. } | Self::Timeout => "Check the connection; Perch tries again by itself.",
            Self::TokenExpired | Self::Server { .. } => "Perch tries again by itself.",
            Self::RateLimited { .. } => "Wait a moment; Perch tries again by itself.",
            Self::TooLarge { .. } => "Choose a shorter time range.",
            Self::Redirected { .. } => "Ask your operator to check the Tinybird host in the connection file.",
            Self::NotInToken { .. } | Self::Forbidden { .. } => "Ask your operator whether you may see this.",
            Self::NotFound { .. }
            | Self::BadRequest { .. }
            | Self::ReservedParameter { .. }
            | Self::Unexpected { .. } => "Tell whoever set up this dashboard.",
        }
    }

    /// Whether there is no network, as far as this shows: no connection, one
    /// that broke, or one on which no whole answer came in time. Any answer at
    /// all, a 5xx too, shows that there is one.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout)
    }

    /// Everything that was told, for the operator's log: no token is in it.
    pub fn detail(&self) -> String {
        let mut detail = format!("{}: {self}", self.code());
        let (error, documentation) = match self {
            Self::Forbidden { error, documentation }
            | Self::NotFound { error, documentation }
            | Self::BadRequest { error, documentation }
            | Self::Server { error, documentation, .. } => (error.as_deref(), documentation.as_deref()),
            Self::Unexpected { error, .. } => (error.as_deref(), None),
            Self::Setup { why } | Self::Unreachable { why } => (Some(why.as_str()), None),
            _ => (None, None),
        };
        for told in [error, documentation].into_iter().flatten() {
            // Writing to a String does not fail.
            let _ = write!(detail, "; {told}");
        }
        detail
    }
}
