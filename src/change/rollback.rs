//! Going back: the files of an earlier configuration are put back into the folder, and applied.
//!
//! The hub writes the folder itself, and not the command: the folder, the check and what is applied must be one step
//! that nobody else's change comes between, whatever door asks. It needs leave to write there; without it nothing is
//! changed, and the files can be had to be put there by hand.

use super::{
    Answer, Applied, By, Change, Read, folder, head, history::not_kept, journal::Note, kept::Head,
    plan::demands_second,
};
use crate::{
    crash::{self, Point},
    files::{Files, Kept},
    model::reason::Reason,
    operate::{Operator, Order, Refusal},
    region::difference::difference,
    store::{
        Fault,
        action::{About, Verb},
    },
};

/// What a rollback did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RolledBack {
    /// What was applied.
    pub applied: Applied,
    /// Where the files are that it replaced or that were no part of the configuration, below the region's folder;
    /// `None` when there were none.
    pub aside: Option<String>,
    /// Their names.
    pub moved: Vec<String>,
}

impl Change {
    /// Puts the files of a configuration of the history back into the folder, and applies it; on failure the folder is
    /// as before.
    ///
    /// It is first proved in memory: what would be no right configuration today (an anchor is gone, a leaf of the hub)
    /// leaves the folder alone. Nothing that is there is deleted: it is moved aside. Where the process dies while the
    /// folder is written, the next start finishes it ([`super::finish`]).
    ///
    /// # Errors
    /// A fault of the store; then the folder is as before and nothing was applied.
    pub async fn rollback(&self, operator: &Operator, number: i64, reason: &str) -> Answer<RolledBack> {
        let order = Order { operator, verb: Verb::Configure, about: About::Configuration, reason };
        let Some(_turn) = self.turn.take().await else { return self.under_way(&order).await };
        let files = match self.numbered(number).await?.and_then(|found| found.files.ok_or_else(not_kept)) {
            Ok(files) => files,
            Err(refusal) => return self.refuse(&order, refusal.into()).await,
        };
        let proved = match self.read(Files::of(files.clone())).await? {
            Ok(proved) => proved,
            Err(problems) => {
                let why = format!("configuration {number} would not be right today; the folder is as it was");
                let refusal = Refusal::new(Reason::ConfigurationWrong, why);
                return self.refuse(&order, super::Refused { refusal, problems }).await;
            }
        };
        let running = self.region.borrow().clone();
        if demands_second(&running, &difference(&running, &proved.candidate.region)) {
            let why = format!(
                "configuration {number} lets somebody see or do more than now, or has other tables or lists: write it with coohub history {number} --to, \
                 put it into the folder, and propose it with coohub apply"
            );
            return self.refuse(&order, Refusal::new(Reason::SecondOperator, why).into()).await;
        }
        Note::begin((&self.ledger, &self.store), &order, number).await?;
        crash::at(Point::FolderBegins);
        let put = match self.write(&files, number).await? {
            Ok(put) => put,
            Err(why) => {
                self.taken_back(&order).await?;
                return self.refuse(&order, Refusal::new(Reason::FolderNotWritten, why).into()).await;
            }
        };
        crash::at(Point::FolderDone);
        self.applied(&order, files, put).await
    }

    /// Reads what was written and applies it, or takes it back.
    async fn applied(&self, order: &Order<'_>, files: Kept, put: folder::Put) -> Answer<RolledBack> {
        match self.read(Files::at(self.ground.folder())).await? {
            Ok(read) if read.files == files => {
                let head = Head { how: "rollback".to_owned(), ..self.head_of(order, &read) };
                let running = self.region.borrow().clone();
                let put_in_place = async {
                    let ready = self.readiness(&running, &read.candidate.region).await?;
                    self.put(order, head, read, ready).await
                };
                match put_in_place.await {
                    Ok(Err(refused)) => {
                        undone(put).await?;
                        self.taken_back(order).await?;
                        Ok(Err(refused))
                    }
                    Ok(Ok(applied)) => {
                        if !applied.changed {
                            let outcome = "done: the folder is what runs";
                            Note::end((&self.ledger, &self.store), order, outcome).await?;
                        }
                        let (aside, moved) = put.kept();
                        Ok(Ok(RolledBack { applied, aside, moved }))
                    }
                    Err(fault) => {
                        undone(put).await?;
                        Err(fault)
                    }
                }
            }
            other => {
                undone(put).await?;
                self.taken_back(order).await?;
                let why = "somebody changed the folder meanwhile; it is as it was before the rollback";
                let problems = other.err().unwrap_or_default();
                let refusal = Refusal::new(Reason::ConfigurationChanged, why);
                self.refuse(order, super::Refused { refusal, problems }).await
            }
        }
    }

    async fn taken_back(&self, order: &Order<'_>) -> Result<(), Fault> {
        Note::end((&self.ledger, &self.store), order, "taken back: the folder is as it was").await
    }

    fn head_of(&self, order: &Order<'_>, read: &Read) -> Head {
        head(By::Operator(order.operator), &read.candidate.region, order.reason)
    }

    async fn write(&self, files: &Kept, number: i64) -> Result<Result<folder::Put, String>, Fault> {
        let (root, files, ground) = (self.ground.folder().to_owned(), files.clone(), self.ground.clone());
        let work = move || {
            // What is in the folder, right or not: what is read of it is what may have to go.
            let there = Files::at(&root);
            let _ = ground.read(&there);
            folder::put(&root, &files, &there.kept(), number)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Panicked)
    }
}

async fn undone(put: folder::Put) -> Result<(), Fault> {
    tokio::task::spawn_blocking(move || put.undo()).await.map_err(|_| Fault::Panicked)
}
