//! Digests of OpenAttestation: of a document from those of its values, and of a batch from those of its documents.

use sha3::{Digest as _, Keccak256};

use super::Keccak;
use crate::decode::document::{Node, Scalar};

/// Keccak-256 of bytes: the padding before SHA-3 was made a standard.
pub(super) fn keccak(bytes: &[u8]) -> Keccak {
    Keccak(Keccak256::digest(bytes).into())
}

/// The digest of a document: over the JSON list of its values' digests, sorted.
pub(super) fn target(mut digests: Vec<Keccak>) -> Keccak {
    digests.sort_unstable();
    let list: Vec<String> = digests.iter().map(|digest| format!("\"{digest}\"")).collect();
    keccak(format!("[{}]", list.join(",")).as_bytes())
}

/// Whether the steps of a proof lead from a document to the root of its batch; each pair is sorted before it is hashed.
pub(super) fn leads(target: Keccak, steps: &[Keccak], root: Keccak) -> bool {
    let up = |one: Keccak, other: &Keccak| keccak(&[one.min(*other).0, one.max(*other).0].concat());
    steps.iter().fold(target, up) == root
}

/// A digest as wrappers write it: 64 hexadecimal digits in small letters.
pub(super) fn hash(node: &Node) -> Option<Keccak> {
    let digits = node.text.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if node.scalar != Scalar::Text || !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    Some(Keccak(bytes?.try_into().ok()?))
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}
