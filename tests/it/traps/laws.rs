//! What holds between every sample and every table: days, digits and letters are the same on the other side, or they are
//! named as lost.

use std::collections::BTreeSet;

use coohub::{
    format::{Table, conversion::Form, plan::FieldRow},
    map,
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        value::{Kind, Value},
    },
    render::{self, Traced},
};

use super::tables;
use crate::formats::{document, mapped, samples};

/// Letters of three scripts, none of which an older character set has all of.
const LETTERS: &str = "Ελλάς «Ёлка» 临海灯饰 Їжак ẞ";

/// Each sample of each table, mapped.
pub(super) fn certificates() -> Vec<(String, Certificate)> {
    let mut certificates = Vec::new();
    for table in tables() {
        for sample in samples(table) {
            let name = format!("{} {}", table.id, sample.file_name().unwrap().to_str().unwrap());
            certificates.push((name, mapped(table, &sample).certificate));
        }
    }
    certificates
}

/// Every sample, changed, in every table: what was rendered, its text, and what reading that text gives.
pub(super) fn everywhere(
    change: impl Fn(&mut Certificate),
    law: impl FnMut(&str, &Certificate, &Traced, &str, &Certificate),
) {
    between(&certificates(), &tables().iter().collect::<Vec<_>>(), change, law);
}

pub(super) fn between(
    sources: &[(String, Certificate)],
    targets: &[&Table],
    change: impl Fn(&mut Certificate),
    mut law: impl FnMut(&str, &Certificate, &Traced, &str, &Certificate),
) {
    for (name, certificate) in sources {
        let mut certificate = certificate.clone();
        change(&mut certificate);
        for target in targets {
            let traced = render::trace(target, &certificate);
            let bytes = render::bytes(target, &traced.document);
            let read = document(target.syntax, &bytes);
            let text = String::from_utf8(bytes).unwrap();
            // A rendering that lacks what names its variant is never sent, and cannot be read.
            let arrives = match target.plan_of(&read) {
                Some(_) => map::map(target, &read).certificate,
                None => traced.arrives.clone(),
            };
            law(&format!("{name} to {}", target.id), &certificate, &traced, &text, &arrives);
        }
    }
}

pub(super) fn field(path: &str) -> Field {
    Field::named(path).unwrap_or_else(|| panic!("{path}"))
}

fn value(field: Field, text: &str) -> Value {
    Value::parse(field.kind().unwrap(), text).unwrap_or_else(|misfit| panic!("{field}: {misfit}"))
}

pub(super) fn set(certificate: &mut Certificate, path: &str, text: &str) {
    let field = field(path);
    certificate.set(Place { field, index: Index::TOP }, value(field, text));
}

/// Sets a field in every item.
pub(super) fn set_items(certificate: &mut Certificate, path: &str, text: &str) {
    let field = field(path);
    for item in 0..certificate.count(self::field("items[]"), Index::TOP) {
        certificate.set(Place { field, index: Index::TOP.inside(item).unwrap() }, value(field, text));
    }
}

/// Sets every place that has a value and is of such a kind.
fn set_all(certificate: &mut Certificate, text: &str, wanted: impl Fn(Field) -> bool) {
    let places: Vec<Place> =
        certificate.iter().map(|(place, _)| place).filter(|place| wanted(place.field)).collect();
    for place in places {
        certificate.set(place, value(place.field, text));
    }
}

/// The rows of a table that are a field.
pub(super) fn rows(table: &Table) -> impl Iterator<Item = &FieldRow> {
    table.plans.iter().flat_map(|plan| (0..plan.rows.len()).filter_map(|row| plan.field_row(row)))
}

/// Whether a table has a place for a field that takes a date without zone.
fn takes_days(table: &Table, wanted: Field) -> bool {
    use coohub::format::DateForm::Zoned;
    let mut found = rows(table).filter(|row| row.target.field == wanted).peekable();
    found.peek().is_some() && found.all(|row| !matches!(row.form, Form::Date(Zoned)))
}

/// Whether a value is named as lost or stands in its field on the other side, be it in another entry: invoices that items
/// point to are numbered anew. An amount in a unit of mass arrives as the weight.
fn is_told(place: Place, traced: &Traced, arrives: &Certificate) -> bool {
    let weight = match place.field.path() {
        "items[].quantity" => arrives.at(field("items[].netWeight"), place.index).is_some(),
        _ => false,
    };
    traced.losses.contains(&place) || weight || arrives.all(place.field).next().is_some()
}

fn is_date(field: Field) -> bool {
    field.kind() == Some(Kind::Date)
}

/// Every spelling of the days beside the twelfth.
fn another_day(text: &str) -> bool {
    ["2018-09-11", "2018-09-13", "20180911", "20180913"].iter().any(|day| text.contains(day))
}

#[test]
fn a_date_without_zone_is_the_same_day_in_every_target() {
    let midnight = "2018-09-12T00:00:00";
    let issued = |certificate: &mut Certificate| {
        set(certificate, "issueDate", midnight);
        set_all(certificate, midnight, is_date);
    };
    let mut carried = BTreeSet::new();
    everywhere(issued, |name, certificate, traced, text, arrives| {
        assert!(!another_day(text), "{name}: {text}");
        for (place, value) in arrives.iter() {
            let Value::Date(date) = value else { continue };
            assert_eq!(date.day().to_string(), "2018-09-12", "{name}: {}", place.path());
            assert_eq!(date.instant(), None, "{name}: {} has no zone", place.path());
            if place.field.path() == "issueDate" {
                carried.insert(name.rsplit(' ').next().unwrap().to_owned());
            }
        }
        for (place, _) in certificate.iter().filter(|(place, _)| is_date(place.field)) {
            assert!(is_told(place, traced, arrives), "{name}: {} is lost unsaid", place.path());
        }
    });
    let able = tables().iter().filter(|table| takes_days(table, field("issueDate")));
    let silent: Vec<String> =
        able.map(|table| table.id.to_string()).filter(|id| !carried.contains(id)).collect();
    assert_eq!(silent, Vec::<String>::new(), "a table that takes a day gets it");
}

