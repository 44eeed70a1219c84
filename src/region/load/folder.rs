//! The files of a region folder: found, bounded, sorted, read once and digested.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{certs::Certs, value::NAME_HINT};
use crate::{
    model::id::{AgreementId, Digest, FormatId, MemberId, Name},
    problem::{Problems, Spot, section::Source},
};

/// Most members of a region.
pub const MEMBERS_MAX: usize = 1_000;
/// Most agreements of a region.
pub const AGREEMENTS_MAX: usize = 500;
/// Most formats of a region.
pub const FORMATS_MAX: usize = 500;
/// Most files of one format folder, samples left out.
pub const FORMAT_FILES_MAX: usize = 100;
/// Largest `region.toml`, member's or agreement's file, and largest PEM file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Largest file of a format folder, in bytes: a list of all UN/LOCODEs fits.
pub const FORMAT_FILE_BYTES_MAX: u64 = 16 << 20;

/// Folder of code lists that several formats share.
const CODES: &str = "codes";

/// What a region folder holds.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// `region.toml`.
    pub(super) region: Option<Source>,
    /// `members/*.toml`, by id.
    pub(super) members: BTreeMap<MemberId, Source>,
    /// `agreements/*.toml`, by id.
    pub(super) agreements: BTreeMap<AgreementId, Source>,
    /// `formats/*/`, by id.
    pub(super) formats: BTreeMap<FormatId, PathBuf>,
    digests: RefCell<BTreeMap<String, Digest>>,
}

impl Folder {
    /// Finds and reads the files.
    pub(super) fn open(root: &Path, problems: &Problems) -> Self {
        let mut folder = Self {
            root: root.to_owned(),
            region: None,
            members: BTreeMap::new(),
            agreements: BTreeMap::new(),
            formats: BTreeMap::new(),
            digests: RefCell::default(),
        };
        folder.region = folder.source("region.toml", problems);
        folder.members = folder.named_files("members", MEMBERS_MAX, problems);
        folder.agreements = folder.named_files("agreements", AGREEMENTS_MAX, problems);
        folder.formats = folder.format_folders(problems);
        folder
    }

    /// Where shared code lists stand.
    pub(super) fn codes(&self) -> PathBuf {
        self.root.join("formats").join(CODES)
    }

    /// Digest over the name and content of every file read, certificates included.
    pub(super) fn digest(&self, certs: &Certs<'_>) -> Digest {
        let mut manifest = String::new();
        let line = |name: &String, digest: &Digest| format!("{}  {name}\n", digest.hex());
        manifest.extend(self.digests.borrow().iter().map(|(name, digest)| line(name, digest)));
        manifest.extend(certs.read().iter().map(|(name, digest)| line(&format!("certs/{name}"), digest)));
        Digest::of(manifest.as_bytes())
    }

    fn source(&self, file: &str, problems: &Problems) -> Option<Source> {
        let bytes = self.bytes(file, FILE_BYTES_MAX, problems)?;
        match String::from_utf8(bytes) {
            Ok(text) => Some(Source::new(file, text)),
            Err(_) => {
                problems.add(Spot::file(file).problem("is not UTF-8 text"));
                None
            }
        }
    }

    fn bytes(&self, file: &str, most: u64, problems: &Problems) -> Option<Vec<u8>> {
        match read_bounded(&self.root.join(file), most) {
            Ok(bytes) => {
                self.digests.borrow_mut().insert(file.to_owned(), Digest::of(&bytes));
                Some(bytes)
            }
            Err(reason) => {
                problems.add(Spot::file(file).problem(reason));
                None
            }
        }
    }

    fn named_files<Of: Ord + Clone>(
        &self,
        kind: &str,
        most: usize,
        problems: &Problems,
    ) -> BTreeMap<Name<Of>, Source> {
        let files = self.entries(kind, problems);
        let files: Vec<_> =
            files.iter().filter_map(|name| Some((name, name.strip_suffix(".toml")?))).collect();
        if !bounded(kind, files.len(), most, problems) {
            return BTreeMap::new();
        }
        let mut found = BTreeMap::new();
        for (name, stem) in files {
            let file = format!("{kind}/{name}");
            match Name::new(stem) {
                Some(id) => found.extend(self.source(&file, problems).map(|source| (id, source))),
                None => problems.add(Spot::file(&file).problem("the file's name is no id").hint(NAME_HINT)),
            }
        }
        found
    }

    fn format_folders(&self, problems: &Problems) -> BTreeMap<FormatId, PathBuf> {
        let mut folders = self.entries("formats", problems);
        folders.retain(|name| self.root.join("formats").join(name).is_dir());
        if folders.iter().any(|name| name == CODES) {
            folders.retain(|name| name != CODES);
            self.digest_folder(&format!("formats/{CODES}"), problems);
        }
        if !bounded("formats", folders.len(), FORMATS_MAX, problems) {
            return BTreeMap::new();
        }
        let mut found = BTreeMap::new();
        for name in folders {
            let file = format!("formats/{name}");
            self.digest_folder(&file, problems);
            match FormatId::new(&name) {
                Some(id) => drop(found.insert(id, self.root.join(&file))),
                None => problems.add(Spot::file(&file).problem("the folder's name is no id").hint(NAME_HINT)),
            }
        }
        found
    }

    /// Digests the files of a format folder; its sub-folders, `samples` among them, decide nothing.
    fn digest_folder(&self, folder: &str, problems: &Problems) {
        let files: Vec<_> = self
            .entries(folder, problems)
            .into_iter()
            .filter(|name| self.root.join(folder).join(name).is_file())
            .collect();
        if bounded(folder, files.len(), FORMAT_FILES_MAX, problems) {
            for name in files {
                let _ = self.bytes(&format!("{folder}/{name}"), FORMAT_FILE_BYTES_MAX, problems);
            }
        }
    }

    /// Names in a sub-folder, sorted, hidden ones left out; an absent folder is empty.
    fn entries(&self, folder: &str, problems: &Problems) -> Vec<String> {
        let list = match fs::read_dir(self.root.join(folder)) {
            Ok(list) => list,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                problems.add(Spot::file(folder).problem(cannot_read(&error)));
                return Vec::new();
            }
        };
        let names = list.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }
}

/// Reads a file of at most `most` bytes; the error is the reason in words.
pub(super) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| cannot_read(&error))?.len();
    if size > most {
        return Err(format!("has {size} bytes, at most {most} are allowed"));
    }
    fs::read(path).map_err(|error| cannot_read(&error))
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is missing".into(),
        io::ErrorKind::PermissionDenied => "may not be read: permission denied".into(),
        kind => format!("cannot be read: {kind}"),
    }
}

fn bounded(kind: &str, have: usize, most: usize, problems: &Problems) -> bool {
    let fits = have <= most;
    if !fits {
        let reason = format!("holds {have} entries, at most {most} are allowed");
        problems.add(Spot::file(kind).problem(reason));
    }
    fits
}
