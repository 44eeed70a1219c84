//! The writing side: what a batch staged goes to the tree at once, then to the disk.

use std::{collections::BTreeMap, fs::File, sync::Arc};

use tokio::sync::RwLock;

use super::{
    accept, action, asked, attachment,
    batch::Batch,
    db::Db,
    lanes, news, parked, refused, route,
    row::{TallyRow, one},
    sync,
};
use crate::{
    crash::{self, Point},
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
        shared::Shared,
        tally::Tally,
    },
};

/// The tree, and the file system it is on.
pub(in crate::store) struct Committer {
    batch: Batch,
    tree: sled::Tree,
    system: File,
    /// Closed to readers from the moment a batch is applied until it is synced.
    gate: Arc<RwLock<()>>,
    shared: Arc<Shared>,
}

impl Committer {
    pub(super) fn new(
        tree: sled::Tree,
        system: File,
        gate: Arc<RwLock<()>>,
        shared: Arc<Shared>,
        rejections_max: u32,
    ) -> Self {
        let batch = Batch {
            db: Db::new(tree.clone()),
            tally: Tally::default(),
            wakes: Wakes::default(),
            rejections_max,
            rejections: BTreeMap::new(),
        };
        Self { batch, tree, system, gate, shared }
    }

    fn count(&mut self) -> Result<(), Fault> {
        let Tally { messages, unrouted, parked, open, delivered, failed, held } =
            std::mem::take(&mut self.batch.tally);
        let before: TallyRow = self.batch.db.row(&one("tally"))?.unwrap_or_default();
        let after = TallyRow {
            messages: before.messages + messages,
            unrouted: before.unrouted + unrouted,
            parked: before.parked + parked,
            open: before.open + open,
            delivered: before.delivered + delivered,
            failed: before.failed + failed,
            held: before.held + held,
        };
        if before == after { Ok(()) } else { self.batch.db.put_row(one("tally"), &after) }
    }
}

impl Commits for Committer {
    fn begin(&mut self) -> Result<(), Unready> {
        Ok(())
    }

    fn isolated<T>(
        &mut self,
        operation: impl FnOnce(&mut dyn Writes) -> Result<T, Fault>,
    ) -> (Result<T, Fault>, bool) {
        let tally = self.batch.tally;
        let result = operation(&mut self.batch);
        match &result {
            Ok(_) => self.batch.db.keep(),
            Err(_) => {
                self.batch.db.take_back();
                self.batch.tally = tally;
            }
        }
        // Whatever sled itself complains of is its files.
        let lost = result.as_ref().is_err_and(|fault| match fault {
            Fault::Engine(cause) => cause.is::<sled::Error>(),
            Fault::Corrupt { .. } => true,
            _ => false,
        });
        (result, lost)
    }

    fn commit(&mut self) -> Result<Wakes, Fault> {
        self.count()?;
        if self.shared.is_to_fail() {
            return Err(Fault::Engine("commit made to fail".into()));
        }
        let _alone = self.gate.blocking_write();
        self.batch.db.apply()?;
        sync(&self.tree, &self.system)?;
        Ok(std::mem::take(&mut self.batch.wakes))
    }

    fn after_commit(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn finish(self, orderly: bool) -> Result<(), Fault> {
        if orderly {
            crash::at(Point::CloseBegins);
            sync(&self.tree, &self.system)?;
            crash::at(Point::Closed);
        }
        Ok(())
    }
}

impl Writes for Batch {
    fn accept(&mut self, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault> {
        accept::accept(self, push, bodies)
    }

    fn route(&mut self, routing: &PackedRouting) -> Result<(), Fault> {
        route::route(self, routing)
    }

    fn finish(&mut self, outcome: &Outcome, notice: Option<&Packed>) -> Result<(), Fault> {
        route::finish(self, outcome, notice)
    }

    fn compare(&mut self, comparison: &Comparison) -> Result<(), Fault> {
        lanes::compare(&mut self.db, comparison)
    }

    fn resend(&mut self, resend: &Resend) -> Result<Asked, Fault> {
        asked::ask(self, resend)
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
        attachment::put(self, put)
    }

    fn remove_loose(&mut self, before: Timestamp) -> Result<usize, Fault> {
        attachment::remove(self, before)
    }

    fn give_up(&mut self, now: Timestamp, chains_max: u32) -> Result<usize, Fault> {
        parked::give_up(self, now, chains_max)
    }

    fn reject(&mut self, rejection: &Rejection) -> Result<(), Fault> {
        asked::reject(self, rejection)
    }

    fn refused(&mut self, counted: &[Refused]) -> Result<(), Fault> {
        refused::add(&mut self.db, counted)
    }
}
