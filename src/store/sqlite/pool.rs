//! Read-only connections, used from blocking threads.

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

    /// Runs `read` on a blocking thread, over one snapshot of the database.
    pub(in crate::store) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Fault::Closed)?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            let connection = idle.lock().pop().ok_or(Fault::Closed)?;
            let result = snapshot(&connection, read);
            idle.lock().push(connection);
            drop(permit);
            result
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
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn snapshot<T>(db: &Connection, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    let transaction = db.unchecked_transaction()?;
    let result = read(&transaction)?;
    transaction.finish()?;
    Ok(result)
}
