//! The library's messages without the document's values: they quote what they refuse.

/// Longest wording of one violation, in characters; an enumeration may have hundreds of codes.
const WORDS_CHARACTERS_MAX: usize = 240;

/// Messages made of names, numbers and the schema's own text.
const PLAIN: [&str; 18] = [
    "No element declaration found",
    "No global element declaration found",
    "Unexpected element",
    "Duplicate element",
    "Required element",
    "Required attribute",
    "Attribute '",
    "Expected ",
    "Sequence must occur",
    "Non-whitespace text",
    "Element should have empty content",
    "Element reference",
    "Value length",
    "Total digits",
    "Fraction digits",
    "List has",
    "xsi:nil",
    "Element with xsi:nil",
];

/// What follows a quoted value, up to which the message is left out. The last one in a message counts, so that a
/// value which holds such words itself is left out whole; what follows the last is the schema's.
const AFTER_VALUE: [&str; 9] = [
    "' is not a valid ",
    "' is not valid ",
    "' is not one of the allowed values: ",
    "' does not match pattern ",
    "' is less than minInclusive ",
    "' exceeds maxInclusive ",
    "' is not greater than minExclusive ",
    "' is not less than maxExclusive ",
    "' is not derived from the declared",
];

/// What comes before a quoted value, from which on the message is left out. The first one counts.
const BEFORE_VALUE: [(&str, &str); 3] = [
    ("' but content is '", "', which this is not"),
    (": duplicate value ", ": the value stands twice"),
    (": no matching key value ", ": no entry has the value referred to"),
];

/// The words for a violation.
pub(super) fn of(message: &str) -> String {
    let words = before(message).or_else(|| after(message)).or_else(|| plain(message));
    bounded(words.unwrap_or_else(|| "this is not allowed here".to_owned()))
}

/// Cuts a wording to its bound.
pub(super) fn bounded(words: String) -> String {
    if words.chars().count() <= WORDS_CHARACTERS_MAX {
        return words;
    }
    words.chars().take(WORDS_CHARACTERS_MAX).chain(['…']).collect()
}

fn before(message: &str) -> Option<String> {
    let quotes = ["Element '", "Attribute '", "Key '", "Unique '", "KeyRef '"];
    quotes.iter().any(|start| message.starts_with(start)).then_some(())?;
    BEFORE_VALUE.iter().find_map(|(mark, instead)| {
        message.split_once(mark).map(|(words, _)| lower(&format!("{words}{instead}")))
    })
}

fn after(message: &str) -> Option<String> {
    let quotes = message.starts_with('\'') || message.starts_with("Value '");
    quotes.then_some(())?;
    let last = AFTER_VALUE.iter().filter_map(|mark| message.rfind(mark)).max()?;
    let rest = message.get(last + 1..)?;
    Some(format!("the value{rest}"))
}

fn plain(message: &str) -> Option<String> {
    let schema = ["' not found", "has simple type", "is abstract", "does not match any choice"];
    let plain = PLAIN.iter().any(|start| message.starts_with(start))
        || ((message.starts_with("Element '") || message.starts_with("Type '"))
            && schema.iter().any(|words| message.contains(words)));
    plain.then(|| lower(message))
}

fn lower(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_value_is_never_in_the_words_whatever_it_holds() {
        for message in [
            "'SECRET' is not a valid date",
            "'SECRET' is not a valid x' is not a valid date",
            "Value 'SECRET' does not match pattern '[0-9]{4}'",
            "Value 'SECRET' exceeds maxInclusive 100",
            "Value 'SECRET' is not less than maxExclusive 9",
            "Value 'SECRET' does not match pattern ' SECRET' exceeds maxInclusive 100",
            "'SECRET' is not one of the allowed values: [\"AR\", \"BR\"]",
            "Element 'a' has fixed value 'x' but content is 'SECRET'",
            "Element 'a' has fixed value 'x' but content is 'SECRET' but content is 'SECRET'",
            "Unique 'u': duplicate value [\"SECRET\"]",
            "KeyRef 'k': no matching key value [\"SECRET\"] in referred constraint 'x'",
            "QName prefix 'SECRET' is not bound",
            "xsi:type 'SECRET' not found",
            "Cannot compare value 'SECRET' with minInclusive 3 for this datatype",
            "anything new with SECRET",
        ] {
            assert!(!of(message).contains("SECRET"), "{message} became {}", of(message));
        }
    }

    #[test]
    fn what_the_schema_expects_is_said() {
        for (message, words) in [
            ("Unexpected element 'Extra' in sequence", "unexpected element 'Extra' in sequence"),
            ("Value '7' does not match pattern '[A-Z]+'", "the value does not match pattern '[A-Z]+'"),
            ("'x' is not a valid date", "the value is not a valid date"),
            ("Value length 4 exceeds maxLength 2", "value length 4 exceeds maxLength 2"),
            (
                "Element 'CODVer' has fixed value '1.8.2' but content is 'x'",
                "element 'CODVer' has fixed value '1.8.2', which this is not",
            ),
            (
                "Attribute 'id' is not allowed (no wildcard permits additional attributes)",
                "attribute 'id' is not allowed (no wildcard permits additional attributes)",
            ),
        ] {
            assert_eq!(of(message), words);
        }
        assert!(
            of(&format!("Expected {}", "x".repeat(900))).chars().count() <= super::WORDS_CHARACTERS_MAX + 1
        );
    }
}
