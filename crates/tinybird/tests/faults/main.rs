//! 10,000 questions through trouble: connections that are dropped, cut,
//! delayed and changed on their way, answers that are refused, stumble, break
//! off or stall. No number may come out wrong, nothing be asked again that must
//! not be, and no question go without an answer or an error that says why.
//!
//! What changes bytes stands outside of TLS, as in the world: inside, nobody
//! would notice another digit. What happens is told by a seed, which is printed
//! and can be given again in `PERCH_FAULTS_SEED`; only who meets whom differs.

mod front;
mod proxy;
#[path = "../service/mod.rs"]
#[allow(dead_code, reason = "each test uses what it needs")]
mod service;
mod tiles;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use front::{Entry, Front, Sent};
use jiff::civil::date;
use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Connection, Organization, Origin, Secret, Tenant, TokenSource, User};
use perch_tinybird::{
    Client, Limits, Parameters, PipeError, PipeErrorKind, PipeName, Template, TenantToken, decode, mint, write_csv,
};
use proxy::{Connections, Proxy};
use serde_json::Value;
use service::secure::Secure;

const QUESTIONS: usize = 10_000;

/// As many ask side by side.
const ASKERS: usize = 200;

/// As many of each protocol: over HTTP/2 each has one connection, on which a
/// delay holds up everybody.
const CLIENTS: usize = 5;

/// Names under which rates are counted: a 429 holds back only its own.
const NAMES: usize = 100;

/// Longer recorded answers would only make the test slower.
const LONGEST_ANSWER: u64 = 20_000;

/// The sandbox's first organization.
struct Visit {
    tenant: Tenant,
    connection: Connection,
    key: Secret,
    claims: Value,
}

impl Visit {
    fn of(sandbox: &Sandbox) -> Self {
        let connection = Connection::parse(&sandbox.connection_toml()).expect("a connection");
        let template = connection.token.template().expect("a template");
        let mut claims: Value = serde_json::from_str(template).expect("JSON");
        // The rate is shown elsewhere; here it would only take time.
        claims.as_object_mut().expect("claims").remove("limits");
        let id = perch_sandbox::organizations()[0].id.to_owned();
        let organization = Organization { id, name: None, slug: None, role: None };
        let tenant =
            Tenant::new(&connection, User { id: "user_1".into(), name: None, email: None }, Some(organization));
        Self { tenant, connection, key: Secret::new(sandbox.admin_token()), claims }
    }

    /// The same organization at another address.
    fn tenant(&self, at: &str) -> Tenant {
        Tenant { tinybird: Origin::parse(at).expect("an origin"), ..self.tenant.clone() }
    }

    /// A token of this name for the same rows at another address.
    fn token(&self, at: &str, name: usize) -> TenantToken {
        let tenant = self.tenant(at);
        let mut claims = self.claims.clone();
        claims["name"] = format!("faults {name}").into();
        let template = Template::parse(&claims.to_string()).expect("a template");
        let TokenSource::Mint { bind, .. } = &self.connection.token else { panic!("a connection that mints") };
        let now = SystemTime::now();
        let raw = mint(&self.key, &template, &tenant, Duration::from_secs(3600), now).expect("a token");
        TenantToken::admit(raw, &tenant, bind, now).expect("a token for this tenant")
    }

    /// The pipes, but for those whose recorded answers are long.
    fn pipes(&self, recorded: &Path) -> Vec<PipeName> {
        let scopes = self.claims["scopes"].as_array().expect("scopes");
        let names = scopes.iter().map(|scope| scope["resource"].as_str().expect("a pipe"));
        let long = |name: &&str| {
            let length = std::fs::metadata(recorded.join(name).with_extension("json")).map_or(0, |file| file.len());
            length > LONGEST_ANSWER
        };
        names.filter(|name| !long(name)).map(|name| PipeName::parse(name).expect("a name")).collect()
    }
}

