//! Moves the write-ahead log into the database file, when we say so.
//!
//! Past `checkpoint_bytes` a thread of its own copies pages beside the running writer, which never waits for it. If the
//! log still outgrows `log_bytes_max`, the writer itself finishes the copy between two batches and starts the log anew.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::BUSY_TIMEOUT;
use crate::{
    crash::{self, Point},
    store::{Config, Fault, shared::Shared},
};

/// How long the writer waits for readers before it gives the restart up until the log has grown again.
const RESTART_WAIT: Duration = Duration::from_millis(200);

/// The checkpoint thread and the thresholds.
pub(super) struct Checkpoint {
    kick: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    passive_frames: i64,
    restart_frames: i64,
    /// Raised when a restart found readers in its way.
    restart_at: i64,
}

/// Frames in the log, and how many of them are in the database file already.
struct Log {
    busy: bool,
    frames: i64,
    copied: i64,
}

impl Checkpoint {
    /// Starts the thread on a connection of its own.
    pub(super) fn start(db: Connection, config: &Config, shared: &Arc<Shared>) -> Result<Self, Fault> {
        let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.pragma_update(None, "synchronous", "FULL")?;
        let frames = |bytes: u64| (i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1)).max(1);
        let (kick, kicked) = sync_channel(1);
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || copy_when_kicked(&db, &kicked, &shared))
            .map_err(|cause| Fault::File { path: config.folder.clone(), cause })?;
        let restart_frames = frames(config.log_bytes_max);
        Ok(Self {
            kick: Some(kick),
            thread: Some(thread),
            passive_frames: frames(config.checkpoint_bytes),
            restart_frames,
            restart_at: restart_frames,
        })
    }

    /// Called by the writer after each commit.
    ///
    /// # Errors
    /// Any error means that a copy or its sync failed: the caller poisons the store.
    pub(super) fn after_commit(&mut self, db: &Connection) -> Result<(), Fault> {
        let log = look(db, "PRAGMA wal_checkpoint(NOOP)")?;
        if log.frames >= self.restart_at {
            db.busy_timeout(RESTART_WAIT)?;
            crash::at(Point::RestartBegins);
            let restarted = look(db, "PRAGMA wal_checkpoint(RESTART)")?;
            crash::at(Point::Restarted);
            db.busy_timeout(BUSY_TIMEOUT)?;
            let again = log.frames.saturating_add(self.passive_frames);
            self.restart_at = if restarted.busy { again } else { self.restart_frames };
        } else if log.frames - log.copied >= self.passive_frames
            && let Some(kick) = &self.kick
        {
            // Full means that it is at work already.
            let _ = kick.try_send(());
        }
        Ok(())
    }

    /// Ends the thread; then, if `orderly`, empties the log into the database file.
    ///
    /// # Errors
    /// As for [`Checkpoint::after_commit`].
    pub(super) fn finish(mut self, db: &Connection, orderly: bool) -> Result<(), Fault> {
        self.kick = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if orderly {
            crash::at(Point::CloseBegins);
            look(db, "PRAGMA wal_checkpoint(TRUNCATE)")?;
            crash::at(Point::Closed);
        }
        Ok(())
    }
}

/// Moves what the process before left in the log into the database file, so that each process begins a log of its own.
///
/// What a torn commit left behind the end of the log would look like damage later (`log`).
///
/// # Errors
/// As for [`Checkpoint::after_commit`].
pub(super) fn begin(db: &Connection) -> Result<(), Fault> {
    look(db, "PRAGMA wal_checkpoint(TRUNCATE)").map(drop)
}

fn copy_when_kicked(db: &Connection, kicked: &Receiver<()>, shared: &Shared) {
    while kicked.recv().is_ok() {
        if shared.is_poisoned() {
            return;
        }
        crash::at(Point::CopyBegins);
        if look(db, "PRAGMA wal_checkpoint(PASSIVE)").is_err() {
            shared.poison();
            return;
        }
        crash::at(Point::Copied);
    }
}

fn look(db: &Connection, pragma: &str) -> Result<Log, Fault> {
    let log = db.prepare_cached(pragma)?.query_row([], |row| {
        Ok(Log { busy: row.get::<_, i64>(0)? != 0, frames: row.get(1)?, copied: row.get(2)? })
    });
    match log {
        // Somebody else is copying: nothing failed.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Ok(Log { busy: true, frames: 0, copied: 0 })
        }
        log => Ok(log?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kick_copies_the_log_beside_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE certificate (number TEXT)").unwrap();
        let before = look(&writer, "PRAGMA wal_checkpoint(NOOP)").unwrap();
        assert!(before.frames > 0 && before.copied == 0);

        let (kick, kicked) = sync_channel(1);
        kick.send(()).unwrap();
        drop(kick);
        copy_when_kicked(&Connection::open(&path).unwrap(), &kicked, &Shared::new());
        let after = look(&writer, "PRAGMA wal_checkpoint(NOOP)").unwrap();
        assert_eq!(after.copied, before.frames);
    }
}
