//! The three organizations as web shops: how large each is, when its people
//! come, from where, with what, and what they look at. Chosen so that no two
//! dashboards look alike.

/// One organization's traffic.
pub(super) struct Shop {
    /// Its part of all events; the three add up to 1.
    pub(super) share: f64,
    /// How many of a hundred visits see one page only.
    pub(super) bounces: u32,
    /// How much busier the end of the 90 days is than their middle, in
    /// hundredths.
    pub(super) growth: i32,
    /// How busy the days are from Monday, 100 on average.
    pub(super) weekdays: [u32; 7],
    /// How busy the hours of a day are, UTC.
    pub(super) hours: [u32; 24],
    /// What people land on: home, the shop's list, a product, the journal.
    pub(super) landings: [u32; 4],
    pub(super) products: &'static [(&'static str, u32)],
    pub(super) journal: &'static [(&'static str, u32)],
    /// Where people come from: a site's name, or `direct`.
    pub(super) sources: &'static [(&'static str, u32)],
    /// ISO 3166-1 alpha-2.
    pub(super) locations: &'static [(&'static str, u32)],
    pub(super) devices: &'static [(&'static str, u32)],
}

/// In the order of [`crate::organizations`].
pub(super) static SHOPS: [Shop; 3] = [
    // A coffee roaster in Portland: mornings, weekdays, phones.
    Shop {
        share: 0.56,
        bounces: 38,
        growth: 28,
        weekdays: [112, 110, 108, 107, 103, 84, 76],
        hours: [46, 38, 30, 24, 18, 14, 12, 14, 18, 24, 30, 40, 62, 88, 110, 112, 100, 88, 82, 80, 78, 74, 66, 56],
        landings: [44, 14, 30, 12],
        products: &[
            ("/shop/morning-blend", 30),
            ("/shop/ethiopia-guji", 22),
            ("/shop/decaf-colombia", 13),
            ("/shop/cold-brew-kit", 12),
            ("/shop/pour-over-set", 9),
            ("/shop/harbor-mug", 8),
            ("/shop/gift-card", 6),
        ],
        journal: &[
            ("/journal/how-to-brew-pour-over", 14),
            ("/journal/a-week-in-guji", 6),
            ("/journal/why-we-roast-light", 5),
        ],
        sources: &[
            ("direct", 30),
            ("google.com", 27),
            ("instagram.com", 16),
            ("newsletter", 10),
            ("duckduckgo.com", 5),
            ("facebook.com", 5),
            ("reddit.com", 4),
            ("bing.com", 3),
        ],
        locations: &[("US", 71), ("CA", 12), ("GB", 5), ("MX", 4), ("DE", 3), ("AU", 3), ("JP", 2)],
        devices: &[("mobile", 61), ("desktop", 34), ("tablet", 5)],
    },
    // A bookshop in Edinburgh: evenings and Sundays, desks and tablets.
    Shop {
        share: 0.29,
        bounces: 46,
        growth: 12,
        weekdays: [88, 90, 93, 95, 98, 112, 124],
        hours: [14, 8, 6, 4, 4, 8, 18, 34, 46, 52, 58, 64, 68, 62, 58, 60, 66, 76, 92, 112, 120, 104, 66, 32],
        landings: [30, 10, 28, 32],
        products: &[
            ("/shop/the-salt-road", 24),
            ("/shop/a-field-guide-to-rain", 18),
            ("/shop/letters-from-orkney", 14),
            ("/shop/small-hours", 12),
            ("/shop/the-clockmakers-garden", 10),
            ("/shop/signed-editions", 9),
            ("/shop/book-subscription", 7),
            ("/shop/tote-bag", 6),
        ],
        journal: &[
            ("/journal/our-books-of-the-year", 20),
            ("/journal/an-evening-with-isla-grant", 9),
            ("/journal/reading-in-winter", 8),
            ("/journal/bookshops-we-love", 6),
        ],
        sources: &[
            ("google.com", 34),
            ("direct", 22),
            ("newsletter", 14),
            ("goodreads.com", 11),
            ("bsky.app", 8),
            ("facebook.com", 5),
            ("theguardian.com", 4),
            ("bing.com", 2),
        ],
        locations: &[("GB", 63), ("IE", 10), ("US", 9), ("DE", 6), ("FR", 4), ("NL", 4), ("NZ", 2), ("AU", 2)],
        devices: &[("desktop", 49), ("mobile", 38), ("tablet", 13)],
    },
    // A plant nursery in Uppsala: small, growing, weekends.
    Shop {
        share: 0.15,
        bounces: 31,
        growth: 45,
        weekdays: [84, 86, 90, 94, 102, 126, 118],
        hours: [6, 4, 3, 3, 6, 14, 30, 46, 60, 70, 74, 78, 80, 74, 68, 66, 70, 82, 94, 90, 70, 44, 24, 12],
        landings: [38, 20, 26, 16],
        products: &[
            ("/shop/boston-fern", 22),
            ("/shop/monstera-deliciosa", 20),
            ("/shop/dwarf-juniper", 16),
            ("/shop/terracotta-pots", 14),
            ("/shop/seed-packets", 10),
            ("/shop/grow-light", 9),
            ("/shop/plant-care-visit", 5),
        ],
        journal: &[("/journal/ferns-that-forgive", 12), ("/journal/repotting-in-march", 7), ("/journal/light", 4)],
        sources: &[
            ("google.com", 31),
            ("direct", 19),
            ("pinterest.com", 18),
            ("instagram.com", 15),
            ("newsletter", 9),
            ("youtube.com", 5),
            ("bing.com", 3),
        ],
        locations: &[("SE", 58), ("NO", 12), ("DK", 10), ("FI", 9), ("DE", 6), ("NL", 3), ("US", 2)],
        devices: &[("mobile", 52), ("desktop", 40), ("tablet", 8)],
    },
];

/// What people on a device browse with.
pub(super) fn browsers(device: &str) -> &'static [(&'static str, u32)] {
    match device {
        "mobile" => &[("Safari", 52), ("Chrome", 38), ("Samsung Internet", 6), ("Firefox", 4)],
        "tablet" => &[("Safari", 74), ("Chrome", 22), ("Firefox", 4)],
        _ => &[("Chrome", 55), ("Safari", 17), ("Edge", 14), ("Firefox", 13), ("Opera", 1)],
    }
}
