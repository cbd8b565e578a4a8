//! The client against a real HTTP server on loopback.

#[allow(dead_code, reason = "each test file uses what it needs")]
mod service;

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use futures_util::StreamExt as _;
use perch_tenant::Origin;
use perch_tinybird::{Client, Limits, Parameters, PipeErrorKind, PipeName};

use service::{Service, ask, kind, kpis, limited, outcome, status, token, token_at};

#[tokio::test]
async fn the_token_goes_into_the_header_and_never_into_the_address() {
    let service = Service::start(|_| status(200, "the answer")).await;
    let token = token(&service);
    let parameters = Parameters::from_iter([("date_from", "2026-01-01"), ("q", "a b&token=ñ")]);
    let client = Client::new().expect("a client");
    assert_eq!(ask(&client, &token, &parameters).await, Ok(b"the answer".to_vec()));
    let [seen] = &service.seen()[..] else { panic!("one request") };
    assert_eq!(seen.uri, "/v0/pipes/kpis.json?date_from=2026-01-01&q=a+b%26token%3D%C3%B1");
    assert_eq!(seen.authorization, format!("Bearer {}", token.expose()));
    assert_eq!(seen.method, "GET");
    assert!(["gzip", "br", "zstd"].iter().all(|coding| seen.accepts.contains(coding)), "{}", seen.accepts);
}

#[tokio::test]
async fn a_parameter_called_token_is_refused_before_anything_is_sent() {
    let service = Service::start(|_| status(200, "")).await;
    let parameters = Parameters::from_iter([("Token", "p.other")]);
    let error = ask(&Client::new().expect("a client"), &token(&service), &parameters).await.expect_err("reserved");
    assert_eq!(error.code(), "pipe-reserved-parameter");
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn parameters_too_long_for_an_address_are_sent_as_a_form() {
    let service = Service::start(|_| status(200, "")).await;
    let parameters = Parameters::from_iter([("ids", "x,".repeat(5_000)), ("n", "1".to_owned())]);
    ask(&Client::new().expect("a client"), &token(&service), &parameters).await.expect("an answer");
    let [seen] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v0/pipes/kpis.json"));
    assert!(seen.body.starts_with(b"ids=x%2Cx%2C") && seen.body.ends_with(b"&n=1"));
}

#[tokio::test]
async fn a_pipe_that_the_token_does_not_read_is_not_asked() {
    let service = Service::start(|_| status(200, "")).await;
    let other = PipeName::parse("payroll").expect("a name");
    let client = Client::new().expect("a client");
    let outcome = client.query(&token(&service), &other, &Parameters::default(), SystemTime::now()).await;
    assert_eq!(kind(outcome), PipeErrorKind::NotInToken { pipe: "payroll".to_owned() });
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn a_token_with_less_than_two_seconds_left_is_not_sent() {
    let service = Service::start(|_| status(200, "")).await;
    let token = token_at(&service.origin, None, Duration::from_secs(60));
    let client = Client::new().expect("a client");
    let late = token.expires() - Duration::from_millis(1_900);
    let outcome = client.query(&token, &kpis(), &Parameters::default(), late).await;
    assert_eq!(kind(outcome), PipeErrorKind::TokenExpired);
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Service::start(|_| status(200, "stolen")).await;
    let location = format!("{}/v0/pipes/kpis.json", elsewhere.origin);
    let service =
        Service::start(move |_| (StatusCode::FOUND, [(header::LOCATION, location.clone())]).into_response()).await;
    assert_eq!(kind(outcome(&service).await), PipeErrorKind::Redirected { status: 302 });
    assert_eq!((service.seen().len(), elsewhere.seen().len()), (1, 0));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_by_its_length_and_by_count() {
    let whole = Service::start(|_| vec![b'x'; 5_000].into_response()).await;
    let chunks = Service::start(|_| {
        let chunks = (0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 100])));
        Body::from_stream(futures_util::stream::iter(chunks)).into_response()
    })
    .await;
    for service in [&whole, &chunks] {
        let small = Client::with_limits(Limits { answer_bytes: 4_999, ..Limits::default() }).expect("a client");
        let outcome = ask(&small, &token(service), &Parameters::default()).await;
        assert_eq!(kind(outcome), PipeErrorKind::TooLarge { limit: 4_999 });
        let enough = Client::with_limits(Limits { answer_bytes: 5_000, ..Limits::default() }).expect("a client");
        let outcome = ask(&enough, &token(service), &Parameters::default()).await;
        assert_eq!(outcome.map(|bytes| bytes.len()), Ok(5_000));
    }
}

