//! The read side for members: where is the certificate, who has it, what did its customs say?
//!
//! Everything shown comes from the store's records; nothing is remembered here. A message's state is for its source
//! alone, a certificate's for its source and for whoever is sent it ([`certificate`]): anybody else is answered as if it
//! did not exist.
//!
//! **Invariant:** a target is told of its own deliveries only, never of another target.

pub mod certificate;
pub mod reconciliation;

use std::{future::Future, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    evidence::receipt,
    model::{
        delivery::State,
        id::{Digest, MemberId, MessageId},
        judgement::Judgement,
        reason::Reason,
        time::Timestamp,
    },
    region::Region,
    store::{
        Fault, Store,
        proof::Proved,
        record::{Attempt, Delivery, Message, Stage},
        sent::Gap,
    },
};

/// Longest wait of a long poll.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// Answers about messages and certificates; cheap to clone.
#[derive(Clone)]
pub struct Status {
    store: Store,
    region: watch::Receiver<Arc<Region>>,
}

/// A state and its entity tag.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The state as JSON.
    pub body: Value,
    /// Entity tag without quotes: changes whenever the body does.
    pub tag: String,
}

impl Status {
    /// A view on a store; what a target may see is judged under the region of the moment.
    #[must_use]
    pub fn new(store: Store, region: watch::Receiver<Arc<Region>>) -> Self {
        Self { store, region }
    }

    /// The state of a message, for its source alone; `None` for everyone else.
    ///
    /// Waits up to `wait` (at most [`WAIT_MAX`]) for a change while the state still has the entity tag `known`.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn message(
        &self,
        asker: &MemberId,
        id: MessageId,
        known: Option<&str>,
        wait: Duration,
    ) -> Result<Option<Answer>, Fault> {
        let now = async || {
            let found = self.store.message(id).await?;
            let Some(message) = found.filter(|message| message.source == *asker) else { return Ok(None) };
            let proved = self.store.proved(id).await?;
            let deliveries = self.store.deliveries(id).await?;
            Ok(Some(Answer::of(state(&message, proved.as_ref(), &deliveries))))
        };
        self.changed(known, wait, |answer: &Option<Answer>| answer.as_ref(), now).await
    }

    /// What `now` says, once it is another answer than the known one, or the wait is over.
    async fn changed<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        known: Option<&str>,
        wait: Duration,
        answer: impl Fn(&T) -> Option<&Answer>,
        now: impl Fn() -> F,
    ) -> Result<T, Fault> {
        let deadline = tokio::time::Instant::now() + wait.min(WAIT_MAX);
        let mut changes = self.store.watch();
        loop {
            changes.mark_unchanged();
            let found = now().await?;
            if answer(&found).is_none_or(|answer| known != Some(answer.tag.as_str())) {
                return Ok(found);
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Ok(found),
            }
        }
    }
}

impl Answer {
    fn of(body: Value) -> Self {
        let tag = Digest::of(body.to_string().as_bytes()).hex().chars().take(32).collect();
        Self { body, tag }
    }
}

/// A message and its deliveries as its source sees them.
fn state(message: &Message, proved: Option<&Proved>, deliveries: &[Delivery]) -> Value {
    let shown = deliveries.iter().filter(|delivery| !delivery.cargo.is_news()).map(delivery);
    json!({
        "id": message.id.to_string(),
        "messageId": message.key.as_str(),
        "received": message.received.to_string(),
        "digest": receipt::digest(message.digest),
        "function": message.function.code(),
        "agreement": message.subject.agreement.as_str(),
        "issuer": message.subject.issuer,
        "number": message.subject.number,
        "version": message.subject.version,
        "state": overall(message.duplicate_of.is_some(), message.stage, deliveries),
        "parkedUntil": parked_until(message.stage).map(|at| at.to_string()),
        "businessDuplicateOf": message.duplicate_of.map(|id| id.to_string()),
        "test": message.test,
        "proof": proved.and_then(proof),
        "receipt": String::from_utf8_lossy(&message.receipt),
        "deliveries": shown.collect::<Vec<_>>(),
    })
}

/// The proof demanded and the verdicts, with the names only the source is told.
fn proof(proved: &Proved) -> Option<Value> {
    let signature = |judgement: &Judgement| {
        let mut shown = receipt::judgement(judgement);
        if let Value::Object(members) = &mut shown {
            members.insert("subject".into(), json!(judgement.subject));
            members.insert("ruleName".into(), json!(judgement.rule.as_ref().map(|rule| &rule.name)));
        }
        shown
    };
    let demand = proved.demand.as_ref()?;
    let signatures: Vec<_> = proved.judgements.iter().map(signature).collect();
    let configuration = receipt::digest(proved.config);
    Some(json!({"demanded": demand, "configuration": configuration, "signatures": signatures}))
}

