//! Backup and restore: the database file, copied whole and proved, beside a hub that runs or one that does not.
//!
//! A backup is a second reader of the data folder: it holds one snapshot while it copies, a few megabytes at a time, and
//! takes no lock a running hub would wait for. Meanwhile the log grows, for what a reader looks at cannot be moved. A
//! restore writes into a folder that has no database, opens a new epoch there, and puts the file in its place last: one
//! that was cut off leaves nothing that a hub would start with.
//!
//! Only what the store holds is copied. The region, the node's settings, leaves and keys are files of the operator's.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Fault, Kind, epoch::Epoch, folder::Folder, sqlite::backup};
use crate::model::time::Timestamp;

/// A backup that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Time of the newest commit it has.
    pub newest: Timestamp,
}

/// Is told how much of a database is copied, of how much, in pages.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// Copies the database of a data folder to a new file; `told` hears how far it is.
///
/// Blocks. **Durability:** synced to disk under its name when it returns; a copy that was cut off has another name.
///
/// # Errors
/// [`Fault::File`] when there is no database, the file exists already, or cannot be written; [`Fault::InDataFolder`];
/// [`Fault::NotCopied`] when the database cannot be read, the copy does not prove sound, or commits lie behind damage in the
/// log of a hub that does not run; [`Fault::NotOffered`] when the folder's engine has no backup.
pub fn backup(folder: &Path, to: &Path, told: Told<'_>) -> Result<Made, Fault> {
    Kind::Sqlite.owns(folder).map_err(|_| Fault::NotOffered { what: "backup" })?;
    backup::backup(folder, to, told)
}

/// What a data folder's files looked like; another one after anything was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark([Option<(u64, SystemTime)>; 2]);

/// How a data folder's files look now.
#[must_use]
pub fn mark(folder: &Path) -> Mark {
    let looks = |path: PathBuf| {
        let about = fs::metadata(path).ok()?;
        Some((about.len(), about.modified().ok()?))
    };
    Mark(backup::files(folder).map(looks))
}

/// Puts a backup, or the database in a folder, into a data folder that has none, and opens a new epoch.
///
/// Blocks. **Durability:** synced to disk when it returns; the backup is left as it was.
///
/// # Errors
/// [`Fault::Locked`] while a hub runs in the folder, [`Fault::File`] when it has a database already or the backup cannot
/// be read, [`Fault::NotCopied`] when the backup is none or is damaged, [`Fault::Newer`] when a newer hub made it,
/// [`Fault::OtherEngine`] when the folder has a store of another engine.
pub fn restore(from: &Path, folder: &Path, now: Timestamp, told: Told<'_>) -> Result<Epoch, Fault> {
    let folder = Folder::open(folder)?;
    Kind::Sqlite.owns(folder.path())?;
    backup::restore(from, &folder, now, told)
}
