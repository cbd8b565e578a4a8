//! The loopback listener (RFC 8252 §7.3): a little HTTP server on 127.0.0.1
//! that lives until one browser came back, and shows it a page.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::callback::{Callback, Expected};
use crate::page::Page;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Request line and headers. Generous, because browsers send the cookies of
/// every other server on 127.0.0.1 too.
const LARGEST_HEAD: usize = 64 * 1024;

/// Connections at once. A browser opens a few; whoever opens more, and sends
/// nothing over them, waits.
const MOST_CONNECTIONS: usize = 64;

/// How long the page's last byte may take to leave.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// Listens on 127.0.0.1, at a port that the system chose.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    port: u16,
}

impl Listener {
    pub(crate) async fn bind() -> io::Result<Self> {
        let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Answers every request with an error page until the callback comes. Then
    /// nobody listens any more, and the browser waits for
    /// [`Browser::show`].
    pub(crate) async fn callback(self, expected: Expected) -> (Callback, Browser) {
        let expected = Arc::new(expected);
        let (found, mut finds) = mpsc::channel(1);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(Found { callback, page, shown }) = finds.recv() => {
                    return (callback, Browser { page, shown, _connections: connections });
                }
                accepted = self.socket.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve(stream, Arc::clone(&expected), found.clone()));
                    }
                    // Out of file descriptors, for example: not for ever, one hopes.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// The callback, and the connection that it came over.
struct Found {
    callback: Callback,
    page: oneshot::Sender<Page>,
    shown: oneshot::Receiver<Infallible>,
}

/// The browser that brought the callback, waiting for its page. Dropping it
/// closes every connection.
pub(crate) struct Browser {
    page: oneshot::Sender<Page>,
    /// Ends, without a value, with the connection.
    shown: oneshot::Receiver<Infallible>,
    _connections: JoinSet<()>,
}

impl Browser {
    /// Shows `page`, and returns when it is on its way or the browser is gone.
    pub(crate) async fn show(self, page: Page) {
        // Either may fail because the viewer closed the tab: the sign-in does not.
        if self.page.send(page).is_ok() {
            let _ = tokio::time::timeout(LAST_PAGE, self.shown).await;
        }
    }
}

/// Serves one request of one connection.
async fn serve(stream: TcpStream, expected: Arc<Expected>, found: mpsc::Sender<Found>) {
    let (alive, shown) = oneshot::channel::<Infallible>();
    let shown = Mutex::new(Some(shown));
    let service = service_fn(|request: Request<Incoming>| {
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (expected, found) = (&expected, &found);
        async move { Ok::<_, Infallible>(answer(&request, expected, found, shown).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(LARGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the sign-in's listener broke off");
    }
    drop(alive);
}

async fn answer(
    request: &Request<Incoming>,
    expected: &Expected,
    found: &mpsc::Sender<Found>,
    shown: Option<oneshot::Receiver<Infallible>>,
) -> Response<String> {
    let callback = match Callback::parse(request.method(), request.uri(), request.headers(), expected) {
        Ok(callback) => callback,
        Err(stray) => {
            tracing::debug!(?stray, "a request to the sign-in's listener is not its callback");
            return Page::stray().into_response();
        }
    };
    let (page, awaited) = oneshot::channel();
    let first = shown.is_some_and(|shown| found.try_send(Found { callback, page, shown }).is_ok());
    let page = if first { awaited.await.ok() } else { None };
    page.unwrap_or_else(Page::stray).into_response()
}
