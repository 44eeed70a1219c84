//! Keys that sign evidence. The hub's own, with the published set: EdDSA over Ed25519, named by RFC 7638 thumbprint; and
//! those of targets that sign receipts, which may use ES256 (ECDSA on P-256) as well.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::model::{id::Digest, time::Timestamp};

/// Longest compact JWS that is read, in bytes.
pub const JWS_BYTES_MAX: usize = 1 << 20;

/// The key the hub signs with now.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    id: String,
}

/// A public key, with the time it was in use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    /// `kid`: what its set calls it, else the RFC 7638 thumbprint.
    pub id: String,
    /// What it verifies.
    pub kind: Kind,
    /// The raw public key: 32 bytes of Ed25519, or an uncompressed point of P-256.
    pub raw: Vec<u8>,
    /// First use, where known.
    pub from: Option<Timestamp>,
    /// Last use, for keys no longer signed with.
    pub until: Option<Timestamp>,
}

/// A kind of key, and with it the one algorithm its signatures are made by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Ed25519, EdDSA (RFC 8037).
    Ed25519,
    /// P-256, ES256 (RFC 7518 §3.4).
    P256,
}

/// Why a JWS is not evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unverified {
    /// Not three base64url parts, or over [`JWS_BYTES_MAX`].
    #[error("not a compact JWS")]
    Malformed,
    /// No key named, an algorithm other than that of the key, or a header that asks for more.
    #[error("the header has not kid and the alg of that key, or has crit")]
    Header,
    /// Evidence of another kind.
    #[error("the typ is another")]
    Type,
    /// The key is not in the set.
    #[error("signed with a key that is not in the set")]
    UnknownKey,
    /// The signature does not fit the bytes.
    #[error("the signature does not fit")]
    Signature,
}

impl SigningKey {
    /// Reads a PKCS#8 private key in DER.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
        let id = thumbprint(Kind::Ed25519, pair.public_key().as_ref());
        Some(Self { pair, id })
    }

    /// Makes a new key: PKCS#8 in DER. `None` only when the system has no randomness.
    #[must_use]
    pub fn generate() -> Option<Vec<u8>> {
        Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
            .ok()
            .map(|der| der.as_ref().to_vec())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let raw = self.pair.public_key().as_ref().to_vec();
        PublicKey { id: self.id.clone(), kind: Kind::Ed25519, raw, from: None, until: None }
    }

    /// Signs a payload as compact JWS; `kind` is the `typ` header.
    #[must_use]
    pub fn sign(&self, kind: &str, payload: &[u8]) -> String {
        let header = json!({"alg": "EdDSA", "kid": self.id, "typ": kind}).to_string();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl PublicKey {
    /// The key as a JWK (RFC 8037) with `nbf` and `exp` in seconds where known.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        let mut jwk = match (self.kind, self.raw.as_slice()) {
            (Kind::P256, [_, point @ ..]) => {
                let (x, y) = point.split_at(point.len() / 2);
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y})
            }
            (_, raw) => json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": self.id, "x": URL_SAFE_NO_PAD.encode(raw),
            }),
        };
        if let Value::Object(members) = &mut jwk {
            for (name, at) in [("nbf", self.from), ("exp", self.until)] {
                if let Some(at) = at {
                    members.insert(name.into(), json!(at.0 / 1000));
                }
            }
        }
        jwk
    }

    /// Whether it may be believed at an instant.
    #[must_use]
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Reads one key of a JWK set.
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|raw| raw.len() == 32);
        let (kind, raw) = match (text("kty")?, text("crv")?) {
            ("OKP", "Ed25519") => (Kind::Ed25519, bytes("x")?),
            // An uncompressed point (SEC 1 §2.3.3).
            ("EC", "P-256") => (Kind::P256, [&[4][..], &bytes("x")?, &bytes("y")?].concat()),
            _ => return None,
        };
        let seconds =
            |name: &str| jwk.get(name).and_then(Value::as_i64).map(|s| Timestamp(s.saturating_mul(1000)));
        let id = text("kid").map_or_else(|| thumbprint(kind, &raw), str::to_owned);
        Some(Self { id, kind, raw, from: seconds("nbf"), until: seconds("exp") })
    }
}

