//! `decode_1000`, `decode_100000`, `decode_1000000`: a pipe's answer of so many
//! rows, from its bytes to a table that is dropped again, beside Node on the
//! same bytes: `JSON.parse`, and a loop that pushes each value to its column's
//! array. Node leaves the times as texts, which Perch reads.
//!
//! `decode_growth`: what 100,000 rows cost in an answer of a million, beside
//! what they cost alone.
//!
//! It runs in a process of its own, whose allocator asks the system for the
//! memory of every answer.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::node::{Node, Task};

/// glibc keeps what was freed, as much as it has ever seen freed at once: a
/// short answer after a long one then finds its memory touched already, and a
/// long one never does. With a fixed threshold both ask the system for it.
pub const ALLOCATOR: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=131072");

/// The peer's name.
const PEER: &str = "JSON.parse and a loop in Node";

/// How often the two take turns, after one turn that does not count.
const ROUNDS: usize = 11;

/// One length of an answer.
struct Size {
    name: &'static str,
    rows: usize,
    /// How often it is decoded in one turn.
    times: usize,
}

const SIZES: [Size; 3] = [
    Size { name: "decode_1000", rows: 1_000, times: 200 },
    Size { name: "decode_100000", rows: 100_000, times: 5 },
    Size { name: "decode_1000000", rows: 1_000_000, times: 2 },
];

/// One size under way.
struct Series {
    answer: Vec<u8>,
    task: Task,
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
}

/// Compares in a process of its own.
pub fn compare_apart() -> Result<Vec<Comparison>, BenchError> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.env(ALLOCATOR.0, ALLOCATOR.1).stderr(Stdio::inherit()).output()?;
    serde_json::from_slice(&output.stdout).map_err(|_| BenchError::InVain("what was decoded apart".to_owned()))
}

/// Whether this is that process.
pub fn is_apart() -> bool {
    std::env::var_os(ALLOCATOR.0).is_some_and(|value| value == ALLOCATOR.1)
}

/// Compares, and prints what comes of it for the process that waits.
pub fn print() -> Result<(), BenchError> {
    let comparisons = compare(&mut Node::start()?)?;
    Ok(serde_json::to_writer(io::stdout(), &comparisons).map_err(io::Error::from)?)
}

/// Lets the two take turns at each size, so that whatever else the machine
/// does meets both, and all sizes.
fn compare(node: &mut Node) -> Result<Vec<Comparison>, BenchError> {
    let folder = tempfile::tempdir()?;
    let mut all = Vec::new();
    for size in &SIZES {
        let answer = answer(size.rows).into_bytes();
        let file = folder.path().join(size.name);
        std::fs::write(&file, &answer)?;
        let task = Task::Decode { file: file.to_string_lossy().into_owned() };
        all.push(Series { answer, task, ours: Vec::new(), theirs: Vec::new() });
    }
    for round in 0..=ROUNDS {
        for (size, series) in SIZES.iter().zip(&mut all) {
            let ours = (0..size.times).map(|_| decode(&series.answer)).collect::<Result<Vec<_>, _>>()?;
            let theirs = node.times(&series.task, size.times)?;
            if round > 0 {
                series.ours.extend(ours);
                series.theirs.extend(theirs);
            }
        }
    }
    let comparisons =
        SIZES.iter().zip(&all).map(|(size, series)| Comparison::of(size.name, &series.ours, PEER, &series.theirs));
    let [_, less, most] = &all[..] else { return Err(BenchError::InVain("three sizes".to_owned())) };
    let a_tenth: Vec<_> = most.ours.iter().map(|time| *time / 10).collect();
    let growth = Comparison::of("decode_growth", &a_tenth, "the same in an answer a tenth as long", &less.ours);
    let comparisons: Option<Vec<_>> = comparisons.chain([growth]).collect();
    comparisons.ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

fn decode(answer: &[u8]) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    drop(black_box(perch_tinybird::decode(black_box(answer))?));
    Ok(begun.elapsed())
}

/// An answer as ClickHouse writes it: a time, a text and a number, in the
/// order of the times.
fn answer(rows: usize) -> String {
    const PAGES: [&str; 7] = ["\\/", "\\/pricing", "\\/docs\\/start", "\\/blog", "checkout", "search results", "menü"];
    let mut text = "{\n\t\"meta\":\n\t[\n".to_owned();
    for (name, kind, end) in [("time", "DateTime", ","), ("page", "String", ","), ("visits", "UInt64", "")] {
        let _ = write!(text, "\t\t{{\n\t\t\t\"name\": \"{name}\",\n\t\t\t\"type\": \"{kind}\"\n\t\t}}{end}\n");
    }
    text.push_str("\t],\n\n\t\"data\":\n\t[\n");
    let mut chance = 1_u64;
    for row in 0..rows {
        // Knuth's linear congruence: the same answer at each run.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (page, visits) = (PAGES[(chance >> 33) as usize % PAGES.len()], (chance >> 40) % 100_000);
        let (day, hour, minute, second) = (1 + row / 86_400 % 28, row / 3_600 % 24, row / 60 % 60, row % 60);
        let _ = write!(text, "\t\t{{\n\t\t\t\"time\": \"2026-01-{day:02} {hour:02}:{minute:02}:{second:02}\",\n");
        let _ = write!(text, "\t\t\t\"page\": \"{page}\",\n\t\t\t\"visits\": {visits}\n\t\t}}");
        text.push_str(if row + 1 < rows { ",\n" } else { "\n" });
    }
    let _ = write!(text, "\t],\n\n\t\"rows\": {rows},\n\n\t\"statistics\":\n\t{{\n\t\t\"elapsed\": 0.01,\n");
    let _ = write!(text, "\t\t\"rows_read\": {rows},\n\t\t\"bytes_read\": {rows}\n\t}}\n}}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_read_the_answer_that_is_measured() {
        let text = answer(100);
        let decoded = perch_tinybird::decode(text.as_bytes()).expect("an answer");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["data"].as_array().map(Vec::len), Some(100));
        for (row, values) in json["data"].as_array().expect("rows").iter().enumerate() {
            let cell = |name| decoded.table.column(name).expect(name).text(row).expect("a cell").into_owned();
            assert_eq!(Some(cell("time").as_str()), values["time"].as_str());
            assert_eq!(Some(cell("page").as_str()), values["page"].as_str());
            assert_eq!(cell("visits"), values["visits"].to_string());
        }
    }
}
