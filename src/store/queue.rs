//! The bounded queue in front of the writer: urgent work first, bulk work in small slices.
//!
//! Callers wait, without blocking a thread, while their side is full. The writer takes whatever has gathered while it
//! was committing: that is the whole of group commit, there is no timer.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Most bulk operations in one batch, so that an accept never waits long behind route commits.
pub(super) const BULK_SLICE_OPERATIONS_MAX: usize = 64;

/// Which side of the queue an operation waits on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// Accepts and attempts: somebody's answer waits for them.
    Urgent,
    /// Route commits and rejections.
    Bulk,
}

/// Two bounded first-in first-out sides and one taker.
pub(super) struct Queue<J> {
    waiting: Mutex<Waiting<J>>,
    ready: Condvar,
    urgent_room: Semaphore,
    bulk_room: Semaphore,
}

struct Waiting<J> {
    /// Each with the moment its caller came, which is before there was room for it.
    urgent: VecDeque<(Instant, J)>,
    bulk: VecDeque<J>,
    batch: Option<Batch>,
    /// How long the last batch took, its sync included.
    last_batch: Duration,
    closed: bool,
}

/// What the taker is at.
struct Batch {
    began: Instant,
    /// When the first of its urgent operations came.
    oldest: Option<Instant>,
}

/// How busy the queue is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Busy {
    /// Operations that wait, on both sides.
    pub(super) waiting: usize,
    /// How long the oldest urgent operation without an answer has waited.
    pub(super) oldest_wait: Duration,
    /// How long the last batch took, or the one under way if that is longer.
    pub(super) batch: Duration,
}

