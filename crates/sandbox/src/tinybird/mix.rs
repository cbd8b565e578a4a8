//! Chance that is the same every time: a small generator, and picks by weight.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): 64 bits of state, good
/// enough to make web traffic look like some, and not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// Two different seeds give unrelated sequences.
    pub(super) fn seeded(seed: [u64; 3]) -> Self {
        seed.into_iter().fold(Self(0x5eed), |mut chance, part| {
            chance.0 ^= part;
            Self(chance.next())
        })
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    pub(super) fn unit(&mut self) -> f64 {
        // The 53 bits that a double holds exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to, not including, `end`.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        (self.unit() * end as f64) as i64
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A waiting time with this mean, exponentially distributed.
    pub(super) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// One of the choices, each as likely as its weight.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[(T, u32)]) -> Option<T> {
        let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(i64::from(total));
        for (choice, weight) in choices {
            left -= i64::from(*weight);
            if left < 0 {
                return Some(*choice);
            }
        }
        choices.last().map(|(choice, _)| *choice)
    }
}
