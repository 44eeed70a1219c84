//! Problems in configuration files: every one of them at once, each with file, line, key, reason and nearest valid key.
//!
//! Files are read key by key through [`section::Section`], which records what is wrong and goes on, so one run shows an
//! operator all there is to mend. Parts above (`config`, `region`, `format`) read their own settings with it.
//!
//! **Invariant:** a value that is absent, of the wrong type or out of range is never replaced in silence: either the
//! key has a documented default and is absent, or there is a problem.

pub mod section;
pub mod unit;

use std::{cell::RefCell, fmt, sync::Arc};

/// Most problems printed; the rest is counted.
pub const PROBLEMS_SHOWN_MAX: usize = 200;

/// One thing wrong in a configuration file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// File, relative to the folder checked.
    pub file: String,
    /// Line, counted from 1; 0 when the file as a whole is meant.
    pub line: u32,
    /// Column, counted from 1.
    pub column: u32,
    /// Key, with the path of tables before it; empty when none is meant.
    pub key: String,
    /// What is wrong, without full stop.
    pub reason: String,
    /// What would be right: the nearest valid key, the range, the new name.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.reason)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Where a value stands in a file: kept beside it for problems found later, across files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spot {
    /// File.
    pub file: Arc<str>,
    /// Line, counted from 1; 0 for the file as a whole.
    pub line: u32,
    /// Column, counted from 1.
    pub column: u32,
    /// Key with the path of tables before it.
    pub key: String,
}

impl Spot {
    /// A whole file.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self { file: file.into(), line: 0, column: 0, key: String::new() }
    }

    /// A problem here.
    #[must_use]
    pub fn problem(&self, reason: impl Into<String>) -> Problem {
        let Self { file, line, column, key } = self;
        Problem {
            file: file.to_string(),
            line: *line,
            column: *column,
            key: key.clone(),
            reason: reason.into(),
            hint: None,
        }
    }
}

impl Problem {
    /// The same problem with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Its spot.
    pub spot: Spot,
}

impl<T> Found<T> {
    /// The same spot with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Found<U> {
        Found { value: change(self.value), spot: self.spot }
    }
}

/// The problems found so far; shared by every section that is read.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Adds one.
    pub fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them, by file and line.
    #[must_use]
    pub fn sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// The candidate most like `word`, as a hint, when one is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    near(word, candidates).first().map(|best| format!("did you mean \"{best}\"?"))
}

/// The candidates near enough to `word` to be what was meant, the nearest first.
#[must_use]
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let like = |candidate: &'a str| (strsim::jaro_winkler(word, candidate), candidate);
    let mut near: Vec<_> = candidates.into_iter().map(like).filter(|(like, _)| *like > 0.8).collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().map(|(_, candidate)| candidate).collect()
}
