//! A certificate to a national document: the table's plan, walked along the certificate.
//!
//! What the format has no place for, or cannot spell, is a loss and is named. What the format demands and the
//! certificate does not have makes it [`Unrenderable`]: nothing is invented, cut or replaced.
//!
//! **Invariant:** reading a rendering with the same table gives exactly [`project`]ed: the values that arrive, as the
//! format spells them.
//!
//! Fed by `route` with a valid certificate; feeds `deliver`. It does not know targets or views.

pub mod canonical;
pub mod coverage;
pub mod csv;
mod compound;
mod field;
pub mod json;
mod list;
mod place;
mod pool;
mod settle;
mod walk;
pub mod xml;

use std::{collections::BTreeSet, fmt};

use crate::{
    decode::{
        self,
        document::{Document, Node, Syntax},
        limit::Limits,
        schema::Schema,
    },
    format::Table,
    model::{
        certificate::{Certificate, Place},
        finding::Finding,
        value::Value,
    },
};

use self::walk::Kept;

/// Writes a text, and for each character of which a byte is special what stands for it; all else as it is.
fn escaped(
    out: &mut String,
    text: &str,
    special: impl Fn(u8) -> bool,
    mut write: impl FnMut(&mut String, char),
) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(&special) {
        let (plain, behind) = rest.split_at(at);
        out.push_str(plain);
        let mut behind = behind.chars();
        if let Some(c) = behind.next() {
            write(out, c);
        }
        rest = behind.as_str();
    }
    out.push_str(rest);
}

/// Most fields named in one refusal; the rest is not listed.
pub const FIELDS_NAMED_MAX: usize = 100;

/// A rendered document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rendered {
    /// The document.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: String,
    /// Places of the certificate that do not arrive, or not whole.
    pub losses: Vec<Place>,
}

/// Why a certificate cannot be written in a format.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{} fields that the format demands cannot be filled", fields.len())]
pub struct Unrenderable {
    /// The fields, at most [`FIELDS_NAMED_MAX`].
    pub fields: Vec<Unfilled>,
    /// Places that would not have arrived either way.
    pub losses: Vec<Place>,
}

/// A field a format demands and a certificate cannot fill.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unfilled {
    /// Path in the format's own names.
    pub at: String,
    /// Canonical place, where one is concerned.
    pub place: Option<Place>,
    /// What is wrong with the value; `None` when there is none.
    pub why: Option<String>,
}

impl fmt::Display for Unfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)?;
        if let Some(place) = &self.place {
            write!(f, " ({})", place.path())?;
        }
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => f.write_str(": no value"),
        }
    }
}

/// Renders a certificate.
///
/// # Errors
/// [`Unrenderable`] names every field the format demands that cannot be filled; else whatever its schema does not allow.
pub fn render(table: &Table, certificate: &Certificate) -> Result<Rendered, Unrenderable> {
    let walked = walk::walk(table, certificate);
    let losses = losses(certificate, &walked.kept);
    let mut fields = walked.unfilled;
    if fields.is_empty() {
        let bytes = bytes(table, &Document { syntax: table.syntax, root: walked.root });
        fields = table.schema.as_ref().map_or_else(Vec::new, |schema| violations(table, schema, &bytes));
        if fields.is_empty() {
            return Ok(Rendered { bytes, media_type: table.media_type(), losses });
        }
    }
    fields.truncate(FIELDS_NAMED_MAX);
    Err(Unrenderable { fields, losses })
}

/// The fields for which [`render`] would refuse a certificate; none when it would not. Writes bytes only for a schema to
/// look at.
#[must_use]
pub fn unfilled(table: &Table, certificate: &Certificate) -> Vec<Unfilled> {
    let walked = walk::walk(table, certificate);
    let mut fields = walked.unfilled;
    if let Some(schema) = table.schema.as_ref().filter(|_| fields.is_empty()) {
        let bytes = bytes(table, &Document { syntax: table.syntax, root: walked.root });
        fields = violations(table, schema, &bytes);
    }
    fields.truncate(FIELDS_NAMED_MAX);
    fields
}

/// What the format's schema has against a rendering, read back from its bytes: that is what a target would do.
fn violations(table: &Table, schema: &Schema, bytes: &[u8]) -> Vec<Unfilled> {
    let findings = match decode::decode_in(table.charset, table.syntax, bytes, &Limits::DEFAULT) {
        Ok(decoded) => schema.check(&decoded, bytes),
        Err(finding) => vec![finding],
    };
    let unfilled = |finding: Finding| Unfilled {
        at: finding.position.map(|position| position.path).unwrap_or_default(),
        place: None,
        why: Some(finding.advice),
    };
    findings.into_iter().map(unfilled).collect()
}

/// What a rendering keeps: what mapping it again gives.
#[must_use]
pub fn project(table: &Table, certificate: &Certificate) -> Certificate {
    trace(table, certificate).arrives
}

/// A rendering with everything known about it, complete or not.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The document, without the fields that cannot be filled.
    pub document: Document,
    /// What arrives.
    pub arrives: Certificate,
    /// Places of the certificate that do not arrive.
    pub losses: Vec<Place>,
    /// Fields the format demands that cannot be filled.
    pub unfilled: Vec<Unfilled>,
}

/// Whether a value arrives as less than it was: a moment as a mere day.
fn cut(was: Option<&Value>, arrives: &Value) -> bool {
    matches!((was, arrives), (Some(Value::Date(was)), Value::Date(arrives)) if was.is_moment() && !arrives.is_moment())
}

/// Renders as far as it goes, for a trace or a matrix.
#[must_use]
pub fn trace(table: &Table, certificate: &Certificate) -> Traced {
    let walked = walk::walk(table, certificate);
    let losses = losses(certificate, &walked.kept);
    let mut arrives = Certificate::default();
    for kept in walked.kept {
        arrives.set(kept.to, kept.value);
    }
    let document = Document { syntax: table.syntax, root: walked.root };
    Traced { document, arrives, losses, unfilled: walked.unfilled }
}

/// Places of a certificate that do not arrive whole.
fn losses(certificate: &Certificate, kept: &[Kept]) -> Vec<Place> {
    let whole =
        |kept: &Kept| kept.from.filter(|from| !cut(certificate.at(from.field, from.index), &kept.value));
    let kept: BTreeSet<Place> = kept.iter().filter_map(whole).collect();
    certificate.iter().map(|(place, _)| place).filter(|place| !kept.contains(place)).collect()
}

/// The document alone, as far as it goes.
fn document(table: &Table, certificate: &Certificate) -> Document {
    Document { syntax: table.syntax, root: walk::walk(table, certificate).root }
}

/// The bytes of a document, written as its table says.
#[must_use]
pub fn bytes(table: &Table, document: &Document) -> Vec<u8> {
    let text = match document.syntax {
        Syntax::Xml => xml::write(&document.root, &table.namespaces, table.charset.name()),
        Syntax::Json => json::write(&document.root),
        Syntax::Csv => csv::write(&document.root, &columns(table), table.delimiter),
    };
    table.charset.write(text)
}

/// The columns of a delimited format, in order of output.
fn columns(table: &Table) -> Vec<String> {
    let rows = table.plans.first().and_then(|plan| plan.root.children.first());
    rows.map_or_else(Vec::new, |row| row.children.iter().map(|column| column.name.clone()).collect())
}

/// An empty node of a plan's element.
fn node(name: &str, space: Option<&String>) -> Node {
    Node { space: space.cloned(), ..Node::branch(name) }
}

#[cfg(test)]
mod tests;
