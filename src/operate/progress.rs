//! How far a long work is, for whoever waits for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// How much is done, of how much at most; clones tell of the same work.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    /// Says how much there is to do, at most.
    pub fn begin(&self, most: u64) {
        self.0.1.store(most, Relaxed);
    }

    /// Says that so many more are done.
    pub fn add(&self, done: usize) {
        self.0.0.fetch_add(u64::try_from(done).unwrap_or(u64::MAX), Relaxed);
    }

    /// How much is done, of how much at most; `None` before it began.
    #[must_use]
    pub fn now(&self) -> Option<(u64, u64)> {
        let (done, most) = (self.0.0.load(Relaxed), self.0.1.load(Relaxed));
        (most > 0).then(|| (done.min(most), most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_never_more_than_all() {
        let progress = Progress::default();
        assert_eq!(progress.now(), None);
        progress.begin(5);
        progress.add(3);
        assert_eq!(progress.clone().now(), Some((3, 5)));
        progress.add(3);
        assert_eq!(progress.now(), Some((5, 5)));
    }
}
