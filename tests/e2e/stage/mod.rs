//! What a test needs around it: folders, the sandbox, the app in its window,
//! the browser that the app opens.

mod app;
mod browser;
mod driver;
mod hand;

use std::path::{Path, PathBuf};
use std::time::Duration;

use perch_sandbox::{Options, Sandbox};
use tempfile::TempDir;

pub use app::{App, Mark};
pub use browser::Browser;

/// How long a test waits for something that will come. Long, because no test
/// may fail only because a machine was slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folders of one test, and the sandbox that its app talks to.
pub struct Stage {
    folder: TempDir,
    pub sandbox: Option<Sandbox>,
    ports: (u16, u16),
    answers: Option<PathBuf>,
}

impl Stage {
    /// Empty folders and nothing else.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("perch-e2e-").tempdir().expect("a folder");
        Self { folder, sandbox: None, ports: (0, 0), answers: None }
    }

    /// A stage with a sandbox on free ports and a connection file beside the
    /// sample dashboards.
    pub async fn new() -> Self {
        Self::serving(None).await
    }

    /// The same, with hosted authentication, whose tokens Clerk signs.
    pub async fn hosted() -> Self {
        let stage = Self::new().await;
        write(&stage.connection(), &stage.sandbox().hosted_connection_toml());
        stage
    }

    /// A stage with a folder of answers served as pipes.
    pub async fn serving(answers: Option<PathBuf>) -> Self {
        let mut stage = Self { answers, ..Self::empty() };
        stage.start_sandbox().await;
        let sandbox = stage.sandbox();
        write(&stage.connection(), &sandbox.connection_toml());
        for (name, text) in Sandbox::dashboards() {
            write(&stage.dashboards().join(format!("{name}.toml")), text);
        }
        stage
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("the sandbox runs")
    }

    /// Starts the sandbox, at the addresses it had before if it ran before.
    pub async fn start_sandbox(&mut self) {
        let options = Options {
            clerk_port: self.ports.0,
            tinybird_port: self.ports.1,
            answers: self.answers.clone(),
            data: Some(self.folder.path().join("sandbox")),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        self.ports = (port(sandbox.clerk()), port(sandbox.tinybird()));
        self.sandbox = Some(sandbox);
    }

    /// Takes the sandbox away, as a network that is gone does.
    pub async fn stop_sandbox(&mut self) {
        self.sandbox.take().expect("the sandbox runs").stop().await;
    }

    /// The connection file to open.
    pub fn connection(&self) -> PathBuf {
        self.folder.path().join("connection/connection.toml")
    }

    /// The dashboards beside it.
    pub fn dashboards(&self) -> PathBuf {
        self.folder.path().join("connection/dashboards")
    }

    /// Where the app keeps its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Where each browser that the app opens has its profile.
    pub fn browsers(&self) -> PathBuf {
        self.folder.path().join("browsers")
    }

    /// What the app wrote to its log.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("perch.log")
    }
}

fn port(origin: &str) -> u16 {
    origin.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address with a port")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// Waits until `ask` answers, and fails with `what` when it does not in time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let answer = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Also ends a question that nobody answers.
    tokio::time::timeout_at(deadline, answer).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Every file in a folder and in the folders in it.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
