//! A national document as a tree of named nodes, the same for XML, JSON and CSV.
//!
//! XML: an element is a node, its character data (across comments and CDATA) its text. JSON: a member is a node, an
//! object's members are children, and each element of an array is a child of the object around it under the array's
//! name, marked [`Node::listed`]. CSV: the root has a child `row` per record, with a child per column.

use crate::model::finding::Position;

/// How bytes are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Syntax {
    /// XML 1.0, UTF-8, without DTD.
    Xml,
    /// JSON (RFC 8259), UTF-8, without duplicate keys.
    Json,
    /// Delimited text (RFC 4180), UTF-8, with a header line.
    Csv,
}

impl Syntax {
    /// The media type the hub sends and takes for this syntax.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
            Self::Csv => "text/csv",
        }
    }
}

/// What a node holds besides children.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scalar {
    /// Character data: XML text, a JSON string, a CSV cell.
    Text,
    /// A JSON number, in its own digits.
    Number,
    /// A JSON `true` or `false`.
    Bool,
    /// A JSON `null`: present, without value.
    Null,
    /// An object or an element with element content.
    Branch,
}

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Local name of the element, name of the member or column.
    pub name: String,
    /// Namespace of the element, if it is in one.
    pub space: Option<String>,
    /// Kind of content.
    pub scalar: Scalar,
    /// Character data as written; for a branch empty, unless text stands beside its elements.
    pub text: String,
    /// Attributes of the element by local name, namespace declarations left out.
    pub attributes: Vec<(String, String)>,
    /// Children in document order.
    pub children: Vec<Node>,
    /// Whether the node is an element of a JSON array.
    pub listed: bool,
    /// Line of its start, counted from 1; 0 when not known.
    pub line: u32,
    /// Column of its start, counted from 1; 0 when not known.
    pub column: u32,
}

/// A decoded document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// How it was written.
    pub syntax: Syntax,
    /// The document element; for JSON and CSV an unnamed branch, or the branch of a wrapper that holds the document.
    pub root: Node,
}

impl Node {
    /// A branch without children.
    #[must_use]
    pub fn branch(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            space: None,
            scalar: Scalar::Branch,
            text: String::new(),
            attributes: Vec::new(),
            children: Vec::new(),
            listed: false,
            line: 0,
            column: 0,
        }
    }

    /// A leaf with text.
    #[must_use]
    pub fn leaf(name: &str, text: &str) -> Self {
        Self { scalar: Scalar::Text, text: text.to_owned(), ..Self::branch(name) }
    }

    /// Children of a name, in order.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// An attribute by local name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The position of this node, given its path.
    #[must_use]
    pub fn position(&self, path: impl Into<String>) -> Position {
        Position { path: path.into(), line: self.line, column: self.column }
    }
}
