//! An operator's own schema for a format: XSD for XML, JSON Schema for JSON.
//!
//! The hub ships no schemas. Where `format.toml` names one, a document that violates it is refused with every violation,
//! and a rendering that violates it is not sent. A schema is loaded once, whole, and shown to be one: what it imports
//! must lie in its own folder, so that a region says the same thing on every machine, and no document or schema makes
//! the hub open a file or a connection.
//!
//! **Invariant:** [`Schema::check`] gives no finding exactly when the document is valid; for XML it judges the very tree
//! that is mapped. A finding names places, names and the schema's own words, never a value of the document.
//!
//! `format` loads it with its table; `intake` asks it about documents, `render` about renderings. CSV has none.

mod folder;
mod json;
mod names;
mod words;
mod xsd;

use std::{fmt, sync::Arc};

use self::folder::Folder;
use super::{Decoded, document::Syntax};
use crate::{
    files::Files,
    model::{
        finding::{Finding, Position},
        id::Digest,
        reason::Reason,
    },
};

pub use self::folder::{FILE_BYTES_MAX, FILES_MAX};

/// A compiled schema; clones share it.
#[derive(Clone)]
pub struct Schema {
    kind: Arc<Kind>,
    digest: Digest,
}

enum Kind {
    Xsd(Box<xsd::Xsd>),
    Json(json::Json),
}

/// Why a file is no schema the hub can use; says which file, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

impl Schema {
    /// Loads a schema and all it imports from the folder of its format.
    ///
    /// **Bounds:** [`FILES_MAX`] files of [`FILE_BYTES_MAX`] each. **Network:** none.
    ///
    /// # Errors
    /// The first thing that keeps it from being used.
    pub fn load(syntax: Syntax, folder: impl Into<Files>, file: &str) -> Result<Self, Unusable> {
        let folder = Folder::open(folder.into());
        let (kind, digest) = match syntax {
            Syntax::Xml => {
                let (xsd, digest) = xsd::Xsd::load(folder, file)?;
                (Kind::Xsd(Box::new(xsd)), digest)
            }
            Syntax::Json => {
                let (json, digest) = json::Json::load(folder, file)?;
                (Kind::Json(json), digest)
            }
            Syntax::Csv => return Err(Unusable("a CSV format has no schema; remove the key".to_owned())),
        };
        Ok(Self { kind: Arc::new(kind), digest })
    }

    /// Digest over every file of the schema.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The violations of a document, the first [`FINDINGS_MAX`](crate::model::finding::FINDINGS_MAX) of them, each severe.
    ///
    /// `bytes` are those `decoded` was read from; of a wrapped document what is inside is judged.
    #[must_use]
    pub fn check(&self, decoded: &Decoded, bytes: &[u8]) -> Vec<Finding> {
        match (&*self.kind, &decoded.tree) {
            (Kind::Xsd(xsd), Some(tree)) => xsd.check(tree),
            (Kind::Json(json), None) => {
                json.check(&decoded.document, decoded.inside.as_deref().unwrap_or(bytes))
            }
            (Kind::Xsd(_), None) | (Kind::Json(_), Some(_)) => {
                vec![violation("the document is in another syntax than its schema", Position::default())]
            }
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("digest", &self.digest).finish_non_exhaustive()
    }
}

fn violation(words: &str, position: Position) -> Finding {
    Finding::severe(Reason::SchemaInvalid, format!("the schema of the format: {words}")).at(position)
}
