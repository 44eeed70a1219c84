//! Writing a region's folder: each file is replaced in one step, what was there is moved aside, and all can be undone.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    crash::{self, Point},
    files::Kept,
};

/// Folder below the region's for what a rollback moved out of the way; a name with a dot is no part of a region.
pub const ASIDE: &str = ".aside";
/// End of the name of a file that is being written; such a name begins with a dot as well.
const UNFINISHED: &str = ".unfinished";

/// What was done to a folder.
#[derive(Debug)]
pub(super) struct Put {
    root: PathBuf,
    /// Below the root.
    aside: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// There was no such file.
    Made(String),
    /// Another file of that name is aside.
    Replaced(String),
    /// The file is aside, and nothing in its place.
    Moved(String),
}

/// Makes a folder hold these files and none of those that are `there` besides; what is the same is not touched.
///
/// # Errors
/// In words; then the folder is as it was.
pub(super) fn put(root: &Path, files: &Kept, there: &Kept, number: i64) -> Result<Put, String> {
    let mut put = Put { root: root.to_owned(), aside: free(root, number), steps: Vec::new() };
    let failed = |name: &str, error: &io::Error| format!("{name} cannot be written: {}", error.kind());
    for (name, bytes) in files {
        if there.get(name) == Some(bytes) {
            continue;
        }
        if let Err(error) = put.write(name, bytes) {
            let words = failed(name, &error);
            put.undo();
            return Err(words);
        }
        crash::at(Point::FolderFile);
    }
    for name in there.keys().filter(|name| !files.contains_key(*name)) {
        if let Err(error) = put.remove(name) {
            let words = failed(name, &error);
            put.undo();
            return Err(words);
        }
    }
    Ok(put)
}

/// The first folder for what is moved aside that is not there yet.
fn free(root: &Path, number: i64) -> String {
    let mut attempt = 1_u32;
    loop {
        let name = format!("{ASIDE}/{number}-{attempt}");
        if !root.join(&name).exists() {
            return name;
        }
        attempt = attempt.saturating_add(1);
    }
}

impl Put {
    /// Where what was there is now, and what it is.
    pub(super) fn kept(&self) -> (Option<String>, Vec<String>) {
        let moved = self.steps.iter().filter_map(|step| match step {
            Step::Replaced(name) | Step::Moved(name) => Some(name.clone()),
            Step::Made(_) => None,
        });
        let moved: Vec<_> = moved.collect();
        ((!moved.is_empty()).then(|| self.aside.clone()), moved)
    }

    /// Puts everything back as it was; what cannot be is in the log, and aside.
    pub(super) fn undo(self) {
        for step in self.steps.iter().rev() {
            let (name, undone) = match step {
                Step::Made(name) => (name, fs::remove_file(self.root.join(name))),
                Step::Replaced(name) | Step::Moved(name) => {
                    (name, fs::rename(self.root.join(&self.aside).join(name), self.root.join(name)))
                }
            };
            if let Err(error) = undone {
                tracing::error!(%error, name, aside = self.aside, "a file of the region could not be put back");
            }
        }
        clear(&self.root.join(&self.aside));
        // Only when it is empty.
        let _ = fs::remove_dir(self.root.join(ASIDE));
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(name);
        let (folder, file) = (path.parent().unwrap_or(&self.root), path.file_name().unwrap_or_default());
        fs::create_dir_all(folder)?;
        let unfinished = folder.join(format!(".{}{UNFINISHED}", file.to_string_lossy()));
        // Whatever stands under that name, a link or a pipe perhaps, is not written through.
        if let Err(error) = fs::remove_file(&unfinished)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let made = fs::OpenOptions::new().write(true).create_new(true).open(&unfinished);
        let written = made.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let written = written.and_then(|()| match path.exists() {
            true => {
                fs::set_permissions(&unfinished, fs::metadata(&path)?.permissions())?;
                let aside = self.place(name)?;
                fs::copy(&path, aside)?;
                fs::rename(&unfinished, &path)?;
                Ok(Step::Replaced(name.to_owned()))
            }
            false => fs::rename(&unfinished, &path).map(|()| Step::Made(name.to_owned())),
        });
        match written {
            Ok(step) => {
                self.steps.push(step);
                fs::File::open(folder)?.sync_all()
            }
            Err(error) => {
                let _ = fs::remove_file(unfinished);
                Err(error)
            }
        }
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let aside = self.place(name)?;
        fs::rename(self.root.join(name), aside)?;
        self.steps.push(Step::Moved(name.to_owned()));
        Ok(())
    }

