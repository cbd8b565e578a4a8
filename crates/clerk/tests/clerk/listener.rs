//! The loopback listener against everyone who is not the viewer's browser.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use perch_clerk::{Prompt, SignIn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use url::Url;

use crate::browser::{Waiting, begin, open, parameter, send_raw, sign_in_at_provider};
use crate::provider::Clerk;
use crate::sign_in::redirect_port;

/// A good callback as its parts: port, target, and a way to vary the request.
struct Callback {
    url: Url,
    port: u16,
    target: String,
}

async fn callback(waiting: &Waiting) -> Callback {
    let url = sign_in_at_provider(&waiting.url).await;
    let target = format!("{}?{}", url.path(), url.query().expect("a query"));
    Callback { port: redirect_port(&waiting.url), target, url }
}

#[tokio::test]
async fn foreign_requests_get_a_400_and_do_not_end_the_sign_in() {
    let (clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, target } = callback(&waiting).await;
    let host = format!("Host: 127.0.0.1:{port}");
    let state = parameter(&url, "state");

    let requests = [
        format!("GET / HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /favicon.ico HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /callback HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /callback?code=x HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /callback?code=x&state=wrong HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /callback?error=access_denied&state=wrong HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target}&state={state} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target}&code=again HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target}&error=access_denied HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target}&iss=https%3A%2F%2Fevil.example HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /other{target} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET http://127.0.0.1:{port}{target} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("POST {target} HTTP/1.1\r\n{host}\r\nContent-Length: 0\r\n\r\n"),
        form_post(&target, &host),
        format!("OPTIONS {target} HTTP/1.1\r\n{host}\r\nAccess-Control-Request-Method: GET\r\n\r\n"),
        format!("HEAD {target} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: rebound.evil.example:{port}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\n{host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nOrigin: https://evil.example\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nOrigin: null\r\n\r\n"),
        fetched(&target, &host, "no-cors", "image"),
        fetched(&target, &host, "cors", "empty"),
        fetched(&target, &host, "navigate", "iframe"),
        fetched(&target, &host, "no-cors", "document"),
        "not http at all\r\n\r\n".to_owned(),
    ];
    for request in requests {
        let answer = send_raw(port, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request}{answer}");
        assert!(!waiting.flow.is_finished(), "{request}");
    }
    assert!(clerk.memory().token_requests.is_empty(), "no code was redeemed");

    assert_eq!(open(&url).await.expect("a page").status, 200);
    assert!(waiting.flow.await.expect("no panic").is_ok());
}

/// What a form on another site's page sends: the callback's own parameters, in
/// the query and once more in the body.
fn form_post(target: &str, host: &str) -> String {
    let body = target.rsplit('?').next().unwrap_or_default();
    format!(
        "POST {target} HTTP/1.1\r\n{host}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\
         Sec-Fetch-Dest: document\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What a browser sends that does `mode` for a `destination` on another site's
/// page.
fn fetched(target: &str, host: &str, mode: &str, destination: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\n{host}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: {mode}\r\n\
         Sec-Fetch-Dest: {destination}\r\n\r\n"
    )
}

/// The callback itself is a navigation from another site, Clerk's. A page of any
/// site can navigate here too, by a link, a form or a script: what it does not
/// know is the state.
#[tokio::test]
async fn a_navigation_from_another_site_needs_the_state() {
    let (clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { port, target, url } = callback(&waiting).await;
    let host = format!("Host: 127.0.0.1:{port}");
    let guessed = target.replace(&parameter(&url, "state"), "guessed-by-a-page-of-another-site");
    let answer = send_raw(port, &fetched(&guessed, &host, "navigate", "document")).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(!waiting.flow.is_finished() && clerk.memory().token_requests.is_empty());

    let answer = send_raw(port, &fetched(&target, &host, "navigate", "document")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(waiting.flow.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn a_header_without_end_is_refused() {
    let (_clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, target } = callback(&waiting).await;
    let endless = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: {}\r\n\r\n", "x".repeat(1 << 18));
    let answer = send_raw(port, &endless).await;
    assert!(!answer.contains("200 OK") && !waiting.flow.is_finished(), "{answer}");
    open(&url).await.expect("a page");
    assert!(waiting.flow.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_the_browser_out() {
    let (_clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, .. } = callback(&waiting).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        stream.write_all(b"GET /callback?code=").await.expect("sent");
        slow.push(stream);
    }
    let started = Instant::now();
    assert_eq!(open(&url).await.expect("a page").status, 200);
    assert!(waiting.flow.await.expect("no panic").is_ok());
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let (_clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let mut slow = TcpStream::connect(("127.0.0.1", redirect_port(&waiting.url))).await.expect("a connection");
    let started = Instant::now();
    let hung_up = async {
        loop {
            let mut answer = [0; 1024];
            tokio::select! {
                // What it says before it hangs up, if anything, does not matter.
                read = slow.read(&mut answer) => if matches!(read, Ok(0) | Err(_)) { return },
                () = tokio::time::sleep(Duration::from_millis(300)) => if slow.write_all(b"X").await.is_err() { return },
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hung_up).await.expect("the listener hangs up");
    assert!(started.elapsed() > Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(!waiting.flow.is_finished());
    waiting.flow.abort();
}

#[tokio::test]
async fn more_silent_connections_than_allowed_are_dropped_in_time() {
    let (_clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, .. } = callback(&waiting).await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(TcpStream::connect(("127.0.0.1", port)).await.expect("a connection"));
    }
    // Two rounds of five seconds: the first 64, then the rest.
    let started = Instant::now();
    let shown = tokio::time::timeout(Duration::from_secs(20), open(&url)).await.expect("in time").expect("a page");
    assert_eq!(shown.status, 200);
    assert!(started.elapsed() > Duration::from_secs(4), "not more than allowed are served at a time");
    assert!(waiting.flow.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn a_callback_counts_once() {
    let (clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, target } = callback(&waiting).await;
    // Connected before the end, and asks after it.
    let mut early = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    open(&url).await.expect("a page");
    assert!(waiting.flow.await.expect("no panic").is_ok());

    let again = tokio::time::timeout(Duration::from_secs(5), open(&url)).await.expect("at once");
    assert!(again.is_err(), "nobody listens any more");
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    // The write may still succeed: the answer is what must not come.
    let _ = early.write_all(request.as_bytes()).await;
    let mut answer = String::new();
    let _ = early.read_to_string(&mut answer).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(clerk.memory().token_requests.len(), 1);
}

#[tokio::test]
async fn a_callback_that_comes_many_times_at_once_counts_once() {
    let (clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { port, target, .. } = callback(&waiting).await;
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    // Connected before the first one is answered; each asks twice.
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(TcpStream::connect(("127.0.0.1", port)).await.expect("a connection"));
    }
    let answers = streams.into_iter().map(|mut stream| {
        let request = request.repeat(2);
        async move {
            let mut answer = String::new();
            let _ = stream.write_all(request.as_bytes()).await;
            let _ = stream.read_to_string(&mut answer).await;
            answer
        }
    });
    let answers = futures_util::future::join_all(answers).await.concat();
    assert!(waiting.flow.await.expect("no panic").is_ok());
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 1, "{answers}");
    assert_eq!(clerk.memory().token_requests.len(), 1);
}

#[tokio::test]
async fn giving_up_closes_the_listener() {
    let (_clerk, provider) = Clerk::discovered().await;
    let waiting = begin(&provider).await;
    let Callback { url, port, .. } = callback(&waiting).await;
    waiting.flow.abort();
    assert!(waiting.flow.await.is_err_and(|ended| ended.is_cancelled()));
    assert!(open(&url).await.is_err());
    // A sign-in that was begun and never finished, too.
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    let other = redirect_port(sign_in.url());
    drop(sign_in);
    for port in [port, other] {
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    }
}

/// As any process of this user could, with every leave to share that a socket
/// can ask for. Sharing takes both sides' leave, so a second socket of this
/// process is what the system would allow the most.
#[tokio::test]
async fn nobody_else_can_listen_on_the_port() {
    let (_clerk, provider) = Clerk::discovered().await;
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    let port = redirect_port(sign_in.url());
    for (address_shared, port_shared) in [(false, false), (true, false), (false, true), (true, true)] {
        for host in ["127.0.0.1", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]"] {
            let address = format!("{host}:{port}").parse().expect("an address");
            let taken = listen(address, address_shared, port_shared);
            assert!(taken.is_err(), "{taken:?}, sharing the address {address_shared}, the port {port_shared}");
        }
    }
}

fn listen(address: SocketAddr, address_shared: bool, port_shared: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(address_shared)?;
    socket.set_reuseport(port_shared)?;
    socket.bind(address)?;
    socket.listen(8)
}

#[tokio::test]
async fn the_listener_is_at_one_address_of_this_computer_only() {
    let (_clerk, provider) = Clerk::discovered().await;
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    let port = redirect_port(sign_in.url());
    // All of 127/8 is this computer, and stands for its address in a network.
    for address in ["127.0.0.2", "::1"] {
        assert!(TcpStream::connect((address, port)).await.is_err(), "{address}");
    }
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_names_itself_in_the_callback_is_held_to_it() {
    let clerk = Clerk::start().await;
    clerk.bend(|bent| {
        bent.discovery =
            Some(Box::new(|document| document["authorization_response_iss_parameter_supported"] = true.into()));
    });
    let provider = clerk.discover().await.expect("discovery");
    let waiting = begin(&provider).await;
    let Callback { mut url, .. } = callback(&waiting).await;
    assert_eq!(open(&url).await.expect("a page").status, 400, "without iss");
    url.query_pairs_mut().append_pair("iss", clerk.origin());
    assert_eq!(open(&url).await.expect("a page").status, 200);
    assert!(waiting.flow.await.expect("no panic").is_ok());
}
