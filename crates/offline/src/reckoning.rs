//! Offline has an end. What was seen may be seen again without a network for
//! the operator's days since Clerk last confirmed the session, and a clock set
//! back does not stretch them.
//!
//! A wall clock is all that survives a restart, and anyone may turn it. So the
//! store reckons: `latest` starts at the confirmation and moves with every step
//! that the clock takes forward, never back. With an honest clock it *is* the
//! clock. Turn the clock back two days and those two days are not given again;
//! time goes on from where it was.

use std::time::{Duration, SystemTime};

use perch_tenant::OfflinePolicy;

/// How far the clock may stand before the confirmation and still be believed:
/// room for network time's own corrections.
const CORRECTION: Duration = Duration::from_secs(5 * 60);

/// Whether what was seen may be seen again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It may.
    Yes {
        /// How much longer.
        remaining: Duration,
    },
    /// It may not, until Clerk confirms the session again.
    No(Closed),
}

/// Why what was seen may not be seen again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The operator's days are over.
    Over,
    /// The clock stands before the confirmation, so nobody knows how much time
    /// has passed.
    ClockBehind,
    /// The session was never confirmed.
    NeverConfirmed,
}

impl Closed {
    /// A stable name for this reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::Over => "offline-over",
            Self::ClockBehind => "offline-clock-behind",
            Self::NeverConfirmed => "offline-never-confirmed",
        }
    }

    /// The reason as a sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Over => "you have been offline for longer than this organization allows",
            Self::ClockBehind => "this computer's clock stands before your last visit",
            Self::NeverConfirmed => "your sign-in has not been confirmed on this computer yet",
        }
    }

    /// What a person can do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Over | Self::NeverConfirmed => "Connect to the internet to see your dashboards again.",
            Self::ClockBehind => "Set the clock right, or connect to the internet.",
        }
    }
}

/// Whether what was seen may be seen again at `now`, when Clerk confirmed the
/// session at `confirmed` and `latest_seen_clock` is the store's reckoning of
/// how far time has moved since.
///
/// Never yields `Yes` for a larger `latest_seen_clock` where it yielded `No`
/// for a smaller one.
pub fn may_show(confirmed: SystemTime, latest_seen_clock: SystemTime, now: SystemTime, policy: OfflinePolicy) -> Shown {
    if now + CORRECTION < confirmed {
        return Shown::No(Closed::ClockBehind);
    }
    let allowed = Duration::from_secs(u64::from(policy.days) * 24 * 60 * 60);
    let spent = latest_seen_clock.max(now).duration_since(confirmed).unwrap_or_default();
    match allowed.checked_sub(spent) {
        Some(remaining) if !remaining.is_zero() => Shown::Yes { remaining },
        _ => Shown::No(Closed::Over),
    }
}

/// The reckoning after the clock was read as `now`, when it was last read as
/// `last` and the reckoning stood at `latest`.
pub(crate) fn advance(latest: SystemTime, last: SystemTime, now: SystemTime) -> SystemTime {
    (latest + now.duration_since(last).unwrap_or_default()).max(now)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const WEEK: OfflinePolicy = OfflinePolicy { days: 7, megabytes: NonZeroU32::MIN };

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY
    }

    #[test]
    fn what_was_seen_is_seen_for_the_operators_days_and_no_longer() {
        let confirmed = noon();
        let at = |now| may_show(confirmed, confirmed, now, WEEK);
        assert_eq!(at(confirmed), Shown::Yes { remaining: 7 * DAY });
        assert_eq!(at(confirmed + 6 * DAY), Shown::Yes { remaining: DAY });
        assert_eq!(at(confirmed + 7 * DAY), Shown::No(Closed::Over));
        assert_eq!(at(confirmed + 700 * DAY), Shown::No(Closed::Over));
    }

    #[test]
    fn a_policy_of_no_days_shows_nothing_offline() {
        assert_eq!(may_show(noon(), noon(), noon(), OfflinePolicy { days: 0, ..WEEK }), Shown::No(Closed::Over));
    }

    #[test]
    fn a_clock_set_back_does_not_stretch_it() {
        let (confirmed, latest) = (noon(), noon() + 6 * DAY);
        assert_eq!(may_show(confirmed, latest, confirmed + DAY, WEEK), Shown::Yes { remaining: DAY });
        assert_eq!(may_show(confirmed, latest + DAY, confirmed + DAY, WEEK), Shown::No(Closed::Over));
    }

    #[test]
    fn a_clock_before_the_confirmation_counts_against() {
        assert_eq!(may_show(noon(), noon(), noon() - DAY, WEEK), Shown::No(Closed::ClockBehind));
        assert!(matches!(may_show(noon(), noon(), noon() - CORRECTION / 2, WEEK), Shown::Yes { .. }));
    }

    proptest! {
        /// However the clock is turned, what the viewer truly lives through
        /// while Perch looks at the clock is never more than the days allowed.
        #[test]
        fn no_turning_of_the_clock_gives_more_than_the_days_allowed(
            steps in proptest::collection::vec((0_u64..48, -72_i64..72), 1..60),
        ) {
            let hour = Duration::from_secs(3600);
            let (confirmed, mut now) = (noon(), noon());
            let (mut latest, mut last) = (confirmed, confirmed);
            let mut lived = Duration::ZERO;
            for (hours, turn) in steps {
                now += hour * u32::try_from(hours).expect("small");
                lived += hour * u32::try_from(hours).expect("small");
                latest = advance(latest, last, now);
                last = now;
                if let Shown::Yes { remaining } = may_show(confirmed, latest, now, WEEK) {
                    prop_assert!(lived + remaining <= 7 * DAY);
                }
                let turned = hour * u32::try_from(turn.unsigned_abs()).expect("small");
                now = if turn < 0 { now - turned } else { now + turned };
                latest = advance(latest, last, now);
                last = now;
            }
        }
    }
}
