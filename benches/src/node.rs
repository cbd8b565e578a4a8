//! The peers that run in Node: one process of `benches/peers.mjs`, asked for
//! some turns of a task at a time.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::Serialize;

use crate::decode::ALLOCATOR;
use crate::error::BenchError;

/// From the repository's root.
const PEERS: &str = "benches/peers.mjs";

/// What Node does once a turn.
#[derive(Debug, Serialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Task {
    /// `JSON.parse` of the file's bytes, and each value into its column's array.
    Decode {
        /// The file with a pipe's answer.
        file: String,
    },
    /// The file's bytes to the SVG of a line chart, by Apache ECharts.
    Render {
        /// The file with a pipe's answer.
        file: String,
        /// In CSS pixels.
        width: u32,
        /// In CSS pixels.
        height: u32,
        /// How ECharts leaves out points; it draws them all without.
        #[serde(skip_serializing_if = "Option::is_none")]
        sampling: Option<&'static str>,
    },
    /// Line charts that are there already, resized and drawn anew by Apache
    /// ECharts.
    Redraw {
        /// The file with a pipe's answer for each chart.
        files: Vec<String>,
        /// The width and the height that they have by turns.
        sizes: [[u32; 2]; 2],
    },
    /// A token signed by the npm package `jose`.
    Mint {
        /// The key's text.
        secret: String,
        /// All of the claims.
        claims: serde_json::Value,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    task: &'a Task,
    turns: usize,
}

/// The process. It ends when this is dropped.
pub struct Node {
    child: Child,
    tasks: ChildStdin,
    times: BufReader<ChildStdout>,
}

impl Node {
    /// Starts the `node` of the path.
    pub fn start() -> Result<Self, BenchError> {
        let mut child = Command::new("node")
            .arg(PEERS)
            .env_remove(ALLOCATOR.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("node, which `make bench` finds or installs: {error}"))
            })?;
        let (tasks, times) =
            child.stdin.take().zip(child.stdout.take()).ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(Self { child, tasks, times: BufReader::new(times) })
    }

    /// Lets Node do `task` so many times. How long each took, by Node's clock.
    pub fn times(&mut self, task: &Task, turns: usize) -> Result<Vec<Duration>, BenchError> {
        let line = serde_json::to_string(&Line { task, turns }).map_err(io::Error::from)?;
        writeln!(self.tasks, "{line}")?;
        let mut answer = String::new();
        self.times.read_line(&mut answer)?;
        let nanoseconds: Vec<u64> = serde_json::from_str(&answer).map_err(|_| {
            BenchError::InVain("Node, whose own words stand above: are benches/node_modules there?".to_owned())
        })?;
        Ok(nanoseconds.into_iter().map(Duration::from_nanos).collect())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
