//! JSON Schema, drafts 4 to 2020-12.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{
    PatternOptions, Retrieve, Uri, ValidationError, Validator, error::ValidationErrorKind as Kind,
};
use serde_json::Value;

use super::{Unusable, folder::Folder, violation, words};
use crate::{
    decode::document::{Document, Node},
    model::{
        finding::{FINDINGS_MAX, Finding, Position},
        id::Digest,
    },
};

/// Under this name the schema's folder is known to the library: a relative reference stays below it, whatever it says.
const BASE: &str = "folder:///";
/// Steps back a pattern may take on one text.
const PATTERN_STEPS_MAX: usize = 100_000;
/// Bytes one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A compiled JSON Schema.
pub(super) struct Json(Validator);

/// Gives the library files of the folder, and nothing else. `https://host/path`, which schemas refer to each other by,
/// is the file `host/path` below it.
struct Files(Arc<Mutex<Folder>>);

impl Json {
    pub(super) fn load(mut folder: Folder, file: &str) -> Result<(Self, Digest), Unusable> {
        let main = folder.resolve(Path::new(""), file)?;
        let schema = value(&main, &folder.read(&main)?)?;
        let folder = Arc::new(Mutex::new(folder));
        let patterns =
            PatternOptions::fancy_regex().backtrack_limit(PATTERN_STEPS_MAX).size_limit(PATTERN_BYTES_MAX);
        let validator = jsonschema::options()
            .with_base_uri(format!("{BASE}{file}"))
            .with_retriever(Files(Arc::clone(&folder)))
            .with_pattern_options(patterns)
            .build(&schema)
            .map_err(|error| Unusable(format!("\"{file}\" is not a JSON Schema the hub can use: {error}")))?;
        let digest = folder.lock().unwrap_or_else(PoisonError::into_inner).digest();
        Ok((Self(validator), digest))
    }

    pub(super) fn check(&self, document: &Document, bytes: &[u8]) -> Vec<Finding> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        // `decode` has read these bytes, strictly; so this reader sees the same values, each name once.
        let Ok(whole) = serde_json::from_slice::<Value>(bytes) else {
            return vec![violation("the document cannot be read", Position::default())];
        };
        let errors = self.0.iter_errors(&whole).take(FINDINGS_MAX);
        errors
            .map(|error| {
                let pointer = error.instance_path().as_str();
                let steps = pointer.split('/').skip(1).map(unescaped).collect::<Vec<_>>();
                let name = &document.root.name;
                let below = if name.is_empty() { String::new() } else { format!("/{name}") };
                violation(&said(&error), locate(&document.root, &steps).position(below + pointer))
            })
            .collect()
    }
}

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let location = uri.as_str();
        let addressed = ["https://", "http://"].iter().find_map(|scheme| location.strip_prefix(scheme));
        let Some(inside) = location.strip_prefix(BASE).or(addressed) else {
            return Err(format!("{location} is not a file beside the schema; nothing is fetched").into());
        };
        let mut folder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let path = folder.resolve(Path::new(""), inside).map_err(|error| match addressed {
            Some(copy) => format!("{error}; nothing is fetched: put a copy of {location} there as {copy}"),
            None => error.to_string(),
        })?;
        let text = folder.read(&path)?;
        Ok(value(&path, &text)?)
    }
}

fn value(inside: &Path, text: &str) -> Result<Value, Unusable> {
    serde_json::from_str(text)
        .map_err(|error| Unusable(format!("\"{}\" is not JSON: {error}", inside.display())))
}

/// The library's words, without the document's values.
fn said(error: &ValidationError<'_>) -> String {
    words::bounded(match error.kind() {
        Kind::PropertyNames { .. } => "a name is not allowed here".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "the value is too long for the pattern it must match".to_owned()
        }
        Kind::Custom { .. } | Kind::FromUtf8 { .. } | Kind::Referencing(_) => {
            "this is not allowed here".to_owned()
        }
        _ => error.masked_with("the value").to_string(),
    })
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The node a pointer leads to, or the last one on the way.
fn locate<'n>(mut node: &'n Node, mut steps: &[String]) -> &'n Node {
    while let Some((step, rest)) = steps.split_first() {
        let index = |step: &String| step.parse::<usize>().ok();
        let member = |child: &&Node| child.name == *step;
        let (next, rest) =
            if let Some(child) = node.children.iter().filter(member).find(|child| !child.listed) {
                (Some(child), rest)
            } else if node.children.iter().any(|child| member(&child)) {
                let at = rest.first().and_then(index).unwrap_or(0);
                (node.children.iter().filter(member).nth(at), rest.get(1..).unwrap_or_default())
            } else {
                // An array in an array: its elements have no name.
                let at = index(step).unwrap_or(usize::MAX);
                (node.children.iter().filter(|child| child.listed && child.name.is_empty()).nth(at), rest)
            };
        let Some(next) = next else { break };
        (node, steps) = (next, rest);
    }
    node
}
