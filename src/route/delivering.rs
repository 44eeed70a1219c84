//! The deliveries a message becomes: pure, from the message, the region and what was sent of its chain before.

use std::time::Duration;

use crate::{
    message::{self, Message as HubMessage},
    model::{
        certificate::Certificate,
        id::{DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
        value::Date,
    },
    region::{Region, agreement::CopyView},
    store::{
        claim::Rank,
        record::{Body, Cargo, Delivery, Message, NewDelivery, Role, View},
        sent::{ADDRESSED, Before, Gap, Sent},
    },
};

use super::{
    Loaded,
    comparing::{Change, Going, Named},
    plan::{self, Abroad, Target},
    rendition::{self, Content, Rendition},
};

/// What deliveries are decided from.
pub(super) struct Case<'a> {
    /// The region of the moment.
    pub(super) region: &'a Region,
    /// Now.
    pub(super) now: Timestamp,
    /// What was sent of the chain before.
    pub(super) sent: &'a [Sent],
    /// What else was routed of the chain.
    pub(super) before: Before,
    /// For a response: the delivery it answers.
    pub(super) answered: Option<&'a Delivery>,
}

/// What a route commit writes of a message.
#[derive(Default)]
pub(super) struct Decided {
    /// New deliveries.
    pub(super) deliveries: Vec<NewDelivery>,
    /// Older ones that end in their favour.
    pub(super) superseded: Vec<DeliveryId>,
    /// Whether it goes where an operator says, and none has said so.
    pub(super) unaddressed: bool,
}

impl Decided {
    /// It cannot go where it was to go when it was accepted: its source is told, and an operator may address it.
    fn astray(told: NewDelivery) -> Self {
        Self { unaddressed: true, ..told.into() }
    }
}

impl From<NewDelivery> for Decided {
    fn from(delivery: NewDelivery) -> Self {
        Self { deliveries: vec![delivery], superseded: Vec::new(), unaddressed: false }
    }
}

