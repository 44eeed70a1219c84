//! What the hub attests of every delivery: that these bytes are its rendering of that original, in this view.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    evidence::{
        key::SigningKey,
        receipt::{ATTESTATION, digest},
    },
    model::id::Digest,
    region::Region,
    store::record::{Body, Delivery},
};

/// Most lost fields that an attestation names; it counts them all. Its header must fit into what servers take.
const LOSSES_MAX: usize = 32;

/// What only those with the full view are told.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown<'a> {
    /// Digest of what the source sent.
    pub(super) original: Option<Digest>,
    /// Digests of its attachments.
    pub(super) attachments: &'a [Digest],
}

/// Signs the attestation of a delivery: a compact JWS, the same for every attempt under one key.
///
#[must_use]
pub(super) fn attest(
    key: &SigningKey,
    region: &Region,
    delivery: &Delivery,
    body: &Body,
    shown: Shown<'_>,
) -> String {
    let subject = &delivery.subject;
    let payload = json!({
        "hub": region.hub,
        "region": region.id,
        "delivery": delivery.id.to_string(),
        "message": delivery.message.to_string(),
        "source": delivery.source.as_str(),
        "target": delivery.target.as_str(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "view": delivery.view.word(),
        "format": body.format,
        "table": digest(body.table),
        "digest": digest(Digest::of(&body.bytes)),
        "original": shown.original.map(digest),
        "attachments": shown.attachments.iter().copied().map(digest).collect::<Vec<_>>(),
        "losses": losses(&delivery.losses),
        "lossesCount": delivery.losses.len(),
        "test": delivery.test,
    });
    key.sign(ATTESTATION, payload.to_string().as_bytes())
}

/// The fields lost, without the numbers of their entries: a header has no room for a line per goods item.
fn losses(places: &[String]) -> Vec<String> {
    let field = |place: &String| {
        let mut parts = place.split('[');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |path, part| path + "[]" + part.split_once(']').map_or("", |(_, rest)| rest))
    };
    let fields: BTreeSet<String> = places.iter().map(field).collect();
    fields.into_iter().take(LOSSES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{deliver::sample, evidence::key, region::agreement::LinkState};

    #[test]
    fn an_attestation_verifies_and_is_the_same_for_every_attempt() {
        let signing = sample::key();
        let region = sample::region(LinkState::Live);
        let mut delivery = sample::delivery(1);
        let body = sample::body(b"<cod/>");
        let attachments = [Digest::of(b"scan")];
        let shown = Shown { original: Some(Digest::of(b"original")), attachments: &attachments };
        let first = attest(&signing, &region, &delivery, &body, shown);
        delivery.attempts += 1;
        assert_eq!(first, attest(&signing, &region, &delivery, &body, shown));
        let payload = key::verify(&first, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["delivery"], delivery.id.to_string());
        assert_eq!(payload["digest"], digest(Digest::of(b"<cod/>")));
        assert_eq!(payload["original"], digest(Digest::of(b"original")));
    }

    #[test]
    fn what_a_thousand_items_lost_fits_into_a_header() {
        let (signing, mut delivery) = (sample::key(), sample::delivery(1));
        let lost = |item: usize| [format!("items[{item}].information"), format!("items[{item}].parts[2].x")];
        delivery.losses = (1..=1_000).flat_map(lost).collect();
        let jws = attest(
            &signing,
            &sample::region(LinkState::Live),
            &delivery,
            &sample::body(b"a"),
            Shown::default(),
        );
        let payload = key::verify(&jws, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["losses"], json!(["items[].information", "items[].parts[].x"]));
        assert_eq!(payload["lossesCount"], 2_000);
        delivery.losses = (0..=LOSSES_MAX).map(|field| format!("f{field}")).collect();
        assert_eq!(losses(&delivery.losses).len(), LOSSES_MAX);
    }
}
