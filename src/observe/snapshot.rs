//! What is read from the store for those who watch: counts and lanes, now and then.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{Observer, Parts};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        backlog::Backlog,
        lane::{Hold, Scope, Sparing},
        record::Counts,
    },
};

/// The hub as the store knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// When it was read.
    pub at: Timestamp,
    /// Messages and deliveries.
    pub counts: Counts,
    /// Every member, and whoever still has open deliveries.
    pub lanes: Vec<Lane>,
}

/// The lane or mailbox of a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The member.
    pub member: MemberId,
    /// What waits.
    pub backlog: Backlog,
    /// Whose deliveries a breaker keeps back.
    pub sparing: Sparing,
    /// Why all of it is held, if it is.
    pub hold: Option<Hold>,
}

/// A snapshot, and the steady time at which it was read.
pub(super) struct Read {
    pub(super) steady: Duration,
    pub(super) snapshot: Arc<Snapshot>,
}

impl Observer {
    /// The snapshot, read anew when the last is older than [`super::Config::state_age_max`], and its age.
    ///
    /// # Errors
    /// A fault of the store, when there is none before it; else the one before is told, with its age.
    pub async fn snapshot(&self) -> Result<(Arc<Snapshot>, Duration), Fault> {
        let Parts { clock, config, .. } = &self.inner.parts;
        let mut read = self.inner.read.lock().await;
        let age = |read: &Read| clock.steady().saturating_sub(read.steady);
        if let Some(read) = read.as_ref().filter(|read| age(read) < config.state_age_max) {
            return Ok((read.snapshot.clone(), age(read)));
        }
        match (self.look().await, read.as_ref()) {
            (Ok(snapshot), _) => {
                let snapshot = Arc::new(snapshot);
                *read = Some(Read { steady: clock.steady(), snapshot: snapshot.clone() });
                Ok((snapshot, Duration::ZERO))
            }
            (Err(fault), Some(before)) => {
                tracing::debug!(%fault, "figures could not be read anew");
                Ok((before.snapshot.clone(), age(before)))
            }
            (Err(fault), None) => Err(fault),
        }
    }

    async fn look(&self) -> Result<Snapshot, Fault> {
        let Parts { store, region, holds, clock, .. } = &self.inner.parts;
        let (region, at) = (region.borrow().clone(), clock.now());
        let counts = store.counts().await?;
        let mut members: BTreeSet<MemberId> = region.members.keys().cloned().collect();
        members.extend(store.targets().await?);
        let (kept, mut held) = (store.lanes().await?, holds.all());
        let mut lanes = Vec::new();
        for member in members {
            let backlog = store.backlog(&member, at).await?;
            let scope = Scope { target: member.clone(), source: None };
            lanes.push(Lane { backlog, sparing: kept.sparing(&member), hold: held.remove(&scope), member });
        }
        Ok(Snapshot { at, counts, lanes })
    }
}
