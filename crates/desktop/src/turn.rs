//! One process at a time. Two processes that renew one session would spend one
//! token twice, and Clerk ends a session whose token comes a second time. So
//! whoever renews, or signs out, takes its turn first: an advisory lock on an
//! empty file. The system gives it back when the file is closed, which a crash
//! does too.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use same_file::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::disk;

/// How long the app waits for another process. A renewal that finds Clerk
/// silent takes half of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a lock that somebody else holds.
const PAUSE: Duration = Duration::from_millis(20);

/// The turns of everything that is renewed: one for each name.
pub(crate) struct Turns {
    folder: PathBuf,
    patience: Duration,
    /// Whoever waits in this process stands in a queue, and only the first of
    /// it asks for the file.
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// Another process has had its turn for longer than anybody's patience. It may
/// be spending the token at this moment, so nobody else may: a session that is
/// late is renewed later, a token that is spent twice ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Another Perch on this computer is renewing this session and does not finish.")]
pub(crate) struct Busy;

impl Busy {
    /// A name that does not change between versions.
    pub(crate) fn code(self) -> &'static str {
        "session-busy"
    }

    /// What to do now.
    pub(crate) fn next_step(self) -> &'static str {
        "Close the other Perch. This one tries again by itself."
    }
}

impl Turns {
    /// The turns whose files are in `folder`, which is made when it is needed.
    /// `patience` is how long [`Turns::take`] waits for another process.
    pub(crate) fn new(folder: PathBuf, patience: Duration) -> Self {
        Self { folder, patience, queues: Mutex::default() }
    }

    /// Waits until it is this caller's turn for `name`, a tenant's or a
    /// person's id. May be dropped while it waits.
    ///
    /// Where the disk does not take the file (it is full, or read-only), the
    /// turn excludes only those who ask the same `Turns`: better a renewal that
    /// another process could repeat in the same second than none at all. A
    /// warning in the log tells.
    ///
    /// # Errors
    /// [`Busy`] when another process still has its turn after the patience,
    /// which counts from the call. Those who wait in this process are not
    /// counted against it: each of them has time limits of its own.
    pub(crate) async fn take(&self, name: &str) -> Result<Turn, Busy> {
        debug_assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "`{name}` is no id");
        let deadline = Instant::now() + self.patience;
        let queue = self.queue(name).lock_owned().await;
        let path = self.folder.join(format!("{name}.lock"));
        let file = loop {
            match attempt(path.clone()).await {
                Ok(Some(file)) => break Some(file),
                Ok(None) if Instant::now() >= deadline => return Err(Busy),
                Ok(None) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::warn!(%error, "no lock file: another Perch could renew the same session at the same time");
                    break None;
                }
            }
        };
        Ok(Turn { file, path, _queue: queue })
    }

    /// Waits until nobody in this process has a turn.
    pub(crate) async fn all_over(&self) {
        let queues: Vec<_> = self.queues.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for queue in queues {
            drop(queue.lock().await);
        }
    }

    fn queue(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(name.to_owned()).or_default().clone()
    }
}

/// A turn. It lasts until it is dropped, or the process dies.
#[must_use = "the turn is over when this is dropped"]
pub(crate) struct Turn {
    /// `None` where the disk did not take it.
    file: Option<File>,
    path: PathBuf,
    _queue: OwnedMutexGuard<()>,
}

