//! A program in its real window, driven by WebDriver as the end-to-end tests drive
//! Perch: `tauri-driver` and WebKitGTK's own driver, both on the path.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::error::BenchError;

/// After this long, something is stuck, not slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The window, until it is dropped.
pub struct Window {
    driver: Child,
    session: Client,
}

impl Window {
    /// Opens the window of the program that was built into the same folder as
    /// this one: `perch`, or another.
    pub async fn open(program: &str, environment: &[(&'static str, PathBuf)]) -> Result<Self, BenchError> {
        let program = std::env::current_exe()?.with_file_name(program);
        let (port, native) = (free_port()?, free_port()?);
        let driver = Command::new("tauri-driver")
            .args(["--port", &port.to_string(), "--native-port", &native.to_string()])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut driver = Driver(Some(driver));
        let capabilities = json!({ "browserName": "wry", "tauri:options": { "application": program } });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let address = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The driver needs a moment until it listens.
            let mut session = ClientBuilder::new(HttpConnector::new());
            match session.capabilities(capabilities.clone()).connect(&address).await {
                Ok(session) => {
                    let driver = driver.0.take().ok_or_else(|| BenchError::InVain("the driver".to_owned()))?;
                    return Ok(Self { driver, session });
                }
                Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => return Err(BenchError::InVain(format!("the window: {error}"))),
            }
        }
    }

    /// What a script in the page answers.
    pub async fn script<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> Result<T, BenchError> {
        let answer = self.session.execute(script, arguments).await?;
        Ok(serde_json::from_value(answer).map_err(std::io::Error::from)?)
    }

    /// Asks a script again and again until it answers something.
    pub async fn eventually<T: DeserializeOwned>(
        &self,
        what: &str,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<T, BenchError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = self.script(script, arguments.clone()).await? {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                return Err(BenchError::InVain(what.to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Moves the pointer to a place in the window, in CSS pixels.
    pub async fn point(&self, x: f64, y: f64) -> Result<(), BenchError> {
        let to = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveTo { duration: None, x, y });
        Ok(self.session.perform_actions(to).await?)
    }

    /// Clicks on the first element that a CSS selector finds.
    pub async fn click(&self, selector: &str) -> Result<(), BenchError> {
        Ok(self.session.find(Locator::Css(selector)).await?.click().await?)
    }

    /// Closes the window.
    pub async fn close(self) -> Result<(), BenchError> {
        Ok(self.session.clone().close().await?)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        end(&mut self.driver);
    }
}

/// A driver without a window yet.
struct Driver(Option<Child>);

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(driver) = &mut self.0 {
            end(driver);
        }
    }
}

/// Ends a driver with all that it started.
fn end(driver: &mut Child) {
    let group = format!("-{}", driver.id());
    // Fails only when all of them have already ended.
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = driver.wait();
}

/// A port that nobody listens on.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
