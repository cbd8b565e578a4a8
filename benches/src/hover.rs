//! `hover`: from the pointer's move to the tooltip on the screen, in the real
//! window, over a chart with a million rows behind it, beside one with a
//! thousand in the same window.
//!
//! The page takes the time itself: from the event's arrival until the frame in
//! which the tooltip's words have changed is painted. It counts in whole
//! milliseconds, so that a turn is the mean of several moves.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::past_visit::{Answers, PastVisit};
use crate::series;
use crate::window::Window;

/// The pipes, which are the tiles too, and their rows.
const TILES: [(&str, usize); 2] = [("million", 1_000_000), ("thousand", 1_000)];

const DASHBOARD: &str = r#"
version = 1
title = "Two lengths"

[[tile]]
id = "million"
title = "A million"
pipe = "million"
width = 12
height = 3
[tile.chart]
kind = "line"
x = "time"
y = ["visits", "seconds"]

[[tile]]
id = "thousand"
title = "A thousand"
pipe = "thousand"
width = 12
height = 3
[tile.chart]
kind = "line"
x = "time"
y = ["visits", "seconds"]
"#;

/// How often the two take turns, after one turn that does not count.
const TURNS: usize = 30;

/// How often the pointer moves in one turn.
const MOVES: usize = 8;

/// From one move to the next: longer than a tooltip takes.
const PAUSE: Duration = Duration::from_millis(60);

/// Takes the time of each move that changes the tooltip's words.
const WATCH: &str = r#"
  const words = () => document.querySelector('[data-testid="tooltip"]')?.textContent ?? '';
  const times = (window.timesOfTooltips = []);
  let said = '';
  let moved = null;
  addEventListener('pointermove', () => { moved ??= performance.now(); }, { capture: true });
  new MutationObserver(() => {
    const now = words();
    if (now === said) return;
    said = now;
    const begun = moved;
    moved = null;
    if (now === '' || begun === null) return;
    requestAnimationFrame(() => {
      // The first task after a frame finds it painted.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => times.push(performance.now() - begun);
      port2.postMessage(null);
    });
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
"#;

/// Where a tile's chart is, once it is drawn.
const CHART: &str = r#"
  const tile = document.querySelector(`[data-testid="tile-${arguments[0]}"][data-state="ready"]`);
  const box = tile?.querySelector('[data-testid="chart"] svg, svg[role="img"]')?.getBoundingClientRect();
  return box ? [box.left, box.top, box.width, box.height] : null;
"#;

/// The times of a turn, once all of them are there, and none for the next.
const TIMES: &str = r#"
  const times = window.timesOfTooltips;
  return times.length < arguments[0] ? null : times.splice(0);
"#;

/// Lets the pointer visit the two charts in turns.
pub async fn compare() -> Result<Comparison, BenchError> {
    let folder = tempfile::tempdir()?;
    for (name, rows) in TILES {
        std::fs::write(folder.path().join(format!("{name}.json")), series::answer(rows, 1))?;
    }
    let answers =
        Answers { folder: folder.path(), dashboards: &[("two-lengths", DASHBOARD)], organizations: &["harbor-coffee"] };
    let visit = PastVisit::with(answers).await?;
    let environment: Vec<(&str, PathBuf)> = visit.environment();
    let window = Window::open("perch", &environment).await?;
    let mut charts = Vec::new();
    for (name, _) in TILES {
        let place: [f64; 4] = window.eventually(&format!("the chart of a {name}"), CHART, vec![json!(name)]).await?;
        charts.push(place);
    }
    let _: Option<()> = window.script(WATCH, Vec::new()).await?;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..=TURNS {
        for (chart, times) in charts.iter().zip(&mut times) {
            let time = visit_chart(&window, *chart, turn).await?;
            if turn > 0 {
                times.push(time);
            }
        }
    }
    window.close().await?;
    let [million, thousand] = times;
    Comparison::of("hover", &million, "with a thousand rows behind it", &thousand)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

/// Moves the pointer over a chart, from left to right and back at every other
/// turn. What a move took in the mean.
async fn visit_chart(
    window: &Window,
    [left, top, width, height]: [f64; 4],
    turn: usize,
) -> Result<Duration, BenchError> {
    for step in 0..MOVES {
        let step = if turn.is_multiple_of(2) { step } else { MOVES - 1 - step };
        let share = (step as f64 + 0.5 + (turn % 7) as f64 / 14.0) / (MOVES as f64 + 1.0);
        window.point(left + width * (0.1 + 0.85 * share), top + height / 2.0).await?;
        tokio::time::sleep(PAUSE).await;
    }
    let milliseconds: Vec<f64> = window.eventually("the tooltips of a turn", TIMES, vec![json!(MOVES)]).await?;
    let mean = milliseconds.iter().sum::<f64>() / milliseconds.len() as f64;
    Ok(Duration::from_secs_f64(mean / 1000.0))
}
