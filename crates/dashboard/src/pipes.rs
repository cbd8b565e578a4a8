//! Who answers an engine's questions: Tinybird, through its client. A trait, so
//! that a test can hold an answer back for as long as it takes to go wrong.

use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use perch_tinybird::{Again, Client, Parameters, PipeError, PipeName, PublicToken, TenantToken};

/// Pipes that can be asked. Dropping a future ends its request. Whoever asks has
/// counted the first one; before each further one that a lost connection makes
/// necessary, `again` counts it or says no.
pub trait Pipes: Send + Sync {
    /// Asks with a tenant's token: the pipe's `.json`, as it came.
    fn query<'a>(
        &'a self,
        token: &'a TenantToken,
        pipe: &'a PipeName,
        parameters: &'a Parameters,
        now: SystemTime,
        again: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>>;

    /// The same for what anyone may see.
    fn query_public<'a>(
        &'a self,
        token: &'a PublicToken,
        pipe: &'a PipeName,
        parameters: &'a Parameters,
        now: SystemTime,
        again: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>>;
}

impl Pipes for Client {
    fn query<'a>(
        &'a self,
        token: &'a TenantToken,
        pipe: &'a PipeName,
        parameters: &'a Parameters,
        now: SystemTime,
        again: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>> {
        self.query_while(token, pipe, parameters, now, again).boxed()
    }

    fn query_public<'a>(
        &'a self,
        token: &'a PublicToken,
        pipe: &'a PipeName,
        parameters: &'a Parameters,
        now: SystemTime,
        again: Again<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PipeError>> {
        self.query_public_while(token, pipe, parameters, now, again).boxed()
    }
}
