//! Why a tile has no fresh answer.

use std::sync::Arc;
use std::time::SystemTime;

use perch_chart::ChartError;
use perch_tenant::Attribute;
use perch_tinybird::{DecodeError, PipeError, PipeErrorKind};

use crate::TokenError;

/// Why a question was not answered, or an answer not drawn. Cheap to clone:
/// everyone who asked the same question gets the same error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Tinybird did not answer, or refused to.
    #[error("{0}")]
    Pipe(Arc<PipeError>),
    /// There is no token to ask with.
    #[error("{0}")]
    Token(TokenError),
    /// The token is another tenant's. Nothing was asked.
    #[error("the token belongs to another organization, so nothing was asked for")]
    OtherTenant,
    /// The tile is in no dashboard that is marked public, and nobody signed in to
    /// ask for it. Nothing was asked.
    #[error("this dashboard is not for everyone, so it was not asked for without a sign-in")]
    NotPublic,
    /// The tile is in a dashboard that is marked public, and is nobody's rows.
    /// Nothing was asked.
    #[error("this dashboard is for everyone, so it was not asked for as one organization's")]
    Public,
    /// What came back is no pipe's answer. It is not kept.
    #[error("{0}")]
    Answer(Arc<DecodeError>),
    /// The chart does not fit the answer.
    #[error("{0}")]
    Chart(Arc<ChartError>),
    /// The tile is a text, which no pipe answers.
    #[error("this tile has no pipe to ask")]
    NothingToAsk,
    /// The operator's requests for this day are used up. Nothing was asked.
    #[error("the requests that the operator allows for a day are used up")]
    DailyRequests {
        /// When the next day begins.
        again: SystemTime,
    },
    /// The tile is asked for with something that this tenant has not: a personal
    /// tenant has no organization. Nothing was asked.
    #[error("this is asked for with your `{attribute}`, and you have none here")]
    NotOfTenant {
        /// What is missing.
        attribute: Attribute,
    },
    /// The tenant was signed out.
    #[error("you are signed out of this organization")]
    Closed,
    /// Perch itself failed while it answered.
    #[error("Perch failed while it read the answer")]
    Interrupted,
}

impl EngineError {
    /// A stable name for this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pipe(error) => error.code(),
            Self::Token(error) => error.code,
            Self::OtherTenant => "token-of-another-tenant",
            Self::NotPublic => "not-public",
            Self::Public => "public",
            Self::Answer(error) => error.code(),
            Self::Chart(error) => error.code(),
            Self::NothingToAsk => "nothing-to-ask",
            Self::DailyRequests { .. } => "daily-requests",
            Self::NotOfTenant { .. } => "not-of-tenant",
            Self::Closed => "signed-out",
            Self::Interrupted => "interrupted",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Pipe(error) => error.next_step(),
            Self::Token(error) => error.next_step,
            Self::OtherTenant | Self::Closed => "Sign in again.",
            Self::NotPublic => "Sign in to see it.",
            Self::Public => "Open it among the public dashboards.",
            Self::Answer(error) => error.next_step(),
            Self::Chart(error) => error.next_step(),
            Self::NothingToAsk => "Nothing to do: it is as the dashboard's file has it.",
            Self::DailyRequests { .. } => "Wait for the next day; what was seen last stays until then.",
            Self::NotOfTenant { .. } => "Open it for one of your organizations.",
            Self::Interrupted => "Try again.",
        }
    }

    /// The whole, for the operator; `None` where the sentence says it all. No
    /// token is in it.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Pipe(error) => Some(error.detail()),
            Self::Token(error) => error.detail.clone(),
            _ => None,
        }
    }

    /// Whether Tinybird did not accept the token, also not a new one.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Pipe(error) if *error.kind() == PipeErrorKind::Forbidden)
    }

    /// Whether whoever signs tokens has none for this person any more, so that
    /// nothing of the tenant is theirs to see.
    pub fn is_exclusion(&self) -> bool {
        matches!(self, Self::Token(error) if error.excluded)
    }

    /// Whether it failed because the network did.
    pub fn is_offline(&self) -> bool {
        match self {
            Self::Pipe(error) => error.is_offline(),
            Self::Token(error) => error.offline,
            _ => false,
        }
    }
}

impl From<PipeError> for EngineError {
    fn from(error: PipeError) -> Self {
        Self::Pipe(Arc::new(error))
    }
}

impl From<TokenError> for EngineError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<ChartError> for EngineError {
    fn from(error: ChartError) -> Self {
        Self::Chart(Arc::new(error))
    }
}
