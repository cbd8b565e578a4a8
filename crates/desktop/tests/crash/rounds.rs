//! What a run of many rounds has in common: chance, which can be repeated, and
//! how often which step had which outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::stage::Outcome;

/// Chance that can be repeated.
pub struct Chance {
    pub seed: u64,
    numbers: fastrand::Rng,
}

impl Chance {
    /// From `PERCH_CRASH_SEED`, or another one each time.
    pub fn new() -> Self {
        let told = std::env::var("PERCH_CRASH_SEED").ok();
        let seed = told.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("PERCH_CRASH_SEED is a number"));
        Self { seed, numbers: fastrand::Rng::with_seed(seed) }
    }

    /// Any moment up to `longest`, to the microsecond.
    pub fn moment(&mut self, longest: Duration) -> Duration {
        let longest = u64::try_from(longest.as_micros()).expect("a short time");
        Duration::from_micros(self.numbers.u64(0..=longest))
    }
}

/// How often which step had which outcome.
pub struct Histogram {
    title: &'static str,
    seed: u64,
    since: Instant,
    counts: BTreeMap<String, [usize; 2]>,
}

impl Histogram {
    pub fn new(title: &'static str, chance: &Chance) -> Self {
        Self { title, seed: chance.seed, since: Instant::now(), counts: BTreeMap::new() }
    }

    pub fn count(&mut self, step: impl Into<String>, outcome: Outcome) {
        self.counts.entry(step.into()).or_default()[usize::from(outcome == Outcome::Gone)] += 1;
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds: usize = self.counts.values().flatten().sum();
        writeln!(formatter, "{}: {rounds} killed in {:.0?}, seed {}", self.title, self.since.elapsed(), self.seed)?;
        writeln!(formatter, "  {:44}{:>6}{:>6}", "killed at", "whole", "gone")?;
        for (step, [whole, gone]) in &self.counts {
            writeln!(formatter, "  {step:44}{whole:>6}{gone:>6}")?;
        }
        Ok(())
    }
}
