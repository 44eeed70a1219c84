//! The scan before any XML tree is built.
//!
//! Tree parsers are quadratic in attributes and follow what a document type declares, so hostile bytes must not reach
//! them. The scan reads tokens in place, keeps one small frame per open element, and stops at the first refusal: what
//! it costs is bounded by the bytes before that point.
//!
//! **Invariant:** what passes has no DTD, no processing instruction, no entity but the five of XML, and is within
//! every limit. Whether it is well-formed is for the parser to say.

use quick_xml::{
    Reader,
    events::{BytesDecl, Event},
};

use super::{limit::Limits, text};
use crate::model::{finding::Finding, reason::Reason};

/// Longest name shown in a position, in characters.
const SHOWN_NAME_CHARACTERS_MAX: usize = 64;

/// Checks XML bytes and gives them back as text, without byte order mark.
///
/// # Errors
/// One finding, for the first thing refused: `not-utf8`, `nul-character`, `xml-dtd`, `xml-entity`, `xml-instruction`,
/// `xml-too-deep`, `xml-too-many-elements`, `xml-too-many-attributes`, `xml-text-too-long`, `xml-malformed`.
pub fn checked<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Finding> {
    let text = text::checked(bytes)?;
    let mut scan = Scan { text, limits, open: Vec::new(), elements: 0, attributes: 0, paths_bytes: 0 };
    scan.run().map_err(|refusal| {
        Finding::severe(refusal.reason, refusal.advice).at(text::position(text, refusal.offset, scan.shown()))
    })?;
    Ok(text)
}

/// An open element.
struct Frame<'a> {
    name: &'a str,
    text_bytes: usize,
    namespaces: usize,
    /// Length of the path that leads there.
    path_bytes: usize,
}

struct Scan<'a> {
    text: &'a str,
    limits: &'a Limits,
    open: Vec<Frame<'a>>,
    elements: usize,
    attributes: usize,
    paths_bytes: usize,
}

struct Refusal {
    reason: Reason,
    advice: String,
    offset: usize,
}

fn refuse<T>(reason: Reason, offset: usize, advice: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason, advice: advice.into(), offset })
}

impl<'a> Scan<'a> {
    fn run(&mut self) -> Result<(), Refusal> {
        let mut reader = Reader::from_str(self.text);
        loop {
            let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let Ok(event) = reader.read_event() else {
                let advice = "close every tag, comment, quotation and reference, in order of opening";
                return refuse(Reason::XmlMalformed, offset, advice);
            };
            match event {
                Event::Start(tag) => self.open(offset, tag.name().as_ref().len(), tag.attributes_raw())?,
                Event::Empty(tag) => {
                    self.open(offset, tag.name().as_ref().len(), tag.attributes_raw())?;
                    self.open.pop();
                }
                Event::End(_) => drop(self.open.pop()),
                Event::Text(text) => self.characters(offset, text.len())?,
                Event::CData(text) => {
                    self.element(offset)?;
                    self.characters(offset, text.len())?;
                }
                Event::GeneralRef(name) => {
                    reference(&name, offset)?;
                    self.characters(offset, name.len())?;
                }
                Event::Comment(_) => self.element(offset)?,
                Event::Decl(declaration) => declared(&declaration, offset)?,
                Event::PI(_) => {
                    return refuse(Reason::XmlInstruction, offset, "remove the processing instruction");
                }
                Event::DocType(_) => {
                    return refuse(Reason::XmlDtd, offset, "remove the document type declaration");
                }
                Event::Eof => return Ok(()),
            }
        }
    }

    fn open(&mut self, offset: usize, name_bytes: usize, attributes: &str) -> Result<(), Refusal> {
        let start = offset + 1;
        let name = self.text.get(start..start + name_bytes).unwrap_or_default();
        let (namespaces, outer) =
            self.open.last().map_or((0, 0), |frame| (frame.namespaces, frame.path_bytes));
        let path_bytes = outer + 1 + name_bytes;
        self.open.push(Frame { name, text_bytes: 0, namespaces, path_bytes });
        self.element(offset)?;
        self.path(offset, path_bytes)?;
        if self.open.len() > self.limits.xml_depth_max as usize {
            let advice = format!("nest elements at most {} deep", self.limits.xml_depth_max);
            return refuse(Reason::XmlTooDeep, offset, advice);
        }
        self.fits(offset, name_bytes, self.limits.name_bytes_max)?;
        if attributes.is_empty() { Ok(()) } else { self.attributes(start + name_bytes, attributes) }
    }

    fn element(&mut self, offset: usize) -> Result<(), Refusal> {
        self.elements += 1;
        if self.elements <= self.limits.xml_elements_max {
            return Ok(());
        }
        let most = self.limits.xml_elements_max;
        let advice = format!("send at most {most} elements, comments and CDATA sections in one document");
        refuse(Reason::XmlTooManyElements, offset, advice)
    }

    fn path(&mut self, offset: usize, bytes: usize) -> Result<(), Refusal> {
        self.paths_bytes += bytes;
        if self.paths_bytes <= self.limits.paths_bytes_max {
            return Ok(());
        }
        let advice = "use shorter names or fewer elements and attributes: their paths together are too long";
        refuse(Reason::XmlTooManyElements, offset, advice)
    }

