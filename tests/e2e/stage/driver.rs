//! A WebDriver server, ended with the test that started it.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use serde_json::{Map, Value};

/// How long one try to open a session may take.
const A_TRY: Duration = Duration::from_secs(60);

/// A driver's process and the session it opened.
pub struct Driver {
    process: Child,
    pub session: Client,
}

impl Driver {
    /// Starts the driver that `command` makes for a port, and opens a session.
    /// What it should drive can meet the last one's shadow (Perch hands over to
    /// a first instance that is just leaving), so a start that hangs is tried
    /// again.
    pub async fn start(command: impl Fn(u16) -> Command, capabilities: Value) -> Self {
        let Value::Object(capabilities) = capabilities else { panic!("capabilities are an object") };
        for _ in 0..3 {
            let port = free_port();
            let mut command = command(port);
            let program = command.get_program().to_string_lossy().into_owned();
            let mut process = command.stdin(Stdio::null()).process_group(0).spawn().unwrap_or_else(|error| {
                panic!("{program} does not start ({error}); run `make test`, which installs it");
            });
            let address = format!("http://127.0.0.1:{port}");
            match tokio::time::timeout(A_TRY, open(&address, &capabilities)).await {
                Ok(session) => return Self { process, session },
                Err(_) => end(&mut process),
            }
        }
        panic!("the driver opened no session in three tries");
    }

    /// Closes the session, which ends what it drives, and then the driver.
    pub async fn quit(mut self) {
        self.session.clone().close().await.expect("the session closes");
        end(&mut self.process);
    }
}

/// Ends a driver with all that it started, so that a test that failed leaves no
/// window behind that the next one would talk to.
fn end(process: &mut Child) {
    let group = format!("-{}", process.id());
    // Fails only when all of them have already ended.
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = process.wait();
}

impl Drop for Driver {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Asks for a session until there is one: the driver needs a moment to listen.
async fn open(address: &str, capabilities: &Map<String, Value>) -> Client {
    loop {
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let session = ClientBuilder::new(connector).capabilities(capabilities.clone()).connect(address).await;
        match session {
            Ok(session) => return session,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
