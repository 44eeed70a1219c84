//! What an importing customs would look at: warned about, never judged.

use std::collections::BTreeSet;

use crate::model::{
    certificate::{Certificate, Index, Place},
    dictionary::Field,
    finding::Finding,
    reason::Reason,
    value::{Date, Value},
};

/// Most digits of a tariff code: the 6 of the Harmonized System and national tails.
const HS_DIGITS_MAX: usize = 12;

/// Collects warnings about the substance of a certificate.
pub(super) fn check(certificate: &Certificate, findings: &mut Vec<Finding>) {
    goods(certificate, findings);
    tariff_codes(certificate, findings);
    dates(certificate, findings);
    numbers(certificate, findings);
}

/// A certificate is about goods, each described.
fn goods(certificate: &Certificate, findings: &mut Vec<Finding>) {
    let (Some(items), Some(description)) = (Field::named("items[]"), Field::named("items[].description"))
    else {
        return;
    };
    let count = certificate.count(items, Index::TOP);
    if count == 0 {
        findings.push(Finding::warning(Reason::FieldMissing, "the certificate lists no goods"));
    }
    for index in (0..count).filter_map(|position| Index::TOP.inside(position)) {
        if certificate.at(description, index).is_none() {
            let place = Place { field: description, index };
            findings.push(Finding::warning(Reason::FieldMissing, "describe the goods").about(place));
        }
    }
}

/// Tariff codes are 4 to 12 digits, dotted or not.
fn tariff_codes(certificate: &Certificate, findings: &mut Vec<Finding>) {
    let Some(field) = Field::named("items[].hs.code") else { return };
    for (index, value) in certificate.all(field) {
        let text = value.to_string();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let clean = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ' ');
        if !clean || !(4..=HS_DIGITS_MAX).contains(&digits) {
            let advice = "a tariff code has 4 to 12 digits, with or without dots";
            findings.push(Finding::warning(Reason::FieldInvalid, advice).about(Place { field, index }));
        }
    }
}

/// An invoice later than the certificate and a validity that ends before it begins are worth a look.
fn dates(certificate: &Certificate, findings: &mut Vec<Finding>) {
    let date = |path: &str| match certificate.top(path) {
        Some(Value::Date(date)) => Some(date.clone()),
        _ => None,
    };
    let later =
        |a: &Option<Date>, b: &Option<Date>| matches!((a, b), (Some(a), Some(b)) if a.day() > b.day());
    if later(&date("validity.from"), &date("validity.to")) {
        findings.push(Finding::warning(Reason::FieldInvalid, "the validity ends before it begins"));
    }
    let issued = date("issueDate");
    let Some(field) = Field::named("invoices[].date") else { return };
    for (index, value) in certificate.all(field) {
        if let Value::Date(invoice) = value
            && later(&Some(invoice.clone()), &issued)
        {
            let advice = "the invoice is dated later than the certificate";
            findings.push(Finding::warning(Reason::FieldInvalid, advice).about(Place { field, index }));
        }
    }
}

/// No two items carry the same number.
fn numbers(certificate: &Certificate, findings: &mut Vec<Finding>) {
    let Some(field) = Field::named("items[].number") else { return };
    let mut seen = BTreeSet::new();
    for (index, value) in certificate.all(field) {
        if !seen.insert(value.to_string()) {
            let advice = "another item has the same number";
            findings.push(Finding::warning(Reason::FieldInvalid, advice).about(Place { field, index }));
        }
    }
}
