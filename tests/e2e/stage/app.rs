//! Perch in its window.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use super::driver::{Driver, free_port};
use super::{Browser, Stage, eventually};

/// Reads the tooltip.
const TOOLTIP: &str =
    "const tip = document.querySelector(`[data-testid=\"${arguments[0]}\"] [data-testid=\"tooltip\"]`);
  if (!tip) return null;
  return {
    heading: tip.querySelector('[data-testid=\"tooltip-heading\"]')?.textContent ?? '',
    entries: [...tip.querySelectorAll('[data-testid=\"tooltip-entry\"]')].map((entry) =>
      [entry.querySelector('dt').textContent, entry.querySelector('dd').textContent]),
  };";

/// A mark as the viewer reads it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct Mark {
    pub heading: String,
    pub entries: Vec<(String, String)>,
}

/// The app, driven through its web view.
pub struct App {
    driver: Driver,
    browsers: PathBuf,
}

impl App {
    /// Starts the app on a stage, with these words on its command line.
    pub async fn start(stage: &Stage, words: &[&str]) -> Self {
        Self::start_with(stage, words, &[("GTK_THEME", "Adwaita")]).await
    }

    /// Starts the app where the system asks for dark windows.
    pub async fn start_dark(stage: &Stage) -> Self {
        Self::start_with(stage, &[], &[("GTK_THEME", "Adwaita:dark")]).await
    }

    /// Starts the app where the system asks for less motion.
    pub async fn start_calm(stage: &Stage) -> Self {
        let settings = stage.config().join("desktop");
        std::fs::create_dir_all(settings.join("gtk-3.0")).expect("a folder");
        std::fs::write(settings.join("gtk-3.0/settings.ini"), "[Settings]\ngtk-enable-animations=0\n").expect("a file");
        let settings = settings.to_str().expect("a path in UTF-8");
        Self::start_with(stage, &[], &[("GTK_THEME", "Adwaita"), ("XDG_CONFIG_HOME", settings)]).await
    }

