//! Pictures: told at a sign-in, and fetched.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, REFERER};
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use perch_clerk::{ClerkError, Picture, http_client};

use crate::browser::sign_in;
use crate::hosted_api::Api;
use crate::provider::Clerk;

async fn fetch(api: &Api) -> Result<Vec<u8>, ClerkError> {
    let picture = Picture::parse_kept(&format!("{}/pictures/ada", api.origin()), &api.issuer()).expect("a picture");
    picture.fetch(&http_client().expect("a client")).await
}

#[tokio::test]
async fn a_sign_in_by_the_other_way_brings_the_persons_picture_too() {
    let (clerk, provider) = Clerk::discovered().await;
    for (told, taken) in [("https://img.clerk.com/ada.png", true), ("http://img.clerk.com/ada.png", false)] {
        clerk.bend(|bent| bent.userinfo = Some(Box::new(move |claims| claims["picture"] = told.into())));
        let signed_in = sign_in(&provider).await.0.expect("signed in");
        assert_eq!(signed_in.picture.as_ref().map(Picture::address), taken.then_some(told));
    }
}

#[tokio::test]
async fn a_picture_is_fetched_without_telling_who_looks() {
    let api = Api::start().await;
    for (told, taken) in [
        ("image/png", true),
        ("IMAGE/PNG; charset=binary", true),
        ("image/jpeg", true),
        ("image/webp", true),
        ("image/gif", true),
        ("image/svg+xml", false),
        ("text/html", false),
        ("text/html; image/png", false),
        ("image/pngx", false),
        ("application/octet-stream", false),
        ("", false),
    ] {
        api.answer("/pictures/ada", move || ([(CONTENT_TYPE, told)], "bytes").into_response());
        match fetch(&api).await {
            Ok(bytes) => assert!(taken && bytes == b"bytes", "{told}"),
            Err(error) => assert!(!taken && error.code() == "not-understood", "{told}: {error:?}"),
        }
    }
    for asked in &api.memory().asked {
        for header in [AUTHORIZATION, COOKIE, REFERER] {
            assert!(!asked.headers.contains_key(&header), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn a_picture_elsewhere_too_large_or_not_there_is_none() {
    let api = Api::start().await;
    for status in [301, 302, 307] {
        let elsewhere = format!("{}/elsewhere", api.origin());
        api.answer("/pictures/ada", move || {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [(LOCATION, elsewhere.clone())]).into_response()
        });
        let refused = fetch(&api).await.expect_err("elsewhere");
        assert!(matches!(refused, ClerkError::Redirected { endpoint: "picture server" }), "{refused:?}");
    }
    assert_eq!(api.memory().strayed, 0);

    let sized = |length: usize| ([(CONTENT_TYPE, "image/png")], vec![0_u8; length]).into_response();
    api.answer("/pictures/ada", move || sized(1 << 20));
    assert_eq!(fetch(&api).await.expect("a picture").len(), 1 << 20);
    api.answer("/pictures/ada", move || sized((1 << 20) + 1));
    assert!(matches!(fetch(&api).await, Err(ClerkError::TooLarge { .. })));
    api.answer("/pictures/ada", || {
        let endless = stream::repeat(Bytes::from_static(&[0; 1 << 16])).map(Ok::<_, std::io::Error>);
        ([(CONTENT_TYPE, "image/png")], Body::from_stream(endless)).into_response()
    });
    assert!(matches!(fetch(&api).await, Err(ClerkError::TooLarge { .. })));

    api.answer("/pictures/ada", || (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "image/png")], "bytes").into_response());
    assert_eq!(fetch(&api).await.expect_err("not there").code(), "not-understood");
    api.answer("/pictures/ada", || StatusCode::BAD_GATEWAY.into_response());
    assert!(fetch(&api).await.expect_err("not there").is_offline());
}
