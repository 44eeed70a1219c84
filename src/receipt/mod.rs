//! The read side for sources: where is my certificate, who has it, what did its customs say?
//!
//! Everything shown comes from the store's records; nothing is remembered here. A message's state is for its source
//! alone: anybody else is answered as if it did not exist.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    evidence::receipt,
    model::{
        delivery::State,
        id::{Digest, MemberId, MessageId},
        judgement::Judgement,
        reason::Reason,
    },
    store::{
        Fault, Store,
        proof::Proved,
        record::{Attempt, Cargo, Delivery, Message},
    },
};

/// Longest wait of a long poll.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// Answers about messages; cheap to clone.
#[derive(Clone)]
pub struct Status {
    store: Store,
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
    /// A view on a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
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
        let deadline = tokio::time::Instant::now() + wait.min(WAIT_MAX);
        let mut changes = self.store.watch();
        loop {
            changes.mark_unchanged();
            let Some(answer) = self.now(asker, id).await? else { return Ok(None) };
            if known != Some(answer.tag.as_str()) {
                return Ok(Some(answer));
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Ok(Some(answer)),
            }
        }
    }

    async fn now(&self, asker: &MemberId, id: MessageId) -> Result<Option<Answer>, Fault> {
        let Some(message) = self.store.message(id).await?.filter(|message| message.source == *asker) else {
            return Ok(None);
        };
        let proved = self.store.proved(id).await?;
        let deliveries = self.store.deliveries(id).await?;
        let body = state(&message, proved.as_ref(), &deliveries);
        let tag = Digest::of(body.to_string().as_bytes()).hex().chars().take(32).collect();
        Ok(Some(Answer { body, tag }))
    }
}

/// A message and its deliveries as its source sees them.
fn state(message: &Message, proved: Option<&Proved>, deliveries: &[Delivery]) -> Value {
    let shown = deliveries.iter().filter(|delivery| delivery.cargo != Cargo::Notice).map(delivery);
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
        "state": overall(message, deliveries),
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

/// One word for the whole message.
fn overall(message: &Message, deliveries: &[Delivery]) -> &'static str {
    if message.duplicate_of.is_some() {
        return "duplicate";
    }
    if !message.routed {
        return "accepted";
    }
    let all = |word: &str| deliveries.iter().all(|delivery| delivery.life.state.word() == word);
    match deliveries {
        [] => "unaddressed",
        _ if all("delivered") => "delivered",
        _ if deliveries.iter().all(|delivery| delivery.life.state.is_final()) => "ended",
        _ => "routed",
    }
}

fn delivery(delivery: &Delivery) -> Value {
    let answers = delivery
        .answers
        .iter()
        .map(|(answer, reason, at)| json!({"answer": answer.word(), "reason": reason, "at": at.to_string()}));
    json!({
        "delivery": delivery.id.to_string(),
        "target": delivery.target.as_str(),
        "cargo": delivery.cargo.word(),
        "view": delivery.view.word(),
        "because": delivery.because,
        "state": delivery.life.state.word(),
        "reason": reason(&delivery.life.state).map(Reason::code),
        "due": delivery.life.state.due().map(|at| at.to_string()),
        "created": delivery.life.created.to_string(),
        "attempts": delivery.attempts,
        "format": delivery.rendered.as_ref().map(|(format, _, _)| format),
        "digest": delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest)),
        "losses": delivery.losses,
        "answers": answers.collect::<Vec<_>>(),
        "lastAttempt": delivery.last.as_ref().map(attempt),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "started": attempt.started.to_string(),
        "finished": attempt.finished.to_string(),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "detail": attempt.detail,
        "grade": attempt.grade.map(String::from),
    })
}

/// Why a delivery waits for somebody, or was refused.
fn reason(state: &State) -> Option<Reason> {
    match state {
        State::Held { reason } | State::Refused { reason } => Some(*reason),
        _ => None,
    }
}
