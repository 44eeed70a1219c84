//! Delivering again: new deliveries, marked as repeats, only to targets that miss what they carry.
//!
//! A certificate is planned and rendered anew under the region of the moment: a table that was mended, a view that was
//! cut, a link that was closed show. Everything else goes as it was. Nothing goes to a target that has it, or has it on
//! its way, or that was sent a later version: what is behind may not overtake.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, DECISIONS_MAX, Operate, Operator, Order, Progress, Refusal, life::unknown};
use crate::{
    deliver::entitlement::entitled,
    model::{
        delivery::State,
        id::{DeliveryId, MemberId, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    route::once::Once,
    store::{
        Fault,
        action::{ADDITIONS_MAX, About, Acted, Addition, Effect, Past, Trail, Verb},
        claim::Rank,
        record::{Body, Cargo, Delivery, NewDelivery},
        sent::is_addressed,
    },
};

/// Most deliveries one replay makes.
pub const REPLAYED_MAX: usize = 10_000;
/// Most deliveries one replay of what a target misses looks at: each costs a read.
pub const LOOKED_AT_MAX: usize = 20_000;
/// Refused ones it names; the others are counted by code.
pub const REFUSED_NAMED_MAX: usize = 500;

/// What is to be delivered again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Again {
    /// What one delivery carried.
    Delivery(DeliveryId),
    /// A message, to every target that misses it, or to one.
    Message(MessageId, Option<MemberId>),
    /// Whatever ended at a target without arriving, from an instant on.
    Target(MemberId, Timestamp),
}

/// What may be repeated besides what never arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Allowed {
    /// Also what the target confirmed: it says it lost it.
    lost: bool,
    /// Later versions that ended without arriving at or after this instant go along.
    along_since: Option<Timestamp>,
}

/// What came of one candidate.
enum Made {
    Addition(Box<Addition>),
    Not(Refusal),
}

impl Operate {
    /// Delivers again what is missed: each new delivery as one item, and how many were not made and why. With everything
    /// that ended at a target, `progress` tells how much was looked at, of all that ended there at any time.
    ///
    /// **Bounds:** [`REPLAYED_MAX`] deliveries of [`LOOKED_AT_MAX`] looked at, [`REFUSED_NAMED_MAX`] refused ones named.
    /// Where it ends before it is through, it says since when another goes on.
    ///
    /// # Errors
    /// A fault of the store; what was committed before it stays.
    pub async fn replay(
        &self,
        operator: &Operator,
        (again, lost): (&Again, bool),
        reason: &str,
        progress: &Progress,
    ) -> Answer<Vec<Value>> {
        let about = match again {
            Again::Delivery(id) => About::Delivery(*id),
            Again::Message(id, _) => About::Message(*id),
            Again::Target(member, _) => About::Member(member.clone()),
        };
        let order = Order { operator, verb: Verb::Replay, about, reason };
        match again {
            Again::Delivery(id) => match self.store.delivery(*id).await? {
                Some(delivery) => self.replay_chosen(&order, vec![delivery], lost).await,
                None => {
                    let why = format!("there is no delivery {id}");
                    self.ledger.refuse(&order, Refusal::new(Reason::DeliveryUnknown, why)).await
                }
            },
            Again::Message(id, to) => {
                let chosen = match self.chosen(*id, to.as_ref()).await? {
                    Ok(chosen) => chosen,
                    Err(refusal) => return self.ledger.refuse(&order, refusal).await,
                };
                self.replay_chosen(&order, chosen, lost).await
            }
            Again::Target(member, since) => {
                if !self.region().members.contains_key(member) {
                    return self.ledger.refuse(&order, unknown(member)).await;
                }
                self.replay_dead(&order, (member, *since), progress).await
            }
        }
    }

    /// The first delivery of a message to each target, or to one: what its replays are about.
    async fn chosen(
        &self,
        id: MessageId,
        to: Option<&MemberId>,
    ) -> Result<Result<Vec<Delivery>, Refusal>, Fault> {
        if self.store.message(id).await?.is_none() {
            return Ok(Err(Refusal::new(Reason::MessageUnknown, format!("there is no message {id}"))));
        }
        let mut chosen = self.store.deliveries(id).await?;
        chosen.retain(|one| {
            one.replay_of.is_none() && !one.cargo.is_news() && to.is_none_or(|target| *target == one.target)
        });
        match (chosen.is_empty(), to) {
            (false, _) => Ok(Ok(chosen)),
            (true, Some(target)) => {
                let why = format!("it was never sent to {target}");
                Ok(Err(Refusal::new(Reason::DeliveryUnknown, why)))
            }
            (true, None) => Ok(Err(Refusal::new(Reason::DeliveryUnknown, "it was never sent to anybody"))),
        }
    }

