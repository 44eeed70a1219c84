//! A member's pace: rate, concurrency, retries, and how fast it may ask of the hub; with the region's defaults.
//!
//! These four are the only settings a member's file may leave to `[defaults]` of `region.toml`.

use std::{num::NonZeroU32, ops::RangeInclusive, time::Duration};

use super::{
    super::{
        maintenance::{Maintenance, WINDOWS_MAX, Window},
        member::{InboundRate, Rate},
    },
    value::nonzero,
};
use crate::{
    model::retry::{Policy, SCHEDULE_ENTRIES_MAX},
    problem::section::Section,
};

/// Most deliveries a rate may allow per period, and at once.
pub(super) const RATE_COUNT_MAX: u32 = 100_000;
/// Most goods items a rate may allow per period.
pub(super) const RATE_WEIGHT_MAX: u32 = 10_000_000;
/// Most deliveries under way to one member at once.
pub(super) const CONCURRENCY_MAX: u32 = 256;
/// Most connections one member may hold at once.
pub(super) const CONNECTIONS_MAX: u32 = 1_000;

const PERIOD: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);
const DELAY: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(7 * DAY);
const EXPIRY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * DAY);
const DAY: u64 = 86_400;

/// What a member's file may leave out.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    /// Its rate.
    pub(super) rate: Rate,
    /// Deliveries under way at once.
    pub(super) concurrency: NonZeroU32,
    /// Retries.
    pub(super) retry: Retry,
    /// Its requests.
    pub(super) inbound: InboundRate,
}

/// A retry policy key by key.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    schedule: Vec<Duration>,
    expiry: Duration,
    retry_after_max: Duration,
    jitter_percent: u8,
}

impl Default for Defaults {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let count = |n: u32| NonZeroU32::MIN.saturating_add(n.saturating_sub(1));
        Self {
            rate: Rate {
                count: count(20),
                weight: count(2_000),
                period: Duration::from_secs(1),
                burst: count(20),
            },
            concurrency: count(4),
            retry: Retry {
                schedule: [Duration::from_secs(30)]
                    .into_iter()
                    .chain([1, 5, 15, 30, 60, 120, 360].map(minutes))
                    .collect(),
                expiry: Duration::from_secs(14 * DAY),
                retry_after_max: minutes(60),
                jitter_percent: 20,
            },
            inbound: InboundRate { per_second: count(50), burst: count(100), connections_max: 16 },
        }
    }
}

impl Defaults {
    /// Reads `rate`, `concurrency`, `retry` and `inbound` of a section; what is absent stays as in `self`.
    pub(super) fn with(&self, section: &Section<'_>) -> Self {
        let retry = section.table("retry", |retry| self.retry.with(retry));
        Self {
            rate: section.table("rate", |rate| with_rate(&self.rate, rate)).unwrap_or(self.rate),
            concurrency: nonzero(section, "concurrency", CONCURRENCY_MAX).unwrap_or(self.concurrency),
            retry: retry.unwrap_or_else(|| self.retry.clone()),
            inbound: section
                .table("inbound", |inbound| with_inbound(&self.inbound, inbound))
                .unwrap_or(self.inbound),
        }
    }

    /// Reads `[defaults]` of `region.toml` over the built-in ones.
    pub(super) fn read(section: &Section<'_>) -> Self {
        Self::default().with(section)
    }

    /// The retry policy; `None` only where a problem was recorded.
    pub(super) fn policy(&self) -> Option<Policy> {
        let Retry { schedule, expiry, retry_after_max, jitter_percent } = self.retry.clone();
        Policy::new(schedule, expiry, retry_after_max, jitter_percent)
    }
}

/// Reads `maintenance`: windows of the week in which nothing is sent to the member.
pub(super) fn maintenance(file: &Section<'_>) -> Maintenance {
    let texts = file.texts("maintenance").unwrap_or_default();
    if texts.len() > WINDOWS_MAX {
        file.wrong("maintenance", format!("has {} windows, at most {WINDOWS_MAX} are allowed", texts.len()));
    }
    if !texts.is_empty() && file.has("mailbox") {
        file.wrong("maintenance", "stands beside [mailbox]: a member that collects says itself when");
    }
    let windows = texts.iter().filter_map(|found| match Window::parse(&found.value) {
        Ok(window) => Some(window),
        Err(reason) => {
            let problem = found.spot.problem(reason);
            file.add(problem.hint("write it as \"Sun 02:00-04:00 Africa/Nairobi\""));
            None
        }
    });
    Maintenance { windows: windows.collect() }
}

fn with_rate(base: &Rate, section: &Section<'_>) -> Rate {
    let rate = Rate {
        count: nonzero(section, "count", RATE_COUNT_MAX).unwrap_or(base.count),
        weight: nonzero(section, "weight", RATE_WEIGHT_MAX).unwrap_or(base.weight),
        period: section.duration("period", PERIOD).unwrap_or(base.period),
        burst: nonzero(section, "burst", RATE_COUNT_MAX).unwrap_or(base.burst),
    };
    if rate.burst > rate.count {
        let reason =
            format!("{} at once is more than \"count\" allows in a period: {}", rate.burst, rate.count);
        section.wrong("burst", reason);
    }
    rate
}

fn with_inbound(base: &InboundRate, section: &Section<'_>) -> InboundRate {
    let connections_max = nonzero(section, "connections_max", CONNECTIONS_MAX);
    InboundRate {
        per_second: nonzero(section, "per_second", RATE_COUNT_MAX).unwrap_or(base.per_second),
        burst: nonzero(section, "burst", RATE_COUNT_MAX).unwrap_or(base.burst),
        connections_max: connections_max.map_or(base.connections_max, NonZeroU32::get),
    }
}

impl Retry {
    fn with(&self, section: &Section<'_>) -> Self {
        let jitter_percent = section.count("jitter_percent", 0..=100);
        let retry = Self {
            schedule: section.durations("schedule", DELAY).unwrap_or_else(|| self.schedule.clone()),
            expiry: section.duration("expiry", EXPIRY).unwrap_or(self.expiry),
            retry_after_max: section.duration("retry_after_max", DELAY).unwrap_or(self.retry_after_max),
            jitter_percent: jitter_percent
                .and_then(|percent| u8::try_from(percent).ok())
                .unwrap_or(self.jitter_percent),
        };
        retry.check(section);
        retry
    }

    fn check(&self, section: &Section<'_>) {
        let entries = self.schedule.len();
        if !(1..=SCHEDULE_ENTRIES_MAX).contains(&entries) {
            let reason = format!("must have 1 to {SCHEDULE_ENTRIES_MAX} entries, has {entries}");
            section.wrong("schedule", reason);
        }
        if !self.schedule.is_sorted() {
            section.wrong("schedule", "must not become shorter: write the delays in ascending order");
        }
        if self.schedule.last().is_some_and(|last| *last > self.expiry) {
            section.wrong("expiry", "ends before the last delay of the schedule is over");
        }
    }
}