/// Verifies a compact JWS against a key set and gives its payload.
///
/// # Errors
/// [`Unverified`] says which part is wrong. Keys inside the JWS itself are never used.
pub fn verify(jws: &str, keys: &[PublicKey]) -> Result<Vec<u8>, Unverified> {
    open(jws, keys).map(|(_, payload)| payload)
}

/// As [`verify`], of a JWS whose `typ` must be `kind`: what was signed for another purpose is no evidence of this one.
///
/// # Errors
/// [`Unverified`].
pub fn verify_as(kind: &str, jws: &str, keys: &[PublicKey]) -> Result<Vec<u8>, Unverified> {
    let (header, payload) = open(jws, keys)?;
    if header.get("typ").and_then(Value::as_str) == Some(kind) { Ok(payload) } else { Err(Unverified::Type) }
}

fn open(jws: &str, keys: &[PublicKey]) -> Result<(Value, Vec<u8>), Unverified> {
    if jws.len() > JWS_BYTES_MAX {
        return Err(Unverified::Malformed);
    }
    let (signed, signature) = jws.trim().rsplit_once('.').ok_or(Unverified::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Unverified::Malformed)?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unverified::Malformed);
    let header: Value = serde_json::from_slice(&bytes(header)?).map_err(|_| Unverified::Header)?;
    let member = |name: &str| header.get(name).and_then(Value::as_str);
    let id = member("kid").filter(|_| header.get("crit").is_none()).ok_or(Unverified::Header)?;
    let key = keys.iter().find(|key| key.id == id).ok_or(Unverified::UnknownKey)?;
    let (word, mathematics) = key.kind.algorithm();
    if member("alg") != Some(word) {
        return Err(Unverified::Header);
    }
    UnparsedPublicKey::new(mathematics, &key.raw)
        .verify(signed.as_bytes(), &bytes(signature)?)
        .map_err(|_| Unverified::Signature)?;
    let payload = bytes(payload)?;
    Ok((header, payload))
}

impl Kind {
    fn algorithm(self) -> (&'static str, &'static dyn VerificationAlgorithm) {
        match self {
            Self::Ed25519 => ("EdDSA", &ED25519),
            Self::P256 => ("ES256", &ECDSA_P256_SHA256_FIXED),
        }
    }
}

/// RFC 7638 over the members that RFC 8037 and RFC 7518 require, in their order.
fn thumbprint(kind: Kind, raw: &[u8]) -> String {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let canonical = match (kind, raw) {
        (Kind::P256, [_, point @ ..]) => {
            let (x, y) = point.split_at(point.len() / 2);
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text(x), text(y))
        }
        (_, raw) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(raw)),
    };
    URL_SAFE_NO_PAD.encode(Digest::of(canonical.as_bytes()).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_receipt_verifies_with_the_published_set_and_not_after_a_change() {
        let key = key();
        let jws = key.sign("coohub-receipt+jws", b"{}");
        let published = PublicKey::from_jwk(&key.public().to_jwk()).unwrap();
        assert_eq!(verify(&jws, std::slice::from_ref(&published)), Ok(b"{}".to_vec()));

        let (head, signature) = jws.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(b"[]"));
        assert_eq!(verify(&forged, &[published]), Err(Unverified::Signature));
    }

    #[test]
    fn a_foreign_key_and_another_algorithm_are_refused() {
        let jws = key().sign("coohub-receipt+jws", b"{}");
        assert_eq!(verify(&jws, &[key().public()]), Err(Unverified::UnknownKey));
        let none = format!("{}.e30.", URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#));
        assert_eq!(verify(&none, &[key().public()]), Err(Unverified::Header));
        assert_eq!(verify("nonsense", &[]), Err(Unverified::Malformed));
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_appendix_a() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(Kind::Ed25519, &x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
