//! What an operator asks of the running hub: what waits and why, and to hold, release, end, repeat or address it.
//!
//! The use cases know no door. The control socket and the console call the same ones, and what they answer is the same
//! everywhere. Whether something may be done is decided by pure functions (`life`,
//! `replay`) on what the store tells; the store looks again in the commit, and when it is no longer so, the decision is
//! taken anew.
//!
//! **Invariant:** whatever was asked for to be done is recorded with who, when, about what and why: together with its
//! effect in one commit, or with the code it was refused with. Nothing is shown of the content of documents.
//!
//! It delivers nothing itself: it changes records, and the lanes find them. What keeps a whole lane is
//! [`crate::deliver::hold`]'s.

pub mod account;
mod address;
pub mod asked;
pub mod checklist;
pub mod content;
mod lately;
mod ledger;
mod life;
mod look;
mod progress;
mod queue;
mod refused;
mod replay;
mod shown;
pub mod stands;
pub mod statistics;
mod status;
pub mod trial;
mod trying;

use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::Clock,
    deliver::{guard::ClockGuard, hold::Holds},
    model::{
        id::{DeliveryId, MemberId},
        reason::Reason,
    },
    observe::alert::{Alert, Firing},
    region::Region,
    store::{Fault, Store, news::Bounds},
};

pub(crate) use self::ledger::Order;
use self::{
    lately::Lately,
    statistics::{Hour, Statistics},
};
pub use self::{
    ledger::Ledger,
    look::{Which, is_too_short},
    progress::Progress,
    queue::{Cursor, PAGE_DELIVERIES_MAX, Query},
    replay::{Again, LOOKED_AT_MAX, REFUSED_NAMED_MAX, REPLAYED_MAX},
};

/// Longest reason an operator gives, in characters.
pub const REASON_CHARACTERS_MAX: usize = 500;
/// Longest name an operator gives, in characters.
pub const NAMED_CHARACTERS_MAX: usize = 64;
/// Times a decision is taken anew because what it rested on changed.
const DECISIONS_MAX: u32 = 3;

/// The operator's use cases; cheap to clone.
#[derive(Clone)]
pub struct Operate {
    ledger: Ledger,
    store: Store,
    region: watch::Receiver<Arc<Region>>,
    holds: Holds,
    guard: ClockGuard,
    firing: Firing,
    clock: Clock,
    /// How much a source is told of what is done.
    bounds: Bounds,
    passwords: account::Passwords,
    hours: Lately<Vec<Hour>>,
    statistics: Lately<Statistics>,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// The system's user.
    pub user: String,
    /// The name the operator gave besides.
    pub named: Option<String>,
}

/// Why something is not done: coded, and in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Coded.
    pub reason: Reason,
    /// In words.
    pub why: String,
}

/// What a use case gives: an answer or a refusal; a fault is ours.
pub type Answer<T> = Result<Result<T, Refusal>, Fault>;

/// What is held or released.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A member's lane or mailbox.
    Member(MemberId),
    /// One delivery.
    Delivery(DeliveryId),
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: Reason, why: impl Into<String>) -> Self {
        Self { reason, why: why.into() }
    }
}

impl Operator {
    /// The operator in words: `root`, or `root as Maria`.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.named {
            Some(named) => format!("{} as {named}", self.user),
            None => self.user.clone(),
        }
    }
}

impl Operate {
    /// The use cases over a hub's parts.
    #[must_use]
    pub fn new(
        store: Store,
        region: watch::Receiver<Arc<Region>>,
        (holds, guard, firing): (Holds, ClockGuard, Firing),
        clock: Clock,
        bounds: Bounds,
    ) -> Self {
        let ledger = Ledger::new(store.clone(), clock.clone());
        let passwords = account::Passwords::default();
        let (hours, statistics) = (Lately::default(), Lately::default());
        Self { ledger, store, region, holds, guard, firing, clock, bounds, passwords, hours, statistics }
    }

    /// The alerts that hold, the most severe first.
    #[must_use]
    pub fn alerts(&self) -> Arc<Vec<Alert>> {
        self.firing.now()
    }

    /// The region of this moment.
    #[must_use]
    pub fn region(&self) -> Arc<Region> {
        self.region.borrow().clone()
    }
}

/// A new delivery id, sorted by time.
fn fresh() -> DeliveryId {
    DeliveryId(Uuid::now_v7())
}