    /// Starts the app where there is no session bus, and so no keychain.
    pub async fn start_without_keychain(stage: &Stage, words: &[&str]) -> Self {
        Self::start_with(stage, words, &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")]).await
    }

    async fn start_with(stage: &Stage, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let browsers = stage.browsers();
        let opener = Browser::install_opener(&browsers);
        let log = File::options().create(true).append(true).open(stage.log()).expect("a log file");
        let command = |port: u16| {
            let mut command = Command::new("tauri-driver");
            command
                .args(["--port", &port.to_string(), "--native-port", &free_port().to_string()])
                .env("PERCH_CONFIG_DIR", stage.config())
                .env("PERCH_DATA_DIR", stage.data())
                .env("PERCH_LOG", "debug")
                .env("BROWSER", &opener)
                .envs(environment.iter().copied())
                .stdout(log.try_clone().expect("a second handle"))
                .stderr(log.try_clone().expect("a third handle"));
            command
        };
        let application = json!({ "application": env!("CARGO_BIN_EXE_perch"), "args": words });
        let driver = Driver::start(command, json!({ "browserName": "wry", "tauri:options": application })).await;
        Self { driver, browsers }
    }

    /// Starts the app with its connection file.
    pub async fn start_with_connection(stage: &Stage) -> Self {
        let connection = stage.connection();
        Self::start(stage, &[connection.to_str().expect("a path in UTF-8")]).await
    }

    /// Starts the app with its connection file, types the workspace's admin
    /// token, and stops before the first sign-in.
    pub async fn start_connected(stage: &Stage) -> Self {
        let app = Self::start_with_connection(stage).await;
        app.type_signing_key(stage).await;
        app
    }

    /// Types the workspace's admin token.
    pub async fn type_signing_key(&self, stage: &Stage) {
        self.type_into("signing-key", stage.sandbox().admin_token()).await;
        self.click("signing-key-save").await;
    }

    /// Opens what anyone may see, from the first screen, and answers with the ids
    /// of its tiles once they are drawn.
    pub async fn open_public(&self) -> Vec<String> {
        self.click_starting_with("open-public-").await;
        self.drawn("public-name", "Perch sandbox").await
    }

    /// The dashboards that the header offers.
    pub async fn names_of_dashboards(&self) -> Vec<String> {
        let names = "return [...document.querySelectorAll('[data-testid^=\"dashboard-tab-\"]')]
             .map((tab) => tab.textContent.trim());";
        serde_json::from_value(self.script(names, Vec::new()).await).expect("a list of names")
    }

    /// Signs in through the browser that the app opens, and waits for the
    /// organization's dashboard.
    pub async fn sign_in(&self, person: &str, organization: &str) {
        let browser = self.open_sign_in().await;
        browser.sign_in(person, organization).await;
        browser.quit().await;
    }

    /// Signs in by hosted authentication: the browser comes back by a link.
    pub async fn sign_in_hosted(&self, person: &str) {
        let browser = self.open_sign_in().await;
        browser.choose_person(person).await;
        self.find("dashboard").await;
        browser.quit().await;
    }

    /// Presses *Sign in* and takes hold of the browser that opens.
    pub async fn open_sign_in(&self) -> Browser {
        let before = Browser::count(&self.browsers);
        self.click_starting_with("sign-in-").await;
        Browser::attach(&self.browsers, before).await
    }

    /// Adds an organization through the switcher.
    pub async fn add_organization(&self, person: &str, organization: &str) {
        let before = Browser::count(&self.browsers);
        self.click("switcher").await;
        self.click_starting_with("add-organization-").await;
        let browser = Browser::attach(&self.browsers, before).await;
        browser.sign_in(person, organization).await;
        browser.quit().await;
    }

    /// Switches to an organization through the switcher.
    pub async fn switch_to(&self, name: &str) {
        self.click("switcher").await;
        let item = format!("[data-testid=\"switcher-panel\"] [data-name=\"{name}\"]");
        self.click_css(&item).await;
    }

    /// Shows an organization that may be on the screen already.
    pub async fn show(&self, name: &str) {
        if self.find("tenant-name").await.text().await.expect("a text") != name {
            self.switch_to(name).await;
        }
    }

    /// The organizations that the switcher offers.
    pub async fn names_in_switcher(&self) -> Vec<String> {
        self.click("switcher").await;
        self.find("switcher-panel").await;
        let names = "return [...document.querySelectorAll('[data-testid=\"switcher-panel\"] [data-name]')]
             .map((item) => item.dataset.name);";
        let names = serde_json::from_value(self.script(names, Vec::new()).await).expect("a list of names");
        self.click("switcher").await;
        names
    }

    /// Opens the token's panel, which tells of the token but does not hold it,
    /// and closes it.
    pub async fn look_at_token(&self) {
        self.click("account").await;
        self.click("open-token").await;
        self.find("token-claims").await;
        self.click("token-panel-close").await;
    }

    /// Signs the tenant on the screen out, through the account menu.
    pub async fn sign_out(&self) {
        self.click("account").await;
        self.click("open-sign-out").await;
        self.confirm_sign_out().await;
    }

    /// Signs the person on the screen out of all of their organizations.
    pub async fn sign_out_person(&self) {
        self.click("account").await;
        self.click("open-sign-out").await;
        self.click("sign-out-scope-person").await;
        self.confirm_sign_out().await;
    }

    async fn confirm_sign_out(&self) {
        self.click("sign-out-confirm").await;
        eventually("the sign-out to end", || async { (!self.shows("sign-out-confirm").await).then_some(()) }).await;
    }

    /// The web view's session.
    pub fn window(&self) -> &Client {
        &self.driver.session
    }

    /// The element with this `data-testid`, as soon as it is there.
    pub async fn find(&self, test_id: &str) -> Element {
        self.find_css(&by_test_id(test_id)).await
    }

    /// The element of a selector, as soon as it is there.
    pub async fn find_css(&self, selector: &str) -> Element {
        eventually(selector, || async { self.window().find(Locator::Css(selector)).await.ok() }).await
    }

    /// Whether such an element is there now.
    pub async fn shows(&self, test_id: &str) -> bool {
        self.window().find(Locator::Css(&by_test_id(test_id))).await.is_ok()
    }

    /// Clicks an element as soon as it takes a click.
    pub async fn click(&self, test_id: &str) {
        self.click_css(&by_test_id(test_id)).await;
    }

    pub async fn click_starting_with(&self, test_id: &str) {
        self.click_css(&format!("button[data-testid^=\"{test_id}\"]")).await;
    }

    pub async fn click_css(&self, selector: &str) {
        let click = || async { self.window().find(Locator::Css(selector)).await.ok()?.click().await.ok() };
        eventually(&format!("a click on {selector}"), click).await;
    }

    /// Types into a field.
    pub async fn type_into(&self, test_id: &str, text: &str) {
        self.find(test_id).await.send_keys(text).await.expect("the field takes keys");
    }

    /// What a script in the page answers.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.window().execute(script, arguments).await.expect("the script runs")
    }

