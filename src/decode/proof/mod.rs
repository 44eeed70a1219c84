//! Signatures inside documents, verified on the very tree that is mapped, and beside them, over their very bytes.
//!
//! One profile of signatures inside: `xmldsig-cod`, the two XML signatures of an ALADI certificate (di 2327 Rev. 13, §4.3.4). The
//! exporter's stands beside `COD` and covers it; the official's stands beside `CODEH` and covers it, the exporter's
//! signature within. What the specification leaves open about XML signatures is closed here: places, references,
//! transforms and algorithms are held to a list *before* the library runs, because the library also resolves
//! references to local files and verifies whatever it finds first.
//!
//! **Invariant:** a [`Proof`] means that the element `map` reads is the element that was signed, by the key of the
//! leaf returned. It does not say whose leaf that is, nor that it was valid at any time: the caller decides that
//! against the signers in the member's file. Nothing is fetched and no file is read.
//!
//! Beside a document of any format an official may send a detached JWS over its bytes ([`jws`]).
//!
//! Fed by `intake` with the tree of a decoded document. Signing ([`sign`]) is for samples, the demo and tests.

pub mod algorithm;
mod grammar;
pub mod jws;
mod place;
pub mod sign;

use bergshamra_dsig::{DsigContext, VerifyResult, verify::verify_all_document};
use bergshamra_keys::{KeysManager, loader::load_x509_cert_der};
use x509_parser::parse_x509_certificate;

use self::{
    algorithm::{Algorithm, Key},
    place::Place,
};
use super::{wrapping::Wrapped, xml::Tree};
use crate::model::{finding::Finding, id::Digest, reason::Reason, value::Date};

/// How documents of a format are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// ALADI COD: XML signatures of exporter and official.
    XmldsigCod,
}

impl Profile {
    /// The profile of a word in a format table.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        (word == Self::XmldsigCod.word()).then_some(Self::XmldsigCod)
    }

    /// The word in a format table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::XmldsigCod => "xmldsig-cod",
        }
    }
}

/// In what capacity somebody signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SignerRole {
    /// The exporter, over the declaration.
    Exporter,
    /// The official of the issuing body, over the whole certificate.
    Official,
}

impl SignerRole {
    /// The word in receipts and problems.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exporter => "exporter",
            Self::Official => "official",
        }
    }
}

/// Who made a signature, by the leaf whose key verified it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// Capacity, by the place of the signature.
    pub role: SignerRole,
    /// The leaf from the signature's own `KeyInfo`, DER.
    pub leaf_der: Vec<u8>,
    /// SHA-256 of the leaf's DER.
    pub leaf_digest: Digest,
    /// Subject of the leaf, RFC 4514 style. Names a person: for evidence, never for a log.
    pub subject: String,
    /// When the signature was made, as the signature itself states under its own cover; none where its form has no
    /// place for that. A claim of the signer, not a time-stamp.
    pub signed_at: Option<Date>,
}

/// Verified signatures. An absent one is `None`; whether it may be absent is for the agreement to say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proof {
    /// Who signed the declaration.
    pub exporter: Option<Signer>,
    /// Who signed the certificate.
    pub official: Option<Signer>,
    /// The wrapper the document came in: it shows that nothing was changed, and not who issued it.
    pub wrapped: Option<Wrapped>,
}

impl Proof {
    /// The same proof with the signer of a signature beside the document ([`jws`]).
    ///
    /// A format without signatures of its own takes that signer as the official. Where it has its own, both must be
    /// of one leaf, and the one beside never stands in for one that lacks inside.
    ///
    /// # Errors
    /// `proof-structure` when the two were made with different leaves.
    pub fn with_detached(self, own: Option<Profile>, signer: Signer) -> Result<Self, Finding> {
        match (own, &self.official) {
            (None, _) => Ok(Self { official: Some(signer), ..self }),
            (Some(_), None) => Ok(self),
            (Some(_), Some(official)) if official.leaf_digest == signer.leaf_digest => {
                Ok(Self { official: Some(signer), ..self })
            }
            (Some(_), Some(_)) => {
                let advice = "CoO-Signature was made with another leaf than the official's signature in the document; use one leaf for both, or leave the header out";
                Err(Finding::severe(Reason::ProofStructure, advice))
            }
        }
    }
}

