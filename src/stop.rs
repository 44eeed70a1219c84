//! One stop signal for every loop, and the task set that a drain waits for.

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Tasks that belong to the hub, and the signal that ends them; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts a task of the hub's; a panic in it raises the stop signal, so that no loop dies in silence.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let guard = Guard { stop: self.stop.clone() };
        self.tracker.spawn(async move {
            task.await;
            drop(guard);
        });
    }

    /// Asks every loop to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits for the stop signal; cancel safe.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// A signal that is raised with this one, or alone.
    #[must_use]
    pub fn child_signal(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Waits until every task has ended; false when `deadline` came first.
    pub async fn drained(&self, deadline: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

/// Raises the stop signal when a task is dropped by a panic.
struct Guard {
    stop: CancellationToken,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.stop.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_task_stops_the_hub() {
        let tasks = Tasks::default();
        tasks.spawn(async { panic!("a loop died") });
        tasks.stopping().await;
        assert!(tasks.drained(Duration::from_secs(5)).await);
    }
}
