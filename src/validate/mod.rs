//! A draft to a valid certificate, collecting everything that speaks against it.
//!
//! Severe by default: identity, entitlement, structure, proof, what routing needs. The substance of origin (criterion,
//! HS code, totals, dates) is a warning unless the agreement raises it: the hub is not the judge of origin, the
//! importing customs is. A document without issuing body, number, issue date and the proof its agreement demands is
//! **not issued**, and is never routed.
//!
//! **Invariant:** [`Valid`] is made here alone, so whatever takes a `Valid<Certificate>` knows that it was judged.
//! Pure: no clock, no store. `intake` feeds it; its findings go into the receipt or the rejection.

mod authority;
mod codes;
mod issued;
pub mod signer;
mod substance;
mod twin;

use crate::{
    decode::proof::Proof,
    map::Draft,
    model::{
        certificate::Certificate,
        envelope::Envelope,
        finding::{Finding, Level, any_severe},
        judgement::Judgement,
        reason::Reason,
        time::Timestamp,
        value::Date,
    },
    region::{
        Region,
        agreement::{Agreement, ProofDemand},
        member::{Form, IssuingBody, Member},
    },
};

/// A value that `validate` has judged and found without severe findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// The value.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.0
    }

    /// The value, no longer marked.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// What a draft is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The community.
    pub region: &'a Region,
    /// Who pushed.
    pub source: &'a Member,
    /// The push's envelope.
    pub envelope: &'a Envelope,
    /// The mapped document.
    pub draft: &'a Draft,
    /// The signatures verified on it.
    pub proof: &'a Proof,
    /// Form of the document, which may demand a proof of its own.
    pub form: &'a Form,
    /// Today at the hub, for grants.
    pub today: &'a Date,
    /// When the push came: no time of signing lies after it, and revocation lists are to be current then.
    pub received: Timestamp,
}

/// A judged document: what it is, for whom it was issued, and the warnings.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The certificate.
    pub certificate: Valid<Certificate>,
    /// The agreement it is issued under.
    pub agreement: &'a Agreement,
    /// The body that issued it.
    pub body: &'a IssuingBody,
    /// Its number, literally.
    pub number: String,
    /// The proof the agreement demanded.
    pub demand: ProofDemand,
    /// What was made of each signature.
    pub judgements: Vec<Judgement>,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
}

/// What an importing customs would look at in a draft: codes against their lists, dates, goods. Warnings all of them.
#[must_use]
pub fn look(draft: &Draft, region: &Region, agreement: Option<&Agreement>) -> Vec<Finding> {
    substance::check(draft, &region.codes, agreement)
}

/// Judges a draft.
///
/// # Errors
/// Every finding, at least one of them severe, severe ones first.
pub fn validate<'a>(case: &Case<'a>) -> Result<Judged<'a>, Vec<Finding>> {
    let mut findings = case.draft.findings.clone();
    let agreement = agreement(case, &mut findings);
    let demand = agreement
        .map_or(ProofDemand::Connection, |agreement| case.region.proof_demanded(agreement, case.form));
    issued::stated_twice(case, &mut findings);
    let identity = issued::identity(case, demand, &mut findings);
    let body =
        identity.as_ref().and_then(|identity| issued::entitled(case, agreement, identity, &mut findings));
    let judgements = body.map(|body| signer::judge(case, demand, body, &mut findings)).unwrap_or_default();
    findings.extend(substance::check(case.draft, &case.region.codes, agreement));
    raise(agreement, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let (Some(agreement), Some(body), Some(identity), false) =
        (agreement, body, identity, any_severe(&findings))
    else {
        return Err(findings);
    };
    let certificate = Valid(case.draft.certificate.clone());
    Ok(Judged { certificate, agreement, body, number: identity.number, demand, judgements, findings })
}

/// The agreement that document and envelope name; they must name the same one.
fn agreement<'a>(case: &Case<'a>, findings: &mut Vec<Finding>) -> Option<&'a Agreement> {
    let stated = case.draft.certificate.text("agreement.code");
    let names = [stated.as_deref(), case.envelope.agreement.as_deref()];
    let mut found: Option<&Agreement> = None;
    for name in names.into_iter().flatten() {
        match (case.region.agreement(name), found) {
            (None, _) => {
                let advice = "name an agreement of this community, by its id or one of its aliases";
                findings.push(issued::located(
                    case,
                    "agreement.code",
                    Finding::severe(Reason::AgreementUnknown, advice),
                ));
                return None;
            }
            (Some(next), Some(first)) if next.id != first.id => {
                let advice = "the header CoO-Agreement names another agreement than the document; leave the header out";
                findings.push(Finding::severe(Reason::EnvelopeMismatch, advice));
                return None;
            }
            (next, _) => found = next,
        }
    }
    if found.is_none() {
        let advice = "the document names no agreement; state it in the header CoO-Agreement";
        findings.push(Finding::severe(Reason::AgreementUnknown, advice));
    }
    found
}

/// Raises the warnings that the agreement holds to be severe.
fn raise(agreement: Option<&Agreement>, findings: &mut [Finding]) {
    let Some(agreement) = agreement else { return };
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Warning) {
        if agreement.severe.contains(&finding.reason) {
            finding.level = Level::Severe;
        }
    }
}
