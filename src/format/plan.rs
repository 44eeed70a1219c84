//! A compiled table: the document's elements as a tree, in order of output, each leaf knowing its row.
//!
//! `map` walks it along a document, `render` walks it along a certificate; neither looks at the table's text again.

use std::sync::Arc;

use crate::{
    decode::pattern::Pattern,
    model::{
        dictionary::Field,
        value::{Kind, Value},
    },
};

use super::{
    Lengths,
    codes::Codes,
    compound::Compound,
    conversion::{self, Form, Unfit},
    list::List,
    path::Target,
};

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
    /// Amounts that are weights where their unit is one of mass.
    pub weights: Vec<Weight>,
    /// Leaves that only together mean something.
    pub compounds: Vec<Compound>,
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
    /// Once per thing that entries elsewhere point to.
    Pool(usize),
    /// Several pieces of one text.
    Pieces,
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
    /// Line of the row in the table's file; 0 for a table that has none.
    pub line: u32,
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
    /// It points to an entry of this pool by order number.
    Pointer(usize),
    /// It is this column of a compound.
    Cell(usize, usize),
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
    pub form: Form,
    /// Shortest text the format takes, in its own unit of length.
    pub min: Option<usize>,
    /// Longest text the format takes, in its own unit of length.
    pub max: Option<usize>,
    /// What a text must look like.
    pub pattern: Option<Pattern>,
    /// What stands there when there is no value.
    pub absent: Option<String>,
    /// How one text is spread over several leaves.
    pub parts: Parts,
    /// A code another field must have for this one to mean what the format means (kilograms).
    pub implies: Option<(Target, Value)>,
    /// A second field that has the same value, read only beside a third.
    pub also: Option<Also>,
    /// Two fields that must agree for this one to be written: beside it one text is read as both.
    pub agree: Option<(Target, Target)>,
    /// Where the value goes when it is, or the unit beside it says that it is, a weight.
    pub weight: Option<Target>,
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
    /// The leaf is in an entry of a pool; the field is in the entries that point to it.
    Pool,
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

/// A second field of one leaf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Also {
    /// The second field.
    pub target: Target,
    /// The field beside which it is read.
    pub with: Target,
}

/// An amount and its unit that are a weight where the unit is one of mass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weight {
    /// The amount.
    pub amount: Target,
    /// Its unit.
    pub unit: Target,
    /// The unit in words.
    pub text: Option<Target>,
    /// Where the amount goes as a weight.
    pub to_amount: Target,
    /// Where the unit goes as that of a weight.
    pub to_unit: Target,
    /// The row of the unit.
    pub row: usize,
}

/// A code list of a row, shared.
pub type SharedCodes = Arc<Codes>;

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

impl FieldRow {
    /// Every field it reads or writes: its own first, then those that stand with it.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let also = self.also.as_ref().map(|also| also.target.field);
        let weight = self.weight.as_ref().map(|weight| weight.field);
        let side = self.form.side().map(|side| side.field);
        std::iter::once(self.target.field).chain(side).chain(also).chain(weight)
    }

    /// One text that is one value, without further conditions.
    #[must_use]
    pub fn plain(target: Target, kind: Kind, form: Form) -> Self {
        Self {
            target,
            kind,
            scope: Scope::Same,
            form,
            min: None,
            max: None,
            pattern: None,
            absent: None,
            parts: Parts::One,
            implies: None,
            also: None,
            agree: None,
            weight: None,
            ordinal: false,
            again: None,
            written: true,
        }
    }

    /// Whether a text is as short and of the form the format demands, on reading and on writing.
    ///
    /// # Errors
    /// [`Unfit`] says what it is not.
    pub fn formed(&self, lengths: Lengths, text: &str) -> Result<(), Unfit> {
        if self.min.is_none() && self.pattern.is_none() {
            return Ok(());
        }
        let collapsed;
        let text = match self.form {
            Form::Text(false) => text,
            Form::Text(true) => {
                collapsed = conversion::collapse(text);
                &collapsed
            }
            _ => text.trim(),
        };
        match (self.min, &self.pattern) {
            (Some(min), _) if lengths.of(text) < min => Err(Unfit::TooShort(min)),
            (_, Some(pattern)) if !pattern.fits(text) => Err(Unfit::Form(pattern.to_string())),
            _ => Ok(()),
        }
    }
}

/// Codes of UN/CEFACT Recommendation 20 that measure mass.
const MASS: [&str; 19] = [
    "KGM", "GRM", "TNE", "MGM", "LBR", "ONZ", "DTN", "MC", "CGM", "DG", "DJ", "HGM", "KTN", "CTM", "APZ",
    "GRN", "STN", "LTN", "CWA",
];

/// Whether a value is a unit of mass.
#[must_use]
pub fn is_mass(unit: &Value) -> bool {
    matches!(unit, Value::Code(code) if MASS.contains(&code.as_str()))
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
