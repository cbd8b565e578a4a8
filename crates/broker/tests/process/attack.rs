//! Two thousand connections that say little and slowly.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::{Office, Process, eventually, http};

const SLOW: usize = 2_000;

/// Opens connections of which each has begun a request and does not go on.
async fn slow_connections(process: &Process, begin: &str) -> Vec<TcpStream> {
    let mut slow = Vec::with_capacity(SLOW);
    for _ in 0..SLOW {
        let mut stream = TcpStream::connect(process.address()).await.expect("a connection");
        // Who was sent away already cannot write.
        let _ = stream.write_all(begin.as_bytes()).await;
        slow.push(stream);
    }
    slow
}

/// How long a good request takes meanwhile.
async fn good_request(process: &Process, access_token: &str) -> Duration {
    let began = Instant::now();
    let answer = http().post(format!("{}/token", process.origin)).bearer_auth(access_token).send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
    began.elapsed()
}

fn enough_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = SLOW as u64 + 256;
    if current.is_some_and(|current| current < needed) {
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum });
        raised.unwrap_or_else(|error| {
            panic!(
                "{needed} open files are needed, and the hard limit is {maximum:?} ({error}): raise it: ulimit -Hn 4096"
            )
        });
    }
}

async fn connections(process: &Process) -> usize {
    let metrics = http().get(format!("{}/metrics", process.origin)).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("a text");
    let line = metrics.lines().find(|line| line.starts_with("perch_broker_connections ")).expect("a count");
    line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_heads_are_survived_and_the_slowest_make_room() {
    enough_files();
    let office = Office::new().await;
    // A head may take long, so that it is the cap that is seen here.
    office.configure("[limits]\nconnections = 500\nheader_seconds = 600\nburst = 1000");
    let process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;

    let mut slow = slow_connections(&process, "POST /token HTTP/1.1\r\nhost: a\r\nx-slow: ").await;

    for _ in 0..20 {
        let took = good_request(&process, &access_token).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    assert!(connections(&process).await <= 500);
    // The oldest of them were closed.
    let mut byte = [0];
    let closed = tokio::time::timeout(Duration::from_secs(5), slow[0].read(&mut byte)).await.expect("it is closed");
    assert!(matches!(closed, Ok(0) | Err(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_bodies_of_somebody_known_shut_nobody_out() {
    enough_files();
    let office = Office::new().await;
    // A body may take long, so that it is the cap that is seen here.
    office.configure("[limits]\nconnections = 200\nbody_seconds = 600\nburst = 10000");
    let process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    let head = format!("POST /token HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {access_token}\r\n");

    let _slow = slow_connections(&process, &format!("{head}content-length: 100\r\n\r\n{{")).await;

    for _ in 0..20 {
        let took = good_request(&process, &access_token).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        let health = http().get(format!("{}/healthz", process.origin)).send().await.expect("an answer");
        assert_eq!(health.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_places_are_taken_those_who_look_after_the_broker_are_answered() {
    let office = Office::new().await;
    // A Clerk that takes connections and says nothing, so that requests stay.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let mut command = office.command();
    command.env("CLERK_SECRET_KEY", office.sandbox.secret_key());
    command.env("TINYBIRD_JWT_SECRET", office.sandbox.admin_token());
    command.env("PERCH_BROKER_CLERK_API", format!("http://{address}"));
    office.configure("[limits]\nconnections = 4");
    let process = Process::start(command.args(["--config", "broker.toml"])).await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    let post = || http().post(format!("{}/token", process.origin)).bearer_auth(&access_token).send();
    let busy: Vec<_> = (0..4).map(|_| tokio::spawn(post())).collect();
    // One question to Clerk is under way, and the other requests wait for it.
    let _asked = silent.accept().await.expect("a question");
    let full = eventually("all places are taken", async || {
        // Without credentials it is answered at once, whatever the answer is.
        let answer = http().post(format!("{}/token", process.origin)).send().await.ok()?;
        (answer.status() == 503).then_some(answer)
    });
    let full: serde_json::Value = full.await.json().await.expect("JSON");
    assert_eq!(full["error"]["code"], "full");
    let health = http().get(format!("{}/healthz", process.origin)).send().await.expect("an answer");
    assert_eq!(health.status(), 200);
    for request in busy {
        request.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_heads_and_bodies_end_in_time_where_there_is_room_for_them() {
    enough_files();
    let office = Office::new().await;
    office.configure("[limits]\nconnections = 4000\nheader_seconds = 2\nbody_seconds = 2\nburst = 10000");
    let process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    let head = "POST /token HTTP/1.1\r\nhost: a\r\n";
    let body = format!("{head}authorization: Bearer {access_token}\r\ncontent-length: 100\r\n\r\n{{");
    for begin in [head, &body] {
        let mut slow = slow_connections(&process, begin).await;
        let took = good_request(&process, &access_token).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        let ended = async {
            for stream in &mut slow {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("all of them end");
        assert!(connections(&process).await < 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_and_again_on_one_connection_is_not_shut_out_by_newcomers() {
    enough_files();
    let office = Office::new().await;
    office.configure("[limits]\nconnections = 100\nheader_seconds = 600\nburst = 1000");
    let process = office.start().await;
    let mut good = TcpStream::connect(process.address()).await.expect("a connection");
    let mut ask = async || {
        good.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
        let mut bytes = [0; 1_024];
        let count = good.read(&mut bytes).await.expect("an answer");
        String::from_utf8_lossy(&bytes[..count]).starts_with("HTTP/1.1 200")
    };
    assert!(ask().await);
    let _slow = slow_connections(&process, "GET /hea").await;
    assert!(ask().await);
}
