//! The same sign-in against an OpenID provider that none of us wrote: the npm
//! package oidc-provider (tests/oidc-provider), whose own pages are walked over
//! HTTP as a browser would.

mod browser;
mod provider;

use std::time::SystemTime;

use perch_clerk::{ClerkError, IdTokenError, Prompt, Provider, Session, SignIn, SignedIn};
use perch_tenant::Secret;
use url::Url;

use crate::browser::Browser;
use crate::provider::OidcProvider;

/// A sign-in, with the browser led to its callback by `walk`, and then to Perch.
async fn sign_in_by(
    provider: &Provider,
    prompt: Prompt,
    walk: impl AsyncFnOnce(&Browser, &Url) -> Url,
) -> (Result<SignedIn, ClerkError>, String) {
    let sign_in = SignIn::begin(provider, prompt).await.expect("a listener");
    let url = sign_in.url().clone();
    let flow = tokio::spawn(sign_in.finish(std::time::SystemTime::now));
    let browser = Browser::new();
    let callback = walk(&browser, &url).await;
    let shown = browser.open(&callback).await.page();
    (flow.await.expect("the flow does not panic"), shown.html)
}

async fn sign_in(provider: &Provider) -> Result<SignedIn, ClerkError> {
    sign_in_by(provider, Prompt::Consent, Browser::sign_in_as_ada).await.0
}

async fn renew(provider: &Provider, refresh_token: &Secret) -> Result<Session, ClerkError> {
    Session::renew(provider, refresh_token, "ada").await?.verify(provider, SystemTime::now()).await
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn a_person_signs_in_for_their_organization() {
    let oidc = OidcProvider::start(&[]);
    let provider = oidc.discover().await;
    let (outcome, page) = sign_in_by(&provider, Prompt::Consent, Browser::sign_in_as_ada).await;
    let signed_in = outcome.expect("signed in");
    assert!(page.contains("signed in \u{2014} return to Perch"), "{page}");

    assert_eq!(signed_in.user.id, "ada");
    assert_eq!(signed_in.user.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(signed_in.user.email.as_deref(), Some("ada@acme.example"));
    let organization = signed_in.organization.expect("an organization");
    assert_eq!((organization.id.as_str(), organization.slug.as_deref()), ("org_acme", Some("acme")));
    // From the ID token, whose signature was verified with the provider's keys.
    assert_eq!(signed_in.session.organization_id(), Some("org_acme"));
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn an_access_token_that_was_exchanged_on_its_way_is_found_out() {
    let oidc = OidcProvider::start(&["--swap-access-tokens"]);
    let refused = sign_in(&oidc.discover().await).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::IdToken(IdTokenError::AccessToken)), "{refused}");
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn a_session_is_renewed_again_and_again_and_an_old_refresh_token_ends_it() {
    let oidc = OidcProvider::start(&[]);
    let provider = oidc.discover().await;
    let first = sign_in(&provider).await.expect("signed in").session;
    let second = renew(&provider, first.refresh_token()).await.expect("renewed");
    let third = renew(&provider, second.refresh_token()).await.expect("renewed again");
    let tokens = [&first, &second, &third].map(Session::refresh_token);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2], "rotated each time");
    let (user, organization) = third.who(&provider).await.expect("who");
    assert_eq!((user.id.as_str(), organization.map(|it| it.id).as_deref()), ("ada", Some("org_acme")));

    // Whoever uses an old one has stolen it, for all the provider knows: it
    // ends the session for the newest one too.
    for token in [first.refresh_token(), third.refresh_token()] {
        let ended = renew(&provider, token).await.expect_err("ended");
        assert!(ended.ends_session(), "{ended}");
    }
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn a_revoked_session_is_over() {
    let oidc = OidcProvider::start(&[]);
    let provider = oidc.discover().await;
    let session = sign_in(&provider).await.expect("signed in").session;
    Session::revoke(&provider, session.refresh_token()).await.expect("revoked");
    let refused = session.who(&provider).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::AccessTokenRefused), "{refused}");
    assert!(renew(&provider, session.refresh_token()).await.expect_err("ended").ends_session());
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn a_refused_consent_is_a_refusal() {
    let oidc = OidcProvider::start(&[]);
    let provider = oidc.discover().await;
    let (outcome, page) = sign_in_by(&provider, Prompt::Consent, Browser::decline_as_ada).await;
    assert!(matches!(outcome, Err(ClerkError::AccessDenied)), "{outcome:?}");
    assert!(page.contains("not signed in"), "{page}");
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn the_callback_must_name_the_provider_as_it_promised() {
    let oidc = OidcProvider::start(&[]);
    let provider = oidc.discover().await;
    let walk = async |browser: &Browser, url: &Url| {
        let callback = browser.sign_in_as_ada(url).await;
        let named: Vec<_> = callback.query_pairs().filter(|(name, _)| name == "iss").collect();
        assert_eq!(named, [("iss".into(), oidc.issuer().as_str().into())]);
        for iss in [None, Some("http://127.0.0.1:1")] {
            let mut changed = callback.clone();
            let others = callback.query_pairs().filter(|(name, _)| name != "iss");
            changed.query_pairs_mut().clear().extend_pairs(others).extend_pairs(iss.map(|iss| ("iss", iss)));
            assert_eq!(browser.open(&changed).await.page().status, 400, "{changed}");
        }
        callback
    };
    let (outcome, _) = sign_in_by(&provider, Prompt::Default, walk).await;
    // The strays changed nothing: the true callback was still taken.
    assert!(!matches!(outcome, Err(ClerkError::NotFinished | ClerkError::CodeRefused)), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs what `make test` sets up"]
async fn a_provider_that_grants_less_than_was_asked_for_is_told_by_the_scope() {
    // Without `prompt=consent` this provider passes over `offline_access`, as
    // OpenID Connect Core §11 has it, and says so in the token answer.
    let oidc = OidcProvider::start(&[]);
    let (outcome, _) = sign_in_by(&oidc.discover().await, Prompt::Default, Browser::sign_in_as_ada).await;
    assert!(matches!(outcome, Err(ClerkError::ScopeMissing { scope: "offline_access" })), "{outcome:?}");
}
