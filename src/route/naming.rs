//! The ids of deliveries: a function of what is delivered, so that a hub which lost its memory gives the same ones again.
//!
//! After a restore a source pushes again what the backup did not have. The hub then makes the very deliveries it made
//! before, under the same ids, and targets recognise them as repeats. Whatever differs, if only in one byte of the
//! rendering, has another id: the same id always means the same bytes.

use std::collections::BTreeMap;

use crate::{
    model::id::{DeliveryId, Digest},
    store::record::{Message, NewDelivery},
};

/// Names the kind of id, so that no other digest of ours can be taken for one.
const KIND: &str = "coohub delivery 1";

/// Gives every delivery of a message its id.
///
/// Deliveries that say the same to the same target, as two notices about one message may, are told apart by their order.
pub(super) fn name(message: &Message, deliveries: &mut [NewDelivery]) {
    let mut alike: BTreeMap<Digest, u32> = BTreeMap::new();
    for delivery in deliveries {
        let what = what(message, delivery);
        let nth = alike.entry(what).or_default();
        delivery.id = id(what, *nth);
        *nth = nth.saturating_add(1);
    }
}

/// Everything that makes a delivery this one and no other.
fn what(message: &Message, delivery: &NewDelivery) -> Digest {
    let subject = &message.subject;
    let (media_type, bytes) = delivery
        .body
        .as_ref()
        .map_or(("", String::new()), |body| (body.media_type.as_str(), Digest::of(&body.bytes).hex()));
    let parts = [
        KIND,
        message.source.as_str(),
        message.key.as_str(),
        &message.digest.hex(),
        message.function.word(),
        subject.agreement.as_str(),
        &subject.issuer,
        &subject.number,
        &subject.version.map(|version| version.to_string()).unwrap_or_default(),
        delivery.target.as_str(),
        delivery.cargo.word(),
        delivery.view.word(),
        media_type,
        &bytes,
    ];
    Digest::of(parts.join("\u{0}").as_bytes())
}

/// A UUID version 8: the first 122 bits of a digest.
fn id(what: Digest, nth: u32) -> DeliveryId {
    let Digest(digest) =
        if nth == 0 { what } else { Digest::of(&[&what.0[..], &nth.to_be_bytes()].concat()) };
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
    DeliveryId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            envelope::Function,
            id::{AgreementId, MemberId, MessageId, MessageKey},
            key::Key,
            time::Timestamp,
        },
        route::rendition::hub_message,
        store::{
            claim::Rank,
            record::{Cargo, Stage, View},
        },
    };

    fn message(key: &str) -> Message {
        Message {
            sequence: 1,
            id: MessageId(uuid::Uuid::now_v7()),
            source: MemberId::new("ru").unwrap(),
            key: MessageKey::new(key).unwrap(),
            digest: Digest([1; 32]),
            received: Timestamp(1),
            function: Function::Original,
            subject: Key {
                agreement: AgreementId::new("eaeu").unwrap(),
                issuer: "B01".into(),
                number: "A".into(),
                lineage: "A".into(),
                version: Some(1),
            },
            chain: 1,
            format: None,
            media_type: "application/xml".into(),
            test: false,
            bulk: false,
            answer: None,
            duplicate_of: None,
            stage: Stage::Unrouted { given_up: false },
            receipt: Vec::new(),
        }
    }

    fn delivery(target: &str, bytes: &[u8]) -> NewDelivery {
        NewDelivery {
            id: DeliveryId(uuid::Uuid::nil()),
            about: None,
            gap: None,
            target: MemberId::new(target).unwrap(),
            cargo: Cargo::Certificate,
            view: View::Full,
            body: Some(hub_message(bytes.to_vec())),
            weight: 1,
            rank: Rank::Usual,
            created: Timestamp(2),
            held: None,
            losses: Vec::new(),
            because: String::new(),
            answer_within: None,
        }
    }

    fn named(message: &Message, mut deliveries: Vec<NewDelivery>) -> Vec<DeliveryId> {
        name(message, &mut deliveries);
        deliveries.iter().map(|delivery| delivery.id).collect()
    }

    #[test]
    fn the_same_message_accepted_anew_is_delivered_under_the_same_id() {
        let mut again = message("k");
        (again.sequence, again.received, again.chain) = (9, Timestamp(9), 9);
        let later = NewDelivery { created: Timestamp(9), ..delivery("kg", b"x") };
        assert_ne!(message("k").id, again.id);
        assert_eq!(named(&message("k"), vec![delivery("kg", b"x")]), named(&again, vec![later]));
    }

    #[test]
    fn whatever_differs_has_another_id() {
        let mut ids =
            named(&message("k"), vec![delivery("kg", b"x"), delivery("am", b"x"), delivery("kg", b"y")]);
        ids.extend(named(&message("l"), vec![delivery("kg", b"x")]));
        let mut amended = message("k");
        amended.subject.version = Some(2);
        ids.extend(named(&amended, vec![delivery("kg", b"x")]));
        let withdrawn = NewDelivery { cargo: Cargo::Cancellation, ..delivery("kg", b"x") };
        ids.extend(named(&message("k"), vec![withdrawn, NewDelivery { body: None, ..delivery("kg", b"x") }]));
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), all), (7, 7));
    }

    #[test]
    fn two_that_say_the_same_have_ids_of_their_own_each_time() {
        let twice = || named(&message("k"), vec![delivery("kg", b"x"), delivery("kg", b"x")]);
        assert_ne!(twice()[0], twice()[1]);
        assert_eq!(twice(), twice());
        assert_eq!(twice()[0].0.get_version_num(), 8);
    }
}
