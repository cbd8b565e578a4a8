//! `redraw`: twelve tiles of 10,000 rows drawn anew when the window gets
//! another size, from tables that are there already, beside Apache ECharts in
//! Node doing it its own way: twelve charts that stay, `resize`, and
//! `renderToSVGString`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use perch_chart::{Input, Size, Spec, Theme};
use perch_tinybird::Table;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::node::{Node, Task};
use crate::series;

const TILES: u64 = 12;
const ROWS: usize = 10_000;

/// How often the two take turns, after one turn that does not count.
const ROUNDS: usize = 9;

/// How often each redraws all tiles in one turn.
const TIMES: (usize, usize) = (12, 4);

/// The sizes that a tile has by turns.
const SIZES: [Size; 2] = [Size { width: 600, height: 300 }, Size { width: 560, height: 280 }];

/// Lets the two redraw in turns.
pub fn compare(node: &mut Node) -> Result<Comparison, BenchError> {
    let folder = tempfile::tempdir()?;
    let (mut tables, mut files) = (Vec::new(), Vec::new());
    for tile in 1..=TILES {
        let answer = series::answer(ROWS, tile);
        let file = folder.path().join(tile.to_string());
        std::fs::write(&file, &answer)?;
        files.push(file.to_string_lossy().into_owned());
        tables.push(perch_tinybird::decode(answer.as_bytes())?.table);
    }
    let task = Task::Redraw { files, sizes: SIZES.map(|size| [size.width, size.height]) };
    let spec = series::chart();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let drawn = (0..TIMES.0).map(|time| redraw(&tables, &spec, SIZES[time % 2])).collect::<Result<Vec<_>, _>>()?;
        let redrawn = node.times(&task, TIMES.1)?;
        if round > 0 {
            ours.extend(drawn);
            theirs.extend(redrawn);
        }
    }
    Comparison::of("redraw", &ours, "Apache ECharts in Node, resized", &theirs)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

fn redraw(tables: &[Table], spec: &Spec, size: Size) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    let draw = |table| perch_chart::draw(&Input::from(table), spec, size, Theme::Light);
    drop(black_box(tables.iter().map(draw).collect::<Result<Vec<_>, _>>()?));
    Ok(begun.elapsed())
}
