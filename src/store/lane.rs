//! What outlives a restart of a lane: why it is held, how far its breaker went, and when the hub was last sure of the time.
//!
//! Rows exist only for what is out of the ordinary and are written only when it changes, so opening a store of a million
//! deliveries reads a handful of rows. No delivery is rewritten by a hold or a breaker.

use std::{collections::BTreeMap, time::Duration};

use super::{Fault, Store, job::Job, queue::Side};
use crate::model::{id::MemberId, time::Timestamp};

/// Whose deliveries at a target: of one source, or everybody's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// The target.
    pub target: MemberId,
    /// The source; `None`: the whole lane.
    pub source: Option<MemberId>,
}

/// Why deliveries stand still until somebody releases them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Why.
    pub why: String,
    /// Who said so: an operator, or the hub.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
}

/// How far a breaker went: nothing is kept of one that is closed and counts no fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spared {
    /// Faults in a row, while it is closed.
    pub faults: u32,
    /// Until when nothing is sent, once it is open.
    pub until: Option<Timestamp>,
    /// How long its pause is.
    pub pause: Duration,
}

/// Whose deliveries breakers keep from a target, and when each is tried again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sparing {
    /// Everybody's.
    pub all: Option<Timestamp>,
    /// Those of single sources, while others' go out.
    pub sources: Vec<(MemberId, Timestamp)>,
}

impl Sparing {
    /// Whether any breaker is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.all.is_some() || !self.sources.is_empty()
    }

    /// The source whose deliveries alone are kept back.
    #[must_use]
    pub fn one(&self) -> Option<&MemberId> {
        self.sources.first().map(|(source, _)| source).filter(|_| self.all.is_none())
    }
}

/// Everything that is kept of lanes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lanes {
    /// What is held.
    pub holds: BTreeMap<Scope, Hold>,
    /// Whom a breaker spares, or begins to.
    pub spared: BTreeMap<Scope, Spared>,
    /// Until when what a target was sent in one piece still counts against its weight.
    pub debts: BTreeMap<MemberId, Timestamp>,
    /// When the hub was last sure of the time.
    pub heard: Option<Timestamp>,
}

impl Lanes {
    /// Whose deliveries breakers keep from a target: what every look at a lane is told.
    #[must_use]
    pub fn sparing(&self, target: &MemberId) -> Sparing {
        let mut sparing = Sparing::default();
        for (scope, spared) in self.spared.iter().filter(|(scope, _)| scope.target == *target) {
            match (&scope.source, spared.until) {
                (None, until) => sparing.all = until,
                (Some(source), Some(until)) => sparing.sources.push((source.clone(), until)),
                (Some(_), None) => {}
            }
        }
        sparing
    }
}

/// A change of what lanes rest on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Hold; takes the place of an earlier hold of the same scope.
    Hold(Scope, Hold),
    /// Release exactly these.
    Release(Vec<Scope>),
    /// The breakers of a target as they are now, in place of all that was kept of it.
    Spare(MemberId, Vec<(Option<MemberId>, Spared)>),
    /// A delivery heavier than the burst is about to go: until when it counts.
    Owe(MemberId, Timestamp),
    /// The hub is sure of the time.
    Heard(Timestamp),
    /// Give a target's chain that has no head its head, due at this time; one that has a head is left as it is.
    Head(MemberId, i64, Timestamp),
}

impl Store {
    /// Everything that is kept of lanes: as many rows as there are lanes out of the ordinary.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn lanes(&self) -> Result<Lanes, Fault> {
        self.read(|db| db.lanes()).await
    }

    /// Keeps a change of a lane's state.
    ///
    /// **Durability:** on disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn keep_lane(&self, change: Change) -> Result<(), Fault> {
        let change = Box::new(change);
        self.commit(Side::Urgent, |reply| Job::Lane { change, reply }).await
    }
}
