//! The files a schema may consist of: those below the folder of its format, and no other.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use super::Unusable;
use crate::{files::Files, model::id::Digest};

/// Most files one schema may consist of.
pub const FILES_MAX: usize = 64;
/// Largest file of a schema, in bytes.
pub const FILE_BYTES_MAX: u64 = 4 << 20;

/// The folder of a format, and what was read from it.
#[derive(Debug)]
pub(super) struct Folder {
    files: Files,
    /// In the order they were read.
    texts: Vec<(PathBuf, String)>,
}

impl Folder {
    pub(super) fn open(files: Files) -> Self {
        Self { files, texts: Vec::new() }
    }

    /// Where `location`, stated in the file `from`, lies below the folder.
    ///
    /// # Errors
    /// When it is a URI, an absolute path, steps out by `..`, goes over a symbolic link, or is not there.
    pub(super) fn resolve(&self, from: &Path, location: &str) -> Result<PathBuf, Unusable> {
        let refused = |why: &str| Unusable(format!("\"{location}\" {why}"));
        if location.contains(':') || location.contains('\\') {
            return Err(refused("is not a file beside the schema; nothing is fetched, put a copy there"));
        }
        let mut inside = from.parent().unwrap_or(Path::new("")).to_path_buf();
        for component in Path::new(location).components() {
            match component {
                Component::Normal(name) => inside.push(name),
                Component::CurDir => {}
                _ => return Err(refused("leads out of the schema's folder; put the file below it")),
            }
        }
        let name = inside.to_string_lossy();
        match self.files.is_own(&name) {
            Ok(false) => Err(refused("is reached over a symbolic link; put the file itself there")),
            Ok(true) if !self.files.is_file(&name) => Err(refused("is no file")),
            Ok(true) => Ok(inside),
            Err(error) => Err(refused(&format!("cannot be read: {}", error.kind()))),
        }
    }

    /// The text of a file that was resolved.
    ///
    /// # Errors
    /// When it is too large, not UTF-8, or one file too many.
    pub(super) fn read(&mut self, inside: &Path) -> Result<String, Unusable> {
        let refused = |why: String| Unusable(format!("\"{}\" {why}", inside.display()));
        if self.texts.len() >= FILES_MAX {
            return Err(refused(format!("is one file too many; a schema has at most {FILES_MAX}")));
        }
        let text = self.files.text(&inside.to_string_lossy(), FILE_BYTES_MAX).map_err(refused)?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        self.texts.push((inside.to_owned(), text.clone()));
        Ok(text)
    }

    /// The texts read, by their path below the folder.
    pub(super) fn texts(&self) -> BTreeMap<&Path, &str> {
        self.texts.iter().map(|(inside, text)| (inside.as_path(), text.as_str())).collect()
    }

    /// Digest over everything read.
    pub(super) fn digest(&self) -> Digest {
        let digests =
            self.texts.iter().map(|(_, text)| Digest::of(text.as_bytes()).hex()).collect::<String>();
        Digest::of(digests.as_bytes())
    }
}
