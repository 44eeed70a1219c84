//! Making a detached JWS: for `coohub push`, samples and tests. The hub itself never signs a national document.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use x509_parser::parse_x509_certificate;

use super::{Algorithm, signed_bytes};
use crate::{decode::proof::algorithm::Key, model::time::Timestamp};

/// An official's leaf with its private key. Not `Debug`: it holds key material.
pub struct Official {
    /// Leaf, then those above it, DER.
    pub chain: Vec<Vec<u8>>,
    /// Private key, PKCS#8, DER: RSA of 2048 bits or more, P-256 or Ed25519.
    pub key_pkcs8_der: Vec<u8>,
}

/// Why nothing was signed; says nothing of the key itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The leaf cannot be read.
    #[error("the leaf to sign with cannot be read")]
    Leaf,
    /// The leaf's key is of a kind the hub does not take.
    #[error("the leaf to sign with has no RSA key of 2048 bits or more, P-256 or Ed25519 key")]
    Kind,
    /// The key is no PKCS#8, of another kind than the leaf's, or not the leaf's at all.
    #[error("the key to sign with does not fit its leaf; it must be in PKCS#8")]
    Key,
}

/// Makes the value of `CoO-Signature` over a body, by the algorithm of the leaf's key (RSA: PS256).
///
/// # Errors
/// [`Error`].
pub fn sign(body: &[u8], official: &Official, at: Option<Timestamp>) -> Result<String, Error> {
    let leaf = official.chain.first().ok_or(Error::Leaf)?;
    let (_, parsed) = parse_x509_certificate(leaf).map_err(|_| Error::Leaf)?;
    let algorithm = match Key::of(parsed.public_key()) {
        Some(Key::Rsa) => Algorithm::Ps256,
        Some(Key::P256) => Algorithm::Es256,
        Some(Key::Ed25519) => Algorithm::EdDsa,
        _ => return Err(Error::Kind),
    };
    let detached = sign_as(algorithm, body, official, at)?;
    // A key that is not the leaf's is noticed here and not by the hub.
    super::verify(&detached, body).map(|_| detached).map_err(|_| Error::Key)
}

/// As [`sign`], by an algorithm of the caller's choice, and not verified.
///
/// # Errors
/// [`Error::Key`].
pub fn sign_as(
    algorithm: Algorithm,
    body: &[u8],
    official: &Official,
    at: Option<Timestamp>,
) -> Result<String, Error> {
    let chain: Vec<String> = official.chain.iter().map(|der| STANDARD.encode(der)).collect();
    let mut header = json!({"alg": algorithm.word(), "x5c": chain});
    if let (Some(at), Some(members)) = (at, header.as_object_mut()) {
        members.insert("iat".into(), json!(at.0.div_euclid(1000)));
    }
    let protected = URL_SAFE_NO_PAD.encode(header.to_string());
    let signature = signature(algorithm, &official.key_pkcs8_der, &signed_bytes(&protected, body));
    Ok(format!("{protected}..{}", URL_SAFE_NO_PAD.encode(signature.ok_or(Error::Key)?)))
}

/// The raw signature over bytes; none when the key is of another kind.
pub fn signature(algorithm: Algorithm, key_pkcs8_der: &[u8], signed: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key_pkcs8_der).ok()?;
            Some(pair.sign(&random, signed).ok()?.as_ref().to_vec())
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key_pkcs8_der).ok()?;
            Some(pair.sign(signed).as_ref().to_vec())
        }
        Algorithm::Ps256 | Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(key_pkcs8_der).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            let padding = if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
            pair.sign(padding, &random, signed, &mut signature).ok()?;
            Some(signature)
        }
    }
}
