//! What one `ds:Signature` may look like: a closed list of elements, attributes and algorithms.
//!
//! XML signatures may refer to files, run style sheets and sign manifests. A certificate needs none of it, so
//! everything is refused that is not needed: what cannot be written cannot be abused.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uppsala::{NodeId, NodeKind};
use x509_parser::{parse_x509_certificate, prelude::X509Certificate};

use super::{
    algorithm::Algorithm,
    place::{DSIG, Place, bad, elements, is},
};
use crate::{
    decode::xml::Tree,
    model::{finding::Finding, reason::Reason},
};

/// Most leaves and anchors in one `X509Data`.
const CHAIN_MAX: usize = 8;

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Canonical forms: 1.0, 1.1 and exclusive, all without comments.
const CANONICAL: [&str; 3] =
    ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11", EXCLUSIVE];

/// Holds a signature to the profile and gives its algorithm, and the leaf whose key must verify it.
///
/// # Errors
/// `proof-structure` or `proof-algorithm`, at the element concerned.
pub(super) fn leaf(tree: &Tree, place: &Place, taken: &[Algorithm]) -> Result<(Algorithm, Vec<u8>), Finding> {
    let signature = Part { tree, id: place.signature };
    signature.attributes(&[], &["Id"])?;
    let [info, value, key] = signature.exactly(["SignedInfo", "SignatureValue", "KeyInfo"])?;
    value.leaf(&["Id"])?;
    let algorithm = signed_info(info, place, taken)?;
    Ok((algorithm, key_leaf(key)?))
}

