//! The CPU half of intake: bytes to a judged certificate with its targets. Pure; runs on the bounded pool.

use std::collections::BTreeMap;

use crate::{
    decode::{
        self,
        charset::Charset,
        proof::{self, jws},
        wrapping,
    },
    map,
    model::{
        certificate::Certificate,
        envelope::{Answer, Function},
        finding::{Finding, any_severe},
        id::{DeliveryId, Digest, FormatId, MemberId},
        judgement::Judgement,
        key::{self, Key},
        reason::Reason,
        value::{Date, Value},
    },
    region::{
        agreement::{Agreement, CopyView, ProofDemand, Unseen},
        member::{Form, Member},
    },
    render,
    route::{
        plan::{self, Plan},
        rendition,
    },
    validate,
};

use super::{Content, Push, attachment, charset, hub_message};

/// A push that was understood: what it is about, and what becomes of it if the store agrees.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Message function.
    pub(super) function: Function,
    /// What it is about.
    pub(super) about: About,
    /// Lineage of the certificate it replaces.
    pub(super) earlier_lineage: Option<String>,
    /// Format of the document.
    pub(super) format: Option<FormatId>,
    /// The certificate in canonical JSON, or the cancellation as it is compared.
    pub(super) canonical: Option<Vec<u8>>,
    /// Source fields no row maps.
    pub(super) remainder: Vec<(String, String)>,
    /// What the agreement does with a change of a certificate the hub has not seen.
    pub(super) unseen: Unseen,
    /// Digests of what it names as attached.
    pub(super) attachments: Vec<Digest>,
    /// Warnings that hold if it changes a certificate the hub has not seen.
    pub(super) astray: Vec<Finding>,
    /// Members it goes to, and why; of a cancellation, if the hub has not seen the certificate.
    pub(super) targets: Vec<(MemberId, String)>,
    /// The proof the agreement demanded; none of a hub message.
    pub(super) demand: Option<ProofDemand>,
    /// What was made of each signature.
    pub(super) judgements: Vec<Judgement>,
    /// The leaves of those signatures, DER by digest.
    pub(super) leaves: BTreeMap<Digest, Vec<u8>>,
    /// Warnings and notes.
    pub(super) findings: Vec<Finding>,
}

/// What a push is about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// A certificate; `version` where stated.
    Certificate(Key),
    /// A delivery the source was sent: the answer to it, and its coded reason.
    Delivery(DeliveryId, Answer, Option<String>),
}

/// Understands a push.
///
/// # Errors
/// Findings, severe ones first.
pub(super) fn read(
    push: &Push,
    source: &Member,
    (limits, attachments): (&decode::limit::Limits, &attachment::Limits),
    today: &Date,
) -> Result<Reading, Vec<Finding>> {
    let signer = beside(push).map_err(|finding| vec![finding])?;
    match push.content {
        Content::Message => hub_message::read(push, source, today),
        Content::Document(syntax) if push.envelope.function.has_document() => {
            let charset = charset::permitted(push, source, syntax).map_err(|finding| vec![finding])?;
            let decoded = decode::decode_in(charset, syntax, &push.body, limits);
            let decoded = decoded.map_err(|finding| vec![finding])?;
            read_document(push, source, Read { decoded, signer, charset, attachments }, today)
        }
        Content::Document(_) => Err(vec![Finding::severe(
            Reason::HeaderInvalid,
            "a cancellation or response is a hub message; send it as application/vnd.coohub.message+json without CoO-Function",
        )]),
    }
}

/// A document's tree, who signed its bytes, and what it may have attached.
struct Read<'a> {
    decoded: decode::Decoded,
    signer: Option<proof::Signer>,
    charset: Charset,
    attachments: &'a attachment::Limits,
}

/// Who made the signature beside the body, verified; whatever the body is, a bad one is refused.
fn beside(push: &Push) -> Result<Option<proof::Signer>, Finding> {
    push.signature.as_deref().map(|detached| jws::verify(detached, &push.body)).transpose()
}

