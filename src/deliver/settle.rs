//! What follows from an event: the next life, evidence, a notice to the source; and the commit of all of it.

use std::time::Duration;

use super::{
    Handles,
    notice::{News, telling},
};
use crate::{
    model::{
        delivery::{Event, Illegal, State, step},
        id::{DeliveryId, MemberId},
        reason::Reason,
        retry::Policy,
        time::Timestamp,
    },
    region::Region,
    store::{
        Fault,
        news::Bounds,
        record::{Attempt, Delivery, Outcome},
    },
};

/// Tries at one commit before it is left to the next offer of the delivery.
const COMMIT_TRIES_MAX: u32 = 5;
/// Pause between them.
const COMMIT_PAUSE: Duration = Duration::from_secs(1);

/// Something that happened to a delivery.
pub(super) struct Happening<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) event: Event,
    /// The attempt that led to it, if one did.
    pub(super) attempt: Option<Attempt>,
    pub(super) at: Timestamp,
}

impl Handles {
    /// Commits what follows from a happening.
    ///
    /// **Durability:** on disk when it returns.
    pub(super) async fn settle(&self, region: &Region, happening: Happening<'_>) -> Result<State, Fault> {
        let policy = self.policy(region, &happening.delivery.target);
        let notice_id = new_id(happening.at);
        let telling = (notice_id, self.config.bounds());
        let outcome = outcome(happening, &policy, self.dice.throw(), telling)
            .map_err(|illegal| Fault::Corrupt { what: illegal.to_string() })?;
        let state = outcome.life.state.clone();
        self.commit(outcome).await?;
        Ok(state)
    }

    /// A target's retry policy; the default for a member that is gone. While the wall clock is in doubt nothing expires.
    pub(super) fn policy(&self, region: &Region, target: &MemberId) -> Policy {
        let mut policy = region.members.get(target).map(|member| member.retry.clone()).unwrap_or_default();
        if !self.guard.may_expire() {
            policy.expiry = Duration::MAX;
        }
        policy
    }

    /// An attempt that is not recorded would be made again, so its commit is tried more than once.
    async fn commit(&self, outcome: Outcome) -> Result<(), Fault> {
        for _ in 1..COMMIT_TRIES_MAX {
            match self.store.finish(outcome.clone()).await {
                Ok(()) => return Ok(()),
                Err(fault @ (Fault::Poisoned | Fault::Closed | Fault::DeliveryUnknown(_))) => {
                    return Err(fault);
                }
                Err(fault) => {
                    tracing::warn!(delivery.id = %outcome.delivery, %fault, "an outcome was not stored yet");
                    self.clock.sleep(COMMIT_PAUSE).await;
                }
            }
        }
        self.store.finish(outcome).await
    }
}

/// A new delivery id, sorted by time.
pub(super) fn new_id(now: Timestamp) -> DeliveryId {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let nanos = u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000;
    DeliveryId(uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, nanos)))
}

/// The outcome of a happening, of which a notice of this id tells within these bounds. Pure.
fn outcome(
    happening: Happening<'_>,
    policy: &Policy,
    dice: u8,
    (notice_id, bounds): (DeliveryId, Bounds),
) -> Result<Outcome, Illegal> {
    let Happening { delivery, event, attempt, at } = happening;
    let life = step(&delivery.life, &event, at, policy, dice)?;
    let reason = match &life.state {
        _ if life.state == delivery.life.state => None,
        State::Refused { reason } | State::Held { reason } => Some(*reason),
        State::Expired => Some(Reason::Expired),
        // Sent only if the source was told of a bad end before; the commit knows.
        State::Delivered => Some(Reason::DeliveredLate),
        _ => None,
    };
    let told = attempt.as_ref().or(delivery.last.as_ref());
    let detail = told.map_or("", |attempt| attempt.detail.as_str());
    // The delivery is as it was before this attempt.
    let attempts = attempt.as_ref().map_or(delivery.attempts, |attempt| attempt.number);
    let news = |reason| News { reason, detail, attempts, at };
    let telling = reason.and_then(|reason| telling(delivery, news(reason), notice_id, bounds));
    Ok(Outcome { delivery: delivery.id, attempt, life, at, telling })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        deliver::sample,
        store::{news::Telling, record::Cargo},
    };

    fn after(delivery: &Delivery, event: Event, at: Timestamp) -> Outcome {
        let happening = Happening { delivery, event, attempt: None, at };
        outcome(happening, &Policy::default(), 0, (sample::id(99), sample::BOUNDS)).unwrap()
    }

    /// The code of what is told, and whether at once.
    fn told(telling: Option<Telling>) -> Option<(&'static str, bool)> {
        telling.map(|telling| (telling.reason.code(), telling.notice.is_some()))
    }

    #[test]
    fn a_source_hears_of_refused_and_held_at_once_of_expired_in_time_and_of_nothing_else() {
        let (delivery, at) = (sample::delivery(1), Timestamp(10));
        let refused = Event::Refused { reason: Reason::Refused };
        let held = Event::Held { reason: Reason::NotEntitled };
        let deferred = Event::Deferred { retry_after: None };
        assert_eq!(told(after(&delivery, refused, at).telling), Some(("refused", true)));
        assert_eq!(told(after(&delivery, Event::DeadlinePassed, at).telling), Some(("expired", false)));
        assert_eq!(told(after(&delivery, held, at).telling), Some(("not-entitled", true)));
        assert!(after(&delivery, deferred.clone(), at).telling.is_none());
        assert_eq!(told(after(&delivery, Event::Succeeded, at).telling), Some(("delivered-late", true)));
        let late = at.plus(Policy::default().expiry);
        assert_eq!(told(after(&delivery, deferred, late).telling), Some(("expired", false)));
    }

    #[test]
    fn a_notice_that_expires_tells_nobody() {
        let mut delivery = sample::delivery(1);
        delivery.cargo = Cargo::Notice;
        assert!(after(&delivery, Event::DeadlinePassed, Timestamp(10)).telling.is_none());
    }

    #[test]
    fn ids_made_later_sort_later() {
        assert!(new_id(Timestamp(1_700_000_000_000)) < new_id(Timestamp(1_700_000_000_001)));
    }
}
