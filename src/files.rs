//! The files of a folder, each read once: who asks again gets the bytes it got before.
//!
//! Whatever reads a region reads through here, so what was checked, what is digested and what is kept are the same
//! bytes, also when somebody writes to the folder meanwhile. The files may come from memory instead
//! ([`Files::of`]): a configuration that was kept is proved without a folder.
//!
//! **Bounds:** each read names the most bytes it takes. **Symbolic links** are followed, except where the asker says no
//! ([`Files::is_own`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::fs::OFlags;

/// Files by their path from the root, with `/` between names.
pub type Kept = BTreeMap<String, Arc<[u8]>>;

/// A folder, and what was read of it; clones and sub-folders share what was read.
#[derive(Clone, Debug)]
pub struct Files {
    /// `None`: what there is, was given.
    root: Option<Arc<Path>>,
    below: String,
    read: Arc<Mutex<Kept>>,
}

impl From<&Path> for Files {
    fn from(root: &Path) -> Self {
        Self::at(root)
    }
}

impl From<&PathBuf> for Files {
    fn from(root: &PathBuf) -> Self {
        Self::at(root)
    }
}

impl From<&Files> for Files {
    fn from(files: &Files) -> Self {
        files.clone()
    }
}

impl Files {
    /// The files of a folder of this machine.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: Some(root.into()), below: String::new(), read: Arc::default() }
    }

    /// These files and no other.
    #[must_use]
    pub fn of(files: Kept) -> Self {
        Self { root: None, below: String::new(), read: Arc::new(Mutex::new(files)) }
    }

    /// A sub-folder.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { below: self.name(folder), ..self.clone() }
    }

    /// Everything read so far, whatever the sub-folder.
    #[must_use]
    pub fn kept(&self) -> Kept {
        self.kept_now().clone()
    }

    /// A file's bytes, at most `most` of them.
    ///
    /// # Errors
    /// In words, such as that it is missing.
    pub fn bytes(&self, file: &str, most: u64) -> Result<Arc<[u8]>, String> {
        let name = self.name(file);
        if let Some(bytes) = self.kept_now().get(&name) {
            return fits(bytes.len(), most).map(|()| bytes.clone());
        }
        let path = self.path(file).ok_or_else(|| cannot_read(&io::ErrorKind::NotFound.into()))?;
        let bytes: Arc<[u8]> = read_bounded(&path, most)?.into();
        // Whoever was first, in another thread, gave the bytes that count.
        Ok(self.kept_now().entry(name).or_insert(bytes).clone())
    }

    /// A file's text.
    ///
    /// # Errors
    /// As [`Files::bytes`]; and when it is not UTF-8.
    pub fn text(&self, file: &str, most: u64) -> Result<String, String> {
        let bytes = self.bytes(file, most)?;
        std::str::from_utf8(&bytes).map(ToOwned::to_owned).map_err(|_| "is not UTF-8 text".to_owned())
    }

    /// Names of files and folders in a sub-folder, sorted, hidden ones left out; an absent folder is empty.
    ///
    /// # Errors
    /// In words.
    pub fn entries(&self, folder: &str) -> Result<Vec<String>, String> {
        let names: BTreeSet<String> = match self.path(folder) {
            None => self.given(folder),
            Some(path) => match fs::read_dir(path) {
                Ok(list) => list.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
                Err(error) => return Err(cannot_read(&error)),
            },
        };
        Ok(names.into_iter().filter(|name| !name.starts_with('.')).collect())
    }

    /// Whether there is a file of this name.
    #[must_use]
    pub fn is_file(&self, file: &str) -> bool {
        match self.path(file) {
            Some(path) => path.is_file(),
            None => self.kept_now().contains_key(&self.name(file)),
        }
    }

    /// Whether there is a folder of this name.
    #[must_use]
    pub fn is_folder(&self, folder: &str) -> bool {
        match self.path(folder) {
            Some(path) => path.is_dir(),
            None => !self.given(folder).is_empty(),
        }
    }

    /// Whether a file lies in this folder itself, not behind a symbolic link.
    ///
    /// # Errors
    /// What the system says of a path that leads nowhere.
    pub fn is_own(&self, file: &str) -> io::Result<bool> {
        let Some(path) = self.path(file) else {
            return if self.is_file(file) { Ok(true) } else { Err(io::ErrorKind::NotFound.into()) };
        };
        let Some(root) = self.path("") else { return Ok(false) };
        Ok(path.canonicalize()? == root.canonicalize()?.join(file))
    }

    /// Where a file stands; `None` when it can stand in no folder, or the files were given.
    fn path(&self, file: &str) -> Option<PathBuf> {
        let name = self.name(file);
        let plain = Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
        self.root.as_ref().filter(|_| plain).map(|root| root.join(name))
    }

    fn name(&self, file: &str) -> String {
        match (self.below.as_str(), file) {
            ("", file) => file.to_owned(),
            (below, "") => below.to_owned(),
            (below, file) => format!("{below}/{file}"),
        }
    }

    fn given(&self, folder: &str) -> BTreeSet<String> {
        if self.root.is_some() {
            return BTreeSet::new();
        }
        let name = self.name(folder);
        let start = if name.is_empty() { name } else { name + "/" };
        let kept = self.kept_now();
        let inside = kept.keys().filter_map(|name| name.strip_prefix(&start));
        inside.filter_map(|rest| rest.split('/').next()).map(ToOwned::to_owned).collect()
    }

    fn kept_now(&self) -> MutexGuard<'_, Kept> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a file of at most `most` bytes; the error is the reason in words.
