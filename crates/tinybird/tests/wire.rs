//! What goes over the wire: TLS and HTTP/2, packed answers, long questions,
//! requests that nobody waits for any more, and the rate.

#[allow(dead_code, reason = "each test file uses what it needs")]
mod service;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Connection, Organization, Origin, Secret, Tenant, TokenSource, User};
use perch_tinybird::{Client, Limits, Parameters, PipeErrorKind, PipeName, Template, TenantToken, decode, mint};
use service::secure::Secure;
use service::{Service, ask, kind, kpis, outcome, router, status, token, token_at};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower_http::compression::CompressionLayer;

const LONG: Duration = Duration::from_secs(600);

/// A server over TLS, a client that trusts it, and a token for it.
async fn secure(router: Router) -> (Secure, Client, TenantToken) {
    let secure = Secure::serve(router).await;
    let client = Client::over(secure.trusted(), Limits::default()).expect("a client");
    let origin = Origin::parse(&format!("https://{}", secure.address)).expect("an origin");
    (secure, client, token_at(&origin, None, LONG))
}

#[tokio::test]
async fn many_questions_share_one_connection_of_http_2() {
    let (router, seen) = router(|_| status(200, "{}"));
    let (secure, client, token) = secure(router).await;
    ask(&client, &token, &Parameters::default()).await.expect("an answer");
    let parameters: Vec<_> = (0..50).map(|number| Parameters::from_iter([("n", number)])).collect();
    let clients = [client.clone(), client];
    let asked =
        parameters.iter().zip(clients.iter().cycle()).map(|(parameters, client)| ask(client, &token, parameters));
    for answer in join_all(asked).await {
        assert_eq!(answer, Ok(b"{}".to_vec()));
    }
    let seen = seen.lock().expect("no panic");
    assert_eq!((seen.len(), secure.connections()), (51, 1));
    assert!(seen.iter().all(|seen| seen.version == Version::HTTP_2));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_token() {
    let (router, seen) = router(|_| status(200, "{}"));
    let (_secure, _, token) = secure(router).await;
    let error = ask(&Client::new().expect("a client"), &token, &Parameters::default()).await.expect_err("a stranger");
    assert_eq!(error.kind(), &PipeErrorKind::Unreachable);
    assert!(error.detail().contains("certificate"), "{}", error.detail());
    assert!(seen.lock().expect("no panic").is_empty());
}

/// A server that packs in one way only, and how it packed each answer.
async fn packing(layer: CompressionLayer, body: &'static [u8]) -> (Service, Arc<Mutex<Vec<String>>>) {
    let codings = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&codings);
    let answers = Router::new().fallback(async move || body).layer(layer).layer(axum::middleware::map_response(
        move |response: Response| {
            let coding = response.headers().get(header::CONTENT_ENCODING).map(|coding| coding.to_str().expect("text"));
            told.lock().expect("no panic").push(coding.unwrap_or("none").to_owned());
            std::future::ready(response)
        },
    ));
    (Service::serve(answers).await, codings)
}

#[tokio::test]
async fn each_packing_is_understood_and_measured_by_what_it_unpacks_to() {
    static ZEROS: [u8; 1_000_000] = [b'0'; 1_000_000];
    for (coding, layer) in [
        ("gzip", CompressionLayer::new().no_br().no_zstd()),
        ("br", CompressionLayer::new().no_gzip().no_zstd()),
        ("zstd", CompressionLayer::new().no_gzip().no_br()),
    ] {
        let (service, codings) = packing(layer, &ZEROS).await;
        assert_eq!(outcome(&service).await.expect("an answer"), ZEROS, "{coding}");
        let small = Client::with_limits(Limits { answer_bytes: 999_999, ..Limits::default() }).expect("a client");
        let refused = ask(&small, &token(&service), &Parameters::default()).await;
        assert_eq!(kind(refused), PipeErrorKind::TooLarge { limit: 999_999 }, "{coding}");
        assert_eq!(*codings.lock().expect("no panic"), [coding, coding]);
    }
}

#[tokio::test]
async fn an_answer_takes_hardly_more_memory_than_its_bytes() {
    const LENGTH: usize = 20_000_000;
    let told = Service::start(|_| vec![b'x'; LENGTH].into_response()).await;
    let untold = Service::start(|_| {
        let chunk = Bytes::from(vec![b'x'; 10_000]);
        let chunks = (0..LENGTH / 10_000).map(move |_| Ok::<_, Infallible>(chunk.clone()));
        Body::from_stream(futures_util::stream::iter(chunks)).into_response()
    })
    .await;
    let answer = outcome(&told).await.expect("an answer");
    assert_eq!((answer.len(), answer.capacity()), (LENGTH, LENGTH));
    let answer = outcome(&untold).await.expect("an answer");
    assert_eq!(answer.len(), LENGTH);
    assert!(answer.capacity() < LENGTH + LENGTH / 7, "{}", answer.capacity());
}

