//! Where tokens, codes and keys must not be, while somebody is signed in and
//! after they have left.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::stage::{App, Stage, files_below};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn no_secret_is_in_the_log_the_data_or_the_web_view_and_sign_out_leaves_nothing() {
    let others = keychain();
    let stage = Stage::new().await;
    let app = App::start_connected(&stage).await;
    app.script_async(RECORD).await;
    let browser = app.open_sign_in().await;
    browser.sign_in("grace", "harbor-coffee").await;
    let code = browser.code().await;
    browser.quit().await;
    app.dashboard_of("Harbor Coffee").await;
    app.click("account").await;
    app.click("open-token").await;
    app.find("token-claims").await;
    app.click("token-panel-close").await;

    let kept: Vec<_> = keychain().into_iter().filter(|entry| !others.contains(entry)).collect();
    assert_eq!(kept.len(), 3, "a session, a store key, a signing key: {:?}", names(&kept));
    let mut secrets: Vec<(String, String)> = kept;
    secrets.push(("the authorization code".to_owned(), code));
    // Every JWT begins with `{"`, which is this in base64url.
    secrets.push(("a JWT".to_owned(), "eyJ".to_owned()));

    let received = app.script("return window.__received.join('\\n')", Vec::new()).await;
    let received = received.as_str().expect("what the web view received");
    assert!(
        received.contains("<svg") && received.contains("Harbor Coffee"),
        "the pictures and the frame were recorded"
    );
    absent(&secrets, "what the web view received", received.as_bytes());
    let page = app.window().source().await.expect("the page");
    absent(&secrets, "the page", page.as_bytes());
    let log = fs::read(stage.log()).expect("the log");
    absent(&secrets, "the log", &log);
    let files = files_below(&stage.data());
    assert!(files.iter().any(|file| file.extension().is_some_and(|extension| extension == "perch")), "{files:?}");
    for file in files.iter().chain(&files_below(&stage.config())) {
        absent(&secrets, &file.display().to_string(), &fs::read(file).unwrap_or_default());
    }

    app.sign_out().await;
    app.find("signed-out").await;
    let accounts = keychain();
    let left = names(&accounts).into_iter().filter(|name| secrets.iter().any(|(kept, _)| kept == name));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<&str>::new(), "the keychain has nothing of this tenant");
    let left: Vec<_> =
        files_below(&stage.data()).into_iter().filter(|file| !file.starts_with(stage.data().join("webview"))).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "the data folder is empty");
    let storage = app.script_async(STORAGE).await;
    assert_eq!(storage, serde_json::json!([0, 0, "", 0]), "localStorage, sessionStorage, cookies, databases");
    app.quit().await;
    // What WebKit writes for itself, in the folders of `scripts/desktop`.
    for folder in ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        let folder = PathBuf::from(std::env::var_os(folder).expect("run through scripts/desktop, which sets this"));
        for file in files_below(&folder).iter().filter(|file| !file.starts_with(folder.join("keyrings"))) {
            absent(&secrets, &file.display().to_string(), &fs::read(file).unwrap_or_default());
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
    Promise.all(['app', 'tile', 'dashboards'].map(listen)).then(() => core.invoke('boot')).then(() => done(true));";

/// What the web view stores.
const STORAGE: &str = "
    const done = arguments[arguments.length - 1];
    indexedDB.databases().then((databases) =>
      done([localStorage.length, sessionStorage.length, document.cookie, databases.length]));";

/// Every entry that Perch has in the system's keychain, asked of the keychain's
/// own tool: account and secret.
fn keychain() -> Vec<(String, String)> {
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

fn names(entries: &[(String, String)]) -> Vec<&str> {
    entries.iter().map(|(name, _)| name.as_str()).collect()
}

fn absent(secrets: &[(String, String)], place: &str, bytes: &[u8]) {
    for (name, secret) in secrets {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{name} is in {place}");
    }
}
