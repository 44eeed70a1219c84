//! The requirement matrix of the specification (di 2327 Rev.13, annex 6) against the table of the version it describes.
//!
//! M is mandatory, F depends on the case, O is optional; a field that is not there does not belong to the form.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use coohub::{
    decode::document::Syntax,
    format::plan::{Plan, Row},
};

use crate::{
    formats::{document, table},
    support::need::corpus,
};

/// The version Rev.13 describes, and its table.
const DESCRIBED: (&str, &str) = ("4.1.0", "aladi-cod-4");

/// The forms in the order of the annex' tables.
const FORMS: [&str; 16] = [
    "FormR252", "FormA6", "FormA14", "FormA18", "FormA24", "FormA33", "FormA35", "FormA36", "FormA38",
    "FormA58", "FormA59", "FormA60", "FormA65", "FormA67", "FormA72", "FormA73",
];

/// Tags the PDF spells otherwise than the XSD.
const SPELLED: [(&str, &str); 3] = [
    ("GoodsARIssueDate", "GoodsArIssueDate"),
    ("TransportPortofLoading", "TransportPortOfLoading"),
    ("SuscriberSubmitterName", "SubscriberSubmitterName"),
];

/// Where PDF and XSD disagree on who must give what: form, tag, what the PDF says, why the table follows the XSD. Documents
/// are validated with the XSD, so what it demands is demanded, and what it lets pass is no finding.
const DISAGREEMENTS: [(&str, &str, &str, &str); 15] = [
    ("FormA18", "EHTelephone", "M", "the XSDs have one issuing body for all forms"),
    ("FormA18", "EHEmail", "M", "the XSDs have one issuing body for all forms"),
    ("FormA18", "EHURL", "O", "the XSDs have one issuing body for all forms"),
    ("FormA60", "EHAddress", "O", "the XSDs have one issuing body for all forms"),
    ("FormA60", "EHCityLocality", "O", "the XSDs have one issuing body for all forms"),
    ("FormA60", "EHURL", "O", "the XSDs have one issuing body for all forms"),
    ("FormA67", "CertificateControlCode", "M", "the XSDs have one certification for all forms"),
    ("FormA33", "ExporterFax", "M", "optional in the XSD since 2.0.0; annex 5 says O as well"),
    ("FormA33", "SubscriberFax", "M", "optional in the XSD since 2.0.0"),
    ("FormA67", "InvoiceQty", "M", "the XSD lets all of Invoices be left out"),
    ("FormA67", "InvoiceOrderNo", "M", "the XSD lets all of Invoices be left out"),
    ("FormA67", "InvoiceNo", "M", "the XSD lets all of Invoices be left out"),
    ("FormA67", "InvoiceDate", "M", "the XSD lets all of Invoices be left out"),
    ("FormA60", "ProducerConfidenciality", "M", "optional in the XSD"),
    ("FormA67", "ProducerConfidenciality", "M", "optional in the XSD"),
];

/// Letters by form and tag of the XSD.
type Matrix = BTreeMap<(String, String), String>;

static MATRIX: LazyLock<Option<Matrix>> = LazyLock::new(read);

fn read() -> Option<Matrix> {
    let bytes = corpus("aladi-cod/cod-field-requirements-rev13-annex6.csv")?;
    let root = document(Syntax::Csv, &bytes).root;
    let mut said = BTreeMap::new();
    for row in root.named("row") {
        let cell = |name: &str| row.child(name).map(|cell| cell.text.clone()).unwrap_or_default();
        let Some(form) = cell("table").parse().ok().and_then(|number: usize| FORMS.get(number - 1)) else {
            continue;
        };
        let tag = cell("xsd_tag");
        let tag =
            SPELLED.iter().find(|(pdf, _)| *pdf == tag).map_or(tag.clone(), |(_, xsd)| (*xsd).to_owned());
        said.entry(((*form).to_owned(), tag)).or_insert_with(|| cell("M_F_O"));
    }
    Some(said)
}

fn tag(row: &Row) -> &str {
    row.at.rsplit('/').next().unwrap().trim_end_matches("[]")
}

/// Whether the matrix demands a field that its XSD does not.
pub(super) fn is_mandatory(version: &str, plan: &Plan, row: &Row) -> bool {
    let key = (plan.variant.clone().unwrap(), tag(row).to_owned());
    version == DESCRIBED.0
        && MATRIX.as_ref().is_some_and(|said| said.get(&key).is_some_and(|word| word == "M"))
}

#[test]
fn the_fields_of_each_form_are_those_of_the_requirement_matrix() {
    let Some(said) = MATRIX.as_ref() else { return };
    assert_eq!(said.len(), 969);
    let table = table(DESCRIBED.1);
    let mut found = BTreeSet::new();
    for form in FORMS {
        let plan = table.plans.iter().find(|plan| plan.variant.as_deref() == Some(form)).unwrap();
        let rows: BTreeMap<&str, &Row> = plan.rows.iter().map(|row| (tag(row), row)).collect();
        for ((_, tag), word) in said.iter().filter(|((of, _), _)| of == form) {
            let row = rows.get(tag.as_str()).unwrap_or_else(|| panic!("{form} has no row for {tag}"));
            if row.required != (word == "M") {
                found.insert((form, tag.as_str(), word.as_str()));
            }
        }
    }
    let known = DISAGREEMENTS.iter();
    assert_eq!(found, known.map(|(form, tag, word, _)| (*form, *tag, *word)).collect());
}
