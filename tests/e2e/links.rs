//! Links of Perch's own scheme: who opens them, and what comes of one that
//! nobody asked for.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::stage::{App, Stage, eventually};

/// A link as a sign-in's return looks, for a sign-in that nobody began.
const STRAY: &str = "perch://callback?state=c29tZWJvZHk&rotating_token_nonce=c2VjcmV0&created_session_id=sess_1";

/// The notice that such a link brings.
const STRAY_LINK: &str = "[data-testid=\"notice\"][data-code=\"stray-link\"]";

/// The entry with which a binary from a folder registers itself.
const ENTRY: &str = "dev.perch.desktop.link.desktop";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_link_that_the_desktop_opens_comes_to_the_running_perch_whose_second_process_leaves() {
    let stage = Stage::empty();
    let app = App::start(&stage, &[]).await;
    app.find("first-run").await;
    eventually("Perch to register its links", || async { opener(Command::new("xdg-mime")).is_some().then_some(()) })
        .await;
    for program in [&["xdg-open"][..], &["gio", "open"]] {
        let handed = Command::new(program[0]).args(&program[1..]).arg(STRAY).output().expect("the desktop's opener");
        assert!(handed.status.success(), "{program:?}: {}", String::from_utf8_lossy(&handed.stderr));
        app.find_css(STRAY_LINK).await;
        app.click("notice-dismiss").await;
    }
    app.quit().await;
    let log = fs::read_to_string(stage.log()).expect("the log");
    assert!(!log.contains("c2VjcmV0"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn perch_that_a_link_starts_says_that_no_sign_in_waits_and_takes_it_for_no_file() {
    let stage = Stage::empty();
    let app = App::start(&stage, &["PERCH:", STRAY]).await;
    app.find("first-run").await;
    // Both say the same, which is told once; a file that cannot be opened would be told before.
    app.find_css(STRAY_LINK).await;
    let told = "return [...document.querySelectorAll('[data-testid=\"notice\"]')].map((one) => one.dataset.code);";
    assert_eq!(app.script(told, Vec::new()).await, serde_json::json!(["stray-link"]));
    app.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_binary_from_a_folder_registers_itself_once_and_again_where_its_folder_moves() {
    let desk = Desk::new();
    let first = desk.folder("Perch-1.0");
    desk.start_and_quit(&first).await;
    let entry = fs::read_to_string(desk.entry()).expect("an entry");
    assert!(entry.contains(&format!("\nExec={} %u\n", first.display())), "{entry}");
    assert_eq!(desk.opener().as_deref(), Some(ENTRY));

    let written = desk.written();
    desk.start_and_quit(&first).await;
    assert_eq!(desk.written(), written, "the second start writes nothing");

    let second = desk.folder("Perch 1.1");
    fs::remove_file(&first).expect("moved");
    desk.start_and_quit(&second).await;
    let entry = fs::read_to_string(desk.entry()).expect("an entry");
    assert!(entry.contains(&format!("\nExec=\"{}\" %u\n", second.display())), "{entry}");
    assert_eq!(desk.opener().as_deref(), Some(ENTRY));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn another_program_that_opens_perchs_links_stays_until_it_is_gone() {
    let desk = Desk::new();
    let perch = desk.folder("perch");
    let other = desk.folder("other");
    desk.register("other.desktop", &other);
    desk.start_and_quit(&perch).await;
    assert_eq!(desk.opener().as_deref(), Some("other.desktop"));
    assert!(!desk.entry().exists());

    fs::remove_file(&other).expect("removed");
    desk.start_and_quit(&perch).await;
    assert_eq!(desk.opener().as_deref(), Some(ENTRY));
}

#[test]
#[ignore = "needs the desktop of `make test`"]
fn help_needs_no_window_also_beside_a_link() {
    let help = Command::new(env!("CARGO_BIN_EXE_perch")).args([STRAY, "--help"]).output().expect("Perch starts");
    let said = String::from_utf8_lossy(&help.stdout);
    assert!(help.status.success() && said.contains("Usage: perch"), "{said}");
    assert!(help.stderr.is_empty() && !said.contains("c2VjcmV0"), "{said}");
}

/// The entry that opens Perch's links, asked of the desktop's own tool.
fn opener(mut xdg_mime: Command) -> Option<String> {
    let output = xdg_mime.args(["query", "default", "x-scheme-handler/perch"]).output().expect("xdg-mime runs");
    let entry = String::from_utf8(output.stdout).expect("a name").trim().to_owned();
    (!entry.is_empty()).then_some(entry)
}

/// A person's folders on a machine where nothing is installed.
struct Desk {
    room: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { room: tempfile::Builder::new().prefix("perch-e2e-").tempdir().expect("a folder") }
    }

    /// The app's binary in a folder of this name.
    fn folder(&self, name: &str) -> PathBuf {
        let binary = self.path(name).join("perch");
        fs::create_dir_all(binary.parent().expect("a folder")).expect("a folder");
        fs::hard_link(env!("CARGO_BIN_EXE_perch"), &binary)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_perch"), &binary).map(drop))
            .expect("a second name for the binary");
        binary
    }

    /// Starts the app, waits until it knows what opens its links, and ends it.
    async fn start_and_quit(&self, program: &Path) {
        let mut running = self.start(program);
        let knows = || {
            let told = fs::read_to_string(self.log()).is_ok_and(|log| log.contains("what opens links"));
            if !told && running.has_ended() {
                // The Perch of the test before was still leaving, and took this
                // one for its second process.
                running = self.start(program);
            }
            async move { told.then_some(()) }
        };
        eventually("Perch to know what opens its links", knows).await;
    }

    fn start(&self, program: &Path) -> Running {
        let child = self
            .on_desk(program)
            .env("PERCH_CONFIG_DIR", self.path("perch-config"))
            .env("PERCH_DATA_DIR", self.path("perch-data"))
            .env("PERCH_LOG", "info")
            .stdout(Stdio::null())
            .stderr(File::create(self.log()).expect("a log file"))
            .spawn();
        Running(child.expect("Perch starts"))
    }

    fn log(&self) -> PathBuf {
        self.path("log")
    }

    /// Makes `program` the one that opens Perch's links.
    fn register(&self, entry: &str, program: &Path) {
        let file = self.path("data/applications").join(entry);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        let program = program.display();
        let text = format!(
            "[Desktop Entry]\nType=Application\nName=Another\nExec={program} %u\nMimeType=x-scheme-handler/perch;\n"
        );
        fs::write(file, text).expect("the entry is written");
        fs::create_dir_all(self.path("config")).expect("a folder");
        let defaults = format!("[Default Applications]\nx-scheme-handler/perch={entry}\n");
        fs::write(self.path("config/mimeapps.list"), defaults).expect("the default is written");
    }

    fn opener(&self) -> Option<String> {
        opener(self.on_desk(Path::new("xdg-mime")))
    }

    fn entry(&self) -> PathBuf {
        self.path("data/applications").join(ENTRY)
    }

    /// When what registers was written.
    fn written(&self) -> [std::time::SystemTime; 2] {
        [self.entry(), self.path("config/mimeapps.list")]
            .map(|file| fs::metadata(file).and_then(|data| data.modified()).expect("a file"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn on_desk(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_DATA_DIRS", self.path("installed"))
            .env("XDG_CONFIG_DIRS", self.path("installed"));
        command
    }
}

/// Ends with the test.
struct Running(Child);

impl Running {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
