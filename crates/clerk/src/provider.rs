//! Clerk, as one connection file names it and its discovery document describes
//! it.

use std::fmt;
use std::sync::Arc;

use perch_tenant::{OAuthApplication, Origin};
use reqwest::{Method, Request, StatusCode};

use crate::ClerkError;
use crate::http;
use crate::keys::Keys;
use crate::metadata::Metadata;

/// A Clerk application whose endpoints are known. Clones share the cache of
/// Clerk's keys.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    issuer: Origin,
    application: OAuthApplication,
    metadata: Metadata,
    keys: Keys,
}

impl Provider {
    /// Fetches and checks the discovery document of `issuer`.
    /// `http` must be an [`http_client`](crate::http_client), which follows no
    /// redirects.
    ///
    /// # Errors
    /// [`ClerkError::NotClerk`], [`ClerkError::AnotherIssuer`],
    /// [`ClerkError::EndpointElsewhere`] and [`ClerkError::Unsupported`] for
    /// what is wrong with the document, and those of the network.
    pub async fn discover(
        http: &reqwest::Client,
        issuer: &Origin,
        application: &OAuthApplication,
    ) -> Result<Self, ClerkError> {
        let request = Request::new(Method::GET, issuer.join("/.well-known/openid-configuration"));
        let answer = http::send(http, request, "discovery document").await?;
        if answer.status != StatusCode::OK {
            return Err(ClerkError::NotClerk { issuer: issuer.to_string() });
        }
        let metadata = Metadata::parse(&answer.body, issuer)?;
        let keys = Keys::new(http.clone(), metadata.keys.clone());
        Ok(Self(Arc::new(Inner {
            http: http.clone(),
            issuer: issuer.clone(),
            application: application.clone(),
            metadata,
            keys,
        })))
    }

    /// The issuer.
    pub fn issuer(&self) -> &Origin {
        &self.0.issuer
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.0.application.client_id
    }

    pub(crate) fn scopes(&self) -> &[String] {
        &self.0.application.scopes
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Provider").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}
