//! What the writer, whoever helps it and the callers all see: whether the store is still whole, and who is to wake.

use std::sync::atomic::{AtomicBool, Ordering};

use super::changes::Changes;
use crate::telemetry::metrics::Commits;

/// One store's state beside its rows.
pub(super) struct Shared {
    poisoned: AtomicBool,
    orderly: AtomicBool,
    pub(super) changes: Changes,
    /// How long commits take.
    pub(super) commits: Commits,
    /// Makes the next commit fail, as a full or dying disk would.
    #[cfg(test)]
    pub(super) fail_commit: AtomicBool,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            poisoned: AtomicBool::new(false),
            orderly: AtomicBool::new(false),
            changes: Changes::new(),
            commits: Commits::default(),
            #[cfg(test)]
            fail_commit: AtomicBool::new(false),
        }
    }

    /// Whether a commit, a sync or whatever came after one failed: nothing is written any more.
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    pub(super) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
        self.changes.wake_all();
    }

    /// Whether the end that is to come is one that was asked for.
    pub(super) fn is_orderly(&self) -> bool {
        self.orderly.load(Ordering::Acquire)
    }

    pub(super) fn end_in_order(&self) {
        self.orderly.store(true, Ordering::Release);
    }

    /// Whether a test wants the commit to fail.
    pub(super) fn is_to_fail(&self) -> bool {
        #[cfg(test)]
        return self.fail_commit.load(Ordering::Acquire);
        #[cfg(not(test))]
        false
    }
}
