//! The process that is killed: a Perch without its window, in the same desktop
//! session and so on the same keychain, that renews or signs out and says when.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::SystemTime;

use perch_desktop::view::{SignOutScope, TenantStatus};
use perch_desktop::{Desktop, Places, Surroundings};

use crate::world::{PATIENCE, eventually, open, status};

const ROLE: &str = "PERCH_CRASH_ROLE";
const FOLDER: &str = "PERCH_CRASH_FOLDER";
const TENANT: &str = "PERCH_CRASH_TENANT";

/// The exit code of a child that wants to open a browser.
const BROWSER: i32 = 9;

/// The session is confirmed, and the tenant has its token.
pub const ONLINE: &str = "online";
/// The viewer signs out now.
pub const SIGNING_OUT: &str = "signing out";
/// The viewer has signed out.
pub const SIGNED_OUT: &str = "signed out";

/// What the child is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To start. It has no access token, so it renews.
    Renew,
    /// To start, and then to sign out.
    SignOut,
}

/// The child, seen from the test. It ends with this value.
pub struct Child {
    process: process::Child,
    said: Receiver<String>,
}

impl Child {
    /// Starts one that opens `tenant` in `folder`.
    pub fn start(role: Role, folder: &Path, tenant: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", crate::renewal::ENTRY, "--include-ignored", "--nocapture"])
            .env(ROLE, if role == Role::SignOut { "sign-out" } else { "renew" })
            .env(FOLDER, folder)
            .env(TENANT, tenant)
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (say, said) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        Self { process, said }
    }

    /// Waits until it says a line.
    pub fn wait_for(&self, line: &str) {
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(said) if said == line => return,
                Ok(said) => assert!(!said.starts_with("closed"), "`{said}` came before `{line}`"),
                Err(error) => panic!("waited in vain for `{line}`: {error}"),
            }
        }
    }

    /// Kills it. It must have been at work until then.
    pub fn kill(mut self) {
        self.process.kill().expect("killed");
        let status = self.process.wait().expect("gone");
        if cfg!(unix) {
            assert_eq!(status.code(), None, "it ended by itself, with {BROWSER} for a browser: {status}");
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Killed already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Lives a child's life, where this process is one.
pub fn live() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let variable = |name| std::env::var(name).expect("told by the test");
    let (folder, tenant) = (PathBuf::from(variable(FOLDER)), variable(TENANT));
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let app = Desktop::open(Surroundings {
            places: Places { config: folder.join("config"), data: folder.join("data"), bundled: None },
            clock: Arc::new(SystemTime::now),
            locale: "en".to_owned(),
            events: Box::new(|_| {}),
            links_arrive: Box::new(|| true),
            browser: Box::new(|_| process::exit(BROWSER)),
        })
        .expect("the app opens");
        app.boot().await;
        open(&app, &tenant).await;
        eventually("the session to be confirmed", || async {
            match status(&app, &tenant) {
                TenantStatus::Online => Some(()),
                TenantStatus::Closed { problem } => {
                    say(&format!("closed: {}", problem.code));
                    Some(())
                }
                _ => None,
            }
        })
        .await;
        app.token(&tenant).await.expect("the tenant's token");
        say(ONLINE);
        if role == "sign-out" {
            say(SIGNING_OUT);
            app.sign_out(&SignOutScope::Tenant { tenant }).await.expect("signed out");
            say(SIGNED_OUT);
        }
        std::future::pending::<()>().await;
    });
}

fn say(line: &str) {
    // After what the test's own frame has written to this line.
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).expect("said");
}
