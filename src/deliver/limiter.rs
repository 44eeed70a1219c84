//! A member's pace: so many deliveries and so much weight per period, by GCRA.
//!
//! Both limits are asked together: a delivery takes from both or from neither. A bucket is empty at first, so a restart
//! never gives a burst away twice. Over any stretch of time `T` a member gets at most `burst + T × count / period`
//! deliveries, and the same in weight, where the weight's burst is the same share of its period. One delivery heavier
//! than that burst waits for a full bucket and then leaves it in debt: what follows waits until the rest has drained.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock as Ticking,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};

use crate::{clock::Clock, region::member::Rate};

/// The pace of one member.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    ticks: Ticks,
    count: Meter,
    weight: Meter,
}

impl Limiter {
    /// A limiter whose buckets are empty.
    #[must_use]
    pub fn new(rate: Rate, clock: &Clock) -> Self {
        let ticks = Ticks(clock.clone());
        let (count, weight) = meters(rate, &ticks);
        Self { rate, ticks, count, weight }
    }

    /// Takes a new configuration: an unchanged rate keeps its buckets, a changed one starts with empty ones. What is owed
    /// stays owed.
    pub fn retune(&mut self, rate: Rate) {
        if rate != self.rate {
            let owed = self.owes();
            (self.count, self.weight) = meters(rate, &self.ticks);
            self.rate = rate;
            self.owe(owed);
        }
    }

    /// How long the weight bucket stays in debt, after a delivery heavier than its burst; in whole milliseconds, rounded up.
    #[must_use]
    pub fn owes(&self) -> Duration {
        let debt = self.weight.debt();
        if debt.is_zero() { debt } else { whole_millis(debt) }
    }

    /// Puts the weight bucket into debt: what an earlier limiter of the same target owed.
    pub fn owe(&self, debt: Duration) {
        self.weight.bucket.owe(debt, 1);
    }

    /// Takes one delivery of `weight` now.
    ///
    /// # Errors
    /// How long to wait, in whole milliseconds; nothing was taken.
    pub fn ready(&self, weight: u32) -> Result<(), Duration> {
        let before = self.count.bucket.level();
        self.count.take(NonZeroU32::MIN)?;
        let weight = NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN);
        self.weight.take(weight).inspect_err(|_| self.count.bucket.fill(before))
    }
}

fn meters(rate: Rate, ticks: &Ticks) -> (Meter, Meter) {
    let burst = rate.burst.min(rate.count);
    let share = u64::from(burst.get()) * u64::from(rate.weight.get()) / u64::from(rate.count.get());
    let weight_burst = u32::try_from(share).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    (
        Meter::new(rate.count, rate.period, burst, ticks.clone()),
        Meter::new(rate.weight, rate.period, weight_burst, ticks.clone()),
    )
}

/// One of the two limits.
#[derive(Debug)]
struct Meter {
    gcra: RateLimiter<NotKeyed, Bucket, Ticks, NoOpMiddleware<Duration>>,
    bucket: Bucket,
    /// When the meter was made, which its bucket counts from.
    made: Duration,
    /// Time in which one unit is earned, rounded up so that the limit is never exceeded.
    unit: Duration,
    burst: NonZeroU32,
}

impl Meter {
    fn new(per_period: NonZeroU32, period: Duration, burst: NonZeroU32, ticks: Ticks) -> Self {
        let nanos = period.as_nanos().div_ceil(u128::from(per_period.get())).max(1);
        let unit = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 2));
        let quota =
            Quota::with_period(unit).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
        let bucket = Bucket::default();
        bucket.owe(unit, burst.get());
        let made = ticks.now();
        Self { gcra: RateLimiter::new(quota, bucket.clone(), ticks), bucket, made, unit, burst }
    }

    /// Time in which the bucket comes to be empty; zero when there is something in it.
    fn debt(&self) -> Duration {
        let passed = self.gcra.clock().now().saturating_sub(self.made);
        let empty = passed.saturating_add(self.unit.saturating_mul(self.burst.get()));
        Duration::from_nanos(self.bucket.level().saturating_sub(nanos(empty)))
    }

    /// Takes `units`; what exceeds the burst is taken as debt.
    fn take(&self, units: NonZeroU32) -> Result<(), Duration> {
        let capped = units.min(self.burst);
        match self.gcra.check_n(capped) {
            Ok(Ok(())) => {
                self.bucket.owe(self.unit, units.get() - capped.get());
                Ok(())
            }
            Ok(Err(not_yet)) => Err(whole_millis(not_yet.wait_time_from(self.gcra.clock().now()))),
            // Cannot be: `capped` is within the burst. To wait is the safe answer all the same.
            Err(_) => Err(whole_millis(self.unit)),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Our clock counts milliseconds: a wait rounded down would end too early and spin.
fn whole_millis(wait: Duration) -> Duration {
    Duration::from_millis(u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)).max(MILLI)
}

const MILLI: Duration = Duration::from_millis(1);

/// GCRA's theoretical arrival time, in nanoseconds since the meter was made; kept by us so that a decision can be undone.
#[derive(Clone, Default, Debug)]
struct Bucket(Arc<AtomicU64>);

impl Bucket {
    fn level(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn fill(&self, level: u64) {
        self.0.store(level, Ordering::Release);
    }

    fn owe(&self, unit: Duration, units: u32) {
        let debt = nanos(unit.saturating_mul(units));
        // Far from the end of the range, so that the sums inside the crate cannot overflow.
        self.fill(self.level().saturating_add(debt).min(u64::MAX / 4));
    }
}

impl StateStore for Bucket {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut level = self.level();
        loop {
            let (answer, next) = f(Some(Nanos::new(level)))?;
            match self.0.compare_exchange(level, next.as_u64(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(answer),
                Err(seen) => level = seen,
            }
        }
    }
}

/// Time that passes for the limiter: steady time, so that a step of the wall clock gives nothing away.
#[derive(Clone, Debug)]
struct Ticks(Clock);

impl Ticking for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
