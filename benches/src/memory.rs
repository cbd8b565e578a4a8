//! `memory`: what Perch takes with twelve tiles of a thousand rows on the screen,
//! beside Chromium with the same charts in Apache ECharts: the proportional set
//! size of all processes, a few seconds after the last chart was painted.
//!
//! Neither is driven by anyone: each is started as a person starts it. Root, who
//! builds in containers, cannot have Chromium's sandbox.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Notify;

use crate::comparison::{Comparison, Unit};
use crate::error::BenchError;
use crate::family::Family;
use crate::program::Program;
use crate::twelve::{self, TILES, TWELVE};

/// How often the two take turns, after one turn that does not count.
const TURNS: usize = 3;

/// What follows the first paint is over by then: caches are filled, and what
/// only the start needed is given back.
const CALM: Duration = Duration::from_secs(5);

/// After this long, a page without a word is stuck, not slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The files of the page, from the repository's root.
const PAGE: [(&str, &str, &str); 5] = [
    ("/", "benches/page/index.html", "text/html"),
    ("/charts.css", "benches/page/charts.css", "text/css"),
    ("/charts.mjs", "benches/page/charts.mjs", "text/javascript"),
    ("/lines.mjs", "benches/lines.mjs", "text/javascript"),
    ("/echarts.min.js", "benches/node_modules/echarts/dist/echarts.min.js", "text/javascript"),
];

/// Weighs the two in turns.
pub async fn compare() -> Result<Comparison, BenchError> {
    let dashboard = twelve::dashboard();
    let visit = twelve::visit(&[(TWELVE, &dashboard)], &["harbor-coffee"]).await?;
    let mut environment = visit.environment();
    environment.push(("PERCH_LOG", "info".into()));
    let perch = Program::beside_this_one("perch", environment)?;
    let page = Page::serve().await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let (family, _) = perch.open().await?;
        let our_weight = weigh(family).await?;
        let profile = tempfile::tempdir()?;
        let their_weight = weigh(page.open_in_chromium(profile.path()).await?).await?;
        if turn > 0 {
            ours.push(our_weight);
            theirs.push(their_weight);
        }
    }
    Comparison::of_numbers("memory", &ours, "Chromium with Apache ECharts", &theirs, Unit::Megabytes)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

/// What a program takes once it has become calm, in megabytes. Ends it.
async fn weigh(family: Family) -> Result<f64, BenchError> {
    tokio::time::sleep(CALM).await;
    let megabytes = family.megabytes()?;
    family.end().await?;
    Ok(megabytes)
}

/// A page of the twelve charts, served on this machine.
struct Page {
    address: String,
    painted: Arc<Notify>,
}

impl Page {
    async fn serve() -> Result<Self, BenchError> {
        let painted = Arc::new(Notify::new());
        let mut router = Router::new();
        for (path, file, kind) in PAGE {
            let bytes = std::fs::read(Path::new(file))?;
            router = router.route(path, get(async move || ([(CONTENT_TYPE, kind)], bytes.clone())));
        }
        let names: Vec<u64> = (1..=TILES).collect();
        let names = serde_json::to_string(&names).map_err(std::io::Error::from)?;
        let told = Arc::clone(&painted);
        let router = router
            .route("/answers", get(async move || names.clone()))
            .route("/answers/{tile}", get(async |extract::Path(tile): extract::Path<u64>| twelve::answer(tile)))
            .route("/painted", post(async move || told.notify_one()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, painted })
    }

    /// Opens the page in a window as large as Perch's, by a browser that was
    /// never used, and waits until it is painted.
    async fn open_in_chromium(&self, profile: &Path) -> Result<Family, BenchError> {
        let chromium = Command::new("chromium")
            .args(["--no-sandbox", "--no-first-run", "--disable-background-networking", "--window-size=1280,860"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--app={}", self.address))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let family = Family::of(chromium);
        let painted = tokio::time::timeout(PATIENCE, self.painted.notified()).await;
        painted.map_err(|_| BenchError::InVain("the page in Chromium".to_owned()))?;
        Ok(family)
    }
}
