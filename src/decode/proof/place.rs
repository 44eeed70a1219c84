//! Where the two signatures of a COD stand, and that nothing stands where it could be taken for what was signed.
//!
//! `map` finds elements by path and takes the first of a name. So a forger's road is a second element of a name on
//! the way to a signed one, or a second element with a signed one's `id`. Both are refused here, whatever namespace
//! they hide in.

use uppsala::{Document as Parsed, NodeId};

use super::SignerRole;
use crate::{
    decode::xml::Tree,
    model::{finding::Finding, reason::Reason},
};

/// Namespace of XML signatures.
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of `Envelope` and `CertOrigin`: a draft of SOAP 1.2 that ALADI kept. Everything below has none.
const SOAP: Option<&str> = Some("http://www.w3.org/2001/12/soap-envelope");

/// A signature at its right place.
pub(super) struct Place {
    /// Capacity of who signs here.
    pub role: SignerRole,
    /// The `ds:Signature`.
    pub signature: NodeId,
    /// The element it must cover.
    pub signed: NodeId,
    /// The reference it must make.
    pub uri: &'static str,
}

/// The signatures of a document, in document order; none when it holds none.
///
/// # Errors
/// `proof-structure` when a signature stands elsewhere, or what it covers is not alone at its place.
pub(super) fn places(tree: &Tree) -> Result<Vec<Place>, Finding> {
    let doc = tree.parsed();
    let all = doc.get_elements_by_tag_name_ns(DSIG, "Signature");
    if all.is_empty() {
        return Ok(Vec::new());
    }
    unique_ids(tree)?;
    let (exporter, official) = cod_places(tree)?;
    let places: Vec<Place> = exporter.into_iter().chain(official).collect();
    for signature in all {
        if !places.iter().any(|place| place.signature == signature) {
            let advice = "sign only beside COD and beside CODEH, once each";
            return Err(bad(tree, signature, advice));
        }
    }
    for place in &places {
        if own_id(doc, place.signed) != place.uri.strip_prefix('#') {
            let advice =
                format!("give the element beside the signature the plain attribute id of {}", place.uri);
            return Err(bad(tree, place.signed, advice));
        }
    }
    Ok(places)
}

/// A finding about the structure, at an element.
pub(super) fn bad(tree: &Tree, id: NodeId, advice: impl Into<String>) -> Finding {
    Finding::severe(Reason::ProofStructure, advice).at(tree.position(id))
}

/// Walks down to both places, each step being the only element of its name.
fn cod_places(tree: &Tree) -> Result<(Option<Place>, Option<Place>), Finding> {
    let doc = tree.parsed();
    let missing =
        || Finding::severe(Reason::ProofStructure, "sign an Envelope with CertOrigin, CODEH and COD");
    let envelope = doc.document_element().ok_or_else(missing)?;
    if !is(doc, envelope, SOAP, "Envelope") {
        return Err(bad(tree, envelope, missing().advice));
    }
    let origin = only(tree, envelope, SOAP, "CertOrigin")?;
    let codeh = only(tree, origin, None, "CODEH")?;
    let exporter = only(tree, codeh, None, "CODExporter")?;
    let cod = only(tree, exporter, None, "COD")?;
    let exporter = beside(tree, exporter, cod)?.map(|signature| Place {
        role: SignerRole::Exporter,
        signature,
        signed: cod,
        uri: "#COD",
    });
    let official = beside(tree, origin, codeh)?.map(|signature| Place {
        role: SignerRole::Official,
        signature,
        signed: codeh,
        uri: "#CODEH",
    });
    Ok((exporter, official))
}

/// The one child of a local name, in the right namespace.
fn only(tree: &Tree, parent: NodeId, space: Option<&str>, name: &str) -> Result<NodeId, Finding> {
    let doc = tree.parsed();
    let mut named = elements(doc, parent).filter(|id| is_named(doc, *id, name));
    match (named.next(), named.next()) {
        (Some(id), None) if is(doc, id, space, name) => Ok(id),
        (found, second) => {
            let at = second.or(found).unwrap_or(parent);
            Err(bad(tree, at, format!("put exactly one {name} here, in the namespace of the COD schema")))
        }
    }
}

/// The signature after a signed element, which has no other company.
fn beside(tree: &Tree, parent: NodeId, signed: NodeId) -> Result<Option<NodeId>, Finding> {
    let doc = tree.parsed();
    let children: Vec<NodeId> = elements(doc, parent).collect();
    match children.as_slice() {
        [first] if *first == signed => Ok(None),
        [first, second] if *first == signed && is(doc, *second, Some(DSIG), "Signature") => Ok(Some(*second)),
        _ => Err(bad(tree, parent, "put here the signed element, then its one signature, and nothing else")),
    }
}

/// Refuses an identifier given twice, under any of the names a verifier may take for one.
fn unique_ids(tree: &Tree) -> Result<(), Finding> {
    let doc = tree.parsed();
    let mut seen = std::collections::BTreeSet::new();
    for id in doc.descendants(doc.root()) {
        let Some(element) = doc.element(id) else { continue };
        let mut values =
            element.attributes.iter().filter(|attribute| names_element(&attribute.name.local_name));
        let Some(first) = values.next() else { continue };
        if values.next().is_some() || !seen.insert(first.value.as_ref()) {
            return Err(bad(
                tree,
                id,
                "give each identifier to one element, and each element one identifier",
            ));
        }
    }
    Ok(())
}

/// Whether an attribute of this local name is taken as an identifier, by us or by the library.
fn names_element(local: &str) -> bool {
    local.eq_ignore_ascii_case("id") || local == "AssertionID"
}

/// The value of the plain attribute `id`: COD has no schema type that says it is one.
fn own_id<'a>(doc: &'a Parsed<'static>, id: NodeId) -> Option<&'a str> {
    let attributes = &doc.element(id)?.attributes;
    let own = attributes.iter().find(|attribute| attribute.name.matches(None, "id"));
    own.map(|attribute| attribute.value.as_ref())
}

/// Child elements, in order.
pub(super) fn elements<'a>(doc: &'a Parsed<'static>, parent: NodeId) -> impl Iterator<Item = NodeId> + 'a {
    doc.children_iter(parent).filter(|id| doc.element(*id).is_some())
}

/// Whether a node is the element of this name in this namespace.
pub(super) fn is(doc: &Parsed<'static>, id: NodeId, space: Option<&str>, name: &str) -> bool {
    doc.element(id).is_some_and(|element| element.name.matches(space, name))
}

fn is_named(doc: &Parsed<'static>, id: NodeId, name: &str) -> bool {
    doc.element(id).is_some_and(|element| element.name.local_name == name)
}
