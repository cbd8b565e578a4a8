//! The token endpoint (RFC 6749 §3.2): a code, or a refresh token, for tokens.
//! The protocol is the crate `oauth2`'s, the transport ours.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jsonwebtoken::DecodingKey;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use perch_tenant::Secret;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::callback::error_code;
use crate::http;
use crate::id_token::{self, Claims, Expected, LEEWAY};
use crate::{ClerkError, IdTokenError, Provider};

const ENDPOINT: &str = "token endpoint";

/// The scope that brings the organization and, on the consent screen, the choice
/// of it.
const ORGANIZATION: &str = "user:org:read";

/// When Clerk does not say how long an access token lives: renew it soon.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

/// Clerk as `oauth2` knows it.
pub(crate) type OAuth = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

type Response = StandardTokenResponse<OpenId, BasicTokenType>;

/// What OpenID Connect adds to a token response (Core §3.1.3.3).
#[derive(Serialize, Deserialize)]
pub(crate) struct OpenId {
    id_token: Option<String>,
}

impl ExtraTokenFields for OpenId {}

impl fmt::Debug for OpenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenId").finish_non_exhaustive()
    }
}

/// What the token endpoint answered, nothing of it verified: verification needs
/// a right clock and Clerk's keys, and may have to be tried again.
#[derive(Clone)]
pub(crate) struct Answered {
    access: Secret,
    refresh: Option<Secret>,
    id: Option<Secret>,
    bearer: bool,
    lifetime: Duration,
    at: Instant,
    /// The server's clock at that moment.
    date: Option<SystemTime>,
}

/// What the token endpoint gave, the ID token verified.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    /// By this computer's clock.
    pub(crate) expires: SystemTime,
    pub(crate) refresh: Option<Secret>,
    pub(crate) id: Option<Claims>,
}

/// `oauth2`'s client for this provider.
pub(crate) fn oauth(provider: &Provider) -> OAuth {
    let metadata = provider.metadata();
    oauth2::Client::new(ClientId::new(provider.client_id().to_owned()))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token.clone()))
}

/// Redeems the code of a sign-in (RFC 6749 §4.1.3, RFC 7636 §4.5). The answer
/// has an ID token, and no scope is missing that Perch cannot do without.
pub(crate) async fn redeem(
    provider: &Provider,
    code: AuthorizationCode,
    redirect: RedirectUrl,
    verifier: PkceCodeVerifier,
) -> Result<Answered, ClerkError> {
    let wire = Wire::new(provider);
    let response = oauth(provider)
        .set_redirect_uri(redirect)
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&wire)
        .await
        .map_err(|error| explain(error, ClerkError::CodeRefused, provider))?;
    if response.scopes().is_some_and(|granted| lacks_organization(granted, provider.scopes())) {
        return Err(ClerkError::ScopeMissing { scope: ORGANIZATION });
    }
    if response.extra_fields().id_token.is_none() {
        return Err(ClerkError::ScopeMissing { scope: "openid" });
    }
    Ok(wire.answered(&response))
}

/// Spends a refresh token (RFC 6749 §6).
pub(crate) async fn refresh(provider: &Provider, refresh_token: &Secret) -> Result<Answered, ClerkError> {
    let wire = Wire::new(provider);
    let response = oauth(provider)
        .exchange_refresh_token(&RefreshToken::new(refresh_token.expose().to_owned()))
        .request_async(&wire)
        .await
        .map_err(|error| explain(error, ClerkError::SessionEnded, provider))?;
    Ok(wire.answered(&response))
}

/// Whether the organization was asked for and not granted: a server tells the
/// scopes when it granted others than were asked for (RFC 6749 §5.1). `openid`
/// and `offline_access` are not looked for here, because they show in what they
/// bring.
fn lacks_organization(granted: &[Scope], asked: &[String]) -> bool {
    asked.iter().any(|scope| scope == ORGANIZATION) && !granted.iter().any(|scope| scope.as_str() == ORGANIZATION)
}

/// What `invalid_scope` means for this connection: Clerk does not say which one
/// it refuses.
pub(crate) fn scope_refused(provider: &Provider) -> ClerkError {
    ClerkError::ScopeRefused { organization: provider.scopes().iter().any(|scope| scope == ORGANIZATION) }
}

