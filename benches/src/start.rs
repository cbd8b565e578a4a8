//! `start`: from the process's start to the last visit's dashboard of eight
//! tiles on the screen, beside an empty Tauri window of the same size. No
//! network answers, so it is what the machine itself needs.

use std::path::PathBuf;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::past_visit::PastVisit;
use crate::program::Program;

/// The sandbox's dashboard of eight tiles.
const DASHBOARD: &str = "web-traffic";

/// How often each of the two is started, after one start that does not count:
/// it reads the files that the others find in memory.
const TURNS: usize = 10;

/// Starts the two in turns, so that whatever else the machine does meets both.
pub async fn compare() -> Result<Comparison, BenchError> {
    let visit = PastVisit::to(DASHBOARD).await?;
    let mut environment = visit.environment();
    environment.push(("PERCH_LOG", PathBuf::from("info")));
    let ours = Program::beside_this_one("perch", environment)?;
    let peer = Program::beside_this_one("perch-empty-window", Vec::new())?;

    ours.time_to_paint().await?;
    peer.time_to_paint().await?;
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        our_times.push(ours.time_to_paint().await?);
        peer_times.push(peer.time_to_paint().await?);
    }
    Comparison::of("start", &our_times, "an empty Tauri window", &peer_times)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}
