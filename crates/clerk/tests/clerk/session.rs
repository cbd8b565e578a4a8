//! What happens to a session after its sign-in.

use std::time::Duration;

use axum::response::IntoResponse;
use perch_clerk::{ClerkError, IdTokenError, Provider, Session};
use perch_tenant::Secret;

use crate::browser::sign_in;
use crate::provider::{Clerk, oauth_error};

async fn signed_in() -> (Clerk, Provider, Session) {
    let (clerk, provider) = Clerk::discovered().await;
    let session = sign_in(&provider).await.0.expect("signed in").session;
    (clerk, provider, session)
}

#[tokio::test]
async fn a_renewal_gives_the_next_refresh_token_and_the_last_one_is_dead() {
    let (_clerk, provider, session) = signed_in().await;
    let renewed = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect("renewed");
    assert_ne!(renewed.refresh_token(), session.refresh_token());
    assert_eq!((renewed.user_id(), renewed.organization_id()), ("user_ada", Some("org_acme")));
    let (user, organization) = renewed.who(&provider).await.expect("who");
    assert_eq!((user.id.as_str(), organization.map(|it| it.id).as_deref()), ("user_ada", Some("org_acme")));

    let dead = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("used already");
    assert!(dead.ends_session());
    assert!(Session::renew(&provider, renewed.refresh_token(), "user_ada").await.is_ok());
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
    let renewed = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect("renewed");
    assert_eq!(renewed.refresh_token(), session.refresh_token());
    assert_eq!((renewed.user_id(), renewed.organization_id()), ("user_ada", None));
    assert!(renewed.expires() < session.expires(), "of unknown lifetime: renewed again soon");
}

#[tokio::test]
async fn invalid_grant_ends_the_session_whatever_its_status() {
    let (clerk, provider, session) = signed_in().await;
    for status in [400, 401] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, "invalid_grant"))));
        let ended = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("ended");
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
        let error = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("unavailable");
        assert!(error.is_offline() && !error.ends_session(), "{status}: {error}");
    }
    clerk.bend(|bent| {
        bent.token_answer =
            Some(Box::new(|| (axum::http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response()));
    });
    let error = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("too often");
    assert!(matches!(error, ClerkError::RateLimited { retry_after: Some(pause) } if pause == Duration::from_secs(7)));
    for (status, oauth) in [(401, "invalid_client"), (400, "invalid_request"), (401, "unsupported_grant_type")] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, oauth))));
        let error = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("refused");
        assert!(!error.ends_session(), "{oauth}");
    }
    clerk.bend(|bent| bent.token_answer = None);
    assert!(Session::renew(&provider, session.refresh_token(), "user_ada").await.is_ok(), "the token was never used");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_waited_for_longer_than_fifteen_seconds() {
    let (clerk, provider, session) = signed_in().await;
    clerk.bend(|bent| {
        bent.token_answer = Some(Box::new(|| {
            let endless = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Some((Ok::<_, std::io::Error>(" "), ()))
            });
            axum::body::Body::from_stream(endless).into_response()
        }));
    });
    let started = std::time::Instant::now();
    let error = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("no end");
    assert!(matches!(error, ClerkError::Timeout), "{error:?}");
    assert!(error.is_offline() && !error.ends_session());
    assert!((14..20).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_renewal_for_somebody_else_is_refused() {
    let (clerk, provider, session) = signed_in().await;
    clerk.bend(|bent| bent.claims = Some(Box::new(|claims| claims["sub"] = "user_grace".into())));
    let refused = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("refused");
    assert!(matches!(refused, ClerkError::AnotherPerson));
}

#[tokio::test]
async fn a_renewals_id_token_is_verified() {
    let (clerk, provider, session) = signed_in().await;
    clerk.bend(|bent| bent.claims = Some(Box::new(|claims| claims["aud"] = "oauth_app_2".into())));
    let refused = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("refused");
    assert!(matches!(refused, ClerkError::IdToken(IdTokenError::Audience)));
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
async fn a_revoked_session_cannot_be_renewed() {
    let (clerk, provider, session) = signed_in().await;
    Session::revoke(&provider, session.refresh_token()).await.expect("revoked");
    assert_eq!(clerk.memory().revoked, [session.refresh_token().expose()]);
    let ended = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("ended");
    assert!(ended.ends_session());
}

#[tokio::test]
async fn a_refresh_token_that_clerk_never_gave_ends_the_session() {
    let (_clerk, provider) = Clerk::discovered().await;
    let ended = Session::renew(&provider, &Secret::new("made up"), "user_ada").await.expect_err("ended");
    assert!(ended.ends_session());
}
