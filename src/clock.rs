//! The only reader of wall time, and the only sleeper: real, or turned by hand in tests.
//!
//! Wall time may be set by anybody at any moment; steady time only passes. What must not be given away by a step of the
//! wall clock (rates, the clock guard) counts steady time.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::model::time::Timestamp;

/// A clock, cheap to clone.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    Real,
    /// Stands still until [`Manual::advance`].
    Manual(Arc<Manual>),
}

/// A clock that a test turns.
#[derive(Debug)]
pub struct Manual {
    now: AtomicI64,
    steady_millis: AtomicU64,
    turned: Notify,
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, Arc<Manual>) {
        let manual = Arc::new(Manual {
            now: AtomicI64::new(start.0),
            steady_millis: AtomicU64::new(0),
            turned: Notify::new(),
        });
        (Self::Manual(manual.clone()), manual)
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads wall time")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => {
                let since =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::default().plus(since)
            }
            Self::Manual(manual) => Timestamp(manual.now.load(Ordering::SeqCst)),
        }
    }

    /// Time that passed since some moment of this process, whatever is done to the wall clock.
    #[must_use]
    pub fn steady(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        match self {
            Self::Real => START.get_or_init(Instant::now).elapsed(),
            Self::Manual(manual) => Duration::from_millis(manual.steady_millis.load(Ordering::SeqCst)),
        }
    }

    /// Waits for a while; cancel safe.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().plus(duration)).await;
    }

    /// Waits until the clock shows `until`; cancel safe.
    pub async fn sleep_until(&self, until: Timestamp) {
        match self {
            Self::Real => tokio::time::sleep(until.since(self.now())).await,
            Self::Manual(manual) => loop {
                let turned = manual.turned.notified();
                tokio::pin!(turned);
                turned.as_mut().enable();
                if self.now() >= until {
                    return;
                }
                turned.await;
            },
        }
    }
}

impl Manual {
    /// Lets time pass and wakes whoever waits on it.
    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.steady_millis.fetch_add(millis, Ordering::SeqCst);
        self.step(duration, true);
    }

    /// Sets the wall clock forward or back by so much, while no time passes.
    pub fn step(&self, duration: Duration, forward: bool) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.now.fetch_add(if forward { millis } else { -millis }, Ordering::SeqCst);
        self.turned.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::Pin, task::Poll};

    use super::*;

    /// Polls once.
    async fn polled(future: &mut Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_turned_far_enough() {
        let (clock, hand) = Clock::manual(Timestamp(0));
        let mut sleeper = std::pin::pin!(clock.sleep(Duration::from_secs(10)));
        assert!(polled(&mut sleeper).await.is_pending());
        hand.advance(Duration::from_secs(9));
        assert!(polled(&mut sleeper).await.is_pending());
        hand.advance(Duration::from_secs(1));
        sleeper.await;
    }
}