/// The question of this number. One in fifty is too long for an address.
fn parameters(number: usize) -> Parameters {
    let mut parameters = Parameters::from_iter([("n", number as u64), ("limit", 1 + number as u64 % 7)]);
    parameters.insert("date_from", date(2026, 10, 1));
    if number.is_multiple_of(50) {
        parameters.insert("unused", "x".repeat(9_000));
    }
    parameters
}

/// All that a tile can show of an answer.
fn shown(bytes: &[u8]) -> String {
    let table = decode(bytes).expect("an answer that decodes").table;
    let types: Vec<_> = table.columns().iter().map(|column| format!("{:?}", column.kind())).collect();
    let mut csv = Vec::new();
    write_csv(&table, &mut csv).expect("a writer that takes all");
    format!("{types:?}\n{}", String::from_utf8(csv).expect("text"))
}

/// What became of each question: what it shows, or why it shows nothing.
type Outcomes = Vec<(usize, Result<String, PipeError>)>;

/// Asks every question, `ASKERS` at a time: those with even numbers over HTTP/2,
/// the others over HTTP/1.1. Who has an answer takes the next question, so that
/// nobody's stalls add up.
async fn ask_all(
    clients: &[[Client; CLIENTS]; 2],
    tokens: &Arc<Vec<TenantToken>>,
    pipes: &Arc<Vec<PipeName>>,
) -> Outcomes {
    let next = [0, 1].map(|first| Arc::new(AtomicUsize::new(first)));
    let askers: Vec<_> = (0..ASKERS)
        .map(|asker| {
            let (next, client) = (Arc::clone(&next[asker % 2]), clients[asker % 2][asker / 2 % CLIENTS].clone());
            let (tokens, pipes) = (Arc::clone(tokens), Arc::clone(pipes));
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                loop {
                    let number = next.fetch_add(2, Ordering::SeqCst);
                    if number >= QUESTIONS {
                        break;
                    }
                    let (token, pipe) = (&tokens[number % NAMES], &pipes[number % pipes.len()]);
                    let outcome = client.query(token, pipe, &parameters(number), SystemTime::now()).await;
                    outcomes.push((number, outcome.map(|bytes| shown(&bytes))));
                }
                outcomes
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for asker in askers {
        outcomes.extend(asker.await.expect("no panic"));
    }
    outcomes
}

/// Whether an error says what was sent last, or that it did not arrive.
fn says_what_happened(error: &PipeError, last: Option<Sent>, arrived: bool) -> bool {
    let told = match (error.kind(), last) {
        (PipeErrorKind::Unreachable | PipeErrorKind::Timeout, _) => !arrived,
        (PipeErrorKind::BrokeOff, Some(Sent::Half | Sent::Stalled)) => true,
        (PipeErrorKind::BrokeOff, _) => !arrived,
        (PipeErrorKind::NotJson, Some(Sent::Page)) => true,
        (PipeErrorKind::Forbidden, Some(Sent::Whole(403))) => true,
        (PipeErrorKind::NotFound, Some(Sent::Whole(404))) => true,
        (PipeErrorKind::BadRequest, Some(Sent::Whole(400))) => true,
        (PipeErrorKind::RateLimited { .. }, Some(Sent::Whole(429))) => true,
        (PipeErrorKind::Server { status }, Some(Sent::Whole(sent))) => *status == sent,
        _ => false,
    };
    told && error.detail().contains("pipe: ") && error.detail().contains("attempts: ")
}

/// What chance begins with, told so that it can be given again.
fn seed() -> u64 {
    let seed = std::env::var("PERCH_FAULTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("PERCH_FAULTS_SEED={seed}");
    seed
}

/// A sandbox in which time stands still, so that the same question has the same
/// answer, and the folder of the recorded answers that it serves too.
async fn standing_still() -> (Sandbox, PathBuf) {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let now = UNIX_EPOCH + Duration::from_secs(1_795_264_496);
    let options = Options { events: 300, now: Some(now), answers: Some(recorded.clone()), ..Options::default() };
    (Sandbox::start(options).await.expect("a sandbox"), recorded)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_questions_come_through_trouble_right_or_with_the_reason() {
    let seed = seed();
    let (sandbox, recorded) = standing_still().await;
    let visit = Visit::of(&sandbox);
    let pipes = Arc::new(visit.pipes(&recorded));

    // Undisturbed, each pipe has seven answers.
    let (client, token) = (Client::new().expect("a client"), visit.token(sandbox.tinybird(), 0));
    let mut right = BTreeMap::new();
    for number in 0..7 * pipes.len() {
        let pipe = &pipes[number % pipes.len()];
        let bytes = client.query(&token, pipe, &parameters(number), SystemTime::now()).await.expect("an answer");
        right.insert((number % pipes.len(), number % 7), shown(&bytes));
    }

    let connections = Connections::default();
    let front = Front::new(sandbox.tinybird(), connections.clone(), seed);
    let secure = Secure::serve(front.router()).await;
    let proxy = Proxy::start(secure.address, connections, seed).await;
    let limits = Limits { stall: Duration::from_secs(10), deadline: Duration::from_secs(60), ..Limits::default() };
    let http_2 = [(); CLIENTS].map(|()| Client::over(secure.trusted(), limits).expect("a client"));
    let http_1 = [(); CLIENTS].map(|()| Client::over(secure.trusted().http1_only(), limits).expect("a client"));
    let clients = [http_2, http_1];
    let at = format!("https://{}", proxy.address);
    let tokens = Arc::new((0..NAMES).map(|name| visit.token(&at, name)).collect::<Vec<_>>());
    let started = Instant::now();
    let outcomes = ask_all(&clients, &tokens, &pipes).await;
    let elapsed = started.elapsed();

    // None lost, no wrong number, and every error says what happened.
    assert_eq!(outcomes.len(), QUESTIONS);
    let record = front.record();
    let nothing = Vec::new();
    let mut failed = BTreeMap::<&str, usize>::new();
    for (number, outcome) in &outcomes {
        let entries: &Vec<Entry> = record.get(number).unwrap_or(&nothing);
        match outcome {
            Ok(shown) => assert!(*shown == right[&(number % pipes.len(), number % 7)], "another answer for {number}"),
            Err(error) => {
                let last = entries.last();
                let arrived = last.is_some_and(Entry::settles);
                let attempts = error.attempts() as usize;
                assert!((entries.len()..=4).contains(&attempts), "{number}: {entries:?}\n{}", error.detail());
                let last = last.map(|entry| entry.sent);
                assert!(says_what_happened(error, last, arrived), "{number}: {entries:?}\n{}", error.detail());
                *failed.entry(error.code()).or_default() += 1;
            }
        }
        assert!(entries.len() <= 4, "{number} was asked too often: {entries:?}");
        for early in entries.iter().rev().skip(1) {
            assert!(!early.settled_before_the_next(), "{number} was answered and asked again: {entries:?}");
        }
    }

    // And there was trouble: of each kind, and most of it was overcome.
    let mut sent = BTreeMap::<Sent, usize>::new();
    record.values().flatten().for_each(|entry| *sent.entry(entry.sent).or_default() += 1);
    let faults = &proxy.faults;
    let faults = [&faults.dropped, &faults.cut, &faults.truncated, &faults.corrupted, &faults.delayed]
        .map(|count| count.load(Ordering::SeqCst));
    let answered = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    let requests: usize = sent.values().sum();
    eprintln!("{QUESTIONS} questions, {requests} requests, {answered} answers in {elapsed:?}");
    eprintln!("sent: {sent:?}\ndropped, cut, truncated, corrupted, delayed: {faults:?}\nfailed: {failed:?}");
    assert!(faults.iter().all(|count| *count >= 5), "{faults:?}");
    let kinds = [Sent::Page, Sent::Half, Sent::Stalled, Sent::Whole(403), Sent::Whole(429), Sent::Whole(503)];
    assert!(kinds.iter().all(|kind| sent.get(kind).is_some_and(|count| *count >= 10)), "{sent:?}");
    assert!(answered > QUESTIONS * 95 / 100, "{failed:?}");
}
