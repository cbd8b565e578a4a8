//! A program with a window, from its start to the moment when it says that it
//! has painted, and to its end.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::ALLOCATOR;
use crate::error::BenchError;

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
    /// It and the web view's processes are gone when this returns, so that the
    /// next one has the machine for itself.
    pub async fn time_to_paint(&self) -> Result<Duration, BenchError> {
        let mut command = Command::new(&self.path);
        command.env_remove(ALLOCATOR.0).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);

        let begun = Instant::now();
        let mut child = command.spawn()?;
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().ok_or_else(closed)?).lines();
        let painted = async {
            while let Some(line) = lines.next_line().await? {
                if line.ends_with("painted") {
                    return Ok(Some(begun.elapsed()));
                }
                said.push_str(&line);
                said.push('\n');
            }
            Ok::<_, io::Error>(None)
        };
        let painted = tokio::time::timeout(PATIENCE, painted).await;

        let family = child.id().map(descendants).transpose()?.unwrap_or_default();
        child.kill().await?;
        wait_until_gone(family).await?;
        match painted {
            Ok(time) => time?.ok_or_else(|| self.never_painted(said)),
            Err(_) => Err(self.never_painted(said)),
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

/// The processes below `ancestor`, which end by themselves after it.
fn descendants(ancestor: u32) -> io::Result<HashSet<u32>> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")?
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((pid, parent_of(pid)?))
        })
        .collect();
    let mut found = HashSet::from([ancestor]);
    loop {
        let before = found.len();
        found.extend(
            parents.iter().filter(|(_, parent)| found.contains(parent)).map(|(pid, _)| *pid).collect::<Vec<_>>(),
        );
        if found.len() == before {
            found.remove(&ancestor);
            return Ok(found);
        }
    }
}

/// The parent of a process that still runs. In `/proc/PID/stat` the name stands
/// in parentheses and may hold some itself; the state and the parent follow.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let runs = after_name.next()? != "Z";
    after_name.next()?.parse().ok().filter(|_| runs)
}

async fn wait_until_gone(processes: HashSet<u32>) -> Result<(), BenchError> {
    let deadline = Instant::now() + PATIENCE;
    while processes.iter().any(|pid| parent_of(*pid).is_some()) {
        if Instant::now() > deadline {
            return Err(BenchError::InVain("the web view's processes to end".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
