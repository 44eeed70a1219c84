//! Code lists: the document's token on one side, the canonical code on the other.
//!
//! A shared list is a file `partners/formats/codes/<name>.toml` ([`list::List`]): one row per canonical code (`is`), further
//! columns with the spellings of a language or system; `codes = "units.es"` names a column. A table's own list stands in
//! the table. Several spellings of one code are separated by `|`; all are read, the first is written.

pub mod list;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use self::list::List;
use crate::{
    files::Files,
    format::FILE_BYTES_MAX,
    problem::{Found, Problems, nearest},
};

/// The list that says which units are units of mass.
const UNITS: &str = "units";

/// One list, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    canonical: HashMap<String, String>,
    /// Lower-case spellings; `None` where two codes are told apart by case alone (`Mg`, `mg`).
    folded: HashMap<String, Option<String>>,
    national: HashMap<String, String>,
}

impl Codes {
    /// Adds the spellings of a canonical code, the one to be written first.
    fn add(&mut self, code: &str, spellings: &str) {
        for spelling in spellings.split('|').map(str::trim) {
            self.national.entry(code.to_owned()).or_insert_with(|| spelling.to_owned());
            self.canonical.entry(spelling.to_owned()).or_insert_with(|| code.to_owned());
            let folded = self.folded.entry(spelling.to_lowercase()).or_insert_with(|| Some(code.to_owned()));
            if folded.as_deref() != Some(code) {
                *folded = None;
            }
        }
    }

    /// The canonical code of a token: the very spelling first, then without regard to case where that leaves one code.
    #[must_use]
    pub fn canonical(&self, token: &str) -> Option<&str> {
        let exact = self.canonical.get(token);
        exact.or_else(|| self.folded.get(&token.to_lowercase())?.as_ref()).map(String::as_str)
    }

    /// The token to be written for a canonical code.
    #[must_use]
    pub fn national(&self, code: &str) -> Option<&str> {
        self.national.get(code).map(String::as_str)
    }

    /// The canonical codes it knows.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.national.keys().map(String::as_str)
    }
}

/// The lists a table may name: its own, and the shared folder's, read when first asked for.
#[derive(Debug)]
pub struct Lists<'a> {
    folder: Files,
    problems: &'a Problems,
    own: BTreeMap<String, Arc<Codes>>,
    shared: std::cell::RefCell<BTreeMap<String, Option<Arc<List>>>>,
}

impl<'a> Lists<'a> {
    /// No own lists yet.
    #[must_use]
    pub fn new(folder: Files, problems: &'a Problems) -> Self {
        Self { folder, problems, own: BTreeMap::new(), shared: std::cell::RefCell::default() }
    }

    /// Adds one of the table's own lists: token to canonical code, in the order written.
    pub fn define(&mut self, name: &str, entries: &[(String, Found<String>)]) {
        let mut entries = entries.iter().collect::<Vec<_>>();
        entries.sort_by_key(|(_, found)| (found.spot.line, found.spot.column));
        let mut codes = Codes::default();
        for (token, code) in entries {
            codes.add(&code.value, token);
        }
        self.own.insert(name.to_owned(), Arc::new(codes));
    }

    /// The list a row names: its own before a shared one; `name.column` for a column of a shared one, `name.a|b` for
    /// several: all are read, the first that has a spelling is written.
    pub fn named(&self, name: &Found<String>) -> Option<Arc<Codes>> {
        if let Some(own) = self.own.get(&name.value) {
            return Some(own.clone());
        }
        let (file, column) = name.value.split_once('.').unwrap_or((&name.value, list::CANONICAL));
        let Some(shared) = self.shared(file) else {
            let known = self.names();
            let hint = nearest(file, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("known: {}", known.join(", ")));
            self.problems.add(name.spot.problem(format!("there is no code list \"{file}\"")).hint(hint));
            return None;
        };
        let columns = column.split('|').map(str::trim).collect::<Vec<_>>();
        for column in columns.iter().filter(|column| !shared.has(column)) {
            let known = shared.columns();
            let hint = nearest(column, known.iter().copied())
                .unwrap_or_else(|| format!("it has: {}", known.join(", ")));
            let problem = name.spot.problem(format!("the code list \"{file}\" has no column \"{column}\""));
            self.problems.add(problem.hint(hint));
        }
        Some(shared.columns_of(&columns))
    }

    /// The codes of a row's list that a shared list does not have; none when there is no such list to ask.
    #[must_use]
    pub fn strangers<'c>(&self, list: &str, name: &str, codes: &'c Codes) -> Vec<&'c str> {
        let same = !self.own.contains_key(name) && name.split('.').next() == Some(list);
        let Some(shared) = self.shared(list).filter(|_| !same) else { return Vec::new() };
        let mut strangers = codes.known().filter(|code| shared.row(code).is_none()).collect::<Vec<_>>();
        strangers.sort_unstable();
        strangers
    }

    /// Whether a canonical unit code is a unit of mass, as the shared list of units says.
    #[must_use]
    pub fn is_mass(&self, unit: &str) -> bool {
        self.shared(UNITS).is_some_and(|units| units.row(unit).is_some_and(|row| row.mass))
    }

    /// The text of every shared file asked for so far, for the table's digest.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.shared.borrow().values().flatten().map(|list| list.text.to_string()).collect()
    }

    fn names(&self) -> Vec<String> {
        let files = self.folder.entries("").unwrap_or_default();
        let stems = files.iter().filter_map(|file| file.strip_suffix(".toml")).map(ToOwned::to_owned);
        stems.chain(self.own.keys().cloned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn shared(&self, file: &str) -> Option<Arc<List>> {
        if let Some(known) = self.shared.borrow().get(file) {
            return known.clone();
        }
        let text = self.folder.text(&format!("{file}.toml"), FILE_BYTES_MAX).ok();
        let shared = text.map(|text| list::read(file, &text, self.problems));
        self.shared.borrow_mut().insert(file.to_owned(), shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_and_the_first_is_written() {
        let mut codes = Codes::default();
        codes.add("C62", "UNIDADES|UNIDAD");
        assert_eq!(codes.canonical("UNIDAD"), Some("C62"));
        assert_eq!(codes.canonical("unidades"), Some("C62"));
        assert_eq!(codes.national("C62"), Some("UNIDADES"));
        assert_eq!(codes.canonical("CAJAS"), None);
    }

    #[test]
    fn spellings_that_differ_by_case_alone_are_read_as_they_stand_and_no_other_way() {
        let mut codes = Codes::default();
        codes.add("MGM", "mg");
        codes.add("2U", "Mg");
        assert_eq!(codes.canonical("mg"), Some("MGM"));
        assert_eq!(codes.canonical("Mg"), Some("2U"));
        assert_eq!(codes.canonical("MG"), None, "which of the two is anybody's guess");
    }
}