#[test]
fn the_canonical_profile_keeps_a_date_without_zone_as_it_is() {
    for (name, mut certificate) in certificates() {
        set(&mut certificate, "issueDate", "2018-09-12T00:00:00");
        for bytes in [render::canonical::to_json(&certificate), render::canonical::to_xml(&certificate)] {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("2018-09-12T00:00:00") && !another_day(&text), "{name}");
            assert!(!text.contains("2018-09-12T00:00:00Z"), "{name}: no zone is given to it");
        }
    }
}

#[test]
fn an_instant_with_zone_is_not_moved_to_another_day_either() {
    // In UTC these are the 13th and the 11th.
    for instant in ["2018-09-12T23:30:00-03:00", "2018-09-12T00:30:00+10:00"] {
        let issued = |certificate: &mut Certificate| {
            set(certificate, "issueDate", instant);
            set_all(certificate, instant, is_date);
        };
        everywhere(issued, |name, _, _, text, arrives| {
            assert!(!another_day(text), "{name}: {text}");
            for (place, date) in arrives.iter().filter(|(place, _)| is_date(place.field)) {
                let date = date.to_string();
                assert!(date == instant || date == "2018-09-12", "{name}: {} = {date}", place.path());
            }
        });
    }
}

#[test]
fn a_number_keeps_its_digits_or_is_named_as_lost() {
    let fraction = |field: Field| matches!(field.kind(), Some(Kind::Decimal(_, 1..)));
    let digits = "4500.000000";
    let quantities = |certificate: &mut Certificate| {
        set_items(certificate, "items[].quantity", digits);
        set_all(certificate, digits, fraction);
    };
    everywhere(quantities, |name, certificate, traced, text, arrives| {
        for (place, number) in arrives.iter().filter(|(place, _)| fraction(place.field)) {
            assert_eq!(number.to_string(), digits, "{name}: {}", place.path());
            assert!(text.contains(digits), "{name}");
        }
        for (place, _) in certificate.iter().filter(|(place, _)| fraction(place.field)) {
            assert!(is_told(place, traced, arrives), "{name}: {} is lost unsaid", place.path());
        }
    });
}

#[test]
fn letters_of_any_script_arrive_and_none_becomes_a_question_mark() {
    let named = |field: Field| {
        let last = field.path().rsplit('.').next().unwrap();
        ["name", "line", "city", "text", "description", "remarks", "signatory", "marks"].contains(&last)
            && matches!(field.kind(), Some(Kind::Text(most)) if most >= LETTERS.chars().count())
    };
    let mut arrived = 0;
    everywhere(
        |certificate| set_all(certificate, LETTERS, named),
        |name, certificate, traced, text, arrives| {
            let asked = |text: &str| text.matches('?').count();
            let kept: usize = arrives.iter().map(|(_, value)| asked(&value.to_string())).sum();
            let declared = if text.starts_with("<?xml") { 2 } else { 0 };
            assert!(asked(text) <= kept + declared, "{name}: {text}");
            assert!(!text.contains('\u{FFFD}'), "{name}: {text}");
            for (place, text) in arrives.iter().filter(|(place, _)| named(place.field)) {
                // What the format itself says, such as the name of the agreement, is its own.
                let said = certificate.all(place.field).next().is_some();
                assert!(!said || text.to_string() == LETTERS, "{name}: {} = {text}", place.path());
                arrived += usize::from(said);
            }
            for (place, _) in certificate.iter().filter(|(place, _)| named(place.field)) {
                assert!(is_told(place, traced, arrives), "{name}: {} is lost unsaid", place.path());
            }
        },
    );
    assert!(arrived > 1000, "{arrived}");
}

#[test]
fn a_tariff_code_has_the_same_digits_in_every_target() {
    for (code, dotted) in [("090230", "0902.30"), ("09023000", "0902.30.00"), ("0902300090", "0902.30.00.90")]
    {
        everywhere(
            |certificate| set_items(certificate, "items[].hs.code", code),
            |name, certificate, traced, text, arrives| {
                for (index, _) in certificate.all(field("items[].hs.code")) {
                    let place = Place { field: field("items[].hs.code"), index };
                    match arrives.at(place.field, index) {
                        Some(found) => {
                            assert_eq!(found.to_string(), code, "{name}");
                            let whole = |spelled: &str| {
                                text.split(|c: char| c != '.' && !c.is_ascii_digit())
                                    .any(|word| word == spelled)
                            };
                            assert!(whole(code) || whole(dotted), "{name}: {text}");
                        }
                        None => assert!(traced.losses.contains(&place), "{name}: {}", place.path()),
                    }
                }
            },
        );
    }
}

#[test]
fn a_dotted_format_reads_a_tariff_code_with_dots_and_without() {
    let mut dotted = BTreeSet::new();
    for table in tables() {
        for row in rows(table).filter(|row| matches!(row.form, Form::HsDotted)) {
            for (text, digits) in [
                ("0902.30", "090230"),
                ("090230", "090230"),
                ("0902.30.00", "09023000"),
                ("0902.30.00.90", "0902300090"),
            ] {
                let read = row.form.read(row.kind, text).unwrap().main.unwrap();
                assert_eq!(read.to_string(), digits, "{}", table.id);
            }
            dotted.insert(table.id.to_string());
        }
    }
    assert!(dotted.contains("aladi-cod") && dotted.contains("edi3-coo"), "{dotted:?}");
}
