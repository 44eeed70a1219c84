//! What a source is told of its deliveries: at once while that is little, else gathered for a digest.
//!
//! What its source must act on is told at once, up to a number in each period; past it, and whatever else is news, is
//! counted, and a digest a period tells of it. The commit that makes the news decides, for only it knows what was told
//! before; it keeps counts and the first few deliveries of each reason, however large the storm. A digest and the end of
//! what it tells are one commit, so a crash neither loses nor repeats one.

use std::time::Duration;

use super::{
    Fault, Store,
    job::Job,
    queue::Side,
    read::rows,
    record::{Delivery, NewDelivery},
};
use crate::model::{
    delivery::State,
    id::{MemberId, MessageId},
    reason::Reason,
    time::Timestamp,
};

/// Whom a digest is for, and about which deliveries of his; test traffic apart from live.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    /// Who is told.
    pub source: MemberId,
    /// The target of the deliveries.
    pub target: MemberId,
    /// Whether they are test traffic.
    pub test: bool,
}

/// How much a source is told of one target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// The period: at most one digest in it.
    pub period: Duration,
    /// Most notices in a period.
    pub notices_max: u32,
    /// Most deliveries a digest names, and most that are kept for it of each reason.
    pub entries_max: u32,
}

/// News of a delivery: kept when its outcome changes the state, and of a success only when that comes after a bad end.
#[derive(Clone, Debug)]
pub struct Telling {
    /// What happened.
    pub reason: Reason,
    /// The target's own code, or a short technical cause.
    pub detail: String,
    /// What tells it at once; `None` when a digest is soon enough.
    pub notice: Option<NewDelivery>,
    /// How much is told.
    pub bounds: Bounds,
}

/// What is gathered for a digest.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// How many deliveries, by reason.
    pub counts: Vec<(Reason, u64)>,
    /// The first of them, as they stand now: what the source must act on first, then what expired, each oldest first.
    pub entries: Vec<Noted>,
}

/// A delivery that a digest names.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The delivery.
    pub delivery: Delivery,
    /// What happened.
    pub reason: Reason,
    /// The target's own code, or a short technical cause.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// Deliveries of a source to a target that wait for long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Late {
    /// Whose, to whom.
    pub pair: Pair,
    /// How many are next in their chain and wait.
    pub count: u64,
    /// Since when the oldest does.
    pub oldest: Timestamp,
    /// When the source was last sent a digest about the target.
    pub digest: Option<Timestamp>,
    /// When it was last told of delays.
    pub told: Option<Timestamp>,
}

/// Writes a digest of what is gathered at its commit.
pub type Write = Box<dyn FnOnce(Gathered) -> NewDelivery + Send>;

/// A digest to be made: all that is gathered for the pair, and the end of it.
pub struct Digest {
    /// Whom it is for, about whom.
    pub pair: Pair,
    /// When.
    pub at: Timestamp,
    /// Its period, in which there is no other, and how many deliveries it names.
    pub bounds: Bounds,
    /// A message of one of the late deliveries it tells of, if it does.
    pub late: Option<MessageId>,
    /// Writes it.
    pub write: Write,
}

/// How news is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    AtOnce,
    InDigest,
    Never,
}

/// Whether the digest to come tells of the delivery already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pending {
    /// It does not.
    No,
    /// It counts more of its reason than it names: perhaps.
    Perhaps,
    /// It named it; what was gathered was taken back.
    Named,
}

/// How a change of state is told, when a notice can be made of it only if `notice`, and `spent` of `bounds` in the period.
///
/// A success is no news but after a bad end of which the source was told; it comes in no other order than that end.
pub(super) fn way(change: (&State, &State), pending: Pending, notice: bool, spent: u32, most: u32) -> Way {
    match (change, pending) {
        ((before, State::Delivered), _) if !before.is_final() => Way::Never,
        ((_, State::Delivered), Pending::Named) => Way::Never,
        ((_, State::Delivered), Pending::Perhaps) => Way::InDigest,
        _ if notice && spent < most => Way::AtOnce,
        _ => Way::InDigest,
    }
}

/// Whether `at` lies in the period that began at `since`; no period outlasts a clock that was put back.
#[must_use]
pub fn is_within(since: Timestamp, at: Timestamp, period: Duration) -> bool {
    since <= at && at.since(since) < period
}

impl Store {
    /// Pairs for which something is gathered and that had no digest in the period before `now`.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn digests_due(&self, now: Timestamp, period: Duration) -> Result<Vec<Pair>, Fault> {
        self.read(move |db| db.digests_due(now, period)).await
    }

    /// What waits for a target since before an instant, source by source; notices to the target itself are left out.
    ///
    /// Costs an index entry for each delivery it counts.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn late(&self, target: &MemberId, before: Timestamp) -> Result<Vec<Late>, Fault> {
        let target = target.clone();
        self.read(move |db| db.late(&target, before)).await
    }

    /// The oldest of what waits for a pair since before an instant.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn late_of(
        &self,
        pair: &Pair,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        let pair = pair.clone();
        self.read(move |db| db.late_of(&pair, before, rows(limit))).await
    }

    /// Makes a digest, unless there was one in the period or there is nothing to tell; ends what it tells.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn digest(&self, digest: Digest) -> Result<(), Fault> {
        self.commit(Side::Bulk, |reply| Job::Digest { digest: Box::new(digest), reply }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: State = State::Refused { reason: Reason::Refused };
    const DUE: State = State::Due { at: Timestamp(0) };

    #[test]
    fn notices_go_at_once_up_to_their_number_and_then_into_the_digest() {
        let told = |notice, spent| way((&DUE, &REFUSED), Pending::No, notice, spent, 3);
        assert_eq!(told(true, 2), Way::AtOnce);
        assert_eq!(told(true, 3), Way::InDigest);
        assert_eq!(told(false, 0), Way::InDigest);
    }

    #[test]
    fn a_success_is_told_after_a_bad_end_that_was_told_and_never_before_it() {
        let told = |before: &State, pending| way((before, &State::Delivered), pending, true, 0, 3);
        assert_eq!(told(&DUE, Pending::No), Way::Never);
        assert_eq!(told(&DUE, Pending::Named), Way::Never);
        for ended in [&REFUSED, &State::Expired, &State::Cancelled] {
            assert_eq!(told(ended, Pending::No), Way::AtOnce);
            assert_eq!(told(ended, Pending::Perhaps), Way::InDigest);
            assert_eq!(told(ended, Pending::Named), Way::Never, "nobody knew of the bad end");
        }
    }

    #[test]
    fn a_period_ends_with_its_last_millisecond_or_a_clock_put_back() {
        let within = |since, at| is_within(Timestamp(since), Timestamp(at), Duration::from_millis(10));
        assert!(within(5, 5) && within(5, 14));
        assert!(!within(5, 15) && !within(5, 4));
    }
}
