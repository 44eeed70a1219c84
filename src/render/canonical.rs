//! The canonical profile written: the dictionary's own table ([`crate::format::canonical`]). Lossless and deterministic.
//!
//! JSON members and XML elements stand in dictionary order; decimals and dates are strings in JSON, because many
//! readers lose digits of JSON numbers, and flags are booleans. A value that XML 1.0 cannot hold (a control character)
//! never enters a certificate by mapping; one put there by hand is left out.

use crate::{
    format::{Table, canonical},
    model::certificate::Certificate,
};

/// The certificate as canonical JSON, without insignificant white space.
#[must_use]
pub fn to_json(certificate: &Certificate) -> Vec<u8> {
    written(canonical::json(), certificate)
}

/// The certificate as canonical XML in the namespace [`canonical::NAMESPACE`].
#[must_use]
pub fn to_xml(certificate: &Certificate) -> Vec<u8> {
    written(canonical::xml(), certificate)
}

fn written(table: Option<&'static Table>, certificate: &Certificate) -> Vec<u8> {
    table.map_or_else(Vec::new, |table| super::bytes(table, &super::trace(table, certificate).document))
}
