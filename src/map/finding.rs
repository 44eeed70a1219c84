//! What a finding of the mapping weighs: the one place where that is decided.

use crate::{
    format::conversion::Unfit,
    model::{
        dictionary::Field,
        finding::{Finding, Level},
        reason::Reason,
    },
};

/// Fields without which a certificate has no identity or no addressee: a problem with one of them is severe.
const SEVERE: [&str; 9] = [
    "number",
    "agreement.code",
    "issuer.id",
    "issuer.name",
    "issuer.address.country",
    "issueDate",
    "destinationCountry",
    "importer.address.country",
    "consignee.address.country",
];

/// The weight of a problem with a field.
#[must_use]
pub(super) fn level(field: Field) -> Level {
    if SEVERE.contains(&field.path()) { Level::Severe } else { Level::Warning }
}

/// A problem with a field.
#[must_use]
pub(super) fn about_field(field: Field, reason: Reason, advice: impl Into<String>) -> Finding {
    Finding { level: level(field), ..Finding::warning(reason, advice) }
}

/// A text that is no value of its field.
#[must_use]
pub(super) fn unfit(field: Field, unfit: &Unfit) -> Finding {
    if *unfit == Unfit::Embedded {
        let advice = "a file inside a text is not carried over; it stays in the original";
        return Finding { level: Level::Info, ..Finding::warning(unfit.reason(), advice) };
    }
    let advice = match unfit {
        Unfit::UnknownCode => format!("use a code of the format's list for {field}"),
        other => format!("this text {other}"),
    };
    about_field(field, unfit.reason(), advice)
}
