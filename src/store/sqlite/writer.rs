//! The connection that writes: a transaction for a batch, a savepoint for each operation, one sync.

use std::sync::Arc;

use rusqlite::Connection;

use super::{
    Shared, accept, action, attachment, checkpoint::Checkpoint, epoch, finish, is_fatal, lanes, news, parked,
    refused, reject, resend, route,
};
use crate::{
    model::time::Timestamp,
    store::{
        Fault,
        action::Acted,
        attachment::{PackedAttachment, Put},
        changes::Wakes,
        engine::{Commits, Unready, Writes},
        epoch::Comparison,
        job::{PackedAct, PackedRouting},
        lane::Change,
        news::Digest,
        pack::Packed,
        record::{Acceptance, Accepted, Outcome, Rejection},
        refused::Refused,
        resend::{Asked, Resend},
        tally::Tally,
    },
};

/// The one connection that writes, and what its batch adds up.
pub(in crate::store) struct Committer {
    db: Connection,
    shared: Arc<Shared>,
    checkpoint: Checkpoint,
    quota: reject::Quota,
    tally: Tally,
    wakes: Wakes,
}

/// What an operation works on: the transaction, and what the batch adds up beside its rows.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) tally: Tally,
    pub(super) wakes: Wakes,
    quota: &'a mut reject::Quota,
}

impl Committer {
    pub(super) fn new(
        db: Connection,
        shared: Arc<Shared>,
        checkpoint: Checkpoint,
        rejections_per_member_max: u32,
    ) -> Self {
        let quota = reject::Quota::new(rejections_per_member_max);
        Self { db, shared, checkpoint, quota, tally: Tally::default(), wakes: Wakes::default() }
    }
}

impl Commits for Committer {
    fn begin(&mut self) -> Result<(), Unready> {
        (self.tally, self.wakes) = (Tally::default(), Wakes::default());
        // An operator's shell may hold the lock.
        execute(&self.db, "BEGIN IMMEDIATE")
            .map_err(|fault| if is_fatal(&fault) { Unready::Broken } else { Unready::Busy })
    }

    fn isolated<T>(
        &mut self,
        operation: impl FnOnce(&mut dyn Writes) -> Result<T, Fault>,
    ) -> (Result<T, Fault>, bool) {
        let db = &self.db;
        if let Err(fault) = execute(db, "SAVEPOINT operation") {
            return (Err(fault), true);
        }
        let wakes = std::mem::take(&mut self.wakes);
        let mut batch = Batch { db, tally: self.tally, wakes, quota: &mut self.quota };
        let result = operation(&mut batch);
        let settled = match &result {
            Ok(_) => {
                self.tally = batch.tally;
                execute(db, "RELEASE operation")
            }
            Err(_) => execute(db, "ROLLBACK TO operation").and_then(|()| execute(db, "RELEASE operation")),
        };
        self.wakes = batch.wakes;
        // SQLite ends the whole transaction by itself on some faults of the disk.
        let lost = settled.is_err() || db.is_autocommit() || result.as_ref().is_err_and(is_fatal);
        (result, lost)
    }

    fn commit(&mut self) -> Result<Wakes, Fault> {
        const COUNT: &str =
            "UPDATE tally SET messages = messages + ?1, unrouted = unrouted + ?2, open = open + ?3,
            delivered = delivered + ?4, failed = failed + ?5, held = held + ?6, parked = parked + ?7";
        if self.tally != Tally::default() {
            let Tally { messages, unrouted, parked, open, delivered, failed, held } = self.tally;
            let columns = [messages, unrouted, open, delivered, failed, held, parked];
            self.db.prepare_cached(COUNT)?.execute(columns)?;
        }
        if self.shared.is_to_fail() {
            return Err(Fault::Engine("commit made to fail".into()));
        }
        execute(&self.db, "COMMIT")?;
        Ok(std::mem::take(&mut self.wakes))
    }

    fn after_commit(&mut self) -> Result<(), Fault> {
        self.checkpoint.after_commit(&self.db)
    }

    fn finish(self, orderly: bool) -> Result<(), Fault> {
        self.checkpoint.finish(&self.db, orderly)
    }
}

impl Writes for Batch<'_> {
    fn accept(&mut self, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault> {
        accept::accept(self, push, bodies)
    }

    fn route(&mut self, routing: &PackedRouting) -> Result<(), Fault> {
        route::route(self, routing)
    }

    fn finish(&mut self, outcome: &Outcome, notice: Option<&Packed>) -> Result<(), Fault> {
        finish::finish(self, outcome, notice)
    }

    fn compare(&mut self, comparison: &Comparison) -> Result<(), Fault> {
        epoch::compare(self.db, comparison)
    }

    fn resend(&mut self, resend: &Resend) -> Result<Asked, Fault> {
        resend::ask(self, resend)
    }

    fn act(&mut self, act: &PackedAct) -> Result<Acted, Fault> {
        action::act(self, act)
    }

    fn digest(&mut self, digest: Digest) -> Result<(), Fault> {
        news::digest(self, digest)
    }

    fn lane(&mut self, change: &Change) -> Result<(), Fault> {
        lanes::change(self, change)
    }

    fn put(&mut self, put: &PackedAttachment) -> Result<Put, Fault> {
        attachment::put(self.db, put)
    }

    fn remove_loose(&mut self, before: Timestamp) -> Result<usize, Fault> {
        attachment::remove(self.db, before)
    }

    fn give_up(&mut self, now: Timestamp, chains_max: u32) -> Result<usize, Fault> {
        parked::give_up(self, now, chains_max)
    }

    fn reject(&mut self, rejection: &Rejection) -> Result<(), Fault> {
        self.quota.keep(self.db, rejection)
    }

    fn refused(&mut self, counted: &[Refused]) -> Result<(), Fault> {
        refused::add(self.db, counted)
    }
}

fn execute(db: &Connection, statement: &str) -> Result<(), Fault> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}
