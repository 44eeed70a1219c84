//! Epochs: after a restore the hub knows that it may have forgotten, and so does every member that asks.
//!
//! A restore opens a new epoch. Until a member has compared what it holds with what the hub has, it is not taken for
//! granted that the hub knows what the member believes it knows; `intake` takes from it only what the backup lacked.

use std::collections::BTreeSet;

use super::{Fault, Store, job::Job, queue::Side};
use crate::model::{id::MemberId, time::Timestamp};

/// The epoch a store is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Epoch {
    /// Its number: 1 of a store that was never restored.
    pub number: u64,
    /// Time of the newest commit in the backup; `None` of a store that was never restored.
    pub newest: Option<Timestamp>,
}

/// The epoch, and who has compared in it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) epoch: Epoch,
    pub(super) compared: BTreeSet<MemberId>,
}

/// A member that has compared.
pub(super) struct Comparison {
    pub(super) member: MemberId,
    pub(super) at: Timestamp,
}

impl Store {
    /// The epoch the store is in; it does not change while the store is open.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.standing_of_epoch().epoch
    }

    /// Whether a member has compared in this epoch, or needs not.
    #[must_use]
    pub fn has_compared(&self, member: &MemberId) -> bool {
        let standing = self.standing_of_epoch();
        standing.epoch.newest.is_none() || standing.compared.contains(member)
    }

    /// Records that a member has compared in this epoch; once more changes nothing.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn compare(&self, member: &MemberId, at: Timestamp) -> Result<(), Fault> {
        let comparison = Comparison { member: member.clone(), at };
        self.commit(Side::Urgent, |reply| Job::Compare { comparison, reply }).await?;
        self.standing_of_epoch().compared.insert(member.clone());
        Ok(())
    }
}
