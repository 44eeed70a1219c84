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
        paths_bytes_max: 64,
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

#[test]
fn paths_pass_together_at_the_limit_and_not_past_it() {
    let limits = Limits { paths_bytes_max: 12, ..Limits::default() };
    // /a, /a/bb twice; then an attribute, /a/@b.
    assert_eq!(verdict(Syntax::Xml, "<a><bb/><bb/></a>", &limits), "ok");
    assert_eq!(verdict(Syntax::Xml, "<a><bb/><bbb/></a>", &limits), "xml-too-many-elements");
    assert_eq!(verdict(Syntax::Xml, "<a b='1'><bb/></a>", &limits), "ok");
    assert_eq!(verdict(Syntax::Xml, "<a b='1'><bb/><b/></a>", &limits), "xml-too-many-elements");
    // /a, /a/bb, /a/bb again.
    assert_eq!(verdict(Syntax::Json, r#"{"a": {"bb": [1, 2]}}"#, &limits), "ok");
    assert_eq!(verdict(Syntax::Json, r#"{"a": {"bb": [1, 2, 3]}}"#, &limits), "json-too-many-nodes");
}

#[test]
fn long_names_above_many_values_are_refused_before_they_unfold() {
    let (open, close) = (format!("{{\"{}\":", "n".repeat(250)).repeat(58), "}".repeat(58));
    let values = vec!["1"; 20_000].join(",");
    let finding = refusal(Syntax::Json, format!("{open}[{values}]{close}"));
    assert_eq!(finding.reason.code(), "json-too-many-nodes");
    let (open, close) = ("n".repeat(200), "n".repeat(200));
    let (open, close) = (format!("<{open}>").repeat(60), format!("</{close}>").repeat(60));
    let finding = refusal(Syntax::Xml, format!("{open}{}{close}", "<a/>".repeat(20_000)));
    assert_eq!(finding.reason.code(), "xml-too-many-elements");
}
