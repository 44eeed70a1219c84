//! The only reader of wall time, and the only sleeper: real, or turned by hand in tests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
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
    turned: Notify,
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, Arc<Manual>) {
        let manual = Arc::new(Manual { now: AtomicI64::new(start.0), turned: Notify::new() });
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
    /// Turns the clock forward and wakes whoever waits on it.
    pub fn advance(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.now.fetch_add(millis, Ordering::SeqCst);
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
