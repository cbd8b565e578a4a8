//! Where secrets are kept, and where they must not be: what the tests of the
//! two ways to sign in look through.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{App, Stage, files_below};

/// The longest secret that every system's keychain takes, in UTF-16 units:
/// Windows keeps 2,560 bytes.
const LONGEST: usize = 1_280;

/// Something to look for: what it is, and its text.
pub type Named = (String, String);

/// Every entry that Perch has in the system's keychain, asked of the keychain's
/// own tool: account and secret.
pub fn keychain() -> Vec<Named> {
    let output =
        Command::new("secret-tool").args(["search", "--all", "--unlock", "service", "dev.perch.desktop"]).output();
    let output = output.expect("secret-tool runs");
    // It prints attributes on standard error and secrets on standard output.
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let values = |text: &str, name: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(" = ")).map(str::to_owned).collect()
    };
    let both = text.join("\n");
    let (secrets, accounts) = (values(&both, "secret"), values(&both, "attribute.username"));
    assert_eq!(secrets.len(), accounts.len(), "each entry has an account and a secret");
    accounts.into_iter().zip(secrets).collect()
}

/// The entries that are not among `before`, each of which every system's
/// keychain would take. Prints how long they are.
pub fn kept_since(before: &[Named]) -> Vec<Named> {
    let kept: Vec<_> = keychain().into_iter().filter(|entry| !before.contains(entry)).collect();
    for (name, secret) in &kept {
        let length = secret.encode_utf16().count();
        eprintln!("keychain: {name} has {length} of at most {LONGEST} characters");
        assert!(length <= LONGEST, "{name} has {length} characters");
    }
    kept
}

/// The accounts of some entries.
pub fn names(entries: &[Named]) -> Vec<&str> {
    entries.iter().map(|(name, _)| name.as_str()).collect()
}

/// Keeps a copy of all that the web view receives from here on, and asks again
/// for what it received before.
pub async fn record(app: &App) {
    app.script_async(RECORD).await;
}

/// While somebody is signed in, `secrets` are not where a page, a backup or
/// another program would find them. `shown` is on the screen.
pub async fn absent_while_signed_in(secrets: &[Named], app: &App, stage: &Stage, shown: &str) {
    let received = app.script("return window.__received.join('\\n')", Vec::new()).await;
    let received = received.as_str().expect("what the web view received");
    assert!(received.contains("<svg") && received.contains(shown), "the pictures and the frame were recorded");
    absent(secrets, "what the web view received", received.as_bytes());
    let page = app.window().source().await.expect("the page");
    absent(secrets, "the page", page.as_bytes());
    let log = fs::read(stage.log()).expect("the log");
    assert!(!log.is_empty(), "the log is on");
    absent(secrets, "the log", &log);
    let files = files_below(&stage.data());
    assert!(files.iter().any(|file| file.extension().is_some_and(|extension| extension == "perch")), "{files:?}");
    for file in files.iter().chain(&files_below(&stage.config())) {
        absent(secrets, &file.display().to_string(), &fs::read(file).unwrap_or_default());
    }
    let process = process();
    for part in ["cmdline", "environ"] {
        let bytes = fs::read(process.join(part)).expect("a process of our own");
        assert!(!bytes.is_empty(), "{part} can be read");
        absent(secrets, &format!("the app's {part}"), &bytes);
    }
}

/// `secrets` are in no file: neither Perch's nor, under a WebDriver, the web view's.
pub fn absent_from_the_files(secrets: &[Named], stage: &Stage) {
    for file in files_below(&stage.data()).iter().chain(&files_below(&stage.config())) {
        absent(secrets, &file.display().to_string(), &fs::read(file).unwrap_or_default());
    }
    absent_from_the_desktop(secrets);
}

/// After sign-out, nothing of what was kept is left.
pub async fn nothing_is_left(kept: &[Named], app: &App, stage: &Stage) {
    let accounts = keychain();
    let left = names(&accounts).into_iter().filter(|name| names(kept).contains(name));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<&str>::new(), "the keychain has nothing of this person");
    let web_view = stage.data().join("webview");
    let left: Vec<_> = files_below(&stage.data()).into_iter().filter(|file| !file.starts_with(&web_view)).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "the data folder is empty");
    let storage = app.script_async(STORAGE).await;
    assert_eq!(storage, serde_json::json!([0, 0, "", 0]), "localStorage, sessionStorage, cookies, databases");
}

/// `secrets` are not in what WebKit writes for itself, in the folders of
/// `scripts/desktop`.
pub fn absent_from_the_desktop(secrets: &[Named]) {
    for folder in ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        let folder = PathBuf::from(std::env::var_os(folder).expect("run through scripts/desktop, which sets this"));
        for file in files_below(&folder).iter().filter(|file| !file.starts_with(folder.join("keyrings"))) {
            absent(secrets, &file.display().to_string(), &fs::read(file).unwrap_or_default());
        }
    }
}

/// Keeps a copy of all that the core answers and tells from here on, and asks
/// again for what it answered before. Answers come through `fetch`; events are
/// told to listeners, so this is one more.
const RECORD: &str = "
    const done = arguments[arguments.length - 1];
    const core = window.__TAURI_INTERNALS__;
    window.__received = [];
    const answer = window.fetch;
    window.fetch = async (...request) => {
      const response = await answer(...request);
      window.__received.push(await response.clone().text());
      return response;
    };
    const listen = (event) => core.invoke('plugin:event|listen', {
      event,
      target: { kind: 'Any' },
      handler: core.transformCallback(({ payload }) => window.__received.push('event ' + event + JSON.stringify(payload))),
    });
    Promise.all(['app', 'tile', 'dashboards', 'deep-link://new-url'].map(listen))
      .then(() => core.invoke('boot'))
      .then(() => done(true));";

/// What the web view stores.
const STORAGE: &str = "
    const done = arguments[arguments.length - 1];
    indexedDB.databases().then((databases) =>
      done([localStorage.length, sessionStorage.length, document.cookie, databases.length]));";

fn absent(secrets: &[Named], place: &str, bytes: &[u8]) {
    for (name, secret) in secrets {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{name} is in {place}");
    }
}

/// What a crash would write: nothing.
pub fn nothing_is_dumped() {
    let limits = fs::read_to_string(process().join("limits")).expect("the app's limits");
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().take(2).collect::<Vec<_>>(), ["0", "0"], "soft and hard");
}

/// The app's process, as the system tells of it.
fn process() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_perch"));
    let processes = fs::read_dir("/proc").expect("a system that tells of processes");
    let mut ours = processes
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|process| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == program));
    let process = ours.next().expect("the app runs");
    assert_eq!(ours.next(), None, "the app runs once");
    process
}
