//! What an XSD of the corpus says of each form: its leaves in order, who must be there, how long it may be.
//!
//! It reads the subset of XML Schema these files use: sequences of elements, named and nested types. An element with
//! `maxOccurs="0"` is one the form does not have.

use std::collections::BTreeMap;

use coohub::decode::document::{Node, Syntax};

use crate::{formats::document, support::need::corpus};

/// Where a form stands in the document.
const COD: &str = "CertOrigin/CODEH/CODExporter/COD";

/// An element without elements inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Leaf {
    /// Path below the form, or below `CODEH` for what all forms share; `[]` where an element repeats.
    pub(super) at: String,
    /// Whether its own `minOccurs` demands it.
    pub(super) required: bool,
    /// Whether every element above it, below the form, is demanded too.
    pub(super) certain: bool,
    /// `maxLength`.
    pub(super) max: Option<usize>,
}

/// The leaves of one XSD.
pub(super) struct Schema {
    /// By form, such as `FormA18`.
    pub(super) forms: BTreeMap<String, Vec<Leaf>>,
    /// What stands beside the form: version, agreement, issuing body.
    pub(super) frame: Vec<Leaf>,
}

/// Reads an XSD of the corpus.
pub(super) fn schema(version: &str) -> Option<Schema> {
    let bytes = corpus(&format!("aladi-cod/xsd/cod_ver_{version}.xsd"))?;
    let root = document(Syntax::Xml, &bytes).root;
    let types = root.children.iter().filter(|node| node.name.ends_with("Type"));
    let types = types.filter_map(|node| Some((node.attribute("name")?, node))).collect();
    let mut reader = Reader { types, found: Vec::new() };
    let body = root.named("element").find(|node| node.attribute("name") == Some("CertOrigin"))?;
    reader.element(body, "", true);
    let mut schema = Schema { forms: BTreeMap::new(), frame: Vec::new() };
    for leaf in reader.found {
        let below = leaf.at.strip_prefix(COD).and_then(|rest| rest.strip_prefix("/Form"));
        match below.and_then(|rest| rest.split_once('/')) {
            Some((form, at)) => {
                let at = at.to_owned();
                schema.forms.entry(format!("Form{form}")).or_default().push(Leaf { at, ..leaf });
            }
            None => schema.frame.push(leaf),
        }
    }
    Some(schema)
}

struct Reader<'s> {
    types: BTreeMap<&'s str, &'s Node>,
    found: Vec<Leaf>,
}

impl<'s> Reader<'s> {
    fn element(&mut self, node: &'s Node, above: &str, certain: bool) {
        if node.attribute("maxOccurs") == Some("0") {
            return;
        }
        let name = node.attribute("name").or(node.attribute("ref")).unwrap();
        let name = name.trim_start_matches("ds:");
        let repeats = if node.attribute("maxOccurs").is_some() { "[]" } else { "" };
        let at = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}{repeats}") };
        let required = node.attribute("minOccurs") != Some("0");
        // A form is one of several: what is below it is certain once the form is there.
        let certain_below = certain && required;
        let named = node.attribute("type").and_then(|name| self.named(name));
        match node.child("complexType").or(named.filter(|node| node.name == "complexType")) {
            Some(complex) => self.inside(complex, &at, certain_below),
            None => {
                let simple = node.child("simpleType").or(named);
                let max = simple.and_then(|simple| self.longest(simple));
                self.found.push(Leaf { at, required, certain, max });
            }
        }
    }

    fn inside(&mut self, node: &'s Node, at: &str, certain: bool) {
        for child in &node.children {
            match child.name.as_str() {
                "sequence" | "choice" | "complexContent" => self.inside(child, at, certain),
                "extension" => {
                    if let Some(base) = child.attribute("base").and_then(|base| self.named(base)) {
                        self.inside(base, at, certain);
                    }
                    self.inside(child, at, certain);
                }
                "element" => self.element(child, at, certain),
                _ => {}
            }
        }
    }

    fn named(&self, name: &str) -> Option<&'s Node> {
        self.types.get(name.rsplit(':').next()?).copied()
    }

    fn longest(&self, simple: &Node) -> Option<usize> {
        let restriction = simple.child("restriction")?;
        let own = restriction.child("maxLength").and_then(|max| max.attribute("value")?.parse().ok());
        own.or_else(|| self.longest(self.named(restriction.attribute("base")?)?))
    }
}
