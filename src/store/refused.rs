//! How often the hub refused what, day by day: counted in memory, kept by the next commit of the sweep.
//!
//! A refusal costs an entry of a map and never a commit of its own, so that bad input costs the hub nothing. What was
//! counted since the last sweep is lost with the process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Fault, Store, job::Job, queue::Side};
use crate::model::{id::MemberId, reason::Reason, time::Timestamp};

/// Days that are kept, today among them: a row for each member and code that occurred on one.
pub const DAYS_MAX: i64 = 92;

const DAY_MILLIS: i64 = 86_400_000;

/// Refusals of one day, member and reason.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refused {
    /// The day (UTC), in days since 1970.
    pub day: i64,
    /// Who was refused.
    pub member: MemberId,
    /// Why.
    pub reason: Reason,
    /// How often.
    pub count: u64,
}

impl Refused {
    /// When its day began.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        Timestamp(self.day.saturating_mul(DAY_MILLIS))
    }
}

/// The day (UTC) of an instant, in days since 1970.
#[must_use]
pub fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MILLIS)
}

/// What was counted and is not kept yet. Days, members of the region and codes: few, whatever is refused.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counted: Mutex<BTreeMap<(i64, MemberId, Reason), u64>>,
    /// Held while counts are on their way to the disk, so that nobody reads them twice or not at all.
    keeping: tokio::sync::Mutex<()>,
}

impl Counting {
    fn counted(&self) -> MutexGuard<'_, BTreeMap<(i64, MemberId, Reason), u64>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, refused: Vec<Refused>) {
        let mut counted = self.counted();
        for Refused { day, member, reason, count } in refused {
            *counted.entry((day, member, reason)).or_default() += count;
        }
    }
}

fn told(((day, member, reason), count): ((i64, MemberId, Reason), u64)) -> Refused {
    Refused { day, member, reason, count }
}

impl Store {
    /// Counts a refusal; costs a lock.
    pub fn refused(&self, member: &MemberId, reason: Reason, at: Timestamp) {
        let mut counted = self.inner.refused.counted();
        *counted.entry((day(at), member.clone(), reason)).or_default() += 1;
    }

    /// Keeps what was counted since the last time; commits nothing when that is nothing. What could not be kept counts on.
    ///
    /// **Durability:** on disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn keep_refused(&self) -> Result<(), Fault> {
        let counting = &self.inner.refused;
        let _alone = counting.keeping.lock().await;
        let counted: Vec<Refused> = std::mem::take(&mut *counting.counted()).into_iter().map(told).collect();
        if counted.is_empty() {
            return Ok(());
        }
        let kept = counted.clone();
        let done = self.commit(Side::Bulk, |reply| Job::Refused { counted, reply }).await;
        if done.is_err() {
            counting.add(kept);
        }
        done
    }

    /// Refusals from a day on, by day, member and reason; what is not kept yet too.
    ///
    /// **Bounds:** [`DAYS_MAX`] days.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn refused_since(&self, from: i64) -> Result<Vec<Refused>, Fault> {
        let counting = &self.inner.refused;
        let _alone = counting.keeping.lock().await;
        let mut all: BTreeMap<(i64, MemberId, Reason), u64> = BTreeMap::new();
        let kept = self.read(move |db| db.refused(from)).await?;
        let counted: Vec<Refused> = counting.counted().clone().into_iter().map(told).collect();
        for Refused { day, member, reason, count } in kept.into_iter().chain(counted) {
            if day >= from {
                *all.entry((day, member, reason)).or_default() += count;
            }
        }
        Ok(all.into_iter().map(told).collect())
    }
}
