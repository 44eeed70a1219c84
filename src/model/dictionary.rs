//! The canonical data dictionary: one row per element, read from `dictionary.tsv`.
//!
//! It is a profile of the WCO Data Model's certificate of origin package **reconstructed from public sources**; each
//! row names its source. Map, render, codecs, losses and matrix are loops over these rows, so the official package can
//! replace the file without touching them. Path grammar: lower-camel names joined by `.`; `[]` marks a list
//! (`items[].origin.criterion`). A list row itself has the format `list`.
//!
//! Source of the ids: WCO Data Model 3.6 as published in the HMRC schemas (`wco-dm 3.6`), or a public mapping of a
//! certificate form to it (`reconstruction`); `extension` is ours.

use std::{collections::HashMap, fmt, sync::LazyLock};

use super::value::Kind;

/// Deepest nesting of lists in the dictionary (`items[].packages[]` is 2).
pub const LIST_DEPTH_MAX: usize = 2;

const ROWS: &str = include_str!("dictionary.tsv");

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(ROWS));

/// A dictionary row, as a cheap handle; ordered as the rows stand in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u16);

/// How sensitive an element is (design §12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataClass {
    /// What the certificate says about itself.
    Public,
    /// Trade data of the parties.
    Commercial,
    /// Data about a person.
    Personal,
    /// Withheld from other parties by the form itself, such as a confidential producer.
    Confidential,
}

/// What one row says.
#[derive(Clone, Debug)]
pub struct Row {
    /// Canonical path.
    pub path: &'static str,
    /// Kind of value; `None` for a list row.
    pub kind: Option<Kind>,
    /// Whether a certificate must have it (`1..1`).
    pub mandatory: bool,
    /// WCO class and tag, or `-`.
    pub element: &'static str,
    /// WCO id, or `-`.
    pub wco_id: &'static str,
    /// Canonical code list, or `-`.
    pub codes: &'static str,
    /// Sensitivity.
    pub class: DataClass,
    /// Where the row comes from.
    pub source: &'static str,
    /// Enclosing lists, outermost first.
    pub lists: Vec<Field>,
}

/// All rows, with look-up by path.
struct Dictionary {
    rows: Vec<Row>,
    by_path: HashMap<&'static str, Field>,
}

impl Field {
    /// The field of a canonical path.
    #[must_use]
    pub fn named(path: &str) -> Option<Self> {
        DICTIONARY.by_path.get(path).copied()
    }

    /// Every field, lists included, in dictionary order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..u16::try_from(DICTIONARY.rows.len()).unwrap_or(u16::MAX)).map(Self)
    }

    /// Where its row stands, counted from 0.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The row behind this handle.
    #[must_use]
    pub fn row(self) -> &'static Row {
        #[expect(clippy::indexing_slicing, reason = "a Field is only made from a row that exists")]
        &DICTIONARY.rows[self.number()]
    }

    /// The canonical path.
    #[must_use]
    pub fn path(self) -> &'static str {
        self.row().path
    }

    /// Id in the WCO Data Model, if the field has one there.
    #[must_use]
    pub fn wco_id(self) -> Option<&'static str> {
        Some(self.row().wco_id).filter(|id| *id != "-")
    }

    /// Kind of value; `None` for a list.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        self.row().kind
    }

    /// Enclosing lists, outermost first; a list does not enclose itself.
    #[must_use]
    pub fn lists(self) -> &'static [Field] {
        &self.row().lists
    }

    /// The list of whose entries this field holds a number, counted from 1.
    #[must_use]
    pub fn points_to(self) -> Option<Self> {
        if self.path() == "items[].invoice" { Self::named("invoices[]") } else { None }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

impl Dictionary {
    /// Reads the rows; a row that cannot be read is left out, which `tests::every_row_is_read` would show.
    fn read(text: &'static str) -> Self {
        let mut dictionary = Self { rows: Vec::new(), by_path: HashMap::new() };
        for line in text.lines().skip(1) {
            if let Some(row) = dictionary.row(line) {
                let next = Field(u16::try_from(dictionary.rows.len()).unwrap_or(u16::MAX));
                dictionary.by_path.insert(row.path, next);
                dictionary.rows.push(row);
            }
        }
        dictionary
    }

    fn row(&self, line: &'static str) -> Option<Row> {
        let mut cells = line.split('\t');
        let mut cell = || cells.next();
        let (path, format, cardinality) = (cell()?, cell()?, cell()?);
        let (element, wco_id, codes, class, source) = (cell()?, cell()?, cell()?, cell()?, cell()?);
        let kind = if format == "list" { None } else { Some(kind(format, codes)?) };
        let lists =
            enclosing(path).map(|list| self.by_path.get(list).copied()).collect::<Option<Vec<_>>>()?;
        let class = match class {
            "public" => DataClass::Public,
            "commercial" => DataClass::Commercial,
            "personal" => DataClass::Personal,
            "confidential" => DataClass::Confidential,
            _ => return None,
        };
        Some(Row {
            path,
            kind,
            mandatory: cardinality == "1..1",
            element,
            wco_id,
            codes,
            class,
            source,
            lists,
        })
    }
}

/// The list paths that enclose `path`: each prefix that ends in `[]`, the path itself left out.
fn enclosing(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.match_indices("[].").filter_map(move |(at, _)| path.get(..at + 2))
}

fn kind(format: &str, codes: &str) -> Option<Kind> {
    let number = |text: &str| text.parse::<usize>().ok();
    match format {
        "date" => Some(Kind::Date),
        "flag" => Some(Kind::Flag),
        _ => {
            if let Some(size) = format.strip_prefix("n..") {
                let (total, fraction) = size.split_once(',')?;
                return Some(Kind::Decimal(number(total)?, number(fraction)?));
            }
            let most = format.strip_prefix("an..").or_else(|| format.strip_prefix('a')).and_then(number)?;
            Some(if codes == "-" { Kind::Text(most) } else { Kind::Code(most) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        assert_eq!(Field::all().count(), ROWS.lines().count() - 1);
    }

    #[test]
    fn paths_are_unique_and_lists_nest_within_the_limit() {
        assert_eq!(DICTIONARY.by_path.len(), DICTIONARY.rows.len());
        assert!(Field::all().all(|field| field.lists().len() <= LIST_DEPTH_MAX));
        let marks = Field::named("items[].packages[].marks").unwrap();
        assert_eq!(
            marks.lists().iter().map(|l| l.path()).collect::<Vec<_>>(),
            ["items[]", "items[].packages[]"]
        );
    }
}
