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
        id::{Digest, FormatId, MessageId},
        key::Key,
    },
    region::agreement::ProofDemand,
    store::{
        Fault, Store,
        record::{Acceptance, Body, Role, Standing},
    },
};

use super::{
    Push, attachment, identity,
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
/// `None` when the answer is about no delivery of this member.
///
/// # Errors
/// A fault of the store.
pub(super) async fn subject(push: &Push, reading: &Reading, store: &Store) -> Result<Option<Subject>, Fault> {
    match &reading.about {
        About::Certificate(key) => Ok(Some(Subject { key: key.clone(), test: push.envelope.test })),
        About::Delivery(id, ..) => {
            let delivery = store.delivery(*id).await?;
            let delivery = delivery.filter(|delivery| delivery.target == push.source);
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
    let findings: Vec<Finding> = reading.findings.iter().cloned().chain(decision.findings).collect();
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
        targets: &reading.targets,
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
        answer,
        duplicate_of: decision.duplicate_of,
        attachments: reading.attachments.clone(),
        demand: reading.demand.map(ProofDemand::word),
        judgements: reading.judgements.clone(),
        leaves: reading.leaves.clone(),
        bodies: bodies(push, reading),
        receipt,
        seen,
    })
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
