//! Somebody who stands before the Clerk part, for tests: sees each request and
//! its answer, and may keep either for as long as they like. Whoever asked and
//! is killed meanwhile is then killed at a known step.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What passes every request on to the Clerk part. Cheap to clone.
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(Request, Next) -> Answering + Send + Sync>);

impl Witness {
    /// A witness that does `pass` with each request, as a middleware of axum.
    /// A future that never ends is an answer that never comes; it is dropped
    /// when whoever asked has gone.
    pub fn new<F>(pass: impl Fn(Request, Next) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        Self(Arc::new(move |request, next| Box::pin(pass(request, next))))
    }

    pub(crate) fn before(&self, router: Router) -> Router {
        let Self(pass) = self.clone();
        router.layer(middleware::from_fn(move |request, next| pass(request, next)))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Witness")
    }
}
