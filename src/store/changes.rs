//! Tells the loops that a commit may have made work for them, so that nobody polls.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::model::{delivery::State, id::MemberId};

/// What a batch made work for.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// A message is to be routed.
    pub(super) unrouted: bool,
    /// Targets for which a delivery is due, now or later.
    pub(super) targets: BTreeSet<MemberId>,
    /// A message was routed, be it to nobody, or a delivery made or moved: whoever waits for a state is to look.
    pub(super) moved: bool,
    /// An operator changed the life of a delivery that somebody may have read as due.
    pub(super) recalled: bool,
}

impl Wakes {
    /// A delivery to a target was made, or came into a state: its lane is told of what is due; one that just ended the
    /// last of its chain has nothing to look for.
    pub(super) fn of(&mut self, target: &MemberId, state: &State) {
        self.moved = true;
        if matches!(state, State::Due { .. }) {
            self.targets.insert(target.clone());
        }
    }
}

/// Counters that rise with every commit that made work; receivers wait for a change.
#[derive(Debug)]
pub(super) struct Changes {
    any: watch::Sender<u64>,
    unrouted: watch::Sender<u64>,
    recalls: AtomicU64,
    // Only targets somebody asked for: their number is that of the region's members.
    targets: Mutex<BTreeMap<MemberId, watch::Sender<u64>>>,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self {
            any: watch::Sender::new(0),
            unrouted: watch::Sender::new(0),
            recalls: AtomicU64::new(0),
            targets: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn any(&self) -> watch::Receiver<u64> {
        self.any.subscribe()
    }

    pub(super) fn unrouted(&self) -> watch::Receiver<u64> {
        self.unrouted.subscribe()
    }

    pub(super) fn target(&self, target: &MemberId) -> watch::Receiver<u64> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.entry(target.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(super) fn recalls(&self) -> u64 {
        self.recalls.load(Ordering::Acquire)
    }

    /// Wakes whoever the batch made work for; called after its commit.
    pub(super) fn wake(&self, wakes: &Wakes) {
        if wakes.recalled {
            self.recalls.fetch_add(1, Ordering::AcqRel);
        }
        if wakes.unrouted {
            rise(&self.unrouted);
        }
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.targets.iter().filter_map(|target| targets.get(target)).for_each(rise);
        drop(targets);
        if wakes.unrouted || wakes.moved || !wakes.targets.is_empty() {
            rise(&self.any);
        }
    }

    /// Wakes everybody: the store was poisoned or closed.
    pub(super) fn wake_all(&self) {
        rise(&self.unrouted);
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(rise);
        rise(&self.any);
    }
}

fn rise(counter: &watch::Sender<u64>) {
    counter.send_modify(|count| *count = count.wrapping_add(1));
}
