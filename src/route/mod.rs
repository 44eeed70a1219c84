//! From accepted messages to deliveries: the loop that finds unrouted markers, and the route commit.
//!
//! Who gets what is decided by pure functions ([`plan`], [`rendition`], `delivering`) from the message and the region
//! of the moment; the loop loads, decides and commits, in accept order. What was accepted under an older configuration
//! and can no longer go where it should is held and its source told, never dropped.
//!
//! **Invariant:** after the route commit every target has exactly one delivery, with its rendering beside it, so every
//! attempt sends the same bytes. `intake` feeds it through the store; it feeds `deliver` through the store.

mod delivering;
pub mod plan;
pub mod rendition;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tracing::{error, info};

use crate::{
    clock::Clock,
    model::{envelope::Function, id::MessageId},
    region::Region,
    stop::Tasks,
    store::{
        Fault, Store,
        record::{Body, Message, Role, Routing},
    },
};

/// Messages loaded at once.
const BATCH_MESSAGES_MAX: usize = 64;
/// Longest pause between two looks at the store, should a wake-up be lost.
const SWEEP_PERIOD: Duration = Duration::from_secs(30);
/// Pause after a fault of the store that is not the end of it.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// The routing loop.
pub struct Router {
    store: Store,
    region: watch::Receiver<Arc<Region>>,
    clock: Clock,
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
        Self { store, region, clock }
    }

    /// Routes what is there and what comes, until told to stop.
    pub async fn run(self, tasks: Tasks) {
        let mut changes = self.store.watch_unrouted();
        while !tasks.is_stopping() {
            changes.mark_unchanged();
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

    async fn route_all(&self, tasks: &Tasks) -> Result<(), Fault> {
        let mut after = 0;
        loop {
            let batch = self.store.unrouted(after, BATCH_MESSAGES_MAX).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = last.sequence;
            for message in batch {
                if tasks.is_stopping() {
                    return Ok(());
                }
                self.route(message).await?;
            }
        }
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
        let answered = match &message.answer {
            Some((delivery, ..)) => self.store.delivery(*delivery).await?,
            None => None,
        };
        let loaded = self.load(message).await?;
        let message = loaded.message.id;
        let deliveries = delivering::Case { region: &region, now, sent: &sent, answered: answered.as_ref() };
        let deliveries = match loaded.message.function {
            Function::Response => deliveries.response(&loaded),
            Function::Cancellation => deliveries.cancellation(&loaded),
            Function::Original | Function::Amendment | Function::Replacement => {
                deliveries.certificate(&loaded)
            }
        };
        Ok(Routing { message, config: region.digest, deliveries })
    }

    async fn load(&self, message: Message) -> Result<Loaded, Fault> {
        let body = |id: MessageId, role: Role| self.store.body(id, role);
        let canonical =
            if message.function.has_document() { body(message.id, Role::Canonical).await? } else { None };
        let original = body(message.id, Role::Original).await?;
        Ok(Loaded { message, original, canonical })
    }
}
