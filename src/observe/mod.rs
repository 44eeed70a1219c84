//! What machines and people are told of the hub's health: figures, whether it lives, whether it takes what is new.
//!
//! An [`Observer`] reads the hub where it stands: the store's load and the loops at each question, messages, deliveries and
//! lanes ([`Snapshot`]) at most once in [`Config::state_age_max`], however often it is asked. Whether the hub is alive
//! and ready is decided by a pure function of [`Facts`] ([`health`]). [`door::Door`] answers those who scrape and probe.
//!
//! **Invariant:** nobody who watches can slow the hub down or change it: connections, requests, time and reads of the
//! store are bounded. Nothing of a document is told: counts, times, ids of members, digests.
//!
//! It is no members' door ([`crate::listen`] is), and does nothing about what it sees but tell it ([`alert`]).

pub mod alert;
pub mod door;
mod figures;
pub mod health;
mod snapshot;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::snapshot::{Lane, Snapshot};
use self::{
    health::{Facts, Idle},
    snapshot::Read,
};
use crate::{
    clock::Clock,
    deliver::{guard::ClockGuard, hold::Holds},
    model::time::Timestamp,
    region::Region,
    route,
    stop::Tasks,
    store::Store,
    telemetry::{
        metrics::{Loop, Metrics},
        otlp,
    },
};

/// Settings for those who watch, read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where they connect; `None`: nowhere. Default 127.0.0.1:9464.
    pub address: Option<SocketAddr>,
    /// Age up to which what was read from the store is told again. Default 10 s.
    pub state_age_max: Duration,
    /// Who is told of spans.
    pub otlp: otlp::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
            state_age_max: Duration::from_secs(10),
            otlp: otlp::Config::default(),
        }
    }
}

impl Config {
    /// What is to be known of the address, if it is one that other machines reach.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        self.address.filter(|address| !address.ip().is_loopback()).map(|_| {
            "other machines reach this address, which is plain HTTP and asks nobody who they are; let a firewall do it"
        })
    }
}

/// The hub's own leaves and keys, as far as those who watch are told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {
    /// When each leaf ends, by what it is for.
    pub leaves: Vec<(&'static str, Timestamp)>,
    /// Receipt keys that are published and no longer signed with.
    pub keys_retired: usize,
    /// Whether the hub started under what ran before, because the folder waits for two operators.
    pub folder_waits: bool,
}

/// What is looked at.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The region of this moment.
    pub region: watch::Receiver<Arc<Region>>,
    /// Whether the clock is believed.
    pub guard: ClockGuard,
    /// What is held.
    pub holds: Holds,
    /// What is counted.
    pub metrics: Metrics,
    /// The hub's own leaves and keys; a reload swaps them.
    pub own: Arc<ArcSwap<Own>>,
    /// The clock.
    pub clock: Clock,
    /// Raised when the door is soon to close.
    pub leaving: CancellationToken,
    /// The hub's tasks, which know whether they stop.
    pub tasks: Tasks,
    /// What keeps the rows.
    pub engine: &'static str,
    /// Longest pause of the delivery loop.
    pub sweep_period: Duration,
    /// How long a loop may stand beside its work.
    pub stall_max: Duration,
    /// Settings.
    pub config: Config,
}

/// Reads the hub where it stands; cheap to clone.
#[derive(Clone)]
pub struct Observer {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    /// What was last read from the store; one reads at a time.
    read: tokio::sync::Mutex<Option<Read>>,
    /// One sets the figures and writes them out at a time.
    writing: Mutex<()>,
}

impl Observer {
    /// An observer of these parts, whose loops have from now on time to come round.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        // The steady time of a process begins before its hub: a store may take long to open.
        for which in Loop::ALL {
            parts.metrics.came_round(which, Clock::Real.steady());
        }
        Self {
            inner: Arc::new(Inner { parts, read: tokio::sync::Mutex::default(), writing: Mutex::default() }),
        }
    }

    /// What is looked at.
    fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    /// What is so at this moment; costs a lock or two and reads nothing from disk.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let Parts { store, metrics, leaving, tasks, sweep_period, stall_max, .. } = &self.inner.parts;
        let steady = Clock::Real.steady();
        let idle = Loop::ALL.map(|which| Idle {
            which,
            since: steady.saturating_sub(metrics.round(which)),
            most: stall_max.saturating_add(match which {
                Loop::Route => route::SWEEP_PERIOD,
                Loop::Deliver => *sweep_period,
            }),
        });
        Facts {
            poisoned: store.is_poisoned(),
            stopping: leaving.is_cancelled() || tasks.is_stopping(),
            strain: store.strain(),
            members: self.inner.parts.region.borrow().members.len(),
            idle: idle.to_vec(),
        }
    }
}
