//! The data folder: made private, and locked for the life of the process.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::Fault;

/// The file whose lock says that a hub has the folder.
const LOCK: &str = "lock";
/// Permissions of the folder: its owner only.
const FOLDER_MODE: u32 = 0o700;
/// Permissions of every file in it.
const FILE_MODE: u32 = 0o600;

/// A data folder that this process owns; another one can open it when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: Lock,
}

/// A locked file. The system drops the lock with the file, also when the process is killed; it is given back by hand all
/// the same, because a child that this process forks has the file too until it runs its program.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
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
        // Its own entry is to survive a power cut as what is in it does.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(fault)?;
        let lock_path = path.join(LOCK);
        let lock = private(&lock_path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Lock(lock) }),
            Err(TryLockError::WouldBlock) => Err(Fault::Locked { folder: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(Fault::File { path: lock_path, cause }),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file in the folder, if it is missing, that only its owner can read, and gives its path.
    ///
    /// # Errors
    /// [`Fault::File`] when it cannot be made or the folder cannot be synced.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, Fault> {
        let path = self.path.join(name);
        private(&path)?;
        synced(&self.path)?;
        Ok(path)
    }
}

/// Keeps hubs out of a folder until what it gives is dropped; `None` when one has it open.
///
/// # Errors
/// [`Fault::File`] when its lock cannot be asked.
pub(super) fn idle(path: &Path) -> Result<Option<Idle>, Fault> {
    let path = path.join(LOCK);
    let fault = |cause| Fault::File { path: path.clone(), cause };
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Some(Idle(None))),
        Err(cause) => return Err(fault(cause)),
    };
    match lock.try_lock() {
        Ok(()) => Ok(Some(Idle(Some(Lock(lock))))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(fault(cause)),
    }
}

/// A folder that no hub has open, if it is a data folder at all.
pub(super) struct Idle(#[expect(dead_code, reason = "locks until it is dropped")] Option<Lock>);

/// Syncs a folder, so that what was made in it keeps its name.
pub(super) fn synced(path: &Path) -> Result<(), Fault> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|cause| Fault::File { path: path.to_owned(), cause })
}

/// Opens a file that only its owner can read, making it if it is missing.
pub(super) fn private(path: &Path) -> Result<File, Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_though_a_child_has_its_file_still() {
        let place = tempfile::tempdir().unwrap();
        let lock = private(&place.path().join(LOCK)).unwrap();
        lock.try_lock().unwrap();
        let child = lock.try_clone().unwrap();
        drop(Lock(lock));
        Folder::open(place.path()).unwrap();
        assert!(idle(place.path()).unwrap().is_some());
        drop(child);
    }
}