fn read_document(
    push: &Push,
    source: &Member,
    read: Read<'_>,
    today: &Date,
) -> Result<Reading, Vec<Finding>> {
    let form = recognise(push, source, &read.decoded)?;
    charset::fits(push, &form, read.charset).map_err(|finding| vec![finding])?;
    let limits = read.attachments;
    let (draft, proof) = mapped(push, &form, read)?;
    let case = validate::Case {
        region: &push.region,
        source,
        envelope: &push.envelope,
        draft: &draft,
        proof: &proof,
        form: &form,
        today,
        received: push.received,
    };
    let judged = validate::validate(&case)?;
    let version = draft.identity.version.or(push.envelope.version);
    let lineage = draft.identity.lineage.clone().unwrap_or_else(|| judged.number.clone());
    let replaces = push.envelope.function == Function::Replacement;
    let earlier = replaces.then(|| replaced(push, &draft, &judged)).transpose();
    let earlier = earlier.map_err(|finding| vec![finding])?;
    let subject = Key {
        agreement: judged.agreement.id.clone(),
        issuer: judged.body.id.clone(),
        number: judged.number.clone(),
        lineage,
        version,
    };
    let certificate = judged.certificate.get();
    let plan = plan::plan(&plan::Case {
        region: &push.region,
        agreement: judged.agreement,
        source: &source.id,
        certificate,
        test: push.envelope.test,
    })
    .map_err(|finding| vec![finding])?;
    let mut findings = judged.findings.clone();
    findings.extend(proof.wrapped.iter().flat_map(wrapping::Wrapped::findings));
    findings.extend(plan.findings.iter().cloned().chain(plan.obstacles()));
    findings.extend(dry_run(push, &subject, certificate, &plan));
    let attachments = attachment::named(&push.envelope.attachments, certificate, limits);
    let attachments = attachments.unwrap_or_else(|wrong| {
        findings.extend(wrong);
        Vec::new()
    });
    if any_severe(&findings) {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        return Err(findings);
    }
    let targets = plan.targets();
    Ok(Reading {
        function: push.envelope.function,
        earlier_lineage: earlier,
        canonical: Some(render::canonical::to_json(certificate)),
        remainder: draft.remainder.clone(),
        unseen: unseen(judged.agreement, &source.id, (certificate, replaces), &targets),
        attachments,
        astray: Vec::new(),
        targets: targets.into_iter().map(|target| (target.member, target.because)).collect(),
        format: FormatId::new(form.name()),
        about: About::Certificate(subject),
        demand: Some(judged.demand),
        leaves: leaves(&proof),
        judgements: judged.judgements,
        findings,
    })
}

/// The lineage of the certificate that a replacement replaces: another one.
fn replaced(push: &Push, draft: &map::Draft, judged: &validate::Judged<'_>) -> Result<String, Finding> {
    let earlier = draft.identity.earlier_lineage.clone().or_else(|| push.envelope.earlier.clone());
    let Some(earlier) = earlier else {
        let advice = "a replacement names the certificate it replaces, in the document or in CoO-Earlier";
        return Err(Finding::severe(Reason::FieldMissing, advice));
    };
    if !key::is_sound(&earlier) {
        let advice = format!("the number of the certificate replaced {}", key::SOUND);
        return Err(Finding::severe(Reason::FieldInvalid, advice));
    }
    let stated = judged.certificate.get().text("earlier.number");
    if earlier == judged.number || stated.as_ref() == Some(&judged.number) {
        let advice = "a replacement has a number of its own and names another; send a change as an amendment (CoO-Function: 4)";
        return Err(Finding::severe(Reason::ReplacesItself, advice));
    }
    Ok(earlier)
}

/// What to do if it turns out to change a certificate that the hub has not seen.
fn unseen(
    agreement: &Agreement,
    source: &MemberId,
    (certificate, replaces): (&Certificate, bool),
    to: &[plan::Target],
) -> Unseen {
    // What a replacement replaces was issued on a day of its own; where that is not stated, not after the replacement.
    let earlier = certificate.top("earlier.date").filter(|_| replaces);
    let Some(Value::Date(day)) = earlier.or(certificate.top("issueDate")) else { return agreement.unseen };
    let members: Vec<_> = to.iter().map(|target| &target.member).collect();
    agreement.unseen_on(day, source, &members)
}

impl Reading {
    /// A hub message: nothing but what it is about.
    pub(super) fn bare(function: Function, about: About, unseen: Unseen) -> Self {
        Self {
            function,
            about,
            earlier_lineage: None,
            format: None,
            canonical: None,
            remainder: Vec::new(),
            unseen,
            attachments: Vec::new(),
            astray: Vec::new(),
            targets: Vec::new(),
            demand: None,
            judgements: Vec::new(),
            leaves: BTreeMap::new(),
            findings: Vec::new(),
        }
    }
}

/// The leaves of the signatures, once each.
fn leaves(proof: &proof::Proof) -> BTreeMap<Digest, Vec<u8>> {
    let signers = proof.exporter.iter().chain(&proof.official);
    signers.map(|signer| (signer.leaf_digest, signer.leaf_der.clone())).collect()
}

