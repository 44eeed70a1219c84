//! Reads one TOML table key by key: a cursor that knows what was asked for, so that what was not is unknown.

use std::{cell::RefCell, collections::BTreeSet, ops::RangeInclusive, sync::Arc, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Found, Problem, Problems, Spot, nearest, unit};

/// A TOML file's name and text, for the lines in problems.
#[derive(Clone, Debug)]
pub struct Source {
    file: Arc<str>,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    /// A file already in memory; `file` is how problems name it.
    #[must_use]
    pub fn new(file: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.into(), text, lines }
    }

    /// Reads the whole file: `read` takes what it knows, every other key is a problem, so is every syntax error.
    pub fn read<T>(&self, problems: &Problems, read: impl FnOnce(&Section<'_>) -> T) -> T {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        for error in errors {
            let spot = self.spot(error.span().unwrap_or_default().start, String::new());
            problems.add(spot.problem(error.message()));
        }
        let section = Section::new(self, problems, table.get_ref(), (String::new(), 0));
        let value = read(&section);
        section.report_unknown();
        value
    }

    fn spot(&self, offset: usize, key: String) -> Spot {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Spot { file: self.file.clone(), line: number(line), column: number(column), key }
    }
}

/// A table of the file, with its path and the keys asked for so far.
#[derive(Debug)]
pub struct Section<'a> {
    source: &'a Source,
    problems: &'a Problems,
    table: &'a DeTable<'a>,
    path: String,
    start: usize,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Section<'a> {
    fn new(
        source: &'a Source,
        problems: &'a Problems,
        table: &'a DeTable<'a>,
        (path, start): (String, usize),
    ) -> Self {
        Self { source, problems, table, path, start, asked: RefCell::default() }
    }

    /// The spot of the table itself.
    #[must_use]
    pub fn spot(&self) -> Spot {
        self.source.spot(self.start, self.path.clone())
    }

    /// The spot of a key, or of the table when the key is absent.
    #[must_use]
    pub fn spot_of(&self, key: &str) -> Spot {
        let start = self.table.get(key).map_or(self.start, |value| value.span().start);
        self.source.spot(start, self.key_path(key))
    }

    /// Records a problem at a key of this table.
    pub fn wrong(&self, key: &str, reason: impl Into<String>) {
        self.problems.add(self.spot_of(key).problem(reason));
    }

    /// Records any problem.
    pub fn add(&self, problem: Problem) {
        self.problems.add(problem);
    }

    /// Whether a key is present; asking makes it known.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// A text; control characters other than tab and line end are a problem.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Found<String>> {
        let found = self.typed(key, "a text in quotes", |value| value.as_str().map(ToOwned::to_owned))?;
        if found.value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            self.wrong(key, "holds a control character");
        }
        Some(found)
    }

    /// A text that must be there; empty, with a problem, when it is not.
    #[must_use]
    pub fn need_text(&self, key: &str) -> Found<String> {
        self.text(key).unwrap_or_else(|| {
            self.missing(key);
            Found { value: String::new(), spot: self.spot_of(key) }
        })
    }

    /// A whole number within a range.
    #[must_use]
    pub fn count(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let found = self.typed(key, "a whole number", |value| {
            value.as_integer()?.as_str().replace('_', "").parse().ok()
        })?;
        self.within(key, found.value, &range, ToString::to_string)
    }

    /// A yes or no.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.typed(key, "true or false", |value| value.as_bool()).map(|found| found.value)
    }

    /// A duration such as `"30s"` within a range.
    #[must_use]
    pub fn duration(&self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let found = self.typed(key, "a duration such as \"30s\", \"5m\", \"12h\" or \"7d\"", |value| {
            unit::duration(value.as_str()?)
        })?;
        self.within(key, found.value, &range, |d| unit::duration_text(*d))
    }

    /// A size such as `"2 MiB"` within a range, in bytes.
    #[must_use]
    pub fn size(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let found =
            self.typed(key, "a size such as \"64 KiB\" or \"2 MiB\"", |value| unit::size(value.as_str()?))?;
        self.within(key, found.value, &range, |bytes| unit::size_text(*bytes))
    }

    /// A list of durations, each within a range.
    #[must_use]
    pub fn durations(&self, key: &str, range: RangeInclusive<Duration>) -> Option<Vec<Duration>> {
        let texts = self.texts(key)?;
        let read = |found: Found<String>| match unit::duration(&found.value).filter(|d| range.contains(d)) {
            Some(duration) => Some(duration),
            None => {
                self.add(
                    found
                        .spot
                        .problem("is not a duration in range")
                        .hint(Self::range_text(&range, |d| unit::duration_text(*d))),
                );
                None
            }
        };
        // Two steps: every wrong entry is reported before the first one ends it.
        texts.into_iter().map(read).collect::<Vec<_>>().into_iter().collect()
    }

    /// A list of texts, each with its own spot.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<Vec<Found<String>>> {
        let value = self.raw(key)?;
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong(key, "must be a list of texts such as [\"a\", \"b\"]");
            return None;
        };
        let read = |entry: &Spanned<DeValue<'_>>| {
            let spot = self.source.spot(entry.span().start, self.key_path(key));
            match entry.get_ref().as_str() {
                Some(text) => Some(Found { value: text.to_owned(), spot }),
                None => {
                    self.add(spot.problem("must be a text in quotes"));
                    None
                }
            }
        };
        entries.iter().map(read).collect::<Vec<_>>().into_iter().collect()
    }

    /// One of a closed set of words.
    #[must_use]
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.text(key).and_then(|found| self.chosen(&found, words))
    }

    /// Any of a closed set of words, as a list; none when absent.
    #[must_use]
    pub fn choices<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Vec<T> {
        let found = self.texts(key).unwrap_or_default();
        found.iter().filter_map(|found| self.chosen(found, words)).collect()
    }

    fn chosen<T: Copy>(&self, found: &Found<String>, words: &[(&str, T)]) -> Option<T> {
        let value = words.iter().find(|(word, _)| *word == found.value).map(|(_, value)| *value);
        if value.is_none() {
            let list = words.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            let hint = nearest(&found.value, list.iter().copied())
                .unwrap_or(format!("use one of: {}", list.join(", ")));
            self.add(found.spot.problem(format!("\"{}\" is not a valid choice", found.value)).hint(hint));
        }
        value
    }

    /// Reads a sub-table, if present.
    pub fn table<T>(&self, key: &str, read: impl FnOnce(&Section<'_>) -> T) -> Option<T> {
        let value = self.raw(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, "must be a table");
            return None;
        };
        Some(self.inside(table, (self.key_path(key), value.span().start), read))
    }

    /// Reads each table of an array of tables, in order; none when absent.
    pub fn tables<T>(&self, key: &str, mut read: impl FnMut(&Section<'_>) -> T) -> Vec<T> {
        let Some(value) = self.raw(key) else { return Vec::new() };
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong(key, format!("must be a list of tables, each under [[{}]]", self.key_path(key)));
            return Vec::new();
        };
        let mut out = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            let place = (format!("{}[{}]", self.key_path(key), position + 1), entry.span().start);
            match entry.get_ref().as_table() {
                Some(table) => out.push(self.inside(table, place, &mut read)),
                None => self.wrong(key, "must hold tables only"),
            }
        }
        out
    }

    /// A table of free keys to texts, such as a code list; each value with its spot.
    #[must_use]
    pub fn entries(&self, key: &str) -> Vec<(String, Found<String>)> {
        self.table(key, |table| table.all_texts()).unwrap_or_default()
    }

    /// Every key of this table, as texts.
    #[must_use]
    pub fn all_texts(&self) -> Vec<(String, Found<String>)> {
        self.other_texts(&[])
    }

    /// Every key of this table but those named, as texts.
    #[must_use]
    pub fn other_texts(&self, apart: &[&str]) -> Vec<(String, Found<String>)> {
        let keys = self.table.keys().map(|key| key.get_ref().to_string());
        let keys: Vec<String> = keys.filter(|key| !apart.contains(&key.as_str())).collect();
        keys.into_iter().filter_map(|key| self.text(&key).map(|found| (key, found))).collect()
    }

    /// Records that a key must be there.
    pub fn missing(&self, key: &str) {
        let here = self.source.spot(self.start, self.key_path(key));
        self.problems.add(here.problem("is missing"));
    }

    fn inside<T>(
        &self,
        table: &DeTable<'_>,
        place: (String, usize),
        read: impl FnOnce(&Section<'_>) -> T,
    ) -> T {
        let section = Section::new(self.source, self.problems, table, place);
        let value = read(&section);
        section.report_unknown();
        value
    }

    fn raw(&self, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    fn typed<T>(
        &self,
        key: &str,
        what: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<Found<T>> {
        let value = read(self.raw(key)?.get_ref());
        if value.is_none() {
            self.wrong(key, format!("must be {what}"));
        }
        value.map(|value| Found { value, spot: self.spot_of(key) })
    }

    fn within<T: PartialOrd>(
        &self,
        key: &str,
        value: T,
        range: &RangeInclusive<T>,
        text: impl Fn(&T) -> String,
    ) -> Option<T> {
        if range.contains(&value) {
            return Some(value);
        }
        let reason = format!("{} is out of range", text(&value));
        self.add(self.spot_of(key).problem(reason).hint(Self::range_text(range, text)));
        None
    }

    fn range_text<T>(range: &RangeInclusive<T>, text: impl Fn(&T) -> String) -> String {
        format!("allowed: {} to {}", text(range.start()), text(range.end()))
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn report_unknown(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys().filter(|key| !asked.contains(key.get_ref().as_ref())) {
            let spot = self.source.spot(key.span().start, self.key_path(key.get_ref()));
            let problem = spot.problem("is not a known key");
            let hint = nearest(key.get_ref(), asked.iter().map(String::as_str));
            self.problems.add(Problem { hint, ..problem });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = Problems::default();
        Source::new("coohub.toml", text).read(&problems, |file| {
            let _ = file.table("listen", |listen| {
                let _ = (listen.need_text("address"), listen.count("connections_max", 1..=100));
                let _ =
                    listen.duration("handshake_timeout", Duration::from_secs(1)..=Duration::from_secs(60));
            });
        });
        problems.sorted().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_line() {
        let text = "[listen]\nadress = \"x\"\nconnections_max = 500\nhandshake_timeout = \"30\"\n[lisen]\n";
        assert_eq!(
            problems(text),
            [
                "coohub.toml:1:1: listen.address: is missing",
                "coohub.toml:2:1: listen.adress: is not a known key; did you mean \"address\"?",
                "coohub.toml:3:19: listen.connections_max: 500 is out of range; allowed: 1 to 100",
                "coohub.toml:4:21: listen.handshake_timeout: must be a duration such as \"30s\", \"5m\", \"12h\" or \"7d\"",
                "coohub.toml:5:2: lisen: is not a known key; did you mean \"listen\"?",
            ]
        );
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        assert!(problems("[listen]\naddress = \n")[0].starts_with("coohub.toml:2:"));
    }

    #[test]
    fn a_clean_file_has_no_problem() {
        assert_eq!(problems("[listen]\naddress = \"x\"\n"), Vec::<String>::new());
    }
}
