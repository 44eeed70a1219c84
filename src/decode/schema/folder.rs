//! The files a schema may consist of: those below the folder of its format, and no other.

use std::{
    fs,
    io::Read,
    path::{Component, Path, PathBuf},
};

use super::Unusable;
use crate::model::id::Digest;

/// Most files one schema may consist of.
pub const FILES_MAX: usize = 64;
/// Largest file of a schema, in bytes.
pub const FILE_BYTES_MAX: u64 = 4 << 20;

/// The folder of a format, and what was read from it.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    texts: Vec<String>,
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Self, Unusable> {
        match root.canonicalize() {
            Ok(root) => Ok(Self { root, texts: Vec::new() }),
            Err(error) => Err(Unusable(format!("the format's folder cannot be opened: {}", error.kind()))),
        }
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
        let path = self.root.join(&inside);
        match path.canonicalize() {
            Ok(real) if real != path => {
                Err(refused("is reached over a symbolic link; put the file itself there"))
            }
            Ok(real) if !real.is_file() => Err(refused("is no file")),
            Ok(_) => Ok(inside),
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
        let file = fs::File::open(self.root.join(inside))
            .map_err(|error| refused(format!("cannot be read: {}", error.kind())))?;
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| refused(format!("cannot be read: {}", error.kind())))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
            return Err(refused(format!("is over {FILE_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused("is not UTF-8".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        self.texts.push(text.clone());
        Ok(text)
    }

    /// The folder itself, without symbolic links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Digest over everything read.
    pub(super) fn digest(&self) -> Digest {
        let digests = self.texts.iter().map(|text| Digest::of(text.as_bytes()).hex()).collect::<String>();
        Digest::of(digests.as_bytes())
    }
}
