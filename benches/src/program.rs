//! A program with a window, from its start to the moment when it says that it
//! has painted, and to its end.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::sync::oneshot;

use crate::error::BenchError;
use crate::family::Family;

/// After this long, a program without a word is stuck, not slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that says `painted` at the end of a line on standard error.
pub struct Program {
    path: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Program {
    /// The program `name` that was built into the same folder as this one.
    pub fn beside_this_one(name: &str, environment: Vec<(&'static str, PathBuf)>) -> Result<Self, BenchError> {
        let path = std::env::current_exe()?.with_file_name(name);
        if !path.is_file() {
            let missing = format!("{} is not there: `make bench` builds it", path.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, missing).into());
        }
        Ok(Self { path, environment })
    }

    /// Starts the program and answers how long it took until it had painted.
    /// It and the web view's processes are gone when this returns.
    pub async fn time_to_paint(&self) -> Result<Duration, BenchError> {
        let (family, time) = self.open().await?;
        family.end().await?;
        Ok(time)
    }

    /// Starts the program and waits until it has painted; how long that took.
    pub async fn open(&self) -> Result<(Family, Duration), BenchError> {
        let mut command = Command::new(&self.path);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);

        let begun = Instant::now();
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or_else(closed)?;
        let family = Family::of(child);
        let (told, painted) = oneshot::channel();
        // Read to its end: who writes where nobody reads is killed.
        tokio::spawn(listen(stderr, begun, told));
        let painted = tokio::time::timeout(PATIENCE, painted).await.ok().and_then(Result::ok);
        match painted.unwrap_or_else(|| Err(String::new())) {
            Ok(time) => Ok((family, time)),
            Err(said) => {
                family.end().await?;
                Err(self.never_painted(said))
            }
        }
    }

    fn never_painted(&self, said: String) -> BenchError {
        let program = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        BenchError::NeverPainted { program, said }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the program's standard error could not be read")
}

/// Tells when the program says that it has painted, or, where it never does,
/// what it said instead.
async fn listen(stderr: ChildStderr, begun: Instant, told: oneshot::Sender<Result<Duration, String>>) {
    let mut lines = BufReader::new(stderr).lines();
    let (mut told, mut said) = (Some(told), String::new());
    while let Ok(Some(line)) = lines.next_line().await {
        if told.is_none() {
            continue;
        }
        if line.ends_with("painted") {
            // Who asked may have given up.
            let _ = told.take().map(|told| told.send(Ok(begun.elapsed())));
        } else {
            said.push_str(&line);
            said.push('\n');
        }
    }
    let _ = told.map(|told| told.send(Err(said)));
}
