//! The other engine: sled 0.34.7, one tree of prefixed keys. Opt-in, and not what a 202 should rest on.
//!
//! sled's `flush` is no fsync on Linux, and it keeps long values in files of their own that it never syncs. So each commit
//! is one batch given to the tree, a flush, and then a sync of the whole file system the data folder is on. Readers wait
//! while that happens: sled has no snapshots, and nobody is to read what a power cut could still take.
//!
//! **Invariant:** a batch is applied whole, in one tree, and is neither answered nor read before the file system is
//! synced. After a commit that failed nothing more is applied; sled itself flushes once more when it is dropped, so that
//! commit may be on disk or not, which is what its callers were told.
//!
//! It keeps no second copy of anything and compacts nothing: the files do not shrink. It has no backup and no restore.

mod accept;
mod action;
mod asked;
mod attachment;
mod awaited;
mod batch;
mod chain;
mod commit;
mod db;
mod deliveries;
mod delivery;
mod key;
mod lanes;
mod messages;
mod news;
mod parked;
mod reads;
mod refused;
mod register;
mod replaced;
mod route;
mod row;
mod shelf;
mod signatures;
mod unaddressed;
mod traffic;
mod word;

use std::{
    fs::{DirBuilder, File},
    os::unix::fs::DirBuilderExt,
    sync::Arc,
};

use tokio::sync::{RwLock, Semaphore};

pub(super) use self::commit::Committer;
use self::{db::Db, key::last_int, row::one};
use super::{
    Config, Fault,
    engine::{Opened, Readers, Reads},
    folder::Folder,
    shared::Shared,
};

/// The engine's own folder in the data folder.
pub(super) const FOLDER: &str = "sled";
/// Permissions of it: its owner only, whatever sled gives its files.
const FOLDER_MODE: u32 = 0o700;
/// Number of the form of keys and rows. 2 has ends of numbers and answers awaited; what 1 wrote is read as it is.
const FORMAT: i64 = 2;

/// Opens or creates the tree of a folder: its writing side, and its readers.
///
/// # Errors
/// As [`super::Store::open`].
pub(super) fn open(
    folder: &Arc<Folder>,
    config: &Config,
    shared: &Arc<Shared>,
) -> Result<Opened<Committer>, Fault> {
    let path = folder.path().join(FOLDER);
    let fault = |cause| Fault::File { path: path.clone(), cause };
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&path).map_err(fault)?;
    // Flushed by each commit and by nothing else: what is not synced is not to be half there.
    let opened = sled::Config::new().path(&path).flush_every_ms(None).open()?;
    let tree = (*opened).clone();
    let system = File::open(folder.path()).map_err(fault)?;
    prepare(&tree)?;
    sync(&tree, &system)?;
    let gate = Arc::new(RwLock::new(()));
    let epoch = lanes::standing(&Db::new(tree.clone()))?;
    let readers = Pool {
        tree: tree.clone(),
        gate: Arc::clone(&gate),
        room: Arc::new(Semaphore::new(config.readers_max.max(1))),
        folder: Arc::clone(folder),
    };
    let commits = Committer::new(tree, system, gate, Arc::clone(shared), config.rejections_per_member_max);
    Ok(Opened { commits, readers: Readers::Sled(readers), epoch })
}

/// Marks a tree with the form of rows it has from now on, and refuses one of a later hub.
fn prepare(tree: &sled::Tree) -> Result<(), Fault> {
    let format = one("format").0;
    match tree.get(&format)?.as_deref().and_then(last_int) {
        Some(found) if found > FORMAT => Err(Fault::Newer { found, known: FORMAT }),
        Some(FORMAT) => Ok(()),
        None if !tree.is_empty() => Err(Fault::corrupt("format of the tree")),
        Some(_) | None => {
            tree.insert(format, key::Key(Vec::new()).int(FORMAT).0)?;
            Ok(())
        }
    }
}

/// Brings everything applied to the disk, the files sled does not sync included.
fn sync(tree: &sled::Tree, system: &File) -> Result<(), Fault> {
    tree.flush()?;
    rustix::fs::syncfs(system).map_err(|error| Fault::Engine(Box::new(std::io::Error::from(error))))
}

/// Reads between commits.
pub(super) struct Pool {
    tree: sled::Tree,
    gate: Arc<RwLock<()>>,
    room: Arc<Semaphore>,
    folder: Arc<Folder>,
}

impl Pool {
    /// Runs a short `read` where it is called, between two commits.
    pub(super) async fn look<T>(
        &self,
        read: impl FnOnce(&dyn Reads) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _permit = self.room.acquire().await.map_err(|_| Fault::Closed)?;
        let _between = self.gate.read().await;
        read(&Db::new(self.tree.clone()))
    }

    /// Runs `read` on a blocking thread, between two commits.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reads) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Fault::Closed)?;
        let between = Arc::clone(&self.gate).read_owned().await;
        let (db, folder) = (Db::new(self.tree.clone()), Arc::clone(&self.folder));
        let reading = tokio::task::spawn_blocking(move || {
            let result = read(&db);
            // In this order: the tree is let go before the folder is.
            drop(db);
            drop((between, permit, folder));
            result
        });
        reading.await.unwrap_or(Err(Fault::Panicked))
    }

    /// Lets no new read begin.
    pub(super) fn close(&self) {
        self.room.close();
    }
}

#[cfg(test)]
mod tests;
