//! The embedded engine: one SQLite file in WAL mode, one writer thread, readers beside it.
//!
//! The writer owns the only connection that writes. It takes whatever gathered in the queue while it was committing,
//! carries each operation out in a savepoint of its own, commits once with one sync, and only then answers. Readers are
//! a fixed number of read-only connections on blocking threads; each read sees one commit whole.
//!
//! **Invariant:** after a commit, sync or checkpoint that failed nothing is ever written again by this process. A sync
//! that failed once says nothing about the pages it lost when it succeeds the second time.
//!
//! It decides nothing about certificates or targets: the words of `store::record` go in and come out.

mod accept;
pub(super) mod attachment;
mod chain;
mod checkpoint;
pub(super) mod deliveries;
mod delivery;
mod finish;
pub(super) mod messages;
mod pool;
mod reject;
mod route;
mod row;
mod schema;
pub(super) mod signatures;
mod writer;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{OpenFlags, config::DbConfig};

pub(super) use rusqlite::Connection;

use self::pool::Pool;
use super::{Config, Fault, changes::Changes, folder::Folder, job::Job, queue::Queue};

/// The database file in the data folder.
const FILE: &str = "coohub.db";
/// How long a statement waits for a lock that another process (an operator's shell) holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements each connection keeps prepared; more than this module has.
const STATEMENTS_MAX: usize = 128;

/// The running engine.
pub(super) struct Engine {
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) pool: Pool,
    pub(super) shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer, the checkpointer and the callers all see.
pub(super) struct Shared {
    poisoned: AtomicBool,
    orderly: AtomicBool,
    pub(super) changes: Changes,
    /// Makes the next commit fail, as a full or dying disk would.
    #[cfg(test)]
    pub(super) fail_commit: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            poisoned: AtomicBool::new(false),
            orderly: AtomicBool::new(false),
            changes: Changes::new(),
            #[cfg(test)]
            fail_commit: AtomicBool::new(false),
        }
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
        self.changes.wake_all();
    }
}

impl Engine {
    /// Opens or creates the database of a folder and starts its threads.
    pub(super) fn open(folder: Folder, config: &Config) -> Result<Self, Fault> {
        let path = folder.file(FILE)?;
        let folder = Arc::new(folder);
        let writing = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = connect(&path, writing)?;
        schema::prepare(&mut db)?;
        let queue = Arc::new(Queue::new(config.queue_operations_max));
        let shared = Arc::new(Shared::new());
        let checkpoint = checkpoint::Checkpoint::start(connect(&path, writing)?, config, &shared)?;
        let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let readers = (0..config.readers_max.max(1)).map(|_| connect(&path, reading));
        let pool = Pool::new(readers.collect::<Result<_, _>>()?, Arc::clone(&folder));
        let writer = writer::Writer::new(db, Arc::clone(&queue), Arc::clone(&shared), checkpoint, config);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                // The folder stays locked until the last writer is gone.
                let _folder = folder;
                writer.run();
            })
            .map_err(|cause| Fault::File { path, cause })?;
        Ok(Self { queue, pool, shared, writer: Mutex::new(Some(thread)) })
    }

    /// Takes nothing more, writes what waits, and ends the threads; `orderly` also empties the log into the database.
    ///
    /// Blocks until the writer is done.
    pub(super) fn close(&self, orderly: bool) {
        if orderly {
            self.shared.orderly.store(true, Ordering::Release);
        }
        self.queue.close();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            self.shared.poison();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close(false);
    }
}

fn connect(path: &std::path::Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Closing never touches the database file: after a failed sync it must stay as it is, for recovery to read.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::corrupt("database file"),
            _ => Self::Engine(Box::new(error)),
        }
    }
}

/// Whether an error says that the disk or the file can no longer be trusted, rather than that one operation was wrong.
fn is_fatal(fault: &Fault) -> bool {
    use rusqlite::ErrorCode as E;
    let Fault::Engine(cause) = fault else {
        return false;
    };
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(E::SystemIoFailure | E::DiskFull | E::OutOfMemory | E::ReadOnly | E::CannotOpen))
}

#[cfg(test)]
mod tests;