    /// Where a file goes that is moved aside.
    fn place(&self, name: &str) -> io::Result<PathBuf> {
        if fs::symlink_metadata(self.root.join(ASIDE)).is_ok_and(|about| !about.is_dir()) {
            return Err(io::Error::other(format!("{ASIDE} is no folder")));
        }
        let aside = self.root.join(&self.aside).join(name);
        fs::create_dir_all(aside.parent().unwrap_or(&self.root))?;
        Ok(aside)
    }
}

/// Removes a folder that holds nothing but folders and copies of what is in its place again.
fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        clear(&entry.path());
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(files: &[(&str, &str)]) -> Kept {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into())).collect()
    }

    fn folder(files: &Kept) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn text(root: &Path, name: &str) -> Option<String> {
        fs::read_to_string(root.join(name)).ok()
    }

    #[test]
    fn what_is_replaced_or_no_part_of_it_is_aside_and_comes_back_when_undone() {
        let there = kept(&[("a.toml", "new"), ("m/b.toml", "same"), ("m/c.toml", "later")]);
        let earlier = kept(&[("a.toml", "old"), ("m/b.toml", "same"), ("n/d.toml", "gone")]);
        let folder = folder(&there);
        let root = folder.path();
        let done = put(root, &earlier, &there, 7).unwrap();
        let names = ["a.toml", "m/b.toml", "m/c.toml", "n/d.toml"];
        let shown = |root: &Path| names.map(|name| text(root, name));
        let owned = |texts: [Option<&str>; 4]| texts.map(|text| text.map(str::to_owned));
        assert_eq!(shown(root), owned([Some("old"), Some("same"), None, Some("gone")]));
        let (aside, moved) = done.kept();
        assert_eq!(
            (aside.as_deref(), moved),
            (Some(".aside/7-1"), vec!["a.toml".to_owned(), "m/c.toml".to_owned()])
        );
        assert_eq!(text(root, ".aside/7-1/a.toml").as_deref(), Some("new"));
        assert_eq!(text(root, ".aside/7-1/m/c.toml").as_deref(), Some("later"));
        done.undo();
        assert_eq!(shown(root), owned([Some("new"), Some("same"), Some("later"), None]));
        assert!(!root.join(ASIDE).exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_as_before() {
        let there = kept(&[("a.toml", "new"), ("m", "a file where a folder would have to be")]);
        let earlier = kept(&[("a.toml", "old"), ("m/b.toml", "never")]);
        let folder = folder(&there);
        let words = put(folder.path(), &earlier, &there, 7).unwrap_err();
        assert!(words.starts_with("m/b.toml cannot be written: "), "{words}");
        assert_eq!(text(folder.path(), "a.toml").as_deref(), Some("new"));
        assert!(!folder.path().join(ASIDE).exists());
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let outside = tempfile::tempdir().unwrap();
        let other = outside.path().join("other");
        for planted in ["members/.a.toml.unfinished", ASIDE] {
            let region = tempfile::tempdir().unwrap();
            let root = region.path();
            fs::create_dir(root.join("members")).unwrap();
            fs::write(root.join("members/a.toml"), "new").unwrap();
            fs::write(&other, "untouched").unwrap();
            let to = if planted == ASIDE { outside.path() } else { other.as_path() };
            std::os::unix::fs::symlink(to, root.join(planted)).unwrap();
            let mut writing = Put { root: root.to_owned(), aside: format!("{ASIDE}/1"), steps: Vec::new() };
            let _ = writing.write("members/a.toml", b"old");
            assert_eq!(fs::read_to_string(&other).unwrap(), "untouched", "{planted}");
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "{planted}");
            assert!(!fs::symlink_metadata(root.join("members/a.toml")).unwrap().is_symlink());
        }
    }
}
