//! The writer thread: batches in, one commit each, answers after it.

use std::sync::{Arc, atomic::Ordering};

use rusqlite::Connection;

use super::{Shared, accept, attachment, checkpoint::Checkpoint, finish, is_fatal, reject, route};
use crate::store::{
    Config, Fault,
    changes::Wakes,
    job::{Done, Job},
    queue::Queue,
};

/// The thread's own: the one connection that writes.
pub(super) struct Writer {
    db: Connection,
    queue: Arc<Queue<Job>>,
    shared: Arc<Shared>,
    checkpoint: Checkpoint,
    quota: reject::Quota,
    batch_operations_max: usize,
}

/// What the operations of one batch add up beside their rows.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) tally: Tally,
    pub(super) wakes: Wakes,
}

/// Changes of the counts.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) messages: i64,
    pub(super) unrouted: i64,
    pub(super) open: i64,
    pub(super) delivered: i64,
    pub(super) failed: i64,
    pub(super) held: i64,
}

/// The writer may not go on: a commit, sync or copy failed.
struct Broken;

/// Poisons the store if the writer thread panics, so that no caller waits for ever.
struct Sentinel(Arc<Shared>, Arc<Queue<Job>>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.poison();
            self.1.close();
        }
    }
}

impl Writer {
    pub(super) fn new(
        db: Connection,
        queue: Arc<Queue<Job>>,
        shared: Arc<Shared>,
        checkpoint: Checkpoint,
        config: &Config,
    ) -> Self {
        let quota = reject::Quota::new(config.rejections_per_member_max);
        Self { db, queue, shared, checkpoint, quota, batch_operations_max: config.batch_operations_max }
    }

    /// Works until the queue is closed and empty, or a commit fails.
    pub(super) fn run(mut self) {
        let _sentinel = Sentinel(Arc::clone(&self.shared), Arc::clone(&self.queue));
        while let Some(jobs) = self.queue.take(self.batch_operations_max) {
            if self.batch(jobs).is_err() {
                self.queue.close();
            }
        }
        let orderly = self.shared.orderly.load(Ordering::Acquire) && !self.shared.is_poisoned();
        if self.checkpoint.finish(&self.db, orderly).is_err() {
            self.shared.poison();
        }
        self.shared.changes.wake_all();
    }

    fn batch(&mut self, jobs: Vec<Job>) -> Result<(), Broken> {
        if self.shared.is_poisoned() {
            return Err(self.broken(Vec::new(), jobs));
        }
        if let Err(fault) = execute(&self.db, "BEGIN IMMEDIATE") {
            if is_fatal(&fault) {
                return Err(self.broken(Vec::new(), jobs));
            }
            // Nothing was written, so nothing is in doubt: an operator's shell may hold the lock.
            jobs.into_iter().for_each(|job| job.refuse(Fault::Engine("no write lock".into())));
            return Ok(());
        }
        let mut batch = Batch { db: &self.db, tally: Tally::default(), wakes: Wakes::default() };
        let mut done = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let (outcome, lost) = carry_out(&mut batch, &mut self.quota, job);
            done.push(outcome);
            if lost {
                return Err(self.broken(done, jobs.collect()));
            }
        }
        let Batch { tally, wakes, .. } = batch;
        if commit(&self.db, &self.shared, tally).is_err() {
            return Err(self.broken(done, Vec::new()));
        }
        done.into_iter().for_each(Done::tell);
        self.shared.changes.wake(&wakes);
        self.checkpoint.after_commit(&self.db).map_err(|_| self.broken(Vec::new(), Vec::new()))
    }

    /// Poisons the store, then tells whoever waits.
    ///
    /// Whether a failed commit is on disk is unknown: callers find their own rows when they ask again after a restart.
    fn broken(&self, done: Vec<Done>, jobs: Vec<Job>) -> Broken {
        self.shared.poison();
        done.into_iter().for_each(Done::poison);
        jobs.into_iter().for_each(|job| job.refuse(Fault::Poisoned));
        Broken
    }
}

/// Carries one operation out in a savepoint, so that a failing one leaves the rest of the batch alone.
///
/// The flag says that the whole transaction is lost.
fn carry_out(batch: &mut Batch<'_>, quota: &mut reject::Quota, job: Job) -> (Done, bool) {
    match job {
        Job::Accept { push, bodies, reply } => {
            let (result, broken) = isolated(batch, |batch| accept::accept(batch, &push, &bodies));
            (Done::Accept(reply, result), broken)
        }
        Job::Route { routing, reply } => {
            let (result, broken) = isolated(batch, |batch| route::route(batch, &routing));
            (Done::Unit(reply, result), broken)
        }
        Job::Finish { outcome, notice, reply } => {
            let (result, broken) = isolated(batch, |batch| finish::finish(batch, &outcome, notice.as_ref()));
            (Done::Unit(reply, result), broken)
        }
        Job::Put { put, reply } => {
            let (result, broken) = isolated(batch, |batch| attachment::put(batch.db, &put));
            (Done::Put(reply, result), broken)
        }
        Job::Remove { before, reply } => {
            let (result, broken) = isolated(batch, |batch| attachment::remove(batch.db, before));
            (Done::Removed(reply, result), broken)
        }
        Job::Reject(rejection) => {
            let (_, broken) = isolated(batch, |batch| quota.keep(batch.db, &rejection));
            (Done::Silent, broken)
        }
    }
}

fn isolated<T>(
    batch: &mut Batch<'_>,
    operation: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault>,
) -> (Result<T, Fault>, bool) {
    let tally = batch.tally;
    if let Err(fault) = execute(batch.db, "SAVEPOINT operation") {
        return (Err(fault), true);
    }
    let result = operation(batch);
    let settled = match &result {
        Ok(_) => execute(batch.db, "RELEASE operation"),
        Err(_) => {
            batch.tally = tally;
            execute(batch.db, "ROLLBACK TO operation").and_then(|()| execute(batch.db, "RELEASE operation"))
        }
    };
    // SQLite ends the whole transaction by itself on some faults of the disk.
    let broken = settled.is_err() || batch.db.is_autocommit() || result.as_ref().is_err_and(is_fatal);
    (result, broken)
}

fn commit(db: &Connection, shared: &Shared, tally: Tally) -> Result<(), Fault> {
    const COUNT: &str =
        "UPDATE tally SET messages = messages + ?1, unrouted = unrouted + ?2, open = open + ?3,
        delivered = delivered + ?4, failed = failed + ?5, held = held + ?6";
    if tally != Tally::default() {
        let Tally { messages, unrouted, open, delivered, failed, held } = tally;
        db.prepare_cached(COUNT)?.execute([messages, unrouted, open, delivered, failed, held])?;
    }
    #[cfg(test)]
    if shared.fail_commit.load(Ordering::Acquire) {
        return Err(Fault::Engine("commit made to fail".into()));
    }
    #[cfg(not(test))]
    let _ = shared;
    execute(db, "COMMIT")
}

fn execute(db: &Connection, statement: &str) -> Result<(), Fault> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}
