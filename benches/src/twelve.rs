//! What `open`, `switch` and `memory` show: a dashboard of twelve tiles, all on
//! the screen at once, each the line chart of a pipe of its own.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::BenchError;
use crate::past_visit::{Answers, PastVisit};
use crate::series;
use crate::window::Window;

/// The dashboard's id.
pub const TWELVE: &str = "twelve";

/// How many tiles it has.
pub const TILES: u64 = 12;

/// How many rows each of its pipes answers with.
const ROWS: usize = 1_000;

/// The dashboard's file.
pub fn dashboard() -> String {
    let mut file = "version = 1\ntitle = \"Twelve\"\n".to_owned();
    for tile in 1..=TILES {
        // Writing to a String cannot fail.
        let _ = write!(
            file,
            "\n[[tile]]\nid = \"tile-{tile}\"\ntitle = \"Number {tile}\"\npipe = \"{}\"\nwidth = 3\nheight = 2\n\
             [tile.chart]\nkind = \"line\"\nx = \"time\"\ny = [\"visits\", \"seconds\"]\n",
            pipe(tile)
        );
    }
    file
}

/// The name of a tile's pipe.
pub fn pipe(tile: u64) -> String {
    format!("answer_{tile}")
}

/// What a tile's pipe answers.
pub fn answer(tile: u64) -> String {
    series::answer(ROWS, tile)
}

/// A visit to `dashboards`, whose pipes are among the twelve's, for each of the
/// organizations.
pub async fn visit(dashboards: &[(&str, &str)], organizations: &[&str]) -> Result<PastVisit, BenchError> {
    let folder = tempfile::tempdir()?;
    for tile in 1..=TILES {
        std::fs::write(folder.path().join(format!("{}.json", pipe(tile))), answer(tile))?;
    }
    PastVisit::with(Answers { folder: folder.path(), dashboards, organizations }).await
}

/// Takes the moment of each click.
const WATCH: &str = "addEventListener('click', () => { window.clicked = performance.now(); }, { capture: true });";

/// From the last click to the paint of the dashboard that it asked for: the
/// page marks it two frames after the last picture is there.
const PAINTED: &str = r#"
  const [dashboard, tenant] = arguments;
  const paint = performance.getEntriesByName('dashboard-painted').at(-1);
  if (!paint || paint.startTime < window.clicked) return null;
  if (paint.detail.dashboard !== dashboard || (tenant && paint.detail.tenant !== tenant)) return null;
  return paint.startTime - window.clicked;
"#;

/// The pictures on the screen and where they stand, once there are so many.
const PICTURES: &str = r#"
  const all = [...document.querySelectorAll('[data-testid="dashboard"][data-complete="true"] .host > svg')];
  if (all.length !== arguments[0]) return null;
  return all.map((svg) => {
    const { left, top, width, height } = svg.getBoundingClientRect();
    return { svg: svg.outerHTML, left, top, width, height };
  });
"#;

/// A picture on the screen.
#[derive(Debug, Serialize, Deserialize)]
pub struct Picture {
    svg: String,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// Perch in its window, asked for the times between clicks and paints.
pub struct Watched(Window);

impl Watched {
    /// Opens Perch where a visit ended, and waits until all of its twelve
    /// pictures are there.
    pub async fn open(visit: &PastVisit) -> Result<(Self, Vec<Picture>), BenchError> {
        let environment: Vec<(&str, PathBuf)> = visit.environment();
        let window = Window::open("perch", &environment).await?;
        let _: Option<()> = window.script(WATCH, Vec::new()).await?;
        let pictures = window.eventually("the twelve pictures", PICTURES, vec![json!(TILES)]).await?;
        Ok((Self(window), pictures))
    }

    /// Clicks, and waits for the dashboard that this leads to; how long it took.
    /// Of any tenant, where none is named.
    pub async fn click(&self, what: &str, dashboard: &str, tenant: Option<&str>) -> Result<Duration, BenchError> {
        self.0.click(what).await?;
        let arguments = vec![json!(dashboard), json!(tenant)];
        let milliseconds: f64 = self.0.eventually("the dashboard's paint", PAINTED, arguments).await?;
        Ok(Duration::from_secs_f64(milliseconds / 1000.0))
    }

    /// The window, for what is no click that leads to a dashboard.
    pub fn window(&self) -> &Window {
        &self.0
    }
}

/// Makes a place for each picture, as Perch has them, and takes the time from a
/// click until all are painted: two frames after they are there.
const PLACES: &str = r#"
  const pictures = arguments[0];
  const places = pictures.map(({ left, top, width, height }) => {
    const place = document.body.appendChild(document.createElement('div'));
    const lengths = { left, top, width, height };
    for (const [name, length] of Object.entries(lengths)) place.style[name] = `${length}px`;
    place.style.position = 'absolute';
    return place;
  });
  document.body.style.height = '100vh';
  document.body.style.margin = '0';
  const frame = () => new Promise(requestAnimationFrame);
  document.body.addEventListener('click', async () => {
    const begun = performance.now();
    places.forEach((place, index) => { place.innerHTML = pictures[index].svg; });
    await frame();
    await frame();
    window.took = performance.now() - begun;
  });
  window.clear = () => { window.took = null; places.forEach((place) => place.replaceChildren()); };
"#;

/// The time of the last click, once it is known, and an empty page for the next.
const TOOK: &str = "const took = window.took ?? null; if (took !== null) window.clear(); return took;";

/// An empty Tauri window, into which the same pictures are set.
pub struct EmptyWindow(Window);

impl EmptyWindow {
    /// Opens it with a place for each picture.
    pub async fn open(pictures: &[Picture]) -> Result<Self, BenchError> {
        let window = Window::open("perch-empty-window", &[]).await?;
        let _: Option<()> = window.script(PLACES, vec![json!(pictures)]).await?;
        Ok(Self(window))
    }

    /// From a click to the last picture's paint.
    pub async fn click(&self) -> Result<Duration, BenchError> {
        self.0.click("body").await?;
        let milliseconds: f64 = self.0.eventually("the pictures' paint", TOOK, Vec::new()).await?;
        Ok(Duration::from_secs_f64(milliseconds / 1000.0))
    }
}
