//! A national document to a draft: the table's plan, walked along the document.
//!
//! Each value remembers where in the source it came from; what no row maps is kept with its path, and so is a text that
//! is no value of its field. Nothing is judged here beyond that: `validate` weighs the findings.
//!
//! **Invariant:** every leaf of the document ends as a value, in the remainder, or in a row that says `drop`; nothing is
//! set that the document, or the table's own constants, do not say.
//!
//! Fed by `intake` with what `decode` read; feeds `validate`. The canonical profile goes through the same walk
//! ([`canonical`]).

pub mod canonical;
mod compound;
mod finding;
mod leaf;
mod place;
mod pool;
mod record;
mod second;
mod remainder;
mod settle;
mod trail;
mod walk;

use std::collections::BTreeMap;

use crate::{
    decode::document::Document,
    format::Table,
    model::{
        certificate::{Certificate, Place},
        finding::{Finding, Position},
        reason::Reason,
    },
};

/// A mapped document that nobody has judged yet.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The values that could be read.
    pub certificate: Certificate,
    /// Where each came from; values the format implies come from nowhere.
    pub sources: BTreeMap<Place, Position>,
    /// Source fields no row maps: path and text; of a file inside a text, its type, size and digest.
    pub remainder: Vec<(String, String)>,
    /// What the document says of its own identity, by the table's rules.
    pub identity: Identity,
    /// What did not fit.
    pub findings: Vec<Finding>,
}

/// Identity as the format's table reads it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// Issuing body id.
    pub issuer: Option<String>,
    /// Certificate number, literally; placeholders are left out.
    pub number: Option<String>,
    /// The number without its rectification part; the number itself where the format has none.
    pub lineage: Option<String>,
    /// Version, where the document numbers it; counted from 0 as the format counts.
    pub version: Option<u32>,
    /// Lineage of the certificate this one replaces, where the document says so.
    pub earlier_lineage: Option<String>,
}

/// Maps a document by a table that recognises it.
///
/// A document in none of the table's variants gives an empty draft with one severe finding.
#[must_use]
pub fn map(table: &Table, document: &Document) -> Draft {
    match table.plan_of(document) {
        Some(plan) => {
            let mut draft = settle::settled(table, plan, walk::walk(table, plan, document));
            for (_, text) in &mut draft.remainder {
                *text = remainder::kept(std::mem::take(text));
            }
            draft
        }
        None => {
            let advice = "the document is in none of the forms this format has";
            let findings = vec![Finding::severe(Reason::FormatUnknown, advice)];
            Draft { findings, ..Draft::default() }
        }
    }
}

#[cfg(test)]
mod tests;
