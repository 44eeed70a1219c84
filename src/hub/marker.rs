//! A file in the data folder while the hub runs: one that is found at the start tells that the last end was not asked for.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The file.
pub(super) const FILE: &str = "running";

/// The file while it stands.
pub(super) struct Marker {
    path: PathBuf,
    /// Whether it stood before.
    pub(super) found: bool,
}

impl Marker {
    /// Sets it in a data folder that this process owns.
    pub(super) fn set(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let found = path.exists();
        if let Err(error) = File::create(&path) {
            tracing::warn!(%error, "what tells of a crash could not be written");
        }
        Self { path, found }
    }

    /// Lifts it, for an end that was asked for.
    pub(super) fn lift(&self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the next start will tell of a crash that was none");
            }
            _ => {}
        }
    }
}
