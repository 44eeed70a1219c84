//! From a due delivery to an outcome on disk: by push over mutual TLS, or through a member's mailbox.
//!
//! Each target has a `lane`, and a second one to its sandbox if it has one: it claims the due heads of the target's
//! chains, sends them at the target's pace, and commits what came of each attempt. A lane waits for nobody else's target.
//! What an answer means is decided in [`outcome`], the pace in [`limiter`], when a silent partner is spared in [`breaker`],
//! what follows for the delivery in `model::delivery::step`: all pure. The [`inbox`] takes the same heads with the same
//! limits and leaves the same evidence, but waits to be asked.
//!
//! **Invariant:** a claim is memory only. Whatever is lost with the process is offered again with the same id and the
//! same bytes, and nothing leaves the store's queue but by a commit. A lane never ends while the hub lives: a delivery
//! that cannot be sent is set aside, and the lane goes on. Every delivery that is not final has something that will wake it;
//! where a bug broke that, the sweep finds it, says so and mends it.
//!
//! It does not decide who is to have what (`route`), nor tell anybody but the source of a failed delivery. It finds its
//! work in the store and feeds `receipt` through it. hyper lives in [`client`] alone.

mod attempt;
mod attestation;
mod config;
mod digest;
mod expiry;
mod parcel;
mod readmit;
mod settle;
mod showing;
mod sweep;

pub mod breaker;
pub mod client;
pub mod entitlement;
pub mod guard;
pub mod headers;
pub mod hold;
pub mod inbox;
pub mod lane;
pub mod limiter;
pub mod notice;
pub mod outcome;
pub mod resend;
pub mod sight;
pub mod trial;
pub mod watchdog;

#[cfg(test)]
pub(crate) mod sample;

use std::{collections::BTreeMap, sync::Arc};

