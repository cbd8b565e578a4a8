//! Discovery, over the wire. The document's own rules are tested where they
//! are, in `metadata.rs`.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};
use perch_clerk::ClerkError;
use perch_tenant::Origin;

use crate::browser::sign_in;
use crate::provider::Clerk;

#[tokio::test]
async fn a_document_of_another_issuer_is_refused() {
    let clerk = Clerk::start().await;
    clerk.bend(|bent| {
        bent.discovery = Some(Box::new(|document| document["issuer"] = "https://clerk.evil.example".into()));
    });
    let refused = clerk.discover().await.expect_err("refused");
    assert!(matches!(&refused, ClerkError::AnotherIssuer { answered, .. } if answered == "https://clerk.evil.example"));
}

#[tokio::test]
async fn an_endpoint_on_another_site_is_refused() {
    for endpoint in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        for elsewhere in ["https://clerk.evil.example/oauth", "http://127.0.0.1:1/oauth", "http://clerk.example/oauth"]
        {
            let clerk = Clerk::start().await;
            clerk.bend(|bent| {
                bent.discovery = Some(Box::new(move |document| document[endpoint] = elsewhere.into()));
            });
            let refused = clerk.discover().await.expect_err("refused");
            assert!(matches!(refused, ClerkError::EndpointElsewhere { .. }), "{endpoint} {elsewhere}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_redirected_document_is_not_followed() {
    let clerk = Clerk::start().await;
    let target = format!("{}/.well-known/openid-configuration", clerk.origin());
    let issuer = serve(get(move || async move { Redirect::temporary(&target) })).await;
    let refused = clerk.discover_at(&issuer).await.expect_err("refused");
    assert!(matches!(refused, ClerkError::Redirected { .. }), "{refused}");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_clerk_are_told_apart() {
    let clerk = Clerk::start().await;

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let silent = address(&listener);
    drop(listener);
    let unreachable = clerk.discover_at(&silent).await.expect_err("nobody there");
    assert!(unreachable.is_offline() && !unreachable.ends_session(), "{unreachable:?} at {silent}");

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let empty = address(&listener);
    tokio::spawn(async move { axum::serve(listener, Router::new()).await });
    let another = clerk.discover_at(&empty).await.expect_err("not Clerk");
    assert!(matches!(another, ClerkError::NotClerk { .. }), "{another}");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_a_minute() {
    let (clerk, provider) = Clerk::discovered().await;
    assert!(sign_in(&provider).await.0.is_ok());
    assert_eq!(clerk.memory().key_requests, 1);

    // Bad tokens, one after the other: no request for any of them.
    clerk.bend(|bent| bent.header = Some(Box::new(|header| header.kid = Some("ins_2".to_owned()))));
    for _ in 0..3 {
        assert!(sign_in(&provider).await.0.is_err());
    }
    assert_eq!(clerk.memory().key_requests, 1);

    // Clerk has rotated its key, and a minute has passed.
    clerk.bend(|bent| bent.keys = Some(Box::new(|keys| keys["keys"][0]["kid"] = "ins_2".into())));
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    tokio::time::resume();
    assert!(sign_in(&provider).await.0.is_ok());
    assert_eq!(clerk.memory().key_requests, 2);
}

#[tokio::test]
async fn a_document_that_is_too_large_or_too_deep_is_refused() {
    let clerk = Clerk::start().await;
    let issuer = serve(get(|| async { format!("{{\"issuer\":\"{}\"}}", " ".repeat(1 << 20)) })).await;
    let refused = clerk.discover_at(&issuer).await.expect_err("too large");
    assert!(matches!(refused, ClerkError::TooLarge { endpoint: "discovery document" }), "{refused}");

    for deep in ["[".repeat(1 << 19), format!("{{\"issuer\":{}", "[".repeat(1 << 19)), "{\"a\":".repeat(1 << 17)] {
        let issuer = serve(get(move || async move { deep })).await;
        let refused = clerk.discover_at(&issuer).await.expect_err("too deep");
        assert!(matches!(refused, ClerkError::NotClerk { .. }), "{refused}");
    }
}

/// Somebody who answers like this where a discovery document is asked for.
async fn serve(answer: MethodRouter) -> Origin {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let issuer = address(&listener);
    let router = Router::new().route("/.well-known/openid-configuration", answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    issuer
}

fn address(listener: &tokio::net::TcpListener) -> Origin {
    Origin::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("an origin")
}
