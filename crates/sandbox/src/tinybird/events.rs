//! The events: visits of web shops over the last 90 days, page by page. Every
//! day is seeded by its own date, so two sandboxes that start in the same week
//! tell the same history up to the half hour before they started, and two
//! with the same present hold the same rows.
//!
//! The visits of the 24 hours after the start are made as well, ahead of time:
//! pipes answer up to their present only, and meet them one by one as it moves.

use rusqlite::{Connection, params};

use super::mix::Chance;
use super::shops::{SHOPS, Shop, browsers};
use crate::people::organizations;

/// Seconds in a day.
pub(super) const DAY: i64 = 86_400;
/// Whole days before today.
const DAYS: i64 = 90;
/// For so many seconds past its start a sandbox has visits.
const AHEAD: i64 = DAY;
/// From the start on, each shop has a visit that begins in the first 8 of
/// every 20 minutes, whatever the hour: at most 28 lie between two, so the half
/// hour that `trend` tells is never empty.
const CALLS: i64 = 20 * 60;
const CALLS_WITHIN: i64 = 8 * 60;
/// Somebody sent a newsletter this many seconds before the present, so that
/// the last half hour is never empty, whatever the hour.
const NEWSLETTER: i64 = 30 * 60;
/// A page is looked at for this long on average, in seconds.
const READING: f64 = 48.0;

/// One page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Event {
    timestamp: i64,
    org_id: &'static str,
    session_id: i64,
    pathname: &'static str,
    source: &'static str,
    location: &'static str,
    device: &'static str,
    browser: &'static str,
}

/// The number of the first day with events, counted from 1970-01-01.
pub(super) fn first_day(now: i64) -> i64 {
    now.div_euclid(DAY) - DAYS
}

/// A database in memory with at least `at_least` events before today, today's
/// up to `now`, and those of the 24 hours after.
pub(super) fn build(now: i64, at_least: usize) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(
        "CREATE TABLE events (
            timestamp INTEGER NOT NULL, -- seconds since 1970, UTC
            org_id TEXT NOT NULL,
            session_id INTEGER NOT NULL,
            pathname TEXT NOT NULL,
            source TEXT NOT NULL,
            location TEXT NOT NULL,
            device TEXT NOT NULL,
            browser TEXT NOT NULL
        ) STRICT",
    )?;
    let change = connection.transaction()?;
    {
        let mut insert = change.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        generate(now, at_least, |event| {
            insert
                .execute(params![
                    event.timestamp,
                    event.org_id,
                    event.session_id,
                    event.pathname,
                    event.source,
                    event.location,
                    event.device,
                    event.browser
                ])
                .map(drop)
        })?;
    }
    change.commit()?;
    Ok(connection)
}

/// Tells every event, in no order that matters.
fn generate<E>(now: i64, at_least: usize, mut tell: impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
    let (today, until) = (now.div_euclid(DAY), now + AHEAD);
    for (number, shop) in SHOPS.iter().enumerate() {
        let org_id = organizations()[number].id;
        for day in first_day(now)..=until.div_euclid(DAY) {
            let mut chance = Chance::seeded([number as u64, day.unsigned_abs(), 0]);
            let mut budget = visits_worth(shop, day, today, at_least, &mut chance);
            while budget > 0.0 {
                let start = day * DAY + start_within_day(shop, &mut chance);
                let visit = Visit::new(shop, org_id, start, None, &mut chance);
                budget -= visit.walk(until, &mut chance, &mut tell)?;
            }
        }
        let mut chance = Chance::seeded([number as u64, now.unsigned_abs(), 1]);
        let openings = (shop.share * at_least as f64 / 3_500.0).ceil() as i64;
        for _ in 0..openings {
            let start = now - chance.below(NEWSLETTER);
            let visit = Visit::new(shop, org_id, start, Some("newsletter"), &mut chance);
            visit.walk(until, &mut chance, &mut tell)?;
        }
        let mut chance = Chance::seeded([number as u64, now.unsigned_abs(), 2]);
        for begins in (now..until).step_by(CALLS as usize) {
            let start = begins + 1 + chance.below(CALLS_WITHIN);
            let visit = Visit::new(shop, org_id, start, None, &mut chance);
            visit.walk(until, &mut chance, &mut tell)?;
        }
    }
    Ok(())
}