/// The form the document is in, among those its source may send.
fn recognise(push: &Push, source: &Member, decoded: &decode::Decoded) -> Result<Form, Vec<Finding>> {
    let known = |form: &Form| match form {
        Form::Canonical(syntax) => {
            decoded.wrapped.is_none() && map::canonical::recognises(*syntax, &decoded.document)
        }
        Form::Table(id) => push.region.tables.get(id).is_some_and(|table| table.takes(decoded)),
    };
    let stated = push.envelope.format.as_deref();
    let mut sendable = source.sends.iter().filter(|form| stated.is_none_or(|name| name == form.name()));
    if let Some(form) = sendable.find(|form| known(form)) {
        return Ok(form.clone());
    }
    let foreign = push.region.tables.values().find(|table| table.takes(decoded));
    let names = source.sends.iter().map(Form::name).collect::<Vec<_>>().join(", ");
    Err(vec![match foreign {
        Some(table) if stated.is_none() => Finding::severe(
            Reason::FormatNotAllowed,
            format!(
                "the document is in the format {}, which this member does not send; it sends: {names}",
                table.id
            ),
        ),
        _ => {
            let inside = if decoded.wrapped.is_some() { ", in a wrapper that format takes" } else { "" };
            let advice = format!("the document is in no format this member sends{inside}: {names}");
            let hint =
                wrapping::foreign(&decoded.document.root).map_or(String::new(), |hint| format!("; {hint}"));
            Finding::severe(Reason::FormatUnknown, advice + &hint)
        }
    }])
}

/// The draft, and the signatures verified on the very tree it was mapped from, or beside it.
fn mapped(push: &Push, form: &Form, read: Read<'_>) -> Result<(map::Draft, proof::Proof), Vec<Finding>> {
    let Read { decoded, signer, .. } = read;
    let table =
        match form {
            Form::Canonical(_) => None,
            Form::Table(id) => Some(push.region.tables.get(id).ok_or_else(|| {
                vec![Finding::severe(Reason::FormatUnknown, "the format is not configured")]
            })?),
        };
    let own = table.and_then(|table| table.signature);
    let mut proof = match (table, own, &decoded.tree) {
        (Some(table), Some(profile), Some(tree)) => proof::verify(profile, tree, &table.algorithms)?,
        _ => proof::Proof::default(),
    };
    if let Some(signer) = signer {
        proof = proof.with_detached(own, signer).map_err(|finding| vec![finding])?;
    }
    proof.wrapped = decoded.wrapped.clone();
    let mut draft = match table {
        Some(table) => map::map(table, &decoded.document),
        None => map::canonical::map(&decoded.document),
    };
    let schema = table.and_then(|table| table.schema.as_ref());
    draft.findings.extend(schema.iter().flat_map(|schema| schema.check(&decoded, &push.body)));
    Ok((draft, proof))
}

/// What each target would get, as findings: nothing is stored, nothing is sent.
fn dry_run(push: &Push, subject: &Key, certificate: &Certificate, plan: &Plan) -> Vec<Finding> {
    let weight = rendition::weight(certificate);
    let mut findings = Vec::new();
    for target in plan.targets() {
        let Some(member) = push.region.members.get(&target.member) else { continue };
        if weight > member.takes.items_max && target.view == CopyView::Full {
            let advice = format!(
                "{} takes at most {} goods items per certificate; split the certificate",
                member.name, member.takes.items_max
            );
            findings.push(Finding::severe(Reason::TooManyItems, advice));
            continue;
        }
        let unfilled = rendition::unfilled(&rendition::Case {
            region: &push.region,
            target: member,
            view: &target.view,
            function: push.envelope.function,
            subject,
            certificate,
            stored: None,
        });
        if !unfilled.is_empty() {
            let fields = unfilled.join(", ");
            let advice = format!("the form of {} cannot be filled, it demands: {fields}", member.name);
            findings.push(Finding::warning(Reason::Unrenderable, advice));
        }
    }
    findings
}

/// Envelope and body in one digest: what makes two pushes under one key the same push. A signature over the body is
/// left out: made again it looks different and says the same.
pub(super) fn fingerprint(push: &Push) -> Digest {
    let envelope = &push.envelope;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let parts = [
        push.digest.hex(),
        push.media_type(),
        envelope.function.code().to_string(),
        text(&envelope.agreement),
        text(&envelope.issuer),
        text(&envelope.number),
        envelope.version.map(|v| v.to_string()).unwrap_or_default(),
        text(&envelope.earlier),
        text(&envelope.format),
        envelope.test.to_string(),
    ];
    // Added behind the rest, so that pushes without attachments have the fingerprint they always had.
    let attachments = envelope.attachments.iter().map(Digest::hex);
    Digest::of(parts.into_iter().chain(attachments).collect::<Vec<_>>().join("\u{0}").as_bytes())
}
