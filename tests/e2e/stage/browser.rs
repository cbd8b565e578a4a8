//! The system's browser: a headless Chromium, opened by the app through
//! `xdg-open` and `BROWSER`, and then driven through ChromeDriver.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::json;

use super::driver::Driver;
use super::eventually;

/// What a person sets up when they tick *Always allow* in the browser's question
/// whether a page may open a link of another program.
const OPENER: &str = r#"#!/bin/sh
profile=$(mktemp -d 'FOLDER/profile-XXXXXX')
mkdir "$profile/Default"
page=$(printf %s "$1" | cut -d / -f 1-3)
printf '{"protocol_handler":{"allowed_origin_protocol_pairs":{"%s":{"perch":true}}}}' "$page" >"$profile/Default/Preferences"
exec BROWSER --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
  --password-store=basic --remote-debugging-port=0 --user-data-dir="$profile" "$1" >"$profile/log" 2>&1
"#;

/// One Chromium that the app opened.
pub struct Browser {
    driver: Driver,
}

impl Browser {
    /// Makes a program the desktop's browser, as a person does in its settings:
    /// a Chromium with a new profile at each call, listening for a driver, in
    /// which the page that is opened may open Perch's links without a question.
    /// Answers with its path, for `BROWSER`, which counts where no desktop does.
    pub fn install_opener(folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).expect("a folder");
        let opener = folder.join("open");
        let script = OPENER
            .replace("FOLDER", &folder.display().to_string())
            .replace("BROWSER", &program("PERCH_TEST_BROWSER", "chromium"));
        fs::write(&opener, script).expect("the opener is written");
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("the opener runs");
        make_default(&opener);
        opener
    }

    /// How many browsers were opened so far.
    pub fn count(folder: &Path) -> usize {
        profiles(folder).len()
    }

    /// Takes hold of the browser that was opened after the first `before`.
    pub async fn attach(folder: &Path, before: usize) -> Self {
        let address = eventually("the app to open a browser", || async {
            let profile = (profiles(folder).len() > before).then(|| newest(folder))?;
            let port = fs::read_to_string(profile.join("DevToolsActivePort")).ok()?;
            Some(format!("127.0.0.1:{}", port.lines().next()?))
        })
        .await;
        let command = |port: u16| {
            let mut command = Command::new(program("PERCH_TEST_DRIVER", "chromedriver"));
            command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let options = json!({ "browserName": "chrome", "goog:chromeOptions": { "debuggerAddress": address } });
        Self { driver: Driver::start(command, options).await }
    }

    /// The browser's session.
    pub fn page(&self) -> &Client {
        &self.driver.session
    }

    /// Signs a person in at the sandbox's Clerk and allows Perch one
    /// organization; ends on Perch's own page.
    pub async fn sign_in(&self, person: &str, organization: &str) {
        self.choose_person(person).await;
        self.allow(organization).await;
    }

    /// Signs a person in, by handle.
    pub async fn choose_person(&self, person: &str) {
        self.click(&format!("button[data-person=\"{person}\"]")).await;
    }

    /// Allows Perch an organization, by slug, and waits until the browser is
    /// back at Perch's own page.
    pub async fn allow(&self, organization: &str) {
        let known = perch_sandbox::organizations().iter().find(|known| known.slug == organization);
        let id = known.expect("an organization of the sandbox").id;
        self.click(&format!("input[name=organization][value=\"{id}\"]")).await;
        self.click("button#allow").await;
        self.wait_for_return().await;
    }

    /// The element of the page, as soon as it is there.
    pub async fn find(&self, selector: &str) -> Element {
        eventually(selector, || async { self.page().find(Locator::Css(selector)).await.ok() }).await
    }

    /// Waits until the browser is back at Perch's own page.
    pub async fn wait_for_return(&self) {
        eventually("the browser to come back to Perch", || async {
            let url = self.page().current_url().await.ok()?;
            (url.path() == "/callback").then_some(())
        })
        .await;
    }

    /// The authorization code in the address that the browser came back with.
    pub async fn code(&self) -> String {
        let url = self.page().current_url().await.expect("an address");
        let code = url.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned());
        code.expect("a code in the callback's address")
    }

    /// The link by which the browser went back to the app, which the page of a
    /// hosted sign-in holds for a browser that did not.
    pub async fn link(&self) -> String {
        self.page().refresh().await.expect("the page comes again");
        let link = self.find("a#return").await;
        link.attr("href").await.expect("an attribute").expect("an address")
    }

    async fn click(&self, selector: &str) {
        eventually(selector, || async { self.page().find(Locator::Css(selector)).await.ok()?.click().await.ok() })
            .await;
    }

    /// Closes the browser.
    pub async fn quit(self) {
        self.driver.quit().await;
    }
}

/// The desktop's way of naming a default browser: an application's entry, and
/// its name for the scheme (freedesktop.org, *MIME applications*). The folders
/// are those of `scripts/desktop`, never a person's own.
fn make_default(opener: &Path) {
    let folder = |name| PathBuf::from(std::env::var_os(name).expect("run through scripts/desktop, which sets this"));
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Browser of a test\nExec={} %u\n\
         MimeType=x-scheme-handler/http;x-scheme-handler/https;\n",
        opener.display()
    );
    let applications = folder("XDG_DATA_HOME").join("applications");
    fs::create_dir_all(&applications).expect("a folder");
    fs::write(applications.join("perch-test-browser.desktop"), entry).expect("the entry is written");
    let defaults = "[Default Applications]\nx-scheme-handler/http=perch-test-browser.desktop\n\
         x-scheme-handler/https=perch-test-browser.desktop\n";
    fs::write(folder("XDG_CONFIG_HOME").join("mimeapps.list"), defaults).expect("the default is written");
}

/// A program that a variable may name, for machines where it has another name.
fn program(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

fn profiles(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("the opener is installed")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect()
}

fn newest(folder: &Path) -> PathBuf {
    let born = |path: &PathBuf| fs::metadata(path).and_then(|data| data.created().or_else(|_| data.modified())).ok();
    profiles(folder).into_iter().max_by_key(born).expect("a profile")
}