#[tokio::test]
async fn an_address_of_8_kilobytes_is_asked_for_and_a_longer_one_is_posted() {
    let service = Service::start(|_| status(200, "{}")).await;
    let (client, token) = (Client::new().expect("a client"), token(&service));
    let rest = format!("{}/v0/pipes/kpis.json?q=", service.origin).len();
    for (longer, method) in [(0, "GET"), (1, "POST")] {
        let parameters = Parameters::from_iter([("q", "x".repeat(8 * 1024 - rest + longer))]);
        ask(&client, &token, &parameters).await.expect("an answer");
        assert_eq!(service.seen().last().map(|seen| seen.method.clone()).as_deref(), Some(method));
    }
}

#[tokio::test]
async fn a_page_of_somebody_in_between_is_no_answer_and_is_not_asked_for_again() {
    let portal = Service::start(|_| ([(header::CONTENT_TYPE, "text/html")], "<h1>Sign in</h1>").into_response()).await;
    let error = outcome(&portal).await.expect_err("no answer");
    assert_eq!((error.code(), error.is_offline(), error.attempts()), ("pipe-not-json", false, 1));
    assert!(error.detail().contains("error: <h1>Sign in</h1>"), "{}", error.detail());
    assert_eq!(portal.seen().len(), 1);
}

/// Tells when it is dropped.
struct Farewell(mpsc::UnboundedSender<()>);

impl Drop for Farewell {
    fn drop(&mut self) {
        // Whoever listened may have gone.
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_ends_at_the_server() {
    let (asked, mut arrivals) = mpsc::unbounded_channel();
    let (left, mut farewells) = mpsc::unbounded_channel();
    let never = Router::new().fallback(async move || {
        let _farewell = Farewell(left.clone());
        asked.send(()).expect("the test listens");
        std::future::pending::<StatusCode>().await
    });
    let (_secure, http_2, over_tls) = secure(never.clone()).await;
    let service = Service::serve(never).await;
    for (client, token) in [(http_2, over_tls), (Client::new().expect("a client"), token(&service))] {
        let waiting = tokio::spawn(async move { ask(&client, &token, &Parameters::default()).await });
        arrivals.recv().await.expect("a request");
        waiting.abort();
        tokio::time::timeout(Duration::from_secs(10), farewells.recv()).await.expect("it ends").expect("a farewell");
    }
}

#[tokio::test]
async fn an_answer_that_stalls_is_left_and_asked_for_again() {
    let service = Service::start(|request| {
        let whole = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{}"))]);
        let stalled = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        if request == 0 { Body::from_stream(stalled) } else { Body::from_stream(whole) }.into_response()
    })
    .await;
    let limits = Limits { stall: Duration::from_secs(2), ..Limits::default() };
    let client = Client::with_limits(limits).expect("a client");
    // Whoever waited on would find the deadline instead.
    assert_eq!(ask(&client, &token(&service), &Parameters::default()).await, Ok(b"{}".to_vec()));
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_long_is_not_waited_for() {
    let service = Service::start(|_| {
        let nothing = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        ([(header::CONTENT_LENGTH, "100000001")], Body::from_stream(nothing)).into_response()
    })
    .await;
    let waiting = tokio::time::timeout(Duration::from_secs(5), outcome(&service));
    let refused = waiting.await.expect("at once");
    assert_eq!(kind(refused), PipeErrorKind::TooLarge { limit: 100_000_000 });
}

/// Passes bytes on to `server`, until `dead` says that the connections which
/// stand by then lead nowhere.
async fn path(server: SocketAddr, dead: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let dead = Arc::clone(&dead);
            let leads = !dead.load(Ordering::SeqCst);
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await.expect("the server");
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                    () = until(&dead), if leads => std::future::pending().await,
                }
            });
        }
    });
    address
}

