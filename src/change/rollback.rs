//! Going back: the files of an earlier configuration are put back into the folder, and applied.
//!
//! The hub writes the folder itself, and not the command: the folder, the check and what is applied must be one step
//! that nobody else's change comes between, whatever door asks. It needs leave to write there; without it nothing is
//! changed, and the files can be had to be put there by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answer, Applied, By, Change, Read, folder, head,
    history::not_kept,
    journal::Note,
    kept::{self, Head},
    plan::demands_second,
};
use crate::{
    crash::{self, Point},
    files::{Files, Kept},
    model::reason::Reason,
    operate::{Operator, Order, Refusal},
    region::{CERTS, Region, difference::difference},
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
    /// What was not put back, in words: files of the certs folder that are others than the ones that configuration ran.
    pub left: Vec<String>,
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
        let (files, then) = match self
            .numbered(number)
            .await?
            .and_then(|found| Ok((found.files.ok_or_else(not_kept)?, found.head)))
        {
            Ok(found) => found,
            Err(refusal) => return self.refuse(&order, refusal.into()).await,
        };
        let running = self.region.borrow().clone();
        let runs = then.digest == running.digest.hex();
        let proved = match self.read(Files::of(files.clone())).await? {
            Ok(proved) => proved,
            Err(problems) => {
                let as_it_runs = if runs { format!("; {}", with_certs(number)) } else { String::new() };
                let why = format!(
                    "configuration {number} would not be right today; the folder is as it was{as_it_runs}"
                );
                let refusal = Refusal::new(Reason::ConfigurationWrong, why);
                return self.refuse(&order, super::Refused { refusal, problems }).await;
            }
        };
        let next = &proved.candidate.region;
        if demands_second(&running, &difference(&running, next)) {
            let why = match runs {
                true => certs_widen(number, &running, next),
                false => format!(
                    "configuration {number} lets somebody see or do more than now, or has other tables or lists: write it with coohub history {number} --to, \
                     put it into the folder, and propose it with coohub apply"
                ),
            };
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
        let done = self.applied(&order, files, put).await?;
        let now = kept::digests(&self.region.borrow());
        Ok(done.map(|done| RolledBack { left: left(number, &then.digests, &now), ..done }))
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
                        Ok(Ok(RolledBack { applied, aside, moved, left: Vec::new() }))
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

/// How the anchors, leaves and lists of the configuration that runs are had: the certs folder is not the hub's to write.
fn with_certs(number: i64) -> String {
    format!(
        "coohub history {number} --to FOLDER writes them as they run, below certs/ there: put those back into the certs folder, and roll back again"
    )
}

/// Why what runs cannot be gone back to while the certs folder holds others than those it runs with.
fn certs_widen(number: i64, running: &Region, next: &Region) -> String {
    let names: BTreeSet<&String> = running.certs.keys().chain(next.certs.keys()).collect();
    let differ = names.into_iter().filter(|name| running.certs.get(*name) != next.certs.get(*name));
    let differ = differ.filter_map(|name| name.strip_prefix(CERTS)).collect::<Vec<_>>().join(", ");
    format!(
        "configuration {number} runs, and what would let somebody see or do more is only in files of the certs folder: {differ}. {}",
        with_certs(number)
    )
}

/// What stands in the certs folder otherwise than a configuration ran it, in words; the hub does not put those files back.
/// Pure.
fn left(number: i64, then: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let known = then.keys().any(|name| name.starts_with(CERTS));
    let names: BTreeSet<&String> =
        then.keys().chain(now.keys()).filter(|name| name.starts_with(CERTS)).collect();
    if !known && !names.is_empty() {
        return vec![format!("files in {CERTS}, of which it is not known what {number} ran")];
    }
    let differ = names.into_iter().filter(|name| then.get(*name) != now.get(*name));
    differ.map(|name| format!("{name} differs from what {number} ran")).collect()
}

async fn undone(put: folder::Put) -> Result<(), Fault> {
    tokio::task::spawn_blocking(move || put.undo()).await.map_err(|_| Fault::Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_of_the_certs_folder_is_not_put_back_is_told_as_far_as_it_is_known() {
        let of = |files: &[(&str, &str)]| {
            files.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect()
        };
        let now = of(&[("region.toml", "1"), ("certs/a.pem", "2"), ("certs/b.pem", "3")]);
        assert_eq!(left(7, &now, &now), [""; 0]);
        let then = of(&[("region.toml", "9"), ("certs/a.pem", "9"), ("certs/b.pem", "3")]);
        assert_eq!(left(7, &then, &now), ["certs/a.pem differs from what 7 ran"]);
        let unknown = of(&[("region.toml", "1")]);
        assert_eq!(left(7, &unknown, &now), ["files in certs/, of which it is not known what 7 ran"]);
    }
}
