//! The writer thread: batches in, one commit each, answers after it; the same for every engine.

use std::{sync::Arc, time::Instant};

use super::{
    Fault,
    engine::{Commits, Unready},
    job::{Done, Job},
    queue::Queue,
    shared::Shared,
};
use crate::crash::{self, Commit, Point};

/// The thread's own.
pub(super) struct Writer<C> {
    commits: C,
    queue: Arc<Queue<Job>>,
    shared: Arc<Shared>,
    batch_operations_max: usize,
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

impl<C: Commits> Writer<C> {
    pub(super) fn new(
        commits: C,
        queue: Arc<Queue<Job>>,
        shared: Arc<Shared>,
        batch_operations_max: usize,
    ) -> Self {
        Self { commits, queue, shared, batch_operations_max }
    }

    /// Works until the queue is closed and empty, or a commit fails.
    pub(super) fn run(mut self) {
        let _sentinel = Sentinel(Arc::clone(&self.shared), Arc::clone(&self.queue));
        while let Some(jobs) = self.queue.take(self.batch_operations_max) {
            if self.batch(jobs).is_err() {
                self.queue.close();
            }
        }
        let orderly = self.shared.is_orderly() && !self.shared.is_poisoned();
        if self.commits.finish(orderly).is_err() {
            self.shared.poison();
        }
        self.shared.changes.wake_all();
    }

    fn batch(&mut self, jobs: Vec<Job>) -> Result<(), Broken> {
        if self.shared.is_poisoned() {
            return Err(self.broken(Vec::new(), jobs));
        }
        let points: Vec<Commit> = jobs.iter().filter_map(Job::commit).collect();
        reach(&points, Point::Begins);
        match self.commits.begin() {
            Ok(()) => {}
            Err(Unready::Broken) => return Err(self.broken(Vec::new(), jobs)),
            Err(Unready::Busy) => {
                jobs.into_iter().for_each(|job| job.refuse(Fault::Engine("no write lock".into())));
                return Ok(());
            }
        }
        let mut done = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let (outcome, lost) = carry_out(&mut self.commits, job);
            done.push(outcome);
            if lost {
                return Err(self.broken(done, jobs.collect()));
            }
        }
        reach(&points, Point::Written);
        let begun = Instant::now();
        let wakes = match self.commits.commit() {
            Ok(wakes) => wakes,
            Err(_) => return Err(self.broken(done, Vec::new())),
        };
        self.shared.commits.made(done.len(), begun.elapsed());
        reach(&points, Point::Committed);
        // First, so that no lane begins what an operator was told is held.
        self.shared.changes.wake(&wakes);
        done.into_iter().for_each(Done::tell);
        self.commits.after_commit().map_err(|_| self.broken(Vec::new(), Vec::new()))
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

/// Passes a point for each commit of a batch.
fn reach(commits: &[Commit], point: fn(Commit) -> Point) {
    commits.iter().for_each(|commit| crash::at(point(*commit)));
}

/// Carries one operation out; the flag says that the whole batch is lost.
fn carry_out(commits: &mut impl Commits, job: Job) -> (Done, bool) {
    match job {
        Job::Accept { push, bodies, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.accept(&push, &bodies));
            (Done::Accept(reply, result), lost)
        }
        Job::Route { routing, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.route(&routing));
            (Done::Unit(reply, result), lost)
        }
        Job::Finish { outcome, notice, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.finish(&outcome, notice.as_ref()));
            (Done::Unit(reply, result), lost)
        }
        Job::Compare { comparison, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.compare(&comparison));
            (Done::Unit(reply, result), lost)
        }
        Job::Resend { resend, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.resend(&resend));
            (Done::Resend(reply, result), lost)
        }
        Job::Act { act, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.act(&act));
            (Done::Acted(reply, result), lost)
        }
        Job::Digest { digest, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.digest(*digest));
            (Done::Unit(reply, result), lost)
        }
        Job::Lane { change, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.lane(&change));
            (Done::Unit(reply, result), lost)
        }
        Job::Put { put, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.put(&put));
            (Done::Put(reply, result), lost)
        }
        Job::Remove { before, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.remove_loose(before));
            (Done::Counted(reply, result), lost)
        }
        Job::GiveUp { now, chains_max, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.give_up(now, chains_max));
            (Done::Counted(reply, result), lost)
        }
        Job::Refused { counted, reply } => {
            let (result, lost) = commits.isolated(|batch| batch.refused(&counted));
            (Done::Unit(reply, result), lost)
        }
        Job::Reject(rejection) => {
            let (_, lost) = commits.isolated(|batch| batch.reject(&rejection));
            (Done::Silent, lost)
        }
    }
}
