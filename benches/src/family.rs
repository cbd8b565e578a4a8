//! A process with all that it has started: how much memory they take together,
//! and their end.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use tokio::process::Child;

use crate::error::BenchError;

/// After this long, a process that does not end is stuck, not slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process, which this program has started. All of them end when this is
/// dropped, or at [`Family::end`].
pub struct Family(Child);

impl Family {
    /// Of a process that was started with `kill_on_drop`.
    pub fn of(head: Child) -> Self {
        Self(head)
    }

    /// The proportional set size of all processes, in megabytes: what several
    /// share counts to each by its share (`proc_pid_smaps(5)`).
    pub fn megabytes(&self) -> Result<f64, BenchError> {
        let head = self.0.id().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut all = descendants(head)?;
        all.insert(head);
        let kilobytes: f64 = all.into_iter().filter_map(proportional_kilobytes).sum();
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// Ends them all and waits until they are gone, so that the next program has
    /// the machine for itself.
    pub async fn end(mut self) -> Result<(), BenchError> {
        let others = self.0.id().map(descendants).transpose()?.unwrap_or_default();
        self.0.kill().await?;
        wait_until_gone(others).await
    }
}

/// `None` for a process that has ended meanwhile.
fn proportional_kilobytes(pid: u32) -> Option<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
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

#[cfg(test)]
mod tests {
    use tokio::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_family_takes_memory_until_it_ends_with_all_that_it_has_started() {
        let head = Command::new("sh").args(["-c", "sleep 1000 & wait"]).kill_on_drop(true).spawn().expect("a shell");
        let id = head.id().expect("it runs");
        while descendants(id).expect("readable").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let family = Family::of(head);
        let alone = proportional_kilobytes(id).expect("it runs") * 1024.0 / 1e6;
        assert!(family.megabytes().expect("readable") > alone);
        let below: Vec<u32> = descendants(id).expect("readable").into_iter().collect();
        // `sleep` is no web view and ends by nobody's death.
        for pid in &below {
            std::process::Command::new("kill").arg(pid.to_string()).status().expect("ended");
        }
        family.end().await.expect("gone");
        assert!(below.into_iter().all(|pid| proportional_kilobytes(pid).is_none()));
    }
}
