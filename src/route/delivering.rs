//! The deliveries a message becomes: pure, from the message, the region and what was sent of its chain before.

use std::collections::BTreeSet;

use crate::{
    decode::{self, document::Syntax},
    map,
    message::{self, Message as HubMessage},
    model::{
        certificate::Certificate,
        envelope::Function,
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
        let lost = holders(self.sent)
            .into_iter()
            .filter(|held| held.replaced || held.subject.lineage == loaded.message.subject.lineage)
            .filter(|held| !named.contains(&held.target));
        deliveries.extend(lost.map(|held| {
            let bytes = message::withdrawal(&held.subject).to_string().into_bytes();
            self.urgent(held, bytes, "a later version no longer names this target")
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
        let because = "it was sent the certificate that is cancelled";
        holders(self.sent)
            .into_iter()
            .filter(|held| held.subject.lineage == loaded.message.subject.lineage)
            .map(|held| self.urgent(held, bytes.clone(), because))
            .collect()
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

    /// A cancellation or withdrawal: it goes before other chains.
    fn urgent(&self, held: &Sent, bytes: Vec<u8>, because: &str) -> NewDelivery {
        let message = self.message(held.target.clone(), Cargo::Cancellation, bytes, because.to_owned());
        NewDelivery { urgent: true, view: held.view, ..message }
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

/// The copies that targets of a chain hold: of each certificate the last one sent.
///
/// A cancellation ends the copies of its certificate up to its version, and of no other in the chain. A withdrawal ends
/// those of its certificate and of the one replaced by it.
fn holders(sent: &[Sent]) -> Vec<&Sent> {
    let mut held: Vec<&Sent> = Vec::new();
    for next in sent {
        let ends = |copy: &Sent| {
            let same = copy.subject.lineage == next.subject.lineage;
            copy.target == next.target
                && match (next.cargo, next.function) {
                    (Cargo::Certificate, _) => same,
                    (_, Function::Cancellation) => same && copy.subject.version <= next.subject.version,
                    _ => same || next.earlier_lineage.as_ref() == Some(&copy.subject.lineage),
                }
        };
        held.retain(|copy| !ends(copy));
        if next.cargo == Cargo::Certificate {
            held.push(next);
        }
    }
    held
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{delivery::State, id::AgreementId, id::MessageId, key::Key};

    /// One thing sent to a target: cargo, function, number and version, and the number it replaces.
    fn sent(target: &str, what: (Cargo, Function), number: (&str, u32), earlier: Option<&str>) -> Sent {
        let (number, version) = number;
        Sent {
            target: MemberId::new(target).unwrap(),
            delivery: fresh(),
            message: MessageId(uuid::Uuid::nil()),
            function: what.1,
            subject: Key {
                agreement: AgreementId::new("mecta").unwrap(),
                issuer: "B01".into(),
                number: number.into(),
                lineage: number.into(),
                version: Some(version),
            },
            earlier_lineage: earlier.map(str::to_owned),
            replaced: false,
            cargo: what.0,
            view: View::Full,
            state: State::Delivered,
        }
    }

    fn held(sent: &[Sent]) -> Vec<(&str, &str, Option<u32>)> {
        holders(sent)
            .into_iter()
            .map(|held| (held.target.as_str(), held.subject.number.as_str(), held.subject.version))
            .collect()
    }

    const ISSUED: (Cargo, Function) = (Cargo::Certificate, Function::Original);
    const AMENDED: (Cargo, Function) = (Cargo::Certificate, Function::Amendment);
    const REPLACED: (Cargo, Function) = (Cargo::Certificate, Function::Replacement);
    const CANCELLED: (Cargo, Function) = (Cargo::Cancellation, Function::Cancellation);
    const WITHDRAWN: (Cargo, Function) = (Cargo::Cancellation, Function::Replacement);

    #[test]
    fn a_cancelled_predecessor_takes_no_copy_of_its_replacement_away() {
        let sent = [
            sent("ke", ISSUED, ("A", 1), None),
            sent("ke", REPLACED, ("B", 1), Some("A")),
            sent("ke", CANCELLED, ("A", 1), None),
        ];
        assert_eq!(held(&sent), [("ke", "B", Some(1))]);
    }

    #[test]
    fn a_cancelled_old_version_takes_no_copy_of_the_new_one_away() {
        let mut sent = vec![
            sent("ke", ISSUED, ("A", 1), None),
            sent("ke", AMENDED, ("A", 2), None),
            sent("ke", CANCELLED, ("A", 1), None),
        ];
        assert_eq!(held(&sent), [("ke", "A", Some(2))]);
        sent.push(self::sent("ke", CANCELLED, ("A", 2), None));
        assert!(held(&sent).is_empty());
    }

    #[test]
    fn a_withdrawal_takes_the_replaced_copy_of_its_target_alone() {
        let sent = [
            sent("ke", ISSUED, ("A", 1), None),
            sent("tz", ISSUED, ("A", 1), None),
            sent("tz", REPLACED, ("B", 1), Some("A")),
            sent("ke", WITHDRAWN, ("B", 1), Some("A")),
        ];
        assert_eq!(held(&sent), [("tz", "A", Some(1)), ("tz", "B", Some(1))]);
    }
}