    /// Repeats each of some deliveries, all in one commit; refused when none of them may be repeated.
    async fn replay_chosen(
        &self,
        order: &Order<'_>,
        chosen: Vec<Delivery>,
        lost: bool,
    ) -> Answer<Vec<Value>> {
        let allowed = Allowed { lost, along_since: None };
        for _ in 0..DECISIONS_MAX {
            let (additions, items, first) = self.decide(order, &chosen, allowed).await?;
            if additions.is_empty() {
                let none = || Refusal::new(Reason::DeliveryUnknown, "there is nothing to repeat");
                return self.ledger.refuse(order, first.unwrap_or_else(none)).await;
            }
            let outcome = format!("done: {} new", additions.len());
            if self.ledger.commit(order, Effect::Send(additions), &outcome).await? == Acted::Done {
                return Ok(Ok(items));
            }
        }
        self.ledger.overtaken(order).await
    }

    /// Repeats what ended at a target without arriving, page by page, each page in one commit.
    async fn replay_dead(
        &self,
        order: &Order<'_>,
        (target, since): (&MemberId, Timestamp),
        progress: &Progress,
    ) -> Answer<Vec<Value>> {
        progress.begin(self.store.backlog(target, self.clock.now()).await?.dead.into());
        let allowed = Allowed { lost: false, along_since: Some(since) };
        let (mut told, mut after, mut tries) = (Told::default(), None, 0);
        let (mut made, mut looked_at) = (0, 0);
        loop {
            let page = self.store.dead_since(target, since, after.clone(), ADDITIONS_MAX).await?;
            let (additions, items, _) = self.decide(order, &page.deliveries, allowed).await?;
            let (count, read) = (additions.len(), page.deliveries.len());
            let last = page.next.is_none() || is_enough(made + count, looked_at + read);
            if count > 0 || (last && made == 0) {
                let outcome = format!("done: {count} new");
                if self.ledger.commit(order, Effect::Send(additions), &outcome).await? == Acted::Unchanged {
                    tries += 1;
                    if tries >= DECISIONS_MAX {
                        return self.ledger.overtaken(order).await;
                    }
                    continue;
                }
            }
            progress.add(read);
            (made, looked_at, tries) = (made + count, looked_at + read, 0);
            told.take(items);
            if last {
                return Ok(Ok(told.end(page.next.map(|place| Timestamp(place.key)))));
            }
            after = page.next;
        }
    }

    /// What is added, what is told of each candidate, and the first refusal.
    async fn decide(
        &self,
        order: &Order<'_>,
        candidates: &[Delivery],
        allowed: Allowed,
    ) -> Result<(Vec<Addition>, Vec<Value>, Option<Refusal>), Fault> {
        let (mut additions, mut items, mut first): (Vec<Addition>, _, _) = (Vec::new(), Vec::new(), None);
        for candidate in candidates {
            let twice = |made: &Addition| {
                made.message == candidate.message
                    && made.delivery.target == candidate.target
                    && made.delivery.cargo == candidate.cargo
            };
            if additions.iter().any(twice) {
                continue;
            }
            match self.repeat(order, candidate, allowed).await? {
                Made::Addition(addition) => {
                    items.push(json!({
                        "delivery": addition.delivery.id.to_string(),
                        "replayOf": candidate.id.to_string(),
                        "target": candidate.target.as_str(),
                        "message": candidate.message.to_string(),
                        "number": candidate.subject.number,
                    }));
                    additions.push(*addition);
                }
                Made::Not(refusal) => {
                    items.push(json!({
                        "notReplayed": candidate.id.to_string(),
                        "target": candidate.target.as_str(),
                        "code": refusal.reason.code(),
                        "detail": refusal.why,
                    }));
                    first.get_or_insert(refusal);
                }
            }
        }
        Ok((additions, items, first))
    }

    /// One repeat, or why there is none.
    async fn repeat(&self, order: &Order<'_>, of: &Delivery, allowed: Allowed) -> Result<Made, Fault> {
        let Some(seen) = self.store.trail(of.message, &of.target).await? else {
            return Err(Fault::MessageUnknown(of.message));
        };
        if let Err(refusal) = missed(of, &seen, allowed) {
            return Ok(Made::Not(refusal));
        }
        let made = match of.cargo {
            Cargo::Certificate => self.rendered_anew(of).await?,
            Cargo::Cancellation | Cargo::Response | Cargo::Notice | Cargo::Digest => {
                self.as_it_was(of).await?
            }
        };
        let config = self.region().digest;
        Ok(match made {
            Err(refusal) => Made::Not(refusal),
            Ok(delivery) => {
                let (who, why) = (order.operator.words(), order.reason);
                // Why it is sent at all comes first: a later version asks that of its predecessors.
                let because = format!("{}; replay by {who}: {why}", delivery.because);
                let delivery = NewDelivery { because, ..delivery };
                let replay_of = Some(of.replay_of.unwrap_or(of.id));
                let message = of.message;
                Made::Addition(Box::new(Addition { message, config, delivery, replay_of, seen, sole: false }))
            }
        })
    }