impl Case<'_> {
    /// A certificate to its targets; targets of earlier versions that this one no longer names get a withdrawal.
    ///
    /// After a later version nobody is sent it: what that one said is the last word.
    pub(super) fn certificate(&self, loaded: &Loaded) -> Decided {
        let Some(certificate) = loaded.canonical.as_ref().and_then(|body| plan::stored(&body.bytes)) else {
            return Decided::astray(self.tell(loaded, Reason::Unrenderable));
        };
        let change = self.change(loaded);
        if change.is_outdated() {
            return self.tell(loaded, Reason::VersionOutdated).into();
        }
        let Some(agreement) = self.region.agreements.get(&loaded.message.subject.agreement) else {
            return Decided::astray(self.tell(loaded, Reason::NotEntitled));
        };
        let case = plan::Case {
            region: self.region,
            agreement,
            source: &loaded.message.source,
            certificate: &certificate,
            test: loaded.message.test,
        };
        let plan = match plan::plan(&case) {
            Ok(plan) => plan,
            Err(finding) => return Decided::astray(self.tell(loaded, finding.reason)),
        };
        let followed = followed(&case, &plan, &change);
        let unaddressed = plan.is_unaddressed(case.source) && followed.is_empty();
        // The way was there when it was accepted, and may be there again.
        let shut = plan.shut(case.source).into_iter().map(|target| (target, Some(Reason::NotEntitled)));
        let named = change.named(&plan, followed.into_iter().chain(shut).collect());
        let mut deliveries: Vec<NewDelivery> =
            named.iter().filter_map(|named| self.copy(loaded, &certificate, named)).collect();
        let lost = change.lost(&named);
        deliveries.extend(lost.into_iter().map(|held| {
            let bytes = message::withdrawal(&held.subject).to_string().into_bytes();
            let word = self.urgent(held, bytes, "a later version no longer names this target");
            NewDelivery { about: Some(held.message), ..word }
        }));
        let superseded = change.superseded(|member| going(&deliveries, member));
        let mut untold: Vec<Reason> = deliveries.iter().filter_map(|delivery| delivery.held).collect();
        untold.extend((!plan.obstacles().is_empty()).then_some(Reason::NotEntitled));
        untold.sort_unstable_by_key(|reason| reason.code());
        untold.dedup();
        deliveries.extend(untold.into_iter().map(|reason| self.tell(loaded, reason)));
        Decided { deliveries, superseded, unaddressed }
    }

    /// A cancellation to everyone who was ever sent the certificate; where nobody was, to whoever the country names.
    pub(super) fn cancellation(&self, loaded: &Loaded) -> Decided {
        let Some(HubMessage::Cancellation(cancellation)) =
            loaded.original.as_ref().and_then(|body| message::read(&body.bytes).ok())
        else {
            return self.tell(loaded, Reason::MessageMalformed).into();
        };
        let bytes = message::cancellation(&loaded.message.subject, &cancellation).to_string().into_bytes();
        let because = "it was sent the certificate that is cancelled";
        let change = self.change(loaded);
        let word = |(held, gap)| NewDelivery { gap, ..self.urgent(held, bytes.clone(), because) };
        let mut deliveries: Vec<_> = change.holders().into_iter().map(word).collect();
        if let Some(country) = cancellation.country.as_ref().filter(|_| change.is_unsent()) {
            let untold = self
                .abroad(loaded, country, &cancellation.decided)
                .into_iter()
                .filter(|target| !change.was_told(&target.member));
            deliveries.extend(untold.map(|target| NewDelivery {
                gap: Some(Gap::Hub),
                rank: Rank::Urgent,
                ..self.message(target.member, Cargo::Cancellation, bytes.clone(), target.because)
            }));
        }
        let superseded = change.superseded(|member| going(&deliveries, member));
        Decided { deliveries, superseded, unaddressed: false }
    }

    /// Who is named by the importing country of a certificate that the hub never saw.
    fn abroad(&self, loaded: &Loaded, country: &str, day: &Date) -> Vec<Target> {
        let Message { subject, source, test, .. } = &loaded.message;
        let Some(agreement) = self.region.agreements.get(&subject.agreement) else { return Vec::new() };
        let of = Abroad { region: self.region, agreement, source, country, day, test: *test };
        let named = |plan: plan::Plan| plan.targets().into_iter().chain(plan.suspended()).collect();
        plan::plan_abroad(&of).map(named).unwrap_or_default()
    }

    /// An importing customs' answer back to the source of what it answers.
    pub(super) fn response(&self, loaded: &Loaded) -> Decided {
        let (Some(answered), Some((delivery, answer, reason))) = (self.answered, &loaded.message.answer)
        else {
            return Decided::default();
        };
        let response = message::Response { delivery: *delivery, answer: *answer, reason: reason.clone() };
        let bytes =
            message::response(&answered.subject, &loaded.message.source, &response).to_string().into_bytes();
        let because = "it is the source of the certificate answered".to_owned();
        self.message(answered.source.clone(), Cargo::Response, bytes, because).into()
    }

    fn change<'b>(&'b self, loaded: &'b Loaded) -> Change<'b> {
        let Message { function, subject, .. } = &loaded.message;
        let (lineage, version) = (subject.lineage.as_str(), subject.version);
        Change { function: *function, lineage, version, before: self.before, sent: self.sent }
    }

    /// The delivery of a certificate to one target; held when nothing can be sent for now.
    pub(super) fn copy(
        &self,
        loaded: &Loaded,
        certificate: &Certificate,
        named: &Named,
    ) -> Option<NewDelivery> {
        let target = &named.target;
        let rendition = rendition::rendition(&rendition::Case {
            region: self.region,
            target: self.region.members.get(&target.member)?,
            view: &target.view,
            function: loaded.message.function,
            subject: &loaded.message.subject,
            certificate,
            stored: loaded.canonical.as_ref(),
        });
        let Rendition { view, content, losses, unfilled } = rendition;
        let (body, held) = match content {
            Content::Body(body) => (Some(body), named.held),
            Content::Original => (loaded.original.as_ref().map(as_rendering), named.held),
            Content::Held(reason) => (None, Some(reason)),
        };
        let because = match unfilled.as_slice() {
            [] => target.because.clone(),
            fields => format!("{}; its form demands {}", target.because, fields.join(", ")),
        };
        Some(NewDelivery {
            id: unnamed(),
            about: None,
            gap: named.gap,
            target: target.member.clone(),
            cargo: Cargo::Certificate,
            view,
            body,
            weight: rendition::weight(certificate),
            rank: Rank::Usual,
            created: self.now,
            held,
            losses,
            because,
            answer_within: self.answer_within(&loaded.message, target),
        })
    }

    /// How soon a target is to answer: an importing party, to what is live; nobody waits for answers of the time before.
    fn answer_within(&self, message: &Message, target: &Target) -> Option<Duration> {
        let agreement = self.region.agreements.get(&message.subject.agreement)?;
        agreement.answer_within.filter(|_| target.importing && !message.test && !message.bulk)
    }

    /// A cancellation or withdrawal: it goes before other chains.
    fn urgent(&self, held: &Sent, bytes: Vec<u8>, because: &str) -> NewDelivery {
        let message = self.message(held.target.clone(), Cargo::Cancellation, bytes, because.to_owned());
        NewDelivery { rank: Rank::Urgent, view: held.view, ..message }
    }

    /// A notice to the source that its message cannot go where it should.
    pub(super) fn tell(&self, loaded: &Loaded, reason: Reason) -> NewDelivery {
        let subject = &loaded.message.subject;
        let bytes = message::unrouted(subject, loaded.message.id, reason, self.now).to_string().into_bytes();
        self.message(loaded.message.source.clone(), Cargo::Notice, bytes, "it is the source".to_owned())
    }

    fn message(&self, target: MemberId, cargo: Cargo, bytes: Vec<u8>, because: String) -> NewDelivery {
        NewDelivery {
            id: unnamed(),
            about: None,
            gap: None,
            target,
            cargo,
            view: View::Full,
            body: Some(rendition::hub_message(bytes)),
            weight: 1,
            rank: Rank::Usual,
            created: self.now,
            held: None,
            losses: Vec::new(),
            because,
            answer_within: None,
        }
    }
}

