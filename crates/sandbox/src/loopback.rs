//! A listener that only this machine can reach, and that answers to its own
//! name only: a web page that rebinds its domain to 127.0.0.1 arrives with
//! that domain in `Host`, and is turned away.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long `stop` waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bound port that does not answer yet, so that what is served there can
/// know its own address.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server under way. Dropping it stops it too, without waiting.
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Binds `127.0.0.1:port`, or a free port for 0.
pub(crate) async fn bind(port: u16) -> io::Result<Bound> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok(Bound { listener, address })
}

impl Bound {
    /// `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port that was bound.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Starts to answer.
    pub(crate) fn serve(self, router: Router) -> Running {
        let own_name: Arc<str> = self.address.to_string().into();
        let router = router.layer(middleware::from_fn_with_state(own_name, refuse_other_names));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            // A sender that was dropped ends the wait like one that was used.
            let until = async move { drop(stopped.await) };
            let served = axum::serve(self.listener, router).with_graceful_shutdown(until).await;
            if let Err(error) = served {
                tracing::error!(%error, "the sandbox stopped answering");
            }
        });
        Running { stop, task }
    }
}

impl Running {
    /// Finishes the requests under way, at most two seconds, and closes the port.
    pub(crate) async fn stop(mut self) {
        drop(self.stop);
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
            // Aborted or done: either way the listener is gone afterwards.
            drop(self.task.await);
        }
    }
}

async fn refuse_other_names(State(own_name): State<Arc<str>>, request: Request, next: Next) -> Response {
    let mut names = request.headers().get_all(header::HOST).iter();
    let own = names.next().is_some_and(|name| name.as_bytes() == own_name.as_bytes()) && names.next().is_none();
    let in_target = request.uri().authority().is_none_or(|authority| authority.as_str() == &*own_name);
    if own && in_target {
        next.run(request).await
    } else {
        let refusal =
            (StatusCode::MISDIRECTED_REQUEST, "This is the Perch sandbox, which answers to its own address only.\n");
        refusal.into_response()
    }
}
