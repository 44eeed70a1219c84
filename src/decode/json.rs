//! Strict JSON (RFC 8259) to a document.
//!
//! A reader of our own, because a certificate needs what the usual ones give away: the digits of a number as written,
//! line and column of every value, and a refusal of names given twice, where readers differ in which one they take.
//!
//! **Invariant:** takes exactly what RFC 8259 allows, with an object outermost, less duplicate names and U+0000.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    document::{Document, Node, Scalar, Syntax},
    limit::Limits,
    text::{self, Lines},
};
use crate::model::{finding::Finding, reason::Reason};

/// Reads a document.
///
/// # Errors
/// `not-utf8`, `nul-character`, `json-malformed`, `json-duplicate-key`, `json-too-deep`, `json-too-many-nodes`,
/// `json-text-too-long`, each with line, column and the JSON pointer of the value.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Document, Finding> {
    let text = text::checked(bytes)?;
    let mut reader = Reader { text, offset: 0, lines: Lines::new(text), nodes: 0, paths_bytes: 0, limits };
    let root = reader.document().map_err(|fail| {
        let pointer = fail.steps.iter().rev().fold(String::new(), |path, step| path + "/" + step);
        Finding::severe(fail.reason, fail.advice).at(text::position(text, fail.offset, pointer))
    })?;
    Ok(Document { syntax: Syntax::Json, root })
}

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    lines: Lines<'a>,
    nodes: usize,
    paths_bytes: usize,
    limits: &'a Limits,
}

/// Why reading stopped; each container adds its step on the way out.
struct Fail {
    reason: Reason,
    advice: String,
    offset: usize,
    steps: Vec<String>,
}

impl Fail {
    fn within(mut self, step: impl FnOnce() -> String) -> Self {
        self.steps.push(step());
        self
    }
}