/// Verifies the signatures of a document by the algorithms its format takes.
///
/// # Errors
/// Every signature that is present and bad: `proof-structure` where it or what it covers stands wrongly,
/// `proof-algorithm` where it uses what is not taken, `proof-invalid` where the mathematics disagrees.
pub fn verify(profile: Profile, tree: &Tree, taken: &[Algorithm]) -> Result<Proof, Vec<Finding>> {
    match profile {
        Profile::XmldsigCod => verify_cod(tree, taken),
    }
}

fn verify_cod(tree: &Tree, taken: &[Algorithm]) -> Result<Proof, Vec<Finding>> {
    let places = place::places(tree).map_err(|finding| vec![finding])?;
    if places.is_empty() {
        return Ok(Proof::default());
    }
    let mut findings = Vec::new();
    let mut signers = Vec::new();
    for place in &places {
        match grammar::leaf(tree, place, taken).and_then(|leaf| signer(tree, place, leaf)) {
            Ok(signer) => signers.push(signer),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() {
        findings = mathematics(tree, &places, &signers);
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut proof = Proof::default();
    for signer in signers {
        match signer.role {
            SignerRole::Exporter => proof.exporter = Some(signer),
            SignerRole::Official => proof.official = Some(signer),
        }
    }
    Ok(proof)
}

fn signer(
    tree: &Tree,
    place: &Place,
    (algorithm, leaf_der): (Algorithm, Vec<u8>),
) -> Result<Signer, Finding> {
    let (_, leaf) =
        parse_x509_certificate(&leaf_der).ok().filter(|(rest, _)| rest.is_empty()).ok_or_else(|| {
            bad(tree, place, Reason::ProofStructure, "put the signer's leaf into X509Data, readable")
        })?;
    if Key::of(leaf.public_key()) != Some(algorithm.key()) {
        let advice = "sign with RSA of 2048 to 8192 bits, P-256 or P-384, by the algorithm of that key";
        return Err(bad(tree, place, Reason::ProofAlgorithm, advice));
    }
    let subject = leaf.subject().to_string();
    Ok(Signer { role: place.role, leaf_digest: Digest::of(&leaf_der), leaf_der, subject, signed_at: None })
}

/// A finding about one of the signatures.
fn bad(tree: &Tree, place: &Place, reason: Reason, advice: &str) -> Finding {
    let advice = format!("{} signature: {advice}", place.role.word());
    Finding::severe(reason, advice).at(tree.position(place.signature))
}

/// Runs the library on a tree whose signatures passed the profile, and holds its answer to what the profile found.
fn mathematics(tree: &Tree, places: &[Place], signers: &[Signer]) -> Vec<Finding> {
    let mut keys = KeysManager::new();
    for (place, signer) in places.iter().zip(signers) {
        match load_x509_cert_der(&signer.leaf_der) {
            Ok(key) => keys.add_key(key),
            Err(_) => {
                return vec![bad(
                    tree,
                    place,
                    Reason::ProofAlgorithm,
                    "sign with an RSA, P-256 or P-384 key",
                )];
            }
        }
    }
    // Trusts only the keys given to it, and reports per signature, in document order, the order of places.
    let results = match verify_all_document(&DsigContext::new(keys), tree.parsed()) {
        Ok(results) if results.len() == places.len() => results,
        _ => {
            let place = places.iter().take(1);
            return place
                .map(|place| bad(tree, place, Reason::ProofInvalid, "cannot be processed"))
                .collect();
        }
    };
    let judged = places.iter().zip(signers).zip(&results);
    let failed = judged.filter(|((place, signer), result)| !confirms(result, place, signer));
    let advice = "does not verify with its own leaf; sign again, and send the signed bytes unchanged";
    failed.map(|((place, _), _)| bad(tree, place, Reason::ProofInvalid, advice)).collect()
}

/// Whether the library verified this signature, over this element, with this leaf.
fn confirms(result: &VerifyResult, place: &Place, signer: &Signer) -> bool {
    let VerifyResult::Valid { signature_node, references, key_info } = result else { return false };
    let covers = matches!(references.as_slice(), [only]
        if only.digest_verified && only.resolved_node == Some(place.signed));
    *signature_node == place.signature && covers && key_info.x509_chain.first() == Some(&signer.leaf_der)
}
