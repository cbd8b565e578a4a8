//! The system's proxy, and what never goes through it.
//!
//! Perch speaks plain HTTP to this machine only, where nobody reads along. A
//! proxy changes that: with `HTTP_PROXY` set and no `NO_PROXY`, a client sends
//! a request for `http://127.0.0.1` to the proxy, token and all, and the proxy
//! looks for 127.0.0.1 on its own machine. So what is for this machine goes
//! straight there, whatever the system says. TLS to everybody else goes the way
//! that the system wants: a proxy sees no more of it than the host's name.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Proxy;
use url::{Host, Url};

/// Some host that is not this machine (RFC 6761 §6.4: it is nobody's).
const ELSEWHERE: &str = "https://elsewhere.invalid";

/// For a client's builder, instead of the client's own look at the system.
pub fn system() -> Proxy {
    except_loopback(Matcher::from_system())
}

fn except_loopback(system: Matcher) -> Proxy {
    let intercept = move |url: &Url| system.intercept(&url.as_str().parse().ok()?);
    // A proxy's address comes without its credentials, which are the same for
    // every host behind it.
    let credentials = Url::parse(ELSEWHERE).ok().and_then(|url| intercept(&url)?.basic_auth().cloned());
    let proxy = Proxy::custom(move |url| {
        let direct = url.scheme() != "https" || is_loopback(url);
        if direct { None } else { intercept(url).map(|proxy| proxy.uri().to_string()) }
    });
    match credentials {
        Some(credentials) => proxy.custom_http_auth(credentials),
        None => proxy,
    }
}

/// 127.0.0.0/8, `::1`, and the name that stands for them (RFC 6761 §6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::Duration;

    use hyper_util::client::proxy::matcher::Builder;

    use super::*;

    /// A listener that answers everybody with 204, or 502 as a proxy, and tells
    /// what was asked.
    fn listener(status: &'static str) -> (u16, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or_default();
                let _ = tell.send(String::from_utf8_lossy(&head[..read]).into_owned());
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        (port, heard)
    }

    /// A proxy, and a client of a system that sends everything there.
    fn behind_a_proxy(more: impl FnOnce(Builder) -> Builder) -> (Receiver<String>, reqwest::Client) {
        let (port, heard) = listener("502 Bad Gateway");
        let system = Matcher::builder().all(format!("http://perch:secret@127.0.0.1:{port}"));
        let proxy = except_loopback(more(system).build());
        (heard, reqwest::Client::builder().proxy(proxy).timeout(Duration::from_secs(5)).build().expect("a client"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_for_this_machine_goes_straight_there() {
        let (port, arrived) = listener("204 No Content");
        let (proxied, client) = behind_a_proxy(|system| system);
        for host in ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"] {
            let answer = client.get(format!("http://{host}:{port}/")).bearer_auth("token").send().await;
            // Nobody listens on the other addresses; what counts is the proxy.
            if host == "127.0.0.1" {
                assert_eq!(answer.expect("an answer").status(), 204);
                let request = arrived.recv().expect("a request");
                assert!(request.starts_with("GET / HTTP/1.1"), "{request}");
                assert!(!request.to_lowercase().contains("proxy-authorization"), "{request}");
            }
            let _ = client.get(format!("https://{host}:{port}/")).send().await;
            assert_eq!(proxied.try_iter().collect::<Vec<_>>(), Vec::<String>::new(), "{host}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn tls_to_everybody_else_goes_through_the_systems_proxy() {
        let (proxied, client) = behind_a_proxy(|system| system);
        for host in ["elsewhere.invalid", "localhost.elsewhere.invalid", "192.0.2.1"] {
            client.get(format!("https://{host}/")).bearer_auth("token").send().await.expect_err("no tunnel");
            let request = proxied.recv().expect("a request");
            assert!(request.starts_with(&format!("CONNECT {host}:443 HTTP/1.1")), "{request}");
            // perch:secret
            assert!(request.to_lowercase().contains("proxy-authorization: basic"), "{request}");
            assert!(request.contains("cGVyY2g6c2VjcmV0"), "{request}");
            assert!(!request.contains("token"), "{request}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_systems_own_exceptions_hold() {
        let (proxied, client) = behind_a_proxy(|system| system.no("inside.invalid"));
        client.get("https://clerk.inside.invalid/").send().await.expect_err("nobody there");
        assert!(proxied.try_recv().is_err());
        client.get("https://elsewhere.invalid/").send().await.expect_err("no tunnel");
        assert!(proxied.try_recv().is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn plain_http_is_never_shown_to_a_proxy() {
        let (proxied, client) = behind_a_proxy(|system| system);
        client.get("http://elsewhere.invalid/").bearer_auth("token").send().await.expect_err("nobody there");
        assert!(proxied.try_recv().is_err());
    }
}
