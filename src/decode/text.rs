//! What every syntax starts with: bytes that are UTF-8 text, and lines and columns in it.

use crate::model::{
    finding::{Finding, Position},
    reason::Reason,
};

/// The byte order mark, in UTF-8. Real senders write it; it is no part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes bytes as UTF-8 text, without byte order mark.
///
/// # Errors
/// `not-utf8` for any other encoding, `nul-character` for a U+0000 written as such.
pub(super) fn checked(bytes: &[u8]) -> Result<&str, Finding> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (valid, _) = bytes.split_at(error.valid_up_to());
        Finding::severe(Reason::NotUtf8, "send the document as UTF-8; this byte is not part of any character")
            .at(position(std::str::from_utf8(valid).unwrap_or_default(), valid.len(), String::new()))
    })?;
    match text.find('\0') {
        None => Ok(text),
        Some(offset) => Err(nul().at(position(text, offset, String::new()))),
    }
}

/// The finding for U+0000, however it is written.
pub(super) fn nul() -> Finding {
    Finding::severe(Reason::NulCharacter, "remove the character U+0000; no document may hold it")
}

/// The position of one byte offset.
pub(super) fn position(text: &str, offset: usize, path: String) -> Position {
    let (line, column) = Lines::new(text).at(offset);
    Position { path, line, column }
}

/// Lines and columns of rising byte offsets, in one pass over the text however many are asked for.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), offset: 0, line: 1, column: 1 }
    }

    /// Line and column, in characters, of an offset not before the last one asked for.
    pub(super) fn at(&mut self, offset: usize) -> (u32, u32) {
        let wanted = offset.saturating_sub(self.offset).min(self.rest.len());
        let (passed, rest) = self.rest.split_at(wanted);
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        let last_line = passed.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        // A continuation byte (10xxxxxx) starts no character.
        let characters = last_line.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        let start = if lines > 0 { 1 } else { self.column };
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.column = start.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        self.rest = rest;
        self.offset += wanted;
        (self.line, self.column)
    }
}
