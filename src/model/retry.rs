//! When to try again: an explicit schedule, jitter upward only, a clamped `Retry-After`, expiry by age.

use std::time::Duration;

use super::time::Timestamp;

/// Longest schedule an operator may write, in entries.
pub const SCHEDULE_ENTRIES_MAX: usize = 64;

/// A target's retry policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Delay after the first, second, … failed attempt; the last entry repeats until `expiry`. Never empty.
    schedule: Vec<Duration>,
    /// Age after which a delivery not yet made is given up, counted from its creation.
    pub expiry: Duration,
    /// Longest `Retry-After` of the target that is honoured in full.
    pub retry_after_max: Duration,
    /// Largest share of a delay that jitter may add, in percent.
    pub jitter_percent: u8,
}

impl Default for Policy {
    /// The policy of whoever has none of its own: a minute, five, fifteen, an hour, four hours and again; 14 days.
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            schedule: vec![MINUTE, MINUTE * 5, MINUTE * 15, MINUTE * 60, MINUTE * 240],
            expiry: MINUTE * 60 * 24 * 14,
            retry_after_max: MINUTE * 60,
            jitter_percent: 20,
        }
    }
}

impl Policy {
    /// A policy; `None` for an empty or over-long schedule or a zero expiry.
    #[must_use]
    pub fn new(
        schedule: Vec<Duration>,
        expiry: Duration,
        retry_after_max: Duration,
        jitter_percent: u8,
    ) -> Option<Self> {
        let fits = (1..=SCHEDULE_ENTRIES_MAX).contains(&schedule.len());
        (fits && !expiry.is_zero()).then_some(Self { schedule, expiry, retry_after_max, jitter_percent })
    }

    /// Delay after the first, second, … failed attempt; the last entry repeats. Never empty.
    #[must_use]
    pub fn schedule(&self) -> &[Duration] {
        &self.schedule
    }

    /// Delay before the next attempt after `failures` failed ones (1 or more).
    ///
    /// `dice` is a uniform draw from 0 to 255 that scales the jitter. A target's `retry_after` is honoured when it asks
    /// for more than the schedule, up to `retry_after_max`.
    #[must_use]
    pub fn delay(&self, failures: u32, retry_after: Option<Duration>, dice: u8) -> Duration {
        let step =
            usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(self.schedule.len() - 1);
        let base = self.schedule.get(step).copied().unwrap_or(self.expiry);
        let asked = retry_after.unwrap_or_default().min(self.retry_after_max);
        let base = base.max(asked);
        let jitter = base.saturating_mul(u32::from(self.jitter_percent)) / 100;
        base.saturating_add(jitter.saturating_mul(u32::from(dice)) / 255)
    }

    /// When a delivery created at `created` is given up.
    #[must_use]
    pub fn expires(&self, created: Timestamp) -> Timestamp {
        created.plus(self.expiry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(n: u64) -> Duration {
        Duration::from_secs(60 * n)
    }

    fn policy() -> Policy {
        Policy::new(vec![minutes(1), minutes(5), minutes(30)], minutes(60 * 24 * 7), minutes(60), 20).unwrap()
    }

    #[test]
    fn the_last_entry_repeats() {
        assert_eq!(policy().delay(1, None, 0), minutes(1));
        assert_eq!(policy().delay(3, None, 0), minutes(30));
        assert_eq!(policy().delay(300, None, 0), minutes(30));
    }

    #[test]
    fn a_target_may_ask_for_more_time_but_not_for_all_of_it() {
        assert_eq!(policy().delay(1, Some(minutes(10)), 0), minutes(10));
        assert_eq!(policy().delay(1, Some(minutes(6000)), 0), minutes(60));
        assert_eq!(policy().delay(3, Some(minutes(1)), 0), minutes(30));
    }

    #[test]
    fn an_empty_or_overlong_schedule_is_refused() {
        let fill = |n| Policy::new(vec![minutes(1); n], minutes(1), minutes(1), 0);
        assert!(fill(0).is_none());
        assert!(fill(SCHEDULE_ENTRIES_MAX).is_some());
        assert!(fill(SCHEDULE_ENTRIES_MAX + 1).is_none());
    }

    proptest! {
        #[test]
        fn jitter_only_adds_and_stays_within_its_share(failures in 1u32..1000, dice: u8) {
            let base = policy().delay(failures, None, 0);
            let delay = policy().delay(failures, None, dice);
            prop_assert!(delay >= base && delay <= base + base / 5);
        }
    }
}
