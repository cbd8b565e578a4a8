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
    HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use perch_tenant::Secret;
use serde::{Deserialize, Serialize};

use crate::callback::error_code;
use crate::http;
use crate::id_token::{self, Claims, Expected, LEEWAY};
use crate::{ClerkError, IdTokenError, Provider};

const ENDPOINT: &str = "token endpoint";

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
/// has an ID token with this `nonce`.
pub(crate) async fn redeem(
    provider: &Provider,
    code: AuthorizationCode,
    redirect: RedirectUrl,
    verifier: PkceCodeVerifier,
    nonce: &str,
) -> Result<Tokens, ClerkError> {
    let wire = Wire::new(provider);
    let answer = oauth(provider)
        .set_redirect_uri(redirect)
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&wire)
        .await
        .map_err(|error| explain(error, ClerkError::CodeRefused))?;
    if answer.extra_fields().id_token.is_none() {
        return Err(ClerkError::ScopeMissing { scope: "openid" });
    }
    wire.read(&answer, Some(nonce)).await
}

/// Renews a session (RFC 6749 §6). The answer's ID token, if there is one, is
/// verified (OpenID Connect Core §12.2).
pub(crate) async fn refresh(provider: &Provider, refresh_token: &Secret) -> Result<Tokens, ClerkError> {
    let wire = Wire::new(provider);
    let answer = oauth(provider)
        .exchange_refresh_token(&RefreshToken::new(refresh_token.expose().to_owned()))
        .request_async(&wire)
        .await
        .map_err(|error| explain(error, ClerkError::SessionEnded))?;
    wire.read(&answer, None).await
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

    async fn read(&self, answer: &Response, nonce: Option<&str>) -> Result<Tokens, ClerkError> {
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(ClerkError::NotUnderstood { endpoint: ENDPOINT });
        }
        let now = SystemTime::now();
        let id = match &answer.extra_fields().id_token {
            Some(token) => Some(self.verify(token, nonce, now).await?),
            None => None,
        };
        // A lifetime that overflows the clock is no lifetime.
        let lifetime = answer.expires_in().unwrap_or(SHORTEST);
        let expires = now.checked_add(lifetime).ok_or(ClerkError::NotUnderstood { endpoint: ENDPOINT })?;
        Ok(Tokens {
            access: Secret::new(answer.access_token().secret()),
            expires,
            refresh: answer.refresh_token().map(|token| Secret::new(token.secret())),
            id,
        })
    }

    async fn verify(&self, token: &str, nonce: Option<&str>, now: SystemTime) -> Result<Claims, ClerkError> {
        let key: DecodingKey =
            self.provider.keys().find(&id_token::key_id(token)?).await?.ok_or(IdTokenError::UnknownKey)?;
        let expected =
            Expected { issuer: self.provider.issuer().as_str(), client_id: self.provider.client_id(), nonce, now };
        Claims::verify(token, &key, &expected).map_err(|error| self.blame(error, now))
    }

    /// A token that is too old or too new may be Clerk's fault, or this
    /// computer's clock's: the server's own `Date` tells which.
    fn blame(&self, error: IdTokenError, now: SystemTime) -> ClerkError {
        let date = *self.date.lock().unwrap_or_else(PoisonError::into_inner);
        match (error, date) {
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

/// The token endpoint's errors (RFC 6749 §5.2) are told by `error`, not by the
/// status: Clerk's `invalid_grant` is a 400 here and a 401 there. `dead` is what
/// `invalid_grant` means.
///
/// `oauth2`'s own error is not kept: for an answer that is no JSON it holds the
/// body, and the body may hold tokens.
fn explain(error: RequestTokenError<ClerkError, BasicErrorResponse>, dead: ClerkError) -> ClerkError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            BasicErrorResponseType::InvalidGrant => dead,
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                ClerkError::InvalidClient
            }
            BasicErrorResponseType::InvalidScope => ClerkError::ScopeMissing { scope: "scopes" },
            other => ClerkError::Refused { reason: error_code(other.as_ref()) },
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => ClerkError::NotUnderstood { endpoint: ENDPOINT },
    }
}
