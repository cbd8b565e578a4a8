//! What a column looks like at a glance: what it is called, what it holds, how often it repeats itself.

use std::collections::BTreeSet;

use perch_tinybird::{Column, Family, Table};

use crate::Format;

/// How many rows are looked at.
const GLANCE: usize = 2_000;

/// A column, and what can be told of it.
pub(super) struct Sight<'t> {
    pub(super) column: &'t Column,
    /// The name's words in small letters: `avgSession_sec` is `avg`, `session`, `sec`.
    words: Vec<String>,
    /// How many different values there are in the rows that were looked at.
    pub(super) distinct: usize,
    /// How many of those rows have a value.
    pub(super) held: usize,
    least: f64,
    greatest: f64,
    /// The longest text, in characters.
    pub(super) longest: usize,
}

impl<'t> Sight<'t> {
    pub(super) fn all(table: &'t Table) -> Vec<Self> {
        table.columns().iter().map(Self::of).collect()
    }

    fn of(column: &'t Column) -> Self {
        let step = column.len().div_ceil(GLANCE).max(1);
        let (mut seen, mut held, mut longest) = (BTreeSet::new(), 0, 0);
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in (0..column.len()).step_by(step) {
            let Some(text) = column.text(row) else { continue };
            held += 1;
            longest = longest.max(text.chars().take(200).count());
            if let Some(number) = column.number(row).filter(|number| number.is_finite()) {
                (least, greatest) = (least.min(number), greatest.max(number));
            }
            seen.insert(text);
        }
        Self { column, words: words(column.name()), distinct: seen.len(), held, least, greatest, longest }
    }

    pub(super) fn name(&self) -> String {
        self.column.name().to_owned()
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    fn ends(&self, words: &[&str]) -> bool {
        self.words.last().is_some_and(|word| words.contains(&word.as_str()))
    }

    /// Whether the column is called so, in one word.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.words.len() == 1 && self.has(&[name])
    }

    pub(super) fn is_time(&self) -> bool {
        self.column.family() == Family::Time
    }

    /// A text or a yes and no.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.column.family(), Family::Text | Family::Boolean)
    }

    fn is_number(&self) -> bool {
        self.column.family() == Family::Number
    }

    /// A number that says how much: no name of something, no place on the Earth, no part of a clock.
    pub(super) fn is_measure(&self) -> bool {
        self.is_number()
            && !self.is_place()
            && !self.is_hour()
            && !self.is_weekday()
            && !self.ends(&["id", "year", "version"])
    }

    /// A place on the Earth.
    pub(super) fn is_place(&self) -> bool {
        self.is_number() && self.ends(&["lat", "lon", "lng", "latitude", "longitude"])
    }

    pub(super) fn is_hour(&self) -> bool {
        self.is_number() && self.has(&["hour", "hours"]) && self.within(0.0, 23.0) && self.distinct > 1
    }

    pub(super) fn is_weekday(&self) -> bool {
        let named = self.has(&["dow", "weekday"]) || self.words.join(" ").contains("day of week");
        named && self.distinct > 1 && self.distinct <= 8 && (self.is_name() || self.within(0.0, 7.0))
    }

    pub(super) fn is_step(&self) -> bool {
        self.is_name() && self.has(&["step", "stage", "phase"])
    }

    pub(super) fn is_state(&self) -> bool {
        self.is_name() && self.has(&["state", "status", "health"])
    }

    /// Codes of countries, as ISO 3166-1 has them.
    pub(super) fn is_country(&self) -> bool {
        if !self.is_name() || !self.has(&["country", "countries", "iso", "nation", "location"]) {
            return false;
        }
        let code = |text: &str| matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let rows = (0..self.column.len()).take(GLANCE).filter_map(|row| self.column.text(row));
        let (codes, others): (Vec<_>, Vec<_>) = rows.partition(|text| code(text));
        codes.len() > others.len() * 9
    }

    fn within(&self, least: f64, greatest: f64) -> bool {
        self.least >= least && self.greatest <= greatest
    }

    pub(super) fn is_negative(&self) -> bool {
        self.least < 0.0
    }

    /// Whether parts of it make a whole: counts and amounts, no means and no rates.
    pub(super) fn adds_up(&self) -> bool {
        const NOT: [&str; 24] = [
            "avg",
            "average",
            "mean",
            "median",
            "min",
            "max",
            "p50",
            "p75",
            "p90",
            "p95",
            "p99",
            "quantile",
            "rate",
            "ratio",
            "share",
            "percent",
            "pct",
            "score",
            "price",
            "temperature",
            "temp",
            "load",
            "latency",
            "duration",
        ];
        self.is_measure() && self.least >= 0.0 && !self.has(&NOT) && !self.format().is_share()
    }

    /// Whether less of it is better.
    pub(super) fn is_bad(&self) -> bool {
        self.has(&["bounce", "bounces", "churn", "error", "errors", "failed", "failures", "latency", "refunds"])
    }

    /// How far its values reach from zero.
    pub(super) fn reach(&self) -> f64 {
        self.least.abs().max(self.greatest.abs())
    }

    /// How its numbers are meant, by its name and by what there is.
    pub(super) fn format(&self) -> Format {
        let name = if !self.is_number() || self.held == 0 {
            "auto"
        } else if self.ends(&["percent", "pct", "percentage"]) {
            "percent"
        } else if self.has(&["rate", "ratio", "share"]) && self.within(0.0, 1.0) {
            "ratio"
        } else if self.has(&["rate", "ratio", "share"]) && self.within(0.0, 100.0) && !self.has(&["per"]) {
            "percent"
        } else if self.has(&["bytes"]) {
            "bytes"
        } else if self.ends(&["ms", "millis", "milliseconds"]) && self.reach() >= 1_000.0 {
            // Below a second, the name has said it better.
            "duration:ms"
        } else if self.ends(&["sec", "secs", "seconds"]) {
            "duration"
        } else {
            "auto"
        };
        name.parse().unwrap_or_default()
    }
}

/// A name's words: cut at what is no letter or digit, and before a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for character in name.chars().take(200) {
        let parts = !character.is_alphanumeric() || small && character.is_uppercase();
        if parts {
            words.push(String::new());
        }
        small = character.is_lowercase();
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_its_words() {
        assert_eq!(words("avgSession_sec"), ["avg", "session", "sec"]);
        assert_eq!(words("count()"), ["count"]);
        assert_eq!(words("toStartOfDay(timestamp)"), ["to", "start", "of", "day", "timestamp"]);
    }
}
