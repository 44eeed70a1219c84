//! Character sets other than UTF-8: read into it before anything is guarded or parsed, and written from it at the end.
//!
//! Which set a document is in is said by its XML declaration or by its media type, never guessed. A byte that is no
//! character of the set refuses the document, a character that is not in the set refuses the value: nothing is replaced.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, X_USER_DEFINED};

use super::{document::Syntax, text};
use crate::model::{finding::Finding, reason::Reason};

/// Most bytes an XML declaration may take before it is not looked for.
const DECLARATION_BYTES_MAX: usize = 256;

/// A character set in which ASCII is ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charset(&'static Encoding);

impl Charset {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The set of a label of the Encoding Standard, such as `windows-1251`; UTF-16 is none.
    #[must_use]
    pub fn named(label: &str) -> Option<Self> {
        let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
        (encoding.is_ascii_compatible() && encoding != X_USER_DEFINED).then_some(Self(encoding))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether it is UTF-8.
    #[must_use]
    pub fn is_utf8(self) -> bool {
        self == Self::UTF_8
    }

    /// The set a document is in: what its XML declaration or its media type says, UTF-8 when neither does.
    ///
    /// # Errors
    /// `not-utf8` when both say something and not the same.
    pub fn stated(syntax: Syntax, bytes: &[u8], media_type: Option<Self>) -> Result<Self, Finding> {
        let declared = match syntax {
            Syntax::Xml => declaration(bytes).and_then(|(_, label)| Self::named(label)),
            Syntax::Json => Some(Self::UTF_8),
            Syntax::Csv => None,
        };
        match (declared, media_type) {
            (Some(declared), Some(said)) if declared != said => {
                let advice =
                    format!("the document is {}, its media type says {}", declared.name(), said.name());
                Err(Finding::severe(Reason::NotUtf8, advice))
            }
            (declared, said) => Ok(declared.or(said).unwrap_or(Self::UTF_8)),
        }
    }

    /// The text of a document in this set, as UTF-8; an XML declaration loses the name of the set, in place.
    ///
    /// # Errors
    /// `xml-malformed` or `csv-malformed`, with line and column, for the first byte that is no character of the set.
    pub fn read<'a>(self, syntax: Syntax, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Finding> {
        if self.is_utf8() {
            return Ok(Cow::Borrowed(bytes));
        }
        let decoded = self.0.decode_without_bom_handling_and_without_replacement(bytes);
        let text = match decoded.filter(|text| !text.chars().any(is_undefined)) {
            Some(text) => text.into_owned(),
            None => return Err(self.malformed(syntax, bytes)),
        };
        Ok(Cow::Owned(match declaration(text.as_bytes()).filter(|_| syntax == Syntax::Xml) {
            Some((attribute, _)) => text.replacen(attribute, &" ".repeat(attribute.len()), 1).into_bytes(),
            None => text.into_bytes(),
        }))
    }

    /// Whether a text is the same when written in this set and read again.
    #[must_use]
    pub fn holds(self, text: &str) -> bool {
        if text.is_ascii() || self.is_utf8() {
            return true;
        }
        let (bytes, _, replaced) = self.0.encode(text);
        !replaced
            && !text.chars().any(is_undefined)
            && self.0.decode_without_bom_handling_and_without_replacement(&bytes).as_deref() == Some(text)
    }

    /// A text that it [`holds`](Self::holds), in this set.
    #[must_use]
    pub fn write(self, text: Vec<u8>) -> Vec<u8> {
        match std::str::from_utf8(&text) {
            Ok(utf8) if !self.is_utf8() => self.0.encode(utf8).0.into_owned(),
            _ => text,
        }
    }

    fn malformed(self, syntax: Syntax, bytes: &[u8]) -> Finding {
        let good = |end: usize| {
            let head = bytes.get(..end).unwrap_or_default();
            let text = self.0.decode_without_bom_handling_and_without_replacement(head);
            text.filter(|text| !text.chars().any(is_undefined))
        };
        // The longest beginning that is text; a character is at most a few bytes, so this ends soon after the fault.
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let whole =
                (middle.saturating_sub(CHARACTER_BYTES_MAX)..=middle).rev().any(|end| good(end).is_some());
            if whole { low = middle } else { high = middle - 1 }
        }
        let end = (low.saturating_sub(CHARACTER_BYTES_MAX)..=low).rev().find(|end| good(*end).is_some());
        let offset = end.unwrap_or(0);
        let text = good(offset).unwrap_or_default();
        let reason = if syntax == Syntax::Xml { Reason::XmlMalformed } else { Reason::CsvMalformed };
        let advice = format!("byte {} is no character of {}", offset + 1, self.name());
        Finding::severe(reason, advice).at(text::position(&text, text.len(), String::new()))
    }
}