/// How long a message waits for the certificate it changes.
fn parked_until(stage: Stage) -> Option<Timestamp> {
    match stage {
        Stage::Parked(until) => Some(until),
        Stage::Unrouted { .. } | Stage::Routed => None,
    }
}

/// One word for a whole message.
fn overall(duplicate: bool, stage: Stage, deliveries: &[Delivery]) -> &'static str {
    match stage {
        _ if duplicate => return "duplicate",
        Stage::Parked(_) => return "parked",
        Stage::Unrouted { .. } => return "accepted",
        Stage::Routed => {}
    }
    // What was repeated counts by its last repeat.
    let first = |delivery: &Delivery| delivery.replay_of.unwrap_or(delivery.id);
    let counts = |at: usize, one: &Delivery| {
        !deliveries.iter().skip(at + 1).any(|later| later.replay_of == Some(first(one)))
    };
    // A word about a message is no delivery of it.
    let counted = deliveries.iter().enumerate().filter(|(at, one)| !one.cargo.is_news() && counts(*at, one));
    let states: Vec<&State> = counted.map(|(_, delivery)| &delivery.life.state).collect();
    match states.as_slice() {
        [] if deliveries.is_empty() => "unaddressed",
        [] => "ended",
        states if states.iter().all(|state| **state == State::Delivered) => "delivered",
        states if states.iter().all(|state| state.is_final()) => "ended",
        _ => "routed",
    }
}

fn delivery(delivery: &Delivery) -> Value {
    json!({
        "delivery": delivery.id.to_string(),
        "target": delivery.target.as_str(),
        "cargo": delivery.cargo.word(),
        "view": delivery.view.word(),
        "because": delivery.because,
        "unseen": delivery.gap.map(Gap::word),
        "replayOf": delivery.replay_of.map(|id| id.to_string()),
        "state": delivery.life.state.word(),
        "reason": reason(&delivery.life.state).map(Reason::code),
        "due": delivery.life.state.due().map(|at| at.to_string()),
        "created": delivery.life.created.to_string(),
        "attempts": delivery.attempts,
        "format": delivery.rendered.as_ref().map(|(format, _, _)| format),
        "digest": delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest)),
        "losses": delivery.losses,
        "answers": answers(delivery),
        "answerUntil": delivery.answer_until.map(|at| at.to_string()),
        "evidence": evidence(delivery).map(String::from),
        "lastAttempt": delivery.last.as_ref().map(attempt),
    })
}

/// The best grade of evidence that the target has it: `A` its signed receipt, `B` its customs' answer, `C` an echo.
fn evidence(delivery: &Delivery) -> Option<char> {
    let grade = delivery.last.as_ref().and_then(|attempt| attempt.grade);
    let answered = (!delivery.answers.is_empty()).then_some('B');
    grade.into_iter().chain(answered).min()
}

/// What the importing customs answered to a delivery.
#[must_use]
pub fn answers(delivery: &Delivery) -> Vec<Value> {
    let answers = delivery.answers.iter();
    answers
        .map(|(answer, reason, at)| json!({"answer": answer.word(), "reason": reason, "at": at.to_string()}))
        .collect()
}

/// An attempt as everybody it concerns sees it.
#[must_use]
pub fn attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "started": attempt.started.to_string(),
        "finished": attempt.finished.to_string(),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "detail": attempt.detail,
        "grade": attempt.grade.map(String::from),
        "receipt": attempt.receipt,
    })
}

/// Why a delivery waits for somebody, or was refused.
fn reason(state: &State) -> Option<Reason> {
    match state {
        State::Held { reason } | State::Refused { reason } => Some(*reason),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{deliver::sample, store::record::Cargo};

    #[test]
    fn a_word_about_a_message_is_no_delivery_of_it() {
        let one = |n: u8, cargo: Cargo, state: State| {
            let mut delivery = sample::delivery(n);
            (delivery.cargo, delivery.life.state) = (cargo, state);
            delivery
        };
        let due = || State::Due { at: Timestamp(0) };
        let refused = || State::Refused { reason: Reason::Refused };
        let cases = [
            (vec![], "unaddressed"),
            (vec![one(1, Cargo::Notice, State::Delivered)], "ended"),
            (vec![one(1, Cargo::Notice, due())], "ended"),
            (vec![one(1, Cargo::Certificate, State::Delivered), one(2, Cargo::Notice, due())], "delivered"),
            (vec![one(1, Cargo::Certificate, refused()), one(2, Cargo::Notice, State::Delivered)], "ended"),
            (vec![one(1, Cargo::Certificate, due()), one(2, Cargo::Digest, State::Delivered)], "routed"),
        ];
        for (deliveries, expected) in cases {
            assert_eq!(overall(false, Stage::Routed, &deliveries), expected, "{deliveries:?}");
        }
    }
}
