//! Where a picture is looked at: by whose clock, in whose way of writing numbers, and beside which other pictures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;

/// What is the same for all pictures of a dashboard.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The viewer's time zone.
    pub zone: TimeZone,
    /// The viewer's way of writing numbers and dates, as BCP 47 names it: `en-GB`.
    pub locale: String,
    /// Which colour is whose.
    pub colors: Arc<Colors>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, locale: "en".to_owned(), colors: Arc::default() }
    }
}

/// Remembers which category has which colour, so that it keeps it over refreshes and over the tiles of a dashboard.
#[derive(Debug, Default)]
pub struct Colors {
    ranks: Mutex<HashMap<String, usize>>,
}

impl Colors {
    /// The ranks in the palette for the categories of one picture, which are all different as long as there are no more
    /// categories than `colors`. A category keeps its rank from one picture to the next.
    pub(crate) fn ranks<'a>(&self, categories: impl IntoIterator<Item = &'a str>, colors: usize) -> Vec<usize> {
        let mut known = self.ranks.lock().unwrap_or_else(PoisonError::into_inner);
        let categories: Vec<&str> = categories.into_iter().collect();
        let mut taken = vec![false; colors.max(1)];
        let mut ranks: Vec<Option<usize>> = vec![None; categories.len()];
        for (rank, category) in ranks.iter_mut().zip(&categories) {
            *rank = known
                .get(*category)
                .copied()
                .filter(|rank| !std::mem::replace(&mut taken[*rank % colors.max(1)], true));
        }
        let uses = |known: &HashMap<String, usize>, rank: usize| known.values().filter(|used| **used == rank).count();
        for (rank, category) in ranks.iter_mut().zip(&categories).filter(|(rank, _)| rank.is_none()) {
            // Of the colours that are free in this picture, the one that the fewest others have.
            let free = (0..taken.len()).filter(|rank| !taken[*rank]).min_by_key(|rank| uses(&known, *rank));
            let chosen = free.unwrap_or_else(|| known.len() % taken.len());
            taken[chosen] = true;
            known.entry((*category).to_owned()).or_insert(chosen);
            *rank = Some(chosen);
        }
        ranks.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_category_keeps_its_colour_and_no_two_of_a_picture_share_one(
            first in prop::collection::hash_set("[a-f]", 1..6),
            second in prop::collection::hash_set("[a-f]", 1..6),
        ) {
            let colors = Colors::default();
            let before = colors.ranks(first.iter().map(String::as_str), 8);
            let after = colors.ranks(second.iter().map(String::as_str), 8);
            let mut seen = after.clone();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen.len(), second.len());
            for (category, rank) in first.iter().zip(&before) {
                if let Some(at) = second.iter().position(|other| other == category) {
                    prop_assert_eq!(after[at], *rank);
                }
            }
        }
    }
}