use rustls::ClientConfig;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{
    guard::ClockGuard,
    hold::Holds,
    lane::Runner,
    sight::Sight,
    watchdog::{Pulse, Verdict},
};
use crate::{
    clock::Clock,
    evidence::key::SigningKey,
    model::id::MemberId,
    region::{
        Region,
        member::{Endpoint, Reach},
        place::Place,
    },
    stop::Tasks,
    store::{Fault, Store, claim::Stream, lane::Lanes, read::ChainsAfter},
    telemetry::{
        metrics::{Loop, Metrics},
        trace::Traces,
    },
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
    /// Whether the wall clock may end anything.
    pub guard: ClockGuard,
    /// What targets may see, as found since the last reload.
    pub sight: Sight,
    /// The hub's figures.
    pub metrics: Metrics,
    /// Where messages belong in their sources' traces.
    pub traces: Traces,
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

/// Every lane, and the sweep that ends what has become too old and finds what nothing would wake.
pub struct Deliveries {
    handles: Handles,
    lanes: BTreeMap<(MemberId, Place), Opened>,
    /// Breakers as they were kept when the hub started; `None` until they are read.
    kept: Option<Lanes>,
    /// How far chains were looked through.
    chains: ChainsAfter,
    looks: readmit::Looks,
}

/// A lane that runs.
struct Opened {
    pulse: Pulse,
    /// Ends it, should it stand still for good; attempts it began end by themselves.
    end: CancellationToken,
}

impl Deliveries {
    /// The deliveries of a hub; nothing runs yet.
    #[must_use]
    pub fn new(handles: Handles) -> Self {
        let lanes = BTreeMap::new();
        Self { handles, lanes, kept: None, chains: None, looks: readmit::Looks::default() }
    }

    /// Keeps a lane for every member that is pushed to, and expires what is too old, until the stop signal.
    pub async fn run(mut self, tasks: Tasks) {
        let mut region = self.handles.region.clone();
        while !tasks.is_stopping() {
            let current = region.borrow_and_update().clone();
            self.look(&current, &tasks).await;
            self.handles.metrics.came_round(Loop::Deliver, Pulse::now());
            tokio::select! {
                () = tasks.stopping() => {}
                () = changed(&mut region) => {}
                () = self.handles.clock.sleep(self.handles.config.sweep_period) => {}
            }
        }
    }

    /// Opens the lanes, then takes each step of the sweep; one that fails is told, and keeps no other from its turn.
    async fn look(&mut self, region: &Arc<Region>, tasks: &Tasks) {
        let waiting = match self.open_lanes(region, tasks).await {
            Ok(waiting) => waiting,
            Err(fault) => {
                tracing::error!(%fault, "lanes could not be opened");
                Vec::new()
            }
        };
        let handles = &self.handles;
        let readmitted = match self.looks.due(region) {
            true => readmit::sweep(handles, region).await,
            false => Ok(()),
        };
        // Together, so that the counts go to the disk with the time.
        let (looked, kept) = tokio::join!(handles.guard.look(), handles.store.keep_refused());
        let steps = [
            ("what was held to go on", readmitted),
            ("the clock to be looked at", looked),
            ("counts of what was refused to be kept", kept),
            ("what is too old to end", expiry::sweep(handles, region, &waiting).await),
            ("what is parked for too long to go on", expiry::give_up_parked(handles).await),
            ("digests to be made", digest::sweep(handles, &waiting).await),
            ("messages without a route to be found", handles.look_for_unrouted().await),
            ("lanes to be watched", self.watch(region, tasks).await),
            ("chains to be looked through", self.mend_chains().await),
        ];
        for (what, done) in steps {
            if let Err(fault) = done {
                tracing::error!(%fault, "deliveries could not be looked through: {what}");
            }
        }
    }

    /// Opens a lane for whoever is pushed to; gives all that something waits for.
    async fn open_lanes(&mut self, region: &Arc<Region>, tasks: &Tasks) -> Result<Vec<MemberId>, Fault> {
        if self.kept.is_none() {
            self.kept = Some(self.handles.store.lanes().await?);
        }
        let pushed = region.members.values().filter(|member| matches!(member.reach, Reach::Push(_)));
        for member in pushed {
            self.open((&member.id, Place::Own), tasks);
            if member.sandbox.is_some() {
                self.open((&member.id, Place::Sandbox), tasks);
            }
        }
        let waiting = self.handles.store.waiting_targets().await?;
        // What waits for a member that left the region is held, as not entitled, by a lane of its own.
        for gone in waiting.iter().filter(|target| !region.members.contains_key(target)) {
            self.open((gone, Place::Own), tasks);
        }
        Ok(waiting)
    }

    async fn mend_chains(&mut self) -> Result<(), Fault> {
        self.chains = self.handles.mend_chains(self.chains.take()).await?;
        Ok(())
    }

    /// Wakes each lane that overlooks its work, and begins anew each that does not turn any more.
    async fn watch(&mut self, region: &Region, tasks: &Tasks) -> Result<(), Fault> {
        let mut dead = Vec::new();
        for ((target, place), lane) in &self.lanes {
            let member = region.members.get(target);
            let stream = member.map_or(Stream::All, |member| lane::stream(member, *place));
            match self.handles.judge(target, stream, &lane.pulse).await? {
                Verdict::Well => {}
                Verdict::Wake => lane.pulse.wake(),
                Verdict::Restart => dead.push((target.clone(), *place)),
            }
        }
        for (target, place) in dead {
            self.kept = Some(self.handles.store.lanes().await?);
            if let Some(lane) = self.lanes.remove(&(target.clone(), place)) {
                lane.end.cancel();
            }
            self.open((&target, place), tasks);
        }
        Ok(())
    }

    /// Opens a lane once; it lives as long as the hub and rests while its member is not pushed to.
    fn open(&mut self, (target, place): (&MemberId, Place), tasks: &Tasks) {
        let at = (target.clone(), place);
        if self.lanes.contains_key(&at) {
            return;
        }
        let kept = self.kept.as_ref().filter(|_| place == Place::Own);
        let kept = kept.map(|lanes| lane::Opening::of(lanes, target)).unwrap_or_default();
        let opened = Opened { pulse: Pulse::new(), end: CancellationToken::new() };
        let lane = Runner::new(at.clone(), self.handles.clone(), kept, opened.pulse.clone());
        let (end, running) = (opened.end.clone(), tasks.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = lane.run(running) => {}
            }
        });
        self.lanes.insert(at, opened);
    }
}

/// Waits for the next value; for ever when there will be none.
async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
