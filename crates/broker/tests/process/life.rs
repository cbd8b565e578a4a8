//! Starting and ending.

use perch_sandbox::Sandbox;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::{Office, Process, eventually, http};

/// Sends the head of a request and the beginning of its body, once the broker
/// has said that it waits for that.
async fn begin(process: &Process, access_token: &str, body: &[u8], sent: usize) -> TcpStream {
    let mut request = TcpStream::connect(process.address()).await.expect("a connection");
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nauthorization: Bearer {access_token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    request.write_all(head.as_bytes()).await.expect("sent");
    let mut told = [0; 25];
    request.read_exact(&mut told).await.expect("an answer");
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    request.write_all(&body[..sent]).await.expect("sent");
    request
}

#[tokio::test]
async fn a_graceful_end_finishes_what_is_under_way_and_accepts_nobody_new() {
    let office = Office::new().await;
    let mut process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    // A request whose body is still to come, and a connection that is idle.
    let body = br#"{"refused_key":"00000000"}"#;
    let mut request = begin(&process, &access_token, body, 5).await;
    let mut idle = TcpStream::connect(process.address()).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    assert!(idle.read(&mut [0; 1_024]).await.expect("an answer") > 0);

    process.terminate();
    let address = process.address();
    eventually("nobody new comes in", async || TcpStream::connect(address).await.err()).await;
    request.write_all(&body[5..]).await.expect("sent");

    let mut answer = String::new();
    request.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"token\""), "{answer}");
    assert_eq!(process.end().await, Some(0));
}

#[tokio::test]
async fn who_does_not_come_to_an_end_is_cut_off() {
    let office = Office::new().await;
    office.configure("[limits]\nstop_seconds = 1\nbody_seconds = 60");
    let mut process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    let _request = begin(&process, &access_token, b"{\"refused", 1).await;
    process.terminate();
    assert_eq!(process.end().await, Some(0));
    eventually("it is told", async || process.output().iter().any(|line| line.contains("cut off")).then_some(())).await;
}

#[tokio::test]
async fn help_names_every_variable_that_is_read() {
    let office = Office::new().await;
    let output = office.command().arg("--help").output().await.expect("an end");
    let told = String::from_utf8(output.stdout).expect("text");
    let source = include_str!("../../src/settings.rs");
    let read = source.split('"').filter(|word| word.starts_with("PERCH_BROKER_"));
    let missing: Vec<&str> = read.filter(|name| !told.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(told.contains("TINYBIRD_JWT_SECRET_PREVIOUS") && told.contains("/crates/broker/README.md"), "{told}");
}

/// The file of the Clerk and Tinybird template for Next.js, filled in, with
/// what else it has.
fn env_file(sandbox: &Sandbox) -> String {
    format!(
        r#"# Tinybird
TINYBIRD_WORKSPACE_ID={}
TINYBIRD_JWT_SECRET="{}"
NEXT_PUBLIC_TINYBIRD_API_URL={}

# Clerk
CLERK_SECRET_KEY={}
NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY={}
NEXT_PUBLIC_CLERK_SIGN_IN_URL=/sign-in
NEXT_PUBLIC_CLERK_AFTER_SIGN_IN_URL='/'
"#,
        sandbox.workspace_id(),
        sandbox.admin_token(),
        sandbox.tinybird(),
        sandbox.secret_key(),
        sandbox.publishable_key()
    )
}

#[tokio::test]
async fn the_templates_env_file_a_client_id_and_the_pipes_start_a_broker() {
    let office = Office::new().await;
    office.write(".env", &env_file(&office.sandbox));
    let variables = [
        ("PERCH_BROKER_LISTEN", "127.0.0.1:0"),
        ("PERCH_BROKER_CLERK_API", office.sandbox.backend()),
        ("PERCH_BROKER_PUBLIC_URL", "https://tokens.acme.example"),
        ("PERCH_BROKER_CLIENT_IDS", office.sandbox.client_id()),
        ("PERCH_BROKER_PIPES", "kpis, top_pages"),
    ];
    let mut command = office.command();
    let process = Process::start(command.envs(variables).args(["--env-file", ".env"])).await;

    let access_token = office.access_token("grace", "larkspur-books").await;
    let answer = http().post(format!("{}/token", process.origin)).bearer_auth(&access_token).send().await;
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");

    let token = answer["token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let ask = async |pipe: &str| {
        let address = format!("{}/v0/pipes/{pipe}.json", office.sandbox.tinybird());
        http().get(address).bearer_auth(token).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((ask("top_pages").await, ask("funnel").await), (200, 403));
    let served = http().get(format!("{}/connection", process.origin)).bearer_auth(&access_token).send().await;
    let served: Value = served.expect("an answer").json().await.expect("JSON");
    let connection = perch_tenant::Connection::parse(served["connection"].as_str().expect("a text"));
    assert_eq!(connection.expect("a connection").clerk.issuer.as_str(), office.sandbox.clerk());
}

#[tokio::test]
async fn check_says_what_is_wrong_and_exits() {
    let office = Office::new().await;
    let check = async |office: &Office| {
        let mut command = office.command();
        command.env("CLERK_SECRET_KEY", "sk_test_abc").env("TINYBIRD_JWT_SECRET", "p.abc");
        let output = command.args(["check", "--config", "broker.toml"]).output().await.expect("an end");
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).expect("text"))
    };
    let (code, told) = check(&office).await;
    assert!(code == Some(0) && told.contains("is right"), "{told}");
    office.configure("lifetime_seconds = 5");
    let (code, told) = check(&office).await;
    assert!(code == Some(1) && told.contains("broker.toml:5:20: `lifetime_seconds`"), "{told}");
    office.configure("");
    std::fs::create_dir(office.folder.path().join("dashboards")).expect("a folder");
    office.write("dashboards/one.toml", "version = 1\n");
    let (code, told) = check(&office).await;
    assert!(code == Some(1) && told.contains("one.toml:") && told.contains("not served"), "{told}");
}

#[tokio::test]
async fn each_request_is_one_line_of_json() {
    let office = Office::new().await;
    let process = office.start().await;
    let access_token = office.access_token("ada", "harbor-coffee").await;
    let answer = http().post(format!("{}/token", process.origin)).bearer_auth(&access_token).send().await;
    let id = answer.expect("an answer").headers()["x-request-id"].to_str().expect("text").to_owned();
    http().get(format!("{}/secret-in-a-path?token=x", process.origin)).send().await.expect("an answer");

    let lines = process.answers(2).await;
    assert_eq!(lines.len(), 2);
    let (line, other) = (&lines[0], &lines[1]);
    assert_eq!((&line["method"], &line["path"], &line["status"]), (&"POST".into(), &"/token".into(), &200.into()));
    assert_eq!((&line["code"], &line["request_id"]), (&"ok".into(), &id.into()));
    assert!(line["user_id"].as_str().is_some_and(|id| id.starts_with("user_")));
    assert!(line["org_id"].as_str().is_some_and(|id| id.starts_with("org_")));
    assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0));
    assert_eq!((&other["path"], &other["status"], &other["user_id"]), (&"none".into(), &404.into(), &Value::Null));
}
