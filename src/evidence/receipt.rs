//! What a receipt says, and how it is written before it is signed.

use serde_json::{Map, Value, json};

use crate::model::{
    envelope::Function,
    finding::{FINDINGS_MAX, Finding},
    id::{Digest, FormatId, MemberId, MessageId, MessageKey},
    judgement::Judgement,
    key::Key,
    time::Timestamp,
};

/// `typ` of a receipt for an accepted push.
pub const RECEIPT: &str = "coohub-receipt+jws";
/// `typ` of a delivery's attestation.
pub const ATTESTATION: &str = "coohub-attestation+jws";

/// Everything an acceptance receipt states.
#[derive(Clone, Debug)]
pub struct Receipt<'a> {
    /// Community id.
    pub hub: &'a str,
    /// The hub's id of the message.
    pub id: MessageId,
    /// Who pushed it.
    pub source: &'a MemberId,
    /// The source's own id.
    pub key: &'a MessageKey,
    /// When it was received.
    pub received: Timestamp,
    /// Digest of the body's bytes.
    pub digest: Digest,
    /// Message function.
    pub function: Function,
    /// Identity of the certificate, with version.
    pub subject: &'a Key,
    /// Format of the document.
    pub format: Option<&'a FormatId>,
    /// Digest of the canonical certificate.
    pub canonical: Option<Digest>,
    /// The message of which this is a business duplicate.
    pub duplicate_of: Option<MessageId>,
    /// Digests of its attachments, all of them on disk with it.
    pub attachments: &'a [Digest],
    /// Members it goes to, as routed in the dry run.
    pub targets: &'a [(MemberId, String)],
    /// The proof the agreement demanded.
    pub demand: Option<&'a str>,
    /// What was made of each signature.
    pub judgements: &'a [Judgement],
    /// Findings, warnings and notes; the first [`FINDINGS_MAX`] are listed, all are counted.
    pub findings: &'a [Finding],
    /// Digest of the configuration.
    pub config: Digest,
    /// Whether it is test traffic.
    pub test: bool,
}

impl Receipt<'_> {
    /// The payload, as JSON with members in a fixed order.
    #[must_use]
    pub fn payload(&self) -> Value {
        let targets =
            self.targets.iter().map(|(member, why)| json!({"member": member.as_str(), "because": why}));
        json!({
            "hub": self.hub,
            "id": self.id.to_string(),
            "verdict": "accepted",
            "source": self.source.as_str(),
            "messageId": self.key.as_str(),
            "received": self.received.to_string(),
            "digest": digest(self.digest),
            "function": self.function.code(),
            "agreement": self.subject.agreement.as_str(),
            "issuer": self.subject.issuer,
            "number": self.subject.number,
            "version": self.subject.version,
            "format": self.format.map(FormatId::as_str),
            "canonicalDigest": self.canonical.map(digest),
            "businessDuplicateOf": self.duplicate_of.map(|id| id.to_string()),
            "attachments": self.attachments.iter().copied().map(digest).collect::<Vec<_>>(),
            "targets": targets.collect::<Vec<_>>(),
            "proof": self.demand.map(|demand| json!({
                "demanded": demand,
                "signatures": self.judgements.iter().map(judgement).collect::<Vec<_>>(),
            })),
            "findings": listed(self.findings).map(finding).collect::<Vec<_>>(),
            "findingsCount": self.findings.len(),
            "configuration": digest(self.config),
            "test": self.test,
        })
    }
}

/// The findings that are listed: of too many, those that are about no single place come first.
fn listed(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let mut listed: Vec<&Finding> = findings.iter().collect();
    if listed.len() > FINDINGS_MAX {
        listed.sort_by_key(|finding| finding.position.is_some());
    }
    listed.into_iter().take(FINDINGS_MAX)
}

/// A digest as it stands in JSON: `sha-256:<hex>`.
#[must_use]
pub fn digest(digest: Digest) -> String {
    format!("sha-256:{}", digest.hex())
}

/// What was made of a signature, as it stands in receipts: leaf and verdict, and nobody's name.
#[must_use]
pub fn judgement(judgement: &Judgement) -> Value {
    let signed = judgement.signed.map(|signed| {
        json!({
            "from": signed.from.to_string(),
            "until": signed.until.to_string(),
            "statedBy": signed.stated.word(),
        })
    });
    let list = judgement
        .list
        .map(|list| json!({"digest": digest(list.digest), "thisUpdate": list.this_update.to_string()}));
    json!({
        "role": judgement.capacity.word(),
        "leaf": digest(judgement.leaf),
        "key": judgement.key,
        "verdict": judgement.verdict.word(),
        "scod": judgement.verdict.scod(),
        "signed": signed,
        "rule": judgement.rule.as_ref().map(|rule| rule.kind.word()),
        "revocationList": list,
    })
}

/// A finding as it stands in receipts and problems.
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    let mut members = Map::new();
    members.insert("level".into(), json!(finding.level.word()));
    members.insert("code".into(), json!(finding.reason.code()));
    if let Some(place) = &finding.place {
        members.insert("field".into(), json!(place.path()));
        if let Some(id) = place.field.wco_id() {
            members.insert("wcoId".into(), json!(id));
        }
    }
    if let Some(position) = &finding.position {
        members.insert("path".into(), json!(position.path));
        if position.line > 0 {
            members.insert("line".into(), json!(position.line));
        }
        if position.column > 0 {
            members.insert("column".into(), json!(position.column));
        }
    }
    members.insert("message".into(), json!(finding.advice));
    Value::Object(members)
}
