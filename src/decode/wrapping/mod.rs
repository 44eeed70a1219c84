//! Documents inside a wrapper that proves they were not changed: opened after parsing and before recognition.
//!
//! One wrapper is taken, OpenAttestation 2.0: each value of `data` is salted (`<uuid>:<type>:<value>`), `targetHash`
//! is a digest over the digests of all values (`salt`), and a merkle proof leads from it to `merkleRoot`
//! (`merkle`). All of it is recomputed on the very tree that is mapped; then the salt is taken off, and each value
//! gets the type the salt names, with the line and column it has in the original.
//!
//! **Invariant:** a [`Wrapped`] means that the values are those that were hashed. It says nothing of who did that:
//! anybody can wrap. Who it was is written on a block chain, in DNS or in a DID document, and the hub fetches nothing;
//! so a wrapper is never an official's signature. The original bytes stay as they came.
//!
//! Fed by [`decode`](super::decode) with every JSON document; a table says whether its documents may come wrapped.

mod merkle;
mod salt;

use std::fmt;

use serde_json::Value;

use self::merkle::{hash, leads};
use super::document::{Document, Node, Scalar};
use crate::model::{finding::Finding, finding::Position, reason::Reason};

/// Most steps of a merkle proof: a batch of four thousand million documents.
pub const PROOF_STEPS_MAX: usize = 32;
/// Most values a wrapper may hide.
pub const HIDDEN_VALUES_MAX: usize = 10_000;

/// How OpenAttestation 2.0 calls itself.
const VERSIONS: [&str; 2] = ["open-attestation/2.0", "https://schema.openattestation.com/2.0/schema.json"];
const FAMILY: [&str; 2] = ["open-attestation/", "https://schema.openattestation.com/"];
const CREDENTIALS: [&str; 2] =
    ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"];
const SIGNATURE: &str = "SHA3MerkleProof";
/// What may stand beside `data`; nothing else is covered by the hash, and nothing of it is mapped.
const MEMBERS: [&str; 7] = ["version", "schema", "data", "signature", "privacy", "attachments", "proof"];

/// A wrapper that is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrapping {
    /// OpenAttestation 2.0.
    OpenAttestation2,
}

impl Wrapping {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::OpenAttestation2];

    /// The word in a format table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenAttestation2 => "openattestation-2",
        }
    }
}

/// A Keccak-256 digest, the hash of OpenAttestation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Keccak(pub [u8; 32]);

impl fmt::Display for Keccak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A wrapper that was opened, and what was recomputed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrapped {
    /// Which one.
    pub wrapping: Wrapping,
    /// Digest over all values of the document.
    pub target_hash: Keccak,
    /// Root of the batch the document was wrapped in.
    pub merkle_root: Keccak,
    /// Values that whoever passed the document on has hidden; only their digests are there.
    pub hidden: usize,
    /// Whether the wrapper carries a signature under a DID, which the hub does not verify.
    pub did_signed: bool,
}

impl Wrapped {
    /// What the source is told: that the wrapper fits, and what that does not show.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let unverified = if self.did_signed { "; its signature under a DID was not verified" } else { "" };
        let fits = format!(
            "the OpenAttestation 2.0 wrapper fits the document: target hash {}, merkle root {}; it does not show who \
             issued it{unverified}",
            self.target_hash, self.merkle_root
        );
        let mut findings = vec![Finding::info(Reason::Wrapped, fits)];
        if self.hidden > 0 {
            let advice =
                format!("{} values of the document are hidden; send it with all of them", self.hidden);
            findings.push(Finding::warning(Reason::Wrapped, advice));
        }
        findings
    }
}

/// What was inside a wrapper.
pub struct Opened {
    /// The document.
    pub document: Document,
    /// The same as JSON, for who judges text and no tree.
    pub json: Vec<u8>,
    /// What was recomputed.
    pub wrapped: Wrapped,
}

