//! The files of a region folder: found, bounded, sorted, read once and digested.

use std::collections::BTreeMap;

use super::value::NAME_HINT;
use crate::{
    files::{Files, Kept},
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
/// Largest file of a format folder, in bytes.
pub const FORMAT_FILE_BYTES_MAX: u64 = crate::format::FILE_BYTES_MAX;

/// Folder of code lists that several formats share.
const CODES: &str = "codes";

/// What a region folder holds.
#[derive(Debug)]
pub(super) struct Folder {
    files: Files,
    /// `region.toml`.
    pub(super) region: Option<Source>,
    /// `members/*.toml`, by id.
    pub(super) members: BTreeMap<MemberId, Source>,
    /// `agreements/*.toml`, by id.
    pub(super) agreements: BTreeMap<AgreementId, Source>,
    /// `formats/*/`, by id.
    pub(super) formats: BTreeMap<FormatId, Files>,
}

impl Folder {
    /// Finds and reads the files.
    pub(super) fn open(files: &Files, problems: &Problems) -> Self {
        let mut folder = Self {
            files: files.clone(),
            region: None,
            members: BTreeMap::new(),
            agreements: BTreeMap::new(),
            formats: BTreeMap::new(),
        };
        folder.region = folder.source("region.toml", problems);
        folder.members = folder.named_files("members", MEMBERS_MAX, problems);
        folder.agreements = folder.named_files("agreements", AGREEMENTS_MAX, problems);
        folder.formats = folder.format_folders(problems);
        folder
    }

    /// Where shared code lists stand.
    pub(super) fn codes(&self) -> Files {
        self.files.below("formats").below(CODES)
    }

    /// Digest of every file read so far, certificates included, by name.
    pub(super) fn digests(&self, certs: &Kept) -> BTreeMap<String, Digest> {
        let own = self.files.kept().into_iter().map(|(name, bytes)| (name, Digest::of(&bytes)));
        let certs = certs.iter().map(|(name, bytes)| (name.clone(), Digest::of(bytes)));
        own.chain(certs).collect()
    }

    fn source(&self, file: &str, problems: &Problems) -> Option<Source> {
        match self.files.text(file, FILE_BYTES_MAX) {
            Ok(text) => Some(Source::new(file, text)),
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

    fn format_folders(&self, problems: &Problems) -> BTreeMap<FormatId, Files> {
        let mut folders = self.entries("formats", problems);
        folders.retain(|name| self.files.is_folder(&format!("formats/{name}")));
        if folders.iter().any(|name| name == CODES) {
            folders.retain(|name| name != CODES);
            self.read_folder(&format!("formats/{CODES}"), problems);
        }
        if !bounded("formats", folders.len(), FORMATS_MAX, problems) {
            return BTreeMap::new();
        }
        let mut found = BTreeMap::new();
        for name in folders {
            let file = format!("formats/{name}");
            self.read_folder(&file, problems);
            match FormatId::new(&name) {
                Some(id) => drop(found.insert(id, self.files.below(&file))),
                None => problems.add(Spot::file(&file).problem("the folder's name is no id").hint(NAME_HINT)),
            }
        }
        found
    }

    /// Reads the files of a format folder; its sub-folders, `samples` among them, decide nothing.
    fn read_folder(&self, folder: &str, problems: &Problems) {
        let files: Vec<_> = self
            .entries(folder, problems)
            .into_iter()
            .filter(|name| self.files.is_file(&format!("{folder}/{name}")))
            .collect();
        if bounded(folder, files.len(), FORMAT_FILES_MAX, problems) {
            for name in files {
                let file = format!("{folder}/{name}");
                if let Err(reason) = self.files.bytes(&file, FORMAT_FILE_BYTES_MAX) {
                    problems.add(Spot::file(&file).problem(reason));
                }
            }
        }
    }

    /// Names in a sub-folder, sorted, hidden ones left out; an absent folder is empty.
    fn entries(&self, folder: &str, problems: &Problems) -> Vec<String> {
        self.files.entries(folder).unwrap_or_else(|reason| {
            problems.add(Spot::file(folder).problem(reason));
            Vec::new()
        })
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
