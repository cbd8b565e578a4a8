//! The viewer's browser, as far as a sign-in needs one, and a socket for what
//! no browser sends.

use perch_clerk::{ClerkError, Prompt, Provider, SignIn, SignedIn};
use reqwest::header::{HeaderMap, LOCATION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;

/// What the browser shows.
#[derive(Debug)]
pub struct Shown {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

/// Opens an address and follows nothing.
pub async fn open(url: &Url) -> Result<Shown, reqwest::Error> {
    let response = client().get(url.clone()).send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Shown { status, headers, html: response.text().await? })
}

/// Signs in at the provider: the address to which it sends the browser back.
pub async fn sign_in_at_provider(url: &Url) -> Url {
    let shown = open(url).await.expect("the provider answers");
    let location = shown.headers.get(LOCATION).expect("it sends the browser back");
    Url::parse(location.to_str().expect("text")).expect("an address")
}

/// A sign-in that waits for the browser.
pub struct Waiting {
    pub url: Url,
    pub flow: JoinHandle<Result<SignedIn, ClerkError>>,
}

pub async fn begin(provider: &Provider) -> Waiting {
    let sign_in = SignIn::begin(provider, Prompt::Default).await.expect("a listener");
    Waiting { url: sign_in.url().clone(), flow: tokio::spawn(sign_in.finish(std::time::SystemTime::now)) }
}

/// A whole sign-in: its outcome, and what the browser shows at its end.
pub async fn sign_in(provider: &Provider) -> (Result<SignedIn, ClerkError>, Shown) {
    let Waiting { url, flow } = begin(provider).await;
    let callback = sign_in_at_provider(&url).await;
    let shown = open(&callback).await.expect("a page");
    (flow.await.expect("the flow does not panic"), shown)
}

/// The value of a parameter that stands in the query once.
pub fn parameter(url: &Url, name: &str) -> String {
    let mut values = url.query_pairs().filter(|(key, _)| key == name);
    let value = values.next().expect("there").1.into_owned();
    assert!(values.next().is_none(), "{name} stands twice");
    value
}

/// Sends these bytes to a port of 127.0.0.1 and reads to the end.
pub async fn send_raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // A refused request may end in a reset: what came before it counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
