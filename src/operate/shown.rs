//! Records as JSON for an operator: identities, times, reasons, digests; never the content of a document.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    evidence::receipt::{self, digest},
    model::{delivery::State, reason::Reason},
    receipt::answers,
    store::{
        action::Action,
        proof::Proved,
        record::{Attempt, Delivery, Message, Stage},
        sent::Gap,
    },
};

/// A delivery.
pub(super) fn delivery(delivery: &Delivery) -> Value {
    let subject = &delivery.subject;
    json!({
        "delivery": delivery.id.to_string(),
        "message": delivery.message.to_string(),
        "source": delivery.source.as_str(),
        "target": delivery.target.as_str(),
        "cargo": delivery.cargo.word(),
        "function": (!delivery.cargo.is_news()).then(|| delivery.function.word()),
        "view": delivery.view.word(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "test": delivery.test,
        "state": delivery.life.state.word(),
        "reason": reason(&delivery.life.state).map(Reason::code),
        "due": delivery.life.state.due().map(|at| at.to_string()),
        "created": delivery.life.created.to_string(),
        "attempts": delivery.attempts,
        "because": delivery.because,
        "unseen": delivery.gap.map(Gap::word),
        "replayOf": delivery.replay_of.map(|id| id.to_string()),
        "configuration": delivery.config.map(digest),
        "format": delivery.rendered.as_ref().map(|(format, _, _)| format),
        "digest": delivery.rendered.as_ref().map(|(_, _, bytes)| digest(*bytes)),
        "losses": delivery.losses,
        "answers": answers(delivery),
        "answerUntil": delivery.answer_until.map(|at| at.to_string()),
        "lastAttempt": delivery.last.as_ref().map(attempt),
    })
}

/// An attempt, with the digest of what the target answered.
pub(super) fn attempt(attempt: &Attempt) -> Value {
    let mut shown = crate::receipt::attempt(attempt);
    if let Value::Object(members) = &mut shown {
        members.insert("answerDigest".to_owned(), json!(attempt.answer.map(digest)));
    }
    shown
}

/// A message, with the findings its receipt states.
pub(super) fn message(message: &Message, proved: Option<&Proved>) -> Value {
    let subject = &message.subject;
    let told = payload(&message.receipt);
    let state = match message {
        _ if message.duplicate_of.is_some() => "duplicate",
        Message { stage: Stage::Routed, .. } => "routed",
        Message { stage: Stage::Unrouted { .. }, .. } => "accepted",
        Message { stage: Stage::Parked(_), .. } => "parked",
    };
    json!({
        "message": message.id.to_string(),
        "source": message.source.as_str(),
        "messageId": message.key.as_str(),
        "received": message.received.to_string(),
        "function": message.function.word(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "format": message.format.as_ref().map(|format| format.as_str()),
        "digest": digest(message.digest),
        "test": message.test,
        "state": state,
        "businessDuplicateOf": message.duplicate_of.map(|id| id.to_string()),
        "configuration": proved.map(|proved| digest(proved.config)),
        "proof": proved.and_then(|proved| proved.demand.clone()),
        "signatures": proved.map(|proved| proved.judgements.iter().map(receipt::judgement).collect::<Vec<_>>()),
        "findings": told.get("findings"),
        "findingsCount": told.get("findingsCount"),
    })
}

/// A message that waits for the certificate it changes, as it stands among deliveries.
pub(super) fn parked(message: &Message) -> Value {
    let until = match message.stage {
        Stage::Parked(until) => Some(until.to_string()),
        Stage::Unrouted { .. } | Stage::Routed => None,
    };
    let mut shown = aside(message, "parked", Reason::CertificateParked);
    if let Value::Object(members) = &mut shown {
        members.insert("parkedUntil".to_owned(), json!(until));
    }
    shown
}

/// A certificate that waits to be addressed, as it stands among deliveries: it named no importing country when it was
/// accepted, or the region lost the one it named.
pub(super) fn unaddressed(message: &Message) -> Value {
    let told = payload(&message.receipt);
    let missing = |finding: &Value| finding["code"] == Reason::DestinationMissing.code();
    let named_none =
        told.get("findings").and_then(Value::as_array).is_some_and(|findings| findings.iter().any(missing));
    let reason = if named_none { Reason::DestinationMissing } else { Reason::NotEntitled };
    aside(message, "unaddressed", reason)
}

/// A message without deliveries.
fn aside(message: &Message, state: &str, reason: Reason) -> Value {
    json!({
        "message": message.id.to_string(),
        "source": message.source.as_str(),
        "function": message.function.word(),
        "agreement": message.subject.agreement.as_str(),
        "issuer": message.subject.issuer,
        "number": message.subject.number,
        "version": message.subject.version,
        "test": message.test,
        "state": state,
        "reason": reason.code(),
        "created": message.received.to_string(),
    })
}

/// An action of an operator.
pub(super) fn action(number: i64, action: &Action) -> Value {
    json!({
        "action": number,
        "at": action.at.to_string(),
        "user": action.user,
        "as": action.named,
        "did": action.verb.word(),
        "about": action.about,
        "reason": action.reason,
        "outcome": action.outcome,
    })
}

/// Why a delivery waits for somebody, or was refused.
fn reason(state: &State) -> Option<Reason> {
    match state {
        State::Held { reason } | State::Refused { reason } => Some(*reason),
        _ => None,
    }
}

/// What a stored receipt says; it is the hub's own, so nothing is verified.
fn payload(receipt: &[u8]) -> Value {
    let part = receipt.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&decoded).unwrap_or_default()
}