///
/// # Errors
/// In words, such as that it is missing.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    // A pipe without a writer would be waited for, for ever.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| cannot_read(&error))?;
    let about = file.metadata().map_err(|error| cannot_read(&error))?;
    if !about.is_file() && !about.is_dir() {
        return Err("is no regular file".to_owned());
    }
    let size = about.len();
    fits(usize::try_from(size).unwrap_or(usize::MAX), most)?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| cannot_read(&error))?;
    fits(bytes.len(), most).map(|()| bytes)
}

fn fits(size: usize, most: u64) -> Result<(), String> {
    match u64::try_from(size) {
        Ok(size) if size <= most => Ok(()),
        _ => Err(format!("has {size} bytes, at most {most} are allowed")),
    }
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is missing".into(),
        io::ErrorKind::PermissionDenied => "may not be read: permission denied".into(),
        kind => format!("cannot be read: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("zz.toml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(read_bounded(&pipe, 5), Err("is no regular file".to_owned()));
    }

    #[test]
    fn a_file_is_read_once_whatever_is_written_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let path = folder.path().join("in/a.toml");
        fs::write(&path, "first").unwrap();
        let files = Files::at(folder.path());
        assert_eq!(files.below("in").text("a.toml", 5).unwrap(), "first");
        fs::write(&path, "second").unwrap();
        assert_eq!(files.text("in/a.toml", 5).unwrap(), "first");
        assert_eq!(files.text("in/a.toml", 4).unwrap_err(), "has 5 bytes, at most 4 are allowed");
        assert_eq!(
            files.kept().into_iter().collect::<Vec<_>>(),
            [("in/a.toml".to_owned(), (*b"first").into())]
        );
        assert_eq!(Files::at(folder.path()).text("in/a.toml", 9).unwrap(), "second");
    }

    #[test]
    fn files_from_memory_are_as_files_from_a_folder() {
        let kept = [("region.toml", "r"), ("members/kg.toml", "k"), ("formats/f/format.toml", "f")];
        let kept = kept.map(|(name, text)| (name.to_owned(), text.as_bytes().into()));
        let files = Files::of(kept.into_iter().collect());
        assert_eq!(files.entries("").unwrap(), ["formats", "members", "region.toml"]);
        assert_eq!(files.below("formats").entries("f").unwrap(), ["format.toml"]);
        assert!(files.is_folder("formats/f") && !files.is_folder("region.toml") && !files.is_file("formats"));
        assert!(files.is_own("members/kg.toml").unwrap() && files.is_own("members/kz.toml").is_err());
        assert_eq!(files.text("members/kz.toml", 9).unwrap_err(), "is missing");
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let files = Files::at(&folder.path().join("in"));
        let absolute = folder.path().join("secret").display().to_string();
        for name in ["../secret", absolute.as_str()] {
            assert_eq!(files.text(name, 9).unwrap_err(), "is missing", "{name}");
        }
    }
}
