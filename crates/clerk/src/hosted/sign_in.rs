//! One sign-in by hosted authentication, from the address that the browser opens
//! to the session.

use std::fmt;
use std::time::Duration;

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier};
use perch_tenant::Origin;
use reqwest::{Method, StatusCode};
use url::Url;

use super::answer::{Client, Failure, HostedAuth, Wrapped};
use super::{ClientToken, FrontendApi, HostedReturn, HostedSession, RETURN_ADDRESS, StrayLink};
use crate::{ClerkError, SignIn};

/// A sign-in whose browser is to come back as a link.
pub struct HostedSignIn {
    api: FrontendApi,
    url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    returned: bool,
}

impl HostedSignIn {
    /// How long to wait for the browser.
    pub const PATIENCE: Duration = SignIn::PATIENCE;

    /// Asks for a sign-in page.
    ///
    /// # Errors
    /// [`ClerkError::NativeApiDisabled`] and
    /// [`ClerkError::RedirectNotRegistered`] for an operator's mistakes,
    /// [`ClerkError::EndpointElsewhere`] for a page that no browser should open,
    /// and those of the network.
    pub async fn begin(api: &FrontendApi, client: &mut ClientToken<'_>) -> Result<Self, ClerkError> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new_random();
        let form =
            [("redirect_url", RETURN_ADDRESS), ("code_challenge", challenge.as_str()), ("state", state.secret())];
        let call = api.call("hosted authentication", Method::POST, &["client", "hosted_auth"]).form(&form);
        let begun: Wrapped<HostedAuth> = api.ask(&call, client).await?;
        let url = sign_in_page(&begun.response.url, api.origin())?;
        Ok(Self { api: api.clone(), url, state, verifier, returned: false })
    }

    /// The address to open in the system browser, and to show with a way to
    /// copy it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether `link`, which some program handed over, is this sign-in's return.
    /// It is so once.
    ///
    /// # Errors
    /// For every other link, which changes nothing.
    pub fn accept(&mut self, link: &str) -> Result<HostedReturn, StrayLink> {
        let returned = HostedReturn::parse(link, &self.state)?;
        if self.returned {
            return Err(StrayLink::Used);
        }
        self.returned = true;
        Ok(returned)
    }

    /// Spends what the browser brought back, with the proof that it was asked
    /// for here (RFC 7636 §4.5). The client must then hold the very session that
    /// the browser signed in, and it must count.
    ///
    /// # Errors
    /// [`ClerkError::CodeRefused`] when the nonce was spent, is too old or
    /// belongs to another sign-in, [`ClerkError::AnotherSession`] when the client
    /// does not hold the session, [`ClerkError::SessionPending`] and
    /// [`ClerkError::SessionEnded`] when it does not count.
    pub async fn redeem(
        self,
        returned: HostedReturn,
        client: &mut ClientToken<'_>,
    ) -> Result<HostedSession, ClerkError> {
        let form = [
            ("_method", "GET"),
            ("rotating_token_nonce", returned.nonce.expose()),
            ("code_verifier", self.verifier.secret().as_str()),
        ];
        let call = self.api.call("client", Method::POST, &["client"]).form(&form);
        let redeemed: Wrapped<Option<Client>> = self.api.ask(&call, client).await.map_err(not_redeemed)?;
        let sessions = redeemed.response.map(|client| client.sessions).unwrap_or_default();
        let created = sessions.into_iter().find(|session| session.id == returned.session_id);
        self.api.hosted_session(created.ok_or(ClerkError::AnotherSession)?)
    }
}

/// Reads the address of the sign-in page: `https`, or on the API's own origin,
/// which is this machine where it is `http`.
pub(super) fn sign_in_page(text: &str, origin: &Origin) -> Result<Url, ClerkError> {
    let url = Url::parse(text).map_err(|_| ClerkError::NotUnderstood { endpoint: "hosted authentication" })?;
    let bare = url.username().is_empty() && url.password().is_none();
    if bare && (url.scheme() == "https" || origin.holds(&url)) {
        return Ok(url);
    }
    let host = url.origin();
    let host = if host.is_tuple() { host.ascii_serialization() } else { format!("{}:", url.scheme()) };
    Err(ClerkError::EndpointElsewhere { endpoint: "sign-in page", host })
}

/// Nothing but nonce and verifier was sent, so it is them that Clerk refuses. A
/// 400 may be about how it was asked, too: there the code tells.
fn not_redeemed(failure: Failure) -> ClerkError {
    let spent = match &failure {
        Failure::Clerk(_) => false,
        Failure::Refused(refusal) => match refusal.status {
            StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY => {
                true
            }
            _ => refusal.says("invalid_query_parameter_value") || refusal.says("pkce_verification_failed"),
        },
    };
    match failure.into() {
        ClerkError::Refused { .. } if spent => ClerkError::CodeRefused,
        error => error,
    }
}

impl fmt::Debug for HostedSignIn {
    /// Without the address: it may hold the state.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HostedSignIn")
            .field("api", &self.api)
            .field("returned", &self.returned)
            .finish_non_exhaustive()
    }
}
