//! A shared code list as its file has it: rows with dates and spellings, checked, and read once per text.
//!
//! A region asks for the same few files for every table, row after row, so a list is parsed once for a given text of it
//! and kept; a column becomes a look-up once as well. What is kept is a pure function of the file's text.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::Codes;
use crate::{
    files::Files,
    format::FILE_BYTES_MAX,
    model::value::{Date, Decimal},
    problem::{
        Found, Problem, Problems, Spot,
        section::{Section, Source},
    },
};

/// The column of canonical codes.
pub const CANONICAL: &str = "is";
/// Most lists kept parsed; the one read longest ago goes first.
pub const LISTS_KEPT_MAX: usize = 64;
/// Keys of a row that are no column of spellings.
const KEYS: [&str; 5] = ["from", "until", "user", "mass", "factor"];

static KEPT: Mutex<Shelf> = Mutex::new(Shelf(Vec::new()));

/// Files parsed before, the one read longest ago first.
#[derive(Debug, Default)]
struct Shelf(Vec<Kept>);

/// A file parsed before, with what was wrong in it.
#[derive(Debug)]
struct Kept {
    name: String,
    list: Arc<List>,
    problems: Vec<Problem>,
}

/// One shared list.
#[derive(Debug, Default)]
pub struct List {
    /// Name in words.
    pub title: String,
    /// Where codes and names come from.
    pub source: String,
    /// The file's text.
    pub text: Arc<str>,
    rows: Vec<Row>,
    places: HashMap<String, usize>,
    columns: BTreeMap<String, Vec<(String, String)>>,
    made: Mutex<BTreeMap<String, Arc<Codes>>>,
}

/// One canonical code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The code.
    pub code: String,
    /// First day it counts; `None`: since before any certificate the hub will see.
    pub from: Option<Date>,
    /// Last day it counts.
    pub until: Option<Date>,
    /// Whether the standard leaves the code to its users.
    pub user: bool,
    /// Whether it is a unit of mass.
    pub mass: bool,
    /// How many kilograms a unit of mass is.
    pub factor: Option<Decimal>,
}

impl Row {
    /// Whether the code counts on a day.
    #[must_use]
    pub fn counts_on(&self, day: &Date) -> bool {
        self.from.as_ref().is_none_or(|from| from.day() <= day.day())
            && self.until.as_ref().is_none_or(|until| day.day() <= until.day())
    }
}

impl List {
    /// The row of a canonical code.
    #[must_use]
    pub fn row(&self, code: &str) -> Option<&Row> {
        self.rows.get(*self.places.get(code)?)
    }

    /// Every row, in order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether any row has a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// A column as a look-up; `None` when no row has it.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Arc<Codes>> {
        self.has(name).then(|| self.columns_of(&[name]))
    }

    /// Several columns as one look-up: all are read, the first one with a spelling is written.
    #[must_use]
    pub fn columns_of(&self, names: &[&str]) -> Arc<Codes> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let codes = made.entry(names.join("|")).or_insert_with(|| {
            let mut codes = Codes::default();
            for (code, spellings) in names.iter().filter_map(|name| self.columns.get(*name)).flatten() {
                codes.add(code, spellings);
            }
            Arc::new(codes)
        });
        codes.clone()
    }

    /// The columns there are.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        self.columns.keys().map(String::as_str).collect()
    }
}

/// Every list of a folder, by name.
#[derive(Clone, Debug, Default)]
pub struct Library(BTreeMap<String, Arc<List>>);

impl Library {
    /// Reads every file of a folder; problems are recorded. A folder that is not there holds no lists.
    #[must_use]
    pub fn load(folder: impl Into<Files>, problems: &Problems) -> Self {
        let folder = folder.into();
        let mut lists = BTreeMap::new();
        for file in folder.entries("").unwrap_or_default() {
            let Some(name) = file.strip_suffix(".toml") else { continue };
            match folder.text(&file, FILE_BYTES_MAX) {
                Ok(text) => drop(lists.insert(name.to_owned(), read(name, &text, problems))),
                Err(reason) => problems.add(Spot::file(&label(name)).problem(reason)),
            }
        }
        Self(lists)
    }

    /// One list.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&List> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// The names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn label(name: &str) -> String {
    format!("formats/codes/{name}.toml")
}

/// The list of a text, parsed now or before; its problems are recorded either way.
pub(super) fn read(name: &str, text: &str, problems: &Problems) -> Arc<List> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).read(name, text, problems)
}

