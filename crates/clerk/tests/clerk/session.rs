//! What happens to a session after its sign-in.

use std::time::{Duration, SystemTime};

use axum::response::IntoResponse;
use perch_clerk::{ClerkError, IdTokenError, Provider, Renewed, Session};
use perch_tenant::Secret;
use serde_json::json;

use crate::browser::sign_in;
use crate::provider::{Clerk, oauth_error};

/// Both halves of a renewal.
async fn renew(provider: &Provider, refresh_token: &Secret) -> Result<Session, ClerkError> {
    Session::renew(provider, refresh_token, "user_ada").await?.verify(provider, SystemTime::now()).await
}

async fn signed_in() -> (Clerk, Provider, Session) {
    let (clerk, provider) = Clerk::discovered().await;
    let session = sign_in(&provider).await.0.expect("signed in").session;
    (clerk, provider, session)
}

#[tokio::test]
async fn a_renewal_gives_the_next_refresh_token_and_the_last_one_is_dead() {
    let (_clerk, provider, session) = signed_in().await;
    let renewed = renew(&provider, session.refresh_token()).await.expect("renewed");
    assert_ne!(renewed.refresh_token(), session.refresh_token());
    assert_eq!((renewed.user_id(), renewed.organization_id()), ("user_ada", Some("org_acme")));
    let (user, organization) = renewed.who(&provider).await.expect("who");
    assert_eq!((user.id.as_str(), organization.map(|it| it.id).as_deref()), ("user_ada", Some("org_acme")));

    let dead = renew(&provider, session.refresh_token()).await.expect_err("used already");
    assert!(dead.ends_session());
    assert!(renew(&provider, renewed.refresh_token()).await.is_ok());
}

#[tokio::test]
async fn a_refresh_token_that_is_not_rotated_is_kept() {
    let (clerk, provider, session) = signed_in().await;
    clerk.bend(|bent| {
        bent.tokens = Some(Box::new(|tokens| {
            let tokens = tokens.as_object_mut().expect("an object");
            tokens.remove("refresh_token");
            tokens.remove("id_token");
            tokens.remove("expires_in");
        }));
    });
    let renewed = renew(&provider, session.refresh_token()).await.expect("renewed");
    assert_eq!(renewed.refresh_token(), session.refresh_token());
    assert_eq!((renewed.user_id(), renewed.organization_id()), ("user_ada", None));
    assert!(renewed.expires() < session.expires(), "of unknown lifetime: renewed again soon");
}

#[tokio::test]
async fn invalid_grant_ends_the_session_whatever_its_status() {
    let (clerk, provider, session) = signed_in().await;
    for status in [400, 401] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, "invalid_grant"))));
        let ended = renew(&provider, session.refresh_token()).await.expect_err("ended");
        assert!(ended.ends_session() && !ended.is_offline(), "{status}");
        assert_eq!(ended.code(), "session-ended");
    }
}

#[tokio::test]
async fn nothing_else_ends_the_session() {
    let (clerk, provider, session) = signed_in().await;
    for status in [500, 502, 503, 504] {
        // Even when a confused server claims otherwise.
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, "invalid_grant"))));
        let error = renew(&provider, session.refresh_token()).await.expect_err("unavailable");
        assert!(error.is_offline() && !error.ends_session(), "{status}: {error}");
    }
    clerk.bend(|bent| {
        bent.token_answer =
            Some(Box::new(|| (axum::http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response()));
    });
    let error = renew(&provider, session.refresh_token()).await.expect_err("too often");
    assert!(matches!(error, ClerkError::RateLimited { retry_after: Some(pause) } if pause == Duration::from_secs(7)));
    for (status, oauth) in [(401, "invalid_client"), (400, "invalid_request"), (401, "unsupported_grant_type")] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, oauth))));
        let error = renew(&provider, session.refresh_token()).await.expect_err("refused");
        assert!(!error.ends_session(), "{oauth}");
    }
    clerk.bend(|bent| bent.token_answer = None);
    assert!(renew(&provider, session.refresh_token()).await.is_ok(), "the token was never used");
}

#[tokio::test]
async fn a_renewal_for_somebody_else_is_refused() {
    let (clerk, provider, session) = signed_in().await;
    clerk.bend(|bent| bent.claims = Some(Box::new(|claims| claims["sub"] = "user_grace".into())));
    let refused = renew(&provider, session.refresh_token()).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::AnotherPerson));
}

#[tokio::test]
async fn a_renewals_id_token_is_verified() {
    let (clerk, provider, session) = signed_in().await;
    let mut refresh_token = session.refresh_token().clone();
    for (claim, value, reason) in [
        ("aud", "oauth_app_2", IdTokenError::Audience),
        ("iss", "https://clerk.evil.example", IdTokenError::Issuer),
        ("at_hash", "of-another-access-token", IdTokenError::AccessToken),
    ] {
        clerk.bend(|bent| bent.claims = Some(Box::new(move |claims| claims[claim] = value.into())));
        let renewed = Session::renew(&provider, &refresh_token, "user_ada").await.expect("renewed");
        let refused = renewed.verify(&provider, SystemTime::now()).await.expect_err("refused");
        assert!(matches!(refused, ClerkError::IdToken(found) if found == reason), "{refused}");
        refresh_token = renewed.refresh_token().clone();
    }
}

/// Claims that a renewal whose verification fails is not lost: what was kept
/// from it works later, without the token endpoint being asked again.
async fn assert_verified_later(clerk: &Clerk, provider: &Provider, renewed: &Renewed) {
    let asked = clerk.memory().token_requests.len();
    let session = renewed.verify(provider, SystemTime::now()).await.expect("verified");
    assert_eq!(clerk.memory().token_requests.len(), asked, "verification spends nothing");
    assert_eq!(session.refresh_token(), renewed.refresh_token());
    assert_eq!((session.user_id(), session.organization_id()), ("user_ada", Some("org_acme")));
    session.who(provider).await.expect("an access token that works");
}

