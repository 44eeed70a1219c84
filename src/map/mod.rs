//! A national document to a draft: the table's rows, read from national path to canonical field.
//!
//! Each value remembers where in the source it came from; what no row maps is kept with its path. Nothing is judged
//! here beyond "is this a value of its kind": `validate` weighs the findings.

use std::collections::BTreeMap;

use crate::model::{
    certificate::{Certificate, Place},
    finding::{Finding, Position},
};

/// A mapped document that nobody has judged yet.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The values that could be read.
    pub certificate: Certificate,
    /// Where each came from.
    pub sources: BTreeMap<Place, Position>,
    /// Source fields no row maps: path and text.
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
