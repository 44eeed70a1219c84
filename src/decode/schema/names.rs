//! What the files of an XML Schema declare and use.
//!
//! The library finds out that a name is declared nowhere, or that a group holds itself, only when a document meets it.
//! An operator is to hear of it at `coohub check`.

use std::collections::{BTreeMap, BTreeSet};

use uppsala::{Document as Parsed, Element, NodeId};

use super::Unusable;

/// Types every schema has.
const BUILT_IN: &str = " string boolean decimal float double integer long int short byte nonNegativeInteger \
    positiveInteger nonPositiveInteger negativeInteger unsignedLong unsignedInt unsignedShort unsignedByte dateTime date \
    time duration gYear gYearMonth gMonth gMonthDay gDay hexBinary base64Binary anyURI QName normalizedString token \
    language Name NCName ID IDREF IDREFS NMTOKEN NMTOKENS NOTATION ENTITY ENTITIES anyType anySimpleType ";

/// Names by kind of component, without namespaces: an included file takes that of the one that includes it.
#[derive(Debug, Default)]
pub(super) struct Names {
    declared: BTreeSet<(Kind, String)>,
    used: BTreeSet<(Kind, String)>,
    /// What a component consists of, for those that may not hold themselves.
    holds: BTreeMap<(Kind, String), BTreeSet<(Kind, String)>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
}

impl Kind {
    fn of(local: &str) -> Option<Self> {
        match local {
            "simpleType" | "complexType" => Some(Self::Type),
            "element" => Some(Self::Element),
            "attribute" => Some(Self::Attribute),
            "group" => Some(Self::Group),
            "attributeGroup" => Some(Self::AttributeGroup),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Element => "element",
            Self::Attribute => "attribute",
            Self::Group => "group",
            Self::AttributeGroup => "attribute group",
        }
    }
}

impl Names {
    /// Notes what one element of a schema declares and uses.
    pub(super) fn note(&mut self, parsed: &Parsed<'_>, id: NodeId, element: &Element<'_>) {
        let kind = Kind::of(&element.name.local_name);
        let owner = owner(parsed, id);
        if let (Some(kind), Some(name), None) = (kind, element.get_attribute("name"), &owner) {
            self.declared.insert((kind, name.to_owned()));
        }
        let references = [
            (kind, "ref"),
            (Some(Kind::Type), "type"),
            (Some(Kind::Type), "base"),
            (Some(Kind::Type), "itemType"),
            (Some(Kind::Type), "memberTypes"),
            (Some(Kind::Element), "substitutionGroup"),
        ];
        for (kind, attribute) in references {
            let (Some(kind), Some(value)) = (kind, element.get_attribute(attribute)) else { continue };
            for reference in value.split_whitespace().filter(|name| !name.starts_with("xml:")) {
                let name = reference.rsplit(':').next().unwrap_or(reference).to_owned();
                let loops = attribute == "base" || matches!(kind, Kind::Group | Kind::AttributeGroup);
                if let (true, Some(owner)) = (loops, &owner) {
                    self.holds.entry(owner.clone()).or_default().insert((kind, name.clone()));
                }
                self.used.insert((kind, name));
            }
        }
    }

    /// Whether every name used is declared, and none holds itself.
    pub(super) fn settle(&self) -> Result<(), Unusable> {
        for (kind, name) in &self.used {
            let built_in = *kind == Kind::Type && BUILT_IN.contains(&format!(" {name} "));
            if !built_in && !self.declared.contains(&(*kind, name.clone())) {
                return Err(Unusable(format!(
                    "the {} \"{name}\" is used and declared nowhere; is a file of the schema missing?",
                    kind.word()
                )));
            }
        }
        self.without_loops()
    }

    /// Takes away, again and again, what holds nothing that is left; what then remains goes in circles.
    fn without_loops(&self) -> Result<(), Unusable> {
        let mut left = self.holds.clone();
        loop {
            let before = left.len();
            let names: BTreeSet<_> = left.keys().cloned().collect();
            left.retain(|_, held| held.iter().any(|one| names.contains(one)));
            match left.keys().next() {
                None => return Ok(()),
                Some((kind, name)) if left.len() == before => {
                    return Err(Unusable(format!("the {} \"{name}\" is defined by itself", kind.word())));
                }
                Some(_) => {}
            }
        }
    }
}

/// The named component of the schema an element stands in, itself excluded; a redefinition stands in nothing.
fn owner(parsed: &Parsed<'_>, id: NodeId) -> Option<(Kind, String)> {
    let mut owner = None;
    for id in parsed.ancestors(id) {
        let Some(element) = parsed.element(id) else { continue };
        let local = element.name.local_name.as_ref();
        match (Kind::of(local), element.get_attribute("name")) {
            _ if local == "redefine" => return None,
            (Some(kind), Some(name)) => owner = Some((kind, name.to_owned())),
            _ => {}
        }
    }
    owner
}
