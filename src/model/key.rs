//! The fields the hub itself reads: identity, lineage, version, and what routing looks at.

use super::{certificate::Certificate, id::AgreementId};

/// Canonical paths the hub reads; a test ties each to the dictionary.
pub const PATHS: [&str; 12] = [
    "number",
    "agreement.code",
    "issuer.id",
    "issuer.name",
    "issuer.address.country",
    "issueDate",
    "earlier.number",
    "destinationCountry",
    "importer.address.country",
    "consignee.address.country",
    "originCountry",
    "exportCountry",
];

/// Numbers that say "no number" and are never keys.
pub const PLACEHOLDERS: [&str; 8] = ["б/н", "БН", "Б/Н", "N/A", "S/N", "-", "0", "NONE"];

/// A certificate's identity within the community.
///
/// Unique: (agreement, issuer, number, version). The lineage is the number without its rectification part, where the
/// format has one; a chain is a lineage plus every replacement of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// Agreement of the region.
    pub agreement: AgreementId,
    /// Issuing body id, as the region's member file spells it.
    pub issuer: String,
    /// Certificate number, literally.
    pub number: String,
    /// What versions of one certificate share.
    pub lineage: String,
    /// Version the document or envelope states; `None` when the hub is to number it.
    pub version: Option<u32>,
}

/// Highest version a source may state: the hub numbers on from it, and never runs out.
pub const VERSION_MAX: u32 = 1_000_000_000;
/// Longest certificate number, in characters.
pub const NUMBER_CHARACTERS_MAX: usize = 70;

/// Letters and digits at the end of a number that suffice to look for it.
pub const END_CHARACTERS: usize = 6;

/// Characters that show nothing, or turn round what is shown beside them: Unicode's default-ignorable code points, with the
/// separators of lines and paragraphs and the marks of interlinear notes.
const UNSEEN: [std::ops::RangeInclusive<char>; 17] = [
    '\u{AD}'..='\u{AD}',
    '\u{34F}'..='\u{34F}',
    '\u{61C}'..='\u{61C}',
    '\u{115F}'..='\u{1160}',
    '\u{17B4}'..='\u{17B5}',
    '\u{180B}'..='\u{180F}',
    '\u{200B}'..='\u{200F}',
    '\u{2028}'..='\u{202E}',
    '\u{2060}'..='\u{206F}',
    '\u{3164}'..='\u{3164}',
    '\u{FE00}'..='\u{FE0F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFA0}'..='\u{FFA0}',
    '\u{FFF0}'..='\u{FFFB}',
    '\u{1BCA0}'..='\u{1BCA3}',
    '\u{1D173}'..='\u{1D17A}',
    '\u{E0000}'..='\u{E0FFF}',
];

/// What a number must be, in words.
pub const SOUND: &str = "has at most 70 characters, none of them a control character or one that is not seen";

/// Whether a number can be stated wherever one is asked for, and reads as what it is: two that look alike are one.
///
/// Names and other texts may hold what is not seen, where a script needs it.
#[must_use]
pub fn is_sound(number: &str) -> bool {
    let unseen = |c: char| c.is_control() || UNSEEN.iter().any(|range| range.contains(&c));
    number.chars().count() <= NUMBER_CHARACTERS_MAX && !number.chars().any(unseen)
}

/// Upper case, letters and digits only: how numbers are looked up, never how they are stored.
#[must_use]
pub fn normal_form(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The end of a normal form by which those that end so are looked up; `None` for one too short to tell one from many.
#[must_use]
pub fn end(normal: &str) -> Option<&str> {
    let (at, _) = normal.char_indices().rev().nth(END_CHARACTERS - 1)?;
    normal.get(at..)
}

/// Whether a number only says that there is none.
#[must_use]
pub fn is_placeholder(number: &str) -> bool {
    let bare = number.trim();
    bare.is_empty() || PLACEHOLDERS.iter().any(|placeholder| bare.eq_ignore_ascii_case(placeholder))
}

/// The certificate's number, unless it is a placeholder.
#[must_use]
pub fn number(certificate: &Certificate) -> Option<String> {
    certificate.text("number").filter(|number| !is_placeholder(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dictionary::Field;

    #[test]
    fn every_path_the_hub_reads_is_in_the_dictionary() {
        for path in PATHS {
            assert!(Field::named(path).is_some(), "{path}");
        }
    }

    #[test]
    fn dots_do_not_matter_for_look_up_and_placeholders_are_no_numbers() {
        assert_eq!(normal_form("11.1234.12345"), normal_form("11123412345"));
        assert_eq!(end(&normal_form("id:AL-2026-Ж1")), Some("2026Ж1"));
        assert_eq!(end(&normal_form("2026-1")), None);
        assert!(is_placeholder("б/н"));
        assert!(is_placeholder(" n/a "));
        assert!(!is_placeholder("AR004A13260000000200"));
    }

    #[test]
    fn a_number_has_no_control_characters_and_70_characters_but_not_71() {
        assert!(is_sound(&"Ж".repeat(NUMBER_CHARACTERS_MAX)));
        assert!(!is_sound(&"7".repeat(NUMBER_CHARACTERS_MAX + 1)));
        assert!(!is_sound("A\r\nSet-Cookie: b"));
        assert!(!is_sound("A\u{85}B"));
        assert!(SOUND.contains(&NUMBER_CHARACTERS_MAX.to_string()));
    }

    #[test]
    fn a_number_holds_nothing_that_is_not_seen_or_turns_it_round() {
        let turning = ('\u{202A}'..='\u{202E}').chain('\u{2066}'..='\u{2069}');
        for unseen in turning.chain([
            '\u{AD}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200F}',
            '\u{2060}',
            '\u{FEFF}',
            '\u{E0041}',
        ]) {
            assert!(!is_sound(&format!("XA{unseen}17")), "{:x}", u32::from(unseen));
        }
        for number in ["№ 7/б-17", "原产地 17", "شهادة ١٧", "ก้ำ-17", "AR004A13260000000200", "—17"]
        {
            assert!(is_sound(number), "{number}");
        }
    }
}