    /// What a script answers through its last argument.
    pub async fn script_async(&self, script: &str) -> Value {
        self.window().execute_async(script, Vec::new()).await.expect("the script runs")
    }

    /// Waits until the window shows this organization's dashboard with every
    /// tile drawn, and answers with the tiles' ids.
    pub async fn dashboard_of(&self, organization: &str) -> Vec<String> {
        self.drawn("tenant-name", organization).await
    }

    /// Waits until the window shows this name and every tile drawn.
    async fn drawn(&self, test_id: &str, name: &str) -> Vec<String> {
        let drawn = "const tiles = [...document.querySelectorAll('[data-testid^=\"tile-\"][data-state]')];
             const name = document.querySelector(arguments[0])?.textContent;
             // What is out of view is not asked for: a viewer scrolls to it.
             tiles.find((tile) => tile.dataset.state === 'loading')?.scrollIntoView({ block: 'nearest' });
             return name === arguments[1] && tiles.length > 0 && tiles.every((tile) => tile.dataset.state === 'ready')
               ? tiles.map((tile) => tile.dataset.testid.slice('tile-'.length)) : null;";
        let what = format!("the dashboard of {name}");
        let ids = eventually(&what, || async {
            let ids = self.script(drawn, vec![json!(by_test_id(test_id)), json!(name)]).await;
            ids.is_array().then_some(ids)
        })
        .await;
        serde_json::from_value(ids).expect("a list of ids")
    }

    /// When a tile's answer was fetched, in Unix milliseconds.
    pub async fn fetched(&self, tile: &str) -> u64 {
        let fetched = self.find(&format!("tile-{tile}")).await.attr("data-fetched").await.expect("an attribute");
        fetched.and_then(|fetched| fetched.parse().ok()).expect("a time")
    }

    /// What is read of a tile, and the second at which the answer that it was
    /// read from was asked for. On a slow machine a newer answer may come while
    /// it is read: then it is read again.
    pub async fn of_one_answer<T, F: Future<Output = T>>(&self, tile: &str, read: impl Fn() -> F) -> (i64, T) {
        eventually(&format!("{tile} to stand still"), || async {
            let before = self.fetched(tile).await;
            let value = read().await;
            (self.fetched(tile).await == before).then(|| (i64::try_from(before / 1000).expect("this age"), value))
        })
        .await
    }

    /// What a chart says under the keyboard, from its first mark to its last:
    /// each mark's heading and its entries, name and value. A picture that is
    /// drawn anew meanwhile is walked from its beginning.
    pub async fn walk(&self, tile: &str) -> Vec<Mark> {
        eventually(&format!("{tile} to be walked from end to end"), || self.walk_once(tile)).await
    }

