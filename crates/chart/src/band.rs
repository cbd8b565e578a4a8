//! How much of an axis of time a bar or a candle takes.

use crate::clock::Clock;

/// The time between two neighbours, which ascend: the shortest, unless hardly any are so close. One stray row beside
/// another would make a hairline of every bar.
pub(crate) fn band(places: impl Iterator<Item = f64> + Clone, clock: &Clock) -> f64 {
    const DAY: f64 = 8.64e10;
    const MINUTE: f64 = 6e7;
    /// A tenth of all may be stray, and are so where they are this many times as close as the others.
    const CLOSER: f64 = 4.0;
    let apart = places.clone().zip(places.skip(1)).map(|(before, after)| after - before);
    let mut apart: Vec<f64> = apart.filter(|apart| *apart > 0.0).collect();
    apart.sort_unstable_by(f64::total_cmp);
    let usual = if apart.len() < 4 { 0 } else { (apart.len() / 10).max(1) };
    match (apart.first(), apart.get(usual)) {
        (Some(shortest), Some(usual)) if shortest * CLOSER < *usual => *usual,
        (Some(shortest), _) => *shortest,
        _ if clock.is_daily() => DAY,
        _ => MINUTE,
    }
}