async fn until(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_any_more_is_left_for_a_new_one() {
    let (router, _) = router(|_| status(200, "{}"));
    let secure = Secure::serve(router).await;
    let dead = Arc::<AtomicBool>::default();
    let address = path(secure.address, Arc::clone(&dead)).await;
    let client = Client::over(secure.trusted(), Limits::default()).expect("a client");
    let token = token_at(&Origin::parse(&format!("https://{address}")).expect("an origin"), None, LONG);
    ask(&client, &token, &Parameters::default()).await.expect("an answer");
    dead.store(true, Ordering::SeqCst);
    // By then it has been seen.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ask(&client, &token, &Parameters::default()).await, Ok(b"{}".to_vec()));
    assert_eq!(secure.connections(), 2);
}

#[tokio::test]
async fn nothing_is_asked_again_past_the_viewers_patience() {
    let down = Service::start(|_| status(503, "{}")).await;
    let limits = Limits { deadline: Duration::from_secs(1), ..Limits::default() };
    let client = Client::with_limits(limits).expect("a client");
    let error = ask(&client, &token(&down), &Parameters::default()).await.expect_err("down");
    // Before the fourth time lie 1.4 s of pauses.
    let attempts = error.attempts() as usize;
    assert!(attempts < 4, "{}", error.detail());
    // An attempt that the deadline ends may be the last.
    assert!(matches!(error.code(), "pipe-server" | "pipe-timeout"), "{}", error.detail());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!((1..=attempts).contains(&down.seen().len()), "{} requests after all", down.seen().len());
}

#[tokio::test]
async fn a_token_that_expires_before_the_next_attempt_is_not_sent_again() {
    let down = Service::start(|_| status(503, "{}")).await;
    let token = token_at(&down.origin, None, Duration::from_secs(60));
    let late = token.expires() - Duration::from_secs(3);
    let client = Client::new().expect("a client");
    let outcome = client.query(&token, &kpis(), &Parameters::default(), late).await;
    assert_eq!(kind(outcome), PipeErrorKind::TokenExpired);
    // A second is left, and before the fourth time lie 1.4 s of pauses.
    assert!((1..4).contains(&down.seen().len()), "{} requests", down.seen().len());
}

#[tokio::test]
async fn what_fails_is_logged_once_and_whole() {
    let log = Arc::<Mutex<Vec<u8>>>::default();
    let written = Arc::clone(&log);
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || Written(Arc::clone(&written))).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let body = r#"{"error": "no such column eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "documentation": "https://docs.example"}"#;
    let service = Service::start(move |_| {
        (StatusCode::BAD_REQUEST, [(HeaderName::from_static("x-request-id"), "req-7")], body).into_response()
    })
    .await;
    let (client, token) = (Client::new().expect("a client"), token(&service));
    let parameters = Parameters::from_iter([("country", "DE"), ("api_key", "hush")]);
    ask(&client, &token, &parameters).await.expect_err("a refusal");
    let log = String::from_utf8(log.lock().expect("no panic").clone()).expect("text");
    let warnings: Vec<_> =
        log.lines().filter(|line| line.contains("WARN") && line.contains("perch_tinybird")).collect();
    let [warning] = warnings[..] else { panic!("one warning: {log}") };
    for told in ["kpis", "country=DE", "400", "no such column", "https://docs.example", "req-7", "attempts: 1"] {
        assert!(warning.contains(told), "{told}: {warning}");
    }
    assert!(!log.contains("hush") && !log.contains("eyJ"), "{log}");
}

struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_limit_that_answers_tell_is_kept_without_one_in_the_token() {
    let service =
        Service::start(|_| ([("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", "4")], "{}").into_response()).await;
    let (client, token) = (Client::new().expect("a client"), token(&service));
    let (nothing, started) = (Parameters::default(), Instant::now());
    ask(&client, &token, &nothing).await.expect("an answer");
    for answer in join_all((0..12).map(|_| ask(&client, &token, &nothing))).await {
        answer.expect("an answer");
    }
    // Five, five after a second, three after two.
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
}

/// A token of the sandbox's own template but for its limit, for one of its
/// organizations.
fn sandbox_token(sandbox: &Sandbox) -> TenantToken {
    let connection = Connection::parse(&sandbox.connection_toml()).expect("a connection");
    let TokenSource::Mint { template, bind, .. } = &connection.token else { panic!("a connection that mints") };
    let template = template.replace(r#""rps": 30"#, r#""rps": 10"#);
    let template = Template::parse(&template).expect("a template");
    let organization =
        Organization { id: perch_sandbox::organizations()[0].id.to_owned(), name: None, slug: None, role: None };
    let tenant = Tenant::new(&connection, User { id: "user_1".into(), name: None, email: None }, Some(organization));
    let now = SystemTime::now();
    let raw = mint(&Secret::new(sandbox.admin_token()), &template, &tenant, LONG, now).expect("a token");
    TenantToken::admit(raw, &tenant, bind, now).expect("a token for this tenant")
}

#[tokio::test]
async fn a_burst_of_sixty_tiles_earns_no_429_from_the_sandbox() {
    let sandbox = Sandbox::start(Options { events: 300, ..Options::default() }).await.expect("a sandbox");
    let token = sandbox_token(&sandbox);
    assert_eq!(token.rps(), Some(10));
    let client = Client::new().expect("a client");
    let (pipe, now) = (PipeName::parse("top_devices").expect("a name"), SystemTime::now());
    let parameters: Vec<_> = (0..60).map(|limit| Parameters::from_iter([("limit", limit)])).collect();
    let started = Instant::now();
    let answers = join_all(parameters.iter().map(|parameters| client.query(&token, &pipe, parameters, now))).await;
    let elapsed = started.elapsed();
    for answer in answers {
        decode(&answer.expect("an answer")).expect("a table");
    }
    // Whoever was refused would have asked again.
    assert_eq!(sandbox.pipe_queries(), 60);
    // Ten at once and ten each second after. How much longer it takes is for
    // `make bench` to tell.
    assert!(elapsed >= Duration::from_millis(4_900), "{elapsed:?}");
}
