//! The data folder: made private, and locked for the life of the process.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::Fault;

/// Permissions of the folder: its owner only.
const FOLDER_MODE: u32 = 0o700;
/// Permissions of every file in it.
const FILE_MODE: u32 = 0o600;

/// A data folder that this process owns; another one can open it when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    // The system drops the lock with the file, also when the process is killed.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, closes it to others, and locks it.
    ///
    /// # Errors
    /// [`Fault::Locked`] when another process has it; [`Fault::File`] when it cannot be made or opened.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let fault = |cause| Fault::File { path: path.to_owned(), cause };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(fault)?;
        std::fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)).map_err(fault)?;
        let lock_path = path.join("lock");
        let lock = private(&lock_path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Fault::Locked { folder: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(Fault::File { path: lock_path, cause }),
        }
    }

    /// Makes a file in the folder, if it is missing, that only its owner can read, and gives its path.
    ///
    /// # Errors
    /// [`Fault::File`] when it cannot be made or the folder cannot be synced.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, Fault> {
        let path = self.path.join(name);
        private(&path)?;
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|cause| Fault::File { path: self.path.clone(), cause })?;
        Ok(path)
    }
}

fn private(path: &Path) -> Result<File, Fault> {
    let open = || -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(path)?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        Ok(file)
    };
    open().map_err(|cause| Fault::File { path: path.to_owned(), cause })
}
