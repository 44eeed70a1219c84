//! Bytes to a positioned document: the first stage that looks at content.
//!
//! A guard runs before any tree is built, so hostile input costs a scan and no memory. Whatever the syntax, the result
//! is one tree of [`document::Node`]s, which `map` reads by path and `render` builds. For XML the parsed tree comes
//! with it, because a signature is verified on the very tree that is mapped ([`proof`]).
//!
//! Fed by `intake` with a body whose size is already bounded; feeds `map`. It does not know formats, agreements or
//! members: which syntax is expected and whether a signature is demanded is decided by the caller.
//!
//! **Invariant:** never panics, never allocates past a limit, never fetches anything, never expands an entity.

pub mod charset;
pub mod csv;
pub mod document;
pub mod guard;
pub mod json;
pub mod limit;
pub mod pattern;
pub mod proof;
pub mod schema;
mod text;
pub mod wrapping;
pub mod xml;

#[cfg(test)]
mod tests;

use self::{
    charset::Charset,
    document::{Document, Syntax},
    limit::Limits,
};
use crate::model::finding::Finding;

/// A document, and what its signatures are verified on.
pub struct Decoded {
    /// The document as named nodes.
    pub document: Document,
    /// The XML tree the document was read from; none for other syntaxes.
    pub tree: Option<xml::Tree>,
    /// The wrapper the document came in, opened and verified; the document is then what was inside.
    pub wrapped: Option<wrapping::Wrapped>,
    /// What was inside that wrapper, as JSON.
    pub inside: Option<Vec<u8>>,
}

/// Reads a document, and opens the wrapper it came in.
///
/// **Bounds:** [`Limits`]; the byte count is the caller's to bound.
///
/// # Errors
/// One severe finding, with a position where there is one, for the first thing refused.
pub fn decode(syntax: Syntax, bytes: &[u8], limits: &Limits) -> Result<Decoded, Finding> {
    decode_in(Charset::UTF_8, syntax, bytes, limits)
}

/// As [`decode`], of a document in another character set than UTF-8.
///
/// # Errors
/// As [`decode`]; and for the first byte that is no character of the set.
pub fn decode_in(
    charset: Charset,
    syntax: Syntax,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Decoded, Finding> {
    let bytes = &*charset.read(syntax, bytes)?;
    match syntax {
        Syntax::Xml => {
            let tree = xml::Tree::parse(bytes, limits)?;
            Ok(Decoded { document: tree.document(), tree: Some(tree), wrapped: None, inside: None })
        }
        Syntax::Json => {
            let document = json::decode(bytes, limits)?;
            Ok(match wrapping::opened(&document, bytes)? {
                None => Decoded { document, tree: None, wrapped: None, inside: None },
                Some(wrapping::Opened { document, json, wrapped }) => {
                    Decoded { document, tree: None, wrapped: Some(wrapped), inside: Some(json) }
                }
            })
        }
        Syntax::Csv => {
            Ok(Decoded { document: csv::decode(bytes, limits)?, tree: None, wrapped: None, inside: None })
        }
    }
}
