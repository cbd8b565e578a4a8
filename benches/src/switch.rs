//! `switch`: from the click on another tenant to the last of its twelve tiles on
//! the screen, in the real window, beside twelve such pictures set into an empty
//! Tauri window at a click.

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::twelve::{self, EmptyWindow, TWELVE, Watched};

/// Whose dashboards are seen by turns.
const ORGANIZATIONS: [&str; 2] = ["harbor-coffee", "larkspur-books"];

/// How often the two take turns, after one turn that does not count.
const TURNS: usize = 20;

/// The tenant of the list that is not on the screen, once the list is there.
const OTHER: &str = r#"
  const items = [...document.querySelectorAll('[data-testid="switcher-panel"] [data-testid^="tenant-"]')];
  const shown = document.querySelector('[data-testid="dashboard"]')?.dataset.tenant;
  return items.map(({ dataset }) => dataset.testid.slice('tenant-'.length)).find((id) => id !== shown) ?? null;
"#;

/// Switches and sets the pictures in turns.
pub async fn compare() -> Result<Comparison, BenchError> {
    let dashboard = twelve::dashboard();
    let visit = twelve::visit(&[(TWELVE, &dashboard)], &ORGANIZATIONS).await?;
    let (perch, pictures) = Watched::open(&visit).await?;
    let peer = EmptyWindow::open(&pictures).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        perch.window().click("[data-testid=\"switcher\"]").await?;
        let other: String = perch.window().eventually("the other tenant", OTHER, Vec::new()).await?;
        let item = format!("[data-testid=\"tenant-{other}\"]");
        let switched = perch.click(&item, TWELVE, Some(&other)).await?;
        let set = peer.click().await?;
        if turn > 0 {
            ours.push(switched);
            theirs.push(set);
        }
    }
    Comparison::of("switch", &ours, "the same pictures in an empty window", &theirs)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}
