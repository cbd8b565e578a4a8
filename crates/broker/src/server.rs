//! Starting, answering, stopping.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::admission::Admission;
use crate::clerk::Clerk;
use crate::clock::Clock;
use crate::config_error::ConfigError;
use crate::connections::Connections;
use crate::metrics::Metrics;
use crate::reload;
use crate::routes::{Face, Kept, Shared, router};
use crate::settings::{Limits, Settings, Sources};

/// The head of a request with an access token has two kilobytes.
const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

/// Places that are kept for those who look after the broker, on each address:
/// they get an answer also while all others are taken.
const KEPT: usize = 16;

/// How often the rates of who has gone are forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// How a broker is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its configuration comes from.
    pub sources: Sources,
    /// What decides when tokens expire and memberships are asked about again.
    pub clock: Clock,
    /// How often the configuration is looked at again.
    pub look_again: Duration,
}

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// An address is taken, or may not be had.
    #[error("the broker cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// TLS cannot be set up, or the configuration could not be read for want of
    /// a thread.
    #[error("the broker cannot start: {0}")]
    System(String),
}

impl StartError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Listen { .. } => "listen",
            Self::System(_) => "system",
        }
    }

    /// What the operator can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Config(error) => error.next_step(),
            Self::Listen { .. } => "End what uses the address, or write another one as `listen`.",
            Self::System(_) => "Start it again; if it stays so, look at the machine's limits and certificates.",
        }
    }
}

/// A broker that answers. Dropping it stops it too, without waiting.
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    patience: Duration,
    servers: JoinSet<()>,
    behind: Vec<JoinHandle<()>>,
}

/// Reads the configuration and starts to answer. Needs a Tokio runtime. Whether
/// Clerk answers is not waited for: `/readyz` tells.
///
/// # Errors
/// A configuration that is wrong, an address that is taken.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let Options { sources, clock, look_again } = options;
    let (theirs, now) = (sources.clone(), clock.now());
    let (digest, settings) = tokio::task::spawn_blocking(move || Settings::load(&theirs, now))
        .await
        .map_err(|error| StartError::System(error.to_string()))?;
    let Settings { listen, metrics_listen, clerk_api, limits, policy } = settings?;

    let metrics = Metrics::new();
    let issuer = policy.connection.clerk.issuer.clone();
    let clerk = Clerk::new(issuer, clerk_api, clock.clone(), metrics.clone());
    let clerk = clerk.map_err(|error| StartError::System(error.to_string()))?;
    let admission = Arc::new(Admission::new(policy, &limits, clerk, clock.clone(), metrics.clone()));
    reload::tell_left_out(&admission, &admission.policy());

    let listener = bind(listen).await?;
    let metrics_listener = match metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let address_of = |listener: &TcpListener, asked| listener.local_addr().unwrap_or(asked);
    let address = address_of(&listener, listen);
    let metrics_address = metrics_listener.as_ref().zip(metrics_listen).map(|(it, asked)| address_of(it, asked));

    let connections = Connections::new(within_the_systems_limit(limits.connections), metrics.clone());
    let shared = Shared { admission: Arc::clone(&admission), body_patience: limits.body };
    let (stop, stopped) = watch::channel(false);
    let mut servers = JoinSet::new();
    let face = if metrics_listener.is_some() { Face::WithoutMetrics } else { Face::All };
    for (listener, face) in [(Some(listener), face), (metrics_listener, Face::Metrics)] {
        let Some(listener) = listener else { continue };
        // Nobody but those who look after the broker asks for its metrics.
        let own = || Connections::new(KEPT, metrics.clone());
        let server = Server {
            service: router(shared.clone(), face),
            connections: if face == Face::Metrics { own() } else { Arc::clone(&connections) },
            kept: own(),
            limits: limits.clone(),
            stopped: stopped.clone(),
        };
        servers.spawn(server.accept(listener));
    }
    let (fetching, tidied) = (Arc::clone(&admission), Arc::clone(&admission));
    let behind = vec![
        tokio::spawn(async move { fetching.keys.keep_fresh().await }),
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TIDY).await;
                tidied.tidy();
            }
        }),
        tokio::spawn(reload::watch(admission, sources, clock, look_again, digest)),
    ];
    tracing::info!(%address, "listening");
    Ok(Running { address, metrics_address, stop, patience: limits.stop, servers, behind })
}

impl Running {
    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics stand, when that is elsewhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Accepts nobody any more, finishes what is under way within the limit of
    /// the configuration, and cuts off the rest.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let finished = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(self.patience, finished).await.is_err() {
            tracing::warn!("some requests were cut off at the end");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.behind.iter().for_each(JoinHandle::abort);
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// As many connections as there can be open files, of which a few are needed
/// otherwise. The system's soft limit is raised as far as it lets us.
fn within_the_systems_limit(wanted: usize) -> usize {
    const OTHERWISE: u64 = 64 + 3 * KEPT as u64;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let needed = wanted as u64 + OTHERWISE;
        let reachable = maximum.map_or(needed, |maximum| maximum.min(needed));
        if current.is_some_and(|current| current < reachable) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(reachable), maximum });
        }
        let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        if open < needed {
            let most = usize::try_from(open.saturating_sub(OTHERWISE)).unwrap_or(wanted).max(1);
            tracing::warn!(wanted, most, "the limit of open files allows fewer connections");
            return most;
        }
    }
    wanted
}

/// One address.
#[derive(Clone)]
struct Server {
    service: axum::Router,
    connections: Arc<Connections>,
    kept: Arc<Connections>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Server {
    /// Accepts until the stop, then waits for what is under way.
    async fn accept(self, listener: TcpListener) {
        let mut stopped = self.stopped.clone();
        let mut answering = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                // Cleared as they end, so that the set does not grow for ever.
                Some(_) = answering.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => drop(answering.spawn(self.clone().answer(stream))),
                // No files left, or somebody who was gone before we came.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        drop(listener);
        while answering.join_next().await.is_some() {}
    }

    /// Answers the requests of one connection.
    async fn answer(mut self, stream: TcpStream) {
        let usual = self.connections.enter();
        let kept = usual.is_none();
        let Some(place) = usual.or_else(|| self.kept.enter()) else { return };
        // Answers are small, and each is awaited.
        let _ = stream.set_nodelay(true);
        let place = Arc::new(place);
        let (ours, router) = (Arc::clone(&place), TowerToHyperService::new(self.service));
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            let turn = ours.turn();
            let arrival = turn.arrival();
            if request.body().is_end_stream() {
                arrival.whole();
            }
            request.extensions_mut().insert(arrival);
            if kept {
                request.extensions_mut().insert(Kept);
            }
            let answer = hyper::service::Service::call(&router, request);
            async move {
                let answer = answer.await;
                drop(turn);
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header)
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let mut stopping = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended");
                    }
                    return;
                }
                () = place.is_needed() => return,
                _ = self.stopped.wait_for(|stopped| *stopped), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
