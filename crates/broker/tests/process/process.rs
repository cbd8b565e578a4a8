//! `perch-broker` as a child, with what it writes.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use perch_sandbox::{Options, Sandbox, visitor};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

pub const BINARY: &str = env!("CARGO_BIN_EXE_perch-broker");

/// A broker under way. Dropping it ends it.
pub struct Process {
    pub child: Child,
    pub origin: String,
    lines: Arc<Mutex<Vec<String>>>,
}

/// A sandbox, and a folder with a configuration for it.
pub struct Office {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

impl Office {
    pub async fn new() -> Self {
        let sandbox = Sandbox::start(Options { events: 300, ..Options::default() }).await.expect("a sandbox");
        let office = Self { sandbox, folder: tempfile::tempdir().expect("a folder") };
        let connection = office.sandbox.broker_connection_toml("https://tokens.acme.example");
        office.write("connection.toml", &connection);
        office.write("claims.json", &office.sandbox.claims_template());
        office.configure("");
        office
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    /// Writes `broker.toml` with `more` at its end.
    pub fn configure(&self, more: &str) {
        let api = self.sandbox.backend();
        let usual = "listen = \"127.0.0.1:0\"\nconnection = \"connection.toml\"\ntemplate = \"claims.json\"";
        self.write("broker.toml", &format!("{usual}\nclerk_api = \"{api}\"\n{more}"));
    }

    /// A broker by its configuration, with the two keys as variables.
    pub async fn start(&self) -> Process {
        let mut command = self.command();
        command.env("CLERK_SECRET_KEY", self.sandbox.secret_key());
        command.env("TINYBIRD_JWT_SECRET", self.sandbox.admin_token());
        Process::start(command.arg("--config").arg(self.folder.path().join("broker.toml"))).await
    }

    /// The binary, in the folder and without anybody's variables.
    pub fn command(&self) -> Command {
        bare(self.folder.path())
    }

    pub async fn access_token(&self, handle: &str, organization: &str) -> String {
        let tokens = visitor::tokens(&self.sandbox, handle, organization).await.expect("tokens");
        tokens["access_token"].as_str().expect("a token").to_owned()
    }
}

fn bare(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(folder).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

impl Process {
    /// Starts a broker, and waits until it is ready.
    pub async fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        let lines = Arc::default();
        collect(child.stdout.take().expect("an output"), &lines);
        collect(child.stderr.take().expect("an output"), &lines);
        let mut process = Self { child, origin: String::new(), lines };
        let address = |line: &String| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["message"] == "listening").then(|| line["address"].as_str().map(str::to_owned))?
        };
        for _ in 0..400 {
            if let Some(address) = process.output().iter().find_map(address) {
                process.origin = format!("http://{address}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(!process.origin.is_empty(), "it does not listen: {:?}", process.output());
        for _ in 0..400 {
            let ready = http().get(format!("{}/readyz", process.origin)).send().await.expect("an answer");
            if ready.status() == 200 {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it does not get ready: {:?}", process.output());
    }

    /// What it has written so far, on both outputs.
    pub fn output(&self) -> Vec<String> {
        self.lines.lock().expect("the lines").clone()
    }

    /// The lines about answers, once there are so many.
    pub async fn answers(&self, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            let lines = self.output().into_iter().filter_map(|line| serde_json::from_str(&line).ok());
            let answers: Vec<Value> = lines.filter(|line: &Value| line["message"] == "answered").collect();
            if answers.len() >= count {
                return answers;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("there are fewer than {count} lines in {:?}", self.output());
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&self) {
        let id = self.child.id().expect("it lives");
        let pid = rustix::process::Pid::from_raw(id.try_into().expect("an id")).expect("an id");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    }

    /// The exit code, within ten seconds.
    pub async fn end(&mut self) -> Option<i32> {
        let end = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        end.expect("it ends").expect("a status").code()
    }

    pub fn address(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }
}

fn collect(output: impl AsyncRead + Unpin + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    tokio::spawn(async move {
        let mut read = BufReader::new(output).lines();
        while let Ok(Some(line)) = read.next_line().await {
            lines.lock().expect("the lines").push(line);
        }
    });
}

pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// What `look` sees at last, for at most ten seconds.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(seen) = look().await {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not happen that {what}");
}