    /// `None` where another picture took the place of the one that was walked.
    async fn walk_once(&self, tile: &str) -> Option<Vec<Mark>> {
        let chart = self.focus(tile).await;
        press(&chart, Key::End).await;
        let last = self.pointed(tile).await?;
        press(&chart, Key::Home).await;
        let mut marks = vec![self.pointed(tile).await?];
        while marks.last() != Some(&last) {
            press(&chart, Key::Down).await;
            let next = self.pointed(tile).await.filter(|next| !marks.contains(next))?;
            marks.push(next);
        }
        press(&chart, Key::Escape).await;
        Some(marks)
    }

    /// What a table says under the keyboard, row after row. One that scrolls
    /// draws its next row a moment later.
    pub async fn walk_rows(&self, tile: &str, rows: usize) -> Vec<Mark> {
        let chart = self.focus(tile).await;
        press(&chart, Key::Home).await;
        let mut marks = Vec::new();
        for row in 1..=rows {
            let heading = format!("Row {row}");
            let drawn = || async { self.pointed(tile).await.filter(|mark| mark.heading == heading) };
            marks.push(eventually(&format!("{heading} of {tile}"), drawn).await);
            press(&chart, Key::Down).await;
        }
        press(&chart, Key::Escape).await;
        marks
    }

    /// Gives the keyboard to a tile's picture, and takes the pointer away,
    /// which would point at what scrolls below it.
    pub(super) async fn focus(&self, tile: &str) -> Element {
        let corner = PointerAction::MoveTo { duration: None, x: 1.0, y: 1.0 };
        let away = MouseActions::new("mouse".to_owned()).then(corner);
        self.window().perform_actions(away).await.expect("the pointer moves");
        let chart = chart_of(tile);
        self.script("document.querySelector(arguments[0]).focus()", vec![json!(chart)]).await;
        self.find_css(&chart).await
    }

    /// A chart in words, as a screen reader says it.
    pub async fn summary(&self, tile: &str) -> String {
        let chart = self.find_css(&chart_of(tile)).await;
        chart.attr("aria-label").await.expect("an attribute").expect("a summary")
    }

    /// A list as it is read: each mark's heading and its first value, without
    /// commas between thousands.
    pub async fn list(&self, tile: &str) -> Vec<(String, String)> {
        let marks = self.walk(tile).await.into_iter();
        marks.filter_map(|mark| Some((mark.heading, mark.entries.first()?.1.replace(',', "")))).collect()
    }

    /// The exact number behind a KPI.
    pub async fn number(&self, tile: &str) -> String {
        let marks = self.walk(tile).await;
        let entry =
            marks.first().and_then(|mark| mark.entries.first()).unwrap_or_else(|| panic!("{tile} says nothing"));
        entry.1.replace(',', "")
    }

    /// Moves the pointer to a place in a tile's picture, given as shares of its
    /// width and height, and answers with what the tooltip then says.
    pub async fn hover(&self, tile: &str, x: f64, y: f64) -> Option<Mark> {
        let (x, y) = self.place(tile, (x, y)).await;
        let to = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveTo { duration: None, x, y });
        self.window().perform_actions(to).await.expect("the pointer moves");
        self.pointed(tile).await
    }

    /// What a tile's tooltip says, if it has one.
    pub async fn pointed(&self, tile: &str) -> Option<Mark> {
        let shown = self.script(TOOLTIP, vec![json!(format!("tile-{tile}"))]).await;
        serde_json::from_value(shown).ok()
    }

    /// Quits the app.
    pub async fn quit(self) {
        self.driver.quit().await;
    }
}

pub(super) fn chart_of(tile: &str) -> String {
    format!("{} {}", by_test_id(&format!("tile-{tile}")), by_test_id("chart"))
}

async fn press(chart: &Element, key: Key) {
    chart.send_keys(&char::from(key).to_string()).await.expect("the chart takes keys");
}

fn by_test_id(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}
