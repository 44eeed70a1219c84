//! What the hub attests of every delivery: that these bytes are its rendering of that original, in this view.

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

/// Signs the attestation of a delivery: a compact JWS, the same for every attempt under one key.
///
/// `original` is the digest of what the source sent; only those with the full view are told it.
#[must_use]
pub(super) fn attest(
    key: &SigningKey,
    region: &Region,
    delivery: &Delivery,
    body: &Body,
    original: Option<Digest>,
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
        "original": original.map(digest),
        "losses": delivery.losses,
        "test": delivery.test,
    });
    key.sign(ATTESTATION, payload.to_string().as_bytes())
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
        let first = attest(&signing, &region, &delivery, &body, Some(Digest::of(b"original")));
        delivery.attempts += 1;
        assert_eq!(first, attest(&signing, &region, &delivery, &body, Some(Digest::of(b"original"))));
        let payload = key::verify(&first, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["delivery"], delivery.id.to_string());
        assert_eq!(payload["digest"], digest(Digest::of(b"<cod/>")));
        assert_eq!(payload["original"], digest(Digest::of(b"original")));
    }
}
