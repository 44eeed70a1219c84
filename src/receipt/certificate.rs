//! The state of one certificate, for its source and for whoever is sent it.
//!
//! A source sees every version, each with its deliveries; a target its own deliveries, and what they tell it: whether the
//! certificate stands, which version it holds. What a target may no longer have is not shown to it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Status, answers, attempt, delivery, overall, reason};
use crate::{
    deliver::{
        entitlement::entitled,
        resend::{Wanted, agreements, last_word},
    },
    evidence::receipt,
    model::{
        delivery::State,
        envelope::Function,
        id::{AgreementId, MemberId},
        reason::Reason,
    },
    region::Region,
    store::{
        Fault,
        history::{Change, History, Replacement},
        record::{Cargo, Delivery},
    },
};

/// What is found of a number.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// Nothing that concerns the asker.
    Nothing,
    /// The state of the certificate.
    State(Answer),
    /// More than one agreement has the number; which is asked for must be said.
    Ambiguous(Vec<AgreementId>),
}

impl Found {
    fn answer(&self) -> Option<&Answer> {
        match self {
            Self::State(answer) => Some(answer),
            Self::Nothing | Self::Ambiguous(_) => None,
        }
    }
}

impl Status {
    /// The state of a certificate, for its source and for a target that may have it.
    ///
    /// Waits as [`Status::message`] does.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn certificate(
        &self,
        asker: &MemberId,
        wanted: &Wanted,
        known: Option<&str>,
        wait: Duration,
    ) -> Result<Found, Fault> {
        let now = async || {
            let Wanted { issuer, number, agreement } = wanted;
            let histories = self.store.histories(issuer, number, agreement.as_ref(), asker).await?;
            let region = self.region.borrow().clone();
            Ok(found(&region, histories))
        };
        self.changed(known, wait, Found::answer, now).await
    }
}

/// What the histories of a number come to.
fn found(region: &Region, mut histories: Vec<History>) -> Found {
    for history in &mut histories {
        history.to_member.retain(|delivery| shown(region, delivery));
    }
    histories.retain(|history| !history.by_member.is_empty() || !history.to_member.is_empty());
    match histories.as_slice() {
        [] => Found::Nothing,
        [history] => Found::State(Answer::of(state(history))),
        several => Found::Ambiguous(agreements(several)),
    }
}

fn shown(region: &Region, delivery: &Delivery) -> bool {
    entitled(region, delivery) && delivery.life.state != State::Held { reason: Reason::NotEntitled }
}

fn state(history: &History) -> Value {
    let subject = &history.subject;
    let source = !history.by_member.is_empty();
    let (state, replaced_by) = if source { as_source(history) } else { as_target(history) };
    let mut shown = json!({
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "test": history.changes.last().is_some_and(|change| change.test),
        "state": state,
        "replacedBy": replaced_by,
        "replacements": numbers(&history.replacements, source),
        "rivals": numbers(&history.rivals, source),
    });
    if let Value::Object(members) = &mut shown {
        if source {
            members
                .insert("versions".into(), history.changes.iter().map(|it| version(history, it)).collect());
        }
        if !history.to_member.is_empty() {
            members.insert("holds".into(), json!(holds(&history.to_member)));
            members
                .insert("lastWord".into(), json!(last_word(&history.to_member).map(|it| it.id.to_string())));
            members.insert("deliveries".into(), history.to_member.iter().map(own).collect());
        }
    }
    shown
}

/// Numbers in the place of another, as far as the asker may know them: a target those that it was sent.
fn numbers(replacements: &[Replacement], source: bool) -> Vec<&str> {
    let known = replacements.iter().filter(|replacement| source || replacement.to_member);
    known.map(|replacement| replacement.number.as_str()).collect()
}

/// Whether the certificate stands, and what replaced it, as its source knows it.
fn as_source(history: &History) -> (&'static str, Option<&str>) {
    let changes = history.changes.iter().filter(|change| change.duplicate_of.is_none());
    let latest = changes.clone().filter(|change| change.function.has_document());
    let latest = latest.filter_map(|change| change.subject.version).max();
    let ends =
        |change: &Change| change.function == Function::Cancellation && change.subject.version >= latest;
    let replaced_by = numbers(&history.replacements, true).pop();
    match (changes.clone().any(ends), replaced_by) {
        (true, _) => ("cancelled", replaced_by),
        (false, Some(_)) => ("replaced", replaced_by),
        (false, None) => ("current", None),
    }
}

/// The same, as a target knows it from what it is sent.
fn as_target(history: &History) -> (&'static str, Option<&str>) {
    let last = history.to_member.last();
    match last.map(|delivery| (delivery.cargo, delivery.function)) {
        Some((Cargo::Cancellation, Function::Cancellation)) => ("cancelled", None),
        Some((Cargo::Cancellation, _)) => ("withdrawn", None),
        _ => match numbers(&history.replacements, false).pop() {
            Some(number) => ("replaced", Some(number)),
            None => ("current", None),
        },
    }
}

/// The version a target has taken last.
fn holds(deliveries: &[Delivery]) -> Option<u32> {
    let taken = |delivery: &&Delivery| {
        delivery.cargo == Cargo::Certificate && delivery.life.state == State::Delivered
    };
    deliveries.iter().rfind(taken).and_then(|delivery| delivery.subject.version)
}

/// A version as the source sees it; of somebody else's message about its certificate only that there is one.
fn version(history: &History, change: &Change) -> Value {
    let deliveries = history.by_member.iter().find(|(message, _)| *message == change.message);
    let Some((_, deliveries)) = deliveries else {
        return json!({
            "function": change.function.code(),
            "version": change.subject.version,
            "received": change.received.to_string(),
            "source": change.source.as_str(),
        });
    };
    let shown = deliveries.iter().filter(|delivery| !delivery.cargo.is_news());
    json!({
        "function": change.function.code(),
        "version": change.subject.version,
        "received": change.received.to_string(),
        "source": change.source.as_str(),
        "id": change.message.to_string(),
        "messageId": change.key.as_str(),
        "digest": receipt::digest(change.digest),
        "state": overall(change.duplicate_of.is_some(), change.stage, deliveries),
        "businessDuplicateOf": change.duplicate_of.map(|id| id.to_string()),
        "deliveries": shown.map(delivery).collect::<Vec<_>>(),
    })
}

/// A delivery as its target sees it: nothing of the rule that named it.
fn own(delivery: &Delivery) -> Value {
    json!({
        "delivery": delivery.id.to_string(),
        "source": delivery.source.as_str(),
        "number": delivery.subject.number,
        "version": delivery.subject.version,
        "function": delivery.function.code(),
        "cargo": delivery.cargo.word(),
        "view": delivery.view.word(),
        "state": delivery.life.state.word(),
        "reason": reason(&delivery.life.state).map(Reason::code),
        "due": delivery.life.state.due().map(|at| at.to_string()),
        "askedAgain": delivery.asked.map(|at| at.to_string()),
        "created": delivery.life.created.to_string(),
        "attempts": delivery.attempts,
        "digest": delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest)),
        "answers": answers(delivery),
        "answerUntil": delivery.answer_until.map(|at| at.to_string()),
        "lastAttempt": delivery.last.as_ref().map(attempt),
    })
}
