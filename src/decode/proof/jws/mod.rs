//! A signature beside a document: a detached JWS (RFC 7515, appendix F) in the header `CoO-Signature`.
//!
//! JSON and CSV have no place for a signature of their own, so the official signs the bytes of the body, and the
//! header carries `<protected>..<signature>`. The protected header names the algorithm and brings the official's leaf
//! (`x5c`). What could make a verifier fetch a key, or believe one from the message, is refused: `jku`, `x5u`, `jwk`.
//!
//! **Invariant:** a [`Signer`] from here made this signature over exactly these bytes, with the key of the leaf
//! returned. Whose leaf that is, and whether it counted when the signature was made, is for the registry to say. The
//! envelope's headers are not covered.
//!
//! Fed by `intake` with the header and the body as received. [`sign`] makes such a header, for members who try.

mod header;
pub mod sign;

use std::borrow::Cow;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use x509_parser::{certificate::X509Certificate, parse_x509_certificate};

use super::{Signer, SignerRole, algorithm::Key};
use crate::model::{finding::Finding, id::Digest, reason::Reason};

/// Longest `CoO-Signature`, in characters: a chain of three RSA leaves takes 7,000.
pub const HEADER_CHARACTERS_MAX: usize = 12_288;
/// Media type of a JWS, under which the header's value is stored.
pub const MEDIA_TYPE: &str = "application/jose";
/// Most leaves and anchors in one `x5c`.
pub const CHAIN_MAX: usize = 8;

/// What a JWS is made with (RFC 7518 §3.1, RFC 8037 §3.1). The list is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.
    Es256,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Es256, Self::Ps256, Self::Rs256, Self::EdDsa];

    /// The value of `alg`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.word() == word)
    }

    fn key(self) -> Key {
        match self {
            Self::Es256 => Key::P256,
            Self::Ps256 | Self::Rs256 => Key::Rsa,
            Self::EdDsa => Key::Ed25519,
        }
    }

    fn mathematics(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::EdDsa => &ED25519,
        }
    }
}

/// Verifies a detached JWS over a body.
///
/// # Errors
/// One severe finding: `proof-structure` where header or leaf cannot be read or say too much, `proof-algorithm` where
/// algorithm or key are not taken, `proof-invalid` where the mathematics disagrees.
pub fn verify(detached: &str, body: &[u8]) -> Result<Signer, Finding> {
    if detached.len() > HEADER_CHARACTERS_MAX {
        return Err(structure(format!("has at most {HEADER_CHARACTERS_MAX} characters")));
    }
    let parts: Vec<&str> = detached.split('.').collect();
    let &[protected, "", signature] = parts.as_slice() else {
        return Err(structure("is <protected>..<signature>, with nothing between the two points"));
    };
    let header = header::read(&decoded(protected)?)?;
    let signature = decoded(signature)?;
    let leaf_der = header.chain.first().cloned().unwrap_or_default();
    let leaf = readable(&leaf_der)?;
    links(&header.chain)?;
    if Key::of(leaf.public_key()) != Some(header.algorithm.key()) {
        let advice = "is made with RSA of 2048 to 8192 bits, P-256 or Ed25519, by the algorithm of that key";
        return Err(about(Reason::ProofAlgorithm, advice));
    }
    let leaf_digest = Digest::of(&leaf_der);
    if header.thumbprint.is_some_and(|stated| stated != leaf_digest) {
        return Err(structure("has an x5t#S256 that is not the digest of its leaf"));
    }
    let key = leaf.public_key().subject_public_key.data.as_ref();
    let key = UnparsedPublicKey::new(header.algorithm.mathematics(), key);
    if key.verify(&signed_bytes(protected, body), &signature).is_err() {
        let advice =
            "does not verify with its own leaf; sign the very bytes that are sent, and send them unchanged";
        return Err(about(Reason::ProofInvalid, advice));
    }
    let subject = leaf.subject().to_string();
    Ok(Signer { role: SignerRole::Official, leaf_digest, leaf_der, subject, signed_at: header.signed_at })
}

/// What is signed: both parts in base64url, a point between (RFC 7515 §5.1).
fn signed_bytes(protected: &str, body: &[u8]) -> Vec<u8> {
    format!("{protected}.{}", URL_SAFE_NO_PAD.encode(body)).into_bytes()
}

fn decoded(part: &str) -> Result<Vec<u8>, Finding> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| structure("is in base64url without padding (RFC 7515 §2)"))
}

fn readable(der: &[u8]) -> Result<X509Certificate<'_>, Finding> {
    let parsed = parse_x509_certificate(der).ok().filter(|(rest, _)| rest.is_empty());
    parsed.map(|(_, leaf)| leaf).ok_or_else(|| structure("has in x5c a leaf, and those above it, in DER"))
}

/// Each of a chain is issued under the name of the next (RFC 7515 §4.1.6). None above the leaf is trusted for it.
fn links(chain: &[Vec<u8>]) -> Result<(), Finding> {
    for (below, above) in chain.iter().zip(chain.iter().skip(1)) {
        if readable(below)?.issuer() != readable(above)?.subject() {
            return Err(structure(
                "has in x5c the signer's leaf first, then each that issued the one before",
            ));
        }
    }
    Ok(())
}

fn structure(advice: impl Into<Cow<'static, str>>) -> Finding {
    about(Reason::ProofStructure, advice)
}

/// A finding about the header as a whole; `advice` says what it is, has or does.
fn about(reason: Reason, advice: impl Into<Cow<'static, str>>) -> Finding {
    Finding::severe(reason, format!("CoO-Signature {}", advice.into()))
}
