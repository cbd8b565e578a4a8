//! What a bench answers with: two medians and their ratio. Of times, unless the
//! bench says that it is of something else.

use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Perch beside one peer, doing the same thing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was done.
    pub name: String,
    /// Perch's median, in milliseconds, or in the bench's own unit.
    pub ours_ms: f64,
    /// Who did it too.
    pub peer: String,
    /// The peer's median, in the same unit.
    pub peer_ms: f64,
    /// `peer_ms / ours_ms`: above one, Perch is the faster of the two, or the
    /// smaller.
    pub ratio: f64,
    /// What the medians count.
    #[serde(skip)]
    pub unit: Unit,
}

/// What a bench measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// Time.
    #[default]
    Milliseconds,
    /// What is kept on the disk, by a thousand bytes.
    Kilobytes,
    /// Memory, by a million bytes.
    Megabytes,
}

impl Comparison {
    /// Compares the medians of two series, or `None` when one is empty.
    pub fn of(name: &str, ours: &[Duration], peer: &str, theirs: &[Duration]) -> Option<Self> {
        let ms = |times: &[Duration]| times.iter().map(|time| time.as_secs_f64() * 1000.0).collect::<Vec<_>>();
        Self::of_numbers(name, &ms(ours), peer, &ms(theirs), Unit::Milliseconds)
    }

    /// The same of what is no time.
    pub fn of_numbers(name: &str, ours: &[f64], peer: &str, theirs: &[f64], unit: Unit) -> Option<Self> {
        let (ours_ms, peer_ms) = (median(ours)?, median(theirs)?);
        let (name, peer) = (name.to_owned(), peer.to_owned());
        Some(Self { name, ours_ms, peer, peer_ms, ratio: peer_ms / ours_ms, unit })
    }
}

/// The middle of the numbers; of an even count, the mean of the two in the
/// middle.
fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = if sorted.len().is_multiple_of(2) { sorted[sorted.len() / 2 - 1] } else { upper };
    Some((lower + upper) / 2.0)
}

/// The comparisons for a person to read.
pub fn table(comparisons: &[Comparison]) -> String {
    let mut text = format!("{:<16}{:>13}{:>13}{:>8}  beside\n", "name", "ours", "peer", "ratio");
    for Comparison { name, ours_ms, peer, peer_ms, ratio, unit } in comparisons {
        let (ours, theirs) = (unit.shown(*ours_ms), unit.shown(*peer_ms));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<16}{ours:>13}{theirs:>13}{ratio:>8.2}  {peer}");
    }
    text
}

impl Unit {
    /// A token is signed in microseconds, a window painted in hundreds of milliseconds.
    fn shown(self, number: f64) -> String {
        match self {
            Self::Milliseconds if number < 1.0 => format!("{:.1} µs", number * 1000.0),
            Self::Milliseconds => format!("{number:.1} ms"),
            Self::Kilobytes => format!("{number:.1} kB"),
            Self::Megabytes => format!("{number:.1} MB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(values: &[u64]) -> Vec<Duration> {
        values.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        assert_eq!(median(&[30.0, 10.0, 20.0]), Some(20.0));
        assert_eq!(median(&[30.0, 10.0, 9000.0]), Some(30.0));
        assert_eq!(median(&[40.0, 10.0, 20.0, 30.0]), Some(25.0));
    }

    #[test]
    fn the_ratio_is_below_one_when_the_peer_is_faster() {
        let comparison = Comparison::of("start", &ms(&[300]), "a peer", &ms(&[150])).expect("two series");
        assert_eq!(comparison.ratio, 0.5);
        assert_eq!(Comparison::of("start", &[], "a peer", &ms(&[150])), None);
    }

    #[test]
    fn a_time_is_shown_in_the_unit_that_it_is_of() {
        assert_eq!(
            [0.0086, 0.9999, 1.0, 5273.36].map(|ms| Unit::Milliseconds.shown(ms)),
            ["8.6 µs", "999.9 µs", "1.0 ms", "5273.4 ms"]
        );
        assert_eq!(Unit::Megabytes.shown(0.25), "0.2 MB");
    }

    #[test]
    fn the_file_has_the_five_fields_that_others_read() {
        let comparison = Comparison::of("start", &ms(&[300]), "a peer", &ms(&[150])).expect("two series");
        let written = serde_json::to_value([comparison]).expect("JSON");
        let expected = serde_json::json!([
            { "name": "start", "ours_ms": 300.0, "peer": "a peer", "peer_ms": 150.0, "ratio": 0.5 }
        ]);
        assert_eq!(written, expected);
    }
}
