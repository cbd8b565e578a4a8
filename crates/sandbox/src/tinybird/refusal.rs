//! Refusals in Tinybird's form: `{"error": …, "documentation": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is not answered with rows.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    documentation: &'static str,
}

impl Refusal {
    /// 403: the token is missing, bad, expired or does not read this pipe.
    pub(super) fn token(error: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            error: error.to_owned(),
            documentation: "https://www.tinybird.co/docs/api-reference/overview#authentication",
        }
    }

    /// 404: no such endpoint.
    pub(super) fn no_such_pipe(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            error: format!("The pipe '{name}' does not exist"),
            documentation: "https://www.tinybird.co/docs/api-reference/pipe-api",
        }
    }

    /// 400: a parameter that does not parse as its type.
    pub(super) fn parameter(name: &str, value: &str, kind: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: format!("Template Syntax Error: Error validating '{value}' to type {kind} for parameter '{name}'"),
            documentation: "https://www.tinybird.co/docs/forward/work-with-data/query-parameters",
        }
    }

    /// 400: a body or a query that does not parse.
    pub(super) fn request(error: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.to_owned(),
            documentation: "https://www.tinybird.co/docs/api-reference/pipe-api",
        }
    }

    /// 429: more requests than the token's `limits.rps`.
    pub(super) fn rate(rps: u32) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: format!("Too many requests: this token allows {rps} requests per second"),
            documentation: "https://www.tinybird.co/docs/api-reference/overview#limits",
        }
    }

    /// 500: the sandbox itself failed.
    pub(super) fn failed(error: &str) -> Self {
        tracing::error!(error, "the sandbox's Tinybird failed");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: "Internal server error".to_owned(),
            documentation: "https://www.tinybird.co/docs",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "documentation": self.documentation});
        (self.status, Json(body)).into_response()
    }
}
