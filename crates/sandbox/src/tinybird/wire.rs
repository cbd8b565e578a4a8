//! How answers travel: packed as the client accepts it, each with an id by
//! which its request can be found again.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::compression::CompressionLayer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The same endpoints, whose answers travel so.
pub(super) fn carry(router: Router) -> Router {
    router.layer(CompressionLayer::new()).layer(middleware::from_fn(name_request))
}

/// An id of our own for every request: a client's is its own affair.
async fn name_request(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(id) = request_id() {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// 128 bits by chance; nothing where the system has none to give.
fn request_id() -> Option<HeaderValue> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    let hex = bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex.try_into().ok()
}
