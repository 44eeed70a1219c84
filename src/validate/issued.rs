//! Whether the document is an issued certificate, of a body the source may speak for, with the proof demanded.

use crate::{
    model::{
        certificate::{Index, Place},
        dictionary::Field,
        finding::Finding,
        key,
        reason::Reason,
        value::{Date, Value},
    },
    region::{
        agreement::{Agreement, ProofDemand},
        member::IssuingBody,
    },
};

use super::Case;

/// Who issued the document, under which number, when.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// Issuing body id.
    pub(super) issuer: String,
    /// Number, literally.
    pub(super) number: String,
    /// Issue date.
    pub(super) date: Date,
}

/// A finding about a field outside every list, at its place in the source where that is known.
pub(super) fn located(case: &Case<'_>, path: &str, finding: Finding) -> Finding {
    let Some(field) = Field::named(path) else { return finding };
    let place = Place { field, index: Index::TOP };
    let finding = finding.about(place);
    match case.draft.sources.get(&place) {
        Some(position) => finding.at(position.clone()),
        None => finding,
    }
}

/// Where document and envelope state the same thing they must agree; the document wins, so the header has to go.
pub(super) fn stated_twice(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let stated = &case.draft.identity;
    let version = |version: Option<u32>| version.map(|v| v.to_string());
    let pairs = [
        ("CoO-Number", "number", stated.number.clone(), case.envelope.number.clone()),
        ("CoO-Issuer", "issuer.id", stated.issuer.clone(), case.envelope.issuer.clone()),
        ("CoO-Version", "number", version(stated.version), version(case.envelope.version)),
    ];
    for (header, path, document, envelope) in pairs {
        if let (Some(document), Some(envelope)) = (document, envelope)
            && document != envelope
        {
            let advice = format!("the header {header} differs from the document; correct it or leave it out");
            findings.push(located(case, path, Finding::severe(Reason::EnvelopeMismatch, advice)));
        }
    }
}

/// Issuing body, number and date, or one finding that names all that lacks.
pub(super) fn identity(
    case: &Case<'_>,
    demand: ProofDemand,
    findings: &mut Vec<Finding>,
) -> Option<Identity> {
    let draft = &case.draft.identity;
    let issuer = draft.issuer.clone().or_else(|| case.envelope.issuer.clone());
    let number = draft.number.clone().or_else(|| case.envelope.number.clone());
    let number = number.filter(|number| !key::is_placeholder(number));
    if number.as_ref().is_some_and(|number| !key::is_sound(number)) {
        let advice = format!("a certificate number {}", key::SOUND);
        findings.push(located(case, "number", Finding::severe(Reason::FieldInvalid, advice)));
    }
    let date = match case.draft.certificate.top("issueDate") {
        Some(Value::Date(date)) => Some(date.clone()),
        _ => None,
    };
    let exporter = demand == ProofDemand::ExporterAndOfficial && case.proof.exporter.is_none();
    let official = demand != ProofDemand::Connection && case.proof.official.is_none();
    let parts = [
        (issuer.is_none(), "the issuing body"),
        (number.is_none(), "the certificate number"),
        (date.is_none(), "the issue date"),
        (exporter, "the exporter's signature"),
        (official, "the official's signature"),
    ];
    let lacking: Vec<&str> = parts.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| *what).collect();
    if !lacking.is_empty() {
        let advice = format!(
            "this is not an issued certificate: it lacks {}; send it once it is issued",
            lacking.join(", ")
        );
        findings.push(Finding::severe(Reason::NotIssued, advice));
    }
    Some(Identity { issuer: issuer?, number: number?, date: date? })
}

/// The body, when the source may speak for it today and could on the day of issue, and its country is a party.
pub(super) fn entitled<'a>(
    case: &Case<'a>,
    agreement: Option<&Agreement>,
    identity: &Identity,
    findings: &mut Vec<Finding>,
) -> Option<&'a IssuingBody> {
    if case.source.bodies.is_empty() {
        let advice = "this member issues no certificates; ask the hub's operator if it should";
        findings.push(Finding::severe(Reason::RoleNotAllowed, advice));
        return None;
    }
    let Some(body) = case.source.body(&identity.issuer) else {
        let advice =
            "this member may not speak for the issuing body named; check the body, or ask the hub's operator";
        findings.push(located(case, "issuer.id", Finding::severe(Reason::IssuerNotYours, advice)));
        return None;
    };
    if !body.granted_on(&identity.date) || !body.granted_on(case.today) {
        let advice = "the grant to speak for this issuing body does not cover the issue date and today";
        findings.push(located(case, "issueDate", Finding::severe(Reason::IssuerOutOfDates, advice)));
    }
    if let Some(agreement) = agreement
        && !agreement.is_party(&body.country, &identity.date)
    {
        let advice = "the issuing body's country was no party to the agreement on the issue date";
        findings.push(located(case, "agreement.code", Finding::severe(Reason::AgreementNotParty, advice)));
    }
    Some(body)
}
