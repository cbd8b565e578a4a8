//! A visit that is over: somebody signed in, saw a dashboard and quit, and the
//! services are gone. What Perch finds at its next start.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use perch_chart::View;
use perch_desktop::view::{SignInIntent, SignInView, TileRequest};
use perch_desktop::{Desktop, Places, Surroundings};
use perch_sandbox::{Options, Sandbox, visitor};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::error::BenchError;

/// After this long, something is stuck, not slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who signs in.
const PERSON: &str = "grace";

/// For which organization, where one is enough.
const ORGANIZATION: &str = "harbor-coffee";

/// What a sandbox serves besides its own pipes, and the dashboards that show it.
pub struct Answers<'a> {
    /// A file `NAME.json` for each pipe.
    pub folder: &'a Path,
    /// The id and the file of each. The last one is on the screen at the end.
    pub dashboards: &'a [(&'a str, &'a str)],
    /// The organizations that are signed in for, one after another, by their
    /// slugs. The last one is on the screen at the end.
    pub organizations: &'a [&'a str],
}

/// What a visit left behind, until it is dropped.
pub struct PastVisit {
    folder: TempDir,
}

impl PastVisit {
    /// Lets a visitor without a browser sign in at a sandbox and see every tile
    /// of `dashboard`, one of the sandbox's own.
    pub async fn to(dashboard: &str) -> Result<Self, BenchError> {
        Self::of(Sandbox::dashboards(), &[dashboard], &[ORGANIZATION], Options::default()).await
    }

    /// The same to all dashboards of other answers than the sandbox's own.
    pub async fn with(answers: Answers<'_>) -> Result<Self, BenchError> {
        let options = Options { answers: Some(answers.folder.to_owned()), ..Options::default() };
        let seen: Vec<&str> = answers.dashboards.iter().map(|(id, _)| *id).collect();
        Self::of(answers.dashboards, &seen, answers.organizations, options).await
    }

    async fn of(
        dashboards: &[(&str, &str)],
        seen: &[&str],
        organizations: &[&str],
        options: Options,
    ) -> Result<Self, BenchError> {
        let visit = Self { folder: tempfile::tempdir()? };
        let sandbox = Sandbox::start(options).await?;
        let desktop = visit.open(organizations)?;
        desktop.open_connection(&visit.connection_file(&sandbox, dashboards)?).await?;
        for _ in organizations {
            let tenant = sign_in(&desktop, sandbox.admin_token()).await?;
            for dashboard in seen {
                see(&desktop, &tenant, dashboard).await?;
            }
        }
        drop(desktop);
        sandbox.stop().await;
        Ok(visit)
    }

    /// What makes `perch` start where this visit ended.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let places = self.places();
        vec![("PERCH_CONFIG_DIR", places.config), ("PERCH_DATA_DIR", places.data)]
    }

    fn places(&self) -> Places {
        Places { config: self.folder.path().join("config"), data: self.folder.path().join("data"), bundled: None }
    }

    /// Perch, with a browser that chooses one organization after another.
    fn open(&self, organizations: &[&str]) -> Result<Desktop, BenchError> {
        let organizations: VecDeque<String> = organizations.iter().map(|slug| (*slug).to_owned()).collect();
        let organizations = Mutex::new(organizations);
        let surroundings = Surroundings {
            places: self.places(),
            clock: Arc::new(SystemTime::now),
            locale: "en".to_owned(),
            events: Box::new(|_| {}),
            links_arrive: Box::new(|| true),
            browser: Box::new(move |url| {
                let url = url.to_owned();
                let next = organizations.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                // If the visitor fails, the sign-in is waited for in vain.
                let visit = next.map(|slug| tokio::spawn(async move { visitor::allow(&url, PERSON, &slug).await }));
                visit.is_some()
            }),
        };
        Ok(Desktop::open(surroundings)?)
    }

    /// Writes the sandbox's connection as an operator would hand it out, with
    /// the dashboards in a folder beside it.
    fn connection_file(&self, sandbox: &Sandbox, dashboards: &[(&str, &str)]) -> Result<PathBuf, BenchError> {
        let file = self.folder.path().join("connection.toml");
        std::fs::write(&file, sandbox.connection_toml())?;
        let folder = self.folder.path().join("dashboards");
        std::fs::create_dir(&folder)?;
        for (id, text) in dashboards {
            std::fs::write(folder.join(format!("{id}.toml")), text)?;
        }
        Ok(file)
    }
}

/// Signs in at the only connection, for one more organization, and answers with
/// the tenant.
async fn sign_in(desktop: &Desktop, admin_token: &str) -> Result<String, BenchError> {
    let before = desktop.app_view();
    let connection = before.connections.into_iter().next().map(|connection| connection.id);
    let connection = connection.ok_or_else(|| BenchError::InVain("the connection".to_owned()))?;
    let intent = match before.tenants.len() {
        0 => {
            desktop.save_signing_key(&connection, admin_token.to_owned()).await?;
            SignInIntent::First
        }
        _ => SignInIntent::Organization,
    };
    desktop.begin_sign_in(&connection, intent).await?;
    eventually("the sign-in", async || {
        let view = desktop.app_view();
        match view.sign_in {
            Some(SignInView::Failed { problem, .. }) => Err(problem.into()),
            _ => Ok(view.active.filter(|active| before.tenants.iter().all(|known| known.id != *active))),
        }
    })
    .await
}

/// Opens a dashboard and waits until each of its tiles has a picture.
async fn see(desktop: &Desktop, tenant: &str, dashboard: &str) -> Result<(), BenchError> {
    let view = desktop.open_dashboard(tenant, Some(dashboard)).await?;
    for tile in view.tiles {
        let request = TileRequest {
            tenant: tenant.to_owned(),
            dashboard: dashboard.to_owned(),
            tile: tile.id.clone(),
            width: 600,
            height: 300,
            dark: false,
            view: View::default(),
        };
        eventually(&tile.id, async || Ok(desktop.draw_tile(&request).await?.picture)).await?;
    }
    Ok(())
}

async fn eventually<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, BenchError>,
) -> Result<T, BenchError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            return Err(BenchError::InVain(what.to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