/// Most bytes of one character in any of the sets.
const CHARACTER_BYTES_MAX: usize = 4;

/// A control character of the second kind: what the Encoding Standard makes of a byte that a set does not define.
fn is_undefined(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// The `encoding="…"` of an XML declaration, and the label in it.
fn declaration(bytes: &[u8]) -> Option<(&str, &str)> {
    let head = bytes.get(..bytes.len().min(DECLARATION_BYTES_MAX))?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let head = head.strip_prefix('\u{feff}').unwrap_or(head).strip_prefix("<?xml")?;
    let (_, rest) = head.split_once("encoding")?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (label, _) = value.get(1..)?.split_once(quote)?;
    let length = "encoding".len() + (rest.len() - value.len()) + label.len() + 2;
    let start = head.len() - rest.len() - "encoding".len();
    Some((head.get(start..start + length)?, label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(label: &str) -> Charset {
        Charset::named(label).unwrap()
    }

    #[test]
    fn a_document_in_its_own_set_is_read_and_written_byte_for_byte() {
        let cyrillic = named("windows-1251");
        let xml = b"<?xml version=\"1.0\" encoding='windows-1251'?>\n<a>\xd0\xee\xf1\xf1\xe8\xff</a>";
        assert_eq!(Charset::stated(Syntax::Xml, xml, None), Ok(cyrillic));
        let text = cyrillic.read(Syntax::Xml, xml).unwrap();
        let wanted = format!("<?xml version=\"1.0\" {}?>\n<a>Россия</a>", " ".repeat(23));
        assert_eq!(std::str::from_utf8(&text), Ok(wanted.as_str()));
        assert_eq!(cyrillic.write("Россия".into()), b"\xd0\xee\xf1\xf1\xe8\xff");
        assert!(cyrillic.holds("№ Россия") && !cyrillic.holds("中文") && !cyrillic.holds("\u{98}"));
    }

    #[test]
    fn a_byte_that_is_no_character_is_named_with_its_place() {
        for (label, bytes, line, column, byte) in [
            ("windows-1251", &b"a\nbc\x98d"[..], 2, 3, 5),
            ("gbk", b"\xd6\xd0\n\xd6\xff", 2, 1, 4),
            ("euc-kr", b"\xb0\xa1\xb0", 1, 2, 3),
        ] {
            let finding = named(label).read(Syntax::Csv, bytes).unwrap_err();
            let at = finding.position.unwrap();
            assert_eq!((finding.reason, at.line, at.column), (Reason::CsvMalformed, line, column), "{label}");
            assert!(finding.advice.starts_with(&format!("byte {byte} ")), "{label}: {}", finding.advice);
        }
    }

    #[test]
    fn sets_in_which_ascii_is_not_ascii_and_unknown_ones_are_none() {
        for label in ["utf-16", "utf-16le", "iso-2022-jp", "x-user-defined", "hz-gb-2312", "klingon"] {
            assert_eq!(Charset::named(label), None, "{label}");
        }
        assert_eq!(Charset::named(" UTF8 "), Some(Charset::UTF_8));
    }

    #[test]
    fn declaration_and_media_type_must_agree() {
        let xml = b"<?xml version=\"1.0\" encoding = \"koi8-r\" ?><a/>";
        assert_eq!(Charset::stated(Syntax::Xml, xml, Some(named("koi8-r"))), Ok(named("koi8-r")));
        let finding = Charset::stated(Syntax::Xml, xml, Some(Charset::UTF_8)).unwrap_err();
        assert_eq!(finding.reason, Reason::NotUtf8);
        assert_eq!(Charset::stated(Syntax::Csv, xml, Some(named("koi8-r"))), Ok(named("koi8-r")));
        assert!(Charset::stated(Syntax::Json, b"{}", Some(named("koi8-r"))).is_err());
        assert_eq!(Charset::stated(Syntax::Xml, b"<a/>", None), Ok(Charset::UTF_8));
    }
}