    fn characters(&mut self, offset: usize, bytes: usize) -> Result<(), Refusal> {
        let Some(frame) = self.open.last_mut() else { return Ok(()) };
        frame.text_bytes += bytes;
        let text_bytes = frame.text_bytes;
        self.fits(offset, text_bytes, self.limits.text_bytes_max)
    }

    fn fits(&self, offset: usize, bytes: usize, bytes_max: usize) -> Result<(), Refusal> {
        if bytes <= bytes_max {
            return Ok(());
        }
        let Limits { text_bytes_max: text, name_bytes_max: name, .. } = self.limits;
        let advice = format!("send at most {text} bytes in one text, and {name} in a name or namespace");
        refuse(Reason::XmlTextTooLong, offset, advice)
    }

    /// Counts attributes by their quoted values: the library's own iterator compares each name with each.
    fn attributes(&mut self, start: usize, raw: &str) -> Result<(), Refusal> {
        let mut quote = None;
        // Where the current name or value begins, and whether white space or a value came before what is next.
        let (mut from, mut fresh) = (0, true);
        let (mut count, mut value_bytes_max) = (0, 0);
        for (index, byte) in raw.bytes().enumerate() {
            match (quote, byte) {
                (None, b'"' | b'\'') => {
                    count += 1;
                    self.attribute(start + index, count)?;
                    (quote, from) = (Some(byte), index + 1);
                }
                (None, b' ' | b'\t' | b'\r' | b'\n') => fresh = true,
                (None, b'=') => {
                    let name = raw.get(from..index).unwrap_or_default().trim_end();
                    value_bytes_max = self.attribute_name(start + from, name)?;
                }
                (None, _) if fresh => (from, fresh) = (index, false),
                (Some(open), _) if open == byte => {
                    (quote, fresh) = (None, true);
                    self.fits(start + from, index - from, value_bytes_max)?;
                }
                (Some(_), b'&') => {
                    let rest = raw.get(index + 1..).unwrap_or_default();
                    reference(rest.split(';').next().unwrap_or_default(), start + index)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn attribute(&mut self, offset: usize, count: usize) -> Result<(), Refusal> {
        self.attributes += 1;
        let (each, all) = (self.limits.xml_element_attributes_max, self.limits.xml_attributes_max);
        if count <= each && self.attributes <= all {
            return Ok(());
        }
        let advice = format!("send at most {each} attributes on one element and {all} in one document");
        refuse(Reason::XmlTooManyAttributes, offset, advice)
    }

    /// Checks an attribute's name and gives how long its value may be.
    ///
    /// Each element of a namespace carries a copy of its name, so a namespace's name is held short.
    fn attribute_name(&mut self, offset: usize, name: &str) -> Result<usize, Refusal> {
        self.fits(offset, name.len(), self.limits.name_bytes_max)?;
        let above = self.open.last().map_or(0, |frame| frame.path_bytes);
        self.path(offset, above + 2 + name.len())?;
        let declares = name == "xmlns" || name.starts_with("xmlns:");
        let Some(frame) = self.open.last_mut().filter(|_| declares) else {
            return Ok(self.limits.text_bytes_max);
        };
        frame.namespaces += 1;
        let most = self.limits.xml_namespaces_max;
        if frame.namespaces <= most {
            return Ok(self.limits.name_bytes_max);
        }
        let advice = format!("keep at most {most} namespace declarations in scope");
        refuse(Reason::XmlTooManyAttributes, offset, advice)
    }

    /// The open elements as a path, bounded by the limit on depth and on shown names.
    fn shown(&self) -> String {
        self.open.iter().fold(String::new(), |mut path, frame| {
            let local = frame.name.rsplit(':').next().unwrap_or_default();
            path.push('/');
            path.extend(local.chars().take(SHOWN_NAME_CHARACTERS_MAX));
            path
        })
    }
}

/// Checks what stands between `&` and `;`.
fn reference(name: &str, offset: usize) -> Result<(), Refusal> {
    if matches!(name, "lt" | "gt" | "amp" | "apos" | "quot") {
        return Ok(());
    }
    let Some(number) = name.strip_prefix('#') else {
        let advice = "write the character itself: only lt, gt, amp, apos and quot are known entities";
        return refuse(Reason::XmlEntity, offset, advice);
    };
    let code = match number.strip_prefix('x') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
        _ => None,
    };
    match code {
        Some(0) => refuse(Reason::NulCharacter, offset, text::nul().advice),
        Some(code) if is_xml_character(code) => Ok(()),
        _ => refuse(Reason::XmlMalformed, offset, "refer only to characters that XML 1.0 allows"),
    }
}

/// XML 1.0 (fifth edition), production 2.
fn is_xml_character(code: u32) -> bool {
    matches!(code, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

fn declared(declaration: &BytesDecl<'_>, offset: usize) -> Result<(), Refusal> {
    if offset != 0 {
        return refuse(Reason::XmlInstruction, offset, "put the XML declaration at the very start, once");
    }
    if !declaration.version().is_ok_and(|version| version == "1.0") {
        return refuse(Reason::XmlMalformed, offset, "declare XML version 1.0");
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => refuse(Reason::NotUtf8, offset, "declare and use the encoding UTF-8"),
    }
}
