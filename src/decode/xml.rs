//! The XML tree, and the document read from it.
//!
//! A signature is verified on a tree, a certificate is mapped from a document. Both must be the same thing, or a
//! forger lets one be read and another be verified. So the bytes are parsed once: [`Tree`] is what `proof` verifies,
//! and [`Tree::document`] is the only road from it to what `map` reads.

use uppsala::{Document as Parsed, Element, NodeId, Parser, XmlError};

use super::{
    document::{Document, Node, Scalar, Syntax},
    guard,
    limit::Limits,
    text::{self, Lines},
};
use crate::model::{
    finding::{Finding, Position},
    reason::Reason,
};

/// A parsed XML document.
pub struct Tree {
    text: String,
    parsed: Parsed<'static>,
}

impl Tree {
    /// Guards and parses bytes.
    ///
    /// # Errors
    /// What [`guard::checked`] refuses, and `xml-malformed` with the line and column where the parser stopped.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Finding> {
        let text = guard::checked(bytes, limits)?;
        let parser = Parser::new().with_forbid_dtd(true).with_max_depth(limits.xml_depth_max);
        let parsed = parser.parse(text).map_err(|error| malformed(&error))?;
        Ok(Self { text: text.to_owned(), parsed: parsed.into_static() })
    }

    /// The document as named nodes.
    ///
    /// Text runs across comments and CDATA sections, as in the canonical form a signature covers. White space between
    /// elements is dropped; other text beside elements stays as the text of the branch.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut lines = Lines::new(&self.text);
        let root = self.parsed.document_element();
        let root = root.and_then(|id| self.node(id, &mut lines)).unwrap_or_else(|| Node::branch(""));
        Document { syntax: Syntax::Xml, root }
    }

    /// The tree itself, for `proof`.
    pub(super) fn parsed(&self) -> &Parsed<'static> {
        &self.parsed
    }

    /// Where an element stands.
    pub(super) fn position(&self, id: NodeId) -> Position {
        let mut names: Vec<&str> =
            self.parsed.ancestors(id).into_iter().filter_map(|id| self.local_name(id)).collect();
        names.reverse();
        names.extend(self.local_name(id));
        let offset = self.parsed.node_range(id).map_or(0, |range| range.start);
        text::position(&self.text, offset, format!("/{}", names.join("/")))
    }

    /// The text the tree was read from, without byte order mark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the innermost element around a byte of the text stands.
    pub(super) fn around(&self, offset: usize) -> Position {
        let holds = |id: &NodeId| {
            self.parsed.element(*id).is_some()
                && self.parsed.node_range(*id).is_some_and(|range| range.contains(&offset))
        };
        let Some(mut id) = self.parsed.document_element() else { return Position::default() };
        while let Some(inner) = self.parsed.children_iter(id).find(holds) {
            id = inner;
        }
        self.position(id)
    }

    fn local_name(&self, id: NodeId) -> Option<&str> {
        self.parsed.element(id).map(|element| element.name.local_name.as_ref())
    }

    /// Recursion is bounded by the depth the guard lets through.
    fn node(&self, id: NodeId, lines: &mut Lines<'_>) -> Option<Node> {
        let element = self.parsed.element(id)?;
        let (line, column) = lines.at(self.parsed.node_range(id).map_or(0, |range| range.start));
        let (branch, text) = self.content(id);
        Some(Node {
            name: element.name.local_name.to_string(),
            space: element.name.namespace_uri.as_ref().map(ToString::to_string),
            scalar: if branch { Scalar::Branch } else { Scalar::Text },
            text,
            attributes: attributes(element),
            children: self.parsed.children_iter(id).filter_map(|child| self.node(child, lines)).collect(),
            listed: false,
            line,
            column,
        })
    }

    /// Whether an element has elements in it, and its own character data.
    fn content(&self, id: NodeId) -> (bool, String) {
        let pieces = || self.parsed.children_iter(id).filter_map(|child| self.parsed.text_content(child));
        let branch = self.parsed.children_iter(id).any(|child| self.parsed.element(child).is_some());
        let blank = |piece: &str| piece.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let text = if branch && pieces().all(blank) { String::new() } else { pieces().collect() };
        (branch, text)
    }
}

/// Attributes by local name; the parser keeps namespace declarations apart.
fn attributes(element: &Element<'_>) -> Vec<(String, String)> {
    let pairs = element.attributes.iter().map(|one| (one.name.local_name.to_string(), one.value.to_string()));
    pairs.collect()
}

fn malformed(error: &XmlError) -> Finding {
    // The parser's own message may quote the document, so only its position is used.
    let (line, column, advice) = match error {
        XmlError::Namespace(at) => {
            (at.line, at.column, "declare every namespace prefix, once, before it is used")
        }
        XmlError::WellFormedness(at) => {
            (at.line, at.column, "make the document well-formed; the parser stopped here")
        }
        XmlError::Parse(at) => (at.line, at.column, "make the document well-formed; the parser stopped here"),
        _ => (0, 0, "send one complete, well-formed XML document"),
    };
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let position = Position { path: String::new(), line: number(line), column: number(column) };
    Finding::severe(Reason::XmlMalformed, advice).at(position)
}
