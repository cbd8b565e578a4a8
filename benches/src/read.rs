//! `read`: what twelve tiles are drawn from, out of the tenant's sealed store of
//! 500 answers of 40 KB, beside the same out of plain files of JSON in a folder
//! of 500, read by the same decoder. `read_bytes`: the same without decoding,
//! what unsealing and decompressing alone add to reading. The store is open, and
//! both find their files in the system's memory. Every turn reads the next
//! twelve.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use perch_offline::{Question, Store};
use perch_tenant::Secret;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::tenant;

const ANSWERS: usize = 500;
const TILES: usize = 12;

/// Rows of an answer of 40 KB.
const ROWS: usize = 374;

/// How often the two take turns.
const ROUNDS: usize = 500;

/// The peer's name.
const PEER: &str = "plain files of the same JSON";

/// Lets the two read in turns, to tables and to bytes.
pub fn compare() -> Result<Vec<Comparison>, BenchError> {
    let folder = tempfile::tempdir()?;
    let store = filled(folder.path())?;
    let mut times: [Vec<Duration>; 4] = Default::default();
    for round in 0..ROUNDS {
        let tiles: Vec<_> = (0..TILES).map(|tile| (round * TILES + tile) % ANSWERS).collect();
        let questions: Vec<_> = tiles.iter().map(|tile| question(*tile)).collect();
        let files: Vec<_> = tiles.iter().map(|tile| file(folder.path(), *tile)).collect();
        let sealed = |question: &Question| {
            let seen = store.get(question)?;
            seen.map(|seen| seen.answer).ok_or_else(|| BenchError::InVain("an answer".to_owned()))
        };
        let plain = |file: &PathBuf| Ok(std::fs::read(file)?);
        times[0].push(timed(&questions, |question| Ok(perch_tinybird::decode(&sealed(question)?)?))?);
        times[1].push(timed(&files, |file| Ok(perch_tinybird::decode(&plain(file)?)?))?);
        times[2].push(timed(&questions, sealed)?);
        times[3].push(timed(&files, plain)?);
    }
    let [ours, theirs, our_bytes, their_bytes] = &times;
    let comparisons =
        [Comparison::of("read", ours, PEER, theirs), Comparison::of("read_bytes", our_bytes, PEER, their_bytes)];
    comparisons.into_iter().collect::<Option<_>>().ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

/// How long it takes to read all of these.
fn timed<T, R>(all: &[T], read: impl Fn(&T) -> Result<R, BenchError>) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    for one in all {
        drop(black_box(read(black_box(one))?));
    }
    Ok(begun.elapsed())
}

/// A store and a folder with the same answers.
fn filled(folder: &Path) -> Result<Store, BenchError> {
    let tenant = tenant::tenant("https://api.tinybird.co", "5a4db0c5-0000-4000-8000-000000000001")?.id();
    let store = Store::open(&folder.join("stores"), &tenant, &Secret::new("5a".repeat(32)))?.store;
    for number in 0..ANSWERS {
        let answer = answer(number);
        store.put(&question(number), answer.as_bytes(), SystemTime::now(), "https://api.tinybird.co (mint)")?;
        std::fs::write(file(folder, number), answer)?;
    }
    Ok(store)
}

fn question(number: usize) -> Question {
    let parameters = [("limit".to_owned(), number.to_string()), ("from".to_owned(), "30d".to_owned())];
    Question { pipe: "top_pages".to_owned(), parameters: parameters.into() }
}

fn file(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("top_pages-30d-{number}.json"))
}

/// An answer as ClickHouse writes it: an hour, a page and two numbers a row.
fn answer(number: usize) -> String {
    const PAGES: [&str; 7] = ["\\/", "\\/pricing", "\\/docs\\/start", "\\/blog", "\\/checkout", "\\/about", "\\/docs"];
    let mut text = "{\n\t\"meta\":\n\t[\n".to_owned();
    for (name, kind, end) in
        [("hour", "DateTime", ","), ("page", "String", ","), ("visits", "UInt64", ","), ("revenue", "Float64", "")]
    {
        let _ = write!(text, "\t\t{{\n\t\t\t\"name\": \"{name}\",\n\t\t\t\"type\": \"{kind}\"\n\t\t}}{end}\n");
    }
    text.push_str("\t],\n\n\t\"data\":\n\t[\n");
    let mut chance = number as u64 + 1;
    for row in 0..ROWS {
        // Knuth's linear congruence: the same answers at each run.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (page, visits, cents) =
            (PAGES[(chance >> 33) as usize % PAGES.len()], (chance >> 40) % 10_000, (chance >> 20) % 1_000_000);
        let (day, hour) = (1 + row / 24 % 28, row % 24);
        let end = if row + 1 < ROWS { "," } else { "" };
        let _ = write!(
            text,
            "\t\t{{\n\t\t\t\"hour\": \"2026-10-{day:02} {hour:02}:00:00\",\n\t\t\t\"page\": \"{page}\",\n\
             \t\t\t\"visits\": {visits},\n\t\t\t\"revenue\": {}.{:02}\n\t\t}}{end}\n",
            cents / 100,
            cents % 100
        );
    }
    let _ = write!(text, "\t],\n\n\t\"rows\": {ROWS}\n}}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_read_the_same_answers_of_40_kb() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = filled(folder.path()).expect("a store");
        for number in [0, 123, ANSWERS - 1] {
            let plain = std::fs::read(file(folder.path(), number)).expect("a file");
            assert_eq!(store.get(&question(number)).expect("a read").expect("an answer").answer, plain);
            assert!((38_000..=42_000).contains(&plain.len()), "{}", plain.len());
            let rows =
                perch_tinybird::decode(&plain).expect("an answer").table.column("visits").expect("a column").len();
            assert_eq!(rows, ROWS);
        }
    }
}