impl Answered {
    /// The new refresh token, where Clerk gave one.
    pub(crate) fn refresh(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    /// Verifies the ID token, if there is one: with this `nonce` at a sign-in
    /// (OpenID Connect Core §3.1.3.7), with none at a renewal (§12.2).
    pub(crate) async fn verify(
        &self,
        provider: &Provider,
        nonce: Option<&str>,
        now: SystemTime,
    ) -> Result<Tokens, ClerkError> {
        let not_understood = || ClerkError::NotUnderstood { endpoint: ENDPOINT };
        // One that no header can carry would fail later, as if there were no network.
        let sendable = !self.access.expose().is_empty() && self.access.expose().bytes().all(|b| b.is_ascii_graphic());
        if !self.bearer || !sendable {
            return Err(not_understood());
        }
        let id = match &self.id {
            Some(token) => Some(self.claims(token.expose(), provider, nonce, now).await?),
            None => None,
        };
        // Counted from `now`, which may be another clock's than that of the
        // moment when Clerk answered. A lifetime that overflows is no lifetime.
        let answered = now.checked_sub(self.at.elapsed()).ok_or_else(not_understood)?;
        let expires = answered.checked_add(self.lifetime).ok_or_else(not_understood)?;
        Ok(Tokens { access: self.access.clone(), expires, refresh: self.refresh.clone(), id })
    }

    async fn claims(
        &self,
        token: &str,
        provider: &Provider,
        nonce: Option<&str>,
        now: SystemTime,
    ) -> Result<Claims, ClerkError> {
        let key: DecodingKey =
            provider.keys().find(&id_token::key_id(token)?).await?.ok_or(IdTokenError::UnknownKey)?;
        let expected = Expected {
            issuer: provider.issuer().as_str(),
            client_id: provider.client_id(),
            nonce,
            access_token: self.access.expose(),
            now,
        };
        Claims::verify(token, &key, &expected).map_err(|error| self.blame(error, now))
    }

    /// A token that is too old or too new may be Clerk's fault, or this
    /// computer's clock's: the server's own `Date` tells which.
    fn blame(&self, error: IdTokenError, now: SystemTime) -> ClerkError {
        let server = self.date.and_then(|date| date.checked_add(self.at.elapsed()));
        match (error, server) {
            (IdTokenError::Expired | IdTokenError::FromFuture, Some(server)) => {
                let (ahead, sign) = match now.duration_since(server) {
                    Ok(ahead) => (ahead, 1),
                    Err(behind) => (behind.duration(), -1),
                };
                if ahead <= LEEWAY {
                    return error.into();
                }
                let seconds = i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX);
                ClerkError::ClockSkew { seconds: sign * seconds, server }
            }
            _ => error.into(),
        }
    }
}

/// One exchange with the token endpoint: `oauth2`'s request over our client,
/// whose limits and refusals it gets.
struct Wire {
    provider: Provider,
    /// The server's clock, as it answered.
    date: Mutex<Option<SystemTime>>,
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = ClerkError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ClerkError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Wire {
    fn new(provider: &Provider) -> Self {
        Self { provider: provider.clone(), date: Mutex::new(None) }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ClerkError> {
        let answer = http::send(self.provider.http(), request.try_into()?, ENDPOINT).await?;
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = answer.date();
        let mut response = HttpResponse::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    fn answered(&self, response: &Response) -> Answered {
        Answered {
            access: Secret::new(response.access_token().secret()),
            refresh: response.refresh_token().map(|token| Secret::new(token.secret())),
            id: response.extra_fields().id_token.as_deref().map(Secret::new),
            bearer: *response.token_type() == BasicTokenType::Bearer,
            lifetime: response.expires_in().unwrap_or(SHORTEST),
            at: Instant::now(),
            date: *self.date.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// The token endpoint's errors (RFC 6749 §5.2) are told by `error`, not by the
/// status: Clerk's `invalid_grant` is a 400 here and a 401 there. `dead` is what
/// `invalid_grant` means.
///
/// `oauth2`'s own error is not kept: for an answer that is no JSON it holds the
/// body, and the body may hold tokens.
fn explain(
    error: RequestTokenError<ClerkError, BasicErrorResponse>,
    dead: ClerkError,
    provider: &Provider,
) -> ClerkError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            BasicErrorResponseType::InvalidGrant => dead,
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                ClerkError::InvalidClient
            }
            BasicErrorResponseType::InvalidScope => scope_refused(provider),
            other => ClerkError::Refused { reason: error_code(other.as_ref()) },
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => ClerkError::NotUnderstood { endpoint: ENDPOINT },
    }
}
