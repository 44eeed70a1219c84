//! What of a lane outlives a restart: its breakers and its debt, as they are on disk.

use crate::{
    deliver::Handles,
    model::{id::MemberId, time::Timestamp},
    region::place::Place,
    store::{
        Fault,
        lane::{Change, Lanes, Spared},
    },
};

/// Breakers as they are kept: the target's, and that of a source.
type Kept = Vec<(Option<MemberId>, Spared)>;

/// What a lane begins with, of what was kept of it.
#[derive(Default)]
pub(in crate::deliver) struct Opening {
    pub(in crate::deliver) breakers: Kept,
    /// Until when a heavy delivery still counts against the target's weight.
    pub(in crate::deliver) owes_until: Option<Timestamp>,
}

impl Opening {
    /// What was kept of a target's lane.
    pub(in crate::deliver) fn of(lanes: &Lanes, target: &MemberId) -> Self {
        let spared = lanes.spared.iter().filter(|(scope, _)| scope.target == *target);
        let breakers = spared.map(|(scope, spared)| (scope.source.clone(), *spared)).collect();
        Self { breakers, owes_until: lanes.debts.get(target).copied() }
    }
}

/// What is on disk of a lane.
pub(super) struct Memory {
    target: MemberId,
    place: Place,
    kept: Opening,
}

impl Memory {
    pub(super) fn new(target: MemberId, place: Place, kept: Opening) -> Self {
        Self { target, place, kept }
    }

    /// Keeps what a delivery heavier than the burst leaves behind, before it goes: a restart must not forget it. Whether
    /// there was anything to keep.
    pub(super) async fn owe(&mut self, handles: &Handles, until: Option<Timestamp>) -> Result<bool, Fault> {
        let owed = until.filter(|until| Some(*until) > self.kept.owes_until);
        let Some(until) = owed.filter(|_| self.place == Place::Own) else { return Ok(false) };
        handles.store.keep_lane(Change::Owe(self.target.clone(), until)).await?;
        self.kept.owes_until = Some(until);
        Ok(true)
    }

    /// Keeps breakers that moved; after a fault with the next change. Of a sandbox's it is only said until when.
    pub(super) async fn spare(&mut self, handles: &Handles, breakers: Option<Kept>) {
        let Some(now) = breakers.filter(|now| *now != self.kept.breakers) else { return };
        if self.place == Place::Sandbox {
            let until = now.iter().filter_map(|(_, spared)| spared.until).max();
            handles.holds.spare_sandbox(&self.target, until);
            self.kept.breakers = now;
            return;
        }
        match handles.store.keep_lane(Change::Spare(self.target.clone(), now.clone())).await {
            Ok(()) => self.kept.breakers = now,
            Err(fault) => tracing::warn!(target.id = %self.target, %fault, "a breaker could not be stored"),
        }
    }
}
