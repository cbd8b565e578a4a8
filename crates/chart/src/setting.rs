//! Where a picture is looked at: by whose clock, in whose way of writing numbers, and beside which other pictures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;

use crate::Orders;

/// What is the same for all pictures of a dashboard.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The viewer's time zone.
    pub zone: TimeZone,
    /// The viewer's way of writing numbers and dates, as BCP 47 names it: `en-GB`.
    pub locale: String,
    /// Which colour is whose.
    pub colors: Arc<Colors>,
    /// In which orders tables were shown lately.
    pub orders: Arc<Orders>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, locale: "en".to_owned(), colors: Arc::default(), orders: Arc::default() }
    }
}

/// Remembers which category has which colour, so that it keeps it over refreshes and over the tiles of a dashboard.
///
/// A category's own colour comes from its name alone, so that a dashboard looks the same after a restart, whichever of
/// its tiles is drawn first. Only where two meet in one colour does it matter who came first.
#[derive(Debug)]
pub struct Colors {
    /// How many categories are remembered.
    most: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the hash of a name, so that a name of 5,000 characters weighs no more than another.
    ranks: HashMap<u64, Seen>,
    /// How many pictures there were.
    pictures: u64,
}

/// A category's rank, and the last picture that it was in.
#[derive(Debug, Clone, Copy)]
struct Seen {
    rank: usize,
    picture: u64,
}

impl Default for Colors {
    /// Far more categories than a dashboard can show: the eyes forget before.
    fn default() -> Self {
        Self { most: 4_096, known: Mutex::default() }
    }
}

/// How many of the palette's first colours a large area bears: the others come where these are taken.
const CALM: usize = 4;

impl Colors {
    /// For pictures that know nothing of each other.
    pub fn forgetful() -> Self {
        Self { most: 0, ..Self::default() }
    }

    /// The ranks in the palette for the categories of one picture, which are all different as long as there are no more
    /// categories than `colors`. A category keeps its rank from one picture to the next, and the order in which the
    /// categories are given does not matter.
    pub(crate) fn ranks<'a>(&self, categories: impl IntoIterator<Item = &'a str>, colors: usize) -> Vec<usize> {
        let colors = colors.max(1);
        let categories: Vec<(&str, u64)> = categories.into_iter().map(|name| (name, hash(name))).collect();
        let mut order: Vec<usize> = (0..categories.len()).collect();
        order.sort_by_key(|index| categories[*index].0);

        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.pictures += 1;
        let picture = known.pictures;
        let mut taken = vec![false; colors];
        let mut ranks: Vec<Option<usize>> = vec![None; categories.len()];
        for index in &order {
            let Some(seen) = known.ranks.get_mut(&categories[*index].1) else { continue };
            seen.picture = picture;
            let rank = Some(seen.rank).filter(|rank| taken.get(*rank) == Some(&false));
            rank.into_iter().for_each(|rank| taken[rank] = true);
            ranks[*index] = rank;
        }
        let mut uses = vec![0_usize; colors];
        known.ranks.values().filter(|seen| seen.rank < colors).for_each(|seen| uses[seen.rank] += 1);
        for index in order {
            if ranks[index].is_some() {
                continue;
            }
            let key = categories[index].1;
            let calm = CALM.min(colors);
            let own = (key % calm as u64) as usize;
            // Of the colours that are free in this picture, one that the fewest others have: its own, or the next.
            let free = (own..calm).chain(0..own).chain(calm..colors).filter(|rank| !taken[*rank]);
            let rank = free.min_by_key(|rank| uses[*rank]).unwrap_or(own);
            taken[rank] = true;
            uses[rank] += 1;
            ranks[index] = Some(rank);
            known.ranks.entry(key).or_insert(Seen { rank, picture });
        }
        known.forget(self.most);
        ranks.into_iter().flatten().collect()
    }
}

impl Known {
    /// Drops whoever was not seen for longest, until no more than half of `most` are left, if there are more than `most`.
    fn forget(&mut self, most: usize) {
        if self.ranks.len() <= most {
            return;
        }
        let mut pictures: Vec<u64> = self.ranks.values().map(|seen| seen.picture).collect();
        pictures.sort_unstable_by(|a, b| b.cmp(a));
        let oldest = pictures[most / 2];
        self.ranks.retain(|_, seen| seen.picture > oldest);
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version, which the standard library's hash does not promise.
fn hash(name: &str) -> u64 {
    let mixed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // Its lowest bits alone would see little of the name.
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLORS: usize = 8;

    fn ranks(colors: &Colors, names: &[&str]) -> Vec<usize> {
        colors.ranks(names.iter().copied(), COLORS)
    }

    #[test]
    fn a_restart_and_another_order_of_the_names_change_no_colour() {
        let (a, b) = (Colors::default(), Colors::default());
        let before = ranks(&a, &["desktop", "mobile", "tablet", "tv"]);
        let mut after = ranks(&b, &["tv", "tablet", "mobile", "desktop"]);
        after.reverse();
        assert_eq!(before, after);
    }

    #[test]
    fn a_dashboard_of_no_more_categories_than_colours_shows_none_in_two() {
        let colors = Colors::default();
        let names: Vec<String> = (0..COLORS).map(|index| format!("category {index}")).collect();
        // Each in a picture of its own, then all in one.
        let alone: Vec<usize> = names.iter().flat_map(|name| ranks(&colors, &[name])).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(ranks(&colors, &all), alone);
    }

    #[test]
    fn a_hundred_thousand_names_over_time_are_not_all_kept_but_those_in_use_are() {
        let colors = Colors::default();
        let mine = ranks(&colors, &["mine"]);
        for index in 0..100_000 {
            ranks(&colors, &[&format!("user {index}")]);
            if index % 500 == 0 {
                assert_eq!(ranks(&colors, &["mine"]), mine);
            }
        }
        let known = colors.known.lock().expect("nobody panicked").ranks.len();
        assert!(known <= colors.most, "{known}");
    }

    #[test]
    fn pictures_that_know_nothing_of_each_other_are_the_same_in_any_order() {
        let colors = Colors::forgetful();
        let first = ranks(&colors, &["a", "b", "c"]);
        ranks(&colors, &["d", "e", "f", "g", "h", "i"]);
        assert_eq!(ranks(&colors, &["a", "b", "c"]), first);
        assert!(colors.known.lock().expect("nobody panicked").ranks.is_empty());
    }

    #[test]
    fn more_categories_than_colours_all_have_one() {
        let names: Vec<String> = (0..120).map(|index| index.to_string()).collect();
        let ranks = Colors::default().ranks(names.iter().map(String::as_str), COLORS);
        assert_eq!(ranks.len(), 120);
        assert!(ranks.iter().all(|rank| *rank < COLORS));
    }

    #[test]
    fn threads_that_draw_at_once_agree() {
        let colors = Colors::default();
        let names = ["a", "b", "c", "d"];
        let drawn: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| ranks(&colors, &names))).collect();
            threads.into_iter().map(|thread| thread.join().expect("drawn")).collect()
        });
        assert!(drawn.iter().all(|ranks| *ranks == drawn[0]), "{drawn:?}");
    }

    proptest! {
        #[test]
        fn a_category_keeps_its_colour_and_no_two_of_a_picture_share_one(
            first in prop::collection::hash_set("[a-f]", 1..6),
            second in prop::collection::hash_set("[a-f]", 1..6),
        ) {
            let colors = Colors::default();
            let before = colors.ranks(first.iter().map(String::as_str), COLORS);
            let after = colors.ranks(second.iter().map(String::as_str), COLORS);
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
