//! What the hub attests of every delivery: that these bytes are its rendering of that original, in this view.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    evidence::{
        key::SigningKey,
        receipt::{ATTESTATION, digest},
    },
    model::{id::Digest, judgement::Judgement},
    region::Region,
    store::record::{Body, Cargo, Delivery, View},
};

/// Most lost fields that an attestation names; it counts them all. Its header must fit into what servers take.
const LOSSES_MAX: usize = 32;

/// What an attestation is about.
#[derive(Clone, Copy)]
pub(super) struct Attested<'a> {
    pub(super) delivery: &'a Delivery,
    /// What is sent.
    pub(super) body: &'a Body,
    /// Digest of its bytes.
    pub(super) digest: Digest,
    /// Digest of what the source sent; only those with the full view are told it.
    pub(super) original: Option<Digest>,
    /// Digests of the attachments it came with; as `original`.
    pub(super) attachments: &'a [Digest],
    /// What was made of the official's signature on it, when it was accepted.
    pub(super) official: Option<&'a Judgement>,
}

/// Signs the attestation of a delivery: a compact JWS, the same for every attempt under one key.
#[must_use]
pub(super) fn attest(key: &SigningKey, region: &Region, attested: &Attested<'_>) -> String {
    let Attested { delivery, body, original, attachments, official, .. } = attested;
    // A digest is about many certificates, and kept with any one of their messages.
    let subject = Some(&delivery.subject).filter(|_| delivery.cargo != Cargo::Digest);
    // What a view leaves out is not a loss of its form, and that it was there at all is not the target's to know.
    let lost = if delivery.view == View::Full { delivery.losses.as_slice() } else { &[] };
    let payload = json!({
        "hub": region.hub,
        "region": region.id,
        "delivery": delivery.id.to_string(),
        "message": delivery.message.to_string(),
        "source": delivery.source.as_str(),
        "target": delivery.target.as_str(),
        "agreement": subject.map(|subject| subject.agreement.as_str()),
        "issuer": subject.map(|subject| &subject.issuer),
        "number": subject.map(|subject| &subject.number),
        "version": subject.and_then(|subject| subject.version),
        "view": delivery.view.word(),
        "format": body.format,
        "table": digest(body.table),
        "digest": digest(attested.digest),
        "original": original.map(digest),
        "attachments": attachments.iter().copied().map(digest).collect::<Vec<_>>(),
        "signer": official.map(|official| signer(official, original.is_some())),
        "losses": losses(lost),
        "lossesCount": lost.len(),
        "test": delivery.test,
    });
    key.sign(ATTESTATION, payload.to_string().as_bytes())
}

/// The verdict on the official's signature; whose leaf it was is told with the original, which shows it anyway.
fn signer(official: &Judgement, whole: bool) -> Value {
    json!({
        "verdict": official.verdict.word(),
        "scod": official.verdict.scod(),
        "leaf": whole.then(|| digest(official.leaf)),
    })
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
    use crate::{
        deliver::sample,
        evidence::key,
        model::judgement::{Capacity, Verdict},
        region::agreement::LinkState,
    };

    fn whole<'a>(delivery: &'a Delivery, body: &'a Body) -> Attested<'a> {
        let digest = Digest::of(&body.bytes);
        let original = Some(Digest::of(b"original"));
        Attested { delivery, body, digest, original, attachments: &[], official: None }
    }

    #[test]
    fn an_attestation_verifies_and_is_the_same_for_every_attempt() {
        let signing = sample::key();
        let region = sample::region(LinkState::Live);
        let mut delivery = sample::delivery(1);
        let body = sample::body(b"<cod/>");
        let first = attest(&signing, &region, &whole(&delivery, &body));
        delivery.attempts += 1;
        assert_eq!(first, attest(&signing, &region, &whole(&delivery, &body)));
        let payload = key::verify(&first, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["delivery"], delivery.id.to_string());
        assert_eq!(payload["digest"], digest(Digest::of(b"<cod/>")));
        assert_eq!(payload["original"], digest(Digest::of(b"original")));
    }

    #[test]
    fn the_verdict_on_the_official_is_told_to_all_and_the_leaf_to_those_who_see_the_original() {
        let official = Judgement {
            capacity: Capacity::Official,
            leaf: Digest::of(b"leaf"),
            subject: "CN=Ana Official".to_owned(),
            key: None,
            signed: None,
            verdict: Verdict::Good,
            rule: None,
            list: None,
        };
        let (signing, delivery, body) = (sample::key(), sample::delivery(1), sample::body(b"<cod/>"));
        let told = |original| {
            let attested = Attested { original, official: Some(&official), ..whole(&delivery, &body) };
            let jws = attest(&signing, &sample::region(LinkState::Live), &attested);
            let payload = key::verify(&jws, &[signing.public()]).unwrap();
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            assert!(!payload.to_string().contains("Ana"), "{payload}");
            payload["signer"].clone()
        };
        let leaf = digest(official.leaf);
        assert_eq!(
            told(Some(Digest::of(b"original"))),
            json!({"verdict": "good", "scod": "00", "leaf": leaf})
        );
        assert_eq!(told(None), json!({"verdict": "good", "scod": "00", "leaf": null}));
    }

    #[test]
    fn what_a_thousand_items_lost_fits_into_a_header() {
        let (signing, mut delivery) = (sample::key(), sample::delivery(1));
        let lost = |item: usize| [format!("items[{item}].information"), format!("items[{item}].parts[2].x")];
        delivery.losses = (1..=1_000).flat_map(lost).collect();
        let jws = attest(
            &signing,
            &sample::region(LinkState::Live),
            &Attested { original: None, ..whole(&delivery, &sample::body(b"a")) },
        );
        let payload = key::verify(&jws, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["losses"], json!(["items[].information", "items[].parts[].x"]));
        assert_eq!(payload["lossesCount"], 2_000);
        delivery.view = View::Minimised;
        let jws = attest(
            &signing,
            &sample::region(LinkState::Live),
            &Attested { original: None, ..whole(&delivery, &sample::body(b"a")) },
        );
        let payload = key::verify(&jws, &[signing.public()]).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!((&payload["losses"], &payload["lossesCount"]), (&json!([]), &json!(0)));
        delivery.losses = (0..=LOSSES_MAX).map(|field| format!("f{field}")).collect();
        assert_eq!(losses(&delivery.losses).len(), LOSSES_MAX);
    }
}
