//! Trying a member at once: an operator knows that it is back, and its breaker need not wait any longer.

use serde_json::Value;

use super::{
    Answer, DECISIONS_MAX, Operate, Operator, Order, Refusal,
    life::{done, unknown},
};
use crate::{
    model::{delivery::State, id::MemberId, reason::Reason, time::Timestamp},
    region::place::Place,
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        backlog::{Listing, Shelf},
        lane::Sparing,
        record::Delivery,
    },
};

/// Deliveries, the oldest that wait, of which one is tried.
const LOOKED_AT_MAX: usize = 200;

impl Operate {
    /// Lets one attempt at a member go at once although its breaker is open, at the member's pace: at what is due, or, where
    /// nothing is, at what would be due next, which becomes due. What follows is the breaker's to decide.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn try_now(&self, operator: &Operator, member: &MemberId, reason: &str) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Try, about: About::Member(member.clone()), reason };
        for _ in 0..DECISIONS_MAX {
            let sparing = self.store.lanes().await?.sparing(member);
            let (now, next) = (self.clock.now(), self.next_of(member, &sparing).await?);
            let triable = self.triable(member, (&sparing, next.as_ref().and_then(due), now));
            let next = match triable.and_then(|()| next.ok_or_else(|| nothing(member))) {
                Ok(next) => next,
                Err(refusal) => return self.ledger.refuse(&order, refusal).await,
            };
            let effect = match due(&next) {
                Some(at) if at > now => Effect::Sooner(next.id),
                _ => Effect::Nothing,
            };
            if self.ledger.commit(&order, effect, "done").await? == Acted::Done {
                self.holds.try_now(member, now);
                return Ok(Ok(done(&order)));
            }
        }
        self.ledger.overtaken(&order).await
    }

    /// Whether a member's breaker keeps something back that an operator may try, with what is due next.
    fn triable(
        &self,
        member: &MemberId,
        (sparing, next, now): (&Sparing, Option<Timestamp>, Timestamp),
    ) -> Result<(), Refusal> {
        let region = self.region();
        let Some(known) = region.members.get(member) else { return Err(unknown(member)) };
        if let Some(why) = self.holds.why(member) {
            return Err(Refusal::new(Reason::OperatorHold, format!("its lane is held: {why}")));
        }
        let refused = |why: String| Err(Refusal::new(Reason::NotSpared, why));
        if let Some(until) = known.maintenance.over(now) {
            return refused(format!("{member} is in maintenance until {until}"));
        }
        if let Some(until) = self.holds.tried_until(member, now) {
            return refused(format!(
                "{member} was tried just now: see what came of it, and try again at {until}"
            ));
        }
        if sparing.is_open() {
            return Ok(());
        }
        let stands = match next {
            Some(at) if at > now => format!(": the next attempt is at {at}"),
            Some(_) => ": what is due goes out".to_owned(),
            None => ", and nothing waits for it".to_owned(),
        };
        refused(format!("the breaker of {member} is closed{stands}"))
    }

    /// The delivery to a member's endpoint that is due first, of those its breaker keeps back.
    async fn next_of(&self, member: &MemberId, sparing: &Sparing) -> Result<Option<Delivery>, Fault> {
        let listing = Listing {
            shelf: Shelf::Waiting,
            state: Some("pending"),
            target: Some(member.clone()),
            source: sparing.one().cloned(),
            after: None,
            until: None,
            limit: LOOKED_AT_MAX,
        };
        let region = self.region();
        let own = |one: &Delivery| {
            region.members.get(member).and_then(|member| region.place(member, one.test)) == Some(Place::Own)
        };
        let page = self.store.list(listing).await?;
        Ok(page.deliveries.into_iter().filter(own).min_by_key(due))
    }
}

fn due(delivery: &Delivery) -> Option<Timestamp> {
    match delivery.life.state {
        State::Due { at } => Some(at),
        _ => None,
    }
}

fn nothing(member: &MemberId) -> Refusal {
    Refusal::new(Reason::NotSpared, format!("nothing waits for {member}"))
}
