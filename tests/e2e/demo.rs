//! The main job as a viewer does it, on the embedded sandbox: what `make demo`
//! runs where there is no display. Each step leaves a screenshot in
//! `target/demo`.

use std::path::{Path, PathBuf};

use fantoccini::Client;

use crate::stage::{App, Stage, eventually};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn the_main_job_from_first_run_to_sign_out() {
    let mut steps = Steps::new();
    let stage = Stage::empty();

    let app = App::start(&stage, &[]).await;
    app.find("start-demo").await;
    steps.shoot("first-run", app.window()).await;

    app.click("start-demo").await;
    app.find("signed-out").await;
    steps.shoot("ready-to-sign-in", app.window()).await;

    app.open_public().await;
    steps.shoot("public-before-sign-in", app.window()).await;

    let browser = app.open_sign_in().await;
    app.find("sign-in-address").await;
    steps.shoot("waiting-for-the-browser", app.window()).await;
    browser.find("button[data-person=\"grace\"]").await;
    steps.shoot("browser-sign-in", browser.page()).await;
    browser.choose_person("grace").await;
    browser.find("button#allow").await;
    steps.shoot("browser-organization", browser.page()).await;
    browser.allow("harbor-coffee").await;
    steps.shoot("browser-return", browser.page()).await;
    browser.quit().await;
    app.dashboard_of("Harbor Coffee").await;
    steps.shoot("dashboard", app.window()).await;
    let of_harbor = app.list("sources").await;

    app.add_organization("grace", "larkspur-books").await;
    app.dashboard_of("Larkspur Books").await;
    steps.shoot("second-organization", app.window()).await;
    assert_ne!(app.list("sources").await, of_harbor, "another organization has other rows");

    app.click("switcher").await;
    steps.shoot("switcher", app.window()).await;
    app.click("switcher").await;
    app.switch_to("Harbor Coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    let seen = app.list("sources").await;
    app.quit().await;

    // The sandbox lived in the app, so it is gone now.
    let app = App::start(&stage, &[]).await;
    app.dashboard_of("Harbor Coffee").await;
    app.find("offline-bar").await;
    steps.shoot("offline", app.window()).await;
    assert_eq!(app.list("sources").await, seen, "what was seen is there");

    app.click("start-sandbox").await;
    eventually("Perch to be back online", || async { (!app.shows("offline-bar").await).then_some(()) }).await;
    app.dashboard_of("Harbor Coffee").await;
    steps.shoot("back-online", app.window()).await;

    app.click("account").await;
    app.click("open-token").await;
    app.find("token-claims").await;
    steps.shoot("token", app.window()).await;
    app.click("token-panel-close").await;

    app.quit().await;

    // The same in the dark, which the viewer's system asks for.
    let app = App::start_dark(&stage).await;
    app.dashboard_of("Harbor Coffee").await;
    app.click("start-sandbox").await;
    eventually("Perch to be back online", || async { (!app.shows("offline-bar").await).then_some(()) }).await;
    steps.shoot("dark", app.window()).await;

    app.sign_out().await;
    app.dashboard_of("Larkspur Books").await;
    app.sign_out().await;
    app.find("signed-out").await;
    steps.shoot("signed-out", app.window()).await;
    app.quit().await;
}

/// Numbered screenshots.
struct Steps {
    folder: PathBuf,
    taken: usize,
}

impl Steps {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo");
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { folder, taken: 0 }
    }

    async fn shoot(&mut self, name: &str, window: &Client) {
        self.taken += 1;
        let painted = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        window.execute_async(painted, Vec::new()).await.expect("two frames");
        let picture = window.screenshot().await.expect("a screenshot");
        let file = self.folder.join(format!("{:02}-{name}.png", self.taken));
        std::fs::write(&file, picture).expect("the screenshot is written");
    }
}