/// Opens the wrapper of a JSON document; `bytes` are those it was read from. None when it is not in the one taken.
///
/// # Errors
/// `proof-structure` where the wrapper is not of its form, `proof-invalid` where a hash does not fit.
pub fn opened(document: &Document, bytes: &[u8]) -> Result<Option<Opened>, Finding> {
    let root = &document.root;
    if !text(root, "version").is_some_and(|version| VERSIONS.contains(&version)) {
        return Ok(None);
    }
    if let Some(other) = root.children.iter().find(|child| !MEMBERS.contains(&child.name.as_str())) {
        let advice = "take out what the wrapper's hash does not cover";
        return Err(structure(other, &format!("/{}", salt::step(&other.name)), advice));
    }
    let data = root.child("data").filter(|data| data.scalar == Scalar::Branch && !data.listed);
    let data = data.ok_or_else(|| structure(root, "", "put the document into data, as an object"))?;
    let hidden = hidden(root)?;
    let seal = Seal::read(root)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let values: Value = serde_json::from_slice(text).map_err(|_| unlike(data))?;
    let unsalted = salt::unsalted(data, values.get("data").unwrap_or(&Value::Null))?;
    let target = merkle::target([unsalted.digests, hidden.clone()].concat());
    let invalid =
        |advice: &str| Finding::severe(Reason::ProofInvalid, advice).at(at(seal.node, "/signature"));
    if target != seal.target {
        return Err(invalid(
            "targetHash is not that of data: a value, its salt or its place was changed after wrapping",
        ));
    }
    if !leads(seal.target, &seal.steps, seal.root) {
        return Err(invalid("the proof does not lead from targetHash to merkleRoot"));
    }
    let wrapped = Wrapped {
        wrapping: Wrapping::OpenAttestation2,
        target_hash: target,
        merkle_root: seal.root,
        hidden: hidden.len(),
        did_signed: root.child("proof").is_some(),
    };
    Ok(Some(Opened {
        document: Document { syntax: document.syntax, root: unsalted.root },
        json: unsalted.value.to_string().into_bytes(),
        wrapped,
    }))
}

/// Advice for a document in a wrapper that is not taken, when no format takes it as it is.
#[must_use]
pub fn foreign(root: &Node) -> Option<&'static str> {
    let attestation = text(root, "version").is_some_and(|version| starts(version, &FAMILY))
        || root.child("signature").and_then(|node| text(node, "type")) == Some(SIGNATURE)
        || root.named("@context").any(|node| node.text.contains("openattestation.com"));
    let credential = root.named("@context").any(|node| CREDENTIALS.contains(&node.text.as_str()));
    if attestation {
        return Some(
            "of the OpenAttestation wrappers only 2.0 is taken; wrap by that, or send what is inside",
        );
    }
    credential.then_some("a W3C credential is taken only where a format reads it; send what is inside")
}

/// The signature of a wrapper.
struct Seal<'n> {
    node: &'n Node,
    target: Keccak,
    steps: Vec<Keccak>,
    root: Keccak,
}

impl<'n> Seal<'n> {
    fn read(wrapper: &'n Node) -> Result<Self, Finding> {
        let node = wrapper.child("signature").filter(|node| text(node, "type") == Some(SIGNATURE));
        let bad = |node: &Node, advice: &str| structure(node, "/signature", advice);
        let node = node.ok_or_else(|| bad(wrapper, "give a signature of type SHA3MerkleProof"))?;
        let one = |name: &str| {
            let found = node.child(name).filter(|node| !node.listed).and_then(hash);
            found.ok_or_else(|| {
                bad(node, "give targetHash and merkleRoot as 64 hexadecimal digits in small letters")
            })
        };
        let steps: Vec<&Node> = node.named("proof").collect();
        if steps.len() > PROOF_STEPS_MAX {
            return Err(bad(node, &format!("give a proof of at most {PROOF_STEPS_MAX} steps")));
        }
        let step = |step: &&Node| {
            let found = hash(step).filter(|_| step.listed);
            found
                .ok_or_else(|| bad(step, "give each step of proof as 64 hexadecimal digits in small letters"))
        };
        Ok(Self {
            node,
            target: one("targetHash")?,
            steps: steps.iter().map(step).collect::<Result<_, _>>()?,
            root: one("merkleRoot")?,
        })
    }
}

/// Digests of hidden values.
fn hidden(wrapper: &Node) -> Result<Vec<Keccak>, Finding> {
    let Some(privacy) = wrapper.child("privacy") else { return Ok(Vec::new()) };
    let entries: Vec<&Node> = privacy.named("obfuscatedData").collect();
    let bad = |node: &Node| {
        let advice =
            format!("list at most {HIDDEN_VALUES_MAX} digests of 64 hexadecimal digits in small letters");
        structure(node, "/privacy/obfuscatedData", &advice)
    };
    if entries.len() > HIDDEN_VALUES_MAX {
        return Err(bad(privacy));
    }
    entries.iter().map(|node| hash(node).filter(|_| node.listed).ok_or_else(|| bad(node))).collect()
}

fn starts(text: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| text.starts_with(start))
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.child(name).filter(|node| node.scalar == Scalar::Text && !node.listed).map(|node| node.text.as_str())
}

fn at(node: &Node, pointer: &str) -> Position {
    node.position(pointer)
}

fn structure(node: &Node, pointer: &str, advice: &str) -> Finding {
    Finding::severe(Reason::ProofStructure, advice).at(at(node, pointer))
}

/// Two readers of one text disagree: it is not ours to say which is right.
fn unlike(node: &Node) -> Finding {
    structure(node, "/data", "write data in plain JSON")
}
