//! XML Schema 1.0.
//!
//! The library skips what it cannot load, and says where a violation is by line and column alone. So the files are
//! gathered and looked through here before it sees them, and each violation is led back to its element.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
};

use uppsala::{Document as Parsed, Parser, XS_NAMESPACE, XsdRegex, XsdValidator};

use super::{Unusable, folder::Folder, names::Names, violation, words};
use crate::{
    decode::xml::Tree,
    model::{
        finding::{FINDINGS_MAX, Finding, Position},
        id::Digest,
    },
};

/// Bytes passed over to find the lines of violations: each of them costs the library two passes over the document.
/// A document with more violations than this allows is answered without lines.
const POSITION_BYTES_MAX: usize = 256 << 20;

/// A compiled XML Schema.
pub(super) struct Xsd(XsdValidator);

/// The files of a schema for the library, which opens the second and all further ones itself: a copy, so that it sees
/// the very texts that were looked through. Gone with the value.
struct Copy(tempfile::TempDir);

impl Copy {
    /// `None` for one file, which the library is given.
    fn of(texts: &BTreeMap<&Path, &str>) -> Result<Option<Self>, Unusable> {
        if texts.len() < 2 {
            return Ok(None);
        }
        let failed = |error: std::io::Error| {
            Unusable(format!("the schema's files cannot be copied to a temporary folder: {}", error.kind()))
        };
        let folder = tempfile::tempdir().map_err(failed)?;
        for (inside, text) in texts {
            let path = folder.path().join(inside);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
            made.map_err(failed)?;
        }
        Ok(Some(Self(folder)))
    }
}

impl Xsd {
    pub(super) fn load(mut folder: Folder, file: &str) -> Result<(Self, Digest), Unusable> {
        let main = folder.resolve(Path::new(""), file)?;
        let mut names = Names::default();
        let mut waiting = VecDeque::from([main.clone()]);
        let mut met: BTreeSet<PathBuf> = BTreeSet::from([main.clone()]);
        let mut first = None;
        while let Some(inside) = waiting.pop_front() {
            let text = folder.read(&inside)?;
            for location in locations(&inside, &text, &mut names)? {
                let next = folder.resolve(&inside, &location)?;
                if met.insert(next.clone()) {
                    waiting.push_back(next);
                }
            }
            first.get_or_insert(text);
        }
        names.settle()?;
        let text = first.unwrap_or_default();
        let parsed = parse(&main, &text)?;
        let copy = Copy::of(&folder.texts())?;
        let base = copy.as_ref().map(|copy| copy.0.path().join(&main));
        let xsd = XsdValidator::from_schema_with_base_path(&parsed, base.as_deref())
            .map_err(|error| Unusable(format!("\"{file}\" is not an XML Schema: {error}")))?;
        Ok((Self(xsd), folder.digest()))
    }

    /// The verdict is on `tree` itself, which has no lines; only where there are violations its text is parsed once
    /// more, to tell where.
    pub(super) fn check(&self, tree: &Tree) -> Vec<Finding> {
        let bare = self.0.validate(tree.parsed());
        if bare.is_empty() {
            return Vec::new();
        }
        let affordable = bare.len().saturating_mul(tree.text().len()) <= POSITION_BYTES_MAX;
        let lines =
            affordable.then(|| Parser::new().with_max_depth(u32::MAX).parse(tree.text()).ok()).flatten();
        let Some(lines) = lines else {
            let nowhere =
                |error: &uppsala::ValidationError| violation(&words::of(&error.message), Position::default());
            return bare.iter().take(FINDINGS_MAX).map(nowhere).collect();
        };
        let starts = line_starts(tree.text());
        let located = self.0.validate(&lines).into_iter().take(FINDINGS_MAX);
        located
            .map(|error| {
                let line = error.line.and_then(|line| starts.get(line.checked_sub(1)?));
                let offset =
                    line.zip(error.column).map_or(0, |(start, column)| start + column.saturating_sub(1));
                violation(&words::of(&error.message), tree.around(offset))
            })
            .collect()
    }
}

/// Offset of the first byte of each line.
fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    [0].into_iter().chain(breaks).collect()
}

fn parse<'t>(inside: &Path, text: &'t str) -> Result<Parsed<'t>, Unusable> {
    // A DTD is allowed here: the schema of XML signatures has one. Its entities are bounded by the parser.
    let refused = |why: String| Unusable(format!("\"{}\" {why}", inside.display()));
    let parsed =
        Parser::new().parse(text).map_err(|error| refused(format!("is not well-formed: {error}")))?;
    let root = parsed.document_element().and_then(|id| parsed.element(id));
    match root {
        Some(root)
            if root.name.local_name == "schema"
                && root.name.namespace_uri.as_deref() == Some(XS_NAMESPACE) =>
        {
            Ok(parsed)
        }
        _ => Err(refused("is not an XML Schema: its document element must be xs:schema".to_owned())),
    }
}

/// The files a schema file includes, imports or redefines; notes what it declares and uses on the way.
fn locations(inside: &Path, text: &str, names: &mut Names) -> Result<Vec<String>, Unusable> {
    let parsed = parse(inside, text)?;
    let mut found = Vec::new();
    let root = parsed.document_element().ok_or_else(|| Unusable("the schema is empty".to_owned()))?;
    for id in parsed.descendants(root) {
        let Some(element) = parsed.element(id) else { continue };
        if element.name.namespace_uri.as_deref() != Some(XS_NAMESPACE) {
            continue;
        }
        let local = element.name.local_name.as_ref();
        match (local, element.get_attribute("schemaLocation")) {
            ("import" | "include" | "redefine", Some(location)) => found.push(location.to_owned()),
            ("include" | "redefine", None) => {
                return Err(Unusable(format!("\"{}\": xs:{local} names no file", inside.display())));
            }
            ("pattern", _) => pattern(inside, element.get_attribute("value"))?,
            _ => {}
        }
        names.note(&parsed, id, element);
    }
    Ok(found)
}

fn pattern(inside: &Path, value: Option<&str>) -> Result<(), Unusable> {
    let value = value.unwrap_or_default();
    XsdRegex::compile(value).map(drop).map_err(|error| {
        Unusable(format!("\"{}\": the pattern \"{value}\" cannot be used: {error}", inside.display()))
    })
}