fn signed_info(info: Part<'_>, place: &Place, taken: &[Algorithm]) -> Result<Algorithm, Finding> {
    info.attributes(&[], &["Id"])?;
    let [canonical, method, reference] =
        info.exactly(["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
    canonical_form(canonical)?;
    method.attributes(&["Algorithm"], &[])?;
    method.exactly([])?;
    let algorithm = method.signature(taken)?;

    reference.attributes(&["URI"], &["Id"])?;
    if reference.attribute("URI") != Some(place.uri) {
        return Err(reference.bad(format!("refer to {} and to nothing else", place.uri)));
    }
    let (transforms, digest, value) = match reference.children()?.as_slice() {
        [digest, value] => (None, *digest, *value),
        [transforms, digest, value] => (Some(*transforms), *digest, *value),
        _ => return Err(reference.bad("write one DigestMethod and one DigestValue")),
    };
    transforms.map_or(Ok(()), transformations)?;
    digest.named("DigestMethod")?.attributes(&["Algorithm"], &[])?;
    digest.exactly([])?;
    if !taken.iter().any(|algorithm| digest.attribute("Algorithm") == Some(algorithm.digest_uri())) {
        let advice =
            "this DigestMethod is not taken; use the hash of a signature algorithm this format takes";
        return Err(digest.weak(advice));
    }
    value.named("DigestValue")?.leaf(&[])?;
    Ok(algorithm)
}

/// The signature taken out, then a canonical form; either may be left out.
fn transformations(transforms: Part<'_>) -> Result<(), Finding> {
    transforms.named("Transforms")?.attributes(&[], &[])?;
    let mut rest = transforms.children()?;
    if rest.first().is_some_and(|first| first.attribute("Algorithm") == Some(ENVELOPED)) {
        let enveloped = rest.remove(0);
        enveloped.named("Transform")?.attributes(&["Algorithm"], &[])?;
        enveloped.exactly([])?;
    }
    match rest.as_slice() {
        [] => Ok(()),
        [form] => canonical_form(form.named("Transform")?),
        _ => {
            Err(transforms
                .bad("take the signature out, then bring into one canonical form; no other transform"))
        }
    }
}

fn canonical_form(method: Part<'_>) -> Result<(), Finding> {
    method.attributes(&["Algorithm"], &[])?;
    if !method.attribute("Algorithm").is_some_and(|uri| CANONICAL.contains(&uri)) {
        let advice = format!("this {} is not taken; use a canonical form without comments", method.name());
        return Err(method.weak(advice));
    }
    let doc = method.tree.parsed();
    match method.children()?.as_slice() {
        [] => Ok(()),
        [prefixes] if is(doc, prefixes.id, Some(EXCLUSIVE), "InclusiveNamespaces") => {
            prefixes.attributes(&["PrefixList"], &[])?;
            prefixes.exactly([])?;
            if method.attribute("Algorithm") == Some(EXCLUSIVE) {
                return Ok(());
            }
            Err(prefixes.bad("name prefixes only for the exclusive canonical form"))
        }
        _ => Err(method.bad("give the canonical form no parameter but InclusiveNamespaces")),
    }
}

fn key_leaf(key: Part<'_>) -> Result<Vec<u8>, Finding> {
    key.attributes(&[], &["Id"])?;
    let mut data = None;
    for part in key.children()? {
        match part.name() {
            // A bare key or a key's name is common beside the leaf; neither is looked at.
            "KeyValue" | "KeyName" if part.is_dsig() => {}
            "X509Data" if part.is_dsig() && data.is_none() => data = Some(part),
            _ => return Err(part.bad("name the key by one X509Data; no reference to a key elsewhere")),
        }
    }
    let data = data.ok_or_else(|| key.bad("put the signer's leaf into X509Data"))?;
    let mut chain = Vec::new();
    for part in data.children()? {
        match part.name() {
            "X509Certificate" if part.is_dsig() && chain.len() < CHAIN_MAX => chain.push(part.bytes()?),
            "X509IssuerSerial" | "X509SubjectName" | "X509SKI" if part.is_dsig() => {}
            _ => {
                return Err(
                    part.bad(format!("put into X509Data the leaf and at most {} above it", CHAIN_MAX - 1))
                );
            }
        }
    }
    end_of(chain).ok_or_else(|| data.bad("put the signer's leaf into X509Data, each above it once"))
}

/// The one of a chain that issued none of the others: `X509Data` has no order to rely on.
fn end_of(mut chain: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    if chain.len() < 2 {
        return chain.pop();
    }
    let parsed: Option<Vec<X509Certificate<'_>>> =
        chain.iter().map(|der| parse_x509_certificate(der).ok().map(|(_, parsed)| parsed)).collect();
    let parsed = parsed?;
    let issued = |index: usize, name: &_| {
        parsed.iter().enumerate().any(|(other, below)| other != index && below.issuer() == name)
    };
    let mut ends = parsed.iter().enumerate().filter(|(index, one)| !issued(*index, one.subject()));
    let (end, None) = (ends.next().map(|(index, _)| index)?, ends.next()) else { return None };
    drop(ends);
    drop(parsed);
    Some(chain.swap_remove(end))
}

/// An element of a signature.
#[derive(Clone, Copy)]
struct Part<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl<'t> Part<'t> {
    fn bad(self, advice: impl Into<String>) -> Finding {
        bad(self.tree, self.id, advice)
    }

    fn name(self) -> &'t str {
        self.tree.parsed().element(self.id).map_or("", |element| element.name.local_name.as_ref())
    }

    fn is_dsig(self) -> bool {
        is(self.tree.parsed(), self.id, Some(DSIG), self.name())
    }

    fn named(self, name: &str) -> Result<Self, Finding> {
        if is(self.tree.parsed(), self.id, Some(DSIG), name) {
            return Ok(self);
        }
        Err(self.bad(format!("put ds:{name} here")))
    }

    fn attribute(self, name: &str) -> Option<&'t str> {
        self.tree.parsed().element(self.id)?.get_attribute(name)
    }

    /// All of some attributes, any of others, and no more; none in a namespace.
    fn attributes(self, needed: &[&str], allowed: &[&str]) -> Result<(), Finding> {
        let attributes = self.tree.parsed().element(self.id).map_or(&[][..], |element| &element.attributes);
        let known = |name: &uppsala::QName<'_>| {
            let mut names = needed.iter().chain(allowed);
            names.any(|known| name.matches(None, known))
        };
        let complete = needed.iter().all(|name| self.attribute(name).is_some());
        if complete && attributes.iter().all(|attribute| known(&attribute.name)) {
            return Ok(());
        }
        Err(self
            .bad(format!("give {} the attributes {needed:?}, and none but {allowed:?} beside", self.name())))
    }

    /// Elements within, with nothing but white space between them.
    fn children(self) -> Result<Vec<Self>, Finding> {
        let doc = self.tree.parsed();
        let blank = |id| match doc.node_kind(id) {
            Some(NodeKind::Element(_)) => true,
            Some(NodeKind::Text(text)) => text.chars().all(char::is_whitespace),
            _ => false,
        };
        if !doc.children_iter(self.id).all(blank) {
            return Err(self.bad("leave out text and comments between the elements of a signature"));
        }
        Ok(elements(doc, self.id).map(|id| Self { tree: self.tree, id }).collect())
    }

    /// These elements, once each, in this order.
    fn exactly<const N: usize>(self, names: [&str; N]) -> Result<[Self; N], Finding> {
        let advice =
            || self.bad(format!("put into {} exactly {names:?}, once each, in this order", self.name()));
        let children: [Self; N] = self.children()?.try_into().map_err(|_| advice())?;
        for (child, name) in children.iter().zip(names) {
            child.named(name)?;
        }
        Ok(children)
    }

    /// One run of text, without elements or comments.
    fn leaf(self, allowed: &[&str]) -> Result<(), Finding> {
        self.attributes(&[], allowed)?;
        let doc = self.tree.parsed();
        let mut children = doc.children_iter(self.id);
        match (children.next().and_then(|id| doc.node_kind(id)), children.next()) {
            (Some(NodeKind::Text(_)), None) => Ok(()),
            _ => Err(self.bad(format!("write {} as plain base64 text", self.name()))),
        }
    }

    fn bytes(self) -> Result<Vec<u8>, Finding> {
        self.leaf(&[])?;
        let text = self.tree.parsed().text_content_deep(self.id);
        let plain: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        STANDARD.decode(plain).map_err(|_| self.bad(format!("write {} as plain base64 text", self.name())))
    }

    /// The algorithm of a `SignatureMethod`, which must be one of the format's.
    fn signature(self, taken: &[Algorithm]) -> Result<Algorithm, Finding> {
        let uri = self.attribute("Algorithm");
        taken.iter().copied().find(|algorithm| uri == Some(algorithm.uri())).ok_or_else(|| {
            let words: Vec<&str> = taken.iter().map(|algorithm| algorithm.word()).collect();
            self.weak(format!("this SignatureMethod is not taken; this format takes {}", words.join(", ")))
        })
    }

    fn weak(self, advice: impl Into<String>) -> Finding {
        Finding::severe(Reason::ProofAlgorithm, advice).at(self.tree.position(self.id))
    }
}