    async fn rendered_anew(&self, of: &Delivery) -> Result<Result<NewDelivery, Refusal>, Fault> {
        let Some(message) = self.store.message(of.message).await? else {
            return Err(Fault::MessageUnknown(of.message));
        };
        let Some(once) = Once::load(&self.store, message).await? else {
            let why = "the certificate cannot be read back";
            return Ok(Err(Refusal::new(Reason::Unrenderable, why)));
        };
        let made = match is_addressed(&of.because) {
            true => once.addressed(&self.region(), &of.target, self.clock.now()),
            false => once.again(&self.region(), &of.target, self.clock.now()),
        };
        Ok(made.map_err(|obstacle| Refusal::new(obstacle.reason, obstacle.why)))
    }

    async fn as_it_was(&self, of: &Delivery) -> Result<Result<NewDelivery, Refusal>, Fault> {
        if !entitled(&self.region(), of) {
            let why = format!("{} may not receive it: no open link, or suspended", of.target);
            return Ok(Err(Refusal::new(Reason::NotEntitled, why)));
        }
        let Some(sending) = self.store.sending(of.id).await? else {
            return Ok(Err(Refusal::new(Reason::Unrenderable, "there is nothing to send")));
        };
        Ok(Ok(like(of, sending.body, self.clock.now())))
    }
}

/// What is told of a replay that may be of very many.
#[derive(Default)]
struct Told {
    items: Vec<Value>,
    refused: usize,
    /// How many were refused besides, by code.
    more: BTreeMap<String, u64>,
}

impl Told {
    /// Takes what is told of each candidate.
    fn take(&mut self, items: Vec<Value>) {
        for item in items {
            match item.get("code").and_then(Value::as_str) {
                Some(code) if self.refused >= REFUSED_NAMED_MAX => {
                    *self.more.entry(code.to_owned()).or_default() += 1;
                }
                code => {
                    self.refused += usize::from(code.is_some());
                    self.items.push(item);
                }
            }
        }
    }

    /// All of it; `next` is when the last one looked at had ended, where there are others.
    fn end(self, next: Option<Timestamp>) -> Vec<Value> {
        let more = self.more.into_iter().map(|(code, count)| json!({"more": count, "code": code}));
        let on = next.map(|since| json!({"goOnSince": since.to_string()}));
        self.items.into_iter().chain(more).chain(on).collect()
    }
}

/// Whether a replay ends here, however many are left.
fn is_enough(made: usize, looked_at: usize) -> bool {
    made >= REPLAYED_MAX || looked_at >= LOOKED_AT_MAX
}

/// Whether the target misses what a delivery carried, and may be sent it. Pure.
fn missed(of: &Delivery, trail: &Trail, allowed: Allowed) -> Result<(), Refusal> {
    let refused = |reason: Reason, why: String| Err(Refusal::new(reason, why));
    let same = |past: &&Past| past.message == trail.message && past.cargo == of.cargo;
    if let Some(open) = trail.past.iter().filter(same).find(|past| !past.state.is_final()) {
        let why = format!("delivery {} of it is {}", open.delivery, open.state.word());
        return refused(Reason::DeliveryOpen, why);
    }
    if !allowed.lost
        && let Some(had) = trail.past.iter().filter(same).find(|past| past.state == State::Delivered)
    {
        return refused(
            Reason::AlreadyDelivered,
            format!("{} has it by delivery {}", of.target, had.delivery),
        );
    }
    let versions = |cargo: Cargo| matches!(cargo, Cargo::Certificate | Cargo::Cancellation);
    let later = |past: &&Past| versions(of.cargo) && versions(past.cargo) && past.message > trail.message;
    let along = |past: &Past| {
        past.state.is_final()
            && past.state != State::Delivered
            && allowed.along_since.is_some_and(|since| past.ended.is_some_and(|ended| ended >= since))
    };
    match trail.past.iter().filter(later).find(|past| !along(past)) {
        None => Ok(()),
        Some(past) => {
            let why = format!("a later version is {} to it: delivery {}", past.state.word(), past.delivery);
            refused(Reason::Superseded, why)
        }
    }
}

/// A new delivery of the same bytes.
fn like(of: &Delivery, body: Body, now: Timestamp) -> NewDelivery {
    NewDelivery {
        id: super::fresh(),
        // These are taken over from the delivery it repeats; an answer is awaited for both at once.
        about: None,
        gap: None,
        target: of.target.clone(),
        cargo: of.cargo,
        view: of.view,
        body: Some(body),
        weight: of.weight,
        rank: if of.cargo == Cargo::Cancellation { Rank::Urgent } else { Rank::Usual },
        created: now,
        held: None,
        losses: of.losses.clone(),
        because: "as it was".to_owned(),
        answer_within: None,
    }
}

#[cfg(test)]
mod tests;
