//! Understands a hub message: a cancellation or a response. Pure.

use crate::{
    message::{self, Message},
    model::{
        envelope::{Cancellation, Function},
        finding::Finding,
        id::MemberId,
        key::Key,
        reason::Reason,
        value::Date,
    },
    region::{
        agreement::{Agreement, Unseen},
        member::Member,
    },
    route::plan,
};

use super::{
    Push,
    reading::{About, Reading},
};

/// Understands a hub message.
///
/// # Errors
/// Findings, severe ones first.
pub(super) fn read(push: &Push, source: &Member, today: &Date) -> Result<Reading, Vec<Finding>> {
    let one = |finding| vec![finding];
    if !push.envelope.attachments.is_empty() {
        let advice = "only a document has attachments; leave CoO-Attachment out";
        return Err(one(Finding::severe(Reason::HeaderInvalid, advice)));
    }
    match message::read(&push.body).map_err(one)? {
        Message::Response(response) => {
            if source.customs.is_empty() {
                return Err(one(Finding::severe(
                    Reason::RoleNotAllowed,
                    "only an importing customs answers about deliveries",
                )));
            }
            let about = About::Delivery(response.delivery, response.answer, response.reason);
            Ok(Reading::bare(Function::Response, about, Unseen::Reject))
        }
        Message::Cancellation(cancellation) => {
            let agreement = push.region.agreement(&cancellation.agreement).ok_or_else(|| {
                one(Finding::severe(
                    Reason::AgreementUnknown,
                    "name an agreement of this community, by its id or one of its aliases",
                ))
            })?;
            let Some(body) = source.body(&cancellation.issuer) else {
                let advice = "only the issuing body cancels, and this member may not speak for the one named";
                return Err(one(Finding::severe(Reason::IssuerNotYours, advice)));
            };
            if !body.granted_on(today) {
                let advice = "the grant to speak for this issuing body does not cover today";
                return Err(one(Finding::severe(Reason::IssuerOutOfDates, advice)));
            }
            let subject = Key {
                agreement: agreement.id.clone(),
                issuer: cancellation.issuer.clone(),
                number: cancellation.number.clone(),
                lineage: cancellation.number.clone(),
                version: cancellation.version,
            };
            let (targets, astray) = abroad(push, source, agreement, &cancellation);
            let to: Vec<_> = targets.iter().map(|(member, _)| member).collect();
            // It does not say when the certificate was issued; not after it was decided to cancel it.
            let unseen = agreement.unseen_on(&cancellation.decided, &source.id, &to);
            let bare = Reading::bare(Function::Cancellation, About::Certificate(subject), unseen);
            Ok(Reading { canonical: Some(push.body.to_vec()), targets, astray, ..bare })
        }
    }
}

/// Whom a cancellation reaches if the hub has not seen the certificate, and what is wrong with that.
fn abroad(
    push: &Push,
    source: &Member,
    agreement: &Agreement,
    cancellation: &Cancellation,
) -> (Vec<(MemberId, String)>, Vec<Finding>) {
    let Some(country) = &cancellation.country else {
        let advice = "the cancellation names no importing country (country), so it goes to nobody if the certificate does not come";
        return (Vec::new(), vec![Finding::warning(Reason::DestinationMissing, advice)]);
    };
    let (region, day) = (&push.region, &cancellation.decided);
    let of = plan::Abroad { region, agreement, source: &source.id, country, day, test: push.envelope.test };
    match plan::plan_abroad(&of) {
        Ok(plan) => {
            let targets = plan.targets().into_iter().map(|target| (target.member, target.because));
            let mild = |finding: Finding| Finding::warning(finding.reason, finding.advice);
            (targets.collect(), plan.obstacles().into_iter().map(mild).collect())
        }
        Err(finding) => (Vec::new(), vec![Finding::warning(finding.reason, finding.advice)]),
    }
}
