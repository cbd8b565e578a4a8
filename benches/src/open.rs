//! `open`: from the click on a dashboard of twelve tiles, seen before, to its last
//! tile on the screen, in the real window, beside the same twelve pictures set
//! into an empty Tauri window at a click.

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::twelve::{self, EmptyWindow, TWELVE, Watched};

/// Where the viewer comes from: a dashboard of a single tile.
const ELSEWHERE: (&str, &str) = (
    "elsewhere",
    "version = 1\ntitle = \"Elsewhere\"\n\n[[tile]]\ntitle = \"Words\"\n[tile.chart]\nkind = \"text\"\ntext = \"Here.\"\n",
);

/// How often the two take turns, after one turn that does not count.
const TURNS: usize = 20;

/// Opens the dashboard and sets the pictures in turns.
pub async fn compare() -> Result<Comparison, BenchError> {
    let dashboard = twelve::dashboard();
    let visit = twelve::visit(&[ELSEWHERE, (TWELVE, &dashboard)], &["harbor-coffee"]).await?;
    let (perch, pictures) = Watched::open(&visit).await?;
    let peer = EmptyWindow::open(&pictures).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        perch.click(&tab(ELSEWHERE.0), ELSEWHERE.0, None).await?;
        let opened = perch.click(&tab(TWELVE), TWELVE, None).await?;
        let set = peer.click().await?;
        if turn > 0 {
            ours.push(opened);
            theirs.push(set);
        }
    }
    Comparison::of("open", &ours, "the same pictures in an empty window", &theirs)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

fn tab(dashboard: &str) -> String {
    format!("[data-testid=\"dashboard-tab-{dashboard}\"]")
}
