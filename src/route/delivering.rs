//! The deliveries a message becomes: pure, from the message, the region and what was sent of its chain before.

use std::collections::BTreeSet;

use crate::{
    decode::{self, document::Syntax},
    map,
    message::{self, Message as HubMessage},
    model::{
        certificate::Certificate,
        id::{DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    region::Region,
    store::record::{Body, Cargo, Delivery, NewDelivery, Role, Sent, View},
};

use super::{
    Loaded, plan,
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
    /// For a response: the delivery it answers.
    pub(super) answered: Option<&'a Delivery>,
}

impl Case<'_> {
    /// A certificate to its targets; targets of earlier versions that this one no longer names get a withdrawal.
    pub(super) fn certificate(&self, loaded: &Loaded) -> Vec<NewDelivery> {
        let Some(certificate) = loaded.canonical.as_ref().and_then(|body| read(&body.bytes)) else {
            return vec![self.tell(loaded, Reason::Unrenderable)];
        };
        let Some(agreement) = self.region.agreements.get(&loaded.message.subject.agreement) else {
            return vec![self.tell(loaded, Reason::NotEntitled)];
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
            Err(finding) => return vec![self.tell(loaded, finding.reason)],
        };
        let mut deliveries: Vec<NewDelivery> = Vec::new();
        for target in plan.targets() {
            deliveries.extend(self.copy(loaded, &certificate, &target));
        }
        if !plan.obstacles().is_empty() {
            deliveries.push(self.tell(loaded, Reason::NotEntitled));
        }
        let named: BTreeSet<MemberId> = plan.targets().into_iter().map(|target| target.member).collect();
        let lost = self.holders().into_iter().filter(|(target, _)| !named.contains(target));
        deliveries.extend(lost.map(|(target, view)| {
            let bytes = message::withdrawal(&loaded.message.subject).to_string().into_bytes();
            let because = "a later version no longer names this target".to_owned();
            self.urgent(target, view, bytes, because)
        }));
        deliveries
    }

    /// A cancellation to everyone who was ever sent the certificate.
    pub(super) fn cancellation(&self, loaded: &Loaded) -> Vec<NewDelivery> {
        let Some(HubMessage::Cancellation(cancellation)) =
            loaded.original.as_ref().and_then(|body| message::read(&body.bytes).ok())
        else {
            return vec![self.tell(loaded, Reason::MessageMalformed)];
        };
        let bytes = message::cancellation(&loaded.message.subject, &cancellation).to_string().into_bytes();
        let because = "it was sent the certificate that is cancelled".to_owned();
        let to = |(target, view)| self.urgent(target, view, bytes.clone(), because.clone());
        self.holders().into_iter().map(to).collect()
    }

    /// An importing customs' answer back to the source of what it answers.
    pub(super) fn response(&self, loaded: &Loaded) -> Vec<NewDelivery> {
        let (Some(answered), Some((delivery, answer, reason))) = (self.answered, &loaded.message.answer)
        else {
            return Vec::new();
        };
        let response = message::Response { delivery: *delivery, answer: *answer, reason: reason.clone() };
        let bytes =
            message::response(&answered.subject, &loaded.message.source, &response).to_string().into_bytes();
        let because = "it is the source of the certificate answered".to_owned();
        vec![self.message(answered.source.clone(), Cargo::Response, bytes, because)]
    }

    /// One delivery to a target, and a notice to the source when nothing can be sent for now.
    fn copy(&self, loaded: &Loaded, certificate: &Certificate, target: &plan::Target) -> Vec<NewDelivery> {
        let Some(member) = self.region.members.get(&target.member) else { return Vec::new() };
        let rendition = rendition::rendition(&rendition::Case {
            region: self.region,
            target: member,
            view: &target.view,
            function: loaded.message.function,
            subject: &loaded.message.subject,
            certificate,
        });
        let Rendition { view, content, losses, unfilled } = rendition;
        let (body, held) = match content {
            Content::Body(body) => (Some(body), None),
            Content::Original => (loaded.original.as_ref().map(as_rendering), None),
            Content::Held(reason) => (None, Some(reason)),
        };
        let because = match unfilled.as_slice() {
            [] => target.because.clone(),
            fields => format!("{}; its form demands {}", target.because, fields.join(", ")),
        };
        let delivery = NewDelivery {
            id: fresh(),
            target: target.member.clone(),
            cargo: Cargo::Certificate,
            view,
            body,
            weight: rendition::weight(certificate),
            urgent: false,
            created: self.now,
            held,
            losses,
            because,
        };
        match held {
            Some(reason) => vec![delivery, self.tell(loaded, reason)],
            None => vec![delivery],
        }
    }

    /// Targets that hold a copy: sent a certificate of the chain, and no withdrawal or cancellation after it.
    fn holders(&self) -> Vec<(MemberId, View)> {
        let mut holders: Vec<(MemberId, View)> = Vec::new();
        for sent in self.sent {
            holders.retain(|(target, _)| *target != sent.target);
            if sent.cargo == Cargo::Certificate {
                holders.push((sent.target.clone(), sent.view));
            }
        }
        holders
    }

    /// A cancellation or withdrawal: it goes before other chains.
    fn urgent(&self, target: MemberId, view: View, bytes: Vec<u8>, because: String) -> NewDelivery {
        NewDelivery { urgent: true, view, ..self.message(target, Cargo::Cancellation, bytes, because) }
    }

    /// A notice to the source that its message cannot go where it should.
    fn tell(&self, loaded: &Loaded, reason: Reason) -> NewDelivery {
        let subject = &loaded.message.subject;
        let bytes = message::unrouted(subject, loaded.message.id, reason, self.now).to_string().into_bytes();
        self.message(loaded.message.source.clone(), Cargo::Notice, bytes, "it is the source".to_owned())
    }

    fn message(&self, target: MemberId, cargo: Cargo, bytes: Vec<u8>, because: String) -> NewDelivery {
        NewDelivery {
            id: fresh(),
            target,
            cargo,
            view: View::Full,
            body: Some(rendition::hub_message(bytes)),
            weight: 1,
            urgent: false,
            created: self.now,
            held: None,
            losses: Vec::new(),
            because,
        }
    }
}

/// The canonical certificate the hub itself stored.
fn read(bytes: &[u8]) -> Option<Certificate> {
    let decoded = decode::decode(Syntax::Json, bytes, &decode::limit::Limits::DEFAULT).ok()?;
    Some(map::canonical::map(&decoded.document).certificate)
}

fn as_rendering(original: &Body) -> Body {
    Body { role: Role::Rendering, format: format!("original {}", original.format), ..original.clone() }
}

fn fresh() -> DeliveryId {
    DeliveryId(uuid::Uuid::now_v7())
}
