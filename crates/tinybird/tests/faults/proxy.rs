//! Somebody between the client and the server who sees bytes and no more: drops
//! connections, cuts them, delays and changes what goes over them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// In how many of 10,000 pieces of a conversation each fault happens.
const CORRUPTED: u32 = 20;
const CUT: u32 = 20;
const TRUNCATED: u32 = 20;
const DELAYED: u32 = 300;
/// In how many of 10,000 connections nobody answers at all.
const DROPPED: u32 = 1_000;

/// How often each fault happened.
#[derive(Debug, Default)]
pub struct Faults {
    pub dropped: AtomicUsize,
    pub cut: AtomicUsize,
    pub truncated: AtomicUsize,
    pub corrupted: AtomicUsize,
    pub delayed: AtomicUsize,
}

/// Whether something was lost on a connection. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Loss(Arc<AtomicBool>);

impl Loss {
    /// Whether all arrived as it was said.
    pub fn is_none(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

/// The connections that stand, by the address that the server sees. One that is
/// over leaves its address to a later one.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Mutex<HashMap<SocketAddr, Loss>>>);

impl Connections {
    pub fn of(&self, peer: SocketAddr) -> Loss {
        self.0.lock().expect("no panic").get(&peer).expect("a connection through the proxy").clone()
    }
}

pub struct Proxy {
    pub address: SocketAddr,
    pub faults: Arc<Faults>,
}

impl Proxy {
    pub async fn start(server: SocketAddr, connections: Connections, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let proxy = Self { address: listener.local_addr().expect("an address"), faults: Arc::default() };
        let faults = Arc::clone(&proxy.faults);
        tokio::spawn(async move {
            let mut rng = Rng::with_seed(seed);
            while let Ok((client, _)) = listener.accept().await {
                if rng.u32(..10_000) < DROPPED {
                    faults.dropped.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let seen_as = server.local_addr().expect("an address");
                let loss = Loss::default();
                connections.0.lock().expect("no panic").insert(seen_as, loss.clone());
                tokio::spawn(relay(client, server, [rng.fork(), rng.fork()], Arc::clone(&faults), loss));
            }
        });
        proxy
    }
}

/// Ends as soon as one side does, and then closes both.
async fn relay(client: TcpStream, server: TcpStream, rngs: [Rng; 2], faults: Arc<Faults>, loss: Loss) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a socket");
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let [there, back] = rngs;
    tokio::select! {
        () = pass(from_client, to_server, there, &faults, &loss) => {}
        () = pass(from_server, to_client, back, &faults, &loss) => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut rng: Rng,
    faults: &Faults,
    loss: &Loss,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let lot = rng.u32(..10_000);
        let happens = |from: u32, share: u32| (from..from + share).contains(&lot);
        let count = |fault: &AtomicUsize| {
            loss.0.store(true, Ordering::SeqCst);
            fault.fetch_add(1, Ordering::SeqCst);
        };
        let mut kept = length;
        if happens(0, CORRUPTED) {
            count(&faults.corrupted);
            piece[rng.usize(..length)] ^= rng.u8(1..);
        } else if happens(CORRUPTED, CUT) {
            count(&faults.cut);
            return;
        } else if happens(CORRUPTED + CUT, TRUNCATED) {
            count(&faults.truncated);
            kept = rng.usize(..length);
        } else if happens(CORRUPTED + CUT + TRUNCATED, DELAYED) {
            faults.delayed.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(rng.u64(1..200))).await;
        }
        if to.write_all(&piece[..kept]).await.is_err() || kept < length {
            return;
        }
    }
}