impl Turn {
    /// Removes the file and gives the turn back: there is nothing left to take
    /// turns for. Only who has the turn can do this, because to remove a file
    /// that somebody holds would let the next one in beside them.
    pub(crate) fn remove(self) -> io::Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Removes the file of the last turn, where there is one. It is empty: where it
/// stays, it tells nothing.
pub(crate) fn leave_no_trace(turn: Option<Turn>) {
    if let Some(Err(error)) = turn.map(Turn::remove) {
        tracing::info!(%error, "the file of a turn was not removed");
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing alone is not enough: between its fork and its exec, a child
        // process has the same open file. And Windows takes its time.
        if let Some(Err(error)) = self.file.as_ref().map(File::unlock) {
            tracing::warn!(%error, "a lock was not given back before its file was closed");
        }
    }
}

/// Tries once, on a thread that may block. `None` when somebody else has it.
async fn attempt(path: PathBuf) -> io::Result<Option<File>> {
    let attempt = tokio::task::spawn_blocking(move || lock(open(&path)?, &path));
    attempt.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        disk::create_private_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Locks `file`, which was opened at `path`. `None` when somebody else has it,
/// and when its last holder removed it since it was opened: then it is locked
/// in vain, because the next one finds another file at `path`, or makes it.
fn lock(file: File, path: &Path) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    match Handle::from_path(path) {
        Ok(there) => Ok((Handle::from_file(file.try_clone()?)? == there).then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicBool, Ordering};

    use tempfile::TempDir;

    use super::*;

    const NAME: &str = "0123456789abcdef0123456789abcdef";

    /// Long, because no test may fail only because a machine was slow.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(100);

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn turns(folder: &TempDir, patience: Duration) -> Turns {
        Turns::new(folder.path().join("turns"), patience)
    }

    #[tokio::test]
    async fn two_that_know_nothing_of_each_other_take_turns() {
        let folder = folder();
        let (ours, theirs) = (turns(&folder, LONG), turns(&folder, SHORT));
        let turn = ours.take(NAME).await.expect("free");
        assert_eq!(theirs.take(NAME).await.err(), Some(Busy));
        drop(turn);
        assert!(theirs.take(NAME).await.is_ok());
    }

    #[tokio::test]
    async fn another_name_is_another_turn() {
        let folder = folder();
        let turns = turns(&folder, SHORT);
        let _turn = turns.take(NAME).await.expect("free");
        assert!(turns.take(&NAME.replace('0', "f")).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_has_the_turn_as_soon_as_it_is_given_back() {
        let folder = folder();
        let (ours, theirs) = (turns(&folder, LONG), turns(&folder, LONG));
        let turn = ours.take(NAME).await.expect("free");
        let waiting = tokio::spawn(async move { theirs.take(NAME).await.map(drop) });
        tokio::time::sleep(SHORT).await;
        assert!(!waiting.is_finished());
        drop(turn);
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_queue_in_this_process_is_not_taken_for_another_process() {
        let folder = folder();
        let turns = Arc::new(turns(&folder, Duration::ZERO));
        let turn = turns.take(NAME).await.expect("free");
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(NAME).await.map(drop) }
        });
        tokio::time::sleep(SHORT).await;
        assert!(!waiting.is_finished(), "it waits beyond its patience with other processes");
        drop(turn);
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_holds_nothing() {
        let folder = folder();
        let (ours, theirs) = (turns(&folder, LONG), turns(&folder, LONG));
        let turn = ours.take(NAME).await.expect("free");
        assert!(tokio::time::timeout(SHORT, theirs.take(NAME)).await.is_err());
        assert!(tokio::time::timeout(SHORT, ours.take(NAME)).await.is_err());
        drop(turn);
        assert!(ours.take(NAME).await.is_ok());
        assert!(theirs.take(NAME).await.is_ok());
    }

    #[tokio::test]
    async fn a_process_that_is_killed_gives_its_turn_back() {
        const FOLDER: &str = "PERCH_TEST_TURNS";
        if let Some(folder) = std::env::var_os(FOLDER) {
            let _turn = Turns::new(folder.into(), LONG).take(NAME).await.expect("free");
            std::io::stdout().write_all(b"\ntaken\n").expect("said");
            std::future::pending::<()>().await;
        }
        let folder = folder();
        let (_, module) = module_path!().split_once("::").expect("a module");
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "--nocapture", &format!("{module}::a_process_that_is_killed_gives_its_turn_back")])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        assert!(said.lines().any(|line| line.expect("text") == "taken"), "the other process has its turn");

        let held = Turns::new(folder.path().to_owned(), SHORT).take(NAME).await.err();
        child.kill().expect("killed");
        let after = Turns::new(folder.path().to_owned(), LONG).take(NAME).await;
        child.wait().expect("gone");
        assert_eq!(held, Some(Busy));
        assert!(after.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_was_removed_while_it_was_opened_is_nobodys_turn() {
        let folder = folder();
        let turns = turns(&folder, SHORT);
        let path = turns.folder.join(format!("{NAME}.lock"));
        let turn = turns.take(NAME).await.expect("free");
        let (early, late) = (open(&path).expect("opened"), open(&path).expect("opened"));
        turn.remove().expect("removed");
        assert!(lock(early, &path).expect("no error").is_none(), "there is no file");
        let _turn = turns.take(NAME).await.expect("free");
        assert!(lock(late, &path).expect("no error").is_none(), "there is another file");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_two_are_ever_at_it_together_also_where_each_removes_the_file() {
        let folder = folder();
        let inside = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (turns, inside) = (turns(&folder, LONG), inside.clone());
                tokio::spawn(async move {
                    for round in 0..20 {
                        let turn = turns.take(NAME).await.expect("in time");
                        assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        inside.store(false, Ordering::SeqCst);
                        match round % 2 {
                            0 => turn.remove().expect("removed"),
                            _ => drop(turn),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("alone");
        }
    }

    #[tokio::test]
    async fn nothing_is_left_when_the_turn_is_removed() {
        let folder = folder();
        let turns = turns(&folder, SHORT);
        turns.take(NAME).await.expect("free").remove().expect("removed");
        assert_eq!(fs::read_dir(&turns.folder).expect("listed").count(), 0);
        assert!(turns.take(NAME).await.is_ok());
    }

    #[tokio::test]
    async fn where_the_disk_takes_no_file_this_process_still_takes_turns() {
        let folder = folder();
        let turns = turns(&folder, SHORT);
        fs::write(&turns.folder, "a file where the folder should be").expect("written");
        let turn = turns.take(NAME).await.expect("a turn without a file");
        assert!(turn.file.is_none());
        assert!(tokio::time::timeout(SHORT, turns.take(NAME)).await.is_err(), "it waits");
        turn.remove().expect("nothing to remove");
        assert!(turns.take(NAME).await.is_ok());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_its_owners_alone_and_empty() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let turns = turns(&folder, SHORT);
        let turn = turns.take(NAME).await.expect("free");
        let file = fs::metadata(&turn.path).expect("there");
        assert_eq!((file.permissions().mode() & 0o777, file.len()), (0o600, 0));
        assert_eq!(fs::metadata(&turns.folder).expect("there").permissions().mode() & 0o777, 0o700);
    }
}
