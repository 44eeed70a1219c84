//! Addressing: a certificate that names no importing country gets its delivery by an operator's word.

use serde_json::{Value, json};

use super::{Answer, DECISIONS_MAX, Operate, Operator, Order, Refusal, life::unknown};
use crate::{
    model::{
        id::{MemberId, MessageId},
        reason::Reason,
    },
    route::once::Once,
    store::{
        action::{About, Acted, Addition, Effect, Past, Trail, Verb},
        record::{Cargo, Delivery, Message, NewDelivery, Stage, View},
        sent::{ADDRESSED, is_elsewhere},
    },
};

impl Operate {
    /// Sends the whole of a certificate that names no importing country to a member, over an open link only; to a second
    /// one only if the operator means to (`also`), for then two states have what is one's business.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn address(
        &self,
        operator: &Operator,
        id: MessageId,
        (to, also): (&MemberId, bool),
        reason: &str,
    ) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Address, about: About::Message(id), reason };
        if !self.region().members.contains_key(to) {
            return self.ledger.refuse(&order, unknown(to)).await;
        }
        for _ in 0..DECISIONS_MAX {
            let (Some(message), Some(seen)) =
                (self.store.message(id).await?, self.store.trail(id, to).await?)
            else {
                let why = format!("there is no message {id}");
                return self.ledger.refuse(&order, Refusal::new(Reason::MessageUnknown, why)).await;
            };
            let sent = if also { Vec::new() } else { self.store.deliveries(id).await? };
            if let Err(refusal) = addressable(&message, &seen).and_then(|()| to_none_but(to, &sent)) {
                return self.ledger.refuse(&order, refusal).await;
            }
            let Some(once) = Once::load(&self.store, message).await? else {
                let why = "the message carries no certificate";
                return self.ledger.refuse(&order, Refusal::new(Reason::MessageUnknown, why)).await;
            };
            let region = self.region();
            let made = match once.addressed(&region, to, self.clock.now()) {
                Ok(made) => made,
                Err(obstacle) => {
                    let refusal = Refusal::new(obstacle.reason, obstacle.why);
                    return self.ledger.refuse(&order, refusal).await;
                }
            };
            let because = format!("{ADDRESSED} {}: {reason}", operator.words());
            let delivery = NewDelivery { because, ..made };
            let told = json!({"did": "address", "delivery": delivery.id.to_string(), "target": to.as_str()});
            let (config, sole) = (region.digest, !also);
            let addition = Addition { message: id, config, delivery, replay_of: None, seen, sole };
            let outcome = format!("done: {}to {to}", if also { "also " } else { "" });
            if self.ledger.commit(&order, Effect::Send(vec![addition]), &outcome).await? == Acted::Done {
                return Ok(Ok(told));
            }
        }
        self.ledger.overtaken(&order).await
    }
}

/// Whether a message, of these deliveries, was addressed to no other member; what was cancelled does not count. Pure.
fn to_none_but(to: &MemberId, sent: &[Delivery]) -> Result<(), Refusal> {
    let elsewhere = |one: &&Delivery| is_elsewhere(to, (&one.target, &one.because, &one.life.state));
    let Some(one) = sent.iter().find(elsewhere) else { return Ok(()) };
    let why = format!(
        "it was addressed to {}, where it is {}; to send it to {to} as well, say so: --also",
        one.target,
        one.life.state.word()
    );
    Err(Refusal::new(Reason::AlreadyAddressed, why))
}

/// Whether a message may be addressed to the target of a trail. Pure.
fn addressable(message: &Message, trail: &Trail) -> Result<(), Refusal> {
    let refused = |reason: Reason, why: &str| Err(Refusal::new(reason, why));
    if message.duplicate_of.is_some() {
        return refused(Reason::Superseded, "it repeats an earlier message: address that one");
    }
    match message.stage {
        Stage::Routed => {}
        Stage::Parked(_) => return refused(Reason::DeliveryOpen, "it waits for the certificate it changes"),
        Stage::Unrouted { .. } => return refused(Reason::DeliveryOpen, "its targets are not worked out yet"),
    }
    if trail.newest > trail.message {
        return refused(Reason::Superseded, "a later message changed the certificate: address that one");
    }
    let has = |cargo: Cargo, view: View| cargo == Cargo::Certificate && view == View::Full;
    let mut sent =
        trail.past.iter().filter(|past| past.message == trail.message && has(past.cargo, past.view));
    let Some(first) = sent.next() else { return Ok(()) };
    let Past { delivery, state, .. } = sent.find(|past| !past.state.is_final()).unwrap_or(first);
    let (word, then) = (state.word(), if state.is_final() { ": replay it" } else { "" });
    let why = format!("the member is to have it already: delivery {delivery} is {word}{then}");
    refused(Reason::AlreadyAddressed, &why)
}
