//! The server's side of the trouble: stands before the sandbox's Tinybird,
//! inside TLS, and answers some requests with 429, 5xx, a refusal, half an
//! answer, none for a while, or somebody's page. Keeps a record of each.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use fastrand::Rng;
use futures_util::{Stream, StreamExt as _, stream};

use crate::proxy::{Connections, Loss};
use crate::service::secure::Peer;

/// What was sent for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// A whole answer with this status.
    Whole(u16),
    /// 200, and a page that is no answer.
    Page,
    /// 200, and half an answer, after which the connection ends.
    Half,
    /// 200, and half an answer, after which nothing comes.
    Stalled,
}

/// One request as it was answered.
#[derive(Debug, Clone)]
pub struct Entry {
    pub sent: Sent,
    /// What was lost on its connection.
    pub loss: Loss,
    /// Whether nothing had been lost there when the same was asked again: what
    /// is lost later is no reason to.
    pub whole_until_next: Option<bool>,
}

impl Entry {
    /// Whether this certainly arrived, and is the last that there is to say.
    pub fn settles(&self) -> bool {
        self.is_final() && self.loss.is_none()
    }

    /// Whether it was the last that there is to say, and nothing was lost by the
    /// time at which the same was asked again. Over HTTP/2 many share a
    /// connection: an answer that had arrived is excused by what another lost
    /// there in the pause before it was asked again, and by nothing after.
    pub fn settled_before_the_next(&self) -> bool {
        self.is_final() && self.whole_until_next == Some(true)
    }

    fn is_final(&self) -> bool {
        matches!(self.sent, Sent::Page | Sent::Whole(200 | 400 | 403 | 404))
    }
}

/// The requests by the number that each question has.
pub type Record = BTreeMap<usize, Vec<Entry>>;

pub struct Front {
    connections: Connections,
    sandbox: String,
    /// Passes bytes on as they are, packed or not.
    http: reqwest::Client,
    seed: u64,
    record: Mutex<Record>,
    answers: Mutex<HashMap<String, Answer>>,
}

type Answer = (StatusCode, HeaderMap, Bytes);

impl Front {
    pub fn new(sandbox: &str, connections: Connections, seed: u64) -> Arc<Self> {
        let http = reqwest::Client::builder().no_proxy().no_gzip().no_brotli().no_zstd().build().expect("a client");
        Arc::new(Self {
            connections,
            sandbox: sandbox.to_owned(),
            http,
            seed,
            record: Mutex::default(),
            answers: Mutex::default(),
        })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(Arc::clone(self))
    }

    pub fn record(&self) -> Record {
        self.record.lock().expect("no panic").clone()
    }

    fn note(&self, question: usize, peer: SocketAddr, sent: Sent) {
        let loss = self.connections.of(peer);
        let entry = Entry { sent, loss, whole_until_next: None };
        self.record.lock().expect("no panic").entry(question).or_default().push(entry);
    }

    /// Takes the next request of a question, and says how many there were.
    fn arrives(&self, question: usize) -> usize {
        let mut record = self.record.lock().expect("no panic");
        let Some(entries) = record.get_mut(&question) else { return 0 };
        for entry in entries.iter_mut() {
            entry.whole_until_next.get_or_insert(entry.loss.is_none());
        }
        entries.len()
    }

