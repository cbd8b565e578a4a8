//! The form of a request, each field once. The Frontend API takes no other
//! body; a request without one has no fields.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use crate::clerk::fapi_error::FapiError;
use crate::clerk::parameters::Parameters;

/// The fields.
pub(super) struct Form(pub(super) Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = FapiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FapiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = Bytes::from_request(request, state).await.map_err(|_| {
            let (status, code) = (StatusCode::BAD_REQUEST, "request_body_invalid");
            FapiError::new(status, code, "Request body invalid", "The request body is too large or was cut off.")
        })?;
        if !is_form && !body.is_empty() {
            let (status, code) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_content_type");
            let long_message = "The Frontend API takes application/x-www-form-urlencoded.";
            return Err(FapiError::new(status, code, "Content-Type is unsupported", long_message));
        }
        Parameters::read(&body).map(Self).map_err(|name| {
            let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, "form_param_duplicate");
            let long_message = format!("{name} included multiple times. There should only be one.");
            FapiError::new(status, code, "is duplicate", long_message)
        })
    }
}
