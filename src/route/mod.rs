//! From accepted messages to deliveries: the loop that finds unrouted markers, and the route commit.
//!
//! Who gets what is decided by pure functions ([`plan`], [`rendition`], `delivering`) from the message and the region
//! of the moment; the loop loads, decides and commits, in accept order; what was parked goes after the certificate it
//! waited for. What was accepted under an older configuration
//! and can no longer go where it should is held and its source told, never dropped.
//!
//! A later version is compared with everything ever sent of its chain (`comparing`): who lost it gets a withdrawal, who
//! is new the whole document, everybody else the change, under the rules and views of the moment.
//!
//! **Invariant:** after the route commit every target has exactly one delivery, with its rendering beside it, so every
//! attempt sends the same bytes. A target's last word about a certificate agrees with the plan of its last version.
//! `intake` feeds it through the store; it feeds `deliver` through the store.

mod comparing;
mod delivering;
mod naming;
pub mod once;
pub mod plan;
pub mod rendition;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use tracing::{error, info};

use crate::{
    clock::Clock,
    model::{envelope::Function, id::MessageId, reason::Reason},
    region::Region,
    stop::Tasks,
    store::{
        Fault, Store,
        claim::Rank,
        record::{Body, Message, Role, Routing, Stage},
    },
    telemetry::metrics::{Loop, Metrics},
};

/// Messages loaded and routed at once; their commits share syncs.
const BATCH_MESSAGES_MAX: usize = 64;
/// Longest pause between two looks at the store, should a wake-up be lost.
pub const SWEEP_PERIOD: Duration = Duration::from_secs(30);
/// Pause after a fault of the store that is not the end of it.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// The routing loop.
#[derive(Clone)]
pub struct Router {
    store: Store,
    region: watch::Receiver<Arc<Region>>,
    clock: Clock,
    metrics: Metrics,
}

/// What a message is routed from.
struct Loaded {
    message: Message,
    original: Option<Body>,
    canonical: Option<Body>,
}

impl Router {
    /// A router over a store; each message is planned under the region of that moment.
    #[must_use]
    pub fn new(store: Store, region: watch::Receiver<Arc<Region>>, clock: Clock) -> Self {
        Self { store, region, clock, metrics: Metrics::default() }
    }

    /// The same router, counted among these figures.
    #[must_use]
    pub fn counting(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Routes what is there and what comes, until told to stop.
    pub async fn run(self, tasks: Tasks) {
        let mut changes = self.store.watch_unrouted();
        while !tasks.is_stopping() {
            changes.mark_unchanged();
            self.metrics.came_round(Loop::Route, Clock::Real.steady());
            let pause = match self.route_all(&tasks).await {
                Ok(()) => SWEEP_PERIOD,
                Err(fault) if self.store.is_poisoned() => {
                    error!(%fault, "routing ends: the store takes nothing more");
                    tasks.stop();
                    return;
                }
                Err(fault) => {
                    error!(%fault, "routing pauses");
                    FAULT_PAUSE
                }
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock.sleep(pause) => {}
                () = tasks.stopping() => {}
            }
        }
    }

    /// Routes every message there is. What cannot be routed holds up its own chain alone; the first such fault is told.
    async fn route_all(&self, tasks: &Tasks) -> Result<(), Fault> {
        let mut after = 0;
        let mut outcome = Ok(());
        loop {
            let batch = self.store.unrouted(after, BATCH_MESSAGES_MAX).await?;
            self.metrics.came_round(Loop::Route, Clock::Real.steady());
            let Some(last) = batch.last() else { return outcome };
            after = last.sequence;
            let routed = self.route_batch(batch, tasks).await;
            if tasks.is_stopping() || self.store.is_poisoned() {
                return routed;
            }
            outcome = outcome.and(routed);
        }
    }

    /// Routes messages of different chains together, those of one chain in order.
    ///
    /// **Cancel safety:** dropped, it drops what it began; every route commit is whole or not there.
    async fn route_batch(&self, batch: Vec<Message>, tasks: &Tasks) -> Result<(), Fault> {
        let mut chains = JoinSet::new();
        for chain in by_chain(batch) {
            let (router, tasks) = (self.clone(), tasks.clone());
            chains.spawn(async move { router.route_chain(chain, &tasks).await });
        }
        let mut outcome = Ok(());
        while let Some(routed) = chains.join_next().await {
            outcome = outcome.and(routed.unwrap_or(Err(Fault::Panicked)));
        }
        outcome
    }

    async fn route_chain(&self, chain: Vec<Message>, tasks: &Tasks) -> Result<(), Fault> {
        for message in chain {
            if tasks.is_stopping() {
                break;
            }
            let id = message.id;
            match self.route(message).await {
                // An earlier one was let go meanwhile; the wake-up that came with it begins at the front again.
                Err(Fault::Overtakes(_)) => break,
                routed => {
                    routed.inspect_err(|fault| error!(message.id = %id, %fault, "a message waits"))?;
                }
            }
        }
        Ok(())
    }

    async fn route(&self, message: Message) -> Result<(), Fault> {
        let id = message.id;
        let routing = self.routing(message).await?;
        let targets = routing.deliveries.len();
        self.store.route(routing).await?;
        info!(message.id = %id, targets, "message routed");
        Ok(())
    }

    async fn routing(&self, message: Message) -> Result<Routing, Fault> {
        let region = self.region.borrow().clone();
        let now = self.clock.now();
        let sent = self.store.sent_to(message.id).await?;
        let before = self.store.before(message.id).await?;
        let answered = match &message.answer {
            Some((delivery, ..)) => self.store.delivery(*delivery).await?,
            None => None,
        };
        let loaded = self.load(message).await?;
        let case =
            delivering::Case { region: &region, now, sent: &sent, before, answered: answered.as_ref() };
        let decided = match loaded.message.function {
            Function::Response => case.response(&loaded),
            Function::Cancellation => case.cancellation(&loaded),
            Function::Original | Function::Amendment | Function::Replacement => case.certificate(&loaded),
        };
        let delivering::Decided { mut deliveries, superseded, unaddressed } = decided;
        if loaded.message.stage == (Stage::Unrouted { given_up: true }) {
            deliveries.push(case.tell(&loaded, Reason::CertificateUnknown));
        }
        if loaded.message.bulk {
            // What a source is told of it waits no longer for that.
            deliveries.iter_mut().filter(|one| !one.cargo.is_news()).for_each(|one| one.rank = Rank::Bulk);
        }
        naming::name(&loaded.message, &mut deliveries);
        let message = loaded.message.id;
        Ok(Routing { message, config: region.digest, at: now, deliveries, superseded, unaddressed })
    }

    async fn load(&self, message: Message) -> Result<Loaded, Fault> {
        let body = |id: MessageId, role: Role| self.store.body(id, role);
        let canonical =
            if message.function.has_document() { body(message.id, Role::Canonical).await? } else { None };
        let original = body(message.id, Role::Original).await?;
        Ok(Loaded { message, original, canonical })
    }
}

/// Messages by chain, each chain in accept order.
fn by_chain(messages: Vec<Message>) -> impl Iterator<Item = Vec<Message>> {
    let mut chains: BTreeMap<i64, Vec<Message>> = BTreeMap::new();
    for message in messages {
        chains.entry(message.chain).or_default().push(message);
    }
    chains.into_values()
}
