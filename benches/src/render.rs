//! `render_1000`, `render_10000`, `render_100000`, `render_1000000`: from the
//! bytes of a pipe's answer of so many rows to the SVG of its line chart, a
//! time and two numbers, 800 by 400, beside Apache ECharts doing the same in
//! Node as its documentation renders on a server: `JSON.parse`, the rows as the
//! chart's data set, `renderToSVGString`, animation off.
//!
//! Perch's picture has its marks and its sentence besides. ECharts draws every
//! point unless it is told not to: `render_…_lttb` lets it leave out what its
//! own sampling finds needless.

use std::hint::black_box;
use std::time::{Duration, Instant};

use perch_chart::{Input, Size, Spec, Theme};

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::node::{Node, Task};
use crate::series;

const SIZE: Size = Size { width: 800, height: 400 };

/// How often the two take turns, after one turn that does not count.
const ROUNDS: usize = 5;

/// One length of an answer.
struct Length {
    name: &'static str,
    /// Beside ECharts with its sampling.
    sampled: &'static str,
    rows: usize,
    /// How often it is drawn in one turn: by Perch, and by ECharts.
    times: (usize, usize),
}

const LENGTHS: [Length; 4] = [
    Length { name: "render_1000", sampled: "render_1000_lttb", rows: 1_000, times: (120, 20) },
    Length { name: "render_10000", sampled: "render_10000_lttb", rows: 10_000, times: (40, 6) },
    Length { name: "render_100000", sampled: "render_100000_lttb", rows: 100_000, times: (6, 2) },
    Length { name: "render_1000000", sampled: "render_1000000_lttb", rows: 1_000_000, times: (2, 1) },
];

/// One length under way.
struct Course {
    answer: Vec<u8>,
    plain: Task,
    sampled: Task,
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
    theirs_sampled: Vec<Duration>,
}

/// Lets the two take turns at each length, so that whatever else the machine
/// does meets both, and all lengths.
pub fn compare(node: &mut Node) -> Result<Vec<Comparison>, BenchError> {
    let folder = tempfile::tempdir()?;
    let mut all = Vec::new();
    for length in &LENGTHS {
        let answer = series::answer(length.rows, 1).into_bytes();
        let file = folder.path().join(length.name);
        std::fs::write(&file, &answer)?;
        let task = |sampling| Task::Render {
            file: file.to_string_lossy().into_owned(),
            width: SIZE.width,
            height: SIZE.height,
            sampling,
        };
        let (plain, sampled) = (task(None), task(Some("lttb")));
        let (ours, theirs, theirs_sampled) = (Vec::new(), Vec::new(), Vec::new());
        all.push(Course { answer, plain, sampled, ours, theirs, theirs_sampled });
    }
    let spec = series::chart();
    for round in 0..=ROUNDS {
        for (length, course) in LENGTHS.iter().zip(&mut all) {
            let (our_times, their_times) = length.times;
            let ours = (0..our_times).map(|_| render(&course.answer, &spec)).collect::<Result<Vec<_>, _>>()?;
            let theirs = node.times(&course.plain, their_times)?;
            let sampled = node.times(&course.sampled, their_times.div_ceil(2))?;
            if round > 0 {
                course.ours.extend(ours);
                course.theirs.extend(theirs);
                course.theirs_sampled.extend(sampled);
            }
        }
    }
    let plain = LENGTHS
        .iter()
        .zip(&all)
        .map(|(length, course)| Comparison::of(length.name, &course.ours, "Apache ECharts in Node", &course.theirs));
    let sampled = LENGTHS.iter().zip(&all).map(|(length, course)| {
        Comparison::of(length.sampled, &course.ours, "the same with sampling: 'lttb'", &course.theirs_sampled)
    });
    let comparisons: Option<Vec<_>> = plain.chain(sampled).collect();
    comparisons.ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

fn render(answer: &[u8], spec: &Spec) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    let answer = perch_tinybird::decode(black_box(answer))?;
    let drawing = perch_chart::draw(&Input::from(&answer.table), spec, SIZE, Theme::Light)?;
    drop(black_box((answer, drawing)));
    Ok(begun.elapsed())
}
