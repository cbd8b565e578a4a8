//! Why something could not be measured. Slowness is never among the reasons.

use fantoccini::error::CmdError;
use perch_chart::ChartError;
use perch_desktop::Problem;
use perch_offline::StoreError;
use perch_sandbox::SandboxError;
use perch_tenant::OriginError;
use perch_tinybird::{DecodeError, FenceError, MintError, PipeError, TemplateError};

/// Why a bench has no result.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file, a folder or a process.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The sandbox did not start.
    #[error("the sandbox: {0}")]
    Sandbox(#[from] SandboxError),
    /// Perch could not do what its viewer would have done.
    #[error("Perch: {} {}", .0.message, .0.next_step)]
    Perch(Problem),
    /// An address that is none.
    #[error("{0}")]
    Origin(#[from] OriginError),
    /// An answer that is none.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// A table that made no chart.
    #[error("{0}")]
    Chart(#[from] ChartError),
    /// A window that did not do what it was told.
    #[error("the window: {0}")]
    Window(Box<CmdError>),
    /// A template that is none.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// A token that was not signed.
    #[error("{0}")]
    Mint(#[from] MintError),
    /// A token that the fence refused.
    #[error("{0}")]
    Fence(#[from] FenceError),
    /// A store that did not keep what it was given.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A question without an answer.
    #[error("{0}")]
    Pipe(#[from] PipeError),
    /// Requests that had to be repeated, which none should.
    #[error("{extra} of the questions were refused and asked again")]
    Repeated {
        /// How many.
        extra: usize,
    },
    /// The state to be measured did not come about.
    #[error("waited in vain for {0}")]
    InVain(String),
    /// A program ended, or ran on, without the words that tell its first paint.
    #[error("{program} never said that it had painted; it said:\n{said}")]
    NeverPainted {
        /// Its file name.
        program: String,
        /// Its standard error.
        said: String,
    },
}

impl From<CmdError> for BenchError {
    fn from(error: CmdError) -> Self {
        Self::Window(Box::new(error))
    }
}

impl From<Problem> for BenchError {
    fn from(problem: Problem) -> Self {
        Self::Perch(problem)
    }
}
