//! From a reading and what the store knows to everything the accept commit writes.

use serde_json::json;

use crate::{
    decode::{document::Syntax, proof::jws},
    evidence::{
        key::SigningKey,
        receipt::{RECEIPT, Receipt},
    },
    message,
    model::{
        finding::Finding,
        id::{Digest, FormatId, MemberId, MessageId},
        key::Key,
        reason::Reason,
        time::Timestamp,
    },
    region::agreement::ProofDemand,
    store::{
        Fault, Store,
        record::{Acceptance, Body, Cargo, Delivery, Role},
        standing::Standing,
    },
};

use super::{
    Push, attachment,
    identity::{self, Course, Decision},
    reading::{About, Reading},
};

/// What a push is about, and whether as test traffic.
#[derive(Clone)]
pub(super) struct Subject {
    /// Identity of the certificate, with the version stated; for an answer, of the one its delivery carried.
    pub(super) key: Key,
    /// An answer is test traffic when its delivery was.
    pub(super) test: bool,
}

/// What a push is about.
///
/// `None` when the answer is about no certificate or cancellation that was delivered to this member.
///
/// # Errors
/// A fault of the store.
pub(super) async fn subject(push: &Push, reading: &Reading, store: &Store) -> Result<Option<Subject>, Fault> {
    match &reading.about {
        About::Certificate(key) => Ok(Some(Subject { key: key.clone(), test: push.envelope.test })),
        About::Delivery(id, ..) => {
            let delivery = store.delivery(*id).await?;
            let answerable = |of: &Delivery| {
                of.target == push.source && !of.cargo.is_news() && of.cargo != Cargo::Response
            };
            let delivery = delivery.filter(answerable);
            Ok(delivery.map(|delivery| Subject { key: delivery.subject, test: delivery.test }))
        }
    }
}

/// A reading with what the store knows of its number.
pub(super) struct Case<'a> {
    /// The push.
    pub(super) push: &'a Push,
    /// What was understood.
    pub(super) reading: &'a Reading,
    /// What the push is about.
    pub(super) subject: Subject,
    /// What the store knows.
    pub(super) seen: Standing,
    /// Envelope and body in one digest.
    pub(super) fingerprint: Digest,
}

/// Decides identity and builds what is committed, the signed receipt included.
///
/// # Errors
/// A severe finding: the number is taken, or what is changed is unknown.
pub(super) fn acceptance(case: Case<'_>, id: MessageId, key: &SigningKey) -> Result<Acceptance, Finding> {
    let Case { push, reading, subject: Subject { key: subject, test }, seen, fingerprint } = case;
    let canonical = reading.canonical.as_deref().map(Digest::of);
    let content = canonical.map(|canonical| attachment::content(canonical, &reading.attachments));
    let decision = identity::decide(&identity::Case {
        function: reading.function,
        stated: subject.version,
        test,
        canonical: content,
        standing: &seen,
        unseen: reading.unseen,
    })?;
    let lineage = seen.lineage.clone().unwrap_or(subject.lineage);
    let subject = Key { version: Some(decision.version), lineage, ..subject };
    let parked_until = parked_until(&decision, push);
    let findings = findings(reading, &decision, parked_until);
    let receipt = Receipt {
        hub: &push.region.id,
        id,
        source: &push.source,
        key: &push.key,
        received: push.received,
        digest: push.digest,
        function: reading.function,
        subject: &subject,
        format: reading.format.as_ref(),
        canonical,
        duplicate_of: decision.duplicate_of,
        attachments: &reading.attachments,
        targets: targets(reading, &decision),
        demand: reading.demand.map(ProofDemand::word),
        judgements: &reading.judgements,
        findings: &findings,
        config: push.region.digest,
        test,
    };
    let receipt = key.sign(RECEIPT, receipt.payload().to_string().as_bytes()).into_bytes();
    let answer = match &reading.about {
        About::Delivery(delivery, answer, reason) => Some((*delivery, *answer, reason.clone())),
        About::Certificate(_) => None,
    };
    Ok(Acceptance {
        id,
        source: push.source.clone(),
        key: push.key.clone(),
        digest: push.digest,
        fingerprint,
        received: push.received,
        function: reading.function,
        subject,
        earlier_lineage: reading.earlier_lineage.clone(),
        canonical: content,
        format: reading.format.clone(),
        media_type: push.media_type(),
        config: push.region.digest,
        test,
        bulk: push.envelope.bulk,
        answer,
        duplicate_of: decision.duplicate_of,
        attachments: reading.attachments.clone(),
        demand: reading.demand.map(ProofDemand::word),
        judgements: reading.judgements.clone(),
        leaves: reading.leaves.clone(),
        bodies: bodies(push, reading),
        parked_until,
        parked_max: u32::MAX,
        receipt,
        seen,
    })
}

/// How long it waits for the certificate it changes.
fn parked_until(decision: &Decision, push: &Push) -> Option<Timestamp> {
    match decision.course {
        Course::Park(age) => Some(push.received.plus(age)),
        Course::Known | Course::Unseen => None,
    }
}

/// Everything the receipt warns of.
fn findings(reading: &Reading, decision: &Decision, parked_until: Option<Timestamp>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = reading.findings.iter().chain(&decision.findings).cloned().collect();
    if decision.course != Course::Known {
        findings.push(unseen(parked_until));
        findings.extend(reading.astray.iter().cloned());
    }
    findings
}

/// Whom the receipt names: what cancels a certificate that was sent goes to whoever has it, which stands in the store.
fn targets<'a>(reading: &'a Reading, decision: &Decision) -> &'a [(MemberId, String)] {
    let known = decision.course == Course::Known;
    if known && !reading.function.has_document() { &[] } else { &reading.targets }
}

/// What the source of a change is told when the hub has not seen the certificate.
fn unseen(parked_until: Option<Timestamp>) -> Finding {
    let unseen = "the hub has not seen the certificate that this changes";
    match parked_until {
        None => Finding::warning(Reason::CertificateUnknown, unseen),
        Some(until) => {
            let advice = format!("{unseen}; it waits for it until {until}, then goes on without it");
            Finding::warning(Reason::CertificateParked, advice)
        }
    }
}

/// The original, the canonical certificate, what no row maps, and the signature beside the original.
fn bodies(push: &Push, reading: &Reading) -> Vec<Body> {
    let body = |role: Role, format: &str, media_type: &str, bytes: Vec<u8>| Body {
        role,
        format: format.to_owned(),
        table: Digest([0; 32]),
        media_type: media_type.to_owned(),
        bytes,
    };
    let format = reading.format.as_ref().map_or(message::FORM, FormatId::as_str);
    let json = Syntax::Json.media_type();
    let mut bodies = vec![body(Role::Original, format, &push.media_type(), push.body.to_vec())];
    if let Some(canonical) = reading.canonical.as_ref().filter(|_| reading.function.has_document()) {
        bodies.push(body(Role::Canonical, "canonical-json", json, canonical.clone()));
    }
    if !reading.remainder.is_empty() {
        let fields = reading.remainder.iter().map(|(path, text)| json!({"path": path, "text": text}));
        let bytes = serde_json::Value::from_iter(fields).to_string().into_bytes();
        bodies.push(body(Role::Remainder, format, json, bytes));
    }
    if let Some(detached) = &push.signature {
        bodies.push(body(Role::Signature, "jws", jws::MEDIA_TYPE, detached.clone().into_bytes()));
    }
    bodies
}
