//! A target's receipt: its word, signed, that it stored a delivery.
//!
//! A compact JWS (EdDSA or ES256, `kid`, `typ` as [`DELIVERED`]) whose payload names the delivery and the digest of its
//! bytes; other members are the target's own affair and are kept with it:
//! ```json
//! {"delivery": "019ab…", "digest": "sha-256:<64 hex>", "received": "2026-07-03T10:00:00Z"}
//! ```

use serde_json::Value;

use super::{
    key::{self, PublicKey, Unverified},
    receipt,
};
use crate::model::{
    id::{DeliveryId, Digest},
    time::Timestamp,
};

/// `typ` of a target's receipt.
pub const DELIVERED: &str = "coohub-delivered+jws";
/// Media type of an answer that is one.
pub const MEDIA_TYPE: &str = "application/jose";
/// Longest receipt that is taken, in bytes: it is kept with the attempt.
pub const RECEIPT_BYTES_MAX: usize = 8 * 1024;

/// Why a receipt is no evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unproven {
    /// Over [`RECEIPT_BYTES_MAX`].
    #[error("receipt-too-long")]
    TooLong,
    /// Not signed, not by a key of the member's, or not as a receipt.
    #[error("receipt-unverified: {0}")]
    Unverified(#[from] Unverified),
    /// It is about another delivery or other bytes.
    #[error("receipt-mismatch")]
    Mismatch,
}

/// Proves a receipt: signed at `now` by one of these keys, about this delivery with these bytes.
///
/// # Errors
/// [`Unproven`], its words beginning with a code.
pub fn prove(
    jws: &str,
    keys: &[PublicKey],
    (delivery, digest): (DeliveryId, Digest),
    now: Timestamp,
) -> Result<(), Unproven> {
    if jws.len() > RECEIPT_BYTES_MAX {
        return Err(Unproven::TooLong);
    }
    let keys: Vec<PublicKey> = keys.iter().filter(|key| key.counts_at(now)).cloned().collect();
    let payload = key::verify_as(DELIVERED, jws, &keys)?;
    let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let says = |name: &str, value: String| payload.get(name).and_then(Value::as_str) == Some(value.as_str());
    let meant = says("delivery", delivery.to_string()) && says("digest", receipt::digest(digest));
    if meant { Ok(()) } else { Err(Unproven::Mismatch) }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::evidence::key::SigningKey;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn delivery() -> (DeliveryId, Digest) {
        (DeliveryId(uuid::Uuid::from_u128(7)), Digest::of(b"<cod/>"))
    }

    fn payload((id, digest): (DeliveryId, Digest)) -> Vec<u8> {
        json!({"delivery": id.to_string(), "digest": receipt::digest(digest), "received": "now"})
            .to_string()
            .into()
    }

    fn signing() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_receipt_proves_its_own_delivery_with_its_own_bytes_and_no_other() {
        let key = signing();
        let keys = [key.public()];
        let (id, digest) = delivery();
        let jws = key.sign(DELIVERED, &payload((id, digest)));
        assert_eq!(prove(&jws, &keys, (id, digest), NOW), Ok(()));
        assert_eq!(prove(&jws, &keys, (id, Digest::of(b"other")), NOW), Err(Unproven::Mismatch));
        let other = DeliveryId(uuid::Uuid::from_u128(8));
        assert_eq!(prove(&jws, &keys, (other, digest), NOW), Err(Unproven::Mismatch));
        assert_eq!(prove(&key.sign(DELIVERED, b"7"), &keys, (id, digest), NOW), Err(Unproven::Mismatch));
    }

    #[test]
    fn the_hubs_own_attestation_of_the_delivery_is_no_receipt_of_it() {
        let key = signing();
        let jws = key.sign(receipt::ATTESTATION, &payload(delivery()));
        let found = prove(&jws, &[key.public()], delivery(), NOW);
        assert_eq!(found, Err(Unproven::Unverified(Unverified::Type)));
    }

    #[test]
    fn a_key_counts_from_its_first_to_its_last_use() {
        let key = signing();
        let jws = key.sign(DELIVERED, &payload(delivery()));
        let at = |from: Option<i64>, until: Option<i64>| {
            let key = PublicKey { from: from.map(Timestamp), until: until.map(Timestamp), ..key.public() };
            prove(&jws, &[key], delivery(), NOW).is_ok()
        };
        assert!(at(Some(NOW.0), Some(NOW.0 + 1)) && at(None, None));
        assert!(!at(Some(NOW.0 + 1), None) && !at(None, Some(NOW.0)));
        let strange = prove(&jws, &[signing().public()], delivery(), NOW);
        assert_eq!(strange, Err(Unproven::Unverified(Unverified::UnknownKey)));
    }

    #[test]
    fn a_receipt_has_its_length_and_no_more() {
        let key = signing();
        let of = |filler: usize| {
            let (id, digest) = delivery();
            let text = json!({"delivery": id.to_string(), "digest": receipt::digest(digest), "x": "x".repeat(filler)});
            key.sign(DELIVERED, text.to_string().as_bytes())
        };
        let (mut filler, mut jws) = (0, of(0));
        while of(filler + 1).len() <= RECEIPT_BYTES_MAX {
            filler += 1;
            jws = of(filler);
        }
        assert_eq!(prove(&jws, &[key.public()], delivery(), NOW), Ok(()));
        let found = prove(&of(filler + 3), &[key.public()], delivery(), NOW);
        assert_eq!(found, Err(Unproven::TooLong));
    }

    #[test]
    fn es256_counts_with_a_key_of_p256_and_only_under_its_own_name() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "2026", "x": text(&point[1..33]), "y": text(&point[33..])});
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).as_ref(), Some(&key));
        let signed = |alg: &str| {
            let header = json!({"alg": alg, "kid": "2026", "typ": DELIVERED}).to_string();
            let signed = format!("{}.{}", text(header.as_bytes()), text(&payload(delivery())));
            let signature = pair.sign(&random, signed.as_bytes()).unwrap();
            format!("{signed}.{}", text(signature.as_ref()))
        };
        assert_eq!(prove(&signed("ES256"), std::slice::from_ref(&key), delivery(), NOW), Ok(()));
        let found = prove(&signed("EdDSA"), &[key], delivery(), NOW);
        assert_eq!(found, Err(Unproven::Unverified(Unverified::Header)));
    }
}
