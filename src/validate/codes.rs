//! Codes against their lists, on the day of issue: warned about, never judged, never changed.

use crate::{
    format::codes::list::{List, Row},
    model::{certificate::Place, reason::Reason, value::Date},
};

use super::substance::Look;

/// Dictionary lists that are files of the region.
const LISTS: [&str; 4] = ["countries", "currencies", "packages", "units"];
/// Name of the dictionary's list of places, whose codes are checked by their form: the list itself is too long to ship.
const LOCODES: &str = "locodes";
/// Name of the dictionary's list of criteria; each agreement has its own.
const CRITERIA: &str = "criteria";
/// The list of editions of the Harmonized System.
const HS_EDITIONS: &str = "hs-editions";
/// Digits the Harmonized System itself defines; further ones are national.
const HS_DIGITS: usize = 6;

/// Checks every code of a certificate.
pub(super) fn check(look: &mut Look<'_>) {
    let issued = look.date("issueDate");
    let certificate = look.certificate;
    for (place, value) in certificate.iter() {
        let list = place.field.row().codes;
        let code = value.to_string();
        if LISTS.contains(&list) {
            listed(look, (list, list), place, (&code, issued.as_ref()));
        } else if list == LOCODES {
            locode(look, place, &code);
        } else if list == CRITERIA {
            criterion(look, place, &code);
        } else if place.field.path() == "items[].hs.edition" {
            listed(look, (HS_EDITIONS, "editions of the Harmonized System"), place, (&code, issued.as_ref()));
        } else if place.field.path() == "items[].hs.code" {
            chapter(look, place, &code);
        }
    }
}

/// A code of a shared list, where the region has that list.
fn listed(
    look: &mut Look<'_>,
    (list, words): (&str, &str),
    place: Place,
    (code, issued): (&str, Option<&Date>),
) {
    let Some(list) = look.codes.list(list) else { return };
    match (list.row(code), issued) {
        (None, _) => {
            let advice = format!("this is in no row of the list of {words}; {}", shape(list));
            look.warn(Reason::CodeUnknown, advice, Some(place));
        }
        (Some(row), Some(day)) if !row.counts_on(day) => {
            look.warn(Reason::CodeOutOfDates, span(row), Some(place));
        }
        _ => {}
    }
}

/// What codes of a list look like, by its first one.
fn shape(list: &List) -> String {
    let first = list.rows().first().map_or("", |row| row.code.as_str());
    format!("its codes are such as {first}")
}

/// When a code counts, in words.
fn span(row: &Row) -> String {
    let day = |date: &Date| date.as_str().to_owned();
    match (&row.from, &row.until) {
        (Some(from), Some(until)) => {
            format!(
                "this code counts from {} until {}; the certificate is not of that time",
                day(from),
                day(until)
            )
        }
        (Some(from), None) => {
            format!("this code counts since {}, later than the certificate's issue", day(from))
        }
        (_, Some(until)) => {
            format!("this code counted until {}, before the certificate's issue", day(until))
        }
        (None, None) => String::new(),
    }
}

/// A UN/LOCODE by its form: two letters of a country, three of letters or the digits 2 to 9.
fn locode(look: &mut Look<'_>, place: Place, code: &str) {
    let advice = match code.as_bytes() {
        [a, b, rest @ ..] if rest.len() == 3 => {
            let country = [*a, *b].map(char::from).iter().collect::<String>();
            let known = look.codes.list("countries").is_none_or(|list| list.row(&country).is_some());
            let letters = rest.iter().all(|c| c.is_ascii_uppercase() || (b'2'..=b'9').contains(c));
            match (letters && country.bytes().all(|c| c.is_ascii_uppercase()), known) {
                (true, true) => return,
                (true, false) => "a UN/LOCODE begins with the two letters of a country",
                (false, _) => "a UN/LOCODE has capital letters, and digits 2 to 9 in its last three places",
            }
        }
        _ => "a UN/LOCODE has five characters, such as AUMEL: the country's two, and three for the place",
    };
    look.warn(Reason::FieldInvalid, advice, Some(place));
}

/// A criterion of the agreement, where the agreement names its list.
fn criterion(look: &mut Look<'_>, place: Place, code: &str) {
    let Some(name) = look.agreement.and_then(|agreement| agreement.criteria.as_deref()) else { return };
    let Some(list) = look.codes.list(name).filter(|list| list.row(code).is_none()) else { return };
    let known = list.rows().iter().map(|row| row.code.as_str()).collect::<Vec<_>>().join(", ");
    look.warn(Reason::CodeUnknown, format!("the agreement's criteria are {known}"), Some(place));
}

/// The first two digits are a chapter of the system; with an edition stated, all six of its digits are there.
fn chapter(look: &mut Look<'_>, place: Place, code: &str) {
    let digits = code.chars().filter(char::is_ascii_digit).collect::<String>();
    let chapter = digits.get(..2).and_then(|chapter| chapter.parse::<u8>().ok());
    if matches!(chapter, Some(0 | 77)) {
        let advice = "the Harmonized System has chapters 01 to 97 without 77; 98 and 99 are national";
        look.warn(Reason::FieldInvalid, advice, Some(place));
    }
    let edition = look.has("items[].hs.edition", place.index);
    if edition && (1..HS_DIGITS).contains(&digits.len()) {
        let advice = "an edition of the Harmonized System goes with at least its 6 digits";
        look.warn(Reason::FieldInvalid, advice, Some(place));
    }
}
