//! What Perch was started with. A second start hands its words to the first.

use std::path::{Path, PathBuf};

use clap::Parser;
use tauri::{AppHandle, Manager};

use perch_desktop::Desktop;

/// See your organization's dashboards.
#[derive(Debug, Parser)]
#[command(name = "perch", version)]
pub struct Arguments {
    /// Start the embedded sandbox, a stand-in for Clerk and Tinybird, and open its connection.
    #[arg(long)]
    demo: bool,
    /// A connection file to open.
    connection: Option<PathBuf>,
}

impl Arguments {
    /// Does what the arguments ask for, behind the window that is opening.
    pub fn follow(self, app: &AppHandle) {
        let desktop = app.state::<Desktop>().inner().clone();
        tauri::async_runtime::spawn(async move {
            if self.demo
                && let Err(problem) = desktop.start_demo().await
            {
                desktop.tell(problem);
            }
            if let Some(file) = self.connection
                && let Err(problem) = desktop.open_connection(&file).await
            {
                desktop.tell(problem);
            }
        });
    }
}

/// Follows the arguments of a second process, which were written for the
/// folder it was started in. Arguments that make no sense are dropped.
pub fn follow_second_start(app: &AppHandle, words: &[String], folder: &str) {
    if let Ok(mut arguments) = Arguments::try_parse_from(words) {
        arguments.connection = arguments.connection.map(|file| Path::new(folder).join(file));
        arguments.follow(app);
    }
}