/// How many events a day is worth: the weekday, the growth, some chance. The
/// 4 % on top cover the last week and the odd days, so that 90 days together
/// are never worth less than was asked for.
fn visits_worth(shop: &Shop, day: i64, today: i64, at_least: usize, chance: &mut Chance) -> f64 {
    let mean = at_least as f64 * shop.share / DAYS as f64 * 1.04;
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    // Growth is told from this week's Monday, not from today: else each day
    // would rewrite what all the days before it were.
    let monday = today - (today + 3).rem_euclid(7);
    let age = (day - (monday - DAYS / 2)) as f64 / (DAYS / 2) as f64;
    let growth = 1.0 + f64::from(shop.growth) / 100.0 * age;
    mean * f64::from(shop.weekdays[weekday as usize]) / 100.0 * growth * (0.9 + 0.22 * chance.unit())
}

fn start_within_day(shop: &Shop, chance: &mut Chance) -> i64 {
    let total: u32 = shop.hours.iter().sum();
    let mut left = chance.below(i64::from(total));
    let mut hour = 0;
    for weight in shop.hours {
        left -= i64::from(weight);
        if left < 0 {
            break;
        }
        hour += 1;
    }
    hour * 3600 + chance.below(3600)
}

/// Kinds of page, which decide where a visit goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Home,
    List,
    Product,
    Cart,
    Checkout,
    ThankYou,
    Journal,
    About,
    Contact,
}

impl Page {
    /// Where people go from here, if they go on.
    fn next(self) -> &'static [(Self, u32)] {
        match self {
            Self::Home => {
                &[(Self::List, 42), (Self::Product, 30), (Self::Journal, 14), (Self::About, 9), (Self::Contact, 5)]
            }
            Self::List => &[(Self::Product, 78), (Self::Home, 14), (Self::About, 8)],
            Self::Product => {
                &[(Self::Product, 36), (Self::Cart, 26), (Self::List, 26), (Self::Home, 8), (Self::Journal, 4)]
            }
            Self::Cart => &[(Self::Checkout, 58), (Self::Product, 24), (Self::List, 18)],
            Self::Checkout => &[(Self::ThankYou, 72), (Self::Cart, 28)],
            Self::ThankYou | Self::About | Self::Contact => &[(Self::Home, 100)],
            Self::Journal => &[(Self::Journal, 34), (Self::Product, 30), (Self::Home, 20), (Self::List, 16)],
        }
    }

    /// How many of a hundred leave here, after their first page.
    fn leave(self) -> u32 {
        match self {
            Self::ThankYou => 88,
            Self::Contact => 60,
            Self::Checkout => 16,
            Self::Cart => 28,
            _ => 25,
        }
    }
}

/// One visit before its first page.
struct Visit<'a> {
    shop: &'a Shop,
    first: Page,
    view: Event,
}

impl<'a> Visit<'a> {
    fn new(
        shop: &'a Shop,
        org_id: &'static str,
        start: i64,
        source: Option<&'static str>,
        chance: &mut Chance,
    ) -> Self {
        let [home, list, product, journal] = shop.landings;
        let landings = [(Page::Home, home), (Page::List, list), (Page::Product, product), (Page::Journal, journal)];
        let device = chance.pick(shop.devices).unwrap_or_default();
        let view = Event {
            timestamp: start,
            org_id,
            // 63 bits: a positive integer to SQLite, and no two alike.
            session_id: (chance.next() >> 1) as i64,
            pathname: "/",
            source: source.or_else(|| chance.pick(shop.sources)).unwrap_or_default(),
            location: chance.pick(shop.locations).unwrap_or_default(),
            device,
            browser: chance.pick(browsers(device)).unwrap_or_default(),
        };
        Self { shop, first: chance.pick(&landings).unwrap_or(Page::Home), view }
    }

