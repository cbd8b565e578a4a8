//! What a bench answers with: two medians and their ratio.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

/// Perch beside one peer, doing the same thing.
#[derive(Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What was done.
    pub name: &'static str,
    /// Perch's median, in milliseconds; in kilobytes where a size was measured.
    pub ours_ms: f64,
    /// Who did it too.
    pub peer: &'static str,
    /// The peer's median, in the same unit.
    pub peer_ms: f64,
    /// `peer_ms / ours_ms`: above one, Perch is the faster of the two, or the
    /// smaller.
    pub ratio: f64,
    /// What the two numbers count.
    #[serde(skip)]
    unit: Unit,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Milliseconds,
    Kilobytes,
}

impl Comparison {
    /// Compares the medians of two series, or `None` when one is empty.
    pub fn of(name: &'static str, ours: &[Duration], peer: &'static str, theirs: &[Duration]) -> Option<Self> {
        let (ours_ms, peer_ms) = (median_ms(ours)?, median_ms(theirs)?);
        Some(Self { name, ours_ms, peer, peer_ms, ratio: peer_ms / ours_ms, unit: Unit::Milliseconds })
    }

    /// Compares the bytes that `count` things take, by the thing, or `None` when
    /// there is none.
    pub fn of_bytes(name: &'static str, ours: u64, peer: &'static str, theirs: u64, count: usize) -> Option<Self> {
        let each = |bytes: u64| (count > 0 && bytes > 0).then(|| bytes as f64 / 1000.0 / count as f64);
        let (ours_ms, peer_ms) = (each(ours)?, each(theirs)?);
        Some(Self { name, ours_ms, peer, peer_ms, ratio: peer_ms / ours_ms, unit: Unit::Kilobytes })
    }
}

/// The middle of the durations, in milliseconds; of an even number, the mean
/// of the two in the middle.
fn median_ms(durations: &[Duration]) -> Option<f64> {
    let mut sorted: Vec<f64> = durations.iter().map(|duration| duration.as_secs_f64() * 1000.0).collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = if sorted.len().is_multiple_of(2) { sorted[sorted.len() / 2 - 1] } else { upper };
    Some((lower + upper) / 2.0)
}

/// The comparisons for a person to read.
pub fn table(comparisons: &[Comparison]) -> String {
    let mut text = format!("{:<16}{:>13}{:>13}{:>8}  beside\n", "name", "ours", "peer", "ratio");
    for Comparison { name, ours_ms, peer, peer_ms, ratio, unit } in comparisons {
        let [ours, theirs] = [*ours_ms, *peer_ms].map(|amount| match unit {
            Unit::Milliseconds => shown(amount),
            Unit::Kilobytes => format!("{amount:.1} kB"),
        });
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<16}{ours:>13}{theirs:>13}{ratio:>8.2}  {peer}");
    }
    text
}

/// A token is signed in microseconds, a window painted in hundreds of milliseconds.
fn shown(ms: f64) -> String {
    if ms < 1.0 { format!("{:.1} µs", ms * 1000.0) } else { format!("{ms:.1} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(values: &[u64]) -> Vec<Duration> {
        values.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        assert_eq!(median_ms(&ms(&[30, 10, 20])), Some(20.0));
        assert_eq!(median_ms(&ms(&[30, 10, 9000])), Some(30.0));
        assert_eq!(median_ms(&ms(&[40, 10, 20, 30])), Some(25.0));
    }

    #[test]
    fn the_ratio_is_below_one_when_the_peer_is_faster() {
        let comparison = Comparison::of("start", &ms(&[300]), "a peer", &ms(&[150])).expect("two series");
        assert_eq!(comparison.ratio, 0.5);
        assert_eq!(Comparison::of("start", &[], "a peer", &ms(&[150])), None);
    }

    #[test]
    fn a_size_is_told_by_the_thing_and_in_kilobytes() {
        let comparison = Comparison::of_bytes("store_size", 20_000, "a peer", 100_000, 10).expect("ten things");
        assert_eq!((comparison.ours_ms, comparison.peer_ms, comparison.ratio), (2.0, 10.0, 5.0));
        assert!(table(&[comparison]).contains("2.0 kB"));
        assert_eq!(Comparison::of_bytes("store_size", 1, "a peer", 1, 0), None);
    }

    #[test]
    fn a_time_is_shown_in_the_unit_that_it_is_of() {
        assert_eq!(
            ["0.0086", "0.9999", "1", "5273.36"].map(|ms| shown(ms.parse().expect("a number"))),
            ["8.6 µs", "999.9 µs", "1.0 ms", "5273.4 ms"]
        );
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
