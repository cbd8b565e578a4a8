//! Answers that are too large, too deep, too slow, or have no end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use perch_clerk::{ClerkError, IdTokenError, Session};

use crate::browser::sign_in;
use crate::provider::Clerk;

const MEGABYTE: usize = 1 << 20;
const GIGABYTE: usize = 1 << 30;

/// A body of this many megabytes, made while it is read; `sent` counts them.
fn megabytes(count: usize, sent: &Arc<AtomicUsize>) -> Response {
    let sent = Arc::clone(sent);
    let chunk = Bytes::from(vec![b' '; MEGABYTE]);
    let body = stream::iter(0..count).map(move |_| {
        sent.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk.clone())
    });
    Body::from_stream(body).into_response()
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_is_given_up_after_a_megabyte() {
    let (clerk, provider) = Clerk::discovered().await;
    let session = sign_in(&provider).await.0.expect("signed in").session;
    let sent = Arc::new(AtomicUsize::new(0));
    for length_told in [false, true] {
        let counter = Arc::clone(&sent);
        let answer = move || {
            let mut response = megabytes(GIGABYTE / MEGABYTE, &counter);
            if length_told {
                response.headers_mut().insert(header::CONTENT_LENGTH, GIGABYTE.into());
            }
            response
        };
        clerk.bend(|bent| {
            bent.token_answer = Some(Box::new(answer.clone()));
            bent.userinfo_answer = Some(Box::new(answer));
        });
        let refused = sign_in(&provider).await.0.expect_err("too large");
        assert!(matches!(refused, ClerkError::TooLarge { endpoint: "token endpoint" }), "{refused}");
        let refused = session.who(&provider).await.expect_err("too large");
        assert!(matches!(refused, ClerkError::TooLarge { endpoint: "userinfo endpoint" }), "{refused}");
    }
    // What the sockets' buffers hold is sent without being read.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 64, "{sent} MB were sent");
}

#[tokio::test]
async fn a_key_set_of_a_gigabyte_is_given_up_too() {
    let (clerk, provider) = Clerk::discovered().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    clerk.bend(|bent| bent.keys_answer = Some(Box::new(move || megabytes(GIGABYTE / MEGABYTE, &counter))));
    let refused = sign_in(&provider).await.0.expect_err("too large");
    assert!(matches!(refused, ClerkError::TooLarge { endpoint: "key set" }), "{refused}");
    assert!(sent.load(Ordering::Relaxed) < 16);
}

#[tokio::test]
async fn a_few_bytes_that_unpack_to_a_gigabyte_are_given_up_too() {
    let (clerk, provider) = Clerk::discovered().await;
    let packed = zstd::encode_all(std::io::Read::take(std::io::repeat(b' '), GIGABYTE as u64), 1).expect("packed");
    assert!(packed.len() < MEGABYTE, "{}", packed.len());
    clerk.bend(|bent| {
        bent.token_answer =
            Some(Box::new(move || ([(header::CONTENT_ENCODING, "zstd")], packed.clone()).into_response()));
    });
    let started = Instant::now();
    let refused = sign_in(&provider).await.0.expect_err("too large");
    assert!(matches!(refused, ClerkError::TooLarge { .. }), "{refused}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_waited_for_longer_than_fifteen_seconds() {
    let (clerk, provider) = Clerk::discovered().await;
    let session = sign_in(&provider).await.0.expect("signed in").session;
    clerk.bend(|bent| {
        bent.token_answer = Some(Box::new(|| {
            let endless = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Some((Ok::<_, std::io::Error>(" "), ()))
            });
            Body::from_stream(endless).into_response()
        }));
    });
    let started = Instant::now();
    let error = Session::renew(&provider, session.refresh_token(), "user_ada").await.expect_err("no end");
    assert!(matches!(error, ClerkError::Timeout), "{error:?}");
    assert!(error.is_offline() && !error.ends_session());
    assert!((14..20).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_nests_without_end_is_not_understood() {
    let deep = |before: &str, after: &str| {
        let depth = MEGABYTE / 2 - before.len() - after.len();
        format!("{before}{}{}{after}", "[".repeat(depth), "]".repeat(depth))
    };
    let (clerk, provider) = Clerk::discovered().await;

    // In a field that nobody reads, which is passed over, whatever is in it.
    let body = deep(r#"{"error":"invalid_grant","more":"#, "}");
    clerk.bend(|bent| {
        bent.token_answer = Some(Box::new(move || (axum::http::StatusCode::BAD_REQUEST, body.clone()).into_response()));
    });
    assert!(matches!(sign_in(&provider).await.0, Err(ClerkError::CodeRefused)));

    for body in [deep(r#"{"access_token":"#, "}"), "[".repeat(MEGABYTE), r#"{"a":"#.repeat(MEGABYTE / 5)] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || body.clone().into_response())));
        let refused = sign_in(&provider).await.0.expect_err("too deep");
        assert!(matches!(refused, ClerkError::NotUnderstood { endpoint: "token endpoint" }), "{refused}");
    }

    clerk.bend(|bent| bent.token_answer = None);
    let body = deep(r#"{"keys":["#, "]}");
    clerk.bend(|bent| bent.keys_answer = Some(Box::new(move || body.clone().into_response())));
    let refused = sign_in(&provider).await.0.expect_err("too deep");
    assert!(matches!(refused, ClerkError::NotUnderstood { endpoint: "key set" }), "{refused}");
}

#[tokio::test]
async fn an_id_token_of_almost_a_megabyte_is_no_id_token() {
    let (clerk, provider) = Clerk::discovered().await;
    for letter in [".", "e", "é"] {
        clerk.bend(|bent| {
            bent.sign = Some(Box::new(move |_, _| letter.repeat((MEGABYTE - 1_000) / letter.len())));
        });
        let refused = sign_in(&provider).await.0.expect_err("no ID token");
        assert!(matches!(refused, ClerkError::IdToken(IdTokenError::Malformed)), "{refused}");
    }
}

#[tokio::test]
async fn a_lifetime_beyond_all_time_is_no_lifetime() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| bent.tokens = Some(Box::new(|tokens| tokens["expires_in"] = u64::MAX.into())));
    assert!(matches!(sign_in(&provider).await.0, Err(ClerkError::NotUnderstood { .. })));
    clerk.bend(|bent| bent.tokens = Some(Box::new(|tokens| tokens["expires_in"] = 0.into())));
    let session = sign_in(&provider).await.0.expect("signed in").session;
    assert!(session.expires() <= SystemTime::now());
}