    /// What the sandbox answers, asked once for each different question: it is
    /// not what is tried here.
    async fn whole(&self, head: &Parts, body: Bytes) -> Answer {
        let accepted = head.headers.get(header::ACCEPT_ENCODING);
        let pairs = [head.uri.query().unwrap_or_default().as_bytes(), &body].map(without_number);
        let asked = format!("{} {} {pairs:?} {accepted:?}", head.method, head.uri.path());
        let kept = self.answers.lock().expect("no panic").get(&asked).cloned();
        if let Some(kept) = kept {
            return kept;
        }
        let target = head.uri.path_and_query().expect("a path");
        let carried = [header::AUTHORIZATION, header::ACCEPT_ENCODING, header::CONTENT_TYPE];
        let request = self.http.request(head.method.clone(), format!("{}{target}", self.sandbox));
        let request = request.headers(picked(&head.headers, &carried)).body(body);
        let answer = request.send().await.expect("an answer of the sandbox");
        let carried = [header::CONTENT_TYPE, header::CONTENT_ENCODING, HeaderName::from_static("x-request-id")];
        let (status, headers) = (answer.status(), picked(answer.headers(), &carried));
        let answer = (status, headers, answer.bytes().await.expect("a body of the sandbox"));
        self.answers.lock().expect("no panic").insert(asked, answer.clone());
        answer
    }
}

fn picked(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    names.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

/// The pairs of a query or a form, but for the question's number.
fn without_number(pairs: &[u8]) -> String {
    let pairs = pairs.split(|byte| *byte == b'&').filter(|pair| !pair.starts_with(b"n="));
    pairs.map(String::from_utf8_lossy).collect::<Vec<_>>().join("&")
}

async fn answer(State(front): State<Arc<Front>>, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // Broken off on its way: nobody waits for an answer.
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else { return StatusCode::BAD_REQUEST.into_response() };
    let question = question(head.uri.query().unwrap_or_default().as_bytes()).or_else(|| question(&body));
    let question = question.expect("each question has a number");
    let attempt = front.arrives(question);
    // By chance, and by the same chance for the same question.
    let mut rng = Rng::with_seed(front.seed ^ ((question as u64) << 8 | attempt as u64));
    let note = |sent| front.note(question, peer, sent);
    let lot = rng.u32(..1_000);
    let fails = |status: u16| {
        note(Sent::Whole(status));
        let body = format!(r#"{{"error": "injected {status}", "documentation": "https://docs.example/{status}"}}"#);
        (StatusCode::from_u16(status).expect("a status"), body).into_response()
    };
    match lot {
        0..15 => {
            let mut refusal = fails(429);
            match rng.u8(..3) {
                0 => drop(refusal.headers_mut().insert(header::RETRY_AFTER, 1.into())),
                1 => drop(refusal.headers_mut().insert("x-ratelimit-reset", 1.into())),
                _ => {}
            }
            return refusal;
        }
        15..45 => return fails(rng.choice([408, 500, 502, 503, 504]).expect("a choice")),
        45..55 => return fails(rng.choice([400, 403, 404]).expect("a choice")),
        55..60 => {
            note(Sent::Page);
            return ([(header::CONTENT_TYPE, "text/html")], "<h1>Sign in to this network</h1>").into_response();
        }
        60..80 => tokio::time::sleep(Duration::from_millis(rng.u64(1..300))).await,
        _ => {}
    }
    let (status, headers, body) = front.whole(&head, body).await;
    let half = body.slice(..body.len() / 2);
    let length = (header::CONTENT_LENGTH, body.len().to_string());
    match lot {
        80..95 => {
            note(Sent::Half);
            let rest = stream::once(async { Err(io::Error::other("cut")) });
            (headers, Body::from_stream(stream::iter([Ok(half)]).chain(rest))).into_response()
        }
        95..100 => {
            note(Sent::Stalled);
            (headers, [length], Body::from_stream(begun(half).chain(stream::pending()))).into_response()
        }
        _ => {
            note(Sent::Whole(status.as_u16()));
            // With a length, or in pieces until their end.
            let whole = if rng.bool() { Body::from(body) } else { Body::from_stream(begun(body)) };
            (status, headers, whole).into_response()
        }
    }
}

fn begun(bytes: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter([Ok(bytes)])
}

/// The number in `n=123` among the pairs of a query or a form.
fn question(pairs: &[u8]) -> Option<usize> {
    let number = pairs.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"n="))?;
    std::str::from_utf8(number).ok()?.parse().ok()
}
