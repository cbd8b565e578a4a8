//! A server on loopback that speaks TLS, and HTTP/2 or HTTP/1.1 in it, as the
//! client likes (ALPN, RFC 7301). Its certificate is its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Who has connected, for the endpoints: the address on the other side.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

pub struct Secure {
    pub address: SocketAddr,
    certificate: reqwest::Certificate,
    connections: Arc<AtomicUsize>,
}

impl Secure {
    pub async fn serve(router: Router) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a key that fits");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let router = router.clone().layer(Extension(Peer(peer)));
                tokio::spawn(converse(acceptor.clone(), stream, router));
            }
        });
        let certificate = reqwest::Certificate::from_der(made.cert.der()).expect("a certificate");
        Self { address, certificate, connections }
    }

    /// How many connections have come so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What trusts this server's certificate and no other.
    pub fn trusted(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder().tls_certs_only([self.certificate.clone()])
    }
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, router: Router) {
    stream.set_nodelay(true).expect("a socket");
    // Whoever does not finish the handshake, or breaks off, is gone.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = TowerToHyperService::new(router);
    drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
}
