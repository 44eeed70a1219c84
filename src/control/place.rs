//! Places at the socket: so many at once, and whoever sits on one without a command gives way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Those who have a place and have not sent their command, by when they came.
type Waiting = Arc<Mutex<BTreeMap<u64, CancellationToken>>>;

/// All places.
pub(super) struct Places {
    room: Arc<Semaphore>,
    waiting: Waiting,
    next: u64,
}

/// A place, until it is dropped.
pub(super) struct Place {
    number: u64,
    waiting: Waiting,
    give_way: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(most)), waiting: Waiting::default(), next: 0 }
    }

    /// A place, if need be that of the one who has waited longest without a command; `None` when commands are under way at
    /// all of them.
    pub(super) async fn take(&mut self) -> Option<Place> {
        let permit = match self.room.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let (_, oldest) = with(&self.waiting, BTreeMap::pop_first)?;
                oldest.cancel();
                // It is told, or its command came this moment and is not begun: either way it leaves.
                self.room.clone().acquire_owned().await.ok()?
            }
        };
        let (number, give_way) = (self.next, CancellationToken::new());
        self.next = self.next.saturating_add(1);
        with(&self.waiting, |waiting| waiting.insert(number, give_way.clone()));
        Some(Place { number, waiting: self.waiting.clone(), give_way, _permit: permit })
    }
}

impl Place {
    /// Waits until somebody else needs the place.
    pub(super) async fn overtaken(&self) {
        self.give_way.cancelled().await;
    }

    /// The command is here: from now on the place is kept to its end. False when it was given away before.
    pub(super) fn begin(&self) -> bool {
        with(&self.waiting, |waiting| waiting.remove(&self.number)).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        with(&self.waiting, |waiting| waiting.remove(&self.number));
    }
}

fn with<T>(waiting: &Waiting, change: impl FnOnce(&mut BTreeMap<u64, CancellationToken>) -> T) -> T {
    change(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_one_who_has_waited_longest_gives_way_and_a_command_under_way_never_does() {
        let mut places = Places::new(2);
        let (first, second) = (places.take().await.unwrap(), places.take().await.unwrap());
        assert!(second.begin());
        let leaving = async {
            let told = tokio::time::timeout(std::time::Duration::from_secs(300), first.overtaken());
            told.await.expect("it is told");
            assert!(!first.begin(), "its place is another's");
            drop(first);
        };
        let (third, ()) = tokio::join!(places.take(), leaving);
        let third = third.unwrap();
        assert!(third.begin());
        assert!(places.take().await.is_none(), "both have commands under way");
        drop(second);
        assert!(places.take().await.is_some());
    }
}
