//! How a document is told to be of a format, and where a certificate's identity stands in it.

use crate::{decode::document::Node, model::certificate::Certificate, model::dictionary::Field, model::key};

use super::path::Segment;

/// Longest version text a document may state, in characters; a longer one is not compared.
const VERSION_CHARACTERS_MAX: usize = 32;

/// What a document must look like.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recognise {
    /// Local name and namespace of the document element; `None` for JSON and CSV.
    pub root: Option<(String, Option<String>)>,
    /// Paths that must be there.
    pub has: Vec<Steps>,
    /// Paths that must not be there.
    pub lacks: Vec<Steps>,
    /// Where the version stands, and which ones are read.
    pub version: Option<(Steps, Vec<String>)>,
    /// Path of the parent of the variant's element.
    pub variant_below: Option<Steps>,
}

/// Steps of a path.
pub type Steps = Vec<Step>;

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Local name.
    pub name: String,
    /// Namespace.
    pub space: Option<String>,
    /// Which one of its name, counted from 0; the first one where the table does not say.
    pub position: Option<usize>,
}

/// Where issuer, number, lineage and version stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IdentityRule {
    /// Canonical fields whose texts, joined, are the issuing body's id.
    pub issuer: Vec<Field>,
    /// Canonical field of the number.
    pub number: Option<Field>,
    /// Canonical field of the number this certificate replaces.
    pub earlier: Option<Field>,
    /// Lengths a number may have, in characters; empty for any.
    pub lengths: Vec<usize>,
    /// How many characters at the end of a number count its versions.
    pub rectification: Option<usize>,
}

impl Recognise {
    /// Whether a document element fits.
    #[must_use]
    pub fn fits(&self, root: &Node) -> bool {
        let named = self
            .root
            .as_ref()
            .is_none_or(|(name, space)| root.name == *name && root.space.as_deref() == space.as_deref());
        let version = self.version.as_ref().is_none_or(|(at, known)| {
            find(root, at).is_some_and(|node| {
                let text = node.text.trim();
                text.len() <= VERSION_CHARACTERS_MAX && known.iter().any(|version| version == text)
            })
        });
        named
            && version
            && self.has.iter().all(|path| find(root, path).is_some())
            && !self.lacks.iter().any(|path| find(root, path).is_some())
    }
}

impl IdentityRule {
    /// The issuing body's id, when every part of it is there.
    #[must_use]
    pub fn issuer(&self, certificate: &Certificate) -> Option<String> {
        let parts = self.issuer.iter().map(|field| certificate.text(field.path()));
        parts.collect::<Option<String>>().filter(|id| !id.is_empty())
    }

    /// The number, unless it only says that there is none.
    #[must_use]
    pub fn number(&self, certificate: &Certificate) -> Option<String> {
        certificate.text(self.number?.path()).filter(|number| !key::is_placeholder(number))
    }

    /// Whether a number has a length this format knows.
    #[must_use]
    pub fn is_length(&self, number: &str) -> bool {
        self.lengths.is_empty() || self.lengths.contains(&number.chars().count())
    }

    /// Lineage and version of a number; a number without counted digits at its end is its own lineage.
    #[must_use]
    pub fn cut(&self, number: &str) -> (String, Option<u32>) {
        let whole = || (number.to_owned(), None);
        let Some(digits) = self.rectification.filter(|_| self.is_length(number)) else { return whole() };
        let cut = number.char_indices().rev().nth(digits.saturating_sub(1)).map(|(at, _)| at);
        match cut.and_then(|at| number.split_at_checked(at)) {
            Some((lineage, version)) if !lineage.is_empty() => match version.parse() {
                Ok(version) => (lineage.to_owned(), Some(version)),
                Err(_) => whole(),
            },
            _ => whole(),
        }
    }
}

/// The first node at a path below `root`; an attribute never is one.
#[must_use]
pub fn find<'a>(root: &'a Node, path: &[Step]) -> Option<&'a Node> {
    path.iter().try_fold(root, |node, step| {
        let mut named =
            node.children.iter().filter(|child| child.name == step.name && child.space == step.space);
        named.nth(step.position.unwrap_or(0))
    })
}

/// Steps as they are found in a document.
#[must_use]
pub fn steps(segments: &[Segment], space: impl Fn(&Segment) -> Option<String>) -> Steps {
    let step = |segment: &Segment| Step {
        name: segment.name.clone(),
        space: space(segment),
        position: segment.position,
    };
    segments.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectification_digits_are_the_version_and_the_rest_is_the_lineage() {
        let rule = IdentityRule { lengths: vec![20, 26], rectification: Some(2), ..IdentityRule::default() };
        assert_eq!(rule.cut("AR004A13260000000200"), ("AR004A132600000002".into(), Some(0)));
        let long = "AR004A13260000000000000201";
        assert_eq!(rule.cut(long), ("AR004A132600000000000002".into(), Some(1)));
        assert_eq!(rule.cut("AR004A1326000"), ("AR004A1326000".into(), None));
        assert_eq!(rule.cut("AR004A132600000002XX"), ("AR004A132600000002XX".into(), None));
    }
}