/// Where a value goes: its name, and whether an array is around it.
#[derive(Clone, Copy)]
struct Slot<'n> {
    name: &'n str,
    listed: bool,
    depth: usize,
    /// Length of the path that leads there.
    path_bytes: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Fail> {
        self.blank();
        if self.peek() != Some(b'{') {
            return self.fail(Reason::JsonMalformed, "send one JSON object");
        }
        let slot = Slot { name: "", listed: false, depth: 0, path_bytes: 0 };
        let root = self.object(slot)?;
        self.blank();
        if self.peek().is_some() {
            return self.fail(Reason::JsonMalformed, "send one JSON object and nothing after it");
        }
        Ok(root)
    }

    fn value(&mut self, slot: Slot<'_>, into: &mut Vec<Node>) -> Result<(), Fail> {
        let node = match self.peek() {
            Some(b'{') => self.object(slot)?,
            Some(b'[') if !slot.listed => return self.array(slot, into),
            Some(b'[') => {
                let mut node = self.node(slot, Scalar::Branch)?;
                let inner = Slot { name: "", ..slot };
                self.array(inner, &mut node.children)?;
                node
            }
            Some(b'"') => {
                let mut node = self.node(slot, Scalar::Text)?;
                node.text = self.string()?.into_owned();
                node
            }
            Some(b'-' | b'0'..=b'9') => {
                let mut node = self.node(slot, Scalar::Number)?;
                node.text = self.number()?.to_owned();
                node
            }
            _ => self.word(slot)?,
        };
        into.push(node);
        Ok(())
    }

    fn object(&mut self, slot: Slot<'_>) -> Result<Node, Fail> {
        let mut node = self.node(slot, Scalar::Branch)?;
        let depth = self.deeper(slot.depth)?;
        let mut names = BTreeSet::new();
        self.offset += 1;
        self.blank();
        if self.took(b'}') {
            return Ok(node);
        }
        loop {
            let name = self.member_name(&mut names)?;
            let path_bytes = slot.path_bytes + 1 + name.len();
            let slot = Slot { name: &name, listed: false, depth, path_bytes };
            self.value(slot, &mut node.children).map_err(|fail| fail.within(|| step(&name)))?;
            names.insert(name);
            if !self.next(b'}')? {
                return Ok(node);
            }
        }
    }

    fn member_name(&mut self, names: &mut BTreeSet<Cow<'a, str>>) -> Result<Cow<'a, str>, Fail> {
        let start = self.offset;
        if self.peek() != Some(b'"') {
            return self.fail(Reason::JsonMalformed, "name each member with a quoted string");
        }
        let name = self.string()?;
        self.fits(name.len(), self.limits.name_bytes_max)?;
        if names.contains(&name) {
            self.offset = start;
            let fail = self.fail(Reason::JsonDuplicateKey, "give each name once in an object");
            return fail.map_err(|fail: Fail| fail.within(|| step(&name)));
        }
        self.blank();
        if !self.took(b':') {
            return self.fail(Reason::JsonMalformed, "put a colon between name and value");
        }
        self.blank();
        Ok(name)
    }

    fn array(&mut self, slot: Slot<'_>, into: &mut Vec<Node>) -> Result<(), Fail> {
        let depth = self.deeper(slot.depth)?;
        let slot = Slot { listed: true, depth, ..slot };
        self.offset += 1;
        self.blank();
        if self.took(b']') {
            return Ok(());
        }
        let mut index = 0usize;
        loop {
            self.value(slot, into).map_err(|fail| fail.within(|| index.to_string()))?;
            index += 1;
            if !self.next(b']')? {
                return Ok(());
            }
        }
    }

    /// Takes a comma and tells that more follows, or the closing mark and tells that nothing does.
    fn next(&mut self, close: u8) -> Result<bool, Fail> {
        self.blank();
        if self.took(close) {
            return Ok(false);
        }
        if !self.took(b',') {
            return self.fail(Reason::JsonMalformed, "separate values by commas and close what is opened");
        }
        self.blank();
        Ok(true)
    }

    fn word(&mut self, slot: Slot<'_>) -> Result<Node, Fail> {
        let rest = self.rest();
        for (word, scalar, text) in
            [("true", Scalar::Bool, "true"), ("false", Scalar::Bool, "false"), ("null", Scalar::Null, "")]
        {
            if rest.starts_with(word) {
                let mut node = self.node(slot, scalar)?;
                text.clone_into(&mut node.text);
                self.offset += word.len();
                return Ok(node);
            }
        }
        self.fail(Reason::JsonMalformed, "put a JSON value here")
    }

    fn number(&mut self) -> Result<&'a str, Fail> {
        let rest = self.rest();
        let length = number_length(rest.as_bytes());
        let Some(number) = length.and_then(|length| rest.get(..length)) else {
            return self.fail(
                Reason::JsonMalformed,
                "write the number as JSON does: no leading zero, digits on both sides of the point",
            );
        };
        self.fits(number.len(), self.limits.text_bytes_max)?;
        self.offset += number.len();
        Ok(number)
    }

    /// Takes a string whose opening quotation mark is next.
    fn string(&mut self) -> Result<Cow<'a, str>, Fail> {
        self.offset += 1;
        let mut whole: Cow<'a, str> = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some(plain) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)
            else {
                return self.fail(Reason::JsonMalformed, "close the string");
            };
            self.fits(whole.len() + plain, self.limits.text_bytes_max)?;
            // `Cow` keeps a borrow while it was empty: a string without escapes is never copied here.
            whole += rest.get(..plain).unwrap_or_default();
            self.offset += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => whole.to_mut().push(self.escape()?),
                _ => return self.fail(Reason::JsonMalformed, "escape control characters in strings"),
            }
        }
        self.offset += 1;
        Ok(whole)
    }

    fn escape(&mut self) -> Result<char, Fail> {
        let character = match self.text.as_bytes().get(self.offset + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.fail(Reason::JsonMalformed, "use only the escapes that JSON defines"),
        };
        self.offset += 2;
        Ok(character)
    }

    /// Takes `\uXXXX`, or two of them for one character beyond the first plane.
    fn unicode(&mut self) -> Result<char, Fail> {
        let (code, length) = match (self.unit(0), self.unit(6)) {
            (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
                (Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12)
            }
            (unit, _) => (unit, 6),
        };
        match code.and_then(char::from_u32) {
            Some('\0') => self.fail(Reason::NulCharacter, &text::nul().advice),
            Some(character) => {
                self.offset += length;
                Ok(character)
            }
            None => {
                self.fail(Reason::JsonMalformed, "escape whole characters: four digits, surrogates in pairs")
            }
        }
    }

    fn unit(&self, ahead: usize) -> Option<u32> {
        let start = self.offset + ahead;
        let digits = self.text.get(start..start + 6)?.strip_prefix("\\u")?;
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    /// A node that starts here.
    fn node(&mut self, slot: Slot<'_>, scalar: Scalar) -> Result<Node, Fail> {
        self.nodes += 1;
        if self.nodes > self.limits.json_nodes_max {
            let advice = format!("send at most {} values in one document", self.limits.json_nodes_max);
            return self.fail(Reason::JsonTooManyNodes, &advice);
        }
        self.paths_bytes += slot.path_bytes;
        if self.paths_bytes > self.limits.paths_bytes_max {
            let advice = "use shorter names or fewer values: their paths together are too long";
            return self.fail(Reason::JsonTooManyNodes, advice);
        }
        let (line, column) = self.lines.at(self.offset);
        Ok(Node { scalar, listed: slot.listed, line, column, ..Node::branch(slot.name) })
    }

    fn deeper(&self, depth: usize) -> Result<usize, Fail> {
        if depth < self.limits.json_depth_max {
            return Ok(depth + 1);
        }
        let advice = format!("nest objects and arrays at most {} deep", self.limits.json_depth_max);
        self.fail(Reason::JsonTooDeep, &advice)
    }

    fn fits(&self, bytes: usize, bytes_max: usize) -> Result<(), Fail> {
        if bytes <= bytes_max {
            return Ok(());
        }
        let Limits { text_bytes_max: text, name_bytes_max: name, .. } = self.limits;
        let advice = format!("send at most {text} bytes in one string or number, and {name} in a name");
        self.fail(Reason::JsonTextTooLong, &advice)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn took(&mut self, byte: u8) -> bool {
        let takes = self.peek() == Some(byte);
        self.offset += usize::from(takes);
        takes
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.offset += 1;
        }
    }

    fn fail<T>(&self, reason: Reason, advice: &str) -> Result<T, Fail> {
        Err(Fail { reason, advice: advice.to_owned(), offset: self.offset, steps: Vec::new() })
    }
}

/// A step of a JSON pointer (RFC 6901).
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Length of the number at the start, or none if there is none (RFC 8259, section 6).
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let at = |index: usize| bytes.get(index).copied();
    let sign = usize::from(at(0) == Some(b'-'));
    let whole = digits(sign);
    if whole == 0 || (whole > 1 && at(sign) == Some(b'0')) {
        return None;
    }
    let mut end = sign + whole;
    if at(end) == Some(b'.') {
        let fraction = digits(end + 1);
        end += (fraction > 0).then_some(1 + fraction)?;
    }
    if matches!(at(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(at(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        end += (exponent > 0).then_some(1 + sign + exponent)?;
    }
    Some(end)
}