impl Shelf {
    fn read(&mut self, name: &str, text: &str, problems: &Problems) -> Arc<List> {
        let same = |kept: &Kept| kept.name == name && &*kept.list.text == text;
        let kept = match self.0.iter().position(same) {
            Some(position) => self.0.remove(position),
            None => Kept::parse(name, text),
        };
        kept.problems.iter().for_each(|problem| problems.add(problem.clone()));
        let list = kept.list.clone();
        if self.0.len() >= LISTS_KEPT_MAX {
            self.0.remove(0);
        }
        self.0.push(kept);
        list
    }
}

impl Kept {
    fn parse(name: &str, text: &str) -> Self {
        let found = Problems::default();
        let list = Source::new(&label(name), text).read(&found, parse);
        let list = Arc::new(List { text: text.into(), ..list });
        Self { name: name.to_owned(), list, problems: found.sorted() }
    }
}

/// A row as written: its code, and its spellings by column.
type Written = (Row, Spot, Vec<(String, Found<String>)>);

fn parse(file: &Section<'_>) -> List {
    let (title, source) = (file.need_text("title").value, file.need_text("source").value);
    let written = file.tables("codes", row).into_iter().flatten().collect::<Vec<_>>();
    let mut list = List { title, source, ..List::default() };
    let mut lines: HashMap<String, u32> = HashMap::new();
    let mut columns: BTreeMap<String, Column> = BTreeMap::new();
    for (row, spot, cells) in written {
        if let Some(line) = lines.get(&row.code) {
            file.add(spot.problem(format!("the code \"{}\" stands in line {line} already", row.code)));
            continue;
        }
        lines.insert(row.code.clone(), spot.line);
        for (name, cell) in cells {
            columns.entry(name.clone()).or_default().add(file, &row.code, &cell);
            list.columns.entry(name).or_default().push((row.code.clone(), cell.value));
        }
        list.places.insert(row.code.clone(), list.rows.len());
        list.rows.push(row);
    }
    list
}

fn row(section: &Section<'_>) -> Option<Written> {
    let date = |key: &str| {
        let found = section.text(key)?;
        let date = Date::new(&found.value).filter(|date| !date.has_time());
        if date.is_none() {
            section.add(found.spot.problem("is not a day").hint("write it as \"2010-12-15\""));
        }
        date
    };
    let (from, until) = (date("from"), date("until"));
    if let (Some(from), Some(until)) = (&from, &until)
        && until.day() < from.day()
    {
        section.wrong("until", "is before \"from\"");
    }
    let mass = section.flag("mass").unwrap_or(false);
    let factor = section.text("factor").map(|found| (Decimal::new(&found.value), found.spot));
    match &factor {
        Some((None, spot)) => section.add(spot.problem("is not a decimal number such as 0.45359237")),
        Some((_, spot)) if !mass => {
            section.add(spot.problem("says how many kilograms, but the row does not say mass = true"));
        }
        _ => {}
    }
    let cells = section.other_texts(&KEYS);
    let Some((_, code)) = cells.iter().find(|(key, _)| key == CANONICAL) else {
        section.missing(CANONICAL);
        return None;
    };
    let (code, spot) = (code.value.clone(), code.spot.clone());
    let user = section.flag("user").unwrap_or(false);
    let factor = factor.and_then(|(factor, _)| factor);
    Some((Row { code, from, until, user, mass, factor }, spot, cells))
}

/// The spellings of a column so far: none stands for two codes.
#[derive(Debug, Default)]
struct Column {
    owners: HashMap<String, (String, u32)>,
}

impl Column {
    fn add(&mut self, file: &Section<'_>, code: &str, cell: &Found<String>) {
        for spelling in cell.value.split('|').map(str::trim) {
            match self.owners.get(spelling) {
                _ if spelling.is_empty() => {
                    file.add(cell.spot.problem("has an empty spelling").hint("take out the | too many"));
                }
                Some((owner, line)) if owner != code => {
                    let reason = format!("\"{spelling}\" stands for \"{owner}\" in line {line} already");
                    let hint = "leave it to one of the two: a document that has it must mean one code";
                    file.add(cell.spot.problem(reason).hint(hint));
                }
                _ => {}
            }
            self.owners.entry(spelling.to_owned()).or_insert((code.to_owned(), cell.spot.line));
        }
    }
}

#[cfg(test)]
mod tests;
