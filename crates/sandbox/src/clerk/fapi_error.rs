//! Errors of the Frontend API in Clerk's shape (`ClerkErrors`), with the codes
//! and statuses of Clerk's own index of them.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::opaque;
use crate::SandboxError;

/// Why the Frontend API does not do what it was asked.
#[derive(Debug)]
pub(super) struct FapiError {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    long_message: String,
    /// The parameter that it is about.
    param: Option<&'static str>,
}

impl FapiError {
    /// An error that is about no parameter.
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: &'static str,
        long_message: impl Into<String>,
    ) -> Self {
        Self { status, code, message, long_message: long_message.into(), param: None }
    }

    /// The same error, about a parameter.
    pub(super) fn about(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }
}

impl From<rusqlite::Error> for FapiError {
    fn from(error: rusqlite::Error) -> Self {
        SandboxError::from(error).into()
    }
}

impl From<SandboxError> for FapiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox's Frontend API failed");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal_clerk_error", "Oops, an unexpected error occurred", error.to_string())
    }
}

impl IntoResponse for FapiError {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "message": self.message, "long_message": self.long_message});
        if let Some(param) = self.param {
            error["meta"] = json!({"param_name": param});
        }
        // It names nothing that a log could be searched for; Clerk's does.
        let trace = opaque::id("").unwrap_or_default();
        let body = json!({"errors": [error], "clerk_trace_id": trace});
        (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}