impl<J> Queue<J> {
    /// A queue that holds `operations_max` on each side.
    pub(super) fn new(operations_max: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                urgent: VecDeque::new(),
                bulk: VecDeque::new(),
                batch: None,
                last_batch: Duration::ZERO,
                closed: false,
            }),
            ready: Condvar::new(),
            urgent_room: Semaphore::new(operations_max.clamp(1, Semaphore::MAX_PERMITS)),
            bulk_room: Semaphore::new(operations_max.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// Waits for room, then adds; gives the operation back when the queue is closed.
    ///
    /// Cancel safety: dropped before it returns, nothing was added.
    pub(super) async fn push(&self, side: Side, job: J) -> Result<(), J> {
        let since = Instant::now();
        match self.room(side).acquire().await {
            Ok(permit) => {
                permit.forget();
                self.add(side, since, job)
            }
            Err(_) => Err(job),
        }
    }

    /// Adds if there is room now; gives the operation back otherwise.
    pub(super) fn try_push(&self, side: Side, job: J) -> Result<(), J> {
        match self.room(side).try_acquire() {
            Ok(permit) => {
                permit.forget();
                self.add(side, Instant::now(), job)
            }
            Err(_) => Err(job),
        }
    }

    /// How busy it is; costs one lock.
    pub(super) fn busy(&self) -> Busy {
        let waiting = self.lock();
        let under_way = waiting.batch.as_ref();
        let first = waiting.urgent.front().map(|(since, _)| *since);
        let oldest = under_way.and_then(|batch| batch.oldest).into_iter().chain(first).min();
        Busy {
            waiting: waiting.urgent.len() + waiting.bulk.len(),
            oldest_wait: oldest.map_or(Duration::ZERO, |since| since.elapsed()),
            batch: under_way.map_or(Duration::ZERO, |batch| batch.began.elapsed()).max(waiting.last_batch),
        }
    }

    /// Blocks until something waits, then takes up to `operations_max`, urgent first; `None` once closed and empty.
    ///
    /// The batch taken counts as under way until the next call.
    pub(super) fn take(&self, operations_max: usize) -> Option<Vec<J>> {
        let mut waiting = self.lock();
        if let Some(done) = waiting.batch.take() {
            waiting.last_batch = done.began.elapsed();
        }
        while waiting.urgent.is_empty() && waiting.bulk.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let most = operations_max.max(1);
        // Bulk work always gets its slice, or a flood of accepts would starve the routing of what it brought.
        let bulk = waiting.bulk.len().min(BULK_SLICE_OPERATIONS_MAX).min(most.div_ceil(2));
        let urgent = waiting.urgent.len().min(most - bulk);
        let oldest = waiting.urgent.front().map(|(since, _)| *since);
        waiting.batch = Some(Batch { began: Instant::now(), oldest });
        let mut taken: Vec<J> = waiting.urgent.drain(..urgent).map(|(_, job)| job).collect();
        taken.extend(waiting.bulk.drain(..bulk));
        drop(waiting);
        self.urgent_room.add_permits(urgent);
        self.bulk_room.add_permits(bulk);
        Some(taken)
    }

    /// Takes nothing more; what waits is still handed out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.urgent_room.close();
        self.bulk_room.close();
        self.ready.notify_all();
    }

    fn add(&self, side: Side, since: Instant, job: J) -> Result<(), J> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(job);
        }
        match side {
            Side::Urgent => waiting.urgent.push_back((since, job)),
            Side::Bulk => waiting.bulk.push_back(job),
        }
        drop(waiting);
        self.ready.notify_one();
        Ok(())
    }

    fn room(&self, side: Side) -> &Semaphore {
        match side {
            Side::Urgent => &self.urgent_room,
            Side::Bulk => &self.bulk_room,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(urgent: usize, bulk: usize) -> Queue<Side> {
        let queue = Queue::new(1000);
        (0..bulk).for_each(|_| queue.try_push(Side::Bulk, Side::Bulk).unwrap());
        (0..urgent).for_each(|_| queue.try_push(Side::Urgent, Side::Urgent).unwrap());
        queue
    }

    fn taken(queue: &Queue<Side>) -> (usize, usize) {
        let batch = queue.take(256).unwrap();
        let urgent = batch.iter().filter(|side| **side == Side::Urgent).count();
        (urgent, batch.len() - urgent)
    }

    #[test]
    fn urgent_work_goes_first_and_bulk_work_gets_its_slice() {
        let queue = filled(300, 300);
        assert_eq!(taken(&queue), (256 - BULK_SLICE_OPERATIONS_MAX, BULK_SLICE_OPERATIONS_MAX));
        assert_eq!(filled(10, 300).take(256).unwrap()[..10], [Side::Urgent; 10]);
    }

    #[test]
    fn a_batch_of_bulk_work_alone_stays_a_slice() {
        assert_eq!(taken(&filled(0, 300)), (0, BULK_SLICE_OPERATIONS_MAX));
        assert_eq!(taken(&filled(300, 0)), (256, 0));
    }

    #[test]
    fn a_full_side_takes_one_more_only_after_one_was_taken() {
        let queue = Queue::new(1);
        assert!(queue.try_push(Side::Bulk, 1).is_ok());
        assert_eq!(queue.try_push(Side::Bulk, 2), Err(2));
        assert!(queue.try_push(Side::Urgent, 3).is_ok(), "the other side has room of its own");
        assert_eq!(queue.take(256), Some(vec![3, 1]));
        assert!(queue.try_push(Side::Bulk, 2).is_ok());
    }

    #[test]
    fn an_urgent_operation_counts_as_waiting_until_its_batch_is_done() {
        let queue = Queue::new(8);
        assert_eq!(queue.busy().oldest_wait, Duration::ZERO);
        queue.try_push(Side::Urgent, 1).unwrap();
        queue.take(1).unwrap();
        let taken = queue.busy();
        assert!(taken.waiting == 0 && !taken.oldest_wait.is_zero() && !taken.batch.is_zero());
        queue.try_push(Side::Bulk, 2).unwrap();
        queue.take(1).unwrap();
        let bulk = queue.busy();
        assert_eq!((bulk.waiting, bulk.oldest_wait), (0, Duration::ZERO), "nobody waits for bulk work");
    }

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_takes_nothing() {
        let queue = Queue::new(8);
        queue.try_push(Side::Urgent, 1).unwrap();
        queue.close();
        assert_eq!(queue.try_push(Side::Urgent, 2), Err(2));
        assert_eq!(queue.take(256), Some(vec![1]));
        assert_eq!(queue.take(256), None);
    }
}
