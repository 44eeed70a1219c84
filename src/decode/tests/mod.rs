//! Tests of the stage: each refusal at its limit and one past it, with its code; what is read, as it is read.

mod csv;
mod fuzz;
mod guard;
mod json;
mod proof;
mod xml;

use super::{Decoded, decode, document::Syntax, limit::Limits};
use crate::model::finding::{Finding, Level};

/// Small limits, so that documents at and past them stay readable.
fn small() -> Limits {
    Limits {
        xml_depth_max: 4,
        xml_elements_max: 6,
        xml_element_attributes_max: 3,
        xml_attributes_max: 5,
        xml_namespaces_max: 2,
        name_bytes_max: 8,
        text_bytes_max: 12,
        json_depth_max: 3,
        json_nodes_max: 5,
        csv_columns_max: 2,
        csv_rows_max: 3,
        csv_cells_max: 5,
        csv_cell_bytes_max: 4,
    }
}

/// The code a document is refused with, or `ok`.
fn verdict(syntax: Syntax, bytes: impl AsRef<[u8]>, limits: &Limits) -> &'static str {
    match decode(syntax, bytes.as_ref(), limits) {
        Ok(_) => "ok",
        Err(finding) => {
            assert_eq!(finding.level, Level::Severe);
            assert!(!finding.advice.is_empty());
            finding.reason.code()
        }
    }
}

fn refusal(syntax: Syntax, bytes: impl AsRef<[u8]>) -> Finding {
    match decode(syntax, bytes.as_ref(), &Limits::default()) {
        Ok(_) => panic!("accepted"),
        Err(finding) => finding,
    }
}

fn accepted(syntax: Syntax, bytes: impl AsRef<[u8]>) -> Decoded {
    decode(syntax, bytes.as_ref(), &Limits::default()).unwrap_or_else(|finding| panic!("{finding}"))
}
