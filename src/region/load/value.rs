//! Values that several files of a region hold: dates, countries, fields, words.

use std::num::NonZeroU32;

use super::super::country::is_country;
use crate::{
    model::{dictionary::Field, value::Date},
    problem::{Found, nearest, section::Section},
};

/// What a name must look like.
pub(super) const NAME_HINT: &str = "1 to 64 of lower-case letters, digits, \".\" and \"-\"";
/// Longest text of a region file: names of bodies, members, agreements.
pub(super) const WORDS_CHARACTERS_MAX: usize = 512;

/// A text that must be there and say something.
pub(super) fn need_words(section: &Section<'_>, key: &str) -> String {
    let found = section.need_text(key);
    let length = found.value.chars().count();
    if section.has(key) && !(1..=WORDS_CHARACTERS_MAX).contains(&length) {
        section.add(
            found.spot.problem(format!("must have 1 to {WORDS_CHARACTERS_MAX} characters, has {length}")),
        );
    }
    found.value
}

/// A list of texts that must be there and not be empty.
pub(super) fn need_texts(section: &Section<'_>, key: &str) -> Vec<Found<String>> {
    if !section.has(key) {
        section.missing(key);
    }
    let texts = section.texts(key);
    if texts.as_ref().is_some_and(Vec::is_empty) {
        section.wrong(key, "must name at least one");
    }
    let texts = texts.unwrap_or_default();
    no_repeats(section, &texts);
    texts
}

/// A number from 1 to `most`.
pub(super) fn nonzero(section: &Section<'_>, key: &str, most: u32) -> Option<NonZeroU32> {
    let count = section.count(key, 1..=u64::from(most))?;
    NonZeroU32::new(u32::try_from(count).ok()?)
}

/// A day without time, such as `2026-03-31`.
pub(super) fn date(section: &Section<'_>, key: &str) -> Option<Date> {
    let found = section.text(key)?;
    let date = Date::new(&found.value).filter(|date| !date.has_time());
    if date.is_none() {
        let reason = format!("\"{}\" is not a day of the calendar", found.value);
        section.add(found.spot.problem(reason).hint("write it as \"2026-03-31\""));
    }
    date
}

/// A day that must be there.
pub(super) fn need_date(section: &Section<'_>, key: &str) -> Option<Date> {
    if !section.has(key) {
        section.missing(key);
    }
    date(section, key)
}

/// `from`, which must be there, and `until`, which must not lie before it.
pub(super) fn span(section: &Section<'_>) -> (Option<Date>, Option<Date>) {
    let from = need_date(section, "from");
    (from.clone(), end(section, from.as_ref()))
}

/// `until`, not before `from`.
pub(super) fn end(section: &Section<'_>, from: Option<&Date>) -> Option<Date> {
    let until = date(section, "until")?;
    if from.is_some_and(|from| until.day() < from.day()) {
        section.wrong("until", "lies before \"from\"");
    }
    Some(until)
}

/// A country code; a problem when it is none.
pub(super) fn country(section: &Section<'_>, found: Found<String>) -> Option<String> {
    if is_country(&found.value) {
        return Some(found.value);
    }
    let reason = format!("\"{}\" is not a country code", found.value);
    section.add(found.spot.problem(reason).hint("use ISO 3166-1 alpha-2, or XA to XZ for one of your own"));
    None
}

/// A list of country codes, each once.
pub(super) fn countries(section: &Section<'_>, key: &str) -> Vec<Found<String>> {
    let texts = section.texts(key).unwrap_or_default();
    no_repeats(section, &texts);
    texts
        .into_iter()
        .filter_map(|found| {
            let spot = found.spot.clone();
            country(section, found).map(|value| Found { value, spot })
        })
        .collect()
}

/// A field of the dictionary; a problem with the nearest path when it is none.
pub(super) fn field(section: &Section<'_>, found: &Found<String>) -> Option<Field> {
    let field = Field::named(&found.value);
    if field.is_none() {
        let problem = found.spot.problem(format!("\"{}\" is not a field of the dictionary", found.value));
        let hint = nearest(&found.value, Field::all().map(Field::path));
        section.add(crate::problem::Problem { hint, ..problem });
    }
    field
}

/// Whether a field holds a country code.
pub(super) fn is_country_field(field: Field) -> bool {
    field.row().codes == "countries"
}

/// Records a problem at every text that stands in the list a second time.
pub(super) fn no_repeats(section: &Section<'_>, texts: &[Found<String>]) {
    for (position, found) in texts.iter().enumerate() {
        if texts.iter().take(position).any(|earlier| earlier.value == found.value) {
            section.add(found.spot.problem(format!("\"{}\" is named twice", found.value)));
        }
    }
}
