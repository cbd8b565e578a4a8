//! A WebDriver server, ended with the test that started it.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Map, Value};

use super::eventually;

/// A driver's process and the session it opened.
pub struct Driver {
    process: Child,
    pub session: Client,
}

impl Driver {
    /// Starts `command`, which listens on `port`, and opens a session.
    pub async fn start(mut command: Command, port: u16, capabilities: Value) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let process =
            command.stdin(Stdio::null()).process_group(0).spawn().unwrap_or_else(|error| {
                panic!("{program} does not start ({error}); run `make test`, which installs it")
            });
        let Value::Object(capabilities) = capabilities else { panic!("capabilities are an object") };
        let address = format!("http://127.0.0.1:{port}");
        let session = eventually("the driver to open a session", || open(&address, &capabilities)).await;
        Self { process, session }
    }

    /// Closes the session, which ends what it drives, and then the driver.
    pub async fn quit(mut self) {
        self.session.clone().close().await.expect("the session closes");
        self.end();
    }

    /// Ends the driver with all that it started, so that a test that failed
    /// leaves no window behind that the next one would talk to.
    fn end(&mut self) {
        let group = format!("-{}", self.process.id());
        // Fails only when all of them have already ended.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

async fn open(address: &str, capabilities: &Map<String, Value>) -> Option<Client> {
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    ClientBuilder::new(connector).capabilities(capabilities.clone()).connect(address).await.ok()
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