/// Whom the version follows that names no importing party: the members to whom an operator addressed an earlier one, over
/// a link that is open, or will be again.
fn followed(case: &plan::Case<'_>, plan: &plan::Plan, change: &Change<'_>) -> Vec<(Target, Option<Reason>)> {
    if !plan.is_unaddressed(case.source) {
        return Vec::new();
    }
    let ruled = |member: &MemberId| {
        plan.candidates.iter().any(|candidate| {
            candidate.member == *member
                && candidate.decision.as_ref().err().is_none_or(|obstacle| obstacle.suspended)
        })
    };
    let target = |member: &MemberId| Target {
        member: member.clone(),
        because: format!("{ADDRESSED} an operator, as the version before"),
        view: CopyView::Full,
        importing: true,
    };
    let addressed = change.addressed().into_iter().filter(|member| !ruled(member));
    addressed
        .filter_map(|member| match plan::passable(case, member) {
            Ok(()) => Some((target(member), None)),
            Err(obstacle) => obstacle.suspended.then(|| (target(member), Some(Reason::NotEntitled))),
        })
        .collect()
}

/// As what a target gets the version that these deliveries are of.
fn going(deliveries: &[NewDelivery], member: &MemberId) -> Going {
    match deliveries.iter().find(|delivery| delivery.target == *member) {
        Some(delivery) if delivery.held.is_some() => Going::Held,
        Some(delivery) if delivery.cargo == Cargo::Certificate => Going::Document(delivery.view),
        _ => Going::Word,
    }
}

fn as_rendering(original: &Body) -> Body {
    Body { role: Role::Rendering, format: format!("original {}", original.format), ..original.clone() }
}

/// In place of the id that [`super::naming`] gives it.
fn unnamed() -> DeliveryId {
    DeliveryId(uuid::Uuid::nil())
}
