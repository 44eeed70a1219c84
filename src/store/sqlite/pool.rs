//! Read-only connections: short reads where they are asked for, long ones on blocking threads.
//!
//! A look-up by key touches a few pages that are in memory nearly always; handing it to another thread and back costs
//! several times the look-up. What may touch many pages, or long bodies, goes aside and holds up no worker.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::store::{Fault, folder::Folder};

/// A fixed number of readers; whoever finds none free waits without blocking a thread.
#[derive(Clone)]
pub(in crate::store) struct Pool {
    room: Arc<Semaphore>,
    idle: Arc<Idle>,
}

struct Idle {
    connections: Mutex<Vec<Connection>>,
    // A reader may outlive the store by one read; the folder stays locked until it is done.
    _folder: Arc<Folder>,
}

impl Pool {
    pub(super) fn new(connections: Vec<Connection>, folder: Arc<Folder>) -> Self {
        let room = Arc::new(Semaphore::new(connections.len()));
        Self { room, idle: Arc::new(Idle { connections: Mutex::new(connections), _folder: folder }) }
    }

    /// Runs a short `read` where it is called, over one snapshot of the database.
    pub(in crate::store) async fn look<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _permit = self.room.acquire().await.map_err(|_| Fault::Closed)?;
        self.idle.read(read)
    }

    /// Runs `read` on a blocking thread, over one snapshot of the database.
    pub(in crate::store) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Fault::Closed)?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            idle.read(read)
        });
        // A read that panicked took its connection with it; the others go on.
        reading.await.unwrap_or(Err(Fault::Panicked))
    }

    /// Closes every reader that is idle and lets no new read begin.
    pub(in crate::store) fn close(&self) {
        self.room.close();
        self.idle.lock().clear();
    }
}

impl Idle {
    /// Runs `read` on an idle connection; whoever has a permit finds one.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let connection = self.lock().pop().ok_or(Fault::Closed)?;
        let result = snapshot(&connection, read);
        self.lock().push(connection);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn snapshot<T>(db: &Connection, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    db.prepare_cached("BEGIN")?.execute([])?;
    let result = read(db);
    // Nothing was written: either word ends the snapshot, and this one cannot fail on a pending statement.
    db.prepare_cached("ROLLBACK")?.execute([])?;
    result
}
