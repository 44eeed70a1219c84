//! `coohub certs dev`: anchors and leaves for development, tests and the demo. Never for a live hub.
//!
//! The hub gets an authority with a server and a client leaf, and a receipt key; each member gets an authority of its
//! own with a client leaf, a server leaf and two signers' leaves. What exists is kept, so that running it again only
//! adds what is missing; a leaf whose authority had to be made anew is made anew with it.

mod authority;

use std::{
    fmt, fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use authority::{Authority, Pair, Purpose};

use super::{exit, output::Output};
use crate::{
    clock::Clock,
    model::{id::MemberId, time::Timestamp},
};

/// Mode of private keys: their owner alone.
const KEY_MODE: u32 = 0o600;
/// Mode of everything public.
const LEAF_MODE: u32 = 0o644;
/// Mode of the folders.
const FOLDER_MODE: u32 = 0o700;

/// What to do with anchors and leaves.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make anchors and leaves for development; never for a live hub.
    Dev(Args),
}

/// Arguments of `certs dev`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the region, whose members get leaves.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
    /// Folder to make them in.
    #[arg(long, default_value = "certs/dev")]
    pub folder: PathBuf,
    /// Make everything anew, also what exists.
    #[arg(long)]
    pub force: bool,
}

/// A member to make leaves for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id, also the folder's name.
    pub id: MemberId,
    /// Subject alternative names of its client leaf: URIs (with a colon) and DNS names.
    pub names: Vec<String>,
    /// Names of the signers' leaves to make: `official`, `exporter`.
    pub signers: Vec<String>,
}

/// One file and whether it was made now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// Path of the file.
    pub path: PathBuf,
    /// False when it was there and kept.
    pub new: bool,
}

/// What there is after a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report(pub Vec<Made>);

/// Why the development leaves could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A leaf without its key or a key without its leaf.
    #[error("{0} is there without its other half; remove it, or make everything anew with --force")]
    Half(PathBuf),
    /// A name cannot stand in a leaf, or a kept key cannot be read.
    #[error("{path}: {source}")]
    Make {
        /// The file that was to be made.
        path: PathBuf,
        /// The reason.
        source: rcgen::Error,
    },
}

impl Member {
    /// A member with the names development configurations expect: `urn:coohub:member:<id>`, `<id>.coohub.example`.
    #[must_use]
    pub fn usual(id: MemberId) -> Self {
        let names = vec![format!("urn:coohub:member:{id}"), format!("{id}.coohub.example")];
        Self { id, names, signers: vec!["official".into(), "exporter".into()] }
    }
}

/// Makes what a region's members need in development, and says what was made.
pub fn run(command: &Command, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let Command::Dev(arguments) = command;
    let files = match fs::read_dir(arguments.region.join("members")) {
        Ok(files) => files,
        Err(error) => {
            err.line(format!("{} has no members: {}", arguments.region.display(), error.kind()));
            return exit::CONFIGURATION;
        }
    };
    let ids =
        files.flatten().filter_map(|file| MemberId::new(file.file_name().to_str()?.strip_suffix(".toml")?));
    let mut members: Vec<Member> = ids.map(Member::usual).collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    match dev(&arguments.folder, &members, Clock::Real.now(), arguments.force) {
        Ok(report) => {
            out.text(report.to_string().as_bytes());
            exit::CLEAN
        }
        Err(error) => {
            err.line(error.to_string());
            exit::STORAGE
        }
    }
}

/// Makes what is missing in `folder`; everything when `force` is set.
///
/// Anchors last ten years, leaves one, both from the day before `now`. Keys have mode 0600 and the folders 0700.
///
/// # Errors
/// [`Error`] names the file; what was made before stays.
pub fn dev(folder: &Path, members: &[Member], now: Timestamp, force: bool) -> Result<Report, Error> {
    let mut maker = Maker { folder: folder.to_owned(), now, anew: force, report: Report::default() };
    maker.hub()?;
    maker.receipt_key(force)?;
    for member in members {
        maker.folder = folder.join(member.id.as_str());
        maker.anew = force;
        maker.member(member)?;
    }
    Ok(maker.report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Made { path, new } in &self.0 {
            writeln!(f, "{} {}", if *new { "made" } else { "kept" }, path.display())?;
        }
        Ok(())
    }
}

