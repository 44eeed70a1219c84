//! The protected header: a closed list of members, read as strictly as a document.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::{Algorithm, CHAIN_MAX, about, structure};
use crate::{
    decode::{
        document::{Node, Scalar},
        json,
        limit::Limits,
    },
    model::{finding::Finding, id::Digest, reason::Reason, value::Date},
};

/// Members that may stand in `crit`, because they are understood here; `b64` as true only.
const UNDERSTOOD: [&str; 3] = ["b64", "sigT", "iat"];
/// Members by which a message would bring or name its own key.
const KEYS_FROM_ELSEWHERE: [&str; 3] = ["jku", "x5u", "jwk"];

/// What a protected header says.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    /// The leaf and those above it, DER; never empty.
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) thumbprint: Option<Digest>,
    pub(super) signed_at: Option<Date>,
}

/// Reads a protected header. Members that nobody needs here (`typ`, `cty`, `kid`) are passed over, as RFC 7515 §4 says.
///
/// # Errors
/// `proof-structure` or `proof-algorithm`.
pub(super) fn read(bytes: &[u8]) -> Result<Header, Finding> {
    let document = json::decode(bytes, &Limits::DEFAULT)
        .map_err(|_| structure("has as its protected header one JSON object, each name once"))?;
    let root = &document.root;
    if let Some(name) = KEYS_FROM_ELSEWHERE.into_iter().find(|name| root.child(name).is_some()) {
        let advice = format!("has no {name}: nothing is fetched, and no key is believed from the message");
        return Err(structure(advice));
    }
    critical(root)?;
    if root.child("b64").is_some_and(|flag| flag.scalar != Scalar::Bool || flag.text != "true") {
        return Err(structure("leaves b64 out or has it true: the body is signed in base64url"));
    }
    let algorithm = text(root, "alg").and_then(Algorithm::of).ok_or_else(|| {
        let taken = Algorithm::ALL.map(Algorithm::word).join(", ");
        about(Reason::ProofAlgorithm, format!("has an alg that is not taken; use one of {taken}"))
    })?;
    Ok(Header { algorithm, chain: chain(root)?, thumbprint: thumbprint(root)?, signed_at: signed_at(root)? })
}

fn text<'n>(root: &'n Node, name: &str) -> Option<&'n str> {
    root.child(name).filter(|node| node.scalar == Scalar::Text && !node.listed).map(|node| node.text.as_str())
}

/// `crit` names members that must be understood; it is never empty and names what is there (RFC 7515 §4.1.11).
fn critical(root: &Node) -> Result<(), Finding> {
    let understood = |node: &Node| {
        let name = node.text.as_str();
        node.listed && node.scalar == Scalar::Text && UNDERSTOOD.contains(&name) && root.child(name).is_some()
    };
    if root.named("crit").all(understood) {
        return Ok(());
    }
    let known = UNDERSTOOD.join(", ");
    Err(structure(format!("has in crit only what is there and understood: {known}")))
}

fn chain(root: &Node) -> Result<Vec<Vec<u8>>, Finding> {
    let advice =
        || structure(format!("has in x5c the official's leaf, and at most {} above it", CHAIN_MAX - 1));
    let entries: Vec<&Node> = root.named("x5c").collect();
    if entries.is_empty() || entries.len() > CHAIN_MAX {
        return Err(advice());
    }
    let der = |node: &&Node| {
        let text = node.listed && node.scalar == Scalar::Text;
        text.then(|| STANDARD.decode(&node.text).ok()).flatten().ok_or_else(advice)
    };
    entries.iter().map(der).collect()
}

fn thumbprint(root: &Node) -> Result<Option<Digest>, Finding> {
    if root.child("x5t#S256").is_none() {
        return Ok(None);
    }
    let digest = text(root, "x5t#S256").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok());
    digest.map(|bytes| Some(Digest(bytes))).ok_or_else(|| structure("has an x5t#S256 that is no SHA-256"))
}

/// The signing time: `iat` in seconds since 1970 (RFC 7519 §4.1.6), or `sigT` (ETSI TS 119 182-1 §5.2.1).
fn signed_at(root: &Node) -> Result<Option<Date>, Finding> {
    let stated = match (root.child("iat"), root.child("sigT")) {
        (None, None) => return Ok(None),
        (Some(iat), None) if iat.scalar == Scalar::Number => instant(&iat.text),
        (None, Some(_)) => text(root, "sigT").and_then(Date::new),
        _ => None,
    };
    let moment = stated.filter(|date| date.instant().is_some());
    let advice =
        "states its time once, as iat (whole seconds since 1970) or as sigT (such as 2026-03-31T08:00:00Z)";
    moment.map(Some).ok_or_else(|| structure(advice))
}

fn instant(seconds: &str) -> Option<Date> {
    Date::new(&jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?.to_string())
}