/// 100,000 zeros, packed with gzip.
const PACKED: &str = "H4sIAAAAAAACA+3BMQEAAADCoErrn84aHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArwaFwk3FoIYBAA==";

#[tokio::test]
async fn a_packed_answer_is_measured_by_what_it_unpacks_to() {
    let packed = base64::engine::general_purpose::STANDARD.decode(PACKED).expect("base64");
    assert!(packed.len() < 200);
    let service = Service::start(move |_| ([(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response()).await;
    let small = Client::with_limits(Limits { answer_bytes: 99_999, ..Limits::default() }).expect("a client");
    let refused = ask(&small, &token(&service), &Parameters::default()).await;
    assert_eq!(kind(refused), PipeErrorKind::TooLarge { limit: 99_999 });
    assert_eq!(outcome(&service).await, Ok(vec![b'0'; 100_000]));
}

#[tokio::test]
async fn an_error_of_the_service_reaches_viewer_and_operator() {
    let body = r#"{"error": "[Error] Missing org", "documentation": "https://docs.example/errors"}"#;
    for (code, name) in [
        (400, "pipe-bad-request"),
        (401, "pipe-forbidden"),
        (403, "pipe-forbidden"),
        (404, "pipe-not-found"),
        (418, "pipe-unexpected"),
    ] {
        let service = Service::start(move |_| status(code, body)).await;
        let error = outcome(&service).await.expect_err("an error");
        assert_eq!(error.code(), name);
        assert!(!error.is_offline());
        assert!(error.detail().contains("[Error] Missing org"), "{}", error.detail());
        assert!(code == 418 || error.detail().contains("https://docs.example/errors"), "{}", error.detail());
        assert_eq!(service.seen().len(), 1, "{code} is not asked twice");
    }
    let page = Service::start(|_| status(400, "<html>Bad gateway</html>")).await;
    assert!(outcome(&page).await.expect_err("an error").detail().contains("Bad gateway"));
}

#[tokio::test]
async fn a_service_that_stumbles_is_asked_again_three_times_and_later_each_time() {
    for code in [408, 500, 502, 503] {
        let stumbles = Service::start(move |request| status(if request == 0 { code } else { 200 }, "")).await;
        assert!(outcome(&stumbles).await.is_ok(), "{code}");
        assert_eq!(stumbles.seen().len(), 2);
    }
    let down = Service::start(|_| status(503, r#"{"error": "down"}"#)).await;
    let error = outcome(&down).await.expect_err("an error");
    assert_eq!((error.code(), error.is_offline(), error.attempts()), ("pipe-server", false, 4));
    assert!(error.detail().contains("error: down"), "{}", error.detail());
    let times: Vec<_> = down.seen().iter().map(|seen| seen.at).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses.len(), 3);
    for (pause, least) in pauses.into_iter().zip([200, 400, 800]) {
        assert!(pause >= Duration::from_millis(least), "{pause:?}");
    }
}

#[tokio::test]
async fn a_429_waits_as_long_as_it_says_and_at_most_three_times() {
    let once = Service::start(|request| if request == 0 { limited("1") } else { status(200, "") }).await;
    assert!(outcome(&once).await.is_ok());
    let [first, second] = &once.seen()[..] else { panic!("two requests") };
    assert!(second.at - first.at >= Duration::from_secs(1));

    let always = Service::start(|_| limited("1")).await;
    let told = PipeErrorKind::RateLimited { retry_after: Some(Duration::from_secs(1)) };
    assert_eq!(kind(outcome(&always).await), told);
    assert_eq!(always.seen().len(), 4);

    let tinybirds_own = Service::start(|request| match request {
        0 => (StatusCode::TOO_MANY_REQUESTS, [("X-RateLimit-Reset", "2")]).into_response(),
        _ => status(200, ""),
    })
    .await;
    assert!(outcome(&tinybirds_own).await.is_ok());
    let [first, second] = &tinybirds_own.seen()[..] else { panic!("two requests") };
    assert!(second.at - first.at >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_429_that_asks_for_an_hour_is_told_at_once_and_holds_back_the_others() {
    let service = Service::start(|_| limited("3600")).await;
    let (client, token) = (Client::new().expect("a client"), token(&service));
    let started = Instant::now();
    for _ in 0..3 {
        let error = ask(&client, &token, &Parameters::default()).await.expect_err("limited");
        assert_eq!(error.code(), "pipe-rate-limited");
    }
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn a_429_that_asks_for_longer_than_time_lasts_is_an_hour_to_us() {
    let longest = u64::MAX.to_string();
    for name in ["Retry-After", "X-RateLimit-Reset"] {
        let wait = longest.clone();
        let service =
            Service::start(move |_| (StatusCode::TOO_MANY_REQUESTS, [(name, wait.clone())]).into_response()).await;
        let (client, token) = (Client::new().expect("a client"), token(&service));
        let hour = Duration::from_secs(3600);
        let first = ask(&client, &token, &Parameters::default()).await;
        assert_eq!(kind(first), PipeErrorKind::RateLimited { retry_after: Some(hour) }, "{name}");
        let PipeErrorKind::RateLimited { retry_after: Some(left) } =
            kind(ask(&client, &token, &Parameters::default()).await)
        else {
            panic!("held back")
        };
        assert!(left <= hour + Duration::from_secs(1), "{name}: {left:?}");
        assert_eq!(service.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_burst_keeps_the_tokens_rate() {
    let service = Service::start(|_| status(200, "")).await;
    let token = Arc::new(token_at(&service.origin, Some(10), Duration::from_secs(600)));
    let (client, started) = (Client::new().expect("a client"), Instant::now());
    let asked: Vec<_> = (0..25)
        .map(|_| {
            let (client, token) = (client.clone(), Arc::clone(&token));
            tokio::spawn(async move { ask(&client, &token, &Parameters::default()).await })
        })
        .collect();
    for answer in asked {
        answer.await.expect("no panic").expect("an answer");
    }
    // Ten at once, ten after a second, five after two. What each second holds
    // is counted where they leave, in `pace.rs`: here they may arrive together.
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(service.seen().len(), 25);
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_left_and_counts_as_offline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let limits = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
    let client = Client::with_limits(limits).expect("a client");
    let token = token_at(&Origin::parse(&origin).expect("an origin"), None, Duration::from_secs(600));
    let started = Instant::now();
    let error = ask(&client, &token, &Parameters::default()).await.expect_err("no answer");
    assert_eq!(error.kind(), &PipeErrorKind::Timeout);
    assert!(error.is_offline());
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_tried_again_and_then_is_offline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("an origin");
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            count.fetch_add(1, Ordering::SeqCst);
            // Reads the question and hangs up.
            let _ = stream.expect("a connection").read(&mut [0; 4096]);
        }
    });
    let token = token_at(&origin, None, Duration::from_secs(600));
    let client = Client::new().expect("a client");
    let error = ask(&client, &token, &Parameters::default()).await.expect_err("no answer");
    assert!(error.is_offline(), "{error:?}");
    assert_eq!(accepted.load(Ordering::SeqCst), 4);
    assert_eq!(error.kind(), &PipeErrorKind::Unreachable);
    assert!(error.detail().contains("cause: ") && !error.detail().contains("eyJ"), "{}", error.detail());
    // By now nobody listens.
    assert!(ask(&client, &token, &Parameters::default()).await.expect_err("no answer").is_offline());
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_no_answer() {
    let service = Service::start(|_| {
        let chunks = [Ok(Bytes::from_static(b"{\"meta\"")), Err(std::io::Error::other("cut"))];
        let chunks = futures_util::stream::iter(chunks).then(async |chunk| {
            // The head and the first half are on their way by then.
            tokio::time::sleep(Duration::from_millis(20)).await;
            chunk
        });
        Body::from_stream(chunks).into_response()
    })
    .await;
    let error = outcome(&service).await.expect_err("half an answer");
    assert_eq!((error.kind(), error.status(), error.is_offline()), (&PipeErrorKind::BrokeOff, Some(200), true));
    assert_eq!(service.seen().len(), 4);
}

/// Runs one of this file's neighbours in a process whose environment names a
/// proxy for everything.
#[test]
fn what_is_for_this_machine_never_meets_the_systems_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("a listener that does not wait");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut claim = Command::new(std::env::current_exe().expect("this program"));
    claim.args(["--exact", "the_token_goes_into_the_header_and_never_into_the_address"]);
    for (set, unset) in [("HTTP_PROXY", "http_proxy"), ("HTTPS_PROXY", "https_proxy"), ("ALL_PROXY", "all_proxy")] {
        claim.env_remove(unset).env(set, &address);
    }
    // With a request method, the environment is a CGI script's, and not trusted.
    for unset in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        claim.env_remove(unset);
    }
    let outcome = claim.output().expect("it runs");
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success() && said.contains("1 passed"), "{said}");
    let visitor = proxy.accept().map(|(_, from)| from);
    assert!(visitor.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}
