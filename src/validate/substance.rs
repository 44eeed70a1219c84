//! What an importing customs would look at: warned about, never judged.

use std::collections::BTreeSet;

use super::codes;
use crate::{
    format::codes::list::Library,
    map::Draft,
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        finding::Finding,
        reason::Reason,
        value::{Date, Value},
    },
    region::agreement::Agreement,
};

/// Most digits of a tariff code: the 6 of the Harmonized System and national tails.
const HS_DIGITS_MAX: usize = 12;

/// A look at the substance of a draft.
pub(super) struct Look<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) codes: &'a Library,
    pub(super) agreement: Option<&'a Agreement>,
    draft: &'a Draft,
    findings: Vec<Finding>,
}

/// The warnings about the substance of a draft, each at its place and position.
pub(super) fn check(draft: &Draft, codes: &Library, agreement: Option<&Agreement>) -> Vec<Finding> {
    let mut look = Look { certificate: &draft.certificate, codes, agreement, draft, findings: Vec::new() };
    look.goods();
    look.tariff_codes();
    look.dates();
    look.numbers();
    look.pointers();
    codes::check(&mut look);
    look.findings
}

impl Look<'_> {
    /// Adds a warning, at its position in the source where that is known.
    pub(super) fn warn(&mut self, reason: Reason, advice: impl Into<String>, place: Option<Place>) {
        let finding = Finding::warning(reason, advice);
        let finding = match place {
            Some(place) => finding.about(place),
            None => finding,
        };
        let position = place.and_then(|place| self.draft.sources.get(&place));
        self.findings.push(match position {
            Some(position) => finding.at(position.clone()),
            None => finding,
        });
    }

    /// A date outside every list.
    pub(super) fn date(&self, path: &str) -> Option<Date> {
        match self.certificate.top(path) {
            Some(Value::Date(date)) => Some(date.clone()),
            _ => None,
        }
    }

    /// Whether a field has a value.
    pub(super) fn has(&self, path: &str, index: Index) -> bool {
        Field::named(path).is_some_and(|field| self.certificate.at(field, index).is_some())
    }

    /// A certificate is about goods, each described.
    fn goods(&mut self) {
        let (Some(items), Some(description)) = (Field::named("items[]"), Field::named("items[].description"))
        else {
            return;
        };
        let count = self.certificate.count(items, Index::TOP);
        if count == 0 {
            self.warn(Reason::FieldMissing, "the certificate lists no goods", None);
        }
        for index in (0..count).filter_map(|position| Index::TOP.inside(position)) {
            if self.certificate.at(description, index).is_none() {
                let place = Place { field: description, index };
                self.warn(Reason::FieldMissing, "describe the goods", Some(place));
            }
        }
    }

    /// Tariff codes are 4 to 12 digits, dotted or not.
    fn tariff_codes(&mut self) {
        let Some(field) = Field::named("items[].hs.code") else { return };
        for (index, value) in self.certificate.all(field) {
            let text = value.to_string();
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let clean = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ' ');
            if !clean || !(4..=HS_DIGITS_MAX).contains(&digits) {
                let advice = "a tariff code has 4 to 12 digits, with or without dots";
                self.warn(Reason::FieldInvalid, advice, Some(Place { field, index }));
            }
        }
    }

    /// An invoice later than the certificate and a validity that ends before it begins are worth a look.
    fn dates(&mut self) {
        let later =
            |a: &Option<Date>, b: &Option<Date>| matches!((a, b), (Some(a), Some(b)) if a.day() > b.day());
        if later(&self.date("validity.from"), &self.date("validity.to")) {
            let place = Field::named("validity.to").map(|field| Place { field, index: Index::TOP });
            self.warn(Reason::FieldInvalid, "the validity ends before it begins", place);
        }
        let issued = self.date("issueDate");
        let Some(field) = Field::named("invoices[].date") else { return };
        for (index, value) in self.certificate.all(field) {
            if let Value::Date(invoice) = value
                && later(&Some(invoice.clone()), &issued)
            {
                let advice = "the invoice is dated later than the certificate";
                self.warn(Reason::FieldInvalid, advice, Some(Place { field, index }));
            }
        }
    }

    /// A number that names an entry elsewhere names one that says something.
    fn pointers(&mut self) {
        let certificate = self.certificate;
        for (place, value) in certificate.iter() {
            let Some(list) = place.field.points_to() else { continue };
            let position = value.to_string().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let index = position.and_then(|position| Index::TOP.inside(position));
            let mut fields = Field::all().filter(|field| field.lists() == [list]);
            if !fields.any(|field| index.is_some_and(|index| certificate.at(field, index).is_some())) {
                let advice = format!("there is no {}[{value}]", list.path().trim_end_matches("[]"));
                self.warn(Reason::LinkBroken, advice, Some(place));
            }
        }
    }

    /// No two items carry the same number.
    fn numbers(&mut self) {
        let Some(field) = Field::named("items[].number") else { return };
        let mut seen = BTreeSet::new();
        for (index, value) in self.certificate.all(field) {
            if !seen.insert(value.to_string()) {
                let advice = "another item has the same number";
                self.warn(Reason::FieldInvalid, advice, Some(Place { field, index }));
            }
        }
    }
}