/// Makes the files of one folder.
struct Maker {
    folder: PathBuf,
    now: Timestamp,
    /// Whether what is there is made anew: by wish, or because the folder's authority is new.
    anew: bool,
    report: Report,
}

impl Maker {
    fn hub(&mut self) -> Result<(), Error> {
        let authority = self.authority("coohub development hub")?;
        let here = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        self.leaf(&authority, "server", Purpose::Server, &here)?;
        self.leaf(&authority, "client", Purpose::Client, &["hub.coohub.example".to_owned()])?;
        Ok(())
    }

    /// The receipt key belongs to no authority, so only `force` replaces it.
    fn receipt_key(&mut self, force: bool) -> Result<(), Error> {
        let path = self.folder.join("receipt.key");
        let new = force || !path.exists();
        if new {
            let key =
                authority::receipt_key().map_err(|source| Error::Make { path: path.clone(), source })?;
            write(&path, &key, KEY_MODE)?;
        }
        self.note(path, new);
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Error> {
        let authority = self.authority(&format!("coohub development member {}", member.id))?;
        let here = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        self.leaf(&authority, "leaf", Purpose::Client, &member.names)?;
        self.leaf(&authority, "server", Purpose::Server, &here)?;
        for signer in &member.signers {
            self.leaf(&authority, signer, Purpose::Signer, &[])?;
        }
        Ok(())
    }

    /// Reads or makes the authority of the folder; leaves do not outlive it.
    fn authority(&mut self, name: &str) -> Result<Authority, Error> {
        let folder = self.folder.clone();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&folder)
            .map_err(|source| Error::Io { path: folder.clone(), source })?;
        let make = |source| Error::Make { path: folder.join("anchor.pem"), source };
        if let Some(key) = self.kept("anchor")? {
            return Authority::kept(name, self.now, &key).map_err(make);
        }
        let authority = Authority::new(name, self.now).map_err(make)?;
        let pair = authority.pair().map_err(make)?;
        self.anew = true;
        self.write("anchor", &pair)?;
        Ok(authority)
    }

    fn leaf(&mut self, by: &Authority, stem: &str, purpose: Purpose, names: &[String]) -> Result<(), Error> {
        if self.kept(stem)?.is_some() {
            return Ok(());
        }
        let path = self.folder.join(format!("{stem}.pem"));
        let pair = by.leaf(stem, purpose, names, self.now).map_err(|source| Error::Make { path, source })?;
        self.write(stem, &pair)
    }

    /// The key of a pair that is to be kept; `None` when the pair is to be made.
    fn kept(&mut self, stem: &str) -> Result<Option<String>, Error> {
        let [leaf, key] = ["pem", "key"].map(|ending| self.folder.join(format!("{stem}.{ending}")));
        match (leaf.exists(), key.exists()) {
            _ if self.anew => Ok(None),
            (false, false) => Ok(None),
            (true, false) => Err(Error::Half(leaf)),
            (false, true) => Err(Error::Half(key)),
            (true, true) => {
                let text =
                    fs::read_to_string(&key).map_err(|source| Error::Io { path: key.clone(), source })?;
                self.note(leaf, false);
                self.note(key, false);
                Ok(Some(text))
            }
        }
    }

    fn write(&mut self, stem: &str, pair: &Pair) -> Result<(), Error> {
        let [leaf, key] = ["pem", "key"].map(|ending| self.folder.join(format!("{stem}.{ending}")));
        write(&key, &pair.key, KEY_MODE)?;
        write(&leaf, &pair.leaf, LEAF_MODE)?;
        self.note(leaf, true);
        self.note(key, true);
        Ok(())
    }

    fn note(&mut self, path: PathBuf, new: bool) {
        self.report.0.push(Made { path, new });
    }
}

/// Writes a file with a mode that holds from its first byte: what was there is removed, not written over.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let write = || {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| Error::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
