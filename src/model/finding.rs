//! Findings: what was noticed about a document, where, and what would be right.
//!
//! A finding never holds a value of the document, so it can be logged, signed and shown to an operator; the position
//! leads its source to the value.

use std::fmt;

use super::{certificate::Place, reason::Reason};

/// Most findings reported for one document; the rest is counted, not listed.
pub const FINDINGS_MAX: usize = 100;

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Noted; nothing to do.
    Info,
    /// Travels with the receipt; the push is accepted.
    Warning,
    /// The push is rejected.
    Severe,
}

impl Level {
    /// The word in receipts and problems.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Severe => "severe",
        }
    }
}

/// Where in the source document something stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    /// Path in the document's own names: `/Envelope/CertOrigin/…`, a JSON pointer, or `row 3, column "HS"`.
    pub path: String,
    /// Line, counted from 1; 0 when the syntax has no lines worth naming.
    pub line: u32,
    /// Column, counted from 1; 0 when not known.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match (self.line, self.column) {
            (0, _) => String::new(),
            (line, 0) => format!("line {line}"),
            (line, column) => format!("line {line}, column {column}"),
        };
        match (self.path.as_str(), place.as_str()) {
            // The outermost object of JSON has no name.
            ("", place) => f.write_str(place),
            (path, "") => f.write_str(path),
            (path, place) => write!(f, "{path} ({place})"),
        }
    }
}

/// One thing noticed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Weight.
    pub level: Level,
    /// Coded cause.
    pub reason: Reason,
    /// Canonical field, where one is concerned.
    pub place: Option<Place>,
    /// Position in the source document, where known.
    pub position: Option<Position>,
    /// What would be right: a sentence for the source, without any value of the document.
    pub advice: String,
}

impl Finding {
    /// A severe finding without place.
    #[must_use]
    pub fn severe(reason: Reason, advice: impl Into<String>) -> Self {
        Self { level: Level::Severe, reason, place: None, position: None, advice: advice.into() }
    }

    /// A warning without place.
    #[must_use]
    pub fn warning(reason: Reason, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::severe(reason, advice) }
    }

    /// A note without place.
    #[must_use]
    pub fn info(reason: Reason, advice: impl Into<String>) -> Self {
        Self { level: Level::Info, ..Self::severe(reason, advice) }
    }

    /// The same finding, about a canonical place.
    #[must_use]
    pub fn about(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same finding, at a position of the source document.
    #[must_use]
    pub fn at(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level.word(), self.reason.code())?;
        if let Some(place) = &self.place {
            write!(f, " {}", place.path())?;
            if let Some(id) = place.field.wco_id() {
                write!(f, " (WCO {id})")?;
            }
        }
        if let Some(position) = &self.position {
            write!(f, " at {position}")?;
        }
        write!(f, ": {}", self.advice)
    }
}

/// Whether anything found is severe.
#[must_use]
pub fn any_severe(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Severe)
}
