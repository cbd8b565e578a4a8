//! How many tokens a broker signs in a second, and how long each takes: a
//! sandbox in this process, the `perch-broker` beside this program as a child,
//! and connections on loopback that ask again as soon as they are answered.
//!
//! ```sh
//! cargo build --release -p perch-broker --bin perch-broker --example load
//! target/release/examples/load 60
//! ```
//!
//! Takes the seconds, and the number of connections; prints one line of JSON,
//! times in milliseconds. Generator, sandbox and broker share the machine.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use perch_sandbox::{Options, Sandbox, organizations, people, visitor};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// More than anybody asks here.
const WITHOUT_LIMIT: &str = "1000000000";

/// What one connection saw.
#[derive(Default)]
struct Seen {
    /// In microseconds.
    durations: Vec<u32>,
    errors: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let connections = arguments.next().map_or(Ok(32), |text| text.parse())?;
    let sandbox = Sandbox::start(Options { events: 300, ..Options::default() }).await?;
    let folder = tempfile::tempdir()?;
    let connection = sandbox.broker_connection_toml("https://tokens.acme.example");
    std::fs::write(folder.path().join("connection.toml"), connection)?;
    std::fs::write(folder.path().join("claims.json"), sandbox.claims_template())?;
    let (_broker, address) = broker(&sandbox, folder.path().to_owned()).await?;
    let requests: Arc<[String]> = requests(&sandbox).await?.into();

    let until = Instant::now() + Duration::from_secs(seconds);
    let began = Instant::now();
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..connections {
        let (address, requests) = (address.clone(), Arc::clone(&requests));
        asking.spawn(async move { ask(&address, &requests, number, until).await });
    }
    let (mut durations, mut errors) = (Vec::new(), 0);
    while let Some(seen) = asking.join_next().await {
        let seen = seen?;
        durations.extend(seen.durations);
        errors += seen.errors;
    }
    let took = began.elapsed().as_secs_f64();
    durations.sort_unstable();
    let quantile = |share: f64| {
        let place = (durations.len() as f64 * share) as usize;
        durations.get(place.min(durations.len().saturating_sub(1))).map(|micros| f64::from(*micros) / 1_000.0)
    };
    let told = json!({
        "seconds": took, "connections": connections, "requests": durations.len(), "errors": errors,
        "requests_per_second": (durations.len() as f64 / took).round(),
        "p50_ms": quantile(0.5), "p99_ms": quantile(0.99), "p999_ms": quantile(0.999), "max_ms": quantile(1.0),
        "asked_of_clerk": sandbox.backend_requests(),
    });
    writeln!(io::stdout(), "{told}")?;
    match errors {
        0 => Ok(()),
        _ => Err(format!("{errors} requests got no token").into()),
    }
}

/// The broker beside this program, and its address once it is ready.
async fn broker(sandbox: &Sandbox, folder: PathBuf) -> Result<(Child, String), Box<dyn Error>> {
    let beside = std::env::current_exe()?.parent().and_then(|examples| examples.parent().map(PathBuf::from));
    let mut child = Command::new(beside.ok_or("no folder")?.join("perch-broker"))
        .current_dir(folder)
        .env_clear()
        .envs([
            ("CLERK_SECRET_KEY", sandbox.secret_key()),
            ("TINYBIRD_JWT_SECRET", sandbox.admin_token()),
            ("PERCH_BROKER_LISTEN", "127.0.0.1:0"),
            ("PERCH_BROKER_CLERK_API", sandbox.backend()),
            ("PERCH_BROKER_CONNECTION", "connection.toml"),
            ("PERCH_BROKER_TEMPLATE", "claims.json"),
            ("PERCH_BROKER_REQUESTS_PER_MINUTE", WITHOUT_LIMIT),
            ("PERCH_BROKER_BURST", WITHOUT_LIMIT),
        ])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let address = loop {
        let line: Value = serde_json::from_str(&lines.next_line().await?.ok_or("the broker does not start")?)?;
        if let (Some("listening"), Some(address)) = (line["message"].as_str(), line["address"].as_str()) {
            break address.to_owned();
        }
    };
    // Its log is read, as one that is kept would be.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    loop {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: load\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200") {
            return Ok((child, address));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A request of each person for each of their organizations.
async fn requests(sandbox: &Sandbox) -> Result<Vec<String>, Box<dyn Error>> {
    let mut requests = Vec::new();
    for person in people() {
        for organization in organizations().iter().filter(|organization| person.membership(organization.id).is_some()) {
            let tokens = visitor::tokens(sandbox, person.handle, organization.slug).await?;
            let token = tokens["access_token"].as_str().ok_or("no access token")?;
            let head = "POST /token HTTP/1.1\r\nhost: load\r\ncontent-length: 0\r\nauthorization: Bearer ";
            requests.push(format!("{head}{token}\r\n\r\n"));
        }
    }
    Ok(requests)
}

/// Asks on one connection, and on a new one where that broke.
async fn ask(address: &str, requests: &[String], number: usize, until: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut open: Option<TcpStream> = None;
    let mut turn = number;
    while Instant::now() < until {
        turn += 1;
        let request = &requests[turn % requests.len()];
        let began = Instant::now();
        match exchange(&mut open, address, request).await {
            Ok(true) => seen.durations.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX)),
            Ok(false) | Err(_) => {
                seen.errors += 1;
                open = None;
            }
        }
    }
    seen
}

/// Whether a token came back.
async fn exchange(open: &mut Option<TcpStream>, address: &str, request: &str) -> io::Result<bool> {
    let stream = match open {
        Some(stream) => stream,
        None => open.insert(TcpStream::connect(address).await?),
    };
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let (mut answer, mut bytes) = (Vec::with_capacity(4_096), [0; 4_096]);
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::parse::<usize>);
        let Some(Ok(length)) = length else { return Err(io::ErrorKind::InvalidData.into()) };
        if body.len() >= length {
            return Ok(head.starts_with("HTTP/1.1 200") && body.starts_with("{\"token\""));
        }
    }
}
