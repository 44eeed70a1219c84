//! Holding, releasing and ending: one delivery, or a member's whole lane.

use serde_json::{Value, json};

use super::{Answer, DECISIONS_MAX, Operate, Operator, Order, Refusal, What};
use crate::{
    deliver::{
        entitlement::entitled,
        hold::{HUB, Held},
        notice::{News, telling},
    },
    model::{
        delivery::{Event, Life, State, step},
        id::{DeliveryId, MemberId},
        reason::Reason,
        retry::Policy,
        time::Timestamp,
    },
    region::Region,
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        lane::{Change, Hold, Scope},
        news::Bounds,
        record::{Delivery, Outcome},
    },
};

/// The outcome of an action that was done.
pub(super) const DONE: &str = "done";

impl Operate {
    /// Keeps a lane or a delivery from going on; an attempt that is under way ends by itself.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn hold(&self, operator: &Operator, what: &What, reason: &str) -> Answer<Value> {
        match what {
            What::Member(member) => self.hold_lane(operator, member, reason).await,
            What::Delivery(id) => self.change(operator, Verb::Hold, *id, reason).await,
        }
    }

    /// Lets a lane or a delivery go on.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn release(&self, operator: &Operator, what: &What, reason: &str) -> Answer<Value> {
        match what {
            What::Member(member) => self.release_lane(operator, member, reason).await,
            What::Delivery(id) => self.change(operator, Verb::Release, *id, reason).await,
        }
    }

    /// Ends a delivery; the chain goes on without it, and its source is told.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn cancel(&self, operator: &Operator, id: DeliveryId, reason: &str) -> Answer<Value> {
        self.change(operator, Verb::Cancel, id, reason).await
    }

    /// Says that the wall clock is right: what is too old expires.
    ///
    /// # Errors
    /// A fault of the store; then the clock is doubted as before.
    pub async fn confirm_clock(&self, operator: &Operator, reason: &str) -> Answer<Value> {
        let order = Order { operator, verb: Verb::ConfirmClock, about: About::Hub, reason };
        if self.guard.confirm_with(|change| self.commit_lane(&order, change)).await? {
            return Ok(Ok(done(&order)));
        }
        let why = "nobody doubts the clock";
        self.ledger.refuse(&order, Refusal::new(Reason::ClockRight, why)).await
    }

    async fn hold_lane(&self, operator: &Operator, member: &MemberId, reason: &str) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Hold, about: About::Member(member.clone()), reason };
        if !self.region().members.contains_key(member) {
            return self.ledger.refuse(&order, unknown(member)).await;
        }
        let scope = Scope { target: member.clone(), source: None };
        // One of the hub's own gives way to an operator's, which outlasts a reload.
        let held = self.holds.all().remove(&scope).filter(|held| held.who != HUB);
        if let Some(Hold { who, since, why }) = held {
            let why = format!("{who} holds it already, since {since}: {why}");
            return self.ledger.refuse(&order, Refusal::new(Reason::OperatorHold, why)).await;
        }
        let hold = Hold { why: reason.to_owned(), who: operator.words(), since: self.clock.now() };
        self.holds.hold_with(scope, hold, |change| self.commit_lane(&order, change)).await?;
        Ok(Ok(done(&order)))
    }

    async fn release_lane(&self, operator: &Operator, member: &MemberId, reason: &str) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Release, about: About::Member(member.clone()), reason };
        if self.holds.of(member) == Held::default() {
            let refusal = match self.region().members.contains_key(member) {
                true => Refusal::new(Reason::NotHeld, format!("the lane of {member} is not held")),
                false => unknown(member),
            };
            return self.ledger.refuse(&order, refusal).await;
        }
        self.holds.release_with(member, |change| self.commit_lane(&order, change)).await?;
        Ok(Ok(done(&order)))
    }

    async fn commit_lane(&self, order: &Order<'_>, change: Change) -> Result<(), Fault> {
        self.ledger.commit(order, Effect::Lane(Box::new(change)), DONE).await?;
        Ok(())
    }

    async fn change(&self, operator: &Operator, verb: Verb, id: DeliveryId, reason: &str) -> Answer<Value> {
        let order = Order { operator, verb, about: About::Delivery(id), reason };
        for _ in 0..DECISIONS_MAX {
            let Some(delivery) = self.store.delivery(id).await? else {
                let why = format!("there is no delivery {id}");
                return self.ledger.refuse(&order, Refusal::new(Reason::DeliveryUnknown, why)).await;
            };
            let now = self.clock.now();
            let outcome = match next(&delivery, verb, &self.region(), now) {
                Ok(life) => outcome(&delivery, life, (now, reason), self.bounds),
                Err(refusal) => return self.ledger.refuse(&order, refusal).await,
            };
            if self.ledger.commit(&order, Effect::Life(Box::new(outcome)), DONE).await? == Acted::Done {
                return Ok(Ok(done(&order)));
            }
        }
        self.ledger.refuse(&order, unchanged(verb)).await
    }
}

