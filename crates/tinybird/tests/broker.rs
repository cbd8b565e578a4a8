//! The broker as the app asks it, against a server that answers like one and
//! unlike one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use perch_tenant::{Origin, Secret};
use perch_tinybird::{Broker, BrokerError};

/// What was asked: method, path, headers, body.
type Asked = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;

/// A broker that gives one answer to everything.
async fn broker(answer: (u16, Vec<(&'static str, &'static str)>, String)) -> (Broker, Asked) {
    let asked = Asked::default();
    let answer = Arc::new(answer);
    let respond = async move |State(asked): State<Asked>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let body = String::from_utf8_lossy(&body).into_owned();
        asked.lock().expect("a lock").push((method, uri.to_string(), headers, body));
        let mut response: Response = answer.2.clone().into_response();
        *response.status_mut() = StatusCode::from_u16(answer.0).expect("a status");
        for (name, value) in &answer.1 {
            response.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        response
    };
    let router = Router::new().fallback(respond).with_state(asked.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("an origin");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    (Broker::new(&http, &origin), asked)
}

fn access() -> Secret {
    Secret::new("the-access-token")
}

#[tokio::test]
async fn a_token_is_asked_for_with_the_access_token_and_the_key_that_was_refused() {
    let answer = (200, vec![], r#"{"token": "a.b.c", "key": "ab12cd34", "expires_at": 1}"#.to_owned());
    let (broker, asked) = broker(answer).await;
    let signed = broker.token(&access(), None).await.expect("a token");
    assert_eq!((signed.token.expose(), signed.key.as_str()), ("a.b.c", "ab12cd34"));
    broker.token(&access(), Some("ab12cd34")).await.expect("a token");
    let asked = asked.lock().expect("a lock");
    for (method, path, headers, _) in asked.iter() {
        assert_eq!((method, path.as_str()), (&Method::POST, "/token"));
        assert_eq!(headers["authorization"], "Bearer the-access-token");
    }
    assert_eq!(asked[0].3, "");
    assert_eq!(asked[1].3, r#"{"refused_key":"ab12cd34"}"#);
}

#[tokio::test]
async fn a_connection_that_has_not_changed_is_not_sent_again() {
    let body = r#"{"connection": "version = 1", "dashboards": [{"id": "a", "text": "title = \"A\""}]}"#;
    let (first, _) = broker((200, vec![("etag", "\"v1\"")], body.to_owned())).await;
    let served = first.connection(&access(), None).await.expect("an answer").expect("a connection");
    assert_eq!((served.dashboards[0].id.as_str(), served.etag.as_deref()), ("a", Some("\"v1\"")));

    let (same, asked) = broker((304, vec![], String::new())).await;
    assert_eq!(same.connection(&access(), Some("\"v1\"")).await, Ok(None));
    assert_eq!(asked.lock().expect("a lock")[0].2["if-none-match"], "\"v1\"");
    // Nothing was asked that could have stayed the same.
    assert_eq!(same.connection(&access(), None).await, Err(BrokerError::Redirected { status: 304 }));
}

#[tokio::test]
async fn each_refusal_is_told_by_its_status_and_holds_no_token() {
    let told = r#"{"error": {"code": "not-a-member", "message": "You left.", "next_step": ""}}"#;
    for (status, code, doubts) in [
        (401, "broker-sign-in-refused", true),
        (403, "broker-not-allowed", true),
        (429, "broker-rate-limited", false),
        (503, "broker-unavailable", false),
        (302, "broker-redirected", false),
        (418, "broker-not-understood", false),
        (404, "broker-not-understood", false),
    ] {
        let (broker, _) =
            broker((status, vec![("retry-after", "7"), ("location", "http://127.0.0.1:1/")], told.to_owned())).await;
        for error in [
            broker.token(&access(), None).await.err().expect("refused"),
            broker.connection(&access(), None).await.expect_err("refused"),
        ] {
            assert_eq!((error.code(), error.doubts_session()), (code, doubts), "{status}");
            assert!(!error.is_offline() && !error.detail().contains("the-access-token"), "{}", error.detail());
            if status == 403 {
                assert!(error.detail().ends_with("not-a-member You left."), "{}", error.detail());
                assert_eq!(error.to_string(), "you are no longer a member of this organization");
            }
            let waits = [429, 503].contains(&status).then_some(Duration::from_secs(7));
            assert_eq!(error.retry_after(), waits, "{status}");
        }
    }
}

#[tokio::test]
async fn what_is_no_brokers_answer_is_not_understood() {
    let long = format!(r#"{{"token": "{}", "key": ""}}"#, "a".repeat(70_000));
    for body in ["", "{}", "[]", r#"{"token": 1, "key": "k"}"#, "<html>", long.as_str()] {
        let (broker, _) = broker((200, vec![], body.to_owned())).await;
        let error = broker.token(&access(), None).await.err().expect("refused");
        assert_eq!(error, BrokerError::NotUnderstood { status: 200 }, "{}", &body[..body.len().min(40)]);
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_no_verdict() {
    let http = reqwest::Client::new();
    let nobody = Broker::new(&http, &Origin::parse("http://127.0.0.1:1").expect("an origin"));
    let error = nobody.token(&access(), None).await.err().expect("refused");
    assert!(error.is_offline() && !error.doubts_session(), "{error:?}");
}
