//! A compiled table: the document's elements as a tree, in order of output, each leaf knowing its row.
//!
//! `map` walks it along a document, `render` walks it along a certificate; neither looks at the table's text again.

use std::sync::Arc;

use crate::model::{
    dictionary::Field,
    value::{Kind, Value},
};

use super::{codes::Codes, path::Target};

/// One variant of a table (or all of it, when it has none), ready to be walked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the variant, such as `FormA18`.
    pub variant: Option<String>,
    /// The document element.
    pub root: Element,
    /// The rows that leaves point to.
    pub rows: Vec<Row>,
    /// The repetitions.
    pub lists: Vec<List>,
    /// Canonical values that the format implies and never writes.
    pub implied: Vec<Implied>,
}

/// An element, member, column or attribute of the document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Namespace.
    pub space: Option<String>,
    /// Whether it is an attribute.
    pub attribute: bool,
    /// Which one of its name it is, counted from 0, where the table tells them apart.
    pub position: Option<usize>,
    /// Beside which other element it counts.
    pub when: Option<When>,
    /// It is written only where the certificate has one of these fields; empty: always.
    pub having: Vec<Field>,
    /// How it repeats.
    pub repeat: Repeat,
    /// Whether it may be left out whole, its required rows included.
    pub optional: bool,
    /// Row of its own text, and which part of the row it is.
    pub leaf: Option<(usize, usize)>,
    /// What is inside, in order of output.
    pub children: Vec<Element>,
}

/// That an element counts only beside another one, below the same parent, or only without it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// Local name of the other one.
    pub name: String,
    /// Its namespace.
    pub space: Option<String>,
    /// Whether it must be there; otherwise it must not.
    pub beside: bool,
}

/// How an element repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Once.
    Once,
    /// Once per position of a list.
    Entry(usize),
    /// Once per run of entries with equal values in the group's rows.
    Group(usize),
    /// Inside each entry of another list: the record that entry points to.
    Record(usize),
    /// Several pieces of one text.
    Pieces,
}

/// A repetition of the document and the canonical list it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The canonical list.
    pub field: Field,
    /// The field of the surrounding list that points to a record of this one.
    pub link: Option<Target>,
    /// Whether the record may stand there several times; the first one is the one pointed to.
    pub several: bool,
    /// The other home of the same canonical list: entries that nothing points to stand in the one without link.
    pub home: Option<usize>,
    /// Only elements whose child of this name has this text count.
    pub only_where: Option<(String, String)>,
    /// Whether a document must have at least one.
    pub required: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// National path, as the table writes it.
    pub at: String,
    /// What it says.
    pub does: Does,
    /// Whether the format demands it.
    pub required: bool,
}

/// What a row says about its leaf.
#[derive(Clone, Debug)]
pub enum Does {
    /// It is a canonical field.
    Field(Box<FieldRow>),
    /// It always reads like one of these; the first is written.
    Fixed(Vec<String>),
    /// It counts the entries of a list.
    Count(usize),
    /// It numbers the entries of this list, counted from 1.
    Ordinal(usize),
    /// It is neither mapped nor kept.
    Drop,
}

/// A leaf that is a canonical field.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// The field.
    pub target: Target,
    /// Its kind.
    pub kind: Kind,
    /// How leaf and field stand to each other.
    pub scope: Scope,
    /// How the text is read and written.
    pub form: super::conversion::Form,
    /// Longest text the format takes, in its own unit of length.
    pub max: Option<usize>,
    /// How one text is spread over several leaves.
    pub parts: Parts,
    /// A code another field must have for this one to mean what the format means (kilograms).
    pub implies: Option<(Target, Value)>,
    /// Written as the entry's position when the field has no value.
    pub ordinal: bool,
    /// On a row that only repeats its field: the rows that read it first.
    pub again: Option<Vec<usize>>,
    /// Whether it is written; a row of `again` may only be another spelling to be read.
    pub written: bool,
}

/// How the repetition around a leaf and the lists around its field stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The same.
    Same,
    /// The leaf is on a group of entries: each entry inherits it.
    Group,
    /// One leaf for every entry of the innermost list.
    Shared,
    /// The same leaf in every entry; the field stands outside the list.
    Repeated,
    /// The leaf is in a record inside an entry; the field is in the record's own list.
    Record,
}

/// How one text is spread over several leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parts {
    /// Not at all.
    One,
    /// Over so many named leaves, a line each.
    Fields(usize),
    /// Over so many named leaves, a word each.
    Words(usize),
    /// Over a repeated leaf, a line each.
    Lines {
        /// Most repetitions.
        times: usize,
    },
    /// Over a repeated leaf, so many characters each.
    Chunks {
        /// Characters a piece.
        size: usize,
        /// Most repetitions.
        times: usize,
    },
}

/// A canonical value the format implies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Implied {
    /// The field.
    pub target: Target,
    /// Its value.
    pub value: Value,
    /// Only beside this field; absent: always.
    pub with: Option<Target>,
}

/// A code list of a row, shared.
pub type SharedCodes = Arc<Codes>;

impl List {
    /// A plain list.
    #[must_use]
    pub fn new(field: Field) -> Self {
        Self { field, link: None, several: false, home: None, only_where: None, required: false }
    }
}

impl Parts {
    /// What stands between the pieces of a text.
    #[must_use]
    pub fn joiner(self) -> &'static str {
        match self {
            Self::Chunks { .. } => "",
            Self::Words(_) => " ",
            _ => "\n",
        }
    }
}

impl Plan {
    /// The list without link of two homes.
    #[must_use]
    pub fn head_of(&self, list: usize) -> Option<usize> {
        self.lists.get(list).filter(|list| list.link.is_some())?.home
    }

    /// The field row behind a leaf, if it is one.
    #[must_use]
    pub fn field_row(&self, row: usize) -> Option<&FieldRow> {
        match &self.rows.get(row)?.does {
            Does::Field(field) => Some(field),
            _ => None,
        }
    }
}

impl Element {
    /// An element without content.
    #[must_use]
    pub fn new(name: &str, space: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            space,
            attribute: false,
            position: None,
            when: None,
            having: Vec::new(),
            repeat: Repeat::Once,
            optional: false,
            leaf: None,
            children: Vec::new(),
        }
    }
}