/// The life after an operator's word, or why it may not be. Pure.
fn next(delivery: &Delivery, verb: Verb, region: &Region, now: Timestamp) -> Result<Life, Refusal> {
    let state = &delivery.life.state;
    if state.is_final() {
        return Err(Refusal::new(Reason::DeliveryEnded, format!("it is {} already", state.word())));
    }
    let refused = |reason: Reason, why: &str| Err(Refusal::new(reason, why));
    let event = match (verb, state) {
        (Verb::Cancel, _) => Event::Cancelled,
        (Verb::Hold, State::Held { reason: Reason::OperatorHold }) => {
            return refused(Reason::OperatorHold, "an operator holds it already");
        }
        (Verb::Hold, State::Queued) => {
            // It is remembered until the delivery is head of its chain, and then it is held.
            return Ok(Life { state: held(), ..delivery.life.clone() });
        }
        (Verb::Hold, _) => Event::Held { reason: Reason::OperatorHold },
        (_, State::Due { .. }) => {
            return refused(Reason::NotHeld, "it is not held itself; a lane is released with --member");
        }
        (_, State::Queued) => return Ok(Life { state: State::Due { at: now }, ..delivery.life.clone() }),
        (_, _) if delivery.rendered.is_none() => {
            let why = "nothing could be rendered for its target; cancel it, mend the form, and replay it";
            return refused(Reason::Unrenderable, why);
        }
        (_, _) if !entitled(region, delivery) => {
            return refused(Reason::NotEntitled, "its target may not receive it: no open link, or suspended");
        }
        (_, _) => Event::Released,
    };
    step(&delivery.life, &event, now, &Policy::default(), 0)
        .map_err(|illegal| Refusal::new(Reason::Fault, illegal.to_string()))
}

fn held() -> State {
    State::Held { reason: Reason::OperatorHold }
}

/// What is committed: the life, and the news for the source when it ends. Pure.
fn outcome(delivery: &Delivery, life: Life, (at, why): (Timestamp, &str), bounds: Bounds) -> Outcome {
    let ended = life.state == State::Cancelled;
    let news = News { reason: Reason::OperatorCancelled, detail: why, attempts: delivery.attempts, at };
    let telling = ended.then(|| telling(delivery, news, super::fresh(), bounds)).flatten();
    Outcome { delivery: delivery.id, attempt: None, life, at, telling }
}

/// Why a change that its own commit found to change nothing is not made.
fn unchanged(verb: Verb) -> Refusal {
    match verb {
        Verb::Hold => Refusal::new(Reason::OperatorHold, "an operator holds it already"),
        Verb::Release => Refusal::new(Reason::NotHeld, "it is not held"),
        _ => Refusal::new(Reason::DeliveryEnded, "it ended meanwhile"),
    }
}

pub(super) fn unknown(member: &MemberId) -> Refusal {
    Refusal::new(Reason::MemberUnknown, format!("the region has no member {member}"))
}

/// What is answered when it is done.
pub(super) fn done(order: &Order<'_>) -> Value {
    json!({"did": order.verb.word(), "about": order.about.to_string(), "outcome": DONE})
}
