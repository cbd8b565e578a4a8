//! `redraw`: twelve tiles of 10,000 rows drawn anew when the window gets
//! another size, from tables that are there already, beside Apache ECharts in
//! Node doing it its own way: twelve charts that stay, `resize`, and
//! `renderToSVGString`. Each tile is a task of its own, as in the app, which
//! sends the picture and forgets the rest, so that they share the machine's cores;
//! `redraw_one_by_one` is the same on one.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use perch_chart::{Input, Size, Spec, Theme};
use perch_tinybird::Table;
use tokio::task::JoinSet;

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
pub async fn compare(node: &mut Node) -> Result<Vec<Comparison>, BenchError> {
    let folder = tempfile::tempdir()?;
    let (mut tables, mut files) = (Vec::new(), Vec::new());
    for tile in 1..=TILES {
        let answer = series::answer(ROWS, tile);
        let file = folder.path().join(tile.to_string());
        std::fs::write(&file, &answer)?;
        files.push(file.to_string_lossy().into_owned());
        tables.push(Arc::new(perch_tinybird::decode(answer.as_bytes())?.table));
    }
    let task = Task::Redraw { files, sizes: SIZES.map(|size| [size.width, size.height]) };
    let spec = Arc::new(series::chart());
    let (mut together, mut one_by_one, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (mut drawn, mut drawn_alone) = (Vec::new(), Vec::new());
        for time in 0..TIMES.0 {
            drawn.push(redraw(&tables, &spec, SIZES[time % 2]).await?);
            drawn_alone.push(redraw_one_by_one(&tables, &spec, SIZES[time % 2])?);
        }
        let redrawn = node.times(&task, TIMES.1)?;
        if round > 0 {
            together.extend(drawn);
            one_by_one.extend(drawn_alone);
            theirs.extend(redrawn);
        }
    }
    let peer = "Apache ECharts in Node, resized";
    let comparisons = [
        Comparison::of("redraw", &together, peer, &theirs),
        Comparison::of("redraw_one_by_one", &one_by_one, peer, &theirs),
    ];
    comparisons.into_iter().collect::<Option<_>>().ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

async fn redraw(tables: &[Arc<Table>], spec: &Arc<Spec>, size: Size) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    let mut tiles = JoinSet::new();
    for table in tables {
        let (table, spec) = (table.clone(), spec.clone());
        tiles.spawn(async move { draw(&table, &spec, size) });
    }
    drop(black_box(tiles.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?));
    Ok(begun.elapsed())
}

fn redraw_one_by_one(tables: &[Arc<Table>], spec: &Spec, size: Size) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    drop(black_box(tables.iter().map(|table| draw(table, spec, size)).collect::<Result<Vec<_>, _>>()?));
    Ok(begun.elapsed())
}

/// The picture, as the peer has it; the marks are drawn, too.
fn draw(table: &Table, spec: &Spec, size: Size) -> Result<String, BenchError> {
    Ok(black_box(perch_chart::draw(&Input::from(table), spec, size, Theme::Light)?).svg)
}
