//! One sign-in through the system browser (RFC 8252), from the address that the
//! browser opens to the session.

use std::fmt;
use std::time::{Duration, SystemTime};

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use perch_tenant::{Organization, User};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::callback::{self, Callback, Expected};
use crate::listener::{Browser, Listener};
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
/// [`SignIn::returned`], closes the listener.
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
    /// How long the browser may take to come back, from [`SignIn::begin`] on. Somebody who was called away comes back after ten
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
    /// [`SignIn::begin`] on. From then on nobody listens any more.
    ///
    /// # Errors
    /// [`ClerkError::NotFinished`] when the browser does not come back.
    pub async fn returned(self) -> Result<Returned, ClerkError> {
        let Self { provider, listener, redirect, state, nonce, verifier, deadline, .. } = self;
        let expected = Expected {
            port: listener.port(),
            state,
            issuer: provider.issuer().clone(),
            names_issuer: provider.metadata().callback_names_issuer,
        };
        let (callback, browser) =
            timeout_at(deadline, listener.callback(expected)).await.map_err(|_| ClerkError::NotFinished)?;
        Ok(Returned { provider, callback, browser, redirect, nonce, verifier })
    }

    /// [`SignIn::returned`] and [`Returned::finish`] in one.
    ///
    /// # Errors
    /// Those of both.
    pub async fn finish(self, clock: impl Fn() -> SystemTime + Send) -> Result<SignedIn, ClerkError> {
        self.returned().await?.finish(clock).await
    }
}

impl fmt::Debug for SignIn {
    /// Without the address: it holds state and nonce.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SignIn").field("redirect", &self.redirect.as_str()).finish_non_exhaustive()
    }
}

/// The browser came back, and waits for its page.
pub struct Returned {
    provider: Provider,
    callback: Callback,
    browser: Browser,
    redirect: RedirectUrl,
    nonce: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl Returned {
    /// Finishes the sign-in: redeems the code, verifies who it is, by `clock`,
    /// and asks for what else there is to know. The browser then shows how it
    /// ended. Every step has a time limit of its own.
    ///
    /// # Errors
    /// [`ClerkError::AccessDenied`] when the viewer declined, and those of
    /// redeeming the code. A session that nobody will have is revoked.
    pub async fn finish(self, clock: impl Fn() -> SystemTime + Send) -> Result<SignedIn, ClerkError> {
        let Self { provider, callback, browser, redirect, nonce, verifier } = self;
        let outcome = async {
            let code = match callback {
                Callback::Granted(code) => code,
                Callback::Refused(reason) => return Err(refusal(reason, &provider)),
            };
            let answered = token::redeem(&provider, code, redirect, verifier).await?;
            let signed_in = signed_in(&provider, &answered, &nonce, clock()).await;
            if signed_in.is_err()
                && let Some(refresh_token) = answered.refresh()
                && let Err(error) = Session::revoke(&provider, refresh_token).await
            {
                tracing::info!(code = error.code(), "a session that failed was not revoked at Clerk");
            }
            signed_in
        }
        .await;
        browser.show(outcome.as_ref().map_or_else(Page::failed, |_| Page::signed_in())).await;
        outcome
    }
}

impl fmt::Debug for Returned {
    /// Without the code, the nonce and the verifier.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Returned").field("redirect", &self.redirect.as_str()).finish_non_exhaustive()
    }
}

/// Who the tokens of a redeemed code are about, verified.
async fn signed_in(
    provider: &Provider,
    answered: &Answered,
    nonce: &CsrfToken,
    now: SystemTime,
) -> Result<SignedIn, ClerkError> {
    let tokens = answered.verify(provider, Some(nonce.secret()), now).await?;
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
