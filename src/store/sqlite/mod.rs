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
mod action;
mod attachment;
mod awaited;
mod backlog;
pub(super) mod backup;
mod chain;
mod checkpoint;
mod deliveries;
mod delivery;
mod epoch;
mod finish;
mod history;
mod lanes;
mod log;
mod messages;
mod news;
mod parked;
mod pool;
mod reads;
mod reconciliation;
mod refused;
mod register;
mod reject;
mod replaced;
mod resend;
mod route;
mod row;
mod schema;
mod signatures;
mod unaddressed;
mod traffic;
mod writer;

use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

pub(super) use self::pool::Pool;
use self::writer::Committer;
use super::{
    Config, Fault,
    engine::{Opened, Readers},
    folder::Folder,
    shared::Shared,
};

/// The database file in the data folder.
pub(super) const FILE: &str = "coohub.db";
/// How long a statement waits for a lock that another process (an operator's shell) holds; past it the store
/// is poisoned.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Statements each connection keeps prepared; more than this module has.
const STATEMENTS_MAX: usize = 128;

/// Name of the write-ahead log beside the database file.
pub(super) fn log_file() -> String {
    format!("{FILE}{}", log::SUFFIX)
}

/// Opens or creates the database of a folder: its writing side, and its readers.
///
/// # Errors
/// As [`super::Store::open`].
pub(super) fn open(
    folder: &Arc<Folder>,
    config: &Config,
    shared: &Arc<Shared>,
) -> Result<Opened<Committer>, Fault> {
    let path = folder.file(FILE)?;
    let writing = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    log::check(&path.with_file_name(log_file()))?;
    let mut db = connect(&path, writing)?;
    schema::prepare(&mut db)?;
    checkpoint::begin(&db)?;
    let epoch = epoch::standing(&db)?;
    let checkpoint = checkpoint::Checkpoint::start(connect(&path, writing)?, config, shared)?;
    let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let readers = (0..config.readers_max.max(1)).map(|_| connect(&path, reading));
    let pool = Pool::new(readers.collect::<Result<_, _>>()?, Arc::clone(folder));
    let commits = Committer::new(db, Arc::clone(shared), checkpoint, config.rejections_per_member_max);
    Ok(Opened { commits, readers: Readers::Sqlite(pool), epoch })
}

fn connect(path: &std::path::Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Closing never touches the database file: after a failed sync it must stay as it is, for recovery to read.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A plan never depends on what is bound: without this some statements are prepared anew each time they are run.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{
            Error as E,
            ErrorCode::{DatabaseCorrupt, NotADatabase},
        };
        match (error.sqlite_error_code(), &error) {
            (Some(DatabaseCorrupt | NotADatabase), _) => Self::corrupt("database file"),
            (_, E::InvalidColumnType(_, column, _)) => Self::corrupt(column),
            (_, E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::Utf8Error(..)) => {
                Self::corrupt("column")
            }
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
