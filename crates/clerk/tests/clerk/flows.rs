//! Several sign-ins, at once and one after the other: what belongs to one is
//! worth nothing in another.

use perch_clerk::{ClerkError, IdTokenError};
use url::Url;

use crate::browser::{Waiting, begin, open, parameter, sign_in_at_provider};
use crate::provider::Clerk;
use crate::sign_in::redirect_port;

/// `callback` with other values for some of its parameters.
fn with(callback: &Url, changes: &[(&str, &str)]) -> Url {
    let mut changed = callback.clone();
    changed.query_pairs_mut().clear();
    for (name, value) in callback.query_pairs() {
        let other = changes.iter().find(|(changes, _)| *changes == name).map(|(_, value)| *value);
        changed.query_pairs_mut().append_pair(&name, other.unwrap_or(&value));
    }
    changed
}

/// `callback` at another sign-in's listener.
fn at_listener_of(callback: &Url, sign_in: &Waiting) -> Url {
    let mut moved = callback.clone();
    moved.set_port(Some(redirect_port(&sign_in.url))).expect("a port");
    moved
}

#[tokio::test]
async fn nothing_that_protects_a_sign_in_is_used_again() {
    let (_clerk, provider) = Clerk::discovered().await;
    let (one, other) = (begin(&provider).await, begin(&provider).await);
    for name in ["state", "nonce", "code_challenge", "redirect_uri"] {
        assert_ne!(parameter(&one.url, name), parameter(&other.url, name), "{name}");
    }
    assert_ne!(parameter(&one.url, "state"), parameter(&one.url, "nonce"));
}

#[tokio::test]
async fn the_callback_of_another_sign_in_is_stray() {
    let (clerk, provider) = Clerk::discovered().await;
    let (mine, theirs) = (begin(&provider).await, begin(&provider).await);
    let (my_callback, their_callback) = (sign_in_at_provider(&mine.url).await, sign_in_at_provider(&theirs.url).await);
    let denied = Url::parse(&format!(
        "http://127.0.0.1:{}/callback?error=access_denied&state={}",
        redirect_port(&mine.url),
        parameter(&theirs.url, "state")
    ))
    .expect("an address");
    for stray in [at_listener_of(&their_callback, &mine), at_listener_of(&my_callback, &theirs), denied] {
        assert_eq!(open(&stray).await.expect("a page").status, 400, "{stray}");
    }
    assert!(clerk.memory().token_requests.is_empty(), "no code was redeemed");

    for (waiting, callback) in [(mine, my_callback), (theirs, their_callback)] {
        assert_eq!(open(&callback).await.expect("a page").status, 200);
        assert!(waiting.flow.await.expect("no panic").is_ok());
    }
}

#[tokio::test]
async fn the_state_of_an_earlier_sign_in_is_stray() {
    let (_clerk, provider) = Clerk::discovered().await;
    let earlier = begin(&provider).await;
    let state = parameter(&earlier.url, "state");
    open(&sign_in_at_provider(&earlier.url).await).await.expect("a page");
    assert!(earlier.flow.await.expect("no panic").is_ok());

    let waiting = begin(&provider).await;
    let callback = sign_in_at_provider(&waiting.url).await;
    assert_eq!(open(&with(&callback, &[("state", &state)])).await.expect("a page").status, 400);
    assert_eq!(open(&callback).await.expect("a page").status, 200);
    assert!(waiting.flow.await.expect("no panic").is_ok());
}

/// Two people sign in at once, each gets the other's code with their own state:
/// what somebody could send who saw the state, which stands in the browser's
/// command line. How each of the sign-ins ends.
async fn codes_swapped(clerk: &Clerk) -> [ClerkError; 2] {
    let provider = clerk.discover().await.expect("discovery");
    let (mine, theirs) = (begin(&provider).await, begin(&provider).await);
    let (my_callback, their_callback) = (sign_in_at_provider(&mine.url).await, sign_in_at_provider(&theirs.url).await);
    let (my_code, their_code) = (parameter(&my_callback, "code"), parameter(&their_callback, "code"));
    open(&with(&my_callback, &[("code", &their_code)])).await.expect("a page");
    open(&with(&their_callback, &[("code", &my_code)])).await.expect("a page");
    let [mine, theirs] = [mine.flow.await, theirs.flow.await];
    [mine.expect("no panic").expect_err("refused"), theirs.expect("no panic").expect_err("refused")]
}

#[tokio::test]
async fn a_code_of_another_sign_in_does_not_fit_the_verifier() {
    let clerk = Clerk::start().await;
    clerk.bend(|bent| bent.any_redirect = true);
    let refused = codes_swapped(&clerk).await;
    assert!(refused.iter().all(|error| matches!(error, ClerkError::CodeRefused)), "{refused:?}");
}

#[tokio::test]
async fn a_code_of_another_sign_in_brings_another_nonce() {
    let clerk = Clerk::start().await;
    clerk.bend(|bent| (bent.any_redirect, bent.any_verifier) = (true, true));
    let refused = codes_swapped(&clerk).await;
    assert!(refused.iter().all(|error| matches!(error, ClerkError::IdToken(IdTokenError::Nonce))), "{refused:?}");
}

#[tokio::test]
async fn a_code_that_was_used_is_refused() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| (bent.any_redirect, bent.any_verifier) = (true, true));
    let first = begin(&provider).await;
    let used = sign_in_at_provider(&first.url).await;
    open(&used).await.expect("a page");
    assert!(first.flow.await.expect("no panic").is_ok());

    let second = begin(&provider).await;
    let callback = sign_in_at_provider(&second.url).await;
    let shown = open(&with(&callback, &[("code", &parameter(&used, "code"))])).await.expect("a page");
    let refused = second.flow.await.expect("no panic").expect_err("refused");
    assert!(matches!(refused, ClerkError::CodeRefused), "{refused}");
    assert!(shown.html.contains("not signed in"));
}