#[tokio::test]
async fn a_wrong_clock_does_not_cost_the_rotated_refresh_token() {
    let (clerk, provider, session) = signed_in().await;
    let renewed = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect("renewed");
    assert_ne!(renewed.refresh_token(), session.refresh_token());

    let days = Duration::from_secs(3 * 86_400);
    for (clock, sign) in [(SystemTime::now() + days, 1), (SystemTime::now() - days, -1)] {
        let wrong = renewed.verify(&provider, clock).await.expect_err("a wrong clock");
        let ClerkError::ClockSkew { seconds, .. } = wrong else { panic!("{wrong:?}") };
        assert!((seconds * sign - 3 * 86_400).abs() < 5, "{seconds}");
        assert!(!wrong.ends_session());
    }
    assert_verified_later(&clerk, &provider, &renewed).await;
    let expires = renewed.verify(&provider, SystemTime::now()).await.expect("verified").expires();
    let left = expires.duration_since(SystemTime::now()).expect("to come");
    assert!(left <= Duration::from_secs(86_400) && left > Duration::from_secs(86_390), "{left:?}, by the right clock");
    assert!(renew(&provider, renewed.refresh_token()).await.is_ok());
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_do_not_cost_the_rotated_refresh_token() {
    let (clerk, _, session) = signed_in().await;
    // Perch was opened anew: it has no keys yet.
    let provider = clerk.discover().await.expect("discovery");
    clerk.bend(|bent| {
        bent.keys_answer = Some(Box::new(|| axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response()));
    });
    let renewed = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect("renewed");
    let offline = renewed.verify(&provider, SystemTime::now()).await.expect_err("no keys");
    assert!(offline.is_offline() && !offline.ends_session(), "{offline}");

    clerk.bend(|bent| bent.keys_answer = None);
    assert_verified_later(&clerk, &provider, &renewed).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_does_not_cost_the_rotated_refresh_token() {
    let (clerk, provider, mut session) = signed_in().await;
    for (field, value) in [
        ("token_type", json!("mac")),
        ("expires_in", json!(u64::MAX)),
        ("id_token", json!("eyJ")),
        ("access_token", json!("")),
        ("access_token", json!("two\r\nlines")),
    ] {
        clerk.bend(|bent| bent.tokens = Some(Box::new(move |tokens| tokens[field] = value.clone())));
        let before = clerk.memory().token_requests.len();
        let renewed = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect("renewed");
        let refused = renewed.verify(&provider, SystemTime::now()).await.expect_err("not usable");
        assert!(!refused.ends_session(), "{field}: {refused}");
        assert_eq!(clerk.memory().token_requests.len(), before + 1);
        clerk.bend(|bent| bent.tokens = None);
        session = renew(&provider, renewed.refresh_token()).await.expect(field);
    }
}

#[tokio::test]
async fn userinfo_does_not_follow_a_redirect_with_the_access_token() {
    let (clerk, provider, session) = signed_in().await;
    let elsewhere = format!("{}/elsewhere", clerk.origin());
    clerk.bend(|bent| {
        bent.userinfo_answer = Some(Box::new(move || axum::response::Redirect::temporary(&elsewhere).into_response()));
    });
    let refused = session.who(&provider).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::Redirected { endpoint: "userinfo endpoint" }), "{refused}");
    assert_eq!(clerk.memory().strayed, 0);

    clerk.bend(|bent| {
        bent.userinfo_answer = Some(Box::new(|| axum::http::StatusCode::UNAUTHORIZED.into_response()));
    });
    let refused = session.who(&provider).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::AccessTokenRefused), "{refused}");
}

#[tokio::test]
async fn only_a_refused_access_token_asks_for_a_renewal() {
    let (clerk, provider, session) = signed_in().await;
    for status in [400, 401, 403, 404, 429, 500, 503] {
        clerk.bend(|bent| {
            bent.userinfo_answer = Some(Box::new(move || oauth_error(status, "invalid_token")));
        });
        let refused = session.who(&provider).await.expect_err("refused");
        assert_eq!(matches!(refused, ClerkError::AccessTokenRefused), [401, 403].contains(&status), "{status}");
    }
}

#[tokio::test]
async fn somebody_removed_from_the_organization_is_told_without_one() {
    let (clerk, provider, session) = signed_in().await;
    assert_eq!(session.organization_id(), Some("org_acme"), "what the ID token still says");
    clerk.bend(|bent| {
        bent.userinfo = Some(Box::new(|claims| {
            claims.as_object_mut().expect("an object").retain(|claim, _| !claim.starts_with("org_"));
        }));
    });
    assert_eq!(session.who(&provider).await.expect("who").1, None);
}

#[tokio::test]
async fn a_revoked_session_cannot_be_renewed() {
    let (clerk, provider, session) = signed_in().await;
    Session::revoke(&provider, session.refresh_token()).await.expect("revoked");
    assert_eq!(clerk.memory().revoked, [session.refresh_token().expose()]);
    let ended = renew(&provider, session.refresh_token()).await.expect_err("ended");
    assert!(ended.ends_session());
}

#[tokio::test]
async fn a_refresh_token_that_clerk_never_gave_ends_the_session() {
    let (_clerk, provider) = Clerk::discovered().await;
    let ended = renew(&provider, &Secret::new("made up")).await.expect_err("ended");
    assert!(ended.ends_session());
}
