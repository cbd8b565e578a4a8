//! A process that refreshes twelve tiles is killed, 500 times at random. Each
//! time, the store opens without a word, every answer in it is whole, and none
//! is lost that was acknowledged.
//!
//! The seed is printed; `PERCH_CRASH_SEED` repeats it.

mod server;
#[expect(dead_code, reason = "the tests of the engine need more of it")]
#[path = "../engine/stand_in.rs"]
mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime};
use std::{env, thread};

use perch_dashboard::{Preset, Selection, Tile, TimeRange};
use perch_offline::{Question, Store};
use perch_tenant::{Secret, TenantId};

use server::{answer, numbered};
use stand_in::{Clock, Visit};

const TILES: u32 = 12;
const KILLS: u32 = 500;

/// Most are killed so long after their first answer was kept, and a few at their start.
const AT_WORK: Duration = Duration::from_millis(60);
const AT_THE_START: Duration = Duration::from_millis(30);

const FOLDER: &str = "PERCH_CRASH_FOLDER";
const SERVER: &str = "PERCH_CRASH_SERVER";
const SEED: &str = "PERCH_CRASH_SEED";

const NAME: &str = "after_any_kill_the_store_opens_and_has_every_acknowledged_answer_whole";

#[test]
fn after_any_kill_the_store_opens_and_has_every_acknowledged_answer_whole() {
    if let Ok(folder) = env::var(FOLDER) {
        return refresh_for_ever(Path::new(&folder), &env::var(SERVER).expect("an address"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let address = runtime.block_on(server::start());
    let dir = tempfile::tempdir().expect("a folder");
    let (_, tenant) = stand_in::tenant(&address, "org_a");
    let mut chance = Chance::new();
    let mut book = Book::default();
    let (mut before_opening, mut busy) = (0, 0);
    for round in 0..KILLS {
        let mut victim = Victim::start(dir.path(), &address);
        let said = if round % 10 == 0 {
            thread::sleep(chance.moment(AT_THE_START));
            victim.kill()
        } else {
            let first = victim.wait_for_an_answer();
            thread::sleep(chance.moment(AT_WORK));
            [vec![first], victim.kill()].concat()
        };
        before_opening += u32::from(said.is_empty());
        busy += u32::from(!said.is_empty());
        for line in said {
            book.acknowledged(&line);
        }
        book.look_at(dir.path(), &tenant.id(), round);
    }
    eprintln!(
        "{KILLS} kills (seed {}): {busy} of them after an acknowledgement, {before_opening} before the first; {} answers acknowledged",
        chance.seed, book.count
    );
    assert!(busy > KILLS / 2, "{busy}: killed at work");
    assert_eq!(book.newest.len(), TILES as usize, "every tile was kept");
}

/// Lives the life of the one that is killed: says of each answer that it was
/// kept, once that is so.
fn refresh_for_ever(folder: &Path, address: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let visit = Visit::begin(folder, address, "org_a", &Clock::new());
        let selection = Selection::from(TimeRange::Last(Preset::Days7));
        let tiles = (0..TILES).map(|number| {
            let (engine, selection, tile) = (visit.engine.clone(), selection.clone(), tile(number));
            tokio::spawn(async move {
                loop {
                    // As when it is drawn: what was seen, and then what is new.
                    engine.seen(&tile, &selection);
                    let data = engine.refresh(&tile, &selection).await.expect("an answer");
                    let first = data.answer.table.column("row").expect("a column").text(0).expect("a row").into_owned();
                    say(&format!("kept {first}"));
                }
            })
        });
        let (ended, ..) = futures_util::future::select_all(tiles).await;
        ended.expect("for ever");
    });
}

fn say(line: &str) {
    // After what the test's own frame has written to this line.
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).expect("said");
}

fn tile(number: u32) -> Tile {
    let mut tile = stand_in::tile("kpis", &format!("parameters = {{ tile = {number} }}"));
    // One question whatever the time.
    tile.time = None;
    tile
}

fn question(number: u32) -> Question {
    Question { pipe: "kpis".to_owned(), parameters: BTreeMap::from([("tile".to_owned(), number.to_string())]) }
}

/// What was acknowledged: the newest answer of each tile.
#[derive(Default)]
struct Book {
    newest: BTreeMap<u32, u32>,
    count: usize,
}

impl Book {
    fn acknowledged(&mut self, line: &str) {
        let Some((tile, number)) = line.strip_prefix("kept ").and_then(numbered) else { return };
        let newest = self.newest.entry(tile).or_default();
        *newest = number.max(*newest);
        self.count += 1;
    }

    fn look_at(&mut self, dir: &Path, tenant: &TenantId, round: u32) {
        let opened = Store::open(dir, tenant, &Secret::new("0".repeat(64))).expect("the store opens");
        assert_eq!(opened.notice, None, "round {round}");
        let mut there = BTreeSet::new();
        for tile in 0..TILES {
            let Some(seen) = opened.store.get(&question(tile)).expect("a read") else { continue };
            let table = perch_tinybird::decode(&seen.answer).expect("a whole answer").table;
            let first = table.column("row").expect("a column").text(0).expect("a row").into_owned();
            let (of, number) = numbered(&first).expect("an answer of the server");
            assert_eq!(of, tile, "round {round}");
            assert!(seen.answer == answer(tile, number).as_bytes(), "round {round}: tile {tile} is not whole");
            let acknowledged = self.newest.get(&tile).copied().unwrap_or_default();
            assert!(number >= acknowledged, "round {round}: tile {tile} has {number}, and {acknowledged} was kept");
            there.insert(tile);
        }
        assert!(self.newest.keys().all(|tile| there.contains(tile)), "round {round}: an answer is gone");
        assert_eq!(opened.store.take_notice(), None, "round {round}");
    }
}

/// The process that is killed. It ends with this value.
struct Victim {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Victim {
    fn start(folder: &Path, address: &str) -> Self {
        let mut process = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder)
            .env(SERVER, address)
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        Self { process, output }
    }

    /// Waits for its first acknowledgement, so that it is at work however slow the
    /// machine is.
    fn wait_for_an_answer(&mut self) -> String {
        let mut lines = self.output.by_ref().lines().map_while(Result::ok);
        lines.find(|line| line.starts_with("kept ")).expect("it ended before it kept an answer")
    }

    /// Kills it, and answers with what it said before.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().expect("killed");
        let said: Vec<String> = self.output.by_ref().lines().map_while(Result::ok).collect();
        let status = self.process.wait().expect("gone");
        assert_eq!(status.code(), None, "it ended by itself: {said:?}");
        said.into_iter().filter(|line| line.starts_with("kept ")).collect()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Killed already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A source of moments that can be repeated (xorshift).
struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    fn new() -> Self {
        let given = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
            u64::from(since.subsec_nanos()) + 1
        });
        Self { seed, state: seed }
    }

    fn moment(&mut self, most: Duration) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        most.mul_f64((self.state >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
