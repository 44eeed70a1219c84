//! What takes much work to tell is worked out by one at a time, and told again for a while.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{clock::Clock, store::Fault};

/// How long it is told again.
pub(super) const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// What was worked out, by the span it is about, with the steady time of it.
type Known<T> = BTreeMap<u32, (Duration, Arc<T>)>;

/// What was worked out lately; clones share it.
#[derive(Debug)]
pub(super) struct Lately<T>(Arc<Mutex<Known<T>>>);

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Lately<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Lately<T> {
    /// What is known of a span, worked out anew when that was [`TOLD_AGAIN`] ago.
    ///
    /// # Errors
    /// Those of the work.
    pub(super) async fn told(
        &self,
        span: u32,
        clock: &Clock,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Arc<T>, Fault> {
        let mut known = self.0.lock().await;
        let now = clock.steady();
        known.retain(|_, (at, _)| now.saturating_sub(*at) < TOLD_AGAIN);
        if let Some((_, told)) = known.get(&span) {
            return Ok(told.clone());
        }
        let told = Arc::new(work.await?);
        known.insert(span, (clock.steady(), told.clone()));
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    #[tokio::test]
    async fn work_is_done_once_for_a_while_and_anew_for_another_span_or_after_it() {
        let ((clock, time), lately) = (Clock::manual(Timestamp(0)), Lately::default());
        let told = async |span, what| *lately.told(span, &clock, async { Ok(what) }).await.unwrap();
        assert_eq!((told(24, 1).await, told(24, 2).await, told(168, 3).await), (1, 1, 3));
        time.advance(TOLD_AGAIN - Duration::from_millis(1));
        assert_eq!((told(24, 4).await, told(168, 5).await), (1, 3));
        time.advance(Duration::from_millis(1));
        assert_eq!(told(24, 6).await, 6);
        let failed = lately.told(744, &clock, async { Err(Fault::Contended) }).await;
        assert!(failed.is_err() && told(744, 7).await == 7, "a fault is not told again");
    }
}
