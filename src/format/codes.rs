//! Code lists: the document's token on one side, the canonical code on the other.
//!
//! A shared list is a file `partners/formats/codes/<name>.toml`: one row per canonical code (`is`), further columns with
//! the spellings of a language or system; `codes = "units.es"` names a column. A table's own list stands in the table.
//! Several spellings of one code are separated by `|`; all are read, the first is written.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::problem::{Found, Problems, nearest, section::Source};

/// One list, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    canonical: HashMap<String, String>,
    folded: HashMap<String, String>,
    national: HashMap<String, String>,
}

impl Codes {
    /// Adds the spellings of a canonical code, the one to be written first.
    fn add(&mut self, code: &str, spellings: &str) {
        for spelling in spellings.split('|').map(str::trim) {
            self.national.entry(code.to_owned()).or_insert_with(|| spelling.to_owned());
            self.canonical.entry(spelling.to_owned()).or_insert_with(|| code.to_owned());
            self.folded.entry(spelling.to_lowercase()).or_insert_with(|| code.to_owned());
        }
    }

    /// The canonical code of a token: the very spelling first, then without regard to case.
    #[must_use]
    pub fn canonical(&self, token: &str) -> Option<&str> {
        let found = self.canonical.get(token).or_else(|| self.folded.get(&token.to_lowercase()));
        found.map(String::as_str)
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

/// One shared file: canonical codes, and per column their spellings.
#[derive(Debug, Default)]
struct Shared {
    rows: Vec<BTreeMap<String, String>>,
}

/// The lists a table may name: its own, and the shared folder's, read when first asked for.
#[derive(Debug)]
pub struct Lists<'a> {
    folder: &'a Path,
    problems: &'a Problems,
    own: BTreeMap<String, Arc<Codes>>,
    shared: RefCell<BTreeMap<String, Option<Arc<Shared>>>>,
    read: RefCell<Vec<String>>,
}

impl<'a> Lists<'a> {
    /// No own lists yet.
    #[must_use]
    pub fn new(folder: &'a Path, problems: &'a Problems) -> Self {
        let (shared, read) = (RefCell::default(), RefCell::default());
        Self { folder, problems, own: BTreeMap::new(), shared, read }
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
        let (file, column) = name.value.split_once('.').unwrap_or((&name.value, "is"));
        let Some(shared) = self.shared(file) else {
            let known = self.names();
            let hint = nearest(file, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("known: {}", known.join(", ")));
            self.problems.add(name.spot.problem(format!("there is no code list \"{file}\"")).hint(hint));
            return None;
        };
        let mut codes = Codes::default();
        for column in column.split('|').map(str::trim) {
            let mut spelled =
                shared.rows.iter().filter_map(|row| row.get("is").zip(row.get(column))).peekable();
            if spelled.peek().is_some() {
                spelled.for_each(|(code, spellings)| codes.add(code, spellings));
                continue;
            }
            let columns = shared.rows.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>();
            let hint = nearest(column, columns.iter().map(|column| column.as_str()));
            let problem = name.spot.problem(format!("the code list \"{file}\" has no column \"{column}\""));
            self.problems.add(crate::problem::Problem { hint, ..problem });
        }
        Some(Arc::new(codes))
    }

    /// Whether a shared list has a canonical code; `true` when there is no such list to ask.
    #[must_use]
    pub fn admits(&self, list: &str, code: &str) -> bool {
        self.shared(list)
            .is_none_or(|shared| shared.rows.iter().any(|row| row.get("is").is_some_and(|is| is == code)))
    }

    /// The text of every shared file read so far, for the table's digest.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.read.borrow().clone()
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder).into_iter().flatten().flatten();
        let stems = files.filter_map(|file| {
            let path: PathBuf = file.path();
            (path.extension()? == "toml").then(|| path.file_stem()?.to_str().map(ToOwned::to_owned))?
        });
        stems.chain(self.own.keys().cloned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn shared(&self, file: &str) -> Option<Arc<Shared>> {
        if let Some(known) = self.shared.borrow().get(file) {
            return known.clone();
        }
        let text = std::fs::read_to_string(self.folder.join(format!("{file}.toml"))).ok();
        let shared = text.map(|text| {
            let label = format!("formats/codes/{file}.toml");
            let shared = Source::new(&label, text.as_str()).read(self.problems, |section| {
                let _ = (section.need_text("title"), section.need_text("source"));
                let rows = section.tables("codes", |row| {
                    let cells = row.all_texts().into_iter();
                    let cells = cells.map(|(key, found)| (key, found.value)).collect::<BTreeMap<_, _>>();
                    if !cells.contains_key("is") {
                        row.missing("is");
                    }
                    cells
                });
                Shared { rows }
            });
            self.read.borrow_mut().push(text);
            Arc::new(shared)
        });
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
}