    /// Walks through the shop and tells each page that is seen up to `until`.
    /// Returns how many pages were walked, seen or not.
    fn walk<E>(
        mut self,
        until: i64,
        chance: &mut Chance,
        tell: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<f64, E> {
        let mut page = self.first;
        let mut pages = 0.0;
        let mut leaves = chance.happens(f64::from(self.shop.bounces) / 100.0);
        loop {
            self.view.pathname = self.path(page, chance);
            if self.view.timestamp <= until {
                tell(self.view)?;
            }
            pages += 1.0;
            if leaves {
                return Ok(pages);
            }
            self.view.timestamp += 4 + chance.wait(READING).min(900.0) as i64;
            page = chance.pick(page.next()).unwrap_or(Page::Home);
            leaves = chance.happens(f64::from(page.leave()) / 100.0);
        }
    }

    fn path(&self, page: Page, chance: &mut Chance) -> &'static str {
        match page {
            Page::Home => "/",
            Page::List => "/shop",
            Page::Product => chance.pick(self.shop.products).unwrap_or("/shop"),
            Page::Cart => "/cart",
            Page::Checkout => "/checkout",
            Page::ThankYou => "/thank-you",
            Page::Journal => chance.pick(self.shop.journal).unwrap_or("/journal"),
            Page::About => "/about",
            Page::Contact => "/contact",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// 2026-11-21 12:00:00 UTC, a Saturday.
    const NOON: i64 = 1_795_262_400;

    fn events(now: i64, at_least: usize) -> Vec<Event> {
        let mut events = Vec::new();
        let told = generate(now, at_least, |event| {
            events.push(event);
            Ok::<(), Infallible>(())
        });
        assert!(told.is_ok());
        events
    }

    fn key(event: &Event) -> (i64, i64, &'static str) {
        (event.session_id, event.timestamp, event.pathname)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn ninety_days_hold_at_least_what_was_asked_for(now in 1_700_000_000_i64..2_100_000_000, at_least in 2_000_usize..20_000) {
            let today = now - now.rem_euclid(DAY);
            let before_today = events(now, at_least).iter().filter(|event| event.timestamp < today).count();
            prop_assert!(before_today >= at_least, "{before_today} of {at_least}");
        }

        #[test]
        fn no_event_lies_before_the_first_day_or_more_than_a_day_ahead(now in 1_700_000_000_i64..2_100_000_000) {
            for event in events(now, 2_000) {
                prop_assert!(event.timestamp <= now + DAY);
                prop_assert!(event.timestamp >= first_day(now) * DAY);
            }
        }
    }

    #[test]
    fn the_same_present_has_the_same_events() {
        assert_eq!(events(NOON, 20_000), events(NOON, 20_000));
    }

    #[test]
    fn an_hour_later_history_is_still_the_same() {
        let before: HashSet<_> = events(NOON - 3600, 20_000)
            .iter()
            .filter(|event| event.timestamp < NOON - 3600 - NEWSLETTER)
            .map(key)
            .collect();
        let after: HashSet<_> = events(NOON, 20_000).iter().map(key).collect();
        assert!(before.len() > 20_000);
        assert!(before.is_subset(&after));
    }

    /// Whose events lie in the last minutes before `now`.
    fn seen_within(events: &[Event], minutes: i64, now: i64) -> usize {
        let recent = events.iter().filter(|event| event.timestamp > now - minutes * 60 && event.timestamp <= now);
        recent.map(|event| event.org_id).collect::<HashSet<_>>().len()
    }

    #[test]
    fn the_last_half_hour_is_never_empty() {
        for hour in 0..24 {
            let now = NOON + hour * 3600;
            assert_eq!(seen_within(&events(now, 20_000), 30, now), 3, "{hour}");
        }
    }

    #[test]
    fn for_a_day_after_the_start_no_shop_is_empty_for_half_an_hour() {
        // So few that the shops' own visits would leave gaps.
        let events = events(NOON, 300);
        for minute in 30..=24 * 60 {
            assert_eq!(seen_within(&events, 29, NOON + minute * 60), 3, "{minute}");
        }
    }

    #[test]
    fn the_days_to_come_are_like_the_days_before() {
        let events = events(NOON, 200_000);
        let within =
            |from: i64| events.iter().filter(|event| (from..from + DAY).contains(&event.timestamp)).count() as f64;
        let ratio = within(NOON + 1) / within(NOON - 7 * DAY + 1);
        assert!((0.8..1.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_shops_share_all_events() {
        let shares: f64 = SHOPS.iter().map(|shop| shop.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        for shop in &SHOPS {
            assert_eq!(shop.weekdays.iter().sum::<u32>(), 700);
        }
    }
}
