//! From a due delivery to an outcome on disk: by push over mutual TLS, or through a member's mailbox.
//!
//! Each target has a `lane`: it claims the due heads of the target's chains, sends them at the target's pace, and
//! commits what came of each attempt. A lane waits for nobody else's target. What an answer means is decided in
//! [`outcome`], the pace in [`limiter`], when a silent partner is spared in [`breaker`], what follows for the delivery in
//! `model::delivery::step`: all pure. The [`inbox`] takes the same heads with the same limits and leaves the same
//! evidence, but waits to be asked.
//!
//! **Invariant:** a claim is memory only. Whatever is lost with the process is offered again with the same id and the
//! same bytes, and nothing leaves the store's queue but by a commit. A lane never ends while the hub lives: a delivery
//! that cannot be sent is set aside, and the lane goes on.
//!
//! It does not decide who is to have what (`route`), nor tell anybody but the source of a failed delivery. It finds its
//! work in the store and feeds `receipt` through it. hyper lives in [`client`] alone.

mod attempt;
mod attestation;
mod config;
mod expiry;
mod lane;
mod parcel;
mod settle;

pub mod breaker;
pub mod client;
pub mod entitlement;
pub mod headers;
pub mod hold;
pub mod inbox;
pub mod limiter;
pub mod notice;
pub mod outcome;

#[cfg(test)]
mod sample;

use std::{collections::BTreeSet, sync::Arc};

use rustls::ClientConfig;
use tokio::sync::watch;

use self::{hold::Holds, lane::Lane};
use crate::{
    clock::Clock,
    evidence::key::SigningKey,
    model::id::MemberId,
    region::{
        Region,
        member::{Endpoint, Reach},
    },
    stop::Tasks,
    store::{Fault, Store},
};

pub use self::config::Config;

/// Makes the TLS side of an endpoint: the hub's identity and the anchors the endpoint names. The error is in words.
pub type Tls = Arc<dyn Fn(&Endpoint) -> Result<Arc<ClientConfig>, String> + Send + Sync>;

/// The handles that lanes and mailboxes use; cheap to clone.
#[derive(Clone)]
pub struct Handles {
    /// Where deliveries wait and outcomes go.
    pub store: Store,
    /// The region as it is now; a reload sends the next.
    pub region: watch::Receiver<Arc<Region>>,
    /// The clock.
    pub clock: Clock,
    /// Signs attestations.
    pub key: Arc<SigningKey>,
    /// Makes the TLS side of an endpoint, once per endpoint and region.
    pub tls: Tls,
    /// Draws the jitter of retries.
    pub dice: Dice,
    /// Lanes that stand still.
    pub holds: Holds,
    /// Limits.
    pub config: Config,
}

/// Where the jitter of retries comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dice {
    /// The system's randomness.
    Random,
    /// Always the same throw, for tests.
    Loaded(u8),
}

impl Dice {
    /// A uniform draw from 0 to 255.
    #[must_use]
    pub fn throw(self) -> u8 {
        match self {
            Self::Random => {
                let mut byte = [0];
                // Without randomness there is no jitter; a retry without it is still a retry.
                let _ = aws_lc_rs::rand::fill(&mut byte);
                let [throw] = byte;
                throw
            }
            Self::Loaded(throw) => throw,
        }
    }
}

/// Every lane, and the sweep that ends what has become too old.
pub struct Deliveries {
    handles: Handles,
    lanes: BTreeSet<MemberId>,
}

impl Deliveries {
    /// The deliveries of a hub; nothing runs yet.
    #[must_use]
    pub fn new(handles: Handles) -> Self {
        Self { handles, lanes: BTreeSet::new() }
    }

    /// Keeps a lane for every member that is pushed to, and expires what is too old, until the stop signal.
    pub async fn run(mut self, tasks: Tasks) {
        let mut region = self.handles.region.clone();
        while !tasks.is_stopping() {
            let current = region.borrow_and_update().clone();
            if let Err(fault) = self.look(&current, &tasks).await {
                tracing::error!(%fault, "deliveries could not be looked through");
            }
            tokio::select! {
                () = tasks.stopping() => {}
                () = changed(&mut region) => {}
                () = self.handles.clock.sleep(self.handles.config.sweep_period) => {}
            }
        }
    }

    async fn look(&mut self, region: &Arc<Region>, tasks: &Tasks) -> Result<(), Fault> {
        let pushed = region.members.values().filter(|member| matches!(member.reach, Reach::Push(_)));
        for member in pushed {
            self.open(&member.id, tasks);
        }
        let waiting: Vec<_> =
            self.handles.store.waiting_targets().await?.into_iter().map(|(target, _)| target).collect();
        // What waits for a member that left the region is held, as not entitled, by a lane of its own.
        for gone in waiting.iter().filter(|target| !region.members.contains_key(target)) {
            self.open(gone, tasks);
        }
        expiry::sweep(&self.handles, region, &waiting).await
    }

    /// Opens a lane once; it lives as long as the hub and rests while its member is not pushed to.
    fn open(&mut self, target: &MemberId, tasks: &Tasks) {
        if self.lanes.insert(target.clone()) {
            let lane = Lane::new(target.clone(), self.handles.clone());
            tasks.spawn(lane.run(tasks.clone()));
        }
    }
}

/// Waits for the next value; for ever when there will be none.
async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
