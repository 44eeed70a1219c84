//! A repetition of the document, and the canonical list it is or fills.

use crate::model::dictionary::Field;

use super::path::Target;

/// A repetition of the document and the canonical list it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The canonical list.
    pub field: Field,
    /// National path, as the table writes it; empty for a table that has none.
    pub at: String,
    /// The field of the surrounding list that points to a record of this one.
    pub link: Option<Target>,
    /// Whether the record may stand there several times; the first one is the one pointed to.
    pub several: bool,
    /// The other home of the same canonical list: entries that nothing points to stand in the one without link.
    pub home: Option<usize>,
    /// Set where the entries are said once, outside, and those of `field` point to them by order number: its name.
    pub pool: Option<String>,
    /// Only elements whose child of this name has this text count.
    pub only_where: Option<(String, String)>,
    /// Whether there must be at least one: in the document, in each entry of the list around it, or, of records, in each
    /// entry that may point to one.
    pub required: bool,
}

impl List {
    /// A plain list.
    #[must_use]
    pub fn new(field: Field) -> Self {
        Self {
            field,
            at: String::new(),
            link: None,
            several: false,
            home: None,
            pool: None,
            only_where: None,
            required: false,
        }
    }

    /// How findings name it.
    #[must_use]
    pub fn title(&self) -> &str {
        self.pool.as_deref().unwrap_or(self.field.path())
    }
}
