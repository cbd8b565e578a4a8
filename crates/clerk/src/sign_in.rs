//! One sign-in through the system browser (RFC 8252), from the address that the
//! browser opens to the session.

use std::fmt;
use std::time::{Duration, SystemTime};

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use perch_tenant::{Organization, User};
use tokio::time::Instant;
use url::Url;

use crate::callback::{self, Callback, Expected};
use crate::listener::Listener;
use crate::page::Page;
use crate::token::Answered;
use crate::userinfo::Viewer;
use crate::{ClerkError, Picture, Provider, Session, token};

/// What Clerk asks the viewer, although it might know the answer (OpenID
/// Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prompt {
    /// Only what Clerk must ask.
    #[default]
    Default,
    /// The consent screen, with its organization selector: to add an
    /// organization.
    Consent,
    /// A fresh sign-in: to be somebody else.
    Login,
}

/// A sign-in that waits for the browser. Dropping it, or the future of
/// [`SignIn::finish`], closes the listener.
pub struct SignIn {
    provider: Provider,
    listener: Listener,
    url: Url,
    redirect: RedirectUrl,
    state: CsrfToken,
    nonce: CsrfToken,
    verifier: PkceCodeVerifier,
    deadline: Instant,
}

/// Who signed in, for which organization, and their session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The organization chosen on the consent screen, if any.
    pub organization: Option<Organization>,
    /// The person's picture, if Clerk tells one.
    pub picture: Option<Picture>,
    /// The session.
    pub session: Session,
}

impl SignIn {
    /// How long a sign-in may take, from [`SignIn::begin`] to the end of
    /// [`SignIn::finish`]. Somebody who was called away comes back after ten
    /// minutes.
    pub const PATIENCE: Duration = Duration::from_secs(15 * 60);

    /// Listens on 127.0.0.1 and makes the address to open.
    ///
    /// # Errors
    /// [`ClerkError::PortBlocked`].
    pub async fn begin(provider: &Provider, prompt: Prompt) -> Result<Self, ClerkError> {
        let listener = Listener::bind().await.map_err(ClerkError::PortBlocked)?;
        // An IP address, not `localhost`: only there does Clerk accept any port
        // (RFC 8252 §7.3), and no resolver can point it elsewhere.
        let redirect = Url::parse(&format!("http://127.0.0.1:{}{}", listener.port(), callback::PATH))
            .map_err(|error| ClerkError::PortBlocked(std::io::Error::other(error)))?;
        let redirect = RedirectUrl::from_url(redirect);

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random();
        let oauth = token::oauth(provider).set_redirect_uri(redirect.clone());
        let mut request = oauth
            .authorize_url(CsrfToken::new_random)
            .add_scopes(provider.scopes().iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.secret());
        match prompt {
            Prompt::Default => {}
            Prompt::Consent => request = request.add_extra_param("prompt", "consent"),
            Prompt::Login => request = request.add_extra_param("prompt", "login"),
        }
        let (url, state) = request.url();
        let deadline = Instant::now() + Self::PATIENCE;
        Ok(Self { provider: provider.clone(), listener, url, redirect, state, nonce, verifier, deadline })
    }

    /// The address to open in the system browser, and to show with a way to
    /// copy it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the browser to come back, at most [`SignIn::PATIENCE`] from
    /// [`SignIn::begin`] on, and finishes the sign-in. The browser then shows how
    /// it ended.
    ///
    /// # Errors
    /// [`ClerkError::NotFinished`] when the browser does not come back,
    /// [`ClerkError::AccessDenied`] when the viewer declined, and those of
    /// redeeming the code.
    pub async fn finish(self) -> Result<SignedIn, ClerkError> {
        tokio::time::timeout_at(self.deadline, self.flow()).await.unwrap_or(Err(ClerkError::NotFinished))
    }

    async fn flow(self) -> Result<SignedIn, ClerkError> {
        let Self { provider, listener, redirect, state, nonce, verifier, .. } = self;
        let expected = Expected {
            port: listener.port(),
            state,
            issuer: provider.issuer().clone(),
            names_issuer: provider.metadata().callback_names_issuer,
        };
        let (callback, browser) = listener.callback(expected).await;
        let outcome = async {
            let code = match callback {
                Callback::Granted(code) => code,
                Callback::Refused(reason) => return Err(refusal(reason, &provider)),
            };
            let answered = token::redeem(&provider, code, redirect, verifier).await?;
            let signed_in = signed_in(&provider, &answered, &nonce).await;
            if signed_in.is_err()
                && let Some(refresh_token) = answered.refresh()
                && let Err(error) = Session::revoke(&provider, refresh_token).await
            {
                // Nobody will ever have this session: a best effort to end it.
                tracing::info!(code = error.code(), "a session that failed was not revoked at Clerk");
            }
            signed_in
        }
        .await;
        browser.show(outcome.as_ref().map_or_else(Page::failed, |_| Page::signed_in())).await;
        outcome
    }
}

impl fmt::Debug for SignIn {
    /// Without the address: it holds state and nonce.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SignIn").field("redirect", &self.redirect.as_str()).finish_non_exhaustive()
    }
}

/// Who the tokens of a redeemed code are about, verified.
async fn signed_in(provider: &Provider, answered: &Answered, nonce: &CsrfToken) -> Result<SignedIn, ClerkError> {
    let tokens = answered.verify(provider, Some(nonce.secret()), SystemTime::now()).await?;
    let session = Session::of_sign_in(tokens)?;
    let Viewer { user, organization, picture } = session.viewer(provider).await?;
    Ok(SignedIn { user, organization, picture, session })
}

/// What an error in the callback means (RFC 6749 §4.1.2.1).
fn refusal(reason: String, provider: &Provider) -> ClerkError {
    match reason.as_str() {
        "access_denied" => ClerkError::AccessDenied,
        "unauthorized_client" | "invalid_client" => ClerkError::InvalidClient,
        "invalid_scope" => token::scope_refused(provider),
        "temporarily_unavailable" | "server_error" => ClerkError::Unavailable { status: 503 },
        _ => ClerkError::Refused { reason },
    }
}
